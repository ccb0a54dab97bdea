"""The flags of the running command, for the library's messages about its options. See
`howsure.present.flags`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from howsure.present import flags

if TYPE_CHECKING:
    from howsure.errors import HowsureError
    from howsure.present.document import Document


VERBS = {"compare": "howsure compare", "judge": "howsure judge", "plan_labels": "howsure plan labels"}
"""Verbs of the library that remedies name, by the equivalent command."""


def in_flags(error: HowsureError, ctx: click.Context) -> HowsureError:
    """Return an error with the flags of the command that was invoked."""
    own = _of_command(ctx)
    what, remedy = flags.as_flags(error.what, own, bare=False), flags.as_flags(error.remedy, own)
    return type(error)(what, where=error.where, remedy=remedy)


def with_flags(document: Document) -> Document:
    """Return an answer's text, with flags in its notes and in the remedies of its warnings."""
    return flags.with_flags(document, _of_command(click.get_current_context(silent=True)))


def _of_command(ctx: click.Context | None) -> dict[str, str]:
    """Return the flags of the invoked command, which may differ from those of others, and commands."""
    if ctx is None:
        return VERBS
    group = ctx.command if isinstance(ctx.command, click.Group) else None
    found = None if group is None else group.get_command(ctx, ctx.invoked_subcommand or "")
    params = (found or ctx.command).params
    return VERBS | {
        str(param.name): max(param.opts, key=len) for param in params if param.opts[0].startswith("-")
    }
