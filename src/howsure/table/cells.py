"""The meaning of a table's cells: notation of numbers, ids and words, and selection of rows by their
values.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, get_args

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.table.engines import to_polars
from howsure.table.writing import Decimal, Writing
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

MISSING = frozenset(("", "na", "n/a", "#n/a", "null", "none", "nan", "-", "–", "—"))
"""Texts that mean a missing value."""
NONE = "none"
"""The one of them that may be a value on a scale of words, such as none, mild and severe."""
UNDECIDED = frozenset(("skip", "skipped", "unknown", "invalid", "error"))
"""Words for a missing verdict or winner, in columns that accept only certain words."""

WORDS: Mapping[str, float] = {
    **dict.fromkeys(("c", "correct", "true", "yes", "y", "pass", "passed", "resolved", "good", "right"), 1.0),
    **dict.fromkeys(
        ("i", "incorrect", "false", "no", "n", "fail", "failed", "unresolved", "bad", "wrong"), 0.0
    ),
    **dict.fromkeys(("p", "partial"), 0.5),
}
"""The meaning of a score or a verdict written as a word (C, I, P, N are Inspect's letters)."""


EXACT = 2.0**53
"""Up to this number, floats represent whole numbers exactly."""


def plain_text(value: Any) -> str:
    """Write a value as text, and a compound one as JSON.

    >>> [plain_text(value) for value in (1, 1.0, "1", "1.0", 1.5, True, [1])]
    ['1', '1', '1', '1.0', '1.5', 'true', '[1]']
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        return str(int(value))
    if isinstance(value, (dict, list)):
        return whole_text(json.dumps(value, sort_keys=True, default=str))
    return whole_text(str(value))


def text_or_nothing(value: Any) -> str | None:
    """Write a value as text, None if it is missing: null, NaN or infinite."""
    return (
        None
        if value is None or (isinstance(value, float) and not math.isfinite(value))
        else plain_text(value)
    )


def whole_text(text: str) -> str:
    """Replace halves of characters, valid in JSON but not in a table, by a question mark."""
    return text if text.isascii() else text.encode(errors="replace").decode()


def text_of(column: str, frame: Any, *, item: bool = False, blanks: bool = False) -> nw.Expr:
    """Return the texts of a column, null for missing values: NaN, or a text of blanks only.

    `item`: an id that is a whole number is written like one, since pandas makes it 1.0 if another is missing.
    The 1.0 of a model is a version. `blanks`: texts of blanks only are left to `without_blanks`.
    """
    value, text, dtype = nw.col(column), nw.col(column).cast(nw.String), frame.collect_schema()[column]
    if dtype.is_float():
        return nw.when(~value.is_nan()).then(text.str.replace_all(r"\.0$", "") if item else text)
    if not is_text(dtype) or blanks:
        return text
    written = text.str.strip_chars() != ""
    if frame.implementation.is_duckdb() or frame.implementation.is_pyspark():
        # They compare texts by bytes, much faster than they strip them.
        written = ((text >= "!") & (text < "\x7f")) | written
    return nw.when(written).then(text)


def without_blanks(names: pl.DataFrame) -> pl.DataFrame:
    """Return the same names, null for texts of blanks only. Only columns with a text that doesn't begin with
    a printable ASCII character are stripped, which takes longer than comparing.
    """
    texts = [name for name, dtype in names.schema.items() if dtype == pl.String]
    text = pl.col(texts)
    plain = names.select(((text >= "!") & (text < "\x7f")).all()) if texts else pl.DataFrame()
    doubtful = [name for name in texts if not plain[name].item()]
    text = pl.col(doubtful)
    return names.with_columns(pl.when(text.str.strip_chars() != "").then(text)) if doubtful else names


def texts_of(column: pl.Series, *, item: bool = False) -> pl.Series:
    """Return the same of a Polars column."""
    frame = nw.from_native(column.alias("id").to_frame(), eager_only=True)
    return frame.select(text_of("id", frame, item=item)).to_native()["id"].alias(column.name)


def is_text(dtype: Any) -> bool:
    """Return whether a column has texts, which may be numbers too."""
    return dtype in (nw.String, nw.Categorical, nw.Enum, nw.Object)


KNOWN_WORDS = "Known words are C, I, P, N, yes, no, true, false, pass, fail, correct, incorrect and numbers."
VAST = 1e75
"""Larger numbers aren't accepted, as differences need fourth powers, and those of this number are the largest
that fit a float.
"""
MOST_SHOWN = 60
"""The number of characters shown of a cell."""
MARKS: Mapping[Decimal, tuple[str, str]] = {"point": (".", ","), "comma": (",", ".")}
"""The decimal mark, and the mark for thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNumbers:
    """A parsed column of texts: its numbers as an expression, the texts without a score and their counts.

    `percent`: a % sign divided the numbers by 100.
    """

    column: str
    values: nw.Expr
    unscored: Mapping[str, int] = field(default_factory=dict)
    percent: bool = False

    @property
    def notes(self) -> tuple[str, ...]:
        """Statements on the column shown before any number."""
        count = sum(self.unscored.values())
        texts = listing([text or "empty" for text in sorted(self.unscored)])
        left = f"Column {self.column}: {plural(count, 'row')} without a score ({texts})."
        percent = f"Column {self.column}: percent, by its % signs."
        return (*([percent] if self.percent else []), *([left] if count else []))


@dataclass(frozen=True, slots=True, kw_only=True)
class NumberKind:
    """The kind of numbers in a column: `what` they are called, the `words` that count as numbers, and further
    words for `nothing`.

    `remedy`: what to do about any other cell, empty if it can count as missing.
    """

    what: str
    words: Mapping[str, float] = field(default_factory=dict)
    nothing: frozenset[str] = frozenset()
    remedy: str = ""


SCORE = NumberKind(what="score", words=WORDS)
FIGURE = NumberKind(what="number")
"""A number of a published table: a score, a count, an error."""


def finite(value: object) -> float | None:
    """Return a number, or a truth value, as a float. None for anything else, and for NaN, infinite or vast
    values.
    """
    return float(value) if isinstance(value, (bool, int, float)) and abs(value) <= VAST else None


def number_in(value: object) -> float | None:
    """Return the number of a single value, possibly written as text with a decimal point. None for anything
    else.

    >>> [number_in(value) for value in (1, "1", " .5 ", "1e3", "1,5", "1_0", "inf", "1e999", "yes")]
    [1.0, 1.0, 0.5, 1000.0, None, None, None, None, None]
    """
    if not isinstance(value, str):
        return finite(value)
    text = value.strip()
    return finite(float(text)) if _PLAIN.match(text) else None


def plain_numbers(text: pl.Expr) -> pl.Expr:
    """Return the same for a column of texts, null for other texts. 1e999 is infinite."""
    bare = text.cast(pl.String).str.strip_chars()
    return pl.when(bare.str.contains(_PLAIN.pattern)).then(bare).cast(pl.Float64)


def numbers_among(texts: pl.Series) -> pl.Series:
    """Return the same of a Polars column."""
    return texts.to_frame("text").select(plain_numbers(pl.col("text")))["text"].alias(texts.name)


def read_column(column: pl.Series, kind: NumberKind) -> pl.Series:
    """Return the numbers of a column of any type, null for missing values. DataError for any other cell, with
    its row.
    """
    frame = nw.from_native(column.to_frame().lazy())
    if is_text(frame.collect_schema()[column.name]):
        found = read_numbers(frame, column.name, Writing(), kind)
        read: pl.DataFrame = frame.select(found.values.alias(column.name)).collect().to_native()
        return read.to_series()
    if not (column.dtype.is_numeric() or column.dtype in (pl.Boolean, pl.Null)):
        raise DataError(
            f"column {column.name!r} has type {column.dtype}, which isn't a {kind.what}",
            remedy="Name another column.",
        )
    values = column.cast(pl.Float64).fill_nan(None)
    _refuse_vast(values, kind)
    return values


def _refuse_vast(values: pl.Series, kind: NumberKind) -> None:
    """Raise DataError if a column of numbers has an infinite or a vast one."""
    bad = (values.is_not_nan() & (values.abs() > VAST)).fill_null(value=False)
    if bad.any():
        row = int(bad.arg_max() or 0)
        raise _unreadable(values.name, str(values[row]), f"row {row + 1:,}", kind)


def numbers_of(
    frame: Frame, columns: Sequence[str], writing: Writing, kind: NumberKind = SCORE
) -> tuple[nw.Expr | None, ColumnNumbers | None]:
    """Return the expression that converts a column (at most one) to numbers, None if not needed, and its text
    values.
    """
    schema = frame.collect_schema()
    column = next((name for name in columns if name in schema), None)
    if column is None:
        return None, None
    if is_text(schema[column]):
        numbers = read_numbers(frame, column, writing, kind)
        return numbers.values.alias(column), numbers
    if schema[column].is_float() and isinstance(
        frame, nw.DataFrame
    ):  # of other engines, once they are grouped
        _refuse_vast(frame[column].to_native(), kind)
    codes = [code for code in map(number_in, writing.missing) if code is not None]
    if not codes or not schema[column].is_numeric():
        return None, None
    return nw.when(~nw.col(column).is_in(codes)).then(nw.col(column)).alias(column), None


def read_numbers(frame: Frame, column: str, writing: Writing, kind: NumberKind = SCORE) -> ColumnNumbers:
    """Read a column of texts. DataError for the first text that isn't a number, known word or known "no
    score".

    Its distinct texts are collected, its rows are not.
    """
    texts = _texts(frame, column)
    missing = MISSING | kind.nothing | {text.strip().lower() for text in writing.missing}
    is_missing = pl.col("plain").is_in(sorted(missing))
    is_word = pl.col("plain").is_in(sorted(kind.words)) & ~is_missing
    unscored, worded, digits = (
        texts.filter(is_missing),
        texts.filter(is_word),
        texts.filter(~is_missing & ~is_word),
    )
    neither = digits.filter(~pl.col("point") & ~pl.col("comma"))["text"]
    if len(neither):
        raise _unreadable(column, neither[0], _row(frame, column, neither[0]), kind)
    decimal = _decimal(digits, frame, column, writing, kind)
    wrong = digits.filter(~pl.col(decimal))["text"]
    if len(wrong):
        raise _other_mark(frame, column, wrong[0], decimal)
    percent = bool(digits["percent"].any())
    if percent:
        _refuse_bare(digits, frame, column, decimal)
    size = (
        nw.from_native(digits)
        .select(_as_float("text", [], decimal, percent=percent))
        .to_native()["text"]
        .abs()
    )
    vast = digits.filter(size > VAST)["text"]
    if len(vast):
        raise _unreadable(column, vast[0], _row(frame, column, vast[0]), kind)
    values = _as_float(column, [*unscored["text"], *worded["text"]], decimal, percent=percent)
    for number in sorted(set(map(kind.words.__getitem__, worded["plain"]))):
        meant = [
            text for text, plain in worded.select("text", "plain").iter_rows() if kind.words[plain] == number
        ]
        values = nw.when(_text(column).is_in(meant)).then(nw.lit(number)).otherwise(values)
    shown = unscored.group_by(pl.col("text").str.strip_chars().alias("shown")).agg(pl.col("count").sum())
    return ColumnNumbers(column=column, values=values, unscored=dict(shown.iter_rows()), percent=percent)


def _text(column: str) -> nw.Expr:
    return nw.col(column).cast(nw.String)


def _pattern(decimal: Decimal) -> str:
    """Return the pattern of a number with this decimal mark. The other may separate thousands."""
    mark, between = (rf"\{sign}" for sign in MARKS[decimal])
    digit = "[0-9]"  # other scripts have digits too, which casts don't read
    plain = rf"({digit}+({mark}{digit}*)?|{mark}{digit}+)([eE][+-]?{digit}+)?"
    return rf"^[+-]?({plain}|[1-9]{digit}{{0,2}}({between}{digit}{{3}})+({mark}{digit}*)?)$"


_PLAIN = re.compile(r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$")
"""A number with a decimal point, without a mark for thousands."""


def _texts(frame: Frame, column: str) -> pl.DataFrame:
    """Return the distinct texts of a column in order: how often each occurs, and its possible meanings."""
    counted = frame.select(_text(column).alias("text")).group_by("text").agg(nw.len().alias("count"))
    bare = pl.col("text").str.strip_chars()
    digits = bare.str.strip_suffix("%").str.strip_chars_end()
    return (
        to_polars(counted)
        .drop_nulls("text")
        .sort("text")
        .with_columns(
            plain=bare.str.to_lowercase(),
            percent=bare.str.ends_with("%"),
            **{decimal: digits.str.contains(_pattern(decimal)) for decimal in get_args(Decimal)},
        )
    )


def _decimal(digits: pl.DataFrame, frame: Frame, column: str, writing: Writing, kind: NumberKind) -> Decimal:
    """Return the decimal mark: the given one, otherwise that of the unambiguous texts."""
    if writing.decimal is not None:
        return writing.decimal
    point, comma = digits.filter(~pl.col("comma"))["text"], digits.filter(~pl.col("point"))["text"]
    if len(point) and len(comma):
        raise DataError(
            f"column {column!r} has {point[0]!r} and {comma[0]!r} ({_row(frame, column, comma[0])}) "
            "with two decimal marks",
            remedy="Write all of them with a point.",
        )
    if len(point):
        return "point"
    doubtful = digits.filter(pl.col("text").str.contains(",", literal=True))["text"]
    if len(comma) or (writing.semicolons and len(doubtful)):
        return "comma"
    if len(doubtful):
        one, other = (_said(doubtful[0], decimal) for decimal in ("comma", "point"))
        raise DataError(
            f"column {column!r} has the value {doubtful[0]!r} ({_row(frame, column, doubtful[0])}), which "
            f"could be {one} or {other}",
            remedy="Write decimals with a point, and thousands without a separator."
            if kind.remedy
            else f"Choose the meaning of the comma: `decimal='comma'` reads {one}, "
            f"`decimal='point'` reads {other}.",
        )
    return "point"


def _said(text: str, decimal: str) -> str:
    mark, between = MARKS["comma" if decimal == "comma" else "point"]
    return text.strip().replace(between, "").replace(mark, ".")


def _as_float(column: str, others: list[str], decimal: Decimal, *, percent: bool) -> nw.Expr:
    """Return the numbers of a column, null for its other texts."""
    mark, between = MARKS[decimal]
    text = _text(column)
    digits = (
        text.str.replace_all("%", "", literal=True)
        .str.strip_chars()
        .str.replace_all(between, "", literal=True)
    )
    digits = digits.str.replace_all(mark, ".", literal=True) if mark != "." else digits
    number = (nw.when(~text.is_in(others)).then(digits) if others else digits).cast(nw.Float64)
    return number / 100 if percent else number


def _refuse_bare(digits: pl.DataFrame, frame: Frame, column: str, decimal: Decimal) -> None:
    """Raise DataError if only some numbers have a % sign. A 0 doesn't need one."""
    zero = pl.col("plain").str.contains(r"^[+-]?[0.,]+$")
    bare = digits.filter(~pl.col("percent") & ~zero)["text"]
    if len(bare):
        sign = digits.filter("percent")["text"][0]
        number = _said(bare[0], decimal)
        raise DataError(
            f"column {column!r} has {bare[0]!r} ({_row(frame, column, bare[0])}) beside {sign!r}, which "
            f"could be {number} or {number}%",
            remedy="Write all of them with a % sign, or none.",
        )


def _other_mark(frame: Frame, column: str, text: str, decimal: Decimal) -> DataError:
    return DataError(
        f"column {column!r} has the value {text!r} ({_row(frame, column, text)}), which isn't a number "
        f"with a decimal {decimal}",
        remedy="Correct it, or leave `decimal` out.",
    )


def _unreadable(column: str, text: str, row: str, kind: NumberKind) -> DataError:
    known = f" {KNOWN_WORDS}" if kind.words is WORDS else ""
    return DataError(
        f"column {column!r} has the value {shown(text)} ({row}), which isn't a {kind.what}",
        remedy=kind.remedy or f"Correct it, or count it as missing with `missing={shown(text)}`.{known}",
    )


def shown(text: str) -> str:
    """Quote a cell, shortened if it is long."""
    return repr(text) if len(text) <= MOST_SHOWN else f"{text[:MOST_SHOWN]!r} …"


def _row(frame: Frame, column: str, text: str) -> str:
    """Return the first row of a text, counted from 1, or the number of its rows if rows don't have an
    order.
    """
    native = frame.to_native()
    if isinstance(frame, nw.LazyFrame) and not isinstance(native, pl.LazyFrame):
        counted = to_polars(frame.filter(_text(column) == text).select(nw.len().alias("rows")))
        return plural(int(counted["rows"][0]), "row")
    found = to_polars(frame.select(_text(column).alias("text")))["text"] == text
    return f"row {int(found.fill_null(value=False).arg_max() or 0) + 1:,}"


def rows_where(frame: Frame, where: Mapping[str, Sequence[str]]) -> Frame:
    """Keep the rows in which these columns have one of these values: 1 is 1.0, and True is true. DataError if
    a column is missing.
    """
    schema = frame.collect_schema()
    for name, values in where.items():
        if name not in schema.names():
            raise DataError(
                f"no column {name!r} to choose rows by",
                remedy=f"The columns are: {', '.join(schema.names())}.",
            )
        frame = frame.filter(_is_one_of(nw.col(name), schema[name], values))
    return frame


def chosen_rows(frame: pl.DataFrame, where: Mapping[str, Sequence[str]]) -> pl.DataFrame:
    """Keep the same rows of a table that isn't results. DataError also if no row has any of the values."""
    for name, values in where.items():
        kept: pl.DataFrame = rows_where(nw.from_native(frame), {name: values}).to_native()
        if kept.is_empty():
            raise DataError(
                f"no row has {listing(list(values))} in the column {name!r}",
                remedy=(
                    f"It holds {listing(frame[name].cast(pl.String).unique(maintain_order=True).to_list())}."
                ),
            )
        frame = kept
    return frame


def _is_one_of(column: nw.Expr, dtype: Any, values: Sequence[str]) -> nw.Expr:
    numbers = [number for number in map(number_in, values) if number is not None]
    if dtype == nw.Boolean:
        said = {*numbers, *(WORDS.get(value.strip().lower()) for value in values)}
        return column.is_in([truth for truth in (True, False) if truth in said])
    as_text = column.cast(nw.String).is_in(list(values))
    exact = [number for number in numbers if abs(number) < EXACT] if dtype.is_numeric() else []
    return as_text | column.cast(nw.Float64).is_in(exact) if exact else as_text
