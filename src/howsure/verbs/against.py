"""The verb against: which of many sides are really better than one, and which are worse?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.against import against_one, with_other_policies
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.sides import against_side

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.against import Against
    from howsure.options.words import Overall
    from howsure.statistics.choices import ComparisonMethod, ManyToOne, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest

RESPECTS = Respects(verb="against", all_but=("random factor", "covariate", "slices", "measures"))


def against(
    data: Any,
    against: str,
    *,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    adjust: ManyToOne = "max-t",
    overall: Overall | Mapping[str, float] = "harness",
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Against:
    """Compare every other side with one: its difference, a simultaneous confidence interval, and what it
    broke and fixed.

    Each side is compared with the one as [`compare`][howsure.compare] compares two, on the items that both
    answered. p-values are corrected for the number of sides (many to one) by the step-down max-t (Romano and
    Wolf 2005) over sign flips of whole clusters, of which Dunnett's (1955) test is the classical form; of
    several tasks, for all sides on all tasks, and those of the overall differences by themselves. Intervals
    agree with them. Clusters are assumed independent.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, a dict of sides, or Scores.
        against: The one: a model, by its full name or the part after the last slash; `tag:…`, `commit:…` or
            `run:…`, whose model it is; or one of several paths, each of which is a side then, or a folder or
            file beside others in the folder given.
        method: The test of the differences: "score" or "t". None takes the former for scores in [0, 1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of all intervals together.
        adjust: The correction for the number of sides: "max-t", "dunnett" or "holm" (family-wise error), "bh"
            (false discovery rate), or "none". Two clusterings, fewer than eight clusters and
            population="benchmark" take "dunnett" for "max-t".
        overall: How the tasks are combined, for the sides that have them all: "harness" as the log weighs a
            group of exactly these tasks, else the mean; "mean" over tasks, "pooled" over all items, or a
            weight for each task.
        seed: The seed of the sign flips.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `model` chooses
            among the others; `population`: by default what the clusters of each
            task allow: "same-clusters" where there are too few to speak of others, else "new-clusters".

    Returns:
        Against: One part per task and metric, and the overall one for several tasks, each with a row per
            side, the best first.

    Raises:
        OptionError: If an option has a value that it can't have, or a name is both a model and a path.
        DataError: If the one doesn't exist, is meant by several models, or there is no other model on any of
            its tasks.
        MethodError: If the method isn't defined for these scores.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["main"] * 40 + ["x"] * 40 + ["y"] * 40, "item": [*range(40)] * 3,
        ...     "score": [int(i % 2) for i in range(40)] + [int(i % 4 > 0) for i in range(40)] + [int(i % 2) for i in range(40)]})
        >>> answer = against(rows, "main")
        >>> answer.verdict
        "1 of 2 beats main; 1 can't be told from it."
        >>> [(side.side, side.fixed, side.broke, side.told) for side in answer.tasks[0].sides]
        [('x', 10, 0, 'better'), ('y', 0, 0, 'open')]
    """
    given = checked("against", method=method, variance=variance, level=level, overall=overall, seed=seed)
    name, adjust = checked("against", against=against, adjust=adjust).values()
    design = make_design(options, RESPECTS, method=method)
    question = Question(population=population_of(design.population), **given)
    how = {"items": design.items, "probabilities": design.score.kind == "prob"}
    scores, one = against_side(data, name, how)
    study = gather(scores, design, models=(one, *design.model) if design.model else ())
    return with_other_policies(against_one(study, question, one, adjust), study, question, adjust)
