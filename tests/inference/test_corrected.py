"""Several tasks: each corrected p-value comes with an interval that agrees with it."""

import functools
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import howsure as hs
from frames import attempts, two_models
from howsure.statistics.multiplicity import benjamini_hochberg, holm, tails
from trials import draws

ALPHA = 0.05
CORRECTIONS = {"holm": holm, "bh": benjamini_hochberg}


def normal_limits(z, tail):
    half = stats.norm.isf(np.asarray(tail) / 2)
    return z - half, z + half


def corrected_limits(z, method, alpha=ALPHA):
    """The limits that stand beside the verdicts of estimates z with a standard error of 1, and the corrected p-values."""
    p = 2 * stats.norm.sf(np.abs(z))
    adjusted = CORRECTIONS[method](p)
    near, far = tails(p, adjusted, method, alpha)
    (low, high), (inner_low, inner_high) = normal_limits(z, far), normal_limits(z, near)
    return np.where(inner_low > 0, inner_low, low), np.where(inner_high < 0, inner_high, high), adjusted


@given(
    z=st.lists(st.floats(-8, 8), min_size=2, max_size=12),
    alpha=st.sampled_from([0.01, 0.05, 0.1, 0.3]),
    method=st.sampled_from(["holm", "bh"]),
)
def test_the_corrected_interval_excludes_0_exactly_if_its_p_value_is_below_alpha(z, alpha, method):
    low, high, adjusted = corrected_limits(np.array(z), method, alpha)
    sure = np.abs(adjusted - alpha) > 1e-9
    assert (((low > 0) | (high < 0)) == (adjusted < alpha))[sure].all()


@given(z=st.lists(st.floats(-8, 8), min_size=2, max_size=12))
def test_corrected_intervals_contain_the_uncorrected_ones(z):
    alone = normal_limits(np.array(z), ALPHA)
    for method in CORRECTIONS:
        low, high, _ = corrected_limits(np.array(z), method)
        assert (low <= alone[0] + 1e-12).all()
        assert (high >= alone[1] - 1e-12).all()


STUDIES = draws(500, 2_000)


def together(truth, method="holm", trials=STUDIES):
    """How often all the intervals of independent tasks contain their truth, and the expected share that misses of the real ones."""
    rng = np.random.default_rng(5)
    missed, share = 0, 0.0
    for z in rng.standard_normal((trials, len(truth))) + truth:
        low, high, adjusted = corrected_limits(z, method)
        miss = (truth < low) | (truth > high)
        missed += miss.any()
        real = adjusted <= ALPHA
        share += (miss & real).sum() / max(real.sum(), 1)
    return 1 - missed / trials, share / trials


NOISE = 3 * math.sqrt(0.05 * 0.95 / STUDIES)


@pytest.mark.parametrize("truth", [[0] * 5, [8] * 5, *draws([], [[4.5] * 5, [2.5] * 5]), [0.5, 1, 2, 3, 4]], ids=str)
def test_holm_intervals_of_five_tasks_cover_simultaneously_at_the_level(truth):
    assert together(np.array(truth, dtype=float))[0] >= 0.95 - NOISE


def test_holm_intervals_cover_simultaneously_with_at_least_91_percent_at_worst():
    covered, _ = together(np.array([8.0, 8, 8, 8, 0]))
    assert 0.91 - NOISE <= covered <= 0.95 + draws(NOISE, 0)


@pytest.mark.parametrize("truth", [*draws([], [[0] * 5, [8] * 5]), [3] * 5, [0, 0, 0, 3, 3]], ids=str)
def test_benjamini_hochberg_intervals_of_significant_tasks_miss_in_5_percent_at_most(truth):
    assert together(np.array(truth, dtype=float), "bh")[1] <= 0.05 + NOISE


def tasks(gaps, n=120, seed=3):
    """Five tasks on which a is better than b by so much."""
    rng = np.random.default_rng(seed)
    return pl.concat(
        [
            pl.DataFrame(
                {
                    "task": f"t{k}",
                    "model": np.repeat(["a", "b"], n),
                    "item": np.tile([f"q{i}" for i in range(n)], 2),
                    "score": np.concatenate([rng.random(n) < 0.5 + gap, rng.random(n) < 0.5]).astype(float),
                }
            )
            for k, gap in enumerate(gaps)
        ]
    )


@functools.cache
def compare_five_tasks(method, adjust, level=0.95):
    return hs.compare(tasks([0.0, 0.1, 0.14, 0.18, 0.3]), "a", "b", method=method, adjust=adjust, level=level)


@pytest.mark.parametrize(
    ("method", "adjust", "level"),
    [
        *((None, adjust, 0.95) for adjust in ("holm", "bh", "max-t")),
        (None, "bh", 0.8),
        *((method, "holm", 0.95) for method in ("t", "mcnemar", "sign-flip", "bootstrap", "bayes")),
    ],
)
def test_verdict_and_corrected_interval_agree_for_every_method_and_correction(method, adjust, level):
    answer = compare_five_tasks(method, adjust, level)
    assert any(c.p_adjusted > c.p_value for c in answer.comparisons)
    for c in answer.comparisons:
        beside, own = c.adjusted_interval, c.difference.interval
        assert c.decided == (not beside.contains(0.0)), c.task
        assert beside.low <= own.low + 1e-12
        assert beside.high >= own.high - 1e-12
        assert beside.level == level


def test_the_verdict_is_based_on_the_corrected_interval():
    """Holm: 0.041 alone, not among five."""
    answer = compare_five_tasks(None, "holm")
    torn = next(c for c in answer.comparisons if c.p_value < 0.05 <= c.p_adjusted)
    assert not torn.difference.interval.contains(0.0)
    assert torn.adjusted_interval.contains(0.0)
    limits = torn.adjusted_interval.of_lead(torn.value)
    said = f"95% CI {100 * limits.low:.1f} to {100 * limits.high:.1f}, p = {torn.p_adjusted:.3f}".replace("-", "−")
    assert said in torn.sentence
    assert torn.items_needed > 1.3 * torn.difference.n_items
    data = torn.to_dict()
    assert data["adjusted_low"] < data["difference"]["low"]
    assert torn.records()[0]["adjusted_high"] == data["adjusted_high"]


def test_the_bonferroni_interval_of_5_tasks_is_the_99_percent_interval():
    answer = compare_five_tasks(None, "holm")
    alone = hs.compare(tasks([0.0, 0.1, 0.14, 0.18, 0.3]).filter(task="t0"), "a", "b", level=0.99)
    assert answer.comparisons[0].adjusted_interval.low == pytest.approx(alone.difference.interval.low, rel=1e-12)
    assert answer.comparisons[0].adjusted_interval.high == pytest.approx(alone.difference.interval.high, rel=1e-12)


@pytest.mark.parametrize(
    "answer",
    [
        lambda: hs.compare(two_models(), "a", "b"),
        lambda: hs.compare(attempts(), "a", "b", population="these-questions"),
        lambda: hs.compare(attempts(), "a", "b", covariate="length"),
        lambda: hs.compare(tasks([0.1, 0.2]), "a", "b", adjust="none").comparisons[0],
        lambda: hs.compare(tasks([0.1, 0.2]), "a", "b").overall,
    ],
)
def test_without_correction_the_corrected_interval_is_the_interval(answer):
    c = answer()
    assert c.adjusted_interval == c.difference.interval


def test_a_task_without_a_standard_error_does_not_count_in_the_correction():
    rows = pl.concat([tasks([0.1, 0.2]), tasks([0.0], n=1).with_columns(task=pl.lit("one"))])
    of = {c.task: c for c in hs.compare(rows, "a", "b").comparisons}
    two = hs.compare(tasks([0.1, 0.2]), "a", "b").comparisons
    assert math.isnan(of["one"].adjusted_interval.low)
    assert [of[c.task].adjusted_interval for c in two] == [c.adjusted_interval for c in two]


@given(gaps=st.lists(st.floats(-0.4, 0.4), min_size=2, max_size=5), seed=st.integers(0, 999))
@pytest.mark.unmeasured
def test_corrected_p_values_and_intervals_never_disagree_in_compare(gaps, seed):
    rows = tasks(gaps, n=40, seed=seed).with_columns(pl.col("score").cast(pl.Float64))
    for adjust in CORRECTIONS:
        for c in hs.compare(rows, "a", "b", adjust=adjust).comparisons:
            assert c.decided == (not c.adjusted_interval.contains(0.0))


def test_the_failure_policy_warning_uses_corrected_verdicts():
    """A verdict that only the correction takes away isn't given back by another policy without it."""
    rows = tasks([0.0, 0.1, 0.14, 0.18, 0.3])
    torn = next(c for c in compare_five_tasks(None, "holm").comparisons if c.p_value < 0.05 <= c.p_adjusted)
    alike = rows.filter(task=torn.task).group_by("item").agg(pl.col("score").n_unique()).filter(score=1)["item"].min()
    lost = (pl.col("task") == torn.task) & (pl.col("item") == alike)
    rows = rows.with_columns(score=pl.when(~lost).then("score"))
    answer = hs.compare(rows, "a", "b")
    assert next(c for c in answer.comparisons if c.task == torn.task).better is None
    assert "failure_policy" not in [warning.code for warning in answer.warnings]
