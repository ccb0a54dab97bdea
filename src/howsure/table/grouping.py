"""Grouping of rows in their engine: two queries (one row per task, metric, model and item, and one per task
and item), and sums of usage. The same is done piece by piece, so that memory grows with the groups.
"""

from __future__ import annotations

from contextlib import closing
from difflib import get_close_matches
from functools import partial, reduce
from operator import add
from threading import Lock
from typing import TYPE_CHECKING, Any, cast

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.table.cells import text_of, without_blanks
from howsure.table.engines import in_order, in_pieces, to_polars
from howsure.table.schema import MEASURES, find_roles, open_frame, tidy, used_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]
    Places = NDArray[np.intp]

MODELS = ("task", "metric", "model")
KEYS = (*MODELS, "item")
MOST_BITS = 32
"""Attempts 0 … 31 are counted as bits of a float: exact up to 2²¹ rows per group, and larger groups count as
repeated.
"""


def check_known(columns: Sequence[str], names: Sequence[str]) -> None:
    """Raise DataError, with the nearest name, for a missing column."""
    for column in columns:
        if column not in names:
            near = get_close_matches(column, names, n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise DataError(f"no column {column!r}", remedy=f"The columns are: {', '.join(names)}.{hint}")


def keys_of(roles: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the keys with a column. Grouping by constants isn't needed."""
    return [key for key in KEYS if key in roles]


def taken_of(names: Sequence[str]) -> list[str]:
    """Return the columns of usage, which are summed."""
    return [name for name in names if name.startswith(TAKEN)]


def results_query(
    frame: Frame, names: Sequence[str], roles: Mapping[str, tuple[str, ...]], *, bits: bool = False
) -> Frame:
    """Return the rows grouped by their keys. `bits`: count attempts as bits, which leaves out those outside 0
    … 31.
    """
    score, status, keys = nw.col("score"), nw.col("status"), keys_of(roles)
    has_status, numbered = "status" in roles, "attempt" in names
    scored = nw.when((status == "ok") & ~score.is_null()).then(score) if has_status else score
    prepared = frame.select(
        *keys,
        *([bit(nw.col("attempt")) if bits else nw.col("attempt").alias("attempt_")] if numbered else []),
        scored.alias("score_"),
        *([(status == "error").cast(nw.Int64).alias("error_")] if has_status else []),
        *([(status == "not run").cast(nw.Int64).alias("not_run_")] if has_status else []),
        *taken_of(names),
    )
    value, attempt = nw.col("score_"), nw.col("attempt_")
    return prepared.group_by(*keys).agg(
        nw.len().alias("rows"),
        value.count().alias("n"),
        value.mean().alias("mean"),
        value.var(ddof=0).alias("variance"),
        value.min().alias("low"),
        value.max().alias("high"),
        *([(attempt.sum() if bits else attempt.n_unique()).alias("attempts")] if numbered else []),
        *([nw.col("error_").sum().alias("n_error")] if has_status else []),
        *([nw.col("not_run_").sum().alias("n_not_run")] if has_status else []),
        *(each for name in taken_of(names) for each in _summed(name)),
    )


def _summed(name: str) -> tuple[nw.Expr, ...]:
    """Return the total of a column, how often it was recorded, and its limits."""
    column = nw.col(name)
    return (
        column.sum(),
        column.count().alias(f"{name} n"),
        column.min().alias(f"{name} least"),
        column.max().alias(f"{name} most"),
    )


def bit(attempt: nw.Expr) -> nw.Expr:
    """Return 2^attempt: k of them sum to a number with k bits exactly if all are different."""
    fits = (attempt >= 0) & (attempt < MOST_BITS)
    return nw.when(fits).then(nw.lit(2.0) ** attempt.cast(nw.Float64)).alias("attempt_")


def attributes_query(
    frame: Frame, columns: Sequence[str], *, by: Sequence[str] = (), counted: bool = False
) -> Frame:
    """Return the smallest and largest text of each column for every task and item. `by`: additional keys.
    `counted`: also return the number of `rows`.
    """
    texts = [text_of(name, frame).alias(f"{name}_") for name in columns]
    prepared = frame.select("task", "item", *by, *texts)
    # distinct values first, so that only few texts are compared
    distinct = prepared.group_by(*prepared.collect_schema().names()).agg(nw.len().alias("rows"))
    if not columns:
        return distinct if counted else distinct.select("task", "item", *by)
    lowest = [nw.col(f"{name}_").min().alias(name) for name in columns]
    highest = [nw.col(f"{name}_").max().alias(f"{name}_max") for name in columns]
    rows = [nw.col("rows").sum()] if counted else []
    return distinct.group_by("task", "item", *by).agg(*lowest, *highest, *rows)


TAKEN = "taken:"
"""The prefix of columns of measures while they are summed. Their counts end in " n"."""


def taken_name(name: str) -> str:
    """Return the column of a measure's totals."""
    return f"{TAKEN}{name}"


def with_taken(frame: Any, names: Sequence[str]) -> Any:
    """Return rows with additional columns of measures as numbers."""
    return (
        frame.with_columns(*(_number(frame, name).alias(taken_name(name)) for name in names))
        if names
        else frame
    )


def measure_names(scores: Scores) -> list[str]:
    """Return the numeric columns of usage, in the order of the schema, except one used as the score."""
    columns = open_frame(scores.rows).collect_schema()
    used = used_columns(find_roles(columns.names(), scores.roles))
    return [name for name in MEASURES if name in columns and name not in used and columns[name].is_numeric()]


def taken(scores: Scores) -> pl.DataFrame:
    """Return one row per recorded measure: its `name`, in how many of `attempts` it was `recorded`, and the
    `total`.

    The measures are repeated for every metric of an attempt. To count attempts once, the metric with the most
    rows counts for each task and model.
    """
    names = measure_names(scores)
    if not names:
        return pl.DataFrame(schema={"name": pl.String})
    frame, _ = tidy(scores.rows, scores.roles)
    values = frame.select("task", "model", "metric", *(_number(frame, name) for name in names))
    totals = [
        each for name in names for each in (nw.col(name).sum(), nw.col(name).count().alias(f"{name} n"))
    ]
    parts = to_polars(values.group_by("task", "model", "metric").agg(nw.len().alias("rows"), *totals))
    once = parts.sort("rows", "metric", descending=[True, False]).unique(["task", "model"], keep="first")
    return pl.DataFrame(
        {
            "name": names,
            "recorded": [int(once[f"{name} n"].sum()) for name in names],
            "attempts": [int(once["rows"].sum())] * len(names),
            "total": [float(once[name].sum()) for name in names],
        }
    ).filter(pl.col("recorded") > 0)


def _number(frame: Any, name: str) -> nw.Expr:
    """Cast a measure to numbers. NaN counts as not recorded."""
    number = nw.col(name).cast(nw.Float64)
    if frame.collect_schema()[name].is_float():
        number = nw.when(~number.is_nan()).then(number)
    return number.alias(name)


OF_ITEMS = pl.col("task", "item")
PIECE_ROWS, THREADS = 175_000, 2
FIRST_LOOK = 2_000_000
MOSTLY_WHOLE = 0.7
"""From this many partial results on, grouping by pieces stops if there are fewer groups per partial result.
"""
BLOCK_ROWS = 1_000_000
"""The number of rows numbered at a time."""
DENSE = 16
"""Codes are ticked off if their range is at most this many times their number."""

Parts = list[pl.DataFrame]


def collect_pieces(
    frame: pl.LazyFrame,
    keys: Sequence[str],
    columns: Sequence[str],
    results: Callable[[pl.DataFrame, Places, pl.DataFrame], pl.DataFrame],
) -> tuple[pl.DataFrame, pl.DataFrame | None] | None:
    """Group each piece and join the groups in several. None if too many groups are in several pieces.

    `results` groups a piece by its keys, given the places and names of the rows that differ from the row
    before. `columns`: attributes of task and item, if any are needed. Memory: two pieces and the groups. A
    hash table of all groups would need several times as much.
    """
    found: Parts = []
    known: Parts = []
    next_look = FIRST_LOOK
    codes = list(dict.fromkeys([*keys, *(("task", "item") if columns else ())]))
    named = list(dict.fromkeys([*codes, *columns]))
    attributes = _Attributes(columns)

    def grouped(piece: pl.DataFrame) -> tuple[pl.DataFrame, Parts]:
        """Return the results of a piece, and the attributes of its items that weren't seen before."""
        starts, names = changes(piece.select(named))
        names = without_blanks(names).with_columns(pl.col(codes).cast(pl.Categorical))
        return results(piece, starts, names), attributes.unseen(names)

    threads = min(THREADS, pl.thread_pool_size())
    with closing(in_pieces(frame, PIECE_ROWS)) as pieces:
        work = (partial(grouped, piece) for piece in pieces)
        for of_models, of_items in in_order(work, threads=threads, ahead=threads - 1):
            found.append(of_models)
            known += of_items
            if sum(map(len, found)) > next_look:
                # The number of groups per partial result: 1 if each group is in one piece.
                parts = _together(found)
                whole_groups = _distinct(group_codes(parts)) / len(parts)
                if whole_groups < MOSTLY_WHOLE:
                    return None
                next_look *= 4
                known = [merged_attributes(pl.concat(known))] if known else []
    whole = merged_attributes(pl.concat(known)).with_columns(OF_ITEMS.cast(pl.String)) if known else None
    return _merged_results(_together(found)), whole


def distinct(frame: Frame, names: Sequence[str]) -> pl.DataFrame:
    """Return the distinct values of these columns, and the number of `rows` with each, in any order: of a
    Polars scan piece by piece.
    """
    native = frame.to_native()
    if not isinstance(native, pl.LazyFrame):
        return to_polars(frame.group_by(*names).agg(nw.len().alias("rows")))
    found: Parts = []
    for piece in in_pieces(native.select(names), PIECE_ROWS):
        found.append(piece.group_by(names).agg(rows=pl.len()))
        if sum(map(len, found)) > FIRST_LOOK:
            found = [pl.concat(found).group_by(names).agg(pl.col("rows").sum())]
    return pl.concat(found).group_by(names).agg(pl.col("rows").sum())


class _Attributes:
    """The attributes of items, piece by piece: most were already in the pieces before, with another model."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns, self.lock = columns, Lock()
        self.latest = np.zeros(0, dtype=np.uint64)
        """A hash of the latest task and attributes of each item, by its code."""

    def unseen(self, names: pl.DataFrame) -> Parts:
        """Return the attributes of the items of a piece that aren't those that the item had before."""
        if not self.columns:
            return []
        names = names.filter(pl.col("item").is_not_null())
        items = names["item"].to_physical().to_numpy()
        seen = _hashes(names.select("task", *self.columns)).to_numpy()
        with self.lock:
            first, more = not len(self.latest), int(items.max(initial=0)) + 1 - len(self.latest)
            if more > 0:
                self.latest = np.append(self.latest, np.zeros(more + len(self.latest), dtype=np.uint64))
            new = self.latest[items] != seen
            self.latest[items] = seen
        if not first and not new.any():
            return []
        rows, last = np.arange(len(items)), np.zeros(int(items.max(initial=0)) + 1, dtype=np.intp)
        last[items] = rows  # of the rows that equal the last one of their item, that one is enough
        new &= (seen != seen[last[items]]) | (rows == last[items])
        return [to_polars(attributes_query(nw.from_native(names.filter(new).lazy()), self.columns))]


def changes(names: pl.DataFrame) -> tuple[Places, pl.DataFrame]:
    """Return the places of the rows that differ from the row before by their sum of hashes, and of the first
    (starts,), and these rows: attempts are mostly adjacent.
    """
    names = names.rechunk()
    marks, new = _hashes(names).to_numpy(), np.ones(len(names), dtype=bool)
    np.not_equal(marks[1:], marks[:-1], out=new[1:])
    return np.flatnonzero(new), names if new.all() else names.filter(new)


def _together(found: Parts) -> pl.DataFrame:
    """Return partial results as one frame. Only some of them may have limits in single precision."""
    return pl.concat(found, how="vertical_relaxed")


LEAST_RUN = 2.0
"""Rows are grouped by runs if these have at least so many rows on average, or each is a group of its own."""


def results_of_runs(rows: pl.DataFrame, starts: Places, names: pl.DataFrame) -> pl.DataFrame | None:
    """Return the results of rows (`results_query`) if those at each item are adjacent, as harnesses mostly
    write them. None otherwise. An item in two runs has two results.

    `names`: the keys of the rows at `starts` (`changes`).
    """
    if not len(starts) or (len(starts) * LEAST_RUN > len(rows) and not all_differ(names)):
        return None
    score, sizes = rows["score"].to_numpy(), np.diff(starts, append=len(rows))
    known = ~np.isnan(score)
    n, values = sizes.astype(np.uint32), score
    attempted = scored = pl.Series(n)  # the same memory, if all are known
    if not known.all():
        n, values = np.add.reduceat(known, starts, dtype=np.uint32), np.where(known, score, 0.0)
        scored = pl.Series(n)
    count = np.maximum(n, 1)
    mean = np.add.reduceat(values, starts) / count + 0.0  # no −0
    with np.errstate(invalid="ignore"):  # infinite scores are refused by their limits
        away = (values - np.repeat(mean, sizes)) * known
    away *= away
    found = {
        "mean": mean,
        "variance": np.add.reduceat(away, starts) / count,
        "low": _in_single(np.fmin.reduceat(score, starts)),
        "high": _in_single(np.fmax.reduceat(score, starts)),
    }
    return names.with_columns(
        rows=attempted,
        n=scored,
        **{name: _scored(column, n) for name, column in found.items()},
        **({"attempts": _attempts_of_runs(rows, starts)} if "attempt" in rows.columns else {}),
    )


def _attempts_of_runs(rows: pl.DataFrame, starts: Places) -> pl.Series:
    """Return the sum of the bits of the attempts of each run, 0 for those outside 0 … 31."""
    attempts = rows["attempt"].cast(pl.UInt32, strict=False).fill_null(MOST_BITS).to_numpy()
    return pl.Series(np.add.reduceat(np.left_shift(np.uint32(1), attempts).astype(float), starts))


def _merged_results(parts: pl.DataFrame) -> pl.DataFrame:
    """Join the partial results of groups with rows in several pieces."""
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
    """Put 0 for missing and infinite scores. The latter are refused by their `low` and `high`."""
    return np.nan_to_num(values, posinf=0.0, neginf=0.0)


@np.errstate(invalid="ignore", over="ignore")
def _in_single(values: NDArray[np.float64]) -> NDArray[np.floating]:
    """Return values in single precision, if that changes none of them."""
    single = values.astype(np.float32)
    return single if np.array_equal(single, values, equal_nan=True) else values


def _scored(values: NDArray[np.floating], n: NDArray[np.integer]) -> pl.Series:
    return pl.Series(values) if n.all() else pl.Series(np.where(n > 0, values, np.nan)).fill_nan(None)


def group_codes(parts: pl.DataFrame) -> pl.Series:
    """Number the groups by the frame's keys, with unused numbers in between (rows,)."""
    total = np.zeros(len(parts), dtype=np.int64)
    for key in KEYS:
        if key in parts.columns:
            # Make room for the distinct texts of a column of categoricals, null among them, in numbers of
            # groups, and add that of each row's.
            column = parts[key]
            physical = column.to_physical()
            if column.null_count():
                physical = physical.cast(pl.Int64).fill_null(-1) + 1
            codes = physical.to_numpy()
            numbers = np.cumsum(_ticked(codes)) - 1
            if not numbers[-1]:
                continue
            for begin in range(0, len(codes), BLOCK_ROWS):
                part = slice(begin, begin + BLOCK_ROWS)
                total[part] *= numbers[-1] + 1
                total[part] += numbers[codes[part]]
    return pl.Series(total)


SAMPLED = 64
"""Copies are looked for first among the rows whose sum of hashes is a multiple of this."""


def all_differ(rows: pl.DataFrame) -> bool:
    """Return whether no two rows are the same, by sums of hashes. False if two differ by their sum only by
    chance.
    """
    sums = _hashes(rows)
    some = sums.filter(sums % SAMPLED == 0)  # a row is among them with all its copies
    return int(some.n_unique()) == len(some) and int(sums.n_unique()) == len(rows)


def _hashes(rows: pl.DataFrame) -> pl.Series:
    """Return the sum of a row's hashes (rows,)."""
    return reduce(add, (column.hash(seed=k) for k, column in enumerate(rows)))


def once(rows: pl.DataFrame) -> pl.DataFrame:
    """Return the first of all rows with the same keys."""
    if "item" in rows.columns and rows["item"].dtype == pl.String:
        return rows if all_differ(rows) else rows.unique(maintain_order=True)
    return rows[group_codes(rows).arg_unique()]


def _distinct(codes: pl.Series) -> int:
    """Count distinct codes, none below 0: by ticking them off, unless their range is much larger than their
    number.
    """
    numbers = codes.to_numpy()
    largest = int(numbers.max(initial=0))
    if largest > DENSE * len(numbers):
        return codes.n_unique()
    return int(np.count_nonzero(_ticked(numbers)))


def distinct_names(column: pl.Series) -> pl.Series:
    """Return the distinct values of a column of texts or categoricals, in any order, without null. A table of
    the places of codes takes a quarter of the time of `unique`.
    """
    if column.dtype != pl.Categorical or len(column) < FIRST_LOOK:
        return column.unique().drop_nulls()
    physical = column.to_physical()
    places = np.full(cast("int", physical.max() or 0) + 1, -1)
    for rows, part in in_blocks(physical):
        here = np.arange(rows.start, rows.stop)
        places[part.drop_nulls().to_numpy()] = here[part.is_not_null().to_numpy()]
    return column.gather(places[places >= 0])


def count_names(column: pl.Series) -> int:
    """Count the distinct values of a column of texts or categoricals, without null."""
    if len(column) < FIRST_LOOK:
        return column.n_unique() - bool(column.null_count())
    return len(distinct_names(column))


def in_blocks(column: pl.Series) -> Iterator[tuple[slice, pl.Series]]:
    """Yield a column in parts, and the rows of each. Polars would copy a whole column that is in several
    chunks, and NumPy indices that aren't of 64 bits.
    """
    begin = 0
    for chunk in column.get_chunks():
        for start in range(0, len(chunk), BLOCK_ROWS):
            part = chunk.slice(start, BLOCK_ROWS)
            yield slice(begin, begin + len(part)), part
            begin += len(part)


def _ticked(numbers: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Return whether each number up to the largest is present."""
    found: NDArray[np.bool_] = np.zeros(int(numbers.max(initial=0)) + 1, dtype=bool)
    for begin in range(0, len(numbers), BLOCK_ROWS):  # as in `in_blocks`
        found[numbers[begin : begin + BLOCK_ROWS]] = True
    return found


def merged_attributes(parts: pl.DataFrame) -> pl.DataFrame:
    """Join the attributes of one item from several pieces."""
    names = parts.columns[2:]
    half = len(names) // 2
    return parts.group_by("task", "item").agg(pl.col(names[:half]).min(), pl.col(names[half:]).max())
