"""Every option that takes a word from a list, and the one place that checks it."""

from __future__ import annotations

import math
import numbers
import re
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Literal, get_args

from howsure.errors import OptionError

if TYPE_CHECKING:
    from howsure.statistics.choices import (
        ScoreKind,
    )

Failures = Literal["harness", "drop", "zero", "error"]
"""What a failed attempt counts as: what the harness does, nothing, a 0, or a reason to stop."""

Overall = Literal["mean", "pooled"]
"""How tasks are put together: the mean over tasks, or all items in one pool."""

Population = Literal["questions", "benchmark"]
"""What a score is about: all questions that could have been drawn, or exactly those of this benchmark."""


Format = Literal["terminal", "markdown", "csv", "json", "latex", "html"]
"""What an answer is rendered as."""

BoardChart = Literal["leaderboard", "ranks", "pairs"]
"""What a leaderboard is drawn as: scores with error bars, the ranks that could be, or all pairs."""


def check(name: str, value: Any, alias: Any, *, optional: bool = False) -> None:
    """Raise OptionError unless `value` is one of the words of a Literal alias."""
    words = get_args(alias)
    if value in words or (optional and value is None):
        return
    near = get_close_matches(str(value), words, n=1)
    hint = f"Did you mean {near[0]!r}?" if near else ""
    raise OptionError(f"{name}={value!r} is not one of {', '.join(map(repr, words))}", remedy=hint)


def check_level(level: float) -> None:
    """Raise OptionError unless the confidence level lies strictly between 0 and 1."""
    if not isinstance(level, (int, float)) or not 0 < level < 1:
        raise OptionError(f"level={level!r} is not between 0 and 1", remedy="Write 0.95 for 95 %.")


def check_numbers(**given: object) -> None:
    """Raise OptionError for what is given and is no finite number, as a size in words; None is not given."""
    for name, value in given.items():
        known = type(value) is not bool and isinstance(value, numbers.Real) and math.isfinite(value)
        if value is not None and not known:
            raise OptionError(
                f"{name}={value!r} is no number", remedy="Write 0.01 for one percentage point, 0.92 for 92 %."
            )


@dataclass(frozen=True, slots=True)
class ScoreRule:
    """What is made of the attempts at an item: a kind and its k, 0 where it has none."""

    kind: ScoreKind = "mean"
    k: int = 0

    def __str__(self) -> str:
        if self.kind == "plug-in":
            return f"pass^{self.k}-plug-in"
        return f"{self.kind}{self.k or ''}"

    @property
    def over_attempts(self) -> bool:
        """Whether it is another number than the mean of the attempts."""
        return self.kind not in ("mean", "prob")


_RULE = re.compile(r"(?P<kind>pass@|pass\^|majority@|best-of-)(?P<k>[1-9]\d{0,5})(?P<plug>-plug-in)?")
SCORES = "mean, pass@K, pass^K, pass^K-plug-in, majority@K, best-of-K, consistency, prob"


def parse_score(text: str) -> ScoreRule:
    """Read `pass@3`, `pass^3`, `majority@5`, `best-of-4`, `consistency`, `prob` or `mean`; raise OptionError for others."""
    if text in ("mean", "consistency", "prob"):
        return ScoreRule(kind=text)  # type: ignore[arg-type]
    found = _RULE.fullmatch(str(text))
    if found is None or (found["plug"] and found["kind"] != "pass^"):
        raise OptionError(f"score={text!r} is not one of {SCORES}", remedy="K is a whole number, as in 'pass@3'.")
    kind = "plug-in" if found["plug"] else found["kind"]
    return ScoreRule(kind=kind, k=int(found["k"]))  # type: ignore[arg-type]
