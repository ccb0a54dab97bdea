"""Names of options in a shell: the command line turns `failures=zero` in the library's texts into a flag and
its value.

The one place of this translation. Backticks mark an option. With its value, as in Python, it may be anywhere
in the library's texts. Its bare name is an option only in a remedy of an error or a warning. Elsewhere a bare
name in backticks is a column of a user's own table, and stays. Unmarked text is never changed.
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
    """Return an answer's text, with flags in its notes and in the remedies of its warnings. `own`: those of
    the running command.
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
        printed = block.printed and replace(block.printed, note=as_flags(block.printed.note, own, bare=False))
        return replace(block, note=as_flags(block.note, own, bare=False), cut=rows, printed=printed)
    told = (
        replace(each, message=as_flags(each.message, own, bare=False), remedy=as_flags(each.remedy, own))
        for each in block.warnings
    )
    return replace(block, warnings=tuple(told))


def as_flags(text: str, own: Mapping[str, str] = NO_FLAGS, *, bare: bool = True) -> str:
    """Return a text with the options as flags: those of the running command, else the usual ones.

    `bare`: also those in backticks without a value.
    """
    if "`" not in text:
        return text
    usual, offs = _usual()
    flags = usual | dict(own)

    def flag(found: re.Match[str]) -> str:
        """Return the replacement for an option: its flag, with the value next to it."""
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
    """Return a Python value in the form of a shell: a text, nothing, several numbers, or names by a name."""
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
