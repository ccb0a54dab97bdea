"""More items from the same clusters: the variance of a stratified sample, by the textbook's formula."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.clustered_variance import free_of_strata, joined_strata, within_strata
from howsure.statistics.intervals import t_quantile
from howsure.statistics.means import mean
from method_cases import codes


def drawn(seed, n=60, clusters=8):
    rng = np.random.default_rng(seed)
    groups = codes(rng.integers(0, clusters, n))
    return (rng.random(n) < rng.beta(1, 1, clusters)[groups]).astype(float), joined_strata(groups)


@given(st.integers(0, 1_000), st.integers(2, 12))
def test_the_variance_is_that_of_a_stratified_sample(seed, clusters):
    """Cochran (1977), equation 5.7 without the correction for finite strata: Σ (n_g / n)² s_g² / n_g."""
    x, strata = drawn(seed, clusters=clusters)
    sizes = np.bincount(strata)
    if sizes.min() < 2:
        return
    expected = sum((n / 60) ** 2 * x[strata == g].var(ddof=1) / n for g, n in enumerate(sizes))
    found = mean(within_strata(x[:, None], strata)[:, 0], bounded=False)
    assert found.value == pytest.approx(x.mean(), abs=1e-12)
    assert found.se == pytest.approx(np.sqrt(expected), abs=1e-12)


@given(st.integers(0, 1_000))
def test_means_stay_and_holes_too(seed):
    x, strata = drawn(seed)
    rng = np.random.default_rng(seed)
    table = np.column_stack([x, rng.random(60)])
    table[rng.random(60) < 0.2, 1] = np.nan
    for weights in (None, rng.uniform(0.5, 2, 60)):
        moved = within_strata(table, strata, weights)
        assert np.array_equal(np.isnan(moved), np.isnan(table))
        w = np.ones(60) if weights is None else weights
        for k in range(2):
            has = ~np.isnan(table[:, k])
            assert moved[has, k] @ w[has] / w[has].sum() == pytest.approx(
                table[has, k] @ w[has] / w[has].sum(), abs=1e-12
            )


def test_clusters_that_differ_only_among_themselves_leave_nothing():
    x = np.repeat([0.0, 1.0, 1.0], 10)[:, None]
    assert within_strata(x, np.repeat([0, 1, 2], 10)) == pytest.approx(np.full((30, 1), 2 / 3))


def test_lonely_clusters_are_put_together():
    assert joined_strata(np.array([0, 0, 1, 2, 3, 3, 3])).tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert joined_strata(np.array([0, 0, 1, 2, 2, 2])).tolist() == [0, 0, 0, 1, 1, 1], "one alone goes to the smallest"
    assert joined_strata(np.array([0, 0, 1, 1])).tolist() == [0, 0, 1, 1]
    assert joined_strata(np.arange(4)).tolist() == [0, 0, 0, 0], "all alone are one sample"


@pytest.mark.parametrize("sizes", [(30, 2, 2), (5, 5, 5, 5), (2,) * 9, (1, 1, 1, 1), (1, 7)])
def test_a_mean_has_a_degree_of_freedom_less_for_every_stratum(sizes):
    """Cochran (1977), section 5.4: n − G where strata vary alike; clusters of one item count as one stratum."""
    strata = joined_strata(np.repeat(np.arange(len(sizes)), sizes))
    count, n = int(strata.max()) + 1, len(strata)
    x = np.random.default_rng(3).normal(size=n)
    found = mean(within_strata(x[:, None], strata)[:, 0], bounded=False, strata=count)
    assert found.df == pytest.approx(n - count)
    assert found.interval.high - found.value == pytest.approx(float(t_quantile(0.95, n - count)) * found.se)
    assert found.method.same_clusters


def test_nothing_left_is_no_error_bar_and_z_loses_nothing():
    assert np.isnan(free_of_strata(3.0, 4, 4))
    assert free_of_strata(np.inf, 10, 4) == np.inf
    assert mean(np.array([0.2, 0.4]), bounded=False, strata=2).interval.low != 0.0
    assert np.isnan(mean(np.array([0.2, 0.4]), bounded=False, strata=2).interval.low)
    assert np.isnan(mean(np.array([0.2]), bounded=False, strata=1).interval.low)
