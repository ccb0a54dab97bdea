"""The runs verb: what logs say of their runs, with the mean score of each."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from howsure.answers.runs import ListedRun, Runs
from howsure.errors import DataError
from howsure.study.gathering import in_shares
from howsure.study.names import unknown
from howsure.table.run_means import run_means
from howsure.table.runs import RunEntry

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.table.scores import Scores

    Means = Mapping[str, tuple[int, float | None]]

TABLE = "table"
UNKNOWN = "Tables say nothing of the runs that their rows came from."
Key = tuple[str, str, str]


def list_runs(scores: Scores, *, task: Sequence[str], metric: Sequence[str], top: int | None) -> Runs:
    """List the runs behind scores; see `howsure.runs`."""
    groups: dict[tuple[Key, str], list[RunEntry]] = {}
    for entry in scores.runs:
        groups.setdefault((_key(entry), entry.reason), []).append(entry)
    means = _means(scores)
    tabled = [key for key in means if (key, "") not in groups]
    notes = list(scores.notes)
    if tabled:
        scores, scaled = in_shares(scores)
        means, notes = _means(scores) if scaled else means, [*notes, *scaled, UNKNOWN]
    groups |= {
        (key, ""): [RunEntry(source=key[0], reader=TABLE, task=key[1], name=key[2], model=key[2])] for key in tabled
    }
    _check(task, [entry.task for entries in groups.values() for entry in entries])
    found = [
        _listed(entries, {**entries[0].means, **(means.get(key, {}) if not reason else {})}, scores, metric)
        for (key, reason), entries in groups.items()
        if not task or key[1] in task
    ]
    if not found:
        raise DataError("no run was read", remedy="See `howsure describe`.")
    return Runs(
        runs=tuple(sorted(found, key=_age, reverse=True)),
        top=top,
        notes=tuple(notes),
        cautions=scores.cautions,
    )


def _check(asked: Iterable[str], there: Sequence[str]) -> None:
    for name in asked:
        if name not in there:
            raise unknown("task", name, sorted(set(there)))


def _key(entry: RunEntry) -> Key:
    """Return what the files of one run have in common, for one task and model."""
    return entry.run.identity or entry.source, entry.task, entry.model


def _means(scores: Scores) -> dict[Key, dict[str, tuple[int, float | None]]]:
    """Return items and mean score of the runs that count; of two files with one name nobody can tell whose a row is."""
    if not scores.has_rows:
        return {}
    zero = [fact.task for fact in scores.facts if fact.failures == "zero"]
    run_of: dict[str, str] = {}
    for entry in scores.runs:
        if entry.counted and run_of.setdefault(entry.source, key := _key(entry)[0]) != key:
            run_of[entry.source] = ""
    return run_means(scores.rows, scores.roles, zero=zero, run_of=run_of)


def _listed(entries: Sequence[RunEntry], means: Means, scores: Scores, asked: Sequence[str]) -> ListedRun:
    entry = entries[0]
    run, stated = entry.run, entry.stated
    fact = scores.fact(entry.task)
    metric = _metric(asked, fact.headline if fact else None, means or dict.fromkeys(stated, (0, 0.0)))
    n_items, mean = means.get(metric, (max((n for n, _ in means.values()), default=0), None))
    score = mean if mean is not None or means else stated.get(metric)
    return ListedRun(
        started=run.started,
        task=entry.task,
        model=entry.model,
        name=entry.name,
        metric=metric,
        n_items=n_items,
        score=math.nan if score is None else score,
        counted=entry.counted,
        reason=entry.reason,
        commit=run.commit,
        dirty=run.dirty,
        limit=run.limit,
        epochs=run.epochs,
        source=_place([each.source for each in entries]),
        files=len(entries),
        reader=entry.reader,
        call=run.call,
        tags=run.tags,
        ids=run.ids,
        settings=dict(entry.settings),
        surroundings=dict(run.surroundings),
    )


def _metric(asked: Sequence[str], headline: str | None, there: Means) -> str:
    """Choose the metric that was asked for, else the one that the harness puts first, else the only one."""
    if asked:
        return next((name for name in asked if name in there), "")
    if headline is not None and headline in there:
        return headline
    return next(iter(there)) if len(there) == 1 else ""


def _place(sources: Sequence[str]) -> str:
    """Name a file, or the folder in which all files of a run lie."""
    return sources[0] if len(sources) == 1 else os.path.commonpath(sources) or "."


def _age(run: ListedRun) -> tuple[float, str]:
    """Order runs by their dates; a date without an offset is taken for one in UTC."""
    try:
        date = datetime.fromisoformat(run.started)
        return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp(), run.task
    except (ValueError, OverflowError):
        return -math.inf, run.task
