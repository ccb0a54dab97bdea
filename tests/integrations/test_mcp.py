"""The MCP server, asked by the SDK's own client: tools, answers, what it refuses, and what it cuts."""

import json
import os
import re
import sys

import anyio
import click
import jsonschema
import pytest
from mcp import Client, ClientSession, StdioServerParameters
from mcp.client.stdio import stdio_client

import howsure as hs
from howsure.commands import mcp as command
from howsure.commands.main import load
from howsure.commands.read_only import reading_options
from howsure.errors import OptionError
from howsure.integrations.mcp import CHARACTERS, Folders, cut, server
from places import ROOT

pytestmark = [pytest.mark.once, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
EXAMPLES = ROOT / "examples"
PAIR = {"a": "smollm2-135m-t0.3", "b": "smollm2-135m-terse", "cluster": ["passage_id"]}


def ask(*calls, folders=(EXAMPLES,)):
    """Return the results of some calls of the served tools."""

    async def session():
        served = Folders(folders)
        async with Client(server(command.tools(served), served)) as client:
            return [await client.call_tool(name, given) for name, given in calls]

    return anyio.run(session)


def ask_process(*calls, folders=(EXAMPLES,)):
    """Return what a server in a process of its own says at the beginning, its tools, and the results of some calls."""

    async def session():
        program = StdioServerParameters(
            command=sys.executable,
            args=["-m", "howsure", "mcp", *map(str, folders)],
            env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "")},
        )
        async with stdio_client(program) as streams, ClientSession(*streams) as client:
            begun = await client.initialize()
            tools = (await client.list_tools()).tools
            return begun, tools, [await client.call_tool(name, given) for name, given in calls]

    return anyio.run(session)


def test_the_tools_are_read_only_and_their_schemas_are_valid():
    begun, tools, (gap,) = ask_process(("compare", {"paths": ["logs"], **PAIR}))
    assert gap.structured_content["better"].endswith(PAIR["a"])
    assert begun.server_info.name == "howsure"
    assert "describe first" in begun.instructions
    names = [tool.name for tool in tools]
    assert names[:4] == ["answer", "describe", "runs", "estimate"]
    assert {"compare", "gate", "plan_labels", "help", "guide"} <= set(names)
    for tool in tools:
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.annotations.read_only_hint
        assert tool.description.endswith(".")
    assert len(json.dumps([tool.model_dump(mode="json", exclude_none=True) for tool in tools])) < 45_000
    page = (ROOT / "docs" / "agents.md").read_text().partition("## Tools")[2].partition("The arguments")[0]
    assert sorted(re.findall(r"`(\w+)`", page)) == sorted(names)
    compare = next(tool for tool in tools if tool.name == "compare").input_schema["properties"]
    assert compare["flips"]["type"] == "boolean"
    assert compare["margin"]["type"] == ["number", "string"]
    assert compare["paths"]["type"] == "array"


def test_answers_are_the_documented_json_of_the_commands():
    gap, gate, plan, chapter, options = ask(
        ("compare", {"paths": ["logs"], **PAIR}),
        ("gate", {"paths": ["logs"], "candidate": PAIR["b"], "baseline": PAIR["a"], "not_worse_than": "2pp"}),
        ("plan_failures", {"below": "0.1%"}),
        ("guide", {"chapter": 4}),
        ("help", {"command": "plan_score"}),
    )
    found = hs.compare(EXAMPLES / "logs", PAIR["a"], PAIR["b"], cluster="passage_id")
    assert gap.structured_content == json.loads(found.render("json"))
    assert json.loads(gap.content[0].text) == gap.structured_content
    assert not gap.is_error
    assert gate.structured_content["answer"] == "gate"
    assert gate.structured_content["verdict"] == "fail"
    assert not gate.is_error
    assert plan.structured_content["sentence"].startswith("2,995 runs")
    assert "independence fails" in chapter.content[0].text
    assert "--at-least" in options.content[0].text


def test_paths_outside_the_folders_and_options_that_write_are_refused(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "secret.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    (tmp_path / "results" / "own.csv").write_text("model,item,score\na,1,1\na,2,0\n")
    (tmp_path / "results" / "link.csv").symlink_to(tmp_path / "secret.csv")
    (tmp_path / "results" / "polars.py").write_text("raise SystemExit('this file was imported')")
    refused = [
        {"paths": ["../secret.csv"]},
        {"paths": [str(tmp_path / "secret.csv")]},
        {"paths": ["link.csv"]},
        {"paths": ["https://example.org/x.csv"]},
        {"paths": ["own.csv"], "options": [f"--items={tmp_path}/secret.csv"]},
        {"paths": ["own.csv"], "options": ["--output=new.json"]},
        {"paths": ["own.csv"], "options": ["--format=html"]},
        {"paths": ["own.csv"], "options": ["-o"]},
        {"paths": ["own.csv"], "statistik": "f1"},
    ]
    *answers, good, missing = ask(
        *(("estimate", given) for given in refused),
        ("estimate", {"paths": ["own.csv"]}),
        ("estimate", {"paths": ["lost.csv"]}),
        folders=[tmp_path / "results"],
    )
    for given, answer in zip(refused, answers, strict=True):
        assert answer.is_error, given
        assert answer.structured_content["error"]["kind"] == "option", given
        assert answer.structured_content["error"]["remedy"]
    assert good.structured_content["answer"] == "estimates"
    assert missing.structured_content["error"]["kind"] == "read"
    assert sorted(path.name for path in (tmp_path / "results").iterdir()) == ["link.csv", "own.csv", "polars.py"]


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("logs", True),
        ("model:openai/gpt-4o", True),
        ("accuracy,f1", True),
        ("history:logs", True),
        ("history:..", False),
        ("item=../x", False),
        ("path:/etc/passwd", False),
        ("file:/etc/passwd", False),
        ("s3://bucket/x", False),
        ("a/../../x", False),
        ("a,/etc/passwd", False),
    ],
)
def test_any_part_of_a_text_that_could_be_a_path_is_checked(text, allowed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    folders = Folders([tmp_path])
    if allowed:
        folders.check(text)
    else:
        with pytest.raises(OptionError, match=r"outside the served folders|is an address"):
            folders.check(text)


def test_a_baseline_saved_next_to_a_configuration_above_is_outside(tmp_path, monkeypatch):
    (tmp_path / "howsure.toml").write_text("")
    (tmp_path / "served").mkdir()
    monkeypatch.chdir(tmp_path / "served")
    with pytest.raises(OptionError, match="saved outside"):
        Folders(["."]).check("saved:main")
    Folders([tmp_path]).check("saved:main")


def test_long_answers_are_cut_with_a_count():
    whole, short = ask(
        ("leaderboard", {"paths": ["swebench_verified.parquet"], "model": ["20250819_ACoder", "20250901_warp"]}),
        ("leaderboard", {"paths": ["swebench_verified.parquet"]}),
    )
    assert "cut" not in whole.structured_content
    assert len(short.content[0].text) <= CHARACTERS
    (count,) = short.structured_content["cut"].values()
    assert count["of"] == 158
    assert len(short.structured_content["boards"][0]["models"]) == count["shown"] < 158


def test_a_mapping_of_a_configuration_above_the_folder_is_not_read(tmp_path):
    """--no-config of the calls covers the tables of mappings too."""
    (tmp_path / "howsure.toml").write_text('[map.own]\nrows = "cases[*]"\nitem = "id"\nscore = "points"\n')
    (tmp_path / "served").mkdir()
    cases = {"cases": [{"id": f"c{k}", "points": k % 2} for k in range(20)]}
    (tmp_path / "served" / "run.json").write_text(json.dumps(cases))
    given = {"paths": ["run.json"], "options": ["--map=own"]}
    (answer,) = ask(("estimate", given), folders=[tmp_path / "served"])
    assert answer.is_error
    (tmp_path / "served" / "own.toml").write_text('rows = "cases[*]"\nitem = "id"\nscore = "points"\n')
    (answer,) = ask(("estimate", given | {"options": ["--map=own.toml"]}), folders=[tmp_path / "served"])
    assert answer.structured_content["answer"] == "estimates"


def test_cutting_keeps_the_sentence_of_any_answer():
    short = {"sentence": "A is better.", "tasks": [{"rows": [1, 2, 3]}]}
    assert cut(short) == short
    wide = {"sentence": "A is better.", "rows": [{"text": "x" * 5_000, "more": list(range(100))}] * 200}
    for most in (100_000, 10_000, 300):
        found = cut(wide, most)
        assert found["sentence"] == "A is better."
        assert len(json.dumps(found)) <= most
        assert found["cut"]["rows"]["of"] == 200


def test_no_served_option_names_a_file_that_is_written():
    """An option of a served command with a file is one that is read; a new one must be put on either side."""
    reads = {"map", "items", "prices", "over", "release_dates", "labels", "pilot", "quarantine", "policy"}
    reads |= {"a", "b", "against", "candidate", "baseline"}
    for name in command.SERVED:
        first, _, second = name.partition(" ")
        found = load(first)
        found = found.commands[second] if second else found
        for option in reading_options(found):
            if any(word in (option.metavar or "") for word in ("FILE", "PATH", "FOLDER")):
                assert option.name in reads, (name, option.name)
            assert not isinstance(option.type, click.Path | click.File)


def test_without_the_sdk_the_command_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "howsure.integrations.mcp", None)
    with pytest.raises(OptionError, match="needs the MCP SDK"):
        command.mcp.callback(folders=(), characters=1_000)
