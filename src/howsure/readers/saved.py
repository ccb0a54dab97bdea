"""Saved baselines: the scores of many logs in one small file without any text, each log again as if it had
been read itself.

A gzip of one JSON object, whose first key is the number of the format. `columns` are the rows as they were
when they were saved, with the place of their log in `logs`; what the logs said together (facts, cautions,
figures that were held to their rows) stands beside them.
"""

from __future__ import annotations

import sys
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import Caution, ReadError
from howsure.readers.base import Reading, Source
from howsure.readers.json_text import parse_json
from howsure.readers.reconciling import Word
from howsure.readers.runs import Taken
from howsure.readers.saved_columns import rows_of
from howsure.readers.saved_fields import every, misfit, one, texts
from howsure.readers.tables import NAME as TABLE
from howsure.table.cells import whole_text
from howsure.table.schema import COLUMNS
from howsure.table.scores import Group, Missing, Published, Reconciled, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from howsure.readers.base import Claim

NAME = "saved"
FORMATS = "Baselines of `howsure baseline save`"
CHECKED = "format 2"

VERSION = str(vars(sys.modules[__name__.partition(".")[0]])["__version__"])
"""That of the package, which holds this module and so is loaded; to import it by name would point up."""
FORMAT = 2
"""The number of the format that is written; every lower one is read. Since 2 scores keep their scale and the
name of their column.
"""
FORMAT_KEY, VERSION_KEY = "howsure baseline", "howsure"
GZIP = b"\x1f\x8b"
START = f'{{"{FORMAT_KEY}":'.encode()
MAX_PACKED, MAX_UNPACKED = 64 * 1024**2, 512 * 1024**2
"""A million rows take about 10 and 100 MB."""
GZIPPED = 31
"""By this zlib knows a gzip, with its checksum."""
ROWS = "rows"
"""What rows without a log are called."""
SAVE_AGAIN = "Save it again, or take it from version control."


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log of which a baseline was saved, or what was read as one."""

    source: str
    reader: str
    run: Run
    settings: Mapping[str, str]


def claims(source: Source) -> Claim | None:
    """Claim a gzip whose content begins as a baseline does."""
    return "rows" if is_baseline(source.head) else None


def is_baseline(head: bytes) -> bool:
    """Say whether a file that begins so is a saved baseline."""
    if not head.startswith(GZIP):
        return False
    try:
        return zlib.decompressobj(GZIPPED).decompress(head, len(START)) == START
    except zlib.error:
        return False


def read(source: Source) -> Reading:
    """Return all logs as one."""
    found = logs(source)
    rows = [read.reading.rows for read in found if read.reading.rows is not None]
    return replace(found[0].reading, rows=pl.concat(rows), run=None, configuration={})


def logs(source: Source) -> list[Taken]:
    """Return every log that was saved, held to its word already; what they said together comes with the
    first.
    """
    where = source.name
    given = _opened(source)
    rows, known = rows_of(given.get("columns"), where), _logs(given.get("logs"), where)
    if not len(rows) or not rows["log"].is_between(0, len(known) - 1).all():
        raise misfit("the column 'log'", where)
    missing = _missing(given.get("missing"), len(known), where)
    sources = [replace(source, path=_place(source, log, known[:k])) for k, log in enumerate(known)]
    found = [
        Taken(
            source=sources[k],
            reader=log.reader,
            reading=Reading(
                rows=_rows(rows, k, log.source if log.reader == TABLE else sources[k].name),
                run=None if log.run == Run() else log.run,
                configuration=log.settings,
                score_name=texts([given.get("score_name", "")], "the name of the scores", where)[0],
                signed=given.get("signed") is True,
            ),
            word=Word(missing=tuple(lack for place, lack in missing if place == k)),
            held=True,
        )
        for k, log in enumerate(known)
    ]
    return [_with_all(found[0], given, where), *found[1:]]


def _with_all(first: Taken, given: Mapping[str, Any], where: str) -> Taken:
    """Give the first log what all said together."""
    reading = replace(
        first.reading,
        facts=every(TaskFacts, given.get("facts"), where),
        published=every(Published, given.get("published"), where),
        groups=every(Group, given.get("groups"), where),
    )
    word = replace(
        first.word,
        figures=every(Reconciled, given.get("reconciled"), where),
        notes=(*texts(given.get("notes"), "notes", where), *_older(given, where)),
        cautions=every(Caution, given.get("cautions"), where),
    )
    return replace(first, reading=reading, word=word)


def _older(given: Mapping[str, Any], where: str) -> Iterator[str]:
    """Say that another version saved it: the numbers are always those of this one."""
    version = str(given.get(VERSION_KEY))[:20]
    if version != VERSION:
        yield whole_text(
            f"{where} was saved with howsure {version}; the numbers are made anew from its scores, by "
            f"{VERSION}."
        )


def _logs(given: object, where: str) -> list[Log]:
    if not isinstance(given, list) or not given or not all(isinstance(each, dict) for each in given):
        raise misfit("logs", where)
    return [
        Log(
            source=texts([each.get("source")], "the source of a log", where)[0],
            reader=texts([each.get("reader")], "the reader of a log", where)[0],
            run=one(Run, each.get("run", {}), where),
            settings=_settings(each.get("settings", {}), where),
        )
        for each in given
    ]


def _settings(given: object, where: str) -> dict[str, str]:
    if not isinstance(given, dict):
        raise misfit("the settings of a log", where)
    return dict(zip(map(whole_text, given), texts(list(given.values()), "a setting", where), strict=True))


def _missing(given: object, known: int, where: str) -> list[tuple[int, Missing]]:
    """Return what logs lack, each with the place of its log."""
    if not isinstance(given, list) or not all(isinstance(each, dict) for each in given):
        raise misfit("missing", where)
    places = [each.get("log") for each in given]
    if not all(type(place) is int and 0 <= place < known for place in places):
        raise misfit("missing", where)
    return list(zip(places, every(Missing, given, where), strict=True))


def _place(source: Source, log: Log, before: list[Log]) -> Path:
    """Return where a log would lie if the baseline were a folder; of several with one name each has its
    number.
    """
    count = sum(each.source == log.source for each in before)
    name = log.source.replace("\0", "").lstrip("/\\") or "log"
    return source.path / (f"{name}#{count + 1}" if count else name)


def _rows(rows: pl.DataFrame, place: int, name: str) -> pl.DataFrame:
    """Return the rows of one log, as a reader gives them."""
    here = rows.filter(pl.col("log") == place).with_columns(source=pl.lit(name))
    lacking = [
        pl.lit(None, pl.Float64 if name == "weight" else pl.String).alias(name)
        for name in COLUMNS
        if name not in here.columns
    ]
    return here.with_columns(lacking).select(
        *COLUMNS, *(name for name in rows.columns if name not in (*COLUMNS, "log"))
    )


def _opened(source: Source) -> dict[str, Any]:
    """Unpack and parse a baseline. ReadError where it is damaged, too large, or of a format that isn't
    known.
    """
    where = source.name
    given = parse_json(_unpacked(source), where=where)
    number = given.get(FORMAT_KEY) if isinstance(given, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise misfit("the number of its format", where)
    if number > FORMAT:
        raise ReadError(
            f"a baseline of format {number}, from howsure {str(given.get(VERSION_KEY))[:20]}; this version "
            f"reads format {FORMAT}",
            where=where,
            remedy="Update howsure, or save the baseline again with this version.",
        )
    return dict(given)


def _unpacked(source: Source) -> bytes:
    where, size = source.name, source.path.stat().st_size
    if size > MAX_PACKED:
        raise ReadError(
            f"{size:,} bytes are more than a baseline's {MAX_PACKED:,}",
            where=where,
            remedy="Gate against the logs.",
        )
    unpacker = zlib.decompressobj(GZIPPED)
    try:
        data = unpacker.decompress(source.read_bytes(), MAX_UNPACKED + 1)
    except zlib.error:
        raise ReadError("damaged: its checksum doesn't fit", where=where, remedy=SAVE_AGAIN) from None
    if len(data) > MAX_UNPACKED:
        raise ReadError(
            f"unpacks to more than {MAX_UNPACKED:,} bytes", where=where, remedy="Gate against the logs."
        )
    if not unpacker.eof:
        raise ReadError("cut short: its end is missing", where=where, remedy=SAVE_AGAIN)
    return data
