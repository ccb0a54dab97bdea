"""aider's benchmark: one hidden file per case, with the outcome of a first try and of a second after a
failure.

The second try sees the error of the first, so it isn't a further attempt. aider reports whether the case was
solved at the first try, and within both.
"""

from __future__ import annotations

import re
from itertools import accumulate
from operator import or_
from typing import TYPE_CHECKING, Any

from howsure.readers.attempt_rows import tidy
from howsure.readers.base import Claim, Reading, Source
from howsure.table.cells import finite
from howsure.table.scores import Run, TaskFacts, Total

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

NAME = "aider"
FORMATS = "aider's benchmark results (.aider.results.json)"
CHECKED = "aider 0.56.1.dev (2024-09)"

TASK = "aider"
SUMMARY = "results.txt"
"""The summary that aider prints at the end of a run, if it was saved."""
_CASES = re.compile(rb"^[ \t]*test_cases: (\d{1,6})[ \t\r]*$", re.MULTILINE)
_COST = re.compile(rb"^[ \t]*total_cost: (\d{1,9}(?:\.\d{1,9})?)[ \t\r]*$", re.MULTILINE)
_STARTED = re.compile(r"(\d{4}-\d\d-\d\d)-(\d\d-\d\d-\d\d)--")
_DIRTY = "-dirty"
_GROUPS = frozenset(["pass-at-1", "pass-at-2", "failed"])


def claims(source: Source) -> Claim | None:
    """Claim the results of one case; the summary of a run is a companion."""
    if source.path.name == SUMMARY and _CASES.search(source.head):
        return "companion"
    return "rows" if source.first else None


def read(source: Source) -> Reading:
    """Read one case: solved at the first try, and within two."""
    document = source.json()
    outcomes = document.get("tests_outcomes")
    if not isinstance(outcomes, list) or not outcomes:
        raise source.error("no outcome of the tests", "Run the case again.")
    # Collect a case's information on its run: the folder of the run, which begins with the time, and aider's
    # commit.
    call = str(document.get("testdir") or "").rpartition("/")[0].rpartition("/")[2]
    named = _STARTED.match(call)
    commit = str(document.get("commit_hash") or "")
    run = Run(
        started=f"{named[1]}T{named[2].replace('-', ':')}" if named else "",
        identity=call,
        call=call,
        ids=(call,) if call else (),
        commit=commit.removesuffix(_DIRTY),
        dirty=commit.endswith(_DIRTY) if commit else None,
    )
    return Reading(
        rows=tidy(_records(document, [bool(outcome) for outcome in outcomes]), source=source.name),
        facts=(_FACTS,),
        totals=tuple(_totals(source, str(document.get("model")))),
        run=run,
        configuration={"run": _folder(source).name, "edit_format": str(document.get("edit_format"))},
    )


def _records(document: Mapping[str, Any], outcomes: list[bool]) -> list[dict[str, Any]]:
    """Score both tries; an unneeded second counts like the first. Cost and time are those of both together.

    A model without a known price, or a local one, is written with a cost of 0, which counts as not recorded.
    """
    tries = (list(accumulate(outcomes, or_)) + [any(outcomes)] * 2)[:2]
    return [
        {
            "task": TASK,
            "model": document.get("model"),
            "item": document.get("testcase"),
            "metric": f"pass_rate_{place}",
            "score": float(solved),
            "usd": finite(document.get("cost")) or None,
            "seconds": finite(document.get("duration")),
        }
        for place, solved in enumerate(tries, 1)
    ]


def _folder(source: Source) -> Path:
    """Return the folder of the run, above those that sort its cases."""
    above = source.path.absolute().parent.parent
    return next((folder for folder in (above, *above.parents) if folder.name not in _GROUPS), above)


def _totals(source: Source, model: str) -> Iterator[Total]:
    """Yield the cost of the whole run, if a summary next to the cases states it."""
    summary = source.near(_folder(source) / SUMMARY)
    if summary is None:
        return
    cases, cost = _CASES.search(summary.head), _COST.search(summary.head)
    if cases and cost and float(cost[1]):
        yield Total(
            task=TASK,
            model=model,
            figure="usd",
            value=float(cost[1]),
            decimals=len(cost[1].partition(b".")[2]),
            run=summary.name,
            files=int(cases[1]),
        )


_FACTS = TaskFacts(
    task=TASK,
    harness="aider",
    headline="pass_rate_2",
    failures="zero",
    failures_words="aider counts a case that ran out of time or context as not solved.",
)
