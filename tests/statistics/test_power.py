"""Power, sample sizes and detectable effects: R's pwr, statsmodels, Miller (2024), monotonicity, and simulation."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.power import NormalIndPower, TTestPower

from howsure.statistics import intervals
from howsure.statistics.clustered_variance import equal_sizes, sizes_of, spread_sizes
from howsure.statistics.power import Joined, Spread, Test, formula, items_needed, power, smallest_effect, standard_error
from places import ROOT

Test.__test__ = False  # not a test class, for pytest
R = json.loads((ROOT / "tests" / "references" / "power.json").read_text())
PAPER = Spread(within=1 / 9, answer=2 / 6)
"""Miller (2024), section 5: ω² = 1/9, σ² = 1/6 for each of two models."""


@pytest.mark.parametrize("row", R["power"], ids=str)
def test_power_equals_that_of_pwr(row):
    spread, n = Spread(within=1.0), row["n"]
    two = power(Test(method="t", level=row["level"]), spread, row["d"], n, 1)
    assert two == pytest.approx(row["two_sided"], abs=2e-6)
    one = power(Test(method="t", goal="not-worse", level=row["level"]), spread, row["d"], n, 1)
    assert one == pytest.approx(row["one_sided"], abs=2e-6)


@pytest.mark.parametrize("row", R["needed"], ids=str)
def test_sample_sizes_equal_those_of_pwr_rounded_up(row):
    for method, n in (("t", row["n"]), ("z", row["n_normal"])):
        found = items_needed(Test(method=method), Spread(within=1.0), row["d"], 1, row["power"])
        assert found == max(math.ceil(n - 1e-6), 2)


@pytest.mark.parametrize("row", R["two_samples"], ids=str)
def test_unpaired_power_equals_that_of_pwr(row):
    unpaired = Joined(parts=(Spread(within=1.0),) * 2, shares=(1.0, 1.0), items=(1.0, 1.0))
    assert power(Test(method="t"), unpaired, row["d"], row["n"], 1) == pytest.approx(row["power"], abs=2e-6)


@pytest.mark.parametrize(("n", "d", "level"), [(10, 0.8, 0.95), (30, 0.5, 0.9), (200, 0.15, 0.99)])
def test_power_equals_that_of_statsmodels(n, d, level):
    spread = Spread(within=1.0)
    assert power(Test(method="t", level=level), spread, d, n, 1) == pytest.approx(TTestPower().power(d, n, 1 - level))
    normal = NormalIndPower(ddof=0).power(d, n, 1 - level, ratio=0)
    assert power(Test(method="z", level=level), spread, d, n, 1) == pytest.approx(normal)


def test_sample_sizes_and_effects_equal_those_of_miller_2024():
    """Miller (2024), section 5: 969 questions; 13.3 and 7.6 points with 198 questions (its example of GPQA)."""
    z = Test(method="z")
    assert items_needed(z, Spread(within=1 / 9), 0.03, 1, 0.8) == 969
    assert items_needed(z, PAPER, 0.03, math.inf, 0.8) == 969
    assert formula(z, 1 / 9, 0.03, 0.8) == 969
    assert round(100 * smallest_effect(z, PAPER, 198, 1, 0.8), 1) == 13.3
    assert round(100 * smallest_effect(z, PAPER, 198, 10, 0.8), 1) == 7.6


@pytest.mark.parametrize("margin", [0.02, 0.05])
def test_power_for_equivalence_is_that_of_both_one_sided_tests(margin):
    spread, n, rng = Spread(within=0.1), 400, np.random.default_rng(5)
    test = Test(goal="same", method="t", margin=margin)
    se = np.sqrt(0.1 / n) * np.sqrt(rng.chisquare(n - 1, 400_000) / (n - 1))
    centre = rng.normal(0.005, math.sqrt(0.1 / n), 400_000)
    reach = float(intervals.t_quantile(0.9, n - 1)) * se
    seen = float(((centre + margin > reach) & (margin - centre > reach)).mean())
    assert power(test, spread, 0.005, n, 1) == pytest.approx(seen, abs=0.004)


@pytest.mark.parametrize("rounded", [1e-9, 0.0, -1e-9])
def test_right_or_wrong_answers_are_events_of_size_1_whatever_the_rounding(rounded):
    """As many discordant items as the variance says, to the last digits: those of a pilot of single answers."""
    pivot = Spread(within=0.2, events=0.2 * (1 + rounded)).pivot("score", 400, 1)
    assert (pivot.event, pivot.averaged) == (1.0, False)
    assert pivot.event == Spread(within=0.2).pivot("score", 400, 1).event
    averages = Spread(within=0.2, events=0.3).pivot("score", 400, 1)
    assert averages.averaged
    assert averages.event == pytest.approx(math.sqrt(0.2 / 0.3))


spreads = st.builds(
    Spread,
    within=st.floats(0.01, 0.5),
    between=st.floats(0, 0.1),
    answer=st.floats(0, 0.5),
    sizes=st.builds(spread_sizes, st.sampled_from([1.0, 5.0, 20.0]), st.sampled_from([0.0, 0.7])),
)
tests = st.builds(
    Test,
    goal=st.sampled_from(["different", "not-worse", "same"]),
    method=st.sampled_from(["score", "t", "z"]),
    margin=st.just(0.1),
)


@given(spread=spreads, test=tests, k=st.integers(1, 5), n=st.integers(100, 5_000))
def test_power_rises_with_items_and_attempts_and_falls_with_variance(spread, test, k, n):
    effect = 0.05 if test.goal == "different" else 0.0
    now = power(test, spread, effect, n, k)
    assert 0 <= now <= 1
    assert power(test, spread, effect, 2 * n, k) >= now - 1e-7
    if test.method != "score" or spread.sizes.single:  # in clusters what an event is worth follows what is seen
        assert power(test, spread, effect, n, k + 1) >= now - 1e-7
        assert power(test, spread.times(1.5), effect, n, k) <= now + 1e-7


@given(spread=spreads, test=tests, target=st.sampled_from([0.5, 0.8, 0.9]))
def test_the_sample_size_is_the_smallest_with_the_target_power(spread, test, target):
    effect = 0.05 if test.goal == "different" else 0.0
    n = items_needed(test, spread, effect, 2, target)
    assert power(test, spread, effect, n, 2) >= target - 1e-9
    fewer = n - spread.step
    assert fewer < 2 * spread.step or power(test, spread, effect, fewer, 2) < target


@given(spread=spreads, method=st.sampled_from(["score", "t", "z"]), n=st.integers(60, 3_000))
def test_the_smallest_detectable_effect_has_the_target_power(spread, method, n):
    test = Test(method=method)
    effect = smallest_effect(test, spread, n, 3, 0.8)
    if math.isfinite(effect):
        assert power(test, spread, effect, n, 3) == pytest.approx(0.8, abs=1e-6)


@given(spread=spreads, test=tests, n=st.integers(60, 2_000))
def test_power_is_symmetric_in_the_sign_of_the_difference(spread, test, n):
    if test.goal != "not-worse":
        assert power(test, spread, 0.04, n, 1) == pytest.approx(power(test, spread, -0.04, n, 1), abs=1e-9)


def test_a_suite_of_one_task_has_the_power_of_the_task():
    spread = Spread(within=0.2, answer=0.1)
    joined = Joined(parts=(spread,), shares=(1.0,), items=(1.0,))
    for method in ("score", "t", "z"):
        alone, one = (power(Test(method=method), s, 0.05, 300, 2) for s in (spread, joined))
        assert alone == pytest.approx(one, abs=1e-12)


def test_clusters_multiply_the_variance_by_the_design_effect():
    plain, lone = Spread(within=0.25), Spread(within=0.15, between=0.1)
    assert standard_error(plain, 100, 1) == pytest.approx(standard_error(lone, 100, 1))
    icc, size = 0.2, 10
    clustered = Spread(within=0.25 * (1 - icc), between=0.25 * icc, sizes=equal_sizes(size))
    deff = (standard_error(clustered, 1_000, 1) / standard_error(plain, 1_000, 1)) ** 2
    assert deff == pytest.approx(1 + (size - 1) * icc)


def test_a_fixed_number_of_clusters_bounds_the_standard_error_from_below():
    spread = Spread(within=0.2, between=0.01, sizes=equal_sizes(10), clusters=20)
    assert standard_error(spread, 1e9, 1) == pytest.approx(math.sqrt(0.01 / 20), rel=1e-3)
    assert items_needed(Test(method="t"), spread, 0.05, 1, 0.8) == math.inf
    assert items_needed(Test(method="t"), spread, 0.08, 1, 0.8) % 20 == 0


@pytest.mark.parametrize("totals", [np.full(12, 5.0), np.array([40.0, 3, 3, 2, 2, 5, 9, 1, 1, 30])])
def test_a_pilots_clusters_have_satterthwaite_degrees_of_freedom(totals):
    from howsure.statistics.clustered_variance import Clustering

    term, n = Clustering(codes=None, totals=totals, total=float(totals.sum())), float(totals.sum())
    sizes = sizes_of(totals)
    assert sizes.df(n) == pytest.approx(term.df("CR2"))
    assert sizes.df(n, "CR1") == pytest.approx(term.df("CR1"))
    assert sizes.df(n, "CR2") == pytest.approx(term.df("CR2"))
    assert sizes.crowd == pytest.approx(float(totals @ totals) / n)
    assert equal_sizes().df(50) == pytest.approx(49)


def test_simulated_cluster_sizes_have_the_requested_variation():
    sizes = spread_sizes(8, 0.9)
    assert sizes.relative.mean() == pytest.approx(1)
    assert sizes.relative.std() == pytest.approx(0.9, abs=1e-9)
    assert sizes.crowd == pytest.approx(8 * (1 + 0.9**2))


@pytest.mark.parametrize("n", [1, 2])
def test_one_or_two_items_have_almost_no_power(n):
    assert power(Test(method="t"), Spread(within=1.0), 0.5, n, 1) < 0.2
    assert power(Test(method="t"), Spread(within=1.0, sizes=equal_sizes(10)), 0.5, 10, 1) == 0


def test_without_variance_power_is_0_or_1():
    still = Spread(within=0.0)
    assert power(Test(method="t"), still, 0.1, 20, 1) == 1
    assert power(Test(method="t"), still, 0.0, 20, 1) == 0
    assert power(Test(), still, 0.1, 20, 1) == 0  # 20 tenths are two whole wins
    assert power(Test(), still, 0.1, 100, 1) == 1
    assert power(Test(goal="same", method="t", margin=0.1), still, 0.05, 20, 1) == 1
    assert power(Test(goal="not-worse", method="t", margin=0.1), still, -0.2, 20, 1) == 0
    assert math.isfinite(smallest_effect(Test(), still, 50, 1, 0.8))


def test_components_that_add_up_to_less_than_nothing():
    """A pilot's variance within clusters may be estimated below 0, by more than that between them."""
    spread = Spread(within=-0.02, between=0.01, answer=0.1, sizes=equal_sizes(5), events=0.3)
    assert spread.item(math.inf) == 0
    assert spread.per_item(100, math.inf) == pytest.approx(0.03)
    few, many = (power(Test(), spread, 0.05, 100, attempts) for attempts in (10, math.inf))
    assert 0 < few < many < 1
