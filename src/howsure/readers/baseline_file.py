"""Saved baselines: the scores of many logs in one small file without any text. Reading one gives each log as
if it had been read directly.

A gzip of one JSON object, whose first key is the format version: the fields of `Contents`.
"""

from __future__ import annotations

import json
import math
import re
import zlib
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations of what is saved
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import polars as pl

from howsure.checks import MOST
from howsure.errors import DataError, ReadError, ResultWarning
from howsure.readers.attempt_rows import SECRET
from howsure.readers.base import VERSION, Reading, Source
from howsure.readers.baselines import FORMAT_KEY, GZIPPED, VERSION_KEY, is_baseline
from howsure.readers.parsing import parse_json
from howsure.readers.reconciling import Word
from howsure.readers.runs import Taken
from howsure.readers.tables import NAME as TABLE
from howsure.table.cells import whole_text
from howsure.table.names import name_words, word_list
from howsure.table.schema import COLUMNS, FINGERPRINTS, IDENTITY, MEASURES, STOP
from howsure.table.scores import Group, Missing, Published, Reconciled, Run, TaskFacts, text_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.readers.base import Claim
    from howsure.table.scores import RunEntry, Scores

NAME = "saved"
FORMATS = "Baselines of `howsure baseline save`"
CHECKED = "format 3"

FORMAT = 3
"""The format version."""
MAX_PACKED, MAX_UNPACKED = 64 * 1024**2, 512 * 1024**2
"""A million rows have about 10 and 100 MB."""
ROWS = "rows"
"""The name of rows without a log."""
LARGEST = 1e308
"""Larger numbers are invalid."""
SAVE_AGAIN = "Save it again, or take it from version control."
FAILURES = ("drop", "zero")


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A log of which a baseline was saved, or data treated as one, and what is missing."""

    source: str
    reader: str
    run: Run = field(default_factory=Run)
    settings: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()


class Texts(msgspec.Struct, tag="text"):
    """A column of texts: its distinct values, and the index of each row's value."""

    different: list[str]
    places: list[Annotated[int, msgspec.Meta(ge=0)] | None]

    @property
    def series(self) -> pl.Series:
        """The column; IndexError for an invalid index."""
        return pl.Series(
            [None if place is None else self.different[place] for place in self.places], dtype=pl.String
        )


class Wholes(msgspec.Struct, tag="whole"):
    """A column of whole numbers."""

    values: list[int | None]

    @property
    def series(self) -> pl.Series:
        """The column."""
        return pl.Series(self.values, dtype=pl.Int64)


class Reals(msgspec.Struct, tag="real"):
    """A column of numbers."""

    values: list[float | None]

    @property
    def series(self) -> pl.Series:
        """The column."""
        return pl.Series(self.values, dtype=pl.Float64)


class Flags(msgspec.Struct, tag="flag"):
    """A column of truth values."""

    values: list[bool | None]

    @property
    def series(self) -> pl.Series:
        """The column."""
        return pl.Series(self.values, dtype=pl.Boolean)


class Contents(msgspec.Struct, kw_only=True, rename={"format": FORMAT_KEY, "version": VERSION_KEY}):
    """The content of a baseline: the rows with the index of their log, the logs, and their common
    messages.
    """

    format: int = FORMAT
    version: str = VERSION
    logs: list[Log]
    facts: tuple[TaskFacts, ...]
    published: tuple[Published, ...]
    groups: tuple[Group, ...]
    reconciled: tuple[Reconciled, ...]
    score_name: str = ""
    signed: bool = False
    notes: tuple[str, ...]
    warnings: tuple[ResultWarning, ...]
    columns: dict[str, Texts | Wholes | Reals | Flags]


EXPECTED = {
    **dict.fromkeys(("log", "attempt"), Wholes),
    **dict.fromkeys(("task", "model", "item", "metric", "status", "cluster"), Texts),
    **dict.fromkeys(("score", "weight", *MEASURES), Reals),
}
"""The values of the tidy table's columns, and the logs' indices."""


def claims(source: Source) -> Claim | None:
    """Claim a gzip whose content begins like a baseline."""
    return "rows" if is_baseline(source.head) else None


def read(source: Source) -> Reading:
    """Return all logs as one."""
    every = logs(source)
    rows = [log.reading.rows for log in every if log.reading.rows is not None]
    return replace(every[0].reading, rows=pl.concat(rows), run=None, configuration={})


def logs(source: Source) -> list[Taken]:
    """Return every saved log, already checked against its own figures. Their common messages come with the
    first.
    """
    contents = _contents(source)
    table = _table(contents, source.name)
    others = [name for name in table.columns if name not in (*COLUMNS, "log")]
    taken: list[Taken] = []
    names: list[str] = []
    for place, log in enumerate(contents.logs):
        # the path it would have if the baseline were a folder; several of one name are numbered
        name = log.source.replace("\0", "").lstrip("/\\") or "log"
        names.append(log.source)
        count = names.count(log.source)
        here = replace(source, path=source.path / (f"{name}#{count}" if count > 1 else name))
        called = log.source if log.reader == TABLE else here.name
        rows = table.filter(pl.col("log") == place).with_columns(source=pl.lit(called))
        reading = Reading(
            rows=rows.select(*COLUMNS, *others),
            run=None if log.run == Run() else log.run,
            configuration=log.settings,
            score_name=contents.score_name,
            signed=contents.signed,
        )
        word = Word(missing=log.missing)
        if not place:
            reading = replace(
                reading, facts=contents.facts, published=contents.published, groups=contents.groups
            )
            notes = contents.notes
            version = whole_text(contents.version[:20])
            if version != VERSION:
                how = f"the numbers are recomputed from its scores, by {VERSION}"
                notes = (*notes, f"{source.name} was saved with howsure {version}, and {how}.")
            word = replace(word, figures=contents.reconciled, notes=notes, warnings=contents.warnings)
        taken.append(Taken(source=here, reader=log.reader, reading=reading, word=word, held=True))
    return taken


def _contents(source: Source) -> Contents:
    """Unpack and parse a baseline. ReadError if it is damaged, too large, or of an unknown format."""
    where, size = source.name, source.path.stat().st_size
    if size > MAX_PACKED:
        what = f"{size:,} bytes exceed a baseline's limit of {MAX_PACKED:,}"
        raise ReadError(what, where=where, remedy="Use the logs instead.")
    unpacker = zlib.decompressobj(GZIPPED)
    try:
        data = unpacker.decompress(source.read_bytes(), MAX_UNPACKED + 1)
    except zlib.error:
        raise ReadError("damaged: its checksum doesn't match", where=where, remedy=SAVE_AGAIN) from None
    if len(data) > MAX_UNPACKED:
        what = f"unpacks to more than {MAX_UNPACKED:,} bytes"
        raise ReadError(what, where=where, remedy="Use the logs instead.")
    if not unpacker.eof:
        raise ReadError("cut short: its end is missing", where=where, remedy=SAVE_AGAIN)
    parsed = parse_json(data, where=where)
    number = parsed.get(FORMAT_KEY) if isinstance(parsed, dict) else None
    if not isinstance(number, int) or isinstance(number, bool) or number < 1:
        raise misfit("the format version", where)
    if number != FORMAT:
        raise ReadError(
            f"a baseline of format {number}, from howsure {str(parsed.get(VERSION_KEY))[:20]}, "
            "but this version "
            f"reads format {FORMAT}",
            where=where,
            remedy=(
                f"{'Update howsure, or save' if number > FORMAT else 'Save'} the baseline again with this "
                "version."
            ),
        )
    bounded = {name: _bounded(part, where, name == "columns") for name, part in parsed.items()}
    try:
        contents = msgspec.convert(bounded, Contents)
    except msgspec.ValidationError as error:
        what, _, place = str(error).partition(" - at `$")
        raise misfit(f"{place.strip('.`') or 'a part'} ({what})", where) from None
    if not contents.logs:
        raise misfit("logs", where)
    if any(fact.failures not in FAILURES for fact in contents.facts):
        raise misfit("TaskFacts.failures", where)
    return contents


def _bounded(value: Any, where: str, negative: bool) -> Any:
    """Return JSON with valid texts. ReadError if a number is invalid in a baseline."""
    if isinstance(value, str):
        return whole_text(value)
    if isinstance(value, dict):
        return {whole_text(name): _bounded(part, where, negative) for name, part in value.items()}
    if isinstance(value, list):
        return [_bounded(part, where, negative) for part in value]
    if isinstance(value, int) and not (-MOST if negative else 0) <= value <= MOST:
        raise misfit(f"the number {str(value)[:20]} …", where)
    return math.nan if isinstance(value, float) and abs(value) > LARGEST else value


def misfit(what: str, where: str) -> ReadError:
    """Return the error for an invalid part."""
    return ReadError(f"damaged: {what} isn't valid", where=where, remedy="Save it again.")


def _table(contents: Contents, where: str) -> pl.DataFrame:
    """Return the rows with every column of the tidy table. ReadError if a column is invalid, missing, or
    longer than another, and for rows that no reader would have made.
    """
    lacking = [name for name in ("log", *IDENTITY, "score", "status") if name not in contents.columns]
    if lacking:
        raise misfit(f"the column {lacking[0]!r}", where)
    series = {}
    for name, column in contents.columns.items():
        try:
            series[name] = column.series
        except IndexError:
            raise misfit(f"the column {name[:40]!r}", where) from None
        if not isinstance(column, EXPECTED.get(name, object)):
            raise misfit(f"the column {name[:40]!r}", where)
    if len({len(values) for values in series.values()}) != 1:
        raise misfit("the length of its columns", where)
    rows = pl.DataFrame(series)
    doubts = {
        "a name": pl.any_horizontal(pl.col(name).is_null() for name in IDENTITY),
        "an attempt": pl.col("attempt") < 0,
        "a status": pl.col("status").is_null(),
        "the column 'log'": ~pl.col("log").is_between(0, len(contents.logs) - 1).fill_null(value=False),
    }
    for name, doubt in doubts.items():
        if not len(rows) or rows.select(doubt.any()).item():
            raise misfit(name if len(rows) else "the column 'log'", where)
    return rows.with_columns(
        pl.lit(None, pl.Float64 if name == "weight" else pl.String).alias(name)
        for name in COLUMNS
        if name not in rows.columns
    )


def _column(values: pl.Series) -> Texts | Wholes | Reals | Flags:
    """Return a column as it is written."""
    if values.dtype == pl.Boolean:
        return Flags(values.to_list())
    if values.dtype.is_integer():
        return Wholes(values.cast(pl.Int64, strict=False).to_list())
    if values.dtype.is_numeric():
        return Reals(values.cast(pl.Float64, strict=False).to_list())
    texts = values.cast(pl.String, strict=False)
    different = texts.drop_nulls().unique().sort()
    return Texts(different.to_list(), (texts.rank("dense").cast(pl.Int64) - 1).to_list())


EXACT = 12
"""This many digits of a sum don't depend on the order of addition."""
LONGEST_VALUE = 100
"""Longer values are text, whatever their name."""
LONGEST_ID, MANY_BLANKS = 200, 4
"""An item with a longer name, or more blanks, is named by its text."""
COUNTED = frozenset(["n", "num", "number", "count", "len", "length"])
"""Names with this prefix belong to numbers: n_messages."""
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
"""Columns and settings with such endings contain text, or reveal a right answer, however short they are."""
HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff"
"""A gzip without a date, a name, or a system: the same rows give the same bytes on every machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Packed:
    """A baseline as bytes, its rows, and the columns that it leaves out."""

    data: bytes
    rows: pl.DataFrame
    left_out: tuple[str, ...]


def packed(scores: Scores, notes: Sequence[str] = ()) -> Packed:
    """Return scores as a baseline, with additional notes. DataError if there are no rows, or items are named
    by their texts.
    """
    table = scores.to_frame() if scores.has_rows else pl.DataFrame()
    if not len(table):
        raise DataError(
            "the scores of single questions are missing, but a baseline is compared question by question",
            remedy="Give the logs, or a table with one row per answer.",
        )
    _refuse_sentences(table["item"].unique())
    names = [name for name in table.columns if name in COLUMNS or _is_kept(table, name)]
    rows, logs = _by_log(table.select(names), scores.runs, scores.missing)
    hidden = _texts_of(logs)

    def mended(text: str) -> str:
        """Return a sentence with digests instead of texts."""
        for long, digest in hidden.items():
            text = text.replace(long, digest)
        return text

    contents = Contents(
        logs=[_bare(log) for log in logs],
        facts=scores.facts,
        published=tuple(replace(entry, run="") for entry in scores.published),
        groups=scores.groups,
        reconciled=tuple(
            replace(figure, stated=float(figure.stated), read=float(f"{figure.read:.{EXACT}g}"))
            for figure in scores.reconciled
        ),
        score_name=scores.score_name,
        signed=bool(scores.signed),
        notes=tuple(mended(note) for note in (*scores.notes, *notes)),
        warnings=tuple(
            replace(warning, message=mended(warning.message), remedy=mended(warning.remedy))
            for warning in scores.warnings
        ),
        columns={name: _column(rows[name]) for name in rows.columns if name != "source"},
    )
    plain = msgspec.to_builtins(contents, order="deterministic")  # sets in one order, and dicts as well
    plain["columns"] = {name: plain["columns"][name] for name in contents.columns}
    data = json.dumps(plain, separators=(",", ":")).encode()
    packer = zlib.compressobj(9, zlib.DEFLATED, -zlib.MAX_WBITS, 9)
    sizes = zlib.crc32(data).to_bytes(4, "little") + (len(data) % 2**32).to_bytes(4, "little")
    return Packed(
        data=HEADER + packer.compress(data) + packer.flush() + sizes,
        rows=rows,
        left_out=tuple(name for name in table.columns if name not in names and table[name].count()),
    )


def _refuse_sentences(items: pl.Series) -> None:
    """Refuse items that are named by their questions: a baseline would contain their text."""
    texts = items.filter(
        (items.str.len_chars() > LONGEST_ID) | (items.str.count_matches(r"\s") > MANY_BLANKS)
    )
    if len(texts) * 2 > len(items):
        raise DataError(
            f"the items are named by their texts ({texts[0][:30]!r} …), but a baseline contains none",
            remedy="Give every item a short id, or name the column with the ids: `columns`.",
        )


def _is_kept(table: pl.DataFrame, name: str) -> bool:
    """Return whether a column is a measure, a fingerprint, or an attribute of items that could be a cluster
    or a covariate.

    An attribute has short values: numbers, or words with fewer distinct values than items. Names of texts and
    of secrets aren't attributes.
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
    """Return whether a column or setting of this name contains text, judging by its last word, which may be a
    plural.
    """
    words = [word for word in name_words(name) if word != "%"] or [""]
    return words[0] not in COUNTED and (words[-1] in TEXTS or words[-1].removesuffix("s") in TEXTS)


def _by_log(
    table: pl.DataFrame, runs: Sequence[RunEntry], missing: Sequence[Missing]
) -> tuple[pl.DataFrame, list[Log]]:
    """Return the rows with the index of their log and the log's name of their model, and the logs in the
    order of their rows. Rows without a known log belong to a table.
    """
    entries = {(entry.source, entry.task, entry.model): entry for entry in reversed(runs)}
    cells = table.select("source", "task", "model").unique(maintain_order=True)
    logs: list[Log] = []
    places: list[int] = []
    names: list[str] = []
    first: dict[tuple[str, str], tuple[int, str]] = {}
    for source, task, model in cells.iter_rows():
        entry = entries.get((source, task, model))
        log = Log(source=source or ROWS, reader=TABLE)
        if entry is not None:
            log = Log(source=entry.source, reader=entry.reader, run=entry.run, settings=entry.settings)
        if log not in logs:
            logs.append(log)
        places.append(logs.index(log))
        names.append(entry.name if entry else model)
        first.setdefault((task, model), (places[-1], names[-1]))
    cells = cells.with_columns(log=pl.Series(places, dtype=pl.Int64), named=pl.Series(names, dtype=pl.String))
    rows = table.join(
        cells, on=["source", "task", "model"], how="left", nulls_equal=True, maintain_order="left"
    )
    for lack in missing:  # named as in the log
        if (lack.task, lack.model) in first:
            place, name = first[lack.task, lack.model]
            log = logs[place]
            logs[place] = replace(log, missing=(*log.missing, replace(lack, model=name)))
    return rows.with_columns(model="named").drop("named"), logs


def _texts_of(logs: Iterable[Log]) -> dict[str, str]:
    """Return the models' names with texts among their settings, and those with the digests that replace
    these, the longest first.
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
    """Return a log with digests instead of texts. A path keeps its last part."""
    source = log.source.replace("\\", "/")
    return replace(
        log,
        source=source.rsplit("/", 1)[-1] if ABSOLUTE.match(source) else source,
        settings=_without(log.settings),
        run=replace(log.run, surroundings=_without(log.run.surroundings)),
    )


def _without(named: Mapping[str, str]) -> dict[str, str]:
    return {**named, **{name: text_digest(text) for name, text in _long(named.items())}}
