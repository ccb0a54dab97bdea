"""The leader's score without the luck of having been picked.

The best of many scores is best by merit and by luck: selected for being high, it is too high on average (the
winner's curse; Efron 2011). Here: what luck adds to the score of whichever comes first among those measured
about as well as the leader, over flips of the models' cluster sums around true scores. These are drawn anew
in every flip, from what the scores say of them (empirical Bayes; Morris 1983): drawn towards the others by as
much as they owe to noise, they alone would lie closer together than true scores do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.ranks.columns import flipped

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Positions
    from howsure.statistics.pairs.moments import FlipSums

LUCK_DRAWS = 4_096
AS_WELL_MEASURED = 2.0
"""What comes first by luck tells of the leader's own where its error is no more than so many times the
leader's, and no less than that part of it.
"""


def luck(scores: Floats, flips: FlipSums, *, rng: np.random.Generator) -> float:
    """Return by how much the best of these scores (M,), larger ones better, is too high on average, 0 for one
    model.

    It never takes the leader below the mean of all.
    `flips`: the models' cluster sums in score units, their differences taken out (`FlipSums.centred`).
    """
    if len(scores) < 2:
        return 0.0
    share = flips.sizes / flips.sizes.sum()
    sums, variances = _steadied(
        _apart(flips.sums * np.sqrt(flips.inflation)[:, None]), 1 / (share @ share) - 1
    )
    leader = scores.argmax()
    if variances[leader] == 0:
        return 0.0
    true, doubt = _true_scores(scores, variances)
    table, blocks, _ = flipped(sums, float(share.max()), rng, LUCK_DRAWS, free=len(sums))
    times, added = max(LUCK_DRAWS >> len(sums), 1), []  # of few clusters all flips are listed, and few
    for block in blocks:
        noise = np.repeat(block().T @ table, times, axis=0)
        drawn = true + doubt * rng.standard_normal(noise.shape)
        added.append(_added(noise, (drawn + noise).argmax(axis=1), np.sqrt(variances), leader))
    every = np.concatenate(added)
    return float(np.clip(every.mean(), 0.0, max(scores.max() - true.mean(), 0.0))) if len(every) else 0.0


def _added(noise: Floats, first: Positions, errors: Floats, leader: np.intp) -> Floats:
    """Return what noise (flips, M) adds to the score that comes first (flips,), where that is measured about
    as well as the leader's.
    """
    own = errors[leader]
    won = np.flatnonzero(((errors <= AS_WELL_MEASURED * own) & (own <= AS_WELL_MEASURED * errors))[first])
    return np.asarray(noise[won, first[won]] / errors[first[won]] * own)


def _apart(sums: Floats) -> Floats:
    """Take out of what clusters add to the models (C, M) what all have in common; models that noise moves
    more say less of it.
    """
    if not sums.any():
        return sums
    weights = 1 / _at_least_usual((sums**2).sum(axis=0))
    return np.asarray(sums - (sums @ weights / weights.sum())[:, None])


def _steadied(sums: Floats, df: float) -> tuple[Floats, Floats]:
    """Draw the variances of the models' noise, each with so many degrees of freedom, towards their mean by
    what chance alone would part them.

    Returns what clusters add to the models then (C, M), and the variances (M,).
    """
    seen = (sums**2).sum(axis=0) * (sums.shape[1] / (sums.shape[1] - 1))
    mean, spread = seen.mean(), seen.var()
    kept = max(1 - 2 * mean**2 / max(df, 1.0) / spread, 0.0) if spread > 0 else 0.0
    variances = mean + kept * (seen - mean)
    return sums * np.sqrt(np.divide(variances, seen, out=np.zeros_like(seen), where=seen > 0)), variances


def _true_scores(scores: Floats, variances: Floats) -> tuple[Floats, Floats]:
    """Return where the true scores (M,) lie, drawn towards the mean of all by the share of noise in each, and
    their standard errors (M,).

    How far true scores lie apart is by moments, since models may have answered more items or fewer
    (DerSimonian and Laird 1986).
    """
    usual = _at_least_usual(variances)
    weights, total = 1 / usual, (1 / usual).sum()
    excess = weights @ (scores - weights @ scores / total) ** 2 - (len(scores) - 1)
    merit = max(excess / (total - weights @ weights / total), 0.0)
    weights = 1 / (merit + usual)
    mean = weights @ scores / weights.sum()
    return np.asarray(mean + merit * weights * (scores - mean)), np.sqrt(merit * weights * usual)


def _at_least_usual(variances: Floats) -> Floats:
    """Raise what lies below the median, or the mean where most are 0: a model without a miss isn't known for
    certain.
    """
    return np.asarray(np.maximum(variances, np.median(variances) or variances.mean()))
