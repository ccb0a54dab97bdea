"""Roots of many polynomials of the fourth degree at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from howsure.statistics.tolerances import SMALLEST

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats

FAR = 1e3
"""Roots whose mean is farther from 0 are found by eigenvalues."""
NEAR = 1e-4
"""Longer steps of Newton's method, relative to the root, aren't made."""
EXACT = 1e-9
"""Relative to their terms, so close the products of the roots are to the coefficients."""


@np.errstate(all="ignore")
def real_parts(c3: Floats, c2: Floats, c1: Floats, c0: Floats) -> Floats:
    """Return the real parts of the roots of x⁴ + c₃ x³ + c₂ x² + c₁ x + c₀, of any shape, along a new first
    axis (4, …).

    The polynomial is split into two of the second degree by a root of its resolvent (Ferrari), polished by
    two steps of Newton's method. Where that is inexact (nearly multiple or distant roots), the roots are the
    eigenvalues of the companion matrix.
    """
    mean = -c3 / 4
    p = c2 - 6 * mean**2
    q = c1 + 2 * c2 * mean - 8 * mean**3
    r = c0 + mean * (c1 + mean * (c2 - 3 * mean**2))
    m = _largest_root(p, p**2 / 4 - r, -(q**2) / 8)
    s = np.sqrt(2 * m)
    half, tilt = p / 2 + m, q / (2 * s)
    constants = half + tilt, half - tilt
    found = np.stack(
        [
            sign * s / 2 + side * np.sqrt(np.maximum(m / 2 - constant, 0.0)) + mean
            for sign, constant in zip((1, -1), constants, strict=True)
            for side in (1, -1)
        ]
    )
    real = np.repeat(np.stack([m / 2 > constant for constant in constants]), 2, axis=0)
    for _ in range(2):
        slope = ((4 * found + 3 * c3) * found + 2 * c2) * found + c1
        step = ((((found + c3) * found + c2) * found + c1) * found + c0) / slope
        found = np.where(real & (np.abs(step) < NEAR * (1 + np.abs(found))), found - step, found)
    size = p**2 + np.abs(r) + m**2 + tilt**2
    inexact = ~(np.abs(constants[0] * constants[1] - r) <= EXACT * size) | (np.abs(mean) > FAR)
    inexact |= ~(s**2 > EXACT * (np.abs(p) + SMALLEST)) | ~np.isfinite(found).all(axis=0)
    if inexact.any():
        found[:, inexact] = _eigenvalues(*(part[inexact] for part in (c3, c2, c1, c0)))
    return found


def _largest_root(b: Floats, c: Floats, d: Floats) -> Floats:
    """Return the largest real root of m³ + b m² + c m + d, polished by two steps of Newton's method."""
    p, q = c - b**2 / 3, 2 * b**3 / 27 - b * c / 3 + d
    inside = q**2 / 4 + p**3 / 27
    root = np.sqrt(np.maximum(inside, 0.0))
    cube = np.cbrt(-q / 2 - np.where(q > 0, root, -root))
    alone = cube - p / (3 * np.where(cube == 0, 1.0, cube))
    length = np.sqrt(np.maximum(-p / 3, 0.0))
    angle = np.arccos(np.clip(-q / 2 / np.maximum(length**3, SMALLEST), -1.0, 1.0))
    m = np.where(inside > 0, alone, 2 * length * np.cos(angle / 3)) - b / 3
    for _ in range(2):
        slope = (3 * m + 2 * b) * m + c
        step = (((m + b) * m + c) * m + d) / slope
        m = np.where(np.isfinite(step), m - step, m)
    return np.asarray(np.maximum(m, 0.0))


def _eigenvalues(c3: Floats, c2: Floats, c1: Floats, c0: Floats) -> Floats:
    """Return the same by eigenvalues of companion matrices."""
    companion = np.zeros((*c3.shape, 4, 4))
    companion[..., 1:, :-1] = np.eye(3)
    for place, part in enumerate((c0, c1, c2, c3)):
        companion[..., place, -1] = np.nan_to_num(-part)
    return np.asarray(np.moveaxis(np.linalg.eigvals(companion).real, -1, 0))
