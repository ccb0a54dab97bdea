"""Rows of logs and of tables combined: roles without a column are named after the file, and tables that come
with logs become tidy.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.readers.attempt_rows import chosen_model
from howsure.readers.reporting import told_together
from howsure.readers.tables import is_held
from howsure.table.cells import rows_where
from howsure.table.grouping import KEYS
from howsure.table.scale import BESIDE
from howsure.table.schema import (
    CONSTANTS,
    METRIC_ROLES,
    STATUSES,
    TOGETHER,
    find_roles,
    roles_note,
    tidy_frame,
    used_columns,
)
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.readers import tables
    from howsure.readers.base import Source


T = TypeVar("T")

MANY_TABLES = 200
"""So many tables are put together by one query: its plan takes longer than the rows if they are thousands."""


def joined_rows(
    harness: list[pl.DataFrame],
    scans: list[tuple[Source, pl.LazyFrame]],
    columns: dict[str, tuple[str, ...]],
    where: Mapping[str, tuple[str, ...]],
    notes: list[str],
) -> tuple[Any, dict[str, tuple[str, ...]], str]:
    """Combine all rows: tables alone stay lazy and keep their columns, and become tidy if there are logs.

    Returns the rows, the columns of each role, and the original names of the score columns if these have one
    name now.
    """
    frames = _name_tasks(scans, columns, notes)
    measured = {role: columns[role] for role in METRIC_ROLES if role in columns}
    if not harness:
        if not frames:
            return None, columns, ""
        frames, roles, score_name = _called_alike(scans, frames, columns, notes)
        at_once = len(frames) > MANY_TABLES and all(is_held(source) for source, _ in scans)
        return _joined(frames, at_once=at_once), roles, score_name
    if not frames and len(harness) == 1:
        return _keep(harness[0].lazy(), where), measured, ""
    tidied = [tidy_frame(frame, columns).lazy() for frame in frames]
    # at once: a plan of thousands of frames takes as long as its query
    logs = pl.concat(harness, how="diagonal_relaxed").lazy()
    return _keep(_joined([logs, *tidied]), where), measured, ""


def _joined(frames: list[pl.LazyFrame], *, at_once: bool = False) -> pl.LazyFrame:
    """Concatenate frames, `at_once` if their rows are in memory. A column whose types have nothing in common
    (a date here, a number there) becomes text.
    """
    if len(frames) == 1:
        return frames[0]

    def as_text(name: str, dtype: pl.DataType) -> pl.Expr:
        """Write a column as text. Columns with several values per row can't be used and become null."""
        if dtype.is_nested():
            return pl.lit(None, pl.String).alias(name)
        column = pl.col(name)
        return column.bin.encode("hex") if dtype == pl.Binary else column.cast(pl.String, strict=False)

    schemas = [frame.collect_schema() for frame in frames]
    types: dict[str, set[pl.DataType]] = {}
    for schema in schemas:
        for name, dtype in schema.items():
            types.setdefault(name, set()).add(dtype)
    texts = [name for name, found in types.items() if len(found) > 1 and not _go_together(found)]
    if texts:
        frames = [
            frame.with_columns(as_text(name, schema[name]) for name in texts if name in schema)
            for frame, schema in zip(frames, schemas, strict=True)
        ]
    if not at_once:
        return pl.concat(frames, how="diagonal_relaxed")
    parts = [pl.concat(some, how="diagonal_relaxed").collect() for some in _batches(frames)]
    return pl.concat(parts, how="diagonal_relaxed").lazy()


def _batches(things: Sequence[T]) -> Iterator[Sequence[T]]:
    return (things[k : k + MANY_TABLES] for k in range(0, len(things), MANY_TABLES))


def _go_together(types: Iterable[pl.DataType]) -> bool:
    empty = [pl.DataFrame(schema={"": dtype}) for dtype in types]
    try:
        pl.concat(empty, how="vertical_relaxed")
    except pl.exceptions.PolarsError:
        return False
    return True


def _called_alike(
    scans: list[tuple[Source, pl.LazyFrame]],
    frames: list[pl.LazyFrame],
    columns: dict[str, tuple[str, ...]],
    notes: list[str],
) -> tuple[list[pl.LazyFrame], dict[str, tuple[str, ...]], str]:
    """Return tables in which each role has the same columns, and these columns. If they differ, the role's
    own name is used, with a note.

    The original names of the scores are last, if they differed.
    """
    found = [find_roles(frame.collect_schema().names(), columns) for frame in frames]
    if all(roles == found[0] for roles in found):
        return frames, columns, ""
    every = dict.fromkeys(role for roles in found for role in roles)
    own = [role for role in every if len({roles.get(role) for roles in found}) > 1]
    notes += told_together(
        (source.name, note)
        for (source, _), roles in zip(scans, found, strict=True)
        if (note := roles_note({role: roles[role] for role in own if role in roles}))
    )
    renamed = [_with_own(frame, roles, own) for frame, roles in zip(frames, found, strict=True)]
    scores = dict.fromkeys(name for roles in found for name in roles["score"]) if "score" in own else ()
    return renamed, {role: (role,) if role in own else found[0][role] for role in every}, BESIDE.join(scores)


def _with_own(frame: pl.LazyFrame, roles: Mapping[str, tuple[str, ...]], own: Sequence[str]) -> pl.LazyFrame:
    """Rename the columns of these roles. A role that a table lacks gets its default."""
    there = [role for role in own if role in roles]
    columns = []
    for role in there:
        names = [pl.col(name) for name in roles[role]]  # several columns are one text
        texts = pl.concat_str([name.cast(pl.String) for name in names], separator=TOGETHER)
        columns.append((texts if len(names) > 1 else names[0]).alias(role))
    filled = {**CONSTANTS, "status": STATUSES[0]}
    columns += [pl.lit(filled[role]).alias(role) for role in own if role in filled and role not in roles]
    kept = used_columns({role: names for role, names in roles.items() if role not in own})
    gone = used_columns({role: roles[role] for role in there if len(roles[role]) == 1}) - kept - {*own}
    alike = frame.with_columns(columns).drop(gone)
    if "attempt" not in own or "attempt" in roles:
        return alike
    keys = [name for role in KEYS for name in ((role,) if role in own else roles.get(role, ()))]
    return alike.with_columns(attempt=pl.int_range(pl.len()).over(keys))  # the rows of an item


def named_after_file(
    table: tables.ScoreTable, columns: Mapping[str, tuple[str, ...]], where: Mapping[str, tuple[str, ...]]
) -> tuple[pl.LazyFrame, str]:
    """Name the model of a table after its file if no column does. Returns this name too, "" without one."""
    source, frame = table.source, table.rows(_keep(table.frame, where))
    if source.model_from:
        return frame.with_columns(model=pl.lit(chosen_model(source))), ""
    if "model" in find_roles(frame.collect_schema().names(), columns):
        return frame, ""
    stem = source.path.stem
    return frame.with_columns(model=pl.lit(stem)), stem


def nameless(
    scans: Sequence[tuple[Source, pl.LazyFrame]], columns: Mapping[str, tuple[str, ...]]
) -> list[DataError | None]:
    """Return the fault of each table some of whose rows lack their model, item, task or metric, or None if
    there isn't one. Tables with the same columns are looked at together, and alone only if that finds one.

    Rows with neither model nor item nor score are empty lines and no fault.
    """
    faults: list[DataError | None] = [None] * len(scans)
    alike: dict[tuple[Any, ...], list[int]] = {}
    for place, (_, frame) in enumerate(scans):
        alike.setdefault(tuple(frame.collect_schema().items()), []).append(place)
    for places in chain.from_iterable(map(_batches, alike.values())):
        together = pl.concat([scans[place][1] for place in places])
        if len(places) == 1 or _nameless(together, columns, where="") is not None:
            for place in places:
                source, frame = scans[place]
                faults[place] = _nameless(frame, columns, where=source.name)
    return faults


def _nameless(frame: pl.LazyFrame, columns: Mapping[str, tuple[str, ...]], *, where: str) -> DataError | None:
    schema = frame.collect_schema()
    roles = find_roles(schema.names(), columns)
    lacks = {role: _any_blank(roles[role], schema) for role in KEYS if role in roles}
    blank = pl.all_horizontal(_any_blank(roles[role], schema) for role in ("model", "item", "score"))
    counts = (
        frame.filter(~blank)
        .select(lack.sum().alias(role) for role, lack in lacks.items())
        .collect()
        .row(0, named=True)
    )
    role = next((role for role, count in counts.items() if count), None)
    if role is None:
        return None
    return DataError(
        f"{plural(counts[role], 'row')} without {'an' if role == 'item' else 'a'} {role}",
        where=where,
        remedy=f"Fill the column, or name another (`columns={{{role!r}: '…'}}`).",
    )


def _any_blank(columns: Sequence[str], schema: pl.Schema) -> pl.Expr:
    """Report whether one of the columns is empty or blank in some row."""
    return pl.any_horizontal(
        pl.col(name).is_null() | (pl.col(name).cast(pl.String).str.strip_chars() == "")
        if schema[name] in (pl.String, pl.Categorical, pl.Enum)
        else pl.col(name).is_null()
        for name in columns
    )


def _name_tasks(
    scans: list[tuple[Source, pl.LazyFrame]], columns: Mapping[str, tuple[str, ...]], notes: list[str]
) -> list[pl.LazyFrame]:
    """Name the task of tables that don't: one task for tables of different models, else each after its
    file.
    """
    roles = [find_roles(frame.collect_schema().names(), columns) for _, frame in scans]
    unnamed = [k for k, found in enumerate(roles) if "task" not in found]
    models: list[set[tuple[object, ...]]] = []
    if len(unnamed) > 1:
        names = (scans[k][1].select(roles[k]["model"]).unique().collect() for k in unnamed)
        models = [set(rows.iter_rows()) for rows in names]
    apart = bool(models) and sum(map(len, models)) == len(set().union(*models))
    frames = [frame for _, frame in scans]
    for k in unnamed:
        source = scans[k][0]
        folder = source.root.absolute().name if source.root.is_dir() else ""
        name = (folder or "task") if apart else source.path.stem
        frames[k] = frames[k].with_columns(task=pl.lit(name))
    if models:
        how = (
            "taken as one task because no model is in two of them"
            if apart
            else "each taken as a task, named after the file"
        )
        notes.append(f"{plural(len(unnamed), 'table')} without a column for the task: {how}.")
    return frames


def _keep(frame: pl.LazyFrame, where: Mapping[str, tuple[str, ...]]) -> pl.LazyFrame:
    return rows_where(nw.from_native(frame), where).to_native() if where else frame
