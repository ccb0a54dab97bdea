"""`howsure convert` writes a table and states which settings of the logs the table doesn't hold, with the flags that restore them."""

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


def test_a_converted_table_with_the_proposed_flags_gives_the_answer_of_its_log():
    told = scores(ZERO)
    assert unwritten(told) == [
        "The table doesn't store that failed attempts count as 0, as they do in the logs: use --failures zero with it."
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
def test_settings_of_a_log_that_change_nothing_are_not_mentioned(silent):
    assert unwritten(silent) == []


def test_convert_states_the_direction_and_the_first_metric_of_the_logs():
    lower = TaskFacts(task="x", harness="Some", failures="zero", headline="loss", lower_is_better=frozenset({"loss"}))
    assert unwritten(scores(lower, metrics=("loss", "right"))) == [
        "The table doesn't store which metric comes first, as loss does in the logs: use --metric loss with it.",
        "The table doesn't store that smaller scores are better, as the logs do: use --lower-is-better with it.",
    ]


def test_settings_of_single_tasks_are_proposed_as_configuration_lines():
    assert unwritten(scores(ZERO, tasks=("x", "y"))) == [
        'The table doesn\'t store that failed attempts count as 0, as they do in the logs: write failures = "zero" below [tasks."x"] in howsure.toml.'
    ]


def test_convert_counts_planned_attempts_that_were_not_run():
    lacking = replace(
        scores(), facts=(TaskFacts(task="x", harness="Some"),), missing=(Missing(task="x", model="a", unnamed=2),)
    )
    assert unwritten(lacking) == ["The table lacks 2 attempts that the logs planned but don't contain."]


def test_the_convert_command_writes_its_notes_to_standard_error_one_per_line(tmp_path):
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
