"""Files as documents or as tables, packed or not: JSON, JSON Lines, YAML, CSV, Parquet, SQLite, .gz and
.xz.
"""

from __future__ import annotations

import io
import sqlite3
import struct
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError
from howsure.readers import tables
from howsure.readers.base import MAX_FILE_BYTES
from howsure.readers.looked_at import stamp_of
from howsure.readers.parsing import (
    CELLS,
    LINE_COST,
    RECORDS,
    YAML,
    cut_at,
    object_cost,
    parse_json,
    parse_yaml,
    refuse_bombs,
    separator,
)
from howsure.readers.zipped import PACKED, unpacking
from howsure.table.cells import EXACT, text_or_nothing

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from howsure.readers.base import Source

TOP, UP, KEY, VALUE, RECORD = "top", "up", "key", "value", "record"
"""The whole document, the record around a record, the keys on the way to it, a value without fields, and the
record itself.
"""
FILE, FOLDER, COLUMN = "file", "folder", "column"
"""The file without its suffix, its folder, and the column of a value in a wide table."""
WORDS = frozenset([TOP, UP, KEY, VALUE, RECORD, FILE, FOLDER, COLUMN])
"""Names with another meaning than a field of this name, which is `record["file"]`."""


def own_field(name: str) -> str:
    """Return the name of a field of the record: for `record.file` the field `file`."""
    return name.removeprefix(f"{RECORD}.")


def is_own(name: str) -> bool:
    """Return whether a name refers to a field of the record, whatever the field is called."""
    return name.startswith(f"{RECORD}.")


ENDING = "-wal"
HEADER, FRAME = struct.Struct(">II I I 8s II"), struct.Struct(">I I 8s 8x")
LITTLE, BIG = 0x377F0682, 0x377F0683
"""The beginning of a log, and the byte order of its checksums."""


def refuse_damaged_log(connection: sqlite3.Connection, place: Path, source: Source) -> None:
    """Raise ReadError if the log next to a database has committed more than SQLite can apply, or can't be
    read at all.
    """
    log = place.with_name(f"{place.name}{ENDING}")
    if not log.is_file() or not log.stat().st_size:
        return
    known: int = connection.execute("PRAGMA wal_checkpoint").fetchone()[1]
    if known < 0:  # the database has no such log
        return
    last = committed(log)
    if last is None or last > known:
        what = (
            "can't be read"
            if last is None
            else f"has {last:,} pages committed, but only {known:,} of them are valid"
        )
        raise source.error(
            f"the log of changes next to it ({source.name}{ENDING}) {what}",
            "Copy both files again while no program writes to them, or copy it with sqlite3's .backup.",
        )


def committed(log: Path) -> int | None:
    """Return how many frames a log has up to the end of its last transaction, or None if its beginning isn't
    valid.
    """
    with log.open("rb") as file:
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        magic, _, page, _, salt, *sums = HEADER.unpack(head)
        if magic not in (LITTLE, BIG) or _checksum(head[:24], "<" if magic == LITTLE else ">") != sums:
            return None
        frames, last = 0, 0
        while len(frame := file.read(FRAME.size)) == FRAME.size:
            frames += 1
            _, ends, own = FRAME.unpack(frame)
            last = frames if ends and own == salt else last
            file.seek(page, 1)
    return last


def _checksum(data: bytes, order: str) -> list[int]:
    first = second = 0
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) % 2**32
        second = (second + two + first) % 2**32
    return [first, second]


EACH = "[*]"


@dataclass(frozen=True, slots=True)
class Record:
    """One record: its value, the keys of the wildcards that led to it, and the records that contain it,
    outermost first.
    """

    value: Any
    keys: tuple[str, ...] = ()
    around: tuple[Any, ...] = ()


def steps(path: str) -> tuple[str, ...]:
    """Return the steps of a path: names, `*` for every value of an object, `[*]` for every element of a
    list.
    """
    found = [part for part in path.replace(EACH, f".{EACH}").split(".") if part]
    if any(("*" in step or "[" in step) and step not in ("*", EACH) for step in found):
        raise OptionError(
            f"rows = {path!r} isn't a path", remedy="Write names, * and [*] with dots: results[*].items[*]."
        )
    return tuple(found)


def records(document: Any, path: str) -> Iterator[Record]:
    """Yield every record at a path. Values that don't match the path have none."""
    found = [Record(document)]
    for step in steps(path):
        found = [inner for record in found for inner in _step(record, step)]
    return iter(found)


def _step(record: Record, step: str) -> list[Record]:
    value, around = record.value, record.around
    if step == EACH:
        return (
            [Record(each, record.keys, (*around, each)) for each in value] if isinstance(value, list) else []
        )
    if step == "*":
        inner = value.items() if isinstance(value, dict) else ()
        return [Record(each, (*record.keys, str(key)), (*around, each)) for key, each in inner]
    return [Record(value[step], record.keys, around)] if isinstance(value, dict) and step in value else []


def frame(found: Sequence[Record], document: Any, fields: Sequence[str]) -> pl.DataFrame:
    """Lay out the fields that a mapping names, one row per record. A field that no record has is null."""
    return pl.DataFrame([series(name, _values(found, document, name)) for name in fields])


def _values(found: Sequence[Record], document: Any, name: str) -> list[Any]:
    if is_own(name):
        return [_own(record.value, own_field(name)) for record in found]
    first, *rest = name.split(".")
    if first == TOP:
        return [reached(document, rest)] * len(found)
    if first == UP:
        return [reached(record.around[-2] if len(record.around) > 1 else document, rest) for record in found]
    if first == KEY:
        place = int(rest[0]) if rest and rest[0].isdigit() else -1
        return [
            record.keys[place] if -len(record.keys) <= place < len(record.keys) else None for record in found
        ]
    if first == VALUE and not any(isinstance(record.value, dict) for record in found):
        return [reached(record.value, rest) for record in found]
    return [_own(record.value, name) for record in found]


def _own(value: Any, name: str) -> Any:
    """Return the field of a record, or the field of its field."""
    return value[name] if isinstance(value, dict) and name in value else reached(value, name.split("."))


def reached(value: Any, steps: Sequence[str]) -> Any:
    """Return the field of a field of a value, or None if there is none."""
    for step in steps:
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdigit() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value


def series(name: str, values: list[Any]) -> pl.Series:
    """Make a column of values of any type: numbers if all are, else texts. Nested values are written as
    JSON.
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds <= {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds <= {int, float, bool} and not any(type(value) is int and abs(value) > EXACT for value in values):
        if kinds == {int}:
            return pl.Series(name, values, dtype=pl.Int64)
        return pl.Series(
            name, [None if value is None else float(value) for value in values], dtype=pl.Float64
        )
    return pl.Series(name, list(map(text_or_nothing, values)), dtype=pl.String)


MAX_UNPACKED_BYTES = 1024**3
JSON, SQLITE = (".json",), (".db", ".sqlite", ".sqlite3")
DATA = (*JSON, *YAML, *SQLITE, *CELLS, *RECORDS, ".parquet", ".arrow")
MAGIC = b"SQLite format 3\x00"
CHANGES = ("-wal", "-journal")
"""Endings of files next to an SQLite database with changes that aren't in it yet."""
TRIES = 3
MAX_CELL_BYTES = 64 * 1024**2
MAX_BLOB_BYTES = 64 * 1024


def suffix(source: Source) -> str:
    """Return the suffix of the content: for `runs.jsonl.gz` it is `.jsonl`."""
    names = [part.lower() for part in source.path.suffixes]
    return names[-2] if len(names) > 1 and names[-1] in PACKED else names[-1] if names else ""


def is_data(source: Source) -> bool:
    """Return whether a file contains data, judging by its name, or its first bytes."""
    return suffix(source) in DATA or is_database(source)


def is_document(source: Source) -> bool:
    """Return whether a file is one document, and not a table of lines."""
    return suffix(source) in (*JSON, *YAML)


def has_records(source: Source) -> bool:
    """Return whether a file contains one JSON object per line."""
    return suffix(source) in RECORDS


def has_objects(source: Source) -> bool:
    """Return whether a file contains JSON or YAML, as a whole or per line."""
    return is_document(source) or has_records(source)


def is_database(source: Source) -> bool:
    """Return whether a file is an SQLite database."""
    return source.head.startswith(MAGIC)


def parsed(source: Source) -> Any:
    """Parse a document. Lines of JSON become a list."""
    data = unpacked(source)
    data = data[: cut_at(data, source.path.suffix.lower())]
    if suffix(source) in YAML:
        return parse_yaml(data, where=source.name)
    if suffix(source) in JSON:
        return parse_json(data, where=source.name)
    refuse_bombs(object_cost(data) + LINE_COST * data.count(b"\n"), where=source.name)
    return [
        parse_json(line, where=f"{source.name}, line {k}")
        for k, line in enumerate(data.splitlines(), 1)
        if line.strip()
    ]


def unpacked(source: Source) -> bytes:
    """Return the bytes of a file, unpacked as far as the limit allows."""
    if source.path.suffix.lower() not in PACKED:
        return source.read_bytes()
    with unpacking(source) as file:
        data = file.read(MAX_UNPACKED_BYTES + 1)
    if len(data) > MAX_UNPACKED_BYTES:
        raise source.error(f"unpacks to more than {MAX_UNPACKED_BYTES:,} bytes", "Unpack it yourself.")
    return data


def table(source: Source, names: Collection[str] = ()) -> pl.LazyFrame:
    """Open a table, lazily if it isn't packed. In CSV these columns are read as written, so that 007 isn't
    7.
    """
    if source.path.suffix.lower() not in PACKED:
        frame = tables.scan(source)
        named = [name for name in names if name in frame.collect_schema()]
        return tables.named_exactly(source, frame, named).lazy() if named and tables.is_csv(source) else frame
    data = unpacked(source)
    if suffix(source) in CELLS:
        mark = separator(data[:65536], suffix(source))
        found = pl.read_csv(io.BytesIO(data), separator=mark, infer_schema_length=10_000)
        texts = pl.read_csv(io.BytesIO(data), separator=mark, infer_schema=False)
        return found.lazy().with_columns(
            tables.as_numbers(texts[name], kind, exactly=True)
            for name, kind in found.schema.items()
            if name in names and kind.is_numeric()
        )
    return pl.read_ndjson(io.BytesIO(data), infer_schema_length=10_000).lazy()


def database(source: Source, name: str, is_wanted: Callable[[str], bool]) -> pl.LazyFrame:
    """Read the wanted columns of one table of an SQLite database, or of the only table if none is named.

    If there is a log of changes next to it (WAL, or a journal), both are copied, so that SQLite can apply
    them. Nothing is written next to the file.
    """
    try:
        with TemporaryDirectory(prefix="howsure-") as folder:
            copied = _with_changes(source, Path(folder))
            place = (
                f"{source.path.absolute().as_uri()}?mode=ro&immutable=1"
                if copied is None
                else copied.as_uri()
            )
            with closing(sqlite3.connect(place, uri=True)) as connection:
                connection.execute("PRAGMA trusted_schema=OFF")
                connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
                if copied is not None:
                    refuse_damaged_log(connection, copied, source)
                return _selected(connection, name, source, is_wanted).lazy()
    except (sqlite3.Error, UnicodeDecodeError) as error:
        raise source.error(
            f"not a readable database ({error})", "The file may be damaged: copy it again."
        ) from None


def _with_changes(source: Source, folder: Path) -> Path | None:
    """Copy a database with the changes in its log, or return None if there are none. ReadError if it is being
    written.
    """
    places = [source.path, *(source.path.with_name(f"{source.path.name}{ending}") for ending in CHANGES)]
    for _ in range(TRIES):
        before = list(map(stamp_of, places))
        found = [place for place in places if place.is_file()]
        sizes = {place: place.stat().st_size for place in found}
        if not any(size for place, size in sizes.items() if place != source.path):
            return None
        if sum(sizes.values()) > MAX_FILE_BYTES:
            raise source.error(
                "there is a log of changes next to it, and it is too large to be copied with that",
                "Open it once with sqlite3 and run PRAGMA wal_checkpoint(TRUNCATE).",
            )
        for place in found:
            copyfile(place, folder / place.name)
        if list(map(stamp_of, places)) == before:
            return folder / source.path.name
    raise source.error("is being written", "Wait, or copy it with sqlite3's .backup.")


def _selected(
    connection: sqlite3.Connection, name: str, source: Source, is_wanted: Callable[[str], bool]
) -> pl.DataFrame:
    """Read the wanted columns of a table, row by row up to a limit. A column of mixed types becomes text."""
    known = [
        row[0]
        for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")
    ]
    if not name and len(known) == 1:
        name = known[0]
    if name not in known:
        there = f'Write rows = "…", one of: {", ".join(known)}.' if known else "The database is empty."
        raise source.error(f"no table {name!r}", there)
    columns = [row[1] for row in connection.execute(f"PRAGMA table_xinfo({_quoted(name)})")]
    wanted = [column for column in columns if is_wanted(column)]
    if not wanted:
        raise source.error("none of the named columns", f"There is {', '.join(columns[:12])}.")
    rows, size = [], 0
    query = f"SELECT {', '.join(map(_quoted, wanted))} FROM {_quoted(name)}"  # noqa: S608 - quoted
    for row in connection.execute(query):
        for column, cell in zip(wanted, row, strict=True):
            # as a text it would take several times its size
            if isinstance(cell, bytes) and len(cell) > MAX_BLOB_BYTES:
                raise source.error(
                    f"column {column!r} contains a blob of {len(cell):,} bytes, which is neither "
                    "a name nor a number",
                    "Use another column, or write texts and numbers into this one.",
                )
        rows.append(row)
        size += sum(len(cell) if isinstance(cell, (str, bytes)) else 8 for cell in row)
        if size > MAX_UNPACKED_BYTES:
            raise source.error(
                f"its named columns contain more than {MAX_UNPACKED_BYTES:,} bytes",
                "Name fewer columns, or write them to Parquet.",
            )
    return pl.DataFrame([series(column, [row[k] for row in rows]) for k, column in enumerate(wanted)])


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
