"""What the best outcome would show: the score test for all right against all wrong, and floors for n of n."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.statistics.best_outcome import best_p_value, fewest_significant, highest_floor
from howsure.statistics.difference import difference
from trials import draws


@pytest.mark.unmeasured
def test_no_random_outcome_is_more_significant_than_the_best():
    rng = np.random.default_rng(0)
    for n in range(2, 12):
        best = best_p_value(n, level=0.95)
        a, b = (rng.integers(0, 2, (draws(40, 200), n)).astype(float) for _ in range(2))
        found = [difference(one, other).p_value for one, other in zip(a, b, strict=True)]
        assert np.nanmin([*found, 1.0]) >= best - 1e-12


@pytest.mark.parametrize("m", range(2, 6))
@pytest.mark.parametrize("n", range(2, 6))
def test_no_outcome_on_different_items_is_more_significant_than_the_best(m, n):
    best = best_p_value(m, n, level=0.95)
    for a in range(m + 1):
        for b in range(n + 1):
            x, y = np.full((2, m + n), np.nan)
            x[:m], y[m:] = np.arange(m) < a, np.arange(n) < b
            p = difference(x, y).p_value
            assert np.isnan(p) or p >= best - 1e-12


def test_two_small_counts_say_that_no_outcome_could_be_significant():
    told = hs.compare(None, "3/3", "0/3").difference.warnings
    assert [warning.remedy for warning in told if warning.code == "no_outcome"] == ["Use at least 4 questions each."]
    assert hs.compare(None, "4/4", "0/4").p_value < 0.05


def test_partial_scores_can_be_more_significant():
    rng = np.random.default_rng(2)
    assert min(difference(*rng.random((2, 4))).p_value for _ in range(50)) < best_p_value(4, level=0.95)
    rows = table(4).with_columns(score=pl.Series(rng.random(8)))
    assert "no_outcome" not in codes(hs.compare(rows, "a", "b").difference.warnings)


def test_clusters_of_several_items_can_be_more_significant():
    right = np.tile(np.repeat([1.0, 0.0], 2), 6)
    clusters = (np.repeat(np.arange(6), 4),)
    assert difference(right, np.zeros(24), clusters=clusters).p_value < best_p_value(6, level=0.95)


@pytest.mark.parametrize("level", [0.8, 0.9, 0.95, 0.99])
@pytest.mark.parametrize("margin", [None, 0.05, 0.3])
def test_the_fewest_items_are_the_first_that_can_be_significant(level, margin):
    n = fewest_significant(level=level, margin=margin)
    assert best_p_value(n, level=level, margin=margin) <= 1 - level + 1e-12
    assert n == 2 or best_p_value(n - 1, level=level, margin=margin) > 1 - level


def test_a_single_item_has_no_p_value():
    assert np.isnan(best_p_value(1, level=0.95))


@pytest.mark.parametrize("n", [1, 10, 58, 59, 1000])
def test_the_highest_floor_is_clopper_and_pearsons_limit(n):
    assert highest_floor(n, 0.95) == pytest.approx(stats.binomtest(n, n).proportion_ci(0.9, "exact").low)
    assert highest_floor(n, 0.95) == pytest.approx(0.05 ** (1 / n))


def table(n, models=("a", "b")):
    rows = [(model, i, int(model == "a" or i < 1)) for model in models for i in range(n)]
    return pl.DataFrame(rows, schema=["model", "item", "score"], orient="row")


def codes(warnings):
    return [warning.code for warning in warnings]


def test_compare_says_after_and_plan_before_that_no_outcome_could_be_significant():
    six, seven = (hs.compare(table(n), "a", "b").difference.warnings for n in (6, 7))
    assert "no_outcome" in codes(six)
    assert "Use at least 7 questions." in [warning.remedy for warning in six]
    assert "no_outcome" not in codes(seven)
    assert "no_outcome" in codes(hs.plan(n_items=6).warnings)
    assert "no_outcome" not in codes(hs.plan(n_items=7).warnings)
    clustered = hs.plan(n_items=6, effect=0.3, assume=hs.Assumptions(cluster_size=2))
    assert "no_outcome" not in codes(clustered.warnings)
    two = table(6).with_columns(cluster=pl.col("item") // 2)
    assert "no_outcome" not in codes(hs.compare(two, "a", "b").difference.warnings)


def test_a_gate_says_that_no_outcome_could_pass_a_floor():
    told = hs.gate("10/10", at_least=0.8).checks[0].warnings
    assert [warning.remedy for warning in told if warning.code == "no_outcome"] == ["Use at least 14 questions."]
    assert hs.gate("14/14", at_least=0.8).verdict == "pass"
    assert "no_outcome" not in codes(hs.gate("14/14", at_least=0.8).checks[0].warnings)
    ceiling = hs.gate("0/58", at_most=0.05, lower_is_better=True).checks[0]
    assert (ceiling.verdict, "no_outcome" in codes(ceiling.warnings)) == ("unclear", True)
    assert hs.gate("0/59", at_most=0.05, lower_is_better=True).verdict == "pass"


def test_a_decided_comparison_says_nothing_of_outcomes():
    assert "no_outcome" not in codes(hs.compare(table(40), "a", "b").difference.warnings)
