"""The question of a gate: its criteria, the comparisons for them, and which planned look this is."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import DataError, OptionError
from howsure.inference.compare import compared
from howsure.inference.planned_looks import look_that_is_due

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison, Comparisons
    from howsure.answers.gate import Criterion
    from howsure.checks import EachFloor
    from howsure.errors import ResultWarning
    from howsure.inference.gate_policy import Policy
    from howsure.inference.planned_looks import LookSeries
    from howsure.inference.question import Question
    from howsure.options.choices import Overall
    from howsure.options.look_plan import LookPlan
    from howsure.study.design import Design
    from howsure.study.study import Study


def gate_look(study: Study, plan: LookPlan | None, missing_at_most: float) -> LookSeries | None:
    """Return the planned look that is due at the number of questions that both models have finished, None
    without a plan.

    OptionError for an inconsistent plan, DataError if no look is due.
    """
    if plan is None:
        return None
    if study.design.population == "these-questions":
        raise OptionError(
            "planned looks add questions, but `population='these-questions'` needs a fixed set",
            remedy="Leave `looks` out.",
        )
    finished: dict[str, int] = {}
    for (task, _), part in study.parts.items():
        complete = part.group_by("item").agg(pl.col("model").n_unique())["model"] == len(study.models)
        finished[task] = max(finished.get(task, 0), int(complete.sum()))
    largest = 1
    if "cluster_0" in study.items.columns:
        clusters = study.items.filter(pl.col("cluster_0").is_not_null()).group_by("task", "cluster_0").len()
        largest = int(clusters["len"].max() or 1)  # type: ignore[arg-type]
    return look_that_is_due(
        plan.due_at(None, "questions"),
        plan.spending,
        finished=sum(finished.values()),
        missing_at_most=missing_at_most,
        largest=largest,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Criteria:
    """The criteria for a candidate, in score units. None or False means not required."""

    not_worse_than: float | None = None
    better: bool = False
    same_within: float | None = None
    at_least: float | None = None
    at_most: float | None = None
    each_at_least: EachFloor | None = None
    ratio_at_most: float | None = None

    @property
    def of_pair(self) -> bool:
        """Whether some criterion needs a baseline."""
        return self.of_difference or self.ratio_at_most is not None

    @property
    def of_difference(self) -> bool:
        """Whether some criterion is about the difference from the baseline."""
        return self.better or self.not_worse_than is not None or self.same_within is not None

    @property
    def margins(self) -> list[tuple[Criterion, float]]:
        """The criteria with a margin, and the margin."""
        margins: list[tuple[Criterion, float]] = []
        if self.not_worse_than is not None:
            margins.append(("not_worse_than", self.not_worse_than))
        if self.same_within is not None:
            margins.append(("same_within", self.same_within))
        return margins

    @property
    def floors(self) -> bool:
        """Whether the candidate's own score is to be judged."""
        return self.at_least is not None or self.at_most is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class GateQuestion:
    """The study of a candidate and its baseline, and how the gate judges it.

    Attributes:
        study: The rows of the two.
        criteria: The criteria for the candidate.
        question: How comparisons and estimates are made.
        overall: How tasks are combined. None judges tasks separately.
        each_task: Whether single tasks are judged.
        look: Which of several planned looks this is, None if there is one.
        policy: The policy of a suite, None without one.
        missing_at_most: The share of attempts without a score up to which a verdict stays.
        allowed: The differences allowed between the settings of the two.
        guard_unseen: Whether unobserved whole losses count at a margin.
    """

    study: Study
    criteria: Criteria
    question: Question
    overall: Overall | Mapping[str, float] | None
    each_task: bool
    look: LookSeries | None = None
    policy: Policy | None = None
    missing_at_most: float
    allowed: Sequence[str] = ()
    guard_unseen: bool = False

    @property
    def ratios(self) -> list[tuple[str, float]]:
        """The measures with the largest allowed ratio of the candidate's to the baseline's."""
        if self.policy is not None:
            return [(measure, cost.margin) for measure, cost in self.policy.costs().items()]
        limit = self.criteria.ratio_at_most
        return [] if limit is None else [(measure, limit) for measure in self.study.design.usage]

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
        """The baseline's full name, None if there is none."""
        return self.study.models[1] if len(self.study.models) > 1 else None

    @property
    def one_sided(self) -> float:
        """The level of the two-sided interval whose limits are one-sided at `level`."""
        return 2 * self.level - 1

    def compare(self, level: float, margin: float | None) -> Comparisons:
        """Compare the two models, with uncorrected p-values, and the intervals of the look. Without a margin
        no task has one.
        """
        study = self.study if margin is not None else _without_margins(self.study)
        return compared(study, replace(self.question, level=self.looked(level), margin=margin))

    def looked(self, level: float) -> float:
        """Return the level of a two-sided interval at this look, so that all looks together have the given
        one.
        """
        return level if self.look is None else self.look.level(level)

    def wanted(self, comparisons: Comparisons) -> list[Comparison]:
        """Return the comparisons to be judged: of each task, and overall if required."""
        if not self.overall or len(comparisons.comparisons) == 1:
            return list(comparisons.comparisons)
        if comparisons.overall is None and all(
            math.isfinite(pair.p_value) for pair in comparisons.comparisons
        ):
            raise no_overall(comparisons.warnings)
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
    design: Design,
    several_looks: bool,
) -> None:
    """Raise OptionError if the criteria can't be judged."""
    if not criteria.of_pair and not criteria.floors and criteria.each_at_least is None:
        raise OptionError(
            "the gate has no criterion",
            remedy=(
                "Give `not_worse_than`, `better`, `same_within`, `at_least`, `at_most`, "
                "`each_at_least`, `ratio_at_most` "
                "or a `policy`."
            ),
        )
    if criteria.of_pair and baseline is None:
        raise OptionError(
            "a comparison needs a baseline", remedy="Name it as `baseline`, or use `at_least` only."
        )
    if several_looks and design.random_factor:
        raise OptionError(
            "planned looks add questions, and levels of a random factor are a sample too",
            remedy="Leave `looks` or `random_factor` out.",
        )
    if several_looks and criteria.each_at_least is not None:
        raise OptionError(
            "`each_at_least` is judged once, and `looks` are several", remedy="Leave one of the two out."
        )
    if criteria.ratio_at_most is not None and not design.usage:
        raise OptionError("ratio_at_most needs a measure", remedy="Give `usage`, such as 'usd'.")
    if design.usage and criteria.ratio_at_most is None:
        raise OptionError(
            "the measure has no criterion", remedy="Give `ratio_at_most`, or leave `usage` out."
        )
    if criteria.each_at_least is not None and not each_task:
        raise OptionError("`each_at_least` judges tasks, which aren't wanted", remedy="Leave one out.")
    if not each_task and overall is None:
        raise OptionError("neither tasks nor the overall score is judged", remedy="Give `overall='mean'`.")
    if criteria.margins and method not in (None, "score", "t"):
        raise OptionError(
            f"`method={method!r}` doesn't support a margin", remedy="Leave it out, or use `better`."
        )


def no_overall(warnings: Sequence[ResultWarning]) -> DataError:
    """Return the error that explains why an overall score doesn't exist."""
    why = next((c for c in warnings if c.code in ("no_overall", "not_in_overall")), None)
    if why is None:
        return DataError("no overall score", remedy="Choose with `metric` or `task`.")
    return DataError(why.message, remedy=why.remedy)
