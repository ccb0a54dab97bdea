"""`howsure convert`: the table, and what its logs say of their tasks that a table doesn't."""

from dataclasses import replace

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.convert import unwritten
from howsure.commands.main import main
from howsure.table.scores import Missing, Scores, TaskFacts
from places import ROOT

DICTS = ROOT / "tests" / "fixtures" / "inspect" / "dict_scores.eval"


def scores(*facts, failed=3, tasks=("x",), metrics=("right",)):
    rows = [
        {"task": task, "model": model, "item": f"q{k}", "metric": metric, "score": None if k < failed else float(k % 2)}
        for task in tasks
        for metric in metrics
        for model in "ab"
        for k in range(20)
    ]
    return Scores(rows=pl.DataFrame(rows), facts=facts)


ZERO = TaskFacts(task="x", harness="Some", failures="zero")


def test_a_table_is_read_with_the_flags_as_its_log_is():
    told = scores(ZERO)
    assert unwritten(told) == [
        "The table doesn't say that failed attempts count as 0, as they do in the logs: use --failures zero with it."
    ]
    table = replace(told, facts=())
    alike = [
        hs.compare(data, "a", "b", **options).difference.n_items
        for data, options in ((told, {}), (table, {"failures": "zero"}))
    ]
    assert alike == [20, 20]
    assert hs.compare(table, "a", "b").difference.n_items == 17


@pytest.mark.parametrize(
    "silent",
    [
        scores(),
        scores(ZERO, failed=0),
        scores(TaskFacts(task="x", harness="Some")),
        scores(TaskFacts(task="x", harness="Some", headline="right")),
        scores(TaskFacts(task="x", harness="Some", lower_is_better=frozenset({"other"}))),
    ],
)
def test_what_changes_nothing_is_not_spoken_of(silent):
    assert unwritten(silent) == []


def test_directions_and_first_metrics_are_told():
    lower = TaskFacts(task="x", harness="Some", failures="zero", headline="loss", lower_is_better=frozenset({"loss"}))
    assert unwritten(scores(lower, metrics=("loss", "right"))) == [
        "The table doesn't say which metric comes first, as loss does in the logs: use --metric loss with it.",
        "The table doesn't say that smaller scores are better, as the logs do: use --lower-is-better with it.",
    ]


def test_of_some_tasks_it_is_a_line_of_the_configuration():
    assert unwritten(scores(ZERO, tasks=("x", "y"))) == [
        'The table doesn\'t say that failed attempts count as 0, as they do in the logs: write failures = "zero" below [tasks."x"] in howsure.toml.'
    ]


def test_what_was_not_run_has_no_rows():
    lacking = replace(
        scores(), facts=(TaskFacts(task="x", harness="Some"),), missing=(Missing(task="x", model="a", unnamed=2),)
    )
    assert unwritten(lacking) == ["The table lacks 2 attempts that the logs were to make and didn't."]


def test_the_command_says_it_line_by_line(tmp_path):
    target = str(tmp_path / "copy.parquet")
    told = CliRunner().invoke(main, ["convert", str(DICTS), "-o", target])
    assert told.exit_code == 0
    assert told.stdout == ""
    first, second = told.stderr.splitlines()
    assert first.endswith("rows written to " + target + ".")
    assert second.endswith(
        "which metric comes first, as rubric/fluency does in the logs: use --metric rubric/fluency with it."
    )
    asked = [["estimate", str(DICTS)], ["estimate", target, "-m", "rubric/fluency"]]
    log, copy = (CliRunner().invoke(main, words).stdout.splitlines() for words in asked)
    assert {line for line in log if "mockllm" in line} == {line for line in copy if "mockllm" in line} != set()
