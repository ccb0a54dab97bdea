"""Ranks from 1, of which those who tie share the mean.

`scipy.stats` has them too, and takes longer to import than a report of a small table takes to make.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from howsure.statistics.arrays import Floats


def midranks(values: Floats) -> Floats:
    """Rank numbers (…, n) along the last axis; where one of them is NaN, all are."""
    order = np.argsort(values, axis=-1)
    ordered = np.take_along_axis(values, order, -1)
    rises = np.ones((*values.shape[:-1], values.shape[-1] + 1), dtype=bool)
    rises[..., 1:-1] = ordered[..., 1:] != ordered[..., :-1]
    places = np.arange(values.shape[-1])
    first = np.maximum.accumulate(np.where(rises[..., :-1], places, 0), axis=-1)
    last = np.minimum.accumulate(np.where(rises[..., 1:], places, len(places))[..., ::-1], axis=-1)[..., ::-1]
    ranks = np.empty(values.shape)
    np.put_along_axis(ranks, order, (first + last) / 2 + 1, -1)
    return np.where(np.isnan(values).any(axis=-1, keepdims=True), np.nan, ranks)
