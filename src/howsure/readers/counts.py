"""Counts instead of files: `17/20` is 20 independent answers, of which 17 are right."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from howsure.checks import COUNT
from howsure.errors import DataError
from howsure.table.scores import COUNTS, Scores, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST = 10_000_000
"""The largest number of answers, which are written out as rows."""


def is_count(place: str | Path) -> bool:
    """Return whether a text is a count and not the name of a file or folder."""
    return isinstance(place, str) and COUNT.fullmatch(place) is not None and not Path(place).exists()


def count_of(text: str) -> tuple[int, int]:
    """Return the number of right answers and of all answers. DataError if these can't be counts."""
    right, n = map(int, text.split("/"))
    if not 1 <= n <= MOST or right > n:
        raise DataError(
            f"{text!r} is neither a file nor a count of right answers among 1 to {MOST:,}",
            remedy="Write 17/20 for 17 right of 20 answers.",
        )
    return right, n


def counted(texts: Sequence[str]) -> Scores:
    """Return counts as scores: each is a separate model, with its own questions."""
    names = [
        text if text not in texts[:place] else f"{text} ({place + 1})" for place, text in enumerate(texts)
    ]
    rows = [answers(name, *count_of(text), task=COUNTS) for name, text in zip(names, texts, strict=True)]
    return Scores(rows=pl.concat(rows), facts=(TaskFacts(task=COUNTS, harness=COUNTS),))


def answers(model: str, right: float, n: int, *, task: str, metric: str = "score") -> pl.DataFrame:
    """Return n answers of a model whose scores have this sum, as rows. One score may be a fraction."""
    place = pl.int_range(n, eager=True).alias("place")
    return place.to_frame().select(
        task=pl.lit(task),
        model=pl.lit(model),
        item=pl.format("answer {} of {}.", pl.col("place") + 1, pl.lit(model)),
        metric=pl.lit(metric),
        score=(right - pl.col("place").cast(pl.Float64)).clip(0.0, 1.0),
    )
