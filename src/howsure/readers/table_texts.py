"""Prompts, right answers and outputs in the columns of a table, recognised by the names of these columns."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.readers.inspect_ai import spoken
from howsure.readers.transcripts import Transcript
from howsure.table.cells import finite, whole_text
from howsure.table.names import plain_name, word_list
from howsure.table.schema import tidy, tidy_frame, used_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from howsure.table.scores import Scores

NO_COLUMN = "the rows come from no log, and have no column such as prompt, target or output"
NAMES: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "question", "input", "query", "instruction", "problem", "messages"),
    "output": (
        *("output", "response", "completion", "generation", "model_output", "model_answer", "raw_output"),
        *("prediction", "generated_text"),
    ),
    "target": word_list("target reference expected ground_truth gold reference_answer answer label"),
}
"""Names of recognised columns with texts; the first one found counts."""


def text_columns(scores: Scores) -> dict[str, str]:
    """Return the columns of the rows that contain texts, by content, without those used for a score, an id or
    a name.
    """
    frame, roles = tidy(scores.rows, scores.roles)
    used = used_columns(roles)
    by_name = {
        plain_name(name): name for name in reversed(frame.collect_schema().names()) if name not in used
    }
    found = {
        kind: next((by_name[name] for name in names if name in by_name), "") for kind, names in NAMES.items()
    }
    return {kind: column for kind, column in found.items() if column}


def table_transcripts(scores: Scores, task: str, items: Collection[str]) -> Iterator[tuple[str, Transcript]]:
    """Yield each model with the attempts in the rows of these items of a task, one transcript per row."""
    columns = text_columns(scores)
    frame, _ = tidy(scores.rows, scores.roles)
    chosen = frame.filter((nw.col("task") == task) & nw.col("item").is_in(list(items)))
    kept = [name for name in chosen.collect_schema().names() if name in (*_KEPT, *columns.values())]
    rows = tidy_frame(chosen.select(kept).to_native(), {}).sort(
        "model", "item", "attempt", maintain_order=True
    )
    for row in rows.select(*_READ, *columns.values()).iter_rows(named=True):
        texts = {kind: said(row[column]) for kind, column in columns.items()}
        scored = {row["metric"]: finite(row["score"])}
        yield row["model"], Transcript(item=row["item"], attempt=row["attempt"], scores=scored, **texts)


_READ = ("model", "item", "attempt", "metric", "score")
_KEPT = ("task", "status", *_READ)


def said(value: Any) -> str:
    """Return a cell as text: messages with their roles, several texts one after the other, anything else as
    JSON.
    """
    if isinstance(value, pl.Series):
        value = value.to_list()
    if value is None or isinstance(value, (str, bool, int, float)):
        return "" if value is None else whole_text(str(value))
    if isinstance(value, list) and all(isinstance(part, dict) and "role" in part for part in value):
        return spoken(value)
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return whole_text(" | ".join(value))
    return whole_text(json.dumps(value, ensure_ascii=False, default=str))
