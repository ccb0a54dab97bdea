"""Group-sequential boundaries: gsDesign, numerical integration, error spending, and agreement with p-values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from howsure.errors import MethodError
from howsure.statistics.group_sequential import Schedule, limited_p, spent

FIVE = (0.2, 0.4, 0.6, 0.8, 1.0)
GSDESIGN = {
    (FIVE, "obrien-fleming", 0.05): (4.876914, 3.357014, 2.680281, 2.289817, 2.031032),
    (FIVE, "obrien-fleming", 0.1): (4.229204, 2.888137, 2.298091, 1.961822, 1.739705),
    (FIVE, "pocock", 0.05): (2.437977, 2.426814, 2.410194, 2.396646, 2.385985),
    (FIVE, "pocock", 0.1): (2.176212, 2.143748, 2.113281, 2.089566, 2.070894),
    ((0.1, 0.5, 0.75, 1.0), "obrien-fleming", 0.05): (6.991713, 2.962589, 2.359018, 2.014084),
    ((0.1, 0.5, 0.75, 1.0), "pocock", 0.05): (2.655110, 2.252560, 2.339413, 2.341932),
    ((1 / 3, 2 / 3, 1.0), "obrien-fleming", 0.05): (3.710307, 2.511428, 1.993048),
    ((1 / 3, 2 / 3, 1.0), "pocock", 0.1): (2.002014, 1.993797, 1.980288),
}
"""Two-sided symmetric boundaries by the integration of the Python package gsdesign 0.1.5 (h1, hupdate, r = 40), each side spending half."""

schedules = st.builds(
    lambda cuts, spending: Schedule((*(cut / 1_000 for cut in sorted(cuts)), 1.0), spending),
    st.sets(st.integers(20, 980), max_size=6),
    st.sampled_from(["obrien-fleming", "pocock"]),
)


@pytest.mark.parametrize("case", GSDESIGN, ids=str)
def test_boundaries_equal_those_of_gsdesign(case):
    shares, spending, error = case
    found = Schedule(shares, spending).boundary(1 - error)
    for z, theirs in zip(found.z, GSDESIGN[case], strict=True):  # their grid ends early, which tells where z is large
        assert z == pytest.approx(theirs, abs=5e-4 if z > 4 else 2e-5)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
@pytest.mark.parametrize("shares", [(0.5, 1.0), (0.3, 0.55, 1.0)])
def test_the_spent_error_equals_the_multivariate_normal_integral(shares, spending):
    boundary = Schedule(shares, spending).boundary(0.9)
    t = np.array(shares)
    covariance = np.sqrt(np.minimum.outer(t, t) / np.maximum.outer(t, t))
    joint = stats.multivariate_normal(np.zeros(len(t)), covariance, abseps=1e-7, releps=1e-7, maxpts=2_000_000)
    stays = joint.cdf(boundary.z, lower_limit=-boundary.z)
    assert 1 - stays == pytest.approx(0.1, abs=1e-5)


def test_power_equals_that_of_simulated_random_walks():
    boundary = Schedule(FIVE, "pocock").boundary(0.95)
    rng, drift = np.random.default_rng(1), 2.8
    walk = np.cumsum(rng.normal(drift * 0.2, math.sqrt(0.2), (200_000, 5)), axis=1) / np.sqrt(FIVE)
    out = np.abs(walk) >= boundary.z
    first = np.where(out.any(axis=1), out.argmax(axis=1), 9)
    above, below = boundary.stops(drift)
    seen = np.array([(first == k).mean() for k in range(5)])
    assert seen == pytest.approx((above + below)[:, 0], abs=0.004)


@given(schedules, st.sampled_from([0.8, 0.95, 0.99]))
def test_the_error_spent_at_looks_sums_to_alpha(schedule, level):
    boundary = schedule.boundary(level)
    above, below = boundary.stops(0.0)
    assert np.cumsum(above + below) == pytest.approx(boundary.spent, abs=1e-9)
    assert boundary.spent[-1] == pytest.approx(1 - level, abs=1e-12)
    assert above == pytest.approx(below, abs=1e-12)
    assert (np.diff(boundary.spent) >= 0).all()


@given(st.floats(0.001, 0.9), st.sampled_from(["obrien-fleming", "pocock"]))
def test_a_single_look_is_the_fixed_sample_test(error, spending):
    once = Schedule((1.0,), spending)
    assert once.boundary(1 - error).nominal[0] == pytest.approx(error)
    assert once.overall_p(1, 0.03, 0.95) == pytest.approx(0.03, abs=1e-4)
    assert spent(spending, error, np.array([1.0]))[0] == pytest.approx(error)


@given(schedules, st.integers(0, 6), st.floats(1e-12, 1.0), st.sampled_from([0.8, 0.95]))
@pytest.mark.unmeasured
def test_the_p_value_agrees_with_the_boundary(schedule, look, p_value, level):
    look = look % len(schedule.shares) + 1
    overall = schedule.overall_p(look, p_value, level)
    assert (overall <= 1 - level) == (p_value <= schedule.boundary(level).nominal[look - 1])
    assert min(p_value, 1) <= overall <= 1


@given(schedules, st.integers(0, 6), st.floats(-14, 0), st.floats(-14, 0))
@pytest.mark.unmeasured
def test_the_overall_p_value_is_monotone_in_the_nominal_one(schedule, look, one, other):
    look = look % len(schedule.shares) + 1
    low, high = sorted((10.0**one, 10.0**other))
    assert schedule.overall_p(look, low, 0.95) <= schedule.overall_p(look, high, 0.95) + 1e-12


@pytest.mark.unmeasured
@given(
    st.sampled_from([1, 2, 3, 4, 6]),
    st.integers(2, 4),
    st.sampled_from(["obrien-fleming", "pocock"]),
    st.floats(-4, -0.5),
)
def test_more_looks_never_give_a_smaller_final_p_value(looks, times, spending, p_value):
    def final(count):
        return Schedule(tuple(k / count for k in range(1, count + 1)), spending).overall_p(count, 10**p_value, 0.95)

    assert final(looks * times) >= final(looks) - 1e-6


def test_the_interpolated_overall_p_value_is_accurate():
    schedule = Schedule(FIVE)
    for error in (0.2, 0.03, 0.004, 1e-5):
        nominal = schedule.boundary(1 - error).nominal
        for look in (2, 3, 5):
            assert schedule.overall_p(look, float(nominal[look - 1]), 0.95) == pytest.approx(error, rel=0.02)


def test_looks_close_together_have_accurate_boundaries():
    schedule = Schedule((0.2, 0.998, 1.0))
    boundary = schedule.boundary(0.95)
    above, below = boundary.stops(0.0)
    assert (above + below).sum() == pytest.approx(0.05, abs=1e-9)
    finer = Schedule((0.2, 0.99799999, 1.0)).boundary(0.95)
    assert boundary.z == pytest.approx(finer.z, abs=1e-3)


@pytest.mark.parametrize("shares", [(), (0.5,), (0.5, 0.5, 1.0), (0.0, 1.0), (0.6, 0.3, 1.0)])
def test_invalid_information_fractions_are_refused(shares):
    with pytest.raises(MethodError, match="of the items are invalid"):
        Schedule(shares)


def test_a_p_value_is_found_by_inverting_limits():
    def normal(level):
        z = special.ndtri((1 + level) / 2)
        return 0.3 - 0.1 * z, 0.3 + 0.1 * z

    assert limited_p(normal, 0.1) == pytest.approx(2 * special.ndtr(-2.0))
    assert limited_p(normal, 0.3) == pytest.approx(1)
    assert math.isnan(limited_p(lambda level: (math.nan, math.nan), 0.1))
