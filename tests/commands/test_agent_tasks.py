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


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task["commands"][0].removeprefix("howsure "))
def test_the_commands_of_the_agent_still_answer_its_task(task, data, monkeypatch):
    monkeypatch.chdir(data)
    answers = [
        json.loads(CliRunner().invoke(main, ["--no-config", *shlex.split(command)[1:], "-f", "json"]).stdout)
        for command in task["commands"]
    ]
    assert all("error" not in answer for answer in answers)
    for place, expected in task["answer"].items():
        found = at(answers[0], place)
        if place == "sentence":
            assert expected in found
        else:
            assert found == (pytest.approx(expected, abs=1e-3) if isinstance(expected, float) else expected)


def test_there_are_twelve_tasks_and_the_skill_names_every_command():
    assert len(TASKS) == 12
    skill = (ROOT / "skills" / "howsure" / "SKILL.md").read_text()
    for task in TASKS:
        for command in task["commands"]:
            assert f"`howsure {shlex.split(command)[1]} " in skill
