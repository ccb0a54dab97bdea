"""Clustered, two-way and stratified variances with degrees of freedom: R, statsmodels, and published formulas."""

import math

import numpy as np
import polars as pl
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.clustered_variance import (
    ShareSums,
    clusterings,
    covariance,
    degrees_of_freedom,
    free_of_strata,
    group_sums,
    joined_strata,
    satterthwaite,
    sizes_of,
    within_strata,
)
from howsure.statistics.intervals import t_quantile
from howsure.statistics.means import mean
from method_cases import SETS, codes, long_way, reference_data

RNG = np.random.default_rng(11)


def se(x, clusters=(), weights=None, variance="CR2"):
    weights = np.ones(len(x)) if weights is None else weights
    return math.sqrt(covariance(x[:, None], weights, clusters, variance)[0, 0])


def hc0(x, cluster):
    """Our one-way CR1 variance, taken back to HC0."""
    count = cluster.max() + 1
    return se(x, [cluster], variance="CR1") ** 2 * (count - 1) / count


@pytest.mark.parametrize("name", SETS)
def test_cr1_standard_errors_equal_those_of_clubsandwich(name, reference):
    y, cluster, _, w = reference_data(name)
    expected = reference["sets"][name]["clubSandwich"]["CR1"]["se"]
    assert se(y, [cluster], w, "CR1") == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize("name", SETS)
def test_cr1_standard_errors_equal_those_of_statsmodels(name):
    y, cluster, _, w = reference_data(name)
    fit = sm.WLS(y, np.ones((len(y), 1)), weights=w).fit(
        cov_type="cluster", cov_kwds={"groups": cluster, "use_correction": True}
    )
    assert se(y, [cluster], w, "CR1") == pytest.approx(fit.bse[0], rel=1e-10)


@pytest.mark.parametrize("name", SETS)
def test_mean_standard_error_and_df_equal_those_of_r(name, reference):
    y, cluster, _, w = reference_data(name)
    found = mean(y, clusters=[cluster], weights=w, bounded=False)
    part = reference["sets"][name]
    expected = part.get("clubSandwich_transformed", part["clubSandwich"])["CR2"]
    assert (found.value, found.se, found.df) == pytest.approx((part["mean"], expected["se"], expected["df"]), rel=1e-10)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("kind", ["CR2", "CR1"])
def test_the_closed_form_of_cr2_and_df_equals_the_matrix_formula(kind, weighted):
    for seed in range(20):
        rng = np.random.default_rng(seed)
        n = int(rng.integers(3, 40))
        cluster = codes(np.append(rng.integers(0, max(2, n // 3), n - 2), (98, 99)))
        w = rng.uniform(0.2, 5, n) if weighted else np.ones(n)
        x = rng.normal(size=n)
        _, variance, df = long_way(x, cluster, w, kind)
        assert se(x, [cluster], w, kind) ** 2 == pytest.approx(variance, rel=1e-9)
        assert degrees_of_freedom([cluster], w, kind) == pytest.approx(df, rel=1e-9)


@pytest.mark.parametrize("name", ["balanced", "unbalanced", "dominant", "small"])
def test_the_miller_variance_is_the_published_sum_over_pairs_in_a_cluster(name):
    # Miller (2024): SE² = SE_CLT² + 1/n² Σ_c Σ_i Σ_{j≠i} (s_i − s̄)(s_j − s̄)
    y, cluster, _, _ = reference_data(name)
    n, deviation = len(y), y - y.mean()
    cross = sum(deviation[i] * deviation[j] for i in range(n) for j in range(n) if i != j and cluster[i] == cluster[j])
    expected = y.var(ddof=1) / n + cross / n**2
    assert se(y, [cluster], variance="miller") ** 2 == pytest.approx(expected, rel=1e-12)
    assert degrees_of_freedom([cluster], np.ones(n), "miller") == math.inf


@pytest.mark.parametrize("variance", ["CR2", "CR1", "miller"])
def test_single_item_clusters_give_sd_over_root_n(variance):
    x = RNG.normal(size=57)
    expected = x.std(ddof=1) / math.sqrt(57)
    assert se(x, variance=variance) == pytest.approx(expected, rel=1e-12)
    assert se(x, [np.arange(57)], variance=variance) == pytest.approx(expected, rel=1e-12)


@given(st.integers(2, 60), st.integers(1, 30))
def test_equal_clusters_have_g_minus_1_degrees_of_freedom(n_clusters, size):
    code = np.repeat(np.arange(n_clusters), size)
    assert degrees_of_freedom([code], np.ones(len(code)), "CR2") == pytest.approx(n_clusters - 1, rel=1e-9)


@given(st.lists(st.integers(1, 30), min_size=2, max_size=12))
def test_degrees_of_freedom_lie_between_1_and_g_minus_1(sizes):
    shares = np.array(sizes) / sum(sizes)
    assert 1 - 1e-9 <= satterthwaite(shares) <= len(sizes) - 1 + 1e-9


def test_one_cluster_has_no_degrees_of_freedom():
    assert math.isnan(satterthwaite(np.array([1.0])))
    assert math.isnan(satterthwaite(np.array([])))


def test_the_two_way_variance_is_the_sum_minus_the_intersection():
    y, first, second, _ = reference_data("twoway")
    y, first, second = np.tile(y, 2), np.tile(first, 2), np.tile(second, 2)  # two items a cell: V_12 is no trivial part
    both = codes(first * 100 + second)
    for variance in ("CR2", "CR1"):
        one = [se(y, [c], variance=variance) ** 2 for c in (first, second, both)]
        assert se(y, [first, second], variance=variance) ** 2 == pytest.approx(one[0] + one[1] - one[2], rel=1e-12)


def test_two_way_variances_equal_those_of_r_sandwich(reference):
    y, first, second, _ = reference_data("twoway")
    both = codes(first * 100 + second)
    expected = reference["sets"]["twoway"]["sandwich_two_way"]
    parts = [hc0(y, cluster) for cluster in (first, second, both)]
    names = ("first_only", "second_only", "intersection_only")
    assert np.sqrt(parts) == pytest.approx([expected[name] for name in names], rel=1e-10)
    total = math.sqrt(parts[0] + parts[1] - parts[2])
    assert total == pytest.approx(expected["vcovCL_HC0_cadjust_FALSE"], rel=1e-10)


def test_two_way_clusters_have_the_smaller_degrees_of_freedom():
    _, first, second, w = reference_data("twoway")
    assert degrees_of_freedom([first, second], w, "CR2") == pytest.approx(second.max(), rel=1e-9)


def test_the_same_clustering_twice_equals_one_way_clustering():
    y, cluster, _, w = reference_data("unbalanced")
    assert se(y, [cluster, cluster]) == pytest.approx(se(y, [cluster]), rel=1e-12)
    assert len(clusterings([cluster, cluster], w)) == 3


@pytest.mark.parametrize("variance", ["CR2", "CR1", "miller"])
def test_only_the_ratio_of_weights_counts(variance):
    y, cluster, _, w = reference_data("weighted")
    assert se(y, [cluster], 7 * w, variance) == pytest.approx(se(y, [cluster], w, variance), rel=1e-12)
    assert degrees_of_freedom([cluster], 7 * w, "CR2") == pytest.approx(degrees_of_freedom([cluster], w, "CR2"))


def test_the_covariance_matrix_gives_the_variance_of_the_difference():
    y, cluster, _, w = reference_data("weighted")
    x = np.column_stack([y, RNG.normal(size=len(y))])
    v = covariance(x, w, [cluster], "CR2")
    assert v[0, 0] + v[1, 1] - 2 * v[0, 1] == pytest.approx(se(x[:, 0] - x[:, 1], [cluster], w) ** 2, rel=1e-10)


def test_group_sums_work_for_unsorted_and_empty_groups():
    code = np.array([3, 0, 3, 1, 0])
    x = np.arange(10.0).reshape(5, 2)
    expected = np.array([x[code == g].sum(axis=0) for g in range(5)])
    assert np.array_equal(group_sums(x, code, 5), expected)
    assert np.array_equal(group_sums(x[:, 1], code, 5), expected[:, 1])


def test_swebench_verified_has_a_known_standard_error_over_12_repositories(real_data):
    # the values were found with R's clubSandwich and by matrix algebra
    rows = pl.read_parquet(real_data / "tidy" / "swebench_verified.parquet")
    complete = rows.group_by("model").agg(pl.len(), pl.col("score").mean()).filter(pl.col("len") == 500)
    top = complete.sort("score", descending=True)["model"][0]
    part = rows.filter(pl.col("model") == top)
    found = mean(part["score"].to_numpy(), clusters=[codes(part["cluster"].to_numpy())])
    assert (found.n_items, found.n_clusters) == (500, 12)
    assert found.se == pytest.approx(0.0151249520447958, rel=1e-12)
    assert found.df == pytest.approx(3.33080031613, rel=1e-11)
    assert [warning.code for warning in found.warnings] == ["dominant_cluster"]


# more items from the same clusters: the variance of a stratified sample, by the textbook's formula


def drawn(seed, n=60, clusters=8):
    rng = np.random.default_rng(seed)
    groups = codes(rng.integers(0, clusters, n))
    return (rng.random(n) < rng.beta(1, 1, clusters)[groups]).astype(float), joined_strata(groups)


@given(st.integers(0, 1_000), st.integers(2, 12))
def test_within_strata_the_variance_is_that_of_a_stratified_sample(seed, clusters):
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
def test_centring_within_strata_keeps_means_and_missing_scores(seed):
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


def test_clusters_without_inner_variance_have_none_within_strata():
    x = np.repeat([0.0, 1.0, 1.0], 10)[:, None]
    assert within_strata(x, np.repeat([0, 1, 2], 10)) == pytest.approx(np.full((30, 1), 2 / 3))


def test_single_item_strata_are_merged():
    assert joined_strata(np.array([0, 0, 1, 2, 3, 3, 3])).tolist() == [0, 0, 1, 1, 2, 2, 2]
    assert joined_strata(np.array([0, 0, 1, 2, 2, 2])).tolist() == [0, 0, 0, 1, 1, 1], "one alone goes to the smallest"
    assert joined_strata(np.array([0, 0, 1, 1])).tolist() == [0, 0, 1, 1]
    assert joined_strata(np.arange(4)).tolist() == [0, 0, 0, 0], "all alone are one sample"


@pytest.mark.parametrize("sizes", [(30, 2, 2), (5, 5, 5, 5), (2,) * 9, (1, 1, 1, 1), (1, 7)])
def test_a_stratified_mean_loses_one_degree_of_freedom_per_stratum(sizes):
    """Cochran (1977), section 5.4: n − G where strata vary alike; clusters of one item count as one stratum."""
    strata = joined_strata(np.repeat(np.arange(len(sizes)), sizes))
    count, n = int(strata.max()) + 1, len(strata)
    x = np.random.default_rng(3).normal(size=n)
    found = mean(within_strata(x[:, None], strata)[:, 0], bounded=False, strata=count)
    assert found.df == pytest.approx(n - count)
    assert found.interval.high - found.value == pytest.approx(float(t_quantile(0.95, n - count)) * found.se)
    assert found.method.same_clusters


def test_no_degrees_of_freedom_left_gives_no_interval():
    assert np.isnan(free_of_strata(3.0, 4, 4))
    assert free_of_strata(np.inf, 10, 4) == np.inf
    assert mean(np.array([0.2, 0.4]), bounded=False, strata=2).interval.low != 0.0
    assert np.isnan(mean(np.array([0.2, 0.4]), bounded=False, strata=2).interval.low)
    assert np.isnan(mean(np.array([0.2]), bounded=False, strata=1).interval.low)


def test_fewer_clusters_than_in_a_profile_have_about_the_mean_degrees_of_freedom_of_its_parts():
    """Also where one cluster dominates: no pole, and more with every cluster."""
    totals = np.array([231, 75, 44, 34, 32, 22, 22, 19, 10, 8, 2, 1.0])
    profile, rng = sizes_of(totals), np.random.default_rng(0)
    found = [profile.df(k * profile.size) for k in range(2, 13)]
    assert np.all(np.diff(found) > 0)
    for k in (3, 6, 9):
        parts = [rng.choice(totals, k, replace=False) for _ in range(2000)]
        mean = np.mean([float(ShareSums.of(part / part.sum()).satterthwaite()) for part in parts])
        assert found[k - 2] == pytest.approx(mean, rel=0.1)
    assert found[-1] == pytest.approx(float(ShareSums.of(totals / totals.sum()).satterthwaite()))


@pytest.mark.parametrize("count", [2, 5, 9, 30])
def test_equal_clusters_of_a_profile_have_one_less_degree_of_freedom(count):
    assert sizes_of(np.full(10, 7.0)).df(7 * count) == pytest.approx(count - 1)
