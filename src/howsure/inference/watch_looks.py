"""A look at a run in progress: the result of the items counted so far, and whether the run may be stopped.

Any moment may be a look (confidence sequences), or looks are planned. A planned look is due at a number of
finished items, in the order of the run. Failed items are finished as well, and clusters once they are
complete. It is judged on the items that were due then, even if there are more by now, and the first one that
stops is final.

For more questions from the same clusters, a look's questions aren't an even mix of the clusters. So each
cluster's own mean is weighted by the cluster's share of the questions in the whole run (post-stratification,
Holt and Smith 1979). Such estimates of successive looks have independent increments, as a cluster's mean over
more of its questions covaries with its mean over fewer by exactly its own variance. So the boundaries of
planned looks are valid. Bets aren't: the mean of the next score depends on its cluster.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.settings import of_options
from howsure.answers.watch import Look
from howsure.errors import OptionError, ResultWarning
from howsure.inference.planned_looks import LookSeries
from howsure.inference.population import NEW_CLUSTERS, SAME_CLUSTERS
from howsure.inference.question import Question
from howsure.inference.watch_arrivals import order_warning
from howsure.inference.watch_tally import RunClusters, Tally, complete, with_sizes
from howsure.statistics.betting import ASYMPTOTIC, AlwaysValid
from howsure.statistics.group_sequential import limited_p
from howsure.statistics.means import mean
from howsure.statistics.results import Interval
from howsure.study.matrix import ScoreMatrix
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.answers.parts import Looks
    from howsure.inference.watch_arrivals import Arrivals
    from howsure.inference.watch_tally import WatchGoal
    from howsure.options.look_plan import LookPlan
    from howsure.statistics.arrays import Ints
    from howsure.statistics.choices import Spending
    from howsure.statistics.results import Estimate
    from howsure.study.design import Design


def look_at(
    tally: Tally,
    arrived: Arrivals | None,
    sizes: RunClusters,
    *,
    planned: int | None,
    lower_is_better: bool,
    shuffled: bool | None,
    made: tuple[AlwaysValid, Looks] | None = None,
) -> Look:
    """Return the result of the counted items. `arrived`: the log's items, None if items are added one by one.

    `made`: the result of the last planned look, and all of them, None if looks aren't planned.
    """
    goal, sequence, n_items = tally.goal, tally.sequence, len(tally.scored)
    seen, looks = made or (sequence.look() if sequence is not None else nothing(goal.level), None)
    decided = goal.decided(seen)
    needed = math.nan
    if sequence is not None and not decided:
        needed = sequence.more_units(within=goal.within) * n_items / max(seen.n_units, 1)
    exhausted = (planned is not None and tally.n_seen >= planned) if looks is None else looks.last
    a, b = (goal.a, goal.b) if arrived is None else (arrived.a, arrived.b)
    better = None
    if b is not None and (seen.low > 0 or seen.high < 0):
        better = a if (seen.low > 0) != lower_is_better else b
    return Look(
        a=a,
        b=b,
        task="" if arrived is None else arrived.task,
        metric="" if arrived is None else arrived.metric,
        estimate=seen.value,
        interval=Interval(low=seen.low, high=seen.high, level=goal.level),
        p_value=seen.p_value,
        n_units=seen.n_units,
        n_items=n_items,
        n_failed=tally.n_failed,
        n_waiting=len(tally.waiting) + (0 if arrived is None else arrived.n_partial),
        planned=planned,
        a_mean=tally.mean("a"),
        b_mean=tally.mean("b"),
        decided=decided,
        exhausted=exhausted,
        better=better,
        bound_met=goal.kept(seen, lower_is_better=lower_is_better),
        at_least=goal.at_least,
        within=goal.within,
        margin=goal.margin,
        needed=needed,
        lower_is_better=lower_is_better,
        percent=goal.percent,
        clustered=sizes.known(tally.waiting) is not None
        or tally.counted["cluster"].null_count() < len(tally.counted),
        method=seen.method,
        looks=looks,
        settings=of_options(level=goal.level, method=seen.method),
        notes=() if arrived is None else arrived.notes,
        warnings=tuple(
            _doubts(tally, arrived, seen, random=bool(shuffled or exhausted), lower_is_better=lower_is_better)
        ),
    )


def _doubts(
    tally: Tally, arrived: Arrivals | None, seen: AlwaysValid, *, random: bool, lower_is_better: bool
) -> list[ResultWarning]:
    """Return the warnings. `random`: the order of the items is random, or doesn't matter any more."""
    warnings = [] if arrived is None else [*arrived.warnings]
    if arrived is not None and len(changed := tally.changed(arrived.ready)):
        late = ResultWarning(
            code="scores_changed",
            message=(
                f"{plural(len(changed), 'item')} changed after they were counted, first {changed[0]!r}. "
                "The scores of the first look are kept"
            ),
            remedy=(
                "If attempts came late, give the planned number (`attempts`). After rescoring, start a "
                "new watch."
            ),
        )
        warnings.append(late)
    if tally.n_failed:
        zero = "Run them again." if lower_is_better else "`failures='zero'` counts a failure as 0."
        failed = ResultWarning(
            code="items_failed",
            message=(
                f"{tally.n_failed:,} of {plural(tally.n_seen, 'item')} failed without a score, not counted"
            ),
            remedy=f"If a model fails when it would be wrong, this favours it. {zero}",
        )
        warnings.append(failed)
    if seen.torn:
        warnings.append(TORN)
    if seen.n_units and not random:
        stated = None if arrived is None else arrived.shuffled
        warnings += order_warning(tally.counted["item"] if arrived is None else arrived.order, stated)
    if tally.goal.bounds is None and seen.method == ASYMPTOTIC:
        warnings.append(FEW_PROMISES)
    return warnings


def nothing(level: float) -> AlwaysValid:
    """Return the look of a run before any item counts."""
    return AlwaysValid(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        level=level,
        p_value=math.nan,
        n_units=0,
        method="none yet",
    )


TORN = ResultWarning(
    code="looks_contradict",
    message=(
        "the intervals of the looks don't overlap. This is rare for items in random order, and common "
        "for sorted items"
    ),
    remedy="Check the order of the items, and compare at the end with `howsure compare`.",
)
FEW_PROMISES = ResultWarning(
    code="asymptotic",
    message=("the scores have no bounds, so the interval is valid only for many items"),
    remedy="Give bounds that no score can exceed, if any: `bounds=(0, 100)`.",
)


def are_strata(design: Design, *, planned: bool, cluster_size: int | None) -> bool:
    """Return whether a run is watched for the same clusters. OptionError if that is impossible."""
    if design.population != "same-clusters":
        return False
    if not planned:
        raise OptionError(
            "betting isn't valid for more questions from the same clusters: the mean of the next score "
            "depends on its cluster",
            remedy="Plan `looks`, or use `cluster='none'` if the order of all questions is random.",
        )
    if cluster_size is not None or design.weight is not None:
        what = "cluster_size" if cluster_size is not None else "weight"
        raise OptionError(
            f"{what} doesn't give each cluster's share of the run",
            remedy="Give a table of all items (`items`), or `clusters` in Python.",
        )
    return True


def look_as_planned(
    plan: LookPlan,
    tally: Tally,
    arrived: Arrivals | None,
    sizes: RunClusters,
    *,
    shares: pl.DataFrame | None,
    planned: int | None,
    lower_is_better: bool,
    shuffled: bool | None,
) -> Look:
    """Judge the looks that were due, up to the first that stops, and return the last of these.

    `shares`: clusters that are strata, with their sizes in the whole run.
    """
    level, due = tally.goal.level, plan.due_at(planned, "items")
    there, waiting = _in_units(tally.finished(), sizes, strata=shares is not None)
    made = _made(due, there)
    series = _series(due, [], len(there), plan.spending)
    seen, rows = nothing(level), there.clear()
    for place, (_, count) in enumerate(made, 1):
        rows = there.head(count)
        series = _series(due, made[:place], len(there), plan.spending)
        seen = _judged(tally, rows, series, shares, lower_is_better=lower_is_better)
        if tally.goal.decided(seen):
            break
    more = []
    if shares is not None:
        scored = rows.filter(tally.has_scores())
        if len(scored) and (unseen := _unseen(scored, shares)):
            lacking = ResultWarning(
                code="clusters_unseen",
                message=(
                    f"{unseen} of {plural(len(shares), 'cluster')} had no scored question at this look, "
                    "so it has no result for all clusters"
                ),
                remedy="Wait for the next look. If you can choose the order of the run, mix the clusters.",
            )
            more.append(lacking)
        rows, sizes = rows.with_columns(cluster=pl.lit(None, pl.String)), RunClusters()
    shown = Tally(goal=tally.goal, failures=tally.failures, counted=rows.drop("unit"), waiting=waiting)
    look = look_at(
        shown,
        arrived,
        sizes,
        planned=due[-1],
        lower_is_better=lower_is_better,
        shuffled=shuffled,
        made=(seen, series.answer(level)),
    )
    if len(there) > due[-1]:
        beyond = ResultWarning(
            code="beyond_last_look",
            message=(
                f"{len(there):,} items are finished, but the last look was due at {due[-1]:,}. The others "
                "aren't used"
            ),
            remedy=(
                "Plan the last look at all items. `howsure compare` uses all of them, but adds a second "
                "chance of error."
            ),
        )
        more.append(beyond)
    return replace(look, warnings=(*look.warnings, *more))


def _in_units(rows: pl.DataFrame, sizes: RunClusters, *, strata: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the finished rows with their unit, in the order in which units are complete, and the others."""
    cluster_sizes = sizes.known(rows)
    if cluster_sizes is not None and strata:
        with_sizes(rows, cluster_sizes)
    if cluster_sizes is None or strata:
        return rows.with_row_index("unit"), rows.clear()
    placed = rows.with_row_index("place")
    done = complete(placed, cluster_sizes).with_columns(unit=pl.col("place").max().over("cluster"))
    done = done.sort("unit", "place").select(*rows.columns, pl.col("unit").rank("dense") - 1)
    return done, rows.join(done.select("item"), on="item", how="anti", maintain_order="left")


def _made(due: tuple[int, ...], rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Return the number and the items of each possible look. If several have the same items, only the last
    counts.
    """
    ends = (
        rows.group_by("unit", maintain_order=True).len()["len"].cum_sum().to_numpy()
        if len(rows)
        else np.zeros(0)
    )
    places = np.searchsorted(ends, due)
    reached = {int(ends[place]): k + 1 for k, place in enumerate(places) if place < len(ends)}
    return [(number, count) for count, number in reached.items()]


def _series(
    due: tuple[int, ...], made: list[tuple[int, int]], finished: int, spending: Spending
) -> LookSeries:
    """Return all looks, judged at the last one made: those made, otherwise those due."""
    last, most = made[-1] if made else (0, 0)
    to_come = [(k, count) for k, count in enumerate(due, 1) if k > last and count > most]
    numbers, items = zip(*made, *to_come, strict=True)
    return LookSeries(
        numbers=numbers, items=items, planned=due[-1], spending=spending, place=len(made), finished=finished
    )


def _judged(
    tally: Tally,
    rows: pl.DataFrame,
    series: LookSeries,
    shares: pl.DataFrame | None,
    *,
    lower_is_better: bool,
) -> AlwaysValid:
    """Return the result of a look: its repeated interval, and the smallest error with which it stops."""
    level = tally.goal.level
    scored = rows.filter(tally.has_scores())
    tally.refuse_out_of_bounds(scored)
    if not len(scored) or (shares is not None and _unseen(scored, shares)):
        return nothing(level)
    matrix = _matrix(tally.goal, scored, shares, lower_is_better=lower_is_better)
    population = NEW_CLUSTERS if shares is None else SAME_CLUSTERS
    question = Question(population=population, level=series.level(level), margin=tally.goal.margin)
    estimate, p_value = _tested(matrix, question, tally.goal.at_least)
    same_clusters = estimate.method.same_clusters
    return AlwaysValid(
        value=estimate.value,
        low=estimate.interval.low,
        high=estimate.interval.high,
        level=level,
        p_value=series.overall_p(p_value, level),
        n_units=estimate.n_items if same_clusters else estimate.n_clusters,
        method=f"{estimate.method.name}{', same clusters' if same_clusters else ''}, planned looks",
    )


def _unseen(rows: pl.DataFrame, sizes: pl.DataFrame) -> int:
    """Count the clusters (cluster, size) without any row."""
    return len(sizes.join(rows.select("cluster").unique(), on="cluster", how="anti"))


def _matrix(
    goal: WatchGoal, rows: pl.DataFrame, shares: pl.DataFrame | None, *, lower_is_better: bool
) -> ScoreMatrix:
    """Return the rows of a look as a matrix. With `shares` a cluster has its weight in the whole run."""
    weights = rows["weight"].to_numpy()
    clusters: tuple[Ints, ...] = ()
    if shares is not None:
        table = rows.join(shares, on="cluster", how="left", maintain_order="left")
        weights = table.select(pl.col("size") / pl.len().over("cluster"))["size"].to_numpy()
        weights = weights * (len(weights) / weights.sum())
        clusters = (np.unique(rows["cluster"].to_numpy(), return_inverse=True)[1].astype(np.int64),)
    elif not rows["cluster"].null_count():
        clusters = (rows["unit"].to_numpy().astype(np.int64),)
    values = rows.select(goal.sides).to_numpy()
    return ScoreMatrix(
        task="",
        metric="",
        models=goal.sides,
        items=rows["item"].to_numpy(),
        values=values,
        attempts=np.ones(values.shape, dtype=np.int64),
        within=np.zeros(values.shape),
        clusters=clusters,
        weights=weights,
        bounded=goal.bounds is not None,
        lower_is_better=lower_is_better,
    )


def _tested(matrix: ScoreMatrix, question: Question, at_least: float | None) -> tuple[Estimate, float]:
    """Return the estimate, and the two-sided p-value of the goal: for a floor the level at which the interval
    just excludes it.
    """
    population = question.population
    if len(matrix.models) == 1:

        def estimate(level: float) -> Estimate:
            """Return the estimate with its interval at a level. Scores for new clusters count as
            fractions.
            """
            if population == SAME_CLUSTERS:
                return population.means(matrix, replace(question, level=level))[0]
            return mean(
                matrix.values[:, 0],
                clusters=matrix.clusters,
                weights=matrix.weights,
                bounded=matrix.bounded,
                level=level,
            )

        def limits(level: float) -> tuple[float, float]:
            """Return the limits of the interval at a level."""
            interval = estimate(level).interval
            return interval.low, interval.high

        return estimate(question.level), limited_p(limits, at_least or 0.0)
    pair = population.pair(matrix, "a", "b", question)
    test = pair.equivalence
    if test is None or math.isnan(pair.p_value):
        return pair.difference, pair.p_value
    return pair.difference, min(2 * min(test.p_noninferior, test.p_inferior), 1.0)
