"""How runs are worded and tabled."""

from __future__ import annotations

import math
import re
from dataclasses import replace
from itertools import pairwise, takewhile
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, closing, opening, small, tabled
from howsure.table.scores import in_a_name, moment
from howsure.wording import Scale, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.answers.runs import ListedRun, Runs

MANY_TASKS = 4
"""A call with more tasks than this gets one line."""
MINUTES = 16
"""The number of characters of a date and time to the minute."""
LETTERS = 7
"""The minimum number of characters shown of a commit or an id."""
MOST_REASONS = 20
_HASH = re.compile(r"[0-9a-f]{8,64}")


def document(answer: Runs) -> Document:
    """Return the sentence, the runs, and why some don't count."""
    # Put the tasks of one call by one model into one line if they are many.
    calls: dict[tuple[str, str, str], list[ListedRun]] = {}
    for run in answer.runs:
        calls.setdefault((_call(run), run.model, run.reason), []).append(run)
    lines = [line for same in calls.values() for line in (_one(same) if len(same) > MANY_TASKS else same)]
    shown = lines[: answer.top]
    left = len(lines) - len(shown)
    note = f"… and {plural(left, 'older run')}; `top={len(lines)}` shows all" if left else ""
    table = tabled(shown, _fields(shown, answer.runs), note=note)
    why = small(_reasons(shown))
    return Document(
        blocks=(*opening(sentence(answer)), table, *why, *small(answer.notes), *closing(answer.warnings))
    )


def sentence(answer: Runs) -> str:
    """Return how many runs there are, of which models and tasks, and how many don't count."""
    runs = answer.runs
    models, tasks = (
        plural(len({run.name for run in runs}), "model"),
        plural(len({run.task for run in runs}), "task"),
    )
    calls = len({_call(run) for run in runs})
    each = f", from {plural(calls, 'invocation')}" if calls < len(runs) else ""
    without = sum(_has_no_rows(run) for run in runs)
    left = sum(not run.counted for run in runs) - without
    parts = [
        f"{plural(len(runs), 'run')} of {models} on {tasks}{each}",
        *([f"{left:,} {'is' if left == 1 else 'are'} not used"] if left else []),
        *([f"{without:,} {'has' if without == 1 else 'have'} a score without rows"] if without else []),
    ]
    return ", ".join(parts) + "."


def _has_no_rows(run: ListedRun) -> bool:
    return not run.counted and not run.n_items


def _call(run: ListedRun) -> str:
    return run.invocation or run.source


def _one(runs: Sequence[ListedRun]) -> list[ListedRun]:
    items = sum(run.n_items for run in runs)
    return [replace(runs[0], task=plural(len(runs), "task"), n_items=items, score=math.nan, metric="")]


def _date(run: ListedRun) -> str:
    """Write when a run began in UTC, to the minute, only the day if no time is known."""
    date = moment(run.started) if len(run.started) >= MINUTES else None
    return f"{date:%Y-%m-%d %H:%M}" if date else run.started[:MINUTES]


def _fields(shown: Sequence[ListedRun], runs: Sequence[ListedRun]) -> list[Field[ListedRun]]:
    # Return the differences between the runs of one model on one task, except those with their own column.
    same: dict[tuple[str, str], list[ListedRun]] = {}
    for run in runs:
        same.setdefault((run.task, run.name), []).append(run)
    told = (pair for group in same.values() if len(group) > 1 for pair in _told(group))
    differing = {_identity(run): text for run, text in told}
    ids, others = _beginnings(name for run in runs for name in run.ids), differing
    scale = Scale(percent=all(0 <= run.score <= 1 for run in shown if math.isfinite(run.score)))
    metrics = {run.metric for run in shown if run.metric}
    fields: list[Field[ListedRun]] = [
        Field("date (UTC)", _date, align="left", priority=8),
        Field("run", lambda r: ids[r.ids[0]] if r.ids else "", align="left", priority=3),
        Field("task", lambda r: r.task, align="left"),
        Field("model", lambda r: r.name, align="left"),
        Field("questions", lambda r: f"{r.n_items:,}" if r.n_items else "", priority=6),
        Field(f"score{scale.column}", lambda r: scale.number(r.score) if math.isfinite(r.score) else ""),
        Field("metric", lambda r: r.metric, align="left", priority=2, shown=len(metrics) > 1),
        Field("commit", _commit, align="left", priority=7),
        Field("tags", lambda r: ", ".join(r.tags), align="left", priority=7),
        Field("limit", lambda r: r.limit, priority=5),
        Field("differs in", lambda r: others.get(_identity(r), ""), align="left", priority=4),
        Field("used", _counts, align="left"),
    ]
    return [each for each in fields if any(each.cell(run) for run in shown)]


def _counts(run: ListedRun) -> str:
    return "" if run.counted else "no rows" if _has_no_rows(run) else "no"


def _commit(run: ListedRun) -> str:
    """Write the beginning of a commit, enough to select it, and whether there were uncommitted changes."""
    short = run.commit[:LETTERS] if _HASH.fullmatch(run.commit) else run.commit
    return f"{short}{' dirty' if run.dirty else ''}"


def _beginnings(ids: Iterable[str]) -> dict[str, str]:
    """Return the shortest beginning of each id that distinguishes it from all others."""
    ordered = sorted(set(ids))
    shared = [0, *(_shared(one, other) for one, other in pairwise(ordered)), 0]
    return {own: own[: max(LETTERS, 1 + max(shared[k : k + 2]))] for k, own in enumerate(ordered)}


def _shared(one: str, other: str) -> int:
    """Count the letters that both have in common at the beginning."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def _identity(run: ListedRun) -> tuple[str, str, str, str]:
    return run.source, run.task, run.model, run.reason


def _told(group: Sequence[ListedRun]) -> Iterator[tuple[ListedRun, str]]:
    """Yield each run with the settings in which it differs from any other, and then with its environment."""
    said = [{**run.settings, **run.environment} for run in group]
    every = dict.fromkeys(key for each in said for key in each)
    keys = [key for key in every if len({each.get(key) for each in said}) > 1]
    for run, each in zip(group, said, strict=True):
        yield run, ", ".join(f"{key}={in_a_name(each[key])}" for key in keys if key in each)


def _reasons(shown: Sequence[ListedRun]) -> list[str]:
    """Return which files don't count and why, those with one reason together."""
    sources: dict[str, dict[str, None]] = {}
    for run in shown:
        if run.reason:
            sources.setdefault(run.reason, {})[run.source] = None
    told = [f"{listing(list(names), 2)}: {reason}." for reason, names in sources.items()]
    more = len(told) - MOST_REASONS
    return [*told[:MOST_REASONS], *([f"… and {plural(more, 'more reason')}"] if more > 0 else [])]
