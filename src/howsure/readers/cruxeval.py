"""CRUXEval: scored generations, one truth value per sample."""

from __future__ import annotations

import re

from howsure.readers.attempt_rows import from_path, scored, tidy
from howsure.readers.base import Reading, Source
from howsure.table.scores import TaskFacts

NAME = "cruxeval"
FORMATS = "CRUXEval scored generations (.json)"
CHECKED = "scored generations, which state no version"

_NAME = re.compile(r"(?:_temp(?P<temperature>[\d.]+))?_(?P<mode>output|input)\b")
_ENDING = r"(?:_temp[\d.]+)?(?:_(?:output|input))?(?:_\w*)?\.json"


def read(source: Source) -> Reading:
    """Read one model at one temperature."""
    document = source.json()
    generations = document.get("raw_scored_generations")
    if not isinstance(generations, dict) or not generations:
        raise source.error("generations without scores", "Run the evaluation of CRUXEval.")
    named = _NAME.search(source.path.name) or _NAME.search(source.path.absolute().parent.name)
    model, warnings = from_path(source, _ENDING)
    task = f"cruxeval-{named['mode']}" if named else "cruxeval"
    records = [
        {
            "task": task,
            "model": model,
            "item": item,
            "attempt": attempt,
            "metric": "pass@1",
            **scored(value, "not run"),
        }
        for item, values in generations.items()
        for attempt, value in enumerate(values or [None])
    ]
    rate = document.get("pass_at_1")
    published = source.published(task, model, "pass@1", (rate or 0) / 100, n=len(generations))
    facts = TaskFacts(
        task=task,
        harness="CRUXEval",
        headline="pass@1",
        failures="zero",
        failures_words="CRUXEval counts an answer that fails to run as 0.",
    )
    return Reading(
        rows=tidy(records, source=source.name),
        facts=(facts,),
        published=(published,) if isinstance(rate, (int, float)) else (),
        warnings=warnings,
        configuration={"temperature": named["temperature"]} if named and named["temperature"] else {},
    )
