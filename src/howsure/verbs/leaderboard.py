"""The verb leaderboard: ranks that are real."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.leaderboard import ranked, ranking_question, with_other_policies
from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.leaderboard import Leaderboard
    from howsure.options import Overall
    from howsure.statistics.choices import Adjustment, ComparisonMethod, IntervalMethod, Variance

RESPECTS = Respects(verb="leaderboard", all_but=("covariate",))


def leaderboard(
    data: Any,
    *,
    interval: IntervalMethod | None = None,
    method: ComparisonMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    adjust: Adjustment = "max-t",
    overall: Overall | Mapping[str, float] = "mean",
    top: int | None = None,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Leaderboard:
    """Rank all models of each task, with the interval of places that each could really have, and the ties.

    All pairs are compared at once, each on the items that both answered, and their p-values corrected over all pairs
    ("max-t": step-down over sign flips, Romano and Wolf 2005). Rank intervals hold together
    (Mogstad et al. 2024). Several tasks give an overall board of the models that have them all: the mean over tasks,
    all items pooled, or your own weights. `method`: "pseudo-items" (None) or "t". `top`: how many to show.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": ["a"] * 30 + ["b"] * 30, "item": [*range(30)] * 2, "score": [1] * 30 + [0] * 30})
    >>> board = leaderboard(rows)
    >>> board.boards[0].could_be_best, [rank.high for rank in board.boards[0].ranks]
    (('a',), [1, 2])
    """
    interval, method, variance, level, adjust, overall, top, seed = checked(
        "leaderboard",
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        top=top,
        seed=seed,
    ).values()
    design = make_design(options, RESPECTS, interval=interval, method=method)
    question = ranking_question(
        design,
        interval=interval,
        method=method,
        variance=variance,
        level=level,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    study = gather(scores_of(data, design), design)
    return with_other_policies(ranked(study, question, top=top), study)
