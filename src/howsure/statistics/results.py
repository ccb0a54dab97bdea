"""The numbers of an estimate, and what was done to get them, without a word of prose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import number
from howsure.wording import level_text, plural

if TYPE_CHECKING:
    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval: `low` and `high` in score units, NaN where none exists, at this `level`."""

    low: float
    high: float
    level: float

    @property
    def half_width(self) -> float:
        """Half the distance between the limits: the "give or take"."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Say whether a value lies in the interval, limits included."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A one-sided exact statement: with this `level`, the rate lies below (`side` "upper") or above `limit`.

    `units`: what was counted as independent, "items" or "clusters", and `n` how many there were.
    """

    limit: float
    side: str
    level: float
    units: str
    n: int

    def sentence(self) -> str:
        """Say it in words: `failure rate below 9.5 % (95 %), counting 30 items`."""
        rate = self.limit if self.side == "upper" else 1 - self.limit
        what = "success" if self.side == "upper" else "failure"
        percent = f"{100 * rate:.2g}" if rate < 0.1 else f"{100 * rate:.1f}"
        return f"{what} rate below {percent} % ({level_text(self.level)}), counting {plural(self.n, self.units[:-1])}"

    def to_dict(self) -> dict[str, Any]:
        """Return the bound as plain data."""
        return {"limit": self.limit, "side": self.side, "level": self.level, "units": self.units, "n": self.n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Method:
    """What was done to get an interval or a p-value, as data; `str()` is its label in tables, JSON and the record.

    `name`: the interval of a mean or the test of a difference; "fixed-items" on exactly these questions. `variance`: the
    variance estimator, None where none is chosen. `paired`: whether two models were compared on shared items, None for a mean.
    `adjusted`: by covariates. `overall`: several tasks put together.
    """

    name: str
    variance: str | None = None
    paired: bool | None = None
    adjusted: bool = False
    overall: bool = False

    @property
    def of_benchmark(self) -> bool:
        """Whether it is about exactly these questions, and only the answers are a sample."""
        return self.name == "fixed-items"

    def __str__(self) -> str:
        kind = "" if self.paired is None else "paired" if self.paired else "unpaired"
        words = ("adjusted" if self.adjusted else "", "overall" if self.overall else kind, self.name)
        return " ".join(filter(None, words)) + (f", {self.variance}" if self.variance else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard error and interval, in score units.

    `se`, `df` and the limits are NaN where they don't exist, and a caution says why. `method` names the interval
    and the variance estimator that were used. `bounds` are the exact one-sided statements at 0 and n of n.
    """

    value: float
    se: float
    interval: Interval
    df: float
    n_items: int
    n_clusters: int
    method: Method
    cautions: tuple[Caution, ...] = ()
    bounds: tuple[Bound, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain data."""
        return {
            "value": number(self.value),
            "se": number(self.se),
            "low": number(self.interval.low),
            "high": number(self.interval.high),
            "level": self.interval.level,
            "df": number(self.df),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "method": str(self.method),
            "bounds": [bound.to_dict() for bound in self.bounds],
            "cautions": [caution.to_dict() for caution in self.cautions],
        }


def significant(p_value: float, level: float) -> bool:
    """Say whether a p-value shows a difference at a confidence level; p = 0.1 does at 0.9, whatever 1 − 0.9 is."""
    return p_value <= (1 - level) * (1 + 1e-12)
