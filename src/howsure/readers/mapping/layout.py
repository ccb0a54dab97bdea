"""The records of a file laid out: the fields that a mapping names as columns, one row a record."""

from __future__ import annotations

from fnmatch import fnmatch
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import ReadError
from howsure.readers.mapping import documents, records
from howsure.readers.mapping.fields import COLUMN, KEY, TOP, UP, VALUE, own_field
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Collection
    from collections.abc import Mapping as Table

    from howsure.readers.base import Source


def rows_of(
    source: Source, path: str, columns: tuple[str, ...], wanted: list[str], names: Collection[str] = ()
) -> pl.LazyFrame | pl.DataFrame:
    """Return the fields of all records as columns, from a document or, lazily, from a table.

    `path` leads to the records; `columns` are patterns for those of a wide table that hold a value each;
    `names` are fields that name something.
    """
    if documents.is_database(source):
        named = {own_field(name).split(".")[0] for name in wanted} | {own_field(name) for name in wanted}
        table = documents.database(source, path, lambda name: name in named or _is_chosen(name, columns))
    elif path or documents.is_document(source) or (documents.has_records(source) and _has_parts(wanted)):
        document = documents.parsed(source)
        path = path or (records.EACH if isinstance(document, list) else "*")
        found = list(records.records(document, path))
        if not columns:
            return records.frame(found, document, wanted)
        names = dict.fromkeys(
            str(name) for record in found if isinstance(record.value, dict) for name in record.value
        )
        chosen = [name for name in names if _is_chosen(name, columns)]
        others = [name for name in wanted if name not in (VALUE, *chosen)]
        table = records.frame(found, document, [*others, *chosen]).lazy()
    else:
        table = documents.table(source, [own_field(name) for name in names])
    if columns:
        table = _long(table, columns, source)
    known = table.collect_schema()
    places = {name: _place(own_field(name), known) for name in wanted}
    lacking = [own_field(name) for name, place in places.items() if place is None]
    if lacking:
        raise ReadError(
            f"no field {listing(lacking)}",
            where=source.name,
            remedy=f"There is {', '.join(list(known)[:12]) or 'nothing in it'}.",
        )
    extra = [COLUMN] if COLUMN in known else []
    return table.select(
        *extra,
        *(place.alias(name) for name, place in places.items() if place is not None and name not in extra),
    )


def _has_parts(wanted: list[str]) -> bool:
    """Say whether a field of a field is named, which a table of JSON lines doesn't hold, or the record around
    one.
    """
    return any("." in own_field(name) or name in (KEY, TOP, UP) for name in wanted)


def _long(table: pl.LazyFrame, columns: tuple[str, ...], source: Source) -> pl.LazyFrame:
    names = table.collect_schema().names()
    chosen = [name for name in names if _is_chosen(name, columns)]
    if not chosen:
        raise ReadError(
            f"no column like {listing(columns)}",
            where=source.name,
            remedy=f"There is {', '.join(names[:12])}.",
        )
    others = [name for name in names if name not in (*chosen, COLUMN, VALUE)]
    return table.select(*chosen, *others).unpivot(
        on=chosen, index=others, variable_name=COLUMN, value_name=VALUE
    )


def _is_chosen(name: str, columns: tuple[str, ...]) -> bool:
    """Say whether a column of a wide table holds values."""
    return any(fnmatch(name, pattern) for pattern in columns)


def _place(name: str, schema: Table[str, pl.DataType]) -> pl.Expr | None:
    """Return a field of a table, or the field of its field; None where there is none."""
    if name in schema:
        return pl.col(name)
    first, *rest = name.split(".")
    found = pl.col(first)
    kind: Any = schema.get(first)
    for step in rest:
        inner = {field.name: field.dtype for field in kind.fields} if isinstance(kind, pl.Struct) else {}
        if step in inner:
            found, kind = found.struct.field(step), inner[step]
        elif isinstance(kind, pl.List) and step.isdigit():
            found, kind = found.list.get(int(step), null_on_oob=True), kind.inner
        else:
            return None
    return found if kind is not None else None
