"""lighteval details: one Parquet file per task, one row per document; and its results with scores and
standard errors.

Columns changed over the years: a struct of metrics is called `metric`, `__metric__` or `metrics`, and the
prompt is `doc.query`, `__doc__.query` or `full_prompt`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import digest, from_path, number, numbered, scored, settings, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parquet import refuse_damaged
from howsure.table.cells import finite
from howsure.table.scores import Published, Run, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


NAME = "lighteval"
FORMATS = "lighteval details (.parquet) and results (.json)"
CHECKED = "lighteval 0.13.0, and made-up files of older layouts"

MAGIC = b"PAR1"
METRICS = ("metric", "__metric__", "metrics")
PROMPTS = ("doc", "__doc__", "full_prompt")

_NAME = re.compile(r"details_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[.\d]*)\.parquet")


def claims(source: Source) -> Claim | None:
    """Claim a Parquet file with a struct of metrics and a prompt, and results. Results with details are
    companions.
    """
    if not source.head.startswith(MAGIC):
        return claim(source)
    import polars as pl

    try:
        schema = pl.read_parquet_schema(source.path)
    except (OSError, pl.exceptions.PolarsError):
        return None
    metrics = next((name for name in METRICS if isinstance(schema.get(name), pl.Struct)), None)
    return "rows" if metrics and any(name in schema for name in PROMPTS) else None


def read(source: Source) -> Reading:
    """Read one task of one model, or the results of a run. Task and model of details are in their path
    only.
    """
    if source.head.startswith(MAGIC):
        return _read_details(source)
    results = source.json()
    published = tuple(stated_scores(results, source))
    if not published:
        raise source.error("no score in the results", "Run the evaluation again.")
    return Reading(
        facts=tuple(_facts(task) for task in dict.fromkeys(p.task for p in published)),
        published=published,
        run=run_of(
            results, "", model_of(results, source), time=time_of(source), scores=results.get("results")
        ),
        configuration=configuration(results, ""),
    )


def _read_details(source: Source) -> Reading:
    import polars as pl

    refuse_damaged(source)
    frame = pl.read_parquet(source.read_bytes())
    metrics = next(name for name in METRICS if name in frame.columns)
    prompts = next(name for name in PROMPTS if name in frame.columns)
    named = _NAME.search(source.path.name)
    task = named["task"].replace("|", ":") if named else source.path.stem
    model, warnings = from_path(source, r"(?:details_)?.*\.parquet", plain=r"details|\d{4}-\d\d-\d\dT.*")
    results = beside(source)
    model, warnings = (model_of(results, source), ()) if results else (model, warnings)
    items = numbered(_item(value) for value in frame[prompts])
    records = [
        {"task": task, "model": model, "item": item, "metric": metric, **scored(value)}
        for item, values in zip(items, frame[metrics], strict=True)
        for metric, value in (values or {}).items()
        if not isinstance(value, (list, dict, str))
    ]
    if not records:
        raise source.error("no metric with one number per document", "Check the task's metrics.")
    shots = (
        {"num_fewshot": str(frame["num_effective_few_shots"][0])}
        if "num_effective_few_shots" in frame.columns
        else {}
    )
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task),),
        published=tuple(stated_scores(results, source, only=task)),
        warnings=warnings,
        run=run_of(results, task, model, time=named["time"] if named else "", scores=records),
        configuration=configuration(results, task) | shots,
    )


def _item(value: Any) -> str:
    """Name a document by its query, which is the same for every model, while the prompt with its shots may
    differ.
    """
    if isinstance(value, dict):
        value = value.get("query")
    return digest(str(value))


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="lighteval",
        failures="drop",
        failures_words="lighteval stops at the first failure, so every document in its files has a score.",
    )


STDERR = "_stderr"
ALL, AVERAGE = "all", "_average"
"""Names, or parts of names, of averages of other tasks."""
UNKNOWN = "?"
"""The value for a commit that lighteval couldn't determine."""
_RESULTS = re.compile(r"results_(?P<time>.+)\.json")


def claim(source: Source) -> Claim | None:
    """Claim the results of a run. Those with details in the same folder of runs are companions."""
    if b'"lighteval_sha"' not in source.first.get("config_general", b""):
        return None
    return "companion" if any(_details(source)) else "rows"


def beside(source: Source) -> Mapping[str, Any]:
    """Return the results of the run that details belong to: `results/<model>/` next to
    `details/<model>/<time>/`, or an empty mapping without any.
    """
    folder = source.path.absolute().parent
    above = next((parent for parent in folder.parents if source.has_folder(parent / "results")), None)
    if above is None:
        return {}
    path = above / "results" / Path(*folder.relative_to(above).parts[1:-1]) / f"results_{folder.name}.json"
    found = source.near(path)
    document = {} if found is None else found.json()
    return document if isinstance(document, dict) else {}


def time_of(source: Source) -> str:
    """Return the time in the name of a file of results, or an empty text."""
    named = _RESULTS.fullmatch(source.path.name)
    return named["time"] if named else ""


def run_of(document: Mapping[str, Any], task: str, name: str, *, time: str, scores: object) -> Run:
    """Collect a run's information on itself. The time is only in the path. Together with the scores it
    identifies copies.
    """
    identity = f"{task} {name} {time} {digest(scores)}".strip() if time else ""
    limit, sha = finite(_general(document).get("max_samples")), _general(document).get("lighteval_sha")
    date, _, hours = time.partition(".")[0].partition("T")
    return Run(
        key=identity,
        started=f"{date}T{hours.replace('-', ':')}" if hours else "",
        identity=identity,
        call=time,
        ids=(time,) if time else (),
        limit="" if limit is None else f"{limit:g}",
        surroundings=settings({"lighteval": "" if sha == UNKNOWN else sha}),
    )


def configuration(document: Mapping[str, Any], task: str) -> dict[str, str]:
    """Collect the settings that distinguish two runs of one model: those of the model, and the version of the
    task.
    """
    given, versions = _general(document).get("model_config"), document.get("versions")
    named = {f"model_config.{key}": value for key, value in given.items()} if isinstance(given, dict) else {}
    version = versions.get(task.replace(":", "|")) if isinstance(versions, dict) else None
    return settings({**named, "task_version": version})


def _general(document: Mapping[str, Any]) -> Mapping[str, Any]:
    general = document.get("config_general")
    return general if isinstance(general, dict) else {}


def model_of(document: Mapping[str, Any], source: Source) -> str:
    """Return the model of a run."""
    return str(_general(document).get("model_name") or source.path.absolute().parent.name)


def stated_scores(document: Mapping[str, Any], source: Source, *, only: str = "") -> Iterator[Published]:
    """Yield the scores in results, for all tasks or one, without averages of several tasks."""
    stated = document.get("results")
    for key, metrics in stated.items() if isinstance(stated, dict) else ():
        task = str(key).replace("|", ":")
        if task != ALL and AVERAGE not in task and only in ("", task) and isinstance(metrics, dict):
            yield from _scores(task, model_of(document, source), metrics, source)


def _scores(task: str, name: str, metrics: Mapping[str, Any], source: Source) -> Iterator[Published]:
    for metric, score in metrics.items():
        if not metric.endswith(STDERR) and finite(score) is not None:
            stderr = finite(metrics.get(metric + STDERR))
            yield source.published(task, name, metric, number(score), stderr=stderr)


def _details(source: Source) -> Iterator[Path]:
    """Yield the details of a file of results, if they are within the requested folder."""
    named, folder, root = (
        _RESULTS.fullmatch(source.path.name),
        source.path.absolute().parent,
        source.root.absolute(),
    )
    above = next((parent for parent in folder.parents if source.has_folder(parent / "details")), None)
    if named and above is not None and above.is_relative_to(root):
        inner = Path(*folder.relative_to(above).parts[1:])
        yield from source.listed(above / "details" / inner / named["time"], "*.parquet")
