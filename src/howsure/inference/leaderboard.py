"""The leaderboard verb: matrices and methods become boards, and the overall one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.answers.leaderboard import Leaderboard
from howsure.inference import sensitivity as rereading
from howsure.inference.boards import board, limits, moments
from howsure.inference.estimate import entries
from howsure.inference.overall import overall_board
from howsure.inference.population import measured
from howsure.inference.question import MeanOptions, PairOptions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.options import Overall
    from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Variance
    from howsure.study.design import Design
    from howsure.study.study import Items


@dataclass(frozen=True, slots=True, kw_only=True)
class RankOptions:
    """How models are ranked: their means, their pairs, the correction over all pairs, and how tasks make one score."""

    means: MeanOptions
    pairs: PairOptions
    adjust: Adjustment
    overall: Overall | Mapping[str, float]


def rank_options(
    design: Design,
    *,
    interval: IntervalMethod | None,
    method: ComparisonMethod | None,
    variance: Variance,
    level: float,
    adjust: Adjustment,
    overall: Overall | Mapping[str, float],
    seed: int,
) -> RankOptions:
    """Put the options of a verb that ranks together."""
    population = design.population
    return RankOptions(
        means=MeanOptions(interval=interval, variance=variance, level=level, seed=seed, population=population),
        pairs=PairOptions(method=method, variance=variance, level=level, margin=None, seed=seed, population=population),
        adjust=adjust,
        overall=overall,
    )


def rank(items: Items, asked: RankOptions, *, top: int | None = None) -> Leaderboard:
    """Rank the models of every task and metric, and overall; `top`: how many to show. See `howsure.leaderboard`."""
    matrices, left_out = measured(list(items.matrices()), asked.pairs.population)
    pairs = [moments(matrix, asked.pairs) for matrix in matrices]
    boards = [
        board(
            matrix,
            entries(matrix, items, asked.means),
            found,
            asked.pairs,
            asked.adjust,
            within=limits(matrix, found, asked.pairs),
        )
        for matrix, found in zip(matrices, pairs, strict=True)
    ]
    total, cautions = overall_board(matrices, boards, pairs, asked.pairs, asked.adjust, overall=asked.overall)
    return Leaderboard(
        boards=tuple(boards),
        overall=total,
        notes=items.notes,
        cautions=(*items.cautions, *left_out, *cautions, *rereading.policy_changes_ranks(items, boards)),
        top=top,
    )
