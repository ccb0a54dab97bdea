"""The checks of a gate: what was found, with the interval that decides, and the limit that it must keep."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.charts.base import Spec, drawing, figure, numbers, points, scaled, tooltip, unit
from howsure.present.labels import labels
from howsure.present.render.visible import visible
from howsure.present.style import BAD, GOOD, GREY, HOLLOW, MARGIN, THIN
from howsure.wording import Scale, level_text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.gate import Check

GROUPS = {"pass": GOOD, "fail": BAD, "can't tell": HOLLOW}


def spec(checks: Sequence[Check], *, description: str) -> Spec:
    """Draw checks of one kind, the first check's: differences from the baseline, or scores."""
    first = checks[0]
    shown = [
        check
        for check in checks
        if (check.baseline is None, check.percent) == (first.baseline is None, first.percent)
    ]
    compared = first.baseline is not None
    factor, behind = (points if compared else unit)(percent=first.percent)
    what = f"candidate − baseline{behind}" if compared else f"score{behind}"
    scale = Scale(percent=first.percent)
    written = scale.signed if compared else scale.number
    names = labels(check.slice or check.task or "overall" for check in shown)
    rows = [
        {
            "name": visible(check.slice or check.task or "overall"),
            "label": name,
            "value": scaled(check.value, factor),
            "low": scaled(check.low, factor),
            "high": scaled(check.high, factor),
            "group": check.verdict if check.verdict in GROUPS else "can't tell",
            "numbers": numbers(written, (check.value, check.low, check.high), scale),
            "n": "",
            "told": f"{name}: {check.verdict}",
        }
        for check, name in zip(shown, names, strict=True)
    ]
    drawn = drawing(
        ("value", "low", "high"),
        f"{what}, with the {level_text(first.level)} interval that decides",
        GROUPS,
        tooltip([("name", "check"), ("value", what), ("low", "from"), ("high", "to")], percent=first.percent),
        count=len(rows),
        scale={"zero": compared, "nice": False, "padding": 12},
        beside=rows,
    )
    for limit in sorted({_limit(check) for check in shown if math.isfinite(_limit(check))}):
        mark = {"type": "rule", "strokeDash": MARGIN, "color": GREY, "strokeWidth": THIN}
        place = {"x": {"datum": float(f"{factor * limit:.12g}")}}
        drawn["layer"] = [{"mark": mark, "encoding": place}, *drawn["layer"]]
    return figure(rows, drawn, description=description, subtitle="dashed: the limit")


def _limit(check: Check) -> float:
    """Return the limit on the axis: of differences on the side of a loss."""
    if check.criterion == "better":
        return 0.0
    if check.baseline is None:
        return check.limit
    return check.limit if check.lower_is_better else -check.limit
