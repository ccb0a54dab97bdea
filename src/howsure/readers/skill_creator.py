"""Anthropic's skill-creator: benchmark.json, with every run, or the grading.json of single runs.

A configuration (with_skill, without_skill) is compared like a model, an eval is a question, and a run an
attempt. The score of an attempt is the share of its expectations that passed, which skill-creator itself
averages. Expectations of one output aren't separate questions, since one output answers them all.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import inner, mappings, scored, tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.readers.parsing import members
from howsure.table.cells import finite
from howsure.table.scores import Extent, Published, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "skill-creator"
FORMATS = "skill-creator's benchmarks and gradings (benchmark.json, grading.json)"
CHECKED = "the skill's schemas of 2026, in made-up files only"

TASK, METRIC, BENCHMARK = "skill-creator", "pass_rate", "benchmark.json"
LEVELS = 5
"""A benchmark is at most this many folders above a grading of one of its runs."""
_RUN = re.compile(r"run-(\d+)")
_EVAL = re.compile(r"eval-(.+)")
_LEAST_DECIMALS = 2


def claims(source: Source) -> Claim | None:
    """Claim a benchmark by its runs, and gradings. Those of a benchmark are companions."""
    first = source.first
    if {"eval_id", "configuration", "result"} <= members(first.get("runs", b"")).keys():
        return "rows"
    graded = {"passed", "text"} <= members(first.get("expectations", b"")).keys()
    if not (graded and "pass_rate" in members(first.get("summary", b""))):
        return None
    folders = [folder for folder in source.path.parents[:LEVELS] if folder.is_relative_to(source.root)]
    return "rows" if source.nearest(folders, BENCHMARK) is None else "companion"


def read(source: Source) -> Reading:
    """Read all runs of a benchmark, or the one that was graded."""
    document = source.json()
    if "runs" not in document:
        return _reading([_graded(document, source)], TASK, source)
    metadata = inner(document, "metadata")
    named = metadata.get("skill_name")
    task = named if isinstance(named, str) and named and not named.startswith("<") else TASK
    records = [_record(run, task) for run in mappings(document["runs"])]
    return _reading(
        records,
        task,
        source,
        published=tuple(_published(document, task, source)),
        extents=tuple(_extents(metadata, records, task)),
        configuration={"benchmark": source.path.absolute().parent.name},
    )


def _reading(records: list[dict[str, Any]], task: str, source: Source, **more: Any) -> Reading:
    if not records:
        raise source.error("no run in the benchmark", "Aggregate its runs again.")
    facts = TaskFacts(
        task=task,
        harness="skill-creator",
        headline=METRIC,
        failures="drop",
        failures_words="skill-creator averages the runs that were graded.",
    )
    return Reading(rows=tidy(records, source=source.name), facts=(facts,), **more)


def _record(run: Mapping[str, Any], task: str) -> dict[str, Any]:
    result, number = inner(run, "result"), run.get("run_number")
    seconds = finite(result.get("time_seconds"))
    return {
        "task": task,
        "model": run.get("configuration"),
        "item": run.get("eval_id"),
        "attempt": number - 1 if isinstance(number, int) and number > 0 else 0,
        "metric": METRIC,
        **scored(_share(result, run)),
        "seconds": seconds or None,  # 0 is the value for a time that wasn't recorded
        "eval_name": run.get("eval_name"),
    }


def _share(summary: Mapping[str, Any], graded: Mapping[str, Any]) -> float | None:
    """Return the share of expectations that passed: as stated, else counted."""
    stated, passed, total = (finite(summary.get(name)) for name in ("pass_rate", "passed", "total"))
    if stated is not None:
        return stated
    if passed is not None and total:
        return passed / total
    found = [bool(each["passed"]) for each in mappings(graded.get("expectations")) if "passed" in each]
    return sum(found) / len(found) if found else None


def _graded(document: Mapping[str, Any], source: Source) -> dict[str, Any]:
    """Return the row of one grading: `eval-N/<configuration>/run-K/grading.json`, or without the folder of
    the run.
    """
    folder = source.path.absolute().parent
    run = _RUN.fullmatch(folder.name)
    configuration = folder.parent if run else folder
    named = _EVAL.fullmatch(configuration.parent.name)
    metadata = source.near(configuration.parent / "eval_metadata.json")
    about = metadata.json() if metadata is not None else {}
    number = about.get("eval_id") if isinstance(about, dict) else None
    return {
        "task": TASK,
        "model": configuration.name,
        "item": number if number is not None else named[1] if named else configuration.parent.name,
        "attempt": int(run[1]) - 1 if run else 0,
        "metric": METRIC,
        **scored(_share(inner(document, "summary"), document)),
        "seconds": finite(inner(document, "timing").get("total_duration_seconds")) or None,
    }


def _published(document: Mapping[str, Any], task: str, source: Source) -> Iterator[Published]:
    for configuration, summary in inner(document, "run_summary").items():
        mean = finite(inner(summary, "pass_rate").get("mean"))
        if mean is not None:
            yield source.published(
                task,
                str(configuration),
                METRIC,
                mean,
                decimals=max(len(str(mean).partition(".")[2]), _LEAST_DECIMALS),
            )


def _extents(metadata: Mapping[str, Any], records: list[dict[str, Any]], task: str) -> Iterator[Extent]:
    """Yield the planned number of evals of each configuration. The number of runs per eval is ignored,
    because its script always writes the same.
    """
    evals = metadata.get("evals_run")
    for model in dict.fromkeys(str(record["model"]) for record in records):
        if isinstance(evals, list) and evals:
            yield Extent(task=task, model=model, items=len(evals))
