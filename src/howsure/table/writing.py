"""Writing: how a table writes its numbers, if given by the user or the file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Decimal = Literal["point", "comma"]
"""The decimal mark. The other one may separate thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """How a table writes numbers: further texts for "no score", and the decimal mark, None if unknown.

    `semicolons`: whether they separate the table's cells, so that the comma is for decimals.
    """

    missing: tuple[str, ...] = ()
    decimal: Decimal | None = None
    semicolons: bool = False
