"""Charts from plain records, by Altair (the extra "plot")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.errors import HowsureError

if TYPE_CHECKING:
    import altair as alt

MOST_LINES = 12


def curves(records: list[dict[str, Any]], *, percent: bool) -> alt.FacetChart:
    """Draw the SE over the number of attempts, one line a number of items, one panel a task and model.

    `records`: task, name, attempts, items, se. Of more than twelve panels the first twelve are drawn.
    """
    draw = _altair()
    names = list(dict.fromkeys((record["task"], record["name"]) for record in records))[:MOST_LINES]
    scale = 100 if percent else 1
    rows = [
        {
            "panel": f"{record['task']}: {record['name']}" if len({task for task, _ in names}) > 1 else record["name"],
            "attempts": record["attempts"],
            "questions": f"{record['items']:,}",
            "order": record["items"],
            "se": scale * record["se"],
        }
        for record in records
        if (record["task"], record["name"]) in names
    ]
    unit = " (percentage points)" if percent else ""
    chart = (
        draw.Chart(draw.Data(values=rows), width=300, height=180)
        .mark_line(point=True)
        .encode(
            x=draw.X(
                "attempts:Q",
                title="attempts a question",
                scale=draw.Scale(type="log", domain=[1, 20], nice=False),
                axis=draw.Axis(values=TICKS),
            ),
            y=draw.Y("se:Q", title=f"standard error{unit}", scale=draw.Scale(zero=True)),
            color=draw.Color(
                "questions:N", sort=draw.SortField("order"), scale=draw.Scale(range=COLOURS), title="questions"
            ),
        )
    )
    panels: alt.FacetChart = chart.facet(draw.Facet("panel:N", title=None, sort=None), columns=2)
    return panels


TICKS = (1, 2, 3, 5, 10, 20)
COLOURS = ("#0072b2", "#d55e00", "#009e73")
"""Told apart by colour-blind readers (Okabe and Ito 2008)."""


def _altair() -> Any:
    try:
        import altair as alt
    except ImportError:
        raise HowsureError(
            "charts need Altair", remedy="Install it with the extra: pip install 'howsure[plot]'."
        ) from None
    return alt
