"""Error bars drawn with characters, for every format that shows text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.present.document import Whisker


def draw_whisker(whisker: Whisker, width: int, low: float, high: float) -> str:
    """Draw an error bar on an axis from `low` to `high`: `   ├──●──┤    `."""
    left, dot, right = (_place(x, width, low, high) for x in (whisker.low, whisker.value, whisker.high))
    line = [" "] * width
    line[left : right + 1] = "─" * (right + 1 - left)
    line[left], line[right] = "├", "┤"
    line[dot] = "●"
    return "".join(line)


def _place(x: float, width: int, low: float, high: float) -> int:
    share = (x - low) / (high - low)
    return min(max(round(share * (width - 1)), 0), width - 1)
