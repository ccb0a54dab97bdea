"""Why attempts ended, as a column of the rows: read from whole samples where a baseline is to keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from howsure.readers.transcripts import reread
from howsure.table.schema import STOP, open_frame
from howsure.table.scores import with_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.readers.transcripts import Reread
    from howsure.table.scores import Scores

LOG = ["source", "task", "model", "item"]
PLACE = "place"
"""Where an attempt stands among those of its log at an item."""


def with_stops(scores: Scores) -> Scores:
    """Return scores with the column `stop`, where the logs say why attempts ended and are no larger than the
    limit; else the same.
    """
    if not scores.runs or STOP in open_frame(scores.rows).collect_schema().names():
        return scores
    told = [row for each in reread(scores.runs) for row in _told(each)]
    if not any(row[-1] for row in told):
        return scores
    schema = dict.fromkeys(LOG, pl.String()) | {PLACE: pl.Int64(), STOP: pl.String()}
    stops = pl.DataFrame(told, schema=schema, orient="row").unique([*LOG, PLACE], keep="first")
    rows = scores.to_frame()
    places = rows.with_columns(pl.col("attempt").rank("dense").over(LOG).cast(pl.Int64).alias(PLACE))
    joined = places.join(stops, on=[*LOG, PLACE], how="left", maintain_order="left").drop(PLACE)
    return with_rows(scores, joined)


def _told(read: Reread) -> Iterator[tuple[str, str, str, str, int, str | None]]:
    """Yield each attempt of a log with its place among those at its item."""
    entry, places = read.entry, dict[str, dict[int, int]]()
    for transcript in sorted(read.transcripts, key=lambda each: each.attempt):
        seen = places.setdefault(transcript.item, {})
        place = seen.setdefault(transcript.attempt, len(seen) + 1)
        yield entry.source, entry.task, entry.model, transcript.item, place, transcript.stop or None


def kept_stops(scores: Scores) -> Iterator[tuple[str, str, str, str]]:
    """Yield model, task, item and end of every attempt whose end stands in its row."""
    if STOP not in open_frame(scores.rows).collect_schema().names():
        return
    rows = scores.to_frame().filter(pl.col(STOP).is_not_null())
    yield from (
        rows.select("model", "task", "item", "attempt", STOP)
        .unique(maintain_order=True)
        .drop("attempt")
        .iter_rows()
    )
