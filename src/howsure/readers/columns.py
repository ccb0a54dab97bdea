"""Columns of tables that aren't scores: which plays which role, and which rows are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.table.cells import texts_of
from howsure.table.names import by_plain_name
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.statistics.arrays import Ints

    Names = Mapping[str, Sequence[str]]

OFTEN = 4
"""A column tells rows apart where each of its values stands in so many rows at most, on average."""


def known_column(name: str, frame: pl.DataFrame) -> str:
    """Return the name of a column; DataError where there is none, or its cells are no single values."""
    if name not in frame.columns:
        raise DataError(f"no column {name!r} among {', '.join(frame.columns)}", remedy="Name one of these.")
    if not _is_plain(frame.schema[name]):
        raise DataError(
            f"column {name!r} holds lists, objects or bytes, at least in some rows",
            remedy="Write one text, number or yes/no a cell, or name another column.",
        )
    return name


def _is_plain(dtype: Any) -> bool:
    """Say whether values can be written as texts."""
    if isinstance(dtype, pl.Struct):
        return all(map(_is_plain, dtype.to_schema().values()))
    return not dtype.is_nested() and dtype not in (pl.Binary, pl.Object)


def copies_note(frame: pl.DataFrame) -> tuple[str, ...]:
    """Say how many rows are the same as another in every column, where some column tells most rows apart."""
    if not any(frame[name].n_unique() * OFTEN >= len(frame) for name in frame.columns):
        return ()
    copies = len(frame) - frame.select(pl.struct(pl.all()).n_unique()).item()
    return (f"{plural(copies, 'repeated row')} counted: leave out those that are copies.",) if copies else ()


def require_roles(named: Names, known: Iterable[str]) -> None:
    """Raise DataError if a column was named for a role that there isn't: it would be passed over."""
    roles = tuple(known)
    strange = next((role for role in named if role not in roles), None)
    if strange is not None:
        raise DataError(
            f"no role {strange!r} among {', '.join(roles)}",
            remedy="Name the columns of these, and of covariates; to keep the rows of one value, use `where`.",
        )


def roles_of(frame: pl.DataFrame, aliases: Names, named: Names) -> dict[str, str]:
    """Return the column of each role that has one: as named, else by the first of the usual names that isn't
    named for another.
    """
    roles = {role: known_column(names[0], frame) for role, names in named.items()}
    by_name = by_plain_name(name for name in frame.columns if name not in roles.values())
    for role, usual in aliases.items():
        found = next((by_name[alias] for alias in usual if alias in by_name), None)
        if role not in roles and found is not None:
            roles[role] = known_column(found, frame)
    return roles


def coded(values: pl.Series) -> Ints:
    """Return the code of each value (N,); a row without one is by itself."""
    lone = pl.format("\x00{}", pl.int_range(pl.len()))
    named = (
        texts_of(values)
        .to_frame("value")
        .select(pl.col("value").fill_null(lone).rank("dense").cast(pl.Int64) - 1)
    )
    return np.asarray(named["value"].to_numpy())


def name_columns(aliases: Names, named: Names, roles: Iterable[str]) -> frozenset[str]:
    """Return the columns of these roles, which hold ids and names: their usual names, and those that the user
    gave.
    """
    return frozenset(name for role in roles for name in (*aliases.get(role, ()), *named.get(role, ())))
