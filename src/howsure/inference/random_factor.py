"""A random factor: means and differences whose error has its levels in it, and how much of it comes from where."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.random_factor import FactorParts
from howsure.errors import Caution
from howsure.statistics.levels import LEAST, Levels
from howsure.statistics.means.intervals import t_quantile
from howsure.statistics.results import Interval

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison
    from howsure.answers.estimate import Entry
    from howsure.statistics.levels import LevelParts
    from howsure.statistics.pairs.moments import PairMoments
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import LevelCells, ScoreMatrix


def levels_of(matrix: ScoreMatrix, cells: LevelCells) -> Levels:
    """Return the sums of a matrix's levels."""
    codes = matrix.clusters[0] if matrix.clusters else None
    return Levels.of(cells.values, codes=codes, weights=matrix.weights, shared=cells.shared)


def means_over_levels(found: tuple[Estimate, ...], part: ScoreMatrix, cells: LevelCells) -> tuple[Estimate, ...]:
    """Return estimates of models with the error of other levels in it; by t, cut at the ends of the scale. Where nothing varies they stay."""
    parts = levels_of(part, cells).of_means()
    variance, df = parts.error(np.array([each.se**2 for each in found]), np.array([each.df for each in found]))
    return tuple(
        each if v == 0 else _with_error(each, float(v), float(d), bounded=part.bounded)
        for each, v, d in zip(found, variance, df, strict=True)
    )


def _with_error(found: Estimate, variance: float, df: float, *, bounded: bool) -> Estimate:
    """Return an estimate with another error; none where nothing tells how levels differ."""
    se, level = math.sqrt(variance), found.interval.level
    half = float(t_quantile(level, df)) * se if se > 0 else math.nan
    low, high = (found.value - half, found.value + half) if se > 0 else (math.nan, math.nan)
    if bounded and se > 0:
        low, high = max(low, 0.0), min(high, 1.0)
    interval = Interval(low=low, high=high, level=level)
    return replace(found, se=se, df=df, interval=interval, method=replace(found.method, name="t"), bounds=())


def pairs_over_levels(found: PairMoments, without: PairMoments, matrix: ScoreMatrix, cells: LevelCells) -> PairMoments:
    """Return the moments of all pairs by t with the error of other levels in it; where nothing varies those `without` levels, which may have a test."""
    variance, df = levels_of(matrix, cells).of_pairs().error(found.variance, found.df)
    found = replace(found, variance=variance, df=df, flips=None, tested=None)
    usual = dict(without.parts())
    parts: dict[str, Any] = {name: np.where(variance == 0, usual[name], part) for name, part in found.parts()}
    return replace(found, **parts)


def with_parts(found: Comparison, both: ScoreMatrix) -> Comparison:
    """Return a comparison over levels with where its error comes from; of one level each with why there is none."""
    if both.levels is None:
        return found
    levels = levels_of(both, both.levels)
    parts, fewest = levels.of_pairs(), int(levels.counts.min())
    told = _parts(parts, (0, 1), found.difference.se**2, both.levels.name, fewest)
    return replace(found, random_factor=told, difference=_or_why(found.difference, both.levels.name, fewest))


def with_parts_of_means(found: list[Entry], part: ScoreMatrix) -> list[Entry]:
    """Return the entries of a matrix, in its order, with where their error comes from."""
    if part.levels is None:
        return found
    levels, name = levels_of(part, part.levels), part.levels.name
    parts, counts = levels.of_means(), levels.counts.tolist()
    return [
        replace(
            entry,
            random_factor=_parts(parts, (k,), entry.estimate.se**2, name, counts[k]),
            estimate=_or_why(entry.estimate, name, counts[k]),
        )
        for k, entry in enumerate(found)
    ]


def _or_why(found: Estimate, name: str, levels: int) -> Estimate:
    """Return an estimate, with a caution where one level tells nothing of others."""
    if levels >= LEAST:
        return found
    why = Caution(
        code="one_level",
        message=f"one {name} alone: nothing says how another would differ",
        remedy=f"Run other values of {name}, or leave `random_factor` out to speak of this one.",
    )
    return replace(found, cautions=(why, *found.cautions))


def _parts(parts: LevelParts, at: tuple[int, ...], variance: float, name: str, levels: int) -> FactorParts:
    """Return the shares of a variance that has the levels in it."""
    factor = float(np.maximum(parts.factor[at], 0.0))
    noise = float(np.clip(parts.noise[at], 0.0, variance - factor))
    questions = variance - factor - noise
    whole = variance
    return FactorParts(
        name=name,
        n_levels=levels,
        questions=questions / whole if whole else math.nan,
        factor=factor / whole if whole else math.nan,
        rest=noise / whole if whole else math.nan,
        se_twice_questions=math.sqrt(questions / 2 + factor + noise / 2),
        se_twice_levels=math.sqrt(questions + factor / 2 + noise / 2),
    )
