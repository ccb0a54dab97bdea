"""The contract that every reader keeps.

A reader is a module with two functions and two names, and a third where it can tell:

    NAME = "inspect"                                   # shown to the user
    FORMATS = "Inspect AI logs (.eval, .json)"         # one line for the documentation
    CHECKED = "Inspect 0.3.41–0.3.285, log version 2"  # what it was checked on; those of this package all say it

    def claims(source: Source) -> Claim | None: ...    # by content, cheap: look at source.head
    def read(source: Source) -> Reading: ...           # called only for claims of "rows"

`claims` never raises. `read` raises [`ReadError`][howsure.errors.ReadError] with what, where and what next; any
other exception that a broken file causes is turned into one by the folder reader. Nothing is executed or
unpickled. Text in logs is data: it is kept as it is here and escaped when it is rendered.
"""

from __future__ import annotations

import json
import math
import re
import sys
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, BinaryIO, Literal, Protocol

from howsure.errors import Caution, ReadError
from howsure.readers.lines import CELLS, RECORDS, cut_at
from howsure.readers.touched import names_in, without_waiting
from howsure.table.runs import text_digest
from howsure.table.schema import COLUMNS, MEASURES
from howsure.table.writing import Writing
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import polars as pl

    from howsure.readers.touched import Touched
    from howsure.table.runs import Run
    from howsure.table.scores import Published, TaskFacts
    from howsure.table.stated import Extent, Group, Total

Claim = Literal["rows", "companion"]
"""`rows`: read this file. `companion`: a neighbour of a file that is read, which looks into it itself."""

HEAD_BYTES = 65_536
BUFFER_BYTES = 256 * 1024
BLOCK_BYTES = 4 * 1024**2
MAX_FILE_BYTES = 4 * 1024**3
MAX_OBJECT_BYTES = 2 * 1024**3
"""What the objects of a file may take in memory: a few bytes of JSON can ask for a hundred each."""
LINE_COST = 50
SMALL_BYTES = 16 * 1024**2
"""JSON of this size can't reach that limit."""
OBJECT_COST = {b"{": 140, b"[": 80, b",": 30}
"""About how many bytes an object, a list, and a further value take in memory, by the sign that they cost."""
PROB, PROB_NORM = "prob", "prob_norm"
"""Metrics that are probabilities of the right answer: among all answers, and normalised (see docs/formats.md)."""

SECRET = re.compile(r"key|token$|secret|password|credential", re.IGNORECASE)
"""Settings of such a name are never kept."""

MAX_VERSION_TEXT = 20
MAX_METADATA_TEXT = 200
"""Longer texts are not kept as metadata: a cluster or a stratum is a short word."""


@dataclass(frozen=True)
class Source:
    """One file, its first bytes, and the folder that was asked for (`root`), for names taken from the path.

    `probabilities` asks the reader for rows with the probability of the right answer, where the file holds it; `writing` says how
    tables write their numbers; `maps` are the mappings that the user gave;
    `model_from` is a pattern for the part of the path that names the model; `items` the path of a table with one row an item.
    `address`: the file itself lies elsewhere, and `path` is a Parquet file without rows and with its columns.
    `touched` notes what else its reader looks at, which it does by `near`, `has_folder` and `listed` alone.
    """

    path: Path
    root: Path
    probabilities: bool = False
    writing: Writing = field(default_factory=Writing)
    maps: tuple[GivenReader, ...] = ()
    model_from: str = ""
    items: str = ""
    address: str = ""
    touched: Touched | None = field(default=None, compare=False, repr=False)

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB."""
        with self.opened() as file:
            return file.read(HEAD_BYTES)

    def opened(self) -> BinaryIO:
        """Open the file; one of the system that would wait for something to come (/proc/kmsg) fails instead."""
        return open(self.path, "rb", buffering=BUFFER_BYTES, opener=without_waiting)

    @cached_property
    def name(self) -> str:
        """The path as shown to the user: relative to the folder that was asked for."""
        try:
            return str(self.path.relative_to(self.root)) if self.path != self.root else self.path.name
        except ValueError:
            return str(self.path)

    def json(self) -> Any:
        """Parse the whole file as JSON; a bare NaN is read as a float nan, as some harnesses write it."""
        return parse_json(self.read_bytes(), where=self.name)

    def json_lines(self) -> list[Any]:
        """Parse every line as JSON and keep all, skipping empty lines, and a cut last line (see `cut_row`)."""
        if self.path.stat().st_size >= SMALL_BYTES:
            self._refuse_heavy_lines()
        return list(self.each_json_line())

    def each_json_line(self) -> Iterator[Any]:
        """Parse every line as JSON, one at a time: of a large file a reader keeps what it needs."""
        for number, line in self.lines():
            found = _parsed_line(line)
            yield parse_json(line, where=f"{self.name}, line {number}") if found is _UNPARSED else found

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that aren't empty by their numbers, without a last row that isn't whole."""
        number = 0
        for block in self.blocks():
            for line in block.splitlines():
                number += 1
                if line and not line.isspace():
                    yield number, line

    def blocks(self) -> Iterator[bytes]:
        """Yield a file of lines in blocks of whole lines, without a last row that isn't whole."""
        size = 0
        with self.opened() as file:
            while block := file.read(BLOCK_BYTES) + file.readline():
                size += len(block)
                if size > MAX_FILE_BYTES:
                    raise self._too_large(size)
                if b"\0" in block:
                    raise self._damaged()
                if not block.endswith(b"\n"):
                    before = b"\n" if size > len(block) else b""
                    begins = cut_at(before + block, self.path.suffix.lower())
                    block = block if begins is None else block[: begins - len(before)]
                if block:
                    yield block

    def _refuse_heavy_lines(self) -> None:
        """Refuse a file of lines whose objects would take too much memory together."""
        with self.opened() as file:
            cost = sum(
                _cost(part) + LINE_COST * part.count(b"\n") for part in iter(partial(file.read, BUFFER_BYTES), b"")
            )
        if cost > MAX_OBJECT_BYTES:
            refuse_bombs(sum(LINE_COST + _cost(_TEXT.sub(b"", line)) for _, line in self.lines()), where=self.name)

    def whole_rows(self) -> bytes:
        """Read a file of lines without a last row that isn't whole."""
        data = self.read_bytes()
        if b"\0" in data:
            raise self._damaged()
        return data[: cut_at(data, self.path.suffix.lower())]

    def _damaged(self) -> ReadError:
        return ReadError("bytes of zero in the text", where=self.name, remedy="It may be damaged: write it again.")

    def near(self, path: Path) -> Source | None:
        """Return another file as a source, None where there is none at this path."""
        if self.touched is not None:
            self.touched.path(path)
        return Source(path=path, root=self.root, touched=self.touched) if path.is_file() else None

    def nearest(self, folders: Iterable[Path], name: str) -> Source | None:
        """Return the file of this name in the first of these folders that has one, None where none has."""
        return next((found for folder in folders if (found := self.near(folder / name)) is not None), None)

    def has_folder(self, path: Path) -> bool:
        """Say whether there is a folder at a path."""
        if self.touched is not None:
            self.touched.path(path)
        return path.is_dir()

    def listed(self, folder: Path, pattern: str) -> list[Path]:
        """Return what a folder holds by a pattern as a shell has them, sorted; nothing where there is no such folder."""
        listing = names_in if self.touched is None else self.touched.names_in
        return [folder / name for name in listing(folder, pattern)]

    def beside(self, name: str) -> Any:
        """Parse a neighbour as JSON; None where there is none, or nothing that can be read."""
        found = self.near(self.path.with_name(name))
        try:
            return None if found is None else found.json()
        except ReadError:
            return None

    def read_bytes(self) -> bytes:
        """Read the file, refusing what is larger than the limit."""
        if (size := self.path.stat().st_size) > MAX_FILE_BYTES:
            raise self._too_large(size)
        with self.opened() as file:
            data = file.read(MAX_FILE_BYTES + 1)  # it may grow meanwhile, and files of the system have no size
        if len(data) > MAX_FILE_BYTES:
            raise self._too_large(len(data))
        return data

    def _too_large(self, size: int) -> ReadError:
        return ReadError(
            f"{size:,} bytes are more than the limit of {MAX_FILE_BYTES:,}",
            where=self.name,
            remedy="Split the file or convert it to Parquet, which is read in pieces.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """What one file holds.

    `rows`: a Polars frame with the columns of the tidy table and metadata beside them (see `tidy`); None where the
    file holds only published scores. `configuration`: settings that tell two runs of one model apart (temperature,
    prompt …), used only when the same model and task come more than once. `notes`: what is to be said before any number.
    `published`, `extents` and `totals` are the log's own word, to which its rows are held; `groups` say how it puts tasks together.
    """

    rows: pl.DataFrame | None = None
    facts: tuple[TaskFacts, ...] = ()
    published: tuple[Published, ...] = ()
    extents: tuple[Extent, ...] = ()
    totals: tuple[Total, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    run: Run | None = None
    configuration: Mapping[str, str] = field(default_factory=dict)


class Reader(Protocol):
    """What the registry holds: a module (or any object) with these four names. A fifth, `CHECKED`, is for the documentation."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module
        """What the user sees."""

    @property
    def FORMATS(self) -> str:  # noqa: N802 - a constant of a module
        """One line for the documentation."""

    def claims(self, source: Source) -> Claim | None:
        """Say whether this file is this reader's, judging by content."""

    def read(self, source: Source) -> Reading:
        """Read the file."""


class GivenReader(Reader, Protocol):
    """A reader that the user gave, such as a mapping; one that names its files goes before all others."""

    def names(self, source: Source) -> bool:
        """Say whether it was given for this very file."""


def tidy(records: Sequence[Mapping[str, Any]], *, source: str) -> pl.DataFrame:
    """Turn one mapping per attempt into the tidy table.

    A record names the columns of the tidy table that it knows (`task`, `model`, `item`, `attempt` from 0, `metric`,
    `score`, `status`, `cluster`, `weight`); `score` is a float, or None where `status` is not "ok". The measures of an attempt (`usd`,
    `seconds`, `tokens_in` …, see `MEASURES`) are numbers, None where they were not recorded. Any other key is metadata: scalars
    are kept as text, longer texts and nested values are left out.
    """
    import polars as pl

    names = dict.fromkeys(key for record in records for key in record if key not in COLUMNS)
    columns: dict[str, Any] = {
        "task": pl.Series([_text(r.get("task")) for r in records], dtype=pl.String),
        "model": pl.Series([_text(r.get("model")) for r in records], dtype=pl.String),
        "item": pl.Series([_text(r.get("item")) for r in records], dtype=pl.String),
        "attempt": pl.Series([r.get("attempt", 0) for r in records], dtype=pl.Int64),
        "metric": pl.Series([_text(r.get("metric", "score")) for r in records], dtype=pl.String),
        "score": pl.Series([r.get("score") for r in records], dtype=pl.Float64),
        "status": pl.Series([r.get("status", "ok") for r in records], dtype=pl.String),
        "cluster": pl.Series([_text(r.get("cluster")) for r in records], dtype=pl.String),
        "weight": pl.Series([r.get("weight") for r in records], dtype=pl.Float64),
        "source": pl.Series([source] * len(records), dtype=pl.String),
    }
    for name in MEASURES:
        if name in names:
            columns[name] = pl.Series([finite(record.get(name)) for record in records], dtype=pl.Float64)
    for name in [name for name in names if name not in MEASURES]:
        values = [metadata_text(record.get(name)) for record in records]
        if any(value is not None for value in values):
            columns[name] = pl.Series(values, dtype=pl.String)
    return pl.DataFrame(columns)


def finite(value: object) -> float | None:
    """Return a number, or a truth value, as a float; None for anything else, NaN, infinity and what no float can hold too."""
    return float(value) if isinstance(value, (bool, int, float)) and abs(value) <= sys.float_info.max else None


def scored(value: object, otherwise: str = "unscored") -> dict[str, Any]:
    """Return score and status of an attempt: ok where there is a finite number, else no score and this status."""
    score = finite(value)
    return {"score": score, "status": otherwise if score is None else "ok"}


def number(value: object) -> float:
    """Return a number as a float, NaN for anything else: `sound` says that it is none."""
    found = finite(value)
    return math.nan if found is None else found


def sound(reading: Reading, source: Source) -> Reading:
    """Leave published scores that are no numbers out, and say so; mend names that no text can hold."""
    if reading.run is not None and not reading.run.is_plain(MAX_METADATA_TEXT):
        reading = replace(reading, run=reading.run.mended(whole_text, MAX_METADATA_TEXT))
    if all(math.isfinite(entry.score) and _is_sound(entry) for entry in reading.published):
        return reading
    whole = tuple(entry for entry in reading.published if math.isfinite(entry.score))
    left = len(reading.published) - len(whole)
    published = tuple(
        replace(entry, task=whole_text(entry.task), model=whole_text(entry.model), metric=whole_text(entry.metric))
        for entry in whole
    )
    return replace(reading, published=published, cautions=(*reading.cautions, *left_out(left, source)))


def _is_sound(entry: Published) -> bool:
    return all(name.isascii() or name == whole_text(name) for name in (entry.task, entry.model, entry.metric))


def cut_row(source: Source) -> tuple[Caution, ...]:
    """Say that a file of lines ends in mid-row; only its last byte is read where it doesn't."""
    suffix = source.path.suffix.lower()
    if suffix not in (*CELLS, *RECORDS) or _ends_a_line(source):
        return ()
    data = source.read_bytes()
    begins = cut_at(data, suffix)
    if begins is None:
        return ()
    line = data.count(b"\n", 0, begins) + 1
    return (
        Caution(
            code="cut_row",
            message=f"{source.name} ends in mid-row: line {line:,} is not whole and left out.",
            remedy="The run may still be going, or a copy was cut short: wait, or copy it again.",
        ),
    )


def _ends_a_line(source: Source) -> bool:
    with source.opened() as file:
        file.seek(max(source.path.stat().st_size - 1, 0))
        return file.read() in (b"\n", b"\r", b"")


def left_out(count: int, source: Source) -> tuple[Caution, ...]:
    """Say how many published scores are no numbers; nothing where there are none."""
    message = (
        f"{source.name}: {plural(count, 'published score')} {'is' if count == 1 else 'are'} no number and left out."
    )
    return (Caution(code="score_left_out", message=message, remedy="Write the file again."),) if count else ()


def unknown_layout(stated: object, known: Sequence[str], source: Source) -> tuple[Caution, ...]:
    """Say that a file states a layout that its reader wasn't checked on; nothing where it states none.

    `known`: the versions that it was checked on, the newest last; one such as 0.2 stands for 0.2.1 too.
    """
    text = str(stated)
    if stated is None or any(text == each or text.startswith(f"{each}.") for each in known):
        return ()
    checked = f"versions up to {known[-1]}" if len(known) > 1 else f"version {known[0]}"
    return (
        Caution(
            code="unknown_layout",
            message=f"{source.name} states layout version {text[:MAX_VERSION_TEXT]}; this reader was checked on {checked}.",
            remedy="Hold the figures of `howsure describe` to those of the harness before you use them, or update howsure.",
        ),
    )


def settings(named: Mapping[str, Any]) -> dict[str, str]:
    """Return what tells two runs of one model apart as short texts, secrets left out; long texts and what is nested by a digest."""
    texts = {name: _setting(value) for name, value in named.items() if not SECRET.search(name)}
    return {name: text for name, text in texts.items() if text}


def _setting(value: object) -> str | None:
    """Return a setting as a text that is short enough for a name; an address in memory is no part of it."""
    text = metadata_text(value)
    if text is not None or not value:
        return text and _ADDRESS.sub("", text)
    whole = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return text_digest(_ADDRESS.sub("", whole))


_ADDRESS = re.compile(r" at 0x[0-9a-f]+")


def metadata_text(value: object) -> str | None:
    """Return a scalar as short text, None for anything that can't be a cluster or a stratum."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)) or (isinstance(value, str) and len(value) <= MAX_METADATA_TEXT):
        return whole_text(str(value))
    return None


def whole_text(text: str) -> str:
    """Replace halves of characters, which JSON can hold and a table can't, by a question mark."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def flatten_metadata(metadata: object) -> dict[str, Any]:
    """Keep the scalar fields of a metadata mapping, renaming those that collide with the tidy table."""
    if not isinstance(metadata, dict):
        return {}
    return {
        (f"metadata_{key}" if key in (*COLUMNS, *MEASURES) and key != "cluster" else str(key)): value
        for key, value in metadata.items()
        if metadata_text(value) is not None
    }


def _parsed_line(line: bytes) -> Any:
    """Parse a line of JSON; _UNPARSED where it is none, or long, and parse_json has to look at it."""
    if len(line) >= SMALL_BYTES:
        return _UNPARSED
    try:
        return _decode(line.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        return _UNPARSED


_decode, _UNPARSED = json.JSONDecoder().decode, object()


def parse_json(data: bytes | str, *, where: str) -> Any:
    """Parse JSON, turning a syntax error into one that says where; what would outgrow the memory is refused before."""
    refuse_bombs(object_cost(data), where=where)
    try:
        return json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReadError(
            f"not valid JSON ({error})", where=where, remedy="The file may be cut short: write it again."
        ) from None


def object_cost(data: bytes | str) -> int:
    """Return about how much memory the objects of a JSON text will take; 0 where it is too short to matter."""
    if len(data) < SMALL_BYTES:
        return 0
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if _cost(raw) <= MAX_OBJECT_BYTES:
        return _cost(raw)
    return _cost(_TEXT.sub(b"", raw))  # a text may hold any number of braces


def refuse_bombs(cost: int, *, where: str) -> None:
    """Refuse what takes too much memory once it is parsed."""
    if cost > MAX_OBJECT_BYTES:
        raise ReadError(
            f"its objects would take about {cost / 1024**3:.0f} GB of memory",
            where=where,
            remedy="Check where it came from; a table of many rows is read in pieces as Parquet.",
        )


_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)


def _cost(raw: bytes) -> int:
    return sum(cost * raw.count(sign) for sign, cost in OBJECT_COST.items())


def looks_like(head: bytes, keys: Iterable[str]) -> bool:
    """Say whether each of these JSON keys occurs, quoted, in the first bytes of a file."""
    return all(f'"{key}"'.encode() in head for key in keys)


def _text(value: object) -> str | None:
    return None if value is None else whole_text(str(value))
