"""What a spread promises: for each number of attempts the questions, the smallest difference, or the
power.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.plan import CurvePoint, Forecast, Option
from howsure.errors import OptionError
from howsure.statistics import power as powers
from howsure.study.design import Design

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.answers.plan import Sought
    from howsure.inference.planning.assumptions import Costs
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.group_sequential import Schedule
    from howsure.statistics.power import Doubt, Planned, Test

ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 10.0, math.inf)
CURVE = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
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
class Known:
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
    known: Known, asked: Asked, comparisons: int, attempts: int | None, costs: Costs | None, *, usual: float
) -> tuple[tuple[Option, ...], int]:
    """Return one option a number of attempts, and which of them the verdict is about."""
    if known.only_once and attempts not in (None, 1):
        raise OptionError(
            f"nothing tells what {attempts} attempts would bring: one attempt a question was seen or assumed",
            remedy="Run the pilot with two attempts or more, or assume variances of questions and answers.",
        )
    priced = costs.candidates(known.spread) if costs is not None and asked.sought == "items" else []
    asked_for = {float(attempts)} if attempts else {usual}
    idle = known.spread.per_item(1e6, 1.0) == known.spread.per_item(1e6, math.inf)
    counts = {1.0} if known.only_once else asked_for if idle else {*ATTEMPTS, usual, *priced, *asked_for}
    if not known.spread.per_item(1e6, math.inf) > 0:  # endless attempts leave no spread: nothing to plan with
        counts = counts - {math.inf}
    test = asked.corrected(comparisons)
    lines = tuple(option(known, asked, test, k, costs) for k in sorted(counts))
    if attempts is None and priced:
        totals = [line.cost if math.isfinite(line.cost) else math.inf for line in lines]
        if min(totals) < math.inf:
            return lines, totals.index(min(totals))
    wanted = float(attempts or (1.0 if known.only_once else usual))
    return lines, [line.attempts for line in lines].index(wanted)


def option(known: Known, asked: Asked, test: Test, attempts: float, costs: Costs | None) -> Option:
    """Work out one number of attempts."""
    low, high = (known.spread.times(factor) for factor in known.limits_at(attempts))
    truth = asked.ahead(asked.effect)

    def forecast(sought: str, seek: Callable[[Planned, Doubt], float], kept: float) -> Forecast:
        """Return what is sought, and between which numbers it lies as far as the pilot tells; `kept` where
        something else is sought.
        """
        if asked.sought != sought:
            return Forecast(value=kept)
        value = seek(known.spread, known.doubt_at(attempts))
        if math.isnan(known.limits_at(attempts)[0]):
            return Forecast(value=value)
        ends = (value, seek(low, powers.SURE), seek(high, powers.SURE))
        return Forecast(value=value, low=min(ends), high=max(ends))

    items = forecast(
        "items", lambda s, d: powers.items_needed(test, s, truth, attempts, asked.power, doubt=d), asked.items
    )
    n = items.value if math.isfinite(items.value) else float(powers.MOST_ITEMS)
    effect = forecast(
        "effect",
        lambda s, d: powers.smallest_effect(test, s, n, attempts, asked.power, doubt=d),
        asked.effect,
    )
    chance = forecast("power", lambda s, d: powers.power(test, s, truth, n, attempts, doubt=d), asked.power)
    per_item = known.spread.per_item(n, attempts)
    cost = math.nan if costs is None or math.isinf(attempts) else costs.of(items.value, attempts)
    return Option(
        attempts=attempts,
        items=items,
        effect=effect,
        power=chance,
        clusters=known.spread.clusters_in(items.value),
        se=powers.standard_error(known.spread, n, attempts),
        formula=powers.formula(test, per_item, asked.ahead(effect.value), chance.value),
        cost=cost,
    )


def curve_of(
    known: Known, asked: Asked, comparisons: int, lines: Sequence[Option], chosen: int
) -> tuple[CurvePoint, ...]:
    """Return the power around the chosen option: over the number of items, or over the true difference."""
    test, best = asked.corrected(comparisons), lines[chosen]
    n, effect = best.items.value, best.effect.value
    if not (math.isfinite(n) and math.isfinite(effect)):
        return ()
    steps = np.geomspace(1 / 4, 4, CURVE) if asked.sought != "effect" else np.linspace(0, 2, CURVE)
    places = [
        (n, effect * x) if asked.sought == "effect" else (max(round(n * x), 2), effect)
        for x in steps.tolist()
    ]
    return tuple(
        CurvePoint(
            attempts=line.attempts,
            items=n,
            effect=size,
            power=powers.power(
                test, known.spread, asked.ahead(size), n, line.attempts, doubt=known.doubt_at(line.attempts)
            ),
        )
        for line in lines
        for n, size in places
    )


def refuse_pilot_options(design: Design, **asked: object) -> None:
    """Raise OptionError where an option is about a pilot and there is none."""
    usual = Design()
    names = [name for name, value in asked.items() if value]
    names += [each.name for each in fields(Design) if getattr(design, each.name) != getattr(usual, each.name)]
    if names:
        raise OptionError(f"{names[0]} needs a pilot", remedy="Give results as `pilot`.")
