"""A gate that is asked again while questions are added: which look this is, and what it takes to decide
there.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.answers.parts import Looks, PlannedLook
from howsure.errors import DataError, OptionError
from howsure.statistics.group_sequential import Schedule, even
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.gate import Check
    from howsure.statistics.choices import Spending
    from howsure.study.study import Study

ONE_SIDED = ("not_worse_than", "at_least", "at_most")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatePlan:
    """The questions at which each look is due, and which look is said to be made, the first being 1; None
    leaves it open.
    """

    due: tuple[int, ...]
    look: int | None
    spending: Spending


@dataclass(frozen=True, slots=True, kw_only=True)
class GateLook:
    """One look of a plan, on so many questions: `due`, where each is, and which of them is made, the first
    being 1.
    """

    due: tuple[int, ...]
    look: int
    spending: Spending
    finished: int

    @property
    def schedule(self) -> Schedule:
        """The looks as shares of all questions."""
        return Schedule(tuple(count / self.due[-1] for count in self.due), self.spending)

    def level(self, level: float) -> float:
        """Return the level of a two-sided interval here, so that those of all looks hold together at a
        level.
        """
        return self.schedule.level_at(self.look, level)

    def judged(self, check: Check, level: float) -> Check:
        """Return a check with p-values and limits that are for all looks together; `level`: that of the
        gate.
        """
        within = check.criterion == "same_within"
        sided = within or check.criterion in ONE_SIDED
        return replace(
            check,
            level=2 * level - 1 if sided and not within else self._own(check.level, level),
            p_pass=self._p(check.p_pass, level, one_sided=sided),
            p_fail=self._p(check.p_fail, level, one_sided=sided and not within),
        )

    def _own(self, level: float, gate: float) -> float:
        """Return the level that all looks together have, of the two that a gate's intervals may have."""
        return min((gate, 2 * gate - 1), key=lambda each: abs(self.level(each) - level))

    def _p(self, p_value: float, level: float, *, one_sided: bool) -> float:
        """Return the least error with which this look would decide."""
        if not one_sided:
            return self.schedule.overall_p(self.look, p_value, level)
        if not p_value < 0.5:
            return p_value
        return self.schedule.overall_p(self.look, 2 * p_value, 2 * level - 1) / 2

    def told(self, level: float) -> Looks:
        """Return all looks with the p-values of a two-sided test at the gate's level."""
        boundary = self.schedule.boundary(level)
        rows = zip(self.due, boundary.z, boundary.nominal, boundary.spent, strict=True)
        return Looks(
            spending=self.spending,
            number=self.look,
            finished=self.finished,
            looks=tuple(
                PlannedLook(number=k, items=items, z=float(z), nominal=float(nominal), spent=float(spent))
                for k, (items, z, nominal, spent) in enumerate(rows, 1)
            ),
        )


def plan_of(given: Mapping[str, Any], population: str | None) -> GatePlan | None:
    """Return the plan among the options of a gate, None where there is none; OptionError where it makes no
    sense.
    """
    looks, look, planned, spending = (given[name] for name in ("looks", "look", "items_planned", "spending"))
    if looks is None:
        if look is not None or planned is not None:
            raise OptionError(
                "look and items_planned are about planned looks", remedy="Give `looks` as well."
            )
        return None
    if population == "these-questions":
        raise OptionError(
            "planned looks add questions, and these are exactly those asked about",
            remedy="Leave `looks` out.",
        )
    due = _due(looks, planned)
    if look is not None and look > len(due):
        raise OptionError(
            f"look={look} of {len(due)} looks",
            remedy="Plan as many looks as there will be, before the first.",
        )
    return GatePlan(due=due, look=look, spending=spending)


def _due(looks: int | tuple[int, ...], planned: int | None) -> tuple[int, ...]:
    """Return the questions at which each look is due; OptionError where nobody says how many there will be,
    or too few.
    """
    if isinstance(looks, tuple):
        if planned not in (None, looks[-1]):
            raise OptionError(
                f"the last look is due at {looks[-1]:,} questions, and items_planned={planned}",
                remedy="Leave `items_planned` out.",
            )
        return looks
    if planned is None:
        raise OptionError(
            f"`looks={looks}` needs to know how many questions there are at the last",
            remedy="Give `items_planned`, or at how many questions each look is due: `looks='200,400,600'`.",
        )
    if planned < looks:
        raise OptionError(
            f"`looks={looks}` is more than the {planned} questions planned", remedy="Plan fewer."
        )
    return even(planned, looks)


def look_of(study: Study, plan: GatePlan | None, missing: float) -> GateLook | None:
    """Find the look that is due at as many questions as there are, None without a plan; DataError where it
    isn't one, or not the one named.

    Clusters are whole, so that up to one less than the largest may be beyond; a share of `missing` may not be
    there.
    """
    if plan is None:
        return None
    found, largest, look = finished(study), _largest(study), plan.look
    fitting = [k for k, count in enumerate(plan.due, 1) if count * (1 - missing) <= found < count + largest]
    if look is None and fitting:
        look = max(fitting)
    if look is None or look not in fitting:
        what = "fit no look" if look is None else f"don't fit look {look}"
        following = next((count for count in plan.due if count > found), None)
        more = (
            f"Ask the gate at {following:,} questions"
            if following
            else "Judge the questions that were planned"
        )
        raise DataError(
            f"{found:,} questions {what}: looks are due at {listing([f'{count:,}' for count in plan.due])} "
            "questions",
            remedy=(
                f"{more}; where more or other looks are wanted, plan them before the first: "
                "looks='200,400,600'."
            ),
        )
    return GateLook(due=plan.due, look=look, spending=plan.spending, finished=found)


def finished(study: Study) -> int:
    """Count the questions that every side has answered, those that failed as well, over all tasks."""
    counts: dict[str, int] = {}
    for (task, _), part in study.parts.items():
        both = part.group_by("item").agg(pl.col("model").n_unique())["model"] == len(study.models)
        counts[task] = max(counts.get(task, 0), int(both.sum()))
    return sum(counts.values())


def _largest(study: Study) -> int:
    """Return the questions of the largest cluster; 1 without clusters."""
    if "cluster_0" not in study.items.columns:
        return 1
    held = study.items.filter(pl.col("cluster_0").is_not_null()).group_by("task", "cluster_0").len()["len"]
    return int(held.max()) if len(held) else 1  # type: ignore[arg-type]
