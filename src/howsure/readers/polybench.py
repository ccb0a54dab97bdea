"""SWE-PolyBench: the folder of a submission, metadata.yaml and `logs/<task>_result.json` below it.

metadata.yaml names the system and states how many of how many tasks it resolved. No log records whether a
task without a prediction was attempted and failed, or wasn't attempted. The stated number decides.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.table.scores import Extent, TaskFacts
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

NAME = "swe-polybench"
FORMATS = "SWE-PolyBench submissions (metadata.yaml, logs/*_result.json)"
CHECKED = "submissions of 2025-11 to 2026-04, in made-up files only"

METRIC, METADATA, LOGS, ENDING = "resolved", "metadata.yaml", "logs", "_result.json"
DATA_SETS = {"PB": "SWE-PolyBench", "PB500": "SWE-PolyBench500", "PBVerified": "SWE-PolyBench Verified"}
_RATE = re.compile(rb"^pass_rate:.*?(\d{1,6})\s*/\s*(\d{1,6})", re.MULTILINE)
_NAME = re.compile(rb"^name:[ \t]*(\S(?:.*\S)?)[ \t\r]*$", re.MULTILINE)


def claims(source: Source) -> Claim | None:
    """Claim the metadata of a submission. The results of its tasks are companions."""
    path = source.path
    if path.name == METADATA:
        return (
            "rows" if _NAME.search(source.head) and source.listed(path.parent / LOGS, f"*{ENDING}") else None
        )
    keys = source.first.keys()
    if not keys >= {"instance_id", "patch_applied", "resolved"}:
        predictions = (
            keys >= {"instance_id", "model_patch"} and source.near(path.with_name(METADATA)) is not None
        )
        return "companion" if predictions or keys >= {"instance_id", "file_retrieval_metrics"} else None
    metadata = path.parent.with_name(METADATA)
    held = (
        path.parent.name == LOGS
        and metadata.is_relative_to(source.root)
        and source.near(metadata) is not None
    )
    return "companion" if held else None


def read(source: Source) -> Reading:
    """Read one submission."""
    folder = source.path.absolute().parent
    task = next(
        (DATA_SETS[parent.name] for parent in folder.parents if parent.name in DATA_SETS), "SWE-PolyBench"
    )
    found = _NAME.search(source.head)
    model = f"{found[1].decode(errors='replace').strip(chr(34) + chr(39))}" if found else folder.name
    names = {"task": task, "model": model, "metric": METRIC}
    logs = [source.near(path) for path in source.listed(source.path.parent / LOGS, f"*{ENDING}")]
    results = [log.json() for log in logs if log is not None]
    records = [names | _record(result) for result in results if isinstance(result, dict)]
    if not records:
        raise source.error("no results of tasks in logs/", "Copy the whole submission.")
    rate = _RATE.search(source.head)
    n, won = (int(rate[2]), int(rate[1])) if rate else (0, 0)
    asked = [record for record in records if record["status"] != "not run"]
    apart = len(asked) == n != len(records)
    facts = TaskFacts(
        task=task,
        harness="SWE-PolyBench",
        headline=METRIC,
        failures="zero",
        failures_words="SWE-PolyBench counts a task that is not resolved as 0, whatever the reason.",
        missing_fails=True,
    )
    return Reading(
        rows=tidy(asked if apart else records, source=source.name),
        facts=(facts,),
        published=(source.published(task, model, METRIC, won / n, n=n),) if n else (),
        extents=(Extent(task=task, model=model, items=n, remedy="Copy the whole submission."),) if n else (),
        notes=_notes(records, won, n, apart=apart),
    )


def _notes(records: Sequence[Mapping[str, Any]], won: int, n: int, *, apart: bool) -> tuple[str, ...]:
    """Warn of tasks that were left out, or of a stated number of tasks that doesn't follow from the logs."""
    left = sum(record["status"] == "not run" for record in records)
    if apart:
        return (f"{plural(left, 'task')} without a prediction left out: it states {n:,}, those with one.",)
    resolved = sum(bool(record["score"]) for record in records)
    if not n or (n, won) == (len(records), resolved):
        return ()
    without = f", {left:,} of them without a prediction" if left else ""
    return (
        (
            f"it states {won:,} resolved of {n:,} tasks, but its logs have {resolved:,} of "
            f"{len(records):,}{without}."
        ),
    )


def _record(result: Mapping[str, Any]) -> dict[str, Any]:
    item = str(result.get("instance_id"))
    generated = result.get("generation") is not False
    return {
        "item": item,
        **scored(result.get("resolved") if generated else None, "error" if generated else "not run"),
        "repo": item.rpartition("-")[0].replace("__", "/", 1),
    }
