"""TaskClusters: what the questions of a task come in."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskClusters:
    """The clusters of the questions that a score or a difference stands on.

    Attributes:
        name: The column, or what else they are called by.
        n: How many there are.
        effective: How many equal clusters would be worth as much, n² / Σ n_g².
    """

    name: str
    n: int
    effective: float = math.nan
