"""The twelve tasks that an agent solved with the skill alone: its commands still give the answers."""

import json
import runpy
import shlex
import tomllib

import pytest
from click.testing import CliRunner

from howsure.commands.main import main
from places import ROOT

pytestmark = pytest.mark.once
AGENT = ROOT / "tests" / "fixtures" / "agent"
TASKS = tomllib.loads((AGENT / "tasks.toml").read_text())["task"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("agent")
    runpy.run_path(str(AGENT / "make.py"))["make"](folder)
    return folder


def at(answer, place):
    for part in place.split("."):
        answer = answer[int(part)] if part.isdecimal() else answer[part]
    return answer


def run(command, *more):
    return CliRunner(env={"COLUMNS": "10000"}).invoke(main, ["--no-config", *shlex.split(command)[1:], *more]).stdout


def test_the_commands_of_the_agent_still_answer_its_tasks(data, monkeypatch):
    """As JSON, and in the terminal with the same first sentence."""
    monkeypatch.chdir(data)
    for task in TASKS:
        answers = [json.loads(run(command, "-f", "json")) for command in task["commands"]]
        assert all("error" not in answer for answer in answers), task["question"]
        for place, expected in task["answer"].items():
            found = at(answers[0], place)
            if place == "sentence":
                assert expected in found, task["question"]
            else:
                number = isinstance(expected, float)
                assert found == (pytest.approx(expected, abs=1e-3) if number else expected), task["question"]
        for command in task["commands"]:
            assert run(command, "--details").strip(), command


def test_there_are_twelve_tasks_and_the_skill_names_every_command():
    assert len(TASKS) == 12
    skill = (ROOT / "skills" / "howsure" / "SKILL.md").read_text()
    for task in TASKS:
        for command in task["commands"]:
            assert f"`howsure {shlex.split(command)[1]} " in skill
