"""A planned look on more questions from the same clusters: clusters are strata, each with the share of the
questions that it has in the whole run.

A look's questions are no even mix of the clusters, so each cluster's own mean gets its share
(post-stratification, Holt and Smith 1979). Such estimates of successive looks have independent increments, as
a cluster's mean over more of its questions covaries with its mean over fewer by exactly its own variance: the
boundaries of planned looks hold. Bets don't: the mean of the next score depends on the cluster that it is
from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import Caution, OptionError
from howsure.inference.population import SAME_CLUSTERS
from howsure.inference.question import Question
from howsure.statistics.group_sequential import limited_p
from howsure.study.matrix import ScoreMatrix
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.inference.watching.goals import Goal
    from howsure.statistics.results import Estimate
    from howsure.study.design import Design


def are_strata(design: Design, *, looks: object, cluster_size: int | None) -> bool:
    """Say whether a run is watched for the same clusters; OptionError where that can't be."""
    if design.population != "same-clusters":
        return False
    if looks is None:
        raise OptionError(
            "a bet on more questions from the same clusters isn't valid: what the next score is to be "
            "depends on its cluster",
            remedy="Plan `looks`; or `cluster='none'`, where the order of all questions is random.",
        )
    if cluster_size is not None or design.weight is not None:
        what = "cluster_size" if cluster_size is not None else "weight"
        raise OptionError(
            f"{what} doesn't tell the share that each of the same clusters has in the run",
            remedy="Give a table of all items (`items`), or `clusters` in Python.",
        )
    return True


def unseen(rows: pl.DataFrame, sizes: pl.DataFrame) -> int:
    """Count the clusters (cluster, size) of which no row is there."""
    return len(sizes.join(rows.select("cluster").unique(), on="cluster", how="anti"))


def stratified(
    goal: Goal, rows: pl.DataFrame, sizes: pl.DataFrame, level: float, *, lower_is_better: bool
) -> tuple[Estimate, float]:
    """Return the estimate at a level, and the two-sided p-value of what is asked; every cluster has a row."""
    matrix = _matrix(goal, rows, sizes, lower_is_better=lower_is_better)
    asked = Question(population=SAME_CLUSTERS, level=level, margin=goal.margin)
    if goal.b is None:
        return _floor(matrix, goal.at_least or 0.0, level)
    found = SAME_CLUSTERS.pair(matrix, "a", "b", asked)
    if found.equivalence is None or np.isnan(found.p_value):
        return found.difference, found.p_value
    return found.difference, min(2 * min(found.equivalence.p_noninferior, found.equivalence.p_inferior), 1.0)


def _floor(matrix: ScoreMatrix, floor: float, level: float) -> tuple[Estimate, float]:
    def at(level: float) -> Estimate:
        """Return the estimate at a level."""
        return SAME_CLUSTERS.means(matrix, Question(population=SAME_CLUSTERS, level=level))[0]

    return at(level), limited_p(lambda level: (at(level).interval.low, at(level).interval.high), floor)


def _matrix(goal: Goal, rows: pl.DataFrame, sizes: pl.DataFrame, *, lower_is_better: bool) -> ScoreMatrix:
    """Return the rows as a matrix, in which a cluster weighs as it does in the whole run."""
    table = rows.join(sizes, on="cluster", how="left", maintain_order="left")
    weights = table.select(pl.col("size") / pl.len().over("cluster"))["size"].to_numpy()
    models = ("a",) if goal.b is None else ("a", "b")
    values = table.select(models).to_numpy()
    codes = np.unique(table["cluster"].to_numpy(), return_inverse=True)[1]
    return ScoreMatrix(
        task="",
        metric="",
        models=models,
        items=table["item"].to_numpy(),
        values=values,
        attempts=np.ones(values.shape, dtype=np.int64),
        within=np.zeros(values.shape),
        clusters=(codes.astype(np.int64),),
        weights=weights * (len(weights) / weights.sum()),
        bounded=goal.bounds is not None,
        lower_is_better=lower_is_better,
    )


def unseen_caution(rows: pl.DataFrame, sizes: pl.DataFrame) -> list[Caution]:
    """Say that a look had no scored question of some clusters."""
    missing = unseen(rows, sizes)
    if not missing or not len(rows):
        return []
    return [
        Caution(
            code="clusters_unseen",
            message=(
                f"{missing} of {plural(len(sizes), 'cluster')} had no scored question at this look, which "
                "tells nothing of all then"
            ),
            remedy="Wait for the next look; mix the clusters where the order of the run can be chosen.",
        )
    ]
