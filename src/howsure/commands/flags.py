"""Names of options as a shell has them: the library says `step_from`, the command line shows --step-from.

The one place of this translation. In texts of the library an option stands in backticks, and nothing else does that has the
name of an option; both forms are of the same length, so that a table keeps its width.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from howsure import options as table

if TYPE_CHECKING:
    import click

_NAMED = re.compile(r"`([a-z_]+)`")


def as_flags(text: str, ctx: click.Context | None = None) -> str:
    """Return a text with the options in backticks as flags: those of the command that runs, else the usual ones."""
    flags = {option.name: option.long for option in table.every()} | _of_command(ctx)
    return _NAMED.sub(lambda found: flags.get(found[1], found[0]), text)


def _of_command(ctx: click.Context | None) -> dict[str, str]:
    """Return the flags of the command that was invoked, which may have its own for what others call otherwise."""
    commands = getattr(ctx.command, "commands", {}) if ctx is not None else {}
    command = commands.get(ctx.invoked_subcommand or "") if ctx is not None else None
    params = [] if command is None else command.params
    return {str(param.name): max(param.opts, key=len) for param in params if param.opts[0].startswith("-")}
