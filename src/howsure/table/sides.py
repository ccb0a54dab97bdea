"""Sides: separately read scores, combined so that each side is a model with its name."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import DataError
from howsure.table.engines import to_polars
from howsure.table.names import name_words, silent_factor
from howsure.table.scale import BESIDE
from howsure.table.schema import (
    CONSTANTS,
    METRIC_ROLES,
    FirstOf,
    find_roles,
    open_frame,
    roles_note,
    used_columns,
)
from howsure.table.scores import COUNTS, Scores, TaskFacts, joined_facts, tidy_roles
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence


def wide_table(data: Any, models: Sequence[str]) -> pl.DataFrame | None:
    """Return one row per question and model of a table with these models, and the question, as columns. None
    for other tables.

    `data`: a frame, or the path of one CSV, TSV or Parquet file.
    """
    table = _table(data, models)
    if table is None or not set(models) <= set(table.columns) or len(set(models)) < len(models):
        return None
    rest = [name for name in table.columns if name not in models]
    numbers = all(table[name].dtype.is_numeric() or table[name].dtype == pl.Boolean for name in models)
    roles = find_roles(rest, {})
    if not numbers or "item" not in roles or "score" in roles or "model" in roles:
        return None
    return in_rows(table.lazy(), models).collect()


NO_MODEL = frozenset({"label", "labels", "gold", "truth", "target", "human", "judge", "rater", "annotator"})
"""Words in the names of columns that belong to judged or labelled answers."""


def model_columns(frame: pl.LazyFrame, roles: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the columns of a table without a score with one model's right and wrong answers each. There must
    be at least two, with 0 and 1 only, and a column for the question. () if there are none.
    """
    if "item" not in roles or roles.keys() & {"score", "model"}:
        return ()
    used = used_columns(roles)
    names = [
        name
        for name, dtype in frame.collect_schema().items()
        if name not in used
        and (dtype.is_numeric() or dtype == pl.Boolean)
        and not re.match(r"(is|has)_", name)
    ]
    if len(names) < 2 or any(NO_MODEL & set(name_words(name)) for name in names):
        return ()
    values = pl.col(names).cast(pl.Float64)
    binary, shares = (
        frame.select(values.is_in([0.0, 1.0]).all()).collect(),
        frame.select(values.is_between(0, 1).all()).collect(),
    )
    found = tuple(name for name in names if binary[name].item())
    only_shares = any(shares[name].item() and name not in found for name in names)
    return found if len(found) > 1 and not only_shares else ()


def in_rows(frame: pl.LazyFrame, models: Sequence[str]) -> pl.LazyFrame:
    """Return one row per question and model of a table with one column per model."""
    rest = [name for name in frame.collect_schema().names() if name not in models]
    scores = frame.with_columns(pl.col(list(models)).cast(pl.Float64))
    return scores.unpivot(on=list(models), index=rest, variable_name="model", value_name="score")


ROWS_AS_QUESTIONS = (
    "No column names the questions: each row is one, and models are matched by the order of their rows."
)


def rows_are_questions(roles: Mapping[str, tuple[str, ...]]) -> bool:
    """Return whether a metric finds its columns in a table, and no column names the questions."""
    read = [roles[role] for role in METRIC_ROLES if role in roles]
    return "item" not in roles and bool(read) and not any(isinstance(each, FirstOf) for each in read)


def with_row_questions(frame: pl.LazyFrame, roles: Mapping[str, tuple[str, ...]]) -> pl.LazyFrame:
    """Return a table with the number of each row as its question, counted for each model and task.

    Models with different numbers of rows have no question in common.
    """
    by = [name for role in ("task", "model") for name in roles.get(role, ())]
    number, rows = pl.int_range(1, pl.len() + 1), pl.len()
    if by:
        number, rows = number.over(by), rows.over(by)
    return frame.with_columns(item=pl.format("row {} of {}", number, rows))


def _table(data: Any, models: Sequence[str]) -> pl.DataFrame | None:
    """Return the table of a frame with these columns, or of a file, None for anything else."""
    if isinstance(data, (list, tuple)):
        if len(data) != 1:
            return None
        (data,) = data
    if not isinstance(data, (str, Path)):
        frame = open_frame(data)
        return to_polars(frame) if set(models) <= set(frame.collect_schema().names()) else None
    path = Path(data)
    kind = path.suffix.lower()
    if not path.is_file() or kind not in (".csv", ".tsv", ".parquet"):
        return None
    try:
        if kind == ".parquet":
            return pl.read_parquet(path)
        return pl.read_csv(path, separator="\t" if kind == ".tsv" else ",")
    except (pl.exceptions.PolarsError, OSError):
        return None


TASK = CONSTANTS["task"]


def joined(sides: Mapping[str, Scores]) -> Scores:
    """Return the scores of all sides, each side as a model with its name.

    If all sides have the same several models, each model is its own task, so that the sides are compared
    model by model. Raises DataError without sides, for a side without rows, or if one has several models that
    the others don't have.
    """
    sides = _with_counts(sides)
    if not sides:
        raise DataError("no sides", remedy="Give each a name and a path: {'main': 'runs/main'}.")
    sides, of_files = _of_one_task(sides)
    frames = {
        name: scores.to_frame() if scores.has_rows else pl.DataFrame() for name, scores in sides.items()
    }
    models = {name: _models(name, frame) for name, frame in frames.items()}
    inside = _same_models(models)
    task_of = _task_namer(frames, inside)
    called = {name: _called(scores, name, task_of) for name, scores in sides.items()}
    rows = [_renamed(frame, name, task_of) for name, frame in frames.items()]
    column = BESIDE.join(dict.fromkeys(scores.score_column for scores in sides.values()))
    silent = (_silent(scores) for scores in sides.values())
    return Scores(
        rows=pl.concat(rows, how="diagonal_relaxed"),
        roles=tidy_roles(next(iter(sides.values()))),
        facts=joined_facts(fact for scores in called.values() for fact in scores.facts),
        published=tuple(entry for scores in called.values() for entry in scores.published),
        files=tuple(report for scores in sides.values() for report in scores.files),
        warnings=tuple(dict.fromkeys(warning for scores in sides.values() for warning in scores.warnings)),
        notes=(
            _told(models, inside),
            *of_files,
            *dict.fromkeys(note for scores in sides.values() for note in _notes(scores)),
        ),
        signed=frozenset({column}) if all(scores.signed for scores in sides.values()) else frozenset(),
        score_name=column,
        missing=tuple(lack for scores in called.values() for lack in scores.missing),
        reconciled=tuple(figure for scores in sides.values() for figure in scores.reconciled),
        runs=tuple(entry for scores in called.values() for entry in scores.runs),
        groups=()
        if inside
        else tuple(dict.fromkeys(group for scores in sides.values() for group in scores.groups)),
        unasked=next(filter(None, silent), ""),
    )


def rows_by_model(scores: Scores, value: str) -> Scores:
    """Return the answers with one value of the compared column, by the models that gave them."""
    item = tuple(name for name in scores.roles["item"] if name not in scores.answered_by)
    roles = {**scores.roles, "model": scores.answered_by, "item": item}
    rows = open_frame(scores.rows).filter(nw.col(scores.side_column).cast(nw.String) == value)
    return replace(scores, rows=rows.to_native(), roles=roles, answered_by=())


def _with_counts(sides: Mapping[str, Scores]) -> Mapping[str, Scores]:
    """Return sides with answers in place of counts, on the only task and metric of the others."""
    counts = {name for name, scores in sides.items() if any(fact.harness == COUNTS for fact in scores.facts)}
    others = [scores.to_frame() for name, scores in sides.items() if name not in counts and scores.has_rows]
    keys = {key for rows in others for key in rows.select("task", "metric").unique().iter_rows()}
    task, metric = keys.pop() if len(keys) == 1 else (COUNTS, CONSTANTS["metric"])
    return {
        name: _of_count(scores, name, task, metric) if name in counts else scores
        for name, scores in sides.items()
    }


def _of_count(counts: Scores, side: str, task: str, metric: str) -> Scores:
    item = pl.format("{} {}.", pl.col("item"), pl.lit(side))
    rows = counts.to_frame().with_columns(item=item, task=pl.lit(task), metric=pl.lit(metric))
    return replace(counts, rows=rows, facts=(TaskFacts(task=task, harness=COUNTS),))


def _of_one_task(sides: Mapping[str, Scores]) -> tuple[Mapping[str, Scores], tuple[str, ...]]:
    """Return sides whose task is only named by their file as sides on one task, with a note."""
    named = {name: _task_of_file(scores) for name, scores in sides.items()}
    if not all(named.values()) or len(set(named.values())) == 1:
        return sides, ()
    same = {
        name: replace(
            scores, rows=open_frame(scores.rows).with_columns(nw.lit(TASK).alias("task")).to_native()
        )
        for name, scores in sides.items()
    }
    return same, ("No side names its task, so they are treated as the same one.",)


def _task_of_file(scores: Scores) -> str:
    """Return the single task of a table if it is named after its file, or not at all, "" if it has another
    name.
    """
    if (
        not scores.has_rows
        or scores.facts
        or scores.runs
        or len(scores.files) > 1
        or scores.roles.get("task")
    ):
        return ""
    rows = scores.to_frame()
    tasks, files = set(rows["task"]), {PurePath(file.path).stem for file in scores.files}
    alone = len(tasks) == 1 and rows["model"].n_unique() == 1
    return next(iter(tasks)) if alone and tasks <= {TASK, *files} else ""


def _silent(scores: Scores) -> str:
    """Return the column of a side used as attempts because of its name, which is lost when sides are
    combined, "" if none was.
    """
    roles = find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles)
    return scores.unasked or silent_factor(roles, scores.chosen)


def _notes(scores: Scores) -> Iterator[str]:
    """Yield a side's notes, including its columns, which now have the names of the tidy table."""
    told = roles_note(find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles))
    yield from (note for note in (*scores.notes, told) if note)


def _models(name: str, frame: pl.DataFrame) -> tuple[str, ...]:
    if not len(frame):
        raise DataError(f"side {name!r} has no rows", remedy="Check its path, or `howsure runs`.")
    return tuple(frame["model"].unique().sort())


def _same_models(models: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Return the models that every side has, none if each side has one. DataError if sides have several and
    they differ.
    """
    if all(len(names) == 1 for names in models.values()):
        return ()
    first = next(iter(models.values()))
    if all(names == first for names in models.values()):
        return first
    said = "; ".join(
        f"{name} has {listing([repr(model) for model in names])}" for name, names in models.items()
    )
    raise DataError(
        f"sides with several models that differ: {said}",
        remedy="Give sides of one model each, or read the files together and name their models.",
    )


def _task_namer(frames: Mapping[str, pl.DataFrame], inside: tuple[str, ...]) -> Callable[[str, str], str]:
    """Return the function that names a task: by itself, by its model if there is one task, otherwise by
    both.
    """
    if not inside:
        return lambda task, _: task
    tasks = {task for frame in frames.values() for task in frame["task"].unique()}
    return (lambda _, model: model) if len(tasks) == 1 else (lambda task, model: f"{task} · {model}")


def _renamed(frame: pl.DataFrame, side: str, task_of: Callable[[str, str], str]) -> pl.DataFrame:
    pairs = frame.select("task", "model").unique()
    named = pairs.with_columns(
        named=pl.Series([task_of(*pair) for pair in pairs.iter_rows()], dtype=pl.String)
    )
    rows = frame.join(named, on=["task", "model"], how="left", maintain_order="left")
    return rows.with_columns(task="named", model=pl.lit(side)).drop("named")


def _called(scores: Scores, side: str, task_of: Callable[[str, str], str]) -> Scores:
    """Rename facts, missing attempts, published scores and runs like the rows."""
    pairs = dict.fromkeys((lack.task, lack.model) for lack in scores.missing)
    pairs |= dict.fromkeys((entry.task, entry.model) for entry in scores.published)
    pairs |= dict.fromkeys((entry.task, entry.model) for entry in scores.runs)
    if scores.has_rows:
        pairs |= dict.fromkeys(scores.to_frame().select("task", "model").unique().iter_rows())
    names = {pair: task_of(*pair) for pair in pairs}
    return replace(
        scores,
        facts=tuple(
            replace(fact, task=name)
            for fact in scores.facts
            for name in dict.fromkeys(name for (task, _), name in names.items() if task == fact.task)
        ),
        missing=tuple(
            replace(lack, task=names[lack.task, lack.model], model=side) for lack in scores.missing
        ),
        published=tuple(
            replace(entry, task=names[entry.task, entry.model], model=side) for entry in scores.published
        ),
        runs=tuple(replace(entry, task=names[entry.task, entry.model], model=side) for entry in scores.runs),
    )


def _told(models: Mapping[str, tuple[str, ...]], inside: tuple[str, ...]) -> str:
    if inside:
        return f"Sides: {listing(list(models))}, compared model by model: {listing(list(inside))}."
    sides: dict[str, list[str]] = {}
    for name, names in models.items():
        sides.setdefault(names[0], []).append(name)
    return f"Sides: {'; '.join(_of_one_model(model, called) for model, called in sides.items())}."


def _of_one_model(model: str, sides: list[str]) -> str:
    """Return a sentence on the model of one or several sides."""
    if len(sides) > 1:
        return (
            f"{listing(sides)} are all {model}"
            if len(sides) > 2
            else f"{sides[0]} and {sides[1]} are {model}"
        )
    return model if sides == [model] else f"{sides[0]} is {model}"
