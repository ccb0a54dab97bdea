"""Text that fits: titles, headings and names on several lines, legends in as many columns as there is room
for.
"""

from __future__ import annotations

import math
import re
import textwrap
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.present.charts.base import Spec

EM = 0.5
"""The mean width of a character, in sizes of the type."""
WIDE = 0.54
"""The same where a line must not be too long."""


def ticks(view: Spec, inner: float, font: float) -> None:
    """Give a horizontal axis of numbers no more ticks than it has room for."""
    for part in (view, *view.get("layer", ())):
        x = part.get("encoding", {}).get("x", {})
        if x.get("type") == "quantitative" and "field" in x and "values" not in (x.get("axis") or {}):
            x["axis"] = {**(x.get("axis") or {}), "tickCount": max(2, min(6, int(inner / (5 * font))))}


def wrap_titles(node: Any, wide: float, high: float, font: float, *, upright: bool = False) -> None:
    """Break titles of axes and legends into lines that fit."""
    if not isinstance(node, dict):
        for each in node if isinstance(node, list) else ():
            wrap_titles(each, wide, high, font)
        return
    for key, value in node.items():
        if key == "title" and isinstance(value, str):
            node[key] = _lines(
                value,
                int((high if upright else wide) / (EM * font)) if not upright or high < math.inf else 99,
            )
        elif key != "tooltip":
            wrap_titles(value, wide, high, font, upright=key == "y" or (upright and key == "axis"))


def legends(node: Any) -> Iterator[Spec]:
    """Yield what has a legend with entries."""
    if isinstance(node, dict):
        for key, value in node.items():
            if (
                key in ("color", "shape", "strokeDash")
                and isinstance(value, dict)
                and "domain" in value.get("scale", {})
            ):
                yield value
            yield from legends(value)
    for each in node if isinstance(node, list) else ():
        yield from legends(each)


def fit_legend(channel: Spec, wide: float, font: float) -> None:
    """Give a legend as many columns as its entries have room for."""
    entries = [str(each) for each in channel["scale"]["domain"]]
    legend = channel.get("legend") or {}
    mark = math.sqrt(legend.get("symbolSize", 70))
    entry = EM * font * max(map(len, entries)) + mark + 1.4 * font
    channel["legend"] = {**legend, "columns": max(1, min(len(entries), int(wide / entry)))}


def wrap_heading(part: Spec, most: int) -> None:
    """Break what stands above a figure or a panel into lines that fit."""
    title = part.get("title")
    if isinstance(title, dict):
        for key in ("text", "subtitle"):
            texts = title.get(key, [])
            lines = [
                line
                for text in ([texts] if isinstance(texts, str) else texts)
                for line in textwrap.wrap(text, most)
            ]
            if lines:
                title[key] = lines


def _lines(text: str, most: int) -> str | list[str]:
    lines = textwrap.wrap(text, max(most, 8))
    return text if len(lines) <= 1 else lines


def broken(label: str, most: int) -> str:
    """Break a name that is too wide into lines, behind its dashes and slashes where it has some."""
    parts = re.findall(r"[^/\-_ ]*[/\-_ ]?", label)
    lines = [""]
    for part in (
        piece for each in parts for piece in (textwrap.wrap(each, most, drop_whitespace=False) or [""])
    ):
        if lines[-1] and len(lines[-1]) + len(part) > most + 1:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
