"""Names of columns: how they are compared, and which of several columns of one name counts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def plain_name(name: object) -> str:
    """Write a column's name as the aliases are written: `Question ID` is question_id."""
    return re.sub(r"[\s-]+", "_", str(name).strip().lower())


def name_words(name: str) -> list[str]:
    """Return the words of a column's or metric's name in lower case, a % sign too: costUSD, cost_usd, Score
    (%).
    """
    return re.findall(r"[a-z]+|%", re.sub(r"([a-z])([A-Z])", r"\1 \2", name).lower())


def by_plain_name(columns: Iterable[str]) -> dict[str, str]:
    """Return columns by the names that the aliases have; of several called alike the first."""
    return {plain_name(name): name for name in reversed(list(columns))}
