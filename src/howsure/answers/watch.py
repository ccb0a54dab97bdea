"""Look: the result of a run in progress, and whether it may be stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from howsure.answers.base import POWER, RIGOR, Answer, presentation
from howsure.answers.output import HIDDEN, derived, shown

if TYPE_CHECKING:
    from howsure.answers.base import PairVerdict
    from howsure.answers.gate import GateVerdict
    from howsure.answers.parts import Looks
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Interval


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Look(Answer):
    """One look at a run in progress. Its interval belongs to a confidence sequence, which is valid at all
    looks together.

    Attributes:
        task: The task.
        metric: What the score measures.
        a: The model, or the first of two.
        b: The second model. None if only one is monitored.
        at_least: The floor. None without one.
        within: The half-width to reach. None without one.
        margin: The margin of non-inferiority. None without one.
        decided: Whether the result is decided, and the run may be stopped.
        exhausted: Whether all questions of the run are used.
        better: The significantly better model. None if undecided.
        bound_met: Whether the floor or the margin is met. None if undecided or neither is a goal.
        estimate: The difference a − b so far, or the score of a without b.
        interval: Its interval, valid at all looks together.
        looks: The planned looks, of which the last one made is shown. None if looks are possible at any time.
        p_value: The always-valid p-value of the null hypothesis: no difference, a score at the floor, or
            being worse by the margin. NaN for a goal of `within`. At planned looks, the smallest error rate
            of all looks together at which they would have stopped here.
        a_mean: The score of a.
        b_mean: The score of b.
        n_units: Questions so far, or complete clusters.
        n_items: Questions that count so far.
        n_failed: Questions that failed and have no score, so that they don't count.
        n_waiting: Questions that some model has answered only in part, or whose cluster isn't complete.
        planned: Questions of the whole run. None if unknown.
        needed: About how many more questions would decide if the results stay the same. NaN if none would.
        method: The method of the interval.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        clustered: Whether questions come in clusters.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    task: str
    metric: str
    a: str
    b: str | None
    at_least: float | None = None
    within: float | None = None
    margin: float | None = None
    decided: bool
    exhausted: bool = False
    better: str | None = None
    bound_met: bool | None = None
    estimate: float
    interval: Interval
    p_value: float
    a_mean: float
    b_mean: float
    n_units: int
    n_items: int
    n_failed: int = 0
    n_waiting: int
    planned: int | None
    needed: float = math.nan
    method: str = ""
    lower_is_better: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    clustered: bool = field(default=False, metadata=HIDDEN)
    looks: Looks | None = field(default=None, metadata=shown(rows=False))
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def verdict(self) -> PairVerdict | GateVerdict:
        """For two models without a margin, whether a is "better" or "worse". For other goals, "pass" or
        "fail". "unclear" if undecided.
        """
        if not self.decided:
            return "unclear"
        if self.better is not None:
            return "better" if self.better == self.a else "worse"
        return "fail" if self.bound_met is False else "pass"

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` about early looks while undecided, or about power if all questions
        are used. None once decided.
        """
        if self.decided:
            return None
        return POWER if self.exhausted else RIGOR

    @property
    def line(self) -> str:
        """The look in one short line: `212 of 500 items  +3.1 pp  [−2.0, 8.2]  keep going`."""
        return str(presentation(self).line(self))
