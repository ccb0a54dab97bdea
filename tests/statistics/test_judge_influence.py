"""What answers add, and what clusters do to it."""

from dataclasses import replace

import numpy as np
import pytest

from howsure.statistics.clustered_variance import variances
from howsure.statistics.intervals import t_quantile
from howsure.statistics.judge_correction import Influences, JudgedAnswers, corrected
from judged_worlds import assert_held, judged
from trials import draws


def test_influences_are_derivatives_of_the_corrected_rate():
    """Against the change of the estimate where one label changes; both kinds sum to 0."""
    found = judged(np.random.default_rng(0), 0.7, (0.9, 0.7), 80)
    added = Influences.of(found)
    assert added.labels.sum() == pytest.approx(0, abs=1e-12)
    assert added.places.sum() == pytest.approx(0, abs=1e-12)
    at = int(np.flatnonzero(found.known)[0])
    changed = found.labels.copy()
    changed[at] = 1 - changed[at]
    step = corrected(replace(found, labels=changed), 0.95).rate.value - corrected(found, 0.95).rate.value
    members = found.known & (found.strata == found.strata[at])
    assert abs(step) == pytest.approx(found.shares[found.strata[at]] / members.sum())


def test_the_design_effect_without_strata_is_that_of_the_mean_of_labels():
    """All answers labelled, one stratum: the variance is that of a clustered mean (CR2), but for n − 1."""
    rng = np.random.default_rng(1)
    code = np.arange(400) % 40
    y = (rng.random(400) < rng.beta(3, 1, 40)[code]).astype(float)
    one = Influences.of(JudgedAnswers(strata=np.zeros(400, dtype=np.int64), labels=y, clusters=code))
    ratio = variances(y[:, None], np.ones(400), [code], "CR2")[0] / variances(y[:, None], np.ones(400), (), "CR2")[0]
    wider = (t_quantile(0.95, 39) / t_quantile(0.95, 399)) ** 2
    assert one.design_effect() == pytest.approx(ratio * wider, rel=0.03)
    assert one.variance_of_shares()[0] == 0


def test_single_answer_clusters_change_nothing():
    found = judged(np.random.default_rng(2), 0.7, (0.9, 0.7), 50)
    alone = corrected(found, 0.95).rate
    single = corrected(replace(found, clusters=np.arange(1000)), 0.95).rate
    assert single.value == alone.value
    assert single.interval.half_width == pytest.approx(alone.interval.half_width, rel=0.005)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_clusters_give_a_wider_interval(count):
    found = judged(np.random.default_rng(3), 0.7, (0.9, 0.7), 30)
    interval = corrected(replace(found, clusters=np.arange(1000) % count), 0.95).rate.interval
    assert 0 <= interval.low < interval.high <= 1
    assert interval.half_width > corrected(found, 0.95).rate.interval.half_width


WORLDS = [(0.8, (0.6, 0.4)), (0.5, (0.95, 0.95)), (0.95, (1.0, 1.0))]


@pytest.mark.no_cover
@pytest.mark.parametrize("labels", draws([10, 200], [10, 50, 200]))
@pytest.mark.parametrize(("rate", "judge"), draws(WORLDS[:1], WORLDS))
def test_clustered_corrected_intervals_cover(rate, judge, labels):
    def draw(rng):
        return corrected(judged(rng, rate, judge, labels, clusters=50), 0.95).rate.interval

    assert_held(draw, rate)


@pytest.mark.parametrize("labels", [20, 200])
def test_weighted_corrected_intervals_cover(labels):
    """Right answers are labelled half as often; taken as random the intervals hold in a third."""

    def draw(rng):
        every = judged(rng, 0.7, (0.9, 0.6), 1000)
        chance = np.clip(labels / 1000 * np.where(every.labels == 1, 0.7, 1.4), 0, 0.8)
        shown = np.where(rng.random(1000) < chance, every.labels, np.nan)
        return corrected(replace(every, labels=shown, weights=1 / chance), 0.95).rate.interval

    assert_held(draw, 0.7)


def test_equal_weights_change_no_limit():
    found = judged(np.random.default_rng(4), 0.7, (0.9, 0.7), 50)
    weighed = corrected(replace(found, weights=np.full(1000, 20.0)), 0.95)
    assert weighed.rate.interval.low == pytest.approx(corrected(found, 0.95).rate.interval.low)
    assert np.isnan(weighed.unlike)
