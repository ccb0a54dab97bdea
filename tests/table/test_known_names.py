"""Common column names for models, questions and scores are recognised."""

import re
from importlib.resources import files
from itertools import product

import polars as pl
import pytest
from click.testing import CliRunner

import howsure
from howsure.commands.main import main
from howsure.errors import DataError
from howsure.table.schema import ALIASES, find_roles, tidy


def score_of(*columns):
    """Return the column that counts as the score of a table with these, "" without one."""
    return find_roles(["model", "item", *columns], {}).get("score", ("",))[0]


@pytest.mark.parametrize(
    "name", ["is_correct", "pass", "solved", "f1", "exact_match", "em", "BLEU", "rougeL", "rouge-l", "ok"]
)
def test_common_names_of_score_columns_are_recognised(name):
    assert score_of(name) == name
    assert score_of("label", name, "latency") == name


@pytest.mark.parametrize(
    ("columns", "score"),
    [
        (("label",), ""),
        (("labels", "gold_label"), ""),
        (("ok", "solved"), "solved"),
        (("success", "f1"), "f1"),
        (("f1", "correct"), "correct"),
        (("exact_match", "f1"), ""),
        (("ok", "exact_match", "f1"), ""),
    ],
)
def test_an_ambiguous_name_is_the_score_only_if_no_other_column_could_be(columns, score):
    assert score_of(*columns) == score
    if not score:
        with pytest.raises(DataError, match="no column for the score"):
            tidy(pl.DataFrame({name: ["1"] for name in ("model", "item", *columns)}), {})


def test_a_retriever_column_is_the_model_and_f1_the_score(tmp_path):
    rows = [
        (f"d{k // 4}", f"q{k}", name, (k * 7 % 10 + (name == "dense")) / 10)
        for k, name in product(range(40), ("bm25", "dense"))
    ]
    frame = pl.DataFrame(rows, schema=["doc", "question", "retriever", "f1"], orient="row")
    frame.write_csv(tmp_path / "f.csv")
    said = (
        CliRunner()
        .invoke(main, ["compare", str(tmp_path / "f.csv"), "--cluster", "doc"], catch_exceptions=False)
        .output
    )
    assert "Columns: retriever as model, question as item, f1 as score." in " ".join(said.split())
    assert abs(howsure.compare(frame, cluster="doc").difference.value) == pytest.approx(0.1)


def test_a_judge_table_with_a_question_column_is_clustered_by_question():
    rows = [(f"q{k}", name, (k + (name == "A")) % 2, k % 2 if k < 20 else None) for k, name in product(range(40), "AB")]
    frame = pl.DataFrame(rows, schema=["question", "system", "judge", "human"], orient="row")
    named = frame.rename({"question": "item"})
    found, expected = (
        howsure.judge(frame, human="human", a="A", b="B"),
        howsure.judge(named, human="human", a="A", b="B"),
    )
    assert found.render("json").replace("question", "item") == expected.render("json").replace("question", "item")


def test_the_lesson_recognises_the_same_column_names():
    text = files("howsure.guide").joinpath("assets/app/csv.js").read_text("utf-8")
    known = {role: tuple(names.split()) for role, names in re.findall(r'(\w+): listOf\("([\w ]+)"\)', text)}
    assert known == {role: ALIASES[role] for role in ("task", "model", "item", "attempt", "metric", "score")}
