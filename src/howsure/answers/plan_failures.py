"""FailurePlan: how many runs show that failures are rare, and what the runs that were made show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The number of runs that show the rate to be below the limit, with at most so many failures.

    Attributes:
        failures: At most so many runs fail.
        items: Runs.
        clusters: Clusters that these runs come in.
        clusters_if_dependent: The number of clusters, of which so many may fail, where the runs of a cluster
            stand or fall together.
        probability: The chance that no more fail, if the true rate is the assumed one; NaN without one.
    """

    failures: int
    items: int
    clusters: int
    clusters_if_dependent: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What the runs made so far show, in clusters where it is known how alike the runs of one are.

    Attributes:
        failures: Failures that were seen.
        n: Runs that were made.
        low: The one-sided exact lower limit of the rate.
        high: The one-sided exact upper limit.
        further_runs: Further runs without a failure that would show the limit; 0 where it is shown already,
            −1 where the rate is shown to be above it.
    """

    failures: int
    n: int
    low: float
    high: float
    further_runs: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FailurePlan(Answer):
    """The number of runs that show a failure rate below a limit; exact, at a one-sided level.

    Attributes:
        below: The limit of the failure rate.
        level: The one-sided confidence level.
        cluster_size: Runs a cluster.
        icc: How alike the runs of a cluster are; NaN where it isn't known (then they are taken as
            independent, and `clusters_together` is the other extreme).
        rate: The true failure rate that is assumed; NaN without one.
        allowances: The runs that are needed, by the number of failures allowed.
        observed: What the runs that were made show; None where none were.
        warnings: Warnings, each with what to do about it.
    """

    below: float
    level: float
    cluster_size: int
    icc: float
    rate: float
    observed: Observed | None = None
    allowances: tuple[Allowance, ...]
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def items(self) -> int:
        """How many runs without any failure are needed."""
        return self.allowances[0].items

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per number of failures."""
        return [{"below": self.below, "level": self.level, **row(each)} for each in self.allowances]
