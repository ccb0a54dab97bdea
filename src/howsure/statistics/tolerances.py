"""Tolerances for rounding errors, each with its reason."""

from __future__ import annotations

ROUNDING = 1e-12
"""Two numbers that should be the same, but were computed in different orders, differ by less than this share
of them. Sums that should cancel leave less than this share of their terms.
"""
ROUNDED_SCORES = 1e-9
"""Scores, weights and shares of one item that passed through text, averages or sums by block are equal if
they differ by at most this.
"""
ROUNDED_MEANS = 1e-13
"""Means of the same scores differ by less than this share of the largest score, in any order."""
ROUNDED_SQUARES = 1e-20
"""Squares per item of scores in [0, 1] up to this are rounding errors of their differences."""
SMALLEST = 1e-300
"""Keeps a division or a logarithm defined if the number itself doesn't matter."""
