"""The function noise: the sources of the standard error."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.noise import decompose
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.sides import read_pair

if TYPE_CHECKING:
    from howsure.answers.noise import Noise
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator

RESPECTS = Respects(verb="noise", all_but=("statistic", "benchmark", "covariate", "score", "measures"))


def noise(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Noise:
    """Split the variance of each score into variance between questions and variance within questions.

    With several attempts per question, the variance of answers within questions (conditional variance) and
    the variance of the conditional means between questions are estimated without bias, for every model and
    every pair of models. The latter is also split between and within clusters, and the standard error is
    predicted for other numbers of attempts and questions. A single attempt per question gives only a bound.
    Attempts are assumed independent given the question. Miller (2024), section 3; Wang (2025).

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        a: The first model of a pair whose paired difference is split as well. None: single models only.
        b: The second model of the pair.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of the intervals of the variance components.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters". With "same-clusters" the variance doesn't include differences between clusters.

    Returns:
        Noise: One part per task and metric, with an entry for every model (and the pair): the standard error,
            the two components of its square, and the variance components with their intervals.

    Raises:
        OptionError: If an option has an invalid value, or is one that this function doesn't support.
        DataError: If a model doesn't exist, or `a` and `b` share no question.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": "a", "item": [k // 4 for k in range(40)],
        ...     "attempt": [k % 4 for k in range(40)],
        ...     "score": [int(k % 4 < k // 4 % 3) for k in range(40)]})
        >>> entry = noise(rows)["a"]
        >>> round(entry.se, 3), round(entry.se_with(attempts=1), 3), round(entry.within_share, 2)
        (0.069, 0.134, 0.91)
    """
    a, b, variance, level = checked("noise", a=a, b=b, variance=variance, level=level).values()
    design = make_design(options, RESPECTS)
    asked = Question(population=population_of(design.population), variance=variance, level=level)
    scores, (a, b) = read_pair(data, (a, b), design)
    return decompose(scores, design, asked, a, b)
