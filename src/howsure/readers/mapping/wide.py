"""Wide tables: a column a model, or a column a task, and the mapping that makes a row of each value."""

from __future__ import annotations

from glob import escape
from typing import TYPE_CHECKING, Any

from howsure.table.schema import name_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CHANGE = "# change me"
"""What stands where a user has to say something."""
NO_SCORES = frozenset(
    [
        "rank",
        "n",
        "num",
        "count",
        "year",
        "size",
        "params",
        "parameters",
        "cost",
        "price",
        "usd",
        "tokens",
        "seconds",
        "latency",
    ]
)
"""Words in the names of columns that hold numbers and no scores."""
HUNDRED = 100.0


def wide(rows: Sequence[Mapping[str, Any]], said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a mapping says of a table with a column a model (where items have names), or a column a task (where models have); nothing else.

    `said` is what was found of item and model.
    """
    columns = _of_values(rows)
    if said["item"] != CHANGE and not said["model"] and len(columns) > 1:
        return {"columns": [escape(name) for name in columns], "model": "column", "score": _value(rows, columns)}
    if said["item"] == CHANGE and said["model"] and columns:
        return {
            "item": "",
            "columns": [escape(name) for name in columns],
            "task": "column",
            "score": _value(rows, columns),
        }
    return {}


def _of_values(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the columns that hold a number, or nothing, in every row."""
    names = dict.fromkeys(str(name) for row in rows for name in row)
    return [
        name
        for name in names
        if not NO_SCORES & set(name_words(name)) and _all_numbers([row.get(name) for row in rows])
    ]


def _all_numbers(values: Sequence[Any]) -> bool:
    known = [value for value in values if value not in (None, "", "N/A")]
    return bool(known) and all(_number(value) is not None for value in known)


def _number(value: Any) -> float | None:
    try:
        return float(value.strip().removesuffix("%") if isinstance(value, str) else value)
    except (TypeError, ValueError, OverflowError):
        return None


def _value(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> str:
    """Write the score: a hundredth of the value where values are percent."""
    values = [row.get(name) for row in rows for name in columns]
    numbers = [number for value in values if (number := _number(value)) is not None]
    percent = any(isinstance(value, str) and value.strip().endswith("%") for value in values)
    return "percent(value)" if percent or 1 < max(numbers, default=0) <= HUNDRED else "value"
