"""An answer as plain data: its dataclass fields become JSON and flat rows, in this one place.

A field is written under its own name. Where that isn't so, it says what becomes of it, with one of the markers below, and a property
that belongs to the output carries `@derived()`. An interval is written as its limits: `interval` as low, high and level,
`failed_interval` as failed_low and failed_high. What is one (a number, a name, one nested answer) comes before what is many.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from howsure.statistics.results import Interval, Method

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Get = TypeVar("Get", bound=Callable[..., Any])

KEY = "howsure"
LISTS = ("tuple[", "list[", "dict[", "NDArray[")
LAST = ("notes", "cautions")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What becomes of a field in the output.

    Attributes:
        hidden: It isn't part of the output.
        key: Its name there, where that isn't the field's own.
        endless: An infinite number is the word "endless", not null.
        nested: A nested object of JSON; else its own fields take its place.
        rows: Whether flat rows have it: a number or a name as it is, an object as its numbers.
        prefix: What the names of such an object's numbers begin with in rows.
        value: What its `value` is called in rows.
    """

    hidden: bool = False
    key: str = ""
    endless: bool = False
    nested: bool = True
    rows: bool = True
    prefix: str = ""
    value: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One entry of an output.

    Attributes:
        name: The attribute.
        key: Its key in the output.
        type: Its type, as it is written in the source.
        shown: What becomes of it.
    """

    name: str
    key: str
    type: str
    shown: Shown

    @property
    def many(self) -> bool:
        """Whether it holds several: a tuple, a mapping, an array."""
        return self.type.startswith(LISTS)


def shown(*, key: str = "", endless: bool = False, rows: bool = True) -> dict[str, Shown]:
    """Mark a field that has another name in the output, may be endless, or isn't in rows."""
    return {KEY: Shown(key=key, endless=endless, rows=rows)}


def spread(*, prefix: str = "", value: str = "value") -> dict[str, Shown]:
    """Mark a nested answer whose numbers stand in rows, as `prefix` and their names; its `value` under a name of its own."""
    return {KEY: Shown(prefix=prefix, value=value)}


HIDDEN = {KEY: Shown(hidden=True)}
"""Marks a field that isn't part of the output."""
MERGED = {KEY: Shown(nested=False, value="value")}
"""Marks a nested answer whose fields stand in its place, in JSON as in rows."""


def derived(*, key: str = "", rows: bool = True) -> Callable[[Get], Get]:
    """Mark the getter of a property that is part of the output: under a key of its own, or in JSON only."""

    def mark(get: Get) -> Get:
        setattr(get, KEY, Shown(key=key, rows=rows))
        return get

    return mark


def tree(thing: Any) -> dict[str, Any]:
    """Return a dataclass as nested plain data, ready for JSON."""
    found: dict[str, Any] = {}
    for part in parts(thing.__class__):
        value = getattr(thing, part.name)
        if isinstance(value, Interval):
            found |= _limits(part, value)
        elif not part.shown.nested:
            found |= tree(value)
        else:
            found[part.key] = plain(value, endless=part.shown.endless)
    return found


def row(thing: Any) -> dict[str, Any]:
    """Return a dataclass as one flat mapping: its numbers and names, without what it holds several of."""
    found: dict[str, Any] = {}
    for part in parts(thing.__class__):
        if not part.shown.rows or part.many:
            continue
        value = getattr(thing, part.name)
        if isinstance(value, Interval):
            found |= _limits(part, value)
        elif is_dataclass(value) and not isinstance(value, Method):
            found |= _spread(part.shown, value)
        else:
            found[part.key] = plain(value, endless=part.shown.endless)
    return found


def rows(**columns: Iterable[Any] | NDArray[Any]) -> list[dict[str, Any]]:
    """Return columns of one length as flat mappings; arrays become plain numbers."""
    values = [_column(column) for column in columns.values()]
    return [dict(zip(columns, found, strict=True)) for found in zip(*values, strict=True)]


def number(value: float) -> float | None:
    """Return a finite float to 12 digits, None otherwise: JSON has no NaN, and processors differ in the last digits."""
    value = float(value)
    return float(f"{value:.12g}") if math.isfinite(value) else None


def plain(value: Any, *, endless: bool = False) -> Any:
    """Return a value as JSON has it."""
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        return "endless" if endless and math.isinf(value) else number(value)
    if isinstance(value, Method):
        return str(value)
    if is_dataclass(value):
        return value.to_dict() if hasattr(value, "to_dict") else tree(value)  # an answer keeps its head
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return plain(value.tolist())  # a NumPy array or number


@cache
def parts(cls: type) -> tuple[Part, ...]:
    """Return what a dataclass puts out, in order: what is one, what is many, notes and cautions."""
    found = [_part(field.name, str(field.type), field.metadata.get(KEY, Shown())) for field in fields(cls)]
    for name, member in vars(cls).items():
        mark = getattr(member.fget, KEY, None) if isinstance(member, property) else None
        if mark is not None:
            found.append(_part(name, str(member.fget.__annotations__["return"]), mark))
    kept = [part for part in found if not part.shown.hidden]
    return tuple(sorted(kept, key=lambda part: (part.name in LAST, part.many)))


def _part(name: str, kind: str, mark: Shown) -> Part:
    return Part(name=name, key=mark.key or name, type=kind, shown=mark)


def _limits(part: Part, interval: Interval) -> dict[str, float | None]:
    before = part.name.removesuffix("interval")
    limits = {f"{before}low": number(interval.low), f"{before}high": number(interval.high)}
    return limits if before else {**limits, "level": number(interval.level)}


def _spread(mark: Shown, value: Any) -> dict[str, Any]:
    return {mark.value if name == "value" else mark.prefix + name: each for name, each in row(value).items()}


def _column(values: Iterable[Any]) -> Iterable[Any]:
    kind = getattr(values, "dtype", None)
    if kind is None:
        return values
    listed = values.tolist()  # type: ignore[attr-defined]
    return map(number, listed) if kind.kind == "f" else listed
