"""The GitHub action: its inputs reach the gate as they are, and nothing in them is obeyed by a shell."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from frames import two_models
from places import ROOT

ACTION = (ROOT / "action.yml").read_text()
INPUTS = re.findall(r"^  ([a-z-]+):\n    description: ", ACTION.partition("outputs:")[0], re.MULTILINE)
PASSED = dict(re.findall(r"^        (HOWSURE_[A-Z_]+): \$\{\{ inputs\.([a-z-]+) \}\}$", ACTION, re.MULTILINE))


def test_inputs_reach_the_script_through_the_environment_only():
    assert set(PASSED.values()) == set(INPUTS) - {"python-version"}
    assert all(name == f"HOWSURE_{value.upper().replace('-', '_')}" for name, value in PASSED.items())
    script = (ROOT / "scripts" / "gate-action").read_text()
    assert all(name in script for name in PASSED)
    assert all("${{" not in line for line in re.findall(r"^\s+(?:- )?run: .*$", ACTION, re.MULTILINE))


@pytest.fixture
def place(tmp_path):
    (tmp_path / "the logs").mkdir()
    two_models(n=300).write_csv(tmp_path / "the logs" / "quiz.csv")
    return tmp_path


def act(place, **inputs):
    env = {**os.environ, **inputs, "GITHUB_STEP_SUMMARY": str(place / "summary"), "GITHUB_OUTPUT": str(place / "out")}
    env["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{env['PATH']}"
    script = ROOT / "scripts" / "gate-action"
    return subprocess.run(["bash", script], cwd=place, env=env, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("inputs", "code", "verdict"),
    [
        ({"HOWSURE_BASELINE": "b", "HOWSURE_NOT_WORSE_THAN": "1pp"}, 0, "pass"),
        ({"HOWSURE_AT_LEAST": "90%"}, 1, "fail"),
        ({"HOWSURE_AT_LEAST": "50%"}, 2, "unclear"),
        ({"HOWSURE_AT_LEAST": "50%", "HOWSURE_UNCLEAR": "pass"}, 0, "pass"),
        ({"HOWSURE_BASELINE": "b", "HOWSURE_BETTER": "true", "HOWSURE_CLUSTER": "none"}, 0, "pass"),
        ({"HOWSURE_BASELINE": "b", "HOWSURE_OPTIONS": "--better\n--level=0.9\n"}, 0, "pass"),
        ({}, 3, "error"),
    ],
)
def test_the_script_runs_the_gate(place, inputs, code, verdict):
    done = act(place, HOWSURE_PATHS="the logs\n", HOWSURE_CANDIDATE="a", **inputs)
    assert done.returncode == code, done.stdout + done.stderr
    assert (place / "out").read_text() == f"verdict={verdict}\n"
    if code < 3:
        assert "<!-- howsure gate -->" in (place / "summary").read_text()
        assert "::notice" in done.stdout or "::error" in done.stdout or "::warning" in done.stdout


def test_files_are_written_and_shells_obey_nothing(place):
    evil = "a$(touch evil)`touch evil`; touch evil"
    done = act(place, HOWSURE_PATHS="the logs", HOWSURE_CANDIDATE=evil, HOWSURE_AT_LEAST="1%")
    assert done.returncode == 3
    assert not (place / "evil").exists()
    act(
        place,
        HOWSURE_PATHS="the logs",
        HOWSURE_CANDIDATE="a",
        HOWSURE_AT_LEAST="1%",
        HOWSURE_COMMENT="c.md",
        HOWSURE_JUNIT="j.xml",
    )
    assert (place / "c.md").read_text().startswith("<!-- howsure gate -->")
    assert (place / "j.xml").read_text().startswith("<?xml")


def git(place, *words):
    who = ("-c", "user.name=n", "-c", "user.email=e@example.org", "-c", "commit.gpgsign=false")
    done = subprocess.run(["git", *who, *words], cwd=place, check=True, capture_output=True, text=True)
    return done.stdout.strip()


CHANGES = {
    "none": ({}, "", None),
    "a threshold": ({"howsure.toml": "[gate]\nat_least = 0.01\n"}, "", "howsure.toml"),
    "a comment": ({"howsure.toml": "# lower\n[gate]\nat_least = 0.02\n"}, "", None),
    "it is gone": ({"howsure.toml": None}, "", "howsure.toml"),
    "another tool": ({"pyproject.toml": "[tool.other]\nx = 1\n"}, "", None),
    "a new one nearer": ({"the logs/howsure.toml": "[gate]\nat_least = 0.01\n"}, "the logs", "the logs/howsure.toml"),
    "no base commit": ({}, "", "not known"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_a_configuration_that_the_pull_request_changes_is_said(place, case):
    files, folder, said = CHANGES[case]
    (place / "howsure.toml").write_text("[gate]\nat_least = 0.02\n")
    git(place, "init", "-q")
    git(place, "add", ".")
    git(place, "commit", "-qm", "base")
    base = "0" * 40 if said == "not known" else git(place, "rev-parse", "HEAD")
    for name, text in files.items():
        (place / name).unlink() if text is None else (place / name).write_text(text)
    event = place / "event.json"
    event.write_text(json.dumps({"pull_request": {"base": {"sha": base}}}))
    done = act(
        place / folder,
        HOWSURE_PATHS=str(place / "the logs" / "quiz.csv"),
        HOWSURE_CANDIDATE="a",
        HOWSURE_OPTIONS="--at-least=0.02",
        GITHUB_EVENT_PATH=str(event),
    )
    assert done.returncode == 0, done.stderr
    summary = (place / folder / "summary").read_text()
    for text in (done.stdout, summary):
        assert ("configuration" in text) == (said is not None)
        assert said is None or said in text


def test_outside_of_a_pull_request_nothing_is_said_of_the_configuration(place):
    done = act(place, HOWSURE_PATHS="the logs", HOWSURE_CANDIDATE="a", HOWSURE_AT_LEAST="1%", GITHUB_EVENT_PATH="")
    assert "configuration" not in done.stdout
