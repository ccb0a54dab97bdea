"""Ids and names of models, tasks and raters as texts: as they are written, so that 007 isn't 7, and nothing
where nothing is named.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import narwhals as nw

if TYPE_CHECKING:
    import polars as pl

EXACT = 2.0**53
"""Up to here a float stands for one whole number."""


def plain_text(value: Any) -> str:
    """Write a value as a text; what has parts is written as JSON.

    >>> [plain_text(value) for value in (1, 1.0, "1", "1.0", 1.5, True, [1])]
    ['1', '1', '1', '1.0', '1.5', 'true', '[1]']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if isinstance(value, (dict, list)):
        return whole_text(json.dumps(value, sort_keys=True, default=str))
    return whole_text(str(value))


def text_or_nothing(value: Any) -> str | None:
    """Write a value as a text; None where it is none: null, NaN or infinite."""
    return (
        None
        if value is None or (isinstance(value, float) and not math.isfinite(value))
        else plain_text(value)
    )


def whole_text(text: str) -> str:
    """Replace halves of characters, which JSON can hold and a table can't, by a question mark."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def text_of(column: str, dtype: Any, *, item: bool = False) -> nw.Expr:
    """Return the texts of a column; null where nothing stands: NaN, or a text of nothing but blanks.

    `item`: an id that is a whole number is written like one, since pandas makes 1.0 of it where another is
    missing; the 1.0 of a model is a version.
    """
    value, text = nw.col(column), nw.col(column).cast(nw.String)
    if dtype.is_float():
        return nw.when(~value.is_nan()).then(text.str.replace_all(r"\.0$", "") if item else text)
    return nw.when(text.str.strip_chars() != "").then(text) if is_text(dtype) else text


def texts_of(column: pl.Series, *, item: bool = False) -> pl.Series:
    """Return the same of a Polars column."""
    frame = nw.from_native(column.alias("id").to_frame(), eager_only=True)
    return frame.select(text_of("id", frame.schema["id"], item=item)).to_native()["id"].alias(column.name)


def is_text(dtype: Any) -> bool:
    """Say whether a column holds texts, which may be numbers too."""
    return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object)
