"""Slices of a matrix: a simultaneous comparison of each at the level of the question, and a test of whether
they differ.

Counts alone decide which slices are large enough, before any score is used. Intervals and p-values are
corrected for the number of slices by Šidák (1967): exact if no cluster is in two slices, otherwise
conservative. A slice with few clusters has almost no information about others, and is judged on more
questions from the same.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.estimate import SliceEntry, SliceScores
from howsure.answers.leaderboard import BoardSlices, RankReversal, SliceBoard
from howsure.answers.noise import NoiseSlices, SliceNoise
from howsure.answers.slices import (
    DifferenceSlices,
    Equal,
    Shrunken,
    SliceDifference,
    SliceTrend,
    Slicing,
    SmallSlice,
)
from howsure.inference.board import board, entries
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS, of_task
from howsure.inference.task_weights import no_overall
from howsure.statistics.clustered_variance import joined_strata, within_strata
from howsure.statistics.intervals import t_p_value, t_quantile
from howsure.statistics.results import POWER, Interval, allowed
from howsure.statistics.slices import LEAST_CLUSTERS as LEAST_OF_A_SLICE
from howsure.statistics.slices import equality, shrunken, slice_gaps, trend
from howsure.study.slices import merged, partitions, stacked

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.leaderboard import Board
    from howsure.answers.noise import TaskNoise
    from howsure.inference.question import Population, Question
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.slices import SliceGaps
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.slices import Partition
    from howsure.study.study import Study

LEAST_ITEMS = 10
"""The smallest number of items for a slice to be judged."""
LEAST_SHRUNK, CLUSTERS_SHRUNK = 15, 20
"""With fewer slices, or fewer clusters in all, estimates aren't shrunk: intervals would have too little
coverage.
"""
LEAST_TREND = 3
"""Fewer slices don't have a trend."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The slices of a matrix that are large enough: their names and items (S × n), and the question at the
    level of each.
    """

    matrix: ScoreMatrix
    partition: Partition
    places: tuple[int, ...]
    question: Question

    @classmethod
    def of(cls, matrix: ScoreMatrix, partition: Partition, question: Question) -> Family:
        """Choose the slices from their items alone."""
        places = tuple(np.flatnonzero(partition.counts >= LEAST_ITEMS).tolist())
        level = question.level ** (1 / max(len(places), 1))
        return cls(matrix=matrix, partition=partition, places=places, question=replace(question, level=level))

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the slices."""
        return tuple(self.partition.labels[place] for place in self.places)

    @property
    def slicing(self) -> Slicing:
        """How the items are split, and which slices are too small."""
        counts = self.partition.counts.tolist()
        small = [k for k, count in enumerate(counts) if k not in self.places and count]
        return Slicing(
            by=self.partition.by,
            n_without=self.partition.n_without,
            ordered=self.partition.ordered,
            too_small=tuple(SmallSlice(slice=self.partition.labels[k], n_items=counts[k]) for k in small),
        )

    @property
    def codes(self) -> Ints:
        """The place of every item among the slices (n,), −1 for those in none."""
        order = np.full(len(self.partition.labels) + 1, -1)
        order[list(self.places)] = np.arange(len(self.places))
        return np.asarray(order[self.partition.codes])

    def items(self, k: int) -> Bools:
        """Return which items are in a slice."""
        return np.asarray(self.partition.codes == self.places[k])


def population_of_slice(asked: Population, part: ScoreMatrix) -> Population:
    """Return the population of a slice: that of its task, but the same clusters if it is in one cluster,
    which has no information about others.
    """
    asked, alone = asked.of(part), any(codes.max() == 0 for codes in part.clusters)
    return SAME_CLUSTERS if asked == NEW_CLUSTERS and alone else asked


def ways_of(study: Study, matrices: Sequence[ScoreMatrix]) -> list[tuple[ScoreMatrix, tuple[Partition, ...]]]:
    """Return every matrix with the partitions of its items, and all tasks as one with those that have tasks
    as slices.
    """
    found = [(matrix, partitions(study, matrix)) for matrix in matrices]
    if no_overall(matrices) is None:
        ways = [partitions(study, matrix, of_tasks=True) for matrix in matrices]
        across = tuple(merged(way) for way in zip(*ways, strict=True))
        found += [(stacked(matrices), across)] if across else []
    return [(matrix, ways) for matrix, ways in found if ways]


def sliced_gaps(
    matrix: ScoreMatrix, ways: Sequence[Partition], pair: Comparison, asked: Question
) -> tuple[DifferenceSlices, ...]:
    """Return a comparison by every partition of the items, on the items that both have, or none without
    shared items.
    """
    both = matrix.take_models(matrix.columns((pair.a, pair.b)))
    shared = np.asarray((~np.isnan(both.values)).all(axis=1))
    if not shared.any():
        return ()
    question, both = replace(asked, margin=None), both.take_items(shared)
    return tuple(_gaps(both, replace(way, codes=way.codes[shared]), pair, question) for way in ways)


def _gaps(both: ScoreMatrix, way: Partition, pair: Comparison, question: Question) -> DifferenceSlices:
    family = Family.of(both, way, question)
    gaps = [_gap(family, k) for k in range(len(family.places))]
    found, population = _joint(family, gaps)
    if found is not None and both.levels is None:
        smallest = found.pivots.detectable(family.question.level, POWER).tolist()
        gaps = [replace(gap, detectable=size) for gap, size in zip(gaps, smallest, strict=True)]
        gaps = _drawn_together(gaps, found, question.level)
    return DifferenceSlices(
        task=both.task,
        metric=both.metric,
        a=pair.a,
        b=pair.b,
        level=question.level,
        lower_is_better=both.lower_is_better,
        percent=both.bounded,
        slicing=family.slicing,
        all_items=_told(pair, "all", question.population.of(both), pair.p_adjusted),
        equal=_equal(found, population),
        trend=_trend(found, population, question.level) if way.ordered else None,
        slices=tuple(gaps),
    )


def _gap(family: Family, k: int) -> SliceDifference:
    """Compare two models on one slice."""
    part = family.matrix.take_items(family.items(k))
    population = population_of_slice(family.question.population, part)
    a, b = part.models
    found = population.pair(part, a, b, replace(family.question, population=population))
    p, count = found.p_value, len(family.places)
    return _told(found, family.names[k], population, float(-np.expm1(count * np.log1p(-p))) if p < 1 else p)


def _told(pair: Comparison, name: str, population: Population, p_adjusted: float) -> SliceDifference:
    return SliceDifference(
        slice=name,
        a_mean=pair.a_mean,
        b_mean=pair.b_mean,
        difference=pair.difference,
        p_value=pair.p_value,
        p_adjusted=p_adjusted,
        population=population.name,
    )


def _joint(family: Family, gaps: Sequence[SliceDifference]) -> tuple[SliceGaps | None, str]:
    """Return the differences of all slices with their covariance, and their population: the same clusters if
    a slice has only one.
    """
    matrix, question = family.matrix, of_task(family.question, family.matrix)
    if not gaps or question.population.only_these:
        return None, question.population.name
    codes, x, weights = family.codes, matrix.values, matrix.weights
    same = bool(matrix.clusters) and question.population == SAME_CLUSTERS
    if matrix.clusters and not same:
        pairs = np.unique(np.stack([codes, matrix.clusters[0]])[:, codes >= 0], axis=1)
        same = bool((np.bincount(pairs[0]) < 2).any())  # some slice has a single cluster
    clusters = () if same else matrix.clusters
    if same:
        x = _within(x, codes, matrix.clusters[0], weights)
    bounded = matrix.bounded and question.method != "t"
    found = slice_gaps(x[:, 0], x[:, 1], codes, clusters=clusters, weights=weights, bounded=bounded)
    return found, SAME_CLUSTERS.name if same else question.population.name


def _within(x: Floats, codes: Ints, clusters: Ints, weights: Floats | None) -> Floats:
    """Return scores with the variation of items within the clusters of their slice."""
    apart = x.copy()
    for code in np.unique(codes[codes >= 0]).tolist():
        inside = codes == code
        strata = joined_strata(np.unique(clusters[inside], return_inverse=True)[1])
        apart[inside] = within_strata(x[inside], strata, None if weights is None else weights[inside])
    return apart


def _trend(gaps: SliceGaps | None, population: str, level: float) -> SliceTrend | None:
    """Return the trend of the difference from slice to slice, None with fewer than three, or without a
    standard error.
    """
    if gaps is None or len(gaps.gaps) < LEAST_TREND or (gaps.clusters < LEAST_OF_A_SLICE).any():
        return None
    told = trend(gaps, gaps.guarded_covariance())
    value, error, df = float(told.values[0]), float(told.errors[0]), float(told.df[0])
    if not error > 0:
        return None
    half = float(t_quantile(level, df)) * error
    return SliceTrend(
        per_slice=value,
        interval=Interval(low=value - half, high=value + half, level=level),
        df=df,
        p_value=float(t_p_value(abs(value) / error, df)),
        population=population,
    )


def _equal(gaps: SliceGaps | None, population: str) -> Equal | None:
    """Test whether the differences are equal."""
    if gaps is None or len(gaps.gaps) < 2:
        return None
    told = equality(gaps)
    return Equal(
        test=told.test,
        statistic=told.statistic,
        df=told.df,
        df_rest=told.df_rest,
        p_value=told.p_value,
        population=population,
    )


def _drawn_together(gaps: Sequence[SliceDifference], found: SliceGaps, level: float) -> list[SliceDifference]:
    """Add the estimates shrunk towards the common difference, if there are enough slices."""
    errors = found.pooled_errors()
    few = len(gaps) < LEAST_SHRUNK or len(found.held) < CLUSTERS_SHRUNK
    if few or not (np.isfinite(errors) & (errors > 0)).all():
        return list(gaps)
    drawn = shrunken(found.gaps, errors, found.totals, level)
    limits = zip(drawn.values.tolist(), drawn.low.tolist(), drawn.high.tolist(), strict=True)
    return [
        replace(gap, shrunken=Shrunken(value=value, interval=Interval(low=low, high=high, level=level)))
        for gap, (value, low, high) in zip(gaps, limits, strict=True)
    ]


def sliced_scores(
    matrix: ScoreMatrix, ways: Sequence[Partition], question: Question
) -> tuple[SliceScores, ...]:
    """Return the scores of every model by every partition of the items."""
    return tuple(_scores(Family.of(matrix, way, question), question) for way in ways)


def _scores(family: Family, question: Question) -> SliceScores:
    found = []
    for k, name in enumerate(family.names):
        part, asked = _asked(family, k)
        found += [SliceEntry(slice=name, entry=entry) for entry in entries(part, asked)]
    return SliceScores(
        task=family.matrix.task,
        metric=family.matrix.metric,
        level=question.level,
        percent=family.matrix.bounded,
        slicing=family.slicing,
        slices=family.names,
        entries=tuple(found),
    )


def _asked(family: Family, k: int) -> tuple[ScoreMatrix, Question]:
    """Return one slice, with the models that answered any of it, and its question."""
    part = family.matrix.take_items(family.items(k))
    part = part.take_models(np.flatnonzero(~np.isnan(part.values).all(axis=0)))
    return part, replace(family.question, population=population_of_slice(family.question.population, part))


def sliced_noise(
    study: Study, matrices: Sequence[ScoreMatrix], question: Question, of: Callable[[ScoreMatrix], TaskNoise]
) -> tuple[NoiseSlices, ...]:
    """Return the result of `of` for every slice of every partition."""
    families = [Family.of(matrix, way, question) for matrix, ways in ways_of(study, matrices) for way in ways]
    return tuple(_noise(family, of) for family in families)


def _noise(family: Family, of: Callable[[ScoreMatrix], TaskNoise]) -> NoiseSlices:
    parts = [(name, _asked(family, k)[0]) for k, name in enumerate(family.names)]
    return NoiseSlices(
        task=family.matrix.task,
        metric=family.matrix.metric,
        percent=family.matrix.bounded,
        slicing=family.slicing,
        slices=tuple(SliceNoise(slice=name, noise=of(part)) for name, part in parts),
    )


def sliced_boards(
    matrix: ScoreMatrix, ways: Sequence[Partition], question: Question
) -> tuple[BoardSlices, ...]:
    """Return a board for every slice of every partition."""
    return tuple(_boards(Family.of(matrix, way, question), question) for way in ways)


def _boards(family: Family, question: Question) -> BoardSlices:
    boards = []
    for k in range(len(family.places)):
        part, asked = _asked(family, k)
        pairs = asked.population.pairs(part, asked)
        limits = partial(asked.population.limits, part, pairs, asked)
        boards.append(board(part, entries(part, asked), pairs, asked, limits=limits))
    return BoardSlices(
        task=family.matrix.task,
        metric=family.matrix.metric,
        level=question.level,
        slicing=family.slicing,
        rank_reversals=tuple(swaps(family.names, boards)),
        slices=tuple(
            SliceBoard(slice=name, board=each) for name, each in zip(family.names, boards, strict=True)
        ),
    )


def swaps(names: Sequence[str], boards: Sequence[Board]) -> list[RankReversal]:
    """Return the pairs of models that significantly change places between two slices, each once, from M × M
    arrays per slice.
    """
    if len(boards) < 2:
        return []
    models = sorted({entry.model for each in boards for entry in each.entries})
    above = np.stack([_above(each, models) for each in boards])
    first, count = above.argmax(axis=0), above.any(axis=0)
    pairs = np.argwhere(np.triu(count & count.T, 1))
    return [
        RankReversal(
            better=models[i],
            worse=models[j],
            slice=names[int(first[i, j])],
            other_slice=names[int(first[j, i])],
        )
        for i, j in pairs.tolist()
    ]


def _above(board: Board, models: Sequence[str]) -> Bools:
    """Return in which pairs the first is significantly better on a board (M, M)."""
    at = [models.index(entry.model) for entry in board.entries]
    sign = -1 if board.lower_is_better else 1
    real = board.pairs.p_adjusted <= allowed(board.level)
    above = np.zeros((len(models), len(models)), dtype=bool)
    above[np.ix_(at, at)] = real & (sign * board.pairs.difference > 0)
    return above
