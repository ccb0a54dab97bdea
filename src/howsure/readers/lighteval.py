"""lighteval details: one Parquet file per task, one row per document; and its results, scores with their
standard errors.

Columns changed over the years: a struct of metrics is called `metric`, `__metric__` or `metrics`, and the
prompt is `doc.query`, `__doc__.query` or `full_prompt`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers import lighteval_results
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.naming import digest, from_path, numbered
from howsure.readers.parquet import refuse_damaged
from howsure.readers.records import scored, tidy
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    import polars as pl

NAME = "lighteval"
FORMATS = "lighteval details (.parquet) and results (.json)"
CHECKED = "lighteval 0.13.0, and made-up files of older layouts"

MAGIC = b"PAR1"
METRICS = ("metric", "__metric__", "metrics")
PROMPTS = ("doc", "__doc__", "full_prompt")

_NAME = re.compile(r"details_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[.\d]*)\.parquet")


def claims(source: Source) -> Claim | None:
    """Claim a Parquet file with a struct of metrics and a prompt, and results; those with details beside them
    are companions.
    """
    if not source.head.startswith(MAGIC):
        return lighteval_results.claim(source)
    import polars as pl

    try:
        schema = pl.read_parquet_schema(source.path)
    except (OSError, pl.exceptions.PolarsError):
        return None
    metrics = next((name for name in METRICS if isinstance(schema.get(name), pl.Struct)), None)
    return "rows" if metrics and any(name in schema for name in PROMPTS) else None


def read(source: Source) -> Reading:
    """Read one task of one model, or the results of a run; details tell task and model in their path only."""
    if source.head.startswith(MAGIC):
        return _read_details(source)
    results = source.json()
    published = tuple(lighteval_results.published(results, source))
    if not published:
        raise ReadError("no score in the results", where=source.name, remedy="Run the evaluation again.")
    return Reading(
        facts=tuple(_facts(task) for task in dict.fromkeys(p.task for p in published)),
        published=published,
        run=lighteval_results.run_of(
            results,
            "",
            lighteval_results.model(results, source),
            time=lighteval_results.time_of(source),
            scores=results.get("results"),
        ),
        configuration=lighteval_results.configuration(results, ""),
    )


def _read_details(source: Source) -> Reading:
    import polars as pl

    refuse_damaged(source)
    frame = pl.read_parquet(source.read_bytes())
    metrics = next(name for name in METRICS if name in frame.columns)
    prompts = next(name for name in PROMPTS if name in frame.columns)
    named = _NAME.search(source.path.name)
    task = named["task"].replace("|", ":") if named else source.path.stem
    model, cautions = from_path(source, r"(?:details_)?.*\.parquet", plain=r"details|\d{4}-\d\d-\d\dT.*")
    results = lighteval_results.beside(source)
    model, cautions = (lighteval_results.model(results, source), ()) if results else (model, cautions)
    items = numbered(_item(value) for value in frame[prompts])
    records = [
        {"task": task, "model": model, "item": item, "metric": metric, **scored(value)}
        for item, values in zip(items, frame[metrics], strict=True)
        for metric, value in (values or {}).items()
        if not isinstance(value, (list, dict, str))
    ]
    if not records:
        raise ReadError(
            "no metric with one number a document", where=source.name, remedy="Check the task's metrics."
        )
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task),),
        published=tuple(lighteval_results.published(results, source, only=task)),
        cautions=cautions,
        run=lighteval_results.run_of(
            results, task, model, time=named["time"] if named else "", scores=records
        ),
        configuration=lighteval_results.configuration(results, task) | _shots(frame),
    )


def _item(value: Any) -> str:
    """Name a document by its query, which is the same for every model, where the prompt with its shots may
    not be.
    """
    if isinstance(value, dict):
        value = value.get("query")
    return digest(str(value))


def _shots(frame: pl.DataFrame) -> dict[str, str]:
    return (
        {"num_fewshot": str(frame["num_effective_few_shots"][0])}
        if "num_effective_few_shots" in frame.columns
        else {}
    )


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="lighteval",
        failures="drop",
        failures_words="lighteval stops at the first failure, so every document in its files has a score.",
    )
