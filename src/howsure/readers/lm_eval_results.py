"""What an lm-eval results file says: the model, its settings, and scores with their standard errors."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from howsure.readers.naming import named_by_path
from howsure.readers.records import inner
from howsure.table.cells import finite
from howsure.table.scores import Extent, Group, Published

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from howsure.errors import Caution
    from howsure.readers.base import Source

_ARGUMENT = re.compile(r"(?:^|,)\s*(?:peft|delta|pretrained|model|path|engine)=([^,]+)")
_REVISION = re.compile(r"(?:^|,)\s*revision=([^,]+)")
_USUAL = frozenset(["main", "master", "None", ""])
"""Revisions that say nothing."""
_NAME_PART = re.compile(r"(?:_*eval)?_*(?:results|samples)_.*|(?:_*eval)?_*(?:results|samples)?\.jsonl?$")
_LOWER = frozenset(
    ["perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "brier_score", "ter", "wer"]
)
_NEAR = 1e-9
_NONE = ("N/A", "")
_REMEDY = "Copy the samples file again, or run lm-eval again with --log_samples."


def find_results(source: Source, time: str) -> dict[str, Any] | None:
    """Return the results written with a samples file: the same folder, the same time."""
    results = source.beside(re.sub(r"samples_.*", f"results_{time}.json", source.path.name)) if time else None
    return results if isinstance(results, dict) and isinstance(results.get("results"), dict) else None


def model_name(results: Mapping[str, Any], source: Source) -> tuple[str, tuple[Caution, ...]]:
    """Name the model as the results do, with a revision of its own, else after the file or folder, and then
    say so.
    """
    arguments = inner(results, "config").get("model_args")
    if isinstance(arguments, dict):
        arguments = ",".join(f"{key}={value}" for key, value in arguments.items() if isinstance(value, str))
    text = arguments if isinstance(arguments, str) else ""
    found, revision = _ARGUMENT.search(text), _REVISION.search(text)
    name = results.get("model_name") or (found and found[1])
    if name:
        return f"{name}@{revision[1]}" if revision and revision[1] not in _USUAL else str(name), ()
    part = _NAME_PART.sub("", source.path.name) or source.path.absolute().parent.name
    model = part.replace("__", "/")
    return model, (named_by_path(source, model, remedy="Keep results_*.json beside the samples."),)


def stated(
    results: Mapping[str, Any], *, model: str, source: str, task: str | None = None
) -> tuple[Published, ...]:
    """Return the scores that the results state, of one task or of all."""
    counts = results.get("n-samples") if isinstance(results.get("n-samples"), dict) else {}
    return tuple(
        Published(
            task=name,
            model=model,
            metric=metric,
            score=score,
            n=_count(counts, name),
            stderr=se,
            source=source,
        )
        for name, values in _entries(results.get("results"))
        if task is None or name == task
        for metric, score, se in _scores(values)
    )


def no_numbers(results: Mapping[str, Any]) -> int:
    """Count the scores that are no numbers: what is called as a number of any task, but for `N/A` and an
    empty text.
    """
    entries = [values for _, values in _entries(results.get("results"))]
    metrics = {
        key for values in entries for key, value in values.items() if _number(value) is not None or "," in key
    }
    given = [
        value
        for values in entries
        for key, value in values.items()
        if key in metrics and "_stderr" not in key
    ]
    return sum(_number(value) is None and str(value).strip() not in _NONE for value in given)


def extent(results: Mapping[str, Any], *, model: str, task: str) -> tuple[Extent, ...]:
    """Return how many documents the task was run on, and of how many; nothing where the results don't say."""
    counts = results.get("n-samples")
    entry = counts.get(task) if isinstance(counts, dict) else None
    effective, original = (
        entry.get(key) if isinstance(entry, dict) else None for key in ("effective", "original")
    )
    if not isinstance(effective, int) or effective < 1:
        return ()
    whole = original if isinstance(original, int) and original > effective else 0
    return (Extent(task=task, model=model, items=effective, whole=whole, remedy=_REMEDY),)


def groups(results: Mapping[str, Any]) -> tuple[Group, ...]:
    """Return the groups of tasks whose stated score is the mean of their tasks', or that weighted by size;
    others are left out.
    """
    subtasks = results.get("group_subtasks")
    if not isinstance(subtasks, dict) or not isinstance(results.get("results"), dict):
        return ()
    found = ((str(name), _leaves(str(name), subtasks)) for name, inner in subtasks.items() if inner)
    made = ((name, leaves, _is_by_size(name, leaves, results)) for name, leaves in found)
    return tuple(
        Group(name=name, harness="lm-eval", tasks=frozenset(leaves), by_size=by_size)
        for name, leaves, by_size in made
        if by_size is not None
    )


def _leaves(name: str, subtasks: Mapping[str, Any], above: tuple[str, ...] = ()) -> list[str]:
    """Return the tasks of a group, those of its groups in their place."""
    inner = subtasks.get(name)
    if name in above or not isinstance(inner, list) or not inner:
        return [name]
    return [leaf for part in inner for leaf in _leaves(str(part), subtasks, (*above, name))]


def _is_by_size(group: str, leaves: list[str], results: Mapping[str, Any]) -> bool | None:
    """Say whether a group's score weighs its tasks by size, None where it is neither that nor their mean."""
    sizes = [_count(results.get("n-samples"), task) or 0 for task in leaves]
    for metric, stated, _ in _scores(_task(results, group)):
        parts = [
            next((score for name, score, _ in _scores(_task(results, task)) if name == metric), None)
            for task in leaves
        ]
        scores = [part for part in parts if part is not None]
        if len(scores) < len(leaves) or not all(sizes):
            continue
        by_size = sum(score * size for score, size in zip(scores, sizes, strict=True)) / sum(sizes)
        if math.isclose(by_size, stated, rel_tol=_NEAR):
            return True
        if math.isclose(sum(scores) / len(scores), stated, rel_tol=_NEAR):
            return False
    return None


def lower_is_better(results: Mapping[str, Any], task: str, metrics: Iterable[str]) -> frozenset[str]:
    """Return the metrics of a task where less is better, filters included."""
    directions = results.get("higher_is_better")
    known = directions.get(task) if isinstance(directions, dict) else None
    lower = {name for name, higher in known.items() if higher is False} if isinstance(known, dict) else _LOWER
    names = tuple(metrics) or tuple(metric for metric, _, _ in _scores(_task(results, task)))
    return frozenset(name for name in names if name.split(",")[0] in lower)


def _entries(results: object) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield task and values; the oldest files hold a list with one entry per task and prompt."""
    if isinstance(results, dict):
        yield from ((str(task), values) for task, values in results.items() if isinstance(values, dict))
    elif isinstance(results, list):
        for entry in results:
            if isinstance(entry, dict) and "task_name" in entry:
                prompt = entry.get("prompt_name")
                yield f"{entry['task_name']}+{prompt}" if prompt else str(entry["task_name"]), entry


def _task(results: Mapping[str, Any], task: str) -> Mapping[str, Any]:
    return dict(_entries(results.get("results"))).get(task, {})


def _scores(values: Mapping[str, Any]) -> Iterator[tuple[str, float, float | None]]:
    """Yield metric, score and standard error; "acc,none" is called acc where "none" is the only filter."""
    filters = {key.partition(",")[2] for key in values if "," in key}
    for key, value in values.items():
        name, comma, filtered = key.partition(",")
        if name.endswith("_stderr") or bool(comma) != bool(filters) or (score := _number(value)) is None:
            continue
        error = _number(values.get(f"{name}_stderr{comma}{filtered}"))
        yield (name if filters <= {"none"} else key), score, error


def _number(value: object) -> float | None:
    return None if isinstance(value, bool) else finite(value)


def _count(counts: object, task: str) -> int | None:
    entry = counts.get(task) if isinstance(counts, dict) else None
    effective = entry.get("effective") if isinstance(entry, dict) else None
    return effective if isinstance(effective, int) else None
