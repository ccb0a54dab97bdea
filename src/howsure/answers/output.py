"""An answer as plain data: the one place where dataclass fields become JSON and flat rows.

A field is written under its own name unless one of the markers below changes that. `@derived()` adds a
property to the output. An interval is written as its limits: `interval` as low, high and level,
`failed_interval` as failed_low and failed_high. Single values (a number, a name, one nested answer) come
before collections.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache, partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any, Generic, Literal, TypeVar

from howsure.errors import ResultWarning
from howsure.statistics.results import Method

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Write = Callable[[Any], Any] | None
    Inline = Callable[[Any], dict[str, Any]] | None

T = TypeVar("T")

KEY = "howsure"
LISTS = ("tuple[", "list[", "dict[", "NDArray[")
AS_IT_IS = ("str", "int", "bool")
LAST = ("settings", "notes", "warnings")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """How a field appears in the output.

    Attributes:
        hidden: It isn't part of the output.
        key: Its name in the output if it differs from the field's.
        endless: Whether an infinite number is written as the word "endless" instead of null.
        nested: Whether it is a nested object in JSON. Otherwise its own fields replace it.
        rows: Whether flat rows contain it: a number or a name as it is, an object as its numbers.
        prefix: The prefix of the names of such an object's numbers in rows.
        value: The name of its `value` in rows.
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
        type: Its type, as written in the source.
        shown: How the field appears.
    """

    name: str
    key: str
    type: str
    shown: Shown

    @property
    def many(self) -> bool:
        """Whether it is a collection: a tuple, a mapping, an array."""
        return self.type.startswith(LISTS)


def shown(*, key: str = "", endless: bool = False, rows: bool = True) -> dict[str, Shown]:
    """Mark a field that has another name in the output, may be infinite, or isn't in rows."""
    return {KEY: Shown(key=key, endless=endless, rows=rows)}


def spread(*, prefix: str = "", value: str = "value") -> dict[str, Shown]:
    """Mark a nested answer whose numbers appear in rows, as `prefix` and their names. Its `value` gets its
    own name.
    """
    return {KEY: Shown(prefix=prefix, value=value)}


HIDDEN = {KEY: Shown(hidden=True)}
"""Marks a field that isn't part of the output."""
MERGED = {KEY: Shown(nested=False, value="value")}
"""Marks a nested answer whose fields replace it, in JSON and in rows."""


class Derived(property, Generic[T]):
    """A property that is part of the output."""

    if TYPE_CHECKING:

        def __get__(self, thing: Any, owner: type | None = None, /) -> T:  # type: ignore[override]
            """Return its value."""


def derived(*, key: str = "", rows: bool = True) -> Callable[[Callable[[Any], T]], Derived[T]]:
    """Make a property part of the output: under its own key, or in JSON only."""

    def mark(get: Callable[[Any], T]) -> Derived[T]:
        """Set the mark on the getter."""
        setattr(get, KEY, Shown(key=key, rows=rows))
        return Derived(get)

    return mark


derived()(vars(ResultWarning)["chapter"].fget)  # it is defined before all this, and can't set the mark itself


def tree(thing: Any) -> dict[str, Any]:
    """Return a dataclass as nested plain data, ready for JSON."""
    return _written(thing, _layout(thing.__class__, "tree"))


def row(thing: Any) -> dict[str, Any]:
    """Return a dataclass as one flat mapping: its numbers and names, without collections."""
    return _written(thing, _layout(thing.__class__, "row"))


def rows(**columns: Iterable[Any] | NDArray[Any]) -> list[dict[str, Any]]:
    """Return columns of equal length as flat mappings. Arrays become plain numbers."""
    values = [_column(column) for column in columns.values()]
    return [dict(zip(columns, found, strict=True)) for found in zip(*values, strict=True)]


def number(value: float) -> float | None:
    """Return a finite float to 12 digits, otherwise None: JSON has no NaN, and processors differ in the last
    digits.
    """
    value = float(value)
    return float(f"{value:.12g}") if math.isfinite(value) else None


def plain(value: Any) -> Any:
    """Return a value in the form used in JSON."""
    write = _writer_of(value.__class__)
    return value if write is None else write(value)


@cache
def parts(cls: type) -> tuple[Part, ...]:
    """Return the parts of a dataclass's output, in order: single values, collections, notes and warnings."""
    found = [_part(field.name, str(field.type), field.metadata.get(KEY, Shown())) for field in fields(cls)]
    members: dict[str, Any] = {}
    for home in cls.__mro__:
        members = {**vars(home), **members}  # a class goes before those that it inherits from
    for name, member in members.items():
        mark = getattr(member.fget, KEY, None) if isinstance(member, property) else None
        if mark is not None:
            found.append(_part(name, str(member.fget.__annotations__["return"]), mark))
    kept = [part for part in found if not part.shown.hidden]
    return tuple(sorted(kept, key=lambda part: (part.name in LAST, part.many)))


def _part(name: str, kind: str, mark: Shown) -> Part:
    return Part(name=name, key=mark.key or name, type=kind, shown=mark)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a class is written, computed once per class and form.

    Attributes:
        get: Returns all values of an object.
        keys: Their keys.
        writers: The functions that make values plain, by key.
        inline: The functions that write a value as several entries in its place, by key.
    """

    get: Callable[[Any], tuple[Any, ...]]
    keys: tuple[str, ...]
    writers: tuple[tuple[str, Callable[[Any], Any]], ...]
    inline: dict[str, Callable[[Any], dict[str, Any]]]


def _written(thing: Any, layout: Layout) -> dict[str, Any]:
    found = dict(zip(layout.keys, layout.get(thing), strict=True))
    for key, write in layout.writers:
        found[key] = write(found[key])
    if not layout.inline:
        return found
    spread: dict[str, Any] = {}
    for key, value in found.items():
        spread |= layout.inline[key](value) if key in layout.inline else {key: value}
    return spread


@cache
def _layout(cls: type, form: Literal["tree", "row"]) -> Layout:
    kept = [part for part in parts(cls) if form == "tree" or (part.shown.rows and not part.many)]
    inline = {part.key: found for part in kept if (found := _inliner(part, form)) is not None}
    entries = [entry for part in kept for entry in _entries(part, part.key in inline)]
    return Layout(
        get=_getter([path for path, _, _ in entries]),
        keys=tuple(key for _, key, _ in entries),
        writers=tuple((key, write) for _, key, write in entries if write is not None),
        inline=inline,
    )


def _getter(paths: list[str]) -> Callable[[Any], tuple[Any, ...]]:
    get = attrgetter(*paths)
    return get if len(paths) > 1 else lambda thing: (get(thing),)


def _entries(part: Part, inline: bool) -> list[tuple[str, str, Write]]:
    """Return the attributes of the values of a part, their keys, and the functions that make them plain."""
    if part.type == "Interval":
        before = part.name.removesuffix("interval")
        limits = ("low", "high") if before else ("low", "high", "level")
        return [(f"{part.name}.{limit}", f"{before}{limit}", number) for limit in limits]
    return [(part.name, part.key, None if inline else _writer(part))]


def _writer(part: Part) -> Write:
    if part.shown.endless:
        return _endless
    if part.type.removesuffix(" | None") in AS_IT_IS:
        return None
    return number if part.type == "float" else plain


@cache
def _writer_of(cls: type) -> Write:
    """Return the function that makes values of a class plain, None if they already are."""
    if issubclass(cls, (str, int, type(None))):
        return None
    if issubclass(cls, float):
        return number
    if issubclass(cls, Method):
        return str
    if is_dataclass(cls):
        return cls.to_dict if hasattr(cls, "to_dict") else tree  # a nested answer keeps its head
    if issubclass(cls, Mapping):
        return lambda value: {str(name): plain(each) for name, each in value.items()}
    if issubclass(cls, (tuple, list)):
        return lambda value: [plain(each) for each in value]
    return lambda value: plain(value.tolist())  # a NumPy array or number


def _inliner(part: Part, form: Literal["tree", "row"]) -> Inline:
    if form == "row" and part.shown.value:
        return partial(_spread, part.shown)
    return None if part.shown.nested else tree


def _endless(value: float) -> str | float | None:
    return "endless" if math.isinf(value) else number(value)


def _spread(mark: Shown, value: Any) -> dict[str, Any]:
    return {mark.value if name == "value" else mark.prefix + name: each for name, each in row(value).items()}


def _column(values: Iterable[Any]) -> Iterable[Any]:
    kind = getattr(values, "dtype", None)
    if kind is None:
        return values
    listed = values.tolist()  # type: ignore[attr-defined]
    return map(number, listed) if kind.kind == "f" else listed


def sliced_rows(whole: list[dict[str, Any]], parts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return flat rows of all questions and of slices under the same keys. The former are unchanged if there
    are no slices.
    """
    if not parts:
        return whole
    every = [*({"by": "", "slice": "", **each} for each in whole), *parts]
    keys = dict.fromkeys(key for each in every for key in each)
    return [{**keys, **each} for each in every]
