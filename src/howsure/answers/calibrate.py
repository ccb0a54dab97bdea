"""Calibration: the nominal and the simulated performance of every method on data sets with known
parameters.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, derived, plain

if TYPE_CHECKING:
    import polars as pl


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Calibration(Answer):
    """The coverage and mean width of every method in every scenario, next to the nominal coverage.

    Attributes:
        cells: One row per scenario and method. `docs/calibration.md` explains the columns.
        level: The confidence level of all intervals.
        seed: The seed of all draws.
    """

    cells: pl.DataFrame = field(metadata=HIDDEN)
    level: float
    seed: int

    @property
    def kept(self) -> bool:
        """Whether every criterion was met."""
        return not self.cells["kept"].eq(other=False).any()

    @derived(key="cells")
    def worlds(self) -> list[dict[str, Any]]:
        """One entry per scenario and method: how it was simulated, the criterion and the result."""
        return [
            {name: plain(value) for name, value in row.items()} for row in self.cells.iter_rows(named=True)
        ]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per scenario and method."""
        return self.worlds

    def to_frame(self) -> pl.DataFrame:
        """Return the cells."""
        return self.cells
