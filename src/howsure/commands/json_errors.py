"""An error in place of an answer: if a program expects JSON, it gets the error as JSON.

The line for people stays on standard error, and the exit code is the same. An error never follows an answer,
not even a partial one. A named file (`-o x.json`) gets the error if it doesn't exist or contains an answer of
howsure's. Otherwise it is left unchanged.
"""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from howsure.commands.options import OUTPUT, takes
from howsure.commands.streams import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.base import Error, ErrorKind

ANSWERED = "howsure.answered"
OURS = re.compile(rb'\{\s*"howsure": \d')
KINDS: dict[str, ErrorKind] = {
    "OptionError": "option",
    "ReadError": "read",
    "DataError": "data",
    "AttemptColumnError": "data",
    "MethodError": "method",
}


class Channel(NamedTuple):
    """Where a program expects JSON: in a file, or on standard output (None)."""

    output: str | None


@click.command()
@takes("estimate", *OUTPUT)
def unknown(**given: object) -> None:
    """Stand in for an unknown command, to find out where its answer would have gone."""


def mark_answered() -> None:
    """Remember that the running command has answered."""
    ctx = click.get_current_context(silent=True)
    if ctx is not None:
        ctx.meta[ANSWERED] = True


def channel(
    command: click.Command | None, words: Sequence[str], parent: click.Context | None
) -> Channel | None:
    """Return where a command would have written its answer as JSON, None if not as JSON. `words` may be
    invalid.
    """
    command = command or unknown
    name = str(command.name)  # a subcommand has its defaults from a configuration by the name of its group
    if isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    if "format" not in {param.name for param in command.params}:
        return None
    asked = command.make_context(
        name,
        list(words),
        parent=parent,
        resilient_parsing=True,
        ignore_unknown_options=True,
        allow_interspersed_args=True,
    ).params
    return chosen(asked.get("format"), asked.get("output"))


def chosen(format: str | None, output: str | None) -> Channel | None:
    """Return the channel of an answer in this format, or in that of the file's suffix."""
    from howsure.errors import OptionError
    from howsure.present.files import format_of

    with suppress(OptionError):
        return Channel(output) if (format or format_of(output)) == "json" else None
    return None


def put_error(error: Error, place: Channel | None, ctx: click.Context | None = None) -> None:
    """Write an error in place of the answer, unless there is one. If it can't be written, only the exit code
    shows it.
    """
    from howsure.errors import HowsureError
    from howsure.writing import write

    if place is None or (ctx is not None and ctx.meta.get(ANSWERED)):
        return
    with suppress(HowsureError, OSError, ValueError):  # nothing here may hide the error itself
        if place.output is None:
            say(error.render(), data=True)
        elif _free(Path(place.output)):
            write(error.render(), place.output)


def as_data(error: BaseException, exit_code: int) -> Error:
    """Return an exception as data."""
    from howsure.answers.base import Error
    from howsure.errors import HowsureError

    if isinstance(error, HowsureError):
        kind = KINDS.get(type(error).__name__, "other")
        return Error(
            kind=kind, message=error.what, where=error.where, remedy=error.remedy, exit_code=exit_code
        )
    if isinstance(error, click.ClickException):
        asked = getattr(error, "ctx", None)
        remedy = f"See `{'howsure' if asked is None else asked.command_path} --help`."
        return Error(kind="usage", message=error.format_message(), remedy=remedy, exit_code=exit_code)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return Error(kind="interrupted", message="interrupted", exit_code=exit_code)
    said = f"{type(error).__name__}: {error}"
    return Error(kind="bug", message=said, remedy="Report it with the traceback.", exit_code=exit_code)


def _free(path: Path) -> bool:
    """Return whether a file may be replaced by an error: it doesn't exist, isn't a regular file (a pipe), or
    contains an answer.
    """
    if not path.is_file():
        return True
    with path.open("rb") as file:
        return OURS.match(file.read(100)) is not None
