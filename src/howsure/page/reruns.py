"""How many questions two runs of one model alone would break and fix, for all pairs of the page: what
`compare --flips` says of each.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.inference.flips import rerun_flips

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.study.matrix import ScoreMatrix

    Counts = tuple[float, float]

MOST_ESTIMATES = 200
"""So many reruns are estimated for a page, at up to 20 ms each; a board that needs more names the command."""


class TooManyError(Exception):
    """More estimates than a page has time for."""


@dataclass(slots=True)
class Reruns:
    """The reruns that a page was asked for: the same model, items and attempts are estimated once."""

    known: dict[tuple[object, ...], Counts] = field(default_factory=dict)

    def columns(self, matrices: Sequence[ScoreMatrix], models: Sequence[str]) -> dict[str, Any]:
        """Return, of every pair, how many questions a rerun of the first breaks and fixes, and of the second;
        {} where they are too many.

        Tasks are added up; None stands where the attempts of some task don't tell.
        """
        pairs = list(combinations(models, 2))
        try:
            return {
                "rerun": list(self._told(matrices, pairs)),
                "turned_rerun": list(self._told(matrices, [(b, a) for a, b in pairs])),
            }
        except TooManyError:
            return {}

    def _told(
        self, matrices: Sequence[ScoreMatrix], pairs: Sequence[tuple[str, str]]
    ) -> Iterator[list[int] | None]:
        """Yield the rounded sums over the tasks, None where they aren't known."""
        repeated = [
            {model: bool((each.attempts[:, k] > 1).any()) for k, model in enumerate(each.models)}
            for each in matrices
        ]
        for before, after in pairs:
            if not all(each[before] for each in repeated):
                yield None
                continue
            counts = zip(*(self._of(matrix, before, after) for matrix in matrices), strict=True)
            sums = [math.fsum(each) for each in counts]
            yield [round(each) for each in sums] if all(map(math.isfinite, sums)) else None

    def _of(self, matrix: ScoreMatrix, before: str, after: str) -> Counts:
        a, b = matrix.column(before), matrix.column(after)
        shared = np.isfinite(matrix.values[:, a]) & np.isfinite(matrix.values[:, b])
        key = (matrix.task, matrix.metric, before, shared.tobytes(), matrix.attempts[shared, b].tobytes())
        if key not in self.known:
            if len(self.known) >= MOST_ESTIMATES:
                raise TooManyError
            self.known[key] = rerun_flips(matrix, before, after)
        return self.known[key]
