"""The verb frontier and its command: the same answer, words and chart, in every format."""

import json

import polars as pl
from click.testing import CliRunner

import howsure as hs
from asked import PRICED
from howsure.commands.main import main


def run(*words):
    return CliRunner(env={"COLUMNS": "100"}).invoke(main, ["--no-config", *words], catch_exceptions=False)


def test_the_command_says_what_the_verb_says(tmp_path):
    path = tmp_path / "scores.csv"
    PRICED.write_csv(path)
    found = hs.frontier(hs.read(path), measure="usd")
    answered = json.loads(run("frontier", str(path), "--measure", "usd", "-f", "json").output)
    assert answered == found.to_dict()
    assert found.verdict.split(":")[0] in run("frontier", str(path), "--measure", "usd").output.replace("\n", " ")
    rows = pl.read_csv(run("frontier", str(path), "--measure", "usd", "-f", "csv").stdout_bytes)
    assert rows["model"].to_list() == [buy.model for buy in found.tasks[0].models]


def test_the_command_draws(tmp_path):
    path, figure = tmp_path / "scores.csv", tmp_path / "frontier.json"
    PRICED.write_csv(path)
    assert run("plot", "frontier", str(path), "--measure", "usd", "-o", str(figure)).exit_code == 0
    assert json.loads(figure.read_text())["data"]["values"]


def test_a_measure_is_asked_for(tmp_path):
    path = tmp_path / "scores.csv"
    PRICED.write_csv(path)
    answered = run("frontier", str(path))
    assert answered.exit_code == 1
    assert "no measure is named" in answered.output
