"""Whether strengths on one line explain the votes: what pairs get beyond it, and whether different clusters
agree on that.

Every cluster adds to each pair's residual (what the first got less what the strengths expect, put right for
the fit). With strengths on one line these sums over clusters are noise: they keep their distribution where
each cluster's are turned by a coin (sign flips of clusters; Wu 1986, Cameron, Gelbach and Miller 2008). The
statistic is Pearson's: the squares of the pairs' residuals, each over its information. Turned, a cluster's
own square stays what it is: what counts is whether different clusters lean the same way at the same pairs.
Tastes of single voters don't. The residuals of a cluster are made larger by 1 / √(1 − its share of votes) and
1 / √(1 − parameters / votes), which the fit took from them (as CR2 does). Size and power are in
docs/decisions/0032-votes.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.statistics.arrays import blocks
from howsure.statistics.votes.scores import gradients
from howsure.statistics.votes.ties import tie_rule

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes.strengths import Strengths
    from howsure.statistics.votes.votes import Votes

MOST_FLIPPED, FLIPS, CELLS = 500, 1_999, 2_000_000
LEAST_UNITS = 6
"""Of fewer clusters no flip is rarer than 1 in 32."""
ENOUGH = 4
"""Clusters that a pair must have met in to be named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneLineTest:
    """What the test finds.

    `p_value`: of one line. Of P pairs `first`, `second` (P,), `residual` (P,): what the first got beyond what
    is expected, summed over votes, and `z` (P,): the same over its clustered standard error, 0 for pairs met
    by few clusters.
    """

    p_value: float
    first: Ints
    second: Ints
    residual: Floats
    z: Floats


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pairs:
    """P pairs that met: their models, the pair (N,) and the direction (N,) of every vote, what it got beyond
    what is expected, and its information.
    """

    first: Ints
    second: Ints
    of: Ints
    sign: Floats
    residual: Floats
    information: Floats
    with_tie: Floats


def one_line(
    votes: Votes, units: Ints, fit: Strengths, ties: Ties, rng: np.random.Generator
) -> OneLineTest | None:
    """Test one line of strengths by flips of units (N,); None where pairs are no more than parameters, or
    units too few.
    """
    units = np.unique(units % MOST_FLIPPED, return_inverse=True)[1]
    count, pairs = int(units.max()) + 1, _pairs(votes, fit, ties)
    free = len(pairs.first) - (votes.models - 1)
    if free <= 0 or count < LEAST_UNITS or fit.bounded.any():
        return None
    product, squares, clusters = _products(votes, units, fit, ties, pairs)
    weights = votes.weights
    size = np.bincount(units, weights=weights) / weights.sum()
    worth = weights.sum() ** 2 / (weights @ weights)
    taken = min(float((votes.models - 1 + len(fit.effects)) / worth), 0.9)
    flips = rng.choice([-1.0, 1.0], size=(FLIPS, count)) / np.sqrt((1 - size) * (1 - taken))
    seen = float(product.sum()) * (1 - 1e-12)
    drawn = ((flips @ product) * flips).sum(axis=1)
    residual = np.bincount(pairs.of, weights=pairs.residual, minlength=len(pairs.first)).astype(float)
    z = np.divide(
        residual, np.sqrt(squares), out=np.zeros_like(residual), where=(clusters >= ENOUGH) & (squares > 0)
    )
    return OneLineTest(
        p_value=float((1 + (drawn >= seen).sum()) / (1 + FLIPS)),
        first=pairs.first,
        second=pairs.second,
        residual=residual,
        z=z,
    )


def _pairs(votes: Votes, fit: Strengths, ties: Ties) -> _Pairs:
    mean, steep, flat = tie_rule(ties).expected(
        fit.gaps(votes.first, votes.second, votes.covariates), fit.tie
    )
    low, high = np.minimum(votes.first, votes.second), np.maximum(votes.first, votes.second)
    codes, of = np.unique(low * votes.models + high, return_inverse=True)
    sign = np.where(votes.first < votes.second, 1.0, -1.0)
    return _Pairs(
        first=codes // votes.models,
        second=codes % votes.models,
        of=of,
        sign=sign,
        residual=sign * votes.weights * (votes.score - mean),
        information=votes.weights * steep,
        with_tie=sign * votes.weights * flat,
    )


def _products(
    votes: Votes, units: Ints, fit: Strengths, ties: Ties, pairs: _Pairs
) -> tuple[Floats, Floats, Ints]:
    """Return the products of every two units' residuals (G, G), each pair's over its information; the sum of
    squares of each pair (P,); its units (P,).
    """
    count, total, models = int(units.max()) + 1, len(pairs.first), votes.models
    raw = scipy.sparse.csc_array((pairs.residual, (units, pairs.of)), shape=(count, total))
    fitted = gradients(votes, units, fit, ties) @ fit.inverse
    information = np.bincount(pairs.of, weights=pairs.information, minlength=total)
    by_covariate = (pairs.sign * pairs.information)[:, None] * votes.covariates
    others = np.stack(
        [np.bincount(pairs.of, weights=each, minlength=total) for each in (pairs.with_tie, *by_covariate.T)]
    )
    product, squares = np.zeros((count, count)), np.zeros(total)
    for part in blocks(total, count, CELLS):
        gap = fitted[:, pairs.first[part]] - fitted[:, pairs.second[part]]
        left = raw[:, part].toarray() - gap * information[part] - fitted[:, models:] @ others[:, part]
        product += (left / information[part]) @ left.T
        squares[part] = (left**2).sum(axis=0)
    seen = np.unique(units * total + pairs.of) % total
    return product, squares, np.bincount(seen, minlength=total)
