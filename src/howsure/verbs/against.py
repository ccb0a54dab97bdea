"""The function against: which of many models are significantly better than a reference model, and which are
worse?
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure.answers.against import Against, AgainstModel, AgainstTask
from howsure.errors import DataError, ResultWarning, doubt
from howsure.inference.overall import suite_of
from howsure.inference.population import over_tasks, population_of
from howsure.inference.question import Question
from howsure.inference.sensitivity import COVERAGE, Recorded, policy_changes_sides, skewness
from howsure.inference.settings import settings_of
from howsure.inference.task_weights import as_stated, no_overall, overall_name, task_shares
from howsure.inference.weakest_part import TaskAlone, small_task
from howsure.options.table import checked
from howsure.statistics import multiplicity
from howsure.statistics.arrays import above
from howsure.statistics.means import cluster_warnings
from howsure.statistics.pair_suites import combined_flips
from howsure.statistics.results import Estimate, Interval, Method
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.study.models import resolve
from howsure.study.notes import direction_warnings
from howsure.verbs.sides import against_side
from howsure.wording import have, listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from howsure.options.choices import Overall
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import ComparisonMethod, ManyToOne, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest
    from howsure.statistics.multiplicity import Corrected
    from howsure.statistics.pair_moments import FlipSums, PairMoments
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

AT_A_TIME = 24
"""This many models are compared with the reference at a time if all their pairs have limits."""
NO_SHARED_ITEMS = ResultWarning(
    code="no_shared_items",
    message="no question that both answered",
    remedy="Check that question ids are spelled the same, or use `compare`, which falls back to an unpaired "
    "comparison.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """What is counted for every model against the reference: arrays (M,). Means are over the questions that
    both answered, NaN if there are none.
    """

    mean: Floats
    one_mean: Floats
    fixed: Ints
    broke: Ints
    same: Ints
    only_side: Ints
    only_one: Ints

    @classmethod
    def of(cls, matrix: ScoreMatrix, one: int) -> SideCounts:
        """Count the items of a matrix."""
        x, w = matrix.values, np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
        has = ~np.isnan(x)
        shared = has & has[:, [one]]
        told = np.where(shared, matrix.orientation * x, 0.0)
        base = np.where(shared, matrix.orientation * x[:, [one]], 0.0)
        fixed, broke = above(told, base).sum(axis=0), above(base, told).sum(axis=0)
        if matrix.of_metric is not None:
            fixed, broke = np.zeros((2, x.shape[1]), dtype=np.int64)  # a metric has no scores by question
        weight = (w[:, None] * shared).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            means = [
                (w[:, None] * np.where(shared, each, 0.0)).sum(axis=0) / weight for each in (x, x[:, [one]])
            ]
        return cls(
            mean=means[0],
            one_mean=means[1],
            fixed=fixed,
            broke=broke,
            same=shared.sum(axis=0) - fixed - broke,
            only_side=(has & ~shared).sum(axis=0),
            only_one=(has[:, [one]] & ~has).sum(axis=0),
        )


def summed_counts(
    parts: Sequence[SideCounts], places: Sequence[Sequence[int]], shares: Sequence[float]
) -> SideCounts:
    """Combine the counts of several tasks, for the models at these places in each. Means use the tasks'
    shares.
    """

    def gathered(name: str) -> Floats:
        """Return one count of every task, for the models at their places (T, M)."""
        return np.stack(
            [getattr(part, name)[np.asarray(place)] for part, place in zip(parts, places, strict=True)]
        )

    def total(name: str) -> Ints:
        """Sum one count over the tasks (M,)."""
        return np.asarray(gathered(name).sum(axis=0), dtype=np.int64)

    return SideCounts(
        mean=np.asarray(shares) @ gathered("mean"),
        one_mean=np.asarray(shares) @ gathered("one_mean"),
        fixed=total("fixed"),
        broke=total("broke"),
        same=total("same"),
        only_side=total("only_side"),
        only_one=total("only_one"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class OneAgainstOthers:
    """The models of `head` and what is known of their pairs. `one` is the place of the reference model.

    `limits`: of each pair of the models at these places, at these levels, None for the question's. `centred`:
    flips without the observed differences. `score`: the reference's, over its `n_items`. `warnings`: of each
    model (M,), and of all together.
    """

    head: ScoreMatrix
    one: int
    moments: PairMoments
    limits: Callable[[list[int], Floats | None], tuple[Floats, Floats]]
    centred: FlipSums | None
    counts: SideCounts
    score: float
    n_items: int
    method: Method
    n_tasks: int = 1
    own: tuple[tuple[ResultWarning, ...], ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def others(self) -> list[int]:
        """The positions of all other models."""
        return [k for k in range(len(self.head.models)) if k != self.one]

    def p_values(self) -> Floats:
        """Return the p-value of every model against the reference (M,), NaN without an interval."""
        p = self.moments.p_value[:, self.one].copy()
        p[np.isnan(self.limits_at(None)[0])] = np.nan
        return p

    def part(self, found: Corrected, level: float, adjust: ManyToOne, tests: int) -> AgainstTask:
        """Return the rows, best model first. `tests`: the number of p-values that are corrected."""
        head, sign = self.head, self.head.orientation
        rows = self._rows(found, level)
        rows.sort(key=lambda row: (math.isnan(row.difference.value), -sign * row.difference.value, row.model))
        return AgainstTask(
            task=head.task,
            metric=head.metric,
            against=head.models[self.one],
            mean=self.score,
            n_items=self.n_items,
            level=level,
            adjust=adjust,
            n_tests=tests,
            n_tasks=self.n_tasks,
            lower_is_better=head.lower_is_better,
            percent=head.bounded,
            models=tuple(rows),
            warnings=self.warnings,
        )

    def _rows(self, found: Corrected, level: float) -> list[AgainstModel]:
        head, counts = self.head, self.counts
        p, own, recorded = self.p_values(), self.limits_at(None), Recorded.of(head)
        low, high = self._agreeing(found, level)
        return [
            AgainstModel(
                task=head.task,
                metric=head.metric,
                model=head.models[k],
                against=head.models[self.one],
                mean=float(counts.mean[k]),
                against_mean=float(counts.one_mean[k]),
                difference=self._estimate(k, Interval(low=own[0][k], high=own[1][k], level=level), recorded),
                p_value=float(p[k]),
                p_adjusted=float(found.p_adjusted[k]),
                adjusted_interval=Interval(low=low[k], high=high[k], level=level),
                n_regressed=int(counts.broke[k]),
                n_improved=int(counts.fixed[k]),
                n_unchanged=int(counts.same[k]),
                n_only_model=int(counts.only_side[k]),
                n_only_against=int(counts.only_one[k]),
                lower_is_better=head.lower_is_better,
                percent=head.bounded,
            )
            for k in self.others
        ]

    def _agreeing(self, found: Corrected, level: float) -> tuple[list[float], list[float]]:
        """Return the limits (M,) that agree with corrected p-values: wide, but on the side of 0 what this
        p-value allows.
        """
        wide = self.limits_at(1 - np.where(np.isfinite(found.far), found.far, 1 - level))
        inner = self.limits_at(1 - np.where(np.isfinite(found.near), found.near, 1 - level))
        return np.where(inner[0] > 0, inner[0], wide[0]).tolist(), np.where(
            inner[1] < 0, inner[1], wide[1]
        ).tolist()

    def limits_at(self, levels: Floats | None) -> tuple[Floats, Floats]:
        """Return the limits of every model against the reference (M,), at these levels (M,) or the
        question's. NaN for the reference.

        Pairs of other models have limits as well, so many models are processed a few at a time.
        """
        found = np.full((2, len(self.head.models)), np.nan)
        for start in range(0, len(self.others), AT_A_TIME):
            places = [self.one, *self.others[start : start + AT_A_TIME]]
            each = (
                None
                if levels is None
                else np.broadcast_to(levels[places][:, None], (len(places), len(places)))
            )
            found[:, places[1:]] = [limit[1:, 0] for limit in self.limits(places, each)]
        return found[0], found[1]

    def _estimate(self, k: int, interval: Interval, recorded: Recorded) -> Estimate:
        """Return the difference of a model, with its warnings and the calibration results that speak against
        it.
        """
        moments, at = self.moments, (k, self.one)
        found = Estimate(
            value=float(moments.difference[at]),
            se=math.sqrt(moments.variance[at]) if moments.variance[at] >= 0 else math.nan,
            interval=replace(interval, low=float(interval.low), high=float(interval.high)),
            df=float(moments.df[at]),
            n_items=int(moments.shared[at]),
            n_clusters=int(moments.units[at]),
            method=self.method,
            warnings=self.own[k] if self.own else (),
        )
        if not found.n_items or self.n_tasks > 1 or self.method.of_benchmark:
            return found
        rate = float(self.counts.fixed[k] + self.counts.broke[k]) / found.n_items
        gaps = self.head.values[:, k] - self.head.values[:, self.one]
        return recorded.add("difference", found, rate=rate, skew=lambda: skewness(gaps))


def against_others(matrix: ScoreMatrix, one: str, question: Question) -> OneAgainstOthers:
    """Compare the models of a matrix with one of them."""
    population, place = question.population, matrix.column(one)
    moments = population.pairs(matrix, question)
    has = ~np.isnan(matrix.values[:, place])
    weights = np.ones(len(has)) if matrix.weights is None else matrix.weights
    return OneAgainstOthers(
        head=matrix,
        one=place,
        moments=moments,
        limits=lambda places, level: population.limits(
            matrix.take_models(places), moments.take(places), question, level
        ),
        centred=None if moments.flips is None else moments.flips.centred(),
        counts=SideCounts.of(matrix, place),
        score=float(np.average(matrix.values[has, place], weights=weights[has])),
        n_items=int(has.sum()),
        method=replace(
            population.overall_method(question, bounded=matrix.bounded), overall=False, paired=True
        ),
        warnings=_uneven(matrix, place),
        own=() if population.only_these else _doubts(population.drawn(matrix), place, moments),
    )


def against_others_overall(
    parts: Sequence[OneAgainstOthers], question: Question, models: Sequence[str]
) -> OneAgainstOthers:
    """Combine several tasks, for the models that have them all, the reference among them."""
    matrices = [part.head for part in parts]
    one = matrices[0].models[parts[0].one]
    places = [matrix.columns(models) for matrix in matrices]
    shares = task_shares(matrices, question.overall)
    chosen = [part.moments.take(place) for part, place in zip(parts, places, strict=True)]
    heads = [matrix.take_models(place) for matrix, place in zip(matrices, places, strict=True)]
    combined = suite_of(heads, chosen, question)
    head = replace(heads[0], task="", metric=overall_name(question.overall))
    return OneAgainstOthers(
        head=head,
        one=head.column(one),
        moments=combined.moments,
        limits=lambda places, level: combined.take(places).limits(question.level if level is None else level),
        centred=combined_flips([pair.flips and pair.flips.centred() for pair in chosen], shares),
        counts=summed_counts([part.counts for part in parts], places, shares),
        score=float(np.dot(shares, [part.score for part in parts])),
        n_items=sum(part.n_items for part in parts),
        method=question.population.overall_method(question, bounded=head.bounded),
        n_tasks=len(parts),
        own=_small_tasks(parts, places, shares, question),
    )


def _small_tasks(
    parts: Sequence[OneAgainstOthers],
    places: Sequence[Sequence[int]],
    shares: Sequence[float],
    question: Question,
) -> tuple[tuple[ResultWarning, ...], ...]:
    """Name for each model (M,) the task that contributes most to the error of its overall difference."""
    widths = [(high - low) / 2 for low, high in (part.limits_at(None) for part in parts)]
    tasks, percent = [part.head.task for part in parts], parts[0].head.bounded

    def own(t: int, k: int) -> TaskAlone:
        """Return the result of the model at place k in task t."""
        moments, at = parts[t].moments, (k, parts[t].one)
        return TaskAlone(float(widths[t][k]), int(moments.shared[at]), int(moments.units[at]))

    return tuple(
        small_task([own(t, k) for t, k in enumerate(at)], shares, tasks, question, percent=percent)
        for at in zip(*places, strict=True)
    )


def _uneven(matrix: ScoreMatrix, one: int) -> tuple[ResultWarning, ...]:
    """Warn of models that answered far fewer questions than the reference."""
    has = ~np.isnan(matrix.values)
    share = (has & has[:, [one]]).sum(axis=0) / has[:, one].sum()
    few = [model for model, part in zip(matrix.models, share, strict=True) if 0 < part < COVERAGE]
    if not few:
        return ()
    what = (
        f"{listing(few)} answered fewer than {COVERAGE:.0%} of the {int(has[:, one].sum()):,} questions of "
        f"{matrix.models[one]}"
    )
    return (
        ResultWarning(
            code="uneven_items", message=what, remedy="They are compared on shared questions. Run the rest."
        ),
    )


def _doubts(matrix: ScoreMatrix, one: int, moments: PairMoments) -> tuple[tuple[ResultWarning, ...], ...]:
    """Return the warnings for each model (M,): no shared question, a single unit, or few and unequal
    clusters.
    """
    whole = moments.shared[:, one] == len(matrix.items)
    every = np.ones(len(matrix.items), dtype=bool)
    same = tuple(_of_clusters(matrix, every, float(moments.df[whole, one].min()))) if whole.any() else ()
    return tuple(
        () if k == one else same if full and matrix.clusters else _doubts_of_pair(matrix, one, k, moments)
        for k, full in enumerate(whole.tolist())
    )


def _doubts_of_pair(matrix: ScoreMatrix, one: int, k: int, moments: PairMoments) -> tuple[ResultWarning, ...]:
    shared, units = int(moments.shared[k, one]), int(moments.units[k, one])
    if not shared:
        return (NO_SHARED_ITEMS,)
    if units < 2:
        return (doubt("one_shared_item" if shared == 1 else "one_shared_cluster"),)
    keep = ~np.isnan(matrix.values[:, k]) & ~np.isnan(matrix.values[:, one])
    return tuple(_of_clusters(matrix, keep, float(moments.df[k, one])))


def _of_clusters(matrix: ScoreMatrix, keep: Bools, df: float) -> list[ResultWarning]:
    """Warn of too few or too unequal clusters among the questions of a pair."""
    if not matrix.clusters:
        return []
    w = np.ones(int(keep.sum())) if matrix.weights is None else matrix.weights[keep]
    used, codes = np.unique(matrix.clusters[0][keep], return_inverse=True)
    if len(used) == 1:
        return [doubt("one_shared_cluster")]
    labels = [matrix.cluster_labels[0][g] for g in used] if matrix.cluster_labels else []
    return cluster_warnings(w, [codes.astype(np.int64)], df, labels)


RESPECTS = Respects(verb="against", all_but=("random factor", "covariate", "slices", "measures"))


def against(
    data: Any,
    against: str,
    *,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    adjust: ManyToOne = "max-t",
    overall: Overall | Mapping[str, float] = "harness",
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Against:
    """Compare every other model with a reference: its difference, a simultaneous confidence interval, and the
    questions that it lost and gained.

    Each model is compared with the reference as [`compare`][howsure.compare] compares two, on the questions
    that both answered. The correction of p-values for the number of models (many to one) is the step-down
    max-t (Romano and Wolf 2005) over sign flips of whole clusters. This is a resampling form of Dunnett's
    (1955) test. With several tasks, all models on all tasks form one family, and the overall differences
    another. Intervals agree with the p-values. Clusters are assumed independent.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, a dict of sides, or Scores.
        against: The reference: a model, by its full name or the part after the last slash, or a run's
            `tag:…`, `commit:…` or `run:…`. For example, "gpt-4o" or "tag:v2". With several paths, one of
            them, each path then being one model. With one folder, a file or folder in it.
        method: The test of the differences: "score" or "t". None uses "score" for scores in [0, 1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of all intervals together.
        adjust: The correction for the number of sides: "max-t", "dunnett" or "holm" (family-wise error), "bh"
            (false discovery rate), or "none". Two clusterings, fewer than eight clusters and
            population="benchmark" take "dunnett" for "max-t".
        overall: How to combine the tasks, for the models that have them all: "harness" uses the log's weights
            if it states a group of exactly these tasks, else the mean. Other choices: "mean" over tasks,
            "pooled" over all questions, or a weight per task.
        seed: The seed of the sign flips.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `model` chooses among
            the other models. `population` defaults to what the clusters of each task allow: "same-clusters"
            if they are too few to generalise, else "new-clusters".

    Returns:
        Against: One part per task and metric, and an overall one for several tasks. Each has one row per
            model, the best first.

    Raises:
        OptionError: If an option has an invalid value, or a name is both a model and a path.
        DataError: If the reference doesn't exist, matches several models, or has no other model on any of its
            tasks.
        MethodError: If the method isn't defined for these scores.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["main"] * 40 + ["x"] * 40 + ["y"] * 40, "item": [*range(40)] * 3,
        ...     "score": [int(i % 2) for i in range(40)] + [int(i % 4 > 0) for i in range(40)]
        ...     + [int(i % 2) for i in range(40)]})
        >>> answer = against(rows, "main")
        >>> answer.sentence
        '1 of 2 models is better than main and 1 does not differ significantly.'
        >>> [(each.model, each.n_improved, each.n_regressed, each.verdict) for each in answer.tasks[0].models]
        [('x', 10, 0, 'better'), ('y', 0, 0, 'unclear')]
    """
    given = checked("against", method=method, variance=variance, level=level, overall=overall, seed=seed)
    name, adjust = checked("against", against=against, adjust=adjust).values()
    design = make_design(options, RESPECTS, method=method)
    question = Question(population=population_of(design.population), **given)
    how = design.reading
    scores, one = against_side(data, name, how)
    study = gather(scores, design, models=(one, *design.model) if design.model else ())
    return with_other_policies(against_one(study, question, one, adjust), study, question, adjust)


def against_one(study: Study, question: Question, one: str, adjust: ManyToOne) -> Against:
    """Compare every other model of a study with one of them (see `howsure.against`)."""
    if study.models:
        one = study.models[0]
    else:
        averages = {average.name: average.run for average in study.averages}
        one = resolve(one, sorted(_models(study)), averages=averages)
    question, weighed = as_stated(question, study)
    # The matrices with the reference and another model. DataError if there are none.
    every = list(study.matrices())
    with_one = [matrix for matrix in every if one in matrix.models and len(matrix.models) > 1]
    if not with_one:
        others = {model for matrix in every for model in matrix.models} - {one}
        what = (
            f"no other model has a task with results of {one}"
            if others
            else f"no model other than {one} has a score"
        )
        raise DataError(what, remedy="See `howsure describe`.")
    matrices, unknown = question.population.measured(with_one)
    parts = [against_others(matrix, one, question) for matrix in matrices]
    whole = over_tasks(question, matrices)
    again = len(parts) > 1 and any(
        question.population.of(each) != whole.population.of(each) for each in matrices
    )
    over = [against_others(matrix, one, whole) for matrix in matrices] if again else parts
    adjust, why = _possible(adjust, [*parts, *over])
    total, more = _overall(over, whole, adjust)
    found = _judged(parts, question, adjust)
    left = len(study.every_task) - len({matrix.task for matrix in matrices})
    if len(found) == 1:
        found = [replace(found[0], n_tasks_left_out=left)]
    return Against(
        against=one,
        overall=None if total is None else replace(total, n_tasks_left_out=left),
        tasks=tuple(found),
        notes=(
            *study.notes,
            *filter(None, (weighed, why if any(part.n_tests > 1 for part in found) else "")),
        ),
        settings=settings_of(study, question, method=str(found[0].models[0].difference.method)),
        warnings=(
            *study.warnings,
            *direction_warnings(study),
            *_left_out(study, matrices, one),
            *unknown,
            *more,
        ),
    )


def with_other_policies(answer: Against, study: Study, question: Question, adjust: ManyToOne) -> Against:
    """Return an answer with a warning if counting failed attempts the other way would change a model's
    verdict.
    """

    def told(matrix: ScoreMatrix) -> Mapping[str, str | None]:
        """Return each model's verdict when failed attempts are counted as in this matrix."""
        if answer.against not in matrix.models:
            return {}
        part = against_others(matrix, answer.against, question)
        (judged,) = _judged([part], question, _possible(adjust, [part])[0], tasks=len(answer.tasks))
        return {side.model: side.verdict for side in judged.models}

    return replace(answer, warnings=(*answer.warnings, *policy_changes_sides(study, answer.tasks, told)))


def _models(study: Study) -> set[str]:
    if study.averages:
        return {average.name for average in study.averages}
    return {str(model) for part in study.parts.values() for model in part["model"].unique()}


def _left_out(study: Study, kept: Sequence[ScoreMatrix], one: str) -> Iterator[ResultWarning]:
    """Warn of tasks that the reference lacks, and of models that lack tasks."""
    keys = {(matrix.task, matrix.metric) for matrix in kept}
    lost = sorted(" · ".join(key) for key in set(study.parts) - keys)
    there = {model for matrix in kept for model in matrix.models} - {one}
    some = sorted(model for model in there if any(model not in matrix.models for matrix in kept))
    none = sorted(_models(study) - there - {one})
    if lost:
        what = (
            f"{listing(lost)} {'is' if len(lost) == 1 else 'are'} left out: {one}, or every other "
            "model, has no scores there"
        )
        yield ResultWarning(code="task_left_out", message=what, remedy="The answer covers the others.")
    if some:
        what = f"{listing(some)} {have(len(some))} no scores on some of the {plural(len(kept), 'task')}"
        yield ResultWarning(
            code="side_lacks_task", message=what, remedy="They are compared on the other tasks."
        )
    if none:
        what = f"{listing(none)} {have(len(none))} no scores on any task that {one} has"
        yield ResultWarning(code="side_left_out", message=what, remedy="Run them on the same tasks.")


def _possible(adjust: ManyToOne, parts: Sequence[OneAgainstOthers]) -> tuple[ManyToOne, str]:
    """Return the requested correction, or Dunnett's if there is nothing to flip, with a note that gives the
    reason.
    """
    if adjust != "max-t":
        return adjust, ""
    flips = [part.moments.flips for part in parts]
    if any(part.method.of_benchmark for part in parts):
        return "dunnett", "Correction: Dunnett instead of max-t, which treats questions as a sample."
    if any(each is None for each in flips):
        return (
            "dunnett",
            "Correction: Dunnett instead of max-t, as sign flips can't respect two clusterings.",
        )
    if not all(multiplicity.enough_clusters(each) for each in flips if each is not None):
        return (
            "dunnett",
            "Correction: Dunnett instead of max-t, as there are too few clusters for sign flips.",
        )
    return "max-t", ""


def _judged(
    parts: Sequence[OneAgainstOthers], question: Question, adjust: ManyToOne, *, tasks: int = 0
) -> list[AgainstTask]:
    """Correct the models of all tasks together. `tasks`: how many tasks there are, if not all are here."""
    found = _corrected(parts, question, adjust, tasks or len(parts))
    tests = sum(int(np.isfinite(each.p_adjusted).sum()) for each in found)
    return [part.part(each, question.level, adjust, tests) for part, each in zip(parts, found, strict=True)]


def _corrected(
    parts: Sequence[OneAgainstOthers], question: Question, adjust: ManyToOne, tasks: int
) -> list[Corrected]:
    """Correct p-values in one family, or use the correlation between models, then Bonferroni over tasks."""
    p, error = [part.p_values() for part in parts], 1 - question.level
    if adjust == "max-t":
        found = [
            _by_flips(part, each, error / tasks, question.seed) for part, each in zip(parts, p, strict=True)
        ]
    elif adjust == "dunnett":
        known = zip(parts, p, strict=True)
        found = [multiplicity.by_dunnett(each, part.moments, part.one, error / tasks) for part, each in known]
    else:
        return multiplicity.split(
            multiplicity.by_p_value(np.concatenate(p), adjust, error), list(map(len, p))
        )
    return [multiplicity.of_tasks(each, tasks) for each in found]


def _by_flips(part: OneAgainstOthers, p: Floats, error: float, seed: int) -> Corrected:
    rng = np.random.default_rng(seed)
    return multiplicity.by_max_t(p, part.moments, part.one, error, rng=rng, centred=part.centred)


def _overall(
    parts: Sequence[OneAgainstOthers], question: Question, adjust: ManyToOne
) -> tuple[AgainstTask | None, list[ResultWarning]]:
    """Combine the tasks, for the models that have them all, as a separate family. Return None, with a
    warning, if that isn't possible.
    """
    matrices = [part.head for part in parts]
    reason = no_overall(matrices)
    if reason is not None:
        return None, [reason] if len(parts) > 1 else []
    models = sorted(set.intersection(*(set(matrix.models) for matrix in matrices)))
    left = len({model for matrix in matrices for model in matrix.models}) - len(models)
    if len(models) < 2:
        return None, [_lacking(left, len(parts))]
    total = _judged([against_others_overall(parts, question, models)], question, adjust)[0]
    return replace(total, n_left_out=left), [_lacking(left, len(parts))] if left else []


def _lacking(count: int, tasks: int) -> ResultWarning:
    what = f"{plural(count, 'model')} {'lacks' if count == 1 else 'lack'} some of the {tasks} tasks and "
    what += f"{'is' if count == 1 else 'are'} not in the overall differences"
    return ResultWarning(
        code="not_in_overall", message=what, remedy="Use `task` to choose tasks that all models have."
    )
