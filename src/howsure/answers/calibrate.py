"""Calibration: what every method promised in worlds whose truth is known, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.calibrate import KINDS, _methods_table, _worst_table
from howsure.present.document import Document, Text
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    import polars as pl

    from howsure.present.document import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration(Answer):
    """One row per world and method: coverage, mean width, what was promised and whether it was kept.

    `cells`: see `howsure.calibration.harness` for the columns. `level`: of all intervals; `seed`: of all draws.
    """

    cells: pl.DataFrame
    level: float
    seed: int

    @property
    def kept(self) -> bool:
        """Whether every promise was kept."""
        return not self.cells["kept"].eq(other=False).any()

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per world and method."""
        rows = self.cells.iter_rows(named=True)
        return [{name: _plain(value) for name, value in row.items()} for row in rows]

    def to_frame(self) -> pl.DataFrame:
        """Return the cells."""
        return self.cells

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "calibration",
            "level": self.level,
            "seed": self.seed,
            "cells": self.records(),
        }

    def document(self) -> Document:
        """Return how many promises were kept, every method's coverage, and the worst cells of the defaults."""
        promised = self.cells["kept"].drop_nulls()
        kept = int(promised.sum())
        cells, free = len(self.cells), len(self.cells) - len(promised)
        verdict = f"{kept:,} of {plural(len(promised), 'promise')} kept, in {plural(cells, 'cell')} of world and method"
        verdict += f"; {free:,} of these are without one." if free else "."
        blocks: list[Block] = [Text(text=verdict, kind="verdict")]
        for kind, title in KINDS.items():
            part = self.cells.filter(kind=kind)
            if len(part):
                blocks.append(_methods_table(part, f"{title}, {level_text(self.level)}"))
                blocks += [_worst_table(part)] if part["default"].any() else []
        return Document(blocks=tuple(blocks))


def _plain(value: Any) -> Any:
    """Return a float as JSON has it, anything else as it is."""
    return number(value) if isinstance(value, float) else value
