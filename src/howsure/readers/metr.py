"""METR's runs of agents and people: one run a line, with tasks in families and weights of single runs."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.base import Claim, Reading, Source, finite, flatten_metadata, looks_like, scored, tidy
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "metr"
FORMATS = "METR's runs (all_runs.jsonl)"
CHECKED = "runs of 2024-12"

TASK, METRIC = "METR runs", "score_binarized"
_START = re.compile(rb"\s*\{")
_KEYS = ("run_id", "task_id", "task_family", "score_binarized")
_PLACED = frozenset([*_KEYS, "alias", "model", "score"])


def claims(source: Source) -> Claim | None:
    """Claim lines of runs with a task, its family and a score of 0 or 1."""
    return "rows" if _START.match(source.head) and looks_like(source.head.split(b"\n")[0], _KEYS) else None


def read(source: Source) -> Reading:
    """Read every run as an attempt at its task; the score is the one that METR made 0 or 1, others have scales of their own."""
    rows = [row for row in source.json_lines() if isinstance(row, dict) and row.get("task_id") is not None]
    if not rows:
        raise ReadError("no runs", where=source.name, remedy="Check the file.")
    seen: Counter[tuple[str, str]] = Counter()
    return Reading(rows=tidy([_record(row, seen) for row in rows], source=source.name), facts=(_FACTS,))


def _record(row: Mapping[str, Any], seen: Counter[tuple[str, str]]) -> dict[str, Any]:
    model, item = str(row.get("alias") or row.get("model")), str(row["task_id"])
    seen[model, item] += 1
    return {
        **flatten_metadata({key: value for key, value in row.items() if key not in _PLACED}),
        "task": TASK,
        "model": model,
        "item": item,
        "attempt": seen[model, item] - 1,
        "metric": METRIC,
        **scored(row.get("score_binarized")),
        "task_family": row.get("task_family"),
        "seconds": _seconds(row),
    }


def _seconds(row: Mapping[str, Any]) -> float | None:
    """Return the clock's time of a run, waits among it; a person's run starts at 0."""
    begun, ended = finite(row.get("started_at")), finite(row.get("completed_at"))
    return (ended - begun) / 1000 if begun is not None and ended is not None and begun <= ended else None


_FACTS = TaskFacts(
    task=TASK,
    harness="METR",
    headline=METRIC,
    failures="drop",
    failures_words="METR's runs all have a score; those that broke off are scored as they were.",
)
