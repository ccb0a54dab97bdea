"""The verb allocate: spend the next attempts on the items where they shrink the answers' part of the variance
most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.allocate import Spending, allocation_of, one_matrix
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.sides import read_pair

if TYPE_CHECKING:
    from howsure.answers.allocate import Allocation
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.study.design import DesignOptions


RESPECTS = Respects(
    verb="allocate",
    all_but=("random factor", "benchmark", "covariate", "score", "average_last", "slices", "measures"),
)


def allocate(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    attempts: int,
    most: int | None = None,
    new_run: bool = False,
    variance: Variance | VarianceEstimator = "CR2",
    **options: Unpack[DesignOptions],
) -> Allocation:
    """Allocate the next attempts to the items where they reduce the variance of a score, or a difference,
    most.

    Attempts added to a model's own are allocated by the answers of at least two other models, never by its
    own, so that the mean of all its attempts remains unbiased. With `new_run`, a model's own earlier answers
    allocate the attempts of a separate run, in which each item has at least one, and which has to be analysed
    alone. The expected standard error is compared with that of an even allocation. Attempts are assumed
    independent given the question. Neyman (1934); Fox (1966) for whole numbers.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        a: The model, or the first of two. None if there is only one.
        b: The second model, if the difference a − b is the target. None: the score of `a`.
        attempts: The number of attempts to allocate in total.
        most: The largest number of attempts of one model per item, earlier ones included unless `new_run`.
            None sets no limit.
        new_run: Whether the attempts form a separate run.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `population`: of
            the error bar, by default what the clusters of each task allow: "same-clusters" where there are
            too few to speak of others, else "new-clusters"; with "same-clusters" how clusters differ is no
            part of it.

    Returns:
        Allocation: The attempts to add to each item of each model, with the standard error now and the
            answers' part of the variance after this and an even allocation.

    Raises:
        OptionError: If the models are ambiguous, there are several tasks or metrics, or the number of
            attempts doesn't fit.
        DataError: If nothing indicates on which items answers vary.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": "a", "item": [k // 4 for k in range(80)], "attempt": [k % 4 for k in range(80)],
        ...     "score": [int(k % 4 < (2 if k < 24 else 4)) for k in range(80)]})
        >>> found = allocate(rows, attempts=80, new_run=True)
        >>> chosen = dict(zip(found.item, found.add.tolist()))
        >>> chosen["0"], chosen["19"]
        (6, 3)
    """
    a, b, attempts, most, new_run, variance = checked(
        "allocate", a=a, b=b, attempts=attempts, most=most, new_run=new_run, variance=variance
    ).values()
    design = make_design(options, RESPECTS)
    scores, (a, b) = read_pair(data, (a, b), design)
    study = gather(scores, design)
    matrix, names = one_matrix(study, a, b)
    run = Spending(extra=attempts, most=most, new=new_run)
    asked = Question(population=population_of(design.population), variance=variance)
    return allocation_of(matrix, names, study, run, asked)
