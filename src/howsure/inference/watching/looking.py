"""A look: what the items that count so far show, and whether the run may be stopped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.answers.watch import Look
from howsure.errors import Caution
from howsure.inference.watching.arrivals import order_caution
from howsure.statistics.betting import ASYMPTOTIC, AlwaysValid
from howsure.statistics.results import Interval
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.answers.parts import Looks
    from howsure.inference.watching.arrivals import Arrivals
    from howsure.inference.watching.counting import Sizes, Tally


def look_at(
    tally: Tally,
    arrived: Arrivals | None,
    sizes: Sizes,
    *,
    planned: int | None,
    lower_is_better: bool,
    shuffled: bool | None,
    made: tuple[AlwaysValid, Looks] | None = None,
) -> Look:
    """Say what the items that count show; `arrived`: what the log tells, None where items are added one by
    one.

    `made`: what the last of planned looks showed, and all of them; None where any moment is one.
    """
    goal, sequence, n_items = tally.goal, tally.sequence, len(tally.scored)
    seen, looks = made or (sequence.look() if sequence is not None else nothing(goal.level), None)
    decided = goal.decided(seen)
    needed = math.nan
    if sequence is not None and not decided:
        needed = sequence.more_units(within=goal.within) * n_items / max(seen.n_units, 1)
    exhausted = (planned is not None and tally.n_seen >= planned) if looks is None else looks.last
    a, b = (goal.a, goal.b) if arrived is None else (arrived.a, arrived.b)
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
        better=_better(seen, a, b, lower_is_better=lower_is_better),
        kept=goal.kept(seen, lower_is_better=lower_is_better),
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
        notes=() if arrived is None else arrived.notes,
        cautions=tuple(
            _doubts(tally, arrived, seen, random=bool(shuffled or exhausted), lower_is_better=lower_is_better)
        ),
    )


def _better(seen: AlwaysValid, a: str, b: str | None, *, lower_is_better: bool) -> str | None:
    """Return the model that is really better; with a margin or a precision the interval tells it as well."""
    if b is None or seen.low <= 0 <= seen.high or math.isnan(seen.low):
        return None
    return a if (seen.low > 0) != lower_is_better else b


def _doubts(
    tally: Tally, arrived: Arrivals | None, seen: AlwaysValid, *, random: bool, lower_is_better: bool
) -> list[Caution]:
    """Return what is doubtful; `random`: the order of the items is, or plays no part any more."""
    found = [] if arrived is None else [*arrived.cautions, *_late(tally, arrived)]
    if tally.n_failed:
        found.append(_failed(tally, lower_is_better=lower_is_better))
    if seen.torn:
        found.append(TORN)
    if seen.n_units and not random:
        stated = None if arrived is None else arrived.shuffled
        found += order_caution(tally.counted["item"] if arrived is None else arrived.order, stated)
    if tally.goal.bounds is None and seen.method == ASYMPTOTIC:
        found.append(FEW_PROMISES)
    return found


def _failed(tally: Tally, *, lower_is_better: bool) -> Caution:
    zero = "Run them again." if lower_is_better else "`failures='zero'` counts a failure as 0."
    return Caution(
        code="items_failed",
        message=f"{tally.n_failed:,} of {plural(tally.n_seen, 'item')} failed without a score, not counted",
        remedy=f"Where a model fails because it would be wrong, this favours it. {zero}",
    )


def _late(tally: Tally, arrived: Arrivals) -> list[Caution]:
    changed = tally.changed(arrived.ready)
    if not len(changed):
        return []
    return [
        Caution(
            code="scores_changed",
            message=f"{plural(len(changed), 'item')} that had counted changed since, first {changed[0]!r}; the "
            "scores of the first look are kept",
            remedy=(
                "Where attempts came late, name how many are planned (`attempts`); after another scoring "
                "start anew."
            ),
        )
    ]


def nothing(level: float) -> AlwaysValid:
    """Return what a run shows before anything counts."""
    return AlwaysValid(
        value=math.nan,
        low=math.nan,
        high=math.nan,
        level=level,
        p_value=math.nan,
        n_units=0,
        method="none yet",
    )


TORN = Caution(
    code="looks_contradict",
    message="the intervals of the looks have nothing in common; that happens in few runs of random order, and "
    "easily where items come sorted",
    remedy="Look at the order of the items; compare at the end with `howsure compare`.",
)
FEW_PROMISES = Caution(
    code="asymptotic",
    message=(
        "the scores have no bounds, so the interval is right for many items only, and promises nothing "
        "for few"
    ),
    remedy="Name bounds that no score can pass (`bounds=(0, 100)`), where there are any.",
)
