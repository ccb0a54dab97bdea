"""The arrays that statistics take and return, by what they hold; a docstring names their shape, as in (n,) or (M, M)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Singles = NDArray[np.float32]
Ints = NDArray[np.int64]
Positions = NDArray[np.intp]
Bools = NDArray[np.bool_]

Limits = tuple[Floats, Floats]
"""The lower and the upper limits of intervals."""
