"""Matrices and statistics become boards of all pairs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.leaderboard import Board, Pairs
from howsure.inference.population import fixed_pairs
from howsure.inference.sensitivity import coverage_cautions
from howsure.statistics.pairs.pair_details import pair_limits, plain_limits
from howsure.statistics.pairs.pairs import pair_moments
from howsure.statistics.ranks import adjust as adjustments
from howsure.statistics.ranks.ranks import ranks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from howsure.answers.estimate import Entry
    from howsure.inference.question import PairOptions
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.study.matrix import ScoreMatrix

    Floats = NDArray[np.float64]


def moments(matrix: ScoreMatrix, asked: PairOptions) -> PairMoments:
    """Compare all pairs of a matrix at once."""
    if asked.population == "benchmark":
        return fixed_pairs(matrix)
    return pair_moments(
        matrix.values,
        clusters=matrix.clusters,
        weights=matrix.weights,
        variance=asked.variance,
        pseudo_items=matrix.bounded and asked.method != "t",
    )


def limits(matrix: ScoreMatrix, pairs: PairMoments, asked: PairOptions) -> tuple[Floats, Floats]:
    """Return the limits of every pair's own interval."""
    reach = 1.0 if matrix.bounded else math.inf
    if asked.population == "benchmark":
        return plain_limits(pairs, asked.level, reach)
    return pair_limits(
        matrix.values,
        pairs,
        level=asked.level,
        clusters=matrix.clusters,
        weights=matrix.weights,
        reach=reach,
        net_wins=matrix.bounded and asked.method != "t",
    )


def board(
    matrix: ScoreMatrix,
    found: list[Entry],
    pairs: PairMoments,
    asked: PairOptions,
    adjust: Adjustment,
    *,
    within: tuple[Floats, Floats],
) -> Board:
    """Order the entries of a matrix and give each its place. `within`: the limits of its pairs."""
    sign = matrix.orientation
    values = np.array([entry.estimate.value for entry in found])
    order = np.lexsort((np.array(matrix.models), -sign * values))
    p = pairs.p_value
    q, used = adjustments.adjust_pairs(pairs, adjust, rng=np.random.default_rng(asked.seed))
    at = np.ix_(order, order)
    return Board(
        task=matrix.task,
        metric=matrix.metric,
        entries=tuple(found[k] for k in order),
        ranks=ranks(sign * values[order], sign * pairs.difference[at], q[at], level=asked.level),
        pairs=Pairs(
            difference=pairs.difference[at],
            se=np.sqrt(pairs.variance)[at],
            low=within[0][at],
            high=within[1][at],
            df=pairs.df[at],
            p_value=p[at],
            p_adjusted=q[at],
            n_shared=pairs.shared[at],
            n_clusters=pairs.units[at],
        ),
        level=asked.level,
        adjust=used,
        percent=matrix.bounded,
        lower_is_better=matrix.lower_is_better,
        cautions=coverage_cautions(matrix, pairs),
    )
