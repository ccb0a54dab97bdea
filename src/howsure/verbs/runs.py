"""The function runs: every run that was read, and whether it counts."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.answers.runs import ListedRun, Runs
from howsure.errors import DataError
from howsure.options.table import checked
from howsure.study.models import unknown
from howsure.study.rescaled import in_shares
from howsure.table.aggregate import run_means
from howsure.table.scores import Run, moment
from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.table.scores import RunEntry, Scores, UncountedLog

    Means = Mapping[str, tuple[int, float | None]]
    Names = str | Sequence[str]

TABLE = "table"
LISTED = ("limited_left_out",)
"""Warnings that repeat what the list shows for each run."""
UNKNOWN = "Tables contain no information on the runs that their rows came from."
EITHER = "\0"
"""What the run of rows is called if its file is known by the name of another, followed by that name."""
Key = tuple[str, str, str]


def runs(
    data: Any, *, task: Names | None = None, metric: Names | None = None, top: int | None = None
) -> Runs:
    """List every run: its date, task, model, items, score, commit, tags and limit, and whether it is counted.

    A run is one task by one model, in one log or several. Nothing is estimated. Left-out logs (retries,
    copies) and those that state scores without rows are listed with the reason. See docs/runs.md for which
    runs count as attempts of one model, which are kept separate, and what a copy is.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        task: Only these tasks. None: all.
        metric: The metric of the score. If you give several, it is the first that a run has. None uses the
            harness's main metric, else the only one.
        top: How many of the newest to display. None displays all.

    Returns:
        Runs: One entry per run, task and model, newest first.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If the task doesn't exist, or there aren't runs.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a", "a", "b", "b"], "item": [1, 2, 1, 2], "score": [1, 0, 1, 1]})
        >>> [(run.model, run.n_items, run.score) for run in runs(rows).runs]
        [('a', 2, 0.5), ('b', 2, 1.0)]
    """
    tasks, metrics, top = checked("runs", task=task, metric=metric, top=top).values()
    scores = read(data)
    notes, means = list(scores.notes), _means(scores)
    groups: dict[Key, list[RunEntry]] = {}
    for entry in scores.runs:
        groups.setdefault(_key(entry), []).append(entry)
    tabled = [key for key in means if key not in groups and not key[0].startswith(EITHER)]
    if tabled:
        scores, scaled = in_shares(scores)
        means, notes = _means(scores) if scaled else means, [*notes, *scaled, UNKNOWN]
    cells = [
        _counted(entries, means.get(key) or _only(entries, scores, means)) for key, entries in groups.items()
    ]
    for key in tabled:
        source, task_name, model = key
        cells.append(
            _ReadRun(
                sources=[source], reader=TABLE, task=task_name, name=model, model=model, means=means[key]
            )
        )
    cells += [cell for log in scores.uncounted for cell in _uncounted(log)]
    if not cells:
        raise DataError("there are no runs", remedy="See `howsure describe`.")
    there = sorted({cell.task for cell in cells})
    for name in tasks or ():
        if name not in there:
            raise unknown("task", name, there)
    listed = [
        _listed(cell, _metric(cell, scores, metrics or ()))
        for cell in cells
        if not tasks or cell.task in tasks
    ]
    return Runs(
        runs=tuple(sorted(listed, key=_age, reverse=True)),
        top=top,
        notes=tuple(notes),
        warnings=tuple(warning for warning in scores.warnings if warning.code not in LISTED),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ReadRun:
    """One run of one task by one model: its files, and items and mean score by metric."""

    sources: list[str]
    reader: str
    task: str
    name: str
    model: str
    means: Means
    reason: str = ""
    run: Run = field(default_factory=Run)
    settings: Mapping[str, str] = field(default_factory=dict)


def _key(entry: RunEntry) -> Key:
    """Return what the files of one run have in common, for one task and model."""
    return entry.run.identity or entry.source, entry.task, entry.model


def _means(scores: Scores) -> dict[Key, dict[str, tuple[int, float | None]]]:
    """Return items and mean score of the runs that count. A file known by the name of another represents its
    run.
    """
    if not scores.has_rows:
        return {}
    zero = [fact.task for fact in scores.facts if fact.failures == "zero"]
    run_of: dict[str, str] = {}
    for entry in scores.runs:
        if run_of.setdefault(entry.source, key := _key(entry)[0]) != key:
            run_of[entry.source] = EITHER + entry.source
    return run_means(scores.rows, scores.roles, zero=zero, run_of=run_of)


def _only(entries: Sequence[RunEntry], scores: Scores, means: Mapping[Key, Means]) -> Means:
    """Return those of a file known by the name of another, if only this one contains the model. Otherwise
    their origin is unknown.
    """
    cell = entries[0].source, entries[0].task, entries[0].model
    same = sum((entry.source, entry.task, entry.model) == cell for entry in scores.runs)
    return means.get((EITHER + cell[0], *cell[1:]), {}) if same == 1 else {}


def _counted(entries: Sequence[RunEntry], means: Means) -> _ReadRun:
    entry = entries[0]
    return _ReadRun(
        sources=[each.source for each in entries],
        reader=entry.reader,
        task=entry.task,
        name=entry.name,
        model=entry.model,
        means=means,
        run=entry.run,
        settings=entry.settings,
    )


def _uncounted(log: UncountedLog) -> Iterator[_ReadRun]:
    """Yield the content of a log that was left out, or the scores stated by one without rows."""
    means: dict[tuple[str, str], dict[str, tuple[int, float | None]]] = {}
    for entry in log.published:
        means.setdefault((entry.task, entry.model), {})[entry.metric] = (0, entry.score)
    if log.rows is not None:
        zero = [fact.task for fact in log.facts if fact.failures == "zero"]
        found = run_means(log.rows, {}, zero=zero, run_of={})
        means |= {(task, model): numbers for (_, task, model), numbers in found.items()}
    for (task, model), numbers in means.items():
        yield _ReadRun(
            sources=[log.source],
            reader=log.reader,
            task=task,
            name=model,
            model=model,
            means=numbers,
            reason=log.reason,
            run=log.run,
            settings=log.settings,
        )


def _listed(cell: _ReadRun, metric: str) -> ListedRun:
    run, most = cell.run, max((n for n, _ in cell.means.values()), default=0)
    n_items, score = cell.means.get(metric, (most, None))
    return ListedRun(
        started=run.started,
        task=cell.task,
        model=cell.model,
        name=cell.name,
        metric=metric,
        n_items=n_items,
        score=math.nan if score is None else score,
        counted=not cell.reason,
        reason=cell.reason,
        commit=run.commit,
        dirty=run.dirty,
        limit=run.limit,
        epochs=run.epochs,
        source=_place(cell.sources),
        files=len(cell.sources),
        reader=cell.reader,
        invocation=run.call,
        tags=run.tags,
        ids=run.ids,
        settings=dict(cell.settings),
        environment=dict(run.surroundings),
    )


def _metric(cell: _ReadRun, scores: Scores, asked: Sequence[str]) -> str:
    """Choose the requested metric, else the harness's main one, else the only one."""
    if asked:
        return next((name for name in asked if name in cell.means), "")
    fact = scores.fact(cell.task)
    if fact is not None and fact.headline in cell.means:
        return fact.headline or ""
    return next(iter(cell.means)) if len(cell.means) == 1 else ""


def _place(sources: Sequence[str]) -> str:
    """Name a file, or the folder that contains all files of a run."""
    if len(sources) == 1:
        return sources[0]
    paths = [Path(source) for source in sources]
    shared = (folder for folder in paths[0].parents if all(path.is_relative_to(folder) for path in paths))
    return str(next(shared, paths[0]))


def _age(run: ListedRun) -> tuple[float, str]:
    """Order runs by their dates, those without one last."""
    date = moment(run.started)
    return -math.inf if date is None else date.timestamp(), run.task
