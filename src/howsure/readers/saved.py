"""Saved baselines: the scores of many logs in one small file without any text, each log again as if it had
been read itself.

A gzip of one JSON object, whose first key is the number of the format; `Contents` are the others. What comes
again and again in a column is written once, with its place a row.
"""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
import polars as pl

from howsure.checks import MOST
from howsure.errors import Caution, ReadError
from howsure.readers.base import Reading, Source
from howsure.readers.parsing import parse_json
from howsure.readers.reconciling import Word
from howsure.readers.runs import Taken
from howsure.readers.tables import NAME as TABLE
from howsure.table.cells import whole_text
from howsure.table.schema import COLUMNS, IDENTITY, MEASURES
from howsure.table.scores import Group, Missing, Published, Reconciled, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from howsure.readers.base import Claim

T = TypeVar("T")

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
LARGEST = 1e308
"""Larger numbers are none."""
SAVE_AGAIN = "Save it again, or take it from version control."


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log of which a baseline was saved, or what was read as one."""

    source: str
    reader: str
    run: Run = field(default_factory=Run)
    settings: Mapping[str, str] = field(default_factory=dict)


class Column(msgspec.Struct):
    """The values of one column, or its `distinct` values and which of them each row has."""

    kind: Literal["text", "whole", "real", "flag"]
    values: list[Any] = []
    distinct: list[Any] = []
    places: list[int | None] = []


class Contents(msgspec.Struct):
    """What a baseline holds: the rows with the place of their log, the logs, and what these said together."""

    columns: dict[str, Column]
    logs: list[Log]
    missing: list[dict[str, Any]]
    facts: tuple[TaskFacts, ...]
    published: tuple[Published, ...]
    groups: tuple[Group, ...]
    reconciled: tuple[Reconciled, ...]
    notes: tuple[str, ...]
    cautions: tuple[Caution, ...]
    score_name: str = ""
    signed: bool = False
    howsure: str = ""


class _Place(msgspec.Struct):
    log: int


MANY = 4
"""Values that come so often each, in the mean, are written once."""
KINDS: dict[str, tuple[Any, Any]] = {
    "text": (pl.String(), list[str | None]),
    "whole": (pl.Int64(), list[int | None]),
    "real": (pl.Float64(), list[float | None]),
    "flag": (pl.Boolean(), list[bool | None]),
}
"""What a column may hold: how Polars calls it, and its values in JSON."""
EXPECTED = {
    **dict.fromkeys(("log", "attempt"), "whole"),
    **dict.fromkeys(("task", "model", "item", "metric", "status", "cluster"), "text"),
    **dict.fromkeys(("score", "weight", *MEASURES), "real"),
}
"""What the columns of the tidy table hold, and that of the logs."""
FAILURES = ("drop", "zero")


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
    every = logs(source)
    rows = [log.reading.rows for log in every if log.reading.rows is not None]
    return replace(every[0].reading, rows=pl.concat(rows), run=None, configuration={})


def logs(source: Source) -> list[Taken]:
    """Return every log that was saved, held to its word already; what they said together comes with the
    first.
    """
    where = source.name
    given = _contents(source)
    rows = _rows_of(given.columns, where)
    lacking = _converted(given.missing, list[Missing], where)
    lacking_of = [place.log for place in _converted(given.missing, list[_Place], where)]
    places = range(len(given.logs))
    if not len(rows) or not rows["log"].is_between(0, len(places) - 1).all():
        raise misfit("the column 'log'", where)
    if not set(lacking_of) <= {*places}:
        raise misfit("missing", where)
    taken = []
    for place, log in enumerate(given.logs):
        here = replace(source, path=_place(source, log, given.logs[:place]))
        reading = Reading(
            rows=_rows(rows, place, log.source if log.reader == TABLE else here.name),
            run=None if log.run == Run() else log.run,
            configuration=log.settings,
            score_name=given.score_name,
            signed=given.signed,
        )
        own = tuple(lack for k, lack in zip(lacking_of, lacking, strict=True) if k == place)
        word = Word(missing=own)
        if not place:
            reading = replace(reading, facts=given.facts, published=given.published, groups=given.groups)
            notes = (*given.notes, *_older(given.howsure, where))
            word = replace(word, figures=given.reconciled, notes=notes, cautions=given.cautions)
        taken.append(Taken(source=here, reader=log.reader, reading=reading, word=word, held=True))
    return taken


def _contents(source: Source) -> Contents:
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
    least = {"columns": -MOST}
    bounded = {name: _bounded(part, where, least.get(name, 0)) for name, part in given.items()}
    contents = _converted(bounded, Contents, where)
    if not contents.logs:
        raise misfit("logs", where)
    if any(fact.failures not in FAILURES for fact in contents.facts):
        raise misfit("TaskFacts.failures", where)
    return contents


def _converted(given: Any, kind: type[T], where: str) -> T:
    """Return JSON as a value of this kind; keys that it doesn't know are those of a later version, and passed
    over. ReadError where it doesn't fit.
    """
    try:
        return msgspec.convert(given, kind)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise misfit(f"{place.strip('.`') or 'a part'} ({what})", where) from None


def _bounded(value: Any, where: str, least: int) -> Any:
    """Return JSON with whole texts; ReadError where a number is none that a baseline holds."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        return {whole_text(name): _bounded(part, where, least) for name, part in value.items()}
    if isinstance(value, list):
        return [_bounded(part, where, least) for part in value]
    if isinstance(value, int) and not least <= value <= MOST:
        raise misfit(f"the number {str(value)[:20]} …", where)
    return math.nan if isinstance(value, float) and abs(value) > LARGEST else value


def misfit(what: str, where: str) -> ReadError:
    """Return the error for a part that isn't what a baseline holds there."""
    return ReadError(f"damaged: {what} is not what a baseline holds", where=where, remedy="Save it again.")


def _older(version: str, where: str) -> Iterator[str]:
    """Say that another version saved it: the numbers are always those of this one."""
    version = version[:20]
    if version != VERSION:
        yield whole_text(
            f"{where} was saved with howsure {version}; the numbers are made anew from its scores, by "
            f"{VERSION}."
        )


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


def columns_of(rows: pl.DataFrame) -> dict[str, Any]:
    """Write every column."""
    return {name: _column(rows[name]) for name in rows.columns}


def _column(values: pl.Series) -> dict[str, Any]:
    dtype = values.dtype
    kind = "whole" if dtype.is_integer() else "real" if dtype.is_numeric() else "text"
    kind = "flag" if dtype == pl.Boolean else kind
    values = values.cast(KINDS[kind][0], strict=False)
    distinct = values.drop_nulls().unique(maintain_order=True)
    if len(distinct) * MANY > len(values):
        return {"kind": kind, "values": plain(values.to_list())}
    places = pl.DataFrame(
        {"value": distinct, "place": range(len(distinct))}, schema_overrides={"place": pl.Int64}
    )
    rows = pl.DataFrame({"value": values}).join(places, on="value", how="left", maintain_order="left")
    return {"kind": kind, "distinct": plain(distinct.to_list()), "places": rows["place"].to_list()}


def plain(value: Any) -> Any:
    """Return a value as JSON has it: of a dataclass the fields that differ from their defaults, sets sorted,
    and whole numbers without a point.
    """
    if is_dataclass(value) and not isinstance(value, type):
        own = {part.name: (getattr(value, part.name), _default(part)) for part in fields(value)}
        return {name: plain(held) for name, (held, default) in own.items() if held != default}
    if isinstance(value, Mapping):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [plain(part) for part in value]
    whole = isinstance(value, float) and value.is_integer() and abs(value) < MOST and str(value) != "-0.0"
    return int(value) if whole else value


def _default(part: Any) -> Any:
    """Return the default of a field, MISSING where it has none."""
    return part.default_factory() if part.default_factory is not MISSING else part.default


def _rows_of(columns: Mapping[str, Column], where: str) -> pl.DataFrame:
    """Return the rows. ReadError where a column isn't what a baseline holds, is missing, or is longer than
    another.
    """
    for name in ("log", *IDENTITY, "score", "status"):
        if name not in columns:
            raise misfit(f"the column {name!r}", where)
    series = {name: _series(name, column, where) for name, column in columns.items()}
    if len({len(values) for values in series.values()}) != 1:
        raise misfit("the length of its columns", where)
    rows = pl.DataFrame(series)
    _check(rows, where)
    return rows


def _series(name: str, column: Column, where: str) -> pl.Series:
    dtype, kind = KINDS[column.kind]
    places = [place for place in column.places if place is not None]
    if EXPECTED.get(name, column.kind) != column.kind or not {*places} <= {*range(len(column.distinct))}:
        raise misfit(f"the column {name[:40]!r}", where)
    if column.values:
        return pl.Series(_converted(column.values, kind, where), dtype=dtype)
    distinct = pl.Series(_converted(column.distinct, kind, where), dtype=dtype)
    return distinct.gather(pl.Series(column.places, dtype=pl.UInt32))


def _check(rows: pl.DataFrame, where: str) -> None:
    """Refuse rows that no reader would have made."""
    doubts: Mapping[str, pl.Expr] = {
        "a name": pl.any_horizontal(pl.col(name).is_null() for name in IDENTITY),
        "an attempt": pl.col("attempt") < 0,
        "a status": pl.col("status").is_null(),
    }
    for name, doubt in doubts.items():
        if len(rows) and rows.select(doubt.any()).item():
            raise misfit(name, where)


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
