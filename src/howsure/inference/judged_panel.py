"""What is asked of verdicts, and the verdicts of several judges as what they say together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.judge_correction import Judged
from howsure.statistics.judge_strata import joined, opinion, strata, strata_of_panel

if TYPE_CHECKING:
    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Floats, Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is asked of verdicts: how labels were drawn, the level, two models to compare, a floor or a
    margin.
    """

    drawn: str
    level: float
    a: str | None = None
    b: str | None = None
    at_least: float | None = None
    margin: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The table, and what its judges say of every answer together (N,): one judge's verdicts as they are."""

    table: Verdicts
    opinions: Floats

    @classmethod
    def of(cls, table: Verdicts) -> Panel:
        """Put the judges' verdicts together."""
        alone = table.verdicts.shape[1] == 1
        return cls(
            table=table, opinions=table.verdicts[:, 0] if alone else opinion(table.verdicts, table.labels)
        )

    def judged(self, part: Bools) -> Judged:
        """Return some answers in their strata."""
        table, clusters = self.table, self.table.clusters
        return Judged(
            strata=joined(self.parted(part), np.isfinite(table.labels[part])),
            labels=table.labels[part],
            weights=None if table.weights is None else table.weights[part],
            clusters=None if clusters is None else np.unique(clusters[part], return_inverse=True)[1],
        )

    def parted(self, part: Bools) -> Ints:
        """Return the strata of some answers before those with few labels are joined."""
        by = strata if len(self.table.judges) == 1 else strata_of_panel
        return by(self.opinions[part], int(np.isfinite(self.table.labels[part]).sum()))

    def said(self, part: Bools) -> float:
        """Return the judges' rate of some answers; NaN where verdicts are on another scale than labels."""
        verdicts = self.table.verdicts
        if np.nanmin(verdicts) < 0 or np.nanmax(verdicts) > 1:
            return math.nan
        return float(np.nanmean(verdicts[part], axis=1).mean())
