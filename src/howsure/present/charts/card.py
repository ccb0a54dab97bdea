"""The card that is shown where a page is linked: 1200 × 630, the verdict over the top of the board."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from howsure.present.charts.base import picture
from howsure.present.charts.lines import WIDE
from howsure.present.charts.sizes import typed
from howsure.present.labels import labels
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from howsure.present.charts.base import Spec

WIDTH, HEIGHT = 1200, 630
TYPE, VERDICT = 22, 32
MODELS = 8
"""So many models of a board have room."""
NAME = 34
LINES = 5
"""Lines of a verdict; a longer one ends in an ellipsis."""
PADDING = 32


def card(chart: Spec, verdict: str) -> bytes:
    """Return the card as a PNG. `chart`: the best of a board, as `leaderboard` draws it; `verdict`: what stands over it."""
    spec = typed(chart, TYPE)
    rows = spec["data"]["values"]
    names = labels((row["name"] for row in rows), NAME)
    lines = textwrap.wrap(
        visible(verdict), int((WIDTH - 2 * PADDING) / (WIDE * VERDICT)), max_lines=LINES, placeholder=" …"
    )
    title = {"text": lines, "fontSize": VERDICT, "fontWeight": "bold", "offset": TYPE}
    below = spec.get("title", {}).get("text", [])
    made = {
        **spec,
        "title": {**title, **({"subtitle": below} if below else {})},
        "width": WIDTH,
        "height": HEIGHT,
        "padding": PADDING,
        "autosize": {"type": "fit", "contains": "padding"},
        "data": {**spec["data"], "values": [{**row, "label": name} for row, name in zip(rows, names, strict=True)]},
    }
    return picture(made, "png", scale=1)
