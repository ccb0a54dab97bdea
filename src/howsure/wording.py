"""How numbers, counts and lists are written: the one place that turns them into words."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Protocol

BILLION = 1e9
LEAST = 0.01
"""Numbers below 1 have three decimals, those below this two significant digits."""
VERDICTS = {"pass": "PASS", "fail": "FAIL", "unclear": "Can't tell"}
"""The verdicts of a gate for people. Programs read "pass", "fail" and "unclear"."""

RARE = 0.01
"""A rate below this, or a rate of failures, is rare."""

DECIMALS = 10
"""Numbers are rounded to this many digits before they are written, so that equal numbers from different
computations read the same.
"""


class Limits(Protocol):
    """An interval and its confidence level."""

    @property
    def low(self) -> float:
        """The lower limit."""

    @property
    def high(self) -> float:
        """The upper limit."""

    @property
    def level(self) -> float:
        """The confidence level."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """How scores of one table are written: in percent (scores in [0, 1]) or unchanged.

    `rare`: rates below 1% with two significant digits, and rates above 99% with those of their complement.
    """

    percent: bool = True
    digits: int = 1
    rare: bool = False

    def near(self, value: float) -> Scale:
        """Return the scale of a score and its error bar, with more digits if it is below 1% or above 99%."""
        rare = self.percent and (0 < value < RARE or 1 - RARE < value < 1)
        return self if rare == self.rare else replace(self, rare=rare)

    def score(self, value: float) -> str:
        """Write a score: `78.8%`, `3.142` or `676,700`."""
        return self.number(value) + ("%" if self.percent else "")

    def number(self, value: float) -> str:
        """Write a score, or a limit of an interval, without its unit."""
        if not math.isfinite(value):
            return "n/a"
        if value < 0:
            return "−" + self.number(-value)
        value = abs(value)  # −0 is 0
        if self.percent:
            digits = self.digits
            if self.rare and 10**-DECIMALS < (lack := min(value, abs(1 - value))) < RARE:
                digits = max(digits, 1 - math.floor(math.log10(100 * lack)))
            return f"{round(100 * value, DECIMALS):.{digits}f}"
        if LEAST <= value < 1:
            return f"{round(value, DECIMALS):.3f}"
        four = f"{float(f'{value:.{DECIMALS}g}'):.{4 if value >= 1 else 2}g}"
        return f"{float(four):,.0f}" if 1000 <= float(four) <= BILLION else four

    def known(self, value: float) -> str:
        """Write a score without its unit, nothing if unknown."""
        return self.number(value) if math.isfinite(value) else ""

    def given(self, value: float) -> str:
        """Write a score given by a user, with all its digits: a floor of 99.95% is not one of 100.0%."""
        shown, scaled = self.number(abs(value)), abs(100 * value if self.percent else value)
        if math.isfinite(value) and not math.isclose(float(shown.replace(",", "")), scaled, rel_tol=1e-9):
            shown = f"{scaled:,.10g}"
        return ("−" if value < 0 else "") + shown + ("%" if self.percent else "")

    def given_gap(self, value: float) -> str:
        """Write the size of a difference given by a user, with all its digits: `0.05 points`."""
        return self.given(abs(value)).removesuffix("%") + self.unit

    def difference(self, value: float) -> str:
        """Write a signed difference with its unit: `+3.2 points`."""
        return self.signed(value) + self.unit

    def gap(self, value: float) -> str:
        """Write the size of a difference with its unit: `3.2 points`."""
        return self.number(abs(value)) + self.unit

    def lead(self, value: float) -> str:
        """Write the lead of one over another, with its unit. If it would read as 0 it is `less than 0.1
        points`.
        """
        least = 10.0**-self.digits
        if self.percent and value and self.number(abs(value)) == self.number(0.0):
            return f"less than {self.number(least / 100)}{self.unit}"
        return self.gap(value)

    def signed(self, value: float) -> str:
        """Write a signed difference without its unit."""
        sign = "" if not math.isfinite(value) else "−" if value < 0 else "+"
        return sign + self.number(abs(value))

    def mark(self, value: float) -> str:
        """Write a number of an axis, with no more digits than it has: `70`, `−2.5`."""
        text = f"{abs(100 * value if self.percent else value):,.10g}"
        return f"−{text}" if value < 0 else text

    def interval(self, low: float, high: float) -> str:
        """Write two limits: `75.0–82.2`, `−1.8 to 19.0`."""
        dash = "–" if low >= 0 else " to "
        return f"{self.number(low)}{dash}{self.number(high)}"

    @property
    def unit(self) -> str:
        """The unit of a difference, with the space before it."""
        return " points" if self.percent else ""

    @property
    def points(self) -> str:
        """The unit of a difference in a column's heading."""
        return ", points" if self.percent else ""

    @property
    def column(self) -> str:
        """The unit in a column's heading."""
        return " %" if self.percent else ""


def told_apart(one: float, other: float) -> tuple[str, str]:
    """Write two scores, with enough digits to show the difference: `13.52%`, `13.54%`."""
    percent = all(0 <= value <= 1 for value in (one, other) if math.isfinite(value))
    most = 2 if math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12) else DECIMALS
    for digits in range(1, most):
        texts = [
            f"{100 * value:.{digits}f}%" if percent else f"{value:.{digits + 3}g}" for value in (one, other)
        ]
        if texts[0] != texts[1]:
            break
    return texts[0], texts[1]


def ci_text(interval: Limits, scale: Scale) -> str:
    """Write a confidence interval in a sentence: `95% CI −1.8 to 19.0`.

    >>> from types import SimpleNamespace
    >>> ci_text(SimpleNamespace(low=-0.018, high=0.19, level=0.95), Scale())
    '95% CI −1.8 to 19.0'
    """
    if not interval.low <= interval.high:
        return "no error bar"
    return f"{level_text(interval.level)} CI {scale.number(interval.low)} to {scale.number(interval.high)}"


def p_words(p: float) -> str:
    """Write a p-value in a sentence: `p = 0.031`, `p < 0.001`."""
    text = p_text(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def level_text(level: float) -> str:
    """Write a confidence level: `95%`."""
    return f"{100 * level:g}%"


def p_text(p: float) -> str:
    """Write a p-value: `0.031`, `< 0.001`, `n/a`."""
    if not math.isfinite(p):
        return "n/a"
    return "< 0.001" if p < 0.001 else f"{p:.3f}" if p < 0.9995 else "1.000"


def correlation_text(value: float) -> str:
    """Write a correlation: `−0.20`, without a sign if it reads as 0."""
    return f"{round(value, 2) + 0.0:.2f}".replace("-", "−")


def count_text(count: float) -> str:
    """Write a count with thousands separated: `12,000`."""
    return f"{count:,.0f}"


def amount_text(amount: float, digits: int = 4) -> str:
    """Write an amount of usage, without an exponent, in whole units if it is large: `182,973,197`, `967.9`,
    `0.0000207`.
    """
    if not math.isfinite(amount):
        return "n/a"
    if abs(amount) >= 1000 or amount == int(amount):
        return f"{amount:,.0f}"
    return format(Decimal(f"{amount:.{digits}g}"), "f")


def amounts_apart(one: float, other: float) -> tuple[str, str]:
    """Write two amounts, with enough digits to show the difference."""
    for digits in range(4, DECIMALS):
        texts = amount_text(one, digits), amount_text(other, digits)
        if texts[0] != texts[1] or math.isclose(one, other, rel_tol=1e-9, abs_tol=1e-12):
            break
    return texts


MOST_FORECAST = 1e5
"""A forecast of more questions or attempts than this isn't shown, as no one runs as many."""


def rounded_up(count: float) -> str:
    """Write a forecast of a count, rounded up to two digits, as it isn't exact."""
    step = 10 ** max(math.floor(math.log10(max(count, 1))) - 1, 0)
    return f"{math.ceil(count / step) * step:,}"


def plural(count: int, noun: str, many: str = "") -> str:
    """Write a count and its noun: `1 item`, `2 items`, `3 entries`."""
    return f"{count:,} {noun if count == 1 else many or noun + 's'}"


def share_remedy(number: float) -> str:
    """Return how to write a score in [0, 1]: this number, if it was meant in percent.

    >>> share_remedy(75)
    'Write 0.75 (or 75%).'
    """
    percent = number if 1 < number <= 100 else 92.0
    return f"Write {percent / 100:g} (or {percent:g}%)."


def have(count: int) -> str:
    """Write the verb for a count: `1 has`, `2 have`."""
    return "has" if count == 1 else "have"


def come_once(tasks: list[str]) -> bool:
    """Return whether each of these tasks occurs once, so that its parts are called tasks. With several
    metrics they are boards.
    """
    return len(set(tasks)) == len(tasks)


def shortened(text: str, most: int) -> str:
    """Write a text on one line of at most this many letters."""
    one = " ".join(text.split())
    return one if len(one) <= most else f"{one[: most - 1]}…"


def listing(names: tuple[str, ...] | list[str], most: int = 3) -> str:
    """Write a list of names: `a, b, c and 4 more`."""
    if len(names) <= most:
        return ", ".join(names)
    return f"{', '.join(names[:most])} and {len(names) - most:,} more"


OURS = ("Can't tell", "Of ", "All ", "Both ", "None of ", "Neither of ")
"""The beginnings of our own sentences. Others begin with a name."""


def within(scope: str, sentence: str) -> str:
    """Begin a sentence with its scope, after `Can't tell. ` if it begins so: `On 3 of 4 tasks, …`."""
    undecided = "Can't tell. "
    if scope and sentence.startswith(undecided):
        return f"{undecided}{scope}{sentence.removeprefix(undecided)}"
    return scope + (sentence[0].lower() + sentence[1:] if scope and sentence.startswith(OURS) else sentence)


def without_secrets(text: str) -> str:
    """Write another library's message without the secrets that its addresses may contain: user names,
    passwords and queries.
    """
    return re.sub(r"(?<=://)[^\s/]*@|[?#]\S*", "", text) if "://" in text else text
