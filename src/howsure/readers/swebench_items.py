"""The tasks of SWE-bench: which there are, and which of them a list of resolved ones is of."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.tables import read_side_table
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from howsure.readers.base import Source

SIZES = {"test": 2294, "lite": 300, "verified": 500, "multimodal": 517, "bash-only": 500}
"""How many tasks each part of SWE-bench has, and so each published score."""

FEW = 10
"""So many tasks tell which part of SWE-bench they are of."""
PREDICTIONS = ("all_preds.jsonl", "preds.json", "all_preds.json")
"""Predictions, which name every task that was tried, in the folder of a submission."""
LEVELS = 2
"""Its own folder and the one above are looked into."""


@cache
def verified() -> tuple[str, ...]:
    """Return the ids of the 500 tasks of SWE-bench Verified."""
    return tuple(files("howsure.readers").joinpath("swebench_verified.txt").read_text().split())


def all_verified(items: Collection[str]) -> bool:
    """Say whether all of these lie in Verified, and are too many for a chance: of Lite a third do, of all a
    fifth.
    """
    return len(items) >= FEW and set(items) <= set(verified())


def listed(source: Source, resolved: Collection[str]) -> tuple[str, ...]:
    """Return the tasks of the table that the user named. ReadError where it lacks some that are resolved."""
    every = tuple(dict.fromkeys(read_side_table(source.items)["item"]))
    lacking = [item for item in resolved if item not in set(every)]
    if lacking:
        raise ReadError(
            f"{plural(len(lacking), 'resolved task')} that {source.items} doesn't name, such as "
            f"{listing(lacking, 1)}",
            where=source.name,
            remedy="Name the table of the tasks that this run was over.",
        )
    return every


def submitted(
    source: Source, document: Mapping[str, Any], resolved: Collection[str], part: str
) -> tuple[str, ...]:
    """Return the tasks that the predictions beside a list name, with those that it says have none; nothing
    where they aren't the whole part.
    """
    without = document.get("no_generation")
    beside = {item for name in PREDICTIONS for item in _predicted(source, name)}
    every = beside | {str(item) for item in (without if isinstance(without, list) else ())} | set(resolved)
    return tuple(sorted(every)) if beside and len(every) == SIZES.get(part) else ()


def _predicted(source: Source, name: str) -> Iterator[str]:
    beside = source.nearest(source.path.absolute().parents[:LEVELS], name)
    if beside is None:
        return
    found = beside.json_lines() if beside.path.suffix == ".jsonl" else beside.json()
    if isinstance(found, dict):
        yield from map(str, found)
    for row in found if isinstance(found, list) else ():
        if isinstance(row, dict) and isinstance(row.get("instance_id"), str):
            yield row["instance_id"]
