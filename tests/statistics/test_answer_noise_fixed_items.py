"""Inference for exactly these items: explicit formulas, coverage in simulations, and degenerate data."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics.answer_noise import answers, fixed_means, fixed_moments
from howsure.statistics.differences import pivot_of
from howsure.statistics.intervals import clopper_pearson, guarded_wilson
from trials import draws

TRIALS = 3_000


def fixed(x, attempts, within=None, **asked):
    """Estimates of columns, or of one column (n,)."""
    x = np.asarray(x, dtype=float)
    columns = x.reshape(len(x), -1)
    attempts = np.broadcast_to(np.asarray(attempts, dtype=float).reshape(len(x), -1), columns.shape)
    within = columns * (1 - columns) if within is None else np.asarray(within).reshape(columns.shape)
    found = fixed_means(answers(columns, attempts, within), attempts, **asked)
    return found[0] if x.ndim == 1 else found


def codes_of(answer):
    return [warning.code for warning in answer.warnings]


def limits(answer):
    return answer.interval.low, answer.interval.high


def right_or_wrong(seed, n=20, trials=1, most=6):
    rng = np.random.default_rng(seed)
    attempts = rng.integers(2, most, n).astype(float)
    rate = rng.beta(0.7, 0.7, n)
    return rng.binomial(attempts.astype(int)[:, None], rate[:, None], (n, trials)) / attempts[:, None], attempts


# the formulas


def slow(x, attempts, within, w, level, *, binary, bounded):
    """Value, se, df and limits of one column whose items all have several attempts, item by item."""
    n, total = len(x), sum(w)
    value = sum(w[k] * x[k] for k in range(n)) / total
    terms = [(w[k] / total) ** 2 * within[k] / (attempts[k] - 1) for k in range(n)]
    event = sum((w[k] / total / attempts[k]) ** 2 for k in range(n)) / n
    event *= bounded  # a scale without ends has no unit for it
    variance = sum(terms) + 2 * event
    df = 2 * variance**2 / (sum(term**2 for term in terms) + 2 * event**2)
    half = stats.t.ppf((1 + level) / 2, df) * math.sqrt(variance)
    low, high = value - half, value + half
    if bounded and 0 < value < 1:
        low, high = (float(limit) for limit in guarded_wilson(value, value * (1 - value) / variance, df, level))
    if bounded and binary:
        most = min(attempts) * total / max(w)
        exact = [float(limit) for limit in clopper_pearson(value * most, most, level)]
        low, high = (max(low, exact[0]), min(high, exact[1])) if 0 < value < 1 else exact
    if bounded:
        low, high = max(low, 0.0), min(high, 1.0)
    return value, math.sqrt(sum(terms)), df, low, high


@pytest.mark.parametrize("kind", ["binary", "fractions", "unbounded"])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_estimates_and_limits_equal_an_explicit_loop(kind, weighted, level):
    rng = np.random.default_rng(8)
    x, attempts = right_or_wrong(3)
    x, within = x[:, 0], x[:, 0] * (1 - x[:, 0])
    if kind != "binary":
        x, within = rng.uniform(0, 1, 20), rng.uniform(0, 0.1, 20)
    if kind == "unbounded":
        x, within = 30 * x - 10, 900 * within
    weights = rng.uniform(0.5, 2, 20) if weighted else None
    asked = {"binary": kind == "binary", "bounded": kind != "unbounded"}
    found = fixed(x, attempts, within, weights=weights, level=level, **asked)
    expected = slow(x, attempts, within, np.ones(20) if weights is None else weights, level, **asked)
    assert (found.value, found.se, found.df, *limits(found)) == pytest.approx(expected, rel=1e-9)
    assert (found.n_items, str(found.method), found.interval.level) == (20, "fixed-items", level)


def test_a_models_estimate_does_not_depend_on_the_other_models():
    x, attempts = right_or_wrong(4, trials=5)
    x[:, 0], x[:, 1] = 1.0, 0.0
    for k, found in enumerate(fixed(x, attempts)):
        alone = fixed(x[:, k], attempts)
        assert (found.value, found.se, found.df) == pytest.approx((alone.value, alone.se, alone.df), rel=1e-9)
        assert limits(found) == pytest.approx(limits(alone), rel=1e-9, abs=1e-12)
        assert (found.bounds, found.warnings) == (alone.bounds, alone.warnings)


@given(st.integers(0, 10_000), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_interval_contains_the_mean_and_mirrors_when_right_and_wrong_are_swapped(seed, level):
    x, attempts = right_or_wrong(seed, n=8)
    one, other = fixed(x[:, 0], attempts, level=level), fixed(1 - x[:, 0], attempts, level=level)
    assert 0 <= one.interval.low <= one.value <= one.interval.high <= 1
    assert limits(other) == pytest.approx((1 - one.interval.high, 1 - one.interval.low), abs=1e-9)
    assert other.se == pytest.approx(one.se, abs=1e-12)


@given(st.integers(0, 10_000))
def test_a_higher_level_gives_a_wider_interval(seed):
    x, attempts = right_or_wrong(seed, n=8)
    found = np.array([limits(fixed(x[:, 0], attempts, level=level)) for level in (0.6, 0.8, 0.9, 0.95, 0.99)])
    assert np.all(np.diff(found[:, 0]) <= 1e-12)
    assert np.all(np.diff(found[:, 1]) >= -1e-12)


@given(st.integers(0, 10_000))
def test_binary_answers_have_an_interval_inside_the_pooled_exact_one(seed):
    x, attempts = right_or_wrong(seed, n=8)
    low, high = limits(fixed(x[:, 0], attempts))
    n = 8 * attempts.min()
    exact = clopper_pearson(x.mean() * n, n, 0.95)
    assert exact[0] - 1e-12 <= low <= high <= exact[1] + 1e-12


@pytest.mark.parametrize("scale", [0.001, 1.0, 1_000.0])
@pytest.mark.parametrize("shift", [0.0, -7.0])
def test_the_interval_follows_linear_rescaling_of_unbounded_scores(scale, shift):
    rng = np.random.default_rng(11)
    x, within = rng.normal(size=10), rng.uniform(0.5, 1, 10)
    one = fixed(x, [3] * 10, within, binary=False, bounded=False)
    other = fixed(shift + scale * x, [3] * 10, scale**2 * within, binary=False, bounded=False)
    assert (other.value, other.se) == pytest.approx((shift + scale * one.value, scale * one.se), rel=1e-9)
    assert [(limit - shift) / scale for limit in limits(other)] == pytest.approx(limits(one), rel=1e-6)


# coverage


def misses(rate, attempts, seed, weights=None, **asked):
    """The share of samples whose interval misses the mean of these rates, below and above."""
    attempts = np.asarray(attempts, dtype=float)
    rng = np.random.default_rng(seed)
    x = rng.binomial(attempts.astype(int)[:, None], rate[:, None], (len(rate), TRIALS)) / attempts[:, None]
    truth = np.average(rate, weights=weights)
    found = np.array([limits(one) for one in fixed(x, attempts, weights=weights, **asked)])
    return float(((found[:, 0] > truth + 1e-12) | (found[:, 1] < truth - 1e-12)).mean())


MOST = 0.07 + 3 * math.sqrt(0.07 * 0.93 / TRIALS)
"""A true coverage of 93% is seen to miss no more often than this, but for one in a thousand."""

HALF = np.full(40, 0.5)
SPREAD = np.random.default_rng(20).beta(0.5, 0.5, 60)
EASY = np.random.default_rng(21).beta(8, 0.4, 50)


WORLDS = list(itertools.product([HALF, SPREAD, EASY], ["2", "5", "ragged"], [True, False]))


@pytest.mark.parametrize(("rate", "attempts", "binary"), draws(WORLDS[::5], WORLDS))
def test_intervals_cover_the_mean_of_these_items(rate, attempts, binary):
    n = len(rate)
    counts = np.arange(n) % 6 + 2 if attempts == "ragged" else np.full(n, int(attempts))
    assert misses(rate, counts, 22, binary=binary) < MOST


def test_intervals_cover_the_weighted_mean_of_these_items():
    weights = np.random.default_rng(23).uniform(0.5, 2, 60)
    assert misses(SPREAD, np.full(60, 3), 24, weights) < MOST


def test_intervals_cover_if_one_hard_item_has_a_tenth_of_the_weight():
    rate, weights = np.full(200, 1.0), np.full(200, 0.9 / 199)
    rate[0], weights[0] = 0.8, 0.1
    assert misses(rate, np.full(200, 3), 25, weights) < MOST


@pytest.mark.parametrize("several", draws([2, 20], [2, 5, 20]))
@pytest.mark.parametrize("binary", [True, False])
def test_intervals_cover_if_few_items_had_a_second_attempt(several, binary):
    counts = np.where(np.arange(100) < several, 2, 1)
    assert misses(np.full(100, 0.5), counts, 26, binary=binary) < MOST


PAIRS = draws(400, 1_500)


def difference_misses(rate, other, attempts, seed, trials=PAIRS):
    rng = np.random.default_rng(seed)
    truth, missed = rate.mean() - other.mean(), 0
    counts = np.full((len(rate), 2), attempts)
    for _ in range(trials):
        x = np.column_stack([rng.binomial(attempts, one) for one in (rate, other)]) / attempts
        pivot = pivot_between(x, counts.astype(float))
        missed += not pivot.low <= truth <= pivot.high
    return missed / trials


@pytest.mark.parametrize("other", [SPREAD, SPREAD**2, np.full(60, 0.98)], ids=["equal", "harder", "nearly perfect"])
def test_intervals_cover_the_difference_on_these_items(other):
    assert difference_misses(SPREAD, other, 3, 27) < 0.07 + 3 * math.sqrt(0.07 * 0.93 / PAIRS)


# differences


def moments_of(x, attempts, within=None, weights=None):
    within = np.nan_to_num(x * (1 - x)) if within is None else within
    return fixed_moments(answers(x, attempts, within), weights=weights)


def pivot_between(x, attempts, level=0.95, a=0, b=1):
    found = moments_of(x, attempts)
    return pivot_of(found.at((a, b)), level, reach=1.0)


@given(st.integers(0, 10_000), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_the_p_value_and_the_interval_of_a_difference_agree(seed, level):
    x, attempts = right_or_wrong(seed, n=9, trials=2)
    found = pivot_between(x, np.repeat(attempts[:, None], 2, axis=1), level)
    assert (found.p_value < 1 - level) == (not found.low <= 0 <= found.high)
    at = pivot_between(x, np.repeat(attempts[:, None], 2, axis=1), 1 - found.p_value) if found.p_value > 1e-9 else None
    if at is not None and 0 < abs(found.found.difference) < 1:
        assert min(abs(at.low), abs(at.high)) == pytest.approx(0, abs=1e-6), "at its own level, 0 is a limit"


def test_differences_equal_an_explicit_loop():
    x, attempts = right_or_wrong(5, trials=3)
    counts = np.repeat(attempts[:, None], 3, axis=1)
    counts[:, 2] = 4.0
    x[:, 2] = np.random.default_rng(6).integers(0, 5, 20) / 4
    weights = np.random.default_rng(7).uniform(0.5, 2, 20)
    found = moments_of(x, counts, weights=weights)
    share = weights / weights.sum()
    for a, b in ((0, 1), (0, 2), (2, 1)):
        terms = [share[k] ** 2 * sum(x[k, m] * (1 - x[k, m]) / (counts[k, m] - 1) for m in (a, b)) for k in range(20)]
        events = [((share / counts[:, m]) ** 2).mean() for m in (a, b)]
        variance = sum(terms) + sum(events)
        single = [share[k] ** 2 * x[k, m] * (1 - x[k, m]) / (counts[k, m] - 1) for m in (a, b) for k in range(20)]
        df = 2 * variance**2 / (sum(t * t for t in single) + sum(e * e for e in events))
        assert found.difference[a, b] == pytest.approx(share @ (x[:, a] - x[:, b]), rel=1e-9)
        assert found.difference[a, b] == -found.difference[b, a]
        assert found.variance[a, b] == pytest.approx(sum(terms), rel=1e-9)
        assert (float(found.at((a, b)).spread_at()), found.df[a, b]) == pytest.approx(
            (math.sqrt(variance), df), rel=1e-9
        )
        assert found.shared[a, b] == found.units[a, b] == 20


def test_a_pair_is_compared_on_shared_items_only():
    x, attempts = right_or_wrong(9, n=40, trials=2)
    counts = np.repeat(attempts[:, None], 2, axis=1)
    x[6:20, 0] = x[20:, 1] = np.nan
    counts = np.where(np.isnan(x), 0.0, counts)
    shared = ~np.isnan(x).any(axis=1)
    assert shared.sum() == 6
    whole, part = moments_of(x, counts), moments_of(x[shared], counts[shared])
    for name in ("difference", "variance", "added", "df", "shared", "units"):
        assert getattr(whole, name)[0, 1] == pytest.approx(getattr(part, name)[0, 1], rel=1e-9), name


def test_items_of_one_model_only_do_not_change_the_p_value():
    x = np.full((398, 2), np.nan)
    x[:200, 0] = x[198:, 1] = 1.0
    x[198, 1] = 0.0  # one of the two shared items came out otherwise, in both of its attempts
    found = moments_of(x, np.where(np.isnan(x), 0.0, 2.0))
    alone = moments_of(x[198:200], np.full((2, 2), 2.0))
    assert found.p_value[0, 1] == pytest.approx(alone.p_value[0, 1], rel=1e-9)


@pytest.mark.parametrize("scale", [0.001, 1_000.0])
def test_p_values_do_not_depend_on_the_scale_of_unbounded_scores(scale):
    rng = np.random.default_rng(12)
    x, within, counts = rng.normal(size=(10, 2)), rng.uniform(0.5, 1, (10, 2)), np.full((10, 2), 3.0)
    one = fixed_moments(answers(x, counts, within), bounded=False)
    other = fixed_moments(answers(scale * x, counts, scale**2 * within), bounded=False)
    assert other.p_value == pytest.approx(one.p_value, rel=1e-9)
    assert other.spread_at() == pytest.approx(scale * one.spread_at(), rel=1e-9)


def test_models_without_shared_items_are_not_compared_and_give_no_warning():
    x = np.array([[0.5, np.nan], [1.0, np.nan], [np.nan, 0.5], [np.nan, 0.0]])
    found = moments_of(x, np.where(np.isnan(x), 0.0, 2.0))
    assert np.isnan([found.difference[0, 1], found.variance[0, 1], found.df[0, 1]]).all()
    assert found.shared[0, 1] == 0


def test_a_model_with_one_attempt_per_item_has_no_p_value():
    x, counts = np.array([[0.5, 1.0], [1.0, 0.0], [0.5, 1.0]]), np.array([[2.0, 1.0]] * 3)
    found = moments_of(x, counts)
    assert found.difference[0, 1] == pytest.approx(0.0)
    assert math.isnan(found.variance[0, 1])
    assert math.isnan(found.p_value[0, 1])


# degenerate


@pytest.mark.parametrize(("n", "k"), [(1, 2), (5, 3), (40, 2)])
def test_all_right_in_all_attempts_gives_the_exact_binomial_bound(n, k):
    found = fixed(np.ones(n), np.full(n, k))
    missed = 1 - 0.05 ** (1 / (n * k))
    assert found.bounds[0].limit == pytest.approx(1 - missed, rel=1e-12)
    assert (found.bounds[0].side, found.bounds[0].units, found.bounds[0].n) == ("lower", "attempts", n * k)
    assert limits(found) == pytest.approx((0.025 ** (1 / (n * k)), 1.0), rel=1e-12)
    none = fixed(np.zeros(n), np.full(n, k))
    assert none.bounds[0].limit == pytest.approx(missed, rel=1e-12)
    assert none.bounds[0].side == "upper"
    assert limits(none) == pytest.approx((0.0, 1 - 0.025 ** (1 / (n * k))), rel=1e-12)


def test_unequal_attempts_that_are_all_right_count_as_the_fewest_per_item():
    found = fixed(np.ones(4), [2, 3, 5, 9])
    assert found.bounds[0].n == 8
    assert found.interval.low == pytest.approx(0.025 ** (1 / 8), rel=1e-12)


def test_identical_attempts_per_item_have_a_narrow_interval_of_positive_width():
    found = fixed([1.0] * 12 + [0.0] * 8, [3] * 20)
    assert (found.value, found.se, found.bounds) == (0.6, 0.0, ())
    assert 0.5 < found.interval.low < 0.6 < found.interval.high < 0.7
    assert found.df == pytest.approx(4.0), "of two events"
    noisier = fixed([1.0] * 12 + [1 / 3] + [0.0] * 7, [3] * 20)
    assert noisier.interval.high - noisier.interval.low > found.interval.high - found.interval.low


def test_some_items_with_one_attempt_give_a_warning():
    found = fixed([0.5, 1.0, 0.5, 1.0, 0.0], [2, 2, 2, 1, 1])
    assert codes_of(found) == ["single_attempts"]
    assert "2 of 5 questions had one attempt;" in found.warnings[0].message
    assert found.se == pytest.approx(math.sqrt(3 * (1 / 3 / 2) / 25 + 2 * (1 / 3) / 25))
    assert found.interval.low < found.value < found.interval.high


@pytest.mark.parametrize("binary", [True, False])
@pytest.mark.parametrize("x", [[1.0, 0.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.0]], ids=["some right", "all right"])
def test_one_attempt_per_item_gives_no_standard_error_and_a_warning(x, binary):
    found = fixed(x, [1] * 4, binary=binary)
    assert codes_of(found) == ["one_attempt"]
    assert found.value == np.mean(x)
    assert math.isnan(found.se)
    assert np.isnan(limits(found)).all()


def test_one_attempt_per_item_of_one_model_does_not_affect_others():
    x, attempts = right_or_wrong(10, n=10, trials=2)
    x[:, 1] = np.arange(10) % 2
    found = fixed(x, np.column_stack([attempts, np.ones(10)]))
    assert found[0] == fixed(x[:, 0], attempts)
    assert codes_of(found[1]) == ["one_attempt"]


def test_identical_fractions_have_limits_between_0_and_1():
    for value in (0.0, 0.3, 1.0):
        found = fixed([value] * 6, [3] * 6, [0.0] * 6, binary=False)
        assert (found.se, found.bounds) == (0.0, ())
        assert 0 <= found.interval.low <= value <= found.interval.high <= 1
        assert found.interval.high - found.interval.low > 0.01


def test_unbounded_scores_may_have_limits_beyond_0_and_1():
    found = fixed([-3.0, 0.5, 6.0], [2] * 3, [1.0, 2.0, 3.0], binary=False, bounded=False)
    assert found.interval.low < 0
    assert found.interval.high > 1
    assert (found.interval.low + found.interval.high) / 2 == pytest.approx(found.value)


def test_one_item_has_the_interval_of_its_attempts():
    found = fixed([0.4], [5])
    exact = stats.binomtest(2, 5).proportion_ci(0.95, method="exact")
    assert found.se == pytest.approx(math.sqrt(0.24 / 4))
    assert exact.low - 1e-9 <= found.interval.low < 0.4 < found.interval.high <= exact.high + 1e-9


def test_unequal_weights_give_an_interval_but_no_exact_bound():
    found = fixed(np.ones(6), [2] * 6, weights=np.array([1.0, 1, 1, 1, 1, 3]))
    assert found.bounds == ()
    assert 0 < found.interval.low < found.interval.high == 1


@given(st.integers(0, 10_000), st.floats(0.01, 100))
def test_only_the_ratio_of_weights_counts(seed, scale):
    x, attempts = right_or_wrong(seed, n=7)
    weights = np.random.default_rng(seed).uniform(0.5, 2, 7)
    one, other = (fixed(x[:, 0], attempts, weights=weights * by) for by in (1.0, scale))
    assert (other.value, other.se, *limits(other)) == pytest.approx(
        (one.value, one.se, *limits(one)), rel=1e-7, abs=1e-9
    )


@given(st.integers(0, 10_000))
def test_equal_weights_change_nothing(seed):
    x, attempts = right_or_wrong(seed, n=7)
    one, other = (fixed(x[:, 0], attempts, weights=weights) for weights in (None, np.full(7, 2.0)))
    assert limits(other) == pytest.approx(limits(one), rel=1e-9, abs=1e-12)
