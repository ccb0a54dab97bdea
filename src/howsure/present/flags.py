"""Names of options as a shell has them: of `failures=zero` in the library's texts the command line makes a
flag and its value.

The one place of this translation. Backticks mark an option: with its value, as it is written in Python,
anywhere in the library's texts; by its bare name only where it is said what to do next (the remedy of an
error or a warning). Elsewhere a bare name in backticks is a column of a user's own table, and stays. Nothing
that isn't marked is changed.
"""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from howsure.options import table
from howsure.present.document import Table, Text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.present.document import Block, Document

_MARKED = re.compile(r"`([a-z_]+)(?:=([^`]+))?`")
"""An option as the library marks it: its name, with or without a value, in backticks."""
NO_FLAGS: Mapping[str, str] = MappingProxyType({})


def with_flags(document: Document, own: Mapping[str, str] = NO_FLAGS) -> Document:
    """Return what an answer says, with flags in its notes and in what its warnings advise; `own`: those of
    the command that runs.
    """
    return replace(document, blocks=tuple(_block(block, own) for block in document.blocks))


def _block(block: Block, own: Mapping[str, str]) -> Block:
    if isinstance(block, Text):
        return (
            block
            if block.kind == "code"
            else replace(
                block, text=as_flags(block.text, own, bare=False), more=as_flags(block.more, own, bare=False)
            )
        )
    if isinstance(block, Table):
        rows = block.cut and replace(block.cut, hint=as_flags(block.cut.hint, own, bare=False))
        return replace(block, note=as_flags(block.note, own, bare=False), cut=rows)
    told = (
        replace(each, message=as_flags(each.message, own, bare=False), remedy=as_flags(each.remedy, own))
        for each in block.warnings
    )
    return replace(block, warnings=tuple(told))


def as_flags(text: str, own: Mapping[str, str] = NO_FLAGS, *, bare: bool = True) -> str:
    """Return a text with the options as flags: those of the command that runs, else the usual ones.

    `bare`: also those in backticks without a value.
    """
    usual, offs = _usual()
    flags = usual | dict(own)

    def flag(found: re.Match[str]) -> str:
        """Return what stands for an option: its flag, with the value that is named beside it."""
        name, value = found.groups()
        if name not in flags or (value is None and not bare):
            return found[0]
        if value == "False" and offs.get(name):
            return offs[name]
        return flags[name] if value in (None, "True") else f"{flags[name]} {_shell(value)}"

    return _MARKED.sub(flag, text)


@cache
def _usual() -> tuple[dict[str, str], dict[str, str]]:
    """Return the flag of every option by its name, and the one that turns it off."""
    every = table.every()
    return {option.name: option.long for option in reversed(every)}, {
        option.name: option.off for option in every
    }


def _shell(value: str) -> str:
    """Return a value as it is written in Python, as a shell has it: a text, nothing, several numbers, or
    names by a name.
    """
    try:
        found = ast.literal_eval(value)
    except (ValueError, SyntaxError):
        return value
    if isinstance(found, dict):
        return ",".join(
            f"{name}={columns if isinstance(columns, str) else '+'.join(columns)}"
            for name, columns in found.items()
        )
    if isinstance(found, tuple):
        return ",".join(map(str, found))
    return "none" if found is None else shlex.quote(str(found))
