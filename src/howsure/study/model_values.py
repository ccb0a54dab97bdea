"""A value of each model, such as its release date or size: from a mapping, a table, or a column."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError, OptionError
from howsure.table.engines import to_polars
from howsure.table.schema import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.table.scores import Scores

MODEL_NAMES = ("model", "alias", "name")


def values_of_models(option: str, given: Any, scores: Scores, models: Sequence[str]) -> dict[str, Any]:
    """Return the value of each of these models that has one.

    `given`: a mapping from models to values, a path, or the name of a column of the rows with one value for
    each model. A file is a table with a column of models and one of values, or YAML with such a mapping.
    OptionError if it is neither a file nor a column, DataError if a model has two values.
    """
    if isinstance(given, Mapping):
        known = {str(model): value for model, value in given.items()}
    elif Path(given).is_file():
        known = _of_file(option, Path(given))
    else:
        frame, _ = tidy(scores.rows, scores.roles)
        rows = to_polars(frame)
        if given not in rows.columns:
            raise OptionError(
                f"`{option}={given!r}` is neither a file nor a column of the rows",
                remedy="Give the path of a table with the columns model and value, or the name of a column.",
            )
        pairs = rows.select(pl.col("model").cast(pl.String), given).drop_nulls().unique()
        if pairs["model"].is_duplicated().any():
            model = pairs.filter(pl.col("model").is_duplicated())["model"][0]
            raise DataError(
                f"column {given!r} has several values for {model!r}",
                remedy="It must have one for each model.",
            )
        known = dict(pairs.iter_rows())
    return {model: known[model] for model in models if known.get(model) is not None}


def _of_file(option: str, path: Path) -> dict[str, Any]:
    """Return what a file says of each model."""
    from howsure.readers.parsing import YAML, parse_yaml
    from howsure.readers.tables import read_table

    if path.suffix.lower() in YAML:
        found = parse_yaml(path.read_bytes(), where=path.name)
        while isinstance(found, dict) and len(found) == 1 and isinstance(next(iter(found.values())), dict):
            found = next(iter(found.values()))
        if not isinstance(found, dict):
            raise DataError(
                "no mapping from models to values", where=path.name, remedy="Write `model: value`."
            )
        return {str(model): value for model, value in found.items()}
    table = read_table(str(path))
    names = [name for name in MODEL_NAMES if name in table.columns]
    others = [name for name in table.columns if name not in names[:1]]
    if not names or len(others) != 1:
        raise DataError(
            f"a table for `{option}` needs a column model and one other column, but has "
            f"{', '.join(table.columns)}",
            where=path.name,
            remedy="Write the two columns into a table of their own.",
        )
    return dict(table.select(pl.col(names[0]).cast(pl.String), others[0]).drop_nulls().iter_rows())


def dates_of_models(option: str, given: Any, scores: Scores, models: Sequence[str]) -> dict[str, date]:
    """Return the date of each model that has one (see `values_of_models`). DataError for other values."""
    return {
        model: _date(option, model, value)
        for model, value in values_of_models(option, given, scores, models).items()
    }


def _date(option: str, model: str, value: Any) -> date:
    if isinstance(value, datetime):
        return value.date()
    try:
        return value if isinstance(value, date) else date.fromisoformat(str(value).strip()[:10])
    except ValueError:
        raise DataError(
            f"`{option}`: {value!r} of {model!r} is not a date", remedy="Write 2024-05-13."
        ) from None


SIZE = re.compile(r"([\d.]+)\s*([kmbt])?", re.IGNORECASE)
TIMES = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12}


def number_of(value: Any) -> float | None:
    """Return a number, also one with a unit such as `7B` or `350M`. None for other words.

    >>> number_of("7B"), number_of(350), number_of("large")
    (7000000000.0, 350.0, None)
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    found = SIZE.fullmatch(str(value).strip().replace(",", ""))
    try:
        return None if found is None else float(found[1]) * TIMES.get((found[2] or "").lower(), 1.0)
    except ValueError:
        return None
