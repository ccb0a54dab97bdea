"""Items read in blocks of whole clusters: every result equals that of the path that holds all items in memory."""

import itertools
from dataclasses import fields, is_dataclass
from typing import get_args

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.choices import IntervalMethod
from howsure.table import aggregate
from trials import draws

pytestmark = pytest.mark.unmeasured  # whole answers, again and again

duckdb = pytest.importorskip("duckdb")

NEAR = {"rel": 1e-9, "abs": 1e-9}
DRAWN = {"leader_corrected", "same_clusters_best"}
"""What comes from flips in single precision, and what Holm corrects in place of max-t."""
READ_LATE = {
    "places": ("ranks", "pairs", "other_population"),
    "part": ("difference", "se", "low", "high", "df", "p_value", "p_adjusted", "n_shared", "n_clusters"),
}
"""What a board computes when it is first read."""
BY_HOLM = ("p_adjusted", "adjust", "ranks")
"""What is corrected by Holm on more questions of the same clusters; it is by max-t where there are items to flip."""


def results(seed=0, *, models=5, sizes=(3, 9, 4, 12, 7, 5, 8, 6, 3, 10), attempts=2):
    """Right or wrong answers to items in clusters of these sizes."""
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    ease = rng.normal(0, 0.8, len(sizes))[cluster] + rng.normal(0, 0.7, len(cluster))
    rate = 1 / (1 + np.exp(-ease[:, None] - 0.35 * np.arange(models)))
    right = rng.random((attempts, *rate.shape)) < rate
    attempt, item, model = (each.ravel() for each in np.indices(right.shape))
    return pl.DataFrame(
        {
            "model": [f"m{m}" for m in model],
            "item": [f"q{i}" for i in item],
            "passage": [f"p{c}" for c in cluster[item]],
            "attempt": attempt,
            "score": right.ravel().astype(float),
        }
    )


def relation(rows):
    return duckdb.connect().from_arrow(rows.to_arrow())


def numbers(answer, at=""):
    """Yield every number and text of an answer with its place, but for what says how rows were read."""
    if is_dataclass(answer):
        for field in fields(answer):
            for name in READ_LATE.get(field.name, (field.name,)):
                if name not in ("notes", *DRAWN):
                    yield from numbers(getattr(answer, name), f"{at}.{name}")
    elif isinstance(answer, (tuple, list)):
        told = [each for each in answer if getattr(each, "code", "") != "failure_policy"]
        yield f"{at}.length", len(told)
        for k, each in enumerate(told):
            yield from numbers(each, f"{at}[{k}]")
    elif isinstance(answer, np.ndarray):
        yield from (
            (f"{at}{list(np.ndindex(answer.shape))[k]}", each) for k, each in enumerate(answer.ravel().tolist())
        )
    else:
        yield at, answer


def assert_same(one, other, *, but=()):
    """Every number of two answers is the same to 1e-9, every text the same; of other models than the two nothing is said where they don't fit into memory."""
    first, second = ({place: value for place, value in numbers(each) if ".among" not in place} for each in (one, other))
    assert first.keys() == second.keys()
    for place, value in second.items():
        if any(part in place for part in but):
            continue
        if isinstance(value, float):
            assert first[place] == pytest.approx(value, **NEAR, nan_ok=True), place
        else:
            assert first[place] == value, place


def little_memory(monkeypatch, rows, models=None):
    """Leave memory for twice the results of the largest cluster, so that a block holds that one at most."""
    items = rows.select("passage", "item").unique().group_by("passage").len()["len"]
    count = models or rows["model"].n_unique()
    assert 2 * items.max() < items.sum()
    monkeypatch.setattr(aggregate, "free_bytes", lambda: aggregate.RESULT_BYTES * 2.0 * items.max() * count)


def fractions(rows):
    rng = np.random.default_rng(9)
    return rows.with_columns(score=pl.col("score") * rng.random(len(rows)))


def open_scale(rows):
    rng = np.random.default_rng(9)
    return rows.with_columns(score=pl.col("score") * 3 + rng.exponential(5.0, len(rows)) - 1)


def failing(rows):
    rng = np.random.default_rng(9)
    lost = (rng.random(len(rows)) < 0.3) & (rows["attempt"].to_numpy() > 0)
    return rows.with_columns(score=pl.when(pl.Series(lost)).then(None).otherwise("score"))


def twins(rows):
    same = rows.filter(pl.col("model") == "m1").with_columns(model=pl.lit("m0"))
    return pl.concat([rows.filter(pl.col("model") != "m0"), same])


LONE = (1, 9, 4, 12, 1, 5, 8, 6, 1, 10, 3, 3, 4)
ONE_ALONE = (1, 9, 4, 12, 5, 8, 6, 10, 3, 3, 4, 2)
FEW = (15, 12, 20, 20)


def lost_cluster(rows):
    return rows.with_columns(score=pl.when(pl.col("passage") == "p5").then(None).otherwise("score"))


WORLDS = {
    "two attempts": results(),
    "one attempt": results(1, attempts=1),
    "fractions": fractions(results(2)),
    "an open scale": open_scale(results(3)),
    "failed attempts": failing(results(4)),
    "a cluster without scores": lost_cluster(results(4)),
    "lone items": results(15, sizes=LONE),
    "one lone item": results(6, sizes=ONE_ALONE),
    "few clusters": results(7, sizes=FEW, attempts=1),
    "a large cluster": results(8, sizes=(20, 4, 3, 5, 6, 2, 7), attempts=1),
    "twins": twins(results(9)),
    "percent": results(11).with_columns(score=100 * pl.col("score")),
    "all right": results(10).with_columns(score=pl.when(pl.col("model") == "m4").then(1.0).otherwise("score")),
}
USUAL = [{}, {"population": "same-clusters"}]
BOARDS = [{"variance": "CR1"}, {"variance": "miller"}, {"level": 0.9}]
PAIRS = [*BOARDS, {"method": "t"}, {"margin": 0.1}, {"population": "same-clusters", "margin": 0.1}]
INTERVALS = [
    {"interval": interval, "population": population}
    for interval in sorted({*get_args(IntervalMethod)} - {"adaptive", "bootstrap"})
    for population in ("new-clusters", "same-clusters")
]
SOME = ["failed attempts", "lone items"]
"""The kinds of data on which the options that are asked for less are tried."""


def each_of(usual, others):
    """Return every kind of data with the usual options and some with the others; in CI with one of them each, in turn."""
    every = [
        *((world, given) for world in WORLDS for given in usual),
        *((world, given) for given in others for world in SOME),
    ]
    turns = [*zip(WORLDS, itertools.cycle(usual)), *zip(itertools.cycle(SOME), others)]
    return draws(turns, every)


@pytest.mark.parametrize(("world", "options"), each_of(USUAL, BOARDS), ids=str)
def test_leaderboards_read_in_blocks_equal_those_in_memory(world, options, monkeypatch):
    rows = WORLDS[world]
    little_memory(monkeypatch, rows)
    few, every = (hs.leaderboard(each, cluster="passage", **options) for each in (relation(rows), rows))
    assert any("blocks of whole clusters" in note for note in few.notes)
    assert_same(few, every, but=BY_HOLM if every.boards[0].population == "same-clusters" else ())


@pytest.mark.parametrize(("world", "options"), each_of(USUAL, PAIRS), ids=str)
def test_comparisons_read_in_blocks_equal_those_in_memory(world, options, monkeypatch):
    rows = WORLDS[world]
    little_memory(monkeypatch, rows, 2)
    for a, b in draws([("m0", "m4")], [("m3", "m0"), ("m0", "m4")]):
        few, every = (hs.compare(each, a, b, cluster="passage", **options) for each in (relation(rows), rows))
        assert any("blocks of whole clusters" in note for note in few.notes)
        assert_same(few, every)


@pytest.mark.parametrize(("world", "options"), each_of(USUAL, INTERVALS), ids=str)
def test_scores_and_intervals_read_in_blocks_equal_those_in_memory(world, options, monkeypatch):
    rows = WORLDS[world]
    little_memory(monkeypatch, rows)
    assert_same(*(hs.estimate(each, cluster="passage", **options) for each in (relation(rows), rows)))


def memory_note(answer):
    (note,) = [each for each in answer.notes if "would come back" in each]
    return str(note)


def test_overall_scores_read_in_blocks_equal_those_in_memory(monkeypatch):
    every = pl.concat([results(seed).with_columns(task=pl.lit(f"t{seed}")) for seed in (1, 2, 3)])
    monkeypatch.setattr(aggregate, "free_bytes", lambda: aggregate.RESULT_BYTES * 2.0 * 12 * 5)
    options = [{"overall": "pooled"}, {"task": ("t1", "t3")}, {"method": "t"}]
    for given in draws([{}], [{}, *options]):
        few, all_of_them = (hs.leaderboard(each, cluster="passage", **given) for each in (relation(every), every))
        assert_same(few, all_of_them)
        pair = [hs.compare(each, "m3", "m1", cluster="passage", **given) for each in (relation(every), every)]
        assert_same(*pair)


@pytest.mark.filterwarnings(r"ignore:fetch_arrow_table\(\) is deprecated:DeprecationWarning")
def test_ibis_tables_are_read_in_blocks_with_the_same_results(monkeypatch):
    connection = pytest.importorskip("ibis").duckdb.connect()
    rows = WORLDS["failed attempts"]
    connection.con.register("answers", rows.to_arrow())
    little_memory(monkeypatch, rows)
    assert_same(*(hs.leaderboard(each, cluster="passage") for each in (connection.table("answers"), rows)))


def test_lower_is_better_gives_the_same_results_in_blocks(monkeypatch):
    rows = fractions(results(4))
    little_memory(monkeypatch, rows)
    given = {"cluster": "passage", "lower_is_better": True}
    assert_same(*(hs.leaderboard(each, **given) for each in (relation(rows), rows)))
    little_memory(monkeypatch, rows, 2)
    assert_same(*(hs.compare(each, "m0", "m2", **given) for each in (relation(rows), rows)))


def test_few_clusters_in_blocks_give_results_for_same_and_new_clusters(monkeypatch):
    rows = WORLDS["few clusters"]
    little_memory(monkeypatch, rows)
    few, every = (hs.leaderboard(each, cluster="passage").boards[0] for each in (relation(rows), rows))
    assert (few.population, every.population) == ("same-clusters", "same-clusters")
    assert set(every.could_be_best) <= set(few.could_be_best), "Holm tells no more apart than max-t"
    assert few.other_population == every.other_population
    little_memory(monkeypatch, rows, 2)
    one, other = (hs.compare(each, "m4", "m0", cluster="passage") for each in (relation(rows), rows))
    assert one.other_population.p_value == pytest.approx(other.other_population.p_value, **NEAR)


def test_a_note_counts_blocks_and_names_the_correction_used(monkeypatch):
    rows = WORLDS["failed attempts"]
    little_memory(monkeypatch, rows)
    answer = hs.leaderboard(relation(rows), cluster="passage", population="same-clusters")
    said = memory_note(answer)
    assert "items were read in 7 blocks of whole clusters (column `passage`, 10 clusters)" in said
    assert "corrected by Holm, since max-t would need the items" in said
    assert f"{rows['score'].null_count()} attempts without a score left out" in said
    assert answer.boards[0].adjust == "holm"
    assert any("from these same clusters" in note for note in answer.notes)


def test_blocks_use_at_most_half_of_the_free_memory(monkeypatch):
    from howsure.study import item_blocks

    rows, sizes = WORLDS["two attempts"], []
    little_memory(monkeypatch, rows)
    read = item_blocks._read
    monkeypatch.setattr(
        item_blocks, "_read", lambda *given: sizes.append((found := read(*given)).block.x.size) or found
    )
    hs.leaderboard(relation(rows), cluster="passage")
    assert sum(sizes) == 67 * 5
    assert max(sizes) <= aggregate.free_bytes() / aggregate.RESULT_BYTES / 2


@pytest.mark.parametrize("method", ["sign-flip", "bootstrap", "mcnemar"])
def test_other_methods_use_clusters_as_items_with_a_note_or_are_refused(method, monkeypatch):
    rows = WORLDS["one attempt"]
    little_memory(monkeypatch, rows, 2)
    if method == "mcnemar":
        with pytest.raises(hs.MethodError, match="needs one right-or-wrong answer per item"):
            hs.compare(relation(rows), "m3", "m0", cluster="passage", method=method)
        return
    answer = hs.compare(relation(rows), "m3", "m0", cluster="passage", method=method)
    assert "a method other than the usual ones was requested" in memory_note(answer)


def test_missing_items_or_clusters_too_large_for_memory_fall_back_to_cluster_sums(monkeypatch):
    rows = WORLDS["one attempt"]
    swapped = rows.with_columns(
        item=pl.when((pl.col("model") == "m1") & (pl.col("item") == "q1")).then(pl.lit("other")).otherwise("item")
    )
    little_memory(monkeypatch, rows)
    assert "is unknown (models answered different items)" in memory_note(
        hs.leaderboard(relation(swapped), cluster="passage")
    )
    with pytest.raises(hs.DataError, match="would come back"):
        hs.leaderboard(relation(swapped), cluster="passage", population="same-clusters")
    monkeypatch.setattr(aggregate, "free_bytes", lambda: aggregate.RESULT_BYTES * 60.0)
    assert "a cluster of 60 results doesn't fit into memory either" in memory_note(
        hs.estimate(relation(rows), cluster="passage")
    )


def test_flips_are_refused_for_data_read_in_blocks(monkeypatch):
    rows = WORLDS["one attempt"]
    little_memory(monkeypatch, rows, 2)
    with pytest.raises(hs.DataError, match="would come back"):
        hs.compare(relation(rows), "m3", "m0", cluster="passage", flips=True)


def test_a_task_with_single_item_clusters_falls_back_to_cluster_sums_with_a_note(monkeypatch):
    tasks = {"t1": results(1), "t2": results(2, sizes=(1,) * 12)}
    rows = pl.concat([each.with_columns(task=pl.lit(task)) for task, each in tasks.items()])
    monkeypatch.setattr(aggregate, "free_bytes", lambda: aggregate.RESULT_BYTES * 2.0 * 12 * 5)
    answer = hs.leaderboard(relation(rows), cluster="passage")
    assert "is unknown (each cluster of t2 has one item)" in memory_note(answer)
