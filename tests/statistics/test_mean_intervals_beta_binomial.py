"""Beta-binomial posterior limits against brute force on a fine grid and exact special cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from howsure.statistics import mean_intervals
from howsure.statistics.mean_intervals import Groups, posterior_limits
from trials import draws

GRID = 0.004
"""How far a limit may be from the exact one on the arcsine scale: half a cell of the grid of 200 angles."""


def groups(means, trials, shares=None):
    means = np.asarray(means, dtype=float)
    means = means[:, None] if means.ndim == 1 else means
    shares = np.full(len(means), 1 / len(means)) if shares is None else np.asarray(shares)
    return Groups(
        means=means,
        shares=shares,
        trials=np.full(means.shape[1], float(trials)),
        several=np.full(means.shape[1], False),
    )


def angle(rate):
    return np.arcsin(np.sqrt(rate))


def fine_grid(angles=800, correlations=150):
    """Rates even on the arcsine scale (Jeffreys' prior is flat there), ρ even on its own scale but finer towards 0."""
    p = np.sin((np.arange(angles) + 0.5) / angles * np.pi / 2) ** 2
    edges = np.linspace(0, 1, correlations + 1) ** 3
    return p, (edges[1:] + edges[:-1]) / 2, np.diff(edges)


def quantiles(log_likelihood, widths, level):
    """Equal-tailed limits from the log likelihood (angles, ρ), on the arcsine scale."""
    below = np.append(0.0, np.cumsum(np.exp(log_likelihood - log_likelihood.max()) @ widths))
    tails = np.array([(1 - level) / 2, (1 + level) / 2])
    return np.interp(tails, below / below[-1], np.linspace(0, np.pi / 2, len(below)))


def exact_angles(right, trials, level):
    """Groups of the same whole number of answers, by scipy.stats.betabinom."""
    p, rho, widths = fine_grid()
    precision = (1 - rho) / rho
    a, b = p[:, None] * precision, (1 - p)[:, None] * precision
    seen, times = np.unique(right, return_counts=True)
    each = (k * stats.betabinom.logpmf(y, trials, a, b) for y, k in zip(seen, times, strict=True))
    return quantiles(sum(each), widths, level)


def long_angles(means, shares, trials, level):
    """Any groups, one beta function after the other."""
    p, rho, widths = fine_grid(400, 100)
    precision = (1 - rho) / rho
    a, b = p[:, None] * precision, (1 - p)[:, None] * precision
    total, alone = 0.0, special.betaln(a, b)
    for mean, share in zip(means, shares, strict=True):
        own = special.betaln(trials * mean + a, trials * (1 - mean) + b) - alone
        total = total + share / (shares**2).sum() * own
    return quantiles(total, widths, level)


def drawn(seed, n_groups, trials, rate, rho):
    rng = np.random.default_rng(seed)
    chance = rng.beta(rate * (1 - rho) / rho, (1 - rate) * (1 - rho) / rho, n_groups)
    return rng.binomial(trials, chance)


@pytest.mark.parametrize("level", draws([0.95], [0.8, 0.95]))
@pytest.mark.parametrize(
    ("n_groups", "trials", "rate", "rho"),
    [
        (4, 5, 0.2, 0.3),
        (8, 50, 0.1, 0.2),
        (12, 10, 0.5, 0.5),
        (30, 3, 0.05, 0.1),
        (100, 2, 0.3, 0.02),
        (2, 40, 0.4, 0.4),
    ],
)
def test_posterior_limits_of_equal_groups_equal_brute_force(n_groups, trials, rate, rho, level):
    for seed in range(draws(1, 2)):
        right = drawn(seed, n_groups, trials, rate, rho)
        found = np.ravel(posterior_limits(groups(right / trials, trials), level))
        assert angle(found) == pytest.approx(exact_angles(right, trials, level), abs=GRID)


@pytest.mark.parametrize("weights", [(1, 1, 1, 1, 1, 1), (1, 2, 3, 4, 5, 6), (30, 1, 1, 1, 1, 1)])
def test_unequal_groups_are_weighted_by_their_share_with_average_trials(weights):
    means = np.array([0.0, 0.2, 0.9, 0.35, 1.0, 0.5])
    shares = np.array(weights) / sum(weights)
    found = np.ravel(posterior_limits(groups(means, 7.3, shares), 0.95))
    assert angle(found) == pytest.approx(long_angles(means, shares, 7.3, 0.95), abs=GRID)


@pytest.mark.parametrize("level", [0.5, 0.95])
@pytest.mark.parametrize(("right", "n_groups"), [(0, 3), (1, 1), (1, 20), (7, 20), (30, 30), (70, 400)])
def test_one_answer_per_group_gives_the_jeffreys_interval(right, n_groups, level):
    found = np.ravel(posterior_limits(groups(np.arange(n_groups) < right, 1), level))
    expected = np.array(stats.beta(right + 0.5, n_groups - right + 0.5).interval(level))
    assert angle(found) == pytest.approx(angle(expected), abs=GRID)


def test_groups_of_identical_answers_count_as_one_answer_each():
    means = np.repeat([0.0, 1.0], 10)
    found = posterior_limits(groups(means, 1_000), 0.95)
    assert np.ravel(found) == pytest.approx(stats.beta(10.5, 10.5).interval(0.95), abs=0.02)


def test_uncorrelated_answers_count_almost_individually():
    right = np.random.default_rng(1).binomial(20, 0.3, 50)
    found = np.ravel(posterior_limits(groups(right / 20, 20), 0.95))
    single = stats.beta(right.sum() + 0.5, 1_000 - right.sum() + 0.5).interval(0.95)
    assert found[1] - found[0] == pytest.approx(single[1] - single[0], rel=0.1)


def test_one_group_gives_a_wide_interval_for_any_number_of_answers():
    for trials in (10, 1_000):
        low, high = np.ravel(posterior_limits(groups([0.5], trials), 0.95))
        assert low < 0.15
        assert high > 0.85


shares_of_right = st.lists(st.integers(0, 6), min_size=1, max_size=12).map(lambda k: np.array(k) / 6)


@given(shares_of_right, st.sampled_from([0.5, 0.9, 0.95]))
def test_posterior_limits_mirror_when_right_and_wrong_are_swapped(means, level):
    one, other = (posterior_limits(groups(x, 6), level) for x in (means, 1 - means))
    assert np.ravel(other) == pytest.approx(1 - np.ravel(one)[::-1], abs=1e-9)


@given(shares_of_right)
def test_a_higher_level_gives_wider_posterior_limits(means):
    (low, high), (lower, higher) = (posterior_limits(groups(means, 6), level) for level in (0.8, 0.95))
    assert 0 <= lower < low < high < higher <= 1


@given(st.lists(st.lists(st.integers(0, 4), min_size=5, max_size=5), min_size=1, max_size=6))
def test_samples_in_one_call_equal_samples_one_by_one(columns):
    means, trials = np.array(columns).T / 4, 1.0 + np.arange(len(columns)) % 3
    together = Groups(means=means, shares=np.full(5, 0.2), trials=trials, several=np.full(len(trials), False))
    alone = [posterior_limits(together.take(slice(k, k + 1)), 0.95) for k in range(len(columns))]
    assert np.array(posterior_limits(together, 0.95)) == pytest.approx(np.concatenate(alone, axis=1), rel=1e-9)


def test_identical_samples_have_identical_limits():
    means = np.tile(np.random.default_rng(0).integers(0, 4, (9, 2)) / 3, 4)
    low, high = posterior_limits(groups(means, 3), 0.95)
    assert np.ptp(low[::2]) == np.ptp(high[::2]) == np.ptp(low[1::2]) == np.ptp(high[1::2]) == 0


def test_processing_in_blocks_changes_no_limit(monkeypatch):
    means = np.random.default_rng(3).integers(0, 5, (40, 30)) / 4
    whole = posterior_limits(groups(means, 4), 0.9)
    monkeypatch.setattr(mean_intervals, "BLOCK_CELLS", 100)
    assert np.array(posterior_limits(groups(means, 4), 0.9)) == pytest.approx(np.array(whole), rel=1e-9)


@pytest.mark.unmeasured
def test_hundreds_of_distinct_means_are_approximated_within_the_grid():
    means = np.random.default_rng(5).beta(2, 5, 400)
    means[:30], means[30:40] = 0, 1
    assert len(np.unique(means)) > mean_intervals.MOST_LEVELS
    shares = np.full(400, 1 / 400)
    found = np.ravel(posterior_limits(groups(means, 12.5), 0.95))
    assert angle(found) == pytest.approx(long_angles(means, shares, 12.5, 0.95), abs=GRID)


def test_other_samples_move_a_limit_by_less_than_the_grid_step():
    one = np.random.default_rng(6).integers(0, 11, (60, 1)) / 10
    others = np.random.default_rng(7).random((60, 20))  # more than 256 different means: all are rounded
    alone = np.ravel(posterior_limits(groups(one, 10), 0.95))
    low, high = posterior_limits(groups(np.hstack([one, others]), 10), 0.95)
    assert angle(np.array([low[0], high[0]])) == pytest.approx(angle(alone), abs=GRID)
