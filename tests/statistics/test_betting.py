"""Betting and asymptotic confidence sequences: martingale property, invariances, and coverage at all looks."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from simulation.looks import LookWorld, log_capital_paths

from howsure.errors import MethodError
from howsure.statistics import power
from howsure.statistics.betting import (
    BURN_IN,
    MOST_VALUES,
    Asymptotic,
    Bets,
    Betting,
    OneSided,
    half_width,
    log_gains,
    tuned,
)
from howsure.statistics.betting_power import _outcomes, followed
from trials import draws

BETS = Bets.tuned(horizon=40, place=0.5, level=0.95)


def run(scores, sizes=None, **options):
    state = Betting(**options)
    state.add(scores, sizes)
    return state


@pytest.mark.parametrize("m", [0.2, 0.5, 0.85])
@pytest.mark.parametrize("length", [1, 2, 5])
def test_the_betting_capital_is_an_exact_martingale(m, length):
    """Over the whole tree of right and wrong answers, with mean m, the expected capital is 1."""
    expected = 0.0
    for path in itertools.product((0.0, 1.0), repeat=length):
        side = OneSided(BETS, 1.0)
        side.add(np.array(path), np.ones(length))
        expected += m ** sum(path) * (1 - m) ** (length - sum(path)) * math.exp(side.log_capital(m))
    assert expected == pytest.approx(1, abs=1e-12)


def test_the_capital_of_clusters_is_a_martingale_at_the_ratio_mean():
    """Small clusters that are all wrong, large ones that are mostly right: sizes tell of scores, and the ratio is still met."""
    kinds = [(0.0, 1.0, 0.5), (2.0, 3.0, 0.3), (3.0, 3.0, 0.2)]  # sum, size, probability
    ratio = sum(s * p for s, _, p in kinds) / sum(n * p for _, n, p in kinds)
    expected = 0.0
    for path in itertools.product(kinds, repeat=3):
        s, n, p = map(np.array, zip(*path, strict=True))
        side = OneSided(BETS, 1.0)
        side.add(s / 3, n / 3)
        expected += np.prod(p) * math.exp(side.log_capital(ratio))
    assert expected == pytest.approx(1, abs=1e-12)


def test_the_capital_is_the_mean_product_over_bets():
    x, m = np.array([1.0, 0.0, 1.0, 0.25]), 0.4
    side = OneSided(BETS, 1.0)
    side.add(x, np.ones(4))
    products = [np.prod(1 + share / m * (x - m)) for share in BETS.shares]
    assert side.log_capital(m) == pytest.approx(math.log(np.mean(products)), abs=1e-12)


def test_a_full_bet_can_lose_all_capital():
    assert log_gains(0.0, 1.0, 0.5, 1.0) == -np.inf
    assert BETS.shares[-1] == 1
    assert run([0.0] * 50, null=0.9).look().p_value < 1e-6


units = st.lists(st.sampled_from([-1.0, -0.5, 0.0, 0.0, 0.25, 1.0]), min_size=1, max_size=60)


@given(units)
def test_swapping_the_models_mirrors_the_interval(d):
    one = run(d, bounds=(-1, 1), null=0.0).look()
    other = run([-x for x in d], bounds=(-1, 1), null=0.0).look()
    assert (one.low, one.high) == pytest.approx((-other.high, -other.low), abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-9)


@given(units, st.randoms())
def test_the_interval_does_not_depend_on_the_order_of_units(d, random):
    shuffled = list(d)
    random.shuffle(shuffled)
    one, other = (run(x, bounds=(-1, 1), null=0.0).look() for x in (d, shuffled))
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


@given(units)
def test_adding_units_one_by_one_equals_adding_all_at_once(d):
    streamed = Betting(bounds=(-1, 1), null=0.0)
    for x in d:
        streamed.add([x])
    batch = run(d, bounds=(-1, 1), null=0.0)
    assert streamed.log_capital(0.1) == pytest.approx(batch.log_capital(0.1), abs=1e-9)
    one, other = streamed.look(), batch.look()
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-12)


@given(units, st.sampled_from([0.5, 0.8, 0.95, 0.999]))
def test_intervals_at_looks_are_nested_and_agree_with_p_values(d, level):
    state, last = Betting(bounds=(-1, 1), null=0.0, level=level), (-1.0, 1.0, 1.0)
    for x in d:
        state.add([x])
        look = state.look()
        if look.torn:
            return
        assert look.low >= last[0]
        assert look.high <= last[1]
        assert look.p_value <= last[2]
        assert (look.p_value <= (1 - level) * (1 + 1e-12)) == (not look.low < 0 < look.high)
        last = look.low, look.high, look.p_value


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(-50, 50), st.floats(0.1, 30))
def test_the_interval_follows_linear_rescaling_of_scores(x, shift, scale):
    one = run(x).look()
    other = run([shift + scale * v for v in x], bounds=(shift, shift + scale)).look()
    assert (other.low, other.high) == pytest.approx((shift + scale * one.low, shift + scale * one.high), abs=1e-6)


@given(units)
def test_clusters_of_k_equal_items_give_the_interval_of_single_items(d):
    """Clusters of k equal items, all as large as the largest, say what one item each says."""
    one = run(d, bounds=(-1, 1), null=0.0).look()
    other = run([3 * x for x in d], [3.0] * len(d), bounds=(-1, 1), null=0.0, largest=3).look()
    assert (one.low, one.high) == pytest.approx((other.low, other.high), abs=1e-9)


@pytest.mark.parametrize("n", [1, 5, 30, 300])
def test_all_right_or_all_wrong_has_limits_near_clopper_pearson(n):
    """The limit is near (0.025 × the prior share of the bold bets)^(1/n), as Clopper and Pearson's is 0.025^(1/n)."""
    look = run([1.0] * n, horizon=n).look()
    assert look.high == 1
    assert 0.025 / 16 <= look.low**n <= 0.025
    mirrored = run([0.0] * n, horizon=n).look()
    assert (mirrored.low, mirrored.high) == pytest.approx((0, 1 - look.low))


def test_no_unit_and_one_unit_have_wide_intervals():
    empty = Betting(null=0.5).look()
    assert (empty.low, empty.high, empty.p_value, empty.n_units) == (0, 1, 1, 0)
    assert math.isnan(empty.value)
    one = run([0.3], null=0.5).look()
    assert one.low < 0.3 < one.high
    assert one.p_value > 0.05


def test_the_interval_narrows_around_the_true_value():
    rng = np.random.default_rng(0)
    look = run(rng.random(20_000) < 0.3, horizon=20_000).look()
    assert look.low < 0.3 < look.high
    assert look.high - look.low < 0.03


def test_rounding_many_distinct_scores_never_raises_the_capital():
    rng = np.random.default_rng(1)
    x = rng.random(3 * MOST_VALUES)
    state = Betting(horizon=len(x), null=0.5)
    for part in np.split(x, 6):
        state.add(part)
        state.look()
    assert len(state._up._sums) <= MOST_VALUES
    exact = sum(log_gains(x, 1.0, 0.49, share).sum() > 0 for share in state._up._bets.shares)
    assert exact >= 1
    look = state.look()
    assert look.low < x.mean() < look.high
    fresh = OneSided(state._up._bets, 1.0)
    fresh._store(x, np.ones(len(x)), np.ones(len(x)))
    assert state._up.log_capital(0.49) <= fresh.log_capital(0.49) + 1e-6


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"bounds": (1, 0)}, "the lower one first"),
        ({"scores": [2.0]}, "not between 0 and 1"),
        ({"scores": [2.0], "sizes": [3.0]}, "larger than the largest"),
    ],
)
def test_invalid_bounds_scores_and_sizes_are_refused(options, words):
    scores, sizes = options.pop("scores", [1.0]), options.pop("sizes", None)
    with pytest.raises(MethodError, match=words):
        run(scores, sizes, **options)


def test_the_forecast_of_further_units_is_where_like_data_would_decide():
    d = [1.0] * 8 + [-1.0] * 4 + [0.0] * 28
    state = run(d, bounds=(-1, 1), null=0.0, horizon=200)
    more = state.more_units()
    assert 40 < more < 1_000
    times = 1 + more / len(d)
    assert state.log_capital(0.0, times) >= math.log(40) > state.log_capital(0.0, times * 0.95)
    assert math.isnan(run([0.0] * 10, bounds=(-1, 1), null=0.0).more_units())
    assert math.isnan(Betting(null=0.5).more_units())
    narrow = run([1.0, 0.0] * 20).more_units(within=0.1)
    assert 50 < narrow < 400
    assert run([1.0, 0.0] * 20).more_units(within=0.4) == pytest.approx(0, abs=1)


WORLDS = [
    LookWorld(kind="mean", rate=0.1, horizon=100),
    LookWorld(kind="difference", rate=0.3, horizon=100),
    LookWorld(kind="mean", rate=0.5, horizon=60, cluster_size=8, icc=0.3, related=True),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_intervals_cover_the_true_value_at_all_looks_simultaneously(world):
    rng = np.random.default_rng(5)
    runs = draws(800, 2_000)
    sums, sizes = world.draw(rng, runs)
    missed = (log_capital_paths(world, sums, sizes, world.truth, 0.95) >= math.log(40)).any(axis=1)
    assert missed.mean() <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / runs)


def test_the_asymptotic_interval_equals_its_published_formula():
    """Theorem 2.2 there, written out: μ ± σ √(2 (n ρ² + 1) / (n² ρ²) · log(√(n ρ² + 1) / α))."""
    x = np.random.default_rng(2).normal(3, 2, 400)
    state = Asymptotic(null=3.0, horizon=400)
    state.add(x)
    look, rho = state.look(), tuned(400, 0.95)
    assert rho == pytest.approx(math.sqrt((-2 * math.log(0.05) + math.log(-2 * math.log(0.05)) + 1) / 400))
    half = x.std(ddof=1) * math.sqrt(
        2 * (400 * rho**2 + 1) / (400**2 * rho**2) * math.log(math.sqrt(400 * rho**2 + 1) / 0.05)
    )
    assert (look.low, look.high) == pytest.approx((x.mean() - half, x.mean() + half))


@given(st.integers(0, 2**32 - 1), st.floats(-1, 1))
def test_asymptotic_intervals_are_nested_and_agree_with_p_values(seed, shift):
    x = np.random.default_rng(seed).normal(shift, 1, 300)
    state, low, high = Asymptotic(null=0.0, horizon=200), -np.inf, np.inf
    for part in np.split(x, 10):
        state.add(part)
        look = state.look()
        if state.n_units < BURN_IN:
            assert math.isnan(look.low)
            assert math.isnan(look.p_value)
            continue
        assert look.low >= low
        assert look.high <= high
        low, high = look.low, look.high
        if not look.torn:
            assert (look.p_value <= 0.05) == (not look.low < 0 < look.high)


def test_clusters_are_single_units_in_the_asymptotic_interval():
    rng = np.random.default_rng(3)
    sizes = rng.integers(1, 9, 200).astype(float)
    sums = sizes * rng.normal(1, 1, 200)
    state = Asymptotic(horizon=200)
    state.add(sums, sizes)
    look = state.look()
    value = sums.sum() / sizes.sum()
    spread = math.sqrt(((sums - value * sizes) ** 2).sum() / 199) / sizes.mean()
    assert look.value == pytest.approx(value)
    assert look.high - value == pytest.approx(half_width(200, spread, tuned(200, 0.95), 0.95))


def test_unbounded_scores_without_spread_give_no_interval():
    state = Asymptotic(null=0.0)
    state.add([2.0] * 100)
    assert math.isnan(state.look().low)
    assert math.isnan(state.more_units())


@pytest.mark.parametrize("single", [True, False])
@pytest.mark.parametrize(("mean", "variance"), [(0.0, 0.1), (0.05, 0.2), (-0.3, 0.05), (0.4, 0.3)])
def test_planned_bets_are_on_outcomes_of_the_mean_and_variance_asked_for(mean, variance, single):
    values, chances = _outcomes(mean, variance, single=single)
    assert chances.sum() == pytest.approx(1)
    assert values @ chances == pytest.approx(mean)
    least = abs(mean) - mean**2 if set(values) == {-1, 0, 1} else 0.0  # of wins and losses alone
    assert (values - mean) ** 2 @ chances == pytest.approx(max(variance, least))


@pytest.mark.parametrize(("goal", "margin", "effect"), [("not-worse", 0.1, 0.02), ("different", 0.0, 0.08)])
def test_planned_runs_take_longer_at_a_higher_level(goal, margin, effect):
    found = [
        followed(
            power.Test(goal=goal, margin=margin, level=level), power.Spread(within=0.24), effect, 400, attempts=1
        ).items
        for level in (0.55, 0.6, 0.7, 0.8, 0.9, 0.95)
    ]
    assert (np.diff(found) > 0).all()
