"""A line that leads to a chapter of the guide gets the command that opens it with what was read: the paths as
typed, and the two models.
"""

from __future__ import annotations

import shlex
from dataclasses import replace
from typing import TYPE_CHECKING

import click
from click.core import ParameterSource

from howsure.commands.options import words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.present.document import Block, Document, Pointer

OPENED = ("compare", "gate", "leaderboard")
"""The commands whose paths and models the guide takes as well."""
SIDES = ("a", "b", "against", "candidate", "baseline")
OWN = ("words", "a", "b", "opened", "output")
"""Parameters of the guide that aren't taken over from another command."""


def with_paths(document: Document) -> Document:
    """Return what an answer says, with the paths of the command that runs where it leads to a chapter."""
    from howsure.present.document import Pointer

    context = click.get_current_context(silent=True)
    if context is None or not _is_opened(context):
        return document

    def block(found: Block) -> Block:
        """Put the paths into a pointer; leave any other block as it is."""
        return _with_paths(found, context) if isinstance(found, Pointer) else found

    return replace(document, blocks=tuple(map(block, document.blocks)))


def _is_opened(context: click.Context) -> bool:
    """Say whether the guide reads what a command has read: paths alone, by no other configuration, and models
    of these.
    """
    root = context.find_root().params
    paths = context.params.get("paths") or ()
    if context.command.name not in OPENED or root.get("config") or root.get("no_config"):
        return False
    return bool(paths) and "-" not in paths and all(map(_is_model, _sides(context)))


def _sides(context: click.Context) -> Iterator[str]:
    return (str(context.params[name]) for name in SIDES if context.params.get(name) is not None)


def _is_model(text: str) -> bool:
    """Say whether a side is a model of the paths, and isn't read from a place of its own."""
    from howsure.verbs.sides import is_path, side_of

    return side_of(text).kind in ("", "model") and not is_path(text)


def _with_paths(found: Pointer, context: click.Context) -> Pointer:
    from howsure.present.document import pointer

    models = (
        word for option, name in zip(("-a", "-b"), found.models, strict=False) for word in (option, name)
    )
    words = ["--open", *context.params["paths"], *models, *_typed(context)]
    return pointer(found.chapter, found.models, f" {shlex.join(words)}")


def _typed(context: click.Context) -> Iterator[str]:
    """Yield what was typed that the guide takes as well: how paths are read, the clusters, one task, one
    metric.
    """
    group = context.find_root().command
    guide = group.get_command(context, "guide") if isinstance(group, click.Group) else None
    known = {param.name: param for param in (guide.params if guide else ()) if param.name not in OWN}
    for param in context.command.params:
        taken, value = known.get(param.name), context.params.get(str(param.name))
        if taken is None or context.get_parameter_source(str(param.name)) is not ParameterSource.COMMANDLINE:
            continue
        if taken.multiple or not isinstance(value, (tuple, list)) or len(value) == 1:
            yield from words_of(param, value)
