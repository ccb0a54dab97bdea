"""A board of so many models that no array of all their pairs fits into memory."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.leaderboard import Board, LatePlaces, Pairs
from howsure.errors import DataError, MethodError, ResultWarning
from howsure.inference.board import best_first, entries
from howsure.inference.other_readings import clusters_of
from howsure.inference.sensitivity import uneven_items
from howsure.statistics.many_pairs import tally
from howsure.statistics.ranks import ranks_of
from howsure.statistics.results import allowed
from howsure.study.matrix import MOST_MODELS

if TYPE_CHECKING:
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Bools, Floats, Ints, Positions
    from howsure.statistics.many_pairs import Tally
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Rank
    from howsure.study.matrix import ScoreMatrix

MOST_IN_BLOCKS = 30_000
"""More models would take minutes."""
PAIRED = 500
"""The pairs of so many of the best models are part of the answer."""


@dataclass(frozen=True, kw_only=True)
class ManyPlacing(LatePlaces):
    """The places of very many models (`howsure.answers.leaderboard.Places`), by Holm's procedure over all
    pairs, which are compared block by block. `scores` (M,): larger is better.
    """

    matrix: ScoreMatrix
    scores: Floats
    order: Positions
    question: Question
    leader_corrected: float = math.nan
    other_population: None = None

    @cached_property
    def _tally(self) -> Tally:
        return tally(
            self._moments,
            self.order,
            allowed(self.question.level),
            sign=self.matrix.orientation,
            corrected=self.question.adjust != "none",
        )

    def _moments(self, models: Positions) -> PairMoments:
        return self.question.population.pairs(self.matrix.take_models(models), self.question)

    @cached_property
    def _could_be_best(self) -> Bools:
        """Which models could be best, in order: none is significantly better, by all pairs, and the leader
        isn't, by its own comparisons (Bonferroni).
        """
        found, scores = self._tally, self.scores[self.order]
        best: Bools = np.asarray(found.better == 0)
        if self.question.adjust != "none":
            with np.errstate(invalid="ignore"):
                best &= ~(found.leader * (len(scores) - 1) <= allowed(self.question.level))
        best[np.isclose(scores, scores[0], rtol=1e-12, atol=0)] = True
        return best

    @cached_property
    def ranks(self) -> tuple[Rank, ...]:
        """The rank of each model, and its interval."""
        found = self._tally
        return ranks_of(self.scores[self.order], found.better, found.worse, self._could_be_best)

    @cached_property
    def n_significant_neighbours(self) -> int:
        """How many neighbouring ranks differ significantly."""
        return int((self._tally.neighbours <= allowed(self.question.level)).sum())

    @cached_property
    def is_ahead_of_all(self) -> bool:
        """Whether the leaders are significantly ahead of every other model."""
        leaders = sum(rank.rank == 1 for rank in self.ranks)
        return bool((self._tally.worse[:leaders] >= len(self.order) - leaders).all())

    @cached_property
    def pairs(self) -> Pairs:
        """The pairs of the best models."""
        return Pairs(order=np.arange(len(self._best)), part=self._part)

    @cached_property
    def _best(self) -> Positions:
        return self.order[:PAIRED]

    @cached_property
    def _paired(self) -> PairMoments:
        moments = self._moments(self._best)
        return replace(moments, tested=moments.p_value)

    def _part(self, name: str) -> Floats | Ints:
        """Return an array of `Pairs`."""
        moments, question = self._paired, self.question
        if name in ("low", "high"):
            part = self.matrix.take_models(self._best)
            return question.population.limits(part, moments, question)[name == "high"]
        if name == "p_adjusted":
            count = len(self.order)
            pairs = count * (count - 1) // 2 if question.adjust != "none" else 1
            p = np.minimum(moments.p_value * pairs, 1.0)
            np.fill_diagonal(p, 1.0)
            return p
        named = {"n_shared": moments.shared, "n_clusters": moments.units}
        return (
            np.sqrt(moments.variance)
            if name == "se"
            else np.asarray(named.get(name, getattr(moments, name, 0)))
        )


def many_board(matrix: ScoreMatrix, question: Question) -> tuple[Board, ResultWarning]:
    """Rank the models of a matrix with more than MOST_MODELS of them, and say what isn't computed."""
    count = len(matrix.models)
    if count > MOST_IN_BLOCKS:
        raise DataError(
            f"{count:,} models, and more than {MOST_IN_BLOCKS:,} aren't ranked",
            where=matrix.task,
            remedy="Choose the models that matter (`model`), or use `howsure estimate`, which compares none.",
        )
    if question.adjust == "bh":
        raise MethodError(
            f"more than {MOST_MODELS:,} models are corrected by Holm's procedure",
            remedy="Leave `adjust` out, or choose the models that matter (`model`).",
        )
    own = entries(matrix, question)
    scores = matrix.orientation * np.array([entry.estimate.value for entry in own])
    order = best_first(matrix, scores)
    board = Board(
        task=matrix.task,
        metric=matrix.metric,
        level=question.level,
        adjust="none" if question.adjust == "none" else "holm",
        population=question.population.of(matrix).name,
        clusters=clusters_of(matrix),
        lower_is_better=matrix.lower_is_better,
        percent=matrix.bounded,
        entries=tuple(own[k] for k in order),
        places=ManyPlacing(matrix=matrix, scores=scores, order=order, question=question),
        warnings=tuple(uneven_items(matrix)),
    )
    sharper = "" if question.adjust in ("holm", "none") else ", which is less sharp than max-t"
    return board, ResultWarning(
        code="many_models",
        message=(
            f"{count:,} models: their {count * (count - 1) // 2:,} pairs are compared in blocks and "
            f"corrected by Holm's procedure{sharper}. Groups, the leader's corrected score and pairs beyond "
            f"the best {PAIRED} aren't computed"
        ),
        remedy=f"For these choose up to {MOST_MODELS:,} models (`model`).",
    )
