"""Gate: may this candidate pass? Pass, fail or can't tell. The verdict comes first, the numbers after it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import (
    ATTEMPTS,
    CLUSTERS,
    PLAYBOOK,
    POWER,
    Answer,
    has_few_clusters,
    of_warnings,
    presentation,
)
from howsure.answers.output import HIDDEN, derived, row, shown
from howsure.answers.parts import of_population

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.flips import Flips
    from howsure.answers.parts import ErrorSources, Looks, TaskClusters
    from howsure.answers.slices import DifferenceSlices
    from howsure.errors import ResultWarning

GateVerdict = Literal["pass", "fail", "unclear"]


Criterion = Literal[
    "not_worse_than", "better", "same_within", "at_least", "at_most", "each_at_least", "ratio_at_most"
]


Tier = Literal["critical", "supporting", "advisory"]
"""The role of a check in a policy: it must pass for a pass, it may stay undecided, or it is only shown."""


Counts = Literal["pass", "fail", "unclear", "underpowered", "nothing"]
"""How a check counts in the overall verdict. "underpowered": it is undecided and could hardly have detected a
loss of its margin.
"""


CheckKey = tuple[str, str, str, str, str]
"""Task, metric, criterion, column and slice."""


Because = Literal["", "evidence", "missing", "differs", "attempts", "clusters", "population", "quarantine"]


EXIT_CODES = {"pass": 0, "fail": 1, "unclear": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarantineUse:
    """Questions that a quarantine leaves out of a gate.

    Attributes:
        path: Its file.
        until: The last day that it holds for.
        date: The day of the candidate's run. None if unknown.
        ended: Whether it had ended by then, so that all questions count.
        n_listed: The questions that it lists.
        n_left_out: Those of them in these results, left out for both sides.
        n_items: All questions of these results.
        verdict_without: The verdict if all questions count. None if that is the verdict itself.
    """

    path: str
    until: str
    date: str | None
    ended: bool
    n_listed: int
    n_left_out: int
    n_items: int
    verdict_without: GateVerdict | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationVerdict:
    """The result of a check for another population.

    Attributes:
        population: "new-clusters" or "same-clusters".
        verdict: Whether it passes, fails or can't tell for this population.
        low: The lower limit of the interval that decides for this population.
        high: The upper limit.
    """

    population: str
    verdict: GateVerdict
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class EachQuestion:
    """The single questions of a check that each of them keeps a floor.

    Attributes:
        counted: The attempts of a plain count: 10 for 8 of 10. None if success probabilities are tested.
        item: The question with the lowest share of successful attempts.
        solved: Its successful attempts.
        attempts: Its attempts.
        attempts_to_pass: The fewest attempts at each question, all successful, with which a pass is possible.
        usual_attempts: The median number of attempts.
        most_solved_below: The largest number of successes in so many attempts that would show a question to
            be below the floor. −1 if none would.
        attempts_needed: The attempts at the lowest question that would settle it if its share stays. NaN if
            unknown.
        needed_at_usual: For a plain count, the successes that it takes of the median number of attempts.
        false_fail_rate: For a plain count, the probability that a system fails it that solves every question
            in 90% of attempts.
        items: The ids of all questions.
        all_solved: The successful attempts at each.
        all_attempts: The attempts at each.
        p_kept: The p-value of the test that each keeps the floor.
        p_below: That of the test that it is below, corrected for the number of questions.
        verdicts: The verdict on each, with the correction of the gate's checks.
    """

    counted: int | None = None
    item: str
    solved: int
    attempts: int
    attempts_to_pass: int = 0
    usual_attempts: int = 0
    most_solved_below: int = -1
    attempts_needed: float = math.nan
    needed_at_usual: int = 0
    false_fail_rate: float = math.nan
    items: NDArray[Any] = field(metadata=HIDDEN)
    all_solved: NDArray[np.int64] = field(metadata=HIDDEN)
    all_attempts: NDArray[np.int64] = field(metadata=HIDDEN)
    p_kept: NDArray[np.float64] = field(metadata=HIDDEN)
    p_below: NDArray[np.float64] = field(metadata=HIDDEN)
    verdicts: NDArray[np.str_] = field(metadata=HIDDEN)

    @derived()
    def n_kept(self) -> int:
        """The questions that are shown to keep the floor, or reach the count."""
        return int((self.verdicts == "pass").sum())

    @derived()
    def n_below(self) -> int:
        """The questions that are shown to be below the floor, or miss the count."""
        return int((self.verdicts == "fail").sum())

    @derived()
    def below(self) -> tuple[str, ...]:
        """The ids of these, in their order."""
        return tuple(map(str, self.items[self.verdicts == "fail"].tolist()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One criterion applied to one task and metric, or to the overall score.

    Attributes:
        task: The task. Empty for the overall score.
        metric: What the score measures.
        by: The column that defines the slice. Empty if the check is about all questions.
        slice: The slice.
        tier: The role in the policy: "critical", "supporting" or "advisory". None without a policy.
        criterion: The criterion for the candidate.
        limit: The margin, floor or ceiling, in score units. For usage, a ratio. NaN for "better".
        verdict: Whether the check passes, fails, or can't tell.
        value: The difference candidate − baseline, in score units. For a floor or ceiling, the candidate's
            score.
        low: The lower limit of the interval that decides.
        high: The upper limit.
        level: The confidence level of this interval.
        candidate: The model to be checked.
        candidate_score: Its score.
        baseline: The model it is compared with. None for a floor or ceiling.
        baseline_score: The baseline's score.
        p_pass: The p-value of the test that the criterion is met. At planned looks, the smallest error rate
            of all looks together at which this look would have shown it.
        p_fail: The p-value of the test that the criterion is violated.
        p_fail_adjusted: `p_fail` corrected for the number of checks (Holm). NaN for floors, which are decided
            by their interval.
        n_items: Questions behind the value.
        n_clusters: Clusters of these questions.
        items_needed: The approximate total number of questions that would decide the check with 80% power if
            the observed value is the true one. NaN if unknown.
        n_unknown: Attempts without a score that could change the verdict, which is therefore "unclear". 0 if
            they can't.
        n_absent: Questions that the baseline has and the candidate lacks.
        differs: The differences in what the two models were asked, which make the verdict "unclear". Empty if
            none is known, or if they are allowed.
        unconfirmed_attempts: The column taken for attempts by its name although all questions may share its
            values, which makes the verdict "unclear". Empty if there is none, or if the column was chosen
            explicitly.
        sources: The sources of error if there are random factors, and how many levels of each would decide
            the check. Otherwise None.
        proposed_clusters: The column that seems to cluster the questions, if no clusters were chosen and
            clustering changes the verdict, which is therefore "unclear". Otherwise empty.
        population: The population of the result: "new-clusters" (without clusters: new questions),
            "same-clusters" or "these-questions".
        clusters: The clusters of its questions. None without clusters and for an overall result.
        other_population: The result for the other population (new or same clusters) if there are few
            clusters. Otherwise None.
        verdict_own_population: The verdict for its own population if that for the other one differs and no
            population was chosen, so that the verdict is "unclear". Otherwise None.
        unseen_loss_rate: The upper limit for the rate of whole losses that no question showed, as in
            `compare`. NaN if it doesn't apply.
        half_width: Half the width of the two-sided interval at the gate's level, if a policy checks whether a
            loss would have been detected.
        each: The single questions of a check of each of them. Otherwise None.
        undated: Whether the verdict is "unclear" because the candidate's run has no date to compare with the
            end of the quarantine.
        lacking: The model without a score here if the other has one. Otherwise empty.
        percent: Whether scores lie in [0, 1].
        lower_is_better: Whether smaller scores are better.
        warnings: Warnings, each with a remedy.
    """

    task: str
    metric: str
    by: str = ""
    slice: str = ""
    tier: Tier | None = None
    criterion: Criterion
    limit: float = math.nan
    verdict: GateVerdict = "unclear"
    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    level: float = math.nan
    candidate: str
    candidate_score: float = math.nan
    baseline: str | None = None
    baseline_score: float = math.nan
    p_pass: float = math.nan
    p_fail: float = math.nan
    p_fail_adjusted: float = math.nan
    n_items: int = 0
    n_clusters: int = 0
    items_needed: float = math.nan
    n_unknown: int = 0
    n_absent: int = field(default=0, metadata=HIDDEN)
    differs: str = ""
    unconfirmed_attempts: str = ""
    sources: ErrorSources | None = field(default=None, metadata=shown(rows=False))
    proposed_clusters: str = ""
    population: str = "new-clusters"
    clusters: TaskClusters | None = field(default=None, metadata=shown(rows=False))
    other_population: PopulationVerdict | None = field(default=None, metadata=HIDDEN)
    verdict_own_population: GateVerdict | None = None
    unseen_loss_rate: float = math.nan
    half_width: float = math.nan
    each: EachQuestion | None = field(default=None, metadata=shown(rows=False))
    undated: bool = field(default=False, metadata=HIDDEN)
    lacking: str = field(default="", metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    lower_is_better: bool = False
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def name(self) -> str:
        """The subject of the check: the task and its metric."""
        whole = f"{self.task} · {self.metric}" if self.task else f"overall · {self.metric}"
        return f"{whole} · {self.by}: {self.slice}" if self.by else whole

    @property
    def key(self) -> CheckKey:
        """What identifies the check within a gate: task, metric, criterion, column and slice."""
        return self.task, self.metric, self.criterion, self.by, self.slice

    @property
    def only_as_seen(self) -> bool:
        """Whether the pass covers only losses like those observed: the rate of unseen whole losses could
        exceed the margin.
        """
        return self.verdict == "pass" and self.unseen_loss_rate > self.limit

    @property
    def binds(self) -> bool:
        """Whether it affects the overall verdict."""
        return self.tier != "advisory"

    @derived()
    def counts_as(self) -> Counts:
        """How it counts. A supporting check that is undecided only for lack of evidence counts as a pass or
        as underpowered, otherwise its verdict counts.
        """
        if not self.binds:
            return "nothing"
        if self.tier != "supporting" or self.unclear_because != "evidence":
            return self.verdict
        return "pass" if self.half_width <= self._margin else "underpowered"

    @property
    def _margin(self) -> float:
        """The margin on the scale of a half-width. For a ratio its logarithm."""
        return math.log(self.limit) if self.criterion == "ratio_at_most" else self.limit

    @property
    def more_items(self) -> float:
        """About how many more questions would decide an unclear check. NaN if unknown."""
        more = self.items_needed - self.n_items
        return more if more > 0 and self.unclear_because == "evidence" else math.nan

    @derived()
    def unclear_because(self) -> Because:
        """Why the check is unclear: too little "evidence", "missing" results, or what "differs".

        Also "attempts" that questions may share, "clusters" that nothing confirmed, an unchosen "population",
        or a "quarantine" whose end can't be compared. Otherwise empty.
        """
        if self.verdict != "unclear":
            return ""
        return (
            "differs"
            if self.differs
            else "quarantine"
            if self.undated
            else "missing"
            if self.n_unknown or self.lacking or not self.n_items
            else "attempts"
            if self.unconfirmed_attempts
            else "clusters"
            if self.proposed_clusters
            else "population"
            if self.verdict_own_population
            else "evidence"
        )

    @property
    def own_population(self) -> PopulationVerdict:
        """The verdict for its own population, in the same form as that for the other."""
        return PopulationVerdict(
            population=self.population,
            verdict=self.verdict_own_population or self.verdict,
            low=self.low,
            high=self.high,
        )

    @derived(rows=False)
    def new_clusters(self) -> PopulationVerdict | None:
        """The verdict for new clusters (without clusters: new questions). None if it isn't computed."""
        return of_population("new-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def same_clusters(self) -> PopulationVerdict | None:
        """The verdict for new questions from the same clusters. None if it isn't computed."""
        return of_population("same-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if the result is inconclusive. Otherwise None."""
        if self.verdict != "unclear":
            return None
        if self.unclear_because in ("clusters", "population"):
            return CLUSTERS
        if self.unclear_because == "attempts":
            return ATTEMPTS
        if self.unclear_because != "evidence":
            return PLAYBOOK
        if not (math.isfinite(self.low) and math.isfinite(self.high)):
            return of_warnings(self.warnings)
        return CLUSTERS if has_few_clusters(self.warnings) else POWER

    @property
    def asked(self) -> str:
        """The criterion in a few words."""
        return str(presentation(self).asked(self))

    @derived()
    def sentence(self) -> str:
        """One plain sentence, without the word of the verdict."""
        return str(presentation(self).check_sentence(self))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gate(Answer):
    """The verdict on a candidate, and the checks behind it.

    The gate passes if every check passes, fails if one fails, and can't tell otherwise. Under a policy
    `counts_as` decides: advisory and underpowered checks don't block a pass, but with no other checks the
    gate doesn't pass.

    Attributes:
        candidate: The model to be checked.
        baseline: The model it is compared with. None if all criteria are floors or ceilings.
        level: The confidence level of the verdict.
        looks: The planned looks, and which of them this is. None if there is only one. Their p-values are
            those of a two-sided test.
        quarantine: The questions left out by a quarantine. None without one.
        flips: The questions that changed from the baseline to the candidate. None if not requested.
        slices: The comparison by slices, which doesn't affect the verdict. Empty if not requested. Slices of
            a policy are among the checks.
        checks: One check per criterion, task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    candidate: str
    baseline: str | None
    level: float
    looks: Looks | None = None
    quarantine: QuarantineUse | None = None
    flips: Flips | None = None
    slices: tuple[DifferenceSlices, ...] = ()
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def verdict(self) -> GateVerdict:
        """The overall verdict: "pass", "fail" or "unclear"."""
        found = {check.counts_as for check in self.checks}
        return (
            "fail" if "fail" in found else "unclear" if "unclear" in found or "pass" not in found else "pass"
        )

    @property
    def has_policy(self) -> bool:
        """Whether it uses a policy."""
        return any(check.tier for check in self.checks)

    def of_tier(self, tier: Tier) -> tuple[Check, ...]:
        """Return the checks of a tier."""
        return tuple(check for check in self.checks if check.tier == tier)

    @derived()
    def n_underpowered(self) -> int:
        """How many supporting checks are undecided and could hardly have detected a loss of their margin."""
        return sum(check.counts_as == "underpowered" for check in self.checks)

    @derived()
    def unclear_because(self) -> Because:
        """Why the gate can't tell. The first that applies of: differences, missing results, attempts that all
        questions may share, unconfirmed clusters, an unchosen population, too little evidence. Otherwise
        empty.
        """
        found = {
            check.unclear_because for check in self.checks if check.counts_as in ("unclear", "underpowered")
        }
        words: tuple[Because, ...] = (
            "differs",
            "quarantine",
            "missing",
            "attempts",
            "clusters",
            "population",
            "evidence",
        )
        return next((word for word in words if word in found), "") if self.verdict == "unclear" else ""

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` about the first check that blocks the verdict, if that is "unclear".
        Otherwise None.
        """
        if self.verdict != "unclear":
            return None
        held = [check for check in self.checks if check.unclear_because == self.unclear_because]
        return next((check.chapter for check in held if check.chapter), PLAYBOOK)

    @derived()
    def exit_code(self) -> int:
        """0 for pass, 1 for fail, 2 for can't tell. 3 is reserved for errors."""
        return EXIT_CODES[self.verdict]

    def counts(self) -> dict[GateVerdict, int]:
        """Return how many checks pass, fail and are unclear."""
        words: tuple[GateVerdict, ...] = ("pass", "fail", "unclear")
        return {word: sum(check.verdict == word for check in self.checks) for word in words}

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per check."""
        return [row(check) for check in self.checks]
