"""The skill for agents is well-formed, its commands, options and fields exist, and the package contains it. Outputs are tested in tests/test_docs.py."""

import json
import re
import shlex
import shutil

import polars as pl
import pytest
from click.testing import CliRunner

from howsure.commands.main import NAMES, every, main
from howsure.guide.chapters import skill
from places import ROOT

TEXT = (ROOT / "skills" / "howsure" / "SKILL.md").read_text(encoding="utf-8")
COMMANDS = list(dict.fromkeys(re.findall(r"`(howsure [a-z]+ [^`…]*)`", TEXT)))
NAMED = {"A": "smollm2-135m-t0.3", "B": "smollm2-135m-2shot", "COMMAND": "compare", "FILE": "votes.csv"}
FOR_A_SHELL = {"view", "plot", "convert", "annotate", "calibrate", "trend", "guide", "baseline", "verify"}
"""Commands that the table doesn't need."""


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return a folder with all that the skill's commands read."""
    monkeypatch.chdir(tmp_path)
    shutil.copytree(ROOT / "examples" / "logs", "logs")
    shutil.copy(ROOT / "examples" / "nightly.parquet", "nightly.parquet")
    shutil.copy(ROOT / "docs" / "published.csv", "published.csv")
    labels = [1, 0, 0, 0] * 5 + [None] * 20
    pl.DataFrame({"VERDICTS": [1, 1, 0, 0] * 10, "LABELS": labels}).write_csv("verdicts.csv")
    pl.DataFrame({"label": [1, 1, 0, 0] * 10, "prediction": [1, 0, 0, 0] * 10}).write_csv("table.csv")
    for name in ("old", "new"):
        other = "*t0.3*" if name == "old" else "*terse*"
        shutil.copytree("logs", name, ignore=shutil.ignore_patterns(other, "*2shot*", "*t1.0*"))
    pl.DataFrame({"judge": [1] * 40 + [0] * 20, "me": [1] * 36 + [0] * 24}).write_csv("ratings.csv")
    turned = {"item": [*range(40)] * 2, "swapped": [False] * 40 + [True] * 40, "winner": [1] * 60 + [2] * 20}
    pl.DataFrame(turned).write_csv("choices.csv")
    votes = [{"model_a": a, "model_b": b, "winner": "model_a"} for a, b in ["xy", "xy", "yx"] * 10]
    pl.DataFrame(votes).write_csv("votes.csv")
    return tmp_path


def words_of(command):
    words = [NAMED.get(word, word) for word in shlex.split(command)[1:]]
    gates = words[0] == "gate"
    return [f"openai-api/local/{word}" if gates and word in NAMED.values() else word for word in words]


def test_the_front_matter_of_the_skill_has_a_name_and_a_description():
    _, front, body = TEXT.split("---\n", 2)
    name, description = re.fullmatch(r"name: (.+)\ndescription: >-\n((?:  .+\n)+)", front).groups()
    assert name == "howsure"
    assert len(" ".join(description.split())) <= 1024
    assert "Use it before" in description
    assert body.count("\n") <= 150


def test_the_skill_names_every_command():
    assert len(COMMANDS) > 20
    assert set(NAMES) - {command.split()[1] for command in COMMANDS} - {"mcp"} <= FOR_A_SHELL
    assert "`howsure mcp`" in TEXT


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_of_the_skill_runs(folder, command):
    words = words_of(command)
    command = every()[words[0]]
    formats = any(param.name == "format" for param in command.params) and not {"--help", "-f"} & {*words}
    found = CliRunner().invoke(main, [*words, *(["-f", "json"] if formats else [])])
    assert found.exit_code in ((0, 1, 2) if getattr(command, "error_code", 0) else (0,)), found.output
    assert not formats or "answer" in json.loads(found.stdout)


@pytest.mark.parametrize("option", sorted(set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", TEXT))))
def test_an_option_of_the_skill_exists(option):
    assert any(
        option in (*param.opts, *param.secondary_opts) for each in every().values() for param in each.params
    ) or option in ("--help", "--help-all")


@pytest.mark.parametrize("field", ["better", "equivalence", "unclear_because", "warnings", "verdict"])
def test_a_json_field_named_in_the_skill_exists(field):
    schema = json.loads((ROOT / "src/howsure/answers/schema.json").read_text(encoding="utf-8"))
    assert f"`{field}`" in TEXT
    assert any(field in schema["$defs"][name]["properties"] for name in ("comparison", "gate"))


def test_the_skill_names_every_verdict_and_reason_of_a_gate():
    schema = json.loads((ROOT / "src/howsure/answers/schema.json").read_text(encoding="utf-8"))
    gate = schema["$defs"]["gate"]["properties"]
    words = [word for field in ("verdict", "unclear_because") for word in gate[field]["enum"] if word]
    assert [word for word in words if f"`{word}`" not in TEXT] == []
    kinds = schema["$defs"]["error"]["properties"]["kind"]["enum"]
    assert {"usage", "option", "read", "data", "method", "bug"} <= set(kinds)


def test_howsure_guide_skill_prints_the_skill():
    assert CliRunner().invoke(main, ["guide", "--skill"]).output == TEXT == skill()
