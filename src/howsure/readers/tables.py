"""Tables of any origin: CSV, TSV, JSON Lines, JSON (a list of records), Parquet and Arrow.

A table stays as it is, lazy where its format allows; its columns are recognised by name when it is aggregated.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.base import Claim, Reading, Source, whole_text
from howsure.readers.faults import named
from howsure.table.schema import find_roles, used_columns
from howsure.table.scores import Published

if TYPE_CHECKING:
    from collections.abc import Mapping

    import polars as pl

NAME = "tables"
FORMATS = "tables (.csv, .tsv, .jsonl, .json, .parquet, .arrow)"

PUBLISHED_ALIASES: Mapping[str, tuple[str, ...]] = {
    "model": ("model", "model_name", "name", "system", "agent"),
    "score": (
        *("score", "score_pct", "accuracy", "acc", "percent", "pass_rate", "win_rate", "resolved", "value"),
        *("pass_rate_2", "pass_rate_1", "mean"),
    ),
    "n": ("n", "n_items", "n_questions", "n_total", "items", "questions", "total", "total_tests", "count"),
    "stderr": ("stderr", "standard_error", "se", "std_err", "acc_stderr"),
    "task": ("task", "benchmark", "leaderboard", "board", "dataset"),
    "metric": ("metric", "metric_name"),
}
"""Names of the columns of a leaderboard: scores without the answers behind them."""

MAX_INFER = 10_000
MAX_COLUMNS = 10_000
"""More are no table with one row an answer, and each would cost its time."""
MAX_HELD_BYTES = 256 * 1024**2


def claims(source: Source) -> Claim | None:
    """Claim Parquet and Arrow by their magic bytes, text tables by suffix and a first look."""
    head, suffix = source.head, source.path.suffix.lower()
    if head.startswith((b"PAR1", b"ARROW1")):
        return "rows"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if suffix in (".csv", ".tsv") and start and b"\x00" not in head[:1024]:
        return "rows"
    if suffix in (".jsonl", ".ndjson") and start == b"{":
        return "rows"
    return "rows" if suffix == ".json" and start == b"[" else None


def read(source: Source) -> Reading:
    """Read a leaderboard as published scores, anything else as rows that keep their own columns."""
    frame = scan(source)
    columns = frame.collect_schema().names()
    if "item" in find_roles(columns, {}):
        return Reading(rows=frame.collect())
    published = published_scores(frame.collect(), source.name)
    if not published:
        raise ReadError(
            f"no column for the item among {', '.join(columns[:12])}",
            where=source.name,
            remedy="Name it (`columns={'item': '…'}`); a leaderboard needs model, score and n.",
        )
    return Reading(published=published)


def scan(source: Source) -> pl.LazyFrame:
    """Open a table, lazily where its format allows."""
    with named(source.name):
        frame = _scanned(source)
        width = len(frame.collect_schema())  # a lazy scan finds out only now whether the file is what it says
    if width > MAX_COLUMNS:
        raise _too_wide(width, source)
    return frame


def _too_wide(width: int, source: Source) -> ReadError:
    return ReadError(
        f"{width:,} columns are more than the limit of {MAX_COLUMNS:,}",
        where=source.name,
        remedy="Write one row an answer, with a column each for model, item and score.",
    )


def _scanned(source: Source) -> pl.LazyFrame:
    import polars as pl

    head, suffix = source.head, source.path.suffix.lower()
    if head.startswith(b"PAR1"):
        return pl.scan_parquet(_held(source), glob=False)
    if head.startswith(b"ARROW1"):
        return pl.scan_ipc(_held(source), glob=False)
    if suffix in (".csv", ".tsv"):
        separator = "\t" if suffix == ".tsv" else _separator(head)
        return pl.scan_csv(source.read_bytes(), separator=separator, infer_schema_length=MAX_INFER, glob=False)
    return _records(source)


def _held(source: Source) -> bytes | Path:
    """Return a file's bytes, which nobody can change while they are read; where it is too large for that, its path.

    A file that is mapped into memory and written to meanwhile ends the process.
    """
    return source.path if source.path.stat().st_size > MAX_HELD_BYTES else source.read_bytes()


def checked(source: Source, frame: pl.LazyFrame, columns: Mapping[str, tuple[str, ...]]) -> pl.LazyFrame:
    """Read a table to its end, so that a fault is found while its file is known; what is too large for that stays lazy.

    Of Parquet and Arrow only the columns that count are read: they stay lazy, so that others can be asked for.
    """
    with named(source.name):
        if source.path.suffix.lower() in (".csv", ".tsv"):
            return frame.collect().lazy()
        if source.path.stat().st_size <= MAX_HELD_BYTES:
            frame.select(sorted(used_columns(find_roles(frame.collect_schema().names(), columns)))).collect()
    return frame


def _separator(head: bytes) -> str:
    """Tell a semicolon from a comma by the first line."""
    line = head.split(b"\n", 1)[0]
    return ";" if b";" in line and b"," not in line else ","


def _records(source: Source) -> pl.LazyFrame:
    """Read JSON records; a column that mixes kinds (an id that is a number here and text there) becomes text."""
    import polars as pl

    lines = source.path.suffix.lower() in (".jsonl", ".ndjson")
    records = source.json_lines() if lines else source.json()
    if not isinstance(records, list) or not all(isinstance(record, dict) for record in records):
        raise ReadError("not a list of records", where=source.name, remedy="Write one JSON object per row.")
    names = list(dict.fromkeys(name for record in records for name in record))
    if len(names) > MAX_COLUMNS:
        raise _too_wide(len(names), source)
    columns = {name: _column(name, [record.get(name) for record in records]) for name in names}
    return pl.DataFrame({name: column for name, column in columns.items() if column is not None}).lazy()


def _column(name: str, values: list[Any]) -> pl.Series | None:
    import polars as pl

    kinds = {type(value) for value in values if value is not None}
    if kinds & {dict, list}:
        return None
    if str in kinds and len(kinds) > 1:
        values = [value if value is None or isinstance(value, str) else str(value) for value in values]
    if str in kinds:
        values = [None if value is None else whole_text(value) for value in values]
    if bool in kinds and len(kinds) > 1:
        values = [None if value is None else float(value) for value in values]
    return pl.Series(whole_text(name), values, strict=False)


def read_side_table(path: str) -> pl.DataFrame:
    """Read a table with one row an item, for clusters and weights; its item column is recognised by name."""
    import polars as pl

    place = Path(path)
    if not place.is_file():
        raise ReadError("no such file", where=path, remedy="`items` takes a table with one row an item.")
    with named(path):
        frame = scan(Source(path=place, root=place)).collect()
    roles = find_roles(frame.columns, {})
    if "item" not in roles:
        raise ReadError(f"no column for the item among {', '.join(frame.columns)}", where=path)
    task = [pl.col(roles["task"][0]).cast(pl.String).alias("task")] if "task" in roles else []
    return frame.with_columns(*task, pl.col(roles["item"][0]).cast(pl.String).alias("item"))


def published_scores(frame: pl.DataFrame, source: str) -> tuple[Published, ...]:
    """Read a leaderboard: model, score, and where there are n, standard error, task, and step (joined to the model's name).

    Percent become fractions where a column's name says so or any score is above 1 and none above 100.
    """
    roles = _published_roles(frame.columns)
    if "model" not in roles or "score" not in roles:
        return ()
    scores = [_float(value) for value in frame[roles["score"]]]
    finite = [score for score in scores if score is not None]
    percent = "pct" in roles["score"].lower() or (bool(finite) and 1 < max(finite) <= 100)
    scale = 100.0 if percent else 1.0
    entries = []
    for row, score in zip(frame.iter_rows(named=True), scores, strict=True):
        if score is None or row[roles["model"]] is None:
            continue
        n, stderr = _float(row.get(roles.get("n", ""))), _float(row.get(roles.get("stderr", "")))
        entries.append(
            Published(
                task=str(row.get(roles.get("task", ""), "") or Path(source).stem),
                model=str(row[roles["model"]]) + _step(row, str(row[roles["model"]])),
                metric=str(row.get(roles.get("metric", ""), "") or roles["score"]),
                score=score / scale,
                n=int(n) if n is not None and n >= 1 else None,
                stderr=None if stderr is None else stderr / scale,
                source=source,
            )
        )
    return tuple(entries)


def _step(row: dict[str, Any], model: str) -> str:
    """Return what a column `step` adds to the model's name, nothing where the name tells it."""
    step = row.get("step")
    return "" if step is None or model.endswith(str(step)) else f" · {step}"


def _published_roles(columns: list[str]) -> dict[str, str]:
    by_name = {name.lower().strip(): name for name in reversed(columns)}
    return {
        role: next(by_name[alias] for alias in aliases if alias in by_name)
        for role, aliases in PUBLISHED_ALIASES.items()
        if any(alias in by_name for alias in aliases)
    }


def _float(value: object) -> float | None:
    if isinstance(value, str):
        value = value.strip().rstrip("%").strip().replace(",", "")
    try:
        number = float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None
    return number if abs(number) < float("inf") else None
