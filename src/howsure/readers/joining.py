"""Rows of logs and of tables put together: what no column names is named after the file, and tables beside logs become tidy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError
from howsure.readers.naming import chosen_model
from howsure.table.schema import find_roles, tidy_frame
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.readers import tables
    from howsure.readers.base import Source


def joined_rows(
    harness: list[pl.DataFrame],
    scans: list[tuple[Source, pl.LazyFrame]],
    columns: dict[str, tuple[str, ...]],
    where: Mapping[str, tuple[str, ...]],
    notes: list[str],
) -> tuple[Any, dict[str, tuple[str, ...]]]:
    """Put all rows together: tables alone stay lazy and keep their columns; beside logs they become tidy."""
    frames = _name_tasks(scans, columns, notes)
    if not harness:
        if not frames:
            return None, columns
        return (frames[0] if len(frames) == 1 else pl.concat(frames, how="diagonal_relaxed")), columns
    if not frames and len(harness) == 1:
        return _keep(harness[0].lazy(), where), {}
    tidied = [tidy_frame(frame, columns).lazy() for frame in frames]
    # at once: a plan of thousands of frames takes as long as its query
    logs = pl.concat(harness, how="diagonal_relaxed").lazy()
    return _keep(pl.concat([logs, *tidied], how="diagonal_relaxed") if tidied else logs, where), {}


def named_after_file(
    table: tables.Table, columns: Mapping[str, tuple[str, ...]], where: Mapping[str, tuple[str, ...]]
) -> tuple[pl.LazyFrame, str]:
    """Name the model of a table after its file where no column does, and say so."""
    source, frame = table.source, table.rows(_keep(table.frame, where))
    if source.model_from:
        return frame.with_columns(model=pl.lit(chosen_model(source))), ""
    if "model" in find_roles(frame.collect_schema().names(), columns):
        return frame, ""
    stem = source.path.stem
    return frame.with_columns(
        model=pl.lit(stem)
    ), f"{source.name}: no column names the model, so the file does: {stem}."


def _name_tasks(
    scans: list[tuple[Source, pl.LazyFrame]], columns: Mapping[str, tuple[str, ...]], notes: list[str]
) -> list[pl.LazyFrame]:
    """Name the task of tables that don't: one task for tables of different models, else each after its file."""
    roles = [find_roles(frame.collect_schema().names(), columns) for _, frame in scans]
    unnamed = [k for k, found in enumerate(roles) if "task" not in found]
    models = [_models(scans[k][1], roles[k]["model"]) for k in unnamed] if len(unnamed) > 1 else []
    apart = bool(models) and sum(map(len, models)) == len(set().union(*models))
    frames = [frame for _, frame in scans]
    for k in unnamed:
        source = scans[k][0]
        name = source.root.name if apart and source.root.is_dir() else "task" if apart else source.path.stem
        frames[k] = frames[k].with_columns(task=pl.lit(name))
    if models:
        how = "one task, since each holds other models" if apart else "a task each, named after the file"
        notes.append(f"{plural(len(unnamed), 'table')} without a column for the task: {how}.")
    return frames


def _models(frame: pl.LazyFrame, columns: tuple[str, ...]) -> set[tuple[object, ...]]:
    return set(frame.select(columns).unique().collect().iter_rows())


def _keep(frame: pl.LazyFrame, where: Mapping[str, tuple[str, ...]]) -> pl.LazyFrame:
    columns = frame.collect_schema().names()
    for name, values in where.items():
        if name not in columns:
            raise DataError(f"no column {name!r} to choose rows by", remedy=f"The columns are: {', '.join(columns)}.")
        frame = frame.filter(pl.col(name).cast(pl.String).is_in(list(values)))
    return frame
