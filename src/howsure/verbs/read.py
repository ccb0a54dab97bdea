"""The verb read: a path, paths or a frame become Scores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.options import checked
from howsure.table.scores import Scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.readers.folder import Progress
    from howsure.study.design import Design

    Names = str | Sequence[str]


def read(
    data: Any,
    *,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    reader: str | None = None,
    strict: bool = False,
    probabilities: bool = False,
    progress: Progress | None = None,
) -> Scores:
    """Read per-question results: a path or paths to what a harness wrote, or a frame that you hold.

    A path may be a file or a folder of mixed formats, each recognised by content. A frame may be pandas, Polars (also
    lazy), PyArrow, DuckDB, Ibis or Spark; it is aggregated where it lies. Nothing in a file is executed.

    `columns` names the columns of a table, `{"model": ["model", "temperature"]}` joining several; the usual names
    (benchmark, question_id, epoch, is_correct …) are recognised and told. `where` keeps only rows with these values.
    `reader` forces a format; `strict` stops at the first file that can't be read. `probabilities` adds the metrics
    `prob` and `prob_norm`, the probability of the right answer, from logs that hold it.
    Raises ReadError where nothing can be read, DataError where the columns don't fit.

    >>> import polars as pl
    >>> scores = read(pl.DataFrame({"model": ["a", "a"], "question": [1, 2], "correct": [True, False]}))
    >>> scores.to_frame()["score"].to_list()
    [1.0, 0.0]
    """
    roles, kept, reader, strict, probabilities, progress = checked(
        "read",
        columns={} if columns is None else columns,
        where={} if where is None else where,
        reader=reader,
        strict=strict,
        probabilities=probabilities,
        progress=progress,
    ).values()
    if isinstance(data, Scores):
        return data
    if _is_paths(data):
        from howsure.readers.folder import read_paths

        paths = [data] if isinstance(data, (str, Path)) else list(data)
        return read_paths(
            paths,
            columns=roles,
            where=kept,
            reader=reader,
            strict=strict,
            probabilities=probabilities,
            progress=progress,
        )
    return _read_frame(data, roles, kept)


def _is_paths(data: Any) -> bool:
    return isinstance(data, (str, Path)) or (
        isinstance(data, (list, tuple)) and bool(data) and all(isinstance(part, (str, Path)) for part in data)
    )


def _read_frame(data: Any, roles: dict[str, tuple[str, ...]], where: dict[str, tuple[str, ...]]) -> Scores:
    import narwhals as nw

    from howsure.table.schema import find_roles, open_frame

    frame = open_frame(data)
    for name, values in where.items():
        frame = frame.filter(nw.col(name).cast(nw.String).is_in(list(values)))
    found = find_roles(frame.collect_schema().names(), roles)
    return Scores(rows=frame.to_native(), roles=found)


def scores_of(data: Any, design: Design) -> Scores:
    """Read what a verb was given, with probabilities where the design asks for them."""
    return read(data, probabilities=design.score.kind == "prob")
