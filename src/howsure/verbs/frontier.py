"""The verb frontier: which models could be the best buy?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.errors import OptionError
from howsure.inference.audit import published_of
from howsure.inference.frontier import frontier_of
from howsure.inference.population import population_of
from howsure.inference.published_frontier import published_frontier
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.frontier import Frontier
    from howsure.options.words import BoardMethod
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator

RESPECTS = Respects(verb="frontier", all_but=("random factor", "covariate", "slices"))


def frontier(
    data: Any,
    *,
    method: BoardMethod | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Frontier:
    """Say which models could be the best buy: no other is shown to score higher and to cost no more.

    Scores and costs are compared over all pairs at once by max-t over sign flips (Romano and Wolf 2005), each
    at half of what may be missed, so that a model that no other truly beats in both stays with the chosen
    level, also where models tie or lack items.

    Of a published leaderboard (columns model, score, n, and usd a question or total_cost) costs are taken as
    known, a 0 as unknown, and scores are compared as if unpaired, all pairs at once (Tukey 1953; Kramer
    1956).

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores; or a published leaderboard. `measure` names what they took.
        method: The test of the differences of scores: "score" or "t". None takes the former for scores in [0,
            1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of all that is said at once.
        seed: The seed of the sign flips.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `measure` is
            needed.

    Returns:
        Frontier: One part a task and measure: every model with its score, what it takes and who beats it, the
            cheapest of those that could be best, and how it compares with the leader.

    Raises:
        OptionError: If no measure is named, or an option has a value that it can't have.
        DataError: If a measure isn't recorded, or a named task, model, metric or column doesn't exist.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["big"] * 40 + ["small"] * 40 + ["slow"] * 40, "item": [*range(40)] * 3,
        ...     "score": [1, 1, 1, 0] * 10 + [1, 1, 0, 1] * 10 + [0] * 40, "usd": [0.3, 0.5] * 20 + [0.1, 0.1] * 20 + [0.4, 0.6] * 20})
        >>> found = frontier(rows, measure="usd").tasks[0]
        >>> found.best_buys, found.cheapest, found["slow"].beaten_by
        (('small', 'big'), 'small', ('big', 'small'))
    """
    given = checked("frontier", method=method, variance=variance, level=level, seed=seed)
    design = make_design(options, RESPECTS, method=method)
    if not design.measure:
        raise OptionError(
            "no measure is named", remedy="Name what a model takes as `measure`: usd, seconds, tokens_out …"
        )
    scores = published_of(scores_of(data, design))
    if scores.published and not scores.has_rows:
        if (method, variance) != (None, "CR2"):
            raise OptionError(
                "published scores have no answers behind them", remedy="Leave method and variance out."
            )
        return published_frontier(scores, design, given["level"])
    question = Question(population=population_of(design.population), adjust="max-t", **given)
    return frontier_of(gather(scores, design), question)
