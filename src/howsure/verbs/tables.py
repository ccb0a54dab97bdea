"""Tables that aren't scores: votes, and verdicts beside labels."""

from __future__ import annotations

from typing import Any

import polars as pl

from howsure.readers.tables import read_table
from howsure.table.collecting import to_polars
from howsure.table.schema import open_frame
from howsure.verbs.read import is_paths


def table_of(data: Any) -> pl.DataFrame:
    """Return the rows of a table, of several one below the other."""
    if not is_paths(data):
        return to_polars(open_frame(data))
    paths = list(data) if isinstance(data, (list, tuple)) else [data]
    return pl.concat([read_table(str(path)) for path in paths], how="diagonal_relaxed")
