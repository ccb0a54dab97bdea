"""With JSON output, every command writes its errors as JSON too; other formats, exit codes and standard error don't change."""

import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest
from click.testing import CliRunner

import howsure.answers
from frames import two_models
from howsure.commands.main import every, main
from trials import draws

SCHEMA = json.loads(Path(howsure.answers.__file__).with_name("schema.json").read_text(encoding="utf-8"))
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)
VERDICTS = {name for name, command in every().items() if getattr(command, "error_code", 0)}
WRITING_JSON = [name for name, command in every().items() if "format" in {param.name for param in command.params}]


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    two_models().write_csv("t.csv")
    return tmp_path


def run(*words):
    return CliRunner().invoke(main, [str(word) for word in words])


def error_in(text, code):
    document = json.loads(text)
    VALIDATOR.validate(document)
    assert list(document) == ["howsure", "error"]
    assert document["error"]["exit_code"] == code
    return document["error"]


def test_the_main_commands_have_a_json_format():
    assert {"compare", "gate", "leaderboard", "estimate", "plan", "watch"} <= set(WRITING_JSON)
    assert {"gate", "watch", "judge", "verify"} == VERDICTS


@pytest.mark.parametrize("name", WRITING_JSON)
def test_a_usage_error_is_json_if_json_was_requested(folder, name):
    paths = () if name == "plan" else ("t.csv",)  # a word behind plan is a subcommand
    found = run(name, *paths, "--no-such-option", "-f", "json")
    assert found.exit_code == (3 if name in VERDICTS else 2)
    assert error_in(found.stdout, found.exit_code) | {"message": ""} == {
        "kind": "usage",
        "message": "",
        "where": "",
        "remedy": f"See `main {name} --help`.",
        "exit_code": found.exit_code,
    }
    assert "No such option '--no-such-option'" in found.stderr


CASES = {
    "a file that isn't there": (("estimate", "nowhere"), 1, "read", "no such file or folder"),
    "a file that can't be read": (("estimate", "bad.json"), 1, "read", ""),
    "an unknown model": (("compare", "t.csv", "-a", "a", "-b", "nobody"), 1, "data", "no model 'nobody'"),
    "a level in percent": (("estimate", "t.csv", "--level", "95"), 1, "option", "--level 95"),
    "no such task": (("leaderboard", "t.csv", "--task", "x"), 1, "data", "x"),
    "half a comparison": (("compare", "t.csv", "-a", "a"), 2, "usage", "--b"),
    "no path": (("estimate",), 2, "usage", "PATH"),
    "no such word": (("estimate", "t.csv", "--interval", "wlad"), 2, "usage", "wlad"),
    "prose as data": (("estimate", "t.csv", "--explain"), 2, "usage", "prose"),
    "a value that is missing": (("estimate", "-f", "json", "t.csv", "--level"), 2, "usage", "--level"),
    "nothing to plan for": (("plan",), 1, "option", "nothing to plan for"),
    "a gate without a criterion": (("gate", "t.csv", "-a", "a"), 3, "option", "the gate has no criterion"),
    "a gate of a stranger": (("gate", "t.csv", "-a", "x", "--at-least", "1%"), 3, "data", "no model 'x'"),
    "a gate that can't be read": (("gate", "t.csv", "--at-most"), 3, "usage", "--at-most"),
    "a watch without a question": (
        ("watch", "t.csv", "-a", "a", "--once", "--at-least", "3"),
        3,
        "option",
        "--at-least",
    ),
    "no such command": (("estimat", "t.csv"), 3, "usage", "estimat"),
    "a mistake before the command": (("--no-such", "estimate", "t.csv"), 3, "usage", "--no-such"),
    "no such configuration": (("--config", "x.toml", "estimate", "t.csv"), 1, "option", "x.toml"),
}


def in_turn(others):
    """Pair every case with one of the others in turn; with each of them in trials."""
    return draws([*zip(CASES, itertools.cycle(others))], [*itertools.product(CASES, others)])


@pytest.mark.parametrize(("case", "where"), in_turn(["-f", "--format=", "-o"]))
def test_an_error_is_written_as_json_to_the_place_of_the_answer(folder, case, where):
    words, code, kind, said = CASES[case]
    (folder / "bad.json").write_text("{")
    asked = {"-f": ("-f", "json"), "--format=": ("--format=json",), "-o": ("-o", "x.json")}[where]
    if "-f" in words and where == "-o":
        return
    place = 0 if words[0].startswith("--") else 1
    at = len(words) if case == "a mistake before the command" or place == 0 else 1
    words = words if "-f" in words else (*words[:at], *asked, *words[at:])
    found = run(*words)
    assert found.exit_code == code, found.output
    text = (folder / "x.json").read_text() if where == "-o" else found.stdout
    error = error_in(text, code)
    assert (error["kind"], said in error["message"] + error["where"]) == (kind, True), error
    assert (found.stdout == "") == (where == "-o")
    assert error["message"] in found.stderr


@pytest.mark.parametrize(
    ("case", "asked"), in_turn([(), ("-f", "csv"), ("-f", "markdown"), ("-o", "x.csv"), ("-o", "x.md")])
)
def test_errors_in_other_formats_write_only_to_standard_error(folder, case, asked):
    words, code, _, _ = CASES[case]
    (folder / "bad.json").write_text("{")
    if "-f" in words or "--explain" in words:
        return
    found = run(*words, *asked)
    assert (found.exit_code, found.stdout) == (code, "")
    assert found.stderr
    assert not list(folder.glob("x.*"))


def test_json_errors_follow_the_format_of_the_configuration(folder):
    (folder / "howsure.toml").write_text('format = "json"\n[gate]\noutput = "gate.json"\n')
    assert error_in(run("estimate", "nowhere").stdout, 1)["kind"] == "read"
    assert error_in(run("estimate", "--bogus").stdout, 2)["kind"] == "usage"
    assert run("gate", "t.csv", "-a", "x", "--at-least", "1%").stdout == ""
    assert error_in((folder / "gate.json").read_text(), 3)["kind"] == "data"
    assert run("estimate", "nowhere", "-f", "csv").stdout == ""
    assert run("--no-config", "estimate", "nowhere").stdout == ""


def test_commands_without_json_have_no_json_errors(folder):
    for words in (("report", "nowhere"), ("convert", "nowhere"), ("plot", "leaderboard", "nowhere", "-o", "x.json")):
        found = run(*words)
        assert found.exit_code
        assert found.stdout == ""
    assert not (folder / "x.json").exists()


def test_a_json_error_overwrites_only_an_earlier_answer_of_howsure(folder):
    assert run("estimate", "t.csv", "-o", "x.json").exit_code == 0
    assert run("estimate", "nowhere", "-o", "x.json").exit_code == 1
    error_in((folder / "x.json").read_text(), 1)
    assert run("estimate", "t.csv", "-o", "x.json").exit_code == 0
    assert "error" not in json.loads((folder / "x.json").read_text())
    for text in ("", "[]", '{"samples": []}', "howsure"):
        (folder / "y.json").write_text(text)
        assert run("estimate", "nowhere", "-o", "y.json").exit_code == 1
        assert (folder / "y.json").read_text() == text


def test_a_json_error_never_overwrites_an_input_file(folder):
    rows = two_models().write_json()
    (folder / "rows.json").write_text(rows)
    assert "one of the files to be read" in run("estimate", "rows.json", "-o", "rows.json").stderr
    assert run("estimate", "rows.json", "-o", "rows.json", "--bogus").exit_code == 2
    assert (folder / "rows.json").read_text() == rows


def test_an_unwritable_output_path_does_not_hide_the_error(folder):
    for words in (("-o", "no/such/x.json"), ("-o", "t.csv/x.json")):
        found = run("estimate", "nowhere", *words)
        assert found.exit_code == 1
        assert "nowhere: no such file or folder" in found.stderr


def test_an_error_after_the_answer_leaves_the_json_answer_intact(folder, monkeypatch):
    estimate = every()["estimate"]
    usual = estimate.callback

    def breaks_afterwards(*args, **given):
        usual(*args, **given)
        raise ValueError("too late")

    monkeypatch.setattr(estimate, "callback", breaks_afterwards)
    found = run("estimate", "t.csv", "-f", "json")
    assert isinstance(found.exception, ValueError)
    assert json.loads(found.stdout)["answer"] == "estimates"


@pytest.mark.parametrize(("name", "code"), [("estimate", 1), ("gate", 3)])
@pytest.mark.parametrize(
    ("raised", "kind"), [(ZeroDivisionError("by zero"), "bug"), (KeyboardInterrupt(), "interrupted")]
)
def test_bugs_and_interruptions_are_json_errors_too(folder, monkeypatch, name, code, raised, kind):
    def broken(*_, **__):
        raise raised

    monkeypatch.setattr(every()[name], "callback", broken)
    words = {"estimate": (), "gate": ("-a", "a", "--at-least", "1%")}[name]
    found = run(name, "t.csv", *words, "-f", "json")
    assert found.exit_code == code
    error = error_in(found.stdout, code)
    assert error["kind"] == kind
    assert kind == "interrupted" or error["message"] == "ZeroDivisionError: by zero"


def test_a_watch_without_readable_results_is_a_json_error_with_exit_code_2(folder):
    (folder / "half.json").write_text('{"samples": [')
    found = run("watch", "half.json", "-a", "a", "--at-least", "0.5", "--once", "-f", "json")
    assert found.exit_code == 2
    assert error_in(found.stdout, 2)["message"].startswith("Nothing could be read yet: ")


def test_failed_and_undecided_gates_are_answers_and_not_json_errors(folder):
    for floor, code in (("1%", 0), ("99%", 1), ("60%", 2)):
        found = run("gate", "t.csv", "-a", "a", "--at-least", floor, "-f", "json")
        assert found.exit_code == code
        assert json.loads(found.stdout)["answer"] == "gate"


def test_hostile_file_names_give_valid_json_errors(folder):
    name = os.fsdecode(b"evil\xff\x1b[31m\n.csv")
    done = subprocess.run(
        [sys.executable, "-m", "howsure", "estimate", name, "-f", "json"], capture_output=True, check=False
    )
    assert done.returncode == 1
    assert error_in(done.stdout, 1)["where"]
    assert done.stderr.count(b"\n") == 1


def test_a_closed_pipe_changes_neither_the_exit_code_nor_standard_error(folder):
    """A reader who left changes neither the exit code nor the line for people."""
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "-m", "howsure", "estimate", "nowhere", "-f", "json"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
        preexec_fn=lambda: signal.signal(signal.SIGPIPE, signal.SIG_IGN),
    )
    os.close(writer)
    assert (done.returncode, done.stderr.count(b"\n")) == (1, 1)


@pytest.mark.parametrize("text", ['format = "json"\n', '[estimate]\nformat = "json"\n'])
def test_an_error_in_a_configuration_is_json_if_that_configuration_asks_for_json(folder, text):
    (folder / "howsure.toml").write_text('clustr = "x"\n' + text)
    found = run("estimate", "t.csv")
    assert "no option 'clustr'" in error_in(found.stdout, found.exit_code)["message"]
    (folder / "howsure.toml").write_text('clustr = "x"\noutput = "out.json"\n' + text)
    assert run("estimate", "t.csv").stdout == ""
    assert not (folder / "out.json").exists()
