"""LiveCodeBench: the evaluation of each question with its samples, and the site's table of average scores."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import flatten_metadata, from_path, mixed_ids, scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "livecodebench"
FORMATS = "LiveCodeBench *_eval_all.json and the site's performances (.json)"
CHECKED = "performances of 2024-02, and *_eval_all.json in made-up files only"

NOT_RUN = -1

_SCENARIO = re.compile(
    r"(?:Scenario\.)?(?P<scenario>[a-z]+)_(?P<n>\d+)_(?P<temperature>[\d.]+)_eval_all\.json"
)
_KEPT = ("contest_id", "contest_date", "difficulty", "platform", "date")


def claims(source: Source) -> Claim | None:
    """Claim graded questions, or the table that the site shows."""
    keys = source.first.keys()
    if {"question_id", "model", "pass@1"} <= members(source.first.get("performances", b"")).keys():
        return "rows"
    graded = "graded_list" in keys or {"question_title", "output_list"} <= keys
    return "rows" if source.is_list and "question_id" in keys and graded else None


def read(source: Source) -> Reading:
    """Read one file of either kind."""
    document = source.json()
    return _read_site(document, source) if isinstance(document, dict) else _read_graded(document, source)


def _read_site(document: Mapping[str, Any], source: Source) -> Reading:
    entries = [entry for entry in document["performances"] if isinstance(entry, dict)]
    records = [
        _kept(entry)
        | {
            "task": "livecodebench",
            "model": entry.get("model"),
            "item": entry.get("question_id"),
            "metric": "pass@1",
        }
        | _percent(entry.get("pass@1"))
        for entry in entries
    ]
    return _reading(records, entries, source, task="livecodebench")


def _read_graded(document: list[Any], source: Source) -> Reading:
    """The score of a sample is whether its code passed. The folder is named after the model."""
    named = _SCENARIO.fullmatch(source.path.name)
    model, warnings = from_path(source, ".*" if named else r"(?:_eval_all)?\.json")
    task = f"livecodebench {named['scenario']}" if named else "livecodebench"
    entries = [
        entry for entry in document if isinstance(entry, dict) and isinstance(entry.get("graded_list"), list)
    ]
    records = [
        _kept(entry)
        | {
            "task": task,
            "model": model,
            "item": entry.get("question_id"),
            "attempt": attempt,
            "metric": "pass@1",
        }
        | _graded(grade)
        for entry in entries
        for attempt, grade in enumerate(entry["graded_list"] or [NOT_RUN])
    ]
    reading = _reading(records, entries, source, task=task)
    configuration = {"temperature": named["temperature"]} if named else {}
    return replace(reading, warnings=(*warnings, *reading.warnings), configuration=configuration)


def _reading(records: list[dict[str, Any]], entries: list[Any], source: Source, *, task: str) -> Reading:
    if not records:
        raise source.error("no graded question", "Run the evaluation with --evaluate.")
    facts = TaskFacts(
        task=task,
        harness="LiveCodeBench",
        headline="pass@1",
        failures="zero",
        failures_words=(
            "LiveCodeBench counts code that fails to run as 0. A score of -1 means that it was not run."
        ),
    )
    ids = [entry.get("question_id") for entry in entries]
    return Reading(
        rows=tidy(records, source=source.name), facts=(facts,), warnings=mixed_ids(ids, source.name)
    )


def _kept(entry: Mapping[str, Any]) -> dict[str, Any]:
    return flatten_metadata({key: entry[key] for key in _KEPT if key in entry})


def _percent(value: object) -> dict[str, Any]:
    percent = finite(value)
    if percent == NOT_RUN:
        return scored(None, "not run")
    return scored(None if percent is None else percent / 100)


def _graded(grade: object) -> dict[str, Any]:
    return scored(None if grade == NOT_RUN or grade is None else bool(grade), "not run")
