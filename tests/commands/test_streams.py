"""Commands keep their exit codes on a full disk, a closed pipe, closed streams or an encoding that lacks some characters."""

import itertools
import json
import os
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from click.testing import CliRunner

from frames import two_models
from howsure.commands.main import main
from trials import draws

HOWSURE = [sys.executable, "-m", "howsure.commands.main"]
FULL = Path("/dev/full")


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    path = tmp_path_factory.mktemp("streams") / "quiz.csv"
    two_models().write_csv(path)
    return str(path)


def run(*words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more):
    environment = {**os.environ, **more, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run([*HOWSURE, *words], stdout=stdout, stderr=stderr, env=environment, check=False)


GATE = ("gate", "--candidate", "a", "--at-least", "0.01")
HARD = ("gate", "--candidate", "a", "--at-least", "0.99")


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("words", "code"),
    draws(
        [(("estimate", "--format", "json"), 1), (HARD, 3), (("estimate", "--help"), 1)],
        [(("estimate",), 1), (("estimate", "--format", "json"), 1), (GATE, 3), (HARD, 3), (("estimate", "--help"), 1)],
    ),
)
def test_a_full_disk_behind_standard_output_is_a_one_line_error(table, words, code):
    with FULL.open("w") as full:
        result = run(words[0], table, *words[1:], stdout=full)
    assert result.returncode == code
    assert result.stderr.decode().count("\n") == 1
    assert "No space left on device" in result.stderr.decode()


@pytest.mark.skipif(not FULL.exists(), reason="no /dev/full here")
@pytest.mark.parametrize(("words", "code"), [(("estimate",), 0), (HARD, 1), (("estimate", "--no"), 2)])
def test_an_unwritable_standard_error_changes_no_exit_code(table, words, code):
    with FULL.open("w") as full:
        assert run(words[0], table, *words[1:], stderr=full).returncode == code


@pytest.mark.parametrize(("words", "code"), [(("--help",), 0), (HARD, 1)])
def test_a_closed_pipe_changes_no_exit_code(table, words, code):
    reading, writing = os.pipe()
    os.close(reading)
    result = run(words[0], *([] if words[0].startswith("-") else [table]), *words[1:], stdout=writing)
    os.close(writing)
    assert result.returncode == code
    assert result.stderr == b""


@pytest.mark.parametrize(("words", "code"), [(HARD, 1), (("--help",), 0)])
def test_closed_output_streams_change_no_exit_code(table, words, code):
    words = (words[0], *([] if words[0].startswith("-") else [table]), *words[1:])
    script = f'{" ".join(HOWSURE)} "$@" >&- 2>&-'
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    assert subprocess.run(["sh", "-c", script, "sh", *words], env=environment, check=False).returncode == code


ENCODINGS = ["ascii", "cp1252"]
SHOWN = [("estimate",), ("guide", "1"), ("compare", "-a", "a", "-b", "模型"), ("--help",)]


@pytest.mark.parametrize(
    ("encoding", "words"), draws([*zip(itertools.cycle(ENCODINGS), SHOWN)], [*itertools.product(ENCODINGS, SHOWN)])
)
def test_characters_missing_from_the_encoding_are_replaced(tmp_path, encoding, words):
    path = tmp_path / "quiz.csv"
    two_models().with_columns(pl.col("model").replace("b", "模型")).write_csv(path)
    takes_path = words[0] in ("estimate", "compare")
    result = run(words[0], *([str(path)] if takes_path else []), *words[1:], PYTHONIOENCODING=encoding)
    assert result.returncode == 0, result.stderr
    text = result.stdout.decode(
        "cp1252" if encoding == "cp1252" else "utf-8"
    )  # click writes UTF-8 where there is only ASCII
    assert ("\\u6a21\\u578b" in text) == takes_path
    assert "\\u2212" not in text


def test_json_names_survive_an_ascii_encoding(tmp_path):
    path = tmp_path / "quiz.csv"
    names = {"a": "a−b…", "b": "模型 🦜"}
    two_models().with_columns(pl.col("model").replace(names)).write_csv(path)
    result = run("estimate", str(path), "--format", "json", PYTHONIOENCODING="ascii")
    assert {entry["model"] for entry in json.loads(result.stdout)["entries"]} == set(names.values())


class PanicException(BaseException):
    """As Polars has one."""


@pytest.mark.parametrize("error", [PanicException("bug"), KeyboardInterrupt(), RuntimeError("bug"), MemoryError()])
def test_a_bug_or_interruption_ends_a_gate_with_exit_code_3(table, monkeypatch, error):
    def broken(*_, **__):
        raise error

    monkeypatch.setattr("howsure.gate", broken)
    assert CliRunner().invoke(main, [GATE[0], table, *GATE[1:]]).exit_code == 3
