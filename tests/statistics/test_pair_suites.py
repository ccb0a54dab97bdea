"""Overall differences of several tasks: variances add up, limits and p-values agree, and small tasks don't dominate."""

import itertools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, stats
from simulation.suites import SuiteWorld, discordant, pairs_of

import howsure as hs
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.pair_details import pair_limits
from howsure.statistics.pair_suites import _farthest, pair_suite, summed
from paragraphs import paragraph
from trials import draws

SHARES = (0.5, 0.3, 0.2)


def three_tasks(models=4):
    rng = np.random.default_rng(77)
    return [rng.integers(0, 2, (n, models)).astype(float) for n in (30, 50, 80)]


def put_together(samples, shares, clusters=(), **options):
    codes = [[np.arange(len(x)) // 2] for x in samples] if clusters else [()] * len(samples)
    tasks = [pair_moments(x, clusters=code) for x, code in zip(samples, codes, strict=True)]
    limits = [
        pair_limits(x, task, level=0.95, clusters=code, reach=1.0)
        for x, task, code in zip(samples, tasks, codes, strict=True)
    ]
    return tasks, pair_suite(tasks, shares, limits, reach=1.0, **options)


def test_overall_differences_and_variances_are_weighted_sums_of_the_tasks():
    tasks, found = put_together(three_tasks(), SHARES, clusters=True)
    difference = sum(s * task.difference for s, task in zip(SHARES, tasks, strict=True))
    variance = sum(s**2 * task.variance for s, task in zip(SHARES, tasks, strict=True))
    assert found.moments.difference == pytest.approx(difference)
    assert found.moments.variance == pytest.approx(variance)
    assert found.moments.shared[0, 1] == 160
    assert found.moments.p_value == pytest.approx(found.moments.p_value.T)


def test_one_task_has_the_limits_of_its_own_comparison():
    x = np.array([[1.0, 0], [1, 0], [0, 1], *[[1, 1]] * 60])
    tasks, found = put_together([x], (1.0,))
    own = pair_limits(x, tasks[0], level=0.95, reach=1.0)
    assert [limit[0, 1] for limit in found.limits(0.95)] == pytest.approx([limit[0, 1] for limit in own], rel=1e-9)


def test_limits_over_many_tasks_are_close_to_the_stratified_t_interval():
    rng = np.random.default_rng(1)
    samples = [rng.integers(0, 2, (20, 2)).astype(float) for _ in range(57)]
    _, found = put_together(samples, [1 / 57] * 57)
    low, high = (limit[0, 1] for limit in found.limits(0.95))
    half = stats.t.ppf(0.975, found.moments.df[0, 1]) * math.sqrt(found.moments.variance[0, 1])
    assert 1 <= (high - low) / (2 * half) < 1.03


def test_without_task_limits_the_variances_add_up():
    tasks = [pair_moments(x) for x in three_tasks()]
    found = pair_suite(tasks, SHARES)
    spread = math.sqrt(sum(s**2 * task.variance[0, 1] for s, task in zip(SHARES, tasks, strict=True)))
    t = found.moments.difference[0, 1] / spread
    assert found.moments.t_at(0.0)[0, 1] == pytest.approx(t, rel=1e-9)


def test_overall_p_values_and_limits_agree():
    _, found = put_together(three_tasks(8), SHARES)
    for level in (0.5, 0.9, 0.95, 0.99):
        low, high = found.limits(level)
        outside, upper = (low > 0) | (high < 0), np.triu_indices(8, 1)
        assert (outside == (found.moments.p_value <= 1 - level))[upper].all()


def test_limits_accept_a_level_per_pair():
    _, found = put_together(three_tasks(), SHARES)
    levels = np.full((4, 4), 0.95)
    levels[0, 1] = levels[1, 0] = 0.99
    assert found.limits(levels)[0][0, 1] == pytest.approx(found.limits(0.99)[0][0, 1], rel=1e-12)
    assert found.limits(levels)[0][2, 3] == pytest.approx(found.limits(0.95)[0][2, 3], rel=1e-12)
    low = found.take([2, 0]).limits(0.95)[0]
    assert low[0, 1] == pytest.approx(found.limits(0.95)[0][2, 0], rel=1e-12)


def test_identical_models_on_every_task_have_p_value_1():
    samples = three_tasks(2)
    for x in samples:
        x[:, 1] = x[:, 0]
    _, found = put_together(samples, SHARES)
    assert found.moments.p_value[0, 1] == 1
    low, high = (limit[0, 1] for limit in found.limits(0.95))
    assert low == -high < 0


def test_sign_flips_of_all_tasks_share_one_symmetric_pair_of_units():
    tasks = [pair_moments(x, clusters=[np.arange(len(x)) // 2]) for x in three_tasks()]
    flips = pair_suite(tasks, SHARES).moments.flips
    assert int((flips.shared != 0).sum()) == 2
    weight = sum(s**2 / len(x) for s, x in zip(SHARES, three_tasks(), strict=True))
    assert sorted(flips.shared[flips.shared != 0]) == pytest.approx([-weight, weight])


def rows_of(*tasks):
    """Rows of two models: (task, only a right, only b right, items)."""
    return pl.DataFrame(
        [
            {
                "task": task,
                "model": model,
                "item": f"{task}{k}",
                "score": float(k < a if model == "a" else a <= k < a + b),
            }
            for task, a, b, n in tasks
            for model in ("a", "b")
            for k in range(n)
        ]
    )


def test_an_uninformative_task_of_three_items_widens_by_its_own_limit_only():
    large = hs.compare(rows_of(("large", 46, 20, 400)), "a", "b").difference
    found = hs.compare(rows_of(("large", 46, 20, 400), ("small", 0, 0, 3)), "a", "b").overall.difference
    never_seen = 1 - 0.05 ** (1 / 3)
    assert found.value == pytest.approx(large.value / 2)
    assert found.interval.high - found.value == pytest.approx(never_seen / 2, abs=0.01)
    many = [(f"t{k}", 0, 0, 3) for k in range(5)]
    whole = hs.compare(rows_of(("large", 46, 20, 400), *many), "a", "b", overall="pooled").overall
    assert whole.p_value < 0.05


counts = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(1, 30)).map(lambda c: (c[0], c[1], sum(c))),
    min_size=2,
    max_size=5,
)


@pytest.mark.unmeasured
@given(counts)
def test_overall_p_value_and_interval_agree_and_mirror_when_models_are_swapped(tasks):
    rows = rows_of(*[(f"t{k}", a, b, max(n, 2)) for k, (a, b, n) in enumerate(tasks)])
    one, other = hs.compare(rows, "a", "b").overall, hs.compare(rows, "b", "a").overall
    low, high = one.difference.interval.low, one.difference.interval.high
    assert -1 <= low <= one.difference.value <= high <= 1
    assert (low > 0 or high < 0) == (one.p_value <= 0.05)
    assert (other.difference.interval.low, other.difference.interval.high) == pytest.approx((-high, -low), abs=1e-9)
    assert one.p_value == pytest.approx(other.p_value, abs=1e-9)


def test_unseen_rates_in_several_tasks_are_bounded_jointly():
    shares, units = np.array([0.4, 0.3, 0.2, 0.1]), np.array([3.0, 5.0, 4.0, 30.0])
    held = {"type": "ineq", "fun": lambda rates: units @ np.log1p(-rates) - math.log(0.05)}
    found = optimize.minimize(
        lambda rates: -shares @ rates, np.full(4, 0.05), bounds=[(0, 0.99)] * 4, constraints=[held], tol=1e-12
    )
    assert _farthest(shares[:, None], units[:, None])[0] == pytest.approx(-found.fun, rel=1e-6)
    assert _farthest(shares[:1, None], units[:1, None])[0] == pytest.approx(0.4 * (1 - 0.05 ** (1 / 3)), rel=1e-12)
    equal = _farthest(np.full((10, 1), 0.1), np.full((10, 1), 5.0))[0]
    assert equal == pytest.approx(1 - 0.05 ** (1 / 50), rel=1e-12)


@pytest.mark.filterwarnings("error")
def test_a_task_without_a_shared_item_is_left_out_without_a_warning():
    shares, units = np.array([[0.3], [0.0], [0.2]]), np.array([[4.0], [0.0], [9.0]])
    kept = [0, 2]
    assert _farthest(shares, units)[0] == pytest.approx(_farthest(shares[kept], units[kept])[0], rel=1e-12)


def two_tasks(**columns):
    n = 12
    rng = np.random.default_rng(0)
    parts = [
        pl.DataFrame(
            {
                "task": task,
                "model": model,
                "item": range(n),
                "score": rng.integers(0, 2, n).astype(float),
                "passage": columns[task],
            }
        )
        for task in ("x", "y")
        for model in ("a", "b")
    ]
    return pl.concat(parts)


def test_the_overall_difference_is_the_mean_over_tasks():
    rows = two_tasks(x=[f"p{k // 2}" for k in range(12)], y=[f"p{k // 3}" for k in range(12)])
    found = hs.compare(rows, "a", "b", cluster="passage", population="new-clusters")
    x, y = (c.difference for c in found.comparisons)
    assert found.overall.difference.value == pytest.approx((x.value + y.value) / 2)
    assert found.overall.difference.se == pytest.approx(math.hypot(x.se, y.se) / 2, rel=1e-10)
    low, high = found.overall.difference.interval.low, found.overall.difference.interval.high
    assert (low > 0 or high < 0) == (found.overall.p_value <= 0.05)


def test_the_overall_pair_on_the_leaderboard_equals_compare():
    rows = two_tasks(x=[f"p{k // 2}" for k in range(12)], y=[f"p{k // 3}" for k in range(12)])
    for level in (0.95, 0.8):
        pair = hs.compare(rows, "a", "b", cluster="passage", level=level).overall
        board = hs.leaderboard(rows, cluster="passage", level=level).overall
        sign = 1 if board.entries[0].model == "a" else -1
        limits = sorted((sign * board.pairs.low[0, 1], sign * board.pairs.high[0, 1]))
        assert limits == pytest.approx([pair.difference.interval.low, pair.difference.interval.high], rel=1e-12)
        assert board.pairs.p_value[0, 1] == pytest.approx(pair.p_value, rel=1e-12)


def test_an_overall_difference_without_standard_error_has_a_warning():
    rows = two_tasks(x=[f"p{k // 2}" for k in range(12)], y=["p0"] * 12)
    found = hs.compare(rows, "a", "b", cluster="passage").overall
    assert math.isnan(found.p_value)
    assert found.difference.warnings


@pytest.mark.parametrize("method", ["t", "sign-flip", "bootstrap", "bayes", "mcnemar"])
def test_the_chosen_method_applies_to_the_overall_difference(method):
    rows = rows_of(("x", 12, 5, 60), ("y", 9, 6, 40))
    found = hs.compare(rows, "a", "b", method=method).overall
    assert found.difference.method.name == method
    low, high = found.difference.interval.low, found.difference.interval.high
    assert (low > 0 or high < 0) == (found.p_value <= 0.05)
    nine = hs.compare(rows, "a", "b", method=method, level=0.9).overall
    assert nine.p_value == pytest.approx(found.p_value, rel=1e-6)
    assert nine.difference.interval.low > low


FOUR = [(f"t{k}", 66, 40, 200) for k in range(4)]


SMALL = [(1, 0, 3), (0, 0, 3), (3, 0, 3), (1, 1, 2), (2, 0, 2)]


@pytest.mark.parametrize(
    ("level", "small"),
    draws([(0.95, SMALL[0]), (0.95, SMALL[2]), (0.99, SMALL[4])], list(itertools.product([0.9, 0.95, 0.99], SMALL))),
)
def test_overall_limits_lie_within_the_mean_of_the_task_limits(small, level):
    """Exactly at 95%, of which limits are known; at other levels to what these say of the variance on the way to them."""
    found = hs.compare(rows_of(*FOUR, ("small", *small)), "a", "b", level=level)
    own = [pair.difference for pair in found.comparisons]
    low, high = (float(np.mean([getattr(each.interval, end) for each in own])) for end in ("low", "high"))
    interval = found.overall.difference.interval
    near = 1e-9 if level == 0.95 else 1e-3
    assert low - near <= interval.low < found.overall.difference.value < interval.high <= high + near
    assert (interval.low > 0 or interval.high < 0) == (found.overall.p_value <= 1 - level)


def test_overall_limits_and_margin_tests_agree_with_a_tiny_task():
    rows = rows_of(*FOUR, ("small", 1, 1, 2))
    found = hs.compare(rows, "a", "b", level=0.9).overall.difference
    for margin in (-found.interval.low, found.interval.high):
        at = hs.compare(rows, "a", "b", margin=margin, level=0.95).overall.equivalence
        assert min(abs(at.p_noninferior - 0.05), abs(at.p_equivalent - 0.05)) < 1e-6
    at = hs.compare(rows, "a", "b", level=1 - hs.compare(rows, "a", "b").overall.p_value).overall.difference.interval
    assert min(abs(at.low), abs(at.high)) < 1e-6


@pytest.mark.parametrize(
    "parts",
    [
        [(3, 0.5, 0.2), (200, 0.2, 0), (200, 0.2, 0)],
        [(2, 0.5, 0), *[(200, 0.1, 0)] * 4],
        [(3, 0.7, 0), *[(200, 0.2, 0.1)] * 2],
    ],
    ids=str,
)
def test_overall_intervals_cover_with_a_tiny_task(parts):
    """2,000 draws: no limit beyond all tasks at their own, and at least .93 hold, three Monte-Carlo errors off."""
    world = SuiteWorld(name=str(parts), tasks=discordant(parts))
    own, s = pairs_of(world, world.rng(), 2_000).own, world.shares
    low, high = summed(own, s.tolist()).limits(0.95)
    assert ((low >= s @ own.low - 1e-9) & (high <= s @ own.high + 1e-9)).all()
    assert ((low <= world.truth + 1e-12) & (world.truth <= high + 1e-12)).mean() > 0.93 - 3 * math.sqrt(
        0.93 * 0.07 / 2_000
    )


def test_the_task_that_dominates_the_variance_is_named_and_items_needed_is_unknown():
    rows = rows_of(*FOUR, ("small", 0, 0, 3))
    answer = hs.compare(rows, "a", "b")
    found, small = answer.overall, answer.overall.difference.small_part
    own = np.array([pair.difference.interval.half_width for pair in answer.comparisons]) / 5
    assert (small.name, small.n, small.units) == ("small", 3, "questions")
    assert small.error_share == pytest.approx(own.max() ** 2 / (own**2).sum())
    assert small.message.startswith(
        f"task small (3 questions) contributes {100 * small.error_share:.0f}% of the error: with about "
    )
    assert math.isnan(found.items_needed)
    assert "small (3 questions) carries" in paragraph(answer)
    assert "in all" not in answer.sentence
    more = hs.compare(rows_of(*FOUR, ("small", 0, 0, math.ceil(small.needed))), "a", "b").overall.difference
    assert more.small_part is None
    assert more.interval.half_width < 1.1 * small.half_width


def test_tasks_of_similar_size_are_not_named_as_dominant():
    assert hs.compare(rows_of(*FOUR), "a", "b").overall.difference.small_part is None
    pooled = hs.compare(rows_of(*FOUR, ("small", 1, 0, 3)), "a", "b", overall="pooled").overall
    assert pooled.difference.small_part is None, "it has no more weight than its questions"
    these = hs.compare(
        rows_of(*FOUR, ("small", 1, 0, 3)), "a", "b", overall={**{f"t{k}": 1 for k in range(4)}, "small": 1e-3}
    )
    assert these.overall.difference.small_part is None


def test_gate_names_the_task_that_dominates_the_variance():
    rows = rows_of(*FOUR, ("small", 0, 0, 3))
    for asked in ({"not_worse_than": 0.02}, {"at_least": 0.3}):
        gate = hs.gate(rows, "a", None if "at_least" in asked else "b", overall="mean", **asked)
        check = next(each for each in gate.checks if not each.task)
        assert "small_part" in [warning.code for warning in check.warnings]
        assert math.isnan(check.items_needed)
        assert '"name": "small"' in gate.render("json")


def test_against_names_the_task_that_dominates_the_variance():
    found = hs.against(rows_of(*FOUR, ("small", 1, 0, 3)), "b").overall
    one = hs.compare(rows_of(*FOUR, ("small", 1, 0, 3)), "a", "b").overall.difference.small_part
    assert found.models[0].difference.small_part == one
