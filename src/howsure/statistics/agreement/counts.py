"""How often each item got each value, what two values are apart, and what raters would differ by chance."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Measurement


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """`counts` (n, q): how often each of n items got each of q values, at least two ratings an item.
    `numbers` (q,): the values, rising.
    """

    counts: Floats
    numbers: Floats

    @property
    def ratings(self) -> Floats:
        """How many ratings each item got (n,)."""
        return np.asarray(self.counts.sum(axis=1))

    @property
    def shares(self) -> Floats:
        """The share of each value among an item's ratings (n, q)."""
        return self.counts / self.ratings[:, None]


def nominal(values: int) -> Floats:
    """Return the distances (q, q) of values that are equal or not."""
    return 1.0 - np.eye(values)


def distances(numbers: Floats, measurement: Measurement) -> Floats:
    """Return the distances (q, q) of values, the largest 1: by their ranks if they are in order, squared if
    their differences count.
    """
    if measurement == "nominal" or len(numbers) <= 2:
        return nominal(len(numbers))
    places = np.arange(len(numbers), dtype=float) if measurement == "ordinal" else numbers
    apart = np.abs(places[:, None] - places) / (places[-1] - places[0])
    return np.asarray(apart if measurement == "ordinal" else apart**2)


def cumulative(shares: Floats) -> Floats:
    """Return by how many ratings two values in order are apart (q, q), half of the ends counted (Krippendorff
    2004), as a share.
    """
    below = np.cumsum(shares) - shares / 2
    return np.abs(below[:, None] - below)


def differences(found: Counts, apart: Floats) -> Floats:
    """Return the mean distance of the pairs of ratings of each item (n,)."""
    many = found.ratings
    return np.asarray((found.counts * (found.counts @ apart)).sum(axis=1) / (many * (many - 1)))
