"""Command output and command errors name command-line flags, never Python options or backticks."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest

import howsure as hs
from answer_cases import ANSWERS, answer
from frames import attempts
from howsure.commands.base import rendered
from howsure.commands.flags import in_flags
from howsure.commands.main import every, main
from howsure.options import table
from howsure.present.flags import as_flags

pytestmark = pytest.mark.once

OPTIONS = "|".join(sorted({option.name for option in table.every()}, key=len, reverse=True))
PYTHON = re.compile(rf"(?<![\w'\"./-])(?:{OPTIONS})=(?:'|&#x27;|\d|None|True|False)|\bhs\.\w+\(|howsure\.(?!toml)\w+\(")
"""An option as Python writes it, or a call."""
SNAPSHOT = Path(__file__).parent / "__snapshots__" / "test_errors.ambr"
MESSAGES = sorted({*re.findall(r"Error: (.*)\"", SNAPSHOT.read_text("utf-8"))})
"""What the errors say that the laws of options provoke."""


@pytest.mark.parametrize("name", ANSWERS)
def test_command_output_names_flags_and_no_python_options(name: str) -> None:
    for format in ("terminal", "markdown", "latex", "html"):
        text = rendered(answer(name), format)
        assert not PYTHON.search(text), format
    assert "`" not in text


def test_report_pages_name_flags_and_contain_no_backticks() -> None:
    rows = attempts()
    page = hs.report(rows, cluster="passage", command="howsure report x.csv").data
    said = [part for board in page["boards"] for part in board["html"].values()] + [page["html"]["notes"]]
    assert not PYTHON.search("\n".join(said))
    assert "`" not in "\n".join(said)


def test_error_messages_name_flags_and_no_python_options() -> None:
    of_python = re.compile(rf"(?<![\w'\"./-])(?:{OPTIONS})=(?:'|\d|None\b|True\b|False\b)")
    assert [text for text in MESSAGES if of_python.search(as_flags(text, bare=False))] == []


def test_an_error_of_a_command_names_its_flags() -> None:
    error = in_flags(hs.DataError("`top=27` leaves no model", remedy="Give it as `n`."), click.Context(main))
    assert (error.what, error.remedy) == ("--top 27 leaves no model", "Give it as --n.")


def flags() -> set[str]:
    """Return every flag of every command."""
    return {
        name
        for group in (main, *every().values())
        for command in (group, *getattr(group, "commands", {}).values())
        for param in command.params
        for name in (*param.opts, *param.secondary_opts)
    }


def test_commands_and_flags_proposed_by_errors_exist() -> None:
    texts = [as_flags(text) for text in MESSAGES]
    commands = {name for text in texts for name in re.findall(r"`howsure ([a-z-]+)", text)}
    assert commands <= {name.split(" ")[0] for name in every()}
    named = {name for text in texts for name in re.findall(r"(?<![\w-])--[a-z][a-z-]*", text)}
    assert named
    assert named - flags() <= {"--order"}  # no command has it: `watch` reads the order from the log
