"""Contents: every answer that a page shows, from one reading of the scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.errors import HowsureError
from howsure.inference.health import task_health
from howsure.inference.leaderboard import ranked, with_other_policies
from howsure.inference.noise import task_noise
from howsure.inference.overall import as_stated, task_shares
from howsure.inference.question import Question
from howsure.page.fingerprint import fingerprint
from howsure.study.gathering import gather

if TYPE_CHECKING:
    from howsure.answers.health import TaskHealth
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.answers.noise import TaskNoise
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What is known of one board: its matrix (none for the overall one), and its noise and health or why they are missing.

    `shares`: of each task in the overall score, in the order of the tasks' boards; empty for a task.
    """

    board: Board
    matrix: ScoreMatrix | None
    noise: TaskNoise | str
    health: TaskHealth | str
    shares: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """The leaderboard, a part for each of its boards (the overall one first), the fingerprint of the data, and where they come from."""

    leaderboard: Leaderboard
    parts: tuple[Part, ...]
    fingerprint: str
    scores: Scores

    @property
    def n_files(self) -> int:
        """How many files were read."""
        return sum(file.outcome in ("read", "published") for file in self.scores.files)

    @property
    def tasks(self) -> tuple[Part, ...]:
        """The parts of single tasks."""
        return tuple(part for part in self.parts if part.matrix is not None)


def contents_of(scores: Scores, design: Design, asked: Question) -> Contents:
    """Make every answer of a page; what can't be said of these scores is a reason in its place."""
    study = gather(scores, design)
    board = with_other_policies(ranked(study, asked), study)
    matrices, _ = asked.population.measured(list(study.matrices()))
    tasks = [
        Part(
            board=board,
            matrix=matrix,
            noise=_noise(matrix, design, asked),
            health=_health(matrix, asked),
        )
        for board, matrix in zip(board.boards, matrices, strict=True)
    ]
    stated, _ = as_stated(asked, study)
    total = () if board.overall is None else (_overall(board.overall, matrices, stated),)
    return Contents(
        leaderboard=board,
        parts=(*total, *tasks),
        fingerprint=fingerprint(study.parts),
        scores=scores,
    )


def _overall(board: Board, matrices: list[ScoreMatrix], asked: Question) -> Part:
    why = "This is shown for single tasks: choose one above."
    return Part(board=board, matrix=None, noise=why, health=why, shares=tuple(task_shares(matrices, asked.overall)))


def _noise(matrix: ScoreMatrix, design: Design, asked: Question) -> TaskNoise | str:
    if design.score.over_attempts or asked.population.only_these:
        return (
            "Not broken down here: the error bars are for scores over several attempts, or for exactly these questions."
        )
    try:
        return task_noise(matrix, asked)
    except HowsureError as error:
        return str(error)


def _health(matrix: ScoreMatrix, asked: Question) -> TaskHealth | str:
    if asked.population.only_these:
        return "This check treats the questions as a sample; here they are taken as exactly these."
    try:
        return task_health(matrix, Question(population=asked.population, level=asked.level))
    except HowsureError as error:
        return str(error)
