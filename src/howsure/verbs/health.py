"""The verb health: which questions tell models apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.health import Health

RESPECTS = Respects(verb="health", all_but=("population", "covariate"))


def health(
    data: Any,
    *,
    top: int | None = None,
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Health:
    """Say which questions of every task tell models apart at all, and what gap the task can resolve.

    Counts questions that every model, or none, gets right; finds those that better models get wrong more often (likely
    mislabelled); gives the smallest gap that can be seen, and how reliable the ranking is (split-half, Spearman and Brown
    1910). `top`: only the best N models of each task.

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": [m for m in "abc" for _ in range(4)], "item": [*range(4)] * 3,
    ...     "score": [1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]})
    >>> found = health(rows).tasks[0]
    >>> found.count("everybody"), found.count("nobody"), found.n_separating
    (1, 1, 2)
    """
    from howsure.inference.health import examine

    top, level = checked("health", top=top, level=level).values()
    design = make_design(options, RESPECTS)
    return examine(gather(scores_of(data, design), design), top=top, level=level)
