"""MMLU-Pro: the outputs of its own script, a list of questions with the right letter and the predicted
one.
"""

from __future__ import annotations

from typing import Any

from howsure.readers.attempt_rows import from_path, tidy
from howsure.readers.base import Reading, Source
from howsure.table.scores import TaskFacts
from howsure.wording import plural

NAME = "mmlu-pro"
FORMATS = "MMLU-Pro outputs (.json)"
CHECKED = "outputs that state no version"

TASK, METRIC = "MMLU-Pro", "correct"
_BEGINNING, _ENDING = "model_outputs_", r"(?:_\d+shots)?\.json"


def read(source: Source) -> Reading:
    """Read one model's answers: right if prediction and answer are the same letter. No prediction is a wrong
    one.
    """
    rows = [row for row in source.json() if isinstance(row, dict) and row.get("question_id") is not None]
    if not rows:
        raise source.error("no questions", "Run the evaluation again.")
    model, warnings = from_path(source, _ENDING, beginning=_BEGINNING)
    records: list[dict[str, Any]] = [
        {
            "task": TASK,
            "model": model,
            "item": row["question_id"],
            "metric": METRIC,
            "score": float(row.get("pred") == row.get("answer")),
            "category": row.get("category"),
            "src": row.get("src"),
        }
        for row in rows
    ]
    unanswered = sum(row.get("pred") is None for row in rows)
    told = f"no letter was predicted for {plural(unanswered, 'question')}, which counts as a wrong answer."
    notes = (told,) if unanswered else ()
    return Reading(rows=tidy(records, source=source.name), facts=(_FACTS,), warnings=warnings, notes=notes)


_FACTS = TaskFacts(
    task=TASK,
    harness="MMLU-Pro",
    headline=METRIC,
    failures="zero",
    failures_words="An answer without a letter is wrong here, but MMLU-Pro's own script draws one at random.",
)
