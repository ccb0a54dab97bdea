"""Gate: may this candidate pass? Pass, fail, or can't tell; the verdict first, the numbers after."""

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
    from howsure.answers.flips import Flips
    from howsure.answers.parts import ErrorSources, Looks, TaskClusters
    from howsure.answers.slices import DifferenceSlices
    from howsure.errors import ResultWarning

GateVerdict = Literal["pass", "fail", "unclear"]


Criterion = Literal["not_worse_than", "better", "same_within", "at_least", "at_most", "ratio_at_most"]


Tier = Literal["critical", "supporting", "advisory"]
"""What hangs on a check of a policy: a pass needs it shown; it may stay open; it is only shown."""


Counts = Literal["pass", "fail", "unclear", "underpowered", "nothing"]
"""What a check counts as in the verdict over all; "underpowered": it stays open and could hardly have shown a
loss of its margin.
"""


CheckKey = tuple[str, str, str, str, str]
"""Task, metric, criterion, column and slice."""


Because = Literal["", "evidence", "missing", "differs", "attempts", "clusters", "population"]


EXIT_CODES = {"pass": 0, "fail": 1, "unclear": 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationVerdict:
    """What a check is as another population has it.

    Attributes:
        population: "new-clusters" or "same-clusters".
        verdict: Whether it passes there, fails, or can't tell.
        low: The lower limit of the interval that decides there.
        high: The upper limit.
    """

    population: str
    verdict: GateVerdict
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One criterion applied to one task and metric, or to the overall score.

    Attributes:
        task: The task; empty for the overall score.
        metric: What the score measures.
        by: The column whose slice this is about; empty where it is about all items.
        slice: The slice.
        tier: What hangs on it by the policy: "critical", "supporting" or "advisory"; None without a policy.
        criterion: What the candidate has to show.
        limit: The margin, floor or ceiling, in score units; NaN for "better". Of costs the ratio.
        verdict: Whether the check passes, fails, or can't tell.
        value: The difference candidate − baseline; the candidate's score for a floor or ceiling.
        low: The lower limit of its interval, the one that decides.
        high: The upper limit.
        level: The confidence level of this interval.
        candidate: The model that wants to pass.
        candidate_score: Its score.
        baseline: The model that it is compared with; None for a floor or ceiling.
        baseline_score: The baseline's score.
        p_pass: The p-value of the test that the criterion is met; at planned looks the least error with which
            all of them would have shown it here.
        p_fail: The p-value of the test that it is broken.
        p_fail_adjusted: The latter, corrected for the number of checks (Holm). NaN for floors, which their
            interval decides.
        n_items: Items behind the value.
        n_clusters: Clusters that these items come in.
        items_needed: About how many items in all would settle it with 80% power if the truth is what was
            seen; NaN where that can't be said.
        n_unknown: Attempts without a score that could turn the verdict, so that it can't be told; 0 where
            they decide nothing.
        n_absent: Items that the baseline has and the candidate lacks.
        differs: In what the two were not asked the same, so that it can't be told; empty where nothing is
            known to differ, or that is allowed.
        unconfirmed_attempts: The column that was taken for attempts by its name although all questions may
            share its values, so that it can't be told; empty where there is none, or where that was chosen.
        sources: Where the error comes from, where random factors are samples too, and how many levels of each
            would settle it; else None.
        proposed_clusters: What questions may be clustered by although nobody said so, where that turns the
            verdict, so that it can't be told; else empty.
        population: What it is about: "new-clusters" (all questions without clusters), "same-clusters" or
            "these-questions".
        clusters: The clusters of its questions; None without any, and overall.
        other_population: What it is for the other of new and same clusters, where clusters are few; else
            None.
        verdict_own_population: What it is for its own population, where the other says otherwise and nobody
            chose one, so that it can't be told; else None.
        unseen_loss_rate: How often whole losses can be that no question showed, as `compare` has it; NaN
            where that isn't asked.
        half_width: Half the width of the two-sided interval at the gate's level, where a policy asks whether
            a loss would have shown.
        lacking: The model that has no score here, although the other has; empty where both have.
        percent: Whether scores lie in [0, 1].
        lower_is_better: Whether smaller scores are better.
        warnings: Warnings, each with what to do about it.
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
    lacking: str = field(default="", metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)
    lower_is_better: bool = False
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def name(self) -> str:
        """Where the check was made: the task, and its metric."""
        whole = f"{self.task} · {self.metric}" if self.task else f"overall · {self.metric}"
        return f"{whole} · {self.by}: {self.slice}" if self.by else whole

    @property
    def key(self) -> CheckKey:
        """What tells it apart from the other checks of a gate: task, metric, criterion, column and slice."""
        return self.task, self.metric, self.criterion, self.by, self.slice

    @property
    def only_as_seen(self) -> bool:
        """Whether it passes for losses like those seen alone: whole ones that no question showed could be
        more than the margin.
        """
        return self.verdict == "pass" and self.unseen_loss_rate > self.limit

    @property
    def binds(self) -> bool:
        """Whether anything hangs on it."""
        return self.tier != "advisory"

    @derived()
    def counts_as(self) -> Counts:
        """What it counts as: its verdict; what is supporting and open for lack of evidence alone passes, or
        is blind.
        """
        if not self.binds:
            return "nothing"
        if self.tier != "supporting" or self.unclear_because != "evidence":
            return self.verdict
        return "pass" if self.half_width <= self._margin else "underpowered"

    @property
    def _margin(self) -> float:
        """The margin as a half-width has it: of a ratio its logarithm."""
        return math.log(self.limit) if self.criterion == "ratio_at_most" else self.limit

    @property
    def more_items(self) -> float:
        """About how many more items would settle an unclear check, NaN where that can't be said."""
        more = self.items_needed - self.n_items
        return more if more > 0 and self.unclear_because == "evidence" else math.nan

    @derived()
    def unclear_because(self) -> Because:
        """Why it can't be told: "evidence" where there is too little, "missing" results, what "differs",
        "attempts" that may be something shared, "clusters" that nobody named, or the "population" that nobody
        chose; else empty.
        """
        if self.verdict != "unclear":
            return ""
        return (
            "differs"
            if self.differs
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
        """The verdict for its own population, as the other's is given."""
        return PopulationVerdict(
            population=self.population,
            verdict=self.verdict_own_population or self.verdict,
            low=self.low,
            high=self.high,
        )

    @derived(rows=False)
    def new_clusters(self) -> PopulationVerdict | None:
        """The verdict for new clusters (without clusters: new questions); None where it isn't computed."""
        return of_population("new-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def same_clusters(self) -> PopulationVerdict | None:
        """The verdict for new questions from the same clusters; None where it isn't computed."""
        return of_population("same-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why it can't be told, and what to do; None where it can."""
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
        """What the candidate has to show, in a few words."""
        return str(presentation(self).asked(self))

    @derived()
    def sentence(self) -> str:
        """One plain sentence, without the verdict's word."""
        return str(presentation(self).check_sentence(self))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Gate(Answer):
    """The verdict on a candidate, and the checks that it rests on.

    The gate passes where every check passes, fails where one fails, and can't tell otherwise. Under a policy
    it is what checks count as that decides: those that are only shown, or blind, hold no pass up, and nothing
    else is no pass.

    Attributes:
        candidate: The model that wants to pass.
        baseline: The model that it is compared with; None if all criteria are floors or ceilings.
        level: How sure a verdict has to be.
        looks: The planned looks, and which of them this is; None where there is one. The p-values at which
            they decide are those of a two-sided test.
        flips: Which questions changed from the baseline to the candidate; None where it isn't asked for.
        slices: The comparison by slices, which decides nothing; empty where none is asked for. Slices of a
            policy are among the checks.
        checks: One check a criterion, task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    candidate: str
    baseline: str | None
    level: float
    looks: Looks | None = None
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
        """Whether it is a policy's."""
        return any(check.tier for check in self.checks)

    def of_tier(self, tier: Tier) -> tuple[Check, ...]:
        """Return the checks of a tier."""
        return tuple(check for check in self.checks if check.tier == tier)

    @derived()
    def n_underpowered(self) -> int:
        """How many supporting checks stay open and could hardly have shown a loss of their margin."""
        return sum(check.counts_as == "underpowered" for check in self.checks)

    @derived()
    def unclear_because(self) -> Because:
        """Why the gate can't tell: what differs, then what is missing, attempts that may be something shared,
        clusters that nobody named, a population that nobody chose, too little evidence; else empty.
        """
        found = {
            check.unclear_because for check in self.checks if check.counts_as in ("unclear", "underpowered")
        }
        words: tuple[Because, ...] = ("differs", "missing", "attempts", "clusters", "population", "evidence")
        return next((word for word in words if word in found), "") if self.verdict == "unclear" else ""

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on the first check that holds the verdict up, where it can't be
        told; else None.
        """
        if self.verdict != "unclear":
            return None
        held = [check for check in self.checks if check.unclear_because == self.unclear_because]
        return next((check.chapter for check in held if check.chapter), PLAYBOOK)

    @derived()
    def exit_code(self) -> int:
        """0 for pass, 1 for fail, 2 for can't tell; 3 is kept for errors."""
        return EXIT_CODES[self.verdict]

    def counts(self) -> dict[GateVerdict, int]:
        """Return how many checks pass, fail and are unclear."""
        words: tuple[GateVerdict, ...] = ("pass", "fail", "unclear")
        return {word: sum(check.verdict == word for check in self.checks) for word in words}

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per check."""
        return [row(check) for check in self.checks]
