"""The fingerprint of data: the same for the same scores, whatever file they come from and in whatever order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.table.aggregate import coded

if TYPE_CHECKING:
    from collections.abc import Mapping

LENGTH = 16


def fingerprint(parts: Mapping[tuple[str, str], pl.DataFrame]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all item scores, one frame a task and metric.

    It changes with any task, metric, model, item, number of attempts, or mean score (to 12 digits).
    """
    digest = hashlib.sha256()
    for (task, metric), part in sorted(parts.items()):
        mean = pl.col("mean").fill_null(float("nan")).round_sig_figs(12).cast(pl.String)
        counts = [pl.col(name).cast(pl.String) for name in ("rows", "n")]
        lines = _sorted(part).select(
            pl.concat_str(["model", "item", *counts, mean], separator="\x1f").str.join("\x1e").alias("all")
        )
        digest.update(f"{task}\x1f{metric}\x1e".encode())
        digest.update(lines["all"][0].encode())
    return digest.hexdigest()[:LENGTH]


def _sorted(part: pl.DataFrame) -> pl.DataFrame:
    """Sort by the names of model and item: the same as Polars does of categories, which is slower."""
    _, model = coded(part["model"])
    items, item = coded(part["item"])
    return part[np.argsort(model * len(items) + item)]
