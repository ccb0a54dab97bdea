"""The plan of safety runs: how many show that failures are rare."""

from __future__ import annotations

import math
from typing import Any

from howsure.answers.plan_failures import Allowance, FailurePlan, Observed
from howsure.answers.settings import of_options
from howsure.errors import OptionError, ResultWarning
from howsure.options.table import checked
from howsure.statistics import rates

MOST_FAILURES = 5
RUNS_COUNTED = ResultWarning(
    code="runs_counted",
    message="the observed runs are counted as independent, as if they shared no scenario",
    remedy=(
        "Set their intra-cluster correlation (`icc`), or give clusters and failed clusters if "
        "the runs of one are "
        "fully correlated."
    ),
)


def plan_failures(
    below: float,
    *,
    level: float = 0.95,
    observed: tuple[int, int] | None = None,
    rate: float | None = None,
    cluster_size: int = 1,
    icc: float | None = None,
) -> FailurePlan:
    """Plan how many runs show a failure rate below `below`, with no failure and with a few.

    The limits are exact and one-sided at `level`: the rule of three in its exact form without a failure, the
    upper limit of Clopper and Pearson with failures. Scenarios are assumed independent draws, but runs of one
    scenario may be correlated (beta-binomial). Hanley and Lippman-Hand (1983).

    Args:
        below: The failure rate to be excluded, between 0 and 1: 0.01 is one in a hundred.
        level: The one-sided confidence level.
        observed: (failures, runs) of an earlier run. The plan adds what they show and how many more runs are
            required. They form clusters of `cluster_size` if `icc` is given, else they are independent. None:
            no runs yet.
        rate: The true failure rate that is assumed, for the probability that each plan succeeds. None gives
            none.
        cluster_size: Runs that share a scenario.
        icc: The intra-cluster correlation of the runs of a scenario, from 0 to 1. None gives both extremes:
            independent runs, and fully correlated runs.

    Returns:
        FailurePlan: The number of runs, and of scenarios, by the number of failures allowed, and what was
            observed.

    Raises:
        OptionError: If an option has an invalid value, `icc` is given without `cluster_size`, or `below`
            would require too many runs.

    Examples:
        >>> plan_failures(0.01).items
        299
        >>> plan_failures(0.01, cluster_size=10, icc=0.2).allowances[0].clusters
        56
        >>> plan_failures(0.01, observed=(2, 500)).observed.further_runs
        128
    """
    below, level, observed, rate, cluster_size, icc = checked(
        "plan_failures",
        below=below,
        level=level,
        observed=observed,
        rate=rate,
        cluster_size=cluster_size,
        icc=icc,
    ).values()
    if icc is not None and cluster_size == 1:
        raise OptionError("icc needs clusters", remedy="Give `cluster_size` as well.")
    alike = 0.0 if icc is None else icc
    clustered: dict[str, Any] = {"size": cluster_size, "icc": alike}
    most = rates.runs_needed(below, level, failures=MOST_FAILURES, **clustered)
    if most >= rates.MOST_CLUSTERS:
        raise OptionError(
            f"`below={below!r}` requires more runs than can be counted here", remedy="Choose a larger one."
        )

    def runs(failures: int) -> int:
        """Return the runs that show the limit with this many failures, in whole clusters if runs within them
        are fully correlated.
        """
        if alike == 0:
            return rates.runs_needed(below, level, failures=failures)
        return rates.runs_needed(below, level, failures=failures, **clustered) * cluster_size

    allowances = []
    for failures in range(MOST_FAILURES + 1):
        items, clusters = runs(failures), rates.runs_needed(below, level, failures=failures, **clustered)
        chance = math.nan
        if rate is not None:
            count, size = (items, 1) if alike == 0 else (clusters, cluster_size)
            chance = rates.chance_of_at_most(failures, count, rate, size=size, icc=alike)
        together = rates.runs_needed(below, level, failures=failures)
        allowances.append(
            Allowance(
                failures=failures,
                items=items,
                clusters=clusters,
                clusters_if_dependent=together,
                probability=chance,
            )
        )
    seen = None
    if observed is not None:
        failures, n = observed
        low, high = rates.limits(failures, n, level, **clustered)
        more = 0 if high <= below else -1 if low >= below else max(runs(failures) - n, 0)
        seen = Observed(failures=failures, n=n, low=low, high=high, further_runs=more)
    return FailurePlan(
        below=below,
        level=level,
        cluster_size=cluster_size,
        icc=math.nan if icc is None else icc,
        rate=math.nan if rate is None else rate,
        allowances=tuple(allowances),
        observed=seen,
        settings=of_options(level=level),
        warnings=(RUNS_COUNTED,) if observed is not None and cluster_size > 1 and icc is None else (),
    )
