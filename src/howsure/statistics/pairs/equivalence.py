"""What a margin says of a difference."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """What a margin says: is A not worse than B by more than it, and are they the same within it?

    p-values are those of the one-sided tests at ±margin (Schuirmann 1987).

    Attributes:
        margin: The margin, in score units.
        level: The confidence level.
        p_noninferior: The p-value of "A is not worse by more than the margin".
        p_equivalent: The p-value of "A and B are the same within the margin".
        p_inferior: The p-value of "A is worse by more than the margin".
        p_outside: The p-value of "they differ by more than the margin", two-sided.
        noninferior: Whether A is shown not to be worse by more than the margin.
        equivalent: Whether A and B are shown to be the same within the margin.
    """

    margin: float
    level: float
    p_noninferior: float
    p_equivalent: float
    p_inferior: float
    p_outside: float
    noninferior: bool
    equivalent: bool
