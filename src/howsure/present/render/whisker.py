"""Error bars drawn with characters, for every format that shows text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.present.document import Whisker


def draw_whisker(whisker: Whisker, width: int, low: float, high: float) -> str:
    """Draw an error bar on an axis from `low` to `high`: `   ├──●──┤    `, or limits: `   │  ●  │    `."""
    left, dot, right = (_place(x, width, low, high) for x in (whisker.low, whisker.value, whisker.high))
    if whisker.limits:  # a value that lies outside is drawn outside
        left = max(left, dot + 1) if whisker.value < whisker.low else left
        right = min(right, dot - 1) if whisker.value > whisker.high else right
    line = [" "] * width
    line[left : right + 1] = (" " if whisker.limits else "─") * (right + 1 - left)
    line[left], line[right] = "││" if whisker.limits else "├┤"
    line[dot] = "●"
    return "".join(line)


def _place(x: float, width: int, low: float, high: float) -> int:
    share = (x - low) / (high - low)
    return min(max(round(share * (width - 1)), 0), width - 1)
