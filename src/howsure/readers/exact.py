"""Frozen dataclasses as JSON and back, exactly as they were: what this program keeps for itself, and reads
only where nothing touched it.

A saved baseline comes from others, so that its fields are checked (`saved_fields`); these come with a
checksum.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from functools import cache, partial
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints

import polars as pl

from howsure.errors import Caution
from howsure.readers.base import Claim, Reading
from howsure.readers.saved_fields import usual
from howsure.table.scores import Extent, Group, Published, Run, TaskFacts, Total

Decode = Callable[[Any], Any]
PLAIN = (str, int, float, bool, type(None))
KINDS = (Caution, Extent, Group, Published, Reading, Run, TaskFacts, Total)
NAMES = {"Mapping": Mapping, "Claim": Claim, "pl": pl, **{kind.__name__: kind for kind in KINDS}}
"""Names in annotations that their modules import for type checkers only."""


def encoded(value: Any) -> Any:
    """Return a value as JSON has it, of a dataclass the fields that differ from their defaults. TypeError
    where it wouldn't come back as it is.
    """
    if type(value) in PLAIN:
        return value
    if is_dataclass(value):
        named = ((name, getattr(value, name), default) for name, default in _defaults(value.__class__))
        return {
            name: encoded(found)
            for name, found, default in named
            if type(found) is not type(default) or found != default
        }
    if type(value) is dict and all(type(name) is str for name in value):
        return {name: encoded(each) for name, each in value.items()}
    if type(value) is frozenset:
        return sorted(map(encoded, value))
    if type(value) is tuple:
        return [each if type(each) is str else encoded(each) for each in value]
    raise TypeError(f"{type(value).__name__} is not kept")


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a dataclass with their defaults."""
    return tuple((each.name, usual(each)) for each in fields(kind))


def decoded(kind: Any, given: Any) -> Any:
    """Return what was encoded as a value of this kind, a dataclass or an annotation."""
    decode = _decode(kind)
    return given if decode is None else decode(given)


@cache
def _decode(kind: Any) -> Decode | None:
    """Return what makes a value of this kind of JSON; None where it is one already."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _decode(inner[0])
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(
            _made, kind, {name: _decode(hint) for name, hint in get_type_hints(kind, localns=NAMES).items()}
        )
    if origin in (tuple, frozenset):
        return partial(_gathered, origin, _decode(inner[0]))
    return None


def _made(kind: Callable[..., Any], decodes: Mapping[str, Decode | None], given: Mapping[str, Any]) -> Any:
    return kind(
        **{
            name: value if (decode := decodes[name]) is None or value is None else decode(value)
            for name, value in given.items()
        }
    )


def _gathered(kind: Callable[..., Any], decode: Decode | None, given: Any) -> Any:
    return kind(given if decode is None else map(decode, given))
