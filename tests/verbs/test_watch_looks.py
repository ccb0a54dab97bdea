"""watch with planned looks: each look uses the test of compare at its nominal level; strata; degenerate runs."""

import json
import math

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import howsure as hs
from howsure.errors import DataError, OptionError
from howsure.statistics.difference import difference
from howsure.statistics.group_sequential import Schedule
from runs import first, results
from trials import draws


def watched(data, *, looks="5/200", **options):
    return hs.Monitor(a="a", b="b", shuffled=True, looks=looks, **options).update(data)


def state_of(look):
    """What a look shows, without how many items are finished by now."""
    return look.looks.number, look.estimate, look.interval, look.p_value, look.n_items, look.decided, look.better


def test_a_look_uses_the_test_of_compare_at_its_nominal_level():
    data = results(200)
    look = watched(first(data, 80))
    wide = data.pivot(on="model", index="item", values="score", maintain_order=True).head(80)
    level = Schedule((0.2, 0.4, 0.6, 0.8, 1.0)).level_at(2, 0.95)
    found = difference(wide["a"].to_numpy(), wide["b"].to_numpy(), level=level)
    assert (look.interval.low, look.interval.high) == (found.estimate.interval.low, found.estimate.interval.high)
    assert look.interval.level == 0.95
    assert look.looks.number == 2
    assert [each.items for each in look.looks.looks] == [40, 80, 120, 160, 200]


def test_a_single_look_equals_compare():
    data = results(60, a=0.7, b=0.5)
    look, once = watched(data, looks="1/60"), hs.compare(data, "a", "b")
    assert look.p_value == pytest.approx(once.p_value, abs=1e-3)
    assert (look.interval.low, look.interval.high) == pytest.approx(
        (once.difference.interval.low, once.difference.interval.high)
    )


@pytest.mark.unmeasured
@given(st.integers(0, 10_000), st.floats(0.3, 0.9), st.lists(st.integers(1, 120), max_size=8))
@settings(max_examples=draws(6, 60))
def test_extra_updates_do_not_change_the_result(seed, rate, stops):
    data = results(120, a=rate, seed=seed)
    often = hs.Monitor(a="a", b="b", shuffled=True, looks="4/120")
    for n in sorted(stops):
        often.update(first(data, n))
    assert often.update(data) == watched(data, looks="4/120")


@pytest.mark.unmeasured
@given(st.integers(0, 10_000), st.floats(0.3, 0.9))
@settings(max_examples=draws(4, 40))
def test_the_result_does_not_change_between_looks(seed, rate):
    data = results(120, a=rate, seed=seed)
    at = {n: state_of(watched(first(data, n), looks="4/120")) for n in (25, 29, 30, 44, 59, 60, 75, 89, 90, 119, 120)}
    for n, seen in at.items():
        assert str(seen) == str(at[max(n // 30 * 30, 30)] if n >= 30 else seen)
        if n < 30:
            assert seen[0] == 0
            assert not seen[-2]


@given(
    st.integers(0, 10_000),
    st.floats(0.2, 0.95),
    st.sampled_from(["obrien-fleming", "pocock"]),
    st.sampled_from([0.8, 0.95]),
)
def test_verdict_p_value_and_interval_of_a_look_agree(seed, rate, spending, level):
    look = watched(results(60, a=rate, seed=seed), looks=f"12,30,60:{spending}", level=level)
    outside = not look.interval.low <= 0 <= look.interval.high
    assert look.decided == outside == (look.p_value <= 1 - level) == (look.better is not None)


def test_a_late_look_uses_only_the_items_that_were_due():
    data = results(200)
    late, then = watched(data), watched(first(data, 80))
    assert state_of(late) == state_of(then)
    assert (late.looks.finished, then.looks.finished) == (200, 80)
    assert late.sentence == then.sentence


def test_adding_items_out_of_order_equals_updating_with_a_table():
    data = results(120, a=0.6)
    wide = data.pivot(on="model", index="item", values="score", maintain_order=True)
    order = wide["item"].to_list()
    monitor = hs.Monitor(a="a", b="b", shuffled=True, looks="4/120", order=order)
    for k in np.random.default_rng(3).permutation(120):
        item, a, b = wide.row(int(k))
        monitor.add(item, a, b)
        if k % 17 == 0:
            monitor.look()
    assert state_of(monitor.look()) == state_of(watched(data, looks="4/120"))


def test_margins_and_floors_can_have_planned_looks():
    data = results(200, a=0.8, b=0.5)
    kept = watched(data, margin=0.05)
    assert (kept.decided, kept.bound_met) == (True, True)
    assert kept.interval.low > -0.05
    lost = hs.Monitor(a="b", b="a", margin=0.05, shuffled=True, looks="3/200").update(data)
    assert (lost.decided, lost.bound_met) == (True, False)
    floor = hs.Monitor(a="a", at_least=0.5, shuffled=True, looks="3/200").update(data)
    assert (floor.bound_met, floor.interval.low > 0.5, floor.p_value < 0.05) == (True, True, True)
    assert floor.sentence.startswith("Stop at look ")
    assert "a is at least 50.0%" in floor.sentence
    with pytest.raises(hs.OptionError, match="a half-width needs none"):
        hs.Monitor(a="a", within=0.1, looks="3/200")


def grouped(sizes, seed=0, rate=0.7):
    """Clusters that come whole, one after the other."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    item = [f"q{k}" for k in range(len(cluster))]
    return pl.concat(
        pl.DataFrame({"model": name, "item": item, "cluster": [f"c{k}" for k in cluster]}).with_columns(
            score=pl.Series((rng.random(len(item)) < p).astype(float))
        )
        for name, p in (("a", rate), ("b", 0.4))
    )


def test_looks_are_taken_at_whole_clusters(tmp_path):
    sizes = [10, 25, 5, 40, 20, 15, 30, 5]
    data = grouped(sizes)
    items = tmp_path / "items.csv"
    data.select("item", "cluster").unique().write_csv(items)
    look = watched(data, looks="3/150", cluster="cluster", items=str(items))
    ends = np.cumsum(sizes)
    made = [int(ends[np.searchsorted(ends, due)]) for due in (50, 100, 150)]
    assert [each.items for each in look.looks.looks][: look.looks.number] == made[: look.looks.number]
    assert look.n_units == int((ends <= look.n_items).sum())
    before = [
        state_of(
            watched(
                data.filter(pl.col("item").is_in([f"q{k}" for k in range(n)])),
                looks="3/150",
                cluster="cluster",
                items=str(items),
            )
        )
        for n in (79, 80, 99, 100, 149, 150)
    ]
    assert [seen[0] for seen in before[:2]] == [0, 1]
    assert before[1][:-3] == before[2][:-3]


def test_several_looks_within_one_cluster_are_taken_as_one(tmp_path):
    data = grouped([90, 10], rate=0.5)
    look = watched(
        data, looks="10/100", cluster="cluster", cluster_size=None, clusters=None, items=_items(data, tmp_path)
    )
    assert [each.number for each in look.looks.looks] == [9, 10]
    assert look.exhausted
    assert math.isfinite(look.p_value)


def _items(data, folder):
    path = folder / "items.csv"
    data.select("item", "cluster").unique().write_csv(path)
    return str(path)


def rows(a, b):
    item = [f"q{k}" for k in range(len(a))]
    return pl.concat(
        pl.DataFrame({"model": name, "item": item, "score": list(map(float, x))}) for name, x in (("a", a), ("b", b))
    )


@pytest.mark.parametrize(
    ("a", "b", "decided", "told"),
    [
        ([1], [0], False, "Can't tell after the last look: a is ahead by 100.0 points, no interval yet"),
        ([1] * 40, [1] * 40, False, "Can't tell after the last look: a and b score the same"),
        ([1] * 40, [0] * 40, True, "Stop at look 1 of 2: a is better than b by 100.0 points"),
        ([0] * 40, [1] * 40, True, "Stop at look 1 of 2: b is better than a by 100.0 points"),
        ([1, 0], [0, 1], False, "Can't tell after the last look: a and b score the same"),
    ],
    ids=["one item", "all ties", "all wins", "all losses", "two items"],
)
def test_degenerate_runs_have_a_verdict_and_valid_json(a, b, decided, told):
    look = watched(rows(a, b), looks=f"{min(len(a), 2)}/{len(a)}")
    assert look.decided == decided
    assert look.looks.last != decided, "a decided run stops at its first look, another goes on to its last"
    assert look.sentence.startswith(told)
    json.dumps(look.to_dict(), allow_nan=False)


def test_failed_items_count_as_finished_at_a_look():
    data = results(100, a=0.6)
    broken = data["item"].unique(maintain_order=True)[:2]
    data = data.with_columns(score=pl.when(pl.col("item").is_in(broken.implode())).then(None).otherwise("score"))
    look = watched(data, looks="2/100", failures="drop")
    assert (look.looks.number, look.looks.finished) == (2, 100)
    assert (look.n_items, look.n_failed) == (98, 2)


def test_the_verdict_names_the_next_look():
    even = rows([1, 0] * 50, [0, 1] * 50)
    assert watched(first(even, 10), looks="5/100").sentence == (
        "No verdict between looks: look 1 of 5 is due at 20 questions, 10 are finished."
    )
    assert watched(first(even, 20), looks="5/100").sentence.endswith(
        "after 20 of 100 questions; look 2 of 5 is due at 40 questions."
    )
    assert watched(first(even, 30), looks="5/100").line == "30 of 100 questions  look 2 of 5 is due at 40 questions"
    assert watched(even, looks="5/100").sentence.startswith("Can't tell after the last look: a and b score the same")
    beyond = watched(even, looks="3/60")
    (warning,) = beyond.warnings
    assert warning.code == "beyond_last_look"
    assert warning.message.startswith("100 items are finished, but the last look was due at 60. The others ")


@pytest.mark.parametrize(("looks", "told"), [("4/400", False), ("any/400", True)])
def test_unbounded_scores_at_planned_looks_promise_what_bounded_ones_do(looks, told):
    rng = np.random.default_rng(1)
    data = results(400).with_columns(score=pl.Series(rng.normal(size=800)))
    look = watched(data, looks=looks, bounds=None)
    assert ("asymptotic" in [warning.code for warning in look.warnings]) == told
    assert math.isfinite(look.interval.low)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"looks": 0}, "is neither a number of looks"),
        ({"looks": 51}, "is neither a number of looks"),
        ({"looks": "10,5"}, "is neither a number of looks"),
        ({"looks": "5,x"}, "is neither a number of looks"),
        ({"looks": (10.5, 20)}, "is neither a number of looks"),
        ({"looks": "5/3"}, "is more than the 3 items planned"),
        ({"looks": "any"}, "is neither a number of looks"),
        ({"looks": "any/20:pocock"}, "is neither a number of looks"),
        ({"looks": "5:haybittle"}, "is not one of"),
    ],
)
def test_invalid_looks_are_refused(options, message):
    with pytest.raises(hs.OptionError, match=message):
        hs.Monitor(a="a", b="b", **options)


def test_a_number_of_looks_needs_the_planned_number_of_items():
    with pytest.raises(hs.OptionError, match="needs the planned number of items"):
        hs.Monitor(a="a", b="b", looks=5).update(results(30))
    assert hs.Monitor(a="a", b="b", looks="20,30", shuffled=True).update(results(30)).looks.last


@pytest.mark.unmeasured
def test_looks_keep_the_type_i_error():
    rng, runs = np.random.default_rng(7), draws(40, 150)
    hits = 0
    for seed in range(runs):
        signs = rng.choice([-1, 0, 1], 60, p=[0.2, 0.6, 0.2])
        monitor = hs.Monitor(a="a", b="b", shuffled=True, looks="3/60:pocock")
        for k, sign in enumerate(signs):
            monitor.add(f"{seed}-{k}", float(sign > 0), float(sign < 0))
        hits += monitor.look().decided
    assert hits <= runs * 0.05 + 3 * (runs * 0.05 * 0.95) ** 0.5


# more questions from the same clusters


def in_strata(seed=0, sizes=(60, 20, 12, 8), gap=0.0):
    """Return a run of two models in random order, the cluster of every item, and its scores (n, 2)."""
    rng = np.random.default_rng(seed)
    cluster = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    apart = np.array([0.25, -0.35, -0.3, 0.0])[: len(sizes)] if len(sizes) == 4 else np.zeros(len(sizes))
    apart = apart - np.repeat(apart, sizes).mean()
    right = rng.random((len(cluster), 2)) < np.column_stack(
        [0.55 + apart[cluster] / 2 + gap, 0.55 - apart[cluster] / 2]
    )
    return cluster, right.astype(float)


def strata_monitor(cluster, **options):
    names = {f"q{k:04}": str(g) for k, g in enumerate(cluster)}
    given = {"looks": f"4/{len(cluster)}", "b": "b", **options}
    return hs.Monitor(a="a", shuffled=True, clusters=names, population="same-clusters", order=tuple(names), **given)


def followed(cluster, x, *, upto=None, **options):
    monitor = strata_monitor(cluster, **options)
    for k, scores in enumerate(x[:upto]):
        monitor.add(f"q{k:04}", float(scores[0]), float(scores[1]) if options.get("b", "b") else None)
    return monitor.look()


def test_the_last_look_within_strata_equals_compare():
    cluster, x = in_strata(3)
    look = followed(cluster, x, looks="1/100")
    names = [f"q{k:04}" for k in range(len(x))]
    rows = pl.concat(
        pl.DataFrame({"model": m, "item": names, "group": cluster, "score": x[:, k]}) for k, m in enumerate("ab")
    )
    found = hs.compare(rows, "a", "b", cluster="group", population="same-clusters").difference
    assert (look.estimate, look.interval.low, look.interval.high) == pytest.approx(
        (found.value, found.interval.low, found.interval.high), abs=1e-4
    )
    assert (look.n_units, look.n_items, look.clustered) == (100, 100, False)


def test_estimates_at_looks_within_strata_are_post_stratified_by_planned_shares():
    """Post-stratified means, Cochran (1977), section 5A.9: Σ W_g ȳ_g, W_g of all items of the run."""
    cluster, x = in_strata(5)
    look = followed(cluster, x, upto=50, looks=(50, 100))
    seen, d = cluster[:50], x[:50, 0] - x[:50, 1]
    assert look.estimate == pytest.approx(sum((cluster == g).mean() * d[seen == g].mean() for g in range(4)))
    one = followed(cluster, x, upto=50, looks=(50, 100), b=None, at_least=0.2)
    assert one.estimate == pytest.approx(sum((cluster == g).mean() * x[:50, 0][seen == g].mean() for g in range(4)))
    assert one.p_value < 0.05


def test_a_margin_can_be_judged_within_strata():
    cluster, x = in_strata(5, gap=0.2)
    look = followed(cluster, x, looks="1/100", margin=0.15)
    assert look.bound_met is True
    assert look.interval.low > -0.15


def test_a_look_without_items_of_some_stratum_has_no_estimate():
    cluster, x = in_strata(1)
    order = np.argsort(cluster, kind="stable")
    look = followed(cluster[order], x[order], upto=50)
    assert math.isnan(look.estimate)
    assert not look.decided
    assert [c.code for c in look.warnings if c.code == "clusters_unseen"]
    assert look.render("terminal")


def test_strata_without_planned_looks_are_refused_with_a_remedy():
    with pytest.raises(OptionError, match=r"betting isn't valid.*Plan `looks`"):
        hs.Monitor(a="a", b="b", population="same-clusters")
    with pytest.raises(OptionError, match="cluster_size"):
        hs.Monitor(a="a", b="b", population="same-clusters", looks=2, cluster_size=3)
    cluster, x = in_strata(1)
    monitor = strata_monitor(cluster[:50], looks="2/50")
    with pytest.raises(DataError, match="item 'q0099' is not in the order of the run"):
        monitor.add("q0099", 1.0, 0.0, cluster="elsewhere")
    none = hs.Monitor(a="a", b="b", population="same-clusters", looks="1/20")
    for k, (one, other) in enumerate(x[:20]):
        none.add(str(k), one, other)
    assert none.look().n_units == 20, "without clusters these are all questions"


@pytest.mark.unmeasured
@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
def test_looks_within_strata_keep_the_type_i_error(spending):
    """No difference in the mean of these clusters, large ones in each: of runs of four looks 1 in 20 at most finds one."""
    runs = draws(25, 120)
    found = sum(followed(*in_strata(seed), looks=f"4/100:{spending}").decided for seed in range(runs))
    assert found <= runs * 0.05 + 3 * (runs * 0.05 * 0.95) ** 0.5


def test_strata_of_unknown_sizes_are_an_error_that_asks_for_an_items_table():
    cluster, x = in_strata(1)
    names = [f"q{k:04}" for k in range(len(x))]
    rows = pl.concat(
        pl.DataFrame({"model": m, "item": names, "group": cluster, "score": x[:, k]}) for k, m in enumerate("ab")
    )
    given = {"looks": "1/100", "shuffled": True, "population": "same-clusters", "cluster": "group"}
    with pytest.raises(DataError, match=r"in the run is needed: give a table of all items"):
        hs.Monitor(a="a", b="b", **given).update(rows)


def test_the_items_table_gives_the_shares_of_strata(tmp_path):
    cluster, x = in_strata(1)
    names = [f"q{k:04}" for k in range(len(x))]
    pl.DataFrame({"item": names, "group": cluster}).write_csv(tmp_path / "items.csv")
    rows = pl.concat(pl.DataFrame({"model": m, "item": names, "score": x[:, k]}) for k, m in enumerate("ab"))
    given = {"looks": 4, "shuffled": True, "population": "same-clusters", "cluster": "group"}
    look = hs.Monitor(a="a", b="b", items=str(tmp_path / "items.csv"), **given).update(rows)
    added = followed(cluster, x)
    assert (look.estimate, look.p_value, look.n_units) == (added.estimate, added.p_value, added.n_units)
    assert look.method == "score, same clusters, planned looks"
