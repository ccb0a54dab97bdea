"""Planned looks of a plan, and what else decides a run: once at the end, or betting at any time; which of
them is cheapest.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from howsure.answers.plan import ForecastLook, LooksPlan, Way
from howsure.statistics import betting_power
from howsure.statistics import power as powers
from howsure.statistics.group_sequential import Schedule

if TYPE_CHECKING:
    from howsure.answers.plan import Option
    from howsure.inference.planning.prospects import Asked, Known
    from howsure.statistics.choices import Spending
    from howsure.statistics.power import Test

AS_GOOD = 0.02
"""By so much less power a way is as good as another: less than a simulation tells."""


def schedule_of(looks: int | tuple[int, ...] | None, spending: Spending) -> Schedule | None:
    """Return the shares of the items at which looks are due: even ones, or in the proportion that is
    given.
    """
    if looks is None:
        return None
    counts = tuple(range(1, looks + 1)) if isinstance(looks, int) else looks
    return Schedule(tuple(count / counts[-1] for count in counts), spending)


def looks_of(
    known: Known, asked: Asked, comparisons: int, option: Option, *, percent: bool
) -> LooksPlan | None:
    """Return the looks of the chosen option; None where none are planned, or no number of items is enough."""
    test, n, effect = asked.corrected(comparisons), option.items.value, option.effect.value
    if test.looks is None or not (math.isfinite(n) and math.isfinite(effect)):
        return None
    spread, doubt = known.spread, known.doubt_at(option.attempts)
    about: dict[str, float] = {"effect": asked.ahead(effect), "attempts": option.attempts}
    chances = _stopped(test, known, n, **about)
    none = test.looks.boundary(test.two_sided_level).stops(0.0)
    if_none = none[0] + (none[1] if test.goal == "different" else 0.0)
    step = spread.step
    counts = [min(math.ceil(n * share / step - 1e-9) * step, n) for share in test.looks.shares]
    found = _rows(test, [math.ceil(count) for count in counts], chances)
    ways = [_at_looks(counts, chances, if_none[:, 0].tolist())]
    ways.insert(0, _once(test, known, asked, n, **about))
    if percent and asked.method != "z":
        most = n
        if asked.sought == "items":
            most = betting_power.items_followed(
                test, spread, **about, once=ways[0].most, target=asked.power, doubt=doubt
            )
        ways.append(_betting(test, known, most, **about))
    enough = max(way.power for way in ways) - AS_GOOD
    good = [way for way in ways if way.power >= enough and math.isfinite(way.expected)]
    return LooksPlan(
        spending=test.looks.spending,
        cheapest=min(good, key=lambda way: way.expected).name,
        looks=found,
        ways=tuple(ways),
    )


def _stopped(test: Test, known: Known, n: float, *, effect: float, attempts: float) -> list[float]:
    """Return the chance of each look to stop, over what is open about the spread."""
    assert test.looks is not None
    total = [0.0] * len(test.looks.shares)
    for factor, share in known.doubt_at(attempts):
        once = powers.power(test.once, known.spread.times(factor), effect, n, attempts)
        chances = powers.stops(test, test.looks, once)
        total = [before + share * float(chance) for before, chance in zip(total, chances, strict=True)]
    return total


def _rows(test: Test, counts: list[int], chances: list[float]) -> tuple[ForecastLook, ...]:
    assert test.looks is not None
    boundary = test.looks.boundary(test.two_sided_level)
    return tuple(
        ForecastLook(
            number=k + 1,
            items=count,
            z=float(boundary.z[k]),
            nominal=float(boundary.nominal[k]) / test.sides,
            spent=float(boundary.spent[k]) / test.sides,
            stopped=sum(chances[: k + 1]),
        )
        for k, count in enumerate(counts)
    )


def _at_looks(counts: list[float], chances: list[float], if_none: list[float]) -> Way:
    def expected(stops: list[float]) -> float:
        """Return how many items are asked on average, with these chances of stopping at each look."""
        return counts[-1] - sum((counts[-1] - n) * chance for n, chance in zip(counts, stops, strict=True))

    return Way(
        name="looks",
        most=counts[-1],
        power=sum(chances),
        expected=expected(chances),
        expected_if_none=expected(if_none),
    )


def _once(test: Test, known: Known, asked: Asked, n: float, *, effect: float, attempts: float) -> Way:
    """Return what a test made once takes: as many items as its power needs, or those that there are."""
    doubt = known.doubt_at(attempts)
    if asked.sought == "items":
        n = powers.items_needed(test.once, known.spread, effect, attempts, asked.power, doubt=doubt)
    chance = powers.power(test.once, known.spread, effect, n, attempts, doubt=doubt)
    return Way(name="once", most=n, power=chance, expected=n, expected_if_none=n)


def _betting(test: Test, known: Known, most: float, **about: Any) -> Way:
    if math.isinf(most):
        return Way(name="betting", most=most, power=math.nan, expected=most, expected_if_none=most)
    doubt = known.doubt_at(about["attempts"])
    found = betting_power.followed(test, known.spread, n=most, doubt=doubt, **about)
    none = 0.0 if test.goal == "different" else -test.margin
    idle = betting_power.followed(test, known.spread, n=most, doubt=doubt, **{**about, "effect": none})
    return Way(
        name="betting", most=most, power=found.power, expected=found.items, expected_if_none=idle.items
    )
