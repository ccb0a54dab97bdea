"""An undecided answer points to a chapter of the guide in one line; on a terminal the line is a command that opens it with the same pair."""

import json
import shlex

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import close_models, two_models
from howsure.commands.main import main

WHY = "Why, and what to do: "


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Close models whose names need quotes, in a folder whose name does; and two that differ by a lot."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my logs").mkdir()
    close = close_models(names=("new one", "old"))
    close.write_parquet(tmp_path / "my logs" / "close.parquet")
    two_models(n=400).write_parquet(tmp_path / "apart.parquet")
    return tmp_path


def run(*words, **env):
    result = CliRunner(env={"COLUMNS": "80", **env}).invoke(main, list(words), prog_name="howsure")
    assert result.exit_code in (0, 2), result.output
    return result.output


def lines(text):
    """Return the lines that lead to a chapter."""
    return [line for line in text.splitlines() if "Why, and what to do" in line]


PAIR = ("compare", "my logs", "-a", "new one", "-b", "old")
GATE = ("gate", "my logs", "--candidate", "new one", "--baseline", "old", "--not-worse-than", "0.1pp")


@pytest.mark.parametrize("words", [PAIR, GATE], ids=["compare", "gate"])
def test_an_undecided_comparison_shows_the_command_that_opens_its_chapter(here, words):
    (line,) = lines(run(*words))
    assert line == f"{WHY}howsure guide 7 --open 'my logs' -a 'new one' -b old"


def test_the_shown_guide_command_runs_with_the_same_reading_options(here):
    """It says what was typed of how the paths are read."""
    (line,) = lines(run(*PAIR, "--where", "half=first", "--cluster", "none"))
    words = shlex.split(line.removeprefix(WHY))[1:]
    assert words[-4:] == ["--where", "half=first", "--cluster", "none"]
    opened = words.index("--open")
    assert "The lesson is in page.html" in run(*words[:opened], "-o", "page.html", *words[opened + 1 :])


def test_a_decided_comparison_points_to_no_chapter(here):
    assert lines(run("compare", "apart.parquet", "-a", "a", "-b", "b")) == []
    assert hs.compare(two_models(n=400), a="a", b="b").to_dict()["chapter"] is None


def test_an_undecided_leaderboard_points_to_chapter_1(here):
    assert lines(run("leaderboard", "my logs")) == [f"{WHY}howsure guide 1 --open 'my logs'"]


def test_an_undecided_comparison_with_many_models_opens_one_pair(here):
    (line,) = lines(run("compare", "my logs", "--against", "old"))
    assert line == f"{WHY}howsure guide 7 --open 'my logs' -a 'new one' -b old"


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_markdown_and_html_name_the_chapter_without_local_paths(here, format):
    (line,) = lines(run(*PAIR, "-f", format))
    assert "howsure guide 7" in line
    assert "--open" not in line


def test_latex_names_the_chapter_in_a_comment(here):
    assert lines(run(*PAIR, "-f", "latex")) == [f"% {WHY}howsure guide 7"]


def test_json_has_a_chapter_number_and_csv_has_no_chapter(here):
    found = json.loads(run(*PAIR, "-f", "json"))
    assert found["chapter"] == 7
    assert lines(json.dumps(found)) == lines(run(*PAIR, "-f", "csv")) == []
    assert "chapter" not in run(*PAIR, "-f", "csv")


def test_python_output_names_the_chapter_without_paths():
    found = hs.compare(close_models(), a="a", b="b")
    assert lines(str(found)) == [f"{WHY}howsure guide 7"]


def test_models_given_as_files_are_not_passed_to_the_guide_command(here):
    rows = close_models(names=("m", "n")).with_columns(task=pl.lit("quiz"))
    for file, model in (("one.parquet", "m"), ("two.parquet", "n")):
        rows.filter(pl.col("model") == model).write_parquet(file)
    assert lines(run("compare", "-a", "one.parquet", "-b", "two.parquet")) == [f"{WHY}howsure guide 7"]


def test_no_open_command_is_shown_if_the_configuration_was_overridden(here):
    assert lines(run("--no-config", *PAIR)) == [f"{WHY}howsure guide 7"]


def test_the_guide_command_is_not_wrapped_in_a_narrow_terminal(here):
    assert len(lines(run(*PAIR, COLUMNS="40"))) == 1
    assert lines(run(*PAIR, COLUMNS="40"))[0].endswith("-b old")


def test_the_guide_points_to_its_chapters_on_own_results(here):
    assert f"{WHY}howsure guide 7 --open 'my logs'" in run("guide", "6", "my logs")
