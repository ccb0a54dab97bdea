"""What an lm-eval results file says: the model, its settings, and scores with their standard errors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.readers.base import Source, finite, settings
from howsure.readers.naming import named_by_path
from howsure.table.scores import Published
from howsure.table.stated import Extent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from howsure.errors import Caution

_ARGUMENT = re.compile(r"(?:^|,)\s*(?:peft|delta|pretrained|model|path|engine)=([^,]+)")
_REVISION = re.compile(r"(?:^|,)\s*revision=([^,]+)")
_USUAL = frozenset(["main", "master", "None", ""])
"""Revisions that say nothing."""
_NAME_PART = re.compile(r"(?:_*eval)?_*(?:results|samples)_.*|(?:_*eval)?_*(?:results|samples)?\.jsonl?$")
_LOWER = frozenset(["perplexity", "word_perplexity", "byte_perplexity", "bits_per_byte", "brier_score", "ter", "wer"])
_MANY = 20
_REMEDY = "Copy the samples file again, or run lm-eval again with --log_samples."


def find_results(source: Source, time: str) -> dict[str, Any] | None:
    """Return the results written with a samples file: the same folder, the same time."""
    results = source.beside(re.sub(r"samples_.*", f"results_{time}.json", source.path.name)) if time else None
    return results if isinstance(results, dict) and isinstance(results.get("results"), dict) else None


def model_name(results: Mapping[str, Any], source: Source) -> tuple[str, tuple[Caution, ...]]:
    """Name the model as the results do, with a revision of its own, else after the file or folder, and then say so."""
    arguments = _config(results).get("model_args")
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


def stated(results: Mapping[str, Any], *, model: str, source: str, task: str | None = None) -> tuple[Published, ...]:
    """Return the scores that the results state, of one task or of all."""
    counts = results.get("n-samples") if isinstance(results.get("n-samples"), dict) else {}
    return tuple(
        Published(task=name, model=model, metric=metric, score=score, n=_count(counts, name), stderr=se, source=source)
        for name, values in _entries(results.get("results"))
        if task is None or name == task
        for metric, score, se in _scores(values)
    )


def extent(results: Mapping[str, Any], *, model: str, task: str) -> tuple[Extent, ...]:
    """Return how many documents the task was run on, and of how many; nothing where the results don't say."""
    counts = results.get("n-samples")
    entry = counts.get(task) if isinstance(counts, dict) else None
    effective, original = (entry.get(key) if isinstance(entry, dict) else None for key in ("effective", "original"))
    if not isinstance(effective, int) or effective < 1:
        return ()
    whole = original if isinstance(original, int) and original > effective else 0
    return (Extent(task=task, model=model, items=effective, whole=whole, remedy=_REMEDY),)


def lower_is_better(results: Mapping[str, Any], task: str, metrics: Iterable[str]) -> frozenset[str]:
    """Return the metrics of a task where less is better, filters included."""
    directions = results.get("higher_is_better")
    known = directions.get(task) if isinstance(directions, dict) else None
    lower = {name for name, higher in known.items() if higher is False} if isinstance(known, dict) else _LOWER
    names = tuple(metrics) or tuple(metric for metric, _, _ in _scores(_task(results, task)))
    return frozenset(name for name in names if name.split(",")[0] in lower)


def configuration(results: Mapping[str, Any], task: str) -> dict[str, str]:
    """Collect the settings that a user of lm-eval gives on the command line."""
    config = _config(results)
    shots = results.get("n-shot")
    named: dict[str, Any] = {"num_fewshot": shots.get(task) if isinstance(shots, dict) else None}
    if named["num_fewshot"] is None:
        named["num_fewshot"] = config.get("num_fewshot")
    for name in ("model_args", "gen_kwargs", "limit", "model_dtype", "model_revision", "fewshot_seed"):
        value = config.get(name)
        parts = {f"{name}.{key}": part for key, part in value.items()} if isinstance(value, dict) else {name: value}
        named |= parts if len(parts) <= _MANY else {}
    for name in ("system_instruction_sha", "chat_template_sha", "fewshot_as_multiturn"):
        named[name] = results.get(name)
    return settings(named)


def _config(results: Mapping[str, Any]) -> Mapping[str, Any]:
    config = results.get("config")
    return config if isinstance(config, dict) else {}


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
