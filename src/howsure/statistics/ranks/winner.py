"""The leader's score without the luck of having been picked.

The best of many scores is best by merit and by luck: selected for being high, it is too high on average (the winner's curse;
Efron 2011). Here: what luck adds to the score of whichever comes first, over flips of the models' cluster sums around true
scores that are those seen, drawn together by as much as their spread is noise (James and Stein 1961).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.ranks.columns import Columns, drawn

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pairs.moments import FlipSums

DRAWS = 4_096


def luck(scores: Floats, flips: FlipSums, *, rng: np.random.Generator) -> float:
    """Return by how much the best of these scores (M,), larger ones better, is too high on average, 0 for one model.

    `flips`: the models' cluster sums in score units, their differences taken out (`FlipSums.centred`).
    """
    if len(scores) < 2:
        return 0.0
    plain = Columns(flips.sums.astype(np.float32) * np.sqrt(flips.inflation)[:, None].astype(np.float32), even=True)
    columns, blocks, _ = drawn(plain, float(flips.sizes.max() / flips.sizes.sum()), rng, DRAWS)
    noise = np.concatenate([columns.table.T @ block() for block in blocks], axis=1)
    noise = noise - noise.mean(axis=0)
    spread = float(np.var(scores, ddof=1))
    kept = max(1 - float((noise**2).sum(axis=0).mean()) / (len(scores) - 1) / spread, 0.0) if spread > 0 else 0.0
    seen = (scores.mean() + kept * (scores - scores.mean()))[:, None] + noise
    first = seen.argmax(axis=0)
    return max(float(noise[first, np.arange(noise.shape[1])].mean()), 0.0)
