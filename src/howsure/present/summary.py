"""Several boards at a glance: models × tasks, each with its score and its tie group."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from howsure.present.document import Field, tabled
from howsure.present.labels import labels
from howsure.wording import Scale

if TYPE_CHECKING:
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.present.document import Table

TASK = 14
"""Characters of a task's name that a column is headed by."""
NOTE = "score{unit} and tie group: a letter in common, not told apart; a narrow terminal leaves out the last tasks"


def summary(answer: Leaderboard) -> Table:
    """Lay out all boards as one table: a model a row, in the order of the first board, and a task a column."""
    every = answer.every
    models = list(dict.fromkeys(entry.model for board in every for entry in board.entries))
    alike = len({board.percent for board in every}) == 1
    names = labels((board_name(board, answer) for board in every), TASK)
    cells = [_cells(board, alike=alike) for board in every]
    fields: list[Field[str]] = [
        Field("model", str, align="left"),
        *(
            Field(name, partial(_cell, told), priority=9 if k == 0 else 8)
            for k, (name, told) in enumerate(zip(names, cells, strict=True))
        ),
    ]
    unit = Scale(percent=every[0].percent).column if alike else ""
    return tabled(models[: answer.top], fields, note=NOTE.format(unit=unit))


def board_name(board: Board, answer: Leaderboard) -> str:
    """Name a board in few words: by its task, and by its metric where these differ."""
    several = len({each.metric for each in answer.boards}) > 1
    return f"{board.task} · {board.metric}" if board.task and several else board.task or "overall"


def _cells(board: Board, *, alike: bool) -> dict[str, str]:
    """Return what is said of each model: `52.8 ab`, ties in a column of their own."""
    scale = Scale(percent=board.percent)
    ranked = list(zip(board.entries, board.ranks, strict=True))
    wide = max(len(rank.ties) for _, rank in ranked)
    said = scale.number if alike else scale.score
    return {entry.model: f"{said(entry.estimate.value)} {rank.ties:<{wide}}" for entry, rank in ranked}


def _cell(told: dict[str, str], model: str) -> str:
    return told.get(model, "")
