"""Plans from a spread: for each number of attempts the questions, the smallest difference or the power. Also
planned looks, and a gate's verdicts for equal systems.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.plan import (
    CurvePoint,
    EqualSystems,
    Forecast,
    ForecastLook,
    LooksPlan,
    PlannedDesign,
    PlanOption,
)
from howsure.statistics import betting_power
from howsure.statistics import power as powers
from howsure.statistics.gate_shares import equal_shares, items_that_tell

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.answers.plan import Sought
    from howsure.inference.plan_pilot import Costs, KnownSpread
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.group_sequential import Schedule
    from howsure.statistics.power import Doubt, Planned, Test

AS_GOOD = 0.02
"""A design counts as equally good if its power is lower by at most this, which simulation can't resolve."""
CURVE = 33


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanQuestion:
    """The planning question: two of effect, items and power, the test, and the setup of the evaluation.

    Attributes:
        sought: Which of the three is computed.
        goal: The goal of the test.
        method: The test, None until the scores determine the one of `compare`.
        effect: a − b, for either sign.
        items: Questions, NaN if they are computed.
        power: The chance to reach the goal.
        margin: The margin of a goal that has one.
        level: The confidence level of all comparisons together.
        comparisons: How many comparisons share it.
        pairs: Pairs of models that are compared on each task.
        paired: Whether both models answer the same questions.
        lower_is_better: Whether a positive b − a means that a is better.
        looks: When the test is made. None makes it once, with all items.
        attempts: Attempts at each question. None chooses.
        levels: Levels of each random factor, none to compute them.
        clusters: The number of clusters, if fixed.
        costs: The costs of questions and attempts.
        seed: The seed of a simulation, None for none.
    """

    sought: Sought
    goal: Goal
    method: PlanMethod | None
    effect: float
    items: float
    power: float
    margin: float
    level: float
    comparisons: int = 1
    pairs: int = 1
    paired: bool = True
    lower_is_better: bool = False
    looks: Schedule | None = None
    attempts: int | None = None
    levels: tuple[int, ...] = ()
    clusters: int | None = None
    costs: Costs | None = None
    seed: int | None = None

    def ahead(self, effect: float) -> float:
        """Return how much better a is if a − b is `effect`."""
        return -effect if self.lower_is_better else effect

    @property
    def usual_method(self) -> PlanMethod:
        """The method, or the one for scores in [0, 1]."""
        return self.method or ("score" if self.paired else "t")

    @property
    def test(self) -> Test:
        """The test at the level for one of the comparisons."""
        level = 1 - (1 - self.level) / self.comparisons
        return powers.Test(
            goal=self.goal, method=self.usual_method, level=level, margin=self.margin, looks=self.looks
        )


def options_of(known: KnownSpread, question: PlanQuestion) -> tuple[tuple[PlanOption, ...], int]:
    """Return one option per number of attempts, and which of them the verdict is about."""
    attempts, costs = question.attempts, question.costs
    priced = costs.candidates(known.spread) if costs is not None and question.sought == "items" else []
    counts, wanted = known.counts(attempts, priced), known.attempts(attempts)
    if not known.only_once and known.spread.per_item(1e6, 1.0) == known.spread.per_item(1e6, math.inf):
        counts = [wanted]  # more attempts bring nothing
    lines = tuple(option(known, question, k) for k in counts)
    if attempts is None and priced:
        totals = [line.cost if math.isfinite(line.cost) else math.inf for line in lines]
        if min(totals) < math.inf:
            return lines, totals.index(min(totals))
    return lines, counts.index(wanted)


def option(known: KnownSpread, question: PlanQuestion, attempts: float) -> PlanOption:
    """Compute the option for one number of attempts."""
    test, truth, costs = question.test, question.ahead(question.effect), question.costs

    def sought(what: str, seek: Callable[[Planned, Doubt], float], value: float) -> Forecast:
        """Return a forecast of the unknown quantity, and the values of the given ones."""
        return known.forecast(attempts, seek) if question.sought == what else Forecast(value=value)

    items = sought(
        "items",
        lambda spread, doubt: powers.items_needed(test, spread, truth, attempts, question.power, doubt=doubt),
        question.items,
    )
    n = items.value if math.isfinite(items.value) else float(powers.MOST_ITEMS)
    effect = sought(
        "effect",
        lambda spread, doubt: powers.smallest_effect(test, spread, n, attempts, question.power, doubt=doubt),
        question.effect,
    )
    chance = sought(
        "power",
        lambda spread, doubt: powers.power(test, spread, truth, n, attempts, doubt=doubt),
        question.power,
    )
    per_item = known.spread.per_item(n, attempts)
    return PlanOption(
        attempts=attempts,
        items=items,
        effect=effect,
        power=chance,
        clusters=known.spread.clusters_in(items.value),
        se=powers.standard_error(known.spread, n, attempts),
        items_by_formula=powers.formula(test, per_item, question.ahead(effect.value), chance.value),
        cost=math.nan if costs is None or math.isinf(attempts) else costs.of(items.value, attempts),
    )


def curve_of(
    known: KnownSpread, question: PlanQuestion, lines: Sequence[PlanOption], chosen: int
) -> tuple[CurvePoint, ...]:
    """Return the power around the chosen option: over the number of items, or over the true difference."""
    n, effect = lines[chosen].items.value, lines[chosen].effect.value
    if not (math.isfinite(n) and math.isfinite(effect)):
        return ()
    if question.sought == "effect":
        places = [(n, effect * x) for x in np.linspace(0, 2, CURVE).tolist()]
    else:
        places = [(max(round(n * x), 2), effect) for x in np.geomspace(1 / 4, 4, CURVE).tolist()]
    points = []
    for line in lines:
        k, doubt = line.attempts, known.doubt(line.attempts)
        for items, size in places:
            ahead = question.ahead(size)
            power = powers.power(question.test, known.spread, ahead, items, k, doubt=doubt)
            points.append(CurvePoint(attempts=k, items=items, effect=size, power=power))
    return tuple(points)


def equal_systems(
    question: PlanQuestion,
    known: KnownSpread,
    option: PlanOption,
    *,
    percent: bool,
    usual: float = math.nan,
    **names: str,
) -> EqualSystems | None:
    """Return a gate's verdicts for two equal systems whose difference has this spread, None without a margin.

    `usual`: the pilot's questions, if none are given. `names`: of task, metric and models.
    """
    items = next((n for n in (question.items, usual, option.items.value) if math.isfinite(n)), math.inf)
    if question.goal == "different" or math.isinf(items):
        return None
    attempts = option.attempts
    method: PlanMethod = "score" if percent and question.usual_method != "t" else "t"
    test = powers.Test(goal=question.goal, method=method, level=question.level, margin=question.margin)
    shares = equal_shares(test, known.spread, items, attempts)
    tell = known.forecast(attempts, lambda spread, _: items_that_tell(test, spread, attempts))
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
        items_for_80_percent_conclusive=tell.value,
        items_for_80_percent_conclusive_low=tell.low,
        items_for_80_percent_conclusive_high=tell.high,
        percent=percent,
    )


def looks_of(
    known: KnownSpread, question: PlanQuestion, option: PlanOption, *, percent: bool
) -> LooksPlan | None:
    """Return the looks of the chosen option, next to the other designs. None if none are planned, or if no
    number of items is enough.
    """
    test, n, effect = question.test, option.items.value, question.ahead(option.effect.value)
    if test.looks is None or not (math.isfinite(n) and math.isfinite(effect)):
        return None
    spread, attempts, doubt = known.spread, option.attempts, known.doubt(option.attempts)
    chances = np.zeros(len(test.looks.shares))
    for factor, share in doubt:
        once = powers.power(test.once, spread.times(factor), effect, n, attempts)
        chances += share * powers.stops(test, test.looks, once)
    steps = [math.ceil(n * share / spread.step - 1e-9) for share in test.looks.shares]
    counts = [min(step * spread.step, n) for step in steps]
    boundary = test.looks.boundary(test.two_sided_level)
    above, below = boundary.stops(0.0)
    if_none = (above + (below if test.goal == "different" else 0.0))[:, 0]

    # a single test takes as many items as its power needs, or the existing ones
    alone = n
    if question.sought == "items":
        alone = powers.items_needed(test.once, spread, effect, attempts, question.power, doubt=doubt)
    power = powers.power(test.once, spread, effect, alone, attempts, doubt=doubt)
    looks_take, none_takes = (
        counts[-1] - sum((counts[-1] - count) * chance for count, chance in zip(counts, stops, strict=True))
        for stops in (chances.tolist(), if_none.tolist())
    )
    ways = [
        PlannedDesign(
            name="once", max_items=alone, power=power, expected_items=alone, expected_items_if_equal=alone
        ),
        PlannedDesign(
            name="looks",
            max_items=counts[-1],
            power=sum(chances.tolist()),
            expected_items=looks_take,
            expected_items_if_equal=none_takes,
        ),
    ]
    if percent and question.usual_method != "z":
        most = n
        if question.sought == "items":
            at = {"attempts": attempts, "once": alone, "target": question.power}
            most = betting_power.items_followed(test, spread, effect, doubt=doubt, **at)
        ways.append(_betting(known, test, most, effect=effect, attempts=attempts))
    enough = max(way.power for way in ways) - AS_GOOD
    good = [way for way in ways if way.power >= enough and math.isfinite(way.expected_items)]
    return LooksPlan(
        spending=test.looks.spending,
        cheapest=min(good, key=lambda way: way.expected_items).name,
        looks=tuple(
            ForecastLook(
                number=k + 1,
                items=math.ceil(count),
                z=float(boundary.z[k]),
                nominal=float(boundary.nominal[k]) / test.sides,
                spent=float(boundary.spent[k]) / test.sides,
                stopped=sum(chances[: k + 1].tolist()),
            )
            for k, count in enumerate(counts)
        ),
        designs=tuple(ways),
    )


def _betting(known: KnownSpread, test: Test, most: float, *, effect: float, attempts: float) -> PlannedDesign:
    if math.isinf(most):
        return PlannedDesign(
            name="betting", max_items=most, power=math.nan, expected_items=most, expected_items_if_equal=most
        )
    none = 0.0 if test.goal == "different" else -test.margin
    run, idle = (
        betting_power.followed(test, known.spread, size, most, attempts=attempts, doubt=known.doubt(attempts))
        for size in (effect, none)
    )
    return PlannedDesign(
        name="betting",
        max_items=most,
        power=run.power,
        expected_items=run.items,
        expected_items_if_equal=idle.items,
    )
