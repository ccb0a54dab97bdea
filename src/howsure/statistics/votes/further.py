"""Which further vote would tell most: by how much one of each pair lowers the variance of a gap (c-optimal
design; Silvey 1980).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.votes.ties import tie_rule

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Ties
    from howsure.statistics.votes.strengths import Strengths


def saved_by_a_vote(fit: Strengths, slopes: Floats, ties: Ties) -> Floats:
    """Return by how much a vote of each pair, answers alike in every covariate, would lower the variance of a
    number with these derivatives (M, M).

    `slopes` (P,). With i the information of a vote, a its direction and V the inverse of the information: i
    (a'V f)² / (1 + i a'V a), as the inverse changes by a term of rank one (Sherman and Morrison 1950).
    """
    models = len(fit.log)
    at = tie_rule(ties).at(fit.log[:, None] - fit.log, fit.tie)
    toward, within = fit.inverse[:models] @ slopes, fit.inverse[:models, :models]
    own = np.diagonal(within)
    crossed = own[:, None] + own - 2 * within
    return np.asarray(at.information[0] * (toward[:, None] - toward) ** 2 / (1 + at.information[0] * crossed))
