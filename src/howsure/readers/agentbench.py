"""AgentBench: `<agent>/<task>/runs.jsonl`, one line per sample, with error.jsonl and overall.json next to
it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import inner, mappings, scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite
from howsure.table.scores import Extent, Published, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "agentbench"
FORMATS = "AgentBench runs (<agent>/<task>/runs.jsonl)"
CHECKED = "the source of AgentBench 0.2, in made-up files only"

METRIC = "score"
RUNS, ERRORS, OVERALL = "runs.jsonl", "error.jsonl", "overall.json"
SCORES = ("result", "reward", "score", "success")
"""The keys under which a sample's result contains its score; some tasks only score all samples together."""
RATES = ("acc", "success_rate")
ONE, ALL = "task error", "running"
"""States of a sample that aren't an answer of the agent."""
_REMEDY = "Run the rest: AgentBench resumes automatically."


def claims(source: Source) -> Claim | None:
    """Claim the samples of one agent on one task. Errors and totals in the same folder are companions."""
    first = source.first
    beside_runs = source.near(source.path.with_name(RUNS)) is not None
    if "output" not in first:
        return "companion" if beside_runs else None
    if source.path.name == ERRORS and beside_runs:
        return "companion"
    output = members(first["output"])
    return "rows" if {"status", "result"} <= output.keys() or first["error"] != b"null" else None


def read(source: Source) -> Reading:
    """Read one agent's samples of one task. An index with failures only has no score."""
    folder = source.path.absolute().parent
    task, model = folder.name, folder.parent.name
    records = {str(row["index"]): _record(row) for row in mappings(source.json_lines()) if "index" in row}
    errors = source.near(source.path.with_name(ERRORS)) if source.path.name == RUNS else None
    for row in mappings(errors.json_lines()) if errors is not None else ():
        records.setdefault(str(row.get("index")), {"status": "error", "state": row.get("error")})
    if not any(record.get("score") is not None for record in records.values()):
        raise source.error(
            f"no sample has a score ({', '.join(SCORES)})",
            (
                "AgentBench scores some tasks over all samples together, in overall.json: use "
                "those as published "
                "scores."
            ),
        )
    names = {"task": task, "model": model, "metric": METRIC}
    overall = source.beside(OVERALL)
    return Reading(
        rows=tidy(
            [{"item": item, **names, **record} for item, record in records.items()], source=source.name
        ),
        facts=(
            TaskFacts(
                task=task,
                harness="AgentBench",
                headline=METRIC,
                failures="drop",
                failures_words=(
                    "AgentBench retries a failed sample, and its totals count the samples that ended."
                ),
            ),
        ),
        published=tuple(_published(overall, task, model, source)),
        extents=tuple(_extents(overall, task, model)),
    )


def _record(row: Mapping[str, Any]) -> dict[str, Any]:
    output = inner(row, "output")
    result, state = output.get("result"), output.get("status")
    found = [result[key] for key in SCORES if key in result] if isinstance(result, dict) else [result]
    if row.get("error") or state in (ONE, ALL):
        return {"status": "error", "state": state}
    return {**scored(next(iter(found), None)), "state": state}


def _published(overall: object, task: str, model: str, source: Source) -> Iterator[Published]:
    custom = inner(overall, "custom", "overall") or inner(overall, "custom")
    rate = next((value for name in RATES if (value := finite(custom.get(name))) is not None), None)
    if rate is not None:
        n = custom.get("total")
        yield source.published(task, model, METRIC, rate, n=n if isinstance(n, int) else None)


def _extents(overall: object, task: str, model: str) -> Iterator[Extent]:
    total = overall.get("total") if isinstance(overall, dict) else None
    if isinstance(total, int) and total > 0:
        yield Extent(task=task, model=model, items=total, remedy=_REMEDY)
