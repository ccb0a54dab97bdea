"""What a margin says of a difference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from howsure.answers.base import number
from howsure.statistics.results import significant


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """What a margin says: is A not worse than B by more than it, and are they the same within it?

    p-values of the one-sided tests at ±margin (Schuirmann 1987); `p_inferior` of the other side, that A is worse by more, and
    `p_outside`, two-sided, that the difference lies beyond ±margin.
    """

    margin: float
    p_noninferior: float
    p_equivalent: float
    level: float
    p_inferior: float = math.nan
    p_outside: float = math.nan

    @property
    def noninferior(self) -> bool:
        """A is not worse than B by more than the margin."""
        return significant(self.p_noninferior, self.level)

    @property
    def equivalent(self) -> bool:
        """A and B are the same within the margin."""
        return significant(self.p_equivalent, self.level)

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "margin": self.margin,
            "p_noninferior": number(self.p_noninferior),
            "p_equivalent": number(self.p_equivalent),
            "noninferior": self.noninferior,
            "equivalent": self.equivalent,
        }
