"""What a spread promises.

For each number of attempts the questions, the smallest difference or the power; planned looks, and what a
gate will say of equal systems.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.plan import CurvePoint, EqualSystems, Forecast, ForecastLook, LooksPlan, Option, Way
from howsure.errors import OptionError
from howsure.statistics import betting_power
from howsure.statistics import power as powers
from howsure.statistics.gate_shares import equal_shares, items_that_tell
from howsure.statistics.group_sequential import Schedule

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.answers.plan import Sought
    from howsure.inference.plan_pilot import Costs
    from howsure.statistics.choices import Goal, PlanMethod, Spending
    from howsure.statistics.power import Doubt, Planned, Test

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
    known: KnownSpread, question: PlanQuestion, comparisons: int, option: Option, *, percent: bool
) -> LooksPlan | None:
    """Return the looks of the chosen option; None where none are planned, or no number of items is enough."""
    test, n, effect = question.corrected(comparisons), option.items.value, option.effect.value
    if test.looks is None or not (math.isfinite(n) and math.isfinite(effect)):
        return None
    spread, doubt = known.spread, known.doubt_at(option.attempts)
    at: dict[str, float] = {"effect": question.ahead(effect), "attempts": option.attempts}
    chances = _stopped(test, known, n, **at)
    none = test.looks.boundary(test.two_sided_level).stops(0.0)
    if_none = none[0] + (none[1] if test.goal == "different" else 0.0)
    step = spread.step
    counts = [min(math.ceil(n * share / step - 1e-9) * step, n) for share in test.looks.shares]
    planned_looks = _rows(test, [math.ceil(count) for count in counts], chances)
    ways = [_at_looks(counts, chances, if_none[:, 0].tolist())]
    ways.insert(0, _once(test, known, question, n, **at))
    if percent and question.method != "z":
        most = n
        if question.sought == "items":
            most = betting_power.items_followed(
                test, spread, **at, once=ways[0].most, target=question.power, doubt=doubt
            )
        ways.append(_betting(test, known, most, **at))
    enough = max(way.power for way in ways) - AS_GOOD
    good = [way for way in ways if way.power >= enough and math.isfinite(way.expected)]
    return LooksPlan(
        spending=test.looks.spending,
        cheapest=min(good, key=lambda way: way.expected).name,
        looks=planned_looks,
        ways=tuple(ways),
    )


def _stopped(test: Test, known: KnownSpread, n: float, *, effect: float, attempts: float) -> list[float]:
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


def _once(
    test: Test, known: KnownSpread, question: PlanQuestion, n: float, *, effect: float, attempts: float
) -> Way:
    """Return what a test made once takes: as many items as its power needs, or those that there are."""
    doubt = known.doubt_at(attempts)
    if question.sought == "items":
        n = powers.items_needed(test.once, known.spread, effect, attempts, question.power, doubt=doubt)
    chance = powers.power(test.once, known.spread, effect, n, attempts, doubt=doubt)
    return Way(name="once", most=n, power=chance, expected=n, expected_if_none=n)


def _betting(test: Test, known: KnownSpread, most: float, **about: Any) -> Way:
    if math.isinf(most):
        return Way(name="betting", most=most, power=math.nan, expected=most, expected_if_none=most)
    doubt = known.doubt_at(about["attempts"])
    found = betting_power.followed(test, known.spread, n=most, doubt=doubt, **about)
    none = 0.0 if test.goal == "different" else -test.margin
    idle = betting_power.followed(test, known.spread, n=most, doubt=doubt, **{**about, "effect": none})
    return Way(
        name="betting", most=most, power=found.power, expected=found.items, expected_if_none=idle.items
    )


ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 10.0, math.inf)
CURVE = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """What is to be planned: two of effect, items and power, and the test. `effect`: a − b, whichever is
    better.

    `looks`: when the test is made; None makes it once, with all items.
    """

    sought: Sought
    goal: Goal
    method: PlanMethod
    effect: float
    items: float
    power: float
    margin: float
    level: float
    paired: bool
    lower_is_better: bool = False
    looks: Schedule | None = None

    def ahead(self, effect: float) -> float:
        """Return by how much a is better where a − b is `effect`."""
        return -effect if self.lower_is_better else effect

    def corrected(self, comparisons: int) -> Test:
        """Return the test at the level that is left to one of so many comparisons."""
        level = 1 - (1 - self.level) / comparisons
        return powers.Test(
            goal=self.goal, method=self.method, level=level, margin=self.margin, looks=self.looks
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownSpread:
    """A spread, and how far off it could be for each number of attempts; `only_once`: nothing is known of
    more attempts.

    `doubts`: by how many times it may be larger, and how likely that is.
    """

    spread: Planned
    only_once: bool = False
    limits: Mapping[float, tuple[float, float]] = field(default_factory=dict)
    doubts: Mapping[float, Doubt] = field(default_factory=dict)

    def doubt_at(self, attempts: float) -> Doubt:
        """Return by how many times the spread may be larger; surely 1 where nothing tells."""
        return self.doubts.get(attempts, powers.SURE)

    def limits_at(self, attempts: float) -> tuple[float, float]:
        """Return by how many times the spread could be smaller and larger; NaN where nothing tells."""
        return self.limits.get(attempts, (math.nan, math.nan))


def options_of(
    known: KnownSpread,
    question: PlanQuestion,
    comparisons: int,
    attempts: int | None,
    costs: Costs | None,
    *,
    usual: float,
) -> tuple[tuple[Option, ...], int]:
    """Return one option a number of attempts, and which of them the verdict is about."""
    if known.only_once and attempts not in (None, 1):
        raise OptionError(
            f"nothing tells what {attempts} attempts would bring: one attempt a question was seen or assumed",
            remedy="Run the pilot with two attempts or more, or assume variances of questions and answers.",
        )
    priced = costs.candidates(known.spread) if costs is not None and question.sought == "items" else []
    asked_for = {float(attempts)} if attempts else {usual}
    idle = known.spread.per_item(1e6, 1.0) == known.spread.per_item(1e6, math.inf)
    counts = {1.0} if known.only_once else asked_for if idle else {*ATTEMPTS, usual, *priced, *asked_for}
    if not known.spread.per_item(1e6, math.inf) > 0:  # endless attempts leave no spread: nothing to plan with
        counts = counts - {math.inf}
    test = question.corrected(comparisons)
    lines = tuple(option(known, question, test, k, costs) for k in sorted(counts))
    if attempts is None and priced:
        totals = [line.cost if math.isfinite(line.cost) else math.inf for line in lines]
        if min(totals) < math.inf:
            return lines, totals.index(min(totals))
    wanted = float(attempts or (1.0 if known.only_once else usual))
    return lines, [line.attempts for line in lines].index(wanted)


def option(
    known: KnownSpread, question: PlanQuestion, test: Test, attempts: float, costs: Costs | None
) -> Option:
    """Work out one number of attempts."""
    low, high = (known.spread.times(factor) for factor in known.limits_at(attempts))
    truth = question.ahead(question.effect)

    def forecast(sought: str, seek: Callable[[Planned, Doubt], float], kept: float) -> Forecast:
        """Return what is sought, and between which numbers it lies as far as the pilot tells; `kept` where
        something else is sought.
        """
        if question.sought != sought:
            return Forecast(value=kept)
        value = seek(known.spread, known.doubt_at(attempts))
        if math.isnan(known.limits_at(attempts)[0]):
            return Forecast(value=value)
        ends = (value, seek(low, powers.SURE), seek(high, powers.SURE))
        return Forecast(value=value, low=min(ends), high=max(ends))

    items = forecast(
        "items",
        lambda s, d: powers.items_needed(test, s, truth, attempts, question.power, doubt=d),
        question.items,
    )
    n = items.value if math.isfinite(items.value) else float(powers.MOST_ITEMS)
    effect = forecast(
        "effect",
        lambda s, d: powers.smallest_effect(test, s, n, attempts, question.power, doubt=d),
        question.effect,
    )
    chance = forecast(
        "power", lambda s, d: powers.power(test, s, truth, n, attempts, doubt=d), question.power
    )
    per_item = known.spread.per_item(n, attempts)
    cost = math.nan if costs is None or math.isinf(attempts) else costs.of(items.value, attempts)
    return Option(
        attempts=attempts,
        items=items,
        effect=effect,
        power=chance,
        clusters=known.spread.clusters_in(items.value),
        se=powers.standard_error(known.spread, n, attempts),
        formula=powers.formula(test, per_item, question.ahead(effect.value), chance.value),
        cost=cost,
    )


def curve_of(
    known: KnownSpread, question: PlanQuestion, comparisons: int, lines: Sequence[Option], chosen: int
) -> tuple[CurvePoint, ...]:
    """Return the power around the chosen option: over the number of items, or over the true difference."""
    test, best = question.corrected(comparisons), lines[chosen]
    n, effect = best.items.value, best.effect.value
    if not (math.isfinite(n) and math.isfinite(effect)):
        return ()
    steps = np.geomspace(1 / 4, 4, CURVE) if question.sought != "effect" else np.linspace(0, 2, CURVE)
    places = [
        (n, effect * x) if question.sought == "effect" else (max(round(n * x), 2), effect)
        for x in steps.tolist()
    ]
    return tuple(
        CurvePoint(
            attempts=line.attempts,
            items=n,
            effect=size,
            power=powers.power(
                test,
                known.spread,
                question.ahead(size),
                n,
                line.attempts,
                doubt=known.doubt_at(line.attempts),
            ),
        )
        for line in lines
        for n, size in places
    )


def equal_systems(
    question: PlanQuestion,
    known: KnownSpread,
    option: Option,
    *,
    percent: bool,
    usual: float = math.nan,
    **names: str,
) -> EqualSystems | None:
    """Return what a gate says of two equal systems whose difference has this spread; None without a margin.

    `usual`: the pilot's questions, where none are given; `names`: of task, metric and models.
    """
    items = next((n for n in (question.items, usual, option.items.value) if math.isfinite(n)), math.inf)
    if question.goal == "different" or math.isinf(items):
        return None
    attempts = option.attempts
    method: PlanMethod = "score" if percent and question.method != "t" else "t"
    test = powers.Test(goal=question.goal, method=method, level=question.level, margin=question.margin)
    shares = equal_shares(test, known.spread, items, attempts)

    def needed(factor: float) -> float:
        """Return how many items tell, were the spread so many times as large."""
        return items_that_tell(test, known.spread.times(factor), attempts)

    low, high = known.limits_at(attempts)
    value = needed(1.0)
    ends = [math.nan] if math.isnan(low) else [value, needed(low), needed(high)]
    return EqualSystems(
        **names,
        criterion="not_worse_than" if question.goal == "not-worse" else "same_within",
        margin=question.margin,
        pairing="assumed" if math.isnan(usual) else "pair",
        items=items,
        attempts=attempts,
        passed=shares.passed,
        unclear=shares.unclear,
        failed=shares.failed,
        items_that_tell=value,
        items_that_tell_low=min(ends),
        items_that_tell_high=max(ends),
        percent=percent,
    )
