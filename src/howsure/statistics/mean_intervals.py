"""The interval of a mean, for many means at once: one object per word of `IntervalMethod`.

"adaptive", the default for scores in [0, 1], was chosen by trial (docs/decisions/0004-intervals.md):
- Single right-or-wrong answers to independent items: Wilson's interval, guarded next to 0 and 1.
- Answers in groups (clusters, or attempts at an item): on the arcsine scale between the limits of the
  beta-binomial posterior and those of the guarded Wilson interval on n / deff. The weight of the latter is
  events / (events + 6), at least a third, with events = n p (1 − p) / deff, the effective number observed.
  The limit on the side of the nearer end, 0 or 1, is at least as far from the mean as the latter.
- Fractions (means of attempts to independent items, other scores): the guarded Wilson interval on n / deff.
  It is extended for unobserved misses or hits, by as much as these could move a mean of such similar scores.
  In clusters of m items, one such miss counts as √m of them. If items in clusters have several answers, the
  second rule includes this as well.

The beta-binomial posterior is that of a rate with grouped answers. Groups differ in their own rate, which is
Beta distributed around p with intra-cluster correlation ρ. The posterior of p under Jeffreys' prior for p and
a uniform one for ρ is integrated over ρ on a grid. Unlike a plug-in design effect, it accounts for the fact
that five failures in one group are almost uninformative about differences between groups. Every group is
weighted by its share of the items and treated as having the average number of trials. So the centre is the
plain mean for any sizes, and the information is that of n / (1 + (M − 1) ρ) trials, with M the average size.
Memory: blocks of at most 4 million grid cells.
"""

from __future__ import annotations

import math
from copy import deepcopy
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np
import scipy

from howsure.errors import MethodError
from howsure.statistics import intervals, resampling
from howsure.statistics.arrays import Bools, Floats, Positions, blocks
from howsure.statistics.choices import chosen_object
from howsure.statistics.clustered_variance import clustering, moment_df
from howsure.statistics.tolerances import ROUNDED_SCORES, ROUNDING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.statistics.arrays import Ints, Limits
    from howsure.statistics.choices import IntervalMethod
    from howsure.statistics.metrics.base import Scale

N_ANGLES, N_RHO = 200, 32
EDGES = np.linspace(0, np.pi / 2, N_ANGLES + 1)
RATES = np.sin((EDGES[1:] + EDGES[:-1]) / 2) ** 2
"""The grid of p, even on the arcsine scale, on which Jeffreys' prior is flat."""

RHO_EDGES = np.linspace(0, 1, N_RHO + 1) ** 2
RHO = ((np.arange(N_RHO) + 0.5) / N_RHO) ** 2
"""The grid of ρ, finer towards 0."""

MOST_LEVELS = 256
BLOCK_CELLS = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Groups:
    """T samples of right-or-wrong answers in the same C groups.

    `means` (C, T): share of right answers in each group. `shares` (C,): each group's share of the items, or
    of their weight. `trials` (T,): the average number of answers in a group, weighted by the shares.
    `several` (T,): whether an item has several answers that don't all agree, so that scores are between 0 and
    1.
    """

    means: Floats
    shares: Floats
    trials: Floats
    several: Bools

    @property
    def single(self) -> Bools:
        """Which samples have one answer in every group, so that intra-cluster correlation is undefined
        (T,).
        """
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
    )  # values that differ only by the order of their sums are checked together
    for trials in np.unique(about):
        alike = np.flatnonzero(about == trials)
        for part in blocks(len(alike), len(groups.shares), BLOCK_CELLS):
            limits[:, alike[part]] = _limits_of(groups.take(alike[part]), float(trials), level)
    return limits[0], limits[1]


def _limits_of(groups: Groups, trials: float, level: float) -> Floats:
    """Return both limits (2, samples) of samples with the same number of trials."""
    seen, code = _levels(groups.means)
    # The log likelihood of one group with each of these means, at every p and ρ: (L, angles × ρ).
    precision = (1 - RHO) / RHO
    a, b = RATES[:, None] * precision, (1 - RATES)[:, None] * precision
    right, wrong = (trials * seen)[:, None, None], (trials * (1 - seen))[:, None, None]
    log = scipy.special.gammaln
    own = log(precision) - log(a) - log(b) - log(trials + precision)
    table = np.asarray(log(right + a) + log(wrong + b) + own).reshape(len(seen), -1)
    counts = groups.shares / (groups.shares**2).sum()
    parts = blocks(code.shape[1], table.shape[1], BLOCK_CELLS)
    weighed = (_weigh(code[:, part], counts, len(seen)) @ table for part in parts)
    return np.concatenate([_quantiles(log_likelihood, level) for log_likelihood in weighed], axis=1)


def _levels(means: Floats) -> tuple[Floats, Positions]:
    """Return the distinct group means and each one's code. More than 256 are rounded on the arcsine scale."""
    means = np.round(means, 9)
    seen, code = np.unique(means, return_inverse=True)
    if len(seen) > MOST_LEVELS:
        steps = np.linspace(0, np.pi / 2, MOST_LEVELS)
        seen = np.sin(steps) ** 2
        code = np.rint(np.arcsin(np.sqrt(np.clip(means, 0, 1))) / steps[1]).astype(np.intp)
    return seen, code.reshape(means.shape)


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


LEAST_SHARE, HALFWAY = 1 / 3, 6.0
"""The smallest share of Wilson's limits in the blend, and the number of effective events at which it is one
half.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScores:
    """The data of a mean: scores `x` (n, T), `weights` of mean 1 (n,), codes of `clusters` (n,) each, and a
    random generator.
    """

    x: Floats
    weights: Floats
    clusters: tuple[Ints, ...]
    rng: np.random.Generator | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """T means over the same items, and the terms of their standard errors.

    `value`, `var` (T,), `df`, `n` items. `units`: clusters, or items without them. `bounded`: scores are in
    [0, 1]. `cluster_size`: average size of a cluster, 1 without them. `groups`: the groups of right-or-wrong
    answers, None for other scores. `worth`: the equivalent number of equally weighted items, 1 / Σ share².
    `items`: the scores themselves, None if only their sums are available.
    """

    value: Floats
    var: Floats
    df: float
    n: int
    units: int
    bounded: bool
    cluster_size: float
    groups: Groups | None = None
    worth: float = math.inf
    items: ItemScores | None = None

    def require_fractions(self, name: str) -> None:
        """Raise MethodError if scores aren't in [0, 1], as the interval of this name needs."""
        if not self.bounded:
            raise MethodError(
                f"interval {name!r} needs scores in [0, 1]", remedy="Use 't', or rescale the scores."
            )

    @property
    def edge_units(self) -> float:
        """The number of independent units if all scores are 0 or 1: clusters, or items, but at most the
        equivalent number of equally weighted items.
        """
        return min(float(self.units), self.worth)

    @property
    def at_edge(self) -> Bools:
        """Which means are 0 or 1, so that the variance is uninformative."""
        return np.asarray(((self.value <= 0) | (self.value >= 1)) & self.bounded)

    @property
    def effective(self) -> Floats:
        """N / deff: the number of independent items with the same information (T,), n without variance."""
        spread = self.value * (1 - self.value)
        with np.errstate(divide="ignore", invalid="ignore"):
            deff = self.var * (self.n - 1) / spread
        return self.n / np.where((spread > 0) & (deff > 0), deff, 1.0)


def deciding(sums: Floats) -> Floats:
    """Return (Σ e²)² / Σ e⁴ of residual sums (C, T): how many equal ones would give the same spread, 1 if
    there is none.
    """
    squares = sums**2
    fourths = np.einsum("ct,ct->t", squares, squares)
    return np.asarray(squares.sum(axis=0) ** 2 / np.where(fourths > 0, fourths, np.inf)).clip(min=1.0)


IntervalChoice: TypeAlias = "IntervalMethod | MeanInterval"
"""A word, or your own object instead (docs/extending.md)."""


class MeanInterval(Protocol):
    """How the interval of a mean is computed.

    It implements a word of `IntervalMethod`, or is your own object, best a subclass of this one.
    """

    @property
    def name(self) -> str:
        """Its label in answers."""

    @property
    def exact_at_edges(self) -> bool:
        """Whether Clopper and Pearson's limits, reported under their own name, replace it if all scores are
        0, or all are 1.
        """
        return False

    def df(self, means: Means) -> Floats:
        """Return the degrees of freedom of each mean (T,)."""
        return np.full(len(means.value), means.df)

    def limits(self, means: Means, level: float) -> Limits:
        """Return the lower and the upper limits of the means (T,) each, if these have a variance.

        MethodError for unsupported scores.
        """


@dataclass(frozen=True, slots=True)
class Adaptive(MeanInterval):
    """The default for scores in [0, 1] (see above)."""

    name: ClassVar[str] = "adaptive"
    exact_at_edges: ClassVar[bool] = True

    def limits(self, means: Means, level: float) -> Limits:
        """Combine Wilson's limits with those of the beta-binomial posterior."""
        means.require_fractions(self.name)
        deff, unseen, rest = _designs(means)
        low, high = intervals.guarded_score(means.value, means.n, means.df, level, deff=deff, unseen=unseen)
        if means.groups is None or not rest.size:
            return low, high
        value, events = means.value[rest], (means.n / deff * _spread(means))[rest]
        share = np.maximum(events / (events + HALFWAY), LEAST_SHARE)
        posterior = posterior_limits(means.groups.take(rest), level)
        low[rest] = _no_nearer(_between(posterior[0], low[rest], share), low[rest], value)
        high[rest] = 1 - _no_nearer(1 - _between(posterior[1], high[rest], share), 1 - high[rest], 1 - value)
        return low, high


@dataclass(frozen=True, slots=True)
class Wilson(MeanInterval):
    """Wilson's (1927) interval on the effective number of items."""

    name: ClassVar[str] = "wilson"
    exact_at_edges: ClassVar[bool] = True

    def limits(self, means: Means, level: float) -> Limits:
        """Return Wilson's limits."""
        means.require_fractions(self.name)
        return intervals.wilson(means.value, means.effective, means.df, level)


@dataclass(frozen=True, slots=True)
class StudentT(MeanInterval):
    """The mean ± t standard errors, the default for scores on other scales."""

    name: ClassVar[str] = "t"
    exact_at_edges: ClassVar[bool] = True

    def limits(self, means: Means, level: float) -> Limits:
        """Return the limits, NaN if nothing varies."""
        se = np.sqrt(np.where(means.var > 0, means.var, np.nan))
        return intervals.t_interval(means.value, se, means.df, level)


@dataclass(frozen=True, slots=True)
class ClopperPearson(MeanInterval):
    """Clopper and Pearson's (1934) interval on the effective number of items."""

    name: ClassVar[str] = "clopper-pearson"
    exact_at_edges: ClassVar[bool] = True

    def limits(self, means: Means, level: float) -> Limits:
        """Return Clopper and Pearson's limits."""
        means.require_fractions(self.name)
        return intervals.clopper_pearson(means.value * means.effective, means.effective, level)


@dataclass(frozen=True, slots=True)
class Jeffreys(MeanInterval):
    """The interval of the posterior under Jeffreys' prior on the effective number of items."""

    name: ClassVar[str] = "jeffreys"
    exact_at_edges: ClassVar[bool] = True

    def limits(self, means: Means, level: float) -> Limits:
        """Return the posterior's quantiles."""
        means.require_fractions(self.name)
        return intervals.jeffreys(means.value * means.effective, means.effective, level)


@dataclass(frozen=True, slots=True)
class UniformPosterior(MeanInterval):
    """The credible interval of a rate under a uniform prior, on the effective number of items."""

    name: ClassVar[str] = "bayes"

    def limits(self, means: Means, level: float) -> Limits:
        """Return the posterior's quantiles. If all scores are 0 or 1, clusters are the trials."""
        means.require_fractions(self.name)
        n = np.where(means.at_edge, means.edge_units, means.effective)
        return intervals.beta_interval(means.value * n + 1, (1 - means.value) * n + 1, level)


@dataclass(frozen=True, slots=True)
class BootstrapT(MeanInterval):
    """The studentized bootstrap over clusters (resampling.py)."""

    name: ClassVar[str] = "bootstrap"
    exact_at_edges: ClassVar[bool] = True

    def limits(self, means: Means, level: float) -> Limits:
        """Resample every mean in the same way. MethodError if only sums over items are available."""
        items = means.items
        if items is None:
            raise needs_items(self.name)
        low, high = np.full((2, len(means.value)), np.nan)
        for k in np.flatnonzero(np.isfinite(means.var) & ~means.at_edge):
            rng = deepcopy(items.rng) if items.rng else np.random.default_rng(0)
            low[k], high[k] = resampling.mean_interval(
                items.x[:, k], items.weights, items.clusters, level=level, rng=rng
            )
        return low, high


@dataclass(frozen=True, slots=True, eq=False)
class OfMetric(MeanInterval):
    """The t interval of a metric on a scale without ends: the logit of a share, Fisher's z of a correlation,
    the logarithm of a positive number, or the number itself.

    Its degrees of freedom are those of the spread of influences over clusters (`moment_df`). At 0 and 1 a
    share has Clopper and Pearson's limits, with the smallest class as the trials. `smallest`
    (T,): its effective number of rows, or one for all.
    """

    scale: Scale
    smallest: Floats

    @property
    def name(self) -> str:
        """Its label in answers."""
        return {"share": "logit", "percent": "logit", "correlation": "fisher-z", "positive": "log"}.get(
            self.scale, "linearised t"
        )

    def limits(self, means: Means, level: float) -> Limits:
        """Return the limits, those of t without a scale of its own. NaN if nothing varies."""
        value, se = means.value, np.sqrt(np.where(means.var > 0, means.var, np.nan))
        df = self.df(means)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            if self.scale in ("share", "percent"):
                size = 100.0 if self.scale == "percent" else 1.0
                value, se = value / size, se / size
                value = np.where(np.abs(value - np.round(value)) < ROUNDING, np.round(value), value)
                slope = 1 / (value * (1 - value))
                low, high = intervals.t_interval(scipy.special.logit(value), se * slope, df, level)
                low, high = scipy.special.expit(low), scipy.special.expit(high)
                trials = np.minimum(self.smallest, means.edge_units)
                ends = (value <= 0) | (value >= 1)
                edge = intervals.clopper_pearson(np.round(value) * trials, trials, level)
                return size * np.where(ends, edge[0], low), size * np.where(ends, edge[1], high)
            if self.scale == "correlation":
                low, high = intervals.t_interval(np.arctanh(value), se / (1 - value**2), df, level)
                return np.tanh(low), np.tanh(high)
            if self.scale == "positive":
                low, high = intervals.t_interval(np.log(value), se / value, df, level)
                return np.exp(low), np.exp(high)
        return intervals.t_interval(value, se, df, level)

    def df(self, means: Means) -> Floats:
        """Return the degrees of freedom of each mean (T,), at most those of the clusters."""
        items, usual = means.items, np.full(len(means.value), means.df)
        if items is None:
            return usual
        term = clustering(min(items.clusters, key=lambda code: int(code.max()), default=None), items.weights)
        centred = items.x - np.average(items.x, axis=0, weights=items.weights)
        squares = term.sums(items.weights[:, None] * centred) ** 2
        own = moment_df(squares.sum(axis=0), (squares**2).sum(axis=0), float(term.n_clusters))
        return np.asarray(np.minimum(usual, own))


INTERVALS: Mapping[str, MeanInterval] = {
    each.name: each
    for each in (
        Adaptive(),
        Wilson(),
        StudentT(),
        ClopperPearson(),
        Jeffreys(),
        BootstrapT(),
        UniformPosterior(),
    )
}
"""The interval for each word of `IntervalMethod`."""


def interval_of(choice: IntervalChoice | None, *, bounded: bool) -> MeanInterval:
    """Return the interval for a word, or your own object. None takes the usual one for such scores.

    MethodError for anything else.
    """
    if choice is None:
        choice = "adaptive" if bounded else "t"
    return chosen_object("interval", choice, INTERVALS)


def needs_items(method: str) -> MethodError:
    """Return the error that a method needs the scores, not only their sums."""
    return MethodError(
        f"method {method!r} needs the items, which don't fit into memory here",
        remedy="Leave the method out, or ask about fewer tasks or models at a time (`task`, `model`).",
    )


def limits(means: Means, choice: IntervalChoice, level: float) -> Limits:
    """Return the limits of every mean (T,), cut to [0, 1] for bounded scores; NaN without a standard error.

    At 0 and n of n: Clopper and Pearson's interval, counting clusters as the independent units, unless the
    interval has limits of its own there.
    """
    interval = interval_of(choice, bounded=means.bounded)
    low, high = interval.limits(means, level)
    known = np.isfinite(means.var)
    low, high = np.where(known, low, np.nan), np.where(known, high, np.nan)
    if not means.bounded:
        return low, high
    exact = means.at_edge & (~known | interval.exact_at_edges)
    edge = intervals.clopper_pearson(np.round(means.value) * means.edge_units, means.edge_units, level)
    low, high = np.where(exact, edge[0], low), np.where(exact, edge[1], high)
    return np.maximum(low, 0.0), np.minimum(high, 1.0)


def _designs(means: Means) -> tuple[Floats, Floats, Positions]:
    """Return the deff of every mean and that of unobserved misses (T,), and which means have answers in
    clusters.
    """
    deff = np.where(means.var > 0, means.n / means.effective, 0.0)
    unseen = np.full(len(deff), math.sqrt(means.cluster_size))
    if means.groups is None:
        return deff, unseen, np.empty(0, dtype=np.intp)
    groups, crowd = means.groups, means.n * float(means.groups.shares @ means.groups.shares)
    capped = np.maximum(
        deff, crowd / groups.trials
    )  # an answer has at most the information of an independent one
    deff = np.where(groups.single, _cautious(means, crowd), capped)
    clustered = ~groups.single & (means.units < means.n)
    unseen = np.where(groups.several, np.where(clustered, 1.0, unseen), 0.0)
    return deff, unseen, np.flatnonzero(clustered)


def _no_nearer(blended: Floats, wilson: Floats, value: Floats) -> Floats:
    """Return lower limits that are at most Wilson's if the value is at most ¼, and a mixture of both up to
    ½.
    """
    part = np.clip(2 - 4 * value, 0, 1)
    return np.asarray(blended - part * np.maximum(blended - wilson, 0))


def _spread(means: Means) -> Floats:
    return np.asarray(means.value * (1 - means.value))


def _cautious(means: Means, usual: float) -> Floats:
    """Return the deff, shrunk towards that of the weights if it is smaller, with weight one against the
    observed events.

    A few failures with low weights would make it too small.
    """
    deff = means.n / means.effective
    events = means.effective * _spread(means)
    return np.asarray(np.where(deff < usual, (deff * events + usual) / (events + 1), deff))


def _between(posterior: Floats, wilson: Floats, share: Floats) -> Floats:
    angle = (1 - share) * _angle(posterior) + share * _angle(wilson)
    return np.asarray(np.sin(angle) ** 2)


def _angle(rate: Floats) -> Floats:
    return np.asarray(np.arcsin(np.sqrt(np.clip(rate, 0, 1))))
