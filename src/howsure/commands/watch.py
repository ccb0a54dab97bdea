"""howsure watch: follow a run in progress, and stop it once the result is decided."""

from __future__ import annotations

import sys
from pathlib import Path
from time import sleep, strftime
from typing import TYPE_CHECKING, Any

import click

from howsure.commands.base import read_sides, split, write
from howsure.commands.exits import DONE, UNDECIDED
from howsure.commands.json_errors import chosen, put_error
from howsure.commands.options import (
    DESIGN,
    OUTPUT,
    READING,
    Bounds,
    VerdictCommand,
    refuse_points,
    sided_paths,
    takes,
)
from howsure.commands.signatures import signature_of
from howsure.commands.streams import aside

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.answers.watch import Look

PATIENCE = 3
"""How many successive looks may meet contradictory results, as in half-written tables, before it is an
error.
"""

SIZES = ("at_least", "within", "margin")
WATCHED = tuple(name for name in DESIGN if name not in ("bounds", "model", *signature_of("watch").refused))
"""The options of a Design that apply to a run in progress. It has its own bounds."""
ASKED = (
    *("a", "b", "at_least", "within", "margin", "level", "bounds"),
    *("attempts", "cluster_size", "shuffled", "looks"),
)


@click.command(cls=VerdictCommand)
@sided_paths
@takes("watch", "a", "b", "at_least", "within", "margin", "level")
@click.option(
    "--every", type=click.FloatRange(0.1), default=10.0, show_default=True, help="Seconds between looks."
)
@click.option("--once", is_flag=True, help="Look once, for cron and CI.")
@takes("watch", "looks", "attempts", "cluster_size")
@click.option(
    "--bounds",
    type=Bounds(open_=True),
    default="0,1",
    show_default=True,
    metavar="LOW,HIGH|none",
    help="Smallest and largest possible score. They count as 0 and 1.",
)
@takes("watch", "shuffled", *READING, *WATCHED, *OUTPUT)
def watch(paths: tuple[str, ...], every: float, once: bool, **given: Any) -> None:
    """Follow a run in progress, and stop it when it is decided.

    The interval is valid at every look. With --looks, only those looks count. Exits with 0 once it is
    decided, with 2 if it isn't (all questions used, Ctrl-C, or --once), with 3 on any error.
    """
    rest, shown = split(paths, given)
    asked = {name: rest.pop(name) for name in ASKED}
    refuse_points({name: asked[name] for name in SIZES}, percent=asked["bounds"] is not None)
    reading_options = {name: rest.pop(name) for name in READING}
    look, reason = follow(_looks(paths, reading_options, asked, rest), paths, pause=None if once else every)
    if look is not None:
        write(look, **shown)
    else:
        _nothing(reason, **shown)
    sys.exit(DONE if look is not None and look.decided else UNDECIDED)


def _nothing(reason: str, *, format: str | None, output: str | None, **_: Any) -> None:
    """Return that there was nothing to look at yet, which is neither a verdict nor an error."""
    from howsure.answers.base import Error

    said = f"Nothing could be read yet: {reason}"
    _tell(said)
    put_error(
        Error(kind="read", message=said, remedy="Look again later.", exit_code=UNDECIDED),
        chosen(format, output),
    )


def _looks(
    paths: tuple[str, ...], reading: dict[str, Any], asked: dict[str, Any], rest: dict[str, Any]
) -> Callable[[], Look]:
    """Return a function that reads everything again and looks. The monitor gets the names of its models from
    the first reading.
    """
    import howsure

    monitor = howsure.Monitor(**asked, **rest)

    def look() -> Look:
        """Read all paths again, and look at the data."""
        nonlocal monitor
        given = {
            **reading,
            **{name: rest[name] for name in ("items", "score")},
            "a": asked["a"],
            "b": asked["b"],
        }
        scores = read_sides(paths, given, "a", "b")
        named = {name: given[name] for name in ("a", "b")}
        if named != {name: asked[name] for name in named}:
            asked.update(named)
            monitor = howsure.Monitor(**asked, **rest)
        return monitor.update(scores)

    return look


def follow(
    look_again: Callable[[], Look], paths: tuple[str, ...], *, pause: float | None
) -> tuple[Look | None, str]:
    """Look until it is decided, all questions are used, or Ctrl-C. If `pause` is None, look once. Return the
    last look.

    Unreadable data may be half-written: they are read again at the next look, with a note.
    """
    from howsure.errors import DataError, ReadError

    look: Look | None = None
    reason, told, failures = "", "", 0
    try:
        while True:
            try:
                look, reason, failures = look_again(), "", 0
            except ReadError as error:
                if not all(Path(path).exists() for path in paths):
                    raise
                reason = str(error)
            except DataError as error:
                failures += 1
                if pause is None or failures > PATIENCE:
                    raise
                reason = str(error)
            if pause is None or (look is not None and not reason and (look.decided or look.exhausted)):
                return look, reason
            told = _show(look, reason, told)
            sleep(pause)
    except KeyboardInterrupt:
        return look, reason or "stopped before the first look"
    finally:
        # Leave the line that was overwritten at each look.
        if sys.stderr.isatty():
            aside(lambda: click.echo("\r\x1b[2K", nl=False, err=True))


def _show(look: Look | None, reason: str, told: str) -> str:
    """Show a look in one line of standard error, over the last one on a terminal. Return it to avoid
    repetitions.
    """
    line = f"can't read now, trying again: {reason}" if reason or look is None else look.line + _unread(look)
    if line != told:
        _tell(line, over=sys.stderr.isatty())
    return line


def _unread(look: Look) -> str:
    lacking = [warning.message for warning in look.warnings if warning.code == "model_missing"]
    waits = any(warning.code == "files_failed" for warning in look.warnings)
    return "".join(
        f"  ({told})" for told in (*lacking, *(["a file can't be read now, trying again"] if waits else []))
    )


def _tell(text: str, *, over: bool = False) -> None:
    from howsure.present.render.visible import visible

    clock = strftime("%H:%M:%S")
    start = "\r\x1b[2K" if over else ""
    aside(lambda: click.echo(f"{start}{clock}  {visible(text)}", nl=not over, err=True))
