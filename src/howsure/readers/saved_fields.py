"""What is known beside the rows as plain JSON, and back: frozen dataclasses by their own fields, every value
checked on its way in.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from howsure.checks import MOST
from howsure.errors import ReadError
from howsure.table.cells import whole_text

T = TypeVar("T")

NAMES = {"Mapping": Mapping}
"""Names in annotations that their modules import for type checkers only."""
WORDS = {("TaskFacts", "failures"): ("drop", "zero")}
"""Texts that are one of a few, although their annotation doesn't say so."""


def plain(value: Any) -> Any:
    """Return a value as JSON has it: of a dataclass the fields that differ from their defaults, sets
    sorted.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: plain(found)
            for each in fields(value)
            if (found := getattr(value, each.name)) != usual(each)
        }
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return short(value) if isinstance(value, float) else value


def short(number: float) -> float:
    """Write a whole number without a point; a zero with a sign keeps it."""
    return int(number) if number.is_integer() and abs(number) < 2**53 and str(number) != "-0.0" else number


def usual(field: Any) -> Any:
    """Return the default of a field, MISSING where it has none."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def every(kind: type[T], given: object, where: str) -> tuple[T, ...]:
    """Return a list in JSON as dataclasses of one kind. ReadError where it is none, or a field doesn't
    fit.
    """
    if not isinstance(given, list):
        raise misfit(kind.__name__, where)
    return tuple(one(kind, each, where) for each in given)


def one(kind: type[T], given: object, where: str) -> T:
    """Return an object in JSON as a dataclass; keys that it doesn't know are those of a later version, and
    passed over.
    """
    if not isinstance(given, dict):
        raise misfit(kind.__name__, where)
    known: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name in given:
            value = _value(
                hints(cast("Hashable", kind))[each.name],
                given[each.name],
                f"{kind.__name__}.{each.name}",
                where,
            )
            words = WORDS.get((kind.__name__, each.name), (value,))
            known[each.name] = value if value in words else _raise(f"{kind.__name__}.{each.name}", where)
        elif each.default is MISSING and each.default_factory is MISSING:
            raise misfit(f"{kind.__name__}.{each.name}", where)
    return kind(**known)


def _raise(name: str, where: str) -> Any:
    raise misfit(name, where)


def misfit(name: str, where: str) -> ReadError:
    """Return the error for a part that isn't what a baseline holds there."""
    return ReadError(f"damaged: {name} is not what a baseline holds", where=where, remedy="Save it again.")


@cache
def hints(kind: Any) -> dict[str, Any]:
    """Return the annotations of a dataclass."""
    return get_type_hints(kind, localns=NAMES)


def _value(hint: Any, given: Any, name: str, where: str) -> Any:
    """Return a value of JSON as what its annotation says."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if given is None and NoneType in inner else _value(inner[0], given, name, where)
    if origin is Literal:
        return given if given in inner else _raise(name, where)
    if is_dataclass(hint):
        return one(cast("type", hint), given, where)
    if origin in (tuple, frozenset) and isinstance(given, list):
        return origin(_value(inner[0], each, name, where) for each in given)
    if origin is Mapping and isinstance(given, dict):
        return {whole_text(key): _value(inner[1], each, name, where) for key, each in given.items()}
    return _scalar(hint, given) if _fits(hint, given) else _raise(name, where)


def _fits(hint: Any, given: object) -> bool:
    if hint is float:
        return isinstance(given, (int, float)) and not isinstance(given, bool)
    if hint is int:
        return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST
    return hint in (str, bool) and isinstance(given, hint)


def _scalar(hint: Any, given: Any) -> Any:
    if hint is float:
        return float(given) if abs(given) <= 1e308 else math.nan
    return whole_text(given) if hint is str else given


def texts(given: object, name: str, where: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise misfit(name, where)
    return tuple(map(whole_text, given))


def mended(value: Any, mend: Mapping[str, str]) -> Any:
    """Return plain JSON with these texts replaced wherever they stand, also inside of others."""
    if isinstance(value, str):
        for text, name in mend.items():
            value = value.replace(text, name)
        return value
    if isinstance(value, dict):
        return {name: mended(each, mend) for name, each in value.items()}
    return [mended(each, mend) for each in value] if isinstance(value, Iterable) else value
