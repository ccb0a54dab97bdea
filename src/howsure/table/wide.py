"""Wide tables: a column of scores for each model, where a comparison names the columns."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.table.collecting import to_polars
from howsure.table.schema import find_roles, open_frame

if TYPE_CHECKING:
    from collections.abc import Sequence


def wide_table(data: Any, models: Sequence[str]) -> pl.DataFrame | None:
    """Return one row a question and model of a table that has these models as columns, and one that is the
    question; None where it hasn't.

    `data`: a frame, or the path of one CSV, TSV or Parquet file.
    """
    table = _table(data, models)
    if table is None or not set(models) <= set(table.columns) or len(set(models)) < len(models):
        return None
    rest = [name for name in table.columns if name not in models]
    numbers = all(table[name].dtype.is_numeric() or table[name].dtype == pl.Boolean for name in models)
    roles = find_roles(rest, {})
    if not numbers or "item" not in roles or "score" in roles or "model" in roles:
        return None
    scores = table.with_columns(pl.col(list(models)).cast(pl.Float64))
    return scores.unpivot(on=list(models), index=rest, variable_name="model", value_name="score")


def _table(data: Any, models: Sequence[str]) -> pl.DataFrame | None:
    """Return the table of a frame that has these columns, or of a file; None where it is neither."""
    if isinstance(data, (list, tuple)):
        if len(data) != 1:
            return None
        (data,) = data
    if not isinstance(data, (str, Path)):
        frame = open_frame(data)
        return to_polars(frame) if set(models) <= set(frame.collect_schema().names()) else None
    path = Path(data)
    kind = path.suffix.lower()
    if not path.is_file() or kind not in (".csv", ".tsv", ".parquet"):
        return None
    try:
        if kind == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, separator="\t" if kind == ".tsv" else ",")
    except (pl.exceptions.PolarsError, OSError):
        return None
