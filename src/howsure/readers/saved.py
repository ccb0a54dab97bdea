"""Saved baselines: the scores of many logs in one small file without any text, each log again as if it had
been read itself.

A gzip of one JSON object, whose first key is the number of the format; `Contents` are the others. What comes
again and again in a column is written once, with its place a row.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec
import polars as pl

from howsure.checks import MOST
from howsure.errors import Caution, DataError, ReadError
from howsure.readers.base import VERSION, Reading, Source
from howsure.readers.baselines import FORMAT_KEY, GZIPPED, VERSION_KEY, is_baseline
from howsure.readers.parsing import parse_json
from howsure.readers.reconciling import Word
from howsure.readers.records import SECRET
from howsure.readers.runs import Taken
from howsure.readers.tables import NAME as TABLE
from howsure.table.cells import whole_text
from howsure.table.names import name_words, word_list
from howsure.table.schema import COLUMNS, FINGERPRINTS, IDENTITY, MEASURES, STOP
from howsure.table.scores import Group, Missing, Published, Reconciled, Run, TaskFacts, text_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from howsure.readers.base import Claim
    from howsure.table.scores import RunEntry, Scores

T = TypeVar("T")

NAME = "saved"
FORMATS = "Baselines of `howsure baseline save`"
CHECKED = "format 2"

FORMAT = 2
"""The number of the format that is written; every lower one is read. Since 2 scores keep their scale and the
name of their column.
"""
MAX_PACKED, MAX_UNPACKED = 64 * 1024**2, 512 * 1024**2
"""A million rows take about 10 and 100 MB."""
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


EXACT = 12
"""So many digits of a sum are the same in whatever order it was added up."""
LONGEST_VALUE = 100
"""Longer values are text, whatever their name is."""
LONGEST_ID, MANY_BLANKS = 200, 4
"""An item whose name is longer, or has more blanks, is called by its text."""
COUNTED = frozenset(["n", "num", "number", "count", "len", "length"])
"""A name that begins so is that of a number: n_messages."""
ABSOLUTE = re.compile("/|[A-Za-z]:/")
DIGEST = re.compile(r"#?[0-9a-f]{6,64}")
TEXTS = frozenset(
    word_list(
        """
        prompt question problem query instruction input text content message template system target answer
        label gold ideal expected reference solution choice option explanation output response completion
        prediction pred resp generation transcript description hint
        """
    )
)
"""Columns and settings whose name ends so hold text, or give a right answer away, however short they are."""
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""A gzip without a date, a name, or a system: the same rows give the same bytes everywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A baseline as bytes, its rows, and the columns that it doesn't keep."""

    data: bytes
    rows: pl.DataFrame
    left_out: tuple[str, ...]


def packed(scores: Scores, notes: Sequence[str] = ()) -> Packed:
    """Return scores as a baseline, with more notes than their own. DataError where there are no rows, or
    items are called by their texts.
    """
    table = scores.to_frame() if scores.has_rows else pl.DataFrame()
    if not len(table):
        raise DataError(
            "no score of a single question, and a baseline is compared question by question",
            remedy="Give the logs, or a table with one row an answer.",
        )
    _refuse_sentences(table["item"].unique())
    names = [name for name in table.columns if name in COLUMNS or _is_kept(table, name)]
    by_log = _by_log(table.select(names), scores.runs)
    hidden = _texts_of(by_log.logs)
    told = {
        FORMAT_KEY: FORMAT,
        VERSION_KEY: VERSION,
        "logs": plain([_bare(log) for log in by_log.logs]),
        "facts": plain(scores.facts),
        "published": plain([replace(entry, run="") for entry in scores.published]),
        "groups": plain(scores.groups),
        "missing": _lacking(scores, by_log),
        "reconciled": plain(
            [replace(figure, read=float(f"{figure.read:.{EXACT}g}")) for figure in scores.reconciled]
        ),
        "score_name": scores.score_name,
        "signed": bool(scores.signed),
        "notes": [_mended(note, hidden) for note in (*scores.notes, *notes)],
        "cautions": [
            plain(
                replace(
                    caution, message=_mended(caution.message, hidden), remedy=_mended(caution.remedy, hidden)
                )
            )
            for caution in scores.cautions
        ],
        "columns": columns_of(by_log.rows.drop("source")),
    }
    data = json.dumps(told, separators=(",", ":")).encode()
    return Packed(
        data=_zipped(data),
        rows=by_log.rows,
        left_out=tuple(name for name in table.columns if name not in names and table[name].count()),
    )


def _mended(text: str, digests: Mapping[str, str]) -> str:
    """Return a sentence with digests in place of texts."""
    for long, digest in digests.items():
        text = text.replace(long, digest)
    return text


def _lacking(scores: Scores, by_log: _ByLog) -> list[dict[str, Any]]:
    """Write what models lack, each with the place of its log and as that calls the model."""
    known = [
        (lack, by_log.places[key])
        for lack in scores.missing
        if (key := (lack.task, lack.model)) in by_log.places
    ]
    return [{**plain(replace(lack, model=name)), "log": place} for lack, (place, name) in known]


def _zipped(data: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    sizes = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return HEADER + packer.compress(data) + packer.flush() + sizes


def _refuse_sentences(items: pl.Series) -> None:
    """Refuse items that are called by what they ask: a baseline would hold their text."""
    texts = items.filter(
        (items.str.len_chars() > LONGEST_ID) | (items.str.count_matches(r"\s") > MANY_BLANKS)
    )
    if len(texts) * 2 > len(items):
        raise DataError(
            f"the items are called by their texts ({texts[0][:30]!r} …), and a baseline keeps none",
            remedy="Give every item a short id, or name the column that has one: `columns`.",
        )


def _is_kept(table: pl.DataFrame, name: str) -> bool:
    """Say whether a column is a measure, a fingerprint, or an attribute of items that could be a cluster or a
    covariate.

    An attribute has short values: numbers, or words of which there are fewer than items. Names of texts and
    of secrets are none.
    """
    if name in (*MEASURES, *FINGERPRINTS, STOP):
        return True
    values = table[name]
    if is_text_name(name) or SECRET.search(name) or values.dtype.is_nested():
        return False
    if values.dtype.is_numeric() or values.dtype == pl.Boolean:
        return True
    words = values.cast(pl.String, strict=False).drop_nulls().unique()
    if not len(words) or (words.str.len_chars() > LONGEST_VALUE).any():
        return False
    items = table.filter(values.is_not_null()).select("task", "item").n_unique()
    return len(words) < items or words.cast(pl.Float64, strict=False).is_not_null().all()


def is_text_name(name: str) -> bool:
    """Say whether a column or setting of this name holds text: by its last word, which may stand in the
    plural.
    """
    words = [word for word in name_words(name) if word != "%"] or [""]
    return words[0] not in COUNTED and (words[-1] in TEXTS or words[-1].removesuffix("s") in TEXTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class _ByLog:
    """Rows with the place of their log, and their model as the log calls it; the logs in the order of their
    rows.

    `places`: for each task and model as the answers call it, its first log and its name there.
    """

    rows: pl.DataFrame
    logs: list[Log]
    places: dict[tuple[str, str], tuple[int, str]]


def _by_log(table: pl.DataFrame, runs: Sequence[RunEntry]) -> _ByLog:
    """Give the rows back to their logs; those that no log is known of are a table's."""
    entries = {(entry.source, entry.task, entry.model): entry for entry in reversed(runs)}
    cells = table.select("source", "task", "model").unique(maintain_order=True)
    known = [entries.get(cell) for cell in cells.iter_rows()]
    names = [entry.name if entry else model for entry, model in zip(known, cells["model"], strict=True)]
    whose = [
        _log(entry) if entry else Log(source=source or ROWS, reader=TABLE, run=Run(), settings={})
        for entry, source in zip(known, cells["source"], strict=True)
    ]
    logs = [log for k, log in enumerate(whose) if log not in whose[:k]]
    found = [logs.index(log) for log in whose]
    places: dict[tuple[str, str], tuple[int, str]] = {}
    for (_, task, model), place, name in zip(cells.iter_rows(), found, names, strict=True):
        places.setdefault((task, model), (place, name))
    told = cells.with_columns(
        pl.Series("log", found, dtype=pl.Int64), pl.Series("named", names, dtype=pl.String)
    )
    rows = table.join(
        told, on=["source", "task", "model"], how="left", nulls_equal=True, maintain_order="left"
    )
    return _ByLog(rows=rows.with_columns(model="named").drop("named"), logs=logs, places=places)


def _log(entry: RunEntry) -> Log:
    return Log(source=entry.source, reader=entry.reader, run=entry.run, settings=entry.settings)


def _texts_of(logs: Iterable[Log]) -> dict[str, str]:
    """Return how models are called by texts among their settings, and by the digests that stand for these,
    the longest first.
    """
    found = {pair for log in logs for pair in _long(log.settings.items())}
    return {
        f"{name}={text}": f"{name}={text_digest(text)}"
        for name, text in sorted(found, key=lambda pair: -len(pair[1]))
    }


def _long(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Yield the settings that are texts."""
    yield from (
        (name, text)
        for name, text in pairs
        if len(text) > LONGEST_VALUE or (is_text_name(name) and not DIGEST.fullmatch(text))
    )


def _bare(log: Log) -> Log:
    """Return a log with digests in place of texts; a path keeps its last part."""
    source = log.source.replace("\\", "/")
    return replace(
        log,
        source=source.rsplit("/", 1)[-1] if ABSOLUTE.match(source) else source,
        settings=_without(log.settings),
        run=replace(log.run, surroundings=_without(log.run.surroundings)),
    )


def _without(named: Mapping[str, str]) -> dict[str, str]:
    return {**named, **{name: text_digest(text) for name, text in _long(named.items())}}
