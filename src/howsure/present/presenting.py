"""An answer as a document ready for layout: by the module of its verb, with similar names made
distinguishable.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import fields, is_dataclass, replace
from functools import partial
from posixpath import commonpath
from typing import TYPE_CHECKING, Any

from howsure.present.document import Note, Table, Text, foot_last, in_full, with_hint
from howsure.present.render.visible import escape
from howsure.statistics.results import Bound

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from types import ModuleType

    from howsure.present.document import Block, Document

_TWINS = str.maketrans(
    "АВЕЅІЈКМНОРСТХУаеѕіјорсхуԁɡΑΒΕΖΗΙΚΜΝΟΡΤΥΧοіν‐‑‒–—−ʼ’‘",
    "ABESIJKMHOPCTXYaesijopcxydgABEZHIKMNOPTYXoiv------'''",
)
"""Letters of Cyrillic and Greek, hyphens and apostrophes, and their look-alikes."""
_ODD = re.compile(r"[^\x20-\x7e]|^ +| +$|(?<= ) +")
"""Indistinguishable to a reader: signs outside ASCII, and spaces at the ends or in a row."""
_SIDES = ("a", "b", "candidate", "baseline", "leader")


def told_apart(document: Document, answer: object) -> Document:
    """Return a document in which look-alike names are written differently."""
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
    """Return plain data with names rewritten by `written_apart`. The keys of mappings stay."""
    if not told:
        return value
    if isinstance(value, str):
        return told.get(value) or _rewritten(value, told)
    if isinstance(value, dict):
        return {key: retold(each, told) for key, each in value.items()}
    return [retold(each, told) for each in value] if isinstance(value, (list, tuple)) else value


def written_apart(names: set[str]) -> dict[str, str]:
    """Return the replacement for each name that looks like another. Names of plain ASCII stay."""
    odd = [name for name in names if _ODD.search(name)]
    if not odd:
        return {}
    alike: dict[str, set[str]] = {}
    for name in names:
        alike.setdefault(_likeness(name), set()).add(name)
    return {name: _ODD.sub(lambda m: escape(m[0]), name) for name in odd if len(alike[_likeness(name)]) > 1}


def _likeness(name: str) -> str:
    """Return the visible form of a name."""
    return " ".join(unicodedata.normalize("NFKC", name.translate(_TWINS)).split())


def _renamed(block: Block, told: Mapping[str, str]) -> Block:
    if isinstance(block, Table):
        rows = tuple(
            tuple(told.get(cell, cell) if isinstance(cell, str) else cell for cell in row)
            for row in block.rows
        )
        return replace(block, rows=rows)
    if isinstance(block, Text):
        return replace(block, text=_rewritten(block.text, told), more=_rewritten(block.more, told))
    return Note(warnings=tuple(_of_warning(warning, told) for warning in block.warnings))


def _of_warning(warning: Any, told: Mapping[str, str]) -> Any:
    return replace(warning, message=_rewritten(warning.message, told))


def _rewritten(text: str, told: Mapping[str, str]) -> str:
    """Rewrite names in a sentence. Names that differ only by spaces can't be found in one."""
    for name in sorted(told, key=len, reverse=True):
        text = text if name.isascii() else text.replace(name, told[name])
    return text


FIELDS = ("model", "models", "a", "b", "candidate", "baseline", "before", "after", "side", "against")
"""The fields of answers that contain names of models."""
LEAST = 6
"""A common beginning with fewer letters is kept."""


def beginning_of(names: set[str]) -> re.Pattern[str] | None:
    """Return a pattern for the beginning that the names of all models share, up to a slash. None without one.

    The rest of a name works in every command, so that it can be pasted.
    """
    beginning = shared(names)
    if not beginning:
        return None
    names = names | {
        name.partition(" (")[0] for name in names
    }  # without the settings that distinguish its runs
    rest = sorted({name.removeprefix(beginning) for name in names}, key=len, reverse=True)
    return re.compile(f"{re.escape(beginning)}(?=(?:{'|'.join(map(re.escape, rest))})(?![\\w/-]))")


def shared(names: set[str]) -> str:
    """Return the common beginning of all names, up to a slash. "" if it is empty or very short."""
    if len(names) < 2 or any(name.startswith("/") or "/" not in name for name in names):
        return ""
    beginning = f"{commonpath(names)}/"
    return beginning if len(beginning) >= LEAST and all(name.startswith(beginning) for name in names) else ""


def model_names(answer: object) -> set[str]:
    """Return the names of an answer's models, none if some have no slash, as in most answers. Some answers
    have many names.
    """
    names: set[str] = set()
    for name in _names_in(answer):
        if "/" not in name:
            return set()
        names.add(name)
    return names


def _names_in(thing: Any) -> Iterator[str]:
    """Yield every name of a model in an answer."""
    if isinstance(thing, Bound):  # its side isn't one
        return
    for each in fields(thing) if is_dataclass(thing) else ():
        value = getattr(thing, each.name)
        values = value if isinstance(value, (tuple, list)) else (value,)
        for part in values:
            if isinstance(part, str):
                yield from (part,) if each.name in FIELDS and part else ()
            else:
                yield from _names_in(part)


def _without(block: Block, shorten: Callable[[str], str]) -> Block:
    if isinstance(block, Table):
        rows = tuple(
            tuple(shorten(cell) if isinstance(cell, str) else cell for cell in row) for row in block.rows
        )
        return replace(block, rows=rows, title=shorten(block.title), note=shorten(block.note))
    if isinstance(block, Text):
        return (
            block
            if block.kind == "code"
            else replace(block, text=shorten(block.text), more=shorten(block.more))
        )
    return Note(
        warnings=tuple(replace(warning, message=shorten(warning.message)) for warning in block.warnings)
    )


def described(
    presentation: ModuleType, answer: object, *, explain: bool, methods: bool = False, details: bool = False
) -> Document:
    """Return an answer as a document, by the module that presents it.

    `explain`: in plain words as well, if it has some. `methods`: with a paragraph for a paper, if it has one.
    `details`: with further tables, the method and assumptions.
    """
    document: Document = presentation.document(answer)
    names = model_names(answer)
    beginning = beginning_of(names)
    if details:
        document = in_full(document)
        if beginning is not None:
            note = Text(text=f"The names of all models begin with {shared(names)}.", kind="small")
            document = replace(document, blocks=(*document.blocks[:1], note, *document.blocks[1:]))
    document = foot_last(document)
    if document.details:
        document = with_hint(document)
    for name in (["explanation"] if explain else []) + (["methods"] if methods else []):
        prose = getattr(presentation, name, None)
        document = replace(document, blocks=(*document.blocks, *(prose(answer).blocks if prose else ())))
    document = told_apart(document, answer)
    if beginning is None:
        return document
    return replace(
        document, blocks=tuple(_without(block, partial(beginning.sub, "")) for block in document.blocks)
    )
