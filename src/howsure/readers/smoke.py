"""Smoke runs: of one set-up that ran as a whole, runs that were limited to fewer items show nothing new, and
stand aside.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from howsure.errors import Caution
from howsure.table.scores import FileReport
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from howsure.readers.runs import Taken

REASON = "limited to fewer items than other runs of the same"


def whole_runs(kept: Sequence[Taken], reports: list[FileReport]) -> tuple[list[Taken], tuple[Caution, ...]]:
    """Leave out runs that were limited on purpose where the same model in the same set-up ran on more items
    of the task as well; say so.

    Runs with more attempts at each item stay.
    """
    if not any(map(_limit, kept)):
        return list(kept), ()
    whole: dict[Hashable, list[tuple[int, int]]] = defaultdict(list)
    for read in kept:
        if _limit(read) == "" and _cell(read) is not None:
            whole[_cell(read)].append(_size(read))
    smoke = [
        read
        for read in kept
        if _limit(read) and any(_is_less(_size(read), size) for size in whole[_cell(read)])
    ]
    if not smoke:
        return list(kept), ()
    reports += [
        FileReport(path=read.source.name, reader=read.reader, outcome="left out", reason=REASON)
        for read in smoke
    ]
    aside = {id(read) for read in smoke}
    names = [read.source.name for read in smoke]
    told = Caution(
        code="limited_left_out",
        message=(
            f"{plural(len(smoke), 'run')} that {'was' if len(smoke) == 1 else 'were'} limited to fewer "
            f"items left out beside whole ones: {listing(names)}"
        ),
        remedy="Read the files by themselves to see them.",
    )
    return [read for read in kept if id(read) not in aside], (told,)


def _limit(read: Taken) -> str | None:
    """Return to what a run was limited, "" where it was whole; None where its log says nothing of the run, or
    it has no rows.
    """
    rows = read.reading.rows
    return None if read.reading.run is None or rows is None or not len(rows) else read.reading.run.limit


def _cell(read: Taken) -> Hashable:
    """Return what runs of one model on one task in one set-up share; None for a log of several."""
    rows, run = read.reading.rows, read.reading.run
    if rows is None or run is None or rows["task"].n_unique() != 1 or rows["model"].n_unique() != 1:
        return None
    said = {**run.apart, **read.reading.configuration}
    return (read.reader, rows["task"][0], rows["model"][0], *sorted(said.items()))


def _size(read: Taken) -> tuple[int, int]:
    """Return how many items a run has, and how many attempts at each."""
    rows, run = read.reading.rows, read.reading.run
    return (0 if rows is None else rows["item"].n_unique(), 0 if run is None else run.epochs)


def _is_less(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Say whether a run has fewer items than another, and no more attempts at each: with more it shows what
    the other doesn't.
    """
    return size[0] < other[0] and size[1] <= other[1]
