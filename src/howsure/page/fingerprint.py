"""The fingerprint of data: the same for the same scores, whatever file they come from and in whatever order."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import polars as pl

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
        lines = part.sort("model", "item").select(
            pl.concat_str(["model", "item", *counts, mean], separator="\x1f").alias("line")
        )
        digest.update(f"{task}\x1f{metric}\x1e".encode())
        digest.update("\x1e".join(lines["line"].to_list()).encode())
    return digest.hexdigest()[:LENGTH]
