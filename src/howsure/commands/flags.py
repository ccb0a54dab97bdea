"""Names of options as a shell has them: the library says `failures="zero"`, the command line shows --failures zero.

The one place of this translation. An option with its value stands in backticks anywhere in the library's texts, as it is
written in Python. Its bare name does so only where it is said what to do next (the remedy of an error or a caution), and only
there it becomes a flag: elsewhere backticks are around the columns of a user's own table.
"""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from howsure.options import table

if TYPE_CHECKING:
    from howsure.errors import HowsureError
    from howsure.present.document import Block, Document

_NAMED = r"`(?P<name>[a-z_]+)(?:=(?P<value>[^`]+))?`"


def in_flags(error: HowsureError, ctx: click.Context) -> HowsureError:
    """Return an error with the flags of the command that was invoked."""
    what, where, remedy = as_flags(error.what, ctx, bare=False), error.where, as_flags(error.remedy, ctx)
    return type(error)(what, where=where, remedy=remedy)


def with_flags(document: Document) -> Document:
    """Return what an answer says, with flags in its notes and in what its cautions advise."""
    return replace(document, blocks=tuple(map(_block, document.blocks)))


def _block(block: Block) -> Block:
    from howsure.present.document import Table, Text

    ctx = click.get_current_context(silent=True)
    if isinstance(block, Text):
        return replace(block, text=as_flags(block.text, ctx, bare=False))
    if isinstance(block, Table):
        return replace(block, note=as_flags(block.note, ctx, bare=False))
    told = (
        replace(each, message=as_flags(each.message, ctx, bare=False), remedy=as_flags(each.remedy, ctx))
        for each in block.cautions
    )
    return replace(block, cautions=tuple(told))


def as_flags(text: str, ctx: click.Context | None = None, *, bare: bool = True) -> str:
    """Return a text with the options in backticks as flags: those of the command that runs, else the usual ones.

    `bare`: also those without a value.
    """
    if "`" not in text:
        return text
    flags = {option.name: option.long for option in reversed(table.every())} | _of_command(ctx)

    offs = {option.name: option.off for option in table.every()}

    def flag(found: re.Match[str]) -> str:
        """Return what stands for an option in backticks: its flag, with the value that is named beside it."""
        name, value = found["name"], found["value"]
        if name not in flags or (value is None and not bare):
            return found[0]
        if value == "False" and offs.get(name):
            return offs[name]
        return flags[name] if value in (None, "True") else f"{flags[name]} {_shell(value)}"

    return re.sub(_NAMED, flag, text)


def _shell(value: str) -> str:
    """Return a value as it is written in Python, as a shell has it: a text, nothing, several numbers, or names by a name."""
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    if isinstance(found, dict):
        return ",".join(
            f"{name}={columns if isinstance(columns, str) else '+'.join(columns)}" for name, columns in found.items()
        )
    if isinstance(found, tuple):
        return ",".join(map(str, found))
    return "none" if found is None else shlex.quote(str(found))


def _of_command(ctx: click.Context | None) -> dict[str, str]:
    """Return the flags of the command that was invoked, which may have its own for what others call otherwise."""
    if ctx is None:
        return {}
    group = ctx.command if isinstance(ctx.command, click.Group) else None
    found = None if group is None else group.get_command(ctx, ctx.invoked_subcommand or "")
    params = (found or ctx.command).params
    return {str(param.name): max(param.opts, key=len) for param in params if param.opts[0].startswith("-")}
