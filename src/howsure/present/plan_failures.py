"""How a plan of safety runs is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, closing, opening, tabled
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan_failures import Allowance, FailurePlan
    from howsure.present.document import Table


def document(plan: FailurePlan) -> Document:
    """Return the verdict, one line per number of failures, and the warnings."""
    return Document(blocks=(*opening(sentence(plan)), _table(plan), *closing(plan.warnings)))


def sentence(plan: FailurePlan) -> str:
    """Return how many runs without failure show the limit, or the result of the existing runs."""
    sure = f"({level_text(plan.level)} confidence)"
    limit = f"a failure rate below {100 * plan.below:.10g}% {sure}"
    seen, clean, alike = plan.observed, plan.allowances[0], f"an intra-cluster correlation of {plan.icc:g}"
    if seen is not None:
        in_clusters = plan.cluster_size > 1 and not math.isnan(plan.icc)
        how = f" (in clusters of {plan.cluster_size}, with {alike})" if in_clusters else ""
        runs = f"{plural(seen.failures, 'failure')} in {plural(seen.n, 'run')}{how}"
        if seen.further_runs == 0:
            return f"{runs} show {limit}: it is below {rate_text(seen.high)}."
        if seen.further_runs < 0:
            return (
                f"{runs} show that the failure rate is not below {rate_text(plan.below)}: it is above "
                f"{rate_text(seen.low)}."
            )
        return (
            f"{runs}: the failure rate is below {rate_text(seen.high)} {sure}, so {rate_text(plan.below)} is "
            f"not shown; {plural(seen.further_runs, 'further run')} without a failure would show it."
        )
    text = f"{plural(clean.items, 'run')} without a failure {'shows' if clean.items == 1 else 'show'} {limit}"
    if plan.cluster_size == 1:
        return f"{text}."
    clusters = f"{plural(clean.clusters, 'cluster')} of {plan.cluster_size}"
    if not math.isnan(plan.icc):
        return f"{text}, in {clusters} with {alike}."
    worst = f"{clean.clusters_if_dependent * plan.cluster_size:,} ({clean.clusters_if_dependent:,} clusters)"
    return (
        f"{text} if the runs of a cluster fail independently ({clusters}), and {worst} if they all pass or "
        "all fail together."
    )


def _table(plan: FailurePlan) -> Table:
    clustered = plan.cluster_size > 1
    fields: list[Field[Allowance]] = [
        Field("failures", lambda a: f"{a.failures:,}"),
        Field("runs", lambda a: f"{a.items:,}"),
        Field("clusters", lambda a: f"{a.clusters:,}", shown=clustered),
        Field("clusters, worst case", lambda a: f"{a.clusters_if_dependent:,}", shown=clustered),
        Field(
            f"chance at {rate_text(plan.rate)}",
            lambda a: f"{100 * a.probability:.0f}%",
            shown=math.isfinite(plan.rate),
        ),
    ]
    note = "exact one-sided limits (Clopper and Pearson)"
    note += "; clusters: beta-binomial" if clustered and plan.icc > 0 else ""
    return tabled(plan.allowances, fields, note=note)


def rate_text(rate: float) -> str:
    """Write a small rate: `1%`, `0.25%`."""
    return f"{100 * rate:.3g}%"
