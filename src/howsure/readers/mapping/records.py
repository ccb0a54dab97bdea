"""Where the records of a file are: a path with wildcards through a document, `results[*]`, `*.*`,
`data.runs[*].items[*]`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError
from howsure.readers.mapping.fields import KEY, TOP, UP, VALUE, is_own, own_field
from howsure.table.cells import EXACT, text_or_nothing

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

EACH = "[*]"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: what stands there, the keys of the wildcards that led to it, and the records that it lies
    in, outermost first.
    """

    value: Any
    keys: tuple[str, ...] = ()
    around: tuple[Any, ...] = ()


def steps(path: str) -> tuple[str, ...]:
    """Return the steps of a path: names, `*` for every value of an object, `[*]` for every element of a
    list.
    """
    found = [part for part in path.replace(EACH, f".{EACH}").split(".") if part]
    if any(("*" in step or "[" in step) and step not in ("*", EACH) for step in found):
        raise OptionError(
            f"rows = {path!r} is no path", remedy="Write names, * and [*] with dots: results[*].items[*]."
        )
    return tuple(found)


def records(document: Any, path: str) -> Iterator[Record]:
    """Yield every record at a path; what doesn't fit the path has none."""
    found = [Record(document)]
    for step in steps(path):
        found = [inner for record in found for inner in _step(record, step)]
    return iter(found)


def _step(record: Record, step: str) -> list[Record]:
    value, around = record.value, record.around
    if step == EACH:
        return (
            [Record(each, record.keys, (*around, each)) for each in value] if isinstance(value, list) else []
        )
    if step == "*":
        inner = value.items() if isinstance(value, dict) else ()
        return [Record(each, (*record.keys, str(key)), (*around, each)) for key, each in inner]
    return [Record(value[step], record.keys, around)] if isinstance(value, dict) and step in value else []


def frame(found: Sequence[Record], document: Any, fields: Sequence[str]) -> pl.DataFrame:
    """Lay out the fields that a mapping names, one row a record; a field that no record has is null."""
    return pl.DataFrame([series(name, _values(found, document, name)) for name in fields])


def _values(found: Sequence[Record], document: Any, name: str) -> list[Any]:
    if is_own(name):
        return [_own(record.value, own_field(name)) for record in found]
    first, *rest = name.split(".")
    if first == TOP:
        return [reached(document, rest)] * len(found)
    if first == UP:
        return [reached(record.around[-2] if len(record.around) > 1 else document, rest) for record in found]
    if first == KEY:
        place = int(rest[0]) if rest and rest[0].isdigit() else -1
        return [
            record.keys[place] if -len(record.keys) <= place < len(record.keys) else None for record in found
        ]
    if first == VALUE and not any(isinstance(record.value, dict) for record in found):
        return [reached(record.value, rest) for record in found]
    return [_own(record.value, name) for record in found]


def _own(value: Any, name: str) -> Any:
    """Return the field of a record, or the field of its field."""
    return value[name] if isinstance(value, dict) and name in value else reached(value, name.split("."))


def reached(value: Any, steps: Sequence[str]) -> Any:
    """Return the field of a field of a value; None where there is none."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def series(name: str, values: list[Any]) -> pl.Series:
    """Make a column of values of any kind: numbers where all are, else texts; what has parts is written as
    JSON.
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds <= {int, float, bool} and not any(type(value) is int and abs(value) > EXACT for value in values):
        if kinds == {int}:
            return pl.Series(name, values, dtype=pl.Int64)
        return pl.Series(
            name, [None if value is None else float(value) for value in values], dtype=pl.Float64
        )
    return pl.Series(name, list(map(text_or_nothing, values)), dtype=pl.String)
