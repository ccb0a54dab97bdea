"""The overall score of several tasks: single tasks give their own interval, and tasks at 0 or n of n count."""

import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

import howsure as hs
from howsure.statistics.means import mean
from howsure.statistics.suites import overall_estimate
from method_cases import codes, long_way

SHARES = (0.5, 0.3, 0.2)
INTERVALS = ("blend", "wilson", "clopper-pearson", "jeffreys", "t", "bootstrap", "bayes")


def counted(right, n, **options):
    return mean((np.arange(n) < right).astype(float), attempts=np.ones(n), **options)


def estimates(**options):
    rng = np.random.default_rng(5)
    samples = [rng.integers(0, 2, n).astype(float) for n in (30, 50, 80)]
    clusters = [codes(rng.integers(0, n // 4, n)) for n in (30, 50, 80)]
    return samples, clusters, [mean(x, clusters=[c], **options) for x, c in zip(samples, clusters, strict=True)]


def ends(estimate):
    return [estimate.interval.low, estimate.interval.high]


def test_other_scales_have_the_t_interval_of_the_weighted_sum():
    samples, clusters, parts = estimates(bounded=False)
    found = overall_estimate(parts, SHARES, bounded=False)
    long = [long_way(x, c) for x, c in zip(samples, clusters, strict=True)]
    value = sum(s * part[0] for s, part in zip(SHARES, long, strict=True))
    variances = np.array([s**2 * part[1] for s, part in zip(SHARES, long, strict=True)])
    df = variances.sum() ** 2 / (variances**2 / [part[2] for part in long]).sum()
    assert (found.value, found.se, found.df) == pytest.approx((value, math.sqrt(variances.sum()), df), rel=1e-10)
    assert ends(found) == pytest.approx(stats.t(df, value, found.se).interval(0.95), rel=1e-10)
    assert (found.n_items, found.n_clusters) == (160, sum(part.n_clusters for part in parts))


@pytest.mark.parametrize("interval", INTERVALS)
@pytest.mark.parametrize("right", [0, 1, 9, 19, 20])
def test_one_task_is_itself(interval, right):
    part = counted(right, 20, interval=interval)
    assert overall_estimate([part], [1.0], bounded=True) == part
    beside = overall_estimate([part, counted(5, 10)], [1 - 1e-9, 1e-9], bounded=True)
    if interval != "bayes" or 0 < right < 20:  # its limits lie within 0 and 1 even there
        assert ends(beside) == pytest.approx(ends(part), abs=1e-4)


def test_the_interval_that_was_chosen_reaches_the_whole():
    found = {}
    for interval in INTERVALS:
        parts = [counted(17, 20, interval=interval), counted(30, 40, interval=interval)]
        answer = overall_estimate(parts, [0.5, 0.5], bounded=True)
        found[interval] = tuple(ends(answer))
        assert str(answer.method).startswith(f"overall {interval}")
    assert len(set(found.values())) == len(INTERVALS)


def test_all_of_five_and_half_of_four_hundred():
    five, many = counted(5, 5), counted(200, 400)
    found = overall_estimate([five, many], [0.5, 0.5], bounded=True)
    assert (found.value, round(found.se, 4)) == (0.75, 0.0125)
    assert found.interval.low == pytest.approx((five.interval.low + many.value) / 2, abs=0.005)
    assert found.interval.high == pytest.approx((1 + many.interval.high) / 2, abs=1e-3)


def test_all_right_everywhere_counts_clusters():
    eight = np.repeat(np.arange(4), 100)
    parts = [mean(np.ones(400), clusters=[eight]) for _ in range(2)]
    found = overall_estimate(parts, (0.5, 0.5), bounded=True)
    assert found.interval.low < 0.05 ** (1 / 8)
    assert found.interval.high == 1


def test_many_small_tasks_are_no_longer_than_their_sum():
    rng = np.random.default_rng(3)
    parts = [counted(int(k), 10) for k in rng.binomial(10, 0.9, 57)]
    found = overall_estimate(parts, [1 / 57] * 57, bounded=True)
    assert found.interval.high - found.interval.low < 2 * 1.06 * 1.96 * found.se


def test_the_level_of_the_parts_is_kept():
    _, _, parts = estimates(level=0.8)
    assert overall_estimate(parts, SHARES, bounded=True).interval.level == 0.8


def test_pooled_shares_give_the_pooled_mean():
    samples, _, parts = estimates()
    shares = [len(x) / 160 for x in samples]
    assert overall_estimate(parts, shares, bounded=True).value == pytest.approx(np.concatenate(samples).mean())


def test_a_task_without_error_bar_leaves_the_whole_without():
    _, _, parts = estimates()
    lone = mean(np.array([1.0, 0.0]), clusters=[np.zeros(2, int)])
    found = overall_estimate([*parts[:2], lone], SHARES, bounded=True)
    assert math.isnan(found.se)
    assert math.isnan(found.interval.low)
    assert [caution.code for caution in found.cautions] == ["no_overall_error_bar"]


counts = st.lists(
    st.integers(2, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))), min_size=2, max_size=6
)


@given(counts, st.sampled_from(INTERVALS[:5]), st.sampled_from([0.8, 0.95, 0.99]))
def test_limits_hold_the_score_and_stay_on_the_scale(tasks, interval, level):
    parts = [counted(right, n, interval=interval, level=level) for right, n in tasks]
    found = overall_estimate(parts, [1 / len(parts)] * len(parts), bounded=True)
    assert 0 <= found.interval.low <= found.value + 1e-12
    assert found.value - 1e-12 <= found.interval.high <= 1


@given(counts)
def test_wrong_for_right_turns_the_interval_round(tasks):
    shares = [1 / len(tasks)] * len(tasks)
    one = overall_estimate([counted(k, n) for k, n in tasks], shares, bounded=True)
    other = overall_estimate([counted(n - k, n) for k, n in tasks], shares, bounded=True)
    assert ends(one) == pytest.approx([1 - other.interval.high, 1 - other.interval.low], abs=1e-7)


def test_a_gate_with_a_task_that_is_all_right_passes_no_floor_by_luck():
    rows = [
        {"task": task, "model": "m", "item": f"{task}{k}", "score": float(k < right)}
        for task, right, n in (("small", 5, 5), ("large", 200, 400))
        for k in range(n)
    ]
    found = hs.gate(pl.DataFrame(rows), "m", at_least=0.7, overall="mean", each_task=False)
    assert found.verdict == "unclear"


@given(
    st.lists(
        st.integers(1, 40).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n + 1))), min_size=2, max_size=5
    ),
    st.sampled_from(["blend", "wilson", "clopper-pearson", "t"]),
    st.sampled_from([0.8, 0.95, 0.99]),
)
def test_no_limit_is_beyond_all_tasks_at_their_own(tasks, interval, level):
    parts = [counted(right, n, interval=interval, level=level) for right, n in tasks]
    shares = np.arange(1.0, len(parts) + 1)
    shares /= shares.sum()
    low, high = ends(overall_estimate(parts, shares, bounded=True))
    own_low, own_high = (shares @ [getattr(part.interval, end) for part in parts] for end in ("low", "high"))
    assert own_low - 1e-9 <= low <= high <= own_high + 1e-9


def test_two_answers_of_which_one_is_right_do_not_rule_four_large_tasks():
    """Welch has 1.9 degrees of freedom, and 62 to 98 %."""
    parts = [counted(1, 2), *[counted(180, 200)] * 4]
    low, high = ends(overall_estimate(parts, [0.2] * 5, bounded=True))
    assert low == pytest.approx(sum(part.interval.low for part in parts) / 5, abs=0.03)
    assert low >= sum(part.interval.low for part in parts) / 5 - 1e-12
    assert high <= sum(part.interval.high for part in parts) / 5 + 1e-12


def test_a_board_names_the_task_that_carries_the_error():
    rows = [
        {"task": task, "model": model, "item": k, "score": float((k + shift) % 3 > 0)}
        for task, n in (("large", 300), ("small", 4))
        for model, shift in (("a", 0), ("b", 1))
        for k in range(n)
    ]
    board = hs.leaderboard(pl.DataFrame(rows)).overall
    for entry in board.entries:
        assert (entry.estimate.small_part.part, entry.estimate.small_part.n) == ("small", 4)
    text = " ".join(hs.leaderboard(pl.DataFrame(rows)).render("markdown").split())
    assert "task small (4 questions) carries 9" in text
    assert hs.leaderboard(pl.DataFrame(rows), overall="pooled").overall.entries[0].estimate.small_part is None
