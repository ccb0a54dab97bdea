"""FailurePlan: how many runs show that failures are rare, and what the runs that were made show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Column, Document, Note, Table, Text
from howsure.present.plan_failures import _observed_sentence, rate_text
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """With at most so many `failures` the rate is shown to be below the limit: in `items` runs, in `clusters`.

    `together`: the number of clusters, of which so many may fail, where the runs of a cluster stand or fall together. `chance`: that no more fail, if the
    true rate is the assumed one; NaN without one.
    """

    failures: int
    items: int
    clusters: int
    together: int
    chance: float

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        return {
            "failures": self.failures,
            "items": self.items,
            "clusters": self.clusters,
            "clusters_together": self.together,
            "chance": number(self.chance),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """So many `failures` in `n` runs: one-sided exact limits of the rate, each at the level; `more`: further clean runs needed.

    `more` is 0 where the limit is shown already, and −1 where the rate is shown to be above it.
    """

    failures: int
    n: int
    low: float
    high: float
    more: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {
            "failures": self.failures,
            "n": self.n,
            "low": number(self.low),
            "high": number(self.high),
            "more": self.more,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePlan(Answer):
    """How many runs show a failure rate below a limit, at a one-sided level; exact.

    `cluster_size`: runs a cluster; `icc`: how alike they are, NaN where it isn't known (then they are taken as independent,
    and `together` tells the other extreme). `rate`: the true failure rate that is assumed, NaN where none is.
    """

    below: float
    level: float
    cluster_size: int
    icc: float
    rate: float
    allowances: tuple[Allowance, ...]
    observed: Observed | None = None
    cautions: tuple[Caution, ...] = ()

    @property
    def items(self) -> int:
        """How many runs without any failure are needed."""
        return self.allowances[0].items

    @property
    def verdict(self) -> str:
        """One or two plain sentences."""
        limit = f"a failure rate below {100 * self.below:.10g} % ({level_text(self.level)})"
        if self.observed is not None:
            return _observed_sentence(self.observed, limit, self)
        clean = self.allowances[0]
        shows = "shows" if clean.items == 1 else "show"
        text = f"{plural(clean.items, 'run')} without a failure {shows} {limit}"
        if self.cluster_size == 1:
            return f"{text}."
        held = f"{plural(clean.clusters, 'cluster')} of {self.cluster_size}"
        if math.isnan(self.icc):
            worst = clean.together * self.cluster_size
            return (
                f"{text} if the runs of a cluster fail independently ({held}), and {worst:,} ({clean.together:,} clusters) "
                "if they stand or fall together."
            )
        return f"{text}, in {held} with an intra-cluster correlation of {self.icc:g}."

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per number of failures."""
        return [{"below": self.below, "level": self.level, **each.record()} for each in self.allowances]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "failure_plan",
            "verdict": self.verdict,
            "below": self.below,
            "level": self.level,
            "cluster_size": self.cluster_size,
            "icc": number(self.icc),
            "rate": number(self.rate),
            "allowances": [each.record() for each in self.allowances],
            "observed": None if self.observed is None else self.observed.to_dict(),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the verdict, a line a number of failures, and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict"), self._table()]
        return Document(blocks=(*blocks, Note(cautions=self.cautions)) if self.cautions else tuple(blocks))

    def _table(self) -> Table:
        clustered, assumed = self.cluster_size > 1, math.isfinite(self.rate)
        columns = [Column(name="failures"), Column(name="runs")]
        columns += [Column(name="clusters"), Column(name="clusters, worst case")] if clustered else []
        columns += [Column(name=f"chance at {rate_text(self.rate)}")] if assumed else []
        rows = []
        for each in self.allowances:
            row = [f"{each.failures:,}", f"{each.items:,}"]
            row += [f"{each.clusters:,}", f"{each.together:,}"] if clustered else []
            row += [f"{100 * each.chance:.0f} %"] if assumed else []
            rows.append(tuple(row))
        note = "exact one-sided limits (Clopper and Pearson)"
        note += "; clusters: beta-binomial" if clustered and self.icc > 0 else ""
        return Table(columns=tuple(columns), rows=tuple(rows), note=note)
