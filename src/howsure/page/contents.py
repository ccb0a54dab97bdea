"""Contents: every answer of a page, from one reading of the scores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.errors import HowsureError
from howsure.inference.board import SentBoard, placing_of
from howsure.inference.curves import attempt_curves
from howsure.inference.leaderboard import ranked, with_other_policies
from howsure.inference.noise import task_noise
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS, THESE_QUESTIONS, settled
from howsure.inference.questions import examine_task
from howsure.inference.task_weights import as_stated, task_shares
from howsure.processes import in_turn
from howsure.study.slices import partitions
from howsure.study.study import LEVEL
from howsure.table.aggregate import coded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from howsure.answers.curve import TaskCurves
    from howsure.answers.frontier import TaskFrontier
    from howsure.answers.horizon import Horizons, TaskHorizons
    from howsure.answers.leaderboard import Board, BoardSlices, Leaderboard
    from howsure.answers.noise import TaskNoise
    from howsure.answers.questions import TaskQuestions
    from howsure.inference.question import Population, Question
    from howsure.options.choices import RankBy
    from howsure.processes import Each
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.slices import Partition
    from howsure.study.study import Study
    from howsure.table.scores import Scores

    T = TypeVar("T")


MOST_PAIRS_OF_RUNGS = 15_000
"""The maximum number of pairs in a page, all boards together, for which the other populations are computed
too: each takes as long as the first.
"""


LENGTH = 16
BLOCK_ROWS = 250_000
"""This many rows are written at a time."""
COVERED = ("model", "item", "rows", "n", "mean")
KEYS = (pl.col("model", "item").cast(pl.String), pl.col("rows", "n"))
LINES = pl.concat_str(
    "model",
    "item",
    pl.col("rows", "n").cast(pl.String),
    pl.col("mean").fill_null(float("nan")).round_sig_figs(12).cast(pl.String),
    separator="\x1f",
).str.join("\x1e")
"""The columns that the fingerprint covers, and the text of all rows."""


def fingerprint(parts: Mapping[tuple[str, str], pl.DataFrame]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all item scores, one frame per task and metric.

    It changes with any task, metric, model, item, number of attempts, or mean score (to 12 digits).
    """
    digest = hashlib.sha256()
    named = {key: _with_levels(part) for key, part in parts.items()}
    for group in _up_to_a_block(sorted(named.items())):
        keys, frames = zip(*group, strict=True)
        for (task, metric), texts in zip(keys, _written(frames), strict=True):
            digest.update(f"{task}\x1f{metric}".encode())
            for text in texts:
                digest.update(f"\x1e{text}".encode())
    return digest.hexdigest()[:LENGTH]


def _with_levels(part: pl.DataFrame) -> pl.DataFrame:
    """Return results at the levels of a random factor with the names of models at these levels."""
    return part.with_columns(model=pl.col(LEVEL)) if LEVEL in part.columns else part


def _up_to_a_block(parts: Iterable[tuple[T, pl.DataFrame]]) -> Iterator[list[tuple[T, pl.DataFrame]]]:
    """Yield successive parts together, up to a block of rows, and larger ones alone."""
    group: list[tuple[T, pl.DataFrame]] = []
    rows = 0
    for key, part in parts:
        if group and rows + len(part) > BLOCK_ROWS:
            yield group
            group, rows = [], 0
        group.append((key, part))
        rows += len(part)
    if group:
        yield group


def _written(parts: Sequence[pl.DataFrame]) -> list[Iterator[str]]:
    """Return the text of each part, in blocks of rows."""
    if len(parts) == 1:
        order, part = _order(parts[0]), parts[0].select(COVERED)
        starts = range(0, len(order), BLOCK_ROWS)
        return [(str(part[order[k : k + BLOCK_ROWS]].select(LINES).item()) for k in starts)]
    rows = pl.concat([part[list(COVERED)] for part in parts], how="vertical_relaxed")
    of_part = np.repeat(np.arange(len(parts)), list(map(len, parts)))
    rows = rows.select(*KEYS, pl.col("mean").cast(pl.Float64), part=of_part)
    texts = dict(rows.sort("part", "model", "item").group_by("part").agg(LINES).iter_rows())
    return [iter([texts[k]] if k in texts else []) for k in range(len(parts))]


def _order(part: pl.DataFrame) -> pl.Series:
    """Return the order by the names of model and item. It is the same as that of Polars categories, which
    take longer.
    """
    _, model = coded(part["model"])
    items, item = coded(part["item"])
    return pl.Series(model * len(items) + item).arg_sort()


MOST_CURVES = 8
"""Curves over attempts are shown for so many of the best models."""


@dataclass(frozen=True, kw_only=True)
class BoardPart:
    """What the page shows of one board: its matrix (none for the overall one), and answers that are computed
    when they are first read.

    `count`: of the boards for its population. `over_attempts`: whether a score is one over several attempts.
    `ways`: how its items are split, `slices`: their boards. The overall board has the parts of its `tasks`,
    their `shares` in its score, and `over_tasks` as in `Rung`.
    """

    board: Board
    matrix: ScoreMatrix | None
    asked: Question
    count: int
    over_attempts: bool = False
    ways: tuple[Partition, ...] = ()
    slices: tuple[BoardSlices, ...] = ()
    frontiers: tuple[TaskFrontier, ...] = ()
    horizons: tuple[TaskHorizons, ...] = ()
    tasks: tuple[BoardPart, ...] = ()
    shares: tuple[float, ...] = ()
    over_tasks: Leaderboard | None = None

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"board": SentBoard(self.board)}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state | {"board": state["board"].board})

    @cached_property
    def noise(self) -> TaskNoise | str:
        """The sources of its errors, or the reason why they are missing."""
        if self.matrix is None:
            return OF_TASKS
        if self.matrix.of_metric:
            return NO_MEAN
        if self.over_attempts or self.asked.population.only_these:
            return (
                "The error bars are for scores over several attempts, or for exactly these questions, and "
                "aren't broken down."
            )
        try:
            return task_noise(self.matrix, self.asked, self.board.entries)
        except HowsureError as error:
            return str(error)

    @cached_property
    def health(self) -> TaskQuestions | str:
        """The analysis of its questions, or the reason why it is missing."""
        if self.matrix is None:
            return OF_TASKS
        if self.matrix.of_metric:
            return NO_MEAN
        if self.asked.population.only_these:
            return "This check treats the questions as a sample, but here inference is about exactly these."
        try:
            return examine_task(self.matrix, self.asked, pairs=placing_of(self.board).moments)
        except HowsureError as error:
            return str(error)

    @cached_property
    def curves(self) -> TaskCurves | None:
        """The curves over attempts of its best models, None if attempts don't repeat, aren't right or wrong,
        or are the sample themselves.
        """
        matrix = self.matrix
        if matrix is None or matrix.levels is not None or matrix.of_metric:
            return None
        if self.asked.population.only_these:
            return None
        best = [entry.model for entry in self.board.entries][:MOST_CURVES]
        chosen = matrix.take_models(matrix.columns(best))
        found = attempt_curves(chosen, self.asked) if chosen.is_repeated().any() else None
        return found if found is not None and found.curves else None


OF_TASKS = "They are about single tasks: choose one above."
NO_MEAN = "They are about means of scores, and not about metrics over labels and predictions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The results for one population: the leaderboard, and a part for each of its boards, the overall one
    first. `over_tasks`: the leaderboard with tasks as a sample, if the page shows it.
    """

    asked: Question
    leaderboard: Leaderboard
    parts: tuple[BoardPart, ...]
    over_tasks: Leaderboard | None = None

    @property
    def tasks(self) -> tuple[BoardPart, ...]:
        """The parts of single tasks."""
        return tuple(part for part in self.parts if part.matrix is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class PageContents:
    """The results for the requested population, for the others that these scores allow, and the data: their
    fingerprint, and their source.
    """

    first: Rung
    others: tuple[Rung, ...]
    fingerprint: str
    scores: Scores

    @property
    def rungs(self) -> tuple[Rung, ...]:
        """All of them, the requested one first."""
        return (self.first, *self.others)

    @property
    def n_files(self) -> int:
        """How many files were read."""
        return sum(file.outcome in ("read", "published") for file in self.scores.files)


def contents_of(
    scores: Scores,
    design: Design,
    study: Study,
    asked: Question,
    *,
    horizons: Callable[[Scores, Design, Question], Horizons] | None = None,
    rank_by: RankBy | None = None,
    each: Each = in_turn,
) -> PageContents:
    """Compute every answer of a page from gathered scores. Answers that they don't allow are replaced by a
    reason.

    `horizons`: computes those, if the page shows them. `rank_by`: what the models are ranked by with tasks as
    a sample, None without. `each`: computes the boards of tasks.
    """
    data = fingerprint(study.parts)  # first, while helpers start
    question, asked = asked, settled(asked, study)
    shown = () if horizons is None else horizons(scores, design, asked).tasks
    sampled = None
    if rank_by is not None:
        from howsure.inference.task_sample import over_tasks

        of_tasks = replace(design, by=(), usage=(), prices=None, population=None)
        sampled = over_tasks(scores, of_tasks, rank_by, question)
    first = _rung(study, design, asked, each, horizons=shown, over_tasks=sampled)
    others = [
        _other_rung(study, design, replace(asked, population=population), each)
        for population in _populations(first, asked)
    ]
    return PageContents(
        first=first,
        others=tuple(rung for rung in others if rung is not None),
        fingerprint=data,
        scores=scores,
    )


def _rung(
    study: Study,
    design: Design,
    asked: Question,
    each: Each,
    *,
    horizons: Sequence[TaskHorizons] = (),
    over_tasks: Leaderboard | None = None,
) -> Rung:
    measured = asked.population.measured(list(study.matrices()))
    answer = with_other_policies(ranked(study, asked, measured=measured, each=each), study)
    frontiers: tuple[TaskFrontier, ...] = ()
    if design.usage:
        from howsure.inference.costs import frontier_of

        frontiers = frontier_of(study, _of_costs(asked)).tasks
    matrices, count = measured[0], len(answer.every)

    def part(board: Board, matrix: ScoreMatrix | None, **more: Any) -> BoardPart:
        """Return the part of a board, with what belongs to it."""
        return BoardPart(
            board=board,
            matrix=matrix,
            asked=asked,
            count=count,
            over_attempts=design.score.over_attempts,
            slices=tuple(way for way in answer.slices if _is_of(way, board)),
            frontiers=tuple(frontier for frontier in frontiers if _is_of(frontier, board)),
            horizons=tuple(horizon for horizon in horizons if _is_of(horizon, board)),
            **more,
        )

    parts = tuple(
        part(board, matrix, ways=partitions(study, matrix))
        for board, matrix in zip(answer.boards, matrices, strict=True)
    )
    if answer.overall is not None:
        stated, _ = as_stated(asked, study)
        shares = tuple(task_shares(matrices, stated.overall))
        parts = (part(answer.overall, None, tasks=parts, shares=shares, over_tasks=over_tasks), *parts)
    return Rung(asked=asked, leaderboard=answer, parts=parts, over_tasks=over_tasks)


def _is_of(answer: TaskFrontier | TaskHorizons | BoardSlices, board: Board) -> bool:
    """Return whether an answer belongs to a board: to its task and metric, or to all tasks together."""
    return answer.task == board.task and (not board.task or answer.metric == board.metric)


def _of_costs(asked: Question) -> Question:
    """Return the settings of a frontier: all pairs at once, as in `frontier`."""
    return replace(asked, interval=None, adjust="max-t", overall="harness")


def _other_rung(study: Study, design: Design, asked: Question, each: Each) -> Rung | None:
    try:
        return _rung(study, design, asked, each)
    except HowsureError:
        return None  # these scores don't allow that population, as the functions would report


def _populations(first: Rung, asked: Question) -> list[Population]:
    """Return the other populations that are worth computing: the same clusters if there are some, these items
    if attempts repeat.
    """
    matrices = [part.matrix for part in first.tasks if part.matrix is not None]
    pairs = sum(len(part.board.entries) ** 2 // 2 for part in first.parts)
    if pairs > MOST_PAIRS_OF_RUNGS or any(matrix.levels is not None for matrix in matrices):
        return []
    clustered = any(len(matrix.clusters) == 1 for matrix in matrices)
    repeated = any(bool((matrix.attempts > 1).any()) for matrix in matrices)
    worth = {NEW_CLUSTERS: True, SAME_CLUSTERS: clustered, THESE_QUESTIONS: repeated}
    return [each for each, able in worth.items() if able and each != asked.population]
