"""What a gate will say of two equal systems: as unlike as two runs of one model, or as a pair of models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.equal import EqualSystems
from howsure.errors import DataError
from howsure.inference.planning.pilots import median_pilot
from howsure.statistics.answer_noise import answers
from howsure.statistics.clustered_variance import equal_sizes, sizes_of
from howsure.statistics.gate_shares import equal_shares, items_that_tell
from howsure.statistics.power import Spread, Test

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from howsure.answers.equal import MarginCriterion
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.power import Planned
    from howsure.study.matrix import ScoreMatrix

GOALS: dict[MarginCriterion, Goal] = {"not_worse_than": "not-worse", "same_within": "same"}
NO_LIMITS = (math.nan, math.nan)
UNBIASED = 4
"""Attempts from which on the square of an item's answer variance can be told without bias."""
MOST_NOISE = 0.25
"""No right-or-wrong answer varies more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedOfEquals:
    """One criterion of a gate with a margin, how sure it has to be, and the comparison's test."""

    criterion: MarginCriterion
    margin: float
    level: float
    method: PlanMethod

    @property
    def test(self) -> Test:
        """The test that the criterion is."""
        return Test(goal=GOALS[self.criterion], method=self.method, level=self.level, margin=self.margin)


@dataclass(frozen=True, slots=True, kw_only=True)
class GateSize:
    """The gate's questions and attempts."""

    items: float
    attempts: float


def equals(
    asked: AskedOfEquals,
    spread: Planned,
    size: GateSize,
    limits: tuple[float, float] = NO_LIMITS,
    **about: Any,
) -> EqualSystems:
    """Return what the gate says of equal systems whose difference has this spread; `limits`: of the spread,
    as shares of it.
    """
    test = asked.test
    found = equal_shares(test, spread, size.items, size.attempts)

    def needed(factor: float) -> float:
        """Return how many items tell, were the spread so many times as large."""
        return items_that_tell(test, spread.times(factor), size.attempts)

    value = needed(1.0)
    ends = [math.nan, math.nan] if math.isnan(limits[0]) else [value, *(needed(factor) for factor in limits)]
    return EqualSystems(
        criterion=asked.criterion,
        margin=asked.margin,
        items=size.items,
        attempts=size.attempts,
        passed=found.passed,
        unclear=found.unclear,
        failed=found.failed,
        items_that_tell=value,
        items_that_tell_low=min(ends),
        items_that_tell_high=max(ends),
        **about,
    )


def of_matrix(matrix: ScoreMatrix, asked: Sequence[AskedOfEquals]) -> list[EqualSystems]:
    """Return what a gate on all of a task says: of every model beside itself, where attempts tell its noise,
    and of the median pair.
    """
    about: dict[str, Any] = {"task": matrix.task, "metric": matrix.metric, "percent": matrix.bounded}
    found = [
        equals(each, known[0], known[1], **about, pairing="itself", a=model)
        for model in matrix.models
        if (known := _rerun(matrix, model)) is not None
        for each in asked
    ]
    return [*found, *_of_pair(matrix, asked, about)]


def _of_pair(
    matrix: ScoreMatrix, asked: Sequence[AskedOfEquals], about: dict[str, Any]
) -> list[EqualSystems]:
    """Return the same of two equal systems that differ as the median pair does; nothing where there is no
    pair with a spread.
    """
    try:
        pilot = median_pilot(matrix)
    except DataError:
        return []
    usual = float(max(round(pilot.basis.attempts), 1)) if pilot.measured else 1.0
    a, b = pilot.both.models
    size = GateSize(items=float(len(pilot.both.items)), attempts=usual)
    (limits,) = pilot.limits([usual], asked[0].level)
    return [
        equals(each, pilot.spread(None), size, limits, **about, pairing="pair", a=a, b=b) for each in asked
    ]


def _rerun(matrix: ScoreMatrix, model: str) -> tuple[Spread, GateSize] | None:
    """Return how two runs of one model differ, and the gate that has all its questions; None where attempts
    don't tell it.
    """
    own = matrix.take_models([matrix.column(model)])
    own = own.take_items(~np.isnan(own.values[:, 0]))
    several = own.attempts[:, 0] > 1
    if own.derived or several.mean() <= 1 / 2:
        return None
    attempts = own.attempts[:, 0].astype(float)
    noise = answers(own.values, own.attempts.astype(float), own.within).once[:, 0]
    usual = float(max(round(1 / float((1 / attempts).mean())), 1))
    w = np.ones(len(noise)) if own.weights is None else own.weights
    kish = len(w) * float(w @ w) / float(w.sum()) ** 2
    codes = own.clusters[0] if own.clusters and int(own.clusters[0].max()) + 1 < len(own.items) else None
    sizes = equal_sizes() if codes is None else sizes_of(np.bincount(codes).astype(float))
    binary = bool(own.right_or_wrong()[0])
    spread = Spread(
        within=0.0,
        answer=2 * kish * float(noise.mean()),
        sizes=sizes,
        events=_events(own, noise, usual, binary=binary),
    )
    return spread, GateSize(items=float(len(noise)), attempts=usual)


def _events(own: ScoreMatrix, noise: Floats, attempts: float, *, binary: bool) -> float:
    """Return how many discordant items an item is worth, (E d²)² / E d⁴, of the difference of two means of so
    many answers.

    Fourth moments of right-or-wrong answers need E (p q)²: from four attempts on without bias, before at most
    its largest value.
    """
    if not noise.mean() > 0:
        return math.nan
    k, right = own.attempts[:, 0].astype(float), own.values[:, 0] * own.attempts[:, 0]
    if binary:
        pairs = right * (right - 1) * (k - right) * (k - right - 1)
        ways = np.where(k >= UNBIASED, k * (k - 1) * (k - 2) * (k - 3), 1.0)
        squares = np.where(k >= UNBIASED, pairs / ways, np.minimum(noise**2, MOST_NOISE * noise))
        extra = 2 * (float(noise.mean()) - 6 * float(squares.mean())) / attempts**3
    else:
        squares, extra = noise**2, 0.0
    second, fourth = 2 * float(noise.mean()) / attempts, 12 * float(squares.mean()) / attempts**2 + extra
    return min(second**2 / max(fourth, second**2), 1.0)
