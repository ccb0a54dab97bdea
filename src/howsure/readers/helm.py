"""HELM run folders: `per_instance_stats.json`, with the run's other files as companions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.errors import ResultWarning
from howsure.readers.attempt_rows import counted, scored, settings, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite
from howsure.table.scores import Published, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "helm"
FORMATS = "HELM run folders (per_instance_stats.json)"
CHECKED = "runs of HELM Safety (bbq, xstest), which state no version"

BOOKKEEPING = re.compile(
    r"num_|inference_|training_|finish_reason|batch_size|estimated_|prompt_truncated|logprob|max_prob$"
    r"|.*(?:runtime|_tokens$|_cost$|_co2)"
)
"""Statistics about the request, not the answer: they are left out of the rows."""

USAGE = {
    "num_prompt_tokens": "tokens_in",
    "num_completion_tokens": "tokens_out",
    "inference_runtime": "seconds",
}
"""The measures among them. HELM counts tokens itself. The time of a cached answer is that of its first
request.
"""

MAIN_METRICS = {
    "commonsense": "exact_match",
    "gsm": "final_number_exact_match",
    "legalbench": "quasi_exact_match",
    "math": "math_equiv_chain_of_thought",
    "med_qa": "quasi_exact_match",
    "mmlu": "exact_match",
    "narrative_qa": "f1_score",
    "natural_qa": "f1_score",
    "wmt_14": "bleu_4",
}
"""The main metric of scenarios, by the first word of the run's name, from the schema of HELM Lite."""

_SETTINGS = (
    *("temperature", "max_train_instances", "max_tokens", "num_outputs", "method", "model_deployment"),
    *("instructions", "global_prefix", "global_suffix", "input_prefix", "output_prefix", "stop_sequences"),
)
"""The settings that distinguish two runs of one model."""


def claims(source: Source) -> Claim | None:
    """Claim the statistics by instance; the files that HELM writes with them are companions."""
    keys = source.first.keys()
    if source.is_list and {"instance_id", "train_trial_index", "stats"} <= keys:
        return "rows"
    totals = source.is_list and {"name", "count", "sum"} <= keys and source.first["name"].startswith(b"{")
    if totals or "adapter_spec" in keys:
        return "companion"
    return "companion" if source.near(source.path.with_name("per_instance_stats.json")) else None


def read(source: Source) -> Reading:
    """Read one run: its unperturbed statistics of each instance and train trial."""
    task, model, adapter, warnings = _run(source)
    entries = source.json()
    scores, clashes = _scores(entries, source)
    usage = _usage(entries)
    if not scores:
        raise source.error("no score of an answer", "Check the run's metric_specs.")
    records = [
        {
            "task": task,
            "model": model,
            "item": item,
            "attempt": trial,
            "metric": metric,
            **scored(score),
            "split": split,
            **usage.get((item, trial), {}),
        }
        for (item, trial, metric), (score, split) in scores.items()
    ]
    counted(records, "tokens_in", "tokens_out")
    metrics = {metric for _, _, metric in scores}
    main = MAIN_METRICS.get(re.split(r"[:,]", task)[0])
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(
            TaskFacts(
                task=task,
                harness="HELM",
                headline=next(iter(metrics)) if len(metrics) == 1 else main if main in metrics else None,
                failures="drop",
                failures_words=("HELM doesn't mark failed requests: it averages the existing statistics."),
            ),
        ),
        published=tuple(_published(source, task, model, metrics)),
        warnings=(*warnings, *_clash_warning(clashes, source)),
        run=Run(limit=str(adapter.get("max_eval_instances") or "")),
        configuration=settings({key: adapter.get(key) for key in _SETTINGS}),
    )


def _run(source: Source) -> tuple[str, str, Mapping[str, Any], tuple[ResultWarning, ...]]:
    """Return task, model and adapter settings from run_spec.json, or from the folder's name."""
    spec = source.beside("run_spec.json")
    adapter = spec.get("adapter_spec") if isinstance(spec, dict) else None
    if (
        isinstance(adapter, dict)
        and isinstance(adapter.get("model"), str)
        and isinstance(spec.get("name"), str)
    ):
        return _task(spec["name"]), adapter["model"], adapter, ()
    name = source.path.absolute().parent.name
    found = re.search(r"model=([^,]+)", name)
    model = found[1].replace("_", "/", 1) if found else name
    warning = ResultWarning(
        code="model_from_path",
        message=f"{source.name}: run_spec.json with the model's name is missing, so it is named "
        f"{model!r} after the "
        "folder.",
        remedy="Keep run_spec.json next to the statistics.",
    )
    return _task(name), model, {}, (warning,)


def _task(name: str) -> str:
    """Remove the model from a run's name: `mmlu:subject=law,model=x` becomes `mmlu:subject=law`."""
    scenario, _, arguments = name.partition(":")
    kept = [
        part for part in arguments.split(",") if part and not part.startswith(("model=", "model_deployment="))
    ]
    return f"{scenario}:{','.join(kept)}" if kept else scenario


def _scores(entries: Any, source: Source) -> tuple[dict[tuple[str, int, str], tuple[float | None, str]], int]:
    """Collect one score per instance, trial and metric, or None if it isn't a number. HELM lists an instance
    once for each metric class.
    """
    scores: dict[tuple[str, int, str], tuple[float | None, str]] = {}
    clashes = 0
    for entry in entries:
        for metric, split, score in _stats(entry.get("stats"), source):
            key = (*_attempt(entry), metric)
            clashes += key in scores and scores[key][0] != score
            scores.setdefault(key, (score, split))
    known = {metric for (*_, metric), (score, _) in scores.items() if score is not None}
    return {key: found for key, found in scores.items() if key[-1] in known}, clashes


def _attempt(entry: Mapping[str, Any]) -> tuple[str, int]:
    return str(entry.get("instance_id")), int(entry.get("train_trial_index") or 0)


def _usage(entries: Any) -> dict[tuple[str, int], dict[str, float | None]]:
    """Return the measures of the plain requests of each instance and trial. Several requests for one answer
    are added.
    """
    found: dict[tuple[str, int], dict[str, float | None]] = {}
    for entry in entries:
        for stat in entry.get("stats") or ():
            name = stat.get("name") or {}
            measure = USAGE.get(str(name.get("name")))
            if measure and stat.get("count") and not (name.get("perturbation") or name.get("sub_split")):
                found.setdefault(_attempt(entry), {}).setdefault(measure, finite(stat.get("sum")))
    return found


def _stats(stats: Any, source: Source) -> Iterator[tuple[str, str, float | None]]:
    """Yield metric, split and mean of the statistics for the plain, unperturbed answer, with None for a mean
    that isn't a number.
    """
    for stat in stats or ():
        name = stat.get("name") or {}
        metric, count = name.get("name"), stat.get("count") or 0
        if not isinstance(metric, str):
            raise source.error("a statistic without a name", "Write the run's statistics again.")
        if name.get("perturbation") or name.get("sub_split") or count == 0 or BOOKKEEPING.match(metric):
            continue
        total = finite(stat.get("sum"))
        mean = finite(stat["mean"]) if "mean" in stat else None if total is None else total / count
        yield metric, str(name.get("split")), mean


def _published(source: Source, task: str, model: str, metrics: set[str]) -> Iterator[Published]:
    stats = source.beside("stats.json")
    if not isinstance(stats, list):
        return
    for metric, split, score in _stats([stat for stat in stats if isinstance(stat, dict)], source):
        if metric in metrics and split == "test" and score is not None:
            yield source.published(task, model, metric, score)


def _clash_warning(clashes: int, source: Source) -> list[ResultWarning]:
    if not clashes:
        return []
    message = (
        f"{source.name}: {clashes:,} statistics occur twice with different values, of "
        "which the first was used."
    )
    return [
        ResultWarning(code="clashing_statistics", message=message, remedy="Write the run's statistics again.")
    ]
