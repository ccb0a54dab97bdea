"""Document: what an answer says, as pure data. Renderers lay it out and escape it; numbers become words here."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Whisker:
    """An error bar to be drawn: a value between two limits, all three finite, on the scale of its column."""

    value: float
    low: float
    high: float


Cell = str | Whisker


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table. On a narrow terminal columns of low `priority` are left out first; 9 always stays, 0 never does.

    `error_of`: the name of the column whose numbers these are the errors of; print writes them behind, in parentheses.
    """

    name: str
    align: Literal["left", "right"] = "right"
    priority: int = 9
    error_of: str = ""

    @property
    def is_name(self) -> bool:
        """Whether its cells name their rows: text that always stays."""
        return self.align == "left" and self.priority == 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Rows of cells under columns; `note` goes below it in small print."""

    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    title: str = ""
    note: str = ""

    @property
    def whisker_range(self) -> tuple[float, float]:
        """The smallest and largest limit of all whiskers, so that they share one axis."""
        whiskers = [cell for row in self.rows for cell in row if isinstance(cell, Whisker)]
        if not whiskers:
            return 0.0, 1.0
        low, high = min(w.low for w in whiskers), max(w.high for w in whiskers)
        return (low, high) if high > low else (low - 0.5, high + 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A paragraph. The verdict is the sentence that a reader in a hurry takes away."""

    text: str
    kind: Literal["verdict", "plain", "heading", "small"] = "plain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Cautions, shown after the numbers; of many with one code the first is shown and the others are counted."""

    cautions: tuple[Caution, ...]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The message and the remedy of each kind of caution."""
        kinds: dict[str, list[Caution]] = {}
        for caution in dict.fromkeys(self.cautions):
            kinds.setdefault(caution.code, []).append(caution)
        return [(_counted(same), same[0].remedy) for same in kinds.values()]


def _counted(same: list[Caution]) -> str:
    message = same[0].message.rstrip(".")
    return f"{message}." if len(same) == 1 else f"{message} (and {len(same) - 1:,} more like it)."


Block = Text | Table | Note


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """Blocks in reading order: the answer first, the numbers after, cautions last."""

    blocks: tuple[Block, ...] = field(default=())


BILLION = 1e9
DECIMALS = 10
"""To so many digits a number is rounded before it is written, so that one that was reached on two ways reads the same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How scores of one table are written: in percent (scores in [0, 1]) or as they are."""

    percent: bool = True
    digits: int = 1

    def score(self, value: float) -> str:
        """Write a score: `78.8 %`, `3.142` or `676,700`."""
        return self.number(value) + (" %" if self.percent else "")

    def number(self, value: float) -> str:
        """Write a score without its unit, for a column that names it."""
        if not math.isfinite(value):
            return "n/a"
        if value < 0:
            return "−" + self.number(-value)
        if self.percent:
            return f"{round(100 * value, DECIMALS):.{self.digits}f}"
        four = f"{float(f'{value:.{DECIMALS}g}'):.4g}"
        return f"{float(four):,.0f}" if 1000 <= float(four) <= BILLION else four

    def given(self, value: float) -> str:
        """Write a score that somebody asked for, with all its digits: a floor of 99.95 % is not one of 100.0 %."""
        shown, scaled = self.number(abs(value)), abs(100 * value if self.percent else value)
        if math.isfinite(value) and not math.isclose(float(shown.replace(",", "")), scaled, rel_tol=1e-9):
            shown = f"{scaled:,.10g}"
        return ("−" if value < 0 else "") + shown + (" %" if self.percent else "")

    def given_gap(self, value: float) -> str:
        """Write the size of a difference that somebody asked for, with all its digits: `0.05 pp`."""
        return self.given(abs(value)).removesuffix(" %") + self.unit

    def difference(self, value: float) -> str:
        """Write a signed difference with its unit: `+3.2 pp`."""
        return self.signed(value) + self.unit

    def gap(self, value: float) -> str:
        """Write the size of a difference with its unit: `3.2 pp`."""
        return self.number(abs(value)) + self.unit

    def signed(self, value: float) -> str:
        """Write a signed difference without its unit."""
        sign = "" if not math.isfinite(value) else "−" if value < 0 else "+"
        return sign + self.number(abs(value))

    def interval(self, low: float, high: float) -> str:
        """Write two limits: `[75.0, 82.2]`."""
        return f"[{self.limit(low)}, {self.limit(high)}]"

    @property
    def unit(self) -> str:
        """The unit of a difference, with the space before it."""
        return " pp" if self.percent else ""

    @property
    def column(self) -> str:
        """The unit in a column's heading."""
        return " %" if self.percent else ""

    def limit(self, value: float) -> str:
        """Write one limit of an interval, without its unit."""
        text = self.number(abs(value)) if math.isfinite(value) else "n/a"
        return f"−{text}" if value < 0 else text


def level_text(level: float) -> str:
    """Write a confidence level: `95 %`."""
    return f"{100 * level:g} %"


def p_text(p: float) -> str:
    """Write a p-value: `0.031`, `< 0.001`, `n/a`."""
    if not math.isfinite(p):
        return "n/a"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.9995 else "1.000"


def count_text(count: float) -> str:
    """Write a count with thousands separated: `12,000`."""
    return f"{count:,.0f}"


def rounded_up(count: float) -> str:
    """Write a forecast of a count, rounded up to two digits: it is not exact."""
    step = 10 ** max(math.floor(math.log10(max(count, 1))) - 1, 0)
    return f"{math.ceil(count / step) * step:,}"


def plural(count: int, noun: str, many: str = "") -> str:
    """Write a count and its noun: `1 item`, `2 items`, `3 entries`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def listing(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    """Write a list of names: `a, b, c and 4 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"
