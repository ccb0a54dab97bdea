"""difference(): agreement of p-value and interval for every method, reference implementations, and degenerate data."""

import itertools
import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from statsmodels.stats.contingency_tables import mcnemar as statsmodels_mcnemar

from howsure.errors import MethodError
from howsure.statistics import resampling, sign_flips
from howsure.statistics.choices import ComparisonMethod
from howsure.statistics.difference import difference, items_needed
from howsure.statistics.mcnemar import midp_test
from howsure.statistics.results import significant
from howsure.statistics.score_pivot import Pivots
from method_cases import codes, long_way, score_pivot, variance_at
from trials import draws

METHODS = get_args(ComparisonMethod)
FRACTIONS = tuple(method for method in METHODS if method != "mcnemar")
LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)
SMALL = 1e-9


def limits(found):
    return found.estimate.interval.low, found.estimate.interval.high


def warnings(found):
    return [warning.code for warning in found.estimate.warnings]


def random_pair(seed, n=40, n_clusters=0, fractions=False):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 2, (2, n)).astype(float)
    if fractions:
        a, b = rng.integers(0, 4, (2, n)) / 3
    clusters = (codes(rng.integers(0, n_clusters, n)),) if n_clusters else ()
    return a, b, clusters, rng.uniform(0.5, 3, n)


@st.composite
def pairs_of_scores(draw, values=None):
    """Two models on the same few items, with or without clusters."""
    n = draw(st.integers(2, 12))
    values = values or draw(st.sampled_from([(0.0, 1.0), (0.0, 1 / 3, 2 / 3, 1.0), (0.0, 0.1, 0.2, 0.3, 0.7)]))
    scores = st.lists(st.sampled_from(values), min_size=n, max_size=n)
    a, b = np.array(draw(scores)), np.array(draw(scores))
    cluster = codes(draw(st.lists(st.integers(0, 7), min_size=n, max_size=n)))
    return a, b, (cluster,) if draw(st.booleans()) else ()


def scored_for(method):
    """Samples that a method takes: McNemar's counts wins and losses of single items."""
    return pairs_of_scores((0.0, 1.0)).map(lambda s: (*s[:2], ())) if method == "mcnemar" else pairs_of_scores()


def assert_p_and_interval_agree(found, level, rounding=0.0):
    low, high = (0.0 if abs(limit) < rounding else limit for limit in limits(found))
    if math.isnan(found.p_value):
        assert math.isnan(low)
        assert math.isnan(high)
        assert found.estimate.warnings
        return
    assert 0 <= found.p_value <= 1
    assert low <= high
    if abs(found.p_value - (1 - level)) > SMALL:
        assert (low > 0 or high < 0) == (found.p_value <= 1 - level), (found.p_value, low, high)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), level=st.sampled_from(LEVELS))
def test_p_value_and_interval_never_disagree(method, data, level):
    a, b, clusters = data.draw(scored_for(method))
    found = difference(a, b, clusters=clusters, method=method, level=level)
    assert_p_and_interval_agree(found, level, rounding=1e-12 if method == "sign-flip" else 0)  # see the next test


def test_sign_flip_limits_equal_to_0_up_to_rounding_are_0():
    a, b = np.zeros(10), np.zeros(10)
    a[8:], b[7:] = (2 / 3, 1.0), (1 / 3, 0.0, 2 / 3)
    assert_p_and_interval_agree(difference(a, b, method="sign-flip", level=0.5), 0.5)


@pytest.mark.parametrize("method", FRACTIONS)
@given(sample=pairs_of_scores(), seed=st.integers(0, 5))
def test_p_value_and_interval_agree_with_weights(method, sample, seed):
    a, b, clusters = sample
    weights = np.random.default_rng(seed).uniform(0.5, 3, len(a))
    found = difference(a, b, clusters=clusters, weights=weights, method=method)
    assert_p_and_interval_agree(found, 0.95, rounding=1e-12 if method == "sign-flip" else 0)


def test_p_value_and_interval_agree_if_p_equals_alpha(monkeypatch):
    # 500 of 10,000 draws below 0 is p = 0.1 exactly, which simulations do give now and then
    draws = np.repeat([-0.1, 0.1], (500, 9_500))
    monkeypatch.setattr(resampling, "difference_draws", lambda *args, **options: draws)
    found = difference(*random_pair(0)[:2], method="bayes", level=0.9)
    low, high = limits(found)
    assert found.p_value == 0.1
    assert (low > 0 or high < 0) == significant(found.p_value, 0.9)


@pytest.mark.parametrize("method", METHODS)
@given(data=st.data(), weighted=st.booleans())
def test_swapping_the_models_mirrors_difference_and_limits(method, data, weighted):
    a, b, clusters = data.draw(scored_for(method))
    weights = np.linspace(0.5, 2, len(a)) if weighted and method != "mcnemar" else None
    one, other = (difference(x, y, clusters=clusters, weights=weights, method=method) for x, y in ((a, b), (b, a)))
    assert other.estimate.value == pytest.approx(-one.estimate.value, abs=1e-14)
    assert other.p_value == pytest.approx(one.p_value, abs=1e-12, nan_ok=True)
    assert limits(other) == pytest.approx((-limits(one)[1], -limits(one)[0]), abs=1e-10, nan_ok=True)
    assert (other.wins, other.losses, other.ties) == (one.losses, one.wins, one.ties)
    assert other.correlation == pytest.approx(one.correlation, abs=1e-12, nan_ok=True)


# the score pivot


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("kind", ["CR2", "CR1"])
def test_the_score_method_equals_the_explicit_formula(kind, grouped, weighted):
    for seed in range(draws(4, 10)):
        a, b, clusters, w = random_pair(seed, n_clusters=7, fractions=seed % 2 == 1)
        weights, ways = w if weighted else None, clusters if grouped else ()
        found = difference(a, b, clusters=ways, weights=weights, variance=kind)
        least = midp(a - b) if not (grouped or weighted or seed % 2) else 0.0
        assert_is_the_pivot(found, score_pivot(a - b, ways, weights, kind), least)
        assert_shows_the_plain_difference(found, *long_way(a - b, ways[0] if ways else None, weights, kind)[:2])


def midp(d):
    """McNemar's mid-p by SciPy's binomial distribution."""
    fewer, n = min((d > 0).sum(), (d < 0).sum()), int((d != 0).sum())
    return min(float(stats.binom.cdf(fewer, n, 0.5) + stats.binom.cdf(fewer - 1, n, 0.5)), 1.0) if n else 1.0


def assert_is_the_pivot(found, pivot, least=0.0):
    """p-value from the variance at 0, no less than `least`, and at the limits t to the value that the level has."""
    value, _, df = pivot[:3]
    assert found.pivot.df == pytest.approx(df, rel=1e-9)
    at = value / math.sqrt(variance_at(pivot, 0.0))
    assert found.p_value == pytest.approx(max(2 * stats.t.sf(abs(at), df), least), rel=1e-6)
    for limit in found.pivot.found.limits(0.95):
        if 0 < abs(limit) < 1:
            reached = abs(value - limit) / math.sqrt(variance_at(pivot, float(limit)))
            assert reached == pytest.approx(stats.t.ppf(0.975, df), rel=1e-6)


def assert_shows_the_plain_difference(found, value, variance):
    assert found.estimate.value == pytest.approx(value, abs=1e-14)
    assert found.estimate.se == pytest.approx(math.sqrt(variance), rel=1e-9)


def test_without_clusters_the_score_interval_is_tangos_up_to_n_minus_1_and_t():
    """With n in place of n − 1 and normal quantiles it is Tango's (1998): likelihood and root by search."""
    for n, wins, losses in ((160, 40, 20), (21, 1, 7), (50, 5, 0), (30, 0, 0), (200, 3, 9)):
        d = np.concatenate([np.ones(wins), -np.ones(losses), np.zeros(n - wins - losses)])
        one = Pivots(
            **dict(zip(NAMES, map(np.asarray, (d.mean(), d.var() / n, np.inf, d.var(), 1 / n, 0.0)), strict=True))
        )
        pivot = (d.mean(), d.var() / n, np.inf, d.var(), 1 / n, 1.0, False, 0.0)
        z = stats.norm.ppf(0.975)

        def beyond(value, pivot=pivot, z=z):
            return (pivot[0] - value) ** 2 - z**2 * variance_at(pivot, value)

        low, high = (float(limit) for limit in one.limits(0.95))
        mean = float(d.mean())
        assert high == pytest.approx(optimize.brentq(beyond, mean + 1e-9, 1 - 1e-9), abs=1e-7)
        assert low == pytest.approx(optimize.brentq(beyond, -1 + 1e-9, mean - 1e-9), abs=1e-7)
        if wins + losses:  # the test of 0 is McNemar's
            assert float(one.t_at()) == pytest.approx((wins - losses) / math.sqrt(wins + losses))


NAMES = ("difference", "variance", "df", "item_variance", "room", "added")


@given(sample=pairs_of_scores(), level=st.sampled_from(LEVELS), value=st.floats(-0.99, 0.99))
def test_a_value_is_inside_the_interval_exactly_if_its_test_does_not_reject(sample, level, value):
    a, b, clusters = sample
    found = difference(a, b, clusters=clusters).pivot.found
    if found is None or not found.known:
        return
    low, high = found.limits(level)
    p = float(found.p_value_at(value))
    near = min(abs(value - low), abs(value - high)) < 1e-9  # an interval of the seen difference alone is that wide
    if abs(p - (1 - level)) > 1e-6 and not near:
        assert (p > 1 - level) == (low <= value <= high)


@pytest.mark.parametrize(("score", "sign"), [((1.0, 0.0), 1), ((0.0, 1.0), -1)])
def test_fifty_wins_of_fifty_are_significant_with_an_interval_of_positive_width(score, sign):
    # a peer gave the interval [1, 1] and p = 1.0
    found = difference(np.full(50, score[0]), np.full(50, score[1]))
    assert found.p_value < 1e-6
    inner, outer = sorted(np.abs(limits(found)))
    assert outer == 1
    assert 0.8 < inner < 0.97
    assert found.estimate.value == sign
    assert (found.wins, found.losses) == ((50, 0) if sign > 0 else (0, 50))


def test_identical_models_have_p_value_1_and_a_symmetric_interval():
    x = np.repeat([0.0, 1.0], 25)
    for a in (x, np.ones(50)):
        found = difference(a, a)
        assert found.p_value == 1
        assert limits(found)[0] == pytest.approx(-limits(found)[1])
        assert 0.02 < limits(found)[1] < 0.1
        assert found.ties == 50
        assert found.estimate.value == 0
    assert difference(x, x).correlation == pytest.approx(1)
    assert math.isnan(difference(np.ones(50), np.ones(50)).correlation)


def test_all_wins_in_four_clusters_are_not_significant():
    # by chance alone four clusters agree in 1 of 8 cases; one model's 400 of 400 in 4 clusters counts 4
    found = difference(np.ones(400), np.zeros(400), clusters=[np.repeat(np.arange(4), 100)])
    assert found.p_value > 0.05
    assert found.estimate.interval.low < 0.05 ** (1 / 4)


def test_clusters_of_equal_items_count_as_single_items():
    for count in (4, 9, 30):
        single = difference(np.ones(count), np.zeros(count)).pivot
        found = difference(np.ones(20 * count), np.zeros(20 * count), clusters=[np.repeat(np.arange(count), 20)]).pivot
        assert found.p_value == pytest.approx(single.p_value, rel=1e-6)
        assert found.df == pytest.approx(count - 1)


@pytest.mark.parametrize("method", METHODS)
def test_one_shared_item_or_one_cluster_gives_no_standard_error(method):
    a, b, _, _ = random_pair(3)
    for found in (
        difference(np.array([1.0, np.nan]), np.array([0.0, 1.0]), method=method),
        difference(a, b, clusters=[np.zeros(40, int)], method=method),
    ):
        assert np.isnan([found.p_value, found.estimate.se, *limits(found)]).all()
        assert warnings(found) == ["one_cluster"]


@pytest.mark.parametrize("method", ["t", "bootstrap", "sign-flip"])
def test_methods_without_variance_give_a_warning(method):
    found = difference(np.full(20, 0.75), np.full(20, 0.25), method=method)
    assert "no_variance" in warnings(found)


def test_two_way_clusters_combine_the_three_one_way_variances():
    rng = np.random.default_rng(5)
    first, second = np.repeat(np.arange(12), 8), np.tile(np.arange(8), 12)
    a, b = ((rng.normal(size=12)[first] + rng.normal(size=8)[second] + rng.normal(size=(2, 96))) > 0).astype(float)
    assert_is_the_pivot(difference(a, b, clusters=[first, second]), score_pivot(a - b, (first, second)))


def checkerboard():
    """Differences whose two-way variance is negative: rows and columns cancel, cells don't."""
    d = (np.add.outer(np.arange(6), np.arange(6)) % 2).astype(float).ravel()
    return d, np.zeros(36), np.repeat(np.arange(6), 6), np.tile(np.arange(6), 6)


@pytest.mark.parametrize("method", ["t", "score"])
def test_a_negative_two_way_variance_is_replaced_by_the_larger_one_with_a_warning(method):
    a, b, first, second = checkerboard()
    a[0] = 1.0
    found = difference(a, b, clusters=[first, second], method=method)
    larger = max(difference(a, b, clusters=[c], method=method).estimate.se for c in (first, second))
    assert "negative_two_way_variance" in warnings(found)
    assert found.estimate.se == pytest.approx(larger, rel=1e-10)


@pytest.mark.parametrize("method", ["sign-flip", "bootstrap", "bayes"])
def test_a_resampling_test_uses_the_first_clustering_with_a_warning(method):
    a, b, _, _ = random_pair(2, n=60)
    first, second = np.repeat(np.arange(10), 6), np.tile(np.arange(6), 10)
    one = difference(a, b, clusters=[first], method=method)
    two = difference(a, b, clusters=[first, second], method=method)
    assert limits(one) == limits(two)
    assert (warnings(one), warnings(two)) == ([], ["first_clustering_only"])


# sign-flip


@pytest.mark.parametrize("seed", range(8))
def test_the_exact_sign_flip_p_value_equals_scipys_permutation_test(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 11))
    a, b = rng.integers(0, 5, (2, n)) / 4
    expected = stats.permutation_test(
        (a, b), lambda x, y, axis: (x - y).mean(axis=axis), permutation_type="samples", n_resamples=np.inf
    )
    assert difference(a, b, method="sign-flip").p_value == pytest.approx(expected.pvalue, rel=1e-12)


def flip_p(sums):
    """Two-sided exact p-value over all 2^C sign sign_flips."""
    totals = np.array([np.dot(signs, sums) for signs in itertools.product((-1, 1), repeat=len(sums))])
    seen = sums.sum()
    return min(2 * min((totals >= seen - 1e-9).mean(), (totals <= seen + 1e-9).mean()), 1)


@pytest.mark.parametrize("level", [0.8, 0.95])
@pytest.mark.parametrize("seed", range(4))
def test_the_sign_flip_interval_contains_exactly_the_values_not_rejected(seed, level):
    rng = np.random.default_rng(seed)
    cluster = codes(rng.integers(0, 9, 30))
    d = rng.normal(0.4, 1, 30)
    found = difference(d, np.zeros(30), clusters=[cluster], bounded=False, method="sign-flip", level=level)
    sums, sizes = np.bincount(cluster, weights=d), np.bincount(cluster)
    assert found.p_value == pytest.approx(flip_p(sums), rel=1e-12)
    low, high = limits(found)
    for limit, outwards in ((low, -1), (high, 1)):
        assert flip_p(sums - (limit + outwards * 1e-6) * sizes) <= 1 - level
        assert flip_p(sums - (limit - outwards * 1e-6) * sizes) > 1 - level


def test_monte_carlo_sign_flips_approximate_the_exact_ones():
    rng = np.random.default_rng(8)
    sums = rng.normal(0.5, 1, 13)
    sizes = np.ones(len(sums))
    exact = resampling.flip_test(sums, sizes, level=0.95, rng=rng)
    more, one = np.append(sums, 1e-13), np.append(sizes, 1e-13)  # one cluster too many to list, of no weight
    sampled = resampling.flip_test(more, one, level=0.95, rng=rng)
    error = math.sqrt(exact[0] * (1 - exact[0]) / sign_flips.DRAWS)
    assert sampled[0] == pytest.approx(exact[0], abs=6 * error)
    assert sampled[1:] == pytest.approx(exact[1:], abs=0.1)


def test_five_clusters_give_too_few_sign_flips_with_a_warning():
    found = difference(np.ones(10), np.zeros(10), clusters=[np.repeat(np.arange(5), 2)], method="sign-flip")
    assert found.p_value == pytest.approx(2 / 32)
    low, high = limits(found)
    assert low <= -1
    assert high >= 1
    assert "too_few_flips" in warnings(found)


@pytest.mark.parametrize(("wins", "losses"), [(24, 8), (8, 24), (5, 0), (0, 5), (7, 7), (1, 0), (150, 101)])
def test_mid_p_equals_the_exact_mcnemar_p_value_minus_the_point_probability(wins, losses):
    table = [[40, wins], [losses, 30]]
    exact = statsmodels_mcnemar(table, exact=True).pvalue
    at = stats.binom.pmf(min(wins, losses), wins + losses, 0.5)
    # where wins = losses the exact p is capped at 1, and twice the mid-p tail is 1
    expected = 1.0 if wins == losses else exact - at
    assert midp_test(wins, losses, 200, level=0.95)[0] == pytest.approx(expected, rel=1e-10)


@pytest.mark.parametrize(("wins", "losses", "n"), [(24, 8, 100), (5, 0, 9), (3, 4, 7), (60, 81, 1000)])
def test_the_mcnemar_interval_inverts_the_mid_p_test(wins, losses, n):
    m = wins + losses
    shares = np.linspace(0, 1, 200_001)
    upper = stats.binom.sf(wins, m, shares) + 0.5 * stats.binom.pmf(wins, m, shares)
    kept = shares[2 * np.minimum(upper, 1 - upper) >= 0.05]
    expected = (2 * kept[[0, -1]] - 1) * m / n
    _, low, high = midp_test(wins, losses, n, level=0.95)
    assert (low, high) == pytest.approx(tuple(expected), abs=3e-5)


def test_mcnemar_without_discordant_items_has_the_rule_of_three_interval():
    found = difference(np.ones(30), np.ones(30), method="mcnemar")
    assert found.p_value == 1
    assert limits(found)[1] == pytest.approx(1 - 0.025 ** (1 / 30), rel=1e-10)


def test_mcnemar_with_clusters_gives_a_warning():
    a, b, clusters, _ = random_pair(1, n_clusters=6)
    assert "ignores_clusters" in warnings(difference(a, b, clusters=clusters, method="mcnemar"))


@pytest.mark.parametrize("case", ["fractions", "weights"])
def test_mcnemar_refuses_fractions_and_weights(case):
    a, b, _, w = random_pair(1, fractions=case == "fractions")
    with pytest.raises(MethodError, match="mcnemar"):
        difference(a, b, method="mcnemar", weights=w if case == "weights" else None)


# bootstrap and bayes


@pytest.mark.parametrize("method", ["bootstrap", "bayes", "sign-flip"])
def test_the_same_seed_gives_the_same_result(method):
    a, b, clusters, w = random_pair(6, n=80, n_clusters=20)
    one, two, other = (
        difference(a, b, clusters=clusters, weights=w, method=method, rng=np.random.default_rng(seed))
        for seed in (1, 1, 2)
    )
    assert (one.p_value, limits(one)) == (two.p_value, limits(two))
    assert limits(one) != limits(other)


def test_bootstrap_statistics_equal_those_of_the_drawn_clusters():
    rng = np.random.default_rng(0)
    cluster, x, w = codes(rng.integers(0, 9, 40)), rng.normal(size=40), rng.uniform(0.5, 2, 40)
    found = resampling.pivots(x, w, [cluster], np.random.default_rng(1), draws=50)
    counts = np.random.default_rng(1).multinomial(9, np.full(9, 1 / 9), size=50)
    for t, count in zip(found, counts, strict=True):
        drawn = np.repeat(np.arange(9), count)
        rows = [np.flatnonzero(cluster == g) for g in drawn]
        names = np.repeat(np.arange(9), [len(r) for r in rows])
        rows = np.concatenate(rows)
        value, variance, _ = long_way(x[rows], names, w[rows], "CR1")
        assert t == pytest.approx(abs(value - w @ x / w.sum()) / math.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize("method", ["bootstrap", "bayes", "sign-flip"])
def test_resampling_intervals_approach_the_default_in_large_samples(method):
    a, b, clusters, _ = random_pair(7, n=600, n_clusters=120)
    assert limits(difference(a, b, clusters=clusters, method=method)) == pytest.approx(
        limits(difference(a, b, clusters=clusters)), abs=0.015
    )


def test_the_bayesian_bootstrap_has_dirichlet_moments():
    # posterior mean Σ d / n and variance (mean of squares − mean²) / (n + 1), Rubin (1981)
    d = np.random.default_rng(0).normal(size=25)
    draws = resampling.difference_draws(d, np.ones(25), None, reach=0.0, rng=np.random.default_rng(0), draws=200_000)
    assert draws.mean() == pytest.approx(d.mean(), abs=4 * draws.std() / math.sqrt(200_000))
    assert draws.var() == pytest.approx(d.var() / 26, rel=0.02)


@pytest.mark.parametrize("count", [1, 7, 1_000])
def test_the_bayesian_bootstrap_swaps_its_pseudo_items_in_every_other_draw(count):
    """The mirrored differences give the mirrored draws, of an odd number of draws too."""
    d = np.random.default_rng(0).normal(size=25)
    one, other = (
        resampling.difference_draws(x, np.ones(25), None, reach=1.0, rng=np.random.default_rng(0), draws=count)
        for x in (d, -d)
    )
    pairs = count // 2 * 2
    assert one.shape == (count,)
    assert np.isfinite(one).all()
    assert one[0:pairs:2] == pytest.approx(-other[1:pairs:2])
    assert one[1:pairs:2] == pytest.approx(-other[0:pairs:2])


@pytest.mark.parametrize("method", ["t", "sign-flip", "bootstrap"])
def test_limits_of_bounded_scores_stay_within_plus_minus_one(method):
    low, high = limits(difference(np.array([1.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0]), method=method))
    assert low >= -1
    assert high <= 1


# unpaired


def apart(a, b):
    """Two models on items of their own."""
    return np.append(a, np.full(len(b), np.nan)), np.append(np.full(len(a), np.nan), b)


def test_without_shared_items_the_t_method_is_welchs_test():
    rng = np.random.default_rng(2)
    a, b = rng.normal(0.5, 1, 17), rng.normal(0, 3, 24)
    found = difference(*apart(a, b), bounded=False)
    expected = stats.ttest_ind(a, b, equal_var=False)
    interval = expected.confidence_interval(0.95)
    assert (found.p_value, found.estimate.df) == pytest.approx((expected.pvalue, expected.df), rel=1e-10)
    assert limits(found) == pytest.approx((interval.low, interval.high), rel=1e-10)
    assert warnings(found) == ["unpaired"]
    assert not found.paired
    assert found.estimate.n_items == 41
    assert (found.n_only_a, found.n_only_b, found.wins + found.losses + found.ties) == (17, 24, 0)


def test_without_shared_items_bounded_scores_use_welch_with_a_pseudo_success_and_failure():
    a, b = np.repeat([1.0, 0.0], (9, 3)), np.repeat([1.0, 0.0], (5, 12))
    found = difference(*apart(a, b))
    expected = stats.ttest_ind(np.append(a, (0, 1)), np.append(b, (0, 1)), equal_var=False)
    assert (found.p_value, found.estimate.df) == pytest.approx((expected.pvalue, expected.df), rel=1e-10)
    assert found.estimate.value == pytest.approx(a.mean() - b.mean())
    assert found.estimate.se == pytest.approx(math.sqrt(a.var(ddof=1) / 12 + b.var(ddof=1) / 17), rel=1e-10)


@given(sample=pairs_of_scores(), level=st.sampled_from(LEVELS), method=st.sampled_from(["score", "t"]))
def test_p_value_and_interval_agree_in_unpaired_comparisons(sample, level, method):
    a, b, _ = sample
    found = difference(*apart(a, b), method=method, level=level)
    assert_p_and_interval_agree(found, level)
    other = difference(*apart(b, a), method=method, level=level)
    assert other.p_value == pytest.approx(found.p_value, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("method", ["sign-flip", "mcnemar", "bootstrap", "bayes"])
def test_paired_methods_refuse_models_without_shared_items(method):
    with pytest.raises(MethodError, match="there are none"):
        difference(*apart(np.ones(3), np.zeros(3)), method=method)


@pytest.mark.parametrize("size", [1, 50])
def test_one_cluster_per_model_gives_no_standard_error_unpaired(size):
    a, b = apart(np.ones(size), np.zeros(size))
    found = difference(a, b, clusters=[np.repeat([0, 1], size)])
    assert math.isnan(found.estimate.se)
    assert math.isnan(found.p_value)
    assert np.isnan(limits(found)).all()


# what is told beside


def test_correlation_and_unpaired_standard_error_match_their_formulas():
    a, b, clusters, w = random_pair(9, n_clusters=8)
    found = difference(a, b)
    assert found.correlation == pytest.approx(np.corrcoef(a, b)[0, 1], rel=1e-10)
    assert found.unpaired_se == pytest.approx(math.sqrt((a.var(ddof=1) + b.var(ddof=1)) / 40), rel=1e-10)
    assert found.estimate.se == pytest.approx((a - b).std(ddof=1) / math.sqrt(40), rel=1e-10)
    clustered = difference(a, b, clusters=clusters, weights=w)
    parts = [long_way(x, clusters[0], w)[1] for x in (a, b)]
    assert clustered.unpaired_se == pytest.approx(math.sqrt(sum(parts)), rel=1e-10)
    c = np.cov(a, b, aweights=w)
    assert clustered.correlation == pytest.approx(c[0, 1] / math.sqrt(c[0, 0] * c[1, 1]), rel=1e-10)


def test_items_of_one_model_only_are_counted_and_not_used():
    a = np.array([1.0, 0.0, 1.0, np.nan, 1.0, 1.0])
    b = np.array([0.0, 0.0, 1.0, 1.0, np.nan, np.nan])
    found = difference(a, b)
    only = difference(a[:3], b[:3])
    assert (found.n_only_a, found.n_only_b, found.estimate.n_items) == (2, 1, 3)
    assert limits(found) == limits(only)
    assert found.a_mean == pytest.approx(2 / 3)


def test_lower_is_better_swaps_wins_and_losses_only():
    a, b, _, _ = random_pair(4)
    up, down = difference(a, b), difference(a, b, lower_is_better=True)
    assert (down.wins, down.losses) == (up.losses, up.wins)
    assert (down.estimate, down.p_value) == (up.estimate, up.p_value)


def test_items_needed_follow_millers_formula_for_the_normal_approximation():
    a, b, _, _ = random_pair(4)
    found = difference(a, b, method="t", variance="miller")
    gap = abs(found.estimate.value)
    expected = 40 * ((1.959963984540054 + 0.8416212335729143) * found.estimate.se / gap) ** 2
    assert found.items_needed == math.ceil(expected)
    assert expected < difference(a, b, method="t").items_needed < difference(a, b).items_needed < 1.1 * expected + 5
    assert math.isnan(items_needed(difference(a, a).estimate, 0.95))


@pytest.mark.parametrize("n", [9, 10])
@pytest.mark.parametrize("size", [1, 3])
def test_items_needed_require_at_least_10_items_or_clusters(n, size):
    a, b = np.tile([1.0, 0.0, 1.0], n * size)[: n * size], np.zeros(n * size)
    b[0] = 1.0
    found = difference(a, b, clusters=(np.repeat(np.arange(n), size),) if size > 1 else ())
    assert math.isfinite(found.items_needed) == (n == 10)
    assert math.isfinite(difference(a, b[::-1].copy(), method="t").items_needed) == (n * size >= 10)


def test_the_items_needed_reach_80_percent_power():
    # 80% of samples of that many items, drawn from those seen, show the gap
    a, b, _, _ = random_pair(4)
    found = difference(a, b)
    n, rng = int(found.items_needed), np.random.default_rng(0)
    drawn = rng.integers(0, len(a), (n, 2_000))
    d = (a - b)[drawn]
    shown = np.abs(d.mean(axis=0)) / np.sqrt(d.var(axis=0, ddof=1) / n + d.mean(axis=0) ** 2 / n) > stats.t.ppf(
        0.975, n - 1
    )
    assert float(shown.mean()) == pytest.approx(0.8, abs=0.04)


@given(seed=st.integers(0, 10_000), size=st.sampled_from([1, 4]), method=st.sampled_from(["score", "t"]))
def test_a_non_significant_difference_needs_more_items_than_present(seed, size, method):
    rng = np.random.default_rng(seed)
    a, b = rng.integers(0, 2, (2, 40)).astype(float)
    codes = (np.arange(40) // size,) if size > 1 else ()
    found = difference(a, b, clusters=codes, method=method)
    if found.p_value > 0.055 and found.estimate.value:
        assert found.items_needed > 40


# margins


@pytest.mark.parametrize("gap", [0.0, 1.0])
def test_a_margin_without_variance_is_refused(gap):
    with pytest.raises(MethodError, match="margin"):
        difference(np.arange(9.0) + gap, np.arange(9.0), bounded=False, margin=2.0)


@pytest.mark.parametrize("sign", [1, -1])
def test_equivalence_equals_two_one_sided_tests_at_the_margin(sign):
    a, b, clusters, _ = random_pair(12, n=200, n_clusters=50)
    found = difference(a, b, clusters=clusters, margin=0.1, lower_is_better=sign < 0)
    d = a - b
    pivot = score_pivot(sign * d, clusters)
    above = stats.t.sf((pivot[0] + 0.1) / math.sqrt(variance_at(pivot, -0.1)), pivot[2])
    below = stats.t.cdf((pivot[0] - 0.1) / math.sqrt(variance_at(pivot, 0.1)), pivot[2])
    n = len(d) / max(found.estimate.se**2 * len(d) ** 2 / ((d - d.mean()) ** 2).sum(), 1)
    losses = -sign * d.mean() * n / pivot[5]
    few = [
        stats.beta.sf(0.1 / pivot[5], k + 1, n - k) if k >= 0 else 0.0 for k in (losses, -losses)
    ]  # P(X ≤ k), binomial
    worse, better = max(above, few[0]), max(below, few[1])
    assert found.equivalence.p_noninferior == pytest.approx(worse, rel=1e-6)
    assert found.equivalence.p_equivalent == pytest.approx(max(worse, better), rel=1e-6)
    assert found.equivalence.p_inferior == pytest.approx(1 - above, rel=1e-6)


CASES = list(itertools.product([60, 300, 470], [0.005, 0.02, 0.05], [0.0, 0.004]))


@pytest.mark.parametrize(("n", "margin", "wins"), draws(CASES[:6:2] + CASES[3:14:5], CASES))
def test_the_type_i_error_of_non_inferiority_is_controlled_when_few_items_differ(n, margin, wins):
    """Exact: a is worse by just the margin; the chance that "no worse" is shown, over all counts of losses and wins."""
    lost = margin + wins
    shown = 0.0
    for won in range(int(stats.binom.ppf(1 - 1e-6, n, wins)) + 1):
        for losses in range(int(stats.binom.ppf(0.5, n, lost)) + 1):
            b = np.concatenate([np.ones(n - won), np.zeros(won)])
            a = np.concatenate([np.zeros(losses), np.ones(n - losses)])
            if difference(a, b, margin=margin).equivalence.noninferior:
                shown += stats.multinomial.pmf([won, losses, n - won - losses], n, [wins, lost, 1 - wins - lost])
    assert shown <= (0.05 if not wins else 0.06) + 1e-9


def test_without_discordant_items_non_inferiority_follows_the_rule_of_three():
    same = np.ones(470)
    assert not difference(same, same, margin=0.005).equivalence.noninferior
    assert difference(np.ones(598), np.ones(598), margin=0.005).equivalence.noninferior
    assert not difference(np.ones(597), np.ones(597), margin=0.005).equivalence.noninferior
    found = difference(same, same, level=0.9).estimate.interval
    assert found.high == -found.low == pytest.approx(1 - 0.05 ** (1 / 470))


@given(
    sample=pairs_of_scores(),
    margin=st.floats(0.05, 1.5),
    level=st.sampled_from([0.8, 0.95]),
    lower=st.booleans(),
    method=st.sampled_from(["score", "t"]),
)
def test_equivalence_holds_exactly_if_the_1_minus_2_alpha_interval_lies_in_the_margin(
    sample, margin, level, lower, method
):
    a, b, clusters = sample
    wide = difference(a, b, clusters=clusters, method=method, level=2 * level - 1)
    if wide.pivot.found is None or not wide.pivot.found.known:
        return
    found = difference(a, b, clusters=clusters, method=method, margin=margin, level=level, lower_is_better=lower)
    e = found.equivalence
    low, high = wide.pivot.found.limits(2 * level - 1)
    if wide.pivot.net is not None:  # where few items differ the limits are wider
        low, high = min(low, wide.estimate.interval.low), max(high, wide.estimate.interval.high)
    if min(abs(abs(e.p_equivalent) - (1 - level)), abs(e.p_noninferior - (1 - level))) > SMALL:
        assert e.equivalent == (-margin < low and high < margin)
        assert e.noninferior == (high < margin if lower else low > -margin)


@pytest.mark.parametrize("method", ["sign-flip", "mcnemar", "bootstrap", "bayes"])
def test_methods_without_a_pivot_refuse_a_margin(method):
    a, b, _, _ = random_pair(1)
    with pytest.raises(MethodError, match="margin"):
        difference(a, b, method=method, margin=0.1)


def test_unbounded_scores_refuse_the_score_method():
    with pytest.raises(MethodError, match="score"):
        difference(np.array([3.0, 4.0]), np.array([1.0, 2.0]), bounded=False, method="score")


@given(sample=pairs_of_scores(), shift=st.floats(-50, 50))
def test_shifting_both_models_does_not_change_the_t_interval(sample, shift):
    a, b, clusters = sample
    one = difference(a, b, clusters=clusters, bounded=False)
    other = difference(a + shift, b + shift, clusters=clusters, bounded=False)
    assert limits(other) == pytest.approx(limits(one), abs=1e-6, nan_ok=True)


def test_small_differences_between_widely_spread_scores_keep_their_precision():
    # two quantisations of one model, scored by log-likelihood
    rng = np.random.default_rng(0)
    a = rng.normal(0, 1, 200)
    b = a - rng.normal(1e-7, 1e-7, 200)
    found = difference(a, b, bounded=False)
    assert found.estimate.se == pytest.approx((a - b).std(ddof=1) / math.sqrt(200), rel=1e-6, abs=0)
    assert found.p_value < 0.001


def test_unpaired_clusters_of_equal_scores_count_as_single_observations():
    """400 of 400 against 0 of 400, each in 4 clusters: 4 against 4 observations, not 400 against 400."""
    a = np.r_[np.ones(400), np.full(400, np.nan)]
    b = np.r_[np.full(400, np.nan), np.zeros(400)]
    few = difference(a, b, clusters=(np.repeat(np.arange(8), 100),)).p_value
    lone = difference(np.r_[np.ones(4), np.full(4, np.nan)], np.r_[np.full(4, np.nan), np.zeros(4)]).p_value
    assert few == pytest.approx(lone, rel=0.5)
    assert difference(a, b).p_value < 1e-10


def test_unpaired_pseudo_observations_weigh_more_with_few_clusters():
    rng = np.random.default_rng(1)
    x = np.repeat(rng.random(12) < 0.5, 20).astype(float)
    a, b = np.r_[x, np.full(240, np.nan)], np.r_[np.full(240, np.nan), 1 - x]
    codes = np.repeat(np.arange(24), 20)
    clustered, plain = (difference(a, b, clusters=c).pivot.found.spread_at() for c in ((codes,), ()))
    assert clustered > 3 * plain


# no shared item, shared clusters


def in_shared_clusters(seed=0, n=60, clusters=8):
    rng = np.random.default_rng(seed)
    codes = rng.permutation(np.arange(2 * n) % clusters)
    x = (rng.random(2 * n) < rng.uniform(0.1, 0.9, clusters)[codes]).astype(float)
    first = np.arange(2 * n) < n
    return np.where(first, x, np.nan), np.where(first, np.nan, x), codes


def test_clusters_shared_by_unpaired_models_use_the_cluster_sandwich():
    """The cluster sandwich of a regression on the side (Liang and Zeger 1986), G / (G − 1) as CR1 has it."""
    a, b, codes = in_shared_clusters()
    side, y = (~np.isnan(a)).astype(float), np.where(np.isnan(a), b, a)
    design = np.column_stack([np.ones(len(y)), side])
    bread = np.linalg.inv(design.T @ design)
    beta = bread @ design.T @ y
    scores = np.array([design[codes == g].T @ (y - design @ beta)[codes == g] for g in range(8)])
    expected = (bread @ scores.T @ scores @ bread)[1, 1] * 8 / 7
    found = difference(a, b, clusters=(codes,), variance="CR1", method="t")
    assert found.estimate.value == pytest.approx(beta[1])
    assert found.estimate.se == pytest.approx(np.sqrt(expected))
    assert found.estimate.n_clusters == 8
    apart = difference(a, b, clusters=(np.where(side > 0, codes, codes + 8),))
    assert difference(a, b, clusters=(codes,)).estimate.se < apart.estimate.se, "what is hard for both cancels out"


@given(st.integers(0, 500), st.sampled_from([0.8, 0.95]), st.sampled_from([None, "t"]))
def test_p_value_and_interval_agree_for_unpaired_models_in_shared_clusters(seed, level, method):
    a, b, codes = in_shared_clusters(seed, n=20, clusters=5)
    found = difference(a, b, clusters=(codes,), level=level, method=method)
    outside = not found.estimate.interval.low <= 0 <= found.estimate.interval.high
    assert outside == (found.p_value < 1 - level)
    turned = difference(b, a, clusters=(codes,), level=level, method=method)
    assert turned.p_value == pytest.approx(found.p_value)
    assert turned.estimate.interval.low == pytest.approx(-found.estimate.interval.high)


def test_one_shared_cluster_gives_no_standard_error_for_unpaired_models():
    a, b, codes = in_shared_clusters()
    found = difference(a, b, clusters=(np.zeros_like(codes),))
    assert math.isnan(found.p_value)
    assert math.isnan(found.estimate.interval.low)
    assert warnings(found) == ["unpaired", "one_cluster"]


@pytest.mark.parametrize(("left", "right"), [(1.0, 0.0), (1.0, 1.0), (0.0, 0.0)])
def test_constant_scores_in_shared_clusters_have_an_interval_of_positive_width(left, right):
    a, b, codes = in_shared_clusters()
    found = difference(np.where(np.isnan(a), np.nan, left), np.where(np.isnan(b), np.nan, right), clusters=(codes,))
    assert found.estimate.value == left - right
    assert found.estimate.interval.high - found.estimate.interval.low > 0
    assert (found.p_value < 0.05) == (left != right)
