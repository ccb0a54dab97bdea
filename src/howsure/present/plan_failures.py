"""How a plan of safety runs is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, closing, opening
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan_failures import Allowance, FailurePlan, Observed


def document(plan: FailurePlan) -> Document:
    """Return the verdict, a line a number of failures, and the cautions."""
    return Document(blocks=(*opening(verdict(plan)), _table(plan), *closing(plan.cautions)))


def verdict(plan: FailurePlan) -> str:
    """Say how many clean runs show the limit, or what the runs that were made show."""
    limit = f"a failure rate below {100 * plan.below:.10g} % ({level_text(plan.level)})"
    if plan.observed is not None:
        return _observed_sentence(plan.observed, limit, plan)
    clean = plan.allowances[0]
    shows = "shows" if clean.items == 1 else "show"
    text = f"{plural(clean.items, 'run')} without a failure {shows} {limit}"
    return f"{text}{_clusters(plan, clean)}."


def _clusters(plan: FailurePlan, clean: Allowance) -> str:
    if plan.cluster_size == 1:
        return ""
    held = f"{plural(clean.clusters, 'cluster')} of {plan.cluster_size}"
    if not math.isnan(plan.icc):
        return f", in {held} with an intra-cluster correlation of {plan.icc:g}"
    worst = f"{clean.clusters_together * plan.cluster_size:,} ({clean.clusters_together:,} clusters)"
    return f" if the runs of a cluster fail independently ({held}), and {worst} if they stand or fall together"


def _observed_sentence(seen: Observed, limit: str, plan: FailurePlan) -> str:
    what = f"{plural(seen.failures, 'failure')} in {plural(seen.n, 'run')}"
    told = f"{what}: the failure rate is below {rate_text(seen.high)} ({level_text(plan.level)})"
    if seen.more == 0:
        return f"{what} show {limit}: it is below {rate_text(seen.high)}."
    if seen.more < 0:
        return f"{what} show that the failure rate is not below {rate_text(plan.below)}: it is above {rate_text(seen.low)}."
    return f"{told}, so {rate_text(plan.below)} is not shown; {plural(seen.more, 'further run')} without a failure would show it."


def _table(plan: FailurePlan) -> Table:
    clustered, assumed = plan.cluster_size > 1, math.isfinite(plan.rate)
    columns = [Column(name="failures"), Column(name="runs")]
    columns += [Column(name="clusters"), Column(name="clusters, worst case")] if clustered else []
    columns += [Column(name=f"chance at {rate_text(plan.rate)}")] if assumed else []
    rows = tuple(_row(each, clustered, assumed) for each in plan.allowances)
    note = "exact one-sided limits (Clopper and Pearson)"
    note += "; clusters: beta-binomial" if clustered and plan.icc > 0 else ""
    return Table(columns=tuple(columns), rows=rows, note=note)


def _row(each: Allowance, clustered: bool, assumed: bool) -> tuple[str, ...]:
    row = [f"{each.failures:,}", f"{each.items:,}"]
    row += [f"{each.clusters:,}", f"{each.clusters_together:,}"] if clustered else []
    row += [f"{100 * each.chance:.0f} %"] if assumed else []
    return tuple(row)


def rate_text(rate: float) -> str:
    """Write a small rate: `1 %`, `0.25 %`."""
    return f"{100 * rate:.3g} %"
