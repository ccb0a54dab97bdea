"""The tests of a difference of two models on shared items: one per word of `ComparisonMethod`."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, ClassVar, Protocol, TypeAlias

import numpy as np

from howsure.errors import MethodError, ResultWarning, doubt
from howsure.statistics import mcnemar, resampling
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.choices import chosen_object
from howsure.statistics.clustered_variance import CR2, clusterings, signed_total, variances
from howsure.statistics.differences import NetWins, Pivot, pivot_of, t_pivot, with_net_wins
from howsure.statistics.mean_intervals import needs_items
from howsure.statistics.means import cluster_warnings
from howsure.statistics.pair_details import net_wins_of_items, pair_details
from howsure.statistics.pair_moments import settled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import ComparisonMethod
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.pair_details import PairDetails
    from howsure.statistics.pair_moments import PairMoments

TWO_WAY = 2


EPS = float(np.finfo(float).eps)


@dataclass(frozen=True, slots=True)
class PlainDifference:
    """A mean difference with its variance and degrees of freedom, before any test."""

    value: float
    variance: float
    df: float

    @property
    def se(self) -> float:
        """Its standard error."""
        return math.sqrt(self.variance)

    @property
    def warnings(self) -> tuple[ResultWarning, ...]:
        """If all items differ by the same amount, the variance can't be estimated."""
        return () if self.variance > 0 else (doubt("same_difference", value=self.value),)


class SharedItems(ABC):
    """The data of a test: two models and the items that both answered, as scores or as sums.

    `bounded`: scores are in [0, 1]. `variance`: the estimator.
    """

    bounded: bool
    variance: VarianceEstimator

    @property
    @abstractmethod
    def n(self) -> int:
        """The number of items."""

    @property
    @abstractmethod
    def n_clusters(self) -> int:
        """The number of clusters (of two clusterings the smaller), or of items without clusters."""

    @property
    @abstractmethod
    def size(self) -> float:
        """The largest absolute score."""

    @property
    @abstractmethod
    def whole(self) -> bool:
        """Whether an item was entirely lost, or won."""

    @property
    def rounding(self) -> float:
        """The rounding error of a standard error of 0."""
        return 8 * EPS * self.size

    @cached_property
    def plain(self) -> PlainDifference:
        """The mean difference with its variance."""
        found = self.moments(score=False).at((0, 1))
        variance = float(found.variance)
        return PlainDifference(
            value=float(settled(found.difference, self.size)),
            variance=0.0 if variance < self.rounding**2 else variance,
            df=float(found.df),
        )

    @abstractmethod
    def moments(self, *, score: bool) -> PairMoments:
        """Return the pivots of both, by the score or a plain t."""

    @abstractmethod
    def details(self) -> PairDetails:
        """Return the details of both models besides their difference."""

    @abstractmethod
    def net_wins(self, moments: PairMoments) -> tuple[Floats, Floats]:
        """Return the net wins of both, counted in events on effective items, and these items."""

    @abstractmethod
    def doubts(self) -> list[ResultWarning]:
        """Warn of too few or too unequal clusters."""

    def negative(self) -> bool:
        """Return whether two clusterings give a variance that is zero or negative."""
        return False


@dataclass(frozen=True, kw_only=True)
class Paired(SharedItems):
    """Item scores `a` and `b` on the shared items (n,), weights `w` of mean 1, codes of clusters and their
    `labels`, and `rng` for tests that draw.
    """

    a: Floats
    b: Floats
    w: Floats
    codes: tuple[Ints, ...] = ()
    labels: tuple[str, ...] = ()
    bounded: bool = True
    variance: VarianceEstimator = field(default_factory=CR2)
    rng: np.random.Generator | None = None

    @property
    def d(self) -> Floats:
        """The paired differences of the item scores (n,)."""
        return self.a - self.b

    @property
    def n(self) -> int:
        """The number of items."""
        return len(self.a)

    @property
    def n_clusters(self) -> int:
        """The number of clusters (of two clusterings the smaller), or of items without clusters."""
        return min([int(code.max()) + 1 for code in self.codes], default=self.n)

    @property
    def size(self) -> float:
        """The largest absolute score."""
        return float(np.abs([self.a, self.b]).max())

    @property
    def whole(self) -> bool:
        """Whether an item was entirely lost, or won."""
        return bool(np.abs(self.d).max() >= 1)

    @property
    def generator(self) -> np.random.Generator:
        """The generator of random draws."""
        return self.rng or np.random.default_rng(0)

    def moments(self, *, score: bool) -> PairMoments:
        """Return the pivots of both, by the score or a plain t."""
        x = np.column_stack([self.a, self.b] if score else [self.d, np.zeros(self.n)])
        return pair_moments(x, clusters=self.codes, weights=self.w, variance=self.variance, score=score)

    def details(self) -> PairDetails:
        """Return the details of both models besides their difference."""
        x = np.column_stack([self.a, self.b])
        return pair_details(x, clusters=self.codes, weights=self.w, variance=self.variance)

    def net_wins(self, moments: PairMoments) -> tuple[Floats, Floats]:
        """Return the net wins of both, counted in events on effective items, and these items."""
        return net_wins_of_items(np.column_stack([self.a, self.b]), moments, self.codes, self.w)

    def doubts(self) -> list[ResultWarning]:
        """Warn of too few or too unequal clusters."""
        return cluster_warnings(self.w, self.codes, self.plain.df, self.labels)

    def negative(self) -> bool:
        """Return whether two clusterings give a variance that is zero or negative."""
        if len(self.codes) < TWO_WAY:
            return False
        residuals = (self.d - self.w @ self.d / self.w.sum()) * self.w
        terms = [
            (term.inflation(self.variance) @ term.sums(residuals) ** 2, sign)
            for term, sign in clusterings(self.codes, self.w)
        ]
        return bool(signed_total(terms) != sum(sign * term for term, sign in terms))


TestChoice: TypeAlias = "ComparisonMethod | DifferenceTest"
"""A word, or your own object instead (docs/extending.md)."""


class DifferenceTest(Protocol):
    """How the difference of two models is tested on the items that both answered.

    It implements a word of `ComparisonMethod`, or is your own object, best a subclass of this one.
    """

    @property
    def name(self) -> str:
        """Its label in answers."""

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Return the p-value of "no difference" and the limits of the difference at a level, from one
        statistic, so that they can't disagree.

        The pair has at least two clusters. Your own object gets a `Paired`, with the scores themselves.
        """


@dataclass(frozen=True, slots=True)
class ScoreTest(DifferenceTest):
    """The score pivot (score_pivot.py), the default for scores in [0, 1]."""

    name: ClassVar[str] = "score"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Test by the score pivot, allowing for net losses unobserved in few items."""
        require_fractions(bounded=pair.bounded)
        moments = pair.moments(score=True)
        found, (wins, items) = moments.at((0, 1)), pair.net_wins(moments)
        net = NetWins(wins=float(wins[0, 1]), items=float(items[0, 1]), event=float(found.event))
        return with_net_wins(pivot_of(found, level, reach=1.0), net, level)


@dataclass(frozen=True, slots=True)
class TTest(DifferenceTest):
    """The paired t test, the default for scores on other scales."""

    name: ClassVar[str] = "t"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Test by the standard error and its degrees of freedom."""
        plain = pair.plain
        return t_pivot(plain.value, plain.se, plain.df, level).with_warnings(*plain.warnings)


@dataclass(frozen=True, slots=True)
class SignFlipTest(DifferenceTest):
    """The permutation test that flips the signs of whole clusters (resampling.py)."""

    name: ClassVar[str] = "sign-flip"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Make all flips of clusters, or many random ones."""
        pair = items_of(pair, self.name)
        term = clusterings(pair.codes[:1], pair.w)[0][0]
        p, low, high = resampling.flip_test(
            term.sums(pair.w * pair.d), term.totals, level=level, rng=pair.generator
        )
        smallest = 2.0 ** (1 - term.n_clusters)
        coarse = doubt("too_few_flips", clusters=term.n_clusters, smallest=smallest)
        flat = [] if np.ptp(pair.d) > 0 else [doubt("same_difference", value=float(pair.d[0]))]
        warnings = [*([] if smallest <= 1 - level else [coarse]), *flat, *_one_way_only(pair)]
        return Pivot(p_value=p, low=low, high=high, warnings=tuple(warnings))


@dataclass(frozen=True, slots=True)
class McNemarTest(DifferenceTest):
    """McNemar's test with mid-p (py), which ignores clusters."""

    name: ClassVar[str] = "mcnemar"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Count wins and losses. MethodError for anything but one right-or-wrong answer per item."""
        pair = items_of(pair, self.name)
        if not np.isin(np.concatenate([pair.a, pair.b]), (0.0, 1.0)).all() or np.any(pair.w != pair.w[0]):
            raise MethodError(
                "method 'mcnemar' needs one right-or-wrong answer per item, equally weighted",
                remedy="Use the default, which takes fractions, attempts and weights.",
            )
        wins, losses = int((pair.d > 0).sum()), int((pair.d < 0).sum())
        p, low, high = mcnemar.midp_test(wins, losses, len(pair.d), level=level)
        warnings = (doubt("ignores_clusters"),) if pair.codes else ()
        return Pivot(p_value=p, low=low, high=high, warnings=warnings)


@dataclass(frozen=True, slots=True)
class BootstrapTTest(DifferenceTest):
    """The studentized bootstrap over clusters (resampling.py)."""

    name: ClassVar[str] = "bootstrap"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Resample clusters, if anything varies."""
        pair = items_of(pair, self.name)
        value, warnings = pair.plain.value, (*pair.plain.warnings, *_one_way_only(pair))
        se = math.sqrt(float(variances(pair.d[:, None], pair.w, pair.codes[:1], "CR1")[0]))
        if se == 0:
            return t_pivot(value, 0.0, math.nan, level).with_warnings(*warnings)
        t = resampling.pivots(pair.d, pair.w, pair.codes, pair.generator)
        half = resampling.critical(t, level) * se
        p = (1 + int((t >= abs(value) / se).sum())) / (len(t) + 1)
        return Pivot(p_value=p, low=value - half, high=value + half, warnings=warnings)


@dataclass(frozen=True, slots=True)
class BayesianBootstrapTest(DifferenceTest):
    """The Bayesian bootstrap over clusters (resampling.py)."""

    name: ClassVar[str] = "bayes"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Draw the posterior of the difference."""
        pair = items_of(pair, self.name)
        codes = pair.codes[0] if pair.codes else None
        reach = 1.0 if pair.bounded else 0.0
        draws = np.sort(resampling.difference_draws(pair.d, pair.w, codes, reach=reach, rng=pair.generator))
        allowed = int((1 - level) / 2 * len(draws) * (1 + 1e-12))
        p = 2 * min(int((draws <= 0).sum()), int((draws >= 0).sum())) / len(draws)
        low, high = float(draws[allowed]), float(draws[-allowed - 1])
        return Pivot(p_value=min(p, 1.0), low=low, high=high, warnings=tuple(_one_way_only(pair)))


TESTS: Mapping[str, DifferenceTest] = {
    each.name: each
    for each in (
        ScoreTest(),
        TTest(),
        SignFlipTest(),
        McNemarTest(),
        BootstrapTTest(),
        BayesianBootstrapTest(),
    )
}
"""The test for each word of `ComparisonMethod`."""


def test_of(choice: TestChoice | None, *, bounded: bool) -> DifferenceTest:
    """Return the test for a word, or your own. None takes the usual one for such scores.

    MethodError for anything else.
    """
    if choice is None:
        choice = "score" if bounded else "t"
    return chosen_object("method", choice, TESTS)


def by_moments(test: DifferenceTest) -> bool:
    """Return whether a test needs only moments, not the scores of shared items: the score pivot and t."""
    return isinstance(test, (ScoreTest, TTest))


def require_fractions(*, bounded: bool) -> None:
    """Raise MethodError if scores aren't in [0, 1], as the score pivot needs."""
    if not bounded:
        raise MethodError(
            "method 'score' needs scores in [0, 1]", remedy="Use method 't', or rescale the scores."
        )


def items_of(pair: SharedItems, name: str) -> Paired:
    """Return a pair with its scores. MethodError if only sums over items are available."""
    if not isinstance(pair, Paired):
        raise needs_items(name)
    return pair


def _one_way_only(pair: Paired) -> list[ResultWarning]:
    return [doubt("first_clustering_only")] if len(pair.codes) == TWO_WAY else []
