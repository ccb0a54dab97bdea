"""Agree: how far raters, judges and repeats agree, also beyond chance."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import derived, row, spread

if TYPE_CHECKING:
    from howsure.errors import ResultWarning
    from howsure.statistics.choices import Coefficient, Measurement
    from howsure.statistics.results import Estimate, Interval

NAMES: dict[Coefficient, str] = {
    "agreement": "agreement",
    "cohen": "Cohen's kappa",
    "fleiss": "Fleiss' kappa",
    "krippendorff": "Krippendorff's alpha",
    "gwet": "Gwet's AC1",
    "correlation": "correlation",
}
"""The names of coefficients."""
CANT_BE_KNOWN = 1.5
"""An interval wider than this is uninformative. A coefficient's full range is 2 wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """One coefficient: of all raters, of one with the others, of two, or of one with itself.

    Attributes:
        coefficient: "agreement" (the share of pairs of ratings that agree, or for ordered values how close
            they are), "cohen", "fleiss", "krippendorff", "gwet" or "correlation".
        a: The rater. Empty for all together.
        b: The other rater. The same one for a rater's own repeats.
        estimate: Its value and interval. NaN if it is undefined, with the full range as the interval.
    """

    coefficient: Coefficient
    a: str = ""
    b: str = ""
    estimate: Estimate = field(metadata=spread())

    @property
    def unknowable(self) -> bool:
        """Whether the interval is too wide to be informative."""
        return 2 * self.estimate.interval.half_width > CANT_BE_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """One rater's values for the items to which another gave one value.

    Attributes:
        a: The rater who gave the value: the human, if one is named.
        b: The other rater.
        value_a: The value that `a` gave.
        value_b: The value that `b` gave.
        count: The number of items.
        estimate: Their share of the items with this `value_a`.
    """

    a: str
    b: str
    value_a: str
    value_b: str
    count: int
    estimate: Estimate = field(metadata=spread(value="share"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Independence:
    """The effective number of independent raters: the variance of one rater's errors over that of the mean of
    all.

    Attributes:
        value: The effective number. 1 if all make the same errors. NaN without errors.
        interval: Its interval.
        n_raters: The number of raters.
        n_items: Items rated by all of them and the human.
    """

    value: float
    interval: Interval
    n_raters: int
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Agreement(Answer):
    """How far raters agree.

    Attributes:
        n_items: Items with two ratings or more. All numbers except repeats are about these.
        n_raters: The number of raters, without the human if at least two others remain.
        n_ratings: Their ratings of these items, one per rater.
        values: The distinct ratings.
        measurement: The scale of the ratings: "nominal", "ordinal" or "interval".
        level: The confidence level of each interval.
        by_chance: The expected `agreement` if ratings were drawn at random from all of them.
        human: The rater with whom the others are compared. Empty without one.
        overall: The coefficients of all raters together, without the human if at least two others remain.
        raters: The agreement of each rater with the others, or with the human.
        pairs: The coefficients of each pair of raters, if there are at most 12 raters.
        repeats: The agreement of each rater with itself, if it rated an item twice.
        within: The half-width that agreement beyond chance is to be known to. NaN without one.
        confusion: The joint counts of two raters' values.
        independence: The effective number of independent raters, if a human is named.
        notes: How the table was read.
        warnings: Warnings, each with a remedy.
    """

    n_items: int
    n_raters: int
    n_ratings: int
    values: tuple[str, ...]
    measurement: Measurement
    level: float
    by_chance: float
    human: str = ""
    overall: tuple[Agreed, ...]
    raters: tuple[Agreed, ...] = ()
    pairs: tuple[Agreed, ...] = ()
    repeats: tuple[Agreed, ...] = ()
    within: float = math.nan
    confusion: tuple[Confusion, ...] = ()
    independence: Independence | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def planned(self) -> Agreed | None:
        """The coefficient that `within` is about: Krippendorff's alpha of all, else the least known Cohen's
        kappa with the human. None without `within`.
        """
        if math.isnan(self.within):
            return None
        found = [each for each in self.overall if each.coefficient == "krippendorff"]
        found = found or [each for each in self.pairs if each.coefficient == "cohen"]
        return max(found, key=lambda each: each.estimate.interval.half_width, default=None)

    @derived()
    def items_needed(self) -> float:
        """About how many questions bring this coefficient to ± `within`, if ratings stay as they are. NaN
        without `within`, or if it is undefined.
        """
        if self.planned is None or math.isnan(self.planned.estimate.value):
            return math.nan
        e = self.planned.estimate
        return math.ceil(e.n_items * (e.interval.half_width / self.within) ** 2)

    def of(self, coefficient: Coefficient, a: str = "", b: str = "") -> Estimate:
        """Return a coefficient: of all raters, of one with the others, or of two. KeyError if there is
        none.
        """
        for each in (*self.overall, *self.raters, *self.pairs, *self.repeats):
            if each.coefficient == coefficient and (each.a, each.b) in ((a, b), (b, a)):
                return each.estimate
        raise KeyError(f"no {coefficient} of {' and '.join(filter(None, (a, b))) or 'all raters'}")

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per coefficient: of all, of each rater, of each pair, of repeats."""
        return [row(each) for each in (*self.overall, *self.raters, *self.pairs, *self.repeats)]

    def confusion_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per pair of raters and values."""
        return [row(each) for each in self.confusion]
