"""Question: what is asked of a study, frozen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.inference.population import QUESTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.inference.population import Population
    from howsure.options import Overall
    from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Variance


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """How means are estimated, pairs compared and tasks put together, and about which population.

    `interval` of a mean and `method` of a difference: None chooses by the kind of scores. `margin`: in score units, of
    equivalence and non-inferiority. `adjust`: how p-values are corrected for their number. `overall`: the mean over tasks, all
    items pooled, or a weight for each task.
    """

    interval: IntervalMethod | None = None
    method: ComparisonMethod | None = None
    variance: Variance = "CR2"
    level: float = 0.95
    margin: float | None = None
    adjust: Adjustment = "none"
    overall: Overall | Mapping[str, float] = "mean"
    seed: int = 0
    population: Population = QUESTIONS
