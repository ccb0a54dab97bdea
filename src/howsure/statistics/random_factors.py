"""Random factors: the error that levels shared by all items (training seeds, prompts, judges) add to means
and differences if they are a sample too. Also a test of whether attempts with one label are correlated, and
the terms of a plan.

Model: score of an item at a level = mean + item + level + item × level, with the answers in the last.
Normality isn't needed. Every model answers every item at each of its levels. The variance of a mean over n
items and S levels is then that of the item means, over n, plus that of the level means less their own noise,
over S (Cornfield and Tukey 1956, Brennan 2001). Cameron, Gelbach and Miller (2011) derive it by inclusion and
exclusion of two clusterings. For two models, the components of both are added before negative values are set
to 0, so that equal recipes don't differ significantly because of one negative estimate. Degrees of freedom by
Satterthwaite (1946) from the mean squares.

The test: whether attempts with the same label (seed, run, number of the attempt) are correlated over
questions. Repeats of a question are exchangeable: the mean score of one label then differs from that of
another by the answers' noise alone. The F test of the label within questions (two-way analysis of variance
without replication, Fisher 1925, for right-or-wrong answers nearly Cochran's Q, 1950) compares the mean
square of labels with that of questions × labels. For questions in clusters, residuals are summed by cluster,
and each cluster counts as in the jackknife (CR3), which is conservative for few and unequal ones.

The plan: the variance of a mean difference over n questions, S levels of each factor and K attempts is
question / n + Σ (level + interaction / n) / S + answer / (n K Π S), with degrees of freedom by Satterthwaite
(1946) from the mean squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import fdtrc

from howsure.statistics.clustered_variance import group_sums
from howsure.statistics.power import ExpectedPivot
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import PlanMethod

LEAST = 2
"""With one level, nothing is known about how another would differ."""


@dataclass(frozen=True, slots=True)
class LevelParts:
    """The variance that levels add to every mean (M,) or every difference (M, M).

    `factor`: the variance that levels add, unbiased, so that it may be negative. `noise`: the variance of
    item means from items × levels and the answers. `squares`: Σ (mean square)² / df of these, for degrees of
    freedom. `pooled`: whether it includes two models' levels, which are then seldom both set to 0. If they
    are, the degrees of freedom are those of the items.
    """

    factor: Floats
    noise: Floats
    squares: Floats
    pooled: bool = False

    def at(self, place: tuple[int, ...]) -> LevelParts:
        """Return those for one mean, or for one difference."""
        return LevelParts(self.factor[place], self.noise[place], self.squares[place], pooled=self.pooled)


def error_with_levels(factors: Sequence[LevelParts], variance: Floats, df: Floats) -> tuple[Floats, Floats]:
    """Return the variance including the levels of all factors, and its degrees of freedom. `variance`, `df`:
    without them.

    The interaction of two factors is included in both, and so counted twice, which is conservative.
    """
    whole, squares = variance, variance**2 / df
    for each in factors:
        counts = (each.factor > 0) | (not each.pooled)
        whole = whole + np.maximum(each.factor, 0.0)
        squares = squares + np.where(counts, each.squares, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        return whole, np.fmin(np.maximum(whole**2 / squares, 1.0), df)


@dataclass(frozen=True, slots=True)
class Levels:
    """Scores of items at the levels of a factor: the sums for means and all pairs.

    `middle` (S, M): level means less the mean of all, NaN for levels that a model lacks. `rest` (C · S, M):
    residuals, summed over the items of each cluster at each level. `total`: the weight of all items.
    `clusters`: their number. `shared`: whether levels are the same for all models.
    """

    middle: Floats
    rest: Floats
    total: float
    clusters: int
    shared: bool

    @classmethod
    def of(
        cls, x: Floats, *, codes: Ints | None = None, weights: Floats | None = None, shared: bool
    ) -> Levels:
        """Sum up scores x (n, S, M), NaN at levels that a model lacks. Every item has all others. `codes`
        (n,): clusters. `weights` (n,).
        """
        n, levels, models = x.shape
        w = np.ones(n) if weights is None else weights
        codes = np.arange(n) if codes is None else codes
        middle = np.einsum("n,nsm->sm", w, x) / w.sum()
        centre = np.nanmean(middle, axis=0)
        left = x - np.nanmean(x, axis=1, keepdims=True) - middle + centre
        weighed = np.nan_to_num(w[:, None, None] * left).reshape(n, levels * models)
        count = int(codes.max()) + 1
        rest = group_sums(weighed, codes, count).reshape(count * levels, models)
        return cls(middle=middle - centre, rest=rest, total=float(w.sum()), clusters=count, shared=shared)

    @property
    def counts(self) -> Ints:
        """The number of levels of each model (M,)."""
        return np.asarray((~np.isnan(self.middle)).sum(axis=0))

    def of_means(self) -> LevelParts:
        """Return the variance that levels add to each model's mean (M,)."""
        middle, s = np.nan_to_num(self.middle), self.counts
        return self._parts((middle**2).sum(axis=0), (self.rest**2).sum(axis=0), s)

    def of_pairs(self) -> LevelParts:
        """Return the variance that levels add to each difference (M, M): from their own differences if
        shared, otherwise from both models' components.
        """
        if not self.shared:
            own = self.of_means()
            factor, noise, squares = (part[:, None] + part for part in (own.factor, own.noise, own.squares))
            return LevelParts(factor, noise, squares, pooled=True)
        middle, s = np.nan_to_num(self.middle), self.counts
        return self._parts(_squared(middle), _squared(self.rest), np.broadcast_to(s, (len(s), len(s))))

    def _parts(self, middle: Floats, rest: Floats, s: Ints) -> LevelParts:
        """Turn sums of squares of level means and of residuals into the variance components of a mean over
        this many levels.
        """
        c = self.clusters
        with np.errstate(divide="ignore", invalid="ignore"):
            between = middle / (s - 1) / s
            noise = rest * c / (c - 1) / (s - 1) / s / self.total**2
            squares = between**2 / (s - 1) + noise**2 / ((c - 1) * (s - 1))
        return LevelParts(factor=between - noise, noise=noise, squares=squares)


def _squared(x: Floats) -> Floats:
    """Return Σ (x_i − x_j)² of every two columns (M, M)."""
    product = x.T @ x
    own = np.diag(product)
    return np.asarray(np.maximum(own[:, None] + own - 2 * product, 0.0))


@dataclass(frozen=True, slots=True)
class LabelTest:
    """The F test of one model's labels. `spread`: the standard deviation of their mean scores. `chance`: its
    average under noise alone.
    """

    f: float
    df: tuple[float, float]
    p_value: float
    spread: float
    chance: float


def label_test(x: Floats, *, codes: Ints | None = None, weights: Floats | None = None) -> LabelTest | None:
    """Test the scores x (n, S) of n questions at all of S labels. None with fewer than two of either, or if
    nothing varies within questions.

    `codes` (n,): clusters, equivalent to W² / Σ W_g² equal ones. `weights` (n,).
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


def label_test_from_sums(means: Floats, counts: Ints, within: float, rest: int) -> LabelTest | None:
    """Return the same test from the means and counts of labels (S,): exact if all questions have all labels,
    and neither clusters nor weights, otherwise approximate.

    `within`: sum of squares within questions. `rest`: its degrees of freedom, attempts less questions.
    """
    s, n = len(means), counts.sum()
    between = float(counts @ (means - counts @ means / n) ** 2)
    left, df = max(within - between, 0.0), rest - (s - 1.0)
    if s < 2 or df < 1 or within <= (ROUNDED_SCORES * np.abs(means).max()) ** 2:
        return None
    label, noise = between / (s - 1), left / df
    f = label / noise if noise > 0 else np.inf
    return LabelTest(
        f, (s - 1.0, df), float(fdtrc(s - 1, df, f)), (label * s / n) ** 0.5, (noise * s / n) ** 0.5
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelSpread:
    """The variance from single questions, levels, questions at a level and attempts, in squared score units.

    `question`. `level`, `interaction`: of each factor. `answer`: of one attempt. If unknown, it is included
    in the interaction of each factor and 0 here. `levels`: the planned number of each factor. `sets`: 2 for
    each factor with separate levels per model, whose mean squares are pooled, otherwise 1. `size`: the items
    of a cluster. The number of clusters grows.
    """

    question: float
    level: tuple[float, ...]
    interaction: tuple[float, ...]
    answer: float
    levels: tuple[float, ...]
    sets: tuple[int, ...]
    size: float = 1.0

    @property
    def step(self) -> float:
        """The step of the number of items."""
        return self.size

    def times(self, factor: float) -> LevelSpread:
        """Return the same with every variance multiplied by a factor."""
        level, interaction = (
            tuple(factor * each for each in part) for part in (self.level, self.interaction)
        )
        return replace(
            self,
            question=factor * self.question,
            level=level,
            interaction=interaction,
            answer=factor * self.answer,
        )

    def with_levels(self, levels: tuple[float, ...]) -> LevelSpread:
        """Return the same with other numbers of levels."""
        return replace(self, levels=levels)

    def clusters_in(self, n: float) -> float:
        """Return the number of clusters for n items."""
        return n / self.size

    def per_item(self, n: float, attempts: float) -> float:
        """Return n times the variance of the mean difference over n items with this many attempts at each
        level.
        """
        whole = self.question + self._answers(attempts)
        for level, rest, count in zip(self.level, self.interaction, self.levels, strict=True):
            whole += (n * level + rest) / count
        return whole

    def _answers(self, attempts: float) -> float:
        return self.answer / attempts / math.prod(self.levels)

    def pivot(self, method: PlanMethod, n: float, attempts: float) -> ExpectedPivot:
        """Return the expected pivot of n items, that of t for any method."""
        del method
        return ExpectedPivot(own=math.sqrt(self.per_item(n, attempts) / n), df=self.df(n, attempts))

    def df(self, n: float, attempts: float) -> float:
        """Return the degrees of freedom of a mean over n items."""
        most = self.clusters_in(n) - 1
        if most < 1 or min(self.levels) < 2:
            return 0.0
        answers = self._answers(attempts) / n
        whole, factors, squares = self.per_item(n, attempts) / n, 0.0, 0.0
        for level, rest, count, sets in zip(
            self.level, self.interaction, self.levels, self.sets, strict=True
        ):
            noise, factor = rest / count / n + answers, level / count
            factors += factor
            squares += ((factor + noise) ** 2 + noise**2 / most) / (count - 1) / sets
        squares += (whole - factors) ** 2 / most
        return min(max(whole**2 / squares, 1.0), most) if squares > 0 else most
