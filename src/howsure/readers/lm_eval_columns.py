"""lm-eval's samples by column, so that memory follows what becomes rows: of documents, or of a large file by
the shape of its lines.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.readers.lm_eval_documents import NO_NUMBER, NOT_METRICS, Document, rows_by_line
from howsure.readers.records import flatten_metadata, metadata_text
from howsure.readers.shaped import WORTH_BYTES, Shapes, UnsureError, shaped_blocks, short_text
from howsure.table.cells import finite, whole_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from howsure.readers.base import Source

DOC, NAMED, FILTER, CLUSTER = "doc", "metrics", "filter", "cluster"
ID, HASH, TARGET_HASH = "doc_id", "doc_hash", "target_hash"
KEPT = (ID, HASH, TARGET_HASH, FILTER)
OWN, SCORES = "own ", "score "
"""What stands before the names of a document's attributes, and of its scores, while both are in one frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Samples by column, one row a document under one filter.

    `positions`, `hashes` (empty where there is none), `filters`: as text. `named`: the metrics as the rows
    list them. `scores`: the numbers under every further key; `present`: which rows have a key, where some
    haven't. `corpus`: keys with a value that is no number. `metadata`: doc_id, the scalars of the document
    and the hash of its target, as text.
    """

    positions: pl.Series
    hashes: pl.Series
    filters: pl.Series
    named: Sequence[str]
    scores: Mapping[str, pl.Series]
    present: Mapping[str, pl.Series]
    corpus: Collection[str]
    metadata: Mapping[str, pl.Series]

    def items(self) -> pl.Series:
        """Name each document by its hash, or by its position; a document that comes again gets `#2`, and so
        on.
        """
        hashed = self.hashes != ""
        items = self.hashes if hashed.all() else self.hashes.zip_with(hashed, self.positions)
        if self.positions.n_unique() == len(items) == items.n_unique():
            return items
        rows = pl.DataFrame({"position": self.positions, "item": items})
        each = rows.unique("position", keep="last").sort(pl.col("position").str.len_chars(), "position")
        each = each.with_columns(time=pl.int_range(1, pl.len() + 1).over("item"))
        again = pl.when(pl.col("time") > 1).then(pl.format("{}#{}", "item", "time")).otherwise("item")
        named = each.select("position", item=again)
        return rows.select("position").join(named, on="position", how="left", maintain_order="left")["item"]

    def metrics(self, known: Collection[str]) -> tuple[list[str], list[str]]:
        """Return the metrics that have one number a document, and those that only the whole corpus has.

        `known`: those of the results, where the rows list none.
        """
        named = self.named or [name for name in self.scores if not known or name in known]
        corpus = [name for name in named if name in self.corpus]
        return [name for name in named if name not in self.corpus], corpus

    def called(self, metric: str) -> pl.Series:
        """Return what a metric is called in each row: with its filter, where there is more than the filter
        "none".
        """
        if (self.filters == "none").all():
            return pl.Series([metric]).new_from_index(0, len(self.filters))
        return pl.select(pl.format("{},{}", pl.lit(metric), self.filters.replace("", "none"))).to_series()

    def rows(self, metrics: Sequence[str], *, task: str, model: str, source: str) -> pl.DataFrame | None:
        """Return the tidy table: the documents in order, every metric of one after the other. None where
        there is no score.
        """
        scored, items = [metric for metric in metrics if metric in self.scores], self.items()
        tables = [self._table(metric, items, task=task, model=model, source=source) for metric in scored]
        if not sum(map(len, tables)):
            return None
        if len(tables) == 1:
            return tables[0]
        places = np.concatenate([self._places(metric) for metric in scored])
        return pl.concat(tables)[np.argsort(places, kind="stable")]

    def _places(self, metric: str) -> NDArray[np.intp]:
        """Return which rows have a metric."""
        return (
            np.flatnonzero(self.present[metric]) if metric in self.present else np.arange(len(self.positions))
        )

    def _table(self, metric: str, items: pl.Series, *, task: str, model: str, source: str) -> pl.DataFrame:
        size, others = len(items), {**self.metadata}

        def every(text: str) -> pl.Series:
            """Return a column that says the same in every row."""
            return pl.Series([whole_text(text)], dtype=pl.String).new_from_index(0, size)

        cluster = others.pop(CLUSTER, None)
        score = self.scores[metric]
        columns: dict[str, pl.Series] = {
            "task": every(task),
            "model": every(model),
            "item": items,
            "attempt": pl.Series([0]).new_from_index(0, size),
            "metric": self.called(metric),
            "score": score,
            "status": every("ok").zip_with(score.is_not_null(), every("unscored"))
            if score.null_count()
            else every("ok"),
            CLUSTER: pl.Series([None], dtype=pl.String).new_from_index(0, size)
            if cluster is None
            else cluster,
            "weight": pl.Series([None], dtype=pl.Float64).new_from_index(0, size),
            "source": every(source),
            **{name: column for name, column in others.items() if column.null_count() < size},
        }
        table = pl.DataFrame({name: column.alias(name) for name, column in columns.items()})
        whole = metric not in self.present or self.present[metric].all()
        return table if whole else table.filter(self.present[metric])


def columns(found: Sequence[Document]) -> Columns:
    """Return documents by column."""
    keys = dict.fromkeys(key for document in found for key in document.values)
    metadata = [{ID: d.doc_id, **d.metadata, TARGET_HASH: d.target_hash} for d in found]
    return Columns(
        positions=_texts(whole_text(document.position) for document in found),
        hashes=_texts(whole_text(str(document.hash or "")) for document in found),
        filters=_texts("none" if d.filter is None else whole_text(str(d.filter or "")) for d in found),
        named=list(dict.fromkeys(name for document in found for name in document.named)),
        scores={key: pl.Series([finite(d.values.get(key)) for d in found], dtype=pl.Float64) for key in keys},
        present={key: pl.Series([key in d.values for d in found], dtype=pl.Boolean) for key in keys},
        corpus={key for key in keys if any(document.values.get(key) == NO_NUMBER for document in found)},
        metadata={
            name: _texts(_attribute(name, each.get(name)) for each in metadata)
            for name in dict.fromkeys(name for each in metadata for name in each)
        },
    )


def _texts(values: Iterable[str | None]) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String)


def _attribute(name: str, value: object) -> str | None:
    if name != CLUSTER:
        return metadata_text(value)
    return None if value is None else whole_text(str(value))


def shaped_columns(source: Source) -> Columns | None:
    """Return the samples of a large file by the shape of its lines, without what models were asked and said;
    None where nothing is sure.
    """
    if not rows_by_line(source) or source.path.stat().st_size < WORTH_BYTES:
        return None
    shapes = Shapes(inside=(DOC,), listed=(NAMED,), skipped=NOT_METRICS - {*KEPT, DOC, NAMED})
    named: dict[str, None] = {}
    try:
        blocks = [_kept(block, shapes, named) for block in shaped_blocks(source, shapes)]
        return _columns(pl.concat(blocks, how="diagonal_relaxed"), shapes, [*named]) if blocks else None
    except UnsureError:
        return None


def _kept(block: pl.DataFrame, shapes: Shapes, named: dict[str, None]) -> pl.DataFrame:
    """Return what is kept of a block."""
    _check(shapes)
    if NAMED in block.columns:
        named.update(dict.fromkeys(block[NAMED].explode().drop_nulls().unique(maintain_order=True)))
    attributes = block[DOC].struct.unnest() if DOC in block.columns else ()
    return pl.DataFrame(
        [
            *(
                short_text(block[name]) if name == ID else block[name]
                for name in KEPT
                if name in block.columns
            ),
            *(short_text(block_column).alias(OWN + block_column.name) for block_column in attributes),
            *(
                block[name].cast(pl.Float64).alias(SCORES + name)
                for name in block.columns
                if name not in NOT_METRICS and block[name].dtype != pl.String
            ),
        ]
    )


def _check(shapes: Shapes) -> None:
    """Refuse lines of several shapes, and kinds that the rows tell apart value by value."""
    kinds = shapes.kinds
    own = {path[1]: kind for path, kind in kinds.items() if len(path) > 1}
    wanted = {(DOC,): "object", (ID,): "whole", (NAMED,): "texts"}
    doubtful = (
        len(shapes.orders) > 1
        or any(kinds.get(path, kind) != kind for path, kind in wanted.items())
        or any(kinds.get((name,), "text") not in ("text", "null") for name in KEPT[1:])
        or "number" in own.values()
        or own.get(CLUSTER) == "flag"
        or bool({ID, TARGET_HASH} & own.keys())
        or len(_renamed(own)) < len(own)
    )
    if doubtful:
        raise UnsureError


def _renamed(own: Iterable[str]) -> dict[str, str]:
    """Return what attributes of a document are called in the rows, and there."""
    return {new: name for name in own for new in flatten_metadata({name: 0})}


def _columns(kept: pl.DataFrame, shapes: Shapes, named: Sequence[str]) -> Columns:
    _check(shapes)
    size, keys = (
        len(kept),
        [path[0] for path in shapes.kinds if len(path) == 1 and path[0] not in NOT_METRICS],
    )
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, size)
    texts = {name: kept[name].cast(pl.String) if name in kept.columns else empty for name in KEPT}
    own = {
        new: kept[OWN + name]
        for new, name in _renamed(path[1] for path in shapes.kinds if len(path) > 1).items()
        if OWN + name in kept.columns
    }
    first = {
        name: column.is_not_null().arg_max() or 0
        for name, column in own.items()
        if column.null_count() < size
    }
    order = sorted(first, key=lambda name: first[name])
    begins = [name for name in order if first[name] == 0]
    corpus = {name for name in keys if shapes.kinds[(name,)] in ("text", "nested")}
    return Columns(
        positions=texts[ID],
        hashes=texts[HASH].fill_null(""),
        filters=texts[FILTER].fill_null("none"),
        named=named,
        scores={name: empty.cast(pl.Float64) if name in corpus else kept[SCORES + name] for name in keys},
        present={},
        corpus=corpus,
        metadata={
            ID: texts[ID],
            **{name: own[name] for name in begins},
            TARGET_HASH: short_text(texts[TARGET_HASH]),
            **{name: own[name] for name in order[len(begins) :]},
        },
    )
