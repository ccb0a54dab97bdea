"""EvalPlus: results of HumanEval+ and MBPP+, EvalPerf results, and the leaderboard."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import from_path, number, scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite
from howsure.table.scores import TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME = "evalplus"
FORMATS = "EvalPlus and EvalPerf results, and the EvalPlus leaderboard (.json)"
CHECKED = "leaderboard and EvalPerf files, which state no version, and results by task in made-up files only"

PASSED = "pass"

_RESULT = re.compile(rb'"(?:base_status|base|dps_norm|pass@1)"\s*:')
_BOARD = {"open-data", "pass@1", "prompted"}
_ENDING = r"(?:[_-]temp_[\d.]+)?[_.-]*(?:eval_results|evalperf_results)(?:\.brief)?\.json|\.json"
_TEMPERATURE = re.compile(r"temp_(\d+(?:\.\d+)?)")


def claims(source: Source) -> Claim | None:
    """Claim results by task, and the leaderboard's own JSON."""
    results = members(source.first.get("eval", b""))
    tasks = any("/" in task and _RESULT.search(result) for task, result in results.items())
    board = members(next(iter(source.first.values()), b"")).keys() >= _BOARD
    return "rows" if board or tasks else None


def read(source: Source) -> Reading:
    """Read results, or the published scores of the leaderboard."""
    document = source.json()
    if not isinstance(document.get("eval"), dict):
        names = {"humaneval": ("HumanEval", "base"), "humaneval+": ("HumanEval", "plus")}
        names |= {"mbpp": ("Mbpp", "base"), "mbpp+": ("Mbpp", "plus")}
        published = tuple(
            source.published(task, model, metric, number(entry["pass@1"][key]) / 100)
            for model, entry in document.items()
            if isinstance(entry, dict) and isinstance(entry.get("pass@1"), dict)
            for key, (task, metric) in names.items()
            if entry["pass@1"].get(key) is not None
        )
        if not published:
            raise source.error("no score in the leaderboard", "Check the file.")
        return Reading(
            facts=tuple(_facts(task) for task in dict.fromkeys(p.task for p in published)),
            published=published,
        )
    model, warnings = from_path(source, _ENDING)
    records = [
        {"task": item.partition("/")[0], "model": model.replace("--", "/"), "item": item, **score}
        for item, results in document["eval"].items()
        for score in _scores(results)
    ]
    if not records:
        raise source.error("no results", "Run evalplus.evaluate again.")
    tasks = dict.fromkeys(str(record["task"]) for record in records)
    temperature = _TEMPERATURE.search(source.path.name) or _TEMPERATURE.search(
        source.path.absolute().parent.name
    )
    return Reading(
        rows=tidy(records, source=source.name),
        facts=tuple(_facts(task) for task in tasks),
        warnings=warnings,
        configuration={"temperature": temperature[1]} if temperature else {},
    )


def _scores(results: Any) -> Iterator[dict[str, Any]]:
    """Yield one score per sample, in the current layout (a list), the older one (base and plus) or
    EvalPerf's.

    EvalPerf measures in percent, and a task that couldn't be measured has no score.
    """
    if isinstance(results, list):
        for attempt, sample in enumerate(results or [{}]):
            yield from _statuses(attempt, sample.get("base_status"), sample.get("plus_status"))
    elif "base" in results:
        pluses = results.get("plus") or [None] * len(results["base"])
        for attempt, (base, plus) in enumerate(zip(results["base"], pluses, strict=False)):
            yield from _statuses(attempt, base[0], plus[0] if plus else None)
    else:
        for metric in ("pass@1", "dps", "dps_norm"):
            if (percent := finite(results.get(metric))) is not None:
                yield {"metric": metric, **scored(percent / 100)}


def _statuses(attempt: int, base: object, plus: object) -> Iterator[dict[str, Any]]:
    """Passing plus requires passing base too, as in EvalPlus. Without plus tests there isn't a plus score."""
    yield {
        "metric": "base",
        "attempt": attempt,
        **scored(None if base is None else base == PASSED, "not run"),
    }
    if plus is not None:
        yield {"metric": "plus", "attempt": attempt, **scored(base == plus == PASSED)}


def _facts(task: str) -> TaskFacts:
    return TaskFacts(
        task=task,
        harness="EvalPlus",
        failures="zero",
        failures_words="EvalPlus counts code that fails or runs out of time as 0.",
    )
