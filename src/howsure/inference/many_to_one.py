"""The models of one task, or of all tasks together, beside one of them: what is counted, compared, and put
into rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.against import AgainstSide, AgainstTask
from howsure.errors import Caution, doubt
from howsure.inference.overall import overall_name, suite_of, task_shares
from howsure.inference.sensitivity import COVERAGE, Recorded, skewness
from howsure.inference.small_parts import TaskAlone, small_task
from howsure.statistics.arrays import above
from howsure.statistics.means import cluster_cautions
from howsure.statistics.pair_suites import combined_flips
from howsure.statistics.results import Estimate, Interval, Method
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.inference.question import Question
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import ManyToOne
    from howsure.statistics.multiplicity import Corrected
    from howsure.statistics.pair_moments import FlipSums, PairMoments
    from howsure.study.matrix import ScoreMatrix

AT_A_TIME = 24
"""So many models are put beside the one at a time where all their pairs have limits."""
NO_SHARED_ITEMS = Caution(
    code="no_shared_items",
    message="no item that both answered",
    remedy="Check that item ids are written alike; `compare` falls back to an unpaired comparison.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SideCounts:
    """What is counted of every model beside the one: arrays (M,); the means on the items that both answered,
    NaN where there are none.
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
    """Put the counts of several tasks together, for the models at these places in each; means by the shares
    of the tasks.
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
    """The models of `head` and what is known of their pairs; `one`: which of them is the one.

    `limits`: of every pair of the models at these places, at these levels, None for the question's;
    `centred`: flips without the differences that were seen;
    `score`: that of the one over its `n_items`; `cautions`: of each model (M,), and those of all together.
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
    own: tuple[tuple[Caution, ...], ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def others(self) -> list[int]:
        """The positions of all other models."""
        return [k for k in range(len(self.head.models)) if k != self.one]

    def p_values(self) -> Floats:
        """Return the p-value of every model beside the one (M,), NaN where there is no interval."""
        p = self.moments.p_value[:, self.one].copy()
        p[np.isnan(self.limits_at(None)[0])] = np.nan
        return p

    def part(self, found: Corrected, level: float, adjust: ManyToOne, tests: int) -> AgainstTask:
        """Return the rows, best side first; `tests`: for how many p-values they are corrected."""
        head, sign = self.head, self.head.orientation
        rows = self._rows(found, level)
        rows.sort(key=lambda row: (math.isnan(row.difference.value), -sign * row.difference.value, row.side))
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
            sides=tuple(rows),
            cautions=self.cautions,
        )

    def _rows(self, found: Corrected, level: float) -> list[AgainstSide]:
        head, counts = self.head, self.counts
        p, own, recorded = self.p_values(), self.limits_at(None), Recorded.of(head)
        low, high = self._agreeing(found, level)
        return [
            AgainstSide(
                task=head.task,
                metric=head.metric,
                side=head.models[k],
                against=head.models[self.one],
                mean=float(counts.mean[k]),
                against_mean=float(counts.one_mean[k]),
                difference=self._estimate(k, Interval(low=own[0][k], high=own[1][k], level=level), recorded),
                p_value=float(p[k]),
                p_adjusted=float(found.p_adjusted[k]),
                adjusted_interval=Interval(low=low[k], high=high[k], level=level),
                broke=int(counts.broke[k]),
                fixed=int(counts.fixed[k]),
                same=int(counts.same[k]),
                n_only_side=int(counts.only_side[k]),
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
        """Return the limits of every model beside the one (M,), at these levels (M,) or the question's; NaN
        for the one.

        Pairs of others have limits as well, so that many models are gone through a few at a time.
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
        """Return the difference of a side, with what is to be doubted and what the record of the calibration
        knows against it.
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
            cautions=self.own[k] if self.own else (),
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
        cautions=_uneven(matrix, place),
        own=() if population.only_these else _doubts(population.drawn(matrix), place, moments),
    )


def against_others_overall(
    parts: Sequence[OneAgainstOthers], question: Question, models: Sequence[str]
) -> OneAgainstOthers:
    """Put several tasks together, for the models that have them all, the one among them."""
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
) -> tuple[tuple[Caution, ...], ...]:
    """Name of every model (M,) the task that carries most of the error of its overall difference."""
    widths = [(high - low) / 2 for low, high in (part.limits_at(None) for part in parts)]
    tasks, percent = [part.head.task for part in parts], parts[0].head.bounded

    def own(t: int, k: int) -> TaskAlone:
        """Return what task t says of the model at place k in it."""
        moments, at = parts[t].moments, (k, parts[t].one)
        return TaskAlone(float(widths[t][k]), int(moments.shared[at]), int(moments.units[at]))

    return tuple(
        small_task([own(t, k) for t, k in enumerate(at)], shares, tasks, question, percent=percent)
        for at in zip(*places, strict=True)
    )


def _uneven(matrix: ScoreMatrix, one: int) -> tuple[Caution, ...]:
    """Warn of models that answered far fewer of the items that the one did."""
    has = ~np.isnan(matrix.values)
    share = (has & has[:, [one]]).sum(axis=0) / has[:, one].sum()
    few = [model for model, part in zip(matrix.models, share, strict=True) if 0 < part < COVERAGE]
    if not few:
        return ()
    what = (
        f"{listing(few)} answered fewer than {COVERAGE:.0%} of the {int(has[:, one].sum()):,} items of "
        f"{matrix.models[one]}"
    )
    return (
        Caution(
            code="uneven_items", message=what, remedy="They are compared on what they share; run the rest."
        ),
    )


def _doubts(matrix: ScoreMatrix, one: int, moments: PairMoments) -> tuple[tuple[Caution, ...], ...]:
    """Say of every model (M,) what is to be doubted of its difference: no shared item, one unit only, or few
    and unequal clusters.
    """
    whole = moments.shared[:, one] == len(matrix.items)
    every = np.ones(len(matrix.items), dtype=bool)
    same = tuple(_of_clusters(matrix, every, float(moments.df[whole, one].min()))) if whole.any() else ()
    return tuple(
        () if k == one else same if full and matrix.clusters else _doubts_of_pair(matrix, one, k, moments)
        for k, full in enumerate(whole.tolist())
    )


def _doubts_of_pair(matrix: ScoreMatrix, one: int, k: int, moments: PairMoments) -> tuple[Caution, ...]:
    shared, units = int(moments.shared[k, one]), int(moments.units[k, one])
    if not shared:
        return (NO_SHARED_ITEMS,)
    if units < 2:
        return (doubt("one_shared_item" if shared == 1 else "one_shared_cluster"),)
    keep = ~np.isnan(matrix.values[:, k]) & ~np.isnan(matrix.values[:, one])
    return tuple(_of_clusters(matrix, keep, float(moments.df[k, one])))


def _of_clusters(matrix: ScoreMatrix, keep: Bools, df: float) -> list[Caution]:
    """Warn of too few or too unequal clusters among the items of a pair."""
    if not matrix.clusters:
        return []
    w = np.ones(int(keep.sum())) if matrix.weights is None else matrix.weights[keep]
    used, codes = np.unique(matrix.clusters[0][keep], return_inverse=True)
    if len(used) == 1:
        return [doubt("one_shared_cluster")]
    labels = [matrix.cluster_labels[0][g] for g in used] if matrix.cluster_labels else []
    return cluster_cautions(w, [codes.astype(np.int64)], df, labels)
