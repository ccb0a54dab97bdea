"""ARC-AGI: the share of each task's test inputs that was solved."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import from_path, scored, tidy
from howsure.readers.base import Reading, Source
from howsure.table.scores import Extent, Published, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "arc_agi"
FORMATS = "ARC-AGI results (.json)"
CHECKED = "results that state no version"


def read(source: Source) -> Reading:
    """Read one run; the file doesn't name the model."""
    document = source.json()
    results = document["task_results"]
    if not isinstance(results, dict) or not results:
        raise source.error("no task in the results", "Score the submission again.")
    model, warnings = from_path(source, r"(?:__)?(?:results)?\.json")
    records = [
        {"task": "arc_agi", "model": model, "item": item, **_scored(result)}
        for item, result in results.items()
    ]
    facts = TaskFacts(
        task="arc_agi",
        harness="ARC-AGI",
        headline="score",
        failures="zero",
        failures_words="ARC-AGI counts a task without a submission as 0.",
        missing_fails=True,
    )
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(facts,),
        published=tuple(_published(document, model, source)),
        extents=_extents(document, model),
        warnings=warnings,
    )


def _scored(result: object) -> dict[str, Any]:
    return scored(result.get("score") if isinstance(result, dict) else result, "not run")


def _published(document: Mapping[str, Any], model: str, source: Source) -> Iterator[Published]:
    score, n = document.get("score"), document.get("total_tasks")
    if isinstance(score, (int, float)) and isinstance(n, int) and n:
        yield source.published("arc_agi", model, "score", score / n, n=n)


def _extents(document: Mapping[str, Any], model: str) -> tuple[Extent, ...]:
    total = document.get("total_tasks")
    if not isinstance(total, int) or total < 1:
        return ()
    return (
        Extent(
            task="arc_agi", model=model, items=total, remedy="Score the rest, or compare over shared tasks."
        ),
    )
