"""What one attempt took, as logs write it: tokens by kind, time from stamps, and what a 0 stands for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.table.cells import finite
from howsure.table.scores import moment

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from howsure.readers.base import Source

TOKENS = ("tokens_in", "tokens_out", "tokens_cache_read", "tokens_cache_write")
"""The measures that add up to all tokens of an attempt: those of reasoning are among `tokens_out`."""


def token_measures(usages: Sequence[object]) -> dict[str, pl.Series]:
    """Return the measures of usages written as Inspect, EvalScope and Every Eval Ever do: those that any
    usage has, by column.
    """
    found = [usage if isinstance(usage, dict) else {} for usage in usages]
    every = (
        {name: numbers([usage.get(key) for usage in found]) for name, key in _WRITTEN.items()}
        if any(found)
        else {}
    )
    columns = {name: column for name, column in every.items() if column.count()}
    if {"tokens_in", "tokens_out", _TOTAL} <= columns.keys():
        columns |= _placed(columns)
    columns.pop(_TOTAL, None)
    return columns


def token_rows(usages: Sequence[object]) -> list[dict[str, float | None]]:
    """Return the same, one mapping for each usage."""
    columns = {name: column.to_list() for name, column in token_measures(usages).items()}
    return [{name: column[place] for name, column in columns.items()} for place in range(len(usages))]


def numbers(values: Sequence[object]) -> pl.Series:
    """Return values of any kind as numbers, null for what is none, NaN and infinity too."""
    import polars as pl

    series = pl.Series(values, dtype=pl.Float64, strict=False)
    return series if math.isfinite(series.sum()) else series.set(~series.is_finite(), None)


def _placed(columns: Mapping[str, pl.Series]) -> dict[str, pl.Series]:
    """Return the tokens of the input without those of the cache, and of the output with those of reasoning.

    Providers disagree on whether the first are among the input and the others among the output. The stated
    total tells: what it exceeds input and output by lies outside them. Where that is neither of the two, all
    stays as it is.
    """
    taken, given, total = columns["tokens_in"], columns["tokens_out"], columns[_TOTAL]
    nothing = taken.fill_null(0.0) * 0.0
    cached = sum((columns[name].fill_null(0.0) for name in TOKENS[2:] if name in columns), nothing)
    thought = columns["tokens_reasoning"].fill_null(0.0) if "tokens_reasoning" in columns else nothing
    if not (cached + thought).max():
        return {}
    outside = (total - taken - given).set(total <= 0, None)
    inside = ((outside == 0) | (outside == thought)) & (outside != cached + thought) & (cached <= taken)
    beside = ((outside == thought) | (outside == cached + thought)) & (outside != cached)
    return {
        "tokens_in": (taken - cached).zip_with(inside, taken),
        "tokens_out": (given + thought).zip_with(beside, given),
    }


_TOTAL = "total"
_WRITTEN = {
    "usd": "total_cost",
    "tokens_in": "input_tokens",
    "tokens_out": "output_tokens",
    "tokens_cache_read": "input_tokens_cache_read",
    "tokens_cache_write": "input_tokens_cache_write",
    "tokens_reasoning": "reasoning_tokens",
    _TOTAL: "total_tokens",
}


def counted(records: Sequence[dict[str, Any]], *names: str) -> None:
    """Take away measures that are nothing but 0 in all records together: nobody counted or priced what they
    stand for.
    """
    if not any(record.get(name) for record in records for name in names):
        for record in records:
            for name in names:
                record.pop(name, None)


def without(measure: object, part: object) -> float | None:
    """Return a measure without a part of it, such as the tokens of a cache, where both are numbers and the
    part is one.
    """
    whole, taken = finite(measure), finite(part) or 0.0
    return None if whole is None else whole - taken if taken <= whole else whole


def per_thousand(value: object) -> float | None:
    """Return milliseconds as seconds."""
    found = finite(value)
    return None if found is None else found / 1000


def elapsed(record: Mapping[str, Any], start: str, end: str) -> float | None:
    """Return the seconds between two stamps of a record; None where one is missing, is no stamp, or they go
    backwards.
    """
    begun, ended = moment(str(record.get(start))), moment(str(record.get(end)))
    if begun is None or ended is None or ended < begun:
        return None
    return (ended - begun).total_seconds()


def summed(value: object) -> float | None:
    """Return a number, or the sum of numbers in lists of any depth, as several turns are written; None where
    there is none.
    """
    if not isinstance(value, list):
        return finite(value)
    found = [each for each in map(summed, value) if each is not None]
    return sum(found) if found else None


def rows_beside(path: Path, source: Source) -> list[dict[str, Any]]:
    """Read the objects of a neighbour that holds one a line; none where it is missing or can't be read, which
    costs no score.
    """
    try:
        found = source.near(path)
        rows = [] if found is None else found.json_lines()
    except (ReadError, OSError):
        return []
    return [row for row in rows if isinstance(row, dict)]
