"""Every Eval Ever: instance-level results (.jsonl) and the aggregates (.json) next to them.

The schema has no field for an attempt: it follows from `metadata.epoch` or the order of a sample's rows. A
file may contain several rows per sample, one for each result of the evaluation: they become separate metrics.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import (
    flatten_metadata,
    inner,
    per_thousand,
    scored,
    settings,
    tidy,
    token_rows,
    unknown_layout,
)
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite
from howsure.table.scale import FRACTIONS, PERCENT, ScaleBounds
from howsure.table.scores import Published, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NAME = "every_eval_ever"
FORMATS = "Every Eval Ever instances (.jsonl) and aggregates (.json)"
CHECKED = "schema 0.2.1 and 0.2.2, in made-up files only"

LAYOUTS = ("0.2",)
"""Known versions of the schema."""
INSTANCE = "interaction_type"
"""A key of instances that aggregates don't have."""
MAX_STAMP = 40
"""The maximum length of a date."""


def claims(source: Source) -> Claim | None:
    """Claim both kinds. An aggregate next to its instances is a companion."""
    if INSTANCE in source.first:
        return "rows"
    if "source_metadata" not in source.first:
        return None
    stem = source.path.stem
    beside = (source.path.with_name(f"{stem}{ending}.jsonl") for ending in ("", "_samples", "_instances"))
    return "companion" if any(source.near(path) for path in beside) else "rows"


def read(source: Source) -> Reading:
    """Read instances, or the published scores of an aggregate."""
    if INSTANCE not in source.first:
        return _read_aggregate(source)
    rows = [
        row
        for row in source.json_lines()
        if isinstance(row, dict) and isinstance(row.get("evaluation"), dict)
    ]
    if not rows:
        raise source.error("no instances", "Convert the evaluation again.")
    metrics, items = [_metric(row) for row in rows], _items(rows)
    usage = token_rows([row.get("token_usage") for row in rows])
    records = [
        flatten_metadata({key: value for key, value in (row.get("metadata") or {}).items() if key != "epoch"})
        | {
            "task": row.get("evaluation_name"),
            "model": row.get("model_id"),
            "item": item,
            "attempt": attempt,
            "metric": metric,
            **_scored(row),
            **took,
            "seconds": per_thousand(inner(row, "performance").get("latency_ms")),
        }
        for row, item, metric, attempt, took in zip(
            rows, items, metrics, _attempts(rows, items, metrics), usage, strict=True
        )
    ]
    tasks = dict.fromkeys(str(record["task"]) for record in records)
    return Reading(
        rows=tidy(records, source=source.name),
        facts=tuple(_facts(task, frozenset()) for task in tasks),
        published=tuple(
            _stated(
                source,
                {(str(record["task"]), metric) for record, metric in zip(records, metrics, strict=True)},
            )
        ),
        warnings=(*_layouts(rows, source), *_several(metrics, source)),
        run=_run({str(row.get("evaluation_id") or "") for row in rows}, _beside(source)),
    )


def _beside(source: Source) -> Mapping[str, Any]:
    """Return the aggregate of instances, or an empty one if it is missing."""
    document = source.beside(re.sub(r"(?:_samples|_instances)?\.jsonl$", ".json", source.path.name))
    return document if isinstance(document, dict) else {}


def _run(names: set[str], aggregate: Mapping[str, Any]) -> Run:
    """Collect a file's information on its run, if it is a single one: the evaluation's id, and the
    aggregate's date and harness.
    """
    own = next(iter(names)) if len(names) == 1 else ""
    library, stamp = inner(aggregate, "eval_library"), str(aggregate.get("evaluation_timestamp") or "")
    return Run(
        started=_date(stamp),
        identity=own,
        call=own,
        ids=(own,) if own else (),
        surroundings=settings({str(library.get("name")): library.get("version")}),
    )


def _date(stamp: str) -> str:
    """Write a time, which converters write as seconds since 1970 or as a date, as a date and time."""
    try:
        seconds = float(stamp)
        return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")
    except (ValueError, OverflowError, OSError):
        return stamp[:MAX_STAMP]


def _layouts(parts: Sequence[Mapping[str, Any]], source: Source) -> tuple[ResultWarning, ...]:
    """Return the unknown versions of the schema; a version may follow the schema's name."""
    stated = {re.sub(r"^[^\d]*", "", str(part.get("schema_version"))) for part in parts}
    return tuple(
        warning for version in sorted(stated) for warning in unknown_layout(version, LAYOUTS, source)
    )


def _metric(row: Mapping[str, Any]) -> str:
    """Name the metric after the result that the row belongs to, without the run's own id."""
    result = str(row.get("evaluation_result_id") or "")
    return result.removeprefix(str(row.get("evaluation_id"))).strip("/#:_- ") or "score"


def _items(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Name each sample by its id. An id that several samples share, according to their hashes, gets the hash
    as well.
    """
    names = [(row.get("evaluation_name"), str(row.get("sample_id", row.get("sample_idx")))) for row in rows]
    hashes: dict[tuple[Any, str], set[Any]] = {}
    for name, row in zip(names, rows, strict=True):
        hashes.setdefault(name, set()).add(row.get("sample_hash"))
    return [
        f"{name[1]} {str(row.get('sample_hash'))[:8]}" if len(hashes[name]) > 1 else name[1]
        for name, row in zip(names, rows, strict=True)
    ]


def _attempts(rows: Sequence[Mapping[str, Any]], items: Sequence[str], metrics: Sequence[str]) -> list[int]:
    epochs = [(row.get("metadata") or {}).get("epoch") for row in rows]
    numbers = [int(str(epoch)) if str(epoch).isdigit() else None for epoch in epochs]
    first = min((number for number in numbers if number is not None), default=0)
    seen: Counter[tuple[Any, ...]] = Counter()
    attempts = []
    for row, item, metric, number in zip(rows, items, metrics, numbers, strict=True):
        key = (row.get("evaluation_name"), row.get("model_id"), item, metric)
        attempts.append(seen[key] if number is None else number - min(first, 1))
        seen[key] += 1
    return attempts


def _scored(row: Mapping[str, Any]) -> dict[str, Any]:
    return scored(None, "error") if row.get("error") else scored(row["evaluation"].get("score"))


def _several(metrics: Sequence[str], source: Source) -> Iterator[ResultWarning]:
    names = list(dict.fromkeys(metrics))
    if len(names) > 1:
        yield ResultWarning(
            code="several_results",
            message=f"{source.name}: rows of {len(names):,} results are in one file "
            f"({', '.join(names[:5])}). Some "
            "converters write the mean of a sample's attempts in each of them.",
            remedy="Choose one with `metric`.",
        )


def _stated(source: Source, named: set[tuple[str, str]]) -> Iterator[Published]:
    """Yield the aggregate's scores of a task, if both have one metric of it."""
    document = _beside(source)
    model = document.get("model_info") or {}
    results = [result for result in document.get("evaluation_results") or () if isinstance(result, dict)]
    stated = list(_published(results, str(model.get("id") or model.get("name")), source))
    stated_tasks, named_tasks = Counter(entry.task for entry in stated), Counter(task for task, _ in named)
    metrics = dict(named)
    for entry in stated:
        if stated_tasks[entry.task] == named_tasks[entry.task] == 1:
            yield replace(entry, metric=metrics[entry.task])


def _read_aggregate(source: Source) -> Reading:
    document = source.json()
    model = document.get("model_info") or {}
    results = [result for result in document.get("evaluation_results") or () if isinstance(result, dict)]
    published = tuple(_published(results, str(model.get("id") or model.get("name")), source))
    if not published:
        raise source.error("no score in the aggregate", "Check the file.")
    lower: dict[str, set[str]] = {entry.task: set() for entry in published}
    for result in results:
        if (result.get("metric_config") or {}).get("lower_is_better"):
            lower.setdefault(str(result.get("evaluation_name")), set()).add(_name(result))
    return Reading(
        facts=tuple(_facts(task, frozenset(names)) for task, names in lower.items()),
        published=published,
        warnings=_layouts([document], source),
        run=_run({str(document.get("evaluation_id") or "")}, document),
        notes=tuple(
            dict.fromkeys(
                f"{_name(each)}: percent, as the log states." for each in results if _in_percent(each)
            )
        ),
    )


def _in_percent(result: Mapping[str, Any]) -> bool:
    """Return whether a metric goes from 0 to 100, as its configuration states."""
    config = result.get("metric_config") or {}
    return (finite(config.get("min_score")) or 0.0, finite(config.get("max_score"))) == PERCENT


def _published(results: Sequence[Mapping[str, Any]], model: str, source: Source) -> Iterator[Published]:
    for result in results:
        details = result.get("score_details") or {}
        uncertainty = details.get("uncertainty") or {}
        score, n = finite(details.get("score")), uncertainty.get("num_samples")
        stderr = finite((uncertainty.get("standard_error") or {}).get("value"))
        scale = ScaleBounds(bounds=PERCENT if _in_percent(result) else FRACTIONS)
        if score is not None:
            yield source.published(
                str(result.get("evaluation_name")),
                model,
                _name(result),
                scale.place(score),
                n=n if isinstance(n, int) else None,
                stderr=None if stderr is None else scale.size(stderr),
                scaled=not scale.as_it_is,
            )


def _name(result: Mapping[str, Any]) -> str:
    config = result.get("metric_config") or {}
    return str(config.get("metric_name") or config.get("metric_id") or "score")


def _facts(task: str, lower: frozenset[str]) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="Every Eval Ever",
        lower_is_better=lower,
        failures="drop",
        failures_words=(
            "Every Eval Ever stores an error's text with its score and leaves the interpretation to the user."
        ),
    )
