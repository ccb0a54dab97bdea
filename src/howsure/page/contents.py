"""Contents: every answer of a page, from one reading of the scores."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import HowsureError
from howsure.inference.board import Placing
from howsure.inference.curves import attempt_curves
from howsure.inference.leaderboard import ranked, with_other_policies
from howsure.inference.noise import task_noise
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS, THESE_QUESTIONS, settled
from howsure.inference.questions import examine_task
from howsure.inference.task_weights import as_stated, task_shares
from howsure.study.factors import gather_levelled
from howsure.study.slices import partitions
from howsure.table.aggregate import coded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import TypeVar

    from howsure.answers.curve import TaskCurves
    from howsure.answers.frontier import TaskFrontier
    from howsure.answers.horizon import Horizons, TaskHorizons
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.answers.noise import TaskNoise
    from howsure.answers.questions import TaskQuestions
    from howsure.inference.question import Population, Question
    from howsure.options.choices import RankBy
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
KEYS = (pl.col("model", "item").cast(pl.String), pl.col("rows", "n"))
LINES = pl.concat_str(
    "model",
    "item",
    pl.col("rows", "n").cast(pl.String),
    pl.col("mean").fill_null(float("nan")).round_sig_figs(12).cast(pl.String),
    separator="\x1f",
).str.join("\x1e")
"""The values of a row that the fingerprint covers, and the text of all rows."""


def fingerprint(parts: Mapping[tuple[str, str], pl.DataFrame]) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of all item scores, one frame per task and metric.

    It changes with any task, metric, model, item, number of attempts, or mean score (to 12 digits).
    """
    digest = hashlib.sha256()
    for group in _up_to_a_block(sorted(parts.items())):
        keys, frames = zip(*group, strict=True)
        for (task, metric), texts in zip(keys, _written(frames), strict=True):
            digest.update(f"{task}\x1f{metric}".encode())
            for text in texts:
                digest.update(f"\x1e{text}".encode())
    return digest.hexdigest()[:LENGTH]


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
        order, part = _order(parts[0]), parts[0].select("model", "item", "rows", "n", "mean")
        starts = range(0, len(order), BLOCK_ROWS)
        return [(str(part[order[k : k + BLOCK_ROWS]].select(LINES).item()) for k in starts)]
    rows = pl.concat(
        [
            part.select(pl.lit(k).alias("part"), *KEYS, pl.col("mean").cast(pl.Float64))
            for k, part in enumerate(parts)
        ]
    )
    texts = dict(rows.sort("part", "model", "item").group_by("part").agg(LINES).iter_rows())
    return [iter([texts[k]] if k in texts else []) for k in range(len(parts))]


def _order(part: pl.DataFrame) -> pl.Series:
    """Return the order by the names of model and item. It is the same as that of Polars categories, which
    take longer.
    """
    _, model = coded(part["model"])
    items, item = coded(part["item"])
    return pl.Series(model * len(items) + item).arg_sort()


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardPart:
    """The results for one board: its matrix (none for the overall one), and its noise and health or the
    reason why they are missing.

    `shares`: of each task in the overall score, in the order of the tasks' boards; empty for a task. `ways`:
    how its items are split in slices.
    """

    board: Board
    matrix: ScoreMatrix | None
    noise: TaskNoise | str
    health: TaskQuestions | str
    shares: tuple[float, ...] = ()
    ways: tuple[Partition, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rung:
    """The results for one population: the leaderboard, a part for each of its boards (the overall one first),
    frontiers of costs, curves over attempts, and horizons. `over_tasks`: the leaderboard with tasks as a
    sample, if the page shows it.
    """

    asked: Question
    leaderboard: Leaderboard
    parts: tuple[BoardPart, ...]
    frontiers: tuple[TaskFrontier, ...] = ()
    curves: tuple[TaskCurves, ...] = ()
    horizons: tuple[TaskHorizons, ...] = ()
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
    asked: Question,
    horizons: Callable[[Scores, Design, Question], Horizons] | None = None,
    rank_by: RankBy | None = None,
) -> PageContents:
    """Compute every answer of a page. Answers that these scores don't allow are replaced by a reason.

    `horizons`: computes those, if the page shows them. `rank_by`: what the models are ranked by with tasks as
    a sample, None without.
    """
    study, question = gather_levelled(scores, design), asked
    asked = settled(asked, study)
    first = _rung(study, design, asked)
    if horizons is not None:
        first = replace(first, horizons=horizons(scores, design, asked).tasks)
    if rank_by is not None:
        from howsure.inference.task_sample import over_tasks

        of_tasks = replace(design, by=(), usage=(), prices=None, population=None)
        first = replace(first, over_tasks=over_tasks(scores, of_tasks, rank_by, question))
    others = [
        _other_rung(study, design, replace(asked, population=each)) for each in _populations(first, asked)
    ]
    return PageContents(
        first=first,
        others=tuple(rung for rung in others if rung is not None),
        fingerprint=fingerprint(study.parts),
        scores=scores,
    )


def _rung(study: Study, design: Design, asked: Question) -> Rung:
    measured = asked.population.measured(list(study.matrices()))
    board, matrices = with_other_policies(ranked(study, asked, measured=measured), study), measured[0]
    tasks = [
        BoardPart(
            board=board,
            matrix=matrix,
            noise=_noise(matrix, board, design, asked),
            health=_health(matrix, board, asked),
            ways=partitions(study, matrix),
        )
        for board, matrix in zip(board.boards, matrices, strict=True)
    ]
    stated, _ = as_stated(asked, study)
    total = () if board.overall is None else (_overall(board.overall, matrices, stated),)
    frontiers: tuple[TaskFrontier, ...] = ()
    if design.usage:
        from howsure.inference.costs import frontier_of

        frontiers = frontier_of(study, _of_costs(asked)).tasks
    return Rung(
        asked=asked,
        leaderboard=board,
        parts=(*total, *tasks),
        frontiers=frontiers,
        curves=tuple(filter(None, (_curves(part, asked) for part in tasks))),
    )


MOST_CURVES = 8
"""Curves over attempts are shown for so many of the best models."""


def _curves(part: BoardPart, asked: Question) -> TaskCurves | None:
    """Return the curves over attempts of the best models of a board, None if attempts don't repeat, aren't
    right or wrong, or are the sample themselves.
    """
    matrix = part.matrix
    if matrix is None or matrix.levels is not None or matrix.of_metric or asked.population.only_these:
        return None
    best = [entry.model for entry in part.board.entries][:MOST_CURVES]
    chosen = matrix.take_models(matrix.columns(best))
    found = attempt_curves(chosen, asked) if chosen.is_repeated().any() else None
    return found if found is not None and found.curves else None


def _of_costs(asked: Question) -> Question:
    """Return the settings of a frontier: all pairs at once, as in `frontier`."""
    return replace(asked, interval=None, adjust="max-t", overall="harness")


def _other_rung(study: Study, design: Design, asked: Question) -> Rung | None:
    try:
        return _rung(study, design, asked)
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
    return [each for each, able in worth.items() if able and each is not asked.population]


def _overall(board: Board, matrices: list[ScoreMatrix], asked: Question) -> BoardPart:
    why = "They are about single tasks: choose one above."
    return BoardPart(
        board=board, matrix=None, noise=why, health=why, shares=tuple(task_shares(matrices, asked.overall))
    )


NO_MEAN = "They are about means of scores, and not about metrics over labels and predictions."


def _noise(matrix: ScoreMatrix, board: Board, design: Design, asked: Question) -> TaskNoise | str:
    if matrix.of_metric:
        return NO_MEAN
    if design.score.over_attempts or asked.population.only_these:
        return (
            "The error bars are for scores over several attempts, or for exactly these questions, and "
            "aren't broken down."
        )
    try:
        return task_noise(matrix, asked, board.entries)
    except HowsureError as error:
        return str(error)


def _health(matrix: ScoreMatrix, board: Board, asked: Question) -> TaskQuestions | str:
    if matrix.of_metric:
        return NO_MEAN
    if asked.population.only_these:
        return "This check treats the questions as a sample, but here inference is about exactly these."
    try:
        pairs = board.places.moments if isinstance(board.places, Placing) else None
        return examine_task(matrix, asked, pairs=pairs)
    except HowsureError as error:
        return str(error)
