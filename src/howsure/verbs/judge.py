"""The function judge: how accurate a judge's rate is."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.judge import JudgeCheck, JudgedModel, JudgeLine, JudgeRates
from howsure.answers.settings import of_options
from howsure.errors import DataError, OptionError, ResultWarning, doubt
from howsure.inference.board import corrected as corrected_pairs
from howsure.inference.board import could_be_best
from howsure.inference.judge_panel import JudgeQuestion, Panel, gap_notes, gap_of
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.inference.weakest_part import small_part
from howsure.options.kinds import PROBABILITY
from howsure.options.table import checked
from howsure.readers.verdicts import VERDICTS, read_verdicts
from howsure.statistics.clustered_variance import degrees_of_freedom
from howsure.statistics.judge_correction import accuracy, corrected
from howsure.statistics.judge_differences import judged_pairs
from howsure.statistics.judge_strata import FEWEST as FEWEST_IN_PART
from howsure.statistics.means import cluster_warnings
from howsure.statistics.ranks import ranks
from howsure.statistics.results import Estimate, Interval, Method, significant
from howsure.study.models import resolve
from howsure.verbs.read import table_of, with_notes
from howsure.wording import Scale, listing, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.answers.gate import GateVerdict
    from howsure.answers.judge import JudgeCriterion
    from howsure.errors import SmallPart
    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Ints
    from howsure.statistics.judge_correction import CorrectedRate, JudgedAnswers
    from howsure.statistics.results import Rank

    Names = str | Sequence[str]

FEWEST = 10
"""With fewer labels an interval is uninformative for any judge."""


def judge(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    human: str | None = None,
    labels: Any = None,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: str | None = None,
    labels_drawn: str = "unknown",
    at_least: float | None = None,
    margin: float | None = None,
    level: float = 0.95,
) -> JudgeRates:
    """Correct a judge's rate with labels of some of the answers, and test whether the judge is too lenient or
    too strict.

    Answers are stratified by the judge's verdict, which is known for all. The labels show how often it is
    right in each stratum (post-stratification). With a yes-or-no judge, this is the prediction-powered
    estimate of Angelopoulos, Duchi and Zrnic (2023) with its best weight. Strata are combined like small
    tasks, so the interval stays valid with ten labels, and if all of them agree. Answers of one cluster may
    be correlated (CR2, Bell and McCaffrey 2002). Two models are compared on items with labels of both, if
    most labels are of such items.

    Args:
        data: A table with one row per answer as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths,
            or a data frame, with the judge's verdict and, for some answers, a label. Also an export of Label
            Studio, Argilla or Prodigy, or logs of a harness, whose scorers are then judges. Numbers, truth
            values, and words such as yes, no, C, I, pass, fail are understood. Several judges are several
            columns, or several rows per answer with a column for the judge.
        a: The first model of a difference, or the model that `at_least` applies to.
        b: The second model; the difference is a − b.
        human: The column of the labels, or the rater whose ratings they are. None uses the usual names.
        labels: A second table with the labels, as a path or a data frame. It is matched by item, and by model
            if both tables have one.
        columns: The column of a role: {"judge": …, "human": …, "model": …, "item": …, "attempt": …}. The
            judge may have several columns. None uses the usual names.
        where: Keep only rows with this value in a column.
        cluster: The column by which answers are correlated: a document, a conversation. None uses one named
            cluster, else the item if several answers share one. "none" treats answers as independent.
        labels_drawn: How the labelled answers were chosen: at "random", with a "probability:COLUMN" in a
            column, by "convenience" (whatever was at hand), or "unknown", which adds a warning.
        at_least: Require a corrected rate of at least this: 0.7. Needs labels drawn at random, or with known
            probabilities.
        margin: Require that a is not worse than b by more than this.
        level: The confidence level of each interval, of all rank intervals together, and of a verdict.

    Returns:
        JudgeRates: The judge's rate, the corrected one and that of the labels alone, for all answers and per
            model. Also how often each judge is right, the difference of a and b, and the verdict.

    Raises:
        OptionError: If an option has an invalid value, or a verdict is requested and the sampling of labels
            is unknown.
        DataError: If a column is missing, a verdict isn't recognised, or there aren't labels.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> verdicts = pl.DataFrame({"judge": [1] * 80 + [0] * 20, "human": [1] * 24 + [0] * 8
        ...     + [None] * 48 + [0] * 8 + [None] * 12})
        >>> found = judge(verdicts, labels_drawn="random").all_answers
        >>> found.judge, round(found.estimate.value, 2), found.bias_interval.low > 0
        (0.8, 0.6, True)
    """
    named = checked(
        "judge",
        human=human,
        labels=labels,
        columns={} if columns is None else columns,
        where={} if where is None else where,
        cluster=cluster,
    )
    given = checked(
        "judge", a=a, b=b, labels_drawn=labels_drawn, at_least=at_least, margin=margin, level=level
    )
    _refuse(given)
    roles = {**named["columns"], **({"human": (named["human"],)} if named["human"] else {})}
    names = VERDICTS.id_columns(roles) | {named["cluster"]}
    rows, notes = table_of(data, names, logs=True)
    labels, more = (None, []) if named["labels"] is None else table_of(named["labels"], names)
    table = read_verdicts(
        rows,
        columns=roles,
        where=named["where"],
        cluster=named["cluster"],
        probability=given["labels_drawn"].removeprefix(PROBABILITY)
        if given["labels_drawn"].startswith(PROBABILITY)
        else "",
        labels=labels,
    )
    answer = rates(with_notes(table, [*notes, *more]), _question(table, given))
    return replace(answer, settings=of_options(level=given["level"], asked=named["cluster"]))


def _refuse(given: Mapping[str, Any]) -> None:
    """Raise OptionError if options don't fit together, or a verdict would depend on labels with unknown
    sampling.
    """
    floor, margin, drawn = given["at_least"], given["margin"], given["labels_drawn"]
    if margin is not None and (floor is not None or given["a"] is None or given["b"] is None):
        raise OptionError("margin is for two models, not a floor", remedy="Set `a` and `b`.")
    if floor is not None and given["b"] is not None:
        raise OptionError("at_least is for one model", remedy="Leave `b` out.")
    if given["b"] is not None and given["a"] is None:
        raise OptionError("b is given, and a isn't", remedy="Set `a` to the first model.")
    if given["a"] is not None and given["b"] is None and floor is None:
        raise OptionError("a is given, and b isn't", remedy="Set `b` to the second model, or use `at_least`.")
    if (floor is not None or margin is not None) and drawn in ("unknown", "convenience"):
        name = "at_least" if floor is not None else "margin"
        raise OptionError(
            f"`{name}={given[name]!r}` needs labels that were drawn at random, and `labels_drawn={drawn!r}`",
            remedy=(
                "If they were, set `labels_drawn='random'` or "
                "`labels_drawn='probability:COLUMN'`. Otherwise draw "
                "some with `plan_labels`."
            ),
        )


def _question(table: Verdicts, given: Mapping[str, Any]) -> JudgeQuestion:
    """Return the options with the full names of models."""
    names = sorted(set(table.models))
    models = {
        name: None if given[name] is None else resolve(given[name], names, parts=True) for name in ("a", "b")
    }
    if models["a"] is not None and models["a"] == models["b"]:
        raise OptionError(f"a and b are both {models['a']}", remedy="Choose two models.")
    return JudgeQuestion(
        drawn=given["labels_drawn"],
        level=given["level"],
        at_least=given["at_least"],
        margin=given["margin"],
        **models,
    )


def rates(table: Verdicts, question: JudgeQuestion) -> JudgeRates:
    """Correct a judge's rate (see `howsure.judge`)."""
    panel, every = Panel.of(table), np.ones(len(table.labels), dtype=bool)
    judged = panel.judged(every)
    found = corrected(judged, question.level)
    names = np.array(table.models)
    several = sorted(set(table.models)) if len(set(table.models)) > 1 else []
    parts = {name: np.asarray(names == name) for name in several}
    labelled = {name: part for name, part in parts.items() if np.isfinite(table.labels[part]).any()}
    fits = {name: corrected(panel.judged(part), question.level) for name, part in labelled.items()}
    ordered = sorted(fits, key=lambda name: -fits[name].rate.value)
    models = tuple(_entry(name, panel, labelled[name], fits[name]) for name in ordered)
    gap = gap_of(panel, parts, fits, question) if question.a is not None and question.b is not None else None
    return JudgeRates(
        all_answers=_entry("", panel, every, found),
        difference=gap,
        check=checked_rate(panel, parts, question),
        models=models,
        ranks=places(
            [fits[name] for name in ordered], [labelled[name] for name in ordered], table, question.level
        ),
        judges=tuple(_judge(k, panel, found, question.level) for k in range(len(table.judges))),
        level=question.level,
        labels_drawn=question.drawn,
        notes=(*table.notes, *_joined(panel, {"all answers": every, **labelled}), *gap_notes(gap)),
        warnings=(
            *_unlike(found, question.level),
            *_without([name for name in several if name not in labelled]),
            *_few(models),
            *_small_stratum(panel, judged, found),
            *_few_clusters(table),
        ),
    )


def _entry(model: str, panel: Panel, part: Bools, found: CorrectedRate) -> JudgedModel:
    said = panel.said(part)
    return JudgedModel(
        model=model,
        n_judged=int(part.sum()),
        n_labelled=int(np.isfinite(panel.table.labels[part]).sum()),
        judge=said,
        estimate=found.rate,
        labels=found.alone,
        bias=said - found.rate.value,
        bias_interval=_less(said, found.rate),
    )


def _less(said: float, rate: Estimate) -> Interval:
    """Return the interval of the judge's rate minus the corrected one."""
    return Interval(low=said - rate.interval.high, high=said - rate.interval.low, level=rate.interval.level)


def _judge(k: int, panel: Panel, found: CorrectedRate, level: float) -> JudgeLine:
    """Return how informative one judge's verdicts are by themselves."""
    table, verdicts = panel.table, panel.table.verdicts[:, k]
    there = np.isfinite(verdicts)
    said = float(verdicts[there].mean()) if there.any() else math.nan
    if there.any() and (verdicts[there].min() < 0 or verdicts[there].max() > 1):
        said = math.nan
    right = accuracy(verdicts, panel.judged(np.ones(len(verdicts), dtype=bool)), level)
    return JudgeLine(
        judge=table.judges[k],
        n_judged=int(there.sum()),
        n_labelled=int((there & np.isfinite(table.labels)).sum()),
        rate=said,
        bias=said - found.rate.value,
        bias_interval=_less(said, found.rate),
        sensitivity=_nothing(level) if right is None else right.sensitivity,
        specificity=_nothing(level) if right is None else right.specificity,
    )


def _nothing(level: float) -> Estimate:
    """Return an estimate for what can't be estimated."""
    none = Interval(low=math.nan, high=math.nan, level=level)
    method = Method(name="no yes or no")
    return Estimate(
        value=math.nan, se=math.nan, interval=none, df=math.nan, n_items=0, n_clusters=0, method=method
    )


def _unlike(found: CorrectedRate, level: float) -> Iterator[ResultWarning]:
    if significant(found.unlike, level):
        yield ResultWarning(
            code="labels_unlike",
            message=(
                "the judge's verdicts on labelled answers differ from the rest (p "
                f"{p_text(found.unlike)}): the "
                "labelled answers are hardly a random sample"
            ),
            remedy=("Draw answers to label at random. The correction only weights them by verdict."),
        )


def _without(names: list[str]) -> Iterator[ResultWarning]:
    if names:
        yield ResultWarning(
            code="no_labels",
            message=f"no label, and left out: {listing(names)}",
            remedy="Label some of their answers.",
        )


def _few(models: tuple[JudgedModel, ...]) -> Iterator[ResultWarning]:
    few = [each.model for each in models if each.n_labelled < FEWEST]
    if few:
        yield ResultWarning(
            code="few_labels",
            message=f"fewer than {FEWEST} labels of {listing(few)}: their intervals are uninformative",
            remedy="Label more of their answers.",
        )


def _joined(panel: Panel, parts: Mapping[str, Bools]) -> list[str]:
    """Note for which answers strata were joined, and the consequence."""
    found = {
        name: [len(np.unique(each)) for each in (panel.parted(at), panel.judged(at).strata)]
        for name, at in parts.items()
        if not np.isfinite(panel.table.labels[at]).all()
    }
    alone = [name for name, (before, after) in found.items() if after == 1 < before]
    fewer = [name for name, (before, after) in found.items() if 1 < after < before]
    few = f"fewer than {FEWEST_IN_PART} labels"
    notes = []
    if alone:
        notes.append(f"The rate of {listing(alone)} uses the labels alone: one of the verdicts has {few}.")
    if fewer:
        notes.append(f"Verdicts with {few} are joined with those next to them: {listing(fewer)}.")
    return notes


def _small_stratum(panel: Panel, judged: JudgedAnswers, found: CorrectedRate) -> tuple[SmallPart, ...]:
    """Warn of the stratum that contributes most to the error of all answers."""
    if found.weakest is None:
        return ()
    at = judged.strata == found.weakest.place
    n, low, high = int((at & judged.known).sum()), panel.opinions[at].min(), panel.opinions[at].max()
    verdicts = "verdict" if panel.table.verdicts.shape[1] == 1 else "verdicts"
    part = f"{low:.3g}" if low == high else f"{low:.3g} to {high:.3g}"
    said = (
        f"answers with {verdicts} {part} ({n:,} of {plural(int(judged.known.sum()), 'label')}) contribute "
        f"{100 * found.weakest.error_share:.0f}% of the error"
    )
    small = small_part(found.weakest, said, part=part, n=n, units="labels", scale=Scale())
    return (replace(small, remedy="Draw more of these answers to label, with `plan_labels`."),)


def _few_clusters(table: Verdicts) -> list[ResultWarning]:
    """Warn of labels in few clusters, or most of them in one."""
    if table.clusters is None:
        return []
    codes = np.unique(table.clusters[np.isfinite(table.labels)], return_inverse=True)[1]
    if int(codes.max()) < 1:
        return [doubt("one_cluster", n=len(codes))]
    weights = np.ones(len(codes))
    return cluster_warnings(weights, (codes,), degrees_of_freedom((codes,), weights, "CR2"))


def places(
    found: Sequence[CorrectedRate], parts: Sequence[Bools], table: Verdicts, level: float
) -> tuple[Rank, ...]:
    """Return the rank of each of M models, best first, with simultaneous intervals. `parts`: their answers
    (N,).
    """
    units = _units(table)
    if len(found) < 2 or int(units.max()) < 1:
        return ()
    pairs = judged_pairs(found, [units[part] for part in parts])
    values = np.array([each.rate.value for each in found])
    asked = Question(population=NEW_CLUSTERS, level=level, adjust="max-t")
    q = corrected_pairs(pairs, asked)
    best = could_be_best(pairs, values, q, 1, asked)
    return ranks(values, pairs.difference, q, level=level, best=best)


def _units(table: Verdicts) -> Ints:
    """Return what answers are clustered by (N,): clusters, else items, else nothing."""
    for codes in (table.clusters, table.items):
        if codes is not None:
            return codes
    return np.arange(len(table.labels))


def checked_rate(panel: Panel, parts: Mapping[str, Bools], question: JudgeQuestion) -> JudgeCheck | None:
    """Decide on the requested floor or margin, or return None if there is neither."""
    one_sided = 2 * question.level - 1
    if question.margin is not None:
        fits = {
            name: corrected(panel.judged(part), question.level)
            for name, part in parts.items()
            if name in (question.a, question.b) and np.isfinite(panel.table.labels[part]).any()
        }
        found = gap_of(panel, parts, fits, replace(question, level=one_sided)).difference
        return _decided("not_worse_than", question.margin, -question.margin, found, question)
    if question.at_least is None:
        return None
    judged = panel.judged(_candidate(panel, parts, question))
    return _decided(
        "at_least", question.at_least, question.at_least, corrected(judged, one_sided).rate, question
    )


def _candidate(panel: Panel, parts: Mapping[str, Bools], question: JudgeQuestion) -> Bools:
    """Return the answers that a floor applies to."""
    if not parts:
        return np.ones(len(panel.table.labels), dtype=bool)
    if question.a is None:
        raise OptionError(
            f"at_least is for one model, and there are {len(parts):,}: {listing(list(parts))}",
            remedy="Choose it with `a`.",
        )
    part = parts[question.a]
    if not np.isfinite(panel.table.labels[part]).any():
        raise DataError(f"no answer of {question.a} has a label", remedy="Label some of them.")
    return part


def _decided(
    criterion: JudgeCriterion, limit: float, least: float, estimate: Estimate, question: JudgeQuestion
) -> JudgeCheck:
    low, high = estimate.interval.low, estimate.interval.high
    verdict: GateVerdict = "pass" if low >= least else "fail" if high < least else "unclear"
    return JudgeCheck(
        criterion=criterion,
        limit=limit,
        verdict=verdict,
        candidate=question.a or "",
        value=estimate.value,
        low=low,
        high=high,
        level=question.level,
    )
