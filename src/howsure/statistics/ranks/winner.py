"""The leader's score without the luck of having been picked.

The best of many scores is best by merit and by luck: selected for being high, it is too high on average (the winner's curse;
Efron 2011). Here: what luck adds to the leader's score where it comes first, over flips of the models' cluster sums around true
scores that are those seen, each drawn towards the others by as much as it owes to noise (James and Stein 1961; DerSimonian and
Laird 1986, since models may have answered more items or fewer).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.ranks.columns import flipped

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pairs.moments import FlipSums

DRAWS = 4_096
ALIKE = 2.0
"""What comes first by luck tells of the leader's own where its error is no more than so many times the leader's, and no less than that part of it."""


def luck(scores: Floats, flips: FlipSums, *, rng: np.random.Generator) -> float:
    """Return by how much the best of these scores (M,), larger ones better, is too high on average, 0 for one model.

    It never takes the leader below the mean of all.
    `flips`: the models' cluster sums in score units, their differences taken out (`FlipSums.centred`).
    """
    if len(scores) < 2:
        return 0.0
    noise = _apart(_drawn(flips, rng))
    seen, df = noise.var(axis=1) * (len(noise) / (len(noise) - 1)), flips.sizes.sum() ** 2 / (flips.sizes**2).sum() - 1
    if not seen.any():
        return 0.0
    variances = _steadied(seen, max(df, 1.0))
    noise *= np.sqrt(np.divide(variances, seen, out=np.zeros_like(seen), where=seen > 0))[:, None]
    true = _true_scores(scores, variances)
    first = (true[:, None] + noise).argmax(axis=0)
    errors = np.sqrt(variances)
    leader = errors[scores.argmax()]
    alike = (errors <= ALIKE * leader) & (leader <= ALIKE * errors)
    won = alike[first]
    added = noise[first[won], np.flatnonzero(won)] / errors[first[won]] * leader
    if not won.any() or leader == 0:
        return 0.0
    return float(np.clip(added.mean(), 0.0, max(scores.max() - true.mean(), 0.0)))


def _drawn(flips: FlipSums, rng: np.random.Generator) -> Floats:
    """Return what luck adds to every model's score in each flip (M, flips)."""
    sums, largest = flips.sums * np.sqrt(flips.inflation)[:, None], float(flips.sizes.max() / flips.sizes.sum())
    table, blocks, _ = flipped(sums, largest, rng, DRAWS, free=len(sums))
    return np.concatenate([table.T @ block() for block in blocks], axis=1)


def _apart(noise: Floats) -> Floats:
    """Take out what all models have in common (M, flips), such as easy questions; models that noise moves more say less of it."""
    if noise.any():
        weights = 1 / _at_least_usual(noise.var(axis=1))
        noise -= weights @ noise / weights.sum()
    return noise


def _steadied(variances: Floats, df: float) -> Floats:
    """Draw variances (M,), each with so many degrees of freedom, towards their mean by what chance alone would part them."""
    mean, spread = variances.mean(), variances.var()
    kept = max(1 - 2 * mean**2 / df / spread, 0.0) if spread > 0 else 0.0
    return np.asarray(mean + kept * (variances - mean))


def _true_scores(scores: Floats, variances: Floats) -> Floats:
    """Draw every score (M,) towards the mean of all by the share of noise in it."""
    usual = _at_least_usual(variances)
    weights, total = 1 / usual, (1 / usual).sum()
    excess = weights @ (scores - weights @ scores / total) ** 2 - (len(scores) - 1)
    merit = max(excess / (total - weights @ weights / total), 0.0)
    weights = 1 / (merit + usual)
    mean = weights @ scores / weights.sum()
    return np.asarray(mean + merit * weights * (scores - mean))


def _at_least_usual(variances: Floats) -> Floats:
    """Raise what lies below the median, or the mean where most are 0: a model without a miss isn't known for certain."""
    return np.asarray(np.maximum(variances, np.median(variances) or variances.mean()))
