"""Samples of lm-eval by column, from documents, or from the lines of a large file without their inputs and
outputs.

The lines of a large file are decoded into a type made of the first line's keys. It skips every text that
isn't needed. If a line has other keys, or isn't as expected, the whole file is left to the parser.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.processes import in_processes
from howsure.readers.attempt_rows import MAX_METADATA_TEXT, flatten_metadata, is_short, metadata_text
from howsure.readers.base import Source
from howsure.readers.lm_eval_samples import NO_NUMBER, NOT_METRICS, rows_by_line
from howsure.readers.parsing import MAX_OBJECT_BYTES, SMALL_BYTES, WORTH_BYTES
from howsure.table.cells import VAST, finite, whole_text

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from howsure.readers.lm_eval_samples import EvalDocument


DOC, NAMED, FILTER, CLUSTER = "doc", "metrics", "filter", "cluster"
ID, HASH, TARGET_HASH = "doc_id", "doc_hash", "target_hash"
KEPT = (ID, HASH, TARGET_HASH, FILTER)
OWN, SCORES = "own ", "score "
"""Prefixes of the names of a document's attributes, and of its scores, while both are in one frame."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleColumns:
    """Samples by column, one row per document and filter.

    `positions`, `hashes` (empty if there is none), `filters`: as text. `named`: the metrics that the rows
    list. `scores`: the numbers under every further key. `present`: which rows have a key, if some haven't.
    `corpus`: keys with a value that isn't a number. `metadata`: doc_id, the scalars of the document and the
    hash of its target, as text.
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
        """Name each document by its hash, or by its position. A repeated document gets `#2`, and so on."""
        from howsure.table.grouping import all_differ

        hashed = self.hashes != ""
        items = self.hashes if hashed.all() else self.hashes.zip_with(hashed, self.positions)
        rows = pl.DataFrame({"position": self.positions, "item": items})
        if all(all_differ(rows.select(name)) for name in rows.columns):
            return items
        each = rows.unique("position", keep="last").sort(pl.col("position").str.len_chars(), "position")
        each = each.with_columns(time=pl.int_range(1, pl.len() + 1).over("item"))
        again = pl.when(pl.col("time") > 1).then(pl.format("{}#{}", "item", "time")).otherwise("item")
        named = each.select("position", item=again)
        return rows.select("position").join(named, on="position", how="left", maintain_order="left")["item"]

    def metrics(self, known: Collection[str]) -> tuple[list[str], list[str]]:
        """Return the metrics with one number per document, and those that only the whole corpus has.

        `known`: those of the results, if the rows list none.
        """
        named = self.named or [name for name in self.scores if not known or name in known]
        corpus = [name for name in named if name in self.corpus]
        return [name for name in named if name not in self.corpus], corpus

    def called(self, metric: str) -> pl.Series:
        """Return the name of a metric in each row: with its filter, if there are others than "none"."""
        if (self.filters == "none").all():
            return pl.Series([metric]).new_from_index(0, len(self.filters))
        return pl.select(pl.format("{},{}", pl.lit(metric), self.filters.replace("", "none"))).to_series()

    def rows(self, metrics: Sequence[str], *, task: str, model: str, source: str) -> pl.DataFrame | None:
        """Return the tidy table: the documents in order, all metrics of one before the next, or None if there
        are no scores.
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
            """Return a column with the same value in every row."""
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


def columns(found: Sequence[EvalDocument]) -> SampleColumns:
    """Return documents by column."""
    keys = dict.fromkeys(key for document in found for key in document.values)
    metadata = [{ID: d.doc_id, **d.metadata, TARGET_HASH: d.target_hash} for d in found]
    return SampleColumns(
        positions=_texts_of_column(whole_text(document.position) for document in found),
        hashes=_texts_of_column(whole_text(str(document.hash or "")) for document in found),
        filters=_texts_of_column(
            "none" if d.filter is None else whole_text(str(d.filter or "")) for d in found
        ),
        named=list(dict.fromkeys(name for document in found for name in document.named)),
        scores={key: _numbers([d.values.get(key) for d in found]) for key in keys},
        present={key: pl.Series([key in d.values for d in found], dtype=pl.Boolean) for key in keys},
        corpus={key for key in keys if any(document.values.get(key) == NO_NUMBER for document in found)},
        metadata={
            name: _texts_of_column(_attribute(name, each.get(name)) for each in metadata)
            for name in dict.fromkeys(name for each in metadata for name in each)
        },
    )


FRAME_ROWS = 5_000
"""This many rows are kept as Python's objects before they become columns. More wouldn't stay in the cache."""
MAX_KEYS = 100
CELL_BYTES = 16
"""The size of a value in a column, including missing ones."""
SHARED_BYTES, PART_BYTES = 512 * 1024**2, 16 * 1024**2
"""From this size on several processes read a file, in parts of this size."""


def typed_columns(source: Source) -> SampleColumns | None:
    """Return the samples of a large file whose lines all have the keys of the first, or None for any
    other.
    """
    size = source.path.stat().st_size
    if not rows_by_line(source) or size < WORTH_BYTES:
        return None
    shared = source.processes > 1 and size >= SHARED_BYTES
    parts = source.parts(PART_BYTES) if shared else [(0, size)]
    try:
        file = Source(path=source.path, root=source.root, packed=source.packed)
        with in_processes(source.processes if shared else 1, _load) as each:
            return _joined(list(each(partial(_part, file, MAX_OBJECT_BYTES // len(parts)), parts)))
    except (ValueError, RecursionError):  # msgspec's errors are of these kinds
        return None


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of a part of a file. `named`, `corpus`: as in SampleColumns.

    `frame` has KEPT, OWN and the name of an attribute in the rows, and SCORES and a metric.
    """

    frame: pl.DataFrame
    named: Sequence[str]
    corpus: Collection[str]


def _load() -> None:
    """Import what a helper needs."""
    import msgspec  # noqa: F401


def _part(source: Source, limit: int, part: tuple[int, int]) -> _Part:
    """Read a part of a file, in columns of at most `limit` bytes. ValueError or RecursionError if the file's
    lines aren't all of one type.
    """
    lines = _TypedLines.of_first(source)
    if lines is None:
        raise ValueError("lines that only the parser can read")
    return lines.part(source.blocks(*part), limit)


def _joined(parts: Sequence[_Part]) -> SampleColumns:
    """Return all rows by column. Attributes are in the order in which their first values occur."""
    rows = pl.concat([part.frame for part in parts])
    empty = pl.Series([None], dtype=pl.String).new_from_index(0, len(rows))
    texts = {key: rows[key] if key in rows.columns else empty for key in KEPT}
    own, scores = (
        {name.removeprefix(kind): rows[name] for name in rows.columns if name.startswith(kind)}
        for kind in (OWN, SCORES)
    )
    begins = {name: column.is_not_null().arg_max() or 0 for name, column in own.items() if column.count()}
    order = sorted(begins, key=lambda name: begins[name])
    return SampleColumns(
        positions=texts[ID],
        hashes=texts[HASH].fill_null(""),
        filters=texts[FILTER].fill_null("none"),
        named=list(dict.fromkeys(metric for part in parts for metric in part.named)),
        scores=scores,
        present={},
        corpus={metric for part in parts for metric in part.corpus},
        metadata={
            ID: _short(texts[ID]),
            **{name: own[name] for name in order if not begins[name]},
            TARGET_HASH: _short(texts[TARGET_HASH]),
            **{name: own[name] for name in order if begins[name]},
        },
    )


@dataclass(frozen=True, slots=True)
class _TypedLines:
    """Lines with certain keys. `decoder`: of several lines. `paths`: where each column of a part is in a
    line, and NAMED.
    """

    decoder: Any
    paths: Mapping[str, str]

    @classmethod
    def of_first(cls, source: Source) -> _TypedLines | None:
        """Return the type of lines with the keys of a file's first, or None if only the rows distinguish
        their values.
        """
        first = next(source.each_json_line(), None)
        return cls.of(first) if isinstance(first, dict) else None

    @classmethod
    def of(cls, first: Mapping[str, Any]) -> _TypedLines | None:
        """Return the type of lines with these keys, or None if only the rows distinguish their values."""
        import msgspec

        doc = first.get(DOC)
        keys = list(doc) if isinstance(doc, dict) else []
        renamed = {new: key for key in keys for new in flatten_metadata({key: 0})}
        many, twice = len(first) + len(keys) > MAX_KEYS, len(renamed) < len(keys)
        if many or twice or {ID, TARGET_HASH} & {*keys} or ID not in first:
            return None
        value = int | float | str | bool | None | list[msgspec.Raw] | dict[str, msgspec.Raw]
        kinds = {
            **dict.fromkeys(first, value),
            **dict.fromkeys(NOT_METRICS, msgspec.Raw),
            **dict.fromkeys(KEPT, str | None),
            ID: int | str,
            NAMED: tuple[str, ...] | None,
            DOC: _struct(dict.fromkeys(keys, value))
            if isinstance(doc, dict)
            else str | list[msgspec.Raw] | None,
        }
        field = {key: f"f{place}" for place, key in enumerate(first)}
        return cls(
            decoder=msgspec.json.Decoder(_struct({key: kinds[key] for key in first})),
            paths={
                **{key: field[key] for key in (*KEPT, NAMED) if key in first},
                **{OWN + new: f"{field[DOC]}.f{keys.index(key)}" for new, key in renamed.items()},
                **{SCORES + key: field[key] for key in first if key not in NOT_METRICS},
            },
        )

    def part(self, blocks: Iterable[bytes], limit: int) -> _Part:
        """Decode blocks of lines. ValueError or RecursionError if a line is of another type, or the columns
        would need more than `limit` bytes.
        """
        columns = [name for name in self.paths if name != NAMED]
        rows, frames = 0, list[pl.DataFrame]()
        named, corpus = dict[str, None](), set[str]()
        values: dict[str, list[Any]] = {name: [] for name in columns}
        for block in blocks:
            lines = self._decoded(block)
            rows += len(lines)
            if rows * len(self.paths) * CELL_BYTES > limit:
                raise ValueError("columns that need too much memory")
            for metrics in dict.fromkeys(self._each(NAMED, lines)) if NAMED in self.paths else ():
                named.update(dict.fromkeys(metrics or ()))
            for name in columns:
                cells = self._each(name, lines)
                kinds = set() if name in KEPT else {*map(type, cells)}
                if name.startswith(SCORES) and kinds & {str, list, dict}:
                    corpus.add(name.removeprefix(SCORES))
                # Nested values would keep their block in memory.
                nested = kinds & {list, dict}
                values[name] += (
                    [None if isinstance(v, (list, dict)) else v for v in cells] if nested else cells
                )
            if len(values[ID]) >= FRAME_ROWS:
                frames.append(_frame(values))
                values = {name: [] for name in columns}
        return _Part(pl.concat([*frames, _frame(values)]), [*named], corpus)

    def _each(self, name: str, lines: Sequence[Any]) -> list[Any]:
        return list(map(attrgetter(self.paths[name]), lines))

    def _decoded(self, block: bytes) -> list[Any]:
        if len(block) > SMALL_BYTES:
            raise ValueError("a line longer than many blocks")
        if not block.isascii():
            block.decode()  # also what is skipped must be UTF-8
        lines: list[Any] = self.decoder.decode_lines(block)
        ends = len(block) - len(block.replace(b"\n", b""))  # ten times as fast as `count`
        if len(lines) != ends and len(lines) != sum(bool(line.strip()) for line in block.splitlines()):
            raise ValueError("objects that aren't lines")
        return lines


def _frame(values: Mapping[str, Sequence[Any]]) -> pl.DataFrame:
    """Return texts, the short scalars among attributes as text, and scores as numbers."""
    return pl.DataFrame(
        {
            name: _numbers(each)
            if name.startswith(SCORES)
            else _attributes(name.removeprefix(OWN), each)
            if name.startswith(OWN)
            else _texts_of_column(map(str, each) if name == ID else each)
            for name, each in values.items()
        }
    )


def _struct(kinds: Mapping[str, Any]) -> Any:
    """Return msgspec's type of an object that has exactly these keys."""
    import msgspec

    names = {f"f{place}": key for place, key in enumerate(kinds)}
    return msgspec.defstruct(
        "Line", [*zip(names, kinds.values(), strict=True)], rename=names, forbid_unknown_fields=True, gc=False
    )


def _attributes(name: str, values: Sequence[Any]) -> pl.Series:
    """Return the short scalars among an attribute's values as text."""
    if {*map(type, values)} == {str}:
        texts = _texts_of_column(values)
        return texts if max(map(len, values)) <= MAX_METADATA_TEXT else _short(texts)
    return _texts_of_column(_attribute(name, value) if is_short(value) else None for value in values)


def _short(texts: pl.Series) -> pl.Series:
    """Return texts without the long ones, as `metadata_text` does."""
    return texts.set(texts.str.len_chars() > MAX_METADATA_TEXT, None)


def _numbers(values: Sequence[object]) -> pl.Series:
    if {*map(type, values)} != {float}:
        return pl.Series(list(map(finite, values)), dtype=pl.Float64)
    numbers = pl.Series(values, dtype=pl.Float64)
    return numbers.set(numbers.abs() > VAST, None)


def _texts_of_column(values: Iterable[str | None]) -> pl.Series:
    return pl.Series(list(values), dtype=pl.String)


def _attribute(name: str, value: object) -> str | None:
    if name != CLUSTER:
        return metadata_text(value)
    return None if value is None else whole_text(str(value))
