"""Where names go beside the points of a chart: none over another, over a point, or outside the axes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.cells import cell_len

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.present.charts.base import Row

EM = 0.54
"""The mean width of a character, in sizes of the type."""
DOT = 0.5
"""A point's half width, and a gap, in sizes of the type."""
RINGS = (0.0, 0.7, 1.6, 2.8, 4.5, 7.0, 10.0, 14.0)
"""How far off a name may be, in sizes of the type."""
CROSSED = 0.6
"""What lying over an error bar is worth, in rings."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes: their size as drawn, and where they begin and end; x is logarithmic."""

    width: float
    height: float
    x: tuple[float, ...]
    y: tuple[float, ...]

    def at(self, cost: float, score: float) -> tuple[float, float]:
        """Return where a point is drawn, from the top left."""
        low, high = (math.log(end) for end in self.x)
        along = (math.log(cost) - low) / (high - low)
        up = (score - self.y[0]) / (self.y[1] - self.y[0])
        return self.width * along, self.height * (1 - up)

    def back(self, left: float, down: float) -> tuple[float, float]:
        """Return which cost and score are drawn there."""
        low, high = (math.log(end) for end in self.x)
        cost = math.exp(low + left / self.width * (high - low))
        score = self.y[0] + (1 - down / self.height) * (self.y[1] - self.y[0])
        return float(f"{cost:.12g}"), float(f"{score:.12g}")


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle, by its middle and half its sides."""

    x: float
    y: float
    half_width: float
    half_height: float

    def touches(self, other: Box) -> bool:
        """Say whether two rectangles overlap."""
        across, down = self.half_width + other.half_width, self.half_height + other.half_height
        return abs(self.x - other.x) < across and abs(self.y - other.y) < down

    def inside(self, frame: Frame) -> bool:
        """Say whether all of it lies within the axes."""
        across = self.half_width <= self.x <= frame.width - self.half_width
        return across and self.half_height <= self.y <= frame.height - self.half_height


def places(rows: Sequence[Row], frame: Frame, font: float) -> list[tuple[float, float] | None]:
    """Return where the middle of each row's name goes, on the axes' scales; None where it has no room.

    Those of the step line are first, and may be farther off.
    """
    points = [frame.at(row["cost"], row["score"]) for row in rows]
    taken = [Box(x, y, DOT * font, DOT * font) for x, y in points]
    bars = [bar for row in rows for bar in _bars(row, frame)]
    found: list[tuple[float, float] | None] = [None] * len(rows)
    order = sorted(range(len(rows)), key=lambda k: (rows[k]["step"] is None, rows[k]["group"] == "beaten", k))
    for k in order:
        most = math.inf if rows[k]["step"] is not None else RINGS[1]
        around = _around(rows[k]["label"], points[k], frame, font)
        free = ((far, box) for far, box in around if box.inside(frame) and not any(map(box.touches, taken)))
        box = _best(free, bars, most)
        if box is not None:
            taken.append(box)
            found[k] = frame.back(box.x, box.y)
    return found


def _best(free: Iterable[tuple[float, Box]], bars: Sequence[Box], most: float) -> Box | None:
    """Return the nearest free place, one over no error bar where there is one; None where all cost `most` or
    more.
    """
    best, least = None, most
    for far, box in free:
        if far >= least:
            break
        cost = far + CROSSED * sum(map(box.touches, bars))
        if cost < least:
            best, least = box, cost
    return best


def _around(label: str, at: tuple[float, float], frame: Frame, font: float) -> Iterator[tuple[float, Box]]:
    """Yield places around a point, the near ones first, each with how far it is."""
    half_width, half_height = EM * font * cell_len(label) / 2, 0.6 * font
    middle = max(
        min(at[0], frame.width - half_width - 1.0), half_width + 1.0
    )  # above and below a name may move along
    for ring in RINGS:
        gap = (DOT + 0.2 + ring) * font
        side, above = half_width + gap, half_height + gap
        beside = half_height + 1.0  # clear of its own error bar
        for x, y in ((side, -beside), (side, beside), (-side, -beside), (-side, beside)):
            yield ring, Box(at[0] + x, at[1] + y, half_width, half_height)
        for y in (-above, above):
            yield ring + 0.1, Box(middle, at[1] + y, half_width, half_height)


def _bars(row: Row, frame: Frame) -> Iterator[Box]:
    """Yield the two error bars of a point as thin rectangles."""
    x, y = frame.at(row["cost"], row["score"])
    if row["low"] is not None and row["high"] is not None:
        top, bottom = frame.at(row["cost"], row["high"])[1], frame.at(row["cost"], row["low"])[1]
        yield Box(x, (top + bottom) / 2, 0.5, (bottom - top) / 2)
    if row["cost_low"] is not None and row["cost_high"] is not None:
        left, right = frame.at(row["cost_low"], row["score"])[0], frame.at(row["cost_high"], row["score"])[0]
        yield Box((left + right) / 2, y, (right - left) / 2, 0.5)
