"""Tables that aren't scores: votes, choices, ratings, and verdicts beside labels."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from howsure.errors import ReadError
from howsure.readers.annotations import export_of
from howsure.readers.base import Source
from howsure.readers.registry import identify
from howsure.readers.tables import NAME, notes_on_names, read_table, short_rows
from howsure.table.engines import to_polars
from howsure.table.schema import open_frame
from howsure.table.scores import Scores
from howsure.verbs.read import is_paths, read

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from howsure.readers.ratings import RatingTable
    from howsure.readers.verdicts import Verdicts
    from howsure.readers.votes import Choices, VoteTable

T = TypeVar("T", bound="Choices | RatingTable | Verdicts | VoteTable")


def table_of(data: Any, names: Collection[str] = (), *, logs: bool = False) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows of a table, of several one below the other, and notes on the files; of exports of
    annotation tools as well.

    `names`: the columns of ids and names, which stay as they are written. `logs`: logs of harnesses too, as a
    row a score: task, model, item, attempt, scorer, score.
    """
    if isinstance(data, Scores):
        return _scored(data), []
    if not is_paths(data):
        return to_polars(open_frame(data)), []
    paths = [Path(path) for path in (data if isinstance(data, (list, tuple)) else [data])]
    if logs and any(_is_log(path) for path in paths):
        return _scored(read(paths)), []
    parts = [_rows(path, names) for path in paths]
    return pl.concat([rows for rows, _ in parts], how="diagonal_relaxed"), [
        note for _, notes in parts for note in notes
    ]


def with_notes(table: T, notes: Sequence[str]) -> T:
    """Return what was read of tables, with notes on their files."""
    return replace(table, notes=(*table.notes, *notes)) if notes else table


def _rows(path: Path, names: Collection[str]) -> tuple[pl.DataFrame, list[str]]:
    if path.is_dir():
        raise ReadError("a folder", where=str(path), remedy="Name the file with the table in it.")
    source = Source(path=path, root=path)
    found = export_of(source) if path.is_file() else None
    if found is not None:
        return found, []
    rows = read_table(str(path), names, mixed=True)
    _refuse_header_again(rows, path)
    short = [f"{caution.message} {caution.remedy}" for caution in short_rows(source, rows)]
    return rows, [*notes_on_names(source), *short]


def _refuse_header_again(rows: pl.DataFrame, path: Path) -> None:
    """Refuse a row that has the name of each column in it, as files that were put one below the other have
    it.
    """
    if not rows.width or any(dtype != pl.String for dtype in rows.dtypes):
        return
    again = (
        rows.select(pl.all_horizontal(pl.col(name) == name for name in rows.columns)).to_series().arg_true()
    )
    if len(again):
        raise ReadError(
            f"row {again[0] + 1:,} holds the names of the columns again",
            where=str(path),
            remedy="Remove it: files that were put one below the other have such rows.",
        )


def _is_log(path: Path) -> bool:
    """Say whether a path is a folder, or a log that a reader of a harness knows."""
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    source = Source(path=path, root=path)
    known = identify(source)
    return known is not None and known[0].NAME != NAME and export_of(source) is None


def _scored(scores: Scores) -> pl.DataFrame:
    """Return scores as rows for those who look for a judge: the metric is the scorer; items of several tasks
    are told apart.
    """
    rows = scores.to_frame().filter(pl.col("score").is_not_null()).rename({"metric": "scorer"})
    item = pl.concat_str("task", "item", separator="/") if rows["task"].n_unique() > 1 else pl.col("item")
    return rows.select("model", "scorer", "score", "attempt", "task", item=item)
