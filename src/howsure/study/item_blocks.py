"""Items read in blocks of whole clusters, each aggregated and released: results are those of the items, which
were never in memory together.

Before a block is fetched the mean and the size of every cluster are known (by_cluster.py). A block has at
most half of the results that fit into memory. Only the sums for means and pairs are kept
(statistics/block_sums.py). Every model must have answered every item.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from howsure.statistics.block_sums import Block, Clusters, item_sums
from howsure.statistics.tolerances import ROUNDED_SCORES
from howsure.study.gathering import FEW
from howsure.table import aggregate
from howsure.table.engines import to_polars
from howsure.table.grouping import MODELS, MOST_BITS, bit
from howsure.table.names import means_factor
from howsure.table.scale import ROUNDING
from howsure.table.schema import tidy
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scale import ScaleBounds
    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

PART = 0.5
"""The share of the results that fit into memory that a block may have."""


class NoSumsError(Exception):
    """Items can't be aggregated in blocks; the text is the reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterSource:
    """The source of items: rows with the column that clusters them. `numbered`: whether a column numbers the
    attempts. `models`: all in the rows, if known. `scale`: of the scores.
    """

    frame: Frame
    column: str
    numbered: bool
    models: frozenset[str] = frozenset()
    scale: ScaleBounds | None = None

    @classmethod
    def of(cls, scores: Scores, column: str) -> ClusterSource:
        """Open the rows of scores."""
        frame, _ = tidy(scores.rows, scores.roles)
        return cls(frame=frame, column=column, numbered="attempt" in frame.collect_schema().names())

    @property
    def counts_bits(self) -> bool:
        """Return whether attempts have whole numbers."""
        return self.numbered and self.frame.collect_schema()["attempt"].is_integer()

    def items(self, *, bits: bool) -> Frame:
        """Return one row for each task, metric, model and item: `score_`, the mean of its attempts,
        `cluster_`, and other columns for its sums.

        `other_`: the last cluster of an item in several. `again`: how many rows repeat an attempt, if these
        are numbered. With `bits` it is 1 unless the numbers are consecutive, and needs no set of numbers per
        item, which takes more memory than all else.
        """
        attempt, rows = nw.col("attempt_"), nw.col("rows")
        columns: list[nw.Expr] = []
        more: list[nw.Expr] = []
        again: nw.Expr = nw.lit(0)
        if bits:
            columns, more = [bit(nw.col("attempt"))], [attempt.sum(), attempt.min().alias("first")]
            # As many powers of two as their sum has bits are all different.
            differ = (rows <= MOST_BITS) & (attempt == nw.col("first") * (nw.lit(2.0) ** rows - 1))
            again = nw.when(differ).then(nw.lit(0)).otherwise(nw.lit(1))
        elif self.numbered:
            columns, more = [nw.col("attempt").alias("attempt_")], [attempt.n_unique().alias("attempts")]
            again = rows - nw.col("attempts")
        grouped = self._grouped((*MODELS, "item"), columns, nw.col("cluster_").max().alias("other_"), *more)
        return grouped.with_columns(again.alias("again"))

    def _grouped(self, keys: Sequence[str], columns: Sequence[nw.Expr], *more: nw.Expr) -> Frame:
        """Group the rows by item, with these keys. `more`: the aggregates of each group in addition to its
        scores, from these columns.
        """
        scored = nw.when((nw.col("status") == "ok") & ~nw.col("score").is_null()).then(nw.col("score"))
        cluster, value = nw.col(self.column).cast(nw.String).alias("cluster_"), nw.col("score_")
        rows = self.frame.select(*keys, cluster, scored.alias("score_"), *columns)
        return rows.group_by(*keys).agg(
            value.mean(),
            value.var(ddof=0).alias("within"),
            value.min().alias("low"),
            value.max().alias("high"),
            value.count().alias("scored"),
            nw.col("cluster_").min(),
            nw.len().alias("rows"),
            *more,
        )

    @staticmethod
    def ends() -> nw.Expr:
        """Return whether every score of an item is 0 or 100, as percentages may be: then the variance follows
        from the mean.
        """
        value, low, high = nw.col("score_"), nw.col("low"), nw.col("high")
        apart = (nw.col("within") - value * (100 - value)).abs()
        return ((low == 0) | (low == 100)) & ((high == 0) | (high == 100)) & (apart <= ROUNDING * 100**2)

    def of_clusters(self, matrix: ScoreMatrix, names: Sequence[str]) -> ClusterSource:
        """Return the rows of a matrix's task, metric and models in these clusters, perhaps with others."""
        chosen = (nw.col("task") == matrix.task) & (nw.col("metric") == matrix.metric)
        if self.models != set(matrix.models):
            chosen &= nw.col("model").is_in(list(matrix.models))
        cluster = nw.col(self.column).cast(nw.String)
        # For each row DuckDB searches all names, instead of a hash table.
        if self.frame.implementation.is_duckdb():
            chosen &= cluster.is_between(nw.lit(min(names)), nw.lit(max(names)))
        else:
            chosen &= cluster.is_in(list(names))
        return replace(self, frame=self.frame.filter(chosen))

    def collected(self) -> pl.DataFrame:
        """Return the items of one task and metric in the units of their scale."""
        found = to_polars(self._grouped(("model", "item"), ()))
        if self.scale is None or self.scale.as_it_is:
            return found
        placed = (self.scale.place(pl.col(name)).alias(name) for name in ("score_", "low", "high"))
        return found.with_columns(*placed, within=self.scale.size(self.scale.size(pl.col("within"))))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """A block, with the data kept in addition to scores: `tried` and `failed` attempts by cluster (C, M), and
    whether scores are in [0, 1].
    """

    block: Block
    tried: Ints
    failed: Ints
    bounded: bool


def crossed(study: Study, source: ClusterSource, sizes: pl.DataFrame, lost: pl.DataFrame) -> Study:
    """Return a study of clusters as one of their items, from blocks of these.

    `sizes`: one row for each task, metric and cluster (`item`) with the number of its items (`weight`).
    `lost`: attempts in clusters without any score (`failed`), by task, metric and model. NoSumsError if
    models answered different items, a single cluster is too large for a block, or each has one item.
    """
    found = {
        key: _crossed(
            study.matrix(key),
            replace(source, scale=study.scales[key]),
            *(of_all.filter(task=key[0], metric=key[1]) for of_all in (sizes, lost)),
        )
        for key in study.parts
    }
    matrices = {key: matrix for key, (matrix, _) in found.items()}
    told = _note(matrices, source.column, sum(blocks for _, blocks in found.values()))
    _of_clusters, *others = study.notes  # sizes come first (notes.py)
    few = frozenset(task for (task, _), matrix in matrices.items() if matrix.few_clusters)
    names = dict.fromkeys(study.tasks, (source.column,))
    # Note the numbers of models, tasks, items and attempts.
    every = list(matrices.values())
    tasks, models = {matrix.task for matrix in every}, {model for matrix in every for model in matrix.models}
    items = sum({matrix.task: matrix.n_items for matrix in every}.values())
    attempts = sum(int(matrix.n_attempts.sum()) for matrix in every)
    several = f"{plural(len(tasks), 'task')}, " if len(tasks) > 1 else ""
    data_note = (
        f"Data: {plural(len(models), 'model')}, {several}{plural(items, 'item')}, "
        f"{plural(attempts, 'attempt')} in all."
    )
    notes = (data_note, *others, told)
    return replace(study, crossed=matrices, cluster_names=names, few_clusters=few, notes=notes)


def _crossed(
    matrix: ScoreMatrix, source: ClusterSource, sizes: pl.DataFrame, lost: pl.DataFrame
) -> tuple[ScoreMatrix, int]:
    """Return a matrix of clusters with the sums of their items, and the number of blocks."""
    if not matrix.complete:
        raise NoSumsError("models answered different items")
    order = pl.DataFrame({"item": matrix.items}).join(sizes, on="item", how="left", maintain_order="left")
    totals = order["weight"].cast(pl.Float64).to_numpy()
    kept = _Kept.nothing(matrix)
    if totals.max() == 1:
        raise NoSumsError(f"each cluster of {matrix.task} has one item")
    cuts = _cuts(totals * len(matrix.models))
    sums = item_sums(kept.blocks(matrix, source, cuts), Clusters(totals=totals, means=matrix.values))
    if kept.items != sums.n:
        raise NoSumsError("models answered different items")
    labels = tuple(str(name) for name in matrix.items)
    return replace(
        matrix,
        sums=sums,
        weights=None,
        clusters=(np.arange(len(totals)),),
        cluster_names=(source.column,),
        cluster_labels=(labels,),
        few_clusters=sums.clusters.term.effective < FEW and not means_factor(source.column),
        bounded=kept.bounded,
        tried=kept.tried,
        failed=kept.failed,
        lost=_lost(lost, matrix),
    ), len(cuts)


def _lost(lost: pl.DataFrame, matrix: ScoreMatrix) -> Ints:
    """Return how many attempts of each model (M,) are in clusters without any score."""
    counts = dict(lost.select("model", "failed").iter_rows())
    return np.array([counts.get(model, 0) for model in matrix.models], dtype=np.int64)


@dataclass(slots=True)
class _Kept:
    """The data kept from earlier blocks, in addition to their sums."""

    tried: Ints
    failed: Ints
    bounded: bool = True
    items: int = 0

    @classmethod
    def nothing(cls, matrix: ScoreMatrix) -> _Kept:
        """Start without blocks."""
        shape = matrix.values.shape
        return cls(tried=np.zeros(shape, dtype=np.int64), failed=np.zeros(shape, dtype=np.int64))

    def blocks(self, matrix: ScoreMatrix, source: ClusterSource, cuts: Sequence[slice]) -> Iterator[Block]:
        """Yield the block of each cut of the clusters, fetched when it is needed."""
        for cut in cuts:
            found = _read(matrix, source, cut)
            self.tried += found.tried
            self.failed += found.failed
            self.bounded &= found.bounded
            self.items += len(found.block.x)
            yield found.block


def _cuts(cells: Floats) -> list[slice]:
    """Cut clusters of so many results (C,) into blocks, in order. NoSumsError if one is too large for a
    block.
    """
    room = PART * aggregate.free_bytes() / aggregate.RESULT_BYTES
    if cells.max() > room:
        raise NoSumsError(f"a cluster of {plural(int(cells.max()), 'result')} doesn't fit into memory either")
    cuts, start, held = list[slice](), 0, 0.0
    for k, count in enumerate(cells.tolist()):
        if held + count > room:
            cuts.append(slice(start, k))
            start, held = k, 0.0
        held += count
    return [*cuts, slice(start, len(cells))]


def _read(matrix: ScoreMatrix, source: ClusterSource, cut: slice) -> _Read:
    """Fetch the block of these clusters. NoSumsError if it has missing scores, an item in two clusters, or
    clusters with means that differ from the known ones.
    """
    labels = matrix.items[cut].tolist()
    every = source.of_clusters(matrix, labels).collected()
    names = every["item"].unique().sort()
    every = every.select(
        pl.col("model").replace_strict(matrix.models, range(len(matrix.models)), default=None),
        pl.col("cluster_").replace_strict(labels, range(cut.start, cut.stop), default=None),
        pl.col("item").replace_strict(names, range(len(names))),
        pl.exclude("model", "cluster_", "item"),
    ).drop_nulls(["model", "cluster_"])
    rows = every.filter(pl.col("scored") > 0)
    items = rows.select("cluster_", "item").unique().sort("cluster_", "item")
    if len(rows) != len(items) * len(matrix.models):
        raise NoSumsError("models answered different items")
    order = np.empty(len(names), dtype=np.intp)
    order[items["item"].to_numpy()] = np.arange(len(items))
    places = (order[rows["item"].to_numpy()], rows["model"].to_numpy())

    def matrix_of(column: str) -> Floats:
        """Return a column by item and model (n, M)."""
        values = np.empty((len(items), len(matrix.models)))
        values[places] = rows[column].to_numpy()
        return values

    x, codes = matrix_of("score_"), items["cluster_"].to_numpy()
    # Raise NoSumsError if the items of a block aren't those whose means are known.
    used, place, counts = np.unique(codes, return_inverse=True, return_counts=True)
    sums = np.zeros((len(used), x.shape[1]))
    np.add.at(sums, place, x)
    there = matrix.values[used]
    if (np.abs(sums / counts[:, None] - there) > ROUNDED_SCORES * (1 + np.abs(there))).any():
        raise NoSumsError("rows changed while they were read")
    cells = every["cluster_"].to_numpy() * len(matrix.models) + every["model"].to_numpy()
    return _Read(
        block=Block(x=x, attempts=matrix_of("scored"), within=matrix_of("within"), codes=codes),
        tried=_counted(every["rows"], cells, matrix),
        failed=_counted(every["rows"] - every["scored"], cells, matrix),
        bounded=not bool(((rows["low"] < 0) | (rows["high"] > 1)).any()),
    )


def _counted(column: pl.Series, cells: Ints, matrix: ScoreMatrix) -> Ints:
    """Add up counts by cluster and model (C, M)."""
    shape = matrix.values.shape
    found = np.bincount(cells, weights=column.cast(pl.Float64).to_numpy(), minlength=shape[0] * shape[1])
    return np.rint(found).astype(np.int64).reshape(shape)


def _note(matrices: dict[tuple[str, str], ScoreMatrix], column: str, blocks: int) -> str:
    """Note how items were read, and the limitations of their sums."""
    clusters = sum(len(matrix.items) for matrix in matrices.values())
    failed = sum(int(matrix.n_failed.sum()) for matrix in matrices.values())
    left_out = (
        (
            f" {plural(failed, 'attempt')} without a score left out. The effect of counting them "
            "otherwise is unknown."
        )
        if failed
        else ""
    )
    return (
        f"So items were read in {plural(blocks, 'block')} of whole clusters (column `{column}`, "
        f"{plural(clusters, 'cluster')}) and aggregated: scores, intervals and tests (the score "
        "test for scores in "
        "[0, 1]) are those of the items. For more questions of the same clusters pairs are "
        "corrected by Holm, "
        f"since max-t would need the items.{left_out}"
    )
