"""Scales: which scores are percent, which have bounds, and which don't. The rules are the same for rows and
published tables.

Percent are divided by 100, and so have the bounds of fractions. Nothing else is guessed: scores above 1 with
an ambiguous name and values are unchanged, with a warning that suggests `bounds`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure import wording
from howsure.errors import DataError, ResultWarning
from howsure.table.names import name_words

if TYPE_CHECKING:
    from collections.abc import Iterable

    import polars as pl

ASKED = "by the bounds given"
PERCENT = (0.0, 100.0)
FRACTIONS = (0.0, 1.0)
PERCENT_NAMES = frozenset(("percent", "percentage", "pct", "%"))
"""Words in a name that mean percent."""

RATES = (
    "pass rate",
    "win rate",
    "winrate",
    "success rate",
    "solve rate",
    "error rate",
    "failure rate",
    "refusal rate",
)
"""Names of fractions: above 1 they can only be percent, and up to 1 they need no scaling."""

LARGEST = 1e75
"""The fourth power of a larger score doesn't fit a float."""
BESIDE = " / "
"""The separator between the names of score columns that were read separately."""
ROUNDING = 1e-9
UNBOUNDED = "unbounded_scores"
"""The warning for scores without bounds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreExtent:
    """The smallest and largest score. `ends`: each is 0 or 100."""

    low: float
    high: float
    ends: bool = False

    def within(self, bounds: tuple[float, float]) -> bool:
        """Return whether all scores are within the bounds."""
        return bounds[0] <= self.low and self.high <= bounds[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class ScaleBounds:
    """The bounds that count as 0 and 1, and how they were found. `doubt`: the warning, "" if there is
    none.
    """

    bounds: tuple[float, float] = FRACTIONS
    why: str = ""
    doubt: str = ""

    @property
    def as_it_is(self) -> bool:
        """Whether scores stay unchanged."""
        return self.bounds == FRACTIONS

    def place(self, scores: Any) -> Any:
        """Return scores, an array or an expression too, as shares of the way from the lower bound to the
        upper.
        """
        low, high = self.bounds
        return scores / high if not low else (scores - low) / (high - low)

    def original(self, shares: Any) -> Any:
        """Return scaled scores as they were, except for rounding."""
        low, high = self.bounds
        return shares * (high - low) + low

    def size(self, sizes: Any) -> Any:
        """Return differences or standard errors in these units."""
        return sizes / (self.bounds[1] - self.bounds[0])

    def note(self, name: str) -> str:
        """Return a note on how scores were scaled, "" if they weren't."""
        low, high = self.bounds
        if self.as_it_is:
            return ""
        if self.bounds == PERCENT:
            return f"{name}: percent, {self.why}."
        return (
            f"{name}: scores from {_said(low)} to {_said(high)} count as 0% to 100%, {self.why}. This "
            "also applies to sizes and limits."
        )

    def warning(self, name: str, extent: ScoreExtent) -> ResultWarning | None:
        """Return the warning if the scale is ambiguous."""
        if self.doubt == "fractions":
            return ResultWarning(
                code="percent_name",
                message=(
                    f"{name}: the name means percent, but no score is above {_said(extent.high)}, so they "
                    "count as fractions"
                ),
                remedy="Use `bounds=(0, 100)` if they are percent, otherwise `bounds=(0, 1)`.",
            )
        if self.doubt == "bounds":
            return ResultWarning(
                code="percent_bounds",
                message=(
                    f"{name}: the given bounds mean percent, but no score is above {_said(extent.high)}, "
                    "which could be fractions"
                ),
                remedy="If they are fractions, leave `bounds` out.",
            )
        if self.doubt == "unbounded":
            return ResultWarning(
                code=UNBOUNDED,
                message=f"{name}: scores go from {_said(extent.low)} to {_said(extent.high)} on an unknown "
                "scale, and are treated as unbounded",
                remedy=(
                    "Give the smallest and largest possible score, if any, for example `bounds=(0, 100)` "
                    "for percent."
                ),
            )
        return None


def scale_of(
    extent: ScoreExtent,
    names: Iterable[str],
    *,
    bounds: tuple[float, float] | None = None,
    signed: bool = False,
) -> ScaleBounds:
    """Choose a scale: by the given bounds, otherwise by % signs, a name, or scores that are all 0 or 100.

    `names`: of the column and the metric.
    """
    names = tuple(names)
    named = not signed and any(map(says_percent, names))
    if bounds is not None:
        small = bounds == PERCENT and not named and 0 < extent.high <= 1
        return ScaleBounds(bounds=bounds, why=ASKED, doubt="bounds" if small else "")
    if extent.within(FRACTIONS):
        return ScaleBounds(doubt="fractions" if named else "")
    if not signed and extent.within(PERCENT):
        if named or any(map(_is_rate, names)):
            return ScaleBounds(bounds=PERCENT, why="by its name")
        if extent.ends:
            return ScaleBounds(bounds=PERCENT, why="because every score is 0 or 100")
    return ScaleBounds(doubt="unbounded")


def says_percent(name: str) -> bool:
    """Return whether a name means percent: accuracy_pct, Percent correct, score (%)."""
    return not PERCENT_NAMES.isdisjoint(name_words(name))


def says_percent_in_part(names: str) -> bool:
    """Return whether the names of some, but not all, score columns mean percent."""
    said = {says_percent(name) for name in names.split(BESIDE)}
    return len(said) > 1


def _is_rate(name: str) -> bool:
    return any(rate in " ".join(name_words(name)) for rate in RATES)


def require_bounds(name: str, extent: ScoreExtent, bounds: tuple[float, float]) -> None:
    """Raise DataError if a score is outside the given bounds."""
    if not extent.within(bounds):
        beyond = extent.low if extent.low < bounds[0] else extent.high
        raise DataError(
            f"score {_said(beyond)} is outside `bounds={_shown(bounds)}`",
            where=name,
            remedy=(
                "Give bounds that no score can exceed, or select the matching scores with "
                "`task` and `metric`."
            ),
        )


def require_countable(name: str, extent: ScoreExtent) -> None:
    """Raise DataError if scores are so large that their fourth powers, needed for standard errors, don't fit
    a float.
    """
    largest = max(extent.low, extent.high, key=abs)
    if abs(largest) > LARGEST:
        raise DataError(
            f"a score of {_said(largest)} is too large for a standard error: the limit is {_said(LARGEST)}",
            where=name,
            remedy=(
                "If it means a failure, leave the score empty. Otherwise divide the scores, or take "
                "their logarithms."
            ),
        )


def _said(score: float) -> str:
    return wording.Scale(percent=False).number(score)


def _shown(bounds: tuple[float, float]) -> str:
    return f"({bounds[0]:g}, {bounds[1]:g})"


def extent_of_scores(scores: pl.Series) -> ScoreExtent:
    """Return the extent of single scores, 0 to 0 if there are none."""
    known = scores.drop_nulls().drop_nans()
    if not len(known):
        return ScoreExtent(low=0.0, high=0.0)
    ends = known.is_in([0.0, 100.0]).all()
    return ScoreExtent(low=known.min(), high=known.max(), ends=ends)  # type: ignore[arg-type]


def refuse_doubtful_percent(extent: ScoreExtent, column: str, *, signed: bool) -> None:
    """Raise DataError if a published column's name means percent but no score is above 1."""
    if not signed and says_percent(column) and 0 < extent.high <= 1:
        high = extent.high
        raise DataError(
            f"column {column!r} means percent, but its largest score is {high:g}, which could be {high:g}% "
            f"or {100 * high:g}%",
            remedy="Write % signs for percent, or rename the column to score for fractions.",
        )
