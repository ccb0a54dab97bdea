"""What logs state of their own runs: how much was to be answered, and figures to which the rows are held."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

Figure = Literal["samples", "score", "standard error", "tokens", "usd"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How much one run was to answer, as its log states it.

    `items` were to be answered, each `attempts` times, 0 where the log states no number of attempts. `names`:
    these items, where they are stated. `whole`: the items of the data set of which these are a part on
    purpose, 0 where they are all or nobody says.
    `status`: what the log says of the run's end. `remedy`: how the rest is had.
    """

    task: str
    model: str
    items: int
    attempts: int = 0
    names: tuple[str, ...] = ()
    whole: int = 0
    status: str = ""
    remedy: str = "Run the rest, or read the result as one over fewer questions."


@dataclass(frozen=True, slots=True, kw_only=True)
class Missing:
    """What one model was to answer on a task and didn't.

    `named`: the missing attempts of items whose names are known. `unnamed`: items that nobody names, each
    with `attempts` attempts.
    """

    task: str
    model: str
    named: Mapping[str, int] = field(default_factory=dict, hash=False)
    unnamed: int = 0
    attempts: int = 1

    @property
    def count(self) -> int:
        """All missing attempts."""
        return sum(self.named.values()) + self.unnamed * self.attempts


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """What all attempts of one run took together, as its log states it.

    `figure`: "tokens" are those in and out and of the cache, else a measure. `decimals`: so many are stated,
    None where all are. `run` names a file that states it of `files` others, where the run is spread over them
    and each of them says so.
    """

    task: str
    model: str
    figure: Figure
    value: float
    decimals: int | None = None
    run: str = ""
    files: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks that a harness puts together: `by_size`: each counts as much as it has items, else all count
    alike.
    """

    name: str
    harness: str
    tasks: frozenset[str]
    by_size: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciled:
    """One figure that a log states, and what its rows give.

    Attributes:
        source: The file.
        task: The task.
        model: The model.
        metric: What the score measures; empty where the figure is no score.
        figure: "samples", "score", "standard error", or what the attempts took: "tokens", "usd".
        stated: What the log says.
        read: What the rows give; NaN where they give none.
        agrees: Whether both are equal to the last digit that is stated.
    """

    source: str
    task: str
    model: str
    metric: str
    figure: Figure
    stated: float
    read: float
    agrees: bool
