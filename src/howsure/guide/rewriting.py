"""Rewriting of a chapter's command on the example logs into one on the reader's own: words in, words out."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.errors import OptionError
from howsure.study.models import resolve
from howsure.table.aggregate import names_of
from howsure.verbs.leaderboard import leaderboard

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from howsure.answers.leaderboard import Board
    from howsure.table.scores import Scores

EXAMPLE_LOGS = "examples/logs"
EXAMPLE_CLUSTER = "passage_id"
FIRST = ("-a", "--a", "--candidate", "--model")
SECOND = ("-b", "--b", "--baseline")
ONE_LINE_A_MODEL = ("estimate", "noise")


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The target of the commands: the reader's paths, with one task, metric and two models, a the better.

    `grouping`: the words for the clusters of items, or none by default. `reading`: the words for reading the
    paths. `b` None: there is one model only. `crowded`: there are more models than fit on a screen.
    """

    paths: tuple[str, ...]
    a: str
    b: str | None
    task: str | None = None
    metric: str | None = None
    grouping: tuple[str, ...] = ()
    reading: tuple[str, ...] = ()
    crowded: bool = False


class OneModel(Exception):  # noqa: N818
    """A command compares two models, but there is only one."""


def rewrite(command: str, target: Target, options: Mapping[str, Collection[str]]) -> list[str]:
    """Return the words of a command on the target, without `howsure`. `options`: those that each command has.

    A command that doesn't read the example logs is unchanged. OneModel if it needs a second model.

    >>> mine = Target(paths=("logs",), a="x", b="y", task="quiz")
    >>> rewrite("howsure estimate examples/logs --cluster passage_id", mine, {"estimate": {"--task"}})
    ['estimate', 'logs', '--task', 'quiz']
    """
    name, *words = shlex.split(command)[1:]
    if EXAMPLE_LOGS not in words:
        return [name, *words]
    narrowed = [
        word
        for option, value in (("--task", target.task), ("--metric", target.metric))
        if value is not None and option in options[name]
        for word in (option, value)
    ]
    return [
        name,
        *_replaced(words, target),
        *target.reading,
        *narrowed,
        *(_fewer(name, words, target) if target.crowded else ()),
    ]


def _replaced(words: list[str], target: Target) -> Iterator[str]:
    rest = iter(words)
    for word in rest:
        if word == EXAMPLE_LOGS:
            yield from target.paths
        elif word == "--pilot":
            next(rest)
            yield from (each for path in target.paths for each in (word, path))
        elif word == "--cluster":
            value = next(rest)
            yield from target.grouping if value == EXAMPLE_CLUSTER else (word, value)
        elif word in FIRST:
            next(rest)
            yield from (word, target.a)
        elif word in SECOND:
            next(rest)
            if target.b is None:
                raise OneModel
            yield from (word, target.b)
        else:
            yield word


def _fewer(name: str, words: list[str], target: Target) -> tuple[str, ...]:
    """Return the options that limit the answer of a command about all models to a screen."""
    if name == "leaderboard":
        return ("--top", "10")
    if name not in ONE_LINE_A_MODEL or set(words) & {*FIRST, *SECOND}:
        return ()
    return tuple(word for model in (target.a, target.b) if model is not None for word in ("--model", model))


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
    """Return the data for a chapter: the requested ones, and otherwise the most informative.

    Among the tasks and metrics of the named models, it prefers one with two models, repeated attempts, most
    models and most items, and then its two best models. A task or a metric is named only if there are
    several.
    """
    names = names_of(scores, "model")
    first, second = (None if name is None else resolve(name, names) for name in (a, b))
    if first is not None and first == second:
        raise OptionError(f"a and b are both {first!r}", remedy="Choose two different models.")
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
    """Rank how informative a board is: the named models, a pair, repeated attempts, models, items."""
    models = [entry.model for entry in board.entries]
    repeated = any(entry.n_attempts > entry.estimate.n_items for entry in board.entries)
    items = max(entry.estimate.n_items for entry in board.entries)
    return sum(name in models for name in named), min(len(models), 2), repeated, len(models), items
