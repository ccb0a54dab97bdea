"""Which places models could have, by their corrected rates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.inference.boards import told_apart
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.statistics.judge_differences import judged_pairs
from howsure.statistics.multiplicity import ranks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.readers.verdicts import Verdicts
    from howsure.statistics.arrays import Bools, Ints
    from howsure.statistics.judge_correction import Corrected
    from howsure.statistics.results import Rank


def places(
    found: Sequence[Corrected], parts: Sequence[Bools], table: Verdicts, level: float
) -> tuple[Rank, ...]:
    """Return the place of each of M models, best first, with intervals that hold for all at once; `parts`:
    their answers (N,).
    """
    units = _units(table)
    if len(found) < 2 or int(units.max()) < 1:
        return ()
    pairs = judged_pairs(found, [units[part] for part in parts])
    values = np.array([each.rate.value for each in found])
    asked = Question(population=NEW_CLUSTERS, level=level, adjust="max-t")
    q, _, best = told_apart(pairs, values, 1, asked)
    return ranks(values, pairs.difference, q, level=level, best=best)


def _units(table: Verdicts) -> Ints:
    """Return what answers hang together by (N,): clusters, else items, else each by itself."""
    for codes in (table.clusters, table.items):
        if codes is not None:
            return codes
    return np.arange(len(table.labels))
