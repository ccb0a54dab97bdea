"""Slices: differences per slice with simultaneous intervals; the overall result stays the same."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from howsure.errors import DataError, OptionError


def rows(seed=0, sizes=(60, 40, 25, 4), models="abc", effect=0.0, length=True):
    """Models on items in languages; `effect`: by how much the first loses in the second language."""
    rng = np.random.default_rng(seed)
    part = np.repeat(np.arange(len(sizes)), sizes)
    n = len(part)
    chance = np.clip(
        0.75 - 0.1 * np.arange(len(models))[:, None] - effect * (part == 1) * np.eye(len(models))[0][:, None],
        0.02,
        0.98,
    )
    right = (rng.random((len(models), n)) < chance).astype(float)
    names = np.array(["English", "German", "French", "Maltese"])[part]
    return pl.DataFrame(
        {
            "model": np.repeat(list(models), n),
            "item": np.tile([f"{'abcd'[p]}-{k}" for k, p in enumerate(part)], len(models)),
            "language": np.tile(names, len(models)),
            "length": np.tile(rng.integers(10, 500, n), len(models)),
            "doc": np.tile([f"d{k % 15}" for k in range(n)], len(models)),
            "score": right.ravel(),
        }
    )


def by_name(way):
    return {gap.slice: gap for gap in way.slices}


def test_slices_are_added_without_changing_the_overall_result():
    plain = hs.compare(rows(), "a", "c")
    found = hs.compare(rows(), "a", "c", by="language")
    assert (found.difference, found.p_value, found.sentence) == (plain.difference, plain.p_value, plain.sentence)
    (way,) = found.slices
    assert set(by_name(way)) == {"English", "German", "French"}
    assert [(small.slice, small.n_items) for small in way.slicing.too_small] == [("Maltese", 4)]
    assert way.all_items.difference == plain.difference


def test_each_slice_equals_its_own_comparison_at_the_sidak_level():
    data = rows()
    way = hs.compare(data, "a", "b", by="language").slices[0]
    level = 0.95 ** (1 / 3)
    for name, gap in by_name(way).items():
        alone = hs.compare(data.filter(language=name), "a", "b", level=level)
        assert gap.difference.interval == alone.difference.interval
        assert gap.p_value == alone.p_value
        assert gap.p_adjusted == pytest.approx(1 - (1 - alone.p_value) ** 3)


@given(st.integers(0, 10_000), st.floats(0, 0.7))
def test_corrected_p_values_and_intervals_of_slices_agree(seed, effect):
    way = hs.compare(rows(seed, effect=effect), "a", "b", by="language").slices[0]
    for gap in way.slices:
        interval = gap.difference.interval
        assert (gap.p_adjusted <= 0.05) == (not interval.contains(0.0))
        assert gap.p_adjusted >= gap.p_value
        assert gap.detectable > 0


def test_a_slice_with_another_difference_is_significant_and_named():
    way = hs.compare(rows(effect=0.6), "a", "b", by="language").slices[0]
    assert way.better(by_name(way)["German"]) == "b"
    assert way.equal.p_value < 0.01
    assert "the difference varies between the 3 slices" in str(hs.compare(rows(effect=0.6), "a", "b", by="language"))


def test_swapping_the_models_changes_the_sign_in_every_slice():
    one = hs.compare(rows(effect=0.4), "a", "b", by="language").slices[0]
    other = by_name(hs.compare(rows(effect=0.4), "b", "a", by="language").slices[0])
    for gap in one.slices:
        turned = other[gap.slice]
        assert gap.difference.value == pytest.approx(-turned.difference.value)
        assert gap.difference.interval.low == pytest.approx(-turned.difference.interval.high)
        assert gap.p_adjusted == pytest.approx(turned.p_adjusted)


def test_a_numeric_attribute_is_binned_into_ordered_slices():
    way = hs.compare(rows(), "a", "b", by="length").slices[0]
    assert way.slicing.ordered
    assert len(way.slices) == 4
    starts = [float(gap.slice.split(" to ")[0]) for gap in way.slices]
    assert starts == sorted(starts)
    assert sum(gap.difference.n_items for gap in way.slices) == 129


def test_ordered_slices_have_a_trend_equal_to_least_squares():
    """The slope of the gaps over the places of their slices, weighted by items: what least squares of the items gives."""
    data = rows(sizes=(60, 40, 25, 30))
    way = hs.compare(data, "a", "c", by="length").slices[0]
    count = np.array([gap.difference.n_items for gap in way.slices])
    gaps = np.array([gap.difference.value for gap in way.slices])
    slope = np.polyfit(np.repeat(np.arange(4), count), np.repeat(gaps, count), 1)[0]
    assert way.trend.per_slice == pytest.approx(slope)
    assert (way.trend.p_value <= 0.05) != way.trend.interval.contains(0.0)
    turned = hs.compare(data, "c", "a", by="length").slices[0].trend
    assert (turned.per_slice, turned.p_value) == pytest.approx((-way.trend.per_slice, way.trend.p_value))
    said = " ".join(hs.compare(data, "a", "c", by="length").render(width=200).split())
    assert "From slice to slice it changes by" in said
    assert hs.compare(data, "a", "c", by="language").slices[0].trend is None, "languages have no order"


def test_two_slices_have_no_trend_and_identical_models_a_trend_of_0():
    data = rows(sizes=(60, 40)).with_columns(difficulty=pl.when(pl.col("language") == "English").then(1).otherwise(2))
    assert hs.compare(data, "a", "c", by="difficulty").slices[0].trend is None
    same = data.filter(model="a").with_columns(model=pl.lit("d"))
    way = hs.compare(pl.concat([data.filter(model="a"), same]), "a", "d", by="length").slices[0]
    assert way.trend.per_slice == 0
    assert way.trend.p_value == 1


def test_attributes_joined_by_plus_are_crossed_and_lists_give_separate_slicings():
    crossed, language = hs.compare(rows(), "a", "b", by=["language+doc", "language"]).slices
    assert crossed.slicing.by == "language+doc"
    assert len(crossed.slicing.too_small) + len(crossed.slices) > 30
    assert language.slicing.by == "language"


def test_a_pattern_of_item_ids_defines_slices():
    way = hs.compare(rows(), "a", "b", by=r"id:^(\w)-").slices[0]
    assert set(by_name(way)) == {"a", "b", "c"}
    with pytest.raises(DataError, match="has no group"):
        hs.compare(rows(), "a", "b", by=r"id:^\w")
    with pytest.raises(DataError, match=r"finds no slice in any of .* such as 'a"):
        hs.compare(rows(), "a", "b", by="id:^(none)")


def test_items_without_a_slice_value_are_counted():
    data = rows().with_columns(language=pl.when(pl.col("language") == "French").then(None).otherwise("language"))
    way = hs.compare(data, "a", "b", by="language").slices[0]
    assert way.slicing.n_without == 25
    assert set(by_name(way)) == {"English", "German"}
    assert "25 questions without a value of language" in hs.compare(data, "a", "b", by="language").render(width=200)


def test_slices_use_the_population_of_their_task():
    data = rows()
    way = hs.compare(data, "a", "b", by="language", cluster="language").slices[0]
    assert {gap.population for gap in way.slices} == {"same-clusters"}
    assert way.equal.population == "same-clusters"
    alone = hs.compare(data.filter(language="German"), "a", "b", level=0.95 ** (1 / 3))
    assert by_name(way)["German"].difference.interval.low == pytest.approx(alone.difference.interval.low, abs=1e-9)
    crossing = hs.compare(data, "a", "b", by="language", cluster="doc").slices[0]
    assert {gap.population for gap in crossing.slices} == {"new-clusters"}
    assert {gap.difference.n_clusters for gap in crossing.slices} == {15}


def test_many_slices_are_shrunken_towards_their_mean_and_few_are_not():
    few = hs.compare(rows(), "a", "b", by="language").slices[0]
    many = hs.compare(rows(sizes=(120, 120, 120)), "a", "b", by="doc").slices[0]
    assert all(gap.shrunken is None for gap in few.slices)
    raw = np.array([gap.difference.value for gap in many.slices])
    drawn = np.array([gap.shrunken.value for gap in many.slices])
    assert drawn.std() < raw.std()
    assert np.corrcoef(raw, drawn)[0, 1] > 0.95


def test_scores_of_slices_have_simultaneous_intervals():
    data = rows()
    way = hs.estimate(data, by="language").slices[0]
    level = 0.95 ** (1 / 3)
    for each in way.entries:
        alone = hs.estimate(data.filter(language=each.slice, model=each.entry.model), level=level)[0].estimate
        assert each.entry.estimate.interval.low == pytest.approx(alone.interval.low)
        assert each.entry.estimate.interval.high == pytest.approx(alone.interval.high)
    assert way.slices == ("English", "French", "German")


def test_leaderboards_per_slice_report_models_whose_order_is_reversed():
    data = rows(sizes=(600, 600), models="ab", effect=0.5)
    way = hs.leaderboard(data, by="language").slices[0]
    (swap,) = way.rank_reversals
    assert (swap.better, swap.worse, swap.slice, swap.other_slice) == ("a", "b", "English", "German")
    assert way.best == ()
    assert "the order differs between the 2 slices" in str(hs.leaderboard(data, by="language"))
    calm = hs.leaderboard(rows(sizes=(600, 600), models="ab"), by="language").slices[0]
    assert calm.rank_reversals == ()


def test_tasks_can_be_the_slices():
    data = rows().with_columns(task=pl.col("language")).filter(pl.col("language") != "Maltese")
    found = hs.compare(data, "a", "b", by="task")
    (way,) = found.overall.slices
    assert set(by_name(way)) == {"English", "German", "French"}
    assert way.all_items.difference == found.overall.difference
    board = hs.leaderboard(data, by="task").slices[0]
    assert {each.slice for each in board.slices} == set(by_name(way))
    assert hs.compare(data.filter(task="German"), "a", "b", by="task").slices == ()


def test_slices_do_not_change_the_verdict_of_a_gate():
    data = rows(sizes=(150, 150), models="ab", effect=0.5)
    plain = hs.gate(data, "a", "b", not_worse_than=0.4)
    found = hs.gate(data, "a", "b", not_worse_than=0.4, by="language")
    assert found.checks == plain.checks
    assert len(found.slices[0].slices) == 2
    assert "Slices don't count towards this verdict." in str(found)
    with pytest.raises(OptionError, match="no baseline to compare slices with"):
        hs.gate(data, "a", at_least=0.1, by="language")


def test_noise_is_reported_per_slice():
    data = rows(models="a").with_columns(attempt=0)
    again = data.with_columns(attempt=1, score=1 - pl.col("score"))
    found = hs.noise(pl.concat([data, again]), by="language").slices[0]
    assert {each.slice for each in found.slices} == {"English", "French", "German"}
    assert all(each.noise.entries[0].measured for each in found.slices)


def test_slices_can_come_from_the_items_table(tmp_path):
    data, path = rows(), tmp_path / "items.csv"
    data.select("item", "language").unique().write_csv(path)
    found = hs.compare(data.drop("language"), "a", "b", by="language", items=path)
    assert found.slices == hs.compare(data, "a", "b", by="language").slices


def test_unknown_or_inconsistent_slice_columns_and_commands_without_slices_are_refused():
    with pytest.raises(DataError, match="no column 'langage'"):
        hs.compare(rows(), "a", "b", by="langage")
    with pytest.raises(OptionError, match="trend makes no slices"):
        hs.trend(rows(), by="language")
    torn = rows().with_columns(language=pl.col("model"))
    with pytest.raises(DataError, match="differs between rows of item"):
        hs.compare(torn, "a", "b", by="language")


def test_slices_are_rows_of_the_data_frame():
    frame = hs.compare(rows(), "a", "b", by="language").to_frame()
    assert frame["slice"].to_list() == ["", "English", "French", "German"]
    assert hs.compare(rows(), "a", "b").to_frame().columns == [
        c for c in frame.columns if c not in ("by", "slice", "detectable")
    ]
    assert set(hs.leaderboard(rows(), by="language").to_frame()["slice"]) == {"", "English", "French", "German"}


def test_slices_below_the_minimum_size_are_not_judged():
    data = rows(sizes=(4, 5, 6))
    assert hs.leaderboard(data, by="language").slices[0].slices == ()
    found = hs.compare(data, "a", "b", by="language")
    assert found.slices[0].slices == ()
    assert found.slices[0].equal is None
    assert "By language: every slice is too small for a" in str(found)
    assert hs.estimate(data, by="language").slices[0].entries == ()
