"""mean() and means(): intervals, bounds and warnings of one model's score, with edge cases and invariances."""

import itertools
import math
from typing import get_args

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from howsure.errors import MethodError
from howsure.present.words.factors import bound_sentence
from howsure.statistics.choices import IntervalMethod
from howsure.statistics.difference import difference
from howsure.statistics.means import mean, means
from method_cases import codes, reference_data
from trials import draws

METHODS = get_args(IntervalMethod)
EIGHT = np.repeat(np.arange(8), 50)


def limits(found):
    return found.interval.low, found.interval.high


def warnings(found):
    return [warning.code for warning in found.warnings]


@st.composite
def samples(draw):
    """Bounded scores, clusters or none, weights or none."""
    n = draw(st.integers(2, 14))
    score = st.sampled_from([0.0, 1.0]) if draw(st.booleans()) else st.sampled_from([0.0, 1 / 3, 0.5, 2 / 3, 1.0])
    x = np.array(draw(st.lists(score, min_size=n, max_size=n)))
    grouped = draw(st.booleans())
    cluster = codes(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))) if grouped else None
    weights = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=n, max_size=n)))
    weighted = draw(st.booleans()) and np.ptp(x) > 0  # weights at 0 and n of n: see the test of that below
    return x, () if cluster is None else (cluster,), weights if weighted else None


@given(samples(), st.sampled_from(METHODS), st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_every_mean_has_an_interval_or_a_warning(sample, method, level):
    x, clusters, weights = sample
    found = mean(x, clusters=clusters, weights=weights, interval=method, level=level)
    low, high = limits(found)
    assert math.isnan(low) == math.isnan(high)
    if math.isnan(low) or not found.se > 0:
        assert warnings(found) or found.bounds, "an error bar that is missing or zero needs a word"
    if not math.isnan(low):
        assert low <= found.value <= high or method == "bayes"
        assert found.interval.level == level


@given(samples(), st.sampled_from(["adaptive", "wilson", "clopper-pearson", "jeffreys", "bayes"]))
def test_limits_lie_in_zero_and_one(sample, method):
    x, clusters, weights = sample
    low, high = limits(mean(x, clusters=clusters, weights=weights, interval=method))
    if not math.isnan(low):
        assert 0 <= low <= high <= 1


@pytest.mark.parametrize("method", ["t", "bootstrap"])
def test_limits_lie_in_zero_and_one_for_98_of_100(method):
    low, high = limits(mean(np.repeat([1.0, 0.0], (98, 2)), interval=method))
    assert low >= 0
    assert high <= 1


@given(samples(), st.sampled_from(METHODS))
def test_a_higher_level_gives_a_wider_interval(sample, method):
    x, clusters, weights = sample
    narrow, wide = (
        limits(mean(x, clusters=clusters, weights=weights, interval=method, level=level)) for level in (0.8, 0.95)
    )
    if not math.isnan(narrow[0]):
        assert wide[0] <= narrow[0] + 1e-12
        assert narrow[1] <= wide[1] + 1e-12


@given(samples(), st.floats(0.01, 100))
def test_only_the_ratio_of_weights_counts(sample, factor):
    x, clusters, weights = sample
    assume(np.ptp(x) > 0)  # weights at 0 and n of n: see the test of that below
    weights = np.ones(len(x)) if weights is None else weights
    one, other = (mean(x, clusters=clusters, weights=w) for w in (weights, factor * weights))
    assert limits(other) == pytest.approx(limits(one), rel=1e-9, abs=1e-12, nan_ok=True)


@pytest.mark.parametrize("k", [0, 20])
@pytest.mark.parametrize("method", [m for m in METHODS if m != "bayes"])
def test_scores_of_0_or_n_of_n_have_the_exact_interval_and_a_one_sided_bound(method, k):
    found = mean(np.full(20, k / 20), interval=method)
    assert limits(found) == pytest.approx(tuple(stats.binomtest(k, 20).proportion_ci(0.95, method="exact")), rel=1e-10)
    (bound,) = found.bounds
    assert (bound.units, bound.n, bound.side) == ("items", 20, "lower" if k else "upper")
    assert bound.limit == pytest.approx(0.05 ** (1 / 20) if k else 1 - 0.05 ** (1 / 20), rel=1e-10)
    assert found.method.name == "clopper-pearson"


def test_thirty_of_thirty_bounds_the_failure_rate_at_9_5_percent():
    assert "9.5%" in bound_sentence(mean(np.ones(30)).bounds[0])


@pytest.mark.parametrize("method", METHODS)
def test_all_400_right_in_8_clusters_counts_as_8(method):
    found = mean(np.ones(400), clusters=[EIGHT], interval=method)
    assert found.interval.low < 0.05 ** (1 / 8)
    assert [(bound.units, bound.n) for bound in found.bounds] == [("clusters", 8), ("items", 400)]


def test_weighted_items_count_by_their_effective_number_at_0_and_1():
    """One of 16 with most of the weight: without a success the heavy ones say nearly all, and 1 / Σ share² of them are counted."""
    weights = np.array([16.0] * 4 + [1.0] * 12)
    worth = weights.sum() ** 2 / (weights**2).sum()
    found = mean(np.zeros(16), weights=weights)
    assert found.interval.high == pytest.approx(1 - 0.025 ** (1 / worth))
    (bound,) = found.bounds
    assert (bound.limit, bound.n, bound.worth) == pytest.approx((1 - 0.05 ** (1 / worth), 16, worth))
    assert bound_sentence(bound).endswith("counting 16 questions, by their weights worth 5.6")
    grouped = mean(np.zeros(16), weights=weights, clusters=[np.arange(16) // 2])
    assert grouped.interval.high == pytest.approx(1 - 0.025 ** (1 / worth))
    equal = mean(np.zeros(16), weights=np.full(16, 3.0))
    assert limits(equal) == limits(mean(np.zeros(16)))
    assert bound_sentence(equal.bounds[0]).endswith("counting 16 questions")


def test_bounds_at_0_cover_with_unequal_weights():
    """Heavy items are solved by 35 in 100, light ones never: of evals without a success, hardly more than 5 in 100 may state a limit below the truth."""
    rng, kinds = (
        np.random.default_rng(5),
        np.array([2, 3, 10, 10, 10, 10, 30, 65, 105, 120, 124, 191, 770, 945, 1080, 1393.0]),
    )
    truth = kinds[kinds > 500].sum() * 0.35 / kinds.sum()
    missed, evals = 0, draws(500, 2_000)
    for _ in range(evals):
        weights = rng.choice(kinds, 16)
        x = ((weights > 500) & (rng.random(16) < 0.35)).astype(float)
        missed += not x.any() and mean(x, weights=weights).bounds[0].limit < truth
    assert missed / evals < 0.05 + 2 * np.sqrt(0.05 * 0.95 / evals)


def test_weighted_perfect_scores_are_exactly_1():
    for seed in range(draws(8, 30)):
        found = mean(np.ones(30), weights=np.random.default_rng(seed).uniform(0.5, 3, 30))
        assert found.value == 1, "never above 1 either"
        assert found.method.name == "clopper-pearson"
        assert found.bounds


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(
    ("x", "clusters", "code"),
    [(np.array([0.5]), (), "one_item"), (np.tile([0.0, 1.0], 10), (np.zeros(20, int),), "one_cluster")],
    ids=["one item", "one cluster"],
)
def test_one_item_or_cluster_gives_a_warning_and_no_standard_error(x, clusters, code, method):
    found = mean(x, clusters=clusters, interval=method)
    assert warnings(found) == [code]
    assert math.isnan(found.se)
    assert math.isnan(found.interval.low)
    assert math.isnan(found.interval.high)


@pytest.mark.parametrize("value", [0.5, 0.1, 1 / 3])
def test_identical_fractions_have_an_interval_of_positive_width(value):
    found = mean(np.full(10, value))
    assert found.se == 0
    assert warnings(found) == ["no_variance"]
    unseen = stats.t.ppf(0.975, 9) ** 2 / 10
    assert limits(found) == pytest.approx((value / (1 + unseen), 1 - (1 - value) / (1 + unseen)))


@pytest.mark.parametrize(("method", "score"), [("t", 3.25), ("bootstrap", 3.25), (None, 1e6 + 0.1)])
def test_identical_unbounded_scores_have_no_interval(method, score):
    found = mean(np.full(7, score), bounded=False, interval=method)
    assert warnings(found) == ["no_variance"]
    assert math.isnan(found.interval.low)


def test_tiny_scores_keep_their_variance():
    x = np.array([1.0, 2.0, 4.0, 8.0])
    assert mean(1e-13 * x, bounded=False).se == pytest.approx(1e-13 * mean(x, bounded=False).se, rel=1e-9, abs=0)


def test_equal_cluster_means_have_an_interval_of_positive_width():
    x = np.tile([0.0, 1.0], 20)
    found = mean(x, clusters=[np.repeat(np.arange(20), 2)])
    assert found.se == 0
    assert warnings(found) == ["no_variance"]
    assert found.interval.high - found.interval.low > 0.12


def test_unbounded_scores_use_the_t_interval():
    y, cluster, _, _ = reference_data("unbalanced")
    found = mean(y, clusters=[cluster], bounded=False)
    expected = stats.t(found.df, found.value, found.se).interval(0.95)
    assert limits(found) == pytest.approx(expected, rel=1e-10)
    assert str(found.method) == "t, CR2"


def test_the_t_interval_of_equal_clusters_equals_that_of_r_survey(reference):
    # survey's svymean is CR1, which equals CR2 for clusters of equal size
    y, cluster, _, _ = reference_data("balanced")
    expected = reference["sets"]["balanced"]["survey"]["t_interval"]
    found = mean(y, clusters=[cluster], interval="t")
    assert limits(found) == pytest.approx((expected["low"], expected["high"]), rel=1e-10)


@pytest.mark.parametrize("method", ["adaptive", "wilson", "clopper-pearson", "jeffreys", "bayes"])
def test_unbounded_scores_refuse_the_intervals_of_rates(method):
    with pytest.raises(MethodError, match="needs scores in"):
        mean(np.array([0.5, 7.0]), bounded=False, interval=method)


def test_binary_scores_without_clusters_give_the_textbook_intervals():
    x = np.repeat([1.0, 0.0], (7, 13))
    exact = stats.binomtest(7, 20).proportion_ci(0.95, method="exact")
    assert limits(mean(x, interval="clopper-pearson")) == pytest.approx(tuple(exact), rel=1e-10)
    assert limits(mean(x, interval="jeffreys")) == pytest.approx(stats.beta(7.5, 13.5).interval(0.95), rel=1e-10)
    assert limits(mean(x, interval="bayes")) == pytest.approx(stats.beta(8, 14).interval(0.95), rel=1e-10)
    t, p = stats.t.ppf(0.975, 19), 0.35
    centre = (p + t * t / 40) / (1 + t * t / 20)
    half = t / (1 + t * t / 20) * math.sqrt(p * (1 - p) / 20 + t * t / 1600)
    assert limits(mean(x, interval="wilson")) == pytest.approx((centre - half, centre + half), rel=1e-10)


def test_the_named_wilson_interval_is_never_guarded():
    for right in (1, 3, 1_000, 1_999):
        x = np.arange(2_000) < right
        found = mean(x.astype(float), attempts=np.ones(2_000), interval="wilson")
        expected = proportion_confint(right, 2_000, method="wilson")
        assert limits(found) == pytest.approx(expected, rel=0.01)
        assert str(found.method) == "wilson, CR2"


@pytest.mark.parametrize(("right", "n"), [(70, 200), (100, 200), (12, 25)])
def test_single_binary_answers_have_the_score_interval_with_the_t_quantile(right, n):
    found = mean((np.arange(n) < right).astype(float), attempts=np.ones(n))
    t = stats.t.ppf(0.975, n - 1)
    assert found.interval.low < right / n < found.interval.high
    for limit in limits(found):  # the two rates whose score test is just at its limit
        assert abs(right / n - limit) == pytest.approx(t * math.sqrt(limit * (1 - limit) / n), rel=1e-9)
    assert str(found.method) == "adaptive, CR2"


def test_near_0_the_lower_limit_is_the_exact_one_sided_one():
    x = np.repeat([1.0, 0.0], (1, 19))
    low, high = limits(mean(x, attempts=np.ones(20)))
    assert low == pytest.approx(1 - 0.95 ** (1 / 20), rel=1e-10)
    t = stats.t.ppf(0.975, 19)
    assert high - 0.05 == pytest.approx(t * math.sqrt(high * (1 - high) / 20), rel=1e-9), "Wilson's on the other side"


def test_wilson_uses_the_effective_number_of_items():
    y, cluster, _, _ = reference_data("balanced")
    found = mean(y, clusters=[cluster], interval="wilson")
    p, t = found.value, stats.t.ppf(0.975, 19)
    effective = 100 / (found.se**2 / (p * (1 - p) / 99))  # n over the design effect
    solved = [
        (p + t * t / (2 * effective) + side * t * math.sqrt(p * (1 - p) / effective + t * t / (4 * effective**2)))
        / (1 + t * t / effective)
        for side in (-1, 1)
    ]
    assert limits(found) == pytest.approx(solved, rel=1e-10)


def test_the_bootstrap_is_reproducible_and_near_the_t_interval():
    y, cluster, _, _ = reference_data("balanced")
    one, two, three = (
        limits(mean(y, clusters=[cluster], interval="bootstrap", rng=np.random.default_rng(seed))) for seed in (1, 1, 2)
    )
    assert one == two != three
    assert one == pytest.approx(limits(mean(y, clusters=[cluster], interval="t")), abs=0.02)


def test_the_bootstrap_uses_the_first_clustering_with_a_warning():
    y, first, second, _ = reference_data("twoway")
    two = mean(y, clusters=[second, first], bounded=False, interval="bootstrap")
    one = mean(y, clusters=[second], bounded=False, interval="bootstrap")
    assert limits(two) == limits(one)
    assert (warnings(one), warnings(two)) == ([], ["first_clustering_only"])


def test_a_negative_two_way_variance_is_replaced_by_the_larger_one_with_a_warning():
    x = (np.add.outer(np.arange(4), np.arange(4)) % 2).astype(float).ravel()
    x[0] = 1.0
    first, second = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    found = mean(x, clusters=[first, second])
    assert "negative_two_way_variance" in warnings(found)
    assert found.se == pytest.approx(mean(x, clusters=[first]).se, rel=1e-12)
    assert found.interval.low < found.value < found.interval.high


def test_a_two_way_variance_of_0_up_to_rounding_is_replaced_by_the_larger_one():
    x, first, second = np.array([[0, 1, 1, 0, 1, 1], [2, 1, 0, 1, 0, 1], [1, 0, 2, 2, 2, 0]])
    found = mean(x.astype(float), clusters=[first, second])  # V_1 + V_2 − V_12 is 0
    assert "negative_two_way_variance" in warnings(found)
    assert found.se == pytest.approx(mean(x.astype(float), clusters=[first]).se, rel=1e-12)
    gap = difference(x.astype(float), np.zeros(6), clusters=[first, second], method="t").estimate
    assert "negative_two_way_variance" in warnings(gap)
    assert gap.se == pytest.approx(found.se, rel=1e-12)


def test_a_warning_names_a_dominant_cluster():
    cluster = np.repeat(np.arange(10), [60] + [4] * 9)
    x = np.random.default_rng(0).integers(0, 2, len(cluster)).astype(float)
    found = mean(x, clusters=[cluster], labels=[f"repo{k}" for k in range(10)])
    assert warnings(found) == ["dominant_cluster"]
    assert "(repo0) contains 60 of 96" in found.warnings[0].message


def test_few_clusters_give_a_warning():
    cluster = np.repeat(np.arange(4), 10)
    x = np.random.default_rng(0).integers(0, 2, 40).astype(float)
    assert warnings(mean(x, clusters=[cluster])) == ["few_clusters"]


# many at once


def answers(seed, n=30, models=6, attempts=3):
    """Right answers in so many attempts (n, models), of all sorts: all right, all wrong, in between."""
    rng = np.random.default_rng(seed)
    count = np.full((n, models), attempts) if attempts else rng.integers(1, 4, (n, models))
    chance = np.linspace(0, 1, models) * np.clip(rng.normal(1, 0.1, (n, 1)), 0, 1)
    return rng.binomial(count, chance) / count, count.astype(float)


CASES = list(itertools.product([1, 3, 0], [0, 1, 2], [None, *METHODS]))


@pytest.mark.parametrize(("attempts", "ways", "method"), draws(CASES[::5], CASES), ids=str)
def test_means_in_one_call_equal_single_means(attempts, ways, method):
    x, count = answers(ways, attempts=attempts)
    rng = np.random.default_rng(8)
    clusters = [codes(rng.integers(0, k, 30)) for k in (9, 7)[:ways]]
    for weights in (None, rng.uniform(0.5, 3, 30)):
        asked = {"clusters": clusters, "weights": weights, "interval": method}
        together = means(x, attempts=count, rng=np.random.default_rng(1), **asked)
        for k, found in enumerate(together):
            alone = mean(x[:, k], attempts=count[:, k], rng=np.random.default_rng(1), **asked)
            assert (found.value, found.se, found.df) == pytest.approx((alone.value, alone.se, alone.df), rel=1e-9)
            assert limits(found) == pytest.approx(limits(alone), rel=1e-9, abs=1e-12)
            assert (found.method, found.warnings, found.bounds) == (alone.method, alone.warnings, alone.bounds)


def test_limits_of_single_answers_do_not_depend_on_models_with_more_attempts():
    x, count = answers(0, attempts=1)
    often, more = answers(1, attempts=3)
    together = means(np.hstack([x, often]), attempts=np.hstack([count, more]))
    for k in range(x.shape[1]):
        assert limits(together[k]) == pytest.approx(limits(mean(x[:, k], attempts=count[:, k])), rel=1e-9, abs=1e-12)


@given(samples())
def test_single_item_clusters_equal_no_clusters(sample):
    x, _, weights = sample
    attempts = np.ones(len(x)) if np.isin(x, (0, 1)).all() else None
    one, other = (mean(x, attempts=attempts, weights=weights, clusters=c) for c in ((), [np.arange(len(x))]))
    assert (other.value, other.se) == pytest.approx((one.value, one.se), rel=1e-9)
    assert limits(other) == pytest.approx(limits(one), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize(("items", "answers"), [(40, 4), (20, 2)])
def test_identical_averages_are_no_more_precise_than_their_answers(items, answers):
    alike = np.full(items, 0.5)
    other = alike.copy()
    other[0] += 1 / answers
    count = np.full(items, float(answers))
    first, second = (mean(x, attempts=count).interval for x in (alike, other))
    assert first.low == pytest.approx(second.low, abs=1.5 / (items * answers))
    assert first.high == pytest.approx(second.high, abs=1.5 / (items * answers))
    assert first.high - first.low > 1.9 / np.sqrt(items * answers)


@given(samples(), st.integers(2, 6), st.sampled_from(METHODS), st.randoms(use_true_random=False))
def test_identical_attempts_count_as_one(sample, most, method, draw):
    x, clusters, weights = sample
    x = np.round(x + 1e-9)
    times = np.array([draw.randint(1, most) for _ in x], dtype=float)
    given_ = {"clusters": clusters, "weights": weights, "interval": method}
    once, again = (mean(x, attempts=count, **given_) for count in (np.ones(len(x)), times))
    assert str(again) == str(once)


def test_attempts_count_as_soon_as_they_differ_on_one_item():
    x, count = np.array([1.0] * 7 + [2 / 3, 0, 0]), np.full(10, 3.0)
    found, alone = mean(x, attempts=count).interval, mean(np.round(x), attempts=count).interval
    assert found.half_width < alone.half_width
