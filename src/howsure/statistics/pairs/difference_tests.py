"""The tests of a difference of two models on shared items: what stands behind each word of `ComparisonMethod`."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Protocol

import numpy as np

from howsure.errors import Caution, MethodError, doubt
from howsure.statistics.choices import chosen_object
from howsure.statistics.means import bayes, bootstrap
from howsure.statistics.means.clustered import clusterings, variances
from howsure.statistics.means.limits import needs_items
from howsure.statistics.pairs import mcnemar, signflip
from howsure.statistics.pairs.paired import TWO_WAY, Paired
from howsure.statistics.pairs.pivot import NetWins, Pivot, pivot_of, t_pivot, with_net_wins

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.statistics.choices import TestChoice
    from howsure.statistics.pairs.paired import SharedItems


class DifferenceTest(Protocol):
    """How the difference of two models is tested on the items that both answered.

    It stands behind a word of `ComparisonMethod`, or is an object of the user's own, best a subclass of this
    one.
    """

    @property
    def name(self) -> str:
        """Its label in answers."""

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Return the p-value of "no difference" and the limits of the difference at a level, from one
        statistic, so that they can't disagree.

        The pair has at least two clusters. An object of the user's own gets a `Paired`, with the scores
        themselves.
        """


@dataclass(frozen=True, slots=True)
class ScoreTest(DifferenceTest):
    """The score pivot (score.py), the default for scores in [0, 1]."""

    name: ClassVar[str] = "score"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Test by the score pivot, with room for the net losses that few items may hide."""
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
        return t_pivot(plain.value, plain.se, plain.df, level).with_cautions(*plain.cautions)


@dataclass(frozen=True, slots=True)
class SignFlipTest(DifferenceTest):
    """The permutation test that flips the signs of whole clusters (signflip.py)."""

    name: ClassVar[str] = "sign-flip"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Flip all clusters in all ways, or in many."""
        pair = items_of(pair, self.name)
        term = clusterings(pair.codes[:1], pair.w)[0][0]
        p, low, high = signflip.flip_test(
            term.sums(pair.w * pair.d), term.totals, level=level, rng=pair.generator
        )
        smallest = 2.0 ** (1 - term.n_clusters)
        coarse = doubt("too_few_flips", clusters=term.n_clusters, smallest=smallest)
        flat = [] if np.ptp(pair.d) > 0 else [doubt("same_difference", value=float(pair.d[0]))]
        cautions = [*([] if smallest <= 1 - level else [coarse]), *flat, *_one_way_only(pair)]
        return Pivot(p_value=p, low=low, high=high, cautions=tuple(cautions))


@dataclass(frozen=True, slots=True)
class McNemarTest(DifferenceTest):
    """McNemar's test with mid-p (mcnemar.py), which knows nothing of clusters."""

    name: ClassVar[str] = "mcnemar"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Count wins and losses; MethodError for anything but one right-or-wrong answer an item."""
        pair = items_of(pair, self.name)
        if not np.isin(np.concatenate([pair.a, pair.b]), (0.0, 1.0)).all() or np.any(pair.w != pair.w[0]):
            raise MethodError(
                "method 'mcnemar' needs one right-or-wrong answer per item, equally weighted",
                remedy="Use the default, which takes fractions, attempts and weights.",
            )
        wins, losses = int((pair.d > 0).sum()), int((pair.d < 0).sum())
        p, low, high = mcnemar.midp_test(wins, losses, len(pair.d), level=level)
        cautions = (doubt("ignores_clusters"),) if pair.codes else ()
        return Pivot(p_value=p, low=low, high=high, cautions=cautions)


@dataclass(frozen=True, slots=True)
class BootstrapTTest(DifferenceTest):
    """The studentized bootstrap over clusters (bootstrap.py)."""

    name: ClassVar[str] = "bootstrap"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Resample clusters; where nothing varies there is nothing to resample."""
        pair = items_of(pair, self.name)
        value, cautions = pair.plain.value, (*pair.plain.cautions, *_one_way_only(pair))
        se = math.sqrt(float(variances(pair.d[:, None], pair.w, pair.codes[:1], "CR1")[0]))
        if se == 0:
            return t_pivot(value, 0.0, math.nan, level).with_cautions(*cautions)
        t = bootstrap.pivots(pair.d, pair.w, pair.codes, pair.generator)
        half = bootstrap.critical(t, level) * se
        p = (1 + int((t >= abs(value) / se).sum())) / (len(t) + 1)
        return Pivot(p_value=p, low=value - half, high=value + half, cautions=cautions)


@dataclass(frozen=True, slots=True)
class BayesianBootstrapTest(DifferenceTest):
    """The Bayesian bootstrap over clusters (bayes.py)."""

    name: ClassVar[str] = "bayes"

    def pivot(self, pair: SharedItems, level: float) -> Pivot:
        """Draw the posterior of the difference."""
        pair = items_of(pair, self.name)
        codes = pair.codes[0] if pair.codes else None
        reach = 1.0 if pair.bounded else 0.0
        draws = np.sort(bayes.difference_draws(pair.d, pair.w, codes, reach=reach, rng=pair.generator))
        allowed = int((1 - level) / 2 * len(draws) * (1 + 1e-12))
        p = 2 * min(int((draws <= 0).sum()), int((draws >= 0).sum())) / len(draws)
        low, high = float(draws[allowed]), float(draws[-allowed - 1])
        return Pivot(p_value=min(p, 1.0), low=low, high=high, cautions=tuple(_one_way_only(pair)))


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
"""What each word of `ComparisonMethod` stands for."""


def test_of(choice: TestChoice | None, *, bounded: bool) -> DifferenceTest:
    """Return the test that a word stands for, or the user's own; None takes the usual one of such scores.

    MethodError for anything else.
    """
    if choice is None:
        choice = "score" if bounded else "t"
    return chosen_object("method", choice, TESTS)


def by_moments(test: DifferenceTest) -> bool:
    """Say whether a test needs no more than moments, not the scores of shared items: the score pivot and
    t.
    """
    return isinstance(test, (ScoreTest, TTest))


def require_fractions(*, bounded: bool) -> None:
    """Raise MethodError where scores don't lie in [0, 1], as the score pivot needs."""
    if not bounded:
        raise MethodError(
            "method 'score' needs scores in [0, 1]", remedy="Use method 't', or rescale the scores."
        )


def items_of(pair: SharedItems, name: str) -> Paired:
    """Return a pair with its scores; MethodError where there are only sums over items."""
    if not isinstance(pair, Paired):
        raise needs_items(name)
    return pair


def _one_way_only(pair: Paired) -> list[Caution]:
    return [doubt("first_clustering_only")] if len(pair.codes) == TWO_WAY else []
