"""One check each for counts, shares, levels, numbers, flags, seeds, names and words: plain values in, OptionError out.

Every check takes the option's name and its value, and returns the value as plain Python has it: `numpy.int64(500)` comes
back as 500, a list of names as a tuple.
"""

from __future__ import annotations

import math
import numbers
import os
from collections.abc import Mapping, Sequence, Set
from difflib import get_close_matches
from typing import Any, get_args

from howsure.errors import OptionError

POINTS = "Write 0.01 for one percentage point, 0.92 for 92 %."


def count(name: str, value: Any, *, least: int = 1, remedy: str = "") -> int:
    """Return a whole number of `least` or more."""
    if not _is_whole(value) or value < least:
        raise OptionError(
            f"{said(name, value)} is not a whole number of {least} or more", remedy=remedy or _whole(least)
        )
    return int(value)


def seed(name: str, value: Any) -> int:
    """Return a whole number of 0 or more, from which all draws follow."""
    return count(name, value, least=0, remedy="Write 0, or any other whole number, to draw the same again.")


def number(name: str, value: Any, *, remedy: str = POINTS) -> float:
    """Return a finite number; whole ones stay as they are."""
    if not _is_real(value) or not math.isfinite(value):
        raise OptionError(f"{said(name, value)} is no number", remedy=remedy)
    return int(value) if _is_whole(value) else float(value)


def positive(name: str, value: Any, *, remedy: str = "Write 0.01 for one percentage point.") -> float:
    """Return a finite number above 0."""
    size = number(name, value)
    if not size > 0:
        raise OptionError(f"{said(name, value)} is not above 0", remedy=remedy)
    return size


def price(name: str, value: Any) -> float:
    """Return a finite number of 0 or more."""
    cost = number(name, value, remedy="Write 0.02 for two cents.")
    if cost < 0:
        raise OptionError(f"{said(name, value)} is below 0", remedy="Write 0.02 for two cents.")
    return cost


def share(name: str, value: Any, *, remedy: str = "Write 0.8 for 80 %.") -> float:
    """Return a number strictly between 0 and 1."""
    if not _is_real(value) or not 0 < value < 1:
        raise OptionError(f"{said(name, value)} is not between 0 and 1", remedy=remedy)
    return float(value)


def level(name: str, value: Any) -> float:
    """Return a confidence level, strictly between 0 and 1."""
    return share(name, value, remedy="Write 0.95 for 95 %.")


def one_sided_level(name: str, value: Any) -> float:
    """Return a level of one-sided limits: one above a half, since half are right by tossing a coin."""
    found = level(name, value)
    if found <= 0.5:
        raise OptionError(f"{said(name, value)} is no more than a coin's throw", remedy="Write 0.95 for 95 %.")
    return found


def flag(name: str, value: Any) -> bool:
    """Return True or False; a NumPy one passes."""
    if not _is_flag(value):
        raise OptionError(f"{said(name, value)} is neither True nor False", remedy="Write True or False.")
    return bool(value)


def one_name(name: str, value: Any, *, remedy: str = "") -> str:
    """Return a text that isn't empty."""
    if not isinstance(value, str) or not value:
        raise OptionError(f"{said(name, value)} is no name", remedy=remedy or "Write one text, such as 'a'.")
    return str(value)


def names(name: str, value: Any) -> tuple[str, ...]:
    """Return one text, or several, as a tuple."""
    if isinstance(value, str):
        return (one_name(name, value),)
    several = isinstance(value, (Sequence, Set)) and not isinstance(value, (bytes, bytearray))
    if not several or not all(isinstance(each, str) and each for each in value):
        raise OptionError(f"{said(name, value)} is no name, nor a list of names", remedy="Write 'a', or ['a', 'b'].")
    return tuple(map(str, value))


def named(name: str, value: Any) -> dict[str, tuple[str, ...]]:
    """Return names by a name: `{"model": ["model", "temperature"]}`."""
    if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
        raise OptionError(f"{said(name, value)} is no mapping of names", remedy=f"Write {name}={{'model': 'name'}}.")
    return {str(key): names(f"{name}[{key!r}]", each) for key, each in value.items()}


def pattern(name: str, value: Any) -> str:
    """Return a regular expression that can be read."""
    import re

    text = one_name(name, value, remedy=r"Write a regular expression, such as '^(\w+)-'.")
    try:
        re.compile(text)
    except re.error as error:
        raise OptionError(
            f"{said(name, value)} is no regular expression ({error})", remedy="Mend the pattern."
        ) from None
    return text


def path(name: str, value: Any) -> str:
    """Return the path of a file as text."""
    if not isinstance(value, (str, os.PathLike)) or not str(value):
        raise OptionError(
            f"{name} takes the path of a table", remedy="Write your table to a .csv or .parquet file first."
        )
    return str(value)


def word(name: str, value: Any, alias: Any) -> str:
    """Return one of the words of a Literal alias; a word that is nearly one of them is named."""
    words = get_args(alias)
    if isinstance(value, str) and value in words:
        return str(value)
    near = get_close_matches(str(value), words, n=1) if isinstance(value, str) else []
    hint = f"Did you mean {near[0]!r}?" if near else f"Write {name}={words[0]!r}, or another of these."
    raise OptionError(f"{said(name, value)} is not one of {', '.join(map(repr, words))}", remedy=hint)


def said(name: str, value: Any) -> str:
    """Say what was given, cut short where it is long."""
    shown = repr(value)
    return f"{name}={shown if len(shown) <= 80 else shown[:77] + '…'}"


def _whole(least: int) -> str:
    return f"Write {max(least, 1)}, or a larger whole number."


def _is_flag(value: Any) -> bool:
    return isinstance(value, bool) or (type(value).__name__ in ("bool", "bool_") and type(value).__module__ == "numpy")


def _is_whole(value: Any) -> bool:
    return isinstance(value, numbers.Integral) and not _is_flag(value)


def _is_real(value: Any) -> bool:
    return isinstance(value, numbers.Real) and not _is_flag(value)
