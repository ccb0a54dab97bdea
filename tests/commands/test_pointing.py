"""An undecided answer points to a chapter of the guide in its last line."""

import json

import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import close_models, two_models
from howsure.commands.main import main

MORE = "More: howsure guide"


@pytest.fixture
def here(tmp_path, monkeypatch):
    """Close models whose names need quotes, in a folder whose name does; and two that differ by a lot."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "my logs").mkdir()
    close_models(names=("new one", "old")).write_parquet(tmp_path / "my logs" / "close.parquet")
    two_models(n=400).write_parquet(tmp_path / "apart.parquet")
    return tmp_path


def run(*words, **env):
    result = CliRunner(env={"COLUMNS": "80", **env}).invoke(main, list(words), prog_name="howsure")
    assert result.exit_code in (0, 2), result.output
    return result.output


def lines(text):
    """Return the lines that lead to a chapter."""
    return [line for line in text.splitlines() if MORE in line]


PAIR = ("compare", "my logs", "-a", "new one", "-b", "old")
GATE = ("gate", "my logs", "--candidate", "new one", "--baseline", "old", "--not-worse-than", "0.1pp")


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("words", "chapter"),
    [(PAIR, 7), (GATE, 7), (("leaderboard", "my logs"), 1), (("compare", "my logs", "--against", "old"), 7)],
    ids=["compare", "gate", "leaderboard", "against"],
)
def test_the_last_line_of_an_undecided_answer_names_its_chapter(words, chapter):
    assert run(*words).rstrip("\n").splitlines()[-1].startswith(f"{MORE} {chapter}")


@pytest.mark.usefixtures("here")
def test_a_decided_comparison_points_to_no_chapter():
    assert lines(run("compare", "apart.parquet", "-a", "a", "-b", "b")) == []
    assert hs.compare(two_models(n=400), a="a", b="b").to_dict()["chapter"] is None


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize("format", ["markdown", "html"])
def test_markdown_and_html_name_the_chapter(format):
    (line,) = lines(run(*PAIR, "-f", format))
    assert "howsure guide 7" in line


@pytest.mark.usefixtures("here")
def test_latex_names_the_chapter_in_a_comment():
    assert lines(run(*PAIR, "-f", "latex")) == [f"% {MORE} 7, --details"]


@pytest.mark.usefixtures("here")
def test_json_has_a_chapter_number_and_csv_has_no_chapter():
    found = json.loads(run(*PAIR, "-f", "json"))
    assert found["chapter"] == 7
    assert lines(json.dumps(found)) == lines(run(*PAIR, "-f", "csv")) == []
    assert "chapter" not in run(*PAIR, "-f", "csv")


def test_python_output_names_the_chapter():
    assert lines(str(hs.compare(close_models(), a="a", b="b"))) == [f"{MORE} 7, `details=True`"]


def test_the_first_sentence_comes_first_and_the_small_print_last():
    text = str(hs.compare(pl.concat([close_models()]), a="a", b="b")).splitlines()
    assert text[0].startswith("Can't tell. ")
    assert text[1:].index(next(line for line in text[1:] if line.startswith("Data: "))) > text[1:].index(
        next(line for line in text[1:] if line.startswith("model "))
    )
