"""What a chapter is about where the reader doesn't say: the task that shows most, and its two best models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.errors import OptionError
from howsure.guide.rewriting import Target
from howsure.study.models import resolve
from howsure.table.aggregate import names_of
from howsure.verbs.leaderboard import leaderboard

if TYPE_CHECKING:
    from howsure.answers.leaderboard import Board
    from howsure.table.scores import Scores

SCREEN = 12


def choose(
    scores: Scores,
    paths: tuple[str, ...],
    *,
    grouping: tuple[str, ...] = (),
    reading: tuple[str, ...] = (),
    task: str | None = None,
    metric: str | None = None,
    a: str | None = None,
    b: str | None = None,
) -> Target:
    """Return what to run a chapter on: what was asked for, and for the rest the most telling.

    Of the tasks and metrics that the named models have, one with two models, repeated attempts, most models
    and most items; of it the two best models. A task or a metric is named only where there are several.
    """
    names = names_of(scores, "model")
    first, second = (None if name is None else resolve(name, names) for name in (a, b))
    if first is not None and first == second:
        raise OptionError(f"a and b are both {first!r}", remedy="Name two different models.")
    boards = leaderboard(scores, task=task, metric=metric, cluster="none", adjust="none").boards
    board = max(boards, key=lambda board: _told(board, (first, second)))
    others = (entry.model for entry in board.entries if entry.model not in (first, second))
    first, second = first or next(others, None), second or next(others, None)
    if first is None:
        first, second = second, None
    return Target(
        paths=paths,
        a=str(first),
        b=second,
        task=board.task if len({found.task for found in boards}) > 1 or task else None,
        metric=board.metric if len({found.metric for found in boards}) > 1 or metric else None,
        grouping=grouping,
        reading=reading,
        crowded=len(board.entries) > SCREEN,
    )


def _told(board: Board, named: tuple[str | None, ...]) -> tuple[int, int, bool, int, int]:
    """Say how much a board has to show: those named, a pair, repeated attempts, models, items."""
    models = [entry.model for entry in board.entries]
    repeated = any(entry.n_attempts > entry.estimate.n_items for entry in board.entries)
    items = max(entry.estimate.n_items for entry in board.entries)
    return sum(name in models for name in named), min(len(models), 2), repeated, len(models), items
