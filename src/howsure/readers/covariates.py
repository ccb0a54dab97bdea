"""Columns of votes that hold numbers: covariates, as the first answer's less the second's, and the weight of
each vote.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.errors import DataError
from howsure.readers.columns import known_column
from howsure.table.cells import Kind, read_column

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import polars as pl

    from howsure.statistics.arrays import Bools, Floats

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
NUMBER = Kind(what="number", remedy="Covariates and weights are numbers: mend it, or leave it empty.")


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
            f"It is `{name}` (first − second), a pair such as `{name}_a` and `{name}_b`, or named with "
            "`columns`."
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
