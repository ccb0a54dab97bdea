"""Tables too large for memory are summed by cluster in the database: same results as per item, or a clear refusal."""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.study import by_cluster
from howsure.table import aggregate

duckdb = pytest.importorskip("duckdb")

TO_THE_LAST = {"rel": 1e-12, "abs": 1e-12}


def table(seed=0, models=3, clusters=12, attempts=2, failed=0.0):
    """Right or wrong answers to items in clusters of different sizes, several attempts at each."""
    rng = np.random.default_rng(seed)
    rows = []
    for c in range(clusters):
        ease = rng.normal(0, 0.7)
        for i in range(3 + c):
            for m in range(models):
                for attempt in range(attempts):
                    right = float(rng.random() < 1 / (1 + np.exp(-ease - 0.4 * m)))
                    lost = attempt and rng.random() < failed
                    rows.append((f"m{m}", f"q{c}-{i}", f"p{c}", attempt, None if lost else right))
    return pl.DataFrame(rows, schema=["model", "item", "passage", "attempt", "score"], orient="row")


def relation(rows):
    return duckdb.connect().from_arrow(rows.to_arrow())


@pytest.fixture
def little_memory(monkeypatch):
    monkeypatch.setattr(aggregate, "free_bytes", lambda: 1_000.0)


T = {"interval": "t", "cluster": "passage"}


@pytest.mark.parametrize("rows", [table(), table(1, attempts=1), table(2, clusters=40), table(3, failed=0.3)])
def test_scores_and_standard_errors_from_cluster_sums_equal_those_from_items(rows, little_memory):
    for few, every in zip(hs.estimate(relation(rows), **T), hs.estimate(rows, **T), strict=True):
        for name in ("value", "se", "df"):
            assert getattr(few.estimate, name) == pytest.approx(getattr(every.estimate, name), **TO_THE_LAST)
        assert (few.estimate.interval.low, few.estimate.interval.high) == pytest.approx(
            (every.estimate.interval.low, every.estimate.interval.high), **TO_THE_LAST
        )


def test_pairs_and_boards_from_cluster_sums_equal_those_from_items(little_memory):
    rows, given = table(5, clusters=30), {"method": "t", "cluster": "passage"}
    few, every = hs.compare(relation(rows), "m2", "m0", **given), hs.compare(rows, "m2", "m0", **given)
    one, other = few, every
    assert one.p_value == pytest.approx(other.p_value, **TO_THE_LAST)
    for name in ("value", "se", "df"):
        assert getattr(one.difference, name) == pytest.approx(getattr(other.difference, name), **TO_THE_LAST)
    boards = [hs.leaderboard(each, **given).boards[0] for each in (relation(rows), rows)]
    assert [e.model for e in boards[0].entries] == [e.model for e in boards[1].entries]
    assert boards[0].pairs.p_value == pytest.approx(boards[1].pairs.p_value, **TO_THE_LAST)


@pytest.mark.parametrize(("clusters", "method"), [(29, "score"), (30, "t")])
def test_cluster_sums_use_the_t_method_from_30_clusters_on(clusters, method, little_memory):
    answer = hs.compare(relation(table(8, clusters=clusters)), "m2", "m0", cluster="passage")
    assert answer.difference.method.name == method
    asked = hs.compare(relation(table(8, clusters=clusters)), "m2", "m0", cluster="passage", method="score")
    assert asked.difference.method.name == "score"


def test_default_intervals_from_cluster_sums_are_no_narrower_and_a_note_says_why(little_memory):
    rows = table(6, clusters=20)
    few, every = (hs.leaderboard(each, cluster="passage") for each in (relation(rows), rows))
    widths = [[entry.estimate.interval.half_width for entry in each.boards[0].entries] for each in (few, every)]
    assert all(a >= b for a, b in zip(*widths, strict=True))
    items = rows["item"].n_unique()
    (note,) = [each for each in few.notes if "would come back" in each]
    assert "each cluster (column `passage`) was aggregated in place" in note
    assert f"({items} items in all)" in note


def test_a_column_named_cluster_is_used_without_the_option(little_memory):
    rows = table(7).rename({"passage": "cluster"})
    assert hs.estimate(relation(rows))[0].estimate.n_items == 12


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"cluster": "none"},
        {"cluster": "passage", "by": "item"},
        {"cluster": "passage", "population": "same-clusters"},
    ],
)
def test_questions_that_need_item_results_are_refused(options, little_memory):
    with pytest.raises(hs.DataError, match=r"rows would come back, one per model and item .* Use fewer tasks"):
        hs.leaderboard(relation(table()), **options)


def test_more_cluster_sums_than_fit_into_memory_are_refused(little_memory, monkeypatch):
    rows = table(clusters=12, models=3)
    monkeypatch.setattr(by_cluster, "ALWAYS_FIT", 36)
    assert hs.estimate(relation(rows), **T)
    monkeypatch.setattr(by_cluster, "ALWAYS_FIT", 35)
    with pytest.raises(hs.DataError, match="would come back"):
        hs.estimate(relation(rows), **T)


def test_noise_and_health_refuse_cluster_sums(little_memory):
    for verb in (hs.noise, hs.questions):
        with pytest.raises(hs.DataError, match="would come back"):
            verb(relation(table()), cluster="passage")


def test_clusters_in_which_models_answered_different_items_are_refused(little_memory):
    rows = table(attempts=1).filter(~((pl.col("model") == "m1") & (pl.col("item") == "q4-1")))
    with pytest.raises(hs.DataError, match="in passage 'p4' models answered 6, 7 items"):
        hs.leaderboard(relation(rows), cluster="passage")
    nowhere = table().with_columns(passage=pl.when(pl.col("item") == "q3-0").then(None).otherwise("passage"))
    with pytest.raises(hs.DataError, match="items without a 'passage' can't be aggregated"):
        hs.leaderboard(relation(nowhere), cluster="passage")


def test_a_note_counts_failed_attempts_in_cluster_sums(little_memory):
    rows = table(3, failed=0.3)
    failed = rows["score"].null_count()
    (note,) = [each for each in hs.estimate(relation(rows), **T).notes if "would come back" in each]
    assert note.endswith(f"{failed} attempts without a score left out.")
    few, every = (
        hs.estimate(each.drop("attempt") if each is rows else relation(rows.drop("attempt")), **T)
        for each in (None, rows)
    )
    assert "rows_as_attempts" in {warning.code for warning in few.warnings} & {
        warning.code for warning in every.warnings
    }


def test_models_left_out_of_the_comparison_cause_no_errors_or_notes(little_memory):
    rows = table(3, clusters=30).with_columns(model=pl.lit("of/") + pl.col("model"))
    other = pl.col("model") == "of/m1"
    odd = rows.filter(~(other & (pl.col("item") == "q4-1"))).with_columns(
        score=pl.when(other & (pl.col("attempt") == 1)).then(None).otherwise("score")
    )
    with pytest.raises(hs.DataError, match="models answered 6, 7 items"):
        hs.estimate(relation(odd), **T)
    given = {"cluster": "passage", "method": "t"}
    few, every = (hs.compare(each, "m2", "m0", **given) for each in (relation(odd), rows))
    assert few.p_value == pytest.approx(every.p_value, **TO_THE_LAST)
    boards = hs.leaderboard(relation(odd), model=("m0", "of/m2"), **given)
    assert len(boards.boards[0].entries) == 2
    asked = hs.compare(relation(odd), "m2", "m0", cluster="passage", method="sign-flip")
    assert not any("left out" in note for note in (*asked.notes, *boards.notes))
    with pytest.raises(hs.DataError, match="no model 'zz'"):
        hs.compare(relation(rows), "zz", "m0", **given)


def test_repeated_attempts_and_items_in_several_clusters_are_refused(little_memory):
    rows = table()
    again = pl.concat([rows, rows.head(1)])
    with pytest.raises(hs.DataError, match="rows that repeat an attempt"):
        hs.leaderboard(relation(again), cluster="passage")
    torn = rows.with_columns(
        passage=pl.when((pl.col("item") == "q4-1") & (pl.col("attempt") == 1)).then(pl.lit("p5")).otherwise("passage")
    )
    with pytest.raises(hs.DataError, match="items in several 'passage'"):
        hs.leaderboard(relation(torn), cluster="passage")


@pytest.mark.parametrize("numbers", [(0, 1, 2), (5, 6, 7), (0, 2, 31), (-1, 0, 1), (31, 32, 33), (0, None, 1)])
def test_attempts_with_any_numbers_are_summed_and_their_repeats_are_refused(numbers, little_memory):
    rows = table(attempts=3)
    numbered = rows.with_columns(pl.col("attempt").replace_strict([0, 1, 2], list(numbers), return_dtype=pl.Int64))
    found, plain = (hs.estimate(relation(each), cluster="passage") for each in (numbered, rows))
    for one, two in zip(found.entries, plain.entries, strict=True):
        assert (one.estimate.value, one.estimate.se) == pytest.approx(
            (two.estimate.value, two.estimate.se), **TO_THE_LAST
        )
    repeated = numbered.with_columns(attempt=pl.lit(numbers[0], pl.Int64))
    with pytest.raises(hs.DataError, match="rows that repeat an attempt"):
        hs.estimate(relation(repeated), cluster="passage")


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_cluster_sums_of_all_right_or_all_wrong_scores_have_an_interval(right, little_memory):
    """0 of n and n of n: the interval says how little that shows, as with items."""
    rows = table(attempts=1).with_columns(score=pl.lit(right))
    found = hs.estimate(relation(rows), cluster="passage")[0].estimate
    assert found.value == right
    assert found.interval.half_width > 0.05
    assert hs.compare(relation(rows), "m2", "m0", cluster="passage").p_value == 1.0


def test_one_cluster_gives_the_one_item_warning(little_memory):
    rows = table(clusters=1, models=9, attempts=1)
    answer = hs.estimate(relation(rows), cluster="passage")
    assert {each.estimate.n_items for each in answer} == {1}
    assert all("one_item" in {warning.code for warning in each.estimate.warnings} for each in answer)


def test_population_these_questions_is_refused_because_items_do_not_fit_into_memory(monkeypatch):
    rows = table(attempts=3)
    monkeypatch.setattr(aggregate, "free_bytes", lambda: 200.0 * aggregate.RESULT_BYTES)  # blocks of items fit
    assert hs.leaderboard(relation(rows), cluster="passage").boards[0].entries[0].estimate.n_items == 102
    with pytest.raises(aggregate.TooManyResultsError, match="rows would come back"):
        hs.leaderboard(relation(rows), cluster="passage", population="these-questions")
