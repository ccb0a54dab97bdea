"""Runs of one system, each read separately and combined: every run is a model with its own name, and dates
determine the order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError, ReadError, ResultWarning
from howsure.inference.history import follow
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.options.table import option
from howsure.readers import registry
from howsure.readers.base import Source
from howsure.study.design import Design
from howsure.study.models import resolve
from howsure.table.aggregate import names_of
from howsure.table.scores import with_rows
from howsure.table.sides import joined
from howsure.verbs.read import is_paths, of_model, read
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.table.scores import Run, Scores

    Stated = set[tuple[str, str]]

LEAST = 2
"""A history needs this many runs."""
LEVEL = "the level of its runs"
"""The name of the runs since the last change together, before their side has a name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunFiles:
    """A file or folder with one run: its name, if it has one, and the content."""

    name: str
    paths: tuple[str, ...]
    scores: Scores


def are_apart(data: Any) -> bool:
    """Return whether runs are named by a dict, or are in separate files or folders. Otherwise the models of
    the data are the runs.
    """
    if isinstance(data, dict):
        return True
    return is_paths(data) and (
        len(places := _places(data)) >= LEAST or any(Path(path).is_dir() for _, path in places)
    )


def runs_apart(data: Any, options: Mapping[str, Any], models: Sequence[str] = ()) -> Scores:
    """Read every run separately with these options of `read`, for these models alone, and combine them.

    In a folder each file or subfolder is one run. Files from one call of a harness, and the logs of a run and
    its retries, form one run, and a folder with several runs of one model and task is searched. A dict names
    the runs. In one file, a frame or Scores the models are the runs.
    """
    if not are_apart(data):
        return read(data, **options)
    if isinstance(data, dict):
        units = [
            _RunFiles(name=str(name), paths=(), scores=read(part, **options)) for name, part in data.items()
        ]
        return _side_by_side(units, models, ())
    left: dict[str, Stated] = {}
    each = {name: value for name, value in options.items() if name != "progress"}
    shown = options.get("progress") or list
    found = [unit for name, path in shown(_places(data)) for unit in _units(name, path, each, left)]
    held = {(entry.task, entry.name) for unit in found for entry in unit.scores.runs}
    nothing = [name for name, stated in left.items() if not stated or not stated <= held]
    # Read units together that come from one call, or that are logs of one run.
    groups: dict[str, list[_RunFiles]] = {}
    for unit in found:
        marks = sorted({mark for entry in unit.scores.runs for mark in _marks(entry.run)})
        known = next((groups[mark] for mark in marks if mark in groups), [])
        known.append(unit)
        groups |= dict.fromkeys(marks or [f"\0{unit.name}"], known)
    every = {id(group): group for group in groups.values()}
    together = [_one(group, each) for group in every.values()]
    return _side_by_side(together, models, nothing)


def level_side(path: str, options: Mapping[str, Any]) -> Scores:
    """Read the runs of one system, and return those since the last change of each task as the attempts of one
    model.

    Changes are those that `howsure.history` finds. DataError if the runs contain several models.
    """
    scores = runs_apart(path, options)
    if len({entry.name for entry in scores.runs}) > 1:
        raise DataError(
            "the runs of a history are of several models",
            where=path,
            remedy="Choose a folder with runs of a single model.",
        )
    usual = option("runs_between_alarms", "history").default
    history = follow(scores, Design(), Question(population=NEW_CLUSTERS), runs_between_alarms=usual)
    kept = {task.task: [run.run for run in task.runs if run.in_current_level] for task in history.tasks}
    return _as_attempts(scores, kept)


def _as_attempts(scores: Scores, kept: Mapping[str, Sequence[str]]) -> Scores:
    """Return these runs of each task as attempts of one model."""
    places = pl.DataFrame(
        [(task, run, place) for task, runs in kept.items() for place, run in enumerate(runs)],
        schema={"task": pl.String, "model": pl.String, "place": pl.Int64},
        orient="row",
    )
    rows = scores.to_frame().join(places, on=["task", "model"], how="inner", maintain_order="left")
    most = pl.col("attempt").max() + 1
    rows = rows.with_columns(attempt=pl.col("attempt") + pl.col("place") * most, model=pl.lit(LEVEL)).drop(
        "place"
    )
    told = [
        f"{task}: the baseline is the mean of {plural(len(runs), 'run')} since {runs[0]}."
        for task, runs in kept.items()
    ]
    missing = tuple(
        replace(lack, model=LEVEL) for lack in scores.missing if lack.model in kept.get(lack.task, ())
    )
    entries = tuple(
        replace(entry, model=LEVEL) for entry in scores.runs if entry.model in kept.get(entry.task, ())
    )
    return replace(
        with_rows(scores, rows),
        notes=(*scores.notes, *told),
        missing=missing,
        runs=entries,
        published=(),
        uncounted=(),
    )


def _places(data: Any) -> list[tuple[str, str]]:
    """Return the files and folders of the runs, with their names: for one folder its contents."""
    paths = [str(path) for path in ([data] if isinstance(data, (str, Path)) else data)]
    if len(paths) == 1 and Path(paths[0]).is_dir():
        return _inside(paths[0])
    ends = [Path(path).name for path in paths]
    return list(zip(ends if len(set(ends)) == len(ends) else paths, paths, strict=True))


def _inside(folder: str, before: str = "") -> list[tuple[str, str]]:
    """Return the contents of a folder, with names relative to the given folder."""
    found = sorted(path for path in Path(folder).iterdir() if not path.name.startswith("."))
    return [(f"{before}{path.name}", str(path)) for path in found]


def _units(name: str, path: str, options: Mapping[str, Any], left: dict[str, Stated]) -> Iterator[_RunFiles]:
    """Yield the runs at a place. One without rows is `left`, with the tasks and models whose scores it
    states.
    """
    try:
        scores = read(path, **_uncached(options, unless=Path(path).is_dir()))
    except (ReadError, DataError):
        file = Path(path)
        found = registry.identify(Source(path=file, root=file.parent)) if file.is_file() else None
        if found is None or found[1] != "companion":  # companions are read together with their neighbours
            left[name] = set()
        return
    if not scores.has_rows:
        left[name] = {(entry.task, entry.model) for entry in scores.published}
    elif Path(path).is_dir() and _several(scores):
        for inner, place in _inside(path, f"{name}/"):
            yield from _units(inner, place, options, left)
    else:
        yield _RunFiles(name=name, paths=(path,), scores=scores)


def _several(scores: Scores) -> bool:
    """Return whether scores contain several runs of one model on one task."""
    runs: dict[tuple[str, str], set[str]] = {}
    for entry in scores.runs:
        runs.setdefault((entry.task, entry.name), set()).add(
            entry.run.identity or entry.run.started or entry.source
        )
    return any(len(each) > 1 for each in runs.values())


def _marks(run: Run) -> Iterable[str]:
    """Return the key that logs of one run share."""
    return (
        f"{kind}:{text}"
        for kind, text in (("key", run.key), ("run", run.identity), ("call", run.call))
        if text
    )


def _one(units: Sequence[_RunFiles], options: Mapping[str, Any]) -> _RunFiles:
    if len(units) == 1:
        return units[0]
    paths = tuple(path for unit in units for path in unit.paths)
    return _RunFiles(name=units[0].name, paths=paths, scores=read(list(paths), **_uncached(options)))


def _uncached(options: Mapping[str, Any], *, unless: bool = False) -> dict[str, Any]:
    """Disable the cache for single files: all files of a folder share one pack, which would be opened for
    each of them.
    """
    return {name: value for name, value in options.items() if name != "cache" or unless}


def _side_by_side(units: Sequence[_RunFiles], models: Sequence[str], left: Sequence[str]) -> Scores:
    """Combine the runs, only those of these models if any are named. DataError if there are too few."""
    units = _of_models(_called_alike(units), models) if models else _called_alike(units)
    if len(units) < LEAST:
        raise DataError(
            f"{plural(len(units), 'run')}, but a history needs {LEAST}",
            remedy="Give a folder with one file or folder per run, or several paths.",
        )
    names = [unit.name for unit in units]
    short = [re.sub(r"\.[A-Za-z]\w{0,8}$", "", name) or name for name in names]
    names = short if len(set(short)) == len(short) else names
    parts = {name: unit.scores for name, unit in zip(names, units, strict=True)}
    whose = {name: tuple(sorted(set(scores.to_frame()["model"]))) for name, scores in parts.items()}
    scores = joined(parts)
    more = [*_of_several(whose), *_left_out(left)]
    return replace(scores, notes=scores.notes[1:], warnings=(*scores.warnings, *more))


def _called_alike(units: Sequence[_RunFiles]) -> list[_RunFiles]:
    """Give tables the same task, and model, in every run if only the files name them."""
    for column, name in (("task", "task"), ("model", "system")):
        if all(_is_named_by_file(unit, column) for unit in units):
            units = [_renamed(unit, column, name) for unit in units]
    return list(units)


def _is_named_by_file(unit: _RunFiles, column: str) -> bool:
    """Return whether a run is a table whose only task, or model, is named after the file, because no column
    names one.
    """
    held = set() if unit.scores.runs else set(unit.scores.to_frame()[column])
    return len(unit.paths) == 1 and held == {Path(unit.paths[0]).stem}


def _renamed(unit: _RunFiles, column: str, name: str) -> _RunFiles:
    rows = unit.scores.to_frame().with_columns(pl.lit(name).alias(column))
    notes = () if column == "model" else unit.scores.notes  # these note that the file names the model
    return replace(unit, scores=replace(with_rows(unit.scores, rows), notes=notes))


def _of_models(units: Sequence[_RunFiles], models: Sequence[str]) -> list[_RunFiles]:
    """Select these models from every run, and leave out runs that have none of them."""
    held = [names_of(unit.scores, "model") for unit in units]
    every = list(dict.fromkeys(name for names in held for name in names))
    chosen = [resolve(name, every, parts=True) for name in models]
    return [
        replace(unit, scores=_of_named(unit.scores, kept))
        for unit, names in zip(units, held, strict=True)
        if (kept := [name for name in chosen if name in names])
    ]


def _of_named(scores: Scores, models: Sequence[str]) -> Scores:
    found = [of_model(scores, name, parts=False) for name in models]
    if len(found) == 1:
        return found[0]
    return replace(found[0], rows=pl.concat([part.to_frame() for part in found], how="diagonal_relaxed"))


def _of_several(whose: Mapping[str, tuple[str, ...]]) -> Iterator[ResultWarning]:
    """Warn if the runs aren't those of one model."""
    models = sorted({model for models in whose.values() if len(models) == 1 for model in models})
    if len(models) > 1:
        yield ResultWarning(
            code="runs_of_several_models",
            message=f"the runs are of {plural(len(models), 'model')}: {listing(models)}",
            remedy="Choose one with `model`, unless the system changed its model.",
        )


def _left_out(names: Sequence[str]) -> Iterator[ResultWarning]:
    if names:
        yield ResultWarning(
            code="runs_left_out",
            message=(
                f"{plural(len(names), 'place')} without results of questions left out: {listing(list(names))}"
            ),
            remedy="See `howsure describe`.",
        )
