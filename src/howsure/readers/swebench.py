"""SWE-bench: reports with lists of ids, maps of id to outcome, per-instance reports, JSON lines and
leaderboards.

An id that isn't resolved failed, whatever the reason. A file with the resolved ids only gives no rows but a
published score, with a note.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import (
    flatten_metadata,
    from_path,
    mappings,
    number,
    tidy,
    token_rows,
    unknown_layout,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import RECORDS, members
from howsure.readers.tables import read_side_table
from howsure.table.cells import finite
from howsure.table.scores import Extent, TaskFacts
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

NAME = "swebench"
FORMATS = "SWE-bench reports, results (.json, .jsonl) and leaderboards (.json)"
CHECKED = "reports of schema version 2, results of 2024-04 to 2025-12, leaderboards of 2025-11"

LAYOUTS = ("2",)
"""Known versions of the report."""

VERIFIED = "SWE-bench Verified"
MOST = 0.9
"""A run that names a smaller share of a file's tasks than this is a run on fewer tasks."""
ASSUMED = (
    "treated as a list of SWE-bench Verified, which contains all of its ids: the others "
    "of the 500 tasks failed"
)
LISTED = "the tasks that are not resolved are those of {name} that aren't in the list of resolved ones"

_PRO = r"instance_[A-Za-z0-9][\w.-]{0,99}__[\w.-]{1,99}?-[0-9a-f]{40}(?:-\w{1,99})?"
_ID = rf"(?:{_PRO}|[A-Za-z0-9][\w.-]{{0,99}}__[\w.-]{{1,99}}-\d{{1,9}})"
_INSTANCE = re.compile(_ID)
_OF_PRO = re.compile(r"instance_(.+?)-[0-9a-f]{40}(?:-\w+)?")
_KEY = b'"' + _ID.encode() + b'"'
_LISTS = (
    "resolved_ids",
    "resolved",
    "no_generation",
    "no_logs",
    "generated",
    "unresolved_ids",
    "submitted_ids",
)
_LEVELS = 3
"""The maximum depth of a map of outcomes: by condition, by run, by task."""
_FLAT = r"__(?:logs|results|\w*eval_results)__.*"
_NAMELESS = re.compile(rf"{_ID}_result\.json|(?:{_ID}__)?(?:final_)?(?:report|results?)\.json")
_RUN = r"(?:\.(?:run|eval|test)[-_]?\w*)"
_FULL = ("unresolved_ids", "submitted_ids", "completed_ids", "generated")
MOST_TASKS = 1_000_000
"""A report that states more is not believed."""
_REMEDY = "Use the whole report. SWE-bench counts a task without a result as not resolved."
_PLAIN = rf"{_ID}|\w*eval_results"


def claims(source: Source) -> Claim | None:
    """Claim files with SWE-bench instances (`owner__repo-123`), and the leaderboards' own JSON."""
    first = source.first
    board = first.get("leaderboards", b"")
    if b'"resolved"' in board and b'"folder"' in board:
        return "rows"
    lists = any(first.get(name, b"").startswith(b"[") and re.search(_KEY, first[name]) for name in _LISTS)
    return "rows" if lists or _is_one(first) or _is_map(first) else None


def _is_one(first: Mapping[str, bytes]) -> bool:
    """Return whether an object is the outcome of one task. Predictions name their task as well."""
    named = any(re.fullmatch(_KEY, first.get(name, b"")) for name in ("id", "task_id", "instance_id"))
    return named and bool({"score", "resolved"} & first.keys())


def _is_map(first: Mapping[str, bytes]) -> bool:
    """Return whether an object contains outcomes by task, at any level."""
    for _ in range(_LEVELS):
        key, value = next(iter(first.items()), ("", b""))
        first = members(value)
        if _INSTANCE.fullmatch(key):
            return "resolved" in first or value in (b"0", b"1", b"true", b"false")
    return False


def read(source: Source) -> Reading:
    """Read one file of any kind."""
    if _is_one(source.first) and (source.path.suffix in RECORDS or b"\n{" in source.head):
        return _read_lines(source)
    document = source.json()
    if "leaderboards" in document:
        published = tuple(
            source.published(
                f"SWE-bench {board.get('name')}",
                str(entry.get("name")),
                "resolved",
                number(entry["resolved"]) / 100,
                n=SIZES.get(str(board.get("name")).lower()),
            )
            for board in mappings(document["leaderboards"])
            for entry in mappings(board.get("results"))
            if entry.get("resolved") is not None
        )
        return Reading(
            facts=tuple(_facts(task) for task in dict.fromkeys(p.task for p in published)),
            published=published,
        )
    if isinstance(document.get("resolved"), list) or "resolved_ids" in document:
        return _read_report(document, source)
    if isinstance(document.get("instance_id"), str):
        document = {document["instance_id"]: document}
    # Read `{id: outcome}` of one run, `{run: {id: outcome}}` of several, or `{condition: {run: {id:
    # outcome}}}`.
    runs, warnings = _runs(document, source)
    task = _task(source, {item for _, _, outcomes in runs for item in outcomes})
    records = [
        _record(item, *_outcome(outcome), task) | {"model": model, "attempt": attempt}
        for model, attempt, outcomes in runs
        for item, outcome in outcomes.items()
        if _INSTANCE.fullmatch(item)
    ]
    return replace(_reading(records, source, warnings=warnings), extents=_extents(records, task))


def _read_report(document: Mapping[str, Any], source: Source) -> Reading:
    model, warnings = _model(source)
    warnings = (*warnings, *unknown_layout(document.get("schema_version"), LAYOUTS, source))
    # Raise ReadError if a list of ids contains something else.
    lists = [(name, ids) for name, ids in document.items() if name in _LISTS or name.endswith("_ids")]
    odd = next(
        ((name, i) for name, ids in lists if isinstance(ids, list) for i in ids if not isinstance(i, str)),
        None,
    )
    if odd is not None:
        raise source.error(
            f"the list {odd[0]!r} contains {str(odd[1])[:40]!r}, which isn't an id of a task",
            "Write the report again.",
        )
    resolved = _ids(document, "resolved_ids") or _ids(document, "resolved")
    if not any(document.get(name) for name in _FULL):
        return _resolved_only(document, resolved, model, warnings, source)
    won = set(resolved)
    statuses = dict.fromkeys(resolved, "ok") | dict(_statuses(document, won))
    task = _task(source, statuses)
    records = [
        _record(item, status, item in won, task) | {"model": model} for item, status in statuses.items()
    ]
    if (
        "generated" in document
        and not document.get("no_generation")
        and len(records) < SIZES.get(task.split()[-1].lower(), len(records) + 1)
    ):
        warnings = (*warnings, _no_patch(source, len(records)))
    return replace(_reading(records, source, warnings=warnings), **_stated(document, task, model, source))


def _ids(document: Mapping[str, Any], name: str) -> list[str]:
    """Return the ids in a list of a report, or none for anything else."""
    found = document.get(name)
    return [str(item) for item in found] if isinstance(found, (list, dict)) else []


def _stated(document: Mapping[str, Any], task: str, model: str, source: Source) -> dict[str, Any]:
    """Return a report's figures on its run: how many tasks it had, and how many of them were resolved."""
    n, resolved = document.get("total_instances"), document.get("resolved_instances")
    if (
        type(n) is not int
        or type(resolved) is not int
        or n < 1
        or resolved < 0
        or max(n, resolved) > MOST_TASKS
    ):
        return {}
    score = source.published(task, model, "resolved", resolved / n, n=n)
    return {"published": (score,), "extents": (Extent(task=task, model=model, items=n, remedy=_REMEDY),)}


def _statuses(document: Mapping[str, Any], seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield every id outside `seen` with its outcome. The first kind that names an id counts.

    A patch that is empty, doesn't apply or times out is an answer, and a wrong one.
    """
    kinds = {
        "ok": ("unresolved_ids", "empty_patch_ids", "no_generation", "no_apply", "test_timeout"),
        "error": ("error_ids", "install_fail", "reset_failed", "test_errored"),
        "not run": ("incomplete_ids", "unstopped_ids"),
    }
    seen = set(seen)
    lists = [(name, status) for status, names in kinds.items() for name in names]
    for name, status in (*lists, ("completed_ids", "ok"), ("submitted_ids", "ok"), ("generated", "ok")):
        for item in _ids(document, name):
            if item not in seen:
                seen.add(item)
                yield item, status


def _no_patch(source: Source, n: int) -> ResultWarning:
    return ResultWarning(
        code="missing_items",
        message=f"{source.name}: the report names the {n:,} tasks with a patch. Tasks without "
        "one are missing, and "
        "SWE-bench counts them as 0.",
        remedy="Compare over shared tasks, or add the missing ones as not resolved.",
    )


def _resolved_only(
    document: Mapping[str, Any],
    resolved: list[str],
    model: str,
    warnings: Iterable[ResultWarning],
    source: Source,
) -> Reading:
    """Read a list of resolved tasks. For Verified all others are known to have failed, else it gives only the
    share.
    """
    part = _part(source)
    every, told = _every_item(document, resolved, part, source)
    if every:
        those, task = set(resolved), _task(source, resolved)
        records = [_record(item, "ok", item in those, task) | {"model": model} for item in every]
        return replace(_reading(records, source, warnings=warnings), notes=told)
    stats = document.get("stats")
    stated, won = stats.get("generated") if isinstance(stats, dict) else None, len(set(resolved))
    n = stated if isinstance(stated, int) and stated >= won else SIZES.get(part)
    if not n:
        raise source.error(
            "the file names the resolved ids only, not those that failed",
            (
                "Use the report that lists unresolved_ids, name a table of all tasks with `items`, or "
                "keep the folder's name (verified, lite, test)."
            ),
        )
    warning = ResultWarning(
        code="resolved_only",
        message=f"{source.name}: the file names the {won:,} resolved ids only, and not the "
        "others, so it gives a score "
        f"over {n:,} tasks and no rows.",
        remedy="Use the report that lists unresolved_ids, or name a table of all tasks with `items`.",
    )
    task = _task(source, resolved)
    published = source.published(task, model, "resolved", won / n, n=n)
    return Reading(facts=(_facts(task),), published=(published,), warnings=(*warnings, warning))


def _every_item(
    document: Mapping[str, Any], resolved: list[str], part: str, source: Source
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the tasks that a list of resolved ones is a part of, if known, and the notes on that."""
    if part in ("", "verified") and all_verified(resolved):
        return verified(), () if part else (ASSUMED,)
    found = submitted(source, document, resolved, part)
    if found:
        return found, (LISTED.format(name="the predictions next to it"),)
    return (listed(source, resolved), (LISTED.format(name=source.items),)) if source.items else ((), ())


def _runs(
    document: Mapping[str, Any], source: Source
) -> tuple[list[tuple[str, int, Mapping[str, Any]]], tuple[ResultWarning, ...]]:
    """Return model, attempt and outcomes of every run."""
    if all(_INSTANCE.fullmatch(key) for key in document):
        model, warnings = _model(source)
        return [(model, 0, document)], warnings
    runs = []
    for name, outcomes in document.items():
        ordered = sorted(outcomes, key=lambda run: (len(run), run)) if isinstance(outcomes, dict) else ()
        inner = [outcomes[run] for run in ordered]
        if inner and all(
            isinstance(each, dict) and any(_INSTANCE.fullmatch(key) for key in each) for each in inner
        ):
            runs += [(name, attempt, each) for attempt, each in enumerate(inner)]
        elif inner:
            runs.append((name, 0, outcomes))
    return runs, ()


def _extents(records: list[dict[str, Any]], task: str) -> tuple[Extent, ...]:
    """Compare runs of one file with the tasks of all: one that a run doesn't name failed, if it names nearly
    all.
    """
    every = tuple(dict.fromkeys(record["item"] for record in records))
    if len(every) == 1:  # the report of one task
        return ()
    runs = Counter((record["model"], record["attempt"]) for record in records)
    attempts = Counter(model for model, _ in runs)
    sizes = Counter(record["model"] for record in records)
    return tuple(
        Extent(task=task, model=model, items=len(every), attempts=count, names=every, remedy=_REMEDY)
        for model, count in attempts.items()
        if sizes[model] >= MOST * count * len(every)
    )


def _outcome(outcome: Any) -> tuple[str, bool]:
    if isinstance(outcome, dict) and outcome.get("generation") is False:
        return "not run", False
    value = finite(outcome.get("resolved") if isinstance(outcome, dict) else outcome)
    return ("error", False) if value is None else ("ok", bool(value))


def _read_lines(source: Source) -> Reading:
    model, warnings = _model(source)
    rows, records = source.json_lines(), []
    usage = token_rows([{**flatten_metadata(row.get("metadata")), **row} for row in rows])
    for row, took in zip(rows, usage, strict=True):
        item = row.get("instance_id") or row.get("task_id") or row.get("id")
        score = row.get("score", row.get("resolved"))
        status = "ok" if isinstance(score, (bool, int, float)) else "error"
        status = "not run" if row.get("generation") is False else status
        named = row.get("model") or row.get("model_name") or row.get("model_name_or_path")
        task = {"task": row["benchmark"]} if isinstance(row.get("benchmark"), str) else {}
        records.append(
            flatten_metadata(row.get("metadata"))
            | _record(str(item), status, False, _task(source, ()))
            | {"score": float(score) if status == "ok" else None, "model": named or model}
            | task
            | took
        )
        warnings = () if named else warnings
    return _reading(records, source, warnings=warnings)


def _record(item: str, status: str, resolved: bool, task: str) -> dict[str, Any]:
    # Owner/name of a task's repository.
    pro = _OF_PRO.fullmatch(item)
    repository = (pro[1] if pro else item.rpartition("-")[0]).replace("__", "/", 1)
    return {
        "task": task,
        "item": item,
        "metric": "resolved",
        "score": float(resolved) if status == "ok" else None,
        "status": status,
        "repo": repository,
    }


def _reading(
    records: list[dict[str, Any]], source: Source, *, warnings: Iterable[ResultWarning] = ()
) -> Reading:
    if not records:
        raise source.error("no instance in the file", "Run the evaluation again.")
    tasks = dict.fromkeys(str(record["task"]) for record in records)
    return Reading(
        rows=tidy(records, source=source.name),
        facts=tuple(_facts(task) for task in tasks),
        warnings=tuple(warnings),
    )


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="SWE-bench",
        headline="resolved",
        failures="zero",
        failures_words="SWE-bench counts every task that is not resolved as 0, whatever the reason.",
        missing_fails=True,
    )


def _part(source: Source) -> str:
    folders = [part.lower() for part in source.path.absolute().parts]
    return next((part for part in reversed(folders) if part in SIZES and part != "test"), "")


def _task(source: Source, items: Collection[str]) -> str:
    if items and all(_OF_PRO.fullmatch(item) for item in items):
        return "SWE-bench Pro"
    part = _part(source)
    return f"SWE-bench {part.capitalize()}" if part else VERIFIED if all_verified(items) else "SWE-bench"


def _model(source: Source) -> tuple[str, tuple[ResultWarning, ...]]:
    """Name the model after the file (`results_<model>.json`, `<model>.<run>.json`) or its folder
    (`<model>/results/results.json`).

    The text after a dot is removed only if it is marked as a run: gpt-5.1 and gpt-5.2 are two models.
    """
    name = source.path.name
    if re.search(_FLAT, name):
        return from_path(source, _FLAT, plain=_PLAIN)
    if _NAMELESS.fullmatch(name):
        return from_path(source, ".*", plain=_PLAIN)
    return from_path(source, rf"{_RUN}?\.jsonl?", beginning="results_", plain=_PLAIN)


SIZES = {"test": 2294, "lite": 300, "verified": 500, "multimodal": 517, "bash-only": 500}
"""The number of tasks of each part of SWE-bench, and so of its published scores."""

FEW = 10
"""This many tasks identify the part of SWE-bench they belong to."""
PREDICTIONS = ("all_preds.jsonl", "preds.json", "all_preds.json")
"""Predictions, which name every task that was tried, in the folder of a submission."""
LEVELS = 2
"""Its own folder and the one above are searched."""


@cache
def verified() -> tuple[str, ...]:
    """Return the ids of the 500 tasks of SWE-bench Verified."""
    return tuple(files("howsure.readers").joinpath("swebench_verified.txt").read_text().split())


def all_verified(items: Collection[str]) -> bool:
    """Return whether all of these are in Verified, and are too many for chance: of Lite a third are, of all a
    fifth.
    """
    return len(items) >= FEW and set(items) <= set(verified())


def listed(source: Source, resolved: Collection[str]) -> tuple[str, ...]:
    """Return the tasks of the user's table. ReadError if it lacks resolved ones."""
    every = tuple(dict.fromkeys(read_side_table(source.items)["item"]))
    lacking = [item for item in resolved if item not in set(every)]
    if lacking:
        raise source.error(
            (
                f"{plural(len(lacking), 'resolved task')} missing from {source.items}, such as "
                f"{listing(lacking, 1)}"
            ),
            "Use the table of the tasks of this run.",
        )
    return every


def submitted(
    source: Source, document: Mapping[str, Any], resolved: Collection[str], part: str
) -> tuple[str, ...]:
    """Return the tasks in the predictions next to a list, with those without one, or nothing if they aren't
    the whole part.
    """
    without = document.get("no_generation")
    beside = {item for name in PREDICTIONS for item in _predicted(source, name)}
    every = beside | {str(item) for item in (without if isinstance(without, list) else ())} | set(resolved)
    return tuple(sorted(every)) if beside and len(every) == SIZES.get(part) else ()


def _predicted(source: Source, name: str) -> Iterator[str]:
    beside = source.nearest(source.path.absolute().parents[:LEVELS], name)
    if beside is None:
        return
    found = beside.json_lines() if beside.path.suffix == ".jsonl" else beside.json()
    if isinstance(found, dict):
        yield from map(str, found)
    for row in found if isinstance(found, list) else ():
        if isinstance(row, dict) and isinstance(row.get("instance_id"), str):
            yield row["instance_id"]
