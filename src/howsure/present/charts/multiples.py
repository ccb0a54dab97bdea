"""Many boards on one page: a small panel each, all with the same models in the same order and the same
axis.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.charts.base import Row, Spec, by_panel, figure, unit
from howsure.present.charts.leaderboard import GROUPS, rows, told_fields
from howsure.present.charts.whiskers import drawing
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.wording import level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

WIDTH, STEP = 150, 15


def spec(
    boards: Sequence[tuple[str, Sequence[Row]]],
    models: Sequence[str],
    *,
    percent: bool,
    score: str,
    level: float,
    lower_is_better: bool,
    subtitle: str,
    description: str,
) -> Spec:
    """Return the chart. `boards`: the name and the records of each; `models`: those that are shown, in their
    order.
    """
    behind = unit(percent=percent)[1]
    better = "; lower is better" if lower_is_better else ""
    title = f"{visible(score)}{behind} with its {level_text(level)} confidence interval{better}"
    names = dict(zip(models, labels(models), strict=True))
    shown = drawing(
        ("score", "low", "high"),
        title,
        GROUPS,
        told_fields(behind, percent=percent),
        count=len(models),
        scale={"zero": False, "nice": True},
        axis={"tickCount": 4},
    )
    shown |= {"width": WIDTH, "height": {"step": STEP}}
    for layer in shown["layer"]:
        layer["encoding"]["y"]["sort"] = list(names.values())
    panels = labels((name for name, _ in boards), 40)
    drawn = [
        {**row, "panel": panel, "label": names[row["model"]]}
        for panel, (_, records) in zip(panels, boards, strict=True)
        for row in rows(records, percent=percent)
        if row["model"] in names
    ]
    note = "\n".join(text for text in (title, subtitle) if text)
    for layer in shown["layer"]:
        layer["encoding"]["x"]["title"] = None  # once, above
    grid = {**by_panel(shown, columns=4), "spacing": {"row": 4, "column": 16}}
    return figure(drawn, grid, description=description, subtitle=note)
