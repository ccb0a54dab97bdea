"""Variance components and their errors: ANOVA, REML, unbiasedness for unequal designs, and the jackknife."""

import math

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics.answer_noise import answers
from howsure.statistics.variance_components import components, variance_limits
from method_cases import codes

PARTS = ("answer", "between", "within")
TRIALS = 4_000


def found_of(x, attempts, within):
    """Columns of one kind of attempts (n,), or each its own (n, T)."""
    attempts = np.broadcast_to(np.asarray(attempts, dtype=float).reshape(len(x), -1), x.shape)
    return answers(x, attempts, within)


def summed_up(y):
    """Item means and population variances of attempts (n, K), as two columns (n, 1)."""
    return y.mean(axis=1)[:, None], y.var(axis=1)[:, None]


def split(x, attempts, within, cluster=None):
    """The three variances of one column, the long way: item by item, cluster by cluster."""
    items = [k for k in range(len(x)) if not math.isnan(x[k])]
    own = {k: within[k] * attempts[k] / (attempts[k] - 1) for k in items if attempts[k] > 1}
    answer = sum(own.values()) / len(own) if own else math.nan
    lone = 0.0 if math.isnan(answer) else answer
    noise = {k: own[k] / attempts[k] if k in own else lone for k in items}
    n, middle = len(items), np.mean(x[items]) if items else math.nan
    if cluster is None:
        if n < 2:
            return answer, 0.0, math.nan
        around = sum((x[k] - middle) ** 2 for k in items)
        return answer, 0.0, (around - sum(noise.values()) * (1 - 1 / n)) / (n - 1)
    groups = [[k for k in items if cluster[k] == g] for g in dict.fromkeys(cluster[k] for k in items)]
    inner = sum((x[k] - np.mean(x[group])) ** 2 for group in groups for k in group)
    inner -= sum(noise[k] * (1 - 1 / len(group)) for group in groups for k in group)
    outer = sum(len(group) * (np.mean(x[group]) - middle) ** 2 for group in groups)
    outer -= sum(noise[k] * (1 / len(group) - 1 / n) for group in groups for k in group)
    item = inner / (n - len(groups)) if n > len(groups) else math.nan
    if len(groups) < 2:
        return answer, math.nan, item
    size = n - sum(len(group) ** 2 for group in groups) / n
    return answer, (outer - (len(groups) - 1) * item) / size, item


def jackknife(x, attempts, within, cluster=None):
    """Standard errors of the three variances and of ω², by leaving out the rows of one cluster after the other."""
    unit = np.arange(len(x)) if cluster is None else cluster
    names = np.unique(unit[~np.isnan(x)])
    left = []
    for name in names:
        rest = unit != name
        parts = split(x[rest], attempts[rest], within[rest], None if cluster is None else cluster[rest])
        left.append([*parts, parts[1] + parts[2]])
    count, left = len(names), np.array(left)
    return np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))


def values_of(answer):
    return tuple(float(getattr(answer, part)[0]) for part in PARTS)


def ragged(rng, n=24, trials=1):
    """Item means and variances of 1 to 7 right-or-wrong attempts, whose rates differ (n, trials), and clusters."""
    attempts = np.arange(n) % 7 + 1.0
    rate = rng.beta(1.0, 2.0, (n, trials))
    x = rng.binomial(attempts.astype(int)[:, None], rate) / attempts[:, None]
    cluster = codes(np.sort(rng.permutation(np.arange(n) ** 2 % 6)))
    return x, attempts, x * (1 - x), cluster


# oracles


def test_balanced_attempts_give_one_way_anova_components():
    rng = np.random.default_rng(1)
    y = rng.normal(0, 1.5, (30, 1)) + rng.normal(0, 0.7, (30, 4))
    x, within = summed_up(y)
    found, _ = components(found_of(x, np.full(30, 4), within))
    ms_items = 4 * np.sum((y.mean(axis=1) - y.mean()) ** 2) / 29
    ms_error = np.sum((y - y.mean(axis=1, keepdims=True)) ** 2) / (30 * 3)
    assert values_of(found) == pytest.approx((ms_error, 0.0, (ms_items - ms_error) / 4), rel=1e-10)
    assert found.question[0] == pytest.approx((ms_items - ms_error) / 4, rel=1e-10)


def nested(seed, clusters=12, size=5, attempts=3):
    rng = np.random.default_rng(seed)
    effect = rng.normal(0, 1.2, (clusters, 1, 1)) + rng.normal(0, 0.9, (clusters, size, 1))
    return effect + rng.normal(0, 0.8, (clusters, size, attempts))


def test_balanced_clusters_give_nested_anova_components():
    y = nested(2)
    x, within = summed_up(y.reshape(60, 3))
    found, _ = components(found_of(x, np.full(60, 3), within), np.repeat(np.arange(12), 5))
    item, cluster = y.mean(axis=2), y.mean(axis=(1, 2))
    ms_error = np.sum((y - item[:, :, None]) ** 2) / (60 * 2)
    ms_items = 3 * np.sum((item - cluster[:, None]) ** 2) / (12 * 4)
    ms_clusters = 15 * np.sum((cluster - y.mean()) ** 2) / 11
    expected = ms_error, (ms_clusters - ms_items) / 15, (ms_items - ms_error) / 3
    assert values_of(found) == pytest.approx(expected, rel=1e-10)


def test_balanced_designs_give_reml_if_no_component_is_negative():
    y = nested(2)
    x, within = summed_up(y.reshape(60, 3))
    found, _ = components(found_of(x, np.full(60, 3), within), np.repeat(np.arange(12), 5))
    assert min(values_of(found)) > 0.1
    item = np.repeat(np.arange(60), 3)
    frame = pd.DataFrame({"y": y.ravel(), "item": item, "cluster": item // 5})
    fit = smf.mixedlm("y ~ 1", frame, groups="cluster", vc_formula={"item": "0 + C(item)"}, re_formula="1").fit()
    reml = float(fit.scale), float(np.asarray(fit.cov_re)[0, 0]), float(fit.vcomp[0])
    assert values_of(found) == pytest.approx(reml, rel=1e-3)
    alone, _ = components(found_of(x, np.full(60, 3), within))
    fit = smf.mixedlm("y ~ 1", frame, groups="item").fit()
    assert alone.within[0] == pytest.approx(float(np.asarray(fit.cov_re)[0, 0]), rel=1e-3)
    assert alone.answer[0] == pytest.approx(float(fit.scale), rel=1e-3)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("seed", range(5))
def test_components_and_errors_equal_an_explicit_loop(seed, clustered):
    x, attempts, within, cluster = ragged(np.random.default_rng(seed))
    cluster = cluster if clustered else None
    found = found_of(x, attempts, within)
    values, errors = components(found, cluster)
    column = x[:, 0], attempts, within[:, 0], cluster
    assert values_of(values) == pytest.approx(split(*column), rel=1e-9, abs=1e-12)
    *parts, question = jackknife(*column)
    assert values_of(errors) == pytest.approx(parts, rel=1e-9, abs=1e-12)
    assert components(found, cluster)[1].question[0] == pytest.approx(question, rel=1e-9)


def with_holes(seed):
    """A complete column and one that lacks some items and a whole cluster."""
    x, attempts, within, cluster = ragged(np.random.default_rng(seed))
    holes = (np.arange(24) % 5 == 0) | (cluster == 1)
    gone = np.where(holes, np.nan, x[:, 0])
    counts = np.column_stack([attempts, np.where(holes, 0.0, attempts)])
    return np.column_stack([x[:, 0], gone]), counts, np.column_stack([within[:, 0]] * 2), cluster, holes


@pytest.mark.parametrize("clustered", [False, True])
def test_unanswered_items_are_left_out_of_a_models_components_and_errors(clustered):
    x, attempts, within, cluster, _ = with_holes(3)
    cluster = cluster if clustered else None
    values, errors = components(found_of(x, attempts, within), cluster)
    column = x[:, 1], attempts[:, 1], within[:, 1], cluster
    for found, slow in ((values, split(*column)), (errors, jackknife(*column)[:-1])):
        assert [getattr(found, part)[1] for part in PARTS] == pytest.approx(slow, rel=1e-9)


# no bias


def near(values, truth, tolerance=4.5):
    """Whether the mean over trials is the truth, within what Monte-Carlo makes of it."""
    return values.mean() == pytest.approx(truth, abs=tolerance * values.std() / math.sqrt(len(values)))


SIZES = np.array([1, 9, 2, 2, 6, 1, 4, 3, 12, 2])


def draws(seed, attempts, *, between=0.3, within=0.5):
    """Scores (n, T) in clusters of 1 to 12 items; the noise of answers differs from item to item, with the item's score.

    The answers are skewed, so that nothing rests on normality; their variance is 1 on average.
    """
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(SIZES)), SIZES)
    n = len(cluster)
    group = (rng.exponential(1, (len(SIZES), TRIALS)) - 1)[cluster] * math.sqrt(between)
    item = rng.exponential(1, (n, TRIALS)) - 1
    spread = np.sqrt((1 + item) * rng.uniform(0.5, 1.5, (n, TRIALS)))  # E spread² = 1, more where the score is high
    most = int(attempts.max())
    noise = (rng.exponential(1, (most, n, TRIALS)) - 1) * spread
    seen = (np.arange(most)[:, None] < attempts)[:, :, None]
    y = np.where(seen, group + math.sqrt(within) * item + noise, 0.0)
    x = y.sum(axis=0) / attempts[:, None]
    return x, np.where(seen, (y - x) ** 2, 0.0).sum(axis=0) / attempts[:, None], cluster


def test_components_are_unbiased_for_unequal_attempts_and_clusters():
    attempts = np.random.default_rng(5).integers(1, 8, SIZES.sum()).astype(float)
    x, within, cluster = draws(6, attempts)
    found, _ = components(found_of(x, attempts, within), cluster)
    assert near(found.answer, 1.0)
    assert near(found.between, 0.3)
    assert near(found.within, 0.5)
    assert near(found.question, 0.8)


def test_components_are_unbiased_for_unequal_attempts_without_clusters():
    attempts = np.random.default_rng(7).integers(1, 8, SIZES.sum()).astype(float)
    x, within, _ = draws(8, attempts, between=0.0)
    found, _ = components(found_of(x, attempts, within))
    assert near(found.answer, 1.0)
    assert near(found.within, 0.5)
    assert np.all(found.between == 0)


def test_negative_estimates_are_kept_so_that_components_stay_unbiased():
    attempts = np.random.default_rng(9).integers(1, 8, SIZES.sum()).astype(float)
    x, within, cluster = draws(10, attempts, between=0.0, within=0.0)
    found, _ = components(found_of(x, attempts, within), cluster)
    assert near(found.between, 0.0)
    assert near(found.within, 0.0)
    assert (found.between < 0).mean() > 0.3


def test_one_attempt_per_item_still_separates_between_and_within_clusters():
    x, within, cluster = draws(11, np.ones(SIZES.sum()))
    found, _ = components(found_of(x, np.ones(len(x)), within), cluster)
    assert np.isnan(found.answer).all()
    assert near(found.between, 0.3)
    assert near(found.within, 1.5)


def test_components_of_a_difference_are_unbiased_for_unequal_attempts():
    rng, n, trials = np.random.default_rng(12), 40, 1_500
    often = np.stack([np.where(np.arange(n) < 20, 1.0, 5.0), np.full(n, 5.0)], axis=1)
    found = []
    for rate in rng.beta(1, 1, (trials, n, 1)):  # the same rate for both: items don't differ in the difference
        x = rng.binomial(often.astype(int), rate) / often
        found.append(components(found_of(x, often, x * (1 - x)).with_difference())[0].question[2])
    assert near(np.array(found), 0.0)


# the jackknife


def test_jackknife_errors_match_the_sd_of_the_estimates():
    attempts = np.random.default_rng(13).integers(1, 8, 200).astype(float)
    rng = np.random.default_rng(14)
    rate = rng.beta(1, 1, (200, 1_000))
    x = rng.binomial(attempts.astype(int)[:, None], rate) / attempts[:, None]
    values, errors = components(found_of(x, attempts, x * (1 - x)))
    for part in ("answer", "within"):
        assert np.sqrt(np.mean(getattr(errors, part) ** 2)) == pytest.approx(getattr(values, part).std(), rel=0.1)


def test_limits_of_a_component_are_linear_below_and_log_scale_above():
    t = stats.t.ppf(0.975, 9)
    low, high = variance_limits(np.array([1.0, 0.2, -0.1]), np.array([0.3, 0.2, 0.2]), 10, 0.95)
    assert low == pytest.approx([1 - t * 0.3, 0.0, 0.0])
    assert high == pytest.approx([math.exp(t * 0.3), 0.2 + 0.4 * t, -0.1 + 0.4 * t])


@given(
    st.integers(-1000, 1000).map(lambda k: k / 1000),
    st.lists(st.floats(0, 2), min_size=2, max_size=6).map(sorted),
    st.integers(3, 50),
)
def test_limits_of_a_component_contain_it_and_are_never_negative(variance, errors, units):
    low, high = variance_limits(np.full(len(errors), variance), np.array(errors), units, 0.9)
    assert np.all((low >= 0) & (high >= low))
    assert np.all(low <= max(variance, 0.0))
    assert np.all(high >= max(variance, 0.0))


def test_a_larger_error_never_gives_a_narrower_interval():
    error = np.linspace(0, 2, 401)
    low, high = variance_limits(np.ones(401), error, 30, 0.95)
    assert np.all(np.diff(low) <= 0)
    assert np.all(np.diff(high) >= 0)


def test_a_missing_error_gives_no_limits():
    low, high = variance_limits(np.array([0.5]), np.array([np.nan]), 2, 0.95)
    assert np.isnan([low[0], high[0]]).all()


# laws


@st.composite
def samples(draw, columns=2):
    """Item means (n, T) of unlike scores, attempts, variances and clusters."""
    n = draw(st.integers(6, 14))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    attempts = rng.integers(1, 5, (n, columns)).astype(float)
    attempts[:2] = 3.0
    within = np.where(attempts > 1, rng.uniform(0, 1, (n, columns)), 0.0)
    return rng.normal(size=(n, columns)), attempts, within, codes(rng.integers(0, 4, n))


def all_of(x, attempts, within, cluster):
    """Everything that is told of all columns (7, T)."""
    found = found_of(x, attempts, within)
    told = [getattr(one, part) for one in components(found, cluster) for part in PARTS]
    return np.array([*told, components(found, cluster)[1].question])


def same(one, other):
    return one == pytest.approx(other, rel=1e-7, abs=1e-9, nan_ok=True)


@given(samples(), st.floats(-50, 50), st.booleans())
def test_components_do_not_depend_on_a_shift_of_scores(sample, shift, clustered):
    x, attempts, within, cluster = sample
    cluster = cluster if clustered else None
    assert same(all_of(x + shift, attempts, within, cluster), all_of(x, attempts, within, cluster))


@given(samples(), st.floats(0.01, 20) | st.floats(-20, -0.01), st.booleans())
def test_components_scale_with_the_square_of_the_scale(sample, scale, clustered):
    x, attempts, within, cluster = sample
    cluster = cluster if clustered else None
    scaled = all_of(x * scale, attempts, within * scale**2, cluster) / scale**2
    assert scaled == pytest.approx(all_of(x, attempts, within, cluster), rel=1e-6, abs=1e-8, nan_ok=True)


@given(samples(columns=4), st.booleans())
def test_a_models_components_do_not_depend_on_the_other_models(sample, clustered):
    x, attempts, within, cluster = sample
    cluster = cluster if clustered else None
    together = all_of(x, attempts, within, cluster)
    for k in range(4):
        one = slice(k, k + 1)
        assert same(all_of(x[:, one], attempts[:, one], within[:, one], cluster), together[:, one])


def test_a_model_with_single_attempts_is_not_affected_by_others():
    x, attempts, within, cluster = ragged(np.random.default_rng(3), trials=2)
    counts = np.column_stack([attempts, np.ones(24)])
    values, _ = components(found_of(x, counts, within), cluster)
    assert np.isnan(values.answer).tolist() == [False, True]
    alone = split(x[:, 1], np.ones(24), within[:, 1], cluster)
    assert [values.between[1], values.within[1]] == pytest.approx(alone[1:], rel=1e-9)


# degenerate


def one_column(x, attempts, within=None, cluster=None):
    x = np.array(x, dtype=float)[:, None]
    within = x * (1 - x) if within is None else np.array(within, dtype=float)[:, None]
    values, errors = components(found_of(x, np.array(attempts), within), cluster)
    return values_of(values), values_of(errors)


def test_one_item_gives_the_within_question_variance_only():
    values, errors = one_column([0.5], [4])
    assert values == pytest.approx((1 / 3, 0.0, math.nan), nan_ok=True)
    assert np.isnan(errors).all()


def test_two_items_give_components_without_errors():
    values, errors = one_column([0.5, 1.0], [4, 4])
    assert values == pytest.approx((1 / 6, 0.0, 0.125 - 1 / 24))
    assert np.isnan(errors).all()


def test_one_cluster_gives_no_between_cluster_variance():
    values, errors = one_column([0.5, 1.0, 0.0, 0.25], [4] * 4, cluster=np.zeros(4, dtype=np.int64))
    alone, _ = one_column([0.5, 1.0, 0.0, 0.25], [4] * 4)
    assert math.isnan(values[1])
    assert (values[0], values[2]) == pytest.approx((alone[0], alone[2]))
    assert np.isnan(errors).all()


def test_one_item_per_cluster_does_not_separate_items_from_clusters():
    values, errors = one_column([0.5, 1.0, 0.0, 0.25], [4] * 4, cluster=np.arange(4))
    assert values[0] > 0
    assert np.isnan(values[1:]).all()
    assert np.isnan(errors[1:]).all()


def test_constant_scores_have_components_and_errors_of_0():
    values, errors = one_column([1.0] * 6, [3] * 6, cluster=np.repeat(np.arange(3), 2))
    assert values == errors == (0.0, 0.0, 0.0)


def test_single_attempts_give_one_total_variance():
    values, errors = one_column([1, 0, 1, 1, 0], [1] * 5)
    assert values == pytest.approx((math.nan, 0.0, 0.3), nan_ok=True)
    assert math.isnan(errors[0])
    assert errors[2] > 0


def test_a_model_without_scores_has_no_components():
    x = np.column_stack([[0.5, 1.0, 0.0, 0.5], [np.nan] * 4])
    attempts = np.column_stack([np.full(4, 2.0), np.zeros(4)])
    values, errors = components(found_of(x, attempts, np.nan_to_num(x * (1 - x))))
    assert np.isnan([values.answer[1], values.within[1], errors.answer[1], errors.within[1]]).all()
    assert np.isfinite([values.within[0], errors.within[0]]).all()


def test_processing_in_blocks_changes_no_component(monkeypatch):
    rng = np.random.default_rng(5)
    attempts = rng.integers(1, 5, (20, 3)).astype(float)
    x, within = rng.normal(size=(20, 3)), np.where(attempts > 1, rng.uniform(0, 1, (20, 3)), 0.0)
    cluster = codes(rng.integers(0, 4, 20))
    whole = all_of(x, attempts, within, cluster)
    monkeypatch.setattr("howsure.statistics.variance_components.BLOCK_CELLS", 1)
    assert same(all_of(x, attempts, within, cluster), whole)
