"""Plans: what an engine would run for a verb, how many rows come back, and whether they fit into memory."""

from __future__ import annotations

import io
import os
from contextlib import redirect_stdout, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.table.collecting import to_polars
from howsure.table.grouping import attributes_query, check_known, keys_of, results_query
from howsure.table.schema import tidy
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from howsure.table.scores import Scores

    Frame = nw.DataFrame[Any] | nw.LazyFrame[Any]

RESULT_BYTES = 190
"""What every result of a model on an item takes at the peak (docs/scale.md)."""
MEMORY_INFO, MEMORY_LIMIT = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")


class TooManyResultsError(DataError):
    """More results would come back from an engine than fit into memory."""


def refuse_many(frame: Frame, keys: Sequence[str], rows: int) -> None:
    """Raise TooManyResultsError where the groups of an engine's `rows` wouldn't fit into memory; they are
    counted only where they may not.
    """
    room = free_bytes() / RESULT_BYTES
    if rows <= room or isinstance(frame.to_native(), pl.LazyFrame):
        return
    back = Back.counted(frame, keys)
    if back.rows > room:
        raise TooManyResultsError(
            f"{plural(back.rows, 'row')} would come back, {back.each}, and take about {_size(back.memory)} "
            f"of memory where {_size(free_bytes())} are free",
            remedy=(
                "Ask about fewer tasks or models at a time (`task`, `model`), or pass a query that keeps "
                "a sample of the items."
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Back:
    """What comes back from an engine: so many rows, one per combination of the keys, with so many models."""

    keys: tuple[str, ...]
    rows: int
    models: int

    @classmethod
    def counted(cls, frame: Frame, keys: Sequence[str]) -> Self:
        """Count the combinations where the rows lie."""
        models = [nw.col("model").n_unique().alias("models")] if "model" in keys else []
        counts = to_polars(frame.select(*keys).unique().select(nw.len().alias("rows"), *models)).row(
            0, named=True
        )
        return cls(keys=tuple(keys), rows=counts["rows"], models=counts.get("models", 0))

    @property
    def each(self) -> str:
        """Say what there is one row for: `one per model and item of 100 models`."""
        *before, last = self.keys
        models = f" of {plural(self.models, 'model')}" if self.models else ""
        return f"one per {', '.join(before)} and {last}{models}"

    @property
    def memory(self) -> float:
        """Return the bytes that they take at the peak of a verb."""
        return float(self.rows * RESULT_BYTES)


def explained(scores: Scores, columns: Sequence[str]) -> str:
    """Return the queries that a verb runs where the rows lie, and what comes back; `columns`: attributes of
    items that it needs.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    schema = frame.collect_schema()
    names = schema.names()
    check_known(columns, names)
    declared = [name for name in ("cluster", "weight") if name in names]
    bits = "attempt" in names and schema["attempt"].is_integer()
    results = results_query(frame, names, roles, bits=bits)
    items = attributes_query(frame, list(dict.fromkeys((*declared, *columns))), counted=True)
    back, about = Back.counted(frame, keys_of(roles)), Back.counted(frame, ("task", "item"))
    return (
        f"Comes back: {plural(back.rows, 'row')}, {back.each} (about {_size(back.memory)} of "
        f"memory).{_too_many(frame, back)}\n\n{_text(results)}\n\nComes back: {plural(about.rows, 'row')}, "
        f"{about.each}.\n\n{_text(items)}"
    )


def _too_many(frame: Frame, back: Back) -> str:
    """Say what becomes of results that don't fit into memory; nothing where they do, or where they are in
    memory anyway.
    """
    free = free_bytes()
    if back.memory <= free or isinstance(frame.to_native(), pl.LazyFrame):
        return ""
    return (
        f" Only {_size(free)} are free: with clusters, estimate, compare and leaderboard ask for the same "
        "rows in blocks of whole clusters, after one row per model and cluster; anything else is refused."
    )


def _text(query: Frame) -> str:
    """Return a query as its engine writes it: SQL where it speaks it, else its plan."""
    native: Any = query.to_native()
    if query.implementation.is_duckdb():
        return str(native.sql_query())
    if query.implementation.is_ibis():
        import ibis

        return str(ibis.to_sql(native))
    with redirect_stdout(io.StringIO()) as printed:
        plan = native.explain()
    return str(plan or printed.getvalue()).strip()


def _size(count: float) -> str:
    return f"{count / 1e9:,.1f} GB" if count >= 1e9 else f"{count / 1e6:,.0f} MB"


def free_bytes() -> float:
    """Return the memory that may still be taken; infinity where the system doesn't say."""
    return min(_limits(), default=float("inf"))


def _limits() -> Iterator[float]:
    """Yield what the kernel calls available, or else all that there is, and the limit of a container."""
    with suppress(OSError, ValueError):
        yield 1024.0 * int(MEMORY_INFO.read_text(encoding="ascii").partition("MemAvailable:")[2].split()[0])
    with suppress(OSError, ValueError, AttributeError):
        yield float(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    with suppress(OSError, ValueError):
        yield float(MEMORY_LIMIT.read_text(encoding="ascii"))
