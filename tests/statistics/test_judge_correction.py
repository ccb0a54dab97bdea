"""Judge rates corrected by labels: prediction-powered estimates, influence functions, weights, clusters, coverage."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.clustered_variance import variances
from howsure.statistics.intervals import clopper_pearson, t_quantile
from howsure.statistics.judge_correction import Influences, JudgedAnswers, accuracy
from howsure.statistics.judge_correction import corrected as corrected_of
from howsure.statistics.judge_strata import joined, strata
from judged_worlds import assert_held, judged
from trials import draws


def corrected(verdicts, labels, level):
    """Correct independent answers of one judge, labelled at random."""
    known = np.isfinite(labels)
    return corrected_of(JudgedAnswers(strata=joined(strata(verdicts, int(known.sum())), known), labels=labels), level)


def made(seed=0, n=400, labels=60, rate=0.7, sensitivity=0.9, specificity=0.7):
    """Verdicts of a judge, and labels of some answers."""
    rng = np.random.default_rng(seed)
    right = rng.random(n) < rate
    verdicts = np.where(right, rng.random(n) < sensitivity, rng.random(n) >= specificity).astype(float)
    shown = np.full(n, np.nan)
    chosen = rng.choice(n, labels, replace=False)
    shown[chosen] = right[chosen]
    return verdicts, shown


def test_the_corrected_rate_equals_the_optimal_prediction_powered_estimate():
    """ȳ + λ (f̄ − f̄ of the labelled), λ by least squares of labels on verdicts (Angelopoulos, Duchi and Zrnic 2023)."""
    verdicts, labels = made()
    known = np.isfinite(labels)
    y, f = labels[known], verdicts[known]
    weight = np.cov(y, f)[0, 1] / np.var(f, ddof=1)
    powered = y.mean() + weight * (verdicts.mean() - f.mean())
    found = corrected(verdicts, labels, 0.95)
    assert found.rate.value == pytest.approx(powered)
    assert found.alone.value == pytest.approx(y.mean())
    residual = y - np.where(f == 1, y[f == 1].mean(), y[f == 0].mean())
    assert found.rate.se == pytest.approx(
        np.sqrt((residual**2).sum() / len(y) ** 2 + weight**2 * verdicts.var() / len(verdicts)), rel=0.1
    )
    assert found.rate.interval.high - found.rate.interval.low < found.alone.interval.high - found.alone.interval.low


@given(
    seed=st.integers(0, 10_000),
    labels=st.integers(1, 60),
    rate=st.sampled_from([0.02, 0.5, 0.98, 1.0]),
    perfect=st.booleans(),
)
def test_the_interval_contains_the_rate_and_mirrors_when_right_and_wrong_are_swapped(seed, labels, rate, perfect):
    told = (1.0, 1.0) if perfect else (0.9, 0.6)
    verdicts, shown = made(seed, labels=labels, rate=rate, sensitivity=told[0], specificity=told[1])
    found = corrected(verdicts, shown, 0.95).rate
    assert 0 <= found.interval.low <= found.value <= found.interval.high <= 1
    assert found.interval.high > found.interval.low
    turned = corrected(1 - verdicts, 1 - shown, 0.95).rate
    assert turned.value == pytest.approx(1 - found.value)
    assert (turned.interval.low, turned.interval.high) == pytest.approx(
        (1 - found.interval.high, 1 - found.interval.low), abs=1e-9
    )


def test_unanimous_labels_give_an_interval_of_positive_width():
    verdicts = np.repeat([1.0, 0.0], [900, 100])
    labels = np.full(1000, np.nan)
    labels[:15] = 1
    labels[995:] = 0
    found = corrected(verdicts, labels, 0.95).rate
    assert found.value == pytest.approx(0.9)
    assert found.interval.low < 0.75
    assert found.interval.high > 0.91


def test_a_stratum_without_labels_is_treated_as_unknown():
    verdicts = np.repeat([1.0, 0.0], [900, 100])
    labels = np.full(1000, np.nan)
    labels[:40] = 1
    found = corrected(verdicts, labels, 0.95).rate
    assert found.value == pytest.approx(0.95)
    assert found.interval.high == 1.0
    assert found.interval.low < 0.85


def test_the_test_for_unrepresentative_labels_keeps_its_level():
    verdicts = np.repeat([1.0, 0.0], [900, 100])
    labels = np.full(1000, np.nan)
    labels[890:920] = np.repeat([1.0, 0.0], [10, 20])
    assert corrected(verdicts, labels, 0.95).unlike < 0.001
    rng = np.random.default_rng(0)
    p = []
    for _ in range(draws(100, 300)):
        labels = np.full(1000, np.nan)
        labels[rng.choice(1000, 60, replace=False)] = 1.0
        p.append(corrected(verdicts, labels, 0.95).unlike)
    assert 0.01 <= np.mean(np.array(p) <= 0.05) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(p))


def test_numeric_verdicts_are_stratified_at_quantiles_by_the_number_of_labels():
    x = np.random.default_rng(0).random(500)
    assert [len(np.unique(strata(x, labels))) for labels in (5, 20, 50, 1000)] == [1, 2, 5, 5]
    assert len(np.unique(strata(np.repeat([0.0, 1.0], 5), 2))) == 2
    assert strata(np.ones(4), 3).tolist() == [0] * 4


WORLDS = [(0.5, (0.8, 0.5)), (0.9, (0.95, 0.6)), (0.98, (1.0, 1.0)), (0.95, (0.6, 0.4))]


@pytest.mark.parametrize(("rate", "judge"), draws(WORLDS[1:3], WORLDS))
@pytest.mark.parametrize("labels", [10, 40])
def test_corrected_intervals_cover_with_at_least_93_percent(rate, judge, labels):
    """At least .93 of tables, three Monte-Carlo errors off; scripts/judge-trial has the whole grid."""
    held, tables = [], draws(150, 400)
    for seed in range(tables):
        table = made(seed, n=1000, labels=labels, rate=rate, sensitivity=judge[0], specificity=judge[1])
        held.append(corrected(*table, 0.95).rate.interval.contains(rate))
    assert np.mean(held) > 0.93 - 3 * np.sqrt(0.93 * 0.07 / tables)


CLUSTERED = [(0.8, (0.6, 0.4)), (0.5, (0.95, 0.95)), (0.95, (1.0, 1.0))]


def test_influences_are_derivatives_of_the_corrected_rate():
    """Against the change of the estimate where one label changes; both kinds sum to 0."""
    found = judged(np.random.default_rng(0), 0.7, (0.9, 0.7), 80)
    added = Influences.of(found)
    assert added.labels.sum() == pytest.approx(0, abs=1e-12)
    assert added.places.sum() == pytest.approx(0, abs=1e-12)
    at = int(np.flatnonzero(found.known)[0])
    changed = found.labels.copy()
    changed[at] = 1 - changed[at]
    step = corrected_of(replace(found, labels=changed), 0.95).rate.value - corrected_of(found, 0.95).rate.value
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
    alone = corrected_of(found, 0.95).rate
    single = corrected_of(replace(found, clusters=np.arange(1000)), 0.95).rate
    assert single.value == alone.value
    assert single.interval.half_width == pytest.approx(alone.interval.half_width, rel=0.005)


@pytest.mark.parametrize("count", [1, 2])
def test_one_or_two_clusters_give_a_wider_interval(count):
    found = judged(np.random.default_rng(3), 0.7, (0.9, 0.7), 30)
    interval = corrected_of(replace(found, clusters=np.arange(1000) % count), 0.95).rate.interval
    assert 0 <= interval.low < interval.high <= 1
    assert interval.half_width > corrected_of(found, 0.95).rate.interval.half_width


@pytest.mark.unmeasured
@pytest.mark.parametrize("labels", draws([10, 200], [10, 50, 200]))
@pytest.mark.parametrize(("rate", "judge"), draws(CLUSTERED[:1], CLUSTERED))
def test_clustered_corrected_intervals_cover(rate, judge, labels):
    def draw(rng):
        return corrected_of(judged(rng, rate, judge, labels, clusters=50), 0.95).rate.interval

    assert_held(draw, rate)


@pytest.mark.parametrize("labels", [20, 200])
def test_weighted_corrected_intervals_cover(labels):
    """Right answers are labelled half as often; taken as random the intervals hold in a third."""

    def draw(rng):
        every = judged(rng, 0.7, (0.9, 0.6), 1000)
        chance = np.clip(labels / 1000 * np.where(every.labels == 1, 0.7, 1.4), 0, 0.8)
        shown = np.where(rng.random(1000) < chance, every.labels, np.nan)
        return corrected_of(replace(every, labels=shown, weights=1 / chance), 0.95).rate.interval

    assert_held(draw, 0.7)


def test_equal_weights_change_no_limit():
    found = judged(np.random.default_rng(4), 0.7, (0.9, 0.7), 50)
    weighed = corrected_of(replace(found, weights=np.full(1000, 20.0)), 0.95)
    assert weighed.rate.interval.low == pytest.approx(corrected_of(found, 0.95).rate.interval.low)
    assert np.isnan(weighed.unlike)


def test_sensitivity_and_specificity_count_labelled_verdicts():
    verdicts = np.repeat([1.0, 0.0, 1.0, 0.0, np.nan], [18, 2, 4, 6, 5])
    labels = np.repeat([1.0, 0.0, 1.0], [20, 10, 5])
    found = accuracy(verdicts, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=labels), 0.95)
    assert found.sensitivity.value == pytest.approx(0.9)
    assert found.specificity.value == pytest.approx(0.6)
    assert found.sensitivity.n_items == 20
    perfect = accuracy(labels, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=labels), 0.95)
    assert perfect.specificity.interval.low == pytest.approx(float(clopper_pearson(10, 10, 0.95)[0]))
    assert accuracy(verdicts / 2, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=labels), 0.95) is None
    none = accuracy(verdicts, JudgedAnswers(strata=np.zeros(35, dtype=np.int64), labels=np.ones(35)), 0.95)
    assert np.isnan(none.specificity.value)


def test_where_every_answer_has_a_label_nothing_says_that_they_were_chosen():
    verdicts, labels = made(n=60, labels=60)
    assert np.isnan(corrected(verdicts, labels, 0.95).unlike)
