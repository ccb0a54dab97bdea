"""Overall scores of several tasks: published intervals, profile likelihood, invariances, and small tasks."""

import math
from typing import get_args

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats

import howsure as hs
from howsure.statistics.choices import IntervalMethod
from howsure.statistics.means import mean
from howsure.statistics.suites import Suite, SuiteSide, combined_df, overall_estimate, weakest
from method_cases import codes, long_way

Z = stats.norm.ppf(0.975)


def side_of(squares, slopes, bends, df):
    """A side whose tasks have their own limits where their variances have them."""
    few = np.full(squares.shape, float(df))
    if np.isfinite(df) and squares.any():  # so that together they have these
        few *= squares @ squares / squares.sum() ** 2
    return SuiteSide(
        squares=squares,
        slopes=slopes,
        bends=bends,
        own_slopes=slopes,
        rooms=np.full(len(slopes), np.inf),
        counted=squares,
        own_df=few,
        of_shares=np.zeros(len(squares), dtype=bool),
    )


def rates(x, n, shares):
    """Tasks whose rates x of n answers vary as p (1 − p) / n does."""
    x, n, s = (np.asarray(each, dtype=float) for each in (x, n, shares))
    variances, bends = x * (1 - x) / n, 1 / n
    sides = [side_of(s**2 * variances, s * sign * (1 - 2 * x) / n, bends, np.inf) for sign in (-1, 1)]
    return Suite(value=np.asarray(s @ x), below=sides[0], above=sides[1])


def any_suite(values, variances, slopes, bends, shares, df=12.0):
    values, variances, slopes, bends, s = (
        np.asarray(each, float) for each in (values, variances, slopes, bends, shares)
    )
    side = side_of(s**2 * variances, s * slopes, bends, df)
    return Suite(value=np.asarray(s @ values), below=side, above=side)


def test_two_rates_have_the_published_score_interval_of_mee():
    """Mee's interval of 56/70 − 48/80: Newcombe (1998), Statistics in Medicine 17, 873–890, table II, method 5."""
    found = rates([56 / 70, 1 - 48 / 80], [70, 80], [1.0, 1.0]).limits(0.95)
    assert [round(float(limit) - 1, 4) for limit in found] == [0.0533, 0.3377]


def test_one_rate_has_the_wilson_interval():
    low, high = rates([0.9], [10], [1.0]).limits(0.95)
    for limit in (float(low), float(high)):
        assert (0.9 - limit) ** 2 == pytest.approx(Z**2 * limit * (1 - limit) / 10, rel=1e-9)


@pytest.mark.parametrize("x", [(0.9, 0.5, 0.3), (1.0, 0.5, 0.25), (1.0, 1.0, 0.0)])
def test_limits_invert_the_test_at_the_constrained_maximum_likelihood_rates(x):
    n, s = np.array([10.0, 40.0, 8.0]), np.array([0.5, 0.3, 0.2])
    suite = rates(x, n, s)
    for limit in suite.limits(0.95):
        if limit in (0.0, 1.0):
            continue

        def unlikely(p):
            p = np.clip(p, 1e-9, 1 - 1e-9)
            return -float((n * x * np.log(p) + n * (1 - np.asarray(x)) * np.log(1 - p)).sum())

        held = {"type": "eq", "fun": lambda p, limit=limit: s @ p - limit}
        start = np.clip(np.asarray(x) + (limit - s @ np.asarray(x)), 0.05, 0.95)
        found = optimize.minimize(
            unlikely, start, bounds=[(1e-7, 1 - 1e-7)] * 3, constraints=[held], tol=1e-13, options={"maxiter": 500}
        )
        variance = float(s**2 @ (found.x * (1 - found.x) / n))
        assert abs(float(suite.value - limit)) / np.sqrt(variance) == pytest.approx(Z, rel=2e-3)


def test_tasks_with_constant_variances_have_the_t_interval():
    found = any_suite([0.1, 0.3], [0.01, 0.02], [0, 0], [0, 0], [0.4, 0.6])
    half = stats.t.ppf(0.975, 12) * np.sqrt(0.16 * 0.01 + 0.36 * 0.02)
    assert [float(limit) for limit in found.limits(0.95)] == pytest.approx([0.22 - half, 0.22 + half], rel=1e-12)
    assert float(found.t()) == pytest.approx(0.22 / np.sqrt(0.16 * 0.01 + 0.36 * 0.02), rel=1e-12)


def test_a_task_without_variance_widens_the_interval_only_by_its_variance_slope():
    large = any_suite([0.0, 0.2], [0.0, 1e-6], [0.1, 0], [0, 0], [0.5, 0.5])
    t = stats.t.ppf(0.975, 12)
    assert float(large.value - large.limits(0.95)[0]) == pytest.approx(t**2 * 0.05, rel=1e-3)
    small = any_suite([0.0, 0.2], [0.0, 0.01], [1e-4, 0], [0, 0], [0.5, 0.5])
    assert float(small.value - small.limits(0.95)[0]) == pytest.approx(t * 0.05, rel=1e-9)


def test_without_any_variance_the_interval_is_a_point():
    found = any_suite([0.0, 0.2], [0, 0], [0, 0], [0, 0], [0.5, 0.5])
    assert [float(limit) for limit in found.limits(0.95)] == [0.1, 0.1]
    assert float(found.t()) == np.inf


numbers = st.floats(0.0, 1.0)
tasks = st.lists(
    st.tuples(
        st.floats(-1, 1), st.sampled_from([0.0, 1e-6, 1e-3, 0.05]), numbers, st.sampled_from([0.0, 0.02, 0.3]), numbers
    ),
    min_size=1,
    max_size=6,
).map(lambda rows: tuple(np.array(column) for column in zip(*rows, strict=True)))


def made(parts, order=None):
    values, variances, slopes, bends, weights = (each if order is None else each[order] for each in parts)
    shares = weights + 0.05
    return any_suite(values, variances, slopes, bends, shares / shares.sum())


@given(tasks, st.floats(0.5, 0.999))
def test_limits_have_p_value_alpha(parts, level):
    found = made(parts)
    for limit in found.limits(level):
        if abs(limit - found.value) > 1e-9:
            assert abs(float(found.t(float(limit)))) == pytest.approx(stats.t.ppf((1 + level) / 2, 12), rel=1e-5)


@given(tasks, st.floats(-1, 1))
def test_a_value_is_rejected_exactly_if_it_is_outside_the_interval(parts, tested):
    found = made(parts)
    low, high = (float(limit) for limit in found.limits(0.95))
    if min(abs(tested - low), abs(tested - high)) > 1e-6:
        assert (abs(float(found.t(tested))) < stats.t.ppf(0.975, 12)) == (low < tested < high)


@given(tasks, st.randoms())
def test_limits_do_not_depend_on_the_order_of_tasks(parts, random):
    order = list(range(len(parts[0])))
    random.shuffle(order)
    one, other = made(parts).limits(0.95), made(parts, order).limits(0.95)
    assert [float(limit) for limit in one] == pytest.approx([float(limit) for limit in other], rel=1e-7, abs=1e-9)


@given(tasks, st.sampled_from([1e-3, 7.0, 1e6]))
def test_limits_follow_rescaling(parts, scale):
    values, variances, slopes, bends, weights = parts
    one = made(parts).limits(0.95)
    other = made((scale * values, scale**2 * variances, scale * slopes, bends, weights)).limits(0.95)
    assert [scale * float(limit) for limit in one] == pytest.approx(
        [float(limit) for limit in other], rel=1e-7, abs=1e-9 * scale
    )


@given(tasks, st.floats(0.5, 0.99))
def test_a_higher_level_gives_no_narrower_limits(parts, level):
    found = made(parts)
    inner, outer = found.limits(level), found.limits(level + 0.009)
    assert outer[0] <= inner[0] + 1e-12
    assert outer[1] >= inner[1] - 1e-12


def test_welch_satterthwaite_df_equal_those_of_scipys_t_test():
    rng = np.random.default_rng(77)
    a, b = rng.normal(size=12), rng.normal(0, 4, size=30)
    v = np.array([a.var(ddof=1) / 12, b.var(ddof=1) / 30])
    assert float(combined_df(v, np.array([11.0, 29.0]))) == pytest.approx(stats.ttest_ind(a, b, equal_var=False).df)


def test_infinite_degrees_of_freedom_stay_infinite():
    assert float(combined_df(np.array([1.0, 2.0]), np.array([np.inf, np.inf]))) == np.inf


def own_side(squares, slopes, dfs, of_shares=()):
    """A side whose tasks have their own degrees of freedom, next to variances of shares."""
    n, k = len(squares), len(of_shares)
    squares, slopes = np.append(squares, of_shares), np.append(slopes, np.zeros(k))
    return SuiteSide(
        squares=squares,
        slopes=np.maximum(slopes, 0.0),
        bends=np.zeros(n + k),
        own_slopes=slopes,
        rooms=np.full(len(slopes), np.inf),
        counted=squares,
        own_df=np.append(dfs, np.full(k, np.inf)),
        of_shares=np.repeat([False, True], [n, k]),
    )


def own_limit(square, slope, df, level):
    """The y of y² = t² (V + slope · y), by search."""
    t = stats.t.ppf((1 + level) / 2, df)
    return optimize.brentq(lambda y: y**2 - t**2 * (square + slope * y), 1e-12, 1e6)


def test_a_task_of_two_items_does_not_inflate_the_overall_half_width():
    """Welch has 1.1 degrees of freedom here, and ± .17; both at their own limits are ± .107."""
    side = own_side([1e-5, 1e-4], [0.0, 0.0], [1.0, 197.0])
    every = stats.t.ppf(0.975, [1, 197]) @ np.sqrt([1e-5, 1e-4])
    free = stats.t.ppf(0.975, float(side.df)) * np.sqrt(1.1e-4)
    assert float(side.half_width(0.95)) == pytest.approx(min(every, free), rel=1e-9)
    side = own_side([1e-4, 1e-5], [0.0, 0.0], [1.0, 197.0])
    every = stats.t.ppf(0.975, [1, 197]) @ np.sqrt([1e-4, 1e-5])
    assert float(side.half_width(0.95)) == pytest.approx(
        min(every, stats.t.ppf(0.975, float(side.df)) * np.sqrt(1.1e-4)), rel=1e-9
    )


def test_the_variance_of_shares_is_added_in_quadrature():
    tasks = [4e-4, 1e-6], [-0.02, 0.0], [1.0, 200.0]
    own = own_limit(4e-4, -0.02, 1, 0.95) + own_limit(1e-6, 0.0, 200, 0.95)
    assert float(own_side(*tasks).half_width(0.95)) == pytest.approx(own, rel=1e-9)
    with_shares = own_side(*tasks, [1e-4])
    assert float(with_shares.half_width(0.95)) == pytest.approx(np.hypot(own, Z * 0.01), rel=1e-9)
    assert stats.t.ppf(0.975, float(with_shares.df)) * np.sqrt(5.01e-4) > 3 * own, "what Welch would have"


capped = st.lists(
    st.tuples(
        st.sampled_from([0.0, 1e-6, 1e-4, 0.01]),
        st.sampled_from([-0.02, 0.0, 0.01, 0.2]),
        st.sampled_from([1.0, 2.0, 9.0, 300.0, np.inf]),
    ),
    min_size=1,
    max_size=4,
).map(lambda rows: [np.array(column) for column in zip(*rows, strict=True)])


@given(capped, st.sampled_from([0.0, 1e-4]), st.floats(0.5, 0.999))
def test_overall_half_widths_stay_within_the_sum_of_the_parts_and_agree_with_p(parts, of_shares, level):
    squares, slopes, dfs = parts
    slopes = np.where((squares == 0) & (slopes < 0), 0.0, slopes)
    side = own_side(squares, slopes, dfs, [of_shares])
    found = float(side.half_width(level))
    own = sum(
        own_limit(*each, level) if each[0] > 0 or each[1] > 0 else 0.0
        for each in zip(squares, slopes, dfs, strict=True)
    )
    most = np.hypot(own, stats.norm.ppf((1 + level) / 2) * np.sqrt(of_shares))
    assert found <= most * (1 + 1e-9)
    if found > 1e-9:
        t = np.sqrt(float(side.squared_t(np.asarray(found))))
        assert 2 * stats.t.sf(t, float(side.df)) == pytest.approx(1 - level, rel=1e-6)
        for farther in (0.9, 1.1):
            t = np.sqrt(float(side.squared_t(np.asarray(farther * found))))
            assert (2 * stats.t.sf(t, float(side.df)) <= 1 - level) == (farther > 1)


def test_the_weakest_part_is_the_one_that_dominates_the_variance():
    found = weakest(np.array([0.03, 0.01, 0.01]), np.array([3, 200, 200]))
    assert (found.place, found.error_share) == (0, pytest.approx(9 / 11))
    assert found.needed == pytest.approx(3 * 9 / 2)
    assert found.half_width == pytest.approx(np.sqrt(2 * 2e-4))
    with_it = np.array([0.03 * np.sqrt(3 / found.needed), 0.01, 0.01])
    assert np.sqrt((with_it**2).sum()) == pytest.approx(found.half_width)
    assert weakest(np.array([0.03, 0.01, 0.01]), np.array([300, 200, 200])) is None, "it has most of the questions"
    assert weakest(np.array([0.01, 0.01, 0.01]), np.array([3, 200, 200])) is None
    assert weakest(np.array([0.03, 0.01, 0.01]), np.array([3, 200, 200]), rest=0.01) is None
    assert weakest(np.array([np.nan, 0.01]), np.array([3, 200])) is None
    assert weakest(np.zeros(2), np.array([3, 200])) is None
    assert weakest(np.array([0.1, 0.0]), np.array([3, 200])).needed == np.inf


# the overall score of several tasks: single tasks give their own interval, and tasks at 0 or n of n count


SHARES = (0.5, 0.3, 0.2)
INTERVALS = get_args(IntervalMethod)


def counted(right, n, **options):
    return mean((np.arange(n) < right).astype(float), attempts=np.ones(n), **options)


def estimates(**options):
    rng = np.random.default_rng(5)
    samples = [rng.integers(0, 2, n).astype(float) for n in (30, 50, 80)]
    clusters = [codes(rng.integers(0, n // 4, n)) for n in (30, 50, 80)]
    return samples, clusters, [mean(x, clusters=[c], **options) for x, c in zip(samples, clusters, strict=True)]


def ends(estimate):
    return [estimate.interval.low, estimate.interval.high]


def test_unbounded_scores_have_the_t_interval_of_the_weighted_sum():
    samples, clusters, parts = estimates(bounded=False)
    found = overall_estimate(parts, SHARES, bounded=False)
    long = [long_way(x, c) for x, c in zip(samples, clusters, strict=True)]
    value = sum(s * part[0] for s, part in zip(SHARES, long, strict=True))
    variances = np.array([s**2 * part[1] for s, part in zip(SHARES, long, strict=True)])
    df = variances.sum() ** 2 / (variances**2 / [part[2] for part in long]).sum()
    assert (found.value, found.se, found.df) == pytest.approx((value, math.sqrt(variances.sum()), df), rel=1e-10)
    assert ends(found) == pytest.approx(stats.t(df, value, found.se).interval(0.95), rel=1e-10)
    assert (found.n_items, found.n_clusters) == (160, sum(part.n_clusters for part in parts))


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("right", [0, 1, 9, 19, 20])
def test_one_task_has_its_own_interval(interval, right):
    part = counted(right, 20, interval=interval)
    assert overall_estimate([part], [1.0], bounded=True) == part
    beside = overall_estimate([part, counted(5, 10)], [1 - 1e-9, 1e-9], bounded=True)
    if interval != "bayes" or 0 < right < 20:  # its limits lie within 0 and 1 even there
        assert ends(beside) == pytest.approx(ends(part), abs=1e-4)


def test_the_chosen_interval_applies_to_the_overall_score():
    found = {}
    for interval in INTERVALS:
        parts = [counted(17, 20, interval=interval), counted(30, 40, interval=interval)]
        answer = overall_estimate(parts, [0.5, 0.5], bounded=True)
        found[interval] = tuple(ends(answer))
        assert str(answer.method).startswith(f"overall {interval}")
    assert len(set(found.values())) == len(INTERVALS)


def test_five_of_five_and_200_of_400_combine_to_a_known_interval():
    five, many = counted(5, 5), counted(200, 400)
    found = overall_estimate([five, many], [0.5, 0.5], bounded=True)
    assert (found.value, round(found.se, 4)) == (0.75, 0.0125)
    assert found.interval.low == pytest.approx((five.interval.low + many.value) / 2, abs=0.005)
    assert found.interval.high == pytest.approx((1 + many.interval.high) / 2, abs=1e-3)


def test_all_right_on_every_task_counts_clusters():
    eight = np.repeat(np.arange(4), 100)
    parts = [mean(np.ones(400), clusters=[eight]) for _ in range(2)]
    found = overall_estimate(parts, (0.5, 0.5), bounded=True)
    assert found.interval.low < 0.05 ** (1 / 8)
    assert found.interval.high == 1


def test_many_small_tasks_have_an_interval_close_to_the_normal_one():
    rng = np.random.default_rng(3)
    parts = [counted(int(k), 10) for k in rng.binomial(10, 0.9, 57)]
    found = overall_estimate(parts, [1 / 57] * 57, bounded=True)
    assert found.interval.high - found.interval.low < 2 * 1.06 * 1.96 * found.se


def test_the_overall_interval_has_the_level_of_the_tasks():
    _, _, parts = estimates(level=0.8)
    assert overall_estimate(parts, SHARES, bounded=True).interval.level == 0.8


def test_weights_by_number_of_items_give_the_pooled_mean():
    samples, _, parts = estimates()
    shares = [len(x) / 160 for x in samples]
    assert overall_estimate(parts, shares, bounded=True).value == pytest.approx(np.concatenate(samples).mean())


def test_a_task_without_standard_error_gives_no_overall_interval():
    _, _, parts = estimates()
    lone = mean(np.array([1.0, 0.0]), clusters=[np.zeros(2, int)])
    found = overall_estimate([*parts[:2], lone], SHARES, bounded=True)
    assert math.isnan(found.se)
    assert math.isnan(found.interval.low)
    assert [warning.code for warning in found.warnings] == ["no_overall_error_bar"]


counts = st.lists(
    st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=6
)


@given(counts, st.sampled_from(INTERVALS[:5]), st.sampled_from([0.8, 0.95, 0.99]))
def test_overall_limits_contain_the_score_and_lie_in_0_to_1(tasks, interval, level):
    parts = [counted(right, n, interval=interval, level=level) for right, n in tasks]
    found = overall_estimate(parts, [1 / len(parts)] * len(parts), bounded=True)
    assert 0 <= found.interval.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.interval.high <= 1


@given(counts)
def test_overall_limits_mirror_when_right_and_wrong_are_swapped(tasks):
    shares = [1 / len(tasks)] * len(tasks)
    one = overall_estimate([counted(k, n) for k, n in tasks], shares, bounded=True)
    other = overall_estimate([counted(n - k, n) for k, n in tasks], shares, bounded=True)
    assert ends(one) == pytest.approx([1 - other.interval.high, 1 - other.interval.low], abs=1e-7)


def test_a_gate_on_an_overall_floor_with_a_tiny_perfect_task_is_unclear():
    rows = [
        {"task": task, "model": "m", "item": f"{task}{k}", "score": float(k < right)}
        for task, right, n in (("small", 5, 5), ("large", 200, 400))
        for k in range(n)
    ]
    found = hs.gate(pl.DataFrame(rows), "m", at_least=0.7, overall="mean", each_task=False)
    assert found.verdict == "unclear"


@given(
    st.lists(
        st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n + 1))), min_size=2, max_size=5
    ),
    st.sampled_from(["adaptive", "wilson", "clopper-pearson", "t"]),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_overall_limits_lie_within_the_mean_of_the_task_limits(tasks, interval, level):
    parts = [counted(right, n, interval=interval, level=level) for right, n in tasks]
    shares = np.arange(1.0, len(parts) + 1)
    shares /= shares.sum()
    low, high = ends(overall_estimate(parts, shares, bounded=True))
    own_low, own_high = (shares @ [getattr(part.interval, end) for part in parts] for end in ("low", "high"))
    assert own_low - 1e-9 <= low <= high <= own_high + 1e-9


def test_a_task_of_two_answers_does_not_dominate_four_large_tasks():
    """Welch has 1.9 degrees of freedom, and 62 to 98%."""
    parts = [counted(1, 2), *[counted(180, 200)] * 4]
    low, high = ends(overall_estimate(parts, [0.2] * 5, bounded=True))
    assert low == pytest.approx(sum(part.interval.low for part in parts) / 5, abs=0.03)
    assert low >= sum(part.interval.low for part in parts) / 5 - 1e-12
    assert high <= sum(part.interval.high for part in parts) / 5 + 1e-12


def test_the_leaderboard_names_the_task_that_dominates_the_variance():
    rows = [
        {"task": task, "model": model, "item": k, "score": float((k + shift) % 3 > 0)}
        for task, n in (("large", 300), ("small", 4))
        for model, shift in (("a", 0), ("b", 1))
        for k in range(n)
    ]
    board = hs.leaderboard(pl.DataFrame(rows)).overall
    for entry in board.entries:
        assert (entry.estimate.small_part.name, entry.estimate.small_part.n) == ("small", 4)
    text = " ".join(hs.leaderboard(pl.DataFrame(rows)).render("markdown").split())
    assert "task small (4 questions) contributes 9" in text
    assert hs.leaderboard(pl.DataFrame(rows), overall="pooled").overall.entries[0].estimate.small_part is None
