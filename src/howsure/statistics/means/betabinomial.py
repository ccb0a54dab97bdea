"""The beta-binomial posterior of a rate whose right-or-wrong answers come in groups: clusters, or attempts at
an item.

Groups differ in their own rate, which is Beta distributed around p with intra-cluster correlation ρ. The
posterior of p under Jeffreys' prior for p and a uniform one for ρ, integrated over ρ on a grid, knows what a
plug-in design effect does not: five failures in one group say next to nothing about how the groups differ. It
is one half of the default interval of limits.py.

Every group counts by its share of the items and as if it had the average number of trials, so that the centre
is the plain mean whatever the sizes, and the information is that of n / (1 + (M − 1) ρ) trials, M the average
size. Memory: blocks of at most 4 million grid cells.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy

from howsure.statistics.arrays import Bools, Floats, Positions, blocks
from howsure.statistics.tolerances import ROUNDED_SCORES

N_ANGLES, N_RHO = 200, 32
EDGES = np.linspace(0, np.pi / 2, N_ANGLES + 1)
RATES = np.sin((EDGES[1:] + EDGES[:-1]) / 2) ** 2
"""The grid of p, even on the arcsine scale, where Jeffreys' prior is flat."""

RHO_EDGES = np.linspace(0, 1, N_RHO + 1) ** 2
RHO = ((np.arange(N_RHO) + 0.5) / N_RHO) ** 2
"""The grid of ρ, finer towards 0."""

MOST_LEVELS = 256
BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """T samples of right-or-wrong answers in the same C groups.

    `means` (C, T): share of right answers in each group; `shares` (C,): each group's share of the items, or
    of their weight; `trials` (T,): the average number of answers in a group, weighted by the shares;
    `several` (T,): there are several answers to an item that don't all agree, so that scores lie between 0
    and 1.
    """

    means: Floats
    shares: Floats
    trials: Floats
    several: Bools

    @property
    def single(self) -> Bools:
        """Which samples have one answer in every group, so that there is nothing to be alike (T,)."""
        return np.asarray(self.trials < 1 + ROUNDED_SCORES)

    def take(self, samples: slice | Positions) -> Groups:
        """Return some of the samples."""
        return Groups(
            means=self.means[:, samples],
            shares=self.shares,
            trials=self.trials[samples],
            several=self.several[samples],
        )


def posterior_limits(groups: Groups, level: float) -> tuple[Floats, Floats]:
    """Return the equal-tailed posterior limits of p of every sample (T,) each."""
    limits = np.empty((2, len(groups.trials)))
    about = np.round(
        groups.trials, 9
    )  # those that only the order of their sums tells apart are looked at together
    for trials in np.unique(about):
        alike = np.flatnonzero(about == trials)
        for part in blocks(len(alike), len(groups.shares), BLOCK_CELLS):
            limits[:, alike[part]] = _limits_of(groups.take(alike[part]), float(trials), level)
    return limits[0], limits[1]


def _limits_of(groups: Groups, trials: float, level: float) -> Floats:
    """Return both limits (2, samples) of samples with the same number of trials."""
    seen, code = _levels(groups.means)
    table = _log_likelihood(seen, trials)
    counts = groups.shares / (groups.shares**2).sum()
    parts = blocks(code.shape[1], table.shape[1], BLOCK_CELLS)
    weighed = (_weigh(code[:, part], counts, len(seen)) @ table for part in parts)
    return np.concatenate([_quantiles(log_likelihood, level) for log_likelihood in weighed], axis=1)


def _levels(means: Floats) -> tuple[Floats, Positions]:
    """Return the distinct group means and each one's code; more than 256 are rounded on the arcsine scale."""
    means = np.round(means, 9)
    seen, code = np.unique(means, return_inverse=True)
    if len(seen) > MOST_LEVELS:
        steps = np.linspace(0, np.pi / 2, MOST_LEVELS)
        seen = np.sin(steps) ** 2
        code = np.rint(np.arcsin(np.sqrt(np.clip(means, 0, 1))) / steps[1]).astype(np.intp)
    return seen, code.reshape(means.shape)


def _log_likelihood(means: Floats, trials: float) -> Floats:
    """Return the log likelihood of one group with each of these means, at every p and ρ: (L, angles × ρ)."""
    precision = (1 - RHO) / RHO
    a, b = RATES[:, None] * precision, (1 - RATES)[:, None] * precision
    right, wrong = (trials * means)[:, None, None], (trials * (1 - means))[:, None, None]
    log = scipy.special.gammaln
    own = log(precision) - log(a) - log(b) - log(trials + precision)
    return np.asarray(log(right + a) + log(wrong + b) + own).reshape(len(means), -1)


def _weigh(code: Positions, counts: Floats, n_levels: int) -> Floats:
    """Sum the groups' counts by level: (samples, L)."""
    n_samples = code.shape[1]
    cells = (code + n_levels * np.arange(n_samples)).ravel()
    weights = np.repeat(counts, n_samples)
    summed = np.bincount(cells, weights=weights, minlength=n_levels * n_samples).astype(float)
    return summed.reshape(n_samples, n_levels)


def _quantiles(log_likelihood: Floats, level: float) -> Floats:
    """Integrate over ρ and return both quantiles of p (2, samples), between grid points on the arcsine
    scale.
    """
    log_likelihood -= log_likelihood.max(axis=1, keepdims=True)
    density = np.exp(log_likelihood, out=log_likelihood).reshape(-1, N_ANGLES, N_RHO) @ np.diff(RHO_EDGES)
    below = np.concatenate([np.zeros((len(density), 1)), np.cumsum(density, axis=1)], axis=1)
    below /= below[:, -1:]
    rows = np.arange(len(density))
    quantiles = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        cell = np.clip((below < tail).sum(axis=1) - 1, 0, N_ANGLES - 1)
        start, end = below[rows, cell], below[rows, cell + 1]
        part = (tail - start) / np.maximum(end - start, 1e-300)
        quantiles.append(np.sin(EDGES[cell] + part * EDGES[1]) ** 2)
    return np.stack(quantiles)
