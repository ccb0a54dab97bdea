"""How every command ends and where it writes: the answer goes to standard output, everything about it to
standard error.

| code | most commands | gate, watch, judge, verify |
|---|---|---|
| 0 | done | pass, or decided |
| 1 | an error | fail |
| 2 | a command line that can't be read | can't tell, or not decided yet |
| 3 | a mistake before the command's name | any error |

Errors and verdicts must not be confused. Errors of commands with a verdict therefore exit with 3, including
bugs and Ctrl-C. Notes on progress, configurations and written files go to standard error, so that the answer
can be piped (`streams`). If the answer would have been JSON, the error is JSON as well (`instead`). The code
of a gate's verdict is `Gate.exit_code` in answers/gate.py. The effect of `--unclear` on it is in
commands/gate.py.
"""

from __future__ import annotations

import errno
import sys
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import click

from howsure.commands.streams import aside, silence, tell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

DONE, FAILED, UNDECIDED, BROKEN = 0, 1, 2, 3
LOST = (errno.EPIPE, errno.ENOSPC, errno.EIO, errno.EBADF)
"""The system's error codes if standard output can't be written: it has no reader, or the disk is full, broken
or gone.
"""


@contextmanager
def unless_interrupted() -> Iterator[None]:
    """End with the code of an error before a command's name if Ctrl-C comes before the command is known, as
    this isn't a verdict.
    """
    try:
        yield
    except KeyboardInterrupt:
        tell("Aborted!")
        raise SystemExit(BROKEN) from None


def run(
    invoke: Callable[[], Any],
    ctx: click.Context,
    error_code: int,
    put_error: Callable[[BaseException, int], None],
) -> Any:
    """Run a command. Turn an error into one line on standard error and the exit code of the table.

    `error_code`: the code that the command keeps for errors, 0 if it has none. `put_error` gets the error and
    its exit code, for programs.
    """
    from howsure.errors import HowsureError

    try:
        return invoke()
    except HowsureError as raised:
        from howsure.commands.flags import in_flags

        error, code = in_flags(raised, ctx), error_code or FAILED
        tell(f"howsure: {error}")
        put_error(error, code)
        ctx.exit(code)
    except click.ClickException as error:
        aside(error.show)
        code = (error_code or error.exit_code) if ctx.invoked_subcommand else BROKEN
        put_error(error, code)
        ctx.exit(code)
    except (click.exceptions.Exit, SystemExit):
        raise
    except BaseException as error:  # a panic of Polars isn't an Exception
        lost = output_lost(error)
        if lost is None:
            put_error(error, error_code or FAILED)
        if lost is None and not error_code:
            raise
        if lost is None:
            aside(partial(_show, error))
        ctx.exit(error_code or lost or DONE)


def output_lost(error: BaseException) -> int | None:
    """Return the exit code if standard output broke off, with a message unless it has no reader. None after
    other errors.
    """
    if not isinstance(error, OSError) or error.filename is not None or error.errno not in LOST:
        return None
    silence(sys.stdout)
    if isinstance(error, BrokenPipeError):
        return DONE
    tell(f"howsure: can't write to standard output ({error.strerror})")
    return FAILED


def _show(error: BaseException) -> None:
    """Write a bug in full, and an interruption in a word."""
    from traceback import print_exception

    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        tell("Aborted!")
    else:
        print_exception(error)
