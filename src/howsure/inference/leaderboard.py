"""The models of a study, ranked: a board of every task and metric, and the overall one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.leaderboard import Leaderboard, PopulationBest
from howsure.inference.board import board, entries, told_apart
from howsure.inference.other_readings import clusters_of, of_other_population
from howsure.inference.overall import as_stated, overall_board
from howsure.inference.population import of_task, over_tasks
from howsure.inference.sensitivity import Recorded, policy_changes_ranks
from howsure.inference.settings import settings_of
from howsure.inference.slices import sliced_boards, ways_of
from howsure.study.models import resolve
from howsure.study.notes import direction_warnings

if TYPE_CHECKING:
    from howsure.answers.leaderboard import Board
    from howsure.errors import ResultWarning
    from howsure.inference.question import Question
    from howsure.options.choices import Top
    from howsure.statistics.arrays import Floats
    from howsure.statistics.pair_moments import PairMoments
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


def ranked(
    study: Study,
    question: Question,
    *,
    top: Top | None = None,
    mark: tuple[str, ...] | None = None,
    each_task: bool = False,
    measured: tuple[list[ScoreMatrix], list[ResultWarning]] | None = None,
) -> Leaderboard:
    """Rank the models of every task and metric, and overall; `top`: how many to show, `mark`: which to mark,
    `each_task`: whether each board is shown. See `howsure.leaderboard`.

    `measured`: the matrices of the question's population and what was left out of them, if available already.
    """
    question, weighed = as_stated(question.asked_of(study), study)
    population = question.population
    matrices, left_out = measured or population.measured(list(study.matrices()))
    pairs = [population.pairs(matrix, question) for matrix in matrices]
    limits = [
        population.limits(matrix, found, question) for matrix, found in zip(matrices, pairs, strict=True)
    ]
    boards = [
        board(matrix, entries(matrix, question), found, question, within=within)
        for matrix, found, within in zip(matrices, pairs, limits, strict=True)
    ]
    boards = [
        _with_other_population(each, matrix, question) for each, matrix in zip(boards, matrices, strict=True)
    ]
    total, warnings = _overall(matrices, boards, pairs, limits, question)
    left = len(study.every_task) - len({matrix.task for matrix in matrices})
    if len(boards) == 1:
        boards = [replace(boards[0], n_tasks_left_out=left)]
    models = list(dict.fromkeys(entry.model for each in boards for entry in each.entries))
    return Leaderboard(
        boards=tuple(boards),
        slices=tuple(
            board
            for matrix, ways in (ways_of(study, matrices) if study.design.is_sliced else ())
            for board in sliced_boards(matrix, ways, question)
        ),
        overall=None if total is None else replace(total, n_tasks_left_out=left),
        settings=settings_of(study, question, method=str(boards[0].entries[0].estimate.method)),
        notes=(*study.notes, *([weighed] if weighed else [])),
        warnings=(*study.warnings, *direction_warnings(study), *left_out, *warnings),
        top=top,
        mark=tuple(resolve(name, models, parts=True) for name in mark or ()),
        each_task=each_task,
    )


def _overall(
    matrices: list[ScoreMatrix],
    boards: list[Board],
    pairs: list[PairMoments],
    limits: list[tuple[Floats, Floats]],
    question: Question,
) -> tuple[Board | None, list[ResultWarning]]:
    """Rank the models overall. Tasks for the same clusters are computed again if the overall population
    differs.
    """
    asked = over_tasks(question, matrices)
    others = [k for k, m in enumerate(matrices) if question.population.of(m) is not asked.population.of(m)]
    if len(matrices) > 1 and others:
        boards, pairs, limits = list(boards), list(pairs), list(limits)
        for k in others:
            pairs[k] = asked.population.pairs(matrices[k], asked)
            limits[k] = asked.population.limits(matrices[k], pairs[k], asked)
            own = {entry.model: entry for entry in entries(matrices[k], asked)}
            boards[k] = replace(boards[k], entries=tuple(own[entry.model] for entry in boards[k].entries))
    return overall_board(matrices, boards, pairs, asked, limits)


def _with_other_population(board: Board, matrix: ScoreMatrix, question: Question) -> Board:
    """Return a board with its clusters and, if these are few, with who could be best for the other population
    (new or same clusters).
    """
    question = of_task(question, matrix)
    if not matrix.clusters:
        return board
    # A board's warnings, with the coverage of pairs on real benchmarks with as few or as unequal clusters.
    method = question.population.overall_method(question, bounded=matrix.bounded)
    pairs = str(replace(method, overall=False, paired=True))
    known = Recorded.of(matrix).on_real_clusters("difference", pairs) if len(board.entries) > 1 else None
    on_real_clusters = board.warnings if known is None else (*board.warnings, known)
    board = replace(board, clusters=clusters_of(matrix), warnings=on_real_clusters)
    asked = of_other_population(question, matrix)
    if asked is None or not matrix.few_clusters or len(board.entries) < 2:
        return board
    values = {entry.model: matrix.orientation * entry.estimate.value for entry in board.entries}
    scores = np.array([values[model] for model in matrix.models])
    best = told_apart(asked.population.pairs(matrix, asked), scores, matrix.orientation, asked)[2]
    kept = {model for model, could in zip(matrix.models, best, strict=True) if could}
    named = tuple(e.model for e in board.entries if e.model in kept)
    return replace(
        board, other_population=PopulationBest(population=asked.population.name, could_be_best=named)
    )


def with_other_policies(leaderboard: Leaderboard, study: Study) -> Leaderboard:
    """Return a leaderboard with a warning if counting failed attempts the other way would change the
    order.
    """
    return replace(
        leaderboard, warnings=(*leaderboard.warnings, *policy_changes_ranks(study, leaderboard.boards))
    )
