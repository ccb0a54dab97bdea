"""How comparisons are worded and tabled."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.present import costs, flips, slices, verdict_changes
from howsure.present.charts.base import Row, Spec, drawing, figure, numbers, points, scaled, tooltip
from howsure.present.document import (
    Column,
    Document,
    Field,
    Table,
    Text,
    Whisker,
    closing,
    facts,
    opening,
    tabled,
)
from howsure.present.estimate import merged
from howsure.present.labels import labels, short_labels
from howsure.present.methods import of_comparisons
from howsure.present.render.visible import visible
from howsure.present.style import BAD, GOOD, GREY, HOLLOW, MARGIN, THIN
from howsure.present.words import factors, plain
from howsure.present.words.factors import more_of_these
from howsure.statistics.results import significant
from howsure.table.names import name_words
from howsure.wording import (
    MOST_FORECAST,
    Scale,
    ci_text,
    correlation_text,
    level_text,
    listing,
    p_text,
    p_words,
    plural,
    rounded_up,
    within,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison, IfClustered
    from howsure.answers.slices import DifferenceSlices
    from howsure.errors import SmallPart
    from howsure.present.document import Block, Cell
    from howsure.statistics.results import Equivalence


def _tally(answer: Comparison) -> str:
    """Count the tasks on which each model is better, or on which the margin's criterion is met."""
    if any(c.equivalence for c in answer.comparisons):
        return _margin_tally(answer)
    tasks, first = _tasks(answer), answer.comparisons[0]
    better = None if answer.overall is None else answer.overall.better
    models = (first.b, first.a) if better == first.b else (first.a, first.b)
    won = [sum(c.better == model for c in answer.comparisons) for model in models]
    if not any(won):
        return f"Of {tasks}, none is decided."
    one, other = models if better is None else ("it", "the other")
    undecided = len(answer.comparisons) - sum(won)
    is_better = "scores significantly higher" if judges(first) else "is significantly better"
    return (
        f"Of {tasks}, {one} {is_better} on {won[0] or 'none'} and {other} on {won[1] or 'none'} "
        f"({undecided or 'none'} undecided)."
    )


def _tasks(answer: Comparison) -> str:
    """Count the tasks, with the number left out unless the overall sentence has it."""
    left = 0 if answer.overall is not None else answer.n_tasks_left_out
    tasks = len({c.task for c in answer.comparisons})
    return ("the " if left else "") + _of_tasks(tasks, left)


def _margin_tally(answer: Comparison) -> str:
    margins = [c.equivalence for c in answer.comparisons if c.equivalence is not None]
    same, safe = (sum(kind) for kind in zip(*((e.equivalent, e.noninferior) for e in margins), strict=True))
    tasks, a = _tasks(answer), answer.comparisons[0].a
    return f"Of {tasks}, {a} is shown to be not worse on {safe or 'none'} and equivalent on {same or 'none'}."


JUDGES = frozenset({"judge", "grader", "rater", "annotator", "scorer", "evaluator", "metric"})
"""Words in the names of columns whose values give scores, so that a higher score doesn't mean better."""


def judges(c: Comparison) -> bool:
    """Return whether two judges are compared, or two versions of one."""
    return bool(JUDGES & {*name_words(c.side_column)})


def one_sentence(c: Comparison) -> str:
    """Return which model is better, or that the data can't tell, in one sentence."""
    parts = [f"the {_of_tasks(c.n_tasks, c.n_tasks_left_out)}"] if c.n_tasks_left_out else []
    shared, alone = c.difference.n_items, c.n_only_a + c.n_only_b
    if c.paired and alone:
        parts.append(f"the {shared:,} of {plural(shared + alone, 'question')} that both answered")
    return within(f"On {' and '.join(parts)}, " if parts else "", _sentence_on_all(c))


def more_of(c: Comparison) -> str:
    """Return what would decide an inconclusive comparison, and other analyses that would change its
    verdict.
    """
    texts = [what_settles(c) if c.verdict == "unclear" and c.equivalence is None else ""]
    if c.among_models is not None:
        texts.append(
            f"Among all pairs of {c.among_models.n_models:,} models it isn't significant "
            f"({p_words(c.among_models.p_adjusted)})."
        )
    if c.if_clustered is not None:
        texts.append(_if_clustered(c, c.if_clustered))
    return " ".join(filter(None, texts))


def _if_clustered(c: Comparison, other: IfClustered) -> str:
    """Return how unconfirmed clusters would change the verdict."""
    e, where = other.equivalence, f"With questions clustered by {other.clusters},"
    if e is None:
        return f"{where} it is {'not ' if c.decided else ''}significant ({p_words(other.p_value)})."
    if e.equivalent:
        return f"{where} they are equivalent."
    shown = "not worse" if e.noninferior else "worse" if e.inferior else ""
    return f"{where} it is shown to be {shown}." if shown else f"{where} that isn't shown."


def _of_tasks(count: int, left_out: int) -> str:
    """Count tasks, with the total if some are left out."""
    return (
        f"{count:,} of {plural(count + left_out, 'task')} with scores of both"
        if left_out
        else plural(count, "task")
    )


def _sentence_on_all(c: Comparison) -> str:
    scale = Scale(percent=c.percent)
    if not math.isfinite(c.p_value):
        return f"Can't tell which of {c.a} and {c.b} is better, because there is no error bar ({_why(c)})."
    value = c.difference.value
    take = f"({ci_text(c.judged_interval.of_lead(value), scale)}, {p_words(c.p_adjusted)})"
    gap = scale.lead(value)
    where = "" if c.task else " overall"
    if c.equivalence is not None:
        return _margin_sentence(c, c.equivalence, scale)
    about = factors.beyond(c.sources, real=c.better is not None) if c.sources else on_these(c)
    about = about and f",{about}"
    if judges(c) and value != 0:
        high, low = (c.a, c.b) if value > 0 else (c.b, c.a)
        return (
            f"{high} scores higher than {low}{where} by {gap} {take}{about}."
            if c.better is not None
            else f"Can't tell whether {c.a} and {c.b} differ. {high} scores {gap} higher{where} "
            f"{take}{about}."
        )
    if c.better is not None:
        loser = c.b if c.better == c.a else c.a
        return f"{c.better} is better than {loser}{where} by {gap} {take}{about}."
    if value == 0:
        return (
            f"Can't tell. {c.a} and {c.b} score the same{where}{on_these(c)} "
            f"({ci_text(c.judged_interval, scale)})."
        )
    ahead, behind = (c.a, c.b) if (value > 0) != c.lower_is_better else (c.b, c.a)
    return f"Can't tell. {ahead} is ahead of {behind}{where} by {gap} {take}{about}."


def on_these(c: Comparison) -> str:
    """Return other random factors, or the clusters of a comparison limited to the same ones, with the space
    before it.
    """
    if c.sources is not None:
        return factors.as_sample(c.sources)
    same = c.population == "same-clusters" and (c.clusters is not None or not c.task)
    return f" on {more_of_these(c.clusters, c.task)}" if same else ""


def carries(small: SmallPart) -> str:
    """Name a component that causes most of the error."""
    return f"{small.name} ({small.n:,} {small.units}) carries {100 * small.error_share:.0f}% of the error"


def what_settles(c: Comparison) -> str:
    """Return what would decide an inconclusive comparison, nothing if that isn't known."""
    small = c.difference.small_part
    if small is not None:
        return f"{carries(small)}."
    if c.items_needed < MOST_FORECAST:
        return (
            f"About {rounded_up(c.items_needed)} questions in all would settle it, if the true "
            "difference is this large."
        )
    levels = factors.needed(c.sources)
    if levels:
        return f"More questions alone wouldn't settle it, but {levels} would."
    if c.attempts_needed < MOST_FORECAST:
        return f"About {rounded_up(c.attempts_needed)} attempts per question would settle it."
    return ""


def _margin_sentence(c: Comparison, e: Equivalence, scale: Scale) -> str:
    margin, level = scale.gap(e.margin), level_text(e.level)
    take = f"{scale.difference(c.difference.value)}, {ci_text(c.difference.interval, scale)}"
    where, about = "" if c.task else " overall", on_these(c)
    if e.equivalent:
        return (
            f"{c.a} and {c.b} are equivalent{where}{about} within {margin} ({take}), at {level} confidence."
        )
    if e.noninferior:
        return (
            f"{c.a} is not worse{where} than {c.b} by more than {margin}{about} ({take}), at {level} "
            "confidence."
        )
    if e.inferior:
        return (
            f"{c.a} is worse{where} than {c.b} by more than {margin}{about} ({take}), at {level} confidence."
        )
    return f"Can't tell whether {c.a} is{where} within {margin} of {c.b}{about} ({take})."


def _why(c: Comparison) -> str:
    return c.difference.warnings[0].message if c.difference.warnings else "too few questions or clusters"


OPEN = "can't tell"


def document(answer: Comparison) -> Document:
    """Return the verdict, a table for each comparison and the warnings."""
    return _several(answer) if answer.tasks else _one(answer)


def methods(answer: Comparison) -> Document:
    """Return the methods, as in a paper."""
    return of_comparisons(answer.every if answer.tasks else (answer,))


def _one(c: Comparison) -> Document:
    warnings = (*c.warnings, *c.difference.warnings, *costs.warnings(c))
    deciding = deciding_table(c)
    blocks = [
        *opening(sentence(c), c.notes, more=more_of(c), chapter=c.chapter),
        *costs.blocks(c),
        scores_table(c),
        *([deciding] if deciding.rows else []),
        *slices.gap_blocks(c.slices, pointing=c.chapter is None),
        *verdict_changes.blocks(c.verdict_changes, c.side_column),
        *flips.blocks(c.flips, judged=judges(c)),
        *closing(warnings),
    ]
    return Document(blocks=tuple(blocks), details=(details_table(c), *_every_pair(c)))


def _every_pair(c: Comparison) -> list[Table]:
    """Return the gaps of all pairs of models by both sides, if there are any."""
    changes = c.verdict_changes
    return (
        []
        if changes is None or not changes.pairs
        else [verdict_changes.table(changes, changes.pairs, len(changes.pairs))]
    )


def _several(answer: Comparison) -> Document:
    first = answer.comparisons[0]
    names = f"a: {first.a}, b: {first.b}."
    warnings = merged(
        [
            (_name_of(c, answer), (*c.warnings, *c.difference.warnings, *costs.warnings(c)))
            for c in answer.every
        ],
        "task",
    )
    notes = [*answer.notes, names, *_unseen(answer)]
    blocks = [
        *opening(sentence(answer), notes, more=_more_of_tasks(answer), chapter=answer.chapter),
        *(block for c in answer.every[:1] for block in costs.blocks(c)),
        tasks_table(answer),
        *_measures_table(answer),
        *(block for c in answer.every for block in _sliced(c)),
        *(block for c in answer.comparisons for block in _changed_verdicts(c)),
        *flips.blocks(answer.flips, judged=judges(first)),
        *closing((*warnings, *answer.warnings)),
    ]
    methods = "; ".join(dict.fromkeys(str(c.difference.method) for c in answer.comparisons))
    return Document(blocks=tuple(blocks), details=(facts([("method", methods)]),))


def _more_of_tasks(answer: Comparison) -> str:
    """Return what would decide the overall difference, and how many tasks each model wins."""
    return "" if answer.overall is None else f"{more_of(answer.overall)} {_tally(answer)}".strip()


def _unseen(answer: Comparison) -> list[str]:
    """Name the tasks on which unseen losses could be larger than the interval is wide."""
    tasks = [_name_of(c, answer) for c in answer.comparisons if c.hides_losses]
    if not tasks:
        return []
    return [
        (
            f"{listing(tasks)}: no question was lost as a whole; if some are, the difference could lie "
            "beyond its interval."
        )
    ]


def _measures_table(answer: Comparison) -> list[Block]:
    """Return the usage of both, one line per task and measure."""
    rows = [(c.task or "overall", *row) for c in answer.every for row in costs.rows(c)]
    if not rows:
        return []
    heads = tuple(Column(name=name, align="left") for name in ("task", "took", "a / b"))
    return [Table(columns=heads, rows=tuple(rows))]


def _sliced(c: Comparison) -> list[Block]:
    """Return a task's slices under its name."""
    found = slices.gap_blocks(c.slices)
    return [Text(text=c.task or "overall", kind="heading"), *found] if found else []


def _changed_verdicts(c: Comparison) -> list[Block]:
    """Return a task's changed verdicts between models under its name."""
    found = verdict_changes.blocks(c.verdict_changes, c.side_column)
    return [Text(text=c.task, kind="heading"), *found] if found else []


def _name_of(c: Comparison, answer: Comparison) -> str:
    """Name a comparison among others: by its task, and by its metric if a task has several."""
    if not c.task:
        return "overall"
    tasks = [other.task for other in answer.comparisons]
    return f"{c.task} · {c.metric}" if len(set(tasks)) < len(tasks) else c.task


def tasks_table(answer: Comparison) -> Table:
    """Lay out the comparisons of several tasks, one line per task, the overall one first and set off."""
    every, percent = answer.every, all(c.percent for c in answer.every)
    alike = percent or not any(c.percent for c in every)
    margin, fixed = any(c.equivalence for c in every), every[0].difference.method.of_benchmark
    unit, gap = Scale(percent=percent).column, f"a − b{Scale(percent=percent).points}"
    needed = "attempts needed" if fixed else "questions needed"
    clustered = any(c.difference.n_clusters != c.difference.n_items for c in every)
    metrics = len({c.metric for c in answer.comparisons}) > 1
    fields: list[Field[Comparison]] = [
        Field("task", lambda c: c.task or "overall", align="left"),
        Field("metric", lambda c: c.metric if c.task else "", align="left", priority=8, shown=metrics),
        Field(f"a{unit}", lambda c: _score(c, c.a_mean, alike)),
        Field(f"b{unit}", lambda c: _score(c, c.b_mean, alike)),
        Field(gap, lambda c: _gap(c, alike)),
        Field(f"{level_text(every[0].difference.interval.level)} CI", lambda c: _limits(c, alike)),
        Field("", _bar, align="left", priority=3, axis=Scale(percent=percent), shown=alike),
        Field("p", lambda c: p_text(c.p_adjusted), priority=7, shown=not margin),
        Field("p, not worse", lambda c: p_text(_margin_p(c)[0]), priority=7, shown=margin),
        Field("p, equivalent", lambda c: p_text(_margin_p(c)[1]), priority=6, shown=margin),
        Field("verdict", _word, align="left", priority=10),
        Field("questions", lambda c: f"{c.difference.n_items:,}", priority=6),
        Field("not shared", _not_shared, priority=8, shown=any(c.n_only_a or c.n_only_b for c in every)),
        Field("clusters", _clusters, priority=5, shown=clustered),
        Field("SE", lambda c: Scale(percent=c.percent).number(c.difference.se), priority=4, error_of=gap),
        Field("wins / losses", lambda c: f"{c.wins:,} / {c.losses:,}", priority=3),
        Field(needed, _forecast, priority=2, shown=any(_forecast(c) for c in every)),
    ]
    return tabled(every, fields, lead=int(answer.overall is not None))


def _score(c: Comparison, value: float, alike: bool) -> str:
    scale = Scale(percent=c.percent)
    return scale.number(value) if alike else scale.score(value)


def _gap(c: Comparison, alike: bool) -> str:
    scale = Scale(percent=c.percent)
    return scale.signed(c.difference.value) if alike else scale.difference(c.difference.value)


def _limits(c: Comparison, alike: bool) -> str:
    scale = Scale(percent=c.percent)
    return scale.interval(c.judged_interval.low, c.judged_interval.high) + ("" if alike else scale.unit)


def _bar(c: Comparison) -> Cell:
    low, high, value = c.judged_interval.low, c.judged_interval.high, c.difference.value
    return (
        Whisker(value=value, low=low, high=high) if math.isfinite(high - low) and math.isfinite(value) else ""
    )


def _margin_p(c: Comparison) -> tuple[float, float]:
    return (
        (math.nan, math.nan)
        if c.equivalence is None
        else (c.equivalence.p_noninferior, c.equivalence.p_equivalent)
    )


def _word(c: Comparison) -> str:
    """Return the verdict of one line in two or three words."""
    if not math.isfinite(c.p_value):
        return "no error bar"
    if c.equivalence is not None:
        return _margin_word(c.equivalence)
    if c.better is None:
        return OPEN
    if judges(c):
        return "a is higher" if c.difference.value > 0 else "b is higher"
    return "a is better" if c.better == c.a else "b is better"


def _margin_word(e: Equivalence) -> str:
    """Return the result for the margin in two or three words."""
    if e.equivalent:
        return "equivalent"
    return "a is not worse" if e.noninferior else "a is worse" if e.inferior else OPEN


def _not_shared(c: Comparison) -> str:
    return f"{c.n_only_a + c.n_only_b:,}"


def _clusters(c: Comparison) -> str:
    """Count the clusters of a task. For the overall result they would be added to single questions of
    others.
    """
    clustered = c.task and c.difference.n_clusters != c.difference.n_items
    return f"{c.difference.n_clusters:,}" if clustered else ""


def _forecast(c: Comparison) -> str:
    """Write what would decide a comparison, nothing if it is decided or unknown."""
    needed = c.attempts_needed if c.difference.method.of_benchmark else c.items_needed
    return rounded_up(needed) if not c.decided and c.equivalence is None and needed < MOST_FORECAST else ""


def sentence(answer: Comparison) -> str:
    """Return which model is better, or on how many tasks each is."""
    if not answer.tasks:
        return one_sentence(answer)
    return _tally(answer) if answer.overall is None else one_sentence(answer.overall)


def explanation(answer: Comparison) -> Document:
    """Explain the comparison, or the overall one, or else the first task's, in plain words."""
    if not answer.tasks:
        return plain.explained(plain.pair_phrases(answer))
    c = answer.every[0]
    return plain.explained(plain.pair_phrases(c), f"{c.task or 'overall'} · {c.metric}")


def chart(answer: Comparison) -> Spec:
    """Draw the differences. Those in points share a panel. Other scales and partitions into slices have their
    own.
    """
    from howsure.present.charts.base import panels

    comparisons = answer.every if answer.tasks else (answer,)
    forests = [_forest(way) for c in comparisons for way in c.slices]
    drawn = () if forests and len(comparisons) == 1 else comparisons
    shared = [c for c in drawn if c.percent]
    groups = [*([shared] if shared else []), *([c] for c in drawn if not c.percent)]
    return panels([*(_panel(group, sentence(answer)) for group in groups), *forests])


def _panel(group: Sequence[Comparison], description: str) -> Spec:

    first, metrics = group[0], {c.metric for c in group}
    return spec(
        [record for c in group for record in c.records()],
        percent=first.percent,
        score=first.metric if len(metrics) == 1 else "score",
        lower_is_better=all(c.lower_is_better for c in group),
        level=first.difference.interval.level,
        margin=None if first.equivalence is None else first.equivalence.margin,
        description=description,
    )


def _forest(way: DifferenceSlices) -> Spec:
    """Draw the whole and the slices of a partition."""
    return spec(
        slices.gap_records(way),
        percent=way.percent,
        score=way.metric,
        parts=way.slicing.by,
        lower_is_better=way.lower_is_better,
        level=way.level,
        description=slices.gap_sentence(way),
    )


def scores_table(c: Comparison) -> Table:
    """Lay out the scores of both models, and on how many questions each is better."""
    scale, equal = Scale(percent=c.percent), f" ({c.ties:,} equal)"
    counted = bool(c.wins + c.losses + c.ties)
    fields: list[Field[tuple[str, float, int]]] = [
        Field(c.side_column or "model", lambda row: row[0], align="left"),
        Field("score", lambda row: scale.score(row[1])),
        Field(
            "higher on" if judges(c) else "better on",
            lambda row: plural(row[2], "question"),
            align="left",
            shown=counted,
        ),
    ]
    table = tabled([(c.a, c.a_mean, c.wins), (c.b, c.b_mean, c.losses)], fields)
    if not counted:
        return table
    first, (*cells, better_on) = table.rows
    return replace(table, rows=(first, (*cells, f"{better_on}{equal}")))


def deciding_table(c: Comparison) -> Table:
    """Lay out further criteria of a decision: unseen losses, costs, other populations, the margin."""
    scale = Scale(percent=c.percent)
    rows = [
        *_unseen_rows(c, scale),
        *costs.rows(c),
        *factors.source_rows(c.sources, scale),
        *_beside_rows(c, scale),
        *_equivalence_rows(c, scale),
    ]
    if c.p_adjusted != c.p_value and math.isfinite(c.p_adjusted):
        rows.append(("p-value, adjusted", p_text(c.p_adjusted)))
    return facts(rows)


def details_table(c: Comparison) -> Table:
    """Lay out the difference with its error, and how it was computed."""
    scale = Scale(percent=c.percent)
    interval, level = c.judged_interval, level_text(c.difference.interval.level)
    rows: list[tuple[str, str]] = [
        ("difference a − b", scale.difference(c.difference.value)),
        (f"{level} CI", scale.interval(interval.low, interval.high) + scale.unit),
        ("p-value", p_text(c.p_value)),
    ]
    plain = c.difference.method.of_benchmark
    plain = plain or (c.paired and math.isnan(c.unpaired_se))
    rows.append(("SE" if plain else f"SE, {'paired' if c.paired else 'unpaired'}", _se_text(c, scale)))
    counts_text = plural(c.difference.n_items, "shared question" if c.paired else "question")
    if c.difference.n_clusters != c.difference.n_items:
        counts_text += f" in {plural(c.difference.n_clusters, 'cluster')}"
        counts_text += f" (df {c.difference.df:.1f})" if math.isfinite(c.difference.df) else ""
    if c.n_only_a or c.n_only_b:
        counts_text += f"; {c.n_only_a:,} only in a, {c.n_only_b:,} only in b"
    rows.append(("questions, clusters", counts_text))
    rows.append(("method", str(c.difference.method)))
    return facts(rows)


def _unseen_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    """Return the largest possible unseen loss, if the interval is narrower than that."""
    if not c.hides_losses:
        return []
    return [
        (
            "unseen losses",
            (
                f"up to {scale.gap(c.unseen_loss_rate)}, if other questions are lost as a whole "
                "(none of these was)"
            ),
        )
    ]


def _beside_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    """Return the result for the other of new and same clusters."""
    if c.other_population is None:
        return []
    same = c.other_population.population == "same-clusters"
    where = (
        f"on {factors.more_of_these(c.clusters, c.task) if same else factors.new_ones(c.clusters, c.task)}"
    )
    interval, shown = (
        c.other_population.estimate.interval,
        significant(c.other_population.p_value, c.other_population.estimate.interval.level),
    )
    text = f"{ci_text(interval, scale)}, {p_words(c.other_population.p_value)}"
    return [(where, text if c.equivalence else f"{'significant' if shown else 'not significant'} ({text})")]


def _se_text(c: Comparison, scale: Scale) -> str:
    text = scale.number(c.difference.se) + scale.unit
    if c.sources is not None and c.sources.known:
        return f"{text} ({factors.alone(c.sources, c.difference.se, scale)})"
    if math.isfinite(c.variance_saved):
        gained = (
            f"removed {100 * c.variance_saved:.0f}% of the variance"
            if c.variance_saved >= 0
            else "gained nothing"
        )
        return f"{text} (covariates {gained})"
    if not c.paired or not math.isfinite(c.unpaired_se) or not c.unpaired_se:
        return text
    saved = 1 - (c.difference.se / c.unpaired_se) ** 2
    effect = f"pairing removed {100 * saved:.0f}% of the variance" if saved >= 0 else "pairing gained nothing"
    together = f"correlation {correlation_text(c.correlation)}; " if math.isfinite(c.correlation) else ""
    return f"{text} (unpaired {scale.number(c.unpaired_se)}; {together}{effect})"


def _equivalence_rows(c: Comparison, scale: Scale) -> list[tuple[str, str]]:
    if c.equivalence is None:
        return []
    e = c.equivalence
    return [
        ("margin", scale.gap(e.margin)),
        ("p, non-inferiority", p_text(e.p_noninferior)),
        ("p, equivalence", p_text(e.p_equivalent)),
    ]


GROUPS = {"a is better": GOOD, "b is better": BAD, "can't tell": HOLLOW}
A_BETTER, B_BETTER, UNDECIDED = GROUPS
NUMBERS = ("difference", "adjusted_low", "adjusted_high")


def spec(
    records: Sequence[Row],
    *,
    percent: bool = True,
    score: str = "score",
    parts: str = "task",
    level: float = 0.95,
    lower_is_better: bool = False,
    margin: float | None = None,
    description: str,
) -> Spec:
    """Return the chart of one pair on one task or several.

    `parts`: the kind of rows, tasks or slices. `records`: task, a, b, difference, adjusted_low,
    adjusted_high, better, p_value, p_adjusted. The task is empty for the overall difference.
    """
    factor, behind = points(percent=percent)
    score = visible(score)
    better = "; lower is better" if lower_is_better else ""
    a, b = short_labels(plain.short_names(*(records[0][name] for name in ("a", "b"))))
    drawn = rows(records, percent=percent)
    shown = drawing(
        ("difference", "low", "high"),
        f"difference in {score}, a − b{behind}, with its {level_text(level)} confidence interval{better}",
        GROUPS,
        tooltip(
            [
                *(
                    ("name", visible(parts)),
                    ("difference", f"a − b{behind}"),
                    ("low", "from"),
                    ("high", "to"),
                ),
                *(("p_value", "p"), ("p_adjusted", "p, adjusted"), ("group", "verdict")),
            ],
            percent=percent,
        ),
        count=len(records),
        scale={"zero": True, "nice": False, "padding": 12},
        beside=drawn,
    )
    shown["layer"] = [*_lines(margin, factor), *shown["layer"]]
    note = f"a: {a}, b: {b}{_corrected(records, parts)}"
    return figure(drawn, shown, description=description, subtitle=note)


def rows(records: Sequence[Row], *, percent: bool) -> list[Row]:
    """Return the rows to draw: one per task, numbers on the axis's scale."""
    factor, scale = points(percent=percent)[0], Scale(percent=percent)
    names = labels(record["task"] or "overall" for record in records)
    return [
        {
            "task": record["task"] or "overall",
            "name": visible(record["task"] or "overall"),
            "label": label,
            "a": record["a"],
            "b": record["b"],
            "difference": scaled(record["difference"], factor),
            "low": scaled(record["adjusted_low"], factor),
            "high": scaled(record["adjusted_high"], factor),
            "p_value": record["p_value"],
            "p_adjusted": record["p_adjusted"],
            "group": (group := _group(record)),
            "numbers": numbers(scale.signed, [record[name] for name in NUMBERS], scale),
            "n": f"{record['n_items']:,}" if "n_items" in record else "",
            "told": _told(record, group, scale),
        }
        for record, label in zip(records, names, strict=True)
    ]


def _group(record: Row) -> str:
    if record["better"] == record["a"]:
        return A_BETTER
    return B_BETTER if record["better"] == record["b"] else UNDECIDED


def _told(record: Row, group: str, scale: Scale) -> str:
    """Return a row in words: `quiz: +3.2 pp [0.4, 6.0], a is better`."""
    value, low, high = (math.nan if record[name] is None else record[name] for name in NUMBERS)
    task = visible(record["task"] or "overall")
    return f"{task}: {scale.difference(value)} ({scale.interval(low, high)}), {group}"


def _corrected(records: Sequence[Row], parts: str) -> str:
    """Return a note if intervals and verdicts aren't those of each task alone."""
    if all(record["p_adjusted"] == record["p_value"] for record in records):
        return ""
    what = "tasks" if parts == "task" else f"slices by {visible(parts)}"
    return f"\nintervals and verdicts are corrected for the number of {what}"


def _lines(margin: float | None, factor: float) -> list[Spec]:
    """Return the line of no difference, and those of the margin."""
    lines = [_line(0.0, [1, 0])]
    if margin is not None:
        lines += [_line(sign * factor * margin, MARGIN) for sign in (-1.0, 1.0)]
    return lines


def _line(at: float, dash: list[int]) -> Spec:
    mark = {"type": "rule", "strokeDash": dash, "color": GREY, "strokeWidth": THIN}
    return {"mark": mark, "encoding": {"x": {"datum": float(f"{at:.12g}")}}}
