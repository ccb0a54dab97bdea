"""Rules for integrals."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats


@cache
def legendre(count: int) -> tuple[Floats, Floats]:
    """Return so many points in [−1, 1] and their weights: Gauss and Legendre's rule."""
    points, weights = np.polynomial.legendre.leggauss(count)
    return points, weights
