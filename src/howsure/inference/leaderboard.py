"""The models of a study, ranked: a board of every task and metric, and the overall one."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from howsure.answers.leaderboard import Leaderboard, PopulationBest
from howsure.inference.board import SentBoard, best_first, board, could_be_best_alone, entries, placing_of
from howsure.inference.other_readings import clusters_of, of_other_population
from howsure.inference.population import of_task, over_tasks
from howsure.inference.sensitivity import Recorded, policy_changes_ranks
from howsure.inference.settings import settings_of
from howsure.inference.task_weights import as_stated, no_overall
from howsure.processes import in_groups, in_turn
from howsure.study.matrix import MOST_MODELS
from howsure.study.models import resolve
from howsure.study.notes import direction_warnings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.estimate import Entry
    from howsure.answers.leaderboard import Board, BoardSlices
    from howsure.errors import ResultWarning
    from howsure.inference.question import Question
    from howsure.options.choices import Top
    from howsure.processes import Each
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
    in_blocks: bool = False,
    each: Each = in_turn,
) -> Leaderboard:
    """Rank the models of every task and metric, and overall; `top`: how many to show, `mark`: which to mark,
    `each_task`: whether each board is shown. See `howsure.leaderboard`.

    `measured`: the matrices of the question's population and what was left out of them, if available already.
    `in_blocks`: whether very many models are compared in blocks, rather than refused. `each`: computes the
    boards.
    """
    question, weighed = as_stated(question.asked_of(study), study)
    population = question.population
    matrices, left_out = measured or population.measured(list(study.matrices()))
    if in_blocks and len(matrices) == 1 and len(matrices[0].models) > MOST_MODELS:
        from howsure.inference.many_models import many_board

        only, warning = many_board(matrices[0], question)
        boards, total, warnings = [only], None, [warning]
    else:
        limits = _uses_limits(matrices, question)
        sent = in_groups(each, partial(_sent_boards, question=question, limits=limits), matrices)
        boards = [own.board for own in sent]
        total, warnings = _overall(matrices, boards, question)
    left = len(study.every_task) - len({matrix.task for matrix in matrices})
    if len(boards) == 1:
        boards = [replace(boards[0], n_tasks_left_out=left)]
    models = list(dict.fromkeys(entry.model for each in boards for entry in each.entries))
    return Leaderboard(
        boards=tuple(boards),
        slices=_slices(study, matrices, question) if study.design.is_sliced else (),
        overall=None if total is None else replace(total, n_tasks_left_out=left),
        settings=settings_of(study, question, method=str(boards[0].entries[0].estimate.method)),
        notes=(*study.notes, *([weighed] if weighed else [])),
        warnings=(*study.warnings, *direction_warnings(study), *left_out, *warnings),
        top=top,
        mark=tuple(resolve(name, models, parts=True) for name in mark or ()),
        each_task=each_task,
    )


def _uses_limits(matrices: Sequence[ScoreMatrix], question: Question) -> bool:
    """Return whether the overall board uses the limits of the tasks' boards."""
    if no_overall(matrices) is not None:
        return False
    from howsure.inference.overall import uses_limits

    return uses_limits(question)


def _slices(study: Study, matrices: Sequence[ScoreMatrix], question: Question) -> tuple[BoardSlices, ...]:
    """Return the boards of every slice of the matrices."""
    from howsure.inference.slices import sliced_boards, ways_of

    return tuple(
        board for matrix, ways in ways_of(study, matrices) for board in sliced_boards(matrix, ways, question)
    )


def _overall(
    matrices: list[ScoreMatrix], boards: list[Board], question: Question
) -> tuple[Board | None, list[ResultWarning]]:
    """Rank the models overall. Tasks for the same clusters are computed again if the overall population
    differs.
    """
    reason = no_overall(matrices)
    if reason is not None:
        return None, [reason] if len(matrices) > 1 else []
    from howsure.inference.overall import overall_board

    asked = over_tasks(question, matrices)
    boards = [
        own if question.population.of(matrix) == asked.population.of(matrix) else _again(own, matrix, asked)
        for own, matrix in zip(boards, matrices, strict=True)
    ]
    return overall_board(matrices, boards, asked)


def _again(board: Board, matrix: ScoreMatrix, question: Question) -> Board:
    """Return the board with the estimates, pairs and limits for the population of another question, in the
    same order.
    """
    own = {entry.model: entry for entry in entries(matrix, question)}
    pairs = question.population.pairs(matrix, question)
    limits = partial(question.population.limits, matrix, pairs, question)
    places = replace(placing_of(board), moments=pairs, limits=limits)
    return replace(board, entries=tuple(own[entry.model] for entry in board.entries), places=places)


def _sent_boards(matrices: Sequence[ScoreMatrix], question: Question, *, limits: bool) -> list[SentBoard]:
    """Rank the models of each matrix, step by step. `limits`: whether those of pairs are computed now."""
    pairs = [question.population.pairs(matrix, question) for matrix in matrices]
    models = [entries(matrix, question) for matrix in matrices]
    found = [_board(*each, question) for each in zip(matrices, pairs, models, strict=True)]
    if limits:
        for each in found:
            _ = placing_of(each).pair_limits
    return list(map(SentBoard, found))


def _board(matrix: ScoreMatrix, pairs: PairMoments, models: list[Entry], question: Question) -> Board:
    """Order the models of a matrix. If its clusters are few, the board also says who could be best for the
    other population (new or same clusters). `models`: with their estimates.
    """
    own = of_task(question, matrix)
    asked = of_other_population(own, matrix) if matrix.few_clusters and len(matrix.models) > 1 else None
    ranked = board(
        matrix,
        models,
        pairs,
        question,
        limits=partial(question.population.limits, matrix, pairs, question),
        other=None if asked is None else partial(_other_best, matrix=matrix, question=asked),
    )
    if not matrix.clusters:
        return ranked
    # Its warnings, with the coverage of pairs on real benchmarks with as few or as unequal clusters.
    method = own.population.overall_method(own, bounded=matrix.bounded)
    test = str(replace(method, overall=False, paired=True))
    doubt = Recorded.of(matrix).on_real_clusters("difference", test) if len(matrix.models) > 1 else None
    warnings = ranked.warnings if doubt is None else (*ranked.warnings, doubt)
    return replace(ranked, clusters=clusters_of(matrix), warnings=warnings)


def _other_best(scores: Floats, matrix: ScoreMatrix, question: Question) -> PopulationBest:
    """Return which models could be best by these scores (M,) for the population of another question."""
    pairs = question.population.pairs(matrix, question)
    best = could_be_best_alone(pairs, scores, matrix.orientation, question)
    order = best_first(matrix, scores)
    return PopulationBest(
        population=question.population.name, could_be_best=tuple(matrix.models[k] for k in order if best[k])
    )


def with_other_policies(leaderboard: Leaderboard, study: Study) -> Leaderboard:
    """Return a leaderboard with a warning if counting failed attempts the other way would change the
    order.
    """
    return replace(
        leaderboard, warnings=(*leaderboard.warnings, *policy_changes_ranks(study, leaderboard.boards))
    )
