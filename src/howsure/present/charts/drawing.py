"""Answers as charts: their records go to the kind of chart that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure import checks
from howsure.errors import MethodError
from howsure.options import BoardChart
from howsure.present.charts.base import Spec, panels
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.leaderboard import Board


def boards_chart(boards: Sequence[Board], kind: BoardChart, top: int | None) -> Spec:
    """Return the chart of a leaderboard: one panel a board, in the order given, each with its best `top` models."""
    checks.word("kind", kind, BoardChart)
    shown = [board for board in boards if len(board.entries[:top]) > 1] if kind == "pairs" else boards
    if not shown:
        raise MethodError("nothing to draw: one model makes no pair", remedy="Add another model.")
    specs = [_board_chart(board, kind, top, several=len(boards) > 1) for board in shown]
    return panels(specs, columns=2 if len(shown) > 2 and kind != "pairs" else 1, own_scales=kind == "pairs")


def _board_chart(board: Board, kind: BoardChart, top: int | None, *, several: bool) -> Spec:
    records = board.records()[:top]
    count = len(board.entries)
    given: dict[str, Any] = {
        "percent": board.percent,
        "score": board.metric,
        "level": board.level,
        "description": board.verdict,
    }
    given |= {"title": (board.task or "overall") if several else ""}
    best = f"the best {len(records)} of {plural(count, 'model')}" if len(records) < count else ""
    if kind == "pairs":
        from howsure.present.charts import pairs

        names = [record["model"] for record in records]
        return pairs.spec(board.pair_records(), names, subtitle=best, **given)
    if kind == "ranks":
        from howsure.present.charts import ranks

        return ranks.spec(records, subtitle=best, **given)
    from howsure.present.charts import leaderboard

    return leaderboard.spec(records, subtitle=best, lower_is_better=board.lower_is_better, **given)


def comparisons_chart(comparisons: Sequence[Comparison], description: str) -> Spec:
    """Return the chart of one pair on several tasks; those in points share a panel, another scale has its own."""
    from howsure.present.charts import compare

    shared = [c for c in comparisons if c.percent]
    groups = [*([shared] if shared else []), *([c] for c in comparisons if not c.percent)]
    return panels(
        [
            compare.spec(
                [record for c in group for record in c.records()],
                percent=group[0].percent,
                score=_name([c.metric for c in group]),
                lower_is_better=all(c.lower_is_better for c in group),
                level=group[0].difference.interval.level,
                margin=None if (e := group[0].equivalence) is None else e.margin,
                description=description,
            )
            for group in groups
        ]
    )


def _name(metrics: Sequence[str]) -> str:
    return metrics[0] if len(set(metrics)) == 1 else "score"
