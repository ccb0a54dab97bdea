"""Verdicts and labels in every spelling, as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.nothing import NOTHING
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.statistics.arrays import Floats

WORDS: Mapping[str, float] = {
    **dict.fromkeys(("c", "yes", "true", "correct", "pass", "passed", "good", "right", "1"), 1.0),
    **dict.fromkeys(("i", "no", "false", "incorrect", "fail", "failed", "bad", "wrong", "0"), 0.0),
}


def numbers(column: pl.Series) -> Floats:
    """Read numbers, truth values and words for right and wrong (N,), NaN where there is nothing; DataError for other words."""
    found, strange = _read(column)
    if len(strange):
        words = strange.unique().sort().to_list()
        raise DataError(
            f"{column.name!r} has what is no verdict: {listing([repr(each) for each in words])}",
            remedy="Write 1 and 0, yes and no, correct and incorrect, pass and fail, or numbers.",
        )
    return found.fill_null(np.nan).to_numpy().copy()


def understood(column: pl.Series) -> bool:
    """Say whether a column has verdicts, and no other words."""
    return not len(_read(column)[1])


def _read(column: pl.Series) -> tuple[pl.Series, pl.Series]:
    """Return the numbers of a column, and the words that are none."""
    if column.dtype.is_numeric() or column.dtype == pl.Boolean:
        return column.cast(pl.Float64), pl.Series([], dtype=pl.String)
    text = column.cast(pl.String).fill_null("").str.strip_chars().str.to_lowercase()
    words = text.replace_strict(dict(WORDS), default=None, return_dtype=pl.Float64)
    found = words.fill_null(text.cast(pl.Float64, strict=False))
    return found, text.filter(found.is_null() & ~text.is_in(list(NOTHING)))
