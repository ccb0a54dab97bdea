"""Columns of tables that aren't scores: the role of each, and which rows are kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.table.cells import NumberKind, read_column, texts_of
from howsure.table.names import by_plain_name
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.statistics.arrays import Bools, Floats, Ints

    Names = Mapping[str, Sequence[str]]

OFTEN = 4
"""A column identifies rows if each of its values occurs in at most this many rows, on average."""


def known_column(name: str, frame: pl.DataFrame) -> str:
    """Return the name of a column; DataError if there is none, or its cells aren't single values."""
    if name not in frame.columns:
        raise DataError(f"no column {name!r} among {', '.join(frame.columns)}", remedy="Name one of these.")
    if not _is_plain(frame.schema[name]):
        raise DataError(
            f"column {name!r} contains lists, objects or bytes, at least in some rows",
            remedy="Write one text, number or yes/no per cell, or use another column.",
        )
    return name


def _is_plain(dtype: Any) -> bool:
    """Return whether values can be written as texts."""
    if isinstance(dtype, pl.Struct):
        return all(map(_is_plain, dtype.to_schema().values()))
    return not dtype.is_nested() and dtype not in (pl.Binary, pl.Object)


def copies_note(frame: pl.DataFrame) -> tuple[str, ...]:
    """Note how many rows are the same as another in every column, if some column identifies most rows."""
    if not any(frame[name].n_unique() * OFTEN >= len(frame) for name in frame.columns):
        return ()
    copies = len(frame) - frame.select(pl.struct(pl.all()).n_unique()).item()
    return (f"{plural(copies, 'repeated row')} counted: leave out those that are copies.",) if copies else ()


@dataclass(frozen=True, slots=True)
class Roles:
    """The roles of columns in one kind of table.

    Attributes:
        aliases: The usual names of each role's column; the first one found counts.
        names: The roles whose values are ids and names, also if they look like numbers.
    """

    aliases: Names
    names: tuple[str, ...]

    def id_columns(self, named: Names) -> frozenset[str]:
        """Return the names of columns of ids and names: the usual ones, and the user's."""
        return frozenset(name for role in self.names for name in (*self.aliases[role], *named.get(role, ())))

    def refuse_unknown(self, named: Names, others: Sequence[str] = ()) -> None:
        """Raise DataError if a column was named for a role that doesn't exist, as it would be ignored."""
        known = (*self.aliases, *others)
        strange = next((role for role in named if role not in known), None)
        if strange is not None:
            raise DataError(
                f"{strange!r} isn't a role: {', '.join(known)}",
                remedy=(
                    "Name the columns of these, and of covariates. To keep the rows of one "
                    "value, use `where`."
                ),
            )

    def columns(self, frame: pl.DataFrame, named: Names) -> dict[str, str]:
        """Return the column of each role that has one: the user's, else the first of the usual names that
        isn't used for another.
        """
        columns = {role: known_column(named[role][0], frame) for role in named if role in self.aliases}
        by_name = by_plain_name(name for name in frame.columns if name not in columns.values())
        for role, usual in self.aliases.items():
            found = next((by_name[alias] for alias in usual if alias in by_name), None)
            if role not in columns and found is not None:
                columns[role] = known_column(found, frame)
        return columns


def refuse_lacking(lacking: list[str], frame: pl.DataFrame, remedy: str) -> None:
    """Raise DataError if roles have no column."""
    if lacking:
        raise DataError(f"no column for {listing(lacking)} among {', '.join(frame.columns)}", remedy=remedy)


NO_CLUSTERS = "none"
"""The value that treats rows as independent, instead of a column of clusters."""


def coded(values: pl.Series) -> tuple[Ints, tuple[str, ...]]:
    """Return the code of each value (N,), and the values of codes. A row without a value is independent, and
    its code's value is "".
    """
    values = values if values.dtype.is_integer() and not values.null_count() else texts_of(values)
    if values.null_count():
        lone = pl.format("\x00{}", pl.int_range(pl.len()))
        values = values.to_frame("value").select(pl.col("value").fill_null(lone))["value"]
    labels = values.unique().sort().cast(pl.String).to_list()
    codes = (values.rank("dense").cast(pl.Int64) - 1).to_numpy()
    return codes, tuple("" if label.startswith("\x00") else label for label in labels)


def places(names: pl.Series, order: Sequence[str]) -> Ints:
    """Return the index of each name in an order (N,)."""
    place = {name: k for k, name in enumerate(order)}
    return np.asarray(names.replace_strict(place, return_dtype=pl.Int64).to_numpy())


def figures(column: pl.Series, kind: NumberKind) -> Floats:
    """Return the numbers of a column (N,), or NaN if there is none."""
    return read_column(column, kind).fill_null(np.nan).to_numpy().copy()


POSITION = "position"
"""The covariate that is the same for every vote: being shown first."""
PAIRS = (
    ("{}_a", "{}_b"),
    ("{}_model_a", "{}_model_b"),
    ("model_a_{}", "model_b_{}"),
    ("{}_1", "{}_2"),
    ("{}_left", "{}_right"),
    ("{}_first", "{}_second"),
)
"""The endings of the two columns of a covariate."""
NUMBER = NumberKind(
    what="number", remedy="Covariates and weights are numbers: correct the value, or leave it empty."
)


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
            return f"{self.name} (shown first)"
        taken = " − ".join(f"`{column}`" for column in self.columns)
        return f"{self.name} ({taken}, in standard deviations of {self.sd:.4g})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Additional data of N votes: covariates (N, K), and weights (N,), or NaN if a vote has none."""

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
        """Return the same for some votes, each covariate in standard deviations of these. DataError for one
        that doesn't vary.
        """
        if self.x is None:
            return Numbers(covariates=(), x=None, weight=None if self.weight is None else self.weight[kept])
        x = self.x[kept]
        covariates = []
        for k, covariate in enumerate(self.covariates):
            sd = float(x[:, k].std())
            if covariate.columns and not sd > 0:
                raise DataError(
                    f"the covariate {covariate.name!r} is the same in every vote", remedy="Leave it out."
                )
            covariates.append(replace(covariate, sd=sd) if covariate.columns else covariate)
        scale = np.array([covariate.sd if covariate.columns else 1.0 for covariate in covariates])
        return Numbers(
            covariates=tuple(covariates),
            x=x / scale,
            weight=None if self.weight is None else self.weight[kept],
        )


def numbers(
    frame: pl.DataFrame, names: Sequence[str], columns: Mapping[str, Sequence[str]], weight: str | None
) -> Numbers:
    """Read covariates by these names, and the column `weight`. DataError if a column is missing or not
    numeric.
    """
    covariates = [_covariate(name, frame, columns) for name in dict.fromkeys(names)]
    x = np.ones((len(frame), len(covariates)))
    for k, covariate in enumerate(covariates):
        if covariate.columns:
            first, *second = (figures(frame[name], NUMBER) for name in covariate.columns)
            x[:, k] = first - second[0] if second else first
    weights = None if weight is None else figures(frame[known_column(weight, frame)], NUMBER)
    if weights is not None and (np.nan_to_num(weights) < 0).any():
        raise DataError(
            f"`{weight}` has weights below 0", remedy="A weight is the number of votes that a row counts as."
        )
    return Numbers(covariates=tuple(covariates), x=x if covariates else None, weight=weights)


def _covariate(name: str, frame: pl.DataFrame, columns: Mapping[str, Sequence[str]]) -> Covariate:
    """Return the columns of a covariate: those named for it, the one of its name, or a pair of these
    names.
    """
    if name in columns:
        named = tuple(known_column(column, frame) for column in columns[name])
        if len(named) > 2:
            raise DataError(
                f"{len(named)} columns for {name!r}",
                remedy="Use one column for the difference, or two for first and second.",
            )
        return Covariate(name=name, columns=named, sd=np.nan)
    if name == POSITION:
        return Covariate(name=name, columns=(), sd=np.nan)
    for usual in (("{}",), *PAIRS):
        there = tuple(each.format(name) for each in usual)
        if all(column in frame.columns for column in there):
            return Covariate(name=name, columns=there, sd=np.nan)
    raise DataError(
        f"no column for the covariate {name!r} among {', '.join(frame.columns)}",
        remedy=(
            f"It is {name!r} (first − second), a pair such as {name + '_a'!r} and {name + '_b'!r}, or named "
            "with `columns`."
        ),
    )
