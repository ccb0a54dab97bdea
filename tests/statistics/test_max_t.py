"""max-t leaves out pairs that cannot reach the maximum in any sign flip, without changing a p-value."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.max_t import NEVER_DRAWN, _OrderedPairs, max_t
from howsure.statistics.pair_moments import flip_sums, order_of_rows
from trials import draws

MODELS = 3
PAIRS = tuple(itertools.combinations(range(MODELS), 2))


@st.composite
def clusters_to_flip(draw):
    """50 to 250 clusters of equal or unequal sizes, one of them dominant or not, with lone items or without."""
    count = draw(st.integers(50, 250))
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = rng.integers(1, draw(st.sampled_from([2, 3, 6, 30])), count).astype(float)
    if share := draw(st.sampled_from([0.0, 0.03, 0.06, 0.09, 0.12])):
        sizes[0] = share / (1 - share) * sizes[1:].sum()
    lone = np.full(2, draw(st.sampled_from([1.0, 4.0]))) if draw(st.booleans()) else np.zeros(0)
    sums = draw(st.sampled_from([rng.normal, rng.standard_cauchy]))(size=(count, MODELS))
    if draw(st.booleans()):
        sums *= sizes[:, None]
    if draw(st.booleans()):
        sums[:, 0] += np.sign(rng.normal()) * sizes  # a model that is better everywhere
    if draw(st.booleans()):
        sums[0, 1] += 10 * np.abs(sums).max()  # one that differs in the first cluster, which may be the dominant one
    return flip_sums(sums, sizes, lone)


def differences(flips, pair):
    return (flips.sums[:, pair[0]] - flips.sums[:, pair[1]] + flips.shared)[:, None]


def squared_pivots(flips, pair, signs):
    """The squared CR2 pivots of one pair under flips (C, F), residual by residual in double precision."""
    d = signs * differences(flips, pair)
    z = d.sum(axis=0)
    share = flips.sizes[:, None] / flips.sizes.sum()
    return z**2 / ((d - share * z) ** 2 / (1 - share)).sum(axis=0)


def assert_out_of_reach(flips, pair, signs):
    """Check the bound against the long way, and against what max-t computes for the same flips."""
    pairs = _OrderedPairs.of(flips, *(np.array([k]) for k in pair), flips.data_squares())
    if not flips.even:  # max-t has a scale of its own where sizes are equal
        assert squared_pivots(flips, pair, signs).max() <= pairs.out_of_reach * (1 + 1e-9)
    counted = pairs.pivots(pairs.columns.sums(signs.astype(np.float32)))
    assert counted.max() <= pairs.out_of_reach * (1 + 1e-4)


@given(clusters_to_flip(), st.integers(0, 2**32))
def test_no_random_sign_flip_reaches_an_excluded_pair(flips, seed):
    signs = np.random.default_rng(seed).choice((-1.0, 1.0), (len(flips.sizes), 500))
    for pair in PAIRS:
        assert_out_of_reach(flips, pair, signs)


@given(clusters_to_flip(), st.integers(0, 2**32))
def test_no_extreme_sign_flip_reaches_an_excluded_pair(flips, seed):
    """Flips that push a difference one way, as far as seven standard deviations, on purpose."""
    rng = np.random.default_rng(seed)
    towards = rng.uniform(0.5, 1, 500)
    for pair in PAIRS:
        d = differences(flips, pair)
        signs = np.where(d < 0, -1.0, 1.0) * np.where(rng.random((len(d), 500)) < towards, 1, -1)
        comes_up = (signs * d).sum(axis=0) ** 2 <= NEVER_DRAWN**2 * (d**2).sum()
        assert_out_of_reach(flips, pair, signs[:, comes_up])


@given(clusters_to_flip())
def test_squares_for_some_models_are_those_for_all(flips):
    some = np.array([2, 0])
    np.testing.assert_allclose(flips.data_squares(some), flips.data_squares()[:, some], rtol=1e-12, atol=1e-12)


def reach(sizes):
    flips = flip_sums(np.random.default_rng(0).normal(size=(len(sizes), 2)), np.array(sizes, dtype=float), np.zeros(0))
    return _OrderedPairs.of(flips, np.array([0]), np.array([1]), flips.data_squares()).out_of_reach


def test_the_exclusion_bound_is_finite_for_many_clusters_and_rises_with_the_largest():
    assert reach(np.full(60, 3)) == pytest.approx(NEVER_DRAWN**2), "equal sizes, on the scale of z² / A"
    alike = np.tile([1, 2], 200)
    some, more, most = (reach(np.append(alike, size)) for size in (2, 30, 60))
    assert NEVER_DRAWN**2 < some < more < most < math.inf


@pytest.mark.parametrize("sizes", [np.arange(1, 31), np.append(np.ones(500), 200)], ids=["few", "one dominant"])
def test_with_few_clusters_or_a_dominant_one_no_pair_is_excluded(sizes):
    assert reach(sizes) == math.inf


def world(seed, n_clusters, largest=0.0, score=True, weak=0.5):
    """A board with two models far below the rest, in clusters of 1 to 3 items, of which the first may be large."""
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 4, n_clusters)
    if largest:
        sizes[0] = round(largest / (1 - largest) * sizes[1:].sum())
    cluster = np.repeat(np.arange(n_clusters), sizes)
    chance = np.array([0.985, 0.95, 0.93, weak, 0.015, 0.005]) + rng.normal(0, 0.01, (n_clusters, 1))[cluster]
    x = (rng.random((len(cluster), 6)) < chance).astype(float)
    return pair_moments(x, clusters=[cluster], score=score)


@pytest.mark.parametrize("score", [True, False])
@pytest.mark.parametrize(
    ("n_clusters", "largest"), [(12, 0.0), (60, 0.0), (150, 0.0), (290, 0.0), (250, 0.05), (400, 0.0), (900, 0.0)]
)
@pytest.mark.parametrize("seed", draws([0], [0, 1]))
def test_excluding_pairs_changes_no_p_value(monkeypatch, seed, n_clusters, largest, score):
    m = world(seed, n_clusters, largest, score)
    assert not m.flips.even
    found = max_t(m.p_value, m.flips, rng=np.random.default_rng(5), draws=3_000)
    pairs = _OrderedPairs.of(m.flips, *np.triu_indices(6, 1), m.flips.data_squares())
    left_out = int((pairs.observed > pairs.out_of_reach).sum())
    assert left_out > 0 or n_clusters < (250 if score else 150), (
        "few clusters: there is no bound, so nothing may be left out"
    )
    monkeypatch.setattr(_OrderedPairs, "out_of_reach", math.inf)
    everything = max_t(m.p_value, m.flips, rng=np.random.default_rng(5), draws=3_000)
    assert np.array_equal(everything, found, equal_nan=True)


def test_the_order_of_clusters_hangs_on_no_order_of_rows_or_models():
    """Of deviations that add up to 0 in every cluster and every model, as those of equal models do."""
    rng = np.random.default_rng(4)
    table = rng.normal(size=(30, 4))
    table = table - table.mean(axis=0) - table.mean(axis=1, keepdims=True) + table.mean()
    sizes = np.repeat([1.0, 2.0], 15)
    expected = table[order_of_rows(table, sizes)]
    for _ in range(5):
        rows, models = rng.permutation(30), rng.permutation(4)
        mixed = table[np.ix_(rows, models)]
        found = mixed[order_of_rows(mixed, sizes[rows])]
        assert np.array_equal(found, expected[:, models])
