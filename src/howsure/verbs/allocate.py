"""The verb allocate: spend the next attempts on the items where they shrink the answers' part of the variance most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.allocate import Spending, allocation_of, one_matrix
from howsure.inference.population import QUESTIONS
from howsure.inference.question import Question
from howsure.options import checked
from howsure.study.design import Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.allocate import Allocation
    from howsure.statistics.choices import Variance
    from howsure.study.design import DesignOptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

RESPECTS = Respects(verb="allocate", all_but=("population", "covariate", "score", "average_last"))


def allocate(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    attempts: int,
    most: int | None = None,
    new_run: bool = False,
    variance: Variance = "CR2",
    **options: Unpack[DesignOptions],
) -> Allocation:
    """Say which items the next attempts should go to: of model `a`, or of `a` and `b` whose difference is asked for.

    `attempts`: how many in all. `most`: no item shall have more of one model, old ones (unless it is a new run) and new
    ones together. Attempts that are added to those of a model are chosen by what two other models or more answered, never by its own answers: the mean of all
    its attempts then stays unbiased. With `new_run` a model's own old answers choose the attempts of a run in which each item
    has one at least, and which has to be estimated alone; where a model has one old attempt an item, the others choose. The
    expected SE is set against that of as many attempts spread evenly. `data`: what `read` takes. `a` may be left out where
    one model is there. Shared options: see [`Design`][howsure.study.design.Design].
    Raises OptionError for numbers of attempts that don't fit, DataError where nothing tells the items apart.
    Neyman (1934); greedy for whole numbers, Fox (1966).

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
    study = gather(scores_of(data, design), design)
    matrix, names = one_matrix(study, a, b)
    run = Spending(extra=attempts, most=most, new=new_run)
    asked = Question(population=QUESTIONS, variance=variance)
    return allocation_of(matrix, names, study, run, asked)
