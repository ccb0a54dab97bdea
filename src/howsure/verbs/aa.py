"""The verb aa: how often a gate fails a system against itself, by random splits of the user's own results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.aa import SplitQuestion, parted
from howsure.options import checked
from howsure.study.design import Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.aa import FalseAlarms
    from howsure.options import BoardMethod
    from howsure.statistics.choices import Variance
    from howsure.study.design import DesignOptions

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

RESPECTS = Respects(verb="aa", all_but=("population", "covariate"))


def aa(
    data: Any,
    *,
    not_worse_than: float | None = None,
    better: bool = False,
    same_within: float | None = None,
    splits: int = 1_000,
    method: BoardMethod | None = None,
    variance: Variance = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> FalseAlarms:
    """Say how often the gate would fail a system against itself (an A/A test), from the user's own results.

    Every model is parted at random into two halves that play candidate and baseline, `splits` times. With several attempts
    at most items, the attempts at every item are parted and compared in pairs; with one, whole clusters (items where there
    are none) are parted and compared unpaired. The criteria are those of `gate`, "better" where none is given; each model
    and task is a gate of its own. Splits of one data set are no independent replications of it.
    Raises OptionError for what has no halves to compare (covariates, exactly these questions), DataError where no model has
    enough to be parted.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": "a", "item": [k // 6 for k in range(600)], "attempt": [k % 6 for k in range(600)],
    ...     "score": [int(k % 6 < k // 6 % 7) for k in range(600)]})
    >>> found = aa(rows, not_worse_than=0.02)
    >>> found.failed_share <= 0.05, found.entries[0].parted
    (True, 'attempts')
    """
    not_worse_than, better, same_within, splits, method, variance, level, seed = checked(
        "aa",
        not_worse_than=not_worse_than,
        better=better,
        same_within=same_within,
        splits=splits,
        method=method,
        variance=variance,
        level=level,
        seed=seed,
    ).values()
    asked = SplitQuestion(
        not_worse_than=not_worse_than,
        better=better or (not_worse_than is None and same_within is None),
        same_within=same_within,
        level=level,
        method=method,
        variance=variance,
        splits=splits,
    )
    design = make_design(options, RESPECTS)
    scores = scores_of(data, design)
    return parted(scores, gather(scores, design), asked, seed)
