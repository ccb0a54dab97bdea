"""The verb noise: where the error bars come from."""

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

RESPECTS = Respects(verb="noise", all_but=("benchmark", "covariate", "score", "measures"))


def noise(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Noise:
    """Divide the variance of each score into the part due to the questions and the part due to the answers.

    With several attempts per question, the conditional variance (of answers, given the question) and the
    variance of the conditional means (between questions) are estimated without bias, for every model and
    every pair of models, the latter also between and within clusters; the standard error is predicted for
    other numbers of attempts and questions. A single attempt per question yields only a bound. Attempts are
    assumed independent given the question. Miller (2024), section 3; Wang (2025).

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        a: The first model of a pair whose paired difference is divided as well. None: single models only.
        b: The second model of the pair.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of the intervals of the variance components.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `population`: by
            default what the clusters of each task allow: "same-clusters" where there are too few to speak of
            others, else "new-clusters"; with "same-clusters" how clusters differ is no part of the variance.

    Returns:
        Noise: One part per task and metric, with an entry for every model (and the pair): the standard error,
            both parts of its square, and the variance components with their intervals.

    Raises:
        OptionError: If an option has a value that it can't have, or is one that this verb doesn't support.
        DataError: If a model doesn't exist, or `a` and `b` share no item.
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
