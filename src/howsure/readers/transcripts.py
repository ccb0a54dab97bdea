"""Transcripts: prompt, right answer and output, read again from the log if a function shows them. No score is
made of them.

A reader whose logs contain them has a function `transcripts(source, items)` in addition to `read`. It yields
one transcript per attempt (and per filter, if a harness scores per answer in several ways) of these items, or
of all if `items` is None.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import HowsureError
from howsure.readers import registry
from howsure.readers.base import Source, named
from howsure.table.schema import STOP, open_frame
from howsure.table.scores import with_rows

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from howsure.table.scores import RunEntry, Scores

MOST_BYTES = 256 * 1024**2
"""Logs that exceed this size together are not read completely a second time."""
GONE = "not on this disk: from an archive, an address, or moved since"
NOT_SAVED = "not kept in a saved baseline"
NO_LOG = "the rows come from no log"
NOT_KEPT = "not contained in this kind of log"
TOO_LARGE = f"more than {MOST_BYTES // 1024**2:,} MiB of logs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """One attempt at an item in its log; empty fields are unknown.

    `model`: the name in the log, empty if the log has one model. `prompt`: the question, with the messages
    before it. `target`: the right answer. `output`: the whole answer, and `answer` the extracted part that is
    scored. `stop`: why it ended ("stop", "max_tokens", "time limit", "error"). `error`: its message.
    `scores`: by metric.
    """

    item: str
    model: str = ""
    attempt: int = 0
    prompt: str = ""
    target: str = ""
    output: str = ""
    answer: str = ""
    stop: str = ""
    error: str = ""
    scores: Mapping[str, float | None] = field(default_factory=dict, hash=False)


@dataclass(frozen=True, slots=True)
class Reread:
    """A log that was read again: its transcripts, or the reason why there are none."""

    entry: RunEntry
    transcripts: tuple[Transcript, ...] = ()
    reason: str = ""


def reread(
    entries: Iterable[RunEntry], items: Mapping[str, Collection[str]] | None = None
) -> Iterator[Reread]:
    """Read logs again for these items of each task, one log at a time, or for all items within the limit on
    size.
    """
    listed = tuple(entries)
    if items is None and sum(map(_size, listed)) > MOST_BYTES:
        yield from (Reread(entry, reason=TOO_LARGE) for entry in listed)
        return
    for entry in listed:
        yield _reread(entry, None if items is None else items.get(entry.task, ()))


def _size(entry: RunEntry) -> int:
    try:
        return Path(entry.file).stat().st_size if entry.file else 0
    except OSError:
        return 0


def _reread(entry: RunEntry, items: Collection[str] | None) -> Reread:
    path = Path(entry.file)
    if not entry.file:
        return Reread(entry, reason=NOT_SAVED)
    if not path.is_file():
        return Reread(entry, reason=GONE)
    read = getattr(registry.by_name(entry.reader), "transcripts", None)
    if read is None:
        return Reread(entry, reason=NOT_KEPT)
    try:
        with named(path.name, entry.reader):
            told = read(Source(path=path, root=path), items)
            return Reread(entry, tuple(each for each in told if each.model in ("", entry.name)))
    except HowsureError as error:
        return Reread(entry, reason=str(error))


LOG = ["source", "task", "model", "item"]
PLACE = "place"
"""The place of an attempt among those of its log at an item."""


def with_stops(scores: Scores) -> Scores:
    """Return scores with the column `stop`, if the logs contain stop reasons and are within the size limit;
    else unchanged.
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
    """Yield model, task, item and stop reason of every attempt with a stop reason in its row."""
    if STOP not in open_frame(scores.rows).collect_schema().names():
        return
    rows = scores.to_frame().filter(pl.col(STOP).is_not_null())
    yield from (
        rows.select("model", "task", "item", "attempt", STOP)
        .unique(maintain_order=True)
        .drop("attempt")
        .iter_rows()
    )
