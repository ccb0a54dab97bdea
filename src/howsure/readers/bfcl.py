"""BFCL: a score file names the failed items only. All items are listed in the result file of the same
category.

Checked on the files of BFCL v4.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import summed, tidy, unknown_layout
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite
from howsure.table.scores import Extent, TaskFacts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

NAME = "bfcl"
FORMATS = "BFCL scores next to their results (score/…_score.json, result/…_result.json)"
CHECKED = "BFCL v4"

METRIC = "accuracy"
LAYOUTS = ("4",)
"""Known versions of the benchmark; files are named after theirs."""
_NAME = re.compile(r"(?:BFCL_v(?P<version>\d+)_)?(?P<category>.+)_score\.json")
_RESULTS = re.compile(r".+_result\.json")
_REMEDY = "Keep the folder result next to score: the score file names the failed items only."


def claims(source: Source) -> Claim | None:
    """Claim score files by their first line. Result files are companions."""
    keys = source.first.keys()
    if {"accuracy", "correct_count", "total_count"} <= keys:
        return "rows"
    return "companion" if _RESULTS.fullmatch(source.path.name) and {"id", "result"} <= keys else None


def read(source: Source) -> Reading:
    """Read one category of one model. Without its result file only the published score is read."""
    stated, *failed = source.json_lines()
    named = _NAME.fullmatch(source.path.name)
    category = named["category"] if named else source.path.stem
    task, (model, run) = f"BFCL {category}", _model(source)
    n, score = stated.get("total_count"), finite(stated.get("accuracy"))
    if score is None or not n:
        raise source.error("no accuracy in the first line", "Score the results again.")
    wrong = {str(row["id"]): row.get("error_type") for row in failed if isinstance(row, dict) and "id" in row}
    records = list(_records(source, wrong, {"task": task, "model": model, "metric": METRIC}))
    facts = TaskFacts(
        task=task,
        harness="BFCL",
        headline=METRIC,
        failures="zero",
        failures_words="BFCL counts a call that can't be decoded as wrong.",
    )
    return Reading(
        rows=tidy(records, source=source.name) if records else None,
        facts=(facts,),
        published=(source.published(task, model, METRIC, score, n=n),),
        extents=(Extent(task=task, model=model, items=n, remedy=_REMEDY),),
        notes=()
        if records
        else (f"no {_result_file(source).name} in the folder result: only the published score.",),
        warnings=unknown_layout(named["version"] if named else None, LAYOUTS, source),
        configuration={"run": run} if run else {},
    )


def _model(source: Source) -> tuple[str, str]:
    """Return the model, below the folder `score`, and the run, above it."""
    parts = source.path.absolute().parts
    place = max((k for k, part in enumerate(parts[:-1]) if part == "score"), default=0)
    return (
        (parts[place + 1], parts[place - 1]) if 0 < place < len(parts) - 2 else (source.path.parent.name, "")
    )


def _result_file(source: Source) -> Path:
    parts = ["result" if part == "score" else part for part in source.path.absolute().parent.parts]
    return Path(*parts, source.path.name.replace("_score.json", "_result.json"))


def _records(source: Source, wrong: Mapping[str, Any], shared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    answers = source.near(_result_file(source))
    for row in answers.json_lines() if answers is not None else ():
        if isinstance(row, dict) and "id" in row:
            item = str(row["id"])
            yield {
                **shared,
                "item": item,
                "score": float(item not in wrong),
                "error_type": wrong.get(item),
                "seconds": summed(row.get("latency")),
                "tokens_in": summed(row.get("input_token_count")),
                "tokens_out": summed(row.get("output_token_count")),
            }
