"""Several boards at a glance: models × tasks, each with its score and its group."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from howsure.present.document import Field, Printed, cut, tabled
from howsure.present.estimate import limits
from howsure.present.labels import labels
from howsure.wording import Scale, come_once, level_text, listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.present.document import Table

TASK = 14
"""The number of characters of a task's name in a column heading."""
MOST_BOARDS = 61
"""The overall board and so many tasks, less one, are columns. Others are in `each_task` and in records."""
NOTE = (
    "score{unit} and group: models that share a letter don't differ significantly; where there is no room "
    "the last tasks are left out"
)


def summary(answer: Leaderboard) -> Table:
    """Lay out all boards as one table: one model per row, in the order of the first board, and one task per
    column.
    """
    boards = answer.every
    models = list(dict.fromkeys(entry.model for board in boards for entry in board.entries))
    alike = len({board.percent for board in boards}) == 1
    every = boards[:MOST_BOARDS]
    whole = board_names(answer)[:MOST_BOARDS]
    names = labels(whole, TASK)
    cells = [_cells(board, alike=alike) for board in every]
    fields: list[Field[str]] = [
        Field("model", str, align="left"),
        *(
            Field(name, partial(_cell, told), priority=9 if k == 0 else 8)
            for k, (name, told) in enumerate(zip(names, cells, strict=True))
        ),
    ]
    unit = Scale(percent=every[0].percent).column if alike else ""
    marked = [k for k, model in enumerate(models) if is_marked(model, answer.mark)]
    note = NOTE.format(unit=unit)
    if len(boards) > len(every):
        left = f"{len(boards) - len(every):,} of {len(answer.boards):,}"
        note += f" ({left} in any case; `each_task=True` shows all)"
    table = tabled(models, fields, note=note)
    return cut(replace(table, printed=_printed(every, whole, models, unit)), answer.top, keep=marked)


def _printed(every: Sequence[Board], names: Sequence[str], models: Sequence[str], unit: str) -> Printed:
    """Return the table for print: each score with its interval, bold if it could be best on its board."""
    columns: list[dict[str, tuple[str, str, bool]]] = []
    for board in every:
        scale = Scale(percent=board.percent)
        said = scale.number if unit else scale.score
        best = set(board.could_be_best)
        columns.append(
            {
                each.model: (said(each.estimate.value), limits(each.estimate, scale), each.model in best)
                for each in board.entries
            }
        )
    rows = tuple(tuple(column.get(model, ("", "", False)) for column in columns) for model in models)
    level = level_text(every[0].level)
    note = f"Score{unit} with its {level} confidence interval; bold: could be best in its column."
    return Printed(heads=tuple(names), rows=rows, note=note)


def tasks_sentence(boards: Sequence[Board]) -> str:
    """Return on how many tasks one model is significantly best, and how many could be on the others."""
    ranked = [board for board in boards if len(board.entries) > 1]
    shown = ranked or boards
    noun = "task" if come_once([board.task for board in shown]) else "board"
    if not ranked:
        return f"No {noun} has several models, so there is nothing to rank."
    won = Counter(board.could_be_best[0] for board in ranked if len(board.could_be_best) == 1)
    open_ones = [len(board.could_be_best) for board in ranked if len(board.could_be_best) > 1]
    could = f"{_span(open_ones)} models could be" if open_ones else ""
    if len(ranked) == 1:
        said = f"{next(iter(won))} is shown to be best" if won else f"{could} best"
        return f"On the one {noun} with several models, {said}."
    tasks = plural(len(ranked), noun)
    if not won:
        return f"On none of {tasks} is one model shown to be best: {could}."
    named = listing([f"{model} on {count}" if len(won) > 1 else model for model, count in won.most_common()])
    if not open_ones:
        return f"On each of {tasks}, one model is shown to be best: {named}."
    rest = "the other" if len(open_ones) == 1 else "the others"
    return f"On {won.total()} of {tasks}, one model is shown to be best: {named}. On {rest}, {could}."


def _span(counts: list[int]) -> str:
    low, high = min(counts), max(counts)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def is_marked(model: str, mark: Sequence[str]) -> bool:
    """Return whether a model is highlighted."""
    return model in mark


def board_names(answer: Leaderboard) -> list[str]:
    """Name every board briefly: by its task, and by its metric if these differ."""
    several = len({board.metric for board in answer.boards}) > 1
    return [
        f"{board.task} · {board.metric}" if board.task and several else board.task or "overall"
        for board in answer.every
    ]


def _cells(board: Board, *, alike: bool) -> dict[str, str]:
    """Return the cell of each model: `52.8 ab`, with groups in their own column."""
    scale = Scale(percent=board.percent)
    ranked = list(zip(board.entries, board.ranks, strict=True))
    wide = max(len(rank.group) for _, rank in ranked)
    said = scale.number if alike else scale.score
    return {entry.model: f"{said(entry.estimate.value)} {rank.group:<{wide}}" for entry, rank in ranked}


def _cell(told: dict[str, str], model: str) -> str:
    return told.get(model, "")
