"""Limits, wins, ties, correlations and unpaired standard errors of all pairs equal those of difference()."""

import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from howsure.statistics import intervals
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.difference import difference
from howsure.statistics.pair_details import _room, pair_details, pair_limits

KINDS = ("single", "attempts", "continuous", "open", "few")
LEVEL = 0.95


def scores(kind, rng, n, models):
    if kind == "single":
        return rng.integers(0, 2, (n, models)).astype(float)
    if kind == "few":
        return (rng.random((n, models)) < 0.03).astype(float)
    if kind == "attempts":
        return rng.integers(0, 4, (n, models)) / 3
    return rng.random((n, models)) if kind == "continuous" else 3 * rng.standard_normal((n, models))


@example(
    kind="attempts", seed=5219, n=16, clusters="two ways", weighted=False, holes=True, variance="miller"
)  # 2/9 + 16/9 − 2
@example(kind="single", seed=1, n=20, clusters=None, weighted=True, holes=True, variance="CR2")
@given(
    kind=st.sampled_from(KINDS),
    seed=st.integers(0, 10_000),
    n=st.integers(3, 40),
    clusters=st.sampled_from([None, "own", "two ways"]),
    weighted=st.booleans(),
    holes=st.booleans(),
    variance=st.sampled_from(["CR2", "CR1", "miller"]),
)
def test_details_of_every_pair_equal_those_of_difference(kind, seed, n, clusters, weighted, holes, variance):
    rng = np.random.default_rng(seed)
    x = scores(kind, rng, n, 4)
    x[:, 3] = x[:, 0]  # the same answers twice
    if holes:
        x[rng.random(x.shape) < 0.2] = np.nan
        x = x[~np.isnan(x).all(axis=1)]
    n = len(x)
    codes = [np.unique(rng.integers(0, max(n // 3, 2), n), return_inverse=True)[1]] if clusters else []
    codes += [np.unique(rng.integers(0, 4, n), return_inverse=True)[1]] if clusters == "two ways" else []
    w = rng.random(n) + 0.5 if weighted else None
    bounded = kind != "open"
    moments = pair_moments(x, clusters=codes, weights=w, variance=variance, score=bounded)
    low, high = pair_limits(
        x, moments, level=LEVEL, clusters=codes, weights=w, reach=1.0 if bounded else np.inf, net_wins=bounded
    )
    told = pair_details(x, clusters=codes, weights=w, variance=variance)
    for i, j in ((0, 1), (2, 1), (0, 3), (3, 2)):
        if not (~np.isnan(x[:, [i, j]])).all(axis=1).any():
            continue
        one = difference(x[:, i], x[:, j], clusters=codes, weights=w, bounded=bounded, level=LEVEL, variance=variance)
        assert (told.wins[i, j], told.wins[j, i], told.ties[i, j]) == (one.wins, one.losses, one.ties)
        assert (told.mean[i, j], told.mean[j, i]) == pytest.approx((one.a_mean, one.b_mean))
        assert told.correlation[i, j] == pytest.approx(one.correlation, abs=1e-6, nan_ok=True)
        assert told.unclustered_se[i, j] == pytest.approx(one.unclustered_se, abs=1e-7, nan_ok=True)
        assert told.unpaired_se[i, j] == pytest.approx(one.unpaired_se, abs=1e-7, nan_ok=True)
        interval = one.estimate.interval
        assert [low[i, j], high[i, j]] == pytest.approx([interval.low, interval.high], abs=1e-7, nan_ok=True)


def test_scores_equal_up_to_rounding_are_ties():
    fifth = 1 / 3 * (3 / 5)  # not 1 / 5 to the last bit
    x = np.array([[fifth, 0.2, 0.2], [0.2, fifth, np.nan], [1.0, 0.2, 0.2 * (1 + 1e-9)]])
    assert fifth != 0.2
    found = pair_details(x)
    assert found.wins.tolist() == [[0, 1, 1], [0, 0, 0], [0, 1, 0]]
    assert found.ties[0, 1] == 2


def test_wins_are_counted_correctly_in_blocks(monkeypatch):
    monkeypatch.setattr("howsure.statistics.pair_details.BLOCK", 100)
    x = np.random.default_rng(0).random((80, 5))
    x[3, 2] = np.nan
    told = pair_details(x)
    for i in range(5):
        assert told.wins[i].tolist() == [int((x[:, i] > x[:, j]).sum()) for j in range(5)]
    assert (told.wins + told.wins.T + told.ties)[0, 2] == 79


@given(items=st.floats(1, 5000), share=st.floats(0, 1), level=st.floats(0.6, 0.9999))
def test_the_shortcut_bound_is_never_below_the_exact_limit(items, share, level):
    losses = np.array([share * items])
    found = _room(losses, np.array([items]), level, where=np.array([True]), beyond=np.array([-np.inf]))
    far = -math.log1p(-level)
    assert found[0] == intervals.net_limit(losses, items, level)[0]
    assert found[0] * items <= (losses[0] + 1 + math.sqrt(2 * (losses[0] + 1) * far) + far) * (1 + 1e-9)


@given(
    items=st.floats(1, 5000),
    share=st.floats(0, 1.1),
    level=st.floats(0.6, 0.999999),
    beyond=st.floats(-0.1, 1.2) | st.floats(0.9, 1.1).map(lambda about: -about),
)
def test_exact_limits_are_skipped_only_if_another_limit_dominates(items, share, level, beyond):
    """A negative `beyond` below −.9 stands for so many times the limit itself."""
    losses, n = np.array([share * items]), np.array([items])
    exact = intervals.net_limit(losses, n, level)
    value = -beyond * exact if beyond <= -0.9 else np.array([beyond])
    found = _room(losses, n, level, where=np.array([True]), beyond=value)
    assert np.maximum(found, value)[0] == np.maximum(exact, value)[0]
