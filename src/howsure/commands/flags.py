"""Names of options as a shell has them: the library says `step_from`, the command line shows --step-from.

The one place of this translation. What to do next (the remedy of an error or a caution) names options in backticks, and
only there are they turned into flags: elsewhere backticks are around the columns of a user's own table.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from howsure import options as table

if TYPE_CHECKING:
    from howsure.errors import HowsureError
    from howsure.present.document import Document

_NAMED = r"`([a-z_]+)`"


def message(error: HowsureError, ctx: click.Context) -> str:
    """Return what an error says, with the flags of the command that was invoked."""
    return str(type(error)(error.what, where=error.where, remedy=as_flags(error.remedy, ctx)))


def with_flags(document: Document) -> Document:
    """Return what an answer says, with flags in the remedies of its cautions."""
    from howsure.present.document import Note

    ctx = click.get_current_context(silent=True)

    def told(note: Note) -> Note:
        cautions = tuple(replace(caution, remedy=as_flags(caution.remedy, ctx)) for caution in note.cautions)
        return replace(note, cautions=cautions)

    blocks = tuple(told(block) if isinstance(block, Note) else block for block in document.blocks)
    return replace(document, blocks=blocks)


def as_flags(text: str, ctx: click.Context | None = None) -> str:
    """Return a text with the options in backticks as flags: those of the command that runs, else the usual ones."""
    flags = {option.name: option.long for option in table.every()} | _of_command(ctx)
    return re.sub(_NAMED, lambda found: flags.get(found[1], found[0]), text)


def _of_command(ctx: click.Context | None) -> dict[str, str]:
    """Return the flags of the command that was invoked, which may have its own for what others call otherwise."""
    if ctx is None:
        return {}
    commands = getattr(ctx.command, "commands", {})
    params = commands[ctx.invoked_subcommand].params if ctx.invoked_subcommand in commands else ctx.command.params
    return {str(param.name): max(param.opts, key=len) for param in params if param.opts[0].startswith("-")}
