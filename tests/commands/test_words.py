"""Words that people try in place of a command or an option lead to the one that does what they mean."""

import re

import click
import pytest
from click.testing import CliRunner

from howsure.commands.main import NAMES, every, main
from howsure.commands.words import COMMANDS, OPTIONS, command_for

GUESSES = {
    "rank": "leaderboard",
    "ranking": "leaderboard",
    "board": "leaderboard",
    "top": "leaderboard",
    "sort": "leaderboard",
    "diff": "compare",
    "test": "compare",
    "t-test": "compare",
    "ttest": "compare",
    "significance": "compare",
    "pvalue": "compare",
    "vs": "compare",
    "delta": "compare",
    "ci": "estimate",
    "interval": "estimate",
    "error-bars": "estimate",
    "stderr": "estimate",
    "score": "estimate",
    "accuracy": "estimate",
    "mean": "estimate",
    "bootstrap": "estimate",
    "slices": "estimate --by",
    "categories": "estimate --by",
    "by": "estimate --by",
    "passk": "estimate --score",
    "pass@k": "estimate --score",
    "jailbreaks": "estimate 0/300",
    "list": "runs",
    "ls": "describe",
    "tasks": "describe",
    "models": "describe",
    "info": "describe",
    "inspect": "describe",
    "check": "describe",
    "validate": "describe",
    "votes": "arena",
    "elo": "arena",
    "bradley-terry": "arena",
    "battles": "arena",
    "winrate": "arena",
    "agreement": "agree",
    "kappa": "agree",
    "alpha": "agree",
    "krippendorff": "agree",
    "irr": "agree",
    "variance": "noise",
    "attempts": "noise",
    "epochs": "noise",
    "decompose": "noise",
    "regress": "history",
    "regression": "history",
    "drift": "history",
    "nightly": "history",
    "power": "plan",
    "samplesize": "plan",
    "sample_size": "plan",
    "mde": "plan",
    "flaky": "questions",
    "difficulty": "questions",
    "cost": "frontier",
    "price": "frontier",
    "speed": "frontier",
    "pareto": "frontier",
    "figure": "plot",
    "chart": "plot",
    "export": "convert",
    "tidy": "convert",
    "html": "report",
    "dashboard": "report",
    "serve": "view",
    "ui": "view",
    "release": "gate",
    "approve": "gate",
    "non-inferiority": "gate",
    "monitor": "watch",
    "early-stop": "watch",
    "save": "baseline",
    "tutorial": "guide",
    "help": "guide",
    "grader": "judge",
    "published": "audit",
    "checkpoints": "trend",
    "coverage": "calibrate",
    "summary": "PATH",
    "results": "PATH",
}
FLAGS = {
    ("compare", "--alpha"): "--level",
    ("compare", "--bootstrap"): "--method",
    ("estimate", "--bootstrap"): "--interval",
    ("estimate", "--ci"): "--level",
    ("estimate", "--epochs"): "--score",
    ("plan", "--epochs"): "--attempts",
    ("estimate", "--k"): "--score",
    ("estimate", "--pass-at-k"): "--score",
    ("leaderboard", "--csv"): "--format",
    ("leaderboard", "--latex"): "--format",
    ("compare", "--html"): "--format",
    ("leaderboard", "--output-format"): "--format",
    ("leaderboard", "--limit"): "--top",
    ("compare", "--limit"): "--where",
    ("leaderboard", "--exclude"): "--where",
    ("gate", "--max-drop"): "--not-worse-than",
    ("gate", "--margin"): "--not-worse-than",
    ("gate", "--threshold"): "--at-least",
    ("plan", "--delta"): "--effect",
    ("compare", "--delta"): "--margin",
    ("plan", "--n"): "--n-items",
    ("compare", "--verbose"): "--explain",
    ("compare", "--quiet"): "-o FILE",
    ("compare", "--item"): "--columns",
    ("compare", "--by-category"): "--by",
    ("compare", "--group"): "--by",
    ("compare", "--paired"): "paired on the questions",
    ("judge", "--truth"): "--human",
    ("compare", "--seeds"): "--random-factor",
    ("compare", "--since"): "--runs",
}


def run(*words):
    return CliRunner(env={"COLUMNS": "200"}).invoke(main, list(words), prog_name="howsure")


@pytest.mark.parametrize("word", GUESSES)
def test_a_word_leads_to_the_command_for_what_it_means(word):
    done = run(word, "x.csv")
    assert done.exit_code == 3
    assert f"no command {word!r}; " in done.output
    assert f"howsure {GUESSES[word]}" in done.output


@pytest.mark.parametrize(("command", "flag"), FLAGS)
def test_an_option_leads_to_the_one_of_the_command_for_what_it_means(command, flag):
    done = run(command, "x.csv", flag, "3") if command != "plan" else run(command, flag, "3")
    assert done.exit_code in (2, 3)
    assert f"no option {flag}; " in done.output
    assert FLAGS[command, flag] in done.output


def test_at_least_80_words_are_tried():
    assert len(GUESSES) >= 80
    assert len(FLAGS) >= 25


def test_every_command_that_a_word_leads_to_exists():
    for meaning in COMMANDS.values():
        named = re.findall(r"howsure ([a-z]+)", meaning)
        assert named or "howsure PATH" in meaning or "howsure --version" in meaning
        assert set(named) <= set(NAMES)


def test_every_option_that_a_word_leads_to_exists_somewhere():
    flags = {
        flag for command in commands() for param in command.params for flag in (*param.opts, *param.secondary_opts)
    }
    assert {flag for meanings in OPTIONS.values() for flag, _ in meanings} <= flags


def commands():
    for command in every().values():
        yield command
        if isinstance(command, click.Group):
            yield from command.commands.values()


def test_no_word_of_the_table_is_a_command():
    assert set(COMMANDS) & set(NAMES) == set()
    assert command_for("xyzzy") == ""


def test_formats_are_taken_as_people_write_them(tmp_path):
    (tmp_path / "x.csv").write_text("model,item,score\na,1,1\na,2,0\nb,1,0\nb,2,0\n")
    assert r"\begin{tabular}" in run("leaderboard", str(tmp_path / "x.csv"), "--format", "tex").output
    assert "| rank" in run("leaderboard", str(tmp_path / "x.csv"), "-f", "md").output


def test_a_figure_is_drawn_of_results_in_place_of_its_kind(tmp_path):
    (tmp_path / "x.csv").write_text("model,item,score\na,1,1\na,2,0\nb,1,0\nb,2,0\n")
    done = run("plot", str(tmp_path / "x.csv"), "-o", str(tmp_path / "x.json"))
    assert done.exit_code == 0, done.output
    assert (tmp_path / "x.json").exists()
    assert "The figures are leaderboard, ranks" in run("plot", "bars").output
