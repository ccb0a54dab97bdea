"""The GitHub action: its inputs reach the gate as they are, and nothing in them is obeyed by a shell."""

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
