"""Expected calibration error: its value by hand, its false alarms for calibrated models, and its interval."""

import json

import numpy as np
import polars as pl
import pytest
import scipy

import howsure as hs
from howsure.statistics.metrics.base import Rows
from howsure.statistics.metrics.calibration import (
    CalibrationError,
    Labelled,
    calibrated_errors,
    equal_bins,
    reliability,
    shared_part,
)
from trials import draws


def rows_of(label, probability, share=None, item=None):
    share = np.full(len(label), 1 / len(label)) if share is None else share
    return Rows(label=label, prediction=probability, share=share, classes=("0", "1"), positive=1, item=item)


def labelled(label, probability, cluster=None):
    n = len(label)
    cluster = np.arange(n) if cluster is None else cluster
    return Labelled(label=label, probability=probability, share=np.full(n, 1 / n), cluster=cluster, questions=float(n))


def drawn(n, rng, truth=lambda p: p, size=1, common=0.0):
    """Labels of which `truth` of the probability is 1, in clusters of a size with a common part of their normal variable."""
    cluster = np.arange(n) // size
    p = scipy.special.ndtr(np.sqrt(0.4) * rng.normal(size=n)[cluster] + np.sqrt(0.6) * rng.normal(size=n)) ** 0.7
    latent = np.sqrt(common) * rng.normal(size=n)[cluster] + np.sqrt(1 - common) * rng.normal(size=n)
    return labelled((latent < scipy.special.ndtri(truth(p))).astype(float), p, cluster)


def frame(rows):
    return pl.DataFrame(
        {
            "model": "m",
            "item": range(len(rows.label)),
            "c": rows.cluster,
            "label": rows.label.astype(int),
            "prediction": rows.probability,
        }
    )


def test_the_value_is_the_mean_distance_over_bins_counted_by_hand():
    rng = np.random.default_rng(0)
    p = rng.permutation(np.linspace(0.01, 0.99, 100))
    y = (rng.random(100) < p**2).astype(float)
    by_hand = sum(abs(y[part].mean() - p[part].mean()) for part in np.array_split(np.argsort(p), 5)) / 5
    found = CalibrationError().measure(rows_of(y, p))
    assert found.value == pytest.approx(by_hand)
    assert found.influence.mean() == pytest.approx(0, abs=1e-12)
    answer = hs.estimate(frame(labelled(y, p)), statistic="ece")[0]
    assert answer.value == pytest.approx(by_hand)
    assert [each.n for each in answer.calibration.bins] == [20] * 5
    assert answer.calibration.bins[0].probability == pytest.approx(np.sort(p)[:20].mean())
    assert answer.calibration.bins[0].low <= answer.calibration.bins[0].rate <= answer.calibration.bins[0].high


def test_the_squared_distance_is_debiased_as_by_kumar_liang_and_ma():
    rows = drawn(300, np.random.default_rng(1), lambda p: p**2)
    by_hand, bins = 0.0, rows.bins
    for k in range(bins.max() + 1):
        y, p = rows.label[bins == k], rows.probability[bins == k]
        squared = (y.mean() - p.mean()) ** 2 - (y - p).var(ddof=1) / len(y)
        by_hand += len(y) / 300 * max(squared, 0) ** 0.5
    assert reliability(rows, 0.95, np.random.default_rng(0)).debiased == pytest.approx(by_hand)


def test_weights_are_as_copies_and_equal_probabilities_share_a_bin():
    rng = np.random.default_rng(2)
    p, times = rng.random(60).round(1), rng.integers(1, 4, 60)
    y = (rng.random(60) < p).astype(float)
    rows = rows_of(y, p, times / times.sum())
    questions = rows.questions(rows.share)
    bins = equal_bins(p, rows.share, questions)
    assert all(len(set(bins[p == value])) == 1 for value in set(p))
    copies = np.repeat(np.arange(60), times)
    once = equal_bins(p[copies], np.full(len(copies), 1 / len(copies)), questions)
    assert (once == bins[copies]).all()
    gaps = [abs((y - p)[copies][once == k].sum()) for k in set(once)]
    assert CalibrationError().measure(rows).value == pytest.approx(sum(gaps) / len(copies))


@pytest.mark.parametrize(
    ("p", "y", "value"),
    [(0.7, [1, 1, 0, 1] * 10, 0.05), (1.0, [1] * 40, 0.0), (0.0, [0] * 39 + [1], 0.025), (1.0, [0] * 40, 1.0)],
)
def test_constant_probabilities_and_labels_have_one_bin(p, y, value):
    label = np.array(y, dtype=float)
    answer = hs.estimate(frame(labelled(label, np.full(40, p))), statistic="ece@class=1" if 1 in y else "ece@class=0")[
        0
    ]
    if 1 in y:
        assert answer.value == pytest.approx(value)
        assert len(answer.calibration.bins) == 1
        assert (answer.calibration.p_value < 0.05) == (p == 0.0)


def test_numbers_that_are_no_probabilities_and_comparisons_are_refused():
    rows = frame(drawn(100, np.random.default_rng(0)))
    with pytest.raises(hs.DataError, match="ece needs probabilities, but there is"):
        hs.estimate(rows.with_columns(pl.col("prediction") * 3 - 1), statistic="ece")
    both = pl.concat([rows, rows.with_columns(model=pl.lit("n"))])
    for ask in (hs.compare, hs.leaderboard):
        with pytest.raises(hs.OptionError, match="calibration errors aren't compared"):
            ask(both, statistic="ece")
    assert len(hs.estimate(both, statistic="ece")) == 2


def test_one_cluster_has_no_error_bar_and_attempts_are_a_cluster():
    rows = drawn(60, np.random.default_rng(0))
    alone = hs.estimate(
        frame(rows).with_columns(c=pl.lit("x")), statistic="ece", cluster="c", population="new-clusters"
    )[0]
    assert not np.isfinite(alone.estimate.interval.high)
    twice = pl.concat([frame(rows), frame(rows)]).with_columns(attempt=pl.Series([1] * 60 + [2] * 60))
    answer, once = hs.estimate(twice, statistic="ece")[0], hs.estimate(frame(rows), statistic="ece")[0]
    assert answer.value == pytest.approx(once.value)
    assert answer.se == pytest.approx(once.se)
    assert answer.calibration.calibrated_mean > 0.8 * once.calibration.calibrated_mean


def test_the_answer_says_whether_chance_explains_the_error():
    rng = np.random.default_rng(5)
    shown = hs.estimate(frame(drawn(400, rng, lambda p: p**2.5)), statistic="ece")
    assert shown[0].low > 0
    assert "calibrated probabilities would show" in shown.sentence
    assert "rarely more than" in shown.sentence
    chance = hs.estimate(frame(drawn(400, rng)), statistic="ece")
    assert chance[0].low == 0
    assert "isn't significant: calibrated probabilities would show up to" in chance.sentence
    found = json.loads(chance.render("json"))["entries"][0]["calibration"]
    assert found["calibrated_mean"] < found["calibrated_high"]
    assert sum(each["n"] for each in found["bins"]) == 400
    assert "Bröcker and Smith" in " ".join(shown.render(methods_paragraph=True).split())


def test_the_common_part_of_clusters_is_found_and_0_without_correlation():
    rng = np.random.default_rng(3)
    parts = [shared_part(drawn(2000, rng, size=10, common=0.3)) for _ in range(10)]
    assert np.mean(parts) == pytest.approx(0.3, abs=0.05)
    assert shared_part(drawn(2000, rng)) == 0.0


def test_draws_of_clusters_vary_as_labels_do():
    rng = np.random.default_rng(4)
    rows = drawn(400, rng, size=20, common=0.4)
    errors = [
        CalibrationError().measure(rows_of(each.label, each.probability)).value
        for each in (drawn(400, rng, size=20, common=0.4) for _ in range(200))
    ]
    assert calibrated_errors(rows, rng).mean() == pytest.approx(np.mean(errors), rel=0.35)


@pytest.mark.unmeasured
@pytest.mark.parametrize("n", draws([200], [200, 600]))
@pytest.mark.parametrize(("size", "common"), draws([(1, 0.0), (10, 0.3)], [(1, 0.0), (10, 0.0), (10, 0.3), (20, 0.3)]))
def test_calibrated_models_are_rarely_called_miscalibrated(n, size, common):
    rng, trials = np.random.default_rng(n + size), draws(60, 1000)
    false = [reliability(drawn(n, rng, size=size, common=common), 0.95, rng).p_value <= 0.05 for _ in range(trials)]
    assert np.mean(false) <= 0.055 + 2.5 * np.sqrt(0.05 * 0.95 / trials)


@pytest.mark.unmeasured
@pytest.mark.parametrize(("size", "common"), [(1, 0.0), (10, 0.2)])
@pytest.mark.parametrize("power", draws([1.0, 1.2], [1.0, 1.2, 2.0]))
def test_intervals_contain_the_error_of_all_questions(size, common, power):
    """The truth is the error in 10 bins of a large sample: labels occur with p to a power."""
    rng, trials, covered = np.random.default_rng(7), draws(30, 500), []
    every = np.sort(drawn(400_000, rng).probability)
    truth = np.abs((every**power - every).reshape(10, -1).mean(axis=1)).mean()
    for _ in range(trials):
        sample = frame(drawn(200, rng, lambda p: p**power, size, common))
        found = hs.estimate(sample, statistic="ece", cluster="c")[0]
        covered.append(found.low <= truth <= found.high)
    assert np.mean(covered) >= 0.94 - 2.5 * np.sqrt(0.05 * 0.95 / trials)
