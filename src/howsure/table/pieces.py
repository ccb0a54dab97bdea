"""Rows grouped piece by piece, so that memory grows with the groups and not with the rows: what pieces found
is put together here.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.table.collecting import in_pieces
from howsure.table.grouping import KEYS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

OF_ITEMS = pl.col("task", "item")
PIECE_ROWS = 500_000
FIRST_LOOK = 2_000_000
MOSTLY_WHOLE = 0.7
"""From so many partial results on, pieces are given up where there are fewer groups per partial result."""
BLOCK_ROWS = 1_000_000
"""So many rows are numbered at a time."""
DENSE = 16
"""Codes are ticked off where their range is no more than so many times their number."""

Parts = list[pl.DataFrame]


def collect_pieces(
    frame: pl.LazyFrame,
    results: Callable[[pl.DataFrame], pl.DataFrame],
    attributes: Callable[[pl.DataFrame], pl.DataFrame] | None,
) -> tuple[pl.DataFrame, pl.DataFrame | None] | None:
    """Group each piece and join what groups have in several; None where too many groups lie in several
    pieces.

    `results` groups a piece by what it has of the keys, `attributes` by task and item, where any are needed.
    Memory: one piece and the groups, where a hash table of all groups needs several times as much.
    """
    found: Parts = []
    known: Parts = []
    next_look = FIRST_LOOK
    with ThreadPoolExecutor(1) as beside:
        for piece in in_pieces(frame, PIECE_ROWS):
            of_items = beside.submit(_known, piece, attributes)
            found.append(results(piece))
            known += of_items.result()
            if sum(map(len, found)) > next_look:
                if _whole_groups(pl.concat(found)) < MOSTLY_WHOLE:
                    return None
                next_look *= 4
                known = [merged_attributes(pl.concat(known))] if known else []
    whole = merged_attributes(pl.concat(known)).with_columns(OF_ITEMS.cast(pl.String)) if known else None
    return _merged_results(pl.concat(found)), whole


def _known(piece: pl.DataFrame, attributes: Callable[[pl.DataFrame], pl.DataFrame] | None) -> Parts:
    """Return what a piece says of its items."""
    return [] if attributes is None else [attributes(piece).with_columns(OF_ITEMS.cast(pl.Categorical))]


def news(piece: pl.DataFrame, names: Sequence[str]) -> pl.DataFrame:
    """Leave out the rows that say of these columns what the row before says: attempts mostly lie together."""
    columns = [pl.col(name) for name in names]
    same = pl.all_horizontal(column.eq_missing(column.shift()) for column in columns)
    return piece.filter(~same | (pl.int_range(pl.len()) == 0))


def _whole_groups(parts: pl.DataFrame) -> float:
    """Return the number of groups per partial result: 1 where each group lies in one piece."""
    return _distinct(group_codes(parts)) / len(parts)


def _merged_results(parts: pl.DataFrame) -> pl.DataFrame:
    """Join the partial results of groups whose rows lay in several pieces."""
    codes = group_codes(parts)
    if _distinct(codes) == len(codes):
        return parts
    order = codes.arg_sort()
    parts, codes = parts[order], codes[order]
    starts = np.flatnonzero(np.concatenate([[True], np.diff(codes.to_numpy()) > 0]))
    sizes = np.diff(starts, append=len(parts))
    number = {name: column.to_numpy() for name, column in parts.to_dict().items() if name not in KEYS}
    n, means = number["n"].astype(float), _finite(number["mean"])
    count = np.maximum(np.add.reduceat(n, starts), 1)
    mean = np.add.reduceat(n * means, starts) / count
    squares = n * (_finite(number["variance"]) + (means - np.repeat(mean, sizes)) ** 2)
    joined = {
        "mean": mean,
        "variance": np.add.reduceat(squares, starts) / count,
        "low": np.fmin.reduceat(number["low"], starts),
        "high": np.fmax.reduceat(number["high"], starts),
    }
    joined |= {
        name: (np.fmin if name.endswith(" least") else np.fmax).reduceat(values, starts)
        for name, values in number.items()
        if name.endswith((" least", " most"))
    }
    added = {k: np.add.reduceat(v, starts, dtype=v.dtype) for k, v in number.items() if k not in joined}
    return parts[starts].with_columns(**added, **{k: _scored(v, added["n"]) for k, v in joined.items()})


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Put 0 for no score, and for infinite ones, which are refused by their `low` and `high`."""
    return np.nan_to_num(values, posinf=0.0, neginf=0.0)


def _scored(values: NDArray[np.float64], n: NDArray[np.integer]) -> pl.Series:
    return pl.Series(np.where(n > 0, values, np.nan)).fill_nan(None)


def group_codes(parts: pl.DataFrame) -> pl.Series:
    """Number the groups of the keys that a frame has, with gaps (rows,)."""
    total = np.zeros(len(parts), dtype=np.int64)
    for key in KEYS:
        if key in parts.columns:
            _add_codes(total, parts[key])
    return pl.Series(total)


def _add_codes(total: NDArray[np.int64], column: pl.Series) -> None:
    """Make room for the distinct texts of a column of categoricals, null among them, in numbers of groups,
    and add that of each row's.
    """
    physical = column.to_physical()
    if column.null_count():
        physical = physical.cast(pl.Int64).fill_null(-1) + 1
    codes = physical.to_numpy()
    found = _ticked(codes)
    numbers = np.cumsum(found) - 1
    for begin in range(0, len(codes), BLOCK_ROWS):
        part = slice(begin, begin + BLOCK_ROWS)
        total[part] *= numbers[-1] + 1
        total[part] += numbers[codes[part]]


def _distinct(codes: pl.Series) -> int:
    """Count distinct codes, none below 0: by ticking them off, unless their range is much larger than their
    number.
    """
    numbers = codes.to_numpy()
    largest = int(numbers.max(initial=0))
    if largest > DENSE * len(numbers):
        return codes.n_unique()
    return int(np.count_nonzero(_ticked(numbers)))


def _ticked(numbers: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Say of every number up to the largest whether it is there."""
    found: NDArray[np.bool_] = np.zeros(int(numbers.max(initial=0)) + 1, dtype=bool)
    found[numbers] = True
    return found


def merged_attributes(parts: pl.DataFrame) -> pl.DataFrame:
    """Join the attributes that several pieces have of one item."""
    names = parts.columns[2:]
    half = len(names) // 2
    return parts.group_by("task", "item").agg(pl.col(names[:half]).min(), pl.col(names[half:]).max())
