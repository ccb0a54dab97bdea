"""Slices: the items of a task split by an attribute, by two that cross, or by a pattern in their ids."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.study.clusters import first_group, joined, one_value
from howsure.study.design import OF_ID, columns_of
from howsure.study.matrix import ScoreMatrix
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    from howsure.study.study import Study

MOST_VALUES, BINS = 12, 4
"""Numbers with more distinct values than this are split at their quantiles into this many bins."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """The n items of a matrix in slices: `codes` (n,) of their `labels`, −1 for an item without a value.
    `ordered`: by number.
    """

    by: str
    labels: tuple[str, ...]
    codes: Ints
    ordered: bool = False

    @property
    def counts(self) -> Ints:
        """The items of each slice (S,)."""
        return np.bincount(self.codes[self.codes >= 0], minlength=len(self.labels))

    @property
    def n_without(self) -> int:
        """The items that are in no slice."""
        return int((self.codes < 0).sum())


def partitions(study: Study, matrix: ScoreMatrix, *, of_tasks: bool = False) -> tuple[Partition, ...]:
    """Split the items of a matrix in every requested way. A way without a value for any of its items is left
    out.

    `of_tasks`: only the ways that include the task itself, which need several tasks. Otherwise only the
    others.
    """
    design = study.design
    asked = [by for by in design.by if ("task" in columns_of(by, ())) == of_tasks]
    if not asked:
        return ()
    items = pl.DataFrame({"task": [matrix.task] * len(matrix.items), "item": matrix.items})
    table = items.join(study.items, on=["task", "item"], how="left", maintain_order="left")
    ways = [_partition(by, table, study) for by in asked]
    return tuple(way for way in ways if way.n_without < len(matrix.items))


def _partition(by: str, table: pl.DataFrame, study: Study) -> Partition:
    if by.startswith(OF_ID):
        items = study.items["item"]
        if first_group(items, by, "by").null_count() == len(items):
            raise DataError(
                f"`by={by!r}` finds no slice in any of {plural(len(items), 'item')}, such as "
                f"{items.sort()[0]!r}",
                remedy="Widen the pattern so that ids match.",
            )
        return _of_values(f"id ({by.removeprefix(OF_ID)})", [first_group(table["item"], by, "by")])
    held = (*table.columns, *(study.side.columns if study.side is not None else ()))
    return _of_values(by, [_values(name, table, study.side) for name in columns_of(by, held)])


def _values(name: str, table: pl.DataFrame, side: pl.DataFrame | None) -> pl.Series:
    """Return the value of every item in a column, as text, from the items' table if that has it."""
    if side is not None and name in side.columns:
        return joined(table, side, name, "slice_")["slice_"]
    if name not in table.columns:
        raise DataError(
            f"no column {name!r} to slice by", remedy="Run `howsure describe` to see the columns."
        )
    if name not in ("task", "item"):
        one_value(table, name, what="Slices belong")
    return table[name].cast(pl.String)


def _of_values(by: str, columns: Sequence[pl.Series]) -> Partition:
    """Cross the values of columns. Numbers with many values are binned."""
    parts = [_labelled(column) for column in columns]
    labels, codes, ordered = parts[0]
    for more, other, _ in parts[1:]:
        both = np.where((codes < 0) | (other < 0), -1, codes * len(more) + other)
        labels = [f"{one} · {two}" for one in labels for two in more]
        codes, ordered = both, False
    used, kept = np.unique(codes[codes >= 0], return_inverse=True)
    found = np.full(len(codes), -1)
    found[codes >= 0] = kept
    return Partition(by=by, labels=tuple(labels[k] for k in used), codes=found, ordered=ordered)


def _labelled(column: pl.Series) -> tuple[list[str], Ints, bool]:
    """Return labels, the code of every item and whether they are in order of a number."""
    numbers = column.cast(pl.Float64, strict=False)
    numeric = numbers.is_finite().fill_null(value=False).sum() == len(column) - column.null_count()
    values = numbers.drop_nulls().unique().sort()
    if numeric and len(values) > MOST_VALUES:
        return _binned(numbers)
    labels = column.drop_nulls().unique().sort().to_list()
    if numeric:
        labels.sort(key=float)
    places = {label: k for k, label in enumerate(labels)}
    return labels, np.array([places.get(value, -1) for value in column.to_list()], dtype=np.int64), numeric


def _binned(numbers: pl.Series) -> tuple[list[str], Ints, bool]:
    """Split numbers at their quantiles. The labels give the smallest and largest number in each bin."""
    x = numbers.to_numpy()
    known = np.isfinite(x)
    edges = np.unique(np.quantile(x[known], np.linspace(0, 1, BINS + 1)[1:-1], method="higher"))
    codes = np.where(known, np.searchsorted(edges, np.where(known, x, 0.0), side="right"), -1)
    bins = [x[codes == k] for k in range(len(edges) + 1)]
    labels = [f"{part.min():g} to {part.max():g}" if len(part) else "" for part in bins]
    return labels, codes.astype(np.int64), True


def stacked(matrices: Sequence[ScoreMatrix]) -> ScoreMatrix:
    """Concatenate the items of several tasks, with all models of any. A cluster belongs to one task."""
    models = tuple(sorted({model for matrix in matrices for model in matrix.models}))
    first = matrices[0]
    weighted = any(matrix.weights is not None for matrix in matrices)
    clustered = any(matrix.clusters for matrix in matrices)
    return ScoreMatrix(
        task="",
        metric=first.metric,
        models=models,
        items=np.concatenate(
            [np.char.add(f"{matrix.task}\x00", matrix.items.astype(str)) for matrix in matrices]
        ),
        values=_spread(matrices, models, "values", np.nan),
        attempts=_spread(matrices, models, "attempts", 0),
        within=_spread(matrices, models, "within", np.nan),
        clusters=(_clusters(matrices),) if clustered else (),
        cluster_names=next(matrix.cluster_names[:1] for matrix in matrices if matrix.clusters)
        if clustered
        else (),
        few_clusters=all(matrix.few_clusters for matrix in matrices),
        weights=np.concatenate([_weights(matrix) for matrix in matrices]) if weighted else None,
        bounded=first.bounded,
        lower_is_better=first.lower_is_better,
        of_failures=first.of_failures,
        of_agreement=first.of_agreement,
        derived=any(matrix.derived for matrix in matrices),
        tried=_counted(matrices, models, "tried", "attempts"),
        failed=_counted(matrices, models, "failed", ""),
    )


def merged(ways: Sequence[Partition]) -> Partition:
    """Concatenate the partitions of several tasks. Slices of the same name are merged."""
    labels = tuple(dict.fromkeys(label for way in ways for label in way.labels))
    places = [np.array([*(labels.index(label) for label in way.labels), -1]) for way in ways]
    codes = np.concatenate([place[way.codes] for place, way in zip(places, ways, strict=True)])
    return replace(ways[0], labels=labels, codes=codes.astype(np.int64), ordered=False)


def _spread(
    matrices: Sequence[ScoreMatrix], models: tuple[str, ...], name: str, empty: float
) -> NDArray[Any]:
    return np.concatenate([_placed(getattr(matrix, name), matrix, models, empty) for matrix in matrices])


def _counted(
    matrices: Sequence[ScoreMatrix], models: tuple[str, ...], name: str, instead: str
) -> Ints | None:
    """Return counts of attempts, with others (or none) for tasks that have none of these, or None if no task
    has.
    """
    if all(getattr(matrix, name) is None for matrix in matrices):
        return None
    parts = []
    for matrix in matrices:
        counts, usual = (
            getattr(matrix, name),
            getattr(matrix, instead) if instead else np.zeros_like(matrix.attempts),
        )
        parts.append(_placed(usual if counts is None else counts, matrix, models, 0))
    return np.concatenate(parts)


def _placed(values: NDArray[Any], matrix: ScoreMatrix, models: tuple[str, ...], empty: float) -> NDArray[Any]:
    """Return the columns of a matrix among those of all models."""
    part = np.full((len(matrix.items), len(models)), empty, dtype=values.dtype)
    part[:, [models.index(model) for model in matrix.models]] = values
    return part


def _clusters(matrices: Sequence[ScoreMatrix]) -> Ints:
    """Number the (first) clusters of all tasks. An item of a task without clusters is its own."""
    codes, before = [], 0
    for matrix in matrices:
        own = matrix.clusters[0] if matrix.clusters else np.arange(len(matrix.items))
        codes.append(own + before)
        before += int(own.max()) + 1
    return np.concatenate(codes).astype(np.int64)


def _weights(matrix: ScoreMatrix) -> NDArray[np.float64]:
    return np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
