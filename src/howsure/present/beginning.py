"""What the names of all models begin with is said once: `openai-api/local/` of `openai-api/local/a` and
`openai-api/local/b`.
"""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass, replace
from itertools import takewhile
from posixpath import commonpath
from typing import TYPE_CHECKING, Any

from howsure.present.document import Note, Pointer, Table, Text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from howsure.present.document import Block, Document

FIELDS = ("model", "models", "a", "b", "candidate", "baseline", "before", "after", "side", "against")
"""The fields of answers that hold names of models."""
LEAST = 6
"""A beginning of fewer letters stays where it is."""


def said_once(document: Document, answer: object) -> Document:
    """Return a document whose models are called by what follows the beginning that all share, up to a slash,
    with a line that says it.

    What is left of a name is enough for every verb, so that what is shown can be pasted; what is code stays
    as it is.
    """
    names: set[str] = set()
    for name in _names(answer):
        if "/" not in name:
            return document  # most answers have names without a slash, and some have many
        names.add(name)
    beginning = shared(names)
    if not beginning:
        return document
    names |= {name.partition(" (")[0] for name in names}  # without the settings that tell its runs apart
    rest = sorted({name.removeprefix(beginning) for name in names}, key=len, reverse=True)
    found = re.compile(f"{re.escape(beginning)}(?=(?:{'|'.join(map(re.escape, rest))})(?![\\w/-]))")
    blocks = tuple(_without(block, lambda text: found.sub("", text)) for block in document.blocks)
    if blocks == document.blocks:
        return document
    told = Text(text=f"The names of all models begin with {beginning}.", kind="small")
    place = 1 + len(
        list(takewhile(lambda block: isinstance(block, Text) and block.kind == "small", blocks[1:]))
    )
    return replace(document, blocks=(*blocks[:place], told, *blocks[place:]))


def shared(names: set[str]) -> str:
    """Return what all names begin with, up to a slash; "" where that is nothing, or hardly anything."""
    if len(names) < 2 or any(name.startswith("/") or "/" not in name for name in names):
        return ""
    beginning = f"{commonpath(names)}/"
    return beginning if len(beginning) >= LEAST and all(name.startswith(beginning) for name in names) else ""


def _names(thing: Any) -> Iterator[str]:
    """Yield every name of a model that an answer holds."""
    for each in fields(thing) if is_dataclass(thing) else ():
        value = getattr(thing, each.name)
        values = value if isinstance(value, (tuple, list)) else (value,)
        for part in values:
            if isinstance(part, str):
                yield from (part,) if each.name in FIELDS and part else ()
            else:
                yield from _names(part)


def _without(block: Block, shorten: Callable[[str], str]) -> Block:
    if isinstance(block, Table):
        rows = tuple(
            tuple(shorten(cell) if isinstance(cell, str) else cell for cell in row) for row in block.rows
        )
        return replace(block, rows=rows, title=shorten(block.title), note=shorten(block.note))
    if isinstance(block, Pointer):
        return replace(block, text=shorten(block.text), models=tuple(map(shorten, block.models)))
    if isinstance(block, Text):
        return block if block.kind == "code" else replace(block, text=shorten(block.text))
    return Note(
        cautions=tuple(replace(caution, message=shorten(caution.message)) for caution in block.cautions)
    )
