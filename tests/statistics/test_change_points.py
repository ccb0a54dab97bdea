"""Change points in a series of runs: the test for a step, alarms, dating of changes, and variances between runs."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special, stats

from howsure.statistics import change_points as module
from howsure.statistics.change_points import (
    RUNS,
    SHARES,
    SPARED,
    SPREADS,
    WIDE,
    WORTH,
    Series,
    ahead_of,
    last_against,
    level_at,
    limit,
    limit_gap,
    luck,
    luck_draws,
    single_share,
    watch,
)
from trials import draws


def made(seed=0, n=80, runs=20, at=None, shift=0.0, size=1, attempts=1, noise=0.0, repeated=0.0):
    rng = np.random.default_rng(seed)
    p = np.repeat(rng.beta(2, 2, n)[:, None], runs, axis=1)
    p[:, runs if at is None else at :] = np.clip(p[:, runs if at is None else at :] + shift, 0, 1)
    if noise:
        p = special.expit(special.logit(np.clip(p, 1e-9, 1 - 1e-9)) + rng.normal(0, noise, runs))
    values = rng.binomial(attempts, p) / attempts
    for t in range(1, runs if repeated else 0):
        values[:, t] = np.where(rng.random(n) < repeated, values[:, t - 1], values[:, t])
    return Series(values=values, codes=np.arange(n) // size if size > 1 else None)


def told(changes):
    return [
        (c.run, c.place, c.low, c.high, float(c.difference.difference), float(c.difference.variance)) for c in changes
    ]


@pytest.fixture
def no_spread(monkeypatch):
    """Take it that runs differ by their answers alone, anew each time."""
    monkeypatch.setattr(module, "_PRIOR", np.where(SPREADS == 0, 0.0, -np.inf))
    monkeypatch.setattr(module, "REPEATS", np.zeros(1))
    monkeypatch.setattr(module, "_alike", lambda runs: np.zeros(1))


def test_the_test_of_two_runs_is_the_paired_t_test(no_spread):
    x = made(runs=2).values
    found = watch(Series(values=x), 0.01)
    reference = stats.ttest_rel(x[:, 1], x[:, 0])
    assert found.ahead.difference[1] == pytest.approx(x[:, 1].mean() - x[:, 0].mean())
    assert found.ahead.p_value_at(0.0)[1] == pytest.approx(reference.pvalue)
    assert found.largest[1] == pytest.approx(stats.norm.isf(reference.pvalue / 2))
    assert found.limits[1] == pytest.approx(stats.norm.isf(0.005 * SPARED))


def test_the_test_of_two_clustered_runs_is_the_paired_t_test_of_cluster_means(no_spread):
    x = made(runs=2, size=4).values
    found = watch(Series(values=x, codes=np.arange(80) // 4), 0.01)
    sums = (x[:, 1] - x[:, 0]).reshape(20, 4).mean(axis=1)
    assert found.ahead.p_value_at(0.0)[1] == pytest.approx(stats.ttest_1samp(sums, 0).pvalue)


def test_the_alarm_limit_corresponds_to_the_critical_value_of_the_test():
    found = watch(made(runs=6), 0.01)
    t = limit_gap(found)[-1] / math.sqrt(found.ahead.variance[-1])
    assert stats.norm.isf(stats.t.sf(t, found.ahead.df[-1])) == pytest.approx(found.limits[-1])
    assert math.isnan(limit_gap(found)[0])


def test_the_variance_is_the_item_by_run_mean_square(no_spread):
    x = made(runs=6).values
    found = watch(Series(values=x), 0.01)
    residuals = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    mean_square = (residuals**2).sum() / (79 * 5)  # of a two-way layout without replication
    assert found.ahead.variance[-1] == pytest.approx(mean_square / 80 * (1 + 1 / 5))
    assert found.ahead.df[-1] == pytest.approx(79 * 5)
    assert found.ahead.difference[-1] == pytest.approx(x[:, 5].mean() - x[:, :5].mean())


@pytest.mark.parametrize("codes", [None, np.arange(40) // 2])
def test_a_run_with_all_answers_wrong_gives_an_alarm(no_spread, codes):
    """Nothing varies there beside the fall itself: the error is that under "no change"."""
    x = np.repeat([[1.0] * 5 + [0.0] * 3], 40, axis=0)
    found = watch(Series(values=x, codes=codes), 0.01)
    (change,) = found.changes
    assert (change.run, change.place, change.low, change.high) == (5, 5, 5, 5)
    assert found.ahead.difference[5] == -1
    units = 40 if codes is None else 20
    assert found.ahead.variance[5] == pytest.approx(1 / (5 * units) * units / (units - 1))
    assert np.isnan(limit_gap(found)[[1, 2, 3, 4, 7]]).all()
    assert found.largest[4] == 0


def test_two_items_with_equal_changes_give_no_alarm():
    found = watch(Series(values=np.array([[1.0, 1.0, 0.0], [1.0, 1.0, 0.0]])), 0.01)
    assert not found.changes
    assert found.largest[2] < found.limits[2]


def test_runs_are_weighted_by_relative_attempts(no_spread):
    one, three = made(1, runs=2, attempts=1).values, made(2, runs=1, attempts=3).values
    found = watch(Series(values=np.hstack([one, three]), attempts=np.array([1.0, 1.0, 3.0])), 0.01)
    again = watch(Series(values=np.hstack([one, three]), attempts=np.array([2.0, 2.0, 6.0])), 0.01)
    assert found.ahead.variance[2] == pytest.approx(again.ahead.variance[2])


@given(
    seed=st.integers(0, 10_000),
    at=st.integers(2, 18),
    shift=st.sampled_from([0.0, -0.1, 0.2]),
    size=st.sampled_from([1, 4]),
)
def test_later_runs_do_not_remove_or_move_an_alarm(seed, at, shift, size):
    series = made(seed, at=at, shift=shift, size=size)
    whole = told(watch(series, 0.05).changes)
    for k in (1, 5, 10, 15):
        part = Series(values=series.values[:, :k], codes=series.codes)
        assert told(watch(part, 0.05).changes) == [each for each in whole if each[0] < k]


@given(seed=st.integers(0, 10_000), size=st.sampled_from([1, 4]))
def test_alarms_do_not_depend_on_the_order_of_items_or_the_sign(seed, size):
    series = made(seed, at=9, shift=-0.2, size=size)
    order = np.random.default_rng(seed).permutation(80)
    codes = None if series.codes is None else series.codes[order]
    one = watch(series, 0.02)
    other, turned = (
        watch(Series(values=series.values[order], codes=codes), 0.02),
        watch(Series(values=1 - series.values, codes=series.codes), 0.02),
    )
    assert [c.run for c in one.changes] == [c.run for c in other.changes] == [c.run for c in turned.changes]
    np.testing.assert_allclose(one.largest, other.largest)
    np.testing.assert_allclose(one.ahead.difference, -turned.ahead.difference, atol=1e-12)


def test_a_simulated_change_is_dated_correctly():
    series = made(3, n=400, runs=30, at=18, shift=-0.1)
    (change,) = watch(series, 0.01).changes
    assert change.low <= 18 <= change.high
    assert (change.place, change.run) == (18, 18)
    assert float(change.difference.difference) == pytest.approx(-0.1, abs=0.04)


@pytest.mark.parametrize(("seed", "place"), [(6, 12), (11, 9), (14, 12), (15, 12), (17, 13), (26, 8), (47, 12)])
def test_the_date_of_a_change_equals_that_of_r_strucchange(no_spread, seed, place):
    """What R's strucchange 1.5 says of the mean scores up to the alarm: breakpoints(x ~ 1, h = 2, breaks = 1)."""
    series = made(seed, n=200, runs=24, at=12, shift=-0.05)
    change = watch(series, 0.0093 / SPARED).changes[0]
    assert change.place == place
    assert change.low <= 12 <= change.high


def test_identical_runs_give_no_alarm():
    found = watch(Series(values=np.repeat(made(runs=1).values, 6, axis=1)), 0.1)
    assert found.changes == ()
    np.testing.assert_array_equal(found.largest[1:], 0.0)


def test_one_item_or_one_cluster_gives_no_alarm():
    for series in (
        Series(values=np.array([[0.0, 1.0, 1.0]])),
        Series(values=made(runs=3).values, codes=np.zeros(80, int)),
    ):
        found = watch(series, 0.1)
        assert found.changes == ()
        assert np.isnan(found.largest).all()


def test_items_added_later_are_not_used_until_the_series_restarts():
    x = made(runs=8).values
    x[60:, :4] = np.nan
    found = watch(Series(values=x), 0.01)
    np.testing.assert_array_equal(found.n_items, 60)
    whole = watch(Series(values=x[:60]), 0.01)
    np.testing.assert_allclose(found.largest, whole.largest)


def test_a_run_with_few_items_is_left_out_of_the_series():
    x = made(runs=8).values
    x[20:, 3] = np.nan
    found = watch(Series(values=x), 0.01)
    assert found.apart == (3,)
    assert math.isnan(found.largest[3])
    rest = watch(Series(values=np.delete(x, 3, axis=1)), 0.01)
    np.testing.assert_allclose(
        np.delete(found.largest, 3), rest.largest, rtol=0.02
    )  # answers may repeat those of the night before


def test_other_items_start_a_new_series():
    x = np.full((120, 8), np.nan)
    x[:60, :4], x[60:, 4:] = made(1, n=60, runs=4).values, made(2, n=60, runs=4).values
    found = watch(Series(values=x), 0.01)
    assert found.anew == (4,)
    assert math.isnan(found.largest[4])
    assert np.isfinite(found.largest[5:]).all()


def test_alarm_limits_rise_with_the_runs_and_fall_with_the_error_rate():
    assert limit(2, 0.01) == pytest.approx(stats.norm.isf(0.005))
    assert np.all(np.diff([limit(runs, 0.01) for runs in range(2, 60)]) >= 0)
    assert np.all(np.diff([limit(20, share) for share in (1e-6, 1e-5, 1e-4, 0.001, 0.01, 0.1)]) < 0)
    assert limit(50, 0.01) == limit(5_000, 0.01)
    np.testing.assert_allclose(
        [single_share(r, s) * w for s, row in zip(SHARES, WORTH, strict=True) for r, w in zip(RUNS, row, strict=True)],
        np.repeat(SHARES, len(RUNS)),
    )


def test_shares_of_error_beyond_the_table_go_on_in_a_straight_line():
    worth = [share / single_share(20, share) for share in (1e-3, 1e-4, 1e-5, 1e-6)]
    assert np.diff(worth) == pytest.approx([worth[1] - worth[0]] * 3, rel=1e-9)


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("world", "most"),
    [({"noise": 0.1}, 1.15), *draws([], [({}, 1.0), ({"repeated": 0.5}, 1.0)]), ({"repeated": 0.95}, 1.0)],
)
def test_false_alarms_are_no_more_frequent_than_chosen(world, most):
    """With a share of error of 5% a run, on 200 items."""
    series, runs = draws(20, 60), 40
    count = sum(len(watch(made(seed, n=200, runs=runs, **world), 0.05).changes) for seed in range(series))
    expected = most * series * runs * 0.05
    assert count <= expected + draws(2, 0) * math.sqrt(expected)


@pytest.mark.parametrize("noise", [0.0, 0.3])
def test_the_sd_between_runs_is_estimated_separately_from_the_answers(noise):
    found = watch(made(2, n=400, runs=40, noise=noise), 1e-9).spread
    assert found.answers == pytest.approx(math.sqrt(0.2 / 400), rel=0.05)
    assert found.runs == pytest.approx(noise * 0.19, abs=0.015)
    assert found.repeated == pytest.approx(0.0, abs=0.05)
    assert found.seen == 39


@pytest.mark.parametrize("repeated", [0.5, 0.8, 0.95])
def test_the_share_of_repeated_answers_is_estimated_within_5_points(repeated):
    found = watch(made(3, n=400, runs=30, repeated=repeated), 1e-9).spread
    assert found.repeated == pytest.approx(repeated, abs=0.05)
    assert found.answers == pytest.approx(math.sqrt(0.2 / 400), rel=0.3)


def bad_night(seed=1, **world):
    """Thirty runs of one level, the twentieth of which went wrong."""
    series = made(seed, n=300, runs=30, **world)
    series.values[:90, 19] = 0
    return series


def test_runs_before_a_single_bad_run_rejoin_the_level():
    found = watch(bad_night(), 0.001)
    (change,) = found.changes
    assert (change.run, change.place) == (19, 19)
    assert change.back in (20, 21)
    assert found.level == (*range(19), *range(20, 30))
    assert level_at(found, 3, 30) == found.level
    assert level_at(found, 3, 20) == tuple(range(19))
    assert level_at(found, 19, 30) == (19,)


def test_a_drop_after_a_single_bad_run_is_detected_at_once():
    found = watch(bad_night(at=23, shift=-0.12), 0.01)
    assert [change.run for change in found.changes] == [19, 23]
    assert found.changes[1].before == (*range(19), 20, 21, 22)


def test_a_lasting_change_is_not_reverted():
    for seed in range(5):
        (change,) = watch(made(seed, n=400, runs=30, at=18, shift=-0.15), 0.001).changes
        assert change.back == -1


def test_the_last_k_runs_are_compared_with_the_k_before(no_spread):
    series = made(4, n=200, runs=20, at=13, shift=-0.1)
    found = last_against(series, watch(series, 0.01), 7)
    means = series.values.mean(axis=0)
    assert float(found.difference) == pytest.approx(means[13:].mean() - means[6:13].mean())
    x = series.values[:, 6:]
    residuals = x - x.mean(axis=1, keepdims=True) - x.mean(axis=0) + x.mean()
    assert float(found.variance) == pytest.approx((residuals**2).sum() / (199 * 13) / 200 * 2 / 7)


def test_comparing_the_last_runs_expects_a_wider_spread_of_runs_than_watching_does(monkeypatch):
    """As if the prior of the spread had that scale all along."""
    series = made(4, n=200, runs=20, noise=0.1)
    watched = watch(series, 0.01)
    found = last_against(series, watched, 7)
    monkeypatch.setattr(module, "_PRIOR", np.log(np.gradient(SPREADS)) - (SPREADS / WIDE) ** 2 / 2)
    monkeypatch.setattr(module, "USUAL", WIDE)
    wide = last_against(series, watched, 7)
    assert float(found.variance) == pytest.approx(float(wide.variance), rel=1e-9)
    assert float(found.p_value_at(0.0)) == pytest.approx(float(wide.p_value_at(0.0)), rel=1e-9)


@pytest.mark.unmeasured
def test_comparing_the_last_runs_keeps_the_type_i_error():
    count, p = draws(50, 150), []
    for seed in range(count):
        series = made(seed, n=150, runs=14, noise=0.2 * (seed % 2), repeated=0.8 * (seed % 3 == 0))
        p.append(float(last_against(series, watch(series, 0.01), 7).p_value_at(0.0)))
    assert np.mean(np.array(p) < 0.05) < 0.05 + 2.5 * math.sqrt(0.05 * 0.95 / count)


def test_the_winners_curse_of_equal_runs_is_the_expected_normal_maximum():
    drawn = luck_draws(10, np.random.default_rng(1))
    assert luck(np.full(10, 0.7), 0.02, drawn) == pytest.approx(
        0.02 * 1.5388, rel=0.05
    )  # the mean of the largest of ten
    assert luck(np.array([0.2, 0.9]), 0.001, drawn) == pytest.approx(0.0, abs=1e-4)
    assert luck(np.array([0.7]), 0.02, drawn) == 0.0


def test_the_level_of_a_run_spans_the_runs_between_changes():
    found = watch(made(3, n=400, runs=30, at=18, shift=-0.1), 0.01)
    (change,) = found.changes
    assert level_at(found, 5, 12) == tuple(range(12))
    assert level_at(found, 5, 25) == tuple(range(change.place))
    assert level_at(found, change.run, 25) == tuple(range(change.place, change.run + 1))
    assert level_at(found, 24, 28) == tuple(range(change.run + 1, 28))
    assert found.level == tuple(range(change.place, 30))
    assert level_at(found, 5, change.run) == tuple(range(change.run))  # the alarm isn't known yet


def test_comparing_a_run_with_its_level_equals_the_last_split():
    series = made(1, runs=7)
    found, alone = watch(series, 0.01), ahead_of(series, tuple(range(6)), 6)
    assert float(alone.difference) == pytest.approx(float(found.ahead.difference[6]))
    assert float(alone.variance) == pytest.approx(float(found.ahead.variance[6]))
