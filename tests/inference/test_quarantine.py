"""Quarantine: flaky questions are written with their evidence, and left out of a gate until a day."""

from __future__ import annotations

import tomllib
import xml.etree.ElementTree as ET
from datetime import date

import numpy as np
import polars as pl
import pytest
from click.testing import CliRunner

import howsure as hs
from howsure.commands.main import main
from howsure.inference.quarantine import read_quarantine


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write("2026-11-01.csv", seed=1, attempts=20)
    hs.questions("2026-11-01.csv", quarantine="q.toml", until="2026-12-31")
    return tmp_path


def write(name, *, seed, attempts, questions=60):
    """Write attempts at questions of which the first three are right half of the time, the others always."""
    rng = np.random.default_rng(seed)
    rows = [
        {"id": f"q{i:02}", "try": k, "ok": int(i > 2 or rng.random() < 0.5)}
        for i in range(questions)
        for k in range(attempts)
    ]
    pl.DataFrame(rows).write_csv(name)


def test_the_file_has_the_flaky_questions_and_their_evidence(folder):
    table = tomllib.loads((folder / "q.toml").read_text())
    assert (table["until"], table["model"], table["chosen"]) == (date(2026, 12, 31), "2026-11-01", "flaky")
    assert [each["item"] for each in table["question"]] == ["q00", "q01", "q02"]
    first = table["question"][0]
    assert first["attempts"] == 20
    assert first["low"] < first["solved"] / 20 < first["high"]
    assert first["p_flaky"] <= 0.05
    assert len(read_quarantine("q.toml").questions) == 3


def test_mixed_questions_are_chosen_if_asked(tmp_path):
    rows = [
        {"model": "m", "item": f"q{c}", "attempt": k, "score": float(k < c)} for c in (0, 1, 5, 10) for k in range(10)
    ]
    hs.questions(pl.DataFrame(rows), quarantine=str(tmp_path / "q.toml"), until=date(2027, 1, 1), mixed=True)
    table = tomllib.loads((tmp_path / "q.toml").read_text())
    assert [each["item"] for each in table["question"]] == ["q1", "q5"]
    assert table["chosen"] == "mixed"


def test_its_questions_leave_both_sides_and_are_counted(folder):
    write("2026-11-28.csv", seed=2, attempts=14)
    answer = hs.gate("2026-11-28.csv", each_at_least=0.8, quarantine="q.toml")
    assert (answer.verdict, answer.checks[0].n_items) == ("pass", 57)
    use = answer.quarantine
    assert (use.n_listed, use.n_left_out, use.n_items, use.date) == (3, 3, 60, "2026-11-28")
    assert use.verdict_without == hs.gate("2026-11-28.csv", each_at_least=0.8).verdict != "pass"
    assert "3 of 60 questions left out until 2026-12-31" in str(answer).replace("\n", " ")
    write("2026-11-20.csv", seed=3, attempts=14)
    pair = hs.gate(candidate="2026-11-28.csv", baseline="2026-11-20.csv", not_worse_than=0.05, quarantine="q.toml")
    assert (pair.checks[0].n_items, pair.checks[0].baseline_score, pair.quarantine.date) == (57, 1.0, "2026-11-28")


def test_without_a_date_of_the_candidates_run_it_cannot_tell(folder):
    write("undated.csv", seed=2, attempts=14)
    answer = hs.gate("undated.csv", each_at_least=0.8, quarantine="q.toml")
    assert (answer.verdict, answer.unclear_because, answer.exit_code) == ("unclear", "quarantine", 2)
    assert "its run has no date, so the quarantine may have ended" in answer.checks[0].sentence


@pytest.mark.parametrize(
    ("until", "code", "left"),
    [("2026-11-27", "quarantine_ended", 0), ("2026-11-28", "quarantine_ends", 3), ("2026-12-05", "quarantine_ends", 3)],
)
def test_an_end_that_is_past_or_near_is_a_warning(folder, until, code, left):
    write("2026-11-28.csv", seed=2, attempts=14)
    hs.questions("2026-11-01.csv", quarantine="q.toml", until=until)
    answer = hs.gate("2026-11-28.csv", at_least=0.5, quarantine="q.toml")
    assert answer.quarantine.n_left_out == left
    assert code in [warning.code for warning in answer.warnings]


def test_many_questions_and_absent_ones_are_a_warning(folder):
    write("2026-11-28.csv", seed=2, attempts=14, questions=20)
    codes = [each.code for each in hs.gate("2026-11-28.csv", at_least=0.5, quarantine="q.toml").warnings]
    assert "quarantine_large" in codes
    pl.read_csv("2026-11-28.csv").filter(pl.col("id") != "q00").write_csv("2026-11-29.csv")
    codes = [each.code for each in hs.gate("2026-11-29.csv", at_least=0.5, quarantine="q.toml").warnings]
    assert "quarantine_absent" in codes


def test_evidence_of_the_candidates_own_run_is_refused(folder):
    with pytest.raises(hs.OptionError, match="evidence is the run of 2026-11-01 itself"):
        hs.gate("2026-11-01.csv", at_least=0.5, quarantine="q.toml")


@pytest.mark.parametrize(
    "text", ["", "until = 3", "until = 2026-12-31\nruns = 3", "[[question]]\ntask = 1", "\xff", "a b"]
)
def test_a_file_that_is_no_quarantine_is_an_error_that_names_it(tmp_path, text):
    (tmp_path / "bad.toml").write_bytes(text.encode("latin-1"))
    with pytest.raises(hs.OptionError, match=r"bad\.toml"):
        hs.gate(
            pl.DataFrame({"model": ["m"], "item": ["a"], "score": [1.0]}),
            at_least=0.5,
            quarantine=str(tmp_path / "bad.toml"),
        )


def test_evidence_is_the_candidates_own_run_whatever_its_task_is_called(folder):
    """Of two files that name no task, both have one of the same name."""
    write("2026-11-20.csv", seed=3, attempts=14)
    with pytest.raises(hs.OptionError, match="evidence is the run of"):
        hs.gate(candidate="2026-11-01.csv", baseline="2026-11-20.csv", not_worse_than=0.05, quarantine="q.toml")


def test_a_withdrawn_verdict_is_written_in_the_comment_and_as_skipped_questions(folder):
    write("undated.csv", seed=2, attempts=14)
    words = ["gate", "undated.csv", "--each-at-least", "80%", "--quarantine", "q.toml", "--junit", "out.xml"]
    done = CliRunner().invoke(main, [*words, "--comment", "comment.md"])
    assert done.exit_code == 2, done.output
    assert "has no date" in (folder / "comment.md").read_text()
    assert {case[0].tag for case in ET.parse(folder / "out.xml").iter("testcase")} == {"skipped"}


def test_a_quarantine_takes_a_day_and_one_model(tmp_path):
    rows = pl.DataFrame(
        {"model": ["a", "a", "b", "b"], "item": ["q"] * 4, "attempt": [0, 1] * 2, "score": [0.0, 1, 0, 1]}
    )
    with pytest.raises(hs.OptionError, match="a file and its last day"):
        hs.questions(rows, quarantine=str(tmp_path / "q.toml"))
    with pytest.raises(hs.OptionError, match="evidence of one model, and this is of 2 models"):
        hs.questions(rows, quarantine=str(tmp_path / "q.toml"), until="2027-01-01")
    with pytest.raises(hs.OptionError, match="not a date"):
        hs.questions(rows, quarantine=str(tmp_path / "q.toml"), until="soon")
