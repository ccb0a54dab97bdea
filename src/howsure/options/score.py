"""What is made of the attempts at an item: the option `score`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.errors import OptionError

if TYPE_CHECKING:
    from howsure.statistics.choices import ScoreKind


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


_RULE = r"(?P<kind>pass@|pass\^|majority@|best-of-)(?P<k>[1-9]\d{0,5})(?P<plug>-plug-in)?"
SCORES = "mean, pass@K, pass^K, pass^K-plug-in, majority@K, best-of-K, consistency, prob"


def parse_score(text: str) -> ScoreRule:
    """Read `pass@3`, `pass^3`, `majority@5`, `best-of-4`, `consistency`, `prob` or `mean`; raise OptionError
    for others.
    """
    found = re.fullmatch(_RULE, text) if isinstance(text, str) else None
    if isinstance(text, str) and text in ("mean", "consistency", "prob"):
        return ScoreRule(kind=text)  # type: ignore[arg-type]
    if found is None or (found["plug"] and found["kind"] != "pass^"):
        raise OptionError(
            f"`score={text!r}` is not one of {SCORES}", remedy="K is a whole number, as in 'pass@3'."
        )
    kind = "plug-in" if found["plug"] else found["kind"]
    return ScoreRule(kind=kind, k=int(found["k"]))  # type: ignore[arg-type]
