"""Cards: 1200 × 630, as shown where a page or an answer is linked. The benchmark in small letters, one claim
in large ones, the chart behind it, and where it comes from.
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from howsure.errors import HowsureError
from howsure.present import frontier
from howsure.present.charts.base import EXTRA, WIDE, picture
from howsure.present.charts.sizes import typed, without_columns
from howsure.present.labels import short_labels
from howsure.present.render.visible import visible
from howsure.present.style import BLUE, GREY, INK
from howsure.present.words.plain import short_names

if TYPE_CHECKING:
    from howsure.present.charts.base import Spec

WIDTH, HEIGHT = 1200, 630
EDGE, TOP, FOOT = 56, 62, 592
"""The margins, and the base lines of the first and the last line."""
SMALL, CLAIM = 22, 46
TICKS = 8
AXIS = 150
"""What the axes of a chart with names beside its points need."""
TYPE = 20
"""The font size of the chart."""
MODELS = 8
"""The number of models of a board that fit."""
FONT = "sans-serif"
_OPENING = re.compile(r'<svg [^>]*?width="([\d.]+)" height="([\d.]+)"[^>]*>')


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a card shows: the benchmark with its size and population, one claim, and a chart."""

    kicker: str
    claim: str
    chart: Spec

    def png(self, address: str = "") -> bytes:
        """Return the card as a PNG. `address`: where it comes from."""
        try:
            import vl_convert
        except ImportError:
            raise HowsureError("cards need vl-convert", remedy=EXTRA) from None
        return bytes(vl_convert.svg_to_png(self.svg(address), scale=1, ppi=72))

    def svg(self, address: str = "") -> str:
        """Return the card as SVG."""
        room = int((WIDTH - 2 * EDGE) / (WIDE * CLAIM))
        claim = textwrap.wrap(
            visible(self.claim), room, max_lines=2, placeholder=" …", break_on_hyphens=False
        )
        top = TOP + CLAIM + len(claim) * round(1.15 * CLAIM)
        kicker = textwrap.shorten(
            visible(self.kicker), int((WIDTH - 2 * EDGE) / (WIDE * SMALL)), placeholder=" …"
        )
        lines = [
            _text(kicker, EDGE, TOP, SMALL, GREY),
            *(
                _text(line, EDGE, TOP + CLAIM + 14 + k * round(1.15 * CLAIM), CLAIM, INK, bold=True)
                for k, line in enumerate(claim)
            ),
            _text("howsure", EDGE, FOOT, SMALL, BLUE, bold=True),
            _text(visible(address), WIDTH - EDGE, FOOT, SMALL, GREY, anchor="end"),
        ]
        chart = _placed(self.chart, top, FOOT - 2 * SMALL - top)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}">'
            f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>{chart}{"".join(lines)}</svg>'
        )


def _placed(chart: Spec, top: float, high: float) -> str:
    """Return the chart as a nested picture below the claim. One with panels is made smaller to fit."""
    spec = without_columns(typed(chart, TYPE), "n", "numbers")
    wide = WIDTH - 2 * EDGE
    spec = {**spec, "data": {**spec["data"], "values": _named(spec["data"]["values"])}}
    if all("label_x" in row for row in spec["data"]["values"]):
        spec = frontier.placed({**spec, "width": wide - AXIS, "height": high - AXIS}, TYPE)
    elif "layer" in spec:
        fit = {"type": "fit", "contains": "padding"}
        spec |= {"width": wide, "height": high, "autosize": fit, "padding": 0}
        spec["config"] = {**spec["config"], "axisQuantitative": {"tickCount": TICKS}}
    inner = picture(spec, "svg").decode()
    opening = _OPENING.search(inner)
    if opening is None:
        raise HowsureError("the chart isn't a picture", remedy="Report this as a bug.")
    width, height = map(float, opening.groups())
    scale = min(wide / width, high / height, 1.0)
    at = f'x="{EDGE}" y="{top}" width="{width * scale:.1f}" height="{height * scale:.1f}"'
    nested = f'<svg xmlns="http://www.w3.org/2000/svg" {at} viewBox="0 0 {width:g} {height:g}">'
    return inner[: opening.start()] + nested + inner[opening.end() :]


def _named(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Return rows with names short enough that the chart keeps 60% of the width."""
    if not all("label" in row for row in rows):
        return rows
    names = short_labels(short_names(*(str(row["name"]) for row in rows)))
    return [{**row, "label": name} for row, name in zip(rows, names, strict=True)]


def _text(
    text: str, x: float, y: float, size: int, color: str, *, bold: bool = False, anchor: str = "start"
) -> str:
    weight = "bold" if bold else "normal"
    return (
        f'<text x="{x}" y="{y}" font-family="{FONT}" font-size="{size}" font-weight="{weight}" '
        f'fill="{color}" text-anchor="{anchor}">{escape(text)}</text>'
    )
