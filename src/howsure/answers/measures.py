"""What attempts took, of two models side by side."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.output import row, spread
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.statistics.results import Interval

Known = Literal["known", "at least", "at most", "unknown"]
"""Whether a ratio is known, or bounded since attempts of one model didn't record it, or unknown since those
of both didn't.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasureGap:
    """What a took over what b took, per attempt or per solved item.

    Attributes:
        measure: What was measured, such as usd, seconds or tokens_out.
        per: "attempt", or "solved" for what a solved item took, failures included.
        a: What a took on average.
        b: What b took.
        ratio: a over b.
        interval: Its confidence interval.
        p_value: The p-value of a ratio of 1.
        known: Whether the ratio is "known", or is only "at least" or "at most" this, or "unknown", since
            attempts lack it.
        n_items: Items that both tried.
        n_clusters: Clusters that these come in.
        n_missing_a: Attempts of a that don't record it.
        n_missing_b: Attempts of b.
        cautions: Warnings, each with what to do about it.
    """

    measure: str
    per: Literal["attempt", "solved"]
    a: float
    b: float
    ratio: float
    interval: Interval = field(metadata=spread())
    p_value: float
    known: Known
    n_items: int
    n_clusters: int
    n_missing_a: int = 0
    n_missing_b: int = 0
    cautions: tuple[Caution, ...] = ()

    @property
    def decided(self) -> bool:
        """Whether one is shown to take more."""
        low, high = self.interval.low, self.interval.high
        if self.known == "at least":
            return low > 1
        if self.known == "at most":
            return high < 1
        return self.known == "known" and significant(self.p_value, self.interval.level)

    def record(self) -> dict[str, Any]:
        """Return it as one flat mapping."""
        return row(self)
