"""What is asked of a study: how means are estimated and pairs compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.options import Population
    from howsure.statistics.choices import ComparisonMethod, IntervalMethod, Variance

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOptions:
    """How one mean is estimated."""

    interval: IntervalMethod | None
    variance: Variance
    level: float
    seed: int
    population: Population = "questions"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOptions:
    """How two models are compared."""

    method: ComparisonMethod | None
    variance: Variance
    level: float
    margin: float | None
    seed: int
    population: Population = "questions"
