"""The code of docs/methods/judges.md gives the library's numbers, for answers without clusters."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.judge_strata import joined, strata
from methods import methods

page = methods("judges")


def sample(seed, rate, levels, share):
    """Return verdicts of a judge on 0 to 1, and labels of a share of the answers."""
    rng = np.random.default_rng(seed)
    right = rng.random(400) < rate
    verdicts = np.clip(np.rint(levels * (0.25 + 0.5 * right + rng.normal(0, 0.2, 400))), 0, levels) / levels
    return verdicts, np.where(rng.random(400) < share, right, np.nan)


@pytest.mark.parametrize("levels", [1, 30])
@pytest.mark.parametrize("share", [0.08, 0.3])
@pytest.mark.parametrize("rate", [0.5, 0.9, 0.98])
@pytest.mark.parametrize("fractions", [False, True])
def test_corrected_rates(rate, share, levels, fractions):
    verdicts, labels = sample(7, rate, levels, share)
    if fractions:
        labels = labels * 0.8 + np.random.default_rng(1).integers(0, 2, 400) / 10
    known = np.isfinite(labels)
    code = joined(strata(verdicts, int(known.sum())), known)
    rows = pl.DataFrame({"judge": verdicts, "human": labels}).with_columns(pl.col("human").fill_nan(None))
    found = hs.judge(rows, labels_drawn="random").all_answers.estimate
    expected = (found.value, found.se, found.interval.low, found.interval.high)
    assert page.corrected_rate(code, labels) == pytest.approx(expected, rel=1e-9, abs=1e-10)


def test_a_perfect_judge_and_strata_whose_labels_agree():
    rng = np.random.default_rng(3)
    verdicts = (rng.random(300) < 0.8).astype(float)
    labels = np.where(rng.random(300) < 0.2, verdicts, np.nan)
    rows = pl.DataFrame({"judge": verdicts, "human": labels}).with_columns(pl.col("human").fill_nan(None))
    found = hs.judge(rows, labels_drawn="random").all_answers.estimate
    expected = (found.value, found.se, found.interval.low, found.interval.high)
    assert page.corrected_rate(verdicts.astype(int), labels) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("share", "joined_to_one"), [(0.3, False), (0.012, True)])
def test_strata_and_worth_of_a_yes_or_no_judge(share, joined_to_one):
    verdicts, labels = sample(7, 0.7, 1, share)
    own = page.yes_no(verdicts, labels)
    assert own.tolist() == joined(strata(verdicts, int(np.isfinite(labels).sum())), np.isfinite(labels)).tolist()
    assert (own.max() == 0) == joined_to_one
    rows = pl.DataFrame({"judge": verdicts, "human": labels}).with_columns(pl.col("human").fill_nan(None))
    found = hs.judge(rows, labels_drawn="random").all_answers
    width, worth = page.judge_worth(own, labels)
    assert width == pytest.approx(found.estimate.interval.half_width / found.labels.interval.half_width, rel=1e-9)
    assert worth == pytest.approx(found.labels.n_items * (found.labels.se / found.estimate.se) ** 2, rel=1e-9)
