"""Files beside a mapped one, such as the right answers to its questions: their records, looked up by id."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.mapping import documents
from howsure.readers.mapping.records import reached
from howsure.table.cells import plain_text
from howsure.table.names import by_plain_name, plain_name
from howsure.table.schema import ALIASES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.readers.base import Source

LEVELS = 4
"""So many folders above that of the file are looked into."""


def lookup(source: Source, name: str) -> Callable[[tuple[str, ...]], Mapping[str, Any]]:
    """Open the nearest file of this name in the folder of a file, or above it; return what a path of fields
    gives for each id.

    Raises ReadError where there is none, or its records have no ids.
    """
    records = _by_id(_found(source, name))

    def each(steps: tuple[str, ...]) -> dict[str, Any]:
        """Return what the path of fields leads to in each record, by its id; nested values are left out."""
        values = {key: reached(record, steps) for key, record in records.items()}
        return {key: value for key, value in values.items() if not isinstance(value, (dict, list))}

    return each


def _found(source: Source, name: str) -> Source:
    found = source.nearest(source.path.absolute().parents[: LEVELS + 1], name)
    if found is None:
        raise ReadError(
            f"no file {name!r} in its folder or above it",
            where=source.name,
            remedy="Put it there, or mend `beside`.",
        )
    return found


def _rows(source: Source) -> list[dict[str, Any]]:
    """Return the rows of a table; its ids as they are written, 007 and not 7."""
    names = documents.table(source).collect_schema().names()
    ids = [name for name in names if plain_name(name) in ALIASES["item"]]
    return documents.table(source, ids).collect().to_dicts()


def _by_id(source: Source) -> dict[str, Any]:
    """Return the records of a file by id: an object's keys, or the column that is called as items are."""
    document = documents.parsed(source) if documents.has_objects(source) else _rows(source)
    if isinstance(document, dict):
        return {plain_text(name): record for name, record in document.items()}
    rows = [row for row in document if isinstance(row, dict)] if isinstance(document, list) else []
    names = by_plain_name(rows[0] if rows else ())
    key = next((names[alias] for alias in ALIASES["item"] if alias in names), None)
    if key is None:
        raise ReadError(
            "no id by which its records can be looked up",
            where=source.name,
            remedy="Write an object of id and record.",
        )
    found: dict[str, Any] = {}
    for row in rows:
        name = plain_text(row.get(key))
        if found.setdefault(name, row) != row:
            raise ReadError(
                f"id {name!r} comes more than once, with different values",
                where=source.name,
                remedy="Mend the file.",
            )
    return found
