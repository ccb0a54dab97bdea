"""SWE-bench: reports with lists of ids, maps of id to outcome, per-instance reports, JSON lines and leaderboards.

An id that is not resolved failed, whatever the reason. Where a file knows only the resolved ids, no rows can be made:
it gives a published score and says so.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from howsure.errors import Caution, ReadError
from howsure.readers.base import Claim, Reading, Source, finite, flatten_metadata, looks_like, number, tidy
from howsure.readers.naming import from_path
from howsure.table.scores import Published, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

NAME = "swebench"
FORMATS = "SWE-bench reports, results (.json, .jsonl) and leaderboards (.json)"

SIZES = {
    "test": 2294,
    "lite": 300,
    "verified": 500,
    "multimodal": 517,
    "bash-only": 500,
}
"""How many tasks each part of SWE-bench has, and so each published score."""

_ID = r"[A-Za-z0-9][\w.-]{0,99}__[\w.-]{1,99}-\d{1,9}"
_INSTANCE = re.compile(_ID)
_KEY = b'"' + _ID.encode() + b'"'
_MAP = re.compile(
    rb'\s*\{\s*(?:"[^"\n]{1,200}"\s*:\s*\{\s*)?' + _KEY + rb'\s*:\s*(?:[01]\b|true|false|\{[^{}]*"resolved"\s*:)'
)
_LINE = re.compile(rb'\s*\{[^\n]*"(?:id|task_id|instance_id)"\s*:\s*' + _KEY)
_ONE = re.compile(rb'\s*\{\s*"instance_id"\s*:\s*' + _KEY)
_LISTS = ("resolved_ids", "submitted_ids"), ("generated", "no_generation", "resolved"), ("stats", "resolved")
_SPARSE = re.compile(rb'\s*\{\s*"no_generation"\s*:\s*\[')
_FLAT = r"__(?:logs|results|\w*eval_results)__.*"
_NAMELESS = re.compile(rf"{_ID}_result\.json|(?:{_ID}__)?(?:final_)?(?:report|results?)\.json")
_FULL = ("unresolved_ids", "submitted_ids", "completed_ids", "generated")
_PLAIN = rf"{_ID}|\w*eval_results"


def claims(source: Source) -> Claim | None:
    """Claim what names SWE-bench instances (`owner__repo-123`), and the leaderboards' own JSON."""
    head = source.head
    if looks_like(head, ("leaderboards", "resolved", "folder")):
        return "rows"
    if not re.search(_KEY, head):
        return None
    lists = any(looks_like(head, keys) for keys in _LISTS[1:]) or _is_report(head)
    lines = _LINE.match(head) and re.search(rb'"(?:score|resolved)"\s*:', head.split(b"\n")[0])
    return "rows" if lists or lines or _MAP.match(head) or _ONE.match(head) or _SPARSE.match(head) else None


def read(source: Source) -> Reading:
    """Read one file of whichever kind."""
    if _LINE.match(source.head) and b"\n{" in source.head:
        return _read_lines(source)
    document = source.json()
    if "leaderboards" in document:
        return _read_leaderboards(document, source)
    if isinstance(document.get("resolved"), list) or "resolved_ids" in document:
        return _read_report(document, source)
    if isinstance(document.get("instance_id"), str):
        document = {document["instance_id"]: document}
    return _read_maps(document, source)


def _is_report(head: bytes) -> bool:
    return looks_like(head, ("total_instances", "resolved_instances")) or looks_like(head, ("resolved_ids",))


def _read_report(document: Mapping[str, Any], source: Source) -> Reading:
    model, cautions = _model(source)
    resolved = [str(item) for item in document.get("resolved_ids") or document.get("resolved") or ()]
    if not any(document.get(name) for name in _FULL):
        return _resolved_only(document, resolved, model, cautions, source)
    won = set(resolved)
    statuses = dict.fromkeys(resolved, "ok") | dict(_statuses(document, won))
    records = [_record(item, status, item in won, source) | {"model": model} for item, status in statuses.items()]
    if "generated" in document and not document.get("no_generation"):
        cautions = (*cautions, _no_patch(source, len(records)))
    return _reading(records, source, cautions=cautions)


def _statuses(document: Mapping[str, Any], seen: set[str]) -> Iterator[tuple[str, str]]:
    """Yield every id outside `seen` with what became of it; the first kind that names an id counts.

    A patch that is empty, doesn't apply or runs out of time is an answer, and a wrong one.
    """
    kinds = {
        "ok": ("unresolved_ids", "empty_patch_ids", "no_generation", "no_apply", "test_timeout"),
        "error": ("error_ids", "install_fail", "reset_failed", "test_errored"),
        "not run": ("incomplete_ids", "unstopped_ids"),
    }
    seen = set(seen)
    lists = [(name, status) for status, names in kinds.items() for name in names]
    for name, status in (*lists, ("completed_ids", "ok"), ("submitted_ids", "ok"), ("generated", "ok")):
        for item in map(str, document.get(name) or ()):
            if item not in seen:
                seen.add(item)
                yield item, status


def _no_patch(source: Source, n: int) -> Caution:
    return Caution(
        code="missing_items",
        message=f"{source.name}: the report names the {n:,} tasks with a patch; tasks without one are not in it, "
        "and SWE-bench counts them as 0.",
        remedy="Compare over shared tasks, or add the missing ones as not resolved.",
    )


def _resolved_only(
    document: Mapping[str, Any], resolved: list[str], model: str, cautions: Iterable[Caution], source: Source
) -> Reading:
    """Publish the share of resolved tasks: without the other ids there is nothing to put in rows."""
    part = _part(source)
    n = (document.get("stats") or {}).get("generated") or SIZES.get(part)
    if not n:
        raise ReadError(
            "the file names the resolved ids only, not those that failed",
            where=source.name,
            remedy="Use the report that lists unresolved_ids, or keep the folder's name (verified, lite, test).",
        )
    caution = Caution(
        code="resolved_only",
        message=f"{source.name}: the file names the {len(resolved):,} resolved ids only; it says nothing of the others, "
        f"so it gives a score over {n:,} tasks and no rows.",
        remedy="Use the report that lists unresolved_ids.",
    )
    published = Published(
        task=_task(source), model=model, metric="resolved", score=len(resolved) / n, n=n, source=source.name
    )
    return Reading(facts=(_facts(_task(source)),), published=(published,), cautions=(*cautions, caution))


def _read_maps(document: Mapping[str, Any], source: Source) -> Reading:
    """Read `{id: outcome}` of one run, or `{run: {id: outcome}}` of several."""
    if all(_INSTANCE.fullmatch(key) for key in document):
        model, cautions = _model(source)
        runs: Mapping[str, Any] = {model: document}
    else:
        runs, cautions = document, ()
    records = [
        _record(item, *_outcome(outcome), source) | {"model": run}
        for run, outcomes in runs.items()
        if isinstance(outcomes, dict)
        for item, outcome in outcomes.items()
        if _INSTANCE.fullmatch(item)
    ]
    return _reading(records, source, cautions=(*cautions, *_uneven(records, source)))


def _outcome(outcome: Any) -> tuple[str, bool]:
    value = finite(outcome.get("resolved") if isinstance(outcome, dict) else outcome)
    return ("error", False) if value is None else ("ok", bool(value))


def _read_lines(source: Source) -> Reading:
    model, cautions = _model(source)
    records = []
    for row in source.json_lines():
        item = row.get("instance_id") or row.get("task_id") or row.get("id")
        score = row.get("score", row.get("resolved"))
        status = "ok" if isinstance(score, (bool, int, float)) else "error"
        named = row.get("model") or row.get("model_name") or row.get("model_name_or_path")
        task = {"task": row["benchmark"]} if isinstance(row.get("benchmark"), str) else {}
        records.append(
            flatten_metadata(row.get("metadata"))
            | _record(str(item), status, False, source)
            | {"score": float(score) if status == "ok" else None, "model": named or model}
            | task
        )
        cautions = () if named else cautions
    return _reading(records, source, cautions=cautions)


def _read_leaderboards(document: Mapping[str, Any], source: Source) -> Reading:
    published = tuple(
        Published(
            task=f"SWE-bench {board['name']}",
            model=str(entry.get("name")),
            metric="resolved",
            score=number(entry["resolved"]) / 100,
            n=SIZES.get(str(board["name"]).lower()),
            source=source.name,
        )
        for board in document["leaderboards"]
        for entry in board.get("results") or ()
        if entry.get("resolved") is not None
    )
    return Reading(facts=tuple(_facts(task) for task in dict.fromkeys(p.task for p in published)), published=published)


def _record(item: str, status: str, resolved: bool, source: Source) -> dict[str, Any]:
    return {
        "task": _task(source),
        "item": item,
        "metric": "resolved",
        "score": float(resolved) if status == "ok" else None,
        "status": status,
        "repo": item.rpartition("-")[0].replace("__", "/"),
    }


def _reading(records: list[dict[str, Any]], source: Source, *, cautions: Iterable[Caution] = ()) -> Reading:
    if not records:
        raise ReadError("no instance in the file", where=source.name, remedy="Run the evaluation again.")
    tasks = dict.fromkeys(str(record["task"]) for record in records)
    return Reading(
        rows=tidy(records, source=source.name), facts=tuple(_facts(task) for task in tasks), cautions=tuple(cautions)
    )


def _uneven(records: list[dict[str, Any]], source: Source) -> list[Caution]:
    """Say where runs in one file don't name the same tasks: SWE-bench counts the missing ones as 0."""
    sizes = Counter(record["model"] for record in records)
    every = len({record["item"] for record in records})
    short = [f"{json.dumps(name)}: {size}" for name, size in sizes.items() if size < every]
    if not short:
        return []
    return [
        Caution(
            code="missing_items",
            message=f"{source.name}: of {every:,} tasks, some runs name fewer ({', '.join(short[:5])}); "
            "a task that is not named may be one that the run failed.",
            remedy="Add the missing tasks as not resolved, or compare over shared tasks.",
        )
    ]


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="SWE-bench",
        headline="resolved",
        failures="zero",
        failures_words="SWE-bench counts every task that is not resolved as 0, whatever the reason.",
    )


def _part(source: Source) -> str:
    folders = [part.lower() for part in source.path.absolute().parts]
    return next((part for part in reversed(folders) if part in SIZES and part != "test"), "")


def _task(source: Source) -> str:
    part = _part(source)
    return f"SWE-bench {part.capitalize()}" if part else "SWE-bench"


def _model(source: Source) -> tuple[str, tuple[Caution, ...]]:
    """Name the model after the file (`<model>.<run>.json`) or its folder (`<model>/results/results.json`)."""
    name = source.path.name
    if re.search(_FLAT, name):
        return from_path(source, _FLAT, plain=_PLAIN)
    if _NAMELESS.fullmatch(name):
        return from_path(source, ".*", plain=_PLAIN)
    return from_path(source, r"\.[^.]*\.jsonl?" if name.count(".") > 1 else r"\.jsonl?", plain=_PLAIN)
