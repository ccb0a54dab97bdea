"""Lines of JSON as columns, read by Polars if that is certain to give the same as parsing line by line.

Polars is several times as fast and keeps no prompt. But if a key is repeated it uses the first value while
`json` uses the last, and it unifies mixed types. So every block of lines is first checked against a pattern:
the keys of lines, each once and in order, and the type of each value. The pattern is learned from lines that
it doesn't match yet. Uncertain cases (a repeated key, numbers mixed with text, NaN, other spaces) are left to
the parser.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
import polars as pl
from polars.io.plugins import register_io_source

from howsure.readers.looked_at import stamp_of
from howsure.readers.parsing import MAX_HELD_BYTES, MAX_OBJECT_BYTES, SMALL_BYTES
from howsure.table.engines import in_order
from howsure.table.schema import list_columns, only_by

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence

    from howsure.readers.base import Source
    from howsure.readers.looked_at import Stamp

    Order = tuple[str, ...]

T = TypeVar("T")

LINE_BREAK = ord("\n")
MAX_SHAPES = 16
MAX_KEYS = 100
"""The limit for all shapes together: a longer pattern is slow."""
MAX_DEPTH = 8
CELL_BYTES = 16
"""The size of a value in a column, including missing ones."""
MAX_THREADS = 8
AHEAD = 2
"""This many blocks per thread are in memory, each of about 4 MB (at most SMALL_BYTES), in addition to the one
in use.
"""
ODD_LINES = 200
"""This many lines that don't match are checked before the others are tried again."""

KINDS = {
    type(None): "null",
    bool: "flag",
    int: "whole",
    float: "real",
    str: "text",
    dict: "nested",
    list: "nested",
}
DTYPES: dict[str, Any] = {
    "null": pl.Null(),
    "flag": pl.Boolean(),
    "whole": pl.Int64(),
    "real": pl.Float64(),
    "number": pl.Float64(),
    "text": pl.String(),
    "texts": pl.List(pl.String()),
}
"""The types of a column: `number` is whole numbers and others, `texts` a list of them. Only "nested" values,
at times at least, have no column.
"""

_HEX = "[0-9a-fA-F]"
_PAIR = rf"[dD][89abAB]{_HEX}{{2}}\\u[dD][c-fC-F]{_HEX}{{2}}"
_LETTER = rf"[0-9a-cA-CefEF]{_HEX}{{3}}|[dD][0-7]{_HEX}{{2}}"
_STRING = rf'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u(?:{_LETTER}|{_PAIR})))*"'
_INT, _EXPONENT = r"-?(?:0|[1-9][0-9]{0,17})", r"[eE][+-]?[0-9]{1,2}"
_REAL = rf"{_INT}(?:\.[0-9]{{1,40}}(?:{_EXPONENT})?|{_EXPONENT})"


def _container(depth: int) -> str:
    """Match the content between brackets. Whether it is JSON is checked by the parser."""
    inner = f"|{_container(depth - 1)}" if depth else ""
    return rf'[\[{{](?:{_STRING}|[^"\[\]{{}}\x00-\x1f]{inner})*[\]}}]'


_CONTAINER = _container(MAX_DEPTH)
_ANY = rf"{_STRING}|{_INT}|{_REAL}|true|false|{_CONTAINER}"
PATTERNS = {
    "null": "",
    "flag": "true|false|",
    "whole": f"{_INT}|",
    "real": f"{_REAL}|",
    "text": f"{_STRING}|",
}
PATTERNS |= {"nested": f"{_ANY}|", "texts": rf"\[(?:{_STRING}(?:, ?{_STRING})*)?\]|"}
PATTERNS["number"] = PATTERNS["whole"] + PATTERNS["real"]


class UnsureError(Exception):
    """The content of these lines can't be determined with certainty."""


@dataclass(slots=True)
class Shapes:
    """The known structure of a file's lines: the orders of their keys, and the type of each key's values.

    `listed`: keys whose lists of texts are kept.
    """

    listed: Collection[str] = ()
    kinds: dict[str, str] = field(default_factory=dict)
    orders: dict[Order, None] = field(default_factory=dict)

    def learn(self, record: object) -> None:
        """Learn from a line that didn't match."""
        if not isinstance(record, dict) or "" in record:  # Polars invents a name for such a column
            raise UnsureError
        for name, value in record.items():
            kind = self._kind(name, value)
            self.kinds[name] = widened(self.kinds.get(name, kind), kind)
        self.orders[tuple(record)] = None
        if len(self.orders) > MAX_SHAPES or sum(map(len, self.orders)) > MAX_KEYS:
            raise UnsureError

    def _kind(self, name: str, value: object) -> str:
        if name in self.listed and isinstance(value, list):
            if not all(isinstance(part, str) for part in value):
                raise UnsureError
            return "texts"
        return KINDS[type(value)]

    def pattern(self) -> str:
        """Return a pattern for any of these lines."""
        return "|".join(r"\{" + ", ?".join(map(self._pair, order)) + r"\}" for order in self.orders)

    def lines(self) -> str:
        """Return a pattern for several such lines, each with its end; empty ones may be between them."""
        return rf"\A(?:(?:{self.pattern()})?\r?\n)*\z"

    def _pair(self, name: str) -> str:
        value = f"(?:{PATTERNS[self.kinds[name]]}null)"
        return f"{pl.escape_regex(json.dumps(name, ensure_ascii=False))}: ?{value}"

    def schema(self) -> dict[str, pl.DataType]:
        """Return the kept columns, in the order in which their keys first occur."""
        return {name: DTYPES[kind] for name, kind in self.kinds.items() if kind != "nested"}


def widened(known: str, kind: str) -> str:
    """Return the type that includes both."""
    if "nested" in (known, kind):
        return "nested"
    if known == kind or "null" in (known, kind):
        return kind if known == "null" else known
    if {known, kind} <= {"whole", "real", "number"}:
        return "number"
    raise UnsureError


def shaped_blocks(source: Source, shapes: Shapes, *, held: bool = True) -> Iterator[pl.DataFrame]:
    """Yield the rows of a file of lines, block by block. UnsureError if the parser has to look at them.

    A later block may have more columns, and wider types. While one is in use, the next ones are read in
    threads. `held`: whether all blocks are kept, so that their rows must fit into memory.
    """
    rows = 0

    def refuse_many() -> None:
        """Leave columns that need too much memory to the parser."""
        if held and rows * len(shapes.kinds) * CELL_BYTES > MAX_OBJECT_BYTES:
            raise UnsureError

    def fitting(block: bytes) -> Callable[[], tuple[bytes, pl.DataFrame | None]]:
        """Return what reads a block in a thread, by the shapes that are known now."""
        nonlocal rows
        if len(block) > SMALL_BYTES:  # a line longer than many blocks
            raise UnsureError
        rows += int(np.count_nonzero(np.frombuffer(block, dtype=np.uint8) == LINE_BREAK))
        refuse_many()
        return partial(_fitting, block, shapes.lines(), shapes.schema())

    try:
        for block, found in _in_threads(map(fitting, source.blocks())):
            if found is None:
                _learn(block, shapes)
                refuse_many()
            yield _read(block, shapes.schema()) if found is None else found
    except (ValueError, RecursionError, pl.exceptions.PolarsError, pl.exceptions.PanicException):
        raise UnsureError from None


def _in_threads(work: Iterable[Callable[[], T]]) -> Iterator[T]:
    """Yield what is read of each block in order, while the next ones are read in threads."""
    threads = min(1 + pl.thread_pool_size(), MAX_THREADS)
    return in_order(work, threads=threads, ahead=AHEAD * threads)


def _fitting(block: bytes, lines: str, schema: dict[str, pl.DataType]) -> tuple[bytes, pl.DataFrame | None]:
    """Return a block, and its rows if its lines match, or None for any other."""
    return block, _read(block, schema) if schema and _text(block).str.contains(lines).item() else None


def _learn(block: bytes, shapes: Shapes) -> None:
    """Learn from a block that didn't match until it does, or a line adds nothing new."""
    text = _text(block)
    while not shapes.orders or not text.str.contains(shapes.lines()).item():
        # Learn from the first lines that don't match, and give up if they add nothing new.
        lines = text.str.split("\n").explode()
        fits = rf"\A(?:{shapes.pattern()})?\r?\z"
        before = {**shapes.kinds}, {**shapes.orders}
        for line in lines.filter(~lines.str.contains(fits)).head(ODD_LINES):
            shapes.learn(json.loads(line))
        if before == (shapes.kinds, shapes.orders):
            raise UnsureError
    if not shapes.schema():  # Polars doesn't even keep the number of lines without a column
        raise UnsureError


def _text(block: bytes) -> pl.Series:
    """Return a block as one text, with a line break at the end.

    Polars checks that it is UTF-8, ten times as fast as `decode`.
    """
    return pl.Series([block if block.endswith(b"\n") else block + b"\n"], dtype=pl.Binary).cast(pl.String)


def _read(block: bytes, schema: dict[str, pl.DataType]) -> pl.DataFrame:
    return pl.read_ndjson(BytesIO(block), schema=schema)


def shaped_table(source: Source) -> pl.LazyFrame | None:
    """Return the rows of a table of lines, or None if they are uncertain. Columns with nested values are left
    out.

    A file of more than MAX_HELD_BYTES that stays where it is is read again for each query, and only its
    necessary columns are parsed.
    """
    shapes, stamp = Shapes(listed=list_columns(source.columns)), stamp_of(source.path)
    held = source.path.stat().st_size <= MAX_HELD_BYTES or source.is_temporary
    try:
        blocks = shaped_blocks(source, shapes, held=held)
        frames = [frame if held else frame.head(0) for frame in blocks]
    except UnsureError:
        return None
    schema = shapes.schema()
    lost = [name for name, kind in shapes.kinds.items() if kind == "nested"]
    if only_by(list(schema), lost, source.columns) is not None:  # the parser reports the line
        return None
    if not schema or not frames:
        return None
    if held:
        return pl.concat(frames, how="diagonal_relaxed").select(list(schema)).lazy()
    return register_io_source(_Lines(source, schema, stamp), schema=schema, is_pure=True)


@dataclass(frozen=True, slots=True)
class _Lines:
    """A file of lines whose shapes are known, which yields its rows for each query of Polars."""

    source: Source
    schema: Mapping[str, pl.DataType]
    stamp: Stamp

    def __call__(
        self, names: Sequence[str] | None, predicate: pl.Expr | None, n_rows: int | None, _: int | None
    ) -> Iterator[pl.DataFrame]:
        """Yield these columns, None for all, of the first rows, None for all, that a predicate keeps."""
        # Polars keeps no rows without a column.
        chosen = list(self.schema)[:1] if names == [] else names or self.schema
        wanted, left = {name: self.schema[name] for name in chosen}, n_rows
        for found in _in_threads(partial(_read, block, wanted) for block in self.source.blocks()):
            if stamp_of(self.source.path) != self.stamp:
                raise self.source.error(
                    "changed while it was read", "Read it again when nothing writes to it."
                )
            rows = found if left is None else found.head(left)
            left = None if left is None else left - len(rows)
            yield rows if predicate is None else rows.filter(predicate)
            if left == 0:
                return
