"""Sides written as COLUMN=VALUE: with and without a skill, a tool or a prompt, in one table."""

import polars as pl
import pytest

import howsure as hs
from places import ROOT

SKILLS = ROOT / "examples" / "skills.csv"
WITH, WITHOUT = "configuration=with_skill", "configuration=without_skill"


def test_two_values_of_a_column_are_compared_with_the_task_as_the_unit():
    pair = hs.compare(SKILLS, WITH, WITHOUT)
    rows = pl.read_csv(SKILLS)
    means = rows.group_by("configuration").agg(pl.col("passed").mean()).sort("configuration")["passed"].to_list()
    assert (pair.a, pair.b) == ("with_skill", "without_skill")
    assert pair.difference.value == pytest.approx(means[0] - means[1])
    assert pair.difference.n_items == 40
    renamed = hs.compare(rows.rename({"configuration": "model"}), "with_skill", "without_skill")
    assert pair.difference == renamed.difference


def test_a_frame_and_a_gate_take_the_same_sides():
    rows = pl.read_csv(SKILLS)
    assert hs.compare(rows, WITH, WITHOUT).difference == hs.compare(SKILLS, WITH, WITHOUT).difference
    assert hs.gate(SKILLS, WITH, WITHOUT, not_worse_than=0.02).verdict == "pass"


def test_a_model_of_that_very_name_goes_first():
    rows = pl.DataFrame(
        {
            "model": ["x=1"] * 6 + ["x=2"] * 6,
            "item": [*range(6)] * 2,
            "score": [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0],
            "x": [2, 1] * 6,
        }
    )
    assert hs.compare(rows, "x=1", "x=2").a_mean == pytest.approx(5 / 6)


def test_values_of_two_columns_are_sides_too():
    arm = pl.col("configuration")
    rows = pl.read_csv(SKILLS).select(
        "task_id",
        "trial",
        "passed",
        skill=pl.when(arm == "with_skill").then(pl.lit("on")).otherwise(pl.lit("off")),
        tool=pl.when(arm == "with_skill").then(pl.lit("none")).otherwise(pl.lit("search")),
    )
    pair = hs.compare(rows, "skill=on", "tool=search")
    assert (pair.a, pair.b) == ("on", "search")


def test_the_column_of_the_models_names_sides_too():
    rows = pl.read_csv(SKILLS).rename({"configuration": "model"})
    assert hs.compare(rows, "model=with_skill", "model=without_skill").difference == (
        hs.compare(rows, "with_skill", "without_skill").difference
    )


@pytest.mark.parametrize(
    ("sides", "message"),
    [
        ((WITH, "configuration=none"), "no row has configuration=none"),
        (("skill=a", "skill=b"), "no column 'skill' to choose rows by"),
    ],
)
def test_unknown_columns_and_values_are_errors(sides, message):
    with pytest.raises(hs.DataError, match=message):
        hs.compare(SKILLS, *sides)


def test_several_models_are_compared_on_their_answers_unless_the_arms_share_none():
    first, arm = pl.col("trial") == 0, pl.col("configuration") == "with_skill"
    rows = pl.read_csv(SKILLS).with_columns(model=pl.when(first).then(pl.lit("m")).otherwise(pl.lit("n")))
    pair = hs.compare(rows, WITH, WITHOUT)
    assert (pair.difference.n_items, pair.difference.n_clusters) == (80, 40)
    assert hs.compare(rows, WITH, WITHOUT, where={"model": "m"}).difference.n_items == 40
    with pytest.raises(hs.DataError, match="have no model in common"):
        hs.compare(rows.filter(first == arm), WITH, WITHOUT)
    with pytest.raises(hs.DataError, match="has 2 models: m, n") as error:
        hs.compare(rows, WITH, "trial=1")
    assert "model=m" in error.value.remedy
