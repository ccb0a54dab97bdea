"""The slices of a board as plain data: the models of each, ranked on it, and which items are in which."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.page.packing import short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.leaderboard import Board, BoardSlices, SliceBoard
    from howsure.page.contents import Rung
    from howsure.study.slices import Partition

    Data = dict[str, Any]


def slices_of(board: Board, rung: Rung) -> list[BoardSlices]:
    """Return the slices of a task; of the overall board those in which tasks are slices, which have no
    task.
    """
    key = (board.task, board.metric if board.task else None)
    return [way for way in rung.leaderboard.slices if (way.task, way.metric if way.task else None) == key]


def slice_details(board: Board, rung: Rung) -> list[Data]:
    """Return the boards of all slices, for each way in which the items are parted that has some."""
    places = {entry.model: k for k, entry in enumerate(board.entries)}
    ways = [way for way in slices_of(board, rung) if way.slices]
    return [
        {
            "by": way.slicing.by,
            "level": way.level,
            "names": [each.slice for each in way.slices],
            "boards": [_board(each, places) for each in way.slices],
        }
        for way in ways
    ]


def _board(each: SliceBoard, places: dict[str, int]) -> Data:
    """Return the models of a slice as columns, the best first; a model that isn't on the board of the task by
    its name.
    """
    found = each.board
    estimates = [entry.estimate for entry in found.entries]
    items, clusters = (max(getattr(e, name) for e in estimates) for name in ("n_items", "n_clusters"))
    return {
        "verdict": found.verdict,
        "level": found.level,
        "items": items,
        "clusters": clusters if clusters != items else 0,
        "models": [places.get(entry.model, entry.model) for entry in found.entries],
        "value": short(e.value for e in estimates),
        "low": short(e.interval.low for e in estimates),
        "high": short(e.interval.high for e in estimates),
        "rank": [rank.rank for rank in found.ranks],
        "rank_low": [rank.low for rank in found.ranks],
        "rank_high": [rank.high for rank in found.ranks],
        "best": [rank.could_be_best for rank in found.ranks],
    }


def items_of_slices(ways: Sequence[Partition]) -> list[Data]:
    """Say in which slice every item is, −1 for none, for each way in which the items are parted."""
    return [{"by": way.by, "names": list(way.labels), "codes": way.codes.tolist()} for way in ways]
