"""The fingerprint of data: the same for the same scores, whatever file they come from and in whatever
order.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

from howsure.table.aggregate import coded

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTH = 16
BLOCK_ROWS = 250_000
"""So many rows are written out at a time."""


def fingerprint(parts: Mapping[tuple[str, str], pl.DataFrame]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all item scores, one frame a task and metric.

    It changes with any task, metric, model, item, number of attempts, or mean score (to 12 digits).
    """
    digest = hashlib.sha256()
    for (task, metric), part in sorted(parts.items()):
        digest.update(f"{task}\x1f{metric}".encode())
        order, rows = _order(part), part.select("model", "item", "rows", "n", "mean")
        for start in range(0, len(order), BLOCK_ROWS):
            digest.update(f"\x1e{_written(rows[order[start : start + BLOCK_ROWS]])}".encode())
    return digest.hexdigest()[:LENGTH]


def _written(rows: pl.DataFrame) -> str:
    mean = pl.col("mean").fill_null(float("nan")).round_sig_figs(12).cast(pl.String)
    counts = [pl.col(name).cast(pl.String) for name in ("rows", "n")]
    lines = pl.concat_str(["model", "item", *counts, mean], separator="\x1f")
    return str(rows.select(lines.str.join("\x1e")).item())


def _order(part: pl.DataFrame) -> pl.Series:
    """Return the order by the names of model and item: the same as Polars has for categories, which takes
    longer.
    """
    _, model = coded(part["model"])
    items, item = coded(part["item"])
    return pl.Series(model * len(items) + item).arg_sort()
