"""Names of one answer that look alike are told apart: what differs is written as an escape (`gpt` and `gрt`
with a Cyrillic р).
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure.present.document import Note, Table, Text
from howsure.present.render.visible import escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from howsure.present.document import Block, Document

_TWINS = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеѕіјорсхуԁɡΑΒΕΖΗΙΚΜΝΟΡΤΥΧοіν‐‑‒–—−ʼ’‘",
    "ABESIJKMHOPCTXYaesijopcxydgABEZHIKMNOPTYXoiv------'''",
)
"""Letters of Cyrillic and Greek, hyphens and apostrophes, and what they look like."""
_ODD = re.compile(r"[^\x20-\x7e]|^ +| +$|(?<= ) +")
"""What a reader can't tell: signs outside ASCII, and spaces at the ends or in a row."""
_SIDES = ("a", "b", "candidate", "baseline", "leader")


def told_apart(document: Document, answer: object) -> Document:
    """Return a document in which names that look alike are written so that they don't."""
    names = {cell for block in document.blocks if isinstance(block, Table) for cell in _names(block)}
    names |= {name for side in _SIDES if isinstance(name := getattr(answer, side, None), str)}
    told = written_apart(names)
    return (
        replace(document, blocks=tuple(_renamed(block, told) for block in document.blocks))
        if told
        else document
    )


def _names(table: Table) -> Iterable[str]:
    places = [place for place, column in enumerate(table.columns) if column.is_name]
    return (cell for row in table.rows for place in places if isinstance(cell := row[place], str))


def retold(value: Any, told: Mapping[str, str]) -> Any:
    """Return plain data in which names are written as `written_apart` says; the keys of mappings stay."""
    if not told:
        return value
    if isinstance(value, str):
        return told.get(value) or _rewritten(value, told)
    if isinstance(value, dict):
        return {key: retold(each, told) for key, each in value.items()}
    return [retold(each, told) for each in value] if isinstance(value, (list, tuple)) else value


def written_apart(names: set[str]) -> dict[str, str]:
    """Return what is written for each name that another one looks like; names of plain ASCII stay."""
    odd = [name for name in names if _ODD.search(name)]
    if not odd:
        return {}
    alike: dict[str, set[str]] = {}
    for name in names:
        alike.setdefault(_likeness(name), set()).add(name)
    return {name: _ODD.sub(lambda m: escape(m[0]), name) for name in odd if len(alike[_likeness(name)]) > 1}


def _likeness(name: str) -> str:
    """Return what a reader sees of a name."""
    return " ".join(unicodedata.normalize("NFKC", name.translate(_TWINS)).split())


def _renamed(block: Block, told: Mapping[str, str]) -> Block:
    if isinstance(block, Table):
        rows = tuple(
            tuple(told.get(cell, cell) if isinstance(cell, str) else cell for cell in row)
            for row in block.rows
        )
        return replace(block, rows=rows)
    if isinstance(block, Text):
        return replace(block, text=_rewritten(block.text, told))
    return Note(cautions=tuple(_of_caution(caution, told) for caution in block.cautions))


def _of_caution(caution: Any, told: Mapping[str, str]) -> Any:
    return replace(caution, message=_rewritten(caution.message, told))


def _rewritten(text: str, told: Mapping[str, str]) -> str:
    """Write names in a sentence anew; those that differ by spaces alone can't be found in one."""
    for name in sorted(told, key=len, reverse=True):
        text = text if name.isascii() else text.replace(name, told[name])
    return text
