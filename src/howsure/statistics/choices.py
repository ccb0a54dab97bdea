"""The options of the statistics: the words of each choice, and the members that your own object must have to
replace a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from howsure.errors import MethodError

if TYPE_CHECKING:
    from collections.abc import Mapping


IntervalMethod = Literal["blend", "wilson", "t", "clopper-pearson", "jeffreys", "bootstrap", "bayes"]
"""How the interval of one mean is made. None chooses "blend" for scores in [0, 1] and "t" for others."""

ComparisonMethod = Literal["score", "t", "sign-flip", "mcnemar", "bootstrap", "bayes"]
"""How a difference is tested. None chooses "score" for scores in [0, 1] and "t" for others."""

Variance = Literal["CR2", "CR1", "miller"]
"""The variance estimator: CR2 (Bell and McCaffrey 2002), CR1 (Stata's), or the paper's formula (Miller
2024).
"""

Adjustment = Literal["max-t", "holm", "bh", "none"]
"""How p-values of many pairs are corrected for their number."""

ManyToOne = Literal["max-t", "dunnett", "holm", "bh", "none"]
"""How p-values of many sides against one are corrected for their number."""

ScoreKind = Literal["mean", "pass@", "pass^", "plug-in", "majority@", "best-of-", "consistency", "prob"]
"""How attempts at an item are combined. Words that end in a sign are followed by k."""

Goal = Literal["different", "not-worse", "same"]
"""The goal of a plan: to show a difference, that a model is not worse by a margin, or that the difference is
within one.
"""

PlanMethod = Literal["score", "t", "z"]
"""The test that is planned for: the default of `compare`, the paired t, or the paper's normal formula."""

Spending = Literal["obrien-fleming", "pocock"]
"""How planned looks spend the error: hardly any at first, as O'Brien and Fleming's boundary does, or evenly,
as Pocock's does.
"""

Ties = Literal["half", "davidson", "rao-kupper"]
"""What a tied vote is: half a win of each (the default), or an outcome of its own, as Davidson (1970) or Rao
and Kupper (1967) have it.
"""

WinnerIs = Literal["name", "side"]
"""What a winner is, of two models that are called like sides: the name of one of them, or a side."""

Drawing = Literal["unknown", "random", "convenience"]
"""How the labelled answers were chosen, if no column has their probabilities."""

Measurement = Literal["nominal", "ordinal", "interval"]
"""What ratings are: values that are equal or not, values in order, or numbers whose differences count."""

Coefficient = Literal["agreement", "cohen", "fleiss", "krippendorff", "gwet", "correlation"]
"""How agreement is measured: as it is, or beyond chance, or as a correlation."""

Shown = Literal["gold", "orders", "others", "nothing"]
"""The data that separate a judge's favour from quality: known answers, both orders, other judges, or none."""

T = TypeVar("T")

MEMBERS: dict[str, tuple[str, ...]] = {
    "interval": ("name", "exact_at_edges", "limits"),
    "method": ("name", "pivot"),
    "variance": ("name", "inflation", "df", "item_part"),
}
"""The members that an object must have to replace a word of these options. See docs/extending.md."""


def is_own(option: str, choice: object) -> bool:
    """Return whether a choice is your own object, able to replace a word of an option."""
    members = MEMBERS.get(option, ())
    own = bool(members) and not isinstance(choice, (str, type))
    return own and all(hasattr(choice, name) for name in members)


def chosen_object(option: str, choice: Any, table: Mapping[str, T]) -> T:
    """Return the entry for a word in the table of an option, or your own object. MethodError for any other
    choice.
    """
    if isinstance(choice, str) and choice in table:
        return table[choice]
    if is_own(option, choice):
        own: T = choice
        return own
    words = ", ".join(map(repr, table))
    raise MethodError(f"{option} {choice!r} is not one of {words}", remedy="Write one of these words.")


def label_of(choice: Any) -> str:
    """Return the label of a word, or of an object in its place."""
    return choice if isinstance(choice, str) else str(choice.name)
