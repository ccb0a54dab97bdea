"""lighteval details: one Parquet file per task, one row per document.

Columns changed over the years: a struct of metrics is called `metric`, `__metric__` or `metrics`, and the prompt is
`doc.query`, `__doc__.query` or `full_prompt`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.base import Claim, Reading, Source, scored, tidy
from howsure.readers.naming import digest, from_path, numbered
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    import polars as pl

NAME = "lighteval"
FORMATS = "lighteval details (.parquet)"
CHECKED = "made-up files only"

MAGIC = b"PAR1"
METRICS = ("metric", "__metric__", "metrics")
PROMPTS = ("doc", "__doc__", "full_prompt")

_NAME = re.compile(r"details_(?P<task>.+)_(?P<time>\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d[.\d]*)\.parquet")


def claims(source: Source) -> Claim | None:
    """Claim a Parquet file with a struct of metrics and a prompt."""
    if not source.head.startswith(MAGIC):
        return None
    import polars as pl

    try:
        schema = pl.read_parquet_schema(source.path)
    except (OSError, pl.exceptions.PolarsError):
        return None
    metrics = next((name for name in METRICS if isinstance(schema.get(name), pl.Struct)), None)
    return "rows" if metrics and any(name in schema for name in PROMPTS) else None


def read(source: Source) -> Reading:
    """Read one task of one model; task and model are in the path only."""
    import polars as pl

    frame = pl.read_parquet(source.read_bytes())
    metrics = next(name for name in METRICS if name in frame.columns)
    prompts = next(name for name in PROMPTS if name in frame.columns)
    named = _NAME.search(source.path.name)
    task = named["task"].replace("|", ":") if named else source.path.stem
    model, cautions = from_path(source, r"(?:details_)?.*\.parquet", plain=r"details|\d{4}-\d\d-\d\dT.*")
    items = numbered(_item(value) for value in frame[prompts])
    records = [
        {"task": task, "model": model, "item": item, "metric": metric, **scored(value)}
        for item, values in zip(items, frame[metrics], strict=True)
        for metric, value in (values or {}).items()
        if not isinstance(value, (list, dict, str))
    ]
    if not records:
        raise ReadError("no metric with one number a document", where=source.name, remedy="Check the task's metrics.")
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(_facts(task),),
        cautions=cautions,
        configuration=_shots(frame) | ({"date": named["time"]} if named else {}),
    )


def _item(value: Any) -> str:
    """Name a document by its query, which is the same for every model, where the prompt with its shots may not be."""
    if isinstance(value, dict):
        value = value.get("query")
    return digest(str(value))


def _shots(frame: pl.DataFrame) -> dict[str, str]:
    return (
        {"num_fewshot": str(frame["num_effective_few_shots"][0])} if "num_effective_few_shots" in frame.columns else {}
    )


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="lighteval",
        failures="drop",
        failures_words="lighteval stops at the first failure, so every document in its files has a score.",
    )
