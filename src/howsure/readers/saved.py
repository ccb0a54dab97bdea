"""Saved baselines: the scores of many logs in one small file without any text, each log again as if it had
been read itself.

A gzip of one JSON object, whose first key is the number of the format. `columns` are the rows as they were
when they were saved, with the place of their log in `logs`; what the logs said together (facts, cautions,
figures that were held to their rows) stands beside them.
"""

from __future__ import annotations

import math
import sys
import zlib
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import MISSING, dataclass, fields, is_dataclass, replace
from functools import cache
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

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
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from howsure.readers.base import Claim

T = TypeVar("T")

NAMES = {"Mapping": Mapping}
"""Names in annotations that their modules import for type checkers only."""
WORDS = {("TaskFacts", "failures"): ("drop", "zero")}
"""Texts that are one of a few, although their annotation doesn't say so."""


def plain(value: Any) -> Any:
    """Return a value as JSON has it: of a dataclass the fields that differ from their defaults, sets
    sorted.
    """
    if is_dataclass(value) and not isinstance(value, type):
        return {
            each.name: plain(found)
            for each in fields(value)
            if (found := getattr(value, each.name)) != usual(each)
        }
    if isinstance(value, Mapping):
        return {str(name): plain(each) for name, each in value.items()}
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    if isinstance(value, (tuple, list)):
        return [plain(each) for each in value]
    return short(value) if isinstance(value, float) else value


def short(number: float) -> float:
    """Write a whole number without a point; a zero with a sign keeps it."""
    return int(number) if number.is_integer() and abs(number) < 2**53 and str(number) != "-0.0" else number


def usual(field: Any) -> Any:
    """Return the default of a field, MISSING where it has none."""
    return field.default_factory() if field.default_factory is not MISSING else field.default


def every(kind: type[T], given: object, where: str) -> tuple[T, ...]:
    """Return a list in JSON as dataclasses of one kind. ReadError where it is none, or a field doesn't
    fit.
    """
    if not isinstance(given, list):
        raise misfit(kind.__name__, where)
    return tuple(one(kind, each, where) for each in given)


def one(kind: type[T], given: object, where: str) -> T:
    """Return an object in JSON as a dataclass; keys that it doesn't know are those of a later version, and
    passed over.
    """
    if not isinstance(given, dict):
        raise misfit(kind.__name__, where)
    known: dict[str, Any] = {}
    for each in fields(kind):  # type: ignore[arg-type]
        if each.name in given:
            value = _value(
                hints(cast("Hashable", kind))[each.name],
                given[each.name],
                f"{kind.__name__}.{each.name}",
                where,
            )
            words = WORDS.get((kind.__name__, each.name), (value,))
            known[each.name] = value if value in words else _raise(f"{kind.__name__}.{each.name}", where)
        elif each.default is MISSING and each.default_factory is MISSING:
            raise misfit(f"{kind.__name__}.{each.name}", where)
    return kind(**known)


def _raise(name: str, where: str) -> Any:
    raise misfit(name, where)


def misfit(name: str, where: str) -> ReadError:
    """Return the error for a part that isn't what a baseline holds there."""
    return ReadError(f"damaged: {name} is not what a baseline holds", where=where, remedy="Save it again.")


@cache
def hints(kind: Any) -> dict[str, Any]:
    """Return the annotations of a dataclass."""
    return get_type_hints(kind, localns=NAMES)


def _value(hint: Any, given: Any, name: str, where: str) -> Any:
    """Return a value of JSON as what its annotation says."""
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return None if given is None and NoneType in inner else _value(inner[0], given, name, where)
    if origin is Literal:
        return given if given in inner else _raise(name, where)
    if is_dataclass(hint):
        return one(cast("type", hint), given, where)
    if origin in (tuple, frozenset) and isinstance(given, list):
        return origin(_value(inner[0], each, name, where) for each in given)
    if origin is Mapping and isinstance(given, dict):
        return {whole_text(key): _value(inner[1], each, name, where) for key, each in given.items()}
    return _scalar(hint, given) if _fits(hint, given) else _raise(name, where)


def _fits(hint: Any, given: object) -> bool:
    if hint is float:
        return isinstance(given, (int, float)) and not isinstance(given, bool)
    if hint is int:
        return isinstance(given, int) and not isinstance(given, bool) and 0 <= given <= MOST
    return hint in (str, bool) and isinstance(given, hint)


def _scalar(hint: Any, given: Any) -> Any:
    if hint is float:
        return float(given) if abs(given) <= 1e308 else math.nan
    return whole_text(given) if hint is str else given


def texts(given: object, name: str, where: str) -> tuple[str, ...]:
    """Return a list of texts."""
    if not isinstance(given, list) or not all(isinstance(each, str) for each in given):
        raise misfit(name, where)
    return tuple(map(whole_text, given))


def mended(value: Any, mend: Mapping[str, str]) -> Any:
    """Return plain JSON with these texts replaced wherever they stand, also inside of others."""
    if isinstance(value, str):
        for text, name in mend.items():
            value = value.replace(text, name)
        return value
    if isinstance(value, dict):
        return {name: mended(each, mend) for name, each in value.items()}
    return [mended(each, mend) for each in value] if isinstance(value, Iterable) else value


MANY = 4
"""Values that come so often each, in the mean, are written once."""
KINDS: dict[str, tuple[Any, tuple[type, ...]]] = {
    "text": (pl.String, (str,)),
    "whole": (pl.Int64, (int,)),
    "real": (pl.Float64, (int, float)),
    "flag": (pl.Boolean, (bool,)),
}
"""What a column may hold: how Polars calls it, and JSON."""
EXPECTED = {
    **dict.fromkeys(("log", "attempt"), "whole"),
    **dict.fromkeys(("task", "model", "item", "metric", "status", "cluster"), "text"),
    **dict.fromkeys(("score", "weight", *MEASURES), "real"),
}
"""What the columns of the tidy table hold, and that of the logs."""


def columns_of(rows: pl.DataFrame) -> dict[str, Any]:
    """Write every column: its kind, and its values, or its `distinct` values in the order in which they come
    first, and which of them each row has.
    """
    return {name: _column(rows[name]) for name in rows.columns}


def _column(values: pl.Series) -> dict[str, Any]:
    kind, values = _kind(values)
    distinct = values.drop_nulls().unique(maintain_order=True)
    if len(distinct) * MANY > len(values):
        return {"kind": kind, "values": _numbers(values)}
    places = pl.DataFrame(
        {"value": distinct, "place": range(len(distinct))}, schema_overrides={"place": pl.Int64}
    )
    rows = pl.DataFrame({"value": values}).join(places, on="value", how="left", maintain_order="left")
    return {"kind": kind, "distinct": _numbers(distinct), "places": rows["place"].to_list()}


def _kind(values: pl.Series) -> tuple[str, pl.Series]:
    kind = next((name for name, test in _TESTS.items() if test(values.dtype)), "text")
    return kind, values.cast(KINDS[kind][0], strict=False)


_TESTS: dict[str, Callable[[pl.DataType], bool]] = {
    "whole": lambda dtype: dtype.is_integer(),
    "real": lambda dtype: dtype.is_numeric(),
    "flag": lambda dtype: dtype == pl.Boolean,
}


def _numbers(values: pl.Series) -> list[Any]:
    """Return values as JSON has them, whole numbers without a point."""
    if values.dtype != pl.Float64:
        return values.to_list()
    return [x if x is None else short(x) for x in values]


def rows_of(given: object, where: str) -> pl.DataFrame:
    """Return the rows. ReadError where a column isn't what a baseline holds, is missing, or is longer than
    another.
    """
    if not isinstance(given, dict):
        raise misfit("columns", where)
    found = {whole_text(name): _series(name, column, where) for name, column in given.items()}
    for name in ("log", *IDENTITY, "score", "status"):
        if name not in found:
            raise misfit(f"the column {name!r}", where)
    if len({len(values) for values in found.values()}) != 1:
        raise misfit("the length of its columns", where)
    rows = pl.DataFrame(found)
    _check(rows, where)
    return rows


def _series(name: str, column: Any, where: str) -> pl.Series:
    what = f"the column {name[:40]!r}"
    if not isinstance(column, dict) or column.get("kind") not in tuple(KINDS):
        raise misfit(what, where)
    kind = column["kind"]
    if EXPECTED.get(name, kind) != kind:
        raise misfit(what, where)
    if "values" in column:
        return _values(column["values"], kind, what, where)
    distinct, places = _values(column.get("distinct"), kind, what, where), column.get("places")
    if not isinstance(places, list) or not _all_of(places, (int,)):
        raise misfit(what, where)
    if any(place is not None and not 0 <= place < len(distinct) for place in places):
        raise misfit(what, where)
    return distinct.gather(pl.Series(places, dtype=pl.UInt32))


def _values(given: Any, kind: str, what: str, where: str) -> pl.Series:
    dtype, types = KINDS[kind]
    if not _all_of(given, types):
        raise misfit(what, where)
    if kind == "text":
        given = [None if each is None else whole_text(each) for each in given]
    try:
        return pl.Series(
            [None if each is None else float(each) for each in given] if kind == "real" else given,
            dtype=dtype,
        )
    except (OverflowError, TypeError):
        raise misfit(what, where) from None


def _all_of(given: object, types: Sequence[type]) -> bool:
    return isinstance(given, list) and {type(each) for each in given} <= {*types, type(None)}


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
