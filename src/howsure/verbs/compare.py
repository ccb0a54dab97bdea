"""The verb compare: is one model really better than another?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.compare import compared, gather_pair
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.inference.sensitivity import policy_changes_verdict
from howsure.options import checked
from howsure.study.design import DesignOptions, make_design
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.compare import Comparison, Comparisons
    from howsure.options import Overall
    from howsure.statistics.choices import Adjustment, ComparisonMethod, Variance


def compare(
    data: Any,
    a: str,
    b: str,
    *,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    margin: float | None = None,
    adjust: Adjustment = "holm",
    overall: Overall | Mapping[str, float] = "mean",
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Comparison | Comparisons:
    """Say whether model `a` is really better than `b`: paired on the items that both answered.

    One task gives a Comparison, several give Comparisons with an overall one (the mean over tasks, all items pooled, or
    your own weights), p-values corrected for the number of tasks by `adjust` ("max-t" means Holm here).
    `margin`, in score units, asks for equivalence and non-inferiority as well. `method`: None takes pseudo-items for
    scores in [0, 1] and t otherwise. Miller (2024), section 4.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": ["a"] * 6 + ["b"] * 6, "item": [*range(6)] * 2,
    ...     "score": [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]})
    >>> answer = compare(rows, "a", "b")
    >>> answer.wins, answer.losses, answer.better is None
    (2, 0, True)
    """
    a, b, method, variance, level, margin, adjust, overall, seed = checked(
        "compare",
        a=a,
        b=b,
        method=method,
        variance=variance,
        level=level,
        margin=margin,
        adjust=adjust,
        overall=overall,
        seed=seed,
    ).values()
    design = make_design(options, method=method)
    question = Question(
        method=method,
        variance=variance,
        level=level,
        margin=margin,
        adjust=adjust,
        overall=overall,
        seed=seed,
        population=population_of(design.population),
    )
    study = gather_pair(scores_of(data, design), design, a, b)
    found = compared(study, question)
    cautions = (*found.cautions, *policy_changes_verdict(study, found.comparisons, question))
    if len(found.comparisons) > 1:
        return replace(found, cautions=cautions)
    pair = found.comparisons[0]
    return replace(pair, notes=found.notes, cautions=(*cautions, *pair.cautions))
