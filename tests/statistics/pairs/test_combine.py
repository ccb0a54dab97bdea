"""Several tasks together: independent errors add, by hand."""

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.statistics.means.mean import mean
from howsure.statistics.pairs.combine import combine_df, combine_estimates, combine_pairs
from howsure.statistics.pairs.pairs import pair_moments
from method_cases import codes, long_way

RNG = np.random.default_rng(77)
SHARES = (0.5, 0.3, 0.2)


def three_tasks(models=4):
    return [RNG.integers(0, 2, (n, models)).astype(float) for n in (30, 50, 80)]


def estimates(**options):
    rng = np.random.default_rng(5)
    samples = [rng.integers(0, 2, n).astype(float) for n in (30, 50, 80)]
    clusters = [codes(rng.integers(0, n // 4, n)) for n in (30, 50, 80)]
    return samples, clusters, [mean(x, clusters=[c], **options) for x, c in zip(samples, clusters, strict=True)]


def test_degrees_of_freedom_are_welchs():
    v, df = np.array([2.0, 0.5]), np.array([4.0, 30.0])
    assert float(combine_df(v, df)) == pytest.approx(2.5**2 / (4 / 4 + 0.25 / 30), rel=1e-12)


def test_welch_satterthwaite_is_that_of_the_two_sample_t_test():
    a, b = RNG.normal(size=12), RNG.normal(0, 4, size=30)
    v = np.array([a.var(ddof=1) / 12, b.var(ddof=1) / 30])
    assert float(combine_df(v, np.array([11.0, 29.0]))) == pytest.approx(stats.ttest_ind(a, b, equal_var=False).df)


def test_infinite_degrees_of_freedom_stay_infinite():
    assert float(combine_df(np.array([1.0, 2.0]), np.array([np.inf, np.inf]))) == math.inf


def test_overall_estimate_is_the_weighted_sum_with_added_variances():
    samples, clusters, parts = estimates()
    found = combine_estimates(parts, SHARES, bounded=False)
    long = [long_way(x, c) for x, c in zip(samples, clusters, strict=True)]
    value = sum(s * part[0] for s, part in zip(SHARES, long, strict=True))
    variances = np.array([s**2 * part[1] for s, part in zip(SHARES, long, strict=True)])
    df = variances.sum() ** 2 / (variances**2 / [part[2] for part in long]).sum()
    assert (found.value, found.se, found.df) == pytest.approx((value, math.sqrt(variances.sum()), df), rel=1e-10)
    expected = stats.t(df, value, found.se).interval(0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, rel=1e-10)
    assert (found.n_items, found.n_clusters) == (160, sum(part.n_clusters for part in parts))


def test_overall_wilson_holds_the_rates_whose_score_test_accepts():
    _, _, parts = estimates()
    found = combine_estimates(parts, SHARES, bounded=True)
    t, effective = stats.t.ppf(0.975, found.df), found.value * (1 - found.value) / found.se**2
    for limit in (found.interval.low, found.interval.high):
        assert abs(found.value - limit) == pytest.approx(t * math.sqrt(limit * (1 - limit) / effective), rel=1e-9)


def test_overall_next_to_the_edge_is_guarded_by_the_exact_limit():
    parts = [mean((np.arange(n) < k).astype(float)) for n, k in ((40, 1), (60, 1), (80, 0))]
    found = combine_estimates(parts, SHARES, bounded=True)
    effective = found.value * (1 - found.value) / found.se**2
    events = found.value * effective
    assert found.interval.low == pytest.approx(stats.beta.ppf(0.05, events, effective - events + 1), rel=1e-9)


def test_the_level_of_the_parts_is_kept():
    _, _, parts = estimates(level=0.8)
    assert combine_estimates(parts, SHARES, bounded=True).interval.level == 0.8


def test_pooled_shares_give_the_pooled_mean():
    samples, _, parts = estimates()
    shares = [len(x) / 160 for x in samples]
    assert combine_estimates(parts, shares, bounded=True).value == pytest.approx(np.concatenate(samples).mean())


def test_a_task_without_error_bar_leaves_the_whole_without():
    _, _, parts = estimates()
    lone = mean(np.array([1.0, 0.0]), clusters=[np.zeros(2, int)])
    found = combine_estimates([*parts[:2], lone], SHARES, bounded=True)
    assert math.isnan(found.se)
    assert math.isnan(found.interval.low)


def test_all_right_everywhere_counts_clusters_overall_as_it_does_in_each_task():
    eight = np.repeat(np.arange(4), 100)
    parts = [mean(np.ones(400), clusters=[eight]) for _ in range(2)]
    found = combine_estimates(parts, (0.5, 0.5), bounded=True)
    assert found.interval.low < 0.05 ** (1 / 8)


def test_pairs_of_tasks_add_up_pair_by_pair():
    tasks = [pair_moments(x, clusters=[np.arange(len(x)) // 2]) for x in three_tasks()]
    found = combine_pairs(tasks, SHARES)
    for i, j in ((0, 1), (3, 2)):
        v = np.array([s**2 * task.variance[i, j] for s, task in zip(SHARES, tasks, strict=True)])
        df = v.sum() ** 2 / sum(part**2 / task.df[i, j] for part, task in zip(v, tasks, strict=True))
        value = sum(s * task.difference[i, j] for s, task in zip(SHARES, tasks, strict=True))
        assert found.variance[i, j] == pytest.approx(v.sum(), rel=1e-12)
        assert found.df[i, j] == pytest.approx(df, rel=1e-12)
        spread = float(found.spread_at()[i, j])
        assert found.p_value[i, j] == pytest.approx(2 * stats.t.sf(abs(value) / spread, df), rel=1e-9)
        assert found.shared[i, j] == 160
    assert found.p_value == pytest.approx(found.p_value.T)


def test_one_task_is_itself():
    task = pair_moments(three_tasks()[0])
    found = combine_pairs([task], (1.0,))
    for name in ("difference", "variance", "item_variance", "room"):
        assert getattr(found, name) == pytest.approx(getattr(task, name), rel=1e-12)
    upper = np.triu_indices(4, 1)
    assert found.df[upper] == pytest.approx(task.df[upper])


def test_identical_models_on_every_task_are_not_told_apart():
    tasks = []
    for x in three_tasks(2):
        x[:, 1] = x[:, 0]
        tasks.append(pair_moments(x))
    assert combine_pairs(tasks, SHARES).p_value[0, 1] == 1


def two_tasks(**columns):
    n = 12
    rng = np.random.default_rng(0)
    parts = [
        pl.DataFrame(
            {
                "task": task,
                "model": model,
                "item": range(n),
                "score": rng.integers(0, 2, n).astype(float),
                "passage": columns[task],
            }
        )
        for task in ("x", "y")
        for model in ("a", "b")
    ]
    return pl.concat(parts)


def test_overall_comparison_is_the_mean_of_the_tasks():
    rows = two_tasks(x=[f"p{k // 2}" for k in range(12)], y=[f"p{k // 3}" for k in range(12)])
    found = hs.compare(rows, "a", "b", cluster="passage")
    x, y = (c.difference for c in found.comparisons)
    assert found.overall.difference.value == pytest.approx((x.value + y.value) / 2)
    assert found.overall.difference.se == pytest.approx(math.hypot(x.se, y.se) / 2, rel=1e-10)
    low, high = found.overall.difference.interval.low, found.overall.difference.interval.high
    assert (low > 0 or high < 0) == (found.overall.p_value <= 0.05)


def test_an_overall_without_error_bar_says_why():
    rows = two_tasks(x=[f"p{k // 2}" for k in range(12)], y=["p0"] * 12)
    found = hs.compare(rows, "a", "b", cluster="passage").overall
    assert math.isnan(found.p_value)
    assert found.difference.cautions


def test_an_overall_by_another_method_than_asked_says_so():
    rows = two_tasks(x=range(12), y=range(12)).with_columns(pl.col("passage").cast(pl.String))
    found = hs.compare(rows, "a", "b", method="sign-flip")
    told = [str(found.overall.difference.method), *(caution.message for caution in found.cautions)]
    assert any("sign-flip" in words for words in told)
