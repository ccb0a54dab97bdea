"""Tables of any origin: CSV, TSV, JSON Lines, JSON and YAML (a list of records), Parquet and Arrow.

A table stays unchanged, lazy if its format allows. Its columns are recognised by name when it is aggregated.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections import Counter
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError, ReadError, ResultWarning
from howsure.readers.attempt_rows import cut_row
from howsure.readers.base import Claim, Reading, Source, named
from howsure.readers.parquet import refuse_damaged
from howsure.readers.parsing import (
    CELLS,
    MAX_HELD_BYTES,
    RECORDS,
    WORTH_BYTES,
    YAML,
    commented,
    parse_yaml,
    separator,
)
from howsure.readers.published import STEP, published_roles, published_scores
from howsure.table.cells import (
    EXACT,
    ColumnNumbers,
    finite,
    numbers_of,
    text_or_nothing,
    texts_of,
    whole_text,
)
from howsure.table.grouping import PIECE_ROWS
from howsure.table.names import by_plain_name, plain_name
from howsure.table.schema import NAMES, find_roles, likely_item, list_columns, only_by, used_columns
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from howsure.table.scores import FileReport

    Names = Iterable[str]
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from howsure.table.writing import Writing

TAB, TEXT, MARKDOWN = "\t", ".txt", ".md"
TEXT_TABLES = (*CELLS, TEXT, MARKDOWN)
_WIDE, _ANY = re.compile(r"\t| {2,}"), re.compile(r"\s+")
"""The column separator: two blanks, so that a cell may contain one, else any."""
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_PERCENT = re.compile(r"\(%\)|\[%\]|(?:, | in )%|%$")
"""The suffixes and prefixes that make a column a percentage."""
_LINK, _MARK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), re.compile(r"\*\*|__|`|<[^>]{1,99}>")


def holds_table(source: Source) -> bool:
    """Return whether a text file has the columns of results. Markdown counts only if the file was given
    directly, since a README shows other people's results.
    """
    suffix = source.path.suffix.lower()
    if suffix == MARKDOWN:
        return source.path == source.root and bool(_markdown(source.head.decode(errors="replace")))
    if suffix != TEXT or b"\x00" in source.head:
        return False
    head = source.head[: source.head.rfind(b"\n") + 1] or source.head
    data, mark = _cells(head, suffix)
    try:
        return _has_results(next(csv.reader(io.StringIO(data.decode(errors="replace")), delimiter=mark), []))
    except csv.Error:
        return False


def _has_results(names: Sequence[str]) -> bool:
    roles = find_roles(names, {}).keys()
    return {"item", "score"} <= roles or {"model", "score"} <= published_roles(names, {}).keys()


def cells(source: Source) -> tuple[bytes, str]:
    """Return a table of cells, without comments above its header, and its column separator."""
    suffix = source.path.suffix.lower()
    if suffix != MARKDOWN:
        return _cells(source.whole_rows(), suffix)
    tables = _markdown(source.read_bytes().decode("utf-8", errors="replace"))
    if len(tables) != 1:
        raise source.error(
            f"{plural(len(tables), 'table')} with models and scores",
            "Save the intended one as a separate file.",
        )
    return _with_tabs(tables[0]), TAB


def _cells(data: bytes, suffix: str) -> tuple[bytes, str]:
    data = data[commented(data) :]
    header = data.split(b"\n", 1)[0]
    if suffix not in (".tsv", TEXT) or b"\t" in header:
        return data, TAB if b"\t" in header and suffix == TEXT else separator(data, suffix)
    rows = _by_blanks(data.decode("utf-8-sig", errors="replace").splitlines())
    return (
        (_with_tabs(rows), TAB) if rows else (data, separator(data, suffix if suffix == ".tsv" else ".csv"))
    )


def _by_blanks(lines: Sequence[str]) -> list[list[str]]:
    """Split lines at blanks, if each has as many cells as the first, otherwise return nothing. A row index
    before all columns has no name.
    """
    lines = [line.strip() for line in lines if line.strip()]
    for mark in (_WIDE, _ANY):
        rows = [mark.split(line) for line in lines]
        width = len(rows[0]) if rows else 0
        if width > 1 and all(len(row) == width for row in rows):
            return rows
        if (
            width > 1
            and len(rows) > 1
            and all(len(row) == width + 1 and row[0].isdigit() for row in rows[1:])
        ):
            return [rows[0], *(row[1:] for row in rows[1:])]
    return []


def _markdown(text: str) -> list[list[list[str]]]:
    """Return the tables with a model and a score, without emphasis and links."""
    found: list[list[list[str]]] = []
    lines = text.splitlines()
    for place, line in enumerate(lines[1:], 1):
        if not (_RULE.fullmatch(line) and "|" in line and "|" in lines[place - 1]):
            continue
        header, rows = _markdown_row(lines[place - 1]), []
        for row in lines[place + 1 :]:
            if "|" not in row:
                break
            rows.append((_markdown_row(row) + [""] * len(header))[: len(header)])
        percent = [bool(_PERCENT.search(name)) for name in header]
        header = [_PERCENT.sub("", name).strip() for name in header]
        if rows and _has_results(header):
            signed = (
                [
                    f"{cell}%" if sign and cell and "%" not in cell else cell
                    for cell, sign in zip(row, percent, strict=True)
                ]
                for row in rows
            )
            found.append([header, *signed])
    return found


def _markdown_row(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|").replace(r"\|", "\0")
    return [_MARK.sub("", _LINK.sub(r"\1", cell)).replace("\0", "|").strip() for cell in inner.split("|")]


def _with_tabs(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=TAB, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def uneven(source: Source) -> Iterator[tuple[int, int, int]]:
    """Yield the line of each row whose number of cells differs from the header's, both numbers, and 0 for an
    unclosed quote.
    """
    data = source.whole_rows()
    begins = commented(data)
    mark = separator(data[begins:], source.path.suffix.lower())
    text = io.StringIO(data[begins:].decode("utf-8-sig", errors="replace"), newline="")
    reader = csv.reader(text, delimiter=mark, strict=True)
    above, width = data.count(b"\n", 0, begins), 0
    while True:
        line = above + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, 0, width
            return
        width = width or len(row)
        if row and len(row) != width:
            yield line, len(row), width


NAME = "tables"
FORMATS = (
    "tables (.csv, .tsv, .txt, .jsonl, .json, .yaml, .parquet, .arrow), and Markdown tables of published "
    "scores (.md) by name"
)
CHECKED = "any: columns are recognised by name"

MAX_INFER = 10_000
CODED_BYTES = 64 * 1024**2
"""Names in a CSV file of at least this size are kept as categoricals."""
LONGEST_NAME = 10_000
"""Columns with longer names are left out: they couldn't be named in options."""
MAX_COLUMNS = 10_000
"""Wider files aren't tables with one row per answer, and each would take time."""
MANY_ROWS = 5
"""A model with this many published scores per task on average has none: these are single answers."""
_SPLIT = re.compile(rb'\s*\{\s*"columns"\s*:\s*\[(?:\s*"(?:[^"\\]|\\.)*+"\s*,?)*+\s*\]\s*,\s*"data"\s*:\s*\[')
"""The beginning of JSON with the names of the columns, then the cells of every row: MLflow and W&B log tables
this way.
"""


def claims(source: Source) -> Claim | None:
    """Claim Parquet and Arrow by their magic bytes, text tables by suffix and a first look."""
    head, suffix = source.head, source.path.suffix.lower()
    if head.startswith((b"PAR1", b"ARROW1")):
        return "rows"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if suffix in CELLS and start and b"\x00" not in head[:1024]:
        return "rows"
    if suffix in RECORDS and (start == b"{" or (start in (b"#", b"/") and b"\n{" in head)):
        return "rows"
    if holds_table(source):
        return "rows"
    if suffix in YAML and start == b"-":
        return "rows"
    return "rows" if suffix == ".json" and (start == b"[" or _SPLIT.match(head)) else None


def read(source: Source) -> Reading:
    """Read a leaderboard as published scores, anything else as rows with their own columns."""
    frame = scan(source)
    columns = frame.collect_schema().names()
    if "item" in find_roles(columns, {}):
        return Reading(rows=checked(source, frame, {}).rows().collect())
    try:
        table = _collected(source, frame, source.columns)
        reading = published_scores(table, source.name, writing_of(source), source.columns, source.where)
    except DataError as error:
        raise source.error(error.what, error.remedy) from None
    if not reading.published:
        raise source.error(f"no column for the item among {', '.join(columns[:12])}", _what_instead(columns))
    return reading


def _what_instead(columns: Iterable[str]) -> str:
    """Explain what to do with a table that has neither items nor scores of models."""
    if {"model_a", "model_b"} <= by_plain_name(columns).keys():
        return "These look like pairwise votes: `howsure arena` ranks models by them."
    return (
        f"Name it (`columns={{'item': {likely_item(columns)!r}}}`). A leaderboard needs model, score and n. "
        "`howsure describe` proposes a mapping."
    )


def is_leaderboard(columns: Iterable[str], asked: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether a table's columns contain published scores of models. `asked`: the user's columns by
    role.
    """
    return {"model", "score"} <= published_roles(columns, asked).keys()


def repeats_models(frame: pl.LazyFrame, asked: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether models are repeated in a table, as in rows of items and not in a leaderboard."""
    columns = frame.collect_schema().names()
    roles = published_roles(columns, asked)
    names = [roles[role] for role in ("task", "model", "metric") if role in roles]
    names += [STEP] if STEP in columns else []
    rows, models = frame.select(pl.len(), pl.struct(names).n_unique().alias("models")).collect().row(0)
    return bool(rows >= MANY_ROWS * models)


COLUMNAR = (b"PAR1", b"ARROW1")
"""How Parquet and Arrow files begin: columns are read from them when they are needed."""


def is_held(source: Source) -> bool:
    """Return whether the rows of a table are in memory once it is read."""
    return not source.head.startswith(COLUMNAR) and not _is_large(source)


def scan(source: Source, *, mixed: bool = False) -> pl.LazyFrame:
    """Open a table, lazily if its format allows. `mixed`: as in `parsed_records`."""
    with named(source.name), _by_line(source):
        frame = _scanned(source, mixed=mixed)
        names = frame.collect_schema().names()  # a lazy scan only now finds out whether the file is valid
    if len(names) > MAX_COLUMNS:
        raise _too_wide(len(names), source)
    short = [name for name in names if len(name) <= LONGEST_NAME]  # a text that became a key isn't a column
    return frame if len(short) == len(names) else frame.select(short)


def _too_wide(width: int, source: Source) -> ReadError:
    return source.error(
        f"{width:,} columns exceed the limit of {MAX_COLUMNS:,}",
        "Write one row per answer, with a column each for model, item and score.",
    )


def _scanned(source: Source, *, mixed: bool) -> pl.LazyFrame:
    head = source.head
    parquet, arrow = COLUMNAR
    if head.startswith(parquet):
        return _scan_parquet(source)
    if head.startswith(arrow):
        return pl.scan_ipc(source.read_bytes(), glob=False)  # even an open file would be mapped
    if is_csv(source):
        return _scan_csv(source)
    # Read JSON records, for a large file of lines by their shape if that is certain. `mixed`: as in
    # `parsed_records`.
    is_large = source.path.suffix.lower() in RECORDS and source.path.stat().st_size >= WORTH_BYTES
    if is_large:
        from howsure.readers.json_lines import shaped_table

        shaped = shaped_table(source)
        if shaped is not None:
            return shaped
    return parsed_records(source, mixed=mixed)


def _scan_parquet(source: Source) -> pl.LazyFrame:
    """Scan a file's bytes, which can't change while they are read. For a large one the necessary parts are
    read from the open file.

    A file that Polars opens by its path is mapped into memory, and ends the process if it is written to
    meanwhile. A remote one isn't: Polars requests the necessary parts from its server.
    """
    if source.address:
        return pl.scan_parquet(source.address, glob=False, hive_partitioning=False)
    refuse_damaged(source)
    if not _is_large(source):
        return pl.scan_parquet(source.read_bytes(), glob=False)
    with source.opened() as file:
        return pl.scan_parquet(file, glob=False)


def _is_large(source: Source) -> bool:
    """Return whether a table stays lazy: one that isn't in memory, or is remote."""
    return bool(source.address) or source.path.stat().st_size > MAX_HELD_BYTES


def _scan_csv(source: Source, texts: Iterable[str] = ()) -> pl.LazyFrame:
    data, mark = cells(source)
    return pl.scan_csv(
        data,
        separator=mark,
        infer_schema_length=MAX_INFER,
        schema_overrides=dict.fromkeys(texts, pl.String()),
        glob=False,
    )


def _collected(
    source: Source, frame: pl.LazyFrame, asked: Mapping[str, tuple[str, ...]], names: Sequence[str] = ()
) -> pl.DataFrame:
    """Read a whole table. In CSV, names are read as written, and a column with a non-number anywhere is
    text.
    """
    if not is_csv(source):
        return frame.collect()
    # The columns whose values are names, even if these are written as numbers.
    columns = frame.collect_schema().names()
    roles = find_roles(columns, asked)
    named = {name for role in NAMES for name in roles.get(role, ())}
    if "item" not in roles:
        published = published_roles(columns, asked)
        named |= {published[role] for role in NAMES if role in published}
    name_columns = [name for name in columns if name in named]
    large = source.path.stat().st_size >= CODED_BYTES
    return named_exactly(source, frame, [*names, *name_columns], coded=name_columns if large else ())


def named_exactly(
    source: Source, frame: pl.LazyFrame, names: Collection[str], *, coded: Iterable[str] = ()
) -> pl.DataFrame:
    """Read a whole CSV table, with these columns as they are written: 007, 1.10 and 1e3 aren't numbers among
    names.

    `coded`: columns whose texts become categoricals, which take a quarter of the memory.
    """
    schema = frame.collect_schema()
    figures = [name for name, dtype in schema.items() if dtype.is_numeric()]
    named = [name for name in figures if name in names]
    rows = _scan_csv(source, named) if named else frame
    codes = [name for name in coded if schema[name] == pl.String]
    try:
        # The streaming engine doesn't keep the texts.
        found = (
            rows.with_columns(pl.col(codes).cast(pl.Categorical)).collect(engine="streaming")
            if codes
            else rows.collect()
        )
    except pl.exceptions.ComputeError:
        found = _scan_csv(source, list(schema)).collect()
    texts = [name for name in figures if found[name].dtype == pl.String]
    if not texts:
        return found
    return found.with_columns(as_numbers(found[name], schema[name], exactly=name in names) for name in texts)


def as_numbers(texts: pl.Series, dtype: pl.DataType, *, exactly: bool) -> pl.Series:
    """Return texts as numbers if all of them are numbers. `exactly`: only if each is also whole and written
    like its number, not 007, 1.10 or 1e3.
    """
    numbers = texts.cast(dtype, strict=False)
    if not exactly:
        return numbers if numbers.null_count() == texts.null_count() else texts
    return numbers if numbers.cast(pl.String).equals(texts) and (numbers == numbers.round()).all() else texts


def is_csv(source: Source) -> bool:
    """Return whether a file contains separated cells."""
    return source.path.suffix.lower() in TEXT_TABLES


@contextmanager
def _by_line(source: Source) -> Iterator[None]:
    """Name the line of a row that Polars can't read: it has more cells than the header, or an unclosed
    quote.
    """
    try:
        yield
    except pl.exceptions.PolarsError:
        odd = uneven(source) if source.path.suffix.lower() in CELLS else ()
        row = next(((line, count, width) for line, count, width in odd if not 0 < count < width), None)
        if row is None:
            raise
        line, count, width = row
        what = f"{plural(count, 'cell')} below a header of {width:,}" if count else "an unclosed quote"
        raise ReadError(
            what, where=f"{source.name}, line {line:,}", remedy="Correct that line, or write the file again."
        ) from None


def short_rows(source: Source, frame: pl.DataFrame) -> tuple[ResultWarning, ...]:
    """Report which rows have fewer cells than the header. If the last column has no empty cells, there are
    none.
    """
    if not frame.width or not frame[:, -1].null_count() or source.path.suffix.lower() not in CELLS:
        return ()
    short = [(line, count) for line, count, width in uneven(source) if 0 < count < width]
    if not short:
        return ()
    line, count = short[0]
    more = f", and so have {plural(len(short) - 1, 'other row')}" if len(short) > 1 else ""
    return (
        ResultWarning(
            code="short_rows",
            message=(
                f"{source.name}: line {line:,} has {count:,} of {frame.width:,} cells, the "
                "others are read as "
                f"empty{more}."
            ),
            remedy="Correct these lines: a value in the wrong column is a wrong value.",
        ),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreTable:
    """A table with rows: its original form, the conversion of its scores to numbers, and which of them were
    text.
    """

    source: Source
    frame: pl.LazyFrame
    values: nw.Expr | None = None
    numbers: ColumnNumbers | None = None
    warnings: tuple[ResultWarning, ...] = ()

    def rows(self, frame: pl.LazyFrame | None = None) -> pl.LazyFrame:
        """Return the rows, or the chosen ones, with numbers as scores."""
        chosen = self.frame if frame is None else frame
        return chosen if self.values is None else nw.from_native(chosen).with_columns(self.values).to_native()


MOST_READ_TWICE = 5_000_000
"""The only file of a command isn't read to check it if it has more rows."""


def checked(
    source: Source, frame: pl.LazyFrame, asked: Mapping[str, tuple[str, ...]], *, alone: bool = False
) -> ScoreTable:
    """Read a whole table, with scores that are text as numbers, so that an error is raised while its file is
    known.

    From Parquet and Arrow only the necessary columns are read, and from large files none: they stay lazy. So
    do many rows of a file that is read `alone`, whose error needn't be told from that of another.
    """
    with named(source.name):
        roles = find_roles(frame.collect_schema().names(), asked)
        warnings: tuple[ResultWarning, ...] = ()
        held: Any = frame
        if is_csv(source):
            with _by_line(source):
                held = _collected(source, frame, asked)
            frame, warnings = held.lazy(), short_rows(source, held)
        elif source.head.startswith(COLUMNAR) and not (_is_large(source) or (alone and _has_many(frame))):
            frame.select(sorted(used_columns(roles))).sink_batches(_pass, chunk_size=PIECE_ROWS)
        try:
            values, numbers = numbers_of(nw.from_native(held), roles.get("score", ()), writing_of(source))
        except DataError as error:
            raise source.error(error.what, error.remedy) from None
    return ScoreTable(source=source, frame=frame, values=values, numbers=numbers, warnings=warnings)


def _has_many(frame: pl.LazyFrame) -> bool:
    return bool(frame.select(pl.len() > MOST_READ_TWICE).collect().item())


def _pass(piece: pl.DataFrame) -> None:
    """Process a piece that was only to be read."""


def writing_of(source: Source) -> Writing:
    """Determine how a table writes numbers: by the user's option, and by its separator."""
    suffix, head = source.path.suffix.lower(), source.head
    return replace(
        source.writing, semicolons=suffix == ".csv" and separator(head[commented(head) :], suffix) == ";"
    )


def parsed_records(source: Source, *, mixed: bool = False) -> pl.LazyFrame:
    """Parse JSON records. A column of mixed types (an id that is a number here and text there) becomes text.

    Nested values are left out. `mixed`: keep a column if only some values are nested, with these as empty
    lists, for callers that handle them.
    """
    records = _records_of(_parsed(source))
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise source.error("not a list of records", "Write one JSON object per row.")
    names = list(dict.fromkeys(name for record in records for name in record))
    if len(names) > MAX_COLUMNS:
        raise _too_wide(len(names), source)
    lists = list_columns(source.columns)
    found = {name: _column(name, [record.get(name) for record in records], lists) for name in names}
    columns = [column for column in found.values() if column is not None]
    lost = {
        name: place
        for name in names
        if found[name] is None and (place := _first_nested(name, records)) is not None
    }
    if mixed:
        columns += [pl.Series(name, [None] * len(records), dtype=pl.List(pl.String)) for name in lost]
    else:
        _refuse_lost([column.name for column in columns], lost, source)
    return pl.DataFrame(columns).lazy()


def _first_nested(name: str, records: list[dict[str, Any]]) -> int | None:
    """Return the first record with a nested value in a column that also has plain ones, or None for any other
    column.
    """
    values = [record.get(name) for record in records]
    if all(value is None or isinstance(value, (dict, list)) for value in values):
        return None
    return next(place for place, value in enumerate(values) if isinstance(value, (dict, list)))


def _refuse_lost(kept: list[str], lost: Mapping[str, int], source: Source) -> None:
    """Refuse a table that would lose the names or ids of its rows, since some of these values are lists or
    objects.
    """
    found = only_by(kept, [*lost], source.columns)
    if found is not None:
        role, name = found
        raise source.error(
            f"record {lost[name] + 1:,} has a list or an object as {name!r}, and others have plain values",
            (f"Write one text or number as the {role}, or name another column: `columns={{{role!r}: '…'}}`."),
        )


def _records_of(parsed: Any) -> Any:
    """Make records of a table whose columns are named separately from its rows. Anything else is returned
    unchanged.
    """
    if not isinstance(parsed, dict) or not all(
        isinstance(parsed.get(part), list) for part in ("columns", "data")
    ):
        return parsed
    names, rows = parsed["columns"], parsed["data"]
    if not all(isinstance(name, str) for name in names) or len({*names}) < len(names):
        return parsed
    whole = all(isinstance(row, list) and len(row) == len(names) for row in rows)
    return [dict(zip(names, row, strict=True)) for row in rows] if whole else parsed


def _parsed(source: Source) -> Any:
    suffix = source.path.suffix.lower()
    if suffix in YAML:
        return parse_yaml(source.read_bytes(), where=source.name)
    if suffix not in RECORDS:
        return source.json()
    records = source.json_lines()
    odd = next((place for place, record in enumerate(records) if not isinstance(record, dict)), None)
    if odd is not None:
        line = next(islice(source.lines(), odd, None))[0]
        raise ReadError(
            "not a JSON object",
            where=f"{source.name}, line {line:,}",
            remedy="Write one JSON object per row.",
        )
    return records


def _column(name: str, values: list[Any], lists: Collection[str]) -> pl.Series | None:
    kinds = {type(value) for value in values if value is not None}
    if kinds == {list} and name in lists:
        texts = [value and [text_or_nothing(part) for part in value] for value in values]
        return pl.Series(whole_text(name), texts, dtype=pl.List(pl.String))
    if kinds & {dict, list}:
        return None
    if str in kinds or (
        {int, float} <= kinds and any(abs(value) > EXACT for value in values if type(value) is int)
    ):
        values = list(map(text_or_nothing, values))
    elif bool in kinds and len(kinds) > 1:
        values = [finite(value) for value in values]
    return pl.Series(whole_text(name), values, strict=False)


def read_table(path: str, names: Collection[str] = (), *, mixed: bool = False) -> pl.DataFrame:
    """Read a whole table of another kind than results. ReadError if it is missing, or was truncated.

    `names`: its columns of ids and names. `mixed`: as in `parsed_records`.
    """
    place = Path(path)
    if not place.is_file():
        raise ReadError(
            "no such file", where=path, remedy="A table is expected: CSV, TSV, JSON Lines or Parquet."
        )
    source = Source(path=place, root=place)
    with named(path):
        if cut_row(source):
            raise ReadError(
                "ends in mid-row", where=path, remedy="A copy may have been truncated: copy it again."
            )
        frame = scan(source, mixed=mixed)
        own = [name for name in frame.collect_schema().names() if name in names or plain_name(name) in names]
        return _collected(source, frame, {}, own)


def read_side_table(path: str) -> pl.DataFrame:
    """Read a table with one row per item, for clusters and weights. Its item column is recognised by name."""
    frame = read_table(path)
    roles = find_roles(frame.columns, {})
    if "item" not in roles:
        raise ReadError(f"no column for the item among {', '.join(frame.columns)}", where=path)
    task = [texts_of(frame[roles["task"][0]]).alias("task")] if "task" in roles else []
    return frame.with_columns(*task, texts_of(frame[roles["item"][0]], item=True).alias("item"))


MOST_RECORDS = 20
_BETWEEN = re.compile(r"[\[,\s]*")
COUNTS = {2: "two", 3: "three", 4: "four"}
REMEDY = "Rename or remove all but one of them in the file."


def named_twice(sources: Iterable[Source], files: Iterable[FileReport]) -> tuple[ResultWarning, ...]:
    """Warn of columns and keys that are repeated in tables, and in files read by a mapping."""
    read = {file.path: file.reader for file in files if file.outcome in ("read", "published")}
    found: list[ResultWarning] = []
    for source in sources:
        generic = {NAME, *(each.NAME for each in source.maps)}
        if read.get(source.name) not in generic:
            continue
        with suppress(OSError, csv.Error):  # it was read before, and is gone or is being written again
            found += _warnings(source)
    return tuple(found)


def notes_on_names(source: Source) -> tuple[str, ...]:
    """Note which columns and keys are repeated in a table of another kind than results."""
    return tuple(f"{found.message}. {found.remedy}" for found in _warnings(source))


def _warnings(source: Source) -> list[ResultWarning]:
    suffix = source.path.suffix.lower()
    text = source.head[commented(source.head) :].decode("utf-8-sig", "replace")
    messages: list[str] = []
    if suffix in (".csv", ".tsv"):
        mark = "\t" if suffix == ".tsv" else ";" if writing_of(source).semicolons else ","
        header = next(csv.reader(text.splitlines(keepends=True), delimiter=mark), [])
        messages = [
            f"{COUNTS.get(count, f'{count:,}')} columns are named {name!r}, and the first of them counts"
            for name, count in Counter(header).items()
            if count > 1
        ]
    elif suffix in (".json", ".jsonl", ".ndjson"):
        counts = (pair for keys in _first_records(text) for pair in Counter(keys).items())
        messages = [
            f"the key {name!r} is repeated in one object, and the last counts"
            for name in dict.fromkeys(name for name, count in counts if count > 1)
        ]
    return [
        ResultWarning(code="name_twice", message=f"{source.name}: {message}", remedy=REMEDY)
        for message in messages
    ]


def _first_records(text: str) -> Iterator[list[str]]:
    """Yield the keys of the first objects of a list, or of lines, if they are complete."""
    decoder, at = json.JSONDecoder(object_pairs_hook=tuple), 0
    for _ in range(MOST_RECORDS):
        begin = _BETWEEN.match(text, at)
        try:
            record, at = decoder.raw_decode(text, begin.end() if begin else at)
        except (ValueError, RecursionError):
            return
        if not isinstance(record, tuple):
            return
        yield [key for key, _ in record]
