"""LiveBench: judgments of answers, one per line, with the answers of each model in other files."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import rows_beside, scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

NAME = "livebench"
FORMATS = "LiveBench judgments (model_judgment/ground_truth_judgment.jsonl)"
CHECKED = "judgments of 2025-03"

METRIC = "score"


def claims(source: Source) -> Claim | None:
    """Claim lines of judgments. The answers in the neighbouring folder are companions."""
    if "answer_id" not in source.first:
        return "rows"
    judged = source.path.absolute().parent.parent / "model_judgment" / "ground_truth_judgment.jsonl"
    return "companion" if source.near(judged) is not None else None


def read(source: Source) -> Reading:
    """Read the judgments of all models. A question that is judged again is a further attempt."""
    rows = [
        row for row in source.json_lines() if isinstance(row, dict) and row.get("question_id") is not None
    ]
    if not rows:
        raise source.error("no judgments", "Judge the answers again.")
    tokens = {model: _tokens(source, model) for model in {str(row.get("model")) for row in rows}}
    seen: Counter[tuple[str, str, str]] = Counter()
    records = [_record(row, tokens[str(row.get("model"))], seen) for row in rows]
    return Reading(rows=tidy(records, source=source.name), facts=tuple(_facts(records)))


def _record(
    row: Mapping[str, Any], tokens: Mapping[str, float | None], seen: Counter[tuple[str, str, str]]
) -> dict[str, Any]:
    key = task, model, item = str(row.get("task")), str(row.get("model")), str(row["question_id"])
    seen[key] += 1
    return {
        "task": task,
        "model": model,
        "item": item,
        "attempt": seen[key] - 1,
        "metric": METRIC,
        **scored(row.get("score")),
        "category": row.get("category"),
        "tokens_out": tokens.get(item),
    }


def _tokens(source: Source, model: str) -> dict[str, float | None]:
    """Return the tokens of a model's answers, by question; uncounted ones are written as negative numbers."""
    path = source.path.absolute().parent.parent / "model_answer" / f"{model}.jsonl"
    rows = rows_beside(path, source) if "/" not in model else []
    counts = {str(row.get("question_id")): finite(row.get("total_output_tokens")) for row in rows}
    return {item: count for item, count in counts.items() if count is not None and count >= 0}


def _facts(records: Iterable[Mapping[str, Any]]) -> Iterable[TaskFacts]:
    for task in dict.fromkeys(str(record["task"]) for record in records):
        yield TaskFacts(
            task=task,
            harness="LiveBench",
            headline=METRIC,
            failures="drop",
            failures_words="LiveBench's judgments all have a score.",
        )
