"""`howsure PATH…` without a command: what each kind of data is answered by, and what is printed."""

import json
import re
from base64 import b64decode

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from frames import clustered
from howsure.commands.main import main
from howsure.present.files import figure_of
from places import LOGS
from reading import Reading


def run(*words, code=0, **env):
    done = CliRunner(env={"COLUMNS": "100", **env}).invoke(main, list(map(str, words)), prog_name="howsure")
    assert done.exit_code == code, done.output
    return done.output


def scores(models, tasks, n=30):
    """Return rows of right and wrong answers, so that later models are worse."""
    rows = [
        {"task": f"t{t}", "model": f"m{m}", "item": f"q{i}", "score": int((i * 7 + m + t) % (4 + m) > m)}
        for t in range(tasks)
        for m in range(models)
        for i in range(n)
    ]
    return pl.DataFrame(rows)


def same_as(output):
    """Return the command that an answer names in its last line."""
    last = output.rstrip("\n").splitlines()[-1]
    assert last.startswith("Same as: howsure "), last
    return last.removeprefix("Same as: ")


@pytest.mark.parametrize(
    ("models", "tasks", "verb"),
    [
        (1, 1, "estimate"),
        (2, 1, "compare"),
        (4, 1, "leaderboard"),
        (1, 5, "estimate"),
        (2, 5, "compare"),
        (3, 5, "leaderboard"),
        (60, 1, "leaderboard"),
        (30, 12, "leaderboard"),
    ],
)
def test_the_number_of_models_chooses_the_command(tmp_path, models, tasks, verb):
    scores(models, tasks).write_csv(tmp_path / "x.csv")
    output = run(tmp_path / "x.csv")
    assert same_as(output).split()[1] == verb
    assert output.count("\n") <= 40


def test_the_named_command_gives_the_same_answer(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    scores(3, 1).write_csv("x.csv")
    words = same_as(run("x.csv")).split()[1:]
    assert run(*words, "-f", "json") == run("x.csv", "-f", "json")


def test_the_higher_score_of_two_models_comes_first(tmp_path):
    rows = scores(2, 1).with_columns(model=pl.col("model").replace({"m0": "z", "m1": "a"}))
    rows.write_csv(tmp_path / "x.csv")
    means = rows.group_by("model").agg(pl.col("score").mean()).sort("score")["model"].to_list()
    assert same_as(run(tmp_path / "x.csv")).endswith(f"-a {means[1]} -b {means[0]}")


@pytest.mark.parametrize("column", [True, False])
def test_five_dates_of_one_model_are_a_history(tmp_path, column):
    rng = np.random.default_rng(1)
    for day in range(1, 7):
        table = pl.DataFrame({"id": range(50), "correct": (rng.random(50) < 0.7).astype(int)})
        table = table.with_columns(model=pl.lit("x")) if column else table
        table.write_csv(tmp_path / f"2026-10-0{day}.csv")
    assert same_as(run(tmp_path)).split()[1] == "history"
    pl.DataFrame({"id": range(5), "correct": [1] * 5}).write_csv(tmp_path / "2026-10-06.csv")
    if not column:
        assert same_as(run(tmp_path)).split()[1] == "leaderboard"  # the last run isn't complete


VOTES = pl.DataFrame({"model_a": ["x"] * 9, "model_b": ["y"] * 9, "winner": ["model_a"] * 6 + ["model_b"] * 3})
RATINGS = pl.DataFrame({"item": [*"abcdefgh"] * 2, "rater": ["r"] * 8 + ["s"] * 8, "rating": [1, 0] * 8})
JUDGED = pl.DataFrame({"item": range(30), "judge": [1, 0] * 15, "human": [1, 0, 0] * 10})
PUBLISHED = pl.DataFrame({"model": ["x", "y", "z"], "score": [0.7, 0.65, 0.6], "n": [200] * 3})
WIDE = pl.DataFrame({"question": range(20), "old": [1, 0] * 10, "new": [1, 1, 0, 1] * 5, "words": range(7, 27)})


@pytest.mark.parametrize(
    ("table", "verb"),
    [(VOTES, "arena"), (RATINGS, "agree"), (JUDGED, "judge"), (PUBLISHED, "audit"), (WIDE, "compare")],
    ids=["votes", "ratings", "judged answers", "published scores", "a column per model"],
)
def test_other_tables_are_answered_by_their_commands(tmp_path, table, verb):
    table.write_csv(tmp_path / "x.csv")
    assert same_as(run(tmp_path / "x.csv")).split()[1] == verb


def test_several_kinds_of_data_are_listed_with_counts_and_commands(tmp_path):
    VOTES.write_csv(tmp_path / "votes.csv")
    RATINGS.write_csv(tmp_path / "ratings.csv")
    scores(3, 2).write_csv(tmp_path / "scores.csv")
    output = run(tmp_path)
    assert "3 kinds of data here, and each has its own command:" in output
    assert "Same as" not in output
    for words in ("2 tasks, 3 models", "9 votes in 1 file", "16 ratings in 1 file"):
        assert words in output
    listed = json.loads(run(tmp_path, "-f", "json"))
    assert [each["kind"] for each in listed] == ["ratings", "scores", "votes"]
    for each in listed:
        run(*each["command"].split()[1:])


def test_counts_and_logs_are_answered():
    assert same_as(run("17/20")) == "howsure estimate 17/20"
    assert same_as(run("17/20", "14/20")).startswith("howsure compare 17/20 14/20")
    assert same_as(run("17/20", "14/20", "9/20")).startswith("howsure leaderboard")
    assert same_as(run(LOGS)).startswith("howsure leaderboard ")


def test_options_of_reading_and_design_work(tmp_path):
    scores(3, 2).rename({"score": "points"}).write_csv(tmp_path / "x.csv")
    words = ("-c", "score=points", "--task", "t0", "--model", "m0", "--model", "m1")
    command = same_as(run(tmp_path / "x.csv", *words))
    assert command.split()[1] == "compare"
    assert "--columns score=points --task t0" in command
    assert same_as(run("--task", "t1", "-c", "score=points", tmp_path / "x.csv")).split()[1] == "leaderboard"


def test_an_output_file_has_the_format_of_its_suffix(tmp_path):
    scores(3, 1).write_csv(tmp_path / "x.csv")
    run(tmp_path / "x.csv", "-o", tmp_path / "x.json")
    assert json.loads((tmp_path / "x.json").read_text())["answer"] == "leaderboard"
    run(tmp_path / "x.csv", "-o", tmp_path / "x.html")
    assert "<table" in (tmp_path / "x.html").read_text()


def test_markdown_is_short_too(tmp_path):
    scores(80, 1).write_csv(tmp_path / "x.csv")
    assert run(tmp_path / "x.csv", "-f", "md").count("\n") <= 40


def test_what_is_neither_a_command_nor_data_exits_with_3(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "missing.csv: no such file or folder" in run("missing.csv", code=3)
    assert "'nothing' is neither a command nor a file or folder" in run("nothing", code=3)
    (tmp_path / "empty").mkdir()
    assert "no scores found" in run("empty", code=1)


def test_a_command_goes_before_a_path_of_its_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").mkdir()
    scores(2, 1).write_csv(tmp_path / "runs" / "x.csv")
    assert "howsure ./runs" in run("runs", code=2)
    assert same_as(run("./runs")).startswith("howsure compare ./runs")


@pytest.mark.parametrize("options", [["--no-config"], ["--config", "own.toml"], ["--config=own.toml"]])
def test_a_configuration_may_stand_before_the_path(options, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "own.toml").write_text('[estimate]\nlevel = "90%"\n')
    scores(1, 1).write_csv("a.csv")
    # the configuration is of `estimate`, and the answer was without it
    assert same_as(run(*options, "a.csv")) == "howsure --no-config estimate a.csv"


def test_a_page_has_a_heading_the_day_the_data_the_command_and_the_figure_above_the_answer(tmp_path):
    table = tmp_path / "x.csv"
    clustered().write_csv(table)
    run("leaderboard", table, "--cluster", "passage", "-o", tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text()
    seen = Reading(text)
    assert seen.all("h1") == ["Leaderboard"]
    assert re.search(rf'<p class="small">\d{{4}}-\d\d-\d\d · {re.escape(str(table))}</p>', text)
    assert f"howsure leaderboard {table} --cluster passage" in text
    image = next(attributes for tag, attributes in seen.found if tag == "img")
    answer = hs.leaderboard(hs.read(table), cluster="passage")
    png, description = figure_of(answer)
    assert image["alt"] == description == answer.sentence
    assert b64decode(image["src"].removeprefix("data:image/png;base64,")) == png
    assert text.index("<figure") < text.index('class="verdict"') < text.index("<table")
    assert text.count('<div class="scroll"') == text.count("<table")


def test_an_answer_without_a_figure_is_a_page_without_one(tmp_path):
    table = tmp_path / "x.csv"
    clustered().write_csv(table)
    run("describe", table, "-o", tmp_path / "x.html")
    text = (tmp_path / "x.html").read_text()
    assert "<h1>Describe</h1>" in text
    assert "<figure" not in text
