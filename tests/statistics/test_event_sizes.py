"""The number of items that one observed event stands for: from one item to a whole cluster, by the correlation seen."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.clustered_variance import covariance
from howsure.statistics.event_sizes import ItemSpread, event_worth
from method_cases import codes, event_worth_by_hand

sizes = st.floats(1.01, 200)
uneven = st.floats(0, 1)
deffs = st.floats(0, 300)
squares_per_item = st.floats(1e-4, 1)
counts = st.integers(4, 5_000)


def units_of(n, size, unevenness=0.0):
    """How many clusters n items are in, at a size Σ n_g² / n: n / size where they are equal, more where they aren't."""
    return n / size ** (1 - unevenness)


def size_of_event(variance, squares, fourths, n, size, units):
    return event_worth(
        variance, ItemSpread(squares=np.asarray(squares), fourths=np.asarray(fourths)), n, size=size, clusters=units
    )


def weight(deff, spread, n, size, unevenness=0.0):
    """The weight at this design effect, where a share of so many items is won or lost and the rest are ties."""
    seen = spread * n
    return float(size_of_event(deff * spread / n, seen, seen, n, size, units_of(n, size, unevenness)))


@given(deffs, squares_per_item, counts, sizes, uneven)
def test_an_event_stands_for_one_item_to_one_cluster(deff, spread, n, size, unevenness):
    assert 1 <= weight(deff, spread, n, size, unevenness) <= size ** (1 - unevenness / 2) * (1 + 1e-12)


@given(deffs, squares_per_item, counts)
def test_without_clusters_an_event_stands_for_one_item(deff, spread, n):
    assert weight(deff, spread, n, 1.0) == 1


@given(counts, sizes)
def test_without_variance_an_event_stands_for_a_whole_cluster(n, size):
    units = units_of(n, size)
    assert float(size_of_event(0.0, 0.0, 0.0, n, size, units)) == pytest.approx(size, rel=1e-12)
    rounding = float(size_of_event(1e-34, 1e-31 * n, 1e-62 * n, n, size, units))
    assert rounding == pytest.approx(size, rel=1e-12), "rounding is nothing"


def test_the_size_of_unequal_clusters_is_a_geometric_mean():
    sizes = np.array([91, 1, 1, 1, 1, 1, 1, 1, 1, 1])
    x = np.ones((100, 2)) * (1.0, 0.0)
    cluster = np.repeat(np.arange(10), sizes)
    by_item, average = (sizes**2).sum() / 100, 10.0
    assert seen_weight(x, cluster) == pytest.approx(np.sqrt(by_item * average), rel=1e-9)
    assert seen_weight(x, np.arange(100) // 10) == pytest.approx(10, rel=1e-9)


@given(deffs, deffs, squares_per_item, counts, sizes, uneven)
def test_event_sizes_rise_with_the_design_effect(deff, other, spread, n, size, unevenness):
    less, more = (weight(each, spread, n, size, unevenness) for each in sorted((deff, other)))
    assert less <= more * (1 + 1e-9)


@given(deffs, squares_per_item, squares_per_item, counts, sizes, uneven)
def test_event_sizes_fall_with_the_variance_observed(deff, spread, other, n, size, unevenness):
    less, more = (weight(deff, each, n, size, unevenness) for each in sorted((spread, other)))
    assert more <= less * (1 + 1e-9)


def test_in_large_samples_event_sizes_equal_the_observed_design_effect():
    n, size = 10**8, 11.0
    assert weight(1.0, 0.5, n, size) == pytest.approx(1, abs=1e-4), "clusters as different as chance has it"
    assert weight(4.0, 0.5, n, size) == pytest.approx(4, abs=1e-4), "the design effect itself"
    assert weight(11.0, 0.5, n, size) == pytest.approx(11, abs=1e-4), "items of a cluster are all the same"


def test_with_one_event_the_prior_counts_one_half():
    assert weight(1.0, 1 / 40, 40, 9.0) == pytest.approx(1 + 8 / 2, rel=1e-12)


def test_event_sizes_do_not_depend_on_the_scale_of_differences():
    rng = np.random.default_rng(0)
    cluster = codes(rng.integers(0, 9, 60))
    x = rng.integers(0, 2, (60, 2)).astype(float)
    assert seen_weight(0.01 * x, cluster) == pytest.approx(seen_weight(x, cluster), rel=1e-9)


@given(st.lists(st.tuples(deffs, squares_per_item, st.floats(0.01, 4), counts, sizes, uneven), min_size=1, max_size=8))
def test_event_sizes_of_arrays_equal_the_formula_elementwise(cases):
    deff, spread, tail, n, size, unevenness = (np.array(column) for column in zip(*cases, strict=True))
    given_of_each = (deff * spread / n, spread * n, tail * spread * n, n, size, units_of(n, size, unevenness))
    expected = [event_worth_by_hand(*case) for case in zip(*given_of_each, strict=True)]
    assert size_of_event(*given_of_each) == pytest.approx(expected, rel=1e-9)


def seen_weight(x, cluster):
    """The size that a pair's own pivot has room for: room = u / n."""
    return len(x) * pair_moments(x, clusters=[cluster]).room[0, 1]


@pytest.mark.parametrize("seed", range(5))
def test_pair_event_sizes_use_the_pairs_own_variance_and_clusters(seed):
    rng = np.random.default_rng(seed)
    cluster = codes(rng.integers(0, 9, 60))
    x = (rng.random((60, 2)) < rng.beta(1, 1, (9, 2))[cluster]).astype(float)
    d = x[:, 0] - x[:, 1]
    variance = covariance(d[:, None], np.ones(60), [cluster], "CR2")[0, 0]
    size = (np.bincount(cluster) ** 2).sum() / 60
    fourths = ((d - d.mean()) ** 4).sum()
    expected = event_worth_by_hand(variance, d.var() * 60, fourths, 60, size, cluster.max() + 1)
    assert seen_weight(x, cluster) == pytest.approx(expected, rel=1e-9)


def test_ten_wins_in_one_cluster_are_weaker_evidence_than_in_ten():
    cluster = np.repeat(np.arange(20), 10)
    apart, together = np.zeros((2, 200, 2))
    apart[::20, 0] = 1  # every other cluster
    together[:10, 0] = 1
    assert seen_weight(apart, cluster) < 3
    assert seen_weight(together, cluster) > 9
    spread, heap = (pair_moments(x, clusters=[cluster]).p_value[0, 1] for x in (apart, together))
    assert spread < 0.05 < heap


def test_single_item_clusters_equal_no_clusters():
    rng = np.random.default_rng(0)
    x, weights = rng.integers(0, 2, (40, 3)).astype(float), rng.uniform(0.5, 3, 40)
    for w in (None, weights):
        one, other = (pair_moments(x, weights=w, clusters=c) for c in ((), [np.arange(40)]))
        for name in ("difference", "variance", "df", "item_variance", "room", "p_value"):
            assert getattr(other, name) == pytest.approx(getattr(one, name), rel=1e-10), name
