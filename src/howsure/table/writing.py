"""Writing: how a table writes its numbers, as far as the user or the file says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decimal = Literal["point", "comma"]
"""Which mark stands before decimals; the other one may part thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How a table writes numbers: further texts for "no score", and the decimal mark, None where nobody says.

    `semicolons`: they part the table's cells, which leaves the comma for decimals.
    """

    missing: tuple[str, ...] = ()
    decimal: Decimal | None = None
    semicolons: bool = False
