"""Random factors: means and differences whose error includes their levels, and the sources of the error."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.parts import ErrorSources, FactorSource
from howsure.errors import ResultWarning
from howsure.statistics.difference import MIN_FORECAST
from howsure.statistics.intervals import t_quantile
from howsure.statistics.power import Test, fewest, items_needed, power
from howsure.statistics.random_factors import LEAST, Levels, LevelSpread, error_with_levels
from howsure.statistics.results import POWER, Interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.estimate import Entry
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.random_factors import LevelParts
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import LevelScores, ScoreMatrix


def levels_of(matrix: ScoreMatrix, scores: LevelScores) -> list[Levels]:
    """Return the sums of a matrix's levels, for each random factor."""
    codes = matrix.clusters[0] if matrix.clusters else None
    return [
        Levels.of(each.values, codes=codes, weights=matrix.weights, shared=each.shared)
        for each in scores.cells
    ]


def means_over_levels(
    estimates: tuple[Estimate, ...], part: ScoreMatrix, scores: LevelScores
) -> tuple[Estimate, ...]:
    """Return estimates of models including the error of other levels, by t, cut at the ends of the scale. If
    nothing varies they are unchanged.
    """
    parts = [each.of_means() for each in levels_of(part, scores)]
    variance, df = error_with_levels(
        parts, np.array([each.se**2 for each in estimates]), np.array([each.df for each in estimates])
    )
    return tuple(
        each if v == 0 else _with_error(each, float(v), float(d), bounded=part.bounded)
        for each, v, d in zip(estimates, variance, df, strict=True)
    )


def _with_error(estimate: Estimate, variance: float, df: float, *, bounded: bool) -> Estimate:
    """Return an estimate with another error, none if the variation of levels is unknown."""
    se, level = math.sqrt(variance), estimate.interval.level
    half = float(t_quantile(level, df)) * se if se > 0 else math.nan
    low, high = (estimate.value - half, estimate.value + half) if se > 0 else (math.nan, math.nan)
    if bounded and se > 0:
        low, high = max(low, 0.0), min(high, 1.0)
    interval = Interval(low=low, high=high, level=level)
    return replace(
        estimate, se=se, df=df, interval=interval, method=replace(estimate.method, name="t"), bounds=()
    )


def pairs_over_levels(
    pairs: PairMoments, without: PairMoments, matrix: ScoreMatrix, scores: LevelScores
) -> PairMoments:
    """Return the moments of all pairs by t, including the error of other levels. If nothing varies, those
    `without` levels are used, which may have a test.
    """
    parts = [each.of_pairs() for each in levels_of(matrix, scores)]
    variance, df = error_with_levels(parts, pairs.variance, pairs.df)
    pairs = replace(pairs, variance=variance, df=df, flips=None, tested=None)
    usual = dict(without.parts())
    chosen: dict[str, Any] = {
        name: np.where(variance == 0, usual[name], part) for name, part in pairs.parts()
    }
    return replace(pairs, **chosen)


def with_sources(pair: Comparison, both: ScoreMatrix) -> Comparison:
    """Return a comparison over levels with the sources of its error, or the reason why there are none with
    one level each.
    """
    if both.levels is None:
        return pair
    levels, scores = levels_of(both, both.levels), both.levels
    parts, counts = (
        [each.of_pairs().at((0, 1)) for each in levels],
        [int(each.counts.min()) for each in levels],
    )
    sources = _sources(parts, scores, counts, float(_answers(both, scores).sum()), pair.difference)
    needed, items = settled_by(sources, pair.difference.value, pair.difference.interval.level)
    return replace(pair, sources=needed, items_needed=items, difference=_or_why(pair.difference, sources))


def with_sources_of_means(entries: list[Entry], part: ScoreMatrix) -> list[Entry]:
    """Return the entries of a matrix, in its order, with the sources of their error."""
    if part.levels is None:
        return entries
    levels, scores = levels_of(part, part.levels), part.levels
    parts, answers = [each.of_means() for each in levels], _answers(part, scores).tolist()
    told = []
    for k, entry in enumerate(entries):
        sources = _sources(
            [each.at((k,)) for each in parts],
            scores,
            [int(each.counts[k]) for each in levels],
            answers[k],
            entry.estimate,
        )
        told.append(replace(entry, sources=sources, estimate=_or_why(entry.estimate, sources)))
    return told


def _answers(matrix: ScoreMatrix, scores: LevelScores) -> Floats:
    """Return the variance of each model's mean due to answers alone (M,), NaN if unknown from attempts."""
    weights = np.ones(matrix.n_items) if matrix.weights is None else matrix.weights
    return np.asarray(weights**2 @ scores.answers / weights.sum() ** 2)


def _or_why(estimate: Estimate, sources: ErrorSources) -> Estimate:
    """Return an estimate, with a warning if one level has no information about others."""
    alone = [each.name for each in sources.factors if each.n_levels < LEAST]
    if not alone:
        return estimate
    why = ResultWarning(
        code="one_level",
        message=f"one {alone[0]} only, so the variance between values is unknown",
        remedy=f"Run other values of {alone[0]}, or leave `random_factor` out to restrict the result to "
        "this one.",
    )
    return replace(estimate, warnings=(why, *estimate.warnings))


def _sources(
    parts: Sequence[LevelParts],
    scores: LevelScores,
    counts: Sequence[int],
    answers: float,
    estimate: Estimate,
) -> ErrorSources:
    """Return the shares of a variance that includes the levels. `parts`, `counts`: of each factor, and its
    number of levels.
    """
    whole, n = estimate.se**2, estimate.n_items
    per = 1 / whole if whole > 0 else math.nan
    factor = [max(float(each.factor), 0.0) for each in parts]
    left = whole - sum(factor)
    noise = [min(max(float(each.noise), 0.0), left) for each in parts]
    known = 0.0 if math.isnan(answers) else min(answers, *noise)  # at most the variance of questions × levels
    noise = [each - known for each in noise]
    excess = (
        sum(noise) / (left - known) if left > known else 1.0
    )  # unknown answers are in the component of each factor
    noise = [each / max(excess, 1.0) for each in noise]
    questions = max(left - known - sum(noise), 0.0)
    told = [
        FactorSource(
            name=cells.name,
            n_levels=count,
            share=level * per,
            interaction=rest * per,
            se_twice=math.sqrt(max(whole - (level + rest + known) / 2, 0.0)),
        )
        for cells, count, level, rest in zip(scores.cells, counts, factor, noise, strict=True)
    ]
    spread = LevelSpread(
        question=n * questions,
        level=tuple(count * each for count, each in zip(counts, factor, strict=True)),
        interaction=tuple(n * count * each for count, each in zip(counts, noise, strict=True)),
        answer=n * known * scores.attempts * math.prod(counts),
        levels=tuple(map(float, counts)),
        sets=tuple(2 if each.pooled else 1 for each in parts),
        size=n / estimate.n_clusters,
    )
    return ErrorSources(
        questions=questions * per,
        factors=tuple(told),
        answers=math.nan if math.isnan(answers) else known * per,
        se_twice_questions=math.sqrt(whole - left / 2),
        spread=spread,
        n_items=n,
        attempts=scores.attempts,
    )


def settled_by(sources: ErrorSources | None, gap: float, level: float) -> tuple[ErrorSources | None, float]:
    """Return the sources with the number of levels of each factor that would detect a difference at a
    two-sided level with 80% power, and the number of items.
    """
    if (
        sources is None
        or not sources.known
        or not gap
        or sources.spread.clusters_in(sources.n_items) < MIN_FORECAST
    ):
        return sources, math.nan
    spread, test = sources.spread, Test(method="t", level=level)

    def needed(k: int) -> float:
        """Return how many levels of a factor would be enough, with the existing levels of the others."""
        others = spread.levels

        def enough(count: float) -> bool:
            """Return whether this many would."""
            trial = spread.with_levels((*others[:k], max(count, 2.0), *others[k + 1 :]))
            return power(test, trial, abs(gap), sources.n_items, sources.attempts) >= POWER

        return max(fewest(enough, 1.0), 2.0)

    factors = tuple(replace(each, n_needed=needed(k)) for k, each in enumerate(sources.factors))
    return replace(sources, factors=factors), items_needed(test, spread, abs(gap), sources.attempts, POWER)
