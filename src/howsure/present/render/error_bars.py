"""Error bars as pictures in a line of a table: inline SVG, all on one axis, its numbers in the heading."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.present.document import Whisker
    from howsure.wording import Scale

WIDTH, HEIGHT, CAP = 240, 18, 4
MOST_NUMBERS = 6
ROOM = 14
"""Pixels left free at both ends, in which half a number of the axis finds its place."""
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The axis that the error bars of a table share."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return where a value lies, in pixels."""
        return round(ROOM + (WIDTH - 2 * ROOM) * (value - self.low) / (self.high - self.low), 1)

    def ticks(self) -> list[float]:
        """Return round numbers along the axis.

        >>> Axis(low=0.61, high=0.83).ticks()
        [0.65, 0.7, 0.75, 0.8]
        """
        least = (self.high - self.low) / MOST_NUMBERS
        power = math.floor(math.log10(least))
        times = next(step for step in STEPS if step * 10.0**power >= least)
        step = times * 10.0**power
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def draw_error_bar(whisker: Whisker, axis: Axis) -> str:
    """Draw a dot for the value and a line between its limits, or the limits alone, over the lines of the
    axis.
    """
    low, high, value = (axis.place(each) for each in (whisker.low, whisker.high, whisker.value))
    middle = HEIGHT / 2
    cap = middle if whisker.limits else CAP
    caps = "".join(
        f"M{end:g} {middle - cap:g}v{2 * cap:g}" for end in (low, high) if low < high or not whisker.limits
    )
    line = "" if whisker.limits else f"M{low:g} {middle:g}H{high:g}"
    shapes = (
        _uprights((tick for tick in axis.ticks() if tick), axis, "tick"),
        _uprights((tick for tick in axis.ticks() if not tick), axis, "zero"),
        f'<path class="range" d="{line}{caps}"/>',
        f'<circle class="dot" cx="{value:g}" cy="{middle:g}" r="3.5"/>',
    )
    return _picture(shapes)


def draw_axis(axis: Axis, scale: Scale) -> str:
    """Draw the numbers of the axis."""
    texts = [
        f'<text x="{axis.place(tick):g}" y="{HEIGHT - 4}" text-anchor="middle">{scale.mark(tick)}</text>'
        for tick in axis.ticks()
    ]
    return _picture(texts)


def _uprights(ticks: Iterable[float], axis: Axis, kind: str) -> str:
    lines = "".join(f"M{axis.place(tick):g} 0v{HEIGHT}" for tick in ticks)
    return f'<path class="{kind}" d="{lines}"/>' if lines else ""


def _picture(shapes: Iterable[str]) -> str:
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg class="howsure-bar" {size} aria-hidden="true">{"".join(shapes)}</svg>'
