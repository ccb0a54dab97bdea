"""How every command ends and where it writes: the answer to standard output, all that is about it to standard error.

| code | most commands | gate, watch, aa |
|---|---|---|
| 0 | done | pass, or decided |
| 1 | an error, or a promise that is broken (calibrate) | fail |
| 2 | a command line that can't be read | can't tell, or not decided yet |
| 3 | a mistake before the command's name | any error |

A verdict must not look like a mistake, nor a mistake like a verdict: that is why errors of commands with a verdict exit with 3.
Notes on progress, configurations and files written go to standard error, so that the answer can be piped.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Callable

DONE, FAILED, UNDECIDED, BROKEN = 0, 1, 2, 3


class VerdictCommand(click.Command):
    """A command whose exit codes 0, 1 and 2 are verdicts: whatever goes wrong exits with 3, usage errors included."""

    error_code = BROKEN


def tell(text: str) -> None:
    """Write a note about the answer to standard error, control characters made visible."""
    from howsure.present.render.visible import visible

    click.echo(visible(text), err=True)


def run(invoke: Callable[[], Any], ctx: click.Context, error_code: int) -> Any:
    """Run a command, and turn what goes wrong into one line on standard error and the exit code of the table.

    `error_code`: the one that the command keeps for errors, 0 where it has none of its own.
    """
    from howsure.errors import HowsureError

    try:
        return invoke()
    except HowsureError as error:
        from howsure.commands.flags import message

        tell(f"howsure: {message(error, ctx)}")
        ctx.exit(error_code or FAILED)
    except click.ClickException as error:
        code = error_code if ctx.invoked_subcommand else BROKEN
        if not code:
            raise
        error.show()
        ctx.exit(code)
    except BrokenPipeError:
        sys.stderr.close()
        ctx.exit(error_code or DONE)
    except Exception as error:
        if isinstance(error, (click.exceptions.Exit, click.Abort)) or not error_code:
            raise
        from traceback import print_exc

        print_exc()  # a bug must not look like a verdict
        ctx.exit(error_code)
