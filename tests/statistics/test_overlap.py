"""Two models that share a part of their items: against brute force, at the edges, and laws."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

from howsure.errors import MethodError
from howsure.statistics.difference import difference
from howsure.statistics.overlap import combined_difference, partly_shared
from method_cases import codes


def partly(seed=0, shared=20, a=25, b=15, together=0.8):
    """Fractions of two models that have so many items together and alone."""
    rng = np.random.default_rng(seed)
    n = shared + a + b
    common = rng.normal(0, 1, n)
    x = [stats.norm.cdf(together * common + rng.normal(0, 0.6, n) + shift) for shift in (0.3, 0.0)]
    x[0][shared + a :] = np.nan
    x[1][shared : shared + a] = np.nan
    return x


def limits(found):
    return found.estimate.interval.low, found.estimate.interval.high


def brute(a, b, w, group, share):
    """Return difference, variance and degrees of freedom from whole matrices, the shared items' share of each mean given."""
    both = ~np.isnan(a) & ~np.isnan(b)
    x, cells = [], []
    count = []
    for k, y in enumerate((a, b)):
        for i in np.flatnonzero(~np.isnan(y)):
            part = both if both[i] else ~np.isnan(y) & ~both
            count.append((share[k] if both[i] else 1 - share[k]) * w[i] / w[part].sum())
            x.append(y[i])
            cells.append((i, k))
    x, count = np.array(x), np.array(count)
    item, model = np.array(cells).T
    cov = covariance(a, b, w)
    omega = cov[model[:, None], model[None, :]] * (item[:, None] == item[None, :]) / w[item][:, None]
    means = np.stack([(model == k) * count for k in (0, 1)])
    residual_maker = np.eye(len(x)) - np.eye(2)[model] @ means
    sign = np.where(model == 0, 1, -1)
    rows = np.stack([(group[item] == g) * count * sign for g in range(group.max() + 1)])
    e = rows @ residual_maker
    wanted, seen = (np.einsum("gi,ij,gj->g", r, omega, r) for r in (rows, e))
    factor = wanted / seen
    crossed = e @ omega @ e.T
    df = wanted.sum() ** 2 / np.einsum("g,h,gh->", factor, factor, crossed**2)
    return float(sign * count @ x), float(factor @ (e @ x) ** 2), float(df)


def covariance(a, b, w):
    """Return the working covariance of an item's two scores."""
    both = ~np.isnan(a) & ~np.isnan(b)
    var = [np.cov(y[~np.isnan(y)], aweights=w[~np.isnan(y)], ddof=0) for y in (a, b)]
    r = np.cov(np.stack([a, b])[:, both], aweights=w[both], ddof=0)
    r = r[0, 1] / math.sqrt(r[0, 0] * r[1, 1]) * both.sum() / (both.sum() + 10)
    across = r * math.sqrt(float(var[0]) * float(var[1]))
    return np.array([[float(var[0]), across], [across, float(var[1])]])


def shares_by_search(a, b, w):
    """Return the shares of the shared items that make the working variance least, by search."""
    both, cov = ~np.isnan(a) & ~np.isnan(b), covariance(a, b, w)
    shared = w[both].sum()
    alone = [w[~np.isnan(y) & ~both].sum() for y in (a, b)]

    def variance(share):
        own = sum(cov[k, k] * (share[k] ** 2 / shared + (1 - share[k]) ** 2 / alone[k]) for k in (0, 1))
        return own - 2 * share[0] * share[1] * cov[0, 1] / shared

    return optimize.minimize(variance, [0.5, 0.5], tol=1e-14).x


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("clusters", [0, 9, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_the_difference_its_error_and_its_degrees_of_freedom_are_those_of_whole_matrices(seed, clusters, weighted):
    a, b = partly(seed)
    rng = np.random.default_rng(seed)
    group = codes(rng.integers(0, clusters, len(a))) if clusters else np.arange(len(a))
    w = rng.uniform(0.5, 2, len(a)) if weighted else np.ones(len(a))
    found = combined_difference(
        a, b, clusters=(group,) if clusters else (), weights=w if weighted else None, method="t"
    )
    value, variance, df = brute(a, b, w, group, shares_by_search(a, b, w))
    assert found.estimate.value == pytest.approx(value, abs=1e-6)
    assert found.estimate.se == pytest.approx(math.sqrt(variance), rel=1e-5)
    assert found.estimate.df == pytest.approx(df, rel=1e-5)
    half = stats.t.ppf(0.975, found.estimate.df) * found.estimate.se
    assert limits(found) == pytest.approx((found.estimate.value - half, found.estimate.value + half))
    assert found.p_value == pytest.approx(
        2 * stats.t.sf(abs(found.estimate.value) / found.estimate.se, found.estimate.df)
    )


@pytest.mark.parametrize("variance", ["CR2", "CR1"])
@pytest.mark.parametrize("ways", [0, 1, 2])
def test_where_all_are_shared_it_is_the_paired_t(ways, variance):
    a, b = partly(2, shared=40, a=0, b=0)
    rng = np.random.default_rng(3)
    clusters = [codes(rng.integers(0, k, 40)) for k in (8, 6)[:ways]]
    for weights in (None, rng.uniform(0.5, 2, 40)):
        asked = {"clusters": clusters, "weights": weights, "variance": variance, "method": "t"}
        one, other = combined_difference(a, b, **asked), difference(a, b, **asked)
        assert one.estimate.se == pytest.approx(other.estimate.se)
        assert one.estimate.df == pytest.approx(other.estimate.df)
        assert limits(one) == pytest.approx(limits(other))


def test_few_shared_items_however_alike_have_little_weight():
    rng = np.random.default_rng(0)
    for shared in (1, 2, 5, 10):
        a, b = ((rng.random(shared + 980) < rate).astype(float) for rate in (0.6, 0.5))
        b[:shared] = a[:shared] = np.arange(shared) % 2
        a[shared + 490 :] = b[shared : shared + 490] = np.nan
        apart = np.nanmean(a[shared:]) - np.nanmean(b[shared:])
        found = combined_difference(a, b)
        assert found.estimate.value == pytest.approx(apart, abs=0.005)
        assert found.estimate.se == pytest.approx(math.sqrt(0.49 / 490), rel=0.05)


def test_it_is_surer_than_either_part():
    a, b = partly(4, shared=60, a=60, b=60)
    both = ~np.isnan(a) & ~np.isnan(b)
    shared = difference(a[both], b[both], method="t").estimate.se
    alone = difference(np.where(both, np.nan, a), np.where(both, np.nan, b), method="t").estimate.se
    assert combined_difference(a, b).estimate.se < min(shared, alone)


@pytest.mark.parametrize("shared", [1, 5])
@pytest.mark.parametrize("score", [0.0, 1.0])
def test_where_nothing_varies_there_is_still_an_interval(shared, score):
    a, b = np.full((2, shared + 200), score)
    a[shared + 100 :] = b[shared : shared + 100] = np.nan
    found = combined_difference(a, b)
    assert (found.estimate.value, found.estimate.se, found.p_value) == (0, 0, 1)
    assert limits(found) == pytest.approx((-0.028, 0.028), abs=0.003)  # the rule of three, from two sides
    group = np.arange(len(a)) // 10
    wider = combined_difference(a, b, clusters=(group,))
    assert wider.estimate.interval.half_width > 5 * found.estimate.interval.half_width


def test_one_cluster_or_one_item_of_a_model_gives_no_error_bar():
    a, b = partly(5)
    for x, y, clusters in ((a, b, (np.zeros(60, dtype=int),)), (a, np.where(np.arange(60) == 0, b, np.nan), ())):
        found = combined_difference(x, y, clusters=clusters)
        assert math.isnan(found.estimate.se)
        assert math.isnan(found.p_value)
        assert found.estimate.cautions


def test_other_methods_are_refused():
    with pytest.raises(MethodError, match="mcnemar"):
        combined_difference(*partly(), method="mcnemar")


def test_what_is_partly_shared():
    a, b = partly()
    both = ~np.isnan(a) & ~np.isnan(b)
    assert partly_shared(a, b)
    assert not partly_shared(a[both], b[both])
    assert not partly_shared(np.where(both, np.nan, a), np.where(both, np.nan, b))


@st.composite
def samples(draw):
    """Scores of two models that share an item at least and have others, clusters or none."""
    score = st.sampled_from([0.0, 1 / 3, 1.0])
    kinds = ["both", "both", "a", "b", *draw(st.lists(st.sampled_from(["both", "a", "b"]), max_size=14))]
    a = np.array([draw(score) if kind != "b" else np.nan for kind in kinds])
    b = np.array([draw(score) if kind != "a" else np.nan for kind in kinds])
    group = codes(draw(st.lists(st.integers(0, 4), min_size=len(kinds), max_size=len(kinds))))
    return a, b, (group,) if draw(st.booleans()) else ()


@given(samples())
def test_swapping_the_models_turns_the_sign(sample):
    a, b, clusters = sample
    one, other = combined_difference(a, b, clusters=clusters), combined_difference(b, a, clusters=clusters)
    assert other.estimate.value == pytest.approx(-one.estimate.value, abs=1e-12)
    assert other.estimate.se == pytest.approx(one.estimate.se, nan_ok=True, abs=1e-9)
    assert limits(other) == pytest.approx((-limits(one)[1], -limits(one)[0]), nan_ok=True, abs=1e-9)
    assert other.p_value == pytest.approx(one.p_value, nan_ok=True)


@given(samples())
def test_it_has_an_interval_around_its_value_or_says_why_not(sample):
    a, b, clusters = sample
    found = combined_difference(a, b, clusters=clusters)
    low, high = limits(found)
    if math.isnan(low):
        assert found.estimate.cautions
    else:
        assert -1 <= low <= found.estimate.value <= high <= 1
        assert (found.p_value <= 0.05) == (not low <= 0 <= high)


@given(samples())
def test_right_is_the_opposite_of_wrong_and_items_are_their_own_clusters(sample):
    a, b, clusters = sample
    one, other = combined_difference(a, b, clusters=clusters), combined_difference(1 - b, 1 - a, clusters=clusters)
    assert limits(other) == pytest.approx(limits(one), nan_ok=True, abs=1e-9)
    alone, own = combined_difference(a, b), combined_difference(a, b, clusters=(np.arange(len(a)),))
    assert limits(own) == pytest.approx(limits(alone), nan_ok=True, abs=1e-9)


@given(samples(), st.sampled_from([1e-3, 7.0]), st.sampled_from([-5.0, 100.0]))
def test_the_scale_of_unbounded_scores_is_free(sample, scale, shift):
    a, b, clusters = sample
    one, other = (
        combined_difference(x, y, clusters=clusters, bounded=False)
        for x, y in ((a, b), (scale * a + shift, scale * b + shift))
    )
    assert other.estimate.value == pytest.approx(scale * one.estimate.value, abs=1e-9)
    assert other.estimate.se == pytest.approx(scale * one.estimate.se, nan_ok=True, abs=1e-9)


# shared items that differ from the others
