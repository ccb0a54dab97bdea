"""Tables of rows, how they are written, and mutations of their cells, rows and headers."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from random import Random
from typing import Any

Row = tuple[Any, ...]


class Raw(str):
    """What is written as it is, also in JSON."""


@dataclass(frozen=True, kw_only=True)
class Table:
    """Names of columns, also twice, and the rows below them."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def table_of(records: list[dict[str, Any]]) -> Table:
    """Return records as a table."""
    header = tuple(records[0])
    return Table(header=header, rows=tuple(tuple(record.get(name) for name in header) for record in records))


def as_csv(table: Table) -> bytes:
    if any(isinstance(value, (list, dict)) for row in table.rows for value in row):
        raise ValueError("CSV holds no such value")
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([table.header, *table.rows])
    return out.getvalue().encode("utf-8", "surrogatepass")


def as_json(table: Table) -> bytes:
    return b"[" + b",\n".join(_objects(table)) + b"]"


def as_lines(table: Table) -> bytes:
    return b"\n".join(_objects(table)) + b"\n"


def _objects(table: Table) -> list[bytes]:
    names = [json.dumps(name) for name in table.header]
    texts = ("{" + ", ".join(map(": ".join, zip(names, map(_token, row)))) + "}" for row in table.rows)
    return [text.encode() for text in texts]


def _token(value: Any) -> str:
    return str(value) if isinstance(value, Raw) else json.dumps(value)


def as_parquet(table: Table) -> bytes:
    """Write a table as Polars can: a name that comes twice gets a number, a column of several kinds becomes text."""
    import polars as pl

    found: dict[str, pl.Series] = {}
    for place, name in enumerate(table.header):
        values = [row[place] if place < len(row) else None for row in table.rows]
        values = [str(value) if isinstance(value, Raw) else value for value in values]
        nested = {isinstance(value, (list, dict)) for value in values if value is not None}
        if nested == {True, False}:
            raise ValueError("Parquet holds no such column")
        try:
            column = pl.Series(values, strict=True)
        except (TypeError, pl.exceptions.PolarsError, OverflowError):
            column = pl.Series([None if value is None else str(value) for value in values], dtype=pl.String)
        found[name if name not in found else f"{name}_{place}"] = column
    out = io.BytesIO()
    pl.DataFrame(found).write_parquet(out)
    return out.getvalue()


WRITERS: dict[str, Callable[[Table], bytes]] = {
    "csv": as_csv,
    "json": as_json,
    "jsonl": as_lines,
    "parquet": as_parquet,
}


def cell(value: Any):
    """Put a value into one cell, some of a column, or a whole column."""

    def mutation(table: Table, rng: Random) -> Table:
        place, share = rng.randrange(len(table.header)), rng.choice((0, 0.1, 1))
        chosen = rng.randrange(len(table.rows))
        rows = tuple(
            (*row[:place], value, *row[place + 1 :]) if k == chosen or rng.random() < share else row
            for k, row in enumerate(table.rows)
        )
        return replace(table, rows=rows)

    return mutation


def as_text(table: Table, rng: Random) -> Table:
    """Write a column as text, as a spreadsheet might."""
    place, form = rng.randrange(len(table.header)), rng.choice(("{}", " {} ", "'{}", "{}.0", "0{}"))
    return replace(table, rows=tuple((*r[:place], form.format(r[place]), *r[place + 1 :]) for r in table.rows))


def renamed(*names: str):
    """Call the two commonest texts of a table by other names, in every column."""

    def mutation(table: Table, rng: Random) -> Table:
        texts = [value for row in table.rows for value in row if isinstance(value, str)]
        common = sorted(set(texts), key=lambda text: (-texts.count(text), text))[: len(names)]
        new = dict(zip(common, names))
        rows = (tuple(new.get(v, v) if isinstance(v, str) else v for v in row) for row in table.rows)
        return replace(table, rows=tuple(rows))

    return mutation


def rows_twice(table: Table, rng: Random) -> Table:
    many = rng.choice((0.1, 1))
    return replace(table, rows=tuple(r for row in table.rows for r in [row] * (1 + (rng.random() < many))))


def header(change: Callable[[str], str]):
    """Call one column otherwise."""

    def mutation(table: Table, rng: Random) -> Table:
        place = rng.randrange(len(table.header))
        names = [change(name) if k == place else name for k, name in enumerate(table.header)]
        return replace(table, header=tuple(names))

    return mutation


def column_twice(table: Table, rng: Random) -> Table:
    """Give a column again under its name, with the values of another."""
    place, others = rng.randrange(len(table.header)), rng.randrange(len(table.header))
    return Table(header=(*table.header, table.header[place]), rows=tuple((*row, row[others]) for row in table.rows))


def header_again(table: Table, rng: Random) -> Table:
    """Give the header once more among the rows, as files that were put together have it."""
    place = rng.randrange(len(table.rows))
    return replace(table, rows=(*table.rows[:place], table.header, *table.rows[place:]))


def row_cut(table: Table, rng: Random) -> Table:
    place = rng.randrange(len(table.rows))
    short = table.rows[place][: rng.randrange(len(table.header))]
    return replace(table, rows=(*table.rows[:place], short, *table.rows[place + 1 :]))


def none_left(table: Table, rng: Random) -> Table:
    return replace(table, rows=table.rows[: rng.choice((0, 1, 2))])


def column_gone(table: Table, rng: Random) -> Table:
    place = rng.randrange(len(table.header))
    return Table(
        header=(*table.header[:place], *table.header[place + 1 :]),
        rows=tuple((*row[:place], *row[place + 1 :]) for row in table.rows),
    )


VALUES = {
    "nan": float("nan"),
    "inf": float("inf"),
    "-inf": float("-inf"),
    "1e308": 1e308,
    "1e999": Raw("1e999"),
    "empty": "",
    "whitespace": " \t ",
    "null": None,
    "true": True,
    "true as text": "TRUE",
    "unicode": "模型\u202eé\u200b🤖",
    "surrogate": Raw('"\\ud800"'),
    "zero byte": "a\0b",
    "very long": "x" * 1_000_000,
    "negative": -1,
    "vast integer": 2**63,
    "digits": Raw("9" * 5_000),
    "number as text": "1",
    "zeros before": "007",
    "list": [1],
    "object": {"a": 1},
    "date": "2026-01-01",
    "half": 0.5,
}
MUTATIONS: dict[str, Callable[[Table, Random], Table]] = {
    **{name: cell(value) for name, value in VALUES.items()},
    "column as text": as_text,
    "names A, B": renamed("A", "B"),
    "names b, a": renamed("b", "a"),
    "names 1, 2": renamed("1", "2"),
    "names left, right": renamed("left", "right"),
    "names model_b, tie": renamed("model_b", "tie"),
    "names of one": renamed("same", "same"),
    "names in case": renamed("Gpt", "gpt"),
    "rows twice": rows_twice,
    "header empty": header(lambda _: ""),
    "header blank": header(lambda _: "  "),
    "header in capitals": header(lambda name: f" {name.upper()}"),
    "header long": header(lambda name: name * 100_000),
    "header odd": header(lambda _: "\u202e名\0"),
    "header again": header_again,
    "column twice": column_twice,
    "column gone": column_gone,
    "row cut": row_cut,
    "few rows": none_left,
}
VALID = frozenset(
    {"true", "true as text", "unicode", "very long", "negative", "number as text", "zeros before", "date", "half"}
    | {"column as text", "header in capitals", "header odd", "header long", "column gone", "few rows", "1e308"}
    | {name for name in MUTATIONS if name.startswith("names ")}
    | {"vast integer", "header empty", "header blank", "zero byte", "surrogate"}
    | {"inf", "-inf", "nan", "1e999"}  # as a name they are texts; as a number the seeds know what must be said
)
"""Mutations that leave another valid table, at least in some column."""
