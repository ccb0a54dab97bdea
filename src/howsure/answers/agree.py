"""Agree: how far raters, judges and repeats agree, beyond chance too."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import row, spread

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
"""What coefficients are called."""
CANT_BE_KNOWN = 1.5
"""A wider interval than this says next to nothing: all that a coefficient can be is 2 wide."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """One coefficient: of all raters, of one with the others, of two, or of one with itself.

    Attributes:
        coefficient: "agreement" (the share of pairs of ratings that agree; of values in order, how near they
            are), "cohen", "fleiss", "krippendorff", "gwet" or "correlation".
        a: The rater; empty for all together.
        b: The other one; the same where a rater's own repeats are compared.
        estimate: Its value and interval; NaN where it is undefined, with all that it could be as the
            interval.
    """

    coefficient: Coefficient
    a: str = ""
    b: str = ""
    estimate: Estimate = field(metadata=spread())

    @property
    def unknowable(self) -> bool:
        """Whether the interval is so wide that it says next to nothing."""
        return 2 * self.estimate.interval.half_width > CANT_BE_KNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """What one rater says of the items to which another gave one value.

    Attributes:
        a: The rater who gave the value: the human one, if one is named.
        b: The other one.
        value_a: The value that `a` gave.
        value_b: The value that `b` gave.
        count: How many items.
        estimate: Their share of the items with this `given`.
    """

    a: str
    b: str
    value_a: str
    value_b: str
    count: int
    estimate: Estimate = field(metadata=spread(value="share"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Independence:
    """How many independent raters these are worth: the variance of one's errors over that of the mean of all.

    Attributes:
        value: So many; 1 where all make the same errors. NaN where there is no error.
        interval: Its interval.
        n_raters: How many they are.
        n_items: Items that all of them and the human rated.
    """

    value: float
    interval: Interval
    n_raters: int
    n_items: int


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Agreement(Answer):
    """How far raters agree.

    Attributes:
        n_items: Items with two ratings or more; all numbers but repeats are about these.
        n_raters: The raters; without the human, where two others are left.
        n_ratings: Their ratings of these items, one of each rater.
        values: What was given.
        measurement: What ratings are: "nominal", "ordinal" or "interval".
        level: The confidence level of each interval.
        by_chance: What `agreement` would be if ratings were drawn from all of them.
        human: The rater whom the others are measured by; empty without one.
        overall: The coefficients of all raters together; without the human, where two others are left.
        raters: The agreement of each with the others, or with the human.
        pairs: The coefficients of each two, where there are no more than 12 raters.
        repeats: The agreement of each with itself, where it rated an item twice.
        confusion: What one says where another says this.
        independence: How many independent raters they are worth, where a human is named.
        notes: How the table was read.
        warnings: Warnings, each with what to do about it.
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
    confusion: tuple[Confusion, ...] = ()
    independence: Independence | None = None
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def of(self, coefficient: Coefficient, a: str = "", b: str = "") -> Estimate:
        """Return a coefficient: of all raters, of one with the others, or of two. KeyError where there is
        none.
        """
        for each in (*self.overall, *self.raters, *self.pairs, *self.repeats):
            if each.coefficient == coefficient and (each.a, each.b) in ((a, b), (b, a)):
                return each.estimate
        raise KeyError(f"no {coefficient} of {' and '.join(filter(None, (a, b))) or 'all raters'}")

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per coefficient: of all, of each rater, of each two, of repeats."""
        return [row(each) for each in (*self.overall, *self.raters, *self.pairs, *self.repeats)]

    def confusion_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per two raters and values."""
        return [row(each) for each in self.confusion]
