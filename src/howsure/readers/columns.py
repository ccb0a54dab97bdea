"""Columns of tables that aren't scores: which plays which role, and which rows are kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.table.cells import NumberKind, read_column, texts_of
from howsure.table.names import by_plain_name
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints

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
            remedy=(
                "Name the columns of these, and of covariates; to keep the rows of one value, use `where`."
            ),
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


POSITION = "position"
"""The covariate that is the same for every vote: standing first."""
PAIRS = (
    ("{}_a", "{}_b"),
    ("{}_model_a", "{}_model_b"),
    ("model_a_{}", "model_b_{}"),
    ("{}_1", "{}_2"),
    ("{}_left", "{}_right"),
    ("{}_first", "{}_second"),
)
"""What the two columns of a covariate are called."""
NUMBER = NumberKind(what="number", remedy="Covariates and weights are numbers: mend it, or leave it empty.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Covariate:
    """One covariate: its `name`, the `columns` it is from (none, the difference, or first and second), and
    its standard deviation `sd`, NaN for position.
    """

    name: str
    columns: tuple[str, ...]
    sd: float

    def __str__(self) -> str:
        if not self.columns:
            return f"{self.name} (who stood first)"
        taken = " − ".join(f"`{column}`" for column in self.columns)
        return f"{self.name} ({taken}, in standard deviations of {self.sd:.4g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """What is read of N votes beside who won: covariates (N, K), and weights (N,); NaN where a vote has
    none.
    """

    covariates: tuple[Covariate, ...]
    x: Floats | None
    weight: Floats | None

    @property
    def lacks_x(self) -> Bools | np.bool_:
        """Which votes lack a covariate (N,)."""
        return np.False_ if self.x is None else np.asarray(np.isnan(self.x).any(axis=1))

    @property
    def lacks_weight(self) -> Bools | np.bool_:
        """Which votes lack a weight, or have one of 0 (N,)."""
        return np.False_ if self.weight is None else np.asarray(~(self.weight > 0))

    def take(self, kept: Bools) -> Numbers:
        """Return the same of some votes, each covariate in standard deviations of these. DataError for one
        that doesn't vary.
        """
        if self.x is None:
            return Numbers(covariates=(), x=None, weight=None if self.weight is None else self.weight[kept])
        x = self.x[kept]
        found = tuple(_scaled(each, x[:, k]) for k, each in enumerate(self.covariates))
        scale = np.array([1.0 if not each.columns else each.sd for each in found])
        return Numbers(
            covariates=found, x=x / scale, weight=None if self.weight is None else self.weight[kept]
        )


def numbers(
    frame: pl.DataFrame, names: Sequence[str], columns: Mapping[str, Sequence[str]], weight: str | None
) -> Numbers:
    """Read covariates by these names, and the column `weight`. DataError where a column is missing, or holds
    no numbers.
    """
    found = [_found(name, frame, columns) for name in dict.fromkeys(names)]
    x = np.column_stack([_difference(each, frame) for each in found]) if found else None
    weights = None if weight is None else _column(known_column(weight, frame), frame)
    if weights is not None and (np.nan_to_num(weights) < 0).any():
        raise DataError(
            f"`{weight}` has weights below 0", remedy="A weight says how many votes one counts as."
        )
    return Numbers(covariates=tuple(found), x=x, weight=weights)


def _found(name: str, frame: pl.DataFrame, columns: Mapping[str, Sequence[str]]) -> Covariate:
    """Return where a covariate is: in the columns named for it, in one of its name, or in a pair of these
    names.
    """
    if name in columns:
        taken = tuple(known_column(column, frame) for column in columns[name])
        if len(taken) > 2:
            raise DataError(
                f"{len(taken)} columns for {name!r}", remedy="One holds the difference, two first and second."
            )
        return Covariate(name=name, columns=taken, sd=np.nan)
    if name == POSITION:
        return Covariate(name=name, columns=(), sd=np.nan)
    if name in frame.columns:
        return Covariate(name=name, columns=(name,), sd=np.nan)
    for pair in PAIRS:
        both = tuple(each.format(name) for each in pair)
        if all(column in frame.columns for column in both):
            return Covariate(name=name, columns=both, sd=np.nan)
    raise DataError(
        f"no column for the covariate {name!r} among {', '.join(frame.columns)}",
        remedy=(
            f"It is {name!r} (first − second), a pair such as {name + '_a'!r} and {name + '_b'!r}, or named "
            "with `columns`."
        ),
    )


def _difference(covariate: Covariate, frame: pl.DataFrame) -> Floats:
    if not covariate.columns:
        return np.ones(len(frame))
    first, *second = (_column(name, frame) for name in covariate.columns)
    return first - second[0] if second else first


def _column(name: str, frame: pl.DataFrame) -> Floats:
    """Return the numbers of a column (N,), NaN where there is none."""
    return read_column(frame[name], NUMBER).fill_null(np.nan).to_numpy()


def _scaled(covariate: Covariate, x: Floats) -> Covariate:
    """Measure a covariate by its standard deviation over the votes."""
    if not covariate.columns:
        return covariate
    sd = float(x.std())
    if not sd > 0:
        raise DataError(f"the covariate {covariate.name!r} is the same in every vote", remedy="Leave it out.")
    return Covariate(name=covariate.name, columns=covariate.columns, sd=sd)
