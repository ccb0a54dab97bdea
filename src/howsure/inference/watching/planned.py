"""Planned looks at a run in progress: what was due is judged, from the data alone, whenever it is asked for.

A look is due at a number of finished items, in the order of the run; those that failed are finished as well,
and clusters once they are complete. It is judged on the items that were due then, however many there are by
now, and the first one that stops is final.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.answers.parts import Looks, PlannedLook
from howsure.errors import Caution, OptionError
from howsure.inference.watching.counting import Sizes, Tally, complete, with_sizes
from howsure.inference.watching.looking import look_at, nothing
from howsure.inference.watching.strata import stratified, unseen, unseen_caution
from howsure.statistics.betting import AlwaysValid
from howsure.statistics.difference import difference
from howsure.statistics.group_sequential import Schedule, even, limited_p
from howsure.statistics.means import mean

if TYPE_CHECKING:
    from howsure.answers.watch import Look
    from howsure.inference.watching.arrivals import Arrivals
    from howsure.inference.watching.goals import Goal
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Spending
    from howsure.statistics.results import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class LookPlan:
    """How many looks there are, or at how many items each is due, and how they spend the error; `strata`:
    clusters are strata.
    """

    looks: int | tuple[int, ...]
    spending: Spending
    strata: bool = False

    def due(self, planned: int | None) -> tuple[int, ...]:
        """Return the items that each look is due at; OptionError where nobody says how many there will be, or
        too few.
        """
        if isinstance(self.looks, tuple):
            return self.looks
        if planned is None:
            raise OptionError(
                f"`looks={self.looks}` needs to know how many items there will be",
                remedy="Give `items_planned`, or at how many items each look is due: `looks='100,250,500'`.",
            )
        if planned < self.looks:
            raise OptionError(
                f"`looks={self.looks}` is more than the {planned} items planned", remedy="Plan fewer looks."
            )
        return even(planned, self.looks)


def plan_of(
    looks: Any, spending: Spending, goal: Goal, planned: int | None, *, strata: bool = False
) -> LookPlan | None:
    """Return the planned looks of a run, None where any moment is one; OptionError where they make no
    sense.
    """
    if looks is None:
        return None
    if goal.within is not None:
        raise OptionError(
            "planned looks are for a verdict, and a half-width needs none", remedy="Leave `looks` out."
        )
    if isinstance(looks, tuple) and planned is not None and planned != looks[-1]:
        raise OptionError(
            f"the last look is due at {looks[-1]:,} items, and items_planned={planned}",
            remedy="Leave `items_planned` out, or let the last look be at all items.",
        )
    plan = LookPlan(looks=looks, spending=spending, strata=strata)
    if planned is not None:
        plan.due(planned)
    return plan


def look_as_planned(
    plan: LookPlan,
    tally: Tally,
    arrived: Arrivals | None,
    sizes: Sizes,
    *,
    planned: int | None,
    lower_is_better: bool,
    shuffled: bool | None,
) -> Look:
    """Judge the looks that were due, up to the first that stops, and show the last of these."""
    shares = sizes.table if plan.strata else None
    there, waiting = _in_units(tally.finished(), sizes, strata=shares is not None)
    due = plan.due(planned)
    made = _made(due, there)
    seen, number, rows = nothing(tally.goal.level), 0, there.clear()
    for k, (number, count) in enumerate(made):  # noqa: B007 - the last one is shown
        rows = there.head(count)
        schedule = _schedule(due, made[: k + 1], plan.spending)
        seen = _judged(tally, rows, schedule, k + 1, shares, lower_is_better=lower_is_better)
        if tally.goal.decided(seen):
            break
    looks = Looks(
        spending=plan.spending,
        number=number,
        finished=len(there),
        looks=_told(due, [each for each in made if each[0] <= number], plan.spending, tally.goal.level),
    )
    lacking = [] if shares is None else unseen_caution(rows.filter(tally.has_scores()), shares)
    if shares is not None:
        rows, sizes = rows.with_columns(cluster=pl.lit(None, pl.String)), Sizes()
    kept = Tally(goal=tally.goal, failures=tally.failures, counted=rows.drop("unit"), waiting=waiting)
    look = look_at(
        kept,
        arrived,
        sizes,
        planned=due[-1],
        lower_is_better=lower_is_better,
        shuffled=shuffled,
        made=(seen, looks),
    )
    beyond = [_beyond(len(there), due[-1])] if len(there) > due[-1] else []
    return replace(look, cautions=(*look.cautions, *lacking, *beyond))


def _in_units(rows: pl.DataFrame, sizes: Sizes, *, strata: bool) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Return the finished rows with the unit that each belongs to, in the order in which units are complete,
    and the others.
    """
    known = sizes.known(rows)
    if known is not None and strata:
        with_sizes(rows, known)
    if known is None or strata:
        return rows.with_row_index("unit"), rows.clear()
    placed = rows.with_row_index("place")
    done = complete(placed, known).with_columns(unit=pl.col("place").max().over("cluster"))
    done = done.sort("unit", "place").select(*rows.columns, pl.col("unit").rank("dense") - 1)
    return done, rows.join(done.select("item"), on="item", how="anti", maintain_order="left")


def _made(due: tuple[int, ...], rows: pl.DataFrame) -> list[tuple[int, int]]:
    """Return the number of each look that can be made, and on how many items: of looks on the same items the
    last.
    """
    ends = (
        rows.group_by("unit", maintain_order=True).len()["len"].cum_sum().to_numpy()
        if len(rows)
        else np.zeros(0)
    )
    places = np.searchsorted(ends, due)
    reached = {int(ends[place]): k + 1 for k, place in enumerate(places) if place < len(ends)}
    return [(number, count) for count, number in reached.items()]


def _schedule(due: tuple[int, ...], made: list[tuple[int, int]], spending: Spending) -> Schedule:
    """Return the schedule of looks made on so many items, as far as these; what comes after is no matter to
    them.
    """
    shares = [count / due[-1] if number < len(due) else 1.0 for number, count in made]
    return Schedule((*shares, *([] if shares and shares[-1] == 1 else [1.0])), spending)


def _told(
    due: tuple[int, ...], made: list[tuple[int, int]], spending: Spending, level: float
) -> tuple[PlannedLook, ...]:
    """Return every look with its boundary: as it was made, else as it is due."""
    last = made[-1] if made else (0, 0)
    to_come = [(k, count) for k, count in enumerate(due, 1) if k > last[0] and count > last[1]]
    every = [*made, *to_come]
    boundary = _schedule(due, every, spending).boundary(level)
    return tuple(
        PlannedLook(number=number, items=count, z=float(z), nominal=float(nominal), spent=float(spent))
        for (number, count), z, nominal, spent in zip(
            every, boundary.z, boundary.nominal, boundary.spent, strict=True
        )
    )


def _judged(
    tally: Tally,
    rows: pl.DataFrame,
    schedule: Schedule,
    look: int,
    shares: pl.DataFrame | None,
    *,
    lower_is_better: bool,
) -> AlwaysValid:
    """Return what a look shows: its repeated interval, and the least error with which it stops. `shares`: of
    clusters that are strata.
    """
    goal = tally.goal
    scored = rows.filter(tally.has_scores())
    tally.refuse_out_of_bounds(scored)
    if not len(scored) or (shares is not None and unseen(scored, shares)):
        return nothing(goal.level)
    level = schedule.level_at(look, goal.level)
    if shares is None:
        estimate, p_value = _tested(goal, scored, level, lower_is_better=lower_is_better)
    else:
        estimate, p_value = stratified(goal, scored, shares, level, lower_is_better=lower_is_better)
    return AlwaysValid(
        value=estimate.value,
        low=estimate.interval.low,
        high=estimate.interval.high,
        level=goal.level,
        p_value=schedule.overall_p(look, p_value, goal.level),
        n_units=estimate.n_items if estimate.method.same_clusters else estimate.n_clusters,
        method=(
            f"{estimate.method.name}{', same clusters' if estimate.method.same_clusters else ''}, planned "
            "looks"
        ),
    )


def _tested(goal: Goal, rows: pl.DataFrame, level: float, *, lower_is_better: bool) -> tuple[Estimate, float]:
    """Return the estimate at a level, and the two-sided p-value of what is asked."""
    codes = () if rows["cluster"].null_count() else (rows["unit"].to_numpy().astype(np.int64),)
    shared: dict[str, Any] = {
        "clusters": codes,
        "weights": rows["weight"].to_numpy(),
        "bounded": goal.bounds is not None,
    }
    a = rows["a"].to_numpy()
    if goal.b is None:
        return _floor(a, goal.at_least or 0.0, level, shared)
    b = rows["b"].to_numpy()
    found = difference(a, b, level=level, margin=None, lower_is_better=lower_is_better, **shared)
    if goal.margin is None or math.isnan(found.p_value):
        return found.estimate, found.p_value
    sided = difference(
        a, b, level=level, margin=goal.margin, lower_is_better=lower_is_better, **shared
    ).equivalence
    assert sided is not None
    return found.estimate, min(2 * min(sided.p_noninferior, sided.p_inferior), 1.0)


def _floor(x: Floats, floor: float, level: float, shared: dict[str, Any]) -> tuple[Estimate, float]:
    """Return the estimate of one model, and the p-value of its score being the floor: the level that just
    leaves it out.
    """
    found = mean(x, level=level, **shared)

    def ends(at: float) -> tuple[float, float]:
        """Return the limits of the mean at a level."""
        interval = mean(x, level=at, **shared).interval
        return interval.low, interval.high

    return found, limited_p(ends, floor)


def _beyond(finished: int, last: int) -> Caution:
    return Caution(
        code="beyond_last_look",
        message=(
            f"{finished:,} items are finished, and the last look was due at {last:,}; the others aren't used"
        ),
        remedy=(
            "Plan the last look at all items; `howsure compare` is on all of them, as a second chance to "
            "be wrong."
        ),
    )
