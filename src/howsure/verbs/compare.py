"""The verb compare: is one model really better than another?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from howsure.answers.compare import Comparison, Comparisons
from howsure.errors import OptionError
from howsure.inference import adjusted as covariates
from howsure.inference import sensitivity as rereading
from howsure.inference.compare import adjusted, comparison, known_models, one_metric, tasks_left_out
from howsure.inference.overall import overall_comparison
from howsure.inference.population import measured
from howsure.inference.question import PairOptions
from howsure.options import checked
from howsure.study.design import DesignOptions, make_design
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    scores = scores_of(data, design)
    items, (a, b) = known_models(scores, design, (a, b))
    pools = covariates.pools(scores, design, items, method=method, variance=variance)
    asked = PairOptions(
        method=method, variance=variance, level=level, margin=margin, seed=seed, population=design.population
    )
    matrices, unknown = measured(one_metric(items, design.metric), design.population)
    if margin is not None and margin >= 1 and any(matrix.bounded for matrix in matrices):
        raise OptionError(f"margin={margin!r} is the whole scale", remedy="Write 0.05 (or 5pp) for 5 points.")
    left_out = [*tasks_left_out(items, matrices), *unknown]
    plain = [comparison(matrix, a, b, asked) for matrix in matrices]
    pairs = adjusted(covariates.adjusted_comparisons(matrices, pools, plain, margin), adjust)
    again = partial(comparison, asked=replace(asked, margin=None))
    cautions = (*items.cautions, *left_out, *rereading.policy_changes_verdict(items, pairs, again))
    notes = (*items.notes, *covariates.told(design, pools))
    if len(pairs) == 1:
        return replace(pairs[0], notes=notes, cautions=(*cautions, *pairs[0].cautions))
    if pools:
        total, more = None, [covariates.NO_OVERALL]
    else:
        total, more = overall_comparison(matrices, pairs, asked, overall)
    return Comparisons(comparisons=tuple(pairs), overall=total, notes=notes, cautions=(*cautions, *more))
