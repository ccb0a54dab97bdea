"""On exactly these items: the mean over a fixed benchmark, where only the answers are a sample.

Claim: the interval covers the mean, over these very items, of what the model scores on average over endless
attempts. Assumes independent attempts. The variance is the answer noise V of answer_noise.py; for scores in
[0, 1] two events are added to it, one attempt that came out otherwise in each, so that agreement of all
attempts seen is not taken for certainty. Degrees of freedom: 2 V² / Σ (terms of V)², as V varies no more than
that (Satterthwaite 1946).

Right or wrong: Wilson's interval on p (1 − p) / V answers, cut to Clopper and Pearson's on n · K answers,
which is safe because different rates make a sum of answers vary less than one rate does (Hoeffding 1956); K
is the smallest number of attempts. With weights n is W / max w. Where one item carries much of the weight, or
few items had several attempts, coverage is only roughly the level. Chosen by trial:
docs/decisions/0006-noise.md.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import Caution, doubt
from howsure.statistics.means import intervals
from howsure.statistics.noise.answer_noise import Answers, MeanNoise, mean_noise, pair_noise
from howsure.statistics.pairs.moments import PairMoments
from howsure.statistics.results import Bound, Estimate, Interval, Method

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

EVENTS = 2.0
METHOD = Method(name="fixed-items")


def fixed_means(
    found: Answers,
    attempts: Floats,
    *,
    weights: Floats | None = None,
    binary: bool = True,
    bounded: bool = True,
    level: float = 0.95,
) -> tuple[Estimate, ...]:
    """Estimate the mean of every column over exactly these items; no value missing.

    `attempts` (n, T); `binary`: every attempt is right or wrong; `bounded`: scores lie in [0, 1]. No error
    bar where no item of a column has several attempts.
    """
    n = len(found.means)
    w = np.ones(n) if weights is None else weights
    noise = mean_noise(found, weights)
    value = w @ found.means / w.sum()
    fewest = attempts.min(axis=0)
    most = fewest * w.sum() / w.max() if binary else None
    low, high, df = fixed_limits(value, noise, level, bounded=bounded, most=most)
    cautions, exact = attempt_cautions(found), binary and weights is None
    return tuple(
        Estimate(
            value=float(value[k]),
            se=math.sqrt(noise.now[k]),
            interval=Interval(low=float(low[k]), high=float(high[k]), level=level),
            df=float(df[k]),
            n_items=n,
            n_clusters=n,
            method=METHOD,
            cautions=cautions[k],
            bounds=_bounds(float(value[k]), n * int(fewest[k]), level) if exact and found.measured[k] else (),
        )
        for k in range(len(value))
    )


def fixed_limits(
    value: Floats, noise: MeanNoise, level: float, *, bounded: bool, most: Floats | None = None
) -> tuple[Floats, Floats, Floats]:
    """Return both limits and the degrees of freedom (T,) from answer noise, NaN where there is none.

    `most`: how many right-or-wrong answers there are at least, by weight; None for other scores.
    """
    event = noise.event if bounded else np.zeros_like(noise.event)  # a scale without ends has no unit for it
    variance = noise.now + EVENTS * event
    df = _df(variance, noise.squares + EVENTS * event**2)
    low, high = intervals.t_interval(value, np.sqrt(np.where(variance > 0, variance, np.nan)), df, level)
    if not bounded:
        return low, high, df
    effective = value * (1 - value) / variance
    inside = effective > 0
    wilson = intervals.guarded_wilson(value, np.where(inside, effective, 1.0), df, level)
    low, high = np.where(inside, wilson[0], low), np.where(inside, wilson[1], high)
    if most is not None:
        exact = intervals.clopper_pearson(value * most, most, level)
        low = np.where(inside, np.maximum(low, exact[0]), exact[0])
        high = np.where(inside, np.minimum(high, exact[1]), exact[1])
    known = np.where(np.isfinite(noise.now), 1.0, np.nan)
    return known * np.maximum(low, 0.0), known * np.minimum(high, 1.0), df


def fixed_moments(found: Answers, *, weights: Floats | None = None, bounded: bool = True) -> PairMoments:
    """Compare all pairs of columns on the items that both have, as if these were all items there are.

    Attempts of different models are independent, so that pairing saves nothing here: the variances add up.
    """
    has = found.has.astype(float)
    w = np.ones(len(has)) if weights is None else weights
    noise = pair_noise(found, weights)
    total = np.maximum((w[:, None] * has).T @ has, 1e-300)
    sums = (w[:, None] * np.where(found.has, found.means, 0.0)).T @ has
    difference = (sums - sums.T) / total
    event = noise.event * bounded
    spread, df = fixed_pivot(noise, event, event.T)
    shared = np.rint(has.T @ has).astype(np.int64)
    apart, nothing = shared == 0, np.zeros(shared.shape)
    return PairMoments(
        difference=np.where(apart, np.nan, difference),
        variance=np.where(apart, np.nan, noise.now),
        df=np.where(apart, np.nan, df),
        item_variance=nothing,
        room=nothing,
        added=np.where(apart, 0.0, np.maximum(spread**2 - noise.now, 0.0)),
        shared=shared,
        units=shared,
        flips=None,
    )


def fixed_pivot(noise: MeanNoise, event_a: Floats, event_b: Floats) -> tuple[Floats, Floats]:
    """Return spread and degrees of freedom of differences: an event of each model is added to their answer
    noise.
    """
    variance = noise.now + (event_a + event_b) * EVENTS / 2
    squares = noise.squares + (event_a**2 + event_b**2) * EVENTS / 2
    return np.sqrt(variance), _df(variance, squares)


def _df(variance: Floats, squares: Floats) -> Floats:
    """Return 2 V² / Σ (terms of V)², NaN where nothing varies."""
    return 2 * variance**2 / np.where(squares > 0, squares, np.nan)


def attempt_cautions(found: Answers) -> list[tuple[Caution, ...]]:
    """Say of every column what its numbers of attempts leave open."""
    lacking, n = (found.has & ~found.known).sum(axis=0), found.has.sum(axis=0)
    cautions: list[tuple[Caution, ...]] = []
    for count, items in zip(lacking.tolist(), n.tolist(), strict=True):
        some = (doubt("single_attempts", count=count, n=items),) if count else ()
        cautions.append((doubt("one_attempt"),) if count == items else some)
    return cautions


def _bounds(value: float, n: int, level: float) -> tuple[Bound, ...]:
    if 0 < value < 1:
        return ()
    return (intervals.exact_bound(value, n, "attempts", level),)
