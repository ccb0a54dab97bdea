"""What a metric over labels and predictions is, and what it reads and returns."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, Protocol

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.errors import ResultWarning
    from howsure.statistics.arrays import Floats, Ints

Reads = Literal["classes", "scores", "outcomes", "numbers", "amounts", "values", "texts", "rows"]
"""What a metric reads from each row: two classes, a class and a score, one class, two numbers, two amounts of
which it takes the ratio, one number, two texts, or the row itself.
"""


Scale = Literal["share", "percent", "correlation", "positive", "number"]
"""The range of a metric: [0, 1], [0, 100], [−1, 1], positive numbers, or any number."""

SPREAD = 2.0
"""A slope that depends on a density is taken between the points so many standard errors to either side."""

ENOUGH = 25
"""With at least this many questions of each class, the coverage of the intervals was tested."""


@dataclass(frozen=True, slots=True)
class Sets:
    """The classes of rows that may have several or none: the code and the row of each (m,)."""

    code: Ints
    row: Ints

    def by_class(self, share: Floats, size: int) -> Floats:
        """Return the share of rows (r,) that have each class (C,)."""
        return np.bincount(self.code, weights=share[self.row], minlength=size).astype(float)

    def by_row(self, values: Floats, size: int) -> Floats:
        """Return the sum over each row's classes (r,) of values by class (C,)."""
        return np.bincount(self.row, weights=values[self.code], minlength=size).astype(float)

    def also(self, other: Sets, size: int) -> Sets:
        """Return what is in both, of `size` classes."""
        one, two = (sets.row * size + sets.code for sets in (self, other))
        both = np.intersect1d(one, two, assume_unique=True)
        return Sets(both % size, both // size)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one model (r,): `label`, `prediction` and `share`, each row's share of all weight.

    For classes, labels and predictions are codes of `classes`, in their order. `positive`: the code of the
    class that a metric of one class is about, −1 if none is named or obvious. `item`: the code of each row's
    question, None if each row is another. `counts` (r, K): what a metric counts in texts. `lists`: the labels
    and the predictions of rows with several classes, None if each row has one.
    """

    label: Floats
    prediction: Floats
    share: Floats
    classes: tuple[str, ...] = ()
    positive: int = -1
    item: Ints | None = None
    counts: Floats | None = None
    lists: tuple[Sets, Sets] | None = None

    def sets(self) -> tuple[Sets, Sets, Sets]:
        """Return the labels, the predictions, and what is in both."""
        if self.lists is not None:
            return *self.lists, self.lists[0].also(self.lists[1], len(self.classes))
        row, codes = (
            np.arange(len(self.share)),
            (self.label.astype(np.int64), self.prediction.astype(np.int64)),
        )
        (right,) = (self.label == self.prediction).nonzero()
        return Sets(codes[0], row), Sets(codes[1], row), Sets(codes[0][right], right)

    def questions(self, share: Floats) -> float:
        """Return how many questions of equal weight have the information of rows with these shares (r,). All
        attempts at a question are one.
        """
        if self.item is not None:
            share = np.bincount(self.item, weights=share).astype(float)
        squares = float(share @ share)
        return float(share.sum()) ** 2 / squares if squares > 0 else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """The value of a metric, and the influence of every row on it (r,), with weighted mean 0.

    `smallest`: the effective number of questions in the smallest class that the metric depends on, infinite
    without classes. `doubts`: warnings about this model.
    """

    value: float
    influence: Floats
    smallest: float = math.inf
    doubts: tuple[ResultWarning, ...] = ()

    @property
    def scores(self) -> Floats:
        """A score of every row (r,), with the metric as their weighted mean."""
        return self.value + self.influence


class Metric(Protocol):
    """A metric over rows: its `name`, what it `reads`, its `scale`, and whether lower is better."""

    @property
    def name(self) -> str:
        """The word by which it is chosen."""

    @property
    def reads(self) -> Reads:
        """What it reads from each row."""

    @property
    def scale(self) -> Scale:
        """Its range."""

    @property
    def lower_is_better(self) -> bool:
        """Whether smaller values are better."""

    @property
    def of_questions(self) -> bool:
        """Whether it is a mean of scores of questions after all, which keep their meaning one by one."""

    def measure(self, rows: Rows) -> Measured:
        """Return its value and the influences of the rows. MethodError if it is undefined for them."""


class HigherIsBetter:
    """What holds of most metrics."""

    __slots__ = ()
    lower_is_better: ClassVar[bool] = False
    of_questions: ClassVar[bool] = False


@dataclass(frozen=True, slots=True)
class Mean:
    """A metric that is a mean over rows: `of` gives each row's score. `of_questions`: in percent, as scores
    are.
    """

    name: str
    of: Callable[[Rows], Floats]
    reads: Reads
    lower_is_better: bool = False
    of_questions: bool = False
    scale: ClassVar[Scale] = "share"

    def measure(self, rows: Rows) -> Measured:
        """Return the mean of the scores, and each one's distance from it."""
        scores = self.of(rows)
        value = float(rows.share @ scores)
        return Measured(value=value, influence=scores - value)
