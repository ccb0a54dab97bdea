"""What can't be told leads to a chapter of the guide: one line, and on a terminal the command that opens it with that pair."""

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
def test_the_line_opens_the_chapter_with_that_pair(here, words):
    (line,) = lines(run(*words))
    assert line == f"{WHY}howsure guide 7 --open 'my logs' -a 'new one' -b old"


def test_the_command_of_the_line_can_be_run(here):
    """It says what was typed of how the paths are read."""
    (line,) = lines(run(*PAIR, "--where", "half=first", "--cluster", "none"))
    words = shlex.split(line.removeprefix(WHY))[1:]
    assert words[-4:] == ["--where", "half=first", "--cluster", "none"]
    opened = words.index("--open")
    assert "The lesson is in page.html" in run(*words[:opened], "-o", "page.html", *words[opened + 1 :])


def test_what_is_told_needs_no_chapter(here):
    assert lines(run("compare", "apart.parquet", "-a", "a", "-b", "b")) == []
    assert hs.compare(two_models(n=400), a="a", b="b").to_dict()["chapter"] is None


def test_a_board_leads_to_the_first_chapter(here):
    assert lines(run("leaderboard", "my logs")) == [f"{WHY}howsure guide 1 --open 'my logs'"]


def test_one_beside_many_leads_to_a_pair(here):
    (line,) = lines(run("compare", "my logs", "--against", "old"))
    assert line == f"{WHY}howsure guide 7 --open 'my logs' -a 'new one' -b old"


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_what_is_handed_on_names_the_chapter_alone(here, format):
    (line,) = lines(run(*PAIR, "-f", format))
    assert "howsure guide 7" in line
    assert "--open" not in line


def test_in_latex_it_is_for_who_writes_the_paper(here):
    assert lines(run(*PAIR, "-f", "latex")) == [f"% {WHY}howsure guide 7"]


def test_machines_get_a_number_and_no_line(here):
    found = json.loads(run(*PAIR, "-f", "json"))
    assert found["chapter"] == 7
    assert lines(json.dumps(found)) == lines(run(*PAIR, "-f", "csv")) == []
    assert "chapter" not in run(*PAIR, "-f", "csv")


def test_python_knows_no_paths():
    found = hs.compare(close_models(), a="a", b="b")
    assert lines(str(found)) == [f"{WHY}howsure guide 7"]


def test_a_side_that_is_no_model_of_the_paths_is_not_opened(here):
    rows = close_models(names=("m", "n")).with_columns(task=pl.lit("quiz"))
    for file, model in (("one.parquet", "m"), ("two.parquet", "n")):
        rows.filter(pl.col("model") == model).write_parquet(file)
    assert lines(run("compare", "-a", "one.parquet", "-b", "two.parquet")) == [f"{WHY}howsure guide 7"]


def test_another_configuration_is_not_opened(here):
    assert lines(run("--no-config", *PAIR)) == [f"{WHY}howsure guide 7"]


def test_a_line_is_one_line_in_a_narrow_terminal(here):
    assert len(lines(run(*PAIR, COLUMNS="40"))) == 1
    assert lines(run(*PAIR, COLUMNS="40"))[0].endswith("-b old")


def test_the_guide_itself_shows_it_on_the_readers_results(here):
    assert f"{WHY}howsure guide 7 --open 'my logs'" in run("guide", "6", "my logs")
