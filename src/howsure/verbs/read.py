"""The function read: a path, paths or a frame become Scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from howsure.checks import SINCE, count_text
from howsure.errors import DataError, OptionError, ReadError
from howsure.options.table import checked
from howsure.readers.annotations import export_of
from howsure.readers.base import Source
from howsure.readers.registry import identify
from howsure.readers.tables import NAME, notes_on_names, read_table, short_rows
from howsure.study.models import resolve
from howsure.table.aggregate import names_of
from howsure.table.engines import to_polars
from howsure.table.schema import open_frame
from howsure.table.scores import Scores, with_rows
from howsure.table.writing import Writing

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from howsure.readers.base import GivenReader
    from howsure.readers.folder import Progress
    from howsure.readers.ratings import RatingTable
    from howsure.readers.verdicts import Verdicts
    from howsure.readers.votes import Choices, VoteTable
    from howsure.statistics.metrics import ChosenMetric
    from howsure.study.design import Design
    from howsure.table.writing import Decimal

    Names = str | Sequence[str]

OF_FILES = ("reader", "map", "model_from", "runs")
"""The options that choose or interpret the contents of files, and would be ignored for a table."""
T = TypeVar("T", bound="Choices | RatingTable | Verdicts | VoteTable")


def read(
    data: Any,
    *,
    columns: Mapping[str, Names] | None = None,
    where: Mapping[str, Names] | None = None,
    missing: Names | None = None,
    decimal: Decimal | None = None,
    reader: str | None = None,
    map: Any = None,
    model_from: str | None = None,
    items: str | Path | None = None,
    runs: Names | None = None,
    as_attempts: bool | None = None,
    strict: bool = False,
    probabilities: bool = False,
    statistic: str | Callable[[Any], float] | ChosenMetric | None = None,
    cache: bool = False,
    processes: int = 1,
    progress: Progress | None = None,
) -> Scores:
    """Read per-question results from files that an evaluation harness wrote, or from a data frame.

    A path may be a file or a folder of mixed formats. Each file's format is recognised from its content, and
    nothing in a file is executed. The table of a DuckDB file (`evals.duckdb`, or `evals.duckdb/answers` if it
    has several) is queried in place, read-only. A frame may be pandas, Polars (also lazy), PyArrow, Dask,
    DuckDB, Ibis or Spark, and is aggregated by its own engine. Common column names (benchmark, question_id,
    epoch, is_correct …) are recognised, and the answers list which column was used for what.

    Args:
        data: A path, an address (`https://`, `s3://`, `gs://`, `hf://` …, fetched within limits), a list of
            these, or a data frame with one row per attempt. Also a dict of any of these by name: each becomes
            a model of that name. For example, `{"old": "logs/main", "new": "logs/pr"}`. Scores are returned
            unchanged.
        columns: The columns of a table by role, such as `{"model": ["model", "temperature"]}`. Several are
            joined into one name. None uses the usual names.
        where: Keep only rows in which a column has one of these values, `{"split": "test"}`. None keeps all
            rows.
        missing: Texts that mean "no score" in a table, in addition to empty, NA, N/A, #N/A, null, none, nan,
            -, – and —. None adds none. Any other text that is neither a number nor a known word is an error.
        decimal: The decimal mark in numbers written as text, "point" or "comma". None infers it from the
            column: 78,8 has a decimal comma. 1,234 alone is ambiguous and an error.
        reader: The name of the reader to use for every file. None recognises the format of each.
        map: A mapping for files that no reader recognises: a dict, the path of a TOML file, or a list of
            these. It defines the place of the records and the meaning of each column, in a small language
            (see docs/mapping.md).
        model_from: A regular expression that finds the model in the path of its file, in its first group if
            it has one. None uses the model in the file, or the path if the file names none.
        items: The path of a table with one row per item, for files that name the resolved items only
            (SWE-bench). None takes the items from the file, or from files next to it.
        runs: Keep only the runs of these tags, commits or ids: `"tag:pr-42"`, `"commit:1a2b3c"` (the first
            letters are enough), `"run:ID"`. `"latest"` keeps the newest run of each model on each task.
            `"since:7d"` (12h, 90m, 2w) keeps those that began at most this long before the newest. None keeps
            all.
        as_attempts: Whether all runs of one model on one task are its attempts, also if they differ in a
            known setting such as commit or temperature. None keeps these separate, except runs of one
            submission to a leaderboard that differ only in the commit of the harness.
        strict: Whether to stop at the first file that can't be read, or whose rows differ from what the file
            itself states, instead of reporting it and continuing.
        probabilities: Whether to add the metrics `prob` and `prob_norm`, the probability of the correct
            answer, from logs that contain it.
        statistic: The metric for which the columns `label` and `prediction` are read, in place of a score:
            "f1", "auroc" …. None reads scores.
        cache: Whether to keep the contents of logs in the user's cache folder, so that the next call on the
            same folder only reads changed files. The results are the same. Files read in less than 0.3
            seconds, tables and addresses aren't cached.
        processes: The maximum number of processes for reading many files, or large samples of lm-eval, used
            if that would save time. The results are the same. A script that uses more than one needs `if
            __name__ == "__main__":`, as with all of Python's `multiprocessing`.
        progress: Called with the sources before they are read, and with the files of an address before they
            are fetched. howsure iterates over the returned value. None shows no progress.

    Returns:
        Scores: The results as one table, with the notes and warnings from reading. Rows of a lazy frame are
            read when they are needed.

    Raises:
        OptionError: If an option has an invalid value.
        ReadError: If none of the files can be read. With `strict`, if any of them can't, or differs from its
            own totals.
        DataError: If the columns of a table don't fit, for instance because none contains a score.

    Examples:
        >>> import polars as pl
        >>> scores = read(pl.DataFrame({"model": ["a", "a"], "question": [1, 2], "correct": [True, False]}))
        >>> scores.to_frame()["score"].to_list()
        [1.0, 0.0]
    """
    how = checked(
        "read",
        columns=_known_roles({} if columns is None else columns),
        where={} if where is None else where,
        missing=missing,
        decimal=decimal,
        reader=reader,
        map=map,
        model_from=model_from,
        items=items,
        runs=runs,
        as_attempts=as_attempts,
        strict=strict,
        probabilities=probabilities,
        statistic=statistic,
        cache=cache,
        processes=processes,
        progress=progress,
    )
    if how["runs"] and not (isinstance(data, Mapping) or is_paths(data)):
        raise OptionError(
            "`runs` chooses runs, but only logs have them",
            remedy="Give the paths of the logs, or leave it out.",
        )
    data = count_text(data)
    metric = how.pop("statistic")
    if isinstance(data, Scores):
        if how["columns"] or how["where"]:
            raise OptionError(
                "`columns` and `where` are for data that aren't read yet, but these are Scores",
                remedy="Pass them to `read`.",
            )
        return data
    if isinstance(data, Mapping):
        from howsure.table.sides import joined

        return joined(
            {
                str(side): read(of_side(part, str(side), how["columns"]), **how, statistic=metric)
                for side, part in data.items()
            }
        )
    how["columns"] = _roles(how["columns"], metric)
    writing = Writing(missing=tuple(how.pop("missing") or ()), decimal=how.pop("decimal"))
    lies = data if not is_paths(data) else _in_database(paths_of(data), how)
    if not is_paths(lies):
        return _read_frame(lies, how["columns"], how["where"], writing)
    return _read_places(lies, {**how, "writing": writing})


def with_columns_used(scores: Scores, columns: Any) -> Scores:
    """Return scores unchanged. DataError if columns were named and there isn't a table that they could apply
    to.
    """
    from howsure.table.schema import METRIC_ROLES

    tables = [
        file for file in scores.files if file.reader == "tables" and file.outcome in ("read", "published")
    ]
    if {*(columns or ())} - {*METRIC_ROLES} and scores.files and not tables:
        raise DataError(
            f"columns are named for tables, but {scores.files[0].path} isn't one",
            remedy=(
                "Slice by a column of the items with `by`, or make a table of it first: `howsure convert`."
            ),
        )
    return scores


def of_side(part: Any, side: str, columns: Any) -> Any:
    """Return one side. A data frame without a model column belongs to the side."""
    import narwhals as nw

    from howsure.table.schema import find_roles, open_frame

    if isinstance(part, Scores) or is_paths(part):
        return part
    frame = open_frame(part)
    named = isinstance(columns, Mapping) and "model" in columns
    known = named or "model" in find_roles(frame.collect_schema().names(), {})
    return part if known else frame.with_columns(nw.lit(side).alias("model")).to_native()


def _known_roles(columns: Any) -> Any:
    """Return the named columns. OptionError for a role that no row or published score has, as it would be
    ignored.
    """
    from howsure.readers.published import PUBLISHED_ALIASES
    from howsure.table.schema import ALIASES, GRADING, METRIC_ROLES

    known = dict.fromkeys((*ALIASES, GRADING, *METRIC_ROLES, *PUBLISHED_ALIASES))
    named = columns if isinstance(columns, Mapping) else {}
    strange = next((role for role in named if isinstance(role, str) and role not in known), None)
    if strange is not None:
        near = get_close_matches(strange.lower(), known, n=1)
        raise OptionError(
            f"columns: {strange!r} isn't one of {', '.join(known)}",
            remedy=f"Did you mean {near[0]!r}?" if near else "",
        )
    return columns


def _roles(
    columns: Mapping[str, tuple[str, ...]], metric: ChosenMetric | None
) -> Mapping[str, tuple[str, ...]]:
    """Return the columns by role, with those that a metric reads. OptionError for such roles without one."""
    from howsure.table.schema import METRIC_ROLES, roles_of_metric

    if metric is not None:
        return roles_of_metric(metric.metric.reads, columns)
    role = next((role for role in METRIC_ROLES if role in columns), None)
    if role is not None:
        raise OptionError(
            f"columns: {role!r} is read for a metric, and none is chosen",
            remedy="Choose one with `statistic`, such as f1 or auroc.",
        )
    return columns


def _in_database(paths: list[str | Path], how: dict[str, Any]) -> Any:
    """Return the table of a DuckDB file that paths lead to, or the paths themselves if they lead to other
    files.
    """
    from howsure.readers.addresses import database_of, rows_of

    found = database_of(paths)
    if found is None:
        return paths
    of_files = [name for name in OF_FILES if how[name]]
    if of_files:
        raise OptionError(
            f"`{of_files[0]}` doesn't apply to the table of a DuckDB file",
            where=str(found[0]),
            remedy="Leave it out. Use `where` to choose rows.",
        )
    return rows_of(*found, how["columns"])


def paths_of(data: Any) -> list[str | Path]:
    """Return a path, or paths, as a list. OptionError if one is empty, such as an unset shell variable: it
    would mean the working directory.
    """
    paths = [data] if isinstance(data, (str, Path)) else list(data)
    if "" in paths:
        raise OptionError("an empty path", remedy="Use . for the working directory.")
    return paths


def _read_places(paths: list[str | Path], how: dict[str, Any]) -> Scores:
    """Read files and folders, local or remote."""
    from howsure.readers.counts import counted, is_count
    from howsure.readers.folder import read_paths

    counts = [str(path) for path in paths if is_count(path)]
    if counts:
        if len(counts) < len(paths):
            raise OptionError(
                f"{counts[0]} is a count, but {next(path for path in paths if not is_count(path))} is a path",
                remedy="Compare them with `a` and `b`.",
            )
        return counted(counts)
    chosen = how["runs"] or ()
    ages = [each.removeprefix(SINCE) for each in chosen if each.startswith(SINCE)]
    how |= {
        "maps": _mappings(how.pop("map")),
        "latest": "latest" in chosen,
        "since": ages[-1] if ages else "",
    }
    how["runs"] = tuple(each for each in chosen if each != "latest" and not each.startswith(SINCE))
    how |= {name: how[name] or "" for name in ("model_from", "items")}
    if not any("://" in str(path) for path in paths):
        return read_paths(paths, **how)
    from howsure.readers.addresses import at_hand

    asked = {name: how[name] for name in ("reader", "maps", "progress")}
    with at_hand(paths, **asked) as places:
        return read_paths(places, **{**how, "cache": False})


def _mappings(given: Any) -> tuple[GivenReader, ...]:
    if given is None:
        return ()
    from howsure.readers.mapping.known import mappings_of

    return mappings_of(given)


def is_paths(data: Any) -> bool:
    """Return whether data are a path, or paths, not a frame."""
    return isinstance(data, (str, Path)) or (
        isinstance(data, (list, tuple)) and bool(data) and all(isinstance(part, (str, Path)) for part in data)
    )


def _read_frame(
    data: Any, roles: dict[str, tuple[str, ...]], where: dict[str, tuple[str, ...]], writing: Writing
) -> Scores:
    import narwhals as nw

    from howsure.table.cells import numbers_of, rows_where
    from howsure.table.schema import find_roles, open_frame
    from howsure.table.sides import (
        ROWS_AS_QUESTIONS,
        in_rows,
        model_columns,
        rows_are_questions,
        with_row_questions,
    )
    from howsure.wording import listing

    frame = open_frame(data)
    frame = rows_where(frame, where)
    found = find_roles(frame.collect_schema().names(), roles)
    if isinstance(data, pl.DataFrame) and (models := model_columns(data.lazy(), found)):
        wide = _read_frame(in_rows(data.lazy(), models).collect(), roles, where, writing)
        return replace(wide, notes=(f"Each of the columns {listing(models)} is a model.", *wide.notes))
    rows = frame.to_native()
    if isinstance(rows, pl.LazyFrame) and rows_are_questions(found):
        labelled = with_row_questions(rows, found)
        if "model" not in found:
            labelled = labelled.with_columns(model=pl.lit("model"))
        counted = _read_frame(labelled.collect(), roles, {}, writing)
        return replace(counted, notes=(ROWS_AS_QUESTIONS, *counted.notes))
    score, numbers = numbers_of(frame, found.get("score", ()), writing)
    frame = frame if score is None else frame.with_columns(score)
    in_memory = nw.dependencies.is_into_dataframe(data)
    made = Scores(rows=frame.to_native(), roles=found, in_memory=in_memory, chosen=frozenset(roles))
    if numbers is None:
        return made
    return replace(made, notes=numbers.notes, signed=frozenset({numbers.column} if numbers.percent else ()))


def scores_of(data: Any, design: Design) -> Scores:
    """Read the data of a function, with probabilities if the design needs them."""
    return read(data, **design.reading)


def of_model(scores: Scores, name: str, *, parts: bool) -> Scores:
    """Return the scores of one model. `parts`: whether a part of its name is enough."""
    model = resolve(name, names_of(scores, "model"), parts=parts)
    rows = scores.to_frame().filter(pl.col("model") == model)
    missing = tuple(lack for lack in scores.missing if lack.model == model)
    runs = tuple(entry for entry in scores.runs if entry.model == model)
    return replace(with_rows(scores, rows), missing=missing, published=(), runs=runs)


def table_of(data: Any, names: Collection[str] = (), *, logs: bool = False) -> tuple[pl.DataFrame, list[str]]:
    """Return the rows of a table, or of several concatenated ones, and notes on the files. It also reads
    exports of annotation tools as well.

    `names`: the columns of ids and names, which stay as they are written. `logs`: logs of harnesses too, as
    one row per score: task, model, item, attempt, scorer, score.
    """
    if isinstance(data, Scores):
        return _scored(data), []
    if not is_paths(data):
        return to_polars(open_frame(data)), []
    paths = [Path(path) for path in (data if isinstance(data, (list, tuple)) else [data])]
    if logs and any(_is_log(path) for path in paths):
        return _scored(read(paths)), []
    parts = [_rows(path, names) for path in paths]
    return pl.concat([rows for rows, _ in parts], how="diagonal_relaxed"), [
        note for _, notes in parts for note in notes
    ]


def with_notes(table: T, notes: Sequence[str]) -> T:
    """Return the content of tables, with notes on their files."""
    return replace(table, notes=(*table.notes, *notes)) if notes else table


def _rows(path: Path, names: Collection[str]) -> tuple[pl.DataFrame, list[str]]:
    if path.is_dir():
        raise ReadError("a folder", where=str(path), remedy="Name the file that contains the table.")
    source = Source(path=path, root=path)
    found = export_of(source) if path.is_file() else None
    if found is not None:
        return found, []
    rows = read_table(str(path), names, mixed=True)
    _refuse_header_again(rows, path)
    short = [f"{warning.message} {warning.remedy}" for warning in short_rows(source, rows)]
    return rows, [*notes_on_names(source), *short]


def _refuse_header_again(rows: pl.DataFrame, path: Path) -> None:
    """Refuse a row that repeats the names of the columns, as in concatenated files."""
    if not rows.width or any(dtype not in (pl.String, pl.Categorical) for dtype in rows.dtypes):
        return
    named = (pl.col(name).cast(pl.String) == name for name in rows.columns)
    again = rows.select(pl.all_horizontal(named)).to_series().arg_true()
    if len(again):
        raise ReadError(
            f"row {again[0] + 1:,} repeats the names of the columns",
            where=str(path),
            remedy="Remove it: concatenated files have such rows.",
        )


def _is_log(path: Path) -> bool:
    """Return whether a path is a folder, or a log that a reader of a harness knows."""
    if path.is_dir():
        return True
    if not path.is_file():
        return False
    source = Source(path=path, root=path)
    known = identify(source)
    return known is not None and known[0].NAME != NAME and export_of(source) is None


def _scored(scores: Scores) -> pl.DataFrame:
    """Return scores as rows for functions that look for a judge: the metric is the scorer, and item names
    include the task if there are several.
    """
    rows = scores.to_frame().filter(pl.col("score").is_not_null()).rename({"metric": "scorer"})
    item = pl.concat_str("task", "item", separator="/") if rows["task"].n_unique() > 1 else pl.col("item")
    return rows.select("model", "scorer", "score", "attempt", "task", item=item)
