"""The card shown for a link to a page: 1200 × 630, how many models could be best, in large letters, over the
top of the board.
"""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from howsure.present.charts.base import WIDE, picture
from howsure.present.charts.sizes import typed
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.present.words.plain import short_names

if TYPE_CHECKING:
    from howsure.present.charts.base import Spec

WIDTH, HEIGHT = 1200, 630
TYPE, HEADLINE = 22, 48
MODELS = 8
"""The number of models of a board that fit."""
NAME = 34
LINES = {HEADLINE: 2, TYPE: 3}
"""Lines of a text of this size. A longer one ends in an ellipsis."""
PADDING = 32
TICKS = 8


def card(chart: Spec, headline: str, verdict: str) -> bytes:
    """Return the card as a PNG. `chart`: the best of a board, as `leaderboard` draws it. `headline`,
    `verdict`: the texts above it.
    """
    spec = typed(chart, TYPE)
    rows = spec["data"]["values"]
    names = labels(short_names(*(row["name"] for row in rows)), NAME)
    made = {
        **spec,
        "title": {
            "text": _lines(headline, HEADLINE),
            "fontSize": HEADLINE,
            "fontWeight": "bold",
            "offset": TYPE,
            "subtitle": [*_lines(verdict, TYPE), *spec.get("title", {}).get("text", [])],
            "subtitlePadding": TYPE / 2,
        },
        "config": {**spec["config"], "axisQuantitative": {"tickCount": TICKS}},
        "width": WIDTH,
        "height": HEIGHT,
        "padding": PADDING,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {
            **spec["data"],
            "values": [{**row, "label": name} for row, name in zip(rows, names, strict=True)],
        },
    }
    return picture(made, "png", scale=1)


def _lines(text: str, size: int) -> list[str]:
    room = int((WIDTH - 2 * PADDING) / (WIDE * size))
    return textwrap.wrap(visible(text), room, max_lines=LINES[size], placeholder=" …")
