"""All pairs of models whose rates were corrected with labels, for ranks that hold at once.

Each unit (a cluster, an item, or an answer) counts as an item whose score is the corrected rate plus what the
unit adds to it (influence.py), as votes have it (votes/clustered.py): models that answered the same items
have what they share taken off. Where a model's own limits are wider than that, because its labels are few or
all alike, the pivots of its pairs are as wide, by the lower limit of the one that is ahead and the upper
limit of the other.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.judges.influence import REFERENCE
from howsure.statistics.means.intervals import t_quantile
from howsure.statistics.pairs.moments import with_own_pivots
from howsure.statistics.pairs.pairs import pair_moments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.judges.correction import Corrected
    from howsure.statistics.pairs.moments import PairMoments

MOST_UNITS = 2_000
"""More units are put together into so many: independent ones may be, and cost nothing but degrees of
freedom.
"""


def judged_pairs(found: Sequence[Corrected], units: Sequence[Ints]) -> PairMoments:
    """Compare all pairs of M models; `units`: of each model's answers, codes from 0, at least two of them.

    Memory: a few arrays of at most MOST_UNITS × M.
    """
    count = min(1 + max(int(codes.max()) for codes in units), MOST_UNITS)
    sums = np.column_stack(
        [
            np.bincount(codes % count, weights=each.added, minlength=count)
            for codes, each in zip(units, found, strict=True)
        ]
    )
    values = np.array([each.rate.value for each in found])
    pairs = pair_moments(values + count * sums, score=False)
    below, above = (np.maximum(each - (sums**2).sum(axis=0), 0.0) for each in _own_variances(found))
    ahead = values[:, None] > values
    added = np.where(ahead, below[:, None] + above, np.where(ahead.T, above[:, None] + below, 0.0))
    return with_own_pivots(replace(pairs, added=pairs.added + added))


def _own_variances(found: Sequence[Corrected]) -> tuple[Floats, Floats]:
    """Return the variances that go with each model's own limits, below and above (M,)."""
    sides = (
        [float(each.sums.below.half_width(REFERENCE)) + each.unknown / 2 for each in found],
        [float(each.sums.above.half_width(REFERENCE)) + each.unknown / 2 for each in found],
    )
    below, above = ((np.array(side) / t_quantile(REFERENCE, np.inf)) ** 2 for side in sides)
    return below, above
