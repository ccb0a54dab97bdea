"""Allocation: where the next attempts shrink the answers' part of a mean's variance most.

Claim: Σ c / (K + a), c = w² σ², a whole and of a given sum, is smallest where each next attempt goes to the
cell with the largest c / (K (K + 1)): a separable convex sum, so greedy is exact (Fox 1966; for K = 0 and
real numbers it is the allocation of Neyman 1934). The threshold is found by bisection, so nothing loops over
attempts. A cell is one model's answers to one item.

What σ² is known from decides what may be estimated. Chosen by a model's own answers, the plain mean of all of
them is biased (0 of 2 stays 0, 1 of 2 is asked again); chosen by other models' answers it isn't.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints

STEPS = 200
LEAST_SHARE = 0.05
"""No variance that was predicted from other models is taken for less than this share of the average one."""


def allocate(cost: Floats, attempts: Ints, extra: int, most: int | None = None) -> Ints:
    """Return how many attempts each cell gets, (C,), `extra` in all or as many as `most` a cell leave room
    for.

    `cost` (C,): w² σ², at least 0; `attempts` (C,): those that are there, at least 1. Of equal gains the
    first cells have theirs first; a cell without cost is served last. No costs at all: all are alike.

    >>> allocate(np.array([1.0, 4.0]), np.array([1, 1]), 4)
    array([1, 3])
    """
    room = np.full(len(cost), extra) if most is None else np.clip(most - attempts, 0, extra)
    extra = min(extra, int(room.sum()))
    top = float(cost.max(initial=0.0))
    scaled = np.maximum(cost / top, 1e-12) if top > 0 else np.ones(len(cost))
    low, high = (
        0.0,
        1.0,
    )  # thresholds of the gain: at `low` more than asked for are worth it, at `high` not more
    for _ in range(STEPS):
        middle = (low + high) / 2 if low else high / 2
        if _worth(scaled, attempts, room, middle).sum() > extra:
            low = middle
        else:
            high = middle
        if low and high <= np.nextafter(low, 1):
            break
    chosen = _worth(scaled, attempts, room, high)
    after = attempts + chosen
    gain = np.where(chosen < room, scaled / (after * (after + 1.0)), -1.0)
    last = np.argsort(-gain, kind="stable")[: extra - int(chosen.sum())]
    chosen[last] += 1
    return chosen


def _worth(cost: Floats, attempts: Ints, room: Ints, threshold: float) -> Ints:
    """Return how many attempts of each cell gain `threshold` or more: from m − 1 to m it is c / ((m − 1)
    m).
    """
    m = np.floor((1 + np.sqrt(1 + 4 * cost / threshold)) / 2)
    return np.asarray(np.clip(np.minimum(m, 1e15).astype(np.int64) - attempts, 0, room))


def variance_after(cost: Floats, attempts: Ints, chosen: Ints) -> float:
    """Return Σ c / (K + a)."""
    return float((cost / np.maximum(attempts + chosen, 1)).sum())


def variance_evenly(cost: Floats, attempts: Ints, extra: int, most: int | None = None) -> float:
    """Return the same where all cells get as many, up to `most`, and chance says which get one more, on
    average.
    """
    room = np.full(len(cost), extra) if most is None else np.clip(most - attempts, 0, extra)
    level, rest = _even_level(room, extra)
    base = np.minimum(room, level)
    open_ = room > level
    share = rest / open_.sum() if rest else 0.0
    now, more = (cost / np.maximum(attempts + base + step, 1) for step in (0, 1))
    return float(np.where(open_, (1 - share) * now + share * more, now).sum())


def _even_level(room: Ints, extra: int) -> tuple[int, int]:
    """Return the largest number that all cells can get, as far as they have room, and what is left then."""
    low, high = 0, int(room.max(initial=0))
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if np.minimum(room, middle).sum() <= extra else (low, middle - 1)
    return low, max(min(extra, int(room.sum())) - int(np.minimum(room, low).sum()), 0)


def shrunk_variances(means: Floats, attempts: Floats, within: Floats, *, binary: bool) -> Floats:
    """Return the expected variance of an answer to each item of one model (n,), given its own answers; NaN:
    no score.

    Right or wrong: the posterior mean of p (1 − p), p being Beta distributed over items as their means and
    the agreement of attempts say (method of moments): 2 of 2 is not noiseless. Other scores: variances shrunk
    to their mean, as far as they differ by no more than the luck of normal samples. All NaN where no item has
    several attempts.
    """
    has = ~np.isnan(means)
    several = has & (attempts > 1)
    if not several.any():
        return np.full(len(means), np.nan)
    own = within[several] * attempts[several] / (attempts[several] - 1)
    shrink = _right_or_wrong if binary else _any_scores
    return np.where(has, shrink(means, attempts, has, several, own), np.nan)


def _right_or_wrong(means: Floats, attempts: Floats, has: Bools, several: Bools, own: Floats) -> Floats:
    centre, total = float(means[has].mean()), float(attempts[has].sum())
    answer = float(own.mean())
    spread = float(means[several].var(ddof=1)) if several.sum() > 1 else 0.0
    question = max(spread - answer * float((1 / attempts[several]).mean()), 0.0)
    whole = question + answer
    rho = np.clip(question / whole if whole > 0 else 1.0, 1 / total, 1 - 1 / total)
    prior = (1 - rho) / rho
    centre = (centre * total + 0.5) / (total + 1)
    right = centre * prior + np.where(has, means * attempts, 0.0)
    wrong = (1 - centre) * prior + np.where(has, (1 - means) * attempts, 0.0)
    n = right + wrong
    return np.asarray(right * wrong / (n * (n + 1)))


def _any_scores(means: Floats, attempts: Floats, has: Bools, several: Bools, own: Floats) -> Floats:
    del means, has
    k, centre = attempts[several], float(own.mean())
    spread = float(own.var(ddof=1)) if len(own) > 1 else 0.0
    real = max(spread - float((2 * own**2 / (k + 1)).mean()), 0.0)
    trust = real / np.maximum(real + 2 * centre**2 / (k - 1), 1e-300)
    expected = np.full(len(attempts), centre)
    expected[several] = centre + trust * (own - centre)
    return expected


def predicted_variances(variances: Floats, means: Floats, within: Floats, once: Floats) -> Floats:
    """Predict the variance of another model's answers to each item (n,) from J ≥ 2 models' results, all (n,
    J).

    `variances`: shrunk ones; `once`: unbiased ones, NaN where unknown; `means`, `within`: of their attempts.
    Two features, the average variance and the variance of all models' answers put together, weighed as they
    predict one of these models from the rest (least squares): models that tell nothing of each other predict
    the same everywhere.
    """
    mask = ~np.isnan(variances)
    cells = [np.where(mask, values, 0.0) for values in (variances, means, within + means**2, mask)]
    totals = [values.sum(axis=1, keepdims=True) for values in cells]
    slopes = _least_squares(_features([total - own for total, own in zip(totals, cells, strict=True)]), once)
    one, variance, pooled = (feature[:, 0] for feature in _features(totals))
    predicted = slopes[0] * one + slopes[1] * variance + slopes[2] * pooled
    found = ~np.isnan(predicted)
    predicted = np.where(found, predicted, predicted[found].mean() if found.any() else 1.0)
    return np.asarray(np.maximum(predicted, max(LEAST_SHARE * float(predicted.mean()), 1e-300)))


def _features(sums: list[Floats]) -> tuple[Floats, Floats, Floats]:
    """Return a one, the average variance and the variance of all answers put together, NaN where no model has
    an item.
    """
    variance, mean, square, count = sums
    n = np.where(count > 0, count, np.nan)
    return np.ones_like(n), variance / n, np.maximum(square / n - (mean / n) ** 2, 0.0)


def _least_squares(features: tuple[Floats, Floats, Floats], target: Floats) -> Floats:
    """Return the slopes of `target` on the features over all cells that have both."""
    usable = ~np.isnan(target) & ~np.isnan(features[1])
    x = [np.where(usable, feature, 0.0) for feature in features]
    y = np.where(usable, target, 0.0)
    gram = np.array([[float((a * b).sum()) for b in x] for a in x])
    cross = np.array([float((a * y).sum()) for a in x])
    return np.asarray(np.linalg.pinv(gram, rcond=1e-10, hermitian=True) @ cross)
