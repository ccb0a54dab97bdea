"""Strengths of models from pairwise votes, by maximum likelihood (Bradley and Terry 1952), and the expected scores that follow.

The headline of a model is P(win) + P(tie) / 2 against the models of a pool, each counted once: a number on a scale that people know, which
doesn't change with who was asked to meet whom. A model that won or lost everything has no finite strength: it gets one cluster of ties
more, spread over the opponents that it met, so that copies of votes change nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csgraph, csr_array

from howsure.errors import MethodError
from howsure.statistics.votes.ties import Told, told

if TYPE_CHECKING:
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Ties

WIN, TIE, LOSS = range(3)
MOST_STEPS, MOST_HALVINGS, SETTLED = 100, 30, 1e-12
FAR = 40.0
"""Strengths, or a tie, as far out as this are on their way to infinity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Votes:
    """N votes among M models: `first`, `second` (N,), their places; `outcome` (N,), 0 if the first won, 1 a tie, 2 if the second did."""

    first: Ints
    second: Ints
    outcome: Ints
    models: int

    def __len__(self) -> int:
        return len(self.first)

    def take(self, kept: Bools) -> Votes:
        """Return some of the votes, among the same models."""
        return Votes(first=self.first[kept], second=self.second[kept], outcome=self.outcome[kept], models=self.models)

    def counts(self) -> Floats:
        """Return how often the first of each pair won, tied and lost (3, M, M)."""
        at = (self.outcome * self.models + self.first) * self.models + self.second
        found = np.bincount(at, minlength=3 * self.models**2)
        return found.reshape(3, self.models, self.models).astype(float)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strengths:
    """`log` (M,): on the logistic scale, with mean 0; `tie`: what makes ties likely; `inverse` (M + 1, M + 1): of the information of both.

    `added` (M, M): ties that were added, by the model that they bound and the opponent; none where all strengths are finite.
    """

    log: Floats
    tie: float
    inverse: Floats
    added: Floats

    @property
    def bounded(self) -> Bools:
        """The models without a finite strength of their own (M,)."""
        return np.asarray(self.added.any(axis=1))


def pools(counts: Floats) -> Ints:
    """Return the pool of each model (M,): models in two pools are connected by no vote."""
    return np.asarray(csgraph.connected_components(csr_array(counts.sum(axis=0)), directed=False)[1], dtype=np.int64)


def strengths(counts: Floats, clusters: Floats, ties: Ties) -> Strengths:
    """Fit the strengths of M models of one pool to counts (3, M, M); `clusters` (M,): those that each model's votes come in."""
    added, models = _ties_of_perfect_records(counts, clusters), counts.shape[1]
    counts = counts + np.stack([np.zeros_like(added), added, np.zeros_like(added)])
    theta, tie = np.zeros(models), _first_tie(counts, ties)
    value = -np.inf
    for _ in range(MOST_STEPS):
        found = told(theta[:, None] - theta, tie, ties)
        value = float((counts * found.log).sum())
        gradient, inverse = _gradient(counts, found), _inverse(counts, found, ties)
        step = inverse @ gradient
        theta, tie, moved = _uphill(counts, (theta, tie), step, value, ties)
        if max(float(np.abs(theta).max()), abs(tie)) > FAR:
            raise _no_fit(ties)
        if not moved or float(np.abs(step).max()) < SETTLED:
            break
    else:
        raise _no_fit(ties)
    found = told(theta[:, None] - theta, tie, ties)
    return Strengths(log=theta - theta.mean(), tie=tie, inverse=_inverse(counts, found, ties), added=added)


def _ties_of_perfect_records(counts: Floats, clusters: Floats) -> Floats:
    """Return one cluster of ties (M, M) for every model outside the largest set of models that beat each other on some way."""
    beats = counts[WIN] + counts[LOSS].T + counts[TIE] + counts[TIE].T
    _, label = csgraph.connected_components(csr_array(beats), directed=True, connection="strong")
    bounded = np.asarray(label != np.bincount(label).argmax())
    met = counts.sum(axis=0)
    met = met + met.T
    return np.asarray(met / np.maximum(clusters, 1.0)[:, None] * bounded[:, None])


def _first_tie(counts: Floats, ties: Ties) -> float:
    won, tied = float(counts[WIN].sum() + counts[LOSS].sum()), float(counts[TIE].sum())
    if ties == "half":
        return 0.0
    share = max(tied, 0.5) / max(won + tied, 1.0)
    return float(np.log(2 * share / max(1 - share, 1e-6))) if ties == "davidson" else float(np.log1p(share))


def _gradient(counts: Floats, found: Told) -> Floats:
    """Return the derivatives of the log likelihood by the strengths and the tie (M + 1,)."""
    slope = (counts * found.slope).sum(axis=0)
    return np.append(slope.sum(axis=1) - slope.sum(axis=0), (counts * found.tie).sum())


def _inverse(counts: Floats, found: Told, ties: Ties) -> Floats:
    """Return the inverse of the information (M + 1, M + 1), strengths with sum 0; 0 for the tie where it has no parameter."""
    of_d, of_both, of_t = found.information * counts.sum(axis=0)
    models = len(of_d)
    pairs = of_d + of_d.T
    whole = np.zeros((models + 1, models + 1))
    whole[:models, :models] = np.diag(pairs.sum(axis=1)) - pairs + 1.0 / models
    if ties == "half":
        whole[-1, -1] = 1.0
    else:
        whole[:models, -1] = whole[-1, :models] = of_both.sum(axis=1) - of_both.sum(axis=0)
        whole[-1, -1] = of_t.sum()
    scale = 1 / np.sqrt(np.maximum(np.diagonal(whole), 1e-300))
    try:
        inverse = np.linalg.inv(whole * scale[:, None] * scale) * scale[:, None] * scale
    except np.linalg.LinAlgError:
        raise _no_fit(ties) from None
    if ties == "half":
        inverse[-1, -1] = 0.0
    return np.asarray(inverse)


def _no_fit(ties: Ties) -> MethodError:
    remedy = (
        "Leave out models with hardly any votes."
        if ties == "half"
        else "Take ties as half a win of each: `ties='half'`."
    )
    return MethodError(f"so few votes have no best fit with ties as {ties}", remedy=remedy)


def _uphill(
    counts: Floats, at: tuple[Floats, float], step: Floats, value: float, ties: Ties
) -> tuple[Floats, float, bool]:
    """Take a step from strengths and a tie, or as much of it as doesn't go down."""
    theta, tie = at
    for k in range(MOST_HALVINGS):
        part = step / 2**k
        to, new = theta + part[:-1], tie + float(part[-1])
        if ties == "rao-kupper" and new <= 0:
            continue
        if float((counts * told(to[:, None] - to, new, ties).log).sum()) >= value - 1e-9 * abs(value):
            return to, new, True
    return theta, tie, False


def expected_scores(found: Strengths, pool: Bools, ties: Ties) -> tuple[Floats, Floats]:
    """Return P(win) + P(tie) / 2 of every model against the others of a pool, each once (M,), and its derivatives (M, M + 1)."""
    at = told(found.log[:, None] - found.log, found.tie, ties)
    models = len(found.log)
    weight = np.where(np.eye(models, dtype=bool), 0.0, pool[None, :].astype(float))
    weight /= np.maximum(weight.sum(axis=1, keepdims=True), 1.0)
    steep = weight * at.steep
    slopes = np.diag(steep.sum(axis=1)) - steep
    even = (1 - weight.sum(axis=1)) / 2  # an only anchor is as good as itself
    return (weight * at.expected).sum(axis=1) + even, np.column_stack([slopes, (weight * at.flat).sum(axis=1)])


def gain_of_first(votes: Votes, found: Strengths, ties: Ties) -> tuple[Floats, Floats]:
    """Return what the first of each vote got beyond what strengths expect (N,), and the derivatives of its mean (M + 1,)."""
    at = told(found.log[votes.first] - found.log[votes.second], found.tie, ties)
    slopes = np.bincount(votes.second, weights=at.steep, minlength=votes.models + 1)
    slopes -= np.bincount(votes.first, weights=at.steep, minlength=votes.models + 1)
    slopes[-1] -= at.flat.sum()
    return (LOSS - votes.outcome) / 2 - at.expected, slopes / len(votes)


def influences_of_added(found: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return what the added ties of each bounded model add to numbers with these derivatives (B, K): each a cluster of its own."""
    models, at = np.flatnonzero(found.bounded), told(found.log[:, None] - found.log, found.tie, ties)
    slope = (found.added * at.slope[TIE])[models]
    scores = np.column_stack([-slope, (found.added * at.tie[TIE])[models].sum(axis=1)])
    scores[np.arange(len(models)), models] += slope.sum(axis=1)
    return np.asarray(scores @ (found.inverse @ slopes.T))


def influences(votes: Votes, units: Ints, found: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return what each unit of votes adds to numbers with these derivatives (units, K); with those of added ties they add up to nothing.

    `units` (N,): the cluster of every vote, 0 … G − 1. One step from the fit (the sandwich's halves; Huber 1967).
    """
    at = told(found.log[votes.first] - found.log[votes.second], found.tie, ties)
    rows = np.arange(len(votes))
    slope, tie = at.slope[votes.outcome, rows], at.tie[votes.outcome, rows]
    count, width = int(units.max()) + 1, votes.models + 1
    size = count * width
    scores = np.bincount(units * width + votes.first, weights=slope, minlength=size)
    scores -= np.bincount(units * width + votes.second, weights=slope, minlength=size)
    if ties != "half":
        scores += np.bincount(units * width + votes.models, weights=tie, minlength=size)
    return np.asarray(scores.reshape(count, width) @ (found.inverse @ slopes.T))
