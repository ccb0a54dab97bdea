"""watch and Monitor: runs in progress, waiting items, clusters, goals and warnings, by betting intervals."""

import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.betting import Betting
from paragraphs import paragraph
from places import DATA, LOGS
from runs import first, results
from trials import draws


def codes(look):
    return [warning.code for warning in look.warnings]


def test_a_clear_difference_is_decided_before_the_end_of_the_run():
    data, monitor = results(200), hs.Monitor(a="a", b="b", looks="any/200", shuffled=True)
    for n in range(10, 201, 10):
        look = monitor.update(first(data, n))
        assert (look.n_items, look.planned) == (n, 200)
        if look.decided:
            break
    assert look.better == "a"
    assert look.n_items < 120
    assert look.interval.low > 0
    assert look.sentence.startswith("Stop: a is better than b by ")
    assert "(always-valid 95% CI " in look.sentence
    assert monitor.update(data).decided


def test_the_interval_at_a_look_is_the_betting_interval_of_the_differences():
    data = results(50)
    look = hs.Monitor(a="a", b="b", looks="any/300").update(data)
    wide = data.pivot(on="model", index="item", values="score")
    state = Betting(bounds=(-1, 1), null=0.0, horizon=300)
    state.add((wide["a"] - wide["b"]).to_numpy())
    seen = state.look()
    assert (look.interval.low, look.interval.high, look.p_value) == (seen.low, seen.high, seen.p_value)
    assert look.estimate == pytest.approx(wide["a"].mean() - wide["b"].mean())
    assert (look.a_mean, look.b_mean) == pytest.approx((wide["a"].mean(), wide["b"].mean()))


def test_items_count_once_and_intervals_of_later_looks_are_nested():
    data, monitor = results(60), hs.Monitor(a="a", b="b")
    looks = [monitor.update(first(data, n)) for n in (20, 20, 40, 40, 60)]
    assert [look.n_items for look in looks] == [20, 20, 40, 40, 60]
    assert looks[0].interval == looks[1].interval
    lows, highs = [k.interval.low for k in looks], [k.interval.high for k in looks]
    assert lows == sorted(lows)
    assert highs == sorted(highs, reverse=True)


def test_adding_items_one_by_one_equals_updating_with_a_table():
    data = results(40)
    monitor = hs.Monitor(a="a", b="b", looks="any/100")
    wide = data.pivot(on="model", index="item", values="score")
    for item, a, b in wide.iter_rows():
        monitor.add(item, a, b)
    one, other = monitor.look(), hs.Monitor(a="a", b="b", looks="any/100").update(data)
    assert one.interval.low == pytest.approx(other.interval.low, abs=1e-12)
    assert one.p_value == pytest.approx(other.p_value)
    with pytest.raises(hs.DataError, match="was added before"):
        monitor.add(wide["item"][0], 1.0, 0.0)


def test_items_answered_by_one_model_only_are_waiting():
    data = results(30).filter((pl.col("model") == "a") | (pl.int_range(pl.len()).over("model") < 12))
    look = hs.Monitor(a="a", b="b").update(data)
    assert (look.n_items, look.n_waiting) == (12, 18)


def test_a_model_without_results_gives_a_warning():
    look = hs.Monitor(a="a", b="c", looks="any/60").update(results(30).filter(model="a"))
    assert (look.n_items, look.n_waiting, look.decided) == (0, 30, False)
    assert "model_missing" in codes(look)
    assert look.sentence == "Keep going: nothing to compare yet, no interval yet, after 0 of 60 questions."


def test_items_wait_until_they_have_the_planned_number_of_attempts():
    data = pl.concat([results(30, seed=k, attempt=pl.lit(k)) for k in (0,)])
    second = results(30, seed=0, attempt=pl.lit(1)).with_columns(score=1 - pl.col("score"))
    both = pl.concat([data, second.filter(pl.int_range(pl.len()).over("model") < 7)])
    look = hs.Monitor(a="a", b="b", attempts=2).update(both)
    assert (look.n_items, look.n_waiting, look.estimate) == (7, 23, 0)


def test_late_attempts_are_not_used_and_give_a_warning():
    monitor = hs.Monitor(a="a", b="b")
    data = results(30, attempt=pl.lit(0))
    before = monitor.update(data)
    late = data.head(1).with_columns(attempt=pl.lit(1), score=1 - pl.col("score"))
    after = monitor.update(pl.concat([data, late]))
    assert (after.interval, after.estimate) == (before.interval, before.estimate)
    assert "scores_changed" in codes(after)
    assert "scores_changed" not in codes(before)


def test_failed_items_do_not_count_until_they_are_rerun():
    data = results(20).with_columns(
        score=pl.when(pl.col("item") == pl.col("item").first()).then(None).otherwise("score")
    )
    monitor = hs.Monitor(a="a", b="b", looks="any/20")
    look = monitor.update(data)
    assert (look.n_items, look.n_waiting, look.exhausted) == (19, 0, True)
    assert any("have no score" in note for note in look.notes)
    assert monitor.update(results(20)).n_items == 20
    zero = hs.Monitor(a="a", b="b", failures="zero").update(data)
    assert zero.n_items == 20


def test_a_floor_is_decided_as_reached_or_missed():
    data = results(300, a=0.95).filter(model="a")
    look = hs.Monitor(a="a", at_least=0.8).update(data)
    assert (look.decided, look.bound_met, look.better) == (True, True, None)
    assert look.sentence.startswith("Stop: a is at least 80.0% ")
    low = hs.Monitor(a="b", at_least=0.8).update(results(300))
    assert (low.decided, low.bound_met) == (True, False)
    assert low.sentence.startswith("Stop: b is below 80.0% ")


def test_a_run_ends_once_the_interval_has_the_requested_half_width():
    monitor, data = hs.Monitor(a="a", within=0.1, looks="any/900"), results(900).filter(model="a")
    for n in range(50, 901, 50):
        look = monitor.update(data.head(n))
        if look.decided:
            break
        assert "more questions would decide" in paragraph(look)
    assert look.interval.high - look.interval.low <= 0.2
    assert 100 < look.n_items < 500
    assert math.isnan(look.p_value)
    assert look.sentence.startswith("Stop: a is known to within ± 10.0 points ")


def test_a_margin_shows_equivalence_or_inferiority():
    data = results(600, a=0.5, b=0.5)
    data = data.with_columns(score=pl.when(pl.int_range(pl.len()).over("model") % 10 == 0).then("score").otherwise(1.0))
    same = hs.Monitor(a="a", b="b", margin=0.06).update(data)
    assert (same.decided, same.bound_met) == (True, True)
    assert (
        "equivalent within 6.0 points" in same.sentence or "not worse than b by more than 6.0 points" in same.sentence
    )
    worse = hs.Monitor(a="b", b="a", margin=0.06).update(results(300))
    assert (worse.decided, worse.bound_met, worse.better) == (True, False, "a")
    assert worse.sentence.startswith("Stop: b is worse than a by more than 6.0 points")


def test_lower_is_better_decides_for_the_smaller_score():
    errors = results(200).with_columns(score=1 - pl.col("score"))
    one = hs.Monitor(a="a", b="b", lower_is_better=True).update(errors)
    assert (one.better, one.estimate < 0) == ("a", True)
    assert hs.Monitor(a="a", at_least=0.45, lower_is_better=True).update(errors).bound_met is True
    assert "a is at most 45.0%" in hs.Monitor(a="a", at_least=0.45, lower_is_better=True).update(errors).sentence
    margin = hs.Monitor(a="a", b="b", margin=0.05, lower_is_better=True).update(errors)
    assert (margin.bound_met, margin.better) == (True, "a")


def test_an_undecided_run_with_all_items_used_is_reported():
    look = hs.Monitor(a="a", b="b", looks="any/30").update(results(30, b=0.75))
    assert look.exhausted
    assert not look.decided
    assert look.sentence.startswith("Can't tell after all 30 questions: ")
    assert "order_not_random" not in codes(look)


def grouped(n=12, size=5, *, shuffle=True, seed=3):
    rng = np.random.default_rng(seed)
    order = rng.permutation(n) if shuffle else np.arange(n)
    rows = [
        (model, f"p{g}-{i}", f"p{g}", float(rng.random() < rate))
        for g in order
        for i in range(size)
        for model, rate in (("a", 0.9), ("b", 0.4))
    ]
    return pl.DataFrame(rows, schema=["model", "item", "passage", "score"], orient="row")


def test_a_cluster_counts_only_when_complete():
    data = grouped()
    monitor = hs.Monitor(a="a", b="b", cluster="passage", cluster_size=5, looks="any/60")
    look = monitor.update(data.head(2 * 13))
    assert (look.n_units, look.n_items, look.n_waiting) == (2, 10, 3)
    look = monitor.update(data)
    assert (look.n_units, look.n_items, look.clustered) == (12, 60, True)
    assert "in 12 clusters" in look.sentence
    state = Betting(bounds=(-1, 1), null=0.0, horizon=12, largest=5)
    wide = data.pivot(on="model", index=["item", "passage"], values="score").with_columns(d=pl.col("a") - pl.col("b"))
    state.add(wide.group_by("passage").agg(pl.col("d").sum())["d"].to_numpy(), [5.0] * 12)
    assert look.interval.high == pytest.approx(state.look().high, abs=1e-9)


def test_cluster_sizes_can_come_from_the_items_table(tmp_path):
    data = grouped().filter(~pl.col("item").is_in(["p0-4", "p3-3", "p3-4"]))
    plan = data.select("item", "passage").unique()
    plan.write_csv(tmp_path / "items.csv")
    monitor = hs.Monitor(a="a", b="b", cluster="passage", items=tmp_path / "items.csv")
    look = monitor.update(data.filter(pl.col("item") != "p3-2"))
    assert (look.n_units, look.planned, look.n_waiting) == (11, 57, 2)
    assert monitor.update(data).n_units == 12
    weighted = plan.with_columns(weight=pl.when(pl.col("passage") == "p0").then(3.0).otherwise(1.0))
    weighted.write_csv(tmp_path / "weighted.csv")
    look = hs.Monitor(a="a", b="b", items=tmp_path / "weighted.csv", weight="weight", cluster="none").update(data)
    both = data.pivot(on="model", index="item", values="score").join(weighted, on="item")
    assert look.a_mean == pytest.approx(np.average(both["a"], weights=both["weight"]))
    assert look.interval.low < look.estimate < look.interval.high


def test_items_wait_for_earlier_ones_in_the_given_order():
    monitor = hs.Monitor(a="a", within=0.1, order=["q0", "q1", "q2", "q3"])
    monitor.add("q0", 1.0)
    monitor.add("q2", 1.0)
    assert (monitor.look().n_items, monitor.look().n_waiting) == (1, 1)
    monitor.add("q1", math.nan)
    assert (monitor.look().n_items, monitor.look().n_waiting) == (2, 0)
    with pytest.raises(hs.DataError, match="is not in the order of the run"):
        monitor.add("q9", 1.0)
    data = results(30)
    ids = data["item"].head(30).to_list()
    slow = data.filter(~((pl.col("item") == ids[12]) & (pl.col("model") == "b")))
    look = hs.Monitor(a="a", b="b", order=ids).update(slow)
    assert (look.n_items, look.n_waiting) == (12, 18)
    assert any("17 items wait" in note for note in look.notes)


def test_a_known_order_prevents_bias_from_slow_wrong_answers():
    """All wrong answers are missing: counting what is there would give 100%, the first items in order do not."""
    data = results(300, a=0.5).filter(model="a")
    ids = data["item"].to_list()
    fast = data.filter((pl.col("score") == 1) | (pl.int_range(pl.len()) < 60))
    assert hs.Monitor(a="a", at_least=0.6).update(fast).bound_met is True
    look = hs.Monitor(a="a", at_least=0.6, order=ids).update(fast)
    assert not look.decided
    assert 60 <= look.n_items < 75


def test_clusters_can_be_added_item_by_item():
    monitor = hs.Monitor(a="a", b="b", cluster_size=2)
    monitor.add("x1", 1, 0, cluster="x")
    assert (monitor.look().n_units, monitor.look().n_waiting) == (0, 1)
    monitor.add("x2", 1, 1, cluster="x")
    assert (monitor.look().n_units, monitor.look().n_items) == (1, 2)


@pytest.mark.parametrize(
    ("options", "update", "words"),
    [
        ({"cluster": "passage"}, grouped, "their numbers of items aren't known"),
        ({"cluster": "passage", "cluster_size": 3}, grouped, "has 5 items, not 3"),
        ({}, lambda: results(20, score=pl.col("score") * 50), "is not between 0 and 1"),
        ({"weight": "w"}, lambda: results(20, w=pl.lit(2.0)), "must be known for all items before it"),
        ({}, lambda: pl.concat([results(20, task=pl.lit(t)) for t in "xy"]), "there are 2 tasks: x, y"),
        ({}, lambda: pl.concat([results(20, metric=pl.lit(t)) for t in "xy"]), "2 metrics: x, y"),
    ],
)
def test_runs_that_cannot_be_monitored_are_refused(options, update, words):
    with pytest.raises(hs.HowsureError, match=words):
        hs.Monitor(a="a", b="b", **options).update(update())


def test_unbounded_scores_use_the_asymptotic_interval_with_a_warning():
    rng = np.random.default_rng(1)
    data = results(400).with_columns(score=pl.Series(rng.normal(size=800)) + (pl.col("model") == "a"))
    monitor = hs.Monitor(a="a", b="b", bounds=None, looks="any/400")
    early = monitor.update(first(data, 30))
    assert math.isnan(early.interval.low)
    assert "no interval yet" in early.sentence
    look = monitor.update(data)
    assert (look.better, look.method, look.percent) == ("a", "asymptotic", False)
    assert "asymptotic" in codes(look)
    scaled = results(100, score=pl.col("score") * 50)
    assert hs.Monitor(a="a", b="b", bounds=(0, 50)).update(scaled).estimate == pytest.approx(
        hs.Monitor(a="a", b="b").update(results(100)).estimate
    )


def test_a_possibly_non_random_order_gives_a_warning():
    monitor = hs.Monitor(a="a", b="b", looks="any/100")
    told = [c.message for c in monitor.update(results(30)).warnings if c.code == "order_not_random"]
    assert "known to be random" in told[0]
    data = results(30).sort(pl.col("item").str.tail(-1).cast(pl.Int64))
    told = [c.message for c in hs.Monitor(a="a", b="b").update(data).warnings if c.code == "order_not_random"]
    assert "the order of their ids" in told[0]
    assert "order_not_random" not in codes(hs.Monitor(a="a", b="b", shuffled=True).update(data))


def test_sorted_items_give_a_warning_on_contradictory_looks():
    data = pl.DataFrame({"model": "a", "item": range(400), "score": [1.0] * 200 + [0.0] * 200})
    monitor = hs.Monitor(a="a", within=0.01, looks="any/400")
    looks = [monitor.update(data.head(n)) for n in (200, 400)]
    assert "looks_contradict" in codes(looks[-1])
    assert looks[-1].interval == looks[0].interval


def test_the_planned_number_of_items_is_read_from_the_log():
    look = hs.Monitor(a="smollm2-135m-t0.3", b="smollm2-135m-terse", cluster="none").update(LOGS)
    assert (look.planned, look.n_items, look.exhausted) == (100, 100, True)
    fact = hs.read(LOGS).facts[0]
    assert (fact.planned, fact.epochs, fact.shuffled) == (100, 5, False)


def test_clusters_recorded_in_a_log_need_their_sizes():
    with pytest.raises(hs.DataError, match="clusters by 'passage_id' of a run in progress"):
        hs.Monitor(a="smollm2-135m-t0.3", b="smollm2-135m-terse").update(LOGS)


def test_the_verdict_estimates_how_many_items_would_decide():
    look = hs.Monitor(a="a", b="b", looks="any/2000").update(results(40, b=0.75))
    assert look.sentence.startswith("Keep going: ")
    assert "more questions would decide" in paragraph(look) or "no realistic number of questions" in paragraph(look)
    assert look.line.startswith("40 of 2,000 questions  ")


SWEBENCH = DATA / "tidy" / "swebench_verified.parquet"


@pytest.mark.skipif(not SWEBENCH.exists(), reason="no folder of real results")
def test_a_swebench_pair_15_points_apart_is_decided_in_under_150_items():
    """15 points apart on 500 items; pairs 12 points apart take 124 on average (docs/decisions/0007-stopping.md)."""
    names = ["20250928_trae_doubao_seed_code", "20250206_agentscope"]
    rows = pl.read_parquet(SWEBENCH).filter(pl.col("model").is_in(names)).select("model", "item", "score")
    wide, used = rows.pivot(on="model", index="item", values="score"), []
    for seed in range(draws(4, 10)):
        drawn = wide.sample(fraction=1, shuffle=True, seed=seed)
        monitor = hs.Monitor(a=names[0], b=names[1], looks="any/500", shuffled=True)
        for k, (item, a, b) in enumerate(drawn.select("item", *names).iter_rows()):
            monitor.add(item, a, b)
            if k % 10 == 9 and (look := monitor.look()).decided:
                break
        assert look.better == names[0]
        used.append(look.n_items)
    assert np.mean(used) < 150


def test_item_ids_can_be_numbers():
    monitor = hs.Monitor(a="a", at_least=0.5, order=[2, 1, 3], shuffled=True)
    for item in (1, 2, 3):
        monitor.add(item, 1.0)
    assert monitor.look().n_items == 3
    with pytest.raises(hs.DataError, match="added before"):
        monitor.add("1", 1.0)


def test_failed_items_are_counted_in_the_verdict_and_a_warning():
    """Fifty of a hundred failed: this once read "beats by 100 points: stop", without a word of them."""
    monitor = hs.Monitor(a="a", b="b", looks="any/100", shuffled=True)
    for item in range(100):
        monitor.add(f"q{item}", math.nan if item % 2 else 1.0, 0.0)
    look = monitor.look()
    assert (look.n_items, look.n_failed, look.exhausted) == (50, 50, True)
    assert "50 more failed" in look.sentence
    warning = next(each for each in look.warnings if each.code == "items_failed")
    assert warning.message.startswith("50 of 100 items failed without a score")


def test_failed_items_follow_the_failure_policy():
    zero = hs.Monitor(a="a", within=0.2, failures="zero", shuffled=True)
    for item in range(10):
        zero.add(f"q{item}", math.nan if item % 2 else 1.0)
    assert (zero.look().a_mean, zero.look().n_items, zero.look().n_failed) == (0.5, 10, 0)
    with pytest.raises(hs.DataError, match="item 'q0' failed"):
        hs.Monitor(a="a", within=0.2, failures="error").add("q0", math.nan)
