"""Whether attempts of the same label (seed, run, number of the attempt) move together over questions.

Repeats of a question are exchangeable: the mean score of one label then differs from that of another by the
answers' noise alone. The F test of the label within questions (two-way analysis of variance without
replication, Fisher 1925; of right-or-wrong answers it is nearly Cochran's Q, 1950) compares the mean square
of labels with that of questions × labels. Of questions in clusters what is left of the scores is summed by
cluster, and each cluster counts as in the jackknife (CR3), which is on the safe side for few and unequal
ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from howsure.statistics.means.clustered import group_sums
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints


@dataclass(frozen=True, slots=True)
class LabelTest:
    """The F test of one model's labels. `spread`: the standard deviation of their mean scores; `chance`: what
    noise alone would give on average.
    """

    f: float
    df: tuple[float, float]
    p_value: float
    spread: float
    chance: float


def label_test(x: Floats, *, codes: Ints | None = None, weights: Floats | None = None) -> LabelTest | None:
    """Test the scores x (n, S) of n questions at all of S labels. None with fewer than two of either, or
    where nothing varies within questions.

    `codes` (n,): clusters, which are worth W² / Σ W_g² equal ones; `weights` (n,).
    """
    n, s = x.shape
    weight = np.ones(n) if weights is None else weights
    middle = weight @ x / weight.sum()
    left: Floats = weight[:, None] * (x - x.mean(axis=1, keepdims=True) - middle + middle.mean())
    sizes: Floats = weight
    if codes is not None:
        count = int(codes.max()) + 1
        left, sizes = group_sums(left, codes, count), group_sums(weight, codes, count)
    if len(sizes) < 2 or s < 2:
        return None
    share = sizes / weight.sum()
    noise = left**2 / (1 - share[:, None]) ** (1 if codes is None else 2)
    chance, between = float(noise.sum()) / (s - 1) / weight.sum() ** 2, float(middle.var(ddof=1))
    if between + chance <= (ROUNDED_SCORES * np.abs(x).max()) ** 2:
        return None
    df = (s - 1.0, float((1 / (share**2).sum() - 1) * (s - 1)))
    f = between / chance if chance > 0 else np.inf
    return LabelTest(f, df, float(fdtrc(*df, f)), between**0.5, chance**0.5)


def p_from_sums(means: Floats, counts: Ints, within: float, rest: int) -> float:
    """Return the p-value of the same test from the means and counts of labels (S,): exact where all questions
    have them all, else about right.

    `within`: sum of squares within questions; `rest`: its degrees of freedom, attempts less questions.
    """
    s = len(means)
    if s < 2:
        return 1.0
    between = float(counts @ (means - np.average(means, weights=counts)) ** 2)
    left, df = within - between, rest - (s - 1)
    if df < 1 or within <= (ROUNDED_SCORES * np.abs(means).max()) ** 2:
        return 1.0
    return float(fdtrc(s - 1, df, between / (s - 1) / left * df)) if left > 0 else 0.0
