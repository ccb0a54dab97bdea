"""The describe verb: what was found, before any statistics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from howsure.aggregate import Wanted, metadata_columns, per_item
from howsure.answers.description import Description, TaskSummary
from howsure.tidy import find_roles, open_frame, roles_note

if TYPE_CHECKING:
    from howsure.scores import Scores


def describe_scores(scores: Scores) -> Description:
    """Summarise scores; see `howsure.describe`."""
    tasks: tuple[TaskSummary, ...] = ()
    columns: dict[str, int] = {}
    if open_frame(scores.rows).collect_schema().names():
        table = per_item(scores, Wanted())
        parts = sorted(table.partition_by("task", "metric", as_dict=True).items())
        tasks = tuple(_summary(str(task), str(metric), part, scores) for (task, metric), part in parts)
        columns = metadata_columns(scores)
    note = roles_note(find_roles(open_frame(scores.rows).collect_schema().names(), scores.roles))
    return Description(
        tasks=tasks,
        columns=columns,
        files=scores.files,
        published=len(scores.published),
        notes=(*scores.notes, *([note] if note else [])),
        cautions=scores.cautions,
    )


def _summary(task: str, metric: str, part: pl.DataFrame, scores: Scores) -> TaskSummary:
    fact = scores.fact(task)
    per_model = part.group_by("model").agg(items=pl.len())["items"]
    items = part["item"].n_unique()
    return TaskSummary(
        task=task,
        metric=metric,
        harness=fact.harness if fact else "table",
        headline=fact is not None and fact.headline == metric,
        models=len(per_model),
        items=items,
        attempts_low=int(part["rows"].min()),  # type: ignore[arg-type]
        attempts_high=int(part["rows"].max()),  # type: ignore[arg-type]
        rows=int(part["rows"].sum()),
        failed=int((part["rows"] - part["n"]).sum()),
        incomplete=int((per_model < items).sum()),
        clusters=part["cluster"].n_unique()
        if "cluster" in part.columns and part["cluster"].null_count() == 0
        else None,
    )
