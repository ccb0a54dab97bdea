"""Scores near 0 or 1 are shown with enough digits and an exact confidence limit; scores that can't be averaged give a warning or an error."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.wording import Scale


def rows(right, n, **columns):
    return pl.DataFrame({"model": "m", "item": range(n), "score": (np.arange(n) < right).astype(int), **columns})


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.00067, "0.067"), (0.0024, "0.24"), (0.00012, "0.012"), (0.005, "0.50"), (0.99933, "99.933"), (0.9976, "99.76")],
)
def test_a_rare_rate_has_two_significant_digits(value, text):
    assert Scale().near(value).number(value) == text


@pytest.mark.parametrize("value", [0.0, 0.01, 0.034, 0.5, 0.99, 1.0])
def test_other_scores_have_one_decimal(value):
    assert Scale().near(value).number(value) == f"{100 * value:.1f}"
    assert Scale(percent=False).near(0.005) == Scale(percent=False)


@pytest.mark.parametrize("percent", [True, False])
def test_zero_has_no_sign_and_what_is_not_finite_is_not_a_number(percent):
    scale = Scale(percent=percent)
    assert scale.number(-0.0) == scale.number(0.0)
    assert scale.number(-0.25) == "−" + scale.number(0.25)
    assert {scale.number(value) for value in (math.nan, math.inf, -math.inf)} == {"n/a"}
    assert scale.interval(-0.0, 0.25) == f"{scale.number(0.0)}–{scale.number(0.25)}"


@pytest.mark.parametrize(("right", "what"), [(2, "success"), (2_998, "failure")])
def test_two_of_3000_are_shown_with_enough_digits_and_the_exact_limit(right, what):
    told = hs.estimate(rows(right, 3_000)).render("terminal", width=100)
    told = " ".join(told.split())
    assert ("0.067 0.012–0.24" in told) == (what == "success")
    assert ("99.933 99.76–99.988" in told) == (what == "failure")
    assert f"m: {what} rate at most 0.21% with 95% confidence (2 of 3,000 questions)." in told
    exact = stats.binomtest(2, 3_000).proportion_ci(0.9, method="exact").high
    assert f"{100 * exact:.2g}" == "0.21"


@pytest.mark.parametrize("right", [1, 7, 12])
def test_the_limit_of_a_rare_rate_is_the_exact_binomial_one(right):
    (entry,) = hs.estimate(rows(right, 1_500), level=0.9)
    (bound,) = entry.estimate.bounds
    assert (bound.side, bound.n, bound.n_observed, bound.worth) == ("upper", 1_500, right, 1_500)
    assert stats.binom.cdf(right, 1_500, bound.limit) == pytest.approx(0.1, rel=1e-9)


def test_the_exact_limit_needs_rare_unclustered_unweighted_single_answers():
    repeated = pl.concat([rows(2, 3_000), rows(2, 3_000)]).with_columns(attempt=pl.int_range(6_000) // 3_000)
    halves = rows(2, 3_000).with_columns(pl.col("score") / 2)
    grouped = rows(2, 3_000, cluster=np.arange(3_000) // 10)
    for found in (
        hs.estimate(rows(30, 3_000)),
        hs.estimate(halves),
        hs.estimate(grouped, cluster="cluster"),
        hs.estimate(rows(2, 3_000, weight=1 + np.arange(3_000) % 2), weight="weight"),
    ):
        assert [entry.estimate.bounds for entry in found] == [()]
    (entry,) = hs.estimate(repeated)
    assert len(entry.estimate.bounds) == 1, "attempts that all agree are one answer each"


# what isn't averaged without a word


def classified(**columns):
    rng = np.random.default_rng(0)
    return pl.DataFrame({"model": "m", "item": range(50), "label": rng.integers(0, 2, 50), **columns})


def test_probabilities_of_a_classifier_next_to_labels_give_a_warning():
    said = hs.estimate(classified(score=np.random.default_rng(1).random(50)))
    (warning,) = [each for each in said.warnings if each.code == "classifier_scores"]
    assert "'score'" in warning.message
    assert "'label'" in warning.message
    assert "1 where the prediction is right" in warning.remedy


def test_right_or_wrong_scores_next_to_labels_give_no_warning():
    said = hs.estimate(classified(score=np.arange(50) % 2))
    assert "classifier_scores" not in [each.code for each in said.warnings]


@pytest.mark.parametrize("name", ["prediction_score", "probability", "y_score"])
def test_a_classifier_table_without_scores_is_an_error_that_explains_the_score(name):
    with pytest.raises(hs.HowsureError, match="looks like a classifier's") as error:
        hs.estimate(classified(**{name: np.full(50, 0.3)}))
    assert "`statistic='accuracy'`" in str(error.value)


def test_a_corpus_metric_repeated_on_every_row_gives_a_warning():
    for score in (0.2731, 27.31):
        said = hs.estimate(rows(0, 50).with_columns(score=pl.lit(score)))
        told = said.render("terminal")
        assert "not one summary repeated" in " ".join(told.split())


def test_a_text_score_is_an_error():
    with pytest.raises(hs.HowsureError, match="which isn't a score"):
        hs.estimate(rows(0, 50).with_columns(score=pl.lit("a good answer")))
