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


def power_curves(records: list[dict[str, Any]], over: str, *, percent: bool) -> alt.FacetChart:
    """Draw power over the number of questions or the true difference, a line a number of attempts, a panel a task.

    `records`: task, attempts, items, effect, power; `over`: "items" or "effect".
    """
    draw = _altair()
    scale = 100 if over == "effect" and percent else 1
    rows = [
        {
            "panel": record["task"] or "overall",
            "attempts": record["attempts"] if record["attempts"] == "endless" else f"{record['attempts']:g}",
            "x": scale * record[over],
            "power": record["power"],
        }
        for record in records
    ]
    order = list(dict.fromkeys(row["attempts"] for row in rows))
    title = "questions" if over == "items" else "true difference" + (" (percentage points)" if percent else "")
    axis = draw.Scale(type="log", nice=False) if over == "items" else draw.Scale(zero=True)
    chart = (
        draw.Chart(draw.Data(values=rows), width=340, height=220)
        .mark_line()
        .encode(
            x=draw.X("x:Q", title=title, scale=axis),
            y=draw.Y("power:Q", title="power", axis=draw.Axis(format="%"), scale=draw.Scale(domain=[0, 1])),
            color=draw.Color("attempts:N", sort=order, scale=draw.Scale(range=SEQUENCE), title="attempts a question"),
        )
    )
    panels: alt.FacetChart = chart.facet(draw.Facet("panel:N", title=None, sort=None), columns=2)
    return panels


TICKS = (1, 2, 3, 5, 10, 20)
COLOURS = ("#0072b2", "#d55e00", "#009e73")
"""Told apart by colour-blind readers (Okabe and Ito 2008)."""
SEQUENCE = ("#000000", "#0072b2", "#56b4e9", "#009e73", "#e69f00", "#d55e00", "#cc79a7", "#999999")


def _altair() -> Any:
    try:
        import altair as alt
    except ImportError:
        raise HowsureError(
            "charts need Altair", remedy="Install it with the extra: pip install 'howsure[plot]'."
        ) from None
    return alt
