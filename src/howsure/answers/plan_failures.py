"""FailurePlan: how many runs show that failures are rare, and what the existing runs show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import row

if TYPE_CHECKING:
    from howsure.errors import ResultWarning


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """The number of runs that show the rate to be below the limit, for a given maximum number of failures.

    Attributes:
        failures: The maximum number of failed runs.
        items: The number of runs.
        clusters: Clusters of these runs.
        clusters_if_dependent: The number of clusters, of which at most `failures` may fail, if the runs of a
            cluster always have the same result.
        probability: The probability of at most that many failures at the assumed true rate. NaN without one.
    """

    failures: int
    items: int
    clusters: int
    clusters_if_dependent: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """The result of the runs so far, in clusters if the intraclass correlation is known.

    Attributes:
        failures: Observed failures.
        n: Existing runs.
        low: The one-sided exact lower limit of the rate.
        high: The one-sided exact upper limit.
        further_runs: Further runs without a failure that would show the limit. 0 if it is already shown, −1
            if the rate is significantly above it.
    """

    failures: int
    n: int
    low: float
    high: float
    further_runs: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class FailurePlan(Answer):
    """The number of runs that show a failure rate below a limit. Exact, at a one-sided level.

    Attributes:
        below: The limit of the failure rate.
        level: The one-sided confidence level.
        cluster_size: Runs per cluster.
        icc: The intraclass correlation of runs in a cluster. NaN if unknown (runs are then taken as
            independent, and `clusters_if_dependent` is the other extreme).
        rate: The assumed true failure rate. NaN without one.
        allowances: The required runs, by the number of failures allowed.
        observed: The result of the existing runs. None if there are none.
        warnings: Warnings, each with a remedy.
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
