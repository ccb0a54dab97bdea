"""What a gate asks of a candidate: its criteria, the comparisons that answer them, and which planned look
this is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.answers.parts import Looks, PlannedLook
from howsure.errors import DataError, OptionError
from howsure.inference.compare import compared
from howsure.statistics.group_sequential import Schedule, even
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison, Comparisons
    from howsure.answers.gate import Check
    from howsure.errors import Caution
    from howsure.inference.gate_policy import Policy
    from howsure.inference.question import Question
    from howsure.options.words import Overall
    from howsure.statistics.choices import Spending
    from howsure.study.study import Study

ONE_SIDED = ("not_worse_than", "at_least", "at_most")


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
        return min((gate, 2 * gate - 1), key=lambda own: abs(self.level(own) - level))

    def _p(self, p_value: float, level: float, *, one_sided: bool) -> float:
        """Return the least error with which this look would decide."""
        if not one_sided:
            return self.schedule.overall_p(self.look, p_value, level)
        if not p_value < 0.5:
            return p_value
        return self.schedule.overall_p(self.look, 2 * p_value, 2 * level - 1) / 2

    def all_looks(self, level: float) -> Looks:
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


def look_of(study: Study, options: Mapping[str, Any], missing_at_most: float) -> GateLook | None:
    """Find the planned look that is due at as many questions as there are, None where no looks are planned.

    Clusters are whole, so that up to one less than the largest may be beyond; a share of `missing_at_most`
    may not be there. OptionError for a plan that makes no sense, DataError where no look is due, or not the
    one named.
    """
    looks, look, items_planned = options["looks"], options["look"], options["items_planned"]
    if looks is None:
        if look is not None or items_planned is not None:
            raise OptionError(
                "look and items_planned are about planned looks", remedy="Give `looks` as well."
            )
        return None
    if study.design.population == "these-questions":
        raise OptionError(
            "planned looks add questions, and these are exactly those asked about",
            remedy="Leave `looks` out.",
        )
    due = _due(looks, items_planned)
    if look is not None and look > len(due):
        raise OptionError(
            f"`look={look}` of {len(due)} looks",
            remedy="Plan as many looks as there will be, before the first.",
        )
    count, largest = finished(study), _largest_cluster(study)
    fitting = [k for k, at in enumerate(due, 1) if at * (1 - missing_at_most) <= count < at + largest]
    if look is None and fitting:
        look = max(fitting)
    if look is None or look not in fitting:
        what = "fit no look" if look is None else f"don't fit look {look}"
        following = next((at for at in due if at > count), None)
        more = (
            f"Ask the gate at {following:,} questions"
            if following
            else "Judge the questions that were planned"
        )
        raise DataError(
            f"{count:,} questions {what}: looks are due at {listing([f'{at:,}' for at in due])} questions",
            remedy=(
                f"{more}; where more or other looks are wanted, plan them before the first: "
                "`looks='200,400,600'`."
            ),
        )
    return GateLook(due=due, look=look, spending=options["spending"], finished=count)


def _due(looks: int | tuple[int, ...], planned: int | None) -> tuple[int, ...]:
    """Return the questions at which each look is due; OptionError where nobody says how many there will be,
    or too few.
    """
    if isinstance(looks, tuple):
        if planned not in (None, looks[-1]):
            raise OptionError(
                f"the last look is due at {looks[-1]:,} questions, and `items_planned={planned}`",
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


def finished(study: Study) -> int:
    """Count the questions that every side has answered, those that failed as well, over all tasks."""
    counts: dict[str, int] = {}
    for (task, _), part in study.parts.items():
        complete = part.group_by("item").agg(pl.col("model").n_unique())["model"] == len(study.models)
        counts[task] = max(counts.get(task, 0), int(complete.sum()))
    return sum(counts.values())


def _largest_cluster(study: Study) -> int:
    """Return the questions of the largest cluster; 1 without clusters."""
    if "cluster_0" not in study.items.columns:
        return 1
    held = study.items.filter(pl.col("cluster_0").is_not_null()).group_by("task", "cluster_0").len()["len"]
    return int(held.max()) if len(held) else 1  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """What a candidate has to show, in score units; what is None, or False, isn't asked."""

    not_worse_than: float | None = None
    better: bool = False
    same_within: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    ratio_at_most: float | None = None

    @property
    def of_pair(self) -> bool:
        """Whether something is asked that needs a baseline."""
        return self.of_difference or self.ratio_at_most is not None

    @property
    def of_difference(self) -> bool:
        """Whether something is asked of the difference from the baseline."""
        return self.better or self.not_worse_than is not None or self.same_within is not None

    @property
    def margins(self) -> list[tuple[str, float]]:
        """The criteria with a margin, and the margin."""
        margins = (("not_worse_than", self.not_worse_than), ("same_within", self.same_within))
        return [(name, margin) for name, margin in margins if margin is not None]

    @property
    def floors(self) -> bool:
        """Whether the candidate's own score is to be judged."""
        return self.at_least is not None or self.at_most is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuestion:
    """The study of a candidate and its baseline, and how the gate judges it.

    Attributes:
        study: The rows of the two.
        criteria: What the candidate has to show.
        question: How comparisons and estimates are made.
        overall: How tasks are combined; None judges task by task alone.
        each_task: Whether single tasks are judged.
        look: Which of several planned looks this is; None where there is one.
        policy: That of a suite, None without one.
        missing_at_most: The share of attempts without a score up to which a verdict stands.
        allowed: What may differ between the exams of the two.
        guard_unseen: Whether whole losses that no question showed count at a margin.
    """

    study: Study
    criteria: Criteria
    question: Question
    overall: Overall | Mapping[str, float] | None
    each_task: bool
    look: GateLook | None = None
    policy: Policy | None = None
    missing_at_most: float
    allowed: Sequence[str] = ()
    guard_unseen: bool = False

    @property
    def ratios(self) -> list[tuple[str, float]]:
        """The measures of which the candidate may take so many times what the baseline takes."""
        if self.policy is not None:
            return [(cost.measure, cost.ratio_at_most) for cost in self.policy.costs]
        limit = self.criteria.ratio_at_most
        return [] if limit is None else [(measure, limit) for measure in self.study.design.measure]

    @property
    def level(self) -> float:
        """The level at which a pass, or a fail, is shown."""
        return self.question.level

    @property
    def candidate(self) -> str:
        """The candidate's full name."""
        return self.study.models[0]

    @property
    def baseline(self) -> str | None:
        """The baseline's full name, None where there is none."""
        return self.study.models[1] if len(self.study.models) > 1 else None

    @property
    def one_sided(self) -> float:
        """The level of the two-sided interval whose limits are one-sided at `level`."""
        return 2 * self.level - 1

    def compare(self, level: float, margin: float | None) -> Comparisons:
        """Compare the two models, p-values as they are; the intervals are those of the look. Without a margin
        no task has one.
        """
        study = self.study if margin is not None else _without_margins(self.study)
        return compared(study, replace(self.question, level=self.looked(level), margin=margin))

    def looked(self, level: float) -> float:
        """Return the level of a two-sided interval at this look, so that all looks together have this one."""
        return level if self.look is None else self.look.level(level)

    def wanted(self, comparisons: Comparisons) -> list[Comparison]:
        """Return the comparisons to be judged: of each task, and overall where that was asked."""
        if not self.overall or len(comparisons.comparisons) == 1:
            return list(comparisons.comparisons)
        if comparisons.overall is None and all(
            math.isfinite(pair.p_value) for pair in comparisons.comparisons
        ):
            raise no_overall(comparisons.cautions)
        total = [] if comparisons.overall is None else [comparisons.overall]
        return [*total, *(comparisons.comparisons if self.each_task or not total else ())]


def _without_margins(study: Study) -> Study:
    rules = tuple(replace(rule, margin=None) for rule in study.design.tasks)
    return replace(study, design=replace(study.design, tasks=rules))


def refuse_options(
    criteria: Criteria,
    baseline: str | None,
    *,
    overall: object,
    each_task: bool,
    method: object,
    measures: Sequence[str] = (),
) -> None:
    """Raise OptionError where the criteria can't be judged."""
    if not criteria.of_pair and not criteria.floors:
        raise OptionError(
            "nothing is asked of the candidate",
            remedy=(
                "Give `not_worse_than`, `better`, `same_within`, `at_least`, `at_most`, `ratio_at_most` "
                "or a `policy`."
            ),
        )
    if criteria.of_pair and baseline is None:
        raise OptionError(
            "no baseline to compare with", remedy="Name it as `baseline`, or ask for `at_least` only."
        )
    if criteria.ratio_at_most is not None and not measures:
        raise OptionError("ratio_at_most of what", remedy="Give `measure`, such as 'usd'.")
    if measures and criteria.ratio_at_most is None:
        raise OptionError(
            "nothing is asked of what attempts took", remedy="Give `ratio_at_most`, or leave `measure` out."
        )
    if not each_task and overall is None:
        raise OptionError(
            "neither tasks nor what is overall is to be judged", remedy="Give `overall='mean'`."
        )
    if criteria.margins and method not in (None, "score", "t"):
        raise OptionError(f"`method={method!r}` takes no margin", remedy="Leave it out, or ask for `better`.")


def no_overall(cautions: Sequence[Caution]) -> DataError:
    """Say why there is no overall score, as an error."""
    why = next((c for c in cautions if c.code in ("no_overall", "not_in_overall")), None)
    if why is None:
        return DataError("no overall score", remedy="Choose with `metric` or `task`.")
    return DataError(why.message, remedy=why.remedy)
