"""MMMU-Pro: the outputs of its own script, one question a line, with whether the answer was right."""

from __future__ import annotations

import re
from typing import Any

from howsure.errors import ReadError
from howsure.readers.base import Claim, Reading, Source, looks_like, scored, tidy
from howsure.readers.naming import from_path
from howsure.table.scores import TaskFacts

NAME = "mmmu"
FORMATS = "MMMU-Pro outputs (.jsonl)"
CHECKED = "outputs of MMMU-Pro, which state no version"

TASK, METRIC = "MMMU-Pro", "if_right"
_START = re.compile(rb"\s*\{")


def claims(source: Source) -> Claim | None:
    """Claim lines of questions with a subject, and whether they were answered right."""
    return (
        "rows"
        if _START.match(source.head) and looks_like(source.head.split(b"\n")[0], ("id", "subject", "if_right"))
        else None
    )


def read(source: Source) -> Reading:
    """Read the answers of one model in one setting, after which the file is named."""
    rows = [row for row in source.json_lines() if isinstance(row, dict) and row.get("id") is not None]
    if not rows:
        raise ReadError("no questions", where=source.name, remedy="Run the evaluation again.")
    model, cautions = from_path(source, r"\.jsonl?", plain="mmmu-pro")
    records: list[dict[str, Any]] = [
        {
            "task": TASK,
            "model": model,
            "item": row["id"],
            "metric": METRIC,
            **scored(row.get("if_right")),
            "subject": row.get("subject"),
            "topic_difficulty": row.get("topic_difficulty"),
        }
        for row in rows
    ]
    return Reading(rows=tidy(records, source=source.name), facts=(_FACTS,), cautions=cautions)


_FACTS = TaskFacts(
    task=TASK,
    harness="MMMU-Pro",
    headline=METRIC,
    failures="zero",
    failures_words="MMMU-Pro counts an answer that it can't parse as wrong.",
)
