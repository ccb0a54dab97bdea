"""The command line: every command runs, says its errors in one line, and writes what it is asked to."""

import csv
import io
import json

import click
import polars as pl
import pytest
from click.testing import CliRunner

from frames import clustered, two_models
from howsure import options
from howsure.commands import options as cli_options
from howsure.commands.main import main
from howsure.commands.options import parse_margin


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "quiz.csv"
    clustered().write_csv(path)
    return str(path)


def run(*words, code=0):
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == code, (words, result.output, result.exception)
    return result


def every_command():
    for name, command in main.commands.items():
        yield (name,), command
        yield from (((name, member), found) for member, found in getattr(command, "commands", {}).items())


def test_every_command_and_option_has_help():
    for name, command in every_command():
        text = run(*name, "--help").output
        assert command.help
        assert text.startswith(f"Usage: main {' '.join(name)}")
        for option in command.params:
            assert isinstance(option, click.Argument) or option.help, (name, option.name)


def test_choices_are_the_library_s_own():
    from typing import get_args

    assert get_args(options.IntervalMethod) == cli_options.INTERVALS
    assert get_args(options.ComparisonMethod) == cli_options.METHODS
    assert get_args(options.Variance) == cli_options.VARIANCES
    assert get_args(options.Adjustment) == cli_options.ADJUSTMENTS
    assert get_args(options.Failures) == cli_options.FAILURES
    assert get_args(options.Format) == cli_options.FORMATS
    assert get_args(options.Population) == cli_options.POPULATIONS


@pytest.mark.parametrize(
    "words",
    [
        ("leaderboard",),
        ("leaderboard", "--cluster", "passage", "--top", "1"),
        ("leaderboard", "--cluster", "passage", "--cluster", "item"),
        ("leaderboard", "--cluster-from", r"^(p\d+)-"),
        ("leaderboard", "--adjust", "holm", "--interval", "bootstrap", "--variance", "miller", "--method", "t"),
        ("leaderboard", "--lower-is-better", "--level", "0.9"),
        ("estimate", "--interval", "jeffreys"),
        ("estimate", "--model", "a", "--failures", "zero"),
        ("compare", "-a", "a", "-b", "b", "--margin", "5pp"),
        ("compare", "-a", "a", "-b", "b", "--method", "sign-flip", "--cluster", "passage"),
        ("compare", "-a", "a", "-b", "b", "--method", "mcnemar"),
        ("compare", "-a", "a", "-b", "b", "--method", "bayes", "--seed", "3"),
        ("describe",),
    ],
)
def test_commands_answer(table, words):
    name, *rest = words
    assert run(name, table, *rest).output.strip()


def test_output_files_choose_their_format(table, tmp_path):
    for suffix, start in ((".md", "**"), (".csv", "rank,"), (".json", "{"), (".tex", "% needs "), (".txt", "")):
        target = tmp_path / f"board{suffix}"
        assert run("leaderboard", table, "-o", str(target)).output == ""
        assert target.read_text().startswith(start)
    assert "can't tell a format" in run("leaderboard", table, "-o", "board.doc", code=1).output


def test_pairs_in_csv_and_json(table):
    rows = list(csv.DictReader(io.StringIO(run("leaderboard", table, "--pairs").output)))
    assert len(rows) == 3
    assert {"a", "b", "p_value", "p_adjusted", "difference"} <= set(rows[0])
    assert len(json.loads(run("leaderboard", table, "--pairs", "-f", "json").output)) == 3


@pytest.mark.parametrize("suffix", [".parquet", ".csv", ".jsonl", ".arrow"])
def test_convert_round_trips(table, tmp_path, suffix):
    target = str(tmp_path / f"scores{suffix}")
    assert "120 rows written" in run("convert", table, "-o", target).output
    before, after = (run("estimate", path, "--cluster", "passage", "-f", "csv").output for path in (table, target))
    assert before == after


def test_errors_are_one_line_and_exit_1(tmp_path, table):
    result = run("estimate", str(tmp_path / "nothing.csv"), code=1)
    assert result.stderr.startswith("howsure: ")
    assert len(result.stderr.strip().splitlines()) == 1
    assert result.stdout == ""
    assert "Traceback" not in run("compare", table, "-a", "a", "-b", "nobody", code=1).output


def test_a_wrong_option_is_a_usage_error(table):
    assert "wilson" in run("estimate", table, "--interval", "wlad", code=2).output
    assert "has no '='" in run("estimate", table, "--columns", "model", code=2).output
    assert "is no number" in run("compare", table, "-a", "a", "-b", "b", "--margin", "small", code=2).output


def test_columns_and_where(tmp_path):
    path = tmp_path / "x.csv"
    two_models().with_columns(prompt=pl.lit("p1"), kind=pl.col("item")).rename({"model": "who"}).write_csv(path)
    out = run("estimate", str(path), "-c", "model=who+prompt", "-w", "kind=q1", "-w", "kind=q2").output
    assert "a · p1" in out
    assert "who + prompt as model" in out
    assert " 2" in out


def test_margins():
    assert parse_margin("1pp") == parse_margin("1 %") == parse_margin("0.01") == 0.01


def test_overall_weights(tmp_path):
    path = tmp_path / "x.csv"
    pl.concat([two_models(task=pl.lit("x")), two_models(n=40, task=pl.lit("y"))]).write_csv(path)
    assert "mean over tasks" in run("leaderboard", str(path)).output
    assert "all items pooled" in run("leaderboard", str(path), "--overall", "pooled").output
    assert "weighted mean" in run("leaderboard", str(path), "--overall", "x=2", "--overall", "y=1").output
    assert "name every task" in run("leaderboard", str(path), "--overall", "x=2", code=1).output
    assert "Of 2 tasks" not in run("compare", str(path), "-a", "a", "-b", "b").output


def test_output_that_can_t_be_written_is_an_error_in_words(table, tmp_path):
    target = str(tmp_path / "no" / "x.md")
    assert "can't write" in run("estimate", table, "-o", target, code=1).output
    assert "can't write" in run("convert", table, "-o", str(tmp_path / "no" / "x.csv"), code=1).output
    assert "one of the files to be read" in run("estimate", table, "-o", table, code=1).output
    assert "one of the files to be read" in run("convert", table, "-o", table, code=1).output


def test_a_leaderboard_of_published_scores_points_to_audit(tmp_path):
    path = tmp_path / "pub.csv"
    pl.DataFrame({"model": ["a", "b"], "score": [0.7, 0.6], "n": ["1,319", "1,319"]}).write_csv(path)
    assert "howsure audit" in run("leaderboard", str(path), code=1).output
    assert "1,319" in run("audit", str(path)).output
