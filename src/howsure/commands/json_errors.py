"""An error in place of an answer: where a program waits for JSON, it reads there what went wrong, in JSON.

The line for people stays on standard error, and the exit code what it is. What was answered, wholly or in
part, is never followed by an error. A file that was named (`-o x.json`) gets the error where there is none
yet, or where it holds an answer of howsure's; what else is there stays as it was.
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
    """Where a program waits for JSON: in a file, or at standard output (None)."""

    output: str | None


@click.command()
@takes("estimate", *OUTPUT)
def unknown(**given: object) -> None:
    """Stand in for a command that there isn't, to find out where its answer would have gone."""


def mark_answered() -> None:
    """Remember that the command which runs has answered."""
    ctx = click.get_current_context(silent=True)
    if ctx is not None:
        ctx.meta[ANSWERED] = True


def channel(
    command: click.Command | None, words: Sequence[str], parent: click.Context | None
) -> Channel | None:
    """Return where a command would have answered as JSON, None where not as JSON; `words` may be what it
    can't read.
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
    """Write an error where the answer would have gone, unless there is one; what can't be written is told by
    the exit code.
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
    """Return what was raised as data."""
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
    """Say whether a file may be replaced by an error: there is none, it is no file (a pipe), or it holds an
    answer.
    """
    if not path.is_file():
        return True
    with path.open("rb") as file:
        return OURS.match(file.read(100)) is not None
