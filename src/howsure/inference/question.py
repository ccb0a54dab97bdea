"""Question: the options of an analysis, frozen. Population: what the scores generalise to, and everything
that depends on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison
    from howsure.errors import ResultWarning
    from howsure.options.choices import Overall
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.clustered_variance import VarianceChoice
    from howsure.statistics.difference_tests import TestChoice
    from howsure.statistics.mean_intervals import IntervalChoice
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate, Method
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

ENOUGH_CLUSTERS = 30
"""With at least this many clusters, sums by cluster are compared by t."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How means are estimated, pairs compared and tasks combined, and for which population.

    `interval` of a mean and `method` of a difference: None chooses by the kind of scores. `margin`: in score
    units, of equivalence and non-inferiority. `adjust`: how p-values are corrected for their number.
    `overall`: the weights of the harness, the mean over tasks, all items pooled, or a weight for each task.
    """

    population: Population
    interval: IntervalChoice | None = None
    method: TestChoice | None = None
    variance: VarianceChoice = "CR2"
    level: float = 0.95
    margin: float | None = None
    adjust: Adjustment = "none"
    overall: Overall | Mapping[str, float] = "harness"
    seed: int = 0

    @property
    def by_sums(self) -> bool:
        """Whether sums over items are enough: for the usual methods, not for those that draw or count
        items.
        """
        return self.method in (None, "score", "t") and self.interval != "bootstrap"

    def asked_of(self, study: Study) -> Question:
        """Return the question for clusters that replace their items: if there are enough, differences by t.

        The score pivot would treat their means as scores of items, which may differ by rare large losses.
        """
        if self.method is not None or not study.summed:
            return self
        fewest = min(part["item"].n_unique() for part in study.parts.values())
        return replace(self, method="t") if fewest >= ENOUGH_CLUSTERS else self


class Population(Protocol):
    """What results generalise to: the possible other samples, for means, one pair, and all pairs at once.

    Populations are compared by `==`: those from another process are equal, and not identical.
    """

    @property
    def name(self) -> str:
        """Its name among the options."""

    def of(self, matrix: ScoreMatrix) -> Population:
        """Return the population of one task: itself or, for the default, the one that the task's clusters
        allow.
        """

    @property
    def only_these(self) -> bool:
        """Whether only the answers are a sample."""

    def measured(self, matrices: Sequence[ScoreMatrix]) -> tuple[list[ScoreMatrix], list[ResultWarning]]:
        """Return the matrices with computable standard errors, and why others are left out."""

    def drawn(self, matrix: ScoreMatrix) -> ScoreMatrix:
        """Return a matrix whose items, or clusters, are the sample behind standard errors."""

    def means(self, part: ScoreMatrix, question: Question) -> tuple[Estimate, ...]:
        """Estimate the models of a matrix without missing cells. Either all or none of them have
        right-or-wrong answers.
        """

    def pair(self, matrix: ScoreMatrix, a: str, b: str, question: Question) -> Comparison:
        """Compare two models of a matrix."""

    def pairs(self, matrix: ScoreMatrix, question: Question) -> PairMoments:
        """Compare all pairs of a matrix at once."""

    def limits(
        self, matrix: ScoreMatrix, pairs: PairMoments, question: Question, level: Floats | None = None
    ) -> tuple[Floats, Floats]:
        """Return the limits of every pair's own interval (M, M). `level`: of each pair, instead of the
        question's.
        """

    def overall_method(self, question: Question, *, bounded: bool) -> Method:
        """Return the method that combines the comparisons of several tasks."""

    def items_needed(self, estimate: Estimate, level: float, target: float = 0.0) -> float:
        """Return about how many items in all would make a difference significant, NaN if items wouldn't."""
