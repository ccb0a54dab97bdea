"""Success curves against statsmodels, scipy and Fieller's own definition; lines through models against trials."""

import math

import numpy as np
import pytest
import scipy
import statsmodels.api as sm

from howsure.errors import MethodError
from howsure.statistics.clustered_variance import covariance, degrees_of_freedom
from howsure.statistics.model_lines import model_line
from howsure.statistics.success_curves import MOST_DOUBLINGS, falling_fit, falls_to, success_curve


def world(rng, *, clusters=20, size=3, fall=0.7, at=4.0, spread=0.8, attempts=3):
    """Questions in clusters: difficulties, successes and codes."""
    codes = np.repeat(np.arange(clusters), size)
    logs = rng.uniform(-2, 10, clusters * size)
    odds = -fall * (logs - at) + rng.normal(0, spread, clusters)[codes]
    return 2.0**logs, rng.binomial(attempts, 1 / (1 + np.exp(-odds))) / attempts, codes


def equal(n):
    return np.full(n, 1 / n)


def test_a_curve_is_that_of_a_logistic_regression():
    hard, success, _ = world(np.random.default_rng(0))
    weights = np.random.default_rng(1).uniform(0.5, 2, len(hard))
    curve = success_curve(hard, success, weights / weights.sum())
    terms = sm.add_constant(np.log2(hard))
    known = sm.GLM(success, terms, family=sm.families.Binomial(), freq_weights=weights).fit(tol=1e-14)
    assert curve.slope == pytest.approx(known.params[1], rel=2e-3)  # but for the slight penalty
    assert math.log2(curve.difficulty_at(0.5)[0]) == pytest.approx(-known.params[0] / known.params[1], rel=1e-3)


def test_the_influence_is_the_derivative_by_the_share_of_a_row():
    hard, success, _ = world(np.random.default_rng(2), clusters=6)
    share = equal(len(hard))
    value, influence = success_curve(hard, success, share).difficulty_at(0.8)
    for k in (0, 7):
        more = share * (1 - 1e-6)
        more[k] += 1e-6
        moved = success_curve(hard, success, more).difficulty_at(0.8)[0]
        assert (moved - value) / 1e-6 == pytest.approx(influence[k], rel=1e-3, abs=1e-3 * value)


def test_limits_are_where_the_curve_stops_to_differ():
    hard, success, codes = world(np.random.default_rng(3))
    n = len(hard)
    curve = success_curve(hard, success, equal(n))
    errors = covariance(curve.influence, np.ones(n), [codes], "CR2")
    df = degrees_of_freedom([codes], np.ones(n), "CR2")
    limits = curve.limits(0.8, errors, df, 0.95)
    assert limits.low < curve.difficulty_at(0.8)[0] < limits.high
    for end in (limits.low, limits.high):
        place = math.log2(end) - curve.at
        gap = curve.intercept + curve.slope * place - math.log(4)
        se = math.sqrt(errors[0, 0] + 2 * place * errors[0, 1] + place**2 * errors[1, 1])
        assert 2 * scipy.stats.t.sf(abs(gap) / se, df) == pytest.approx(0.05, abs=1e-9)
    flat = curve.limits(0.8, errors * 1e4, df, 0.95)
    assert (flat.low, flat.high) == (0, math.inf)


@pytest.mark.parametrize(("clusters", "size", "chance"), [(12, 6, 0.5), (20, 1, 0.8), (36, 2, 0.5)])
def test_limits_cover_in_worlds_with_clusters(clusters, size, chance):
    """2,000 draws each: .949 and .953 with clusters, .929 at 80% of 20 independent questions. At a chance of .5
    the truth is known whatever clusters do.
    """
    rng, held = np.random.default_rng(4), []
    spread = 0.8 if size > 1 else 0.0
    truth = 4.0 - math.log(chance / (1 - chance)) / 0.7
    for _ in range(400):
        hard, success, codes = world(rng, clusters=clusters, size=size, spread=spread)
        n = len(hard)
        curve = success_curve(hard, success, equal(n))
        errors = covariance(curve.influence, np.ones(n), [codes], "CR2")
        limits = curve.limits(chance, errors, degrees_of_freedom([codes], np.ones(n), "CR2"), 0.95)
        held.append(limits.low <= 2**truth <= limits.high)
    assert np.mean(held) >= 0.905


@pytest.mark.parametrize(
    ("hard", "success", "message"),
    [
        ([1.0, 0, 2], [1.0, 0, 1], "must be positive"),
        ([1.0, 2, 3], [1.0, 1, 1], "every attempt succeeds"),
        ([1.0, 2, 3], [0.0, 0, 0], "no attempt succeeds"),
        ([1.0, 2, 4, 8], [0.0, 0, 1, 1], "doesn't fall"),
        ([1.0, 2, 4, 1, 2, 4], [0.0, 1, 0, 1, 0, 1 - 1e-15], "doesn't fall"),
        ([2.0, 2, 2, 2], [0.0, 0, 1, 1], "doesn't fall"),
        ([1.0, 2, 3], [4.0, 0, 1], "from 0 to 1"),
    ],
)
def test_what_has_no_curve_says_why(hard, success, message):
    with pytest.raises(MethodError, match=message):
        success_curve(np.array(hard), np.array(success), equal(len(hard)))


def test_a_falling_fit_pools_what_rises():
    levels, fit = falling_fit(np.array([1.0, 2, 2, 4, 8]), np.array([1.0, 0.2, 0.4, 0.9, 0]), equal(5))
    assert levels.tolist() == [1, 2, 4, 8]
    assert fit == pytest.approx([1, 0.5, 0.5, 0])  # 2 and 4 pooled: (0.3 × 2 + 0.9) / 3
    assert falls_to(levels, fit, 0.5) == pytest.approx(math.sqrt(4 * 8))
    assert falls_to(levels, fit, 0.6) == pytest.approx(math.sqrt(2))
    assert math.isnan(falls_to(levels, fit, 1.1))
    assert math.isnan(falls_to(levels, fit, -0.1))


def test_a_line_with_no_error_of_questions_is_that_of_least_squares():
    rng = np.random.default_rng(5)
    x, y = np.arange(9.0), 2 * np.arange(9.0) + rng.normal(0, 1, 9)
    known = sm.OLS(y, sm.add_constant(x)).fit()
    line = model_line(x, y, np.zeros((9, 9)), 20)
    found = line.slope_interval(0.95)
    assert (line.slope, found.low, found.high) == pytest.approx((known.params[1], *known.conf_int()[1]))
    low, high = line.band(np.array([0.0, 4, 8]), 0.95)
    half = (
        np.sqrt(2 * scipy.stats.f.ppf(0.95, 2, 7))
        * known.get_prediction(sm.add_constant(np.array([0.0, 4, 8]))).se_mean
    )
    assert (high - low) / 2 == pytest.approx(half)


@pytest.mark.parametrize(("models", "clusters", "scatter"), [(4, 40, 1.0), (6, 12, 0.3), (10, 40, 0.0)])
def test_slopes_and_bands_cover_where_models_share_questions(models, clusters, scatter):
    """1,500 draws each gave .924 to .99 over 16 worlds with four models or more."""
    rng, slopes, bands = np.random.default_rng(6), [], []
    grid = np.linspace(0, 3, 9)
    for _ in range(500):
        x = np.sort(rng.uniform(0, 3, models))
        noise = rng.normal(0, 2, (clusters, models)) + rng.normal(0, 2, (clusters, 1)) * rng.uniform(0.5, 1.5, models)
        y = 1 + 2 * x + rng.normal(0, scatter, models) + noise.mean(axis=0)
        line = model_line(x, y, np.cov(noise.T) / clusters, clusters - 1)
        found, (low, high) = line.slope_interval(0.95), line.band(grid, 0.95)
        slopes.append(found.low <= 2 <= found.high)
        bands.append(bool(((low <= 1 + 2 * grid) & (1 + 2 * grid <= high)).all()))
    assert np.mean(slopes) >= 0.9
    assert np.mean(bands) >= 0.9


def test_a_line_needs_four_models_and_two_places():
    for x in (np.array([1.0, 2, 3]), np.ones(5)):
        with pytest.raises(MethodError, match="a line needs 4 models"):
            model_line(x, x, np.eye(len(x)), 10)


def test_a_horizon_far_outside_the_difficulties_is_finite():
    """99.5% at both: 50% would be reached after thousands of doublings."""
    difficulty, success = np.array([1.0, 2.0]), np.array([0.99502, 0.995])
    curve = success_curve(difficulty, success, np.full(2, 0.5))
    value, influence = curve.difficulty_at(0.5)
    assert value == 2.0**MOST_DOUBLINGS
    assert np.isfinite(influence).all()
