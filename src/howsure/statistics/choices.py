"""The options of the statistics: the words of each choice, and the members that your own object must have to
replace a word.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

from howsure.errors import MethodError

if TYPE_CHECKING:
    from collections.abc import Mapping


IntervalMethod = Literal["adaptive", "wilson", "t", "clopper-pearson", "jeffreys", "bootstrap", "bayes"]
"""The interval of one mean. None chooses "adaptive" for scores in [0, 1] and "t" for others."""

ComparisonMethod = Literal["score", "t", "sign-flip", "mcnemar", "bootstrap", "bayes"]
"""The test of a difference. None chooses "score" for scores in [0, 1] and "t" for others."""

Variance = Literal["CR2", "CR1", "miller"]
"""The variance estimator: CR2 (Bell and McCaffrey 2002), CR1 (Stata's), or the paper's formula (Miller
2024).
"""

Adjustment = Literal["max-t", "holm", "bh", "none"]
"""The correction of the p-values of many pairs."""

ManyToOne = Literal["max-t", "dunnett", "holm", "bh", "none"]
"""The correction of the p-values of many models against one."""

ScoreKind = Literal["mean", "pass@", "pass^", "plug-in", "majority@", "best-of-", "consistency", "prob"]
"""How attempts at an item are combined. Words that end in a sign are followed by k."""

Goal = Literal["different", "not-worse", "same"]
"""The goal of a plan: to show a difference, that a model is not worse by a margin, or that the difference is
within one.
"""

PlanMethod = Literal["score", "t", "z"]
"""The planned test: the default of `compare`, the paired t, or the paper's normal formula."""

Spending = Literal["obrien-fleming", "pocock"]
"""How planned looks spend the error: little at first, like O'Brien and Fleming's boundary, or evenly, like
Pocock's.
"""

Ties = Literal["half", "davidson", "rao-kupper"]
"""How a tied vote counts: as half a win of each (the default), or as a separate outcome, by Davidson (1970)
or Rao and Kupper (1967).
"""

WinnerIs = Literal["name", "side"]
"""The meaning of a winner if two models are named like sides: a model's name, or a side."""

Drawing = Literal["unknown", "random", "convenience"]
"""How the labelled answers were chosen, if no column has their probabilities."""

Measurement = Literal["nominal", "ordinal", "interval"]
"""The kind of ratings: nominal values, ordered values, or numbers whose differences count."""

Coefficient = Literal["agreement", "cohen", "fleiss", "krippendorff", "gwet", "correlation"]
"""The measure of agreement: plain, beyond chance, or a correlation."""

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
    """Return the label of a word, or of an object that replaces it."""
    return choice if isinstance(choice, str) else str(choice.name)
