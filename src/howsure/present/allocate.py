"""How an allocation is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.present.document import Column, Table
from howsure.wording import Scale

if TYPE_CHECKING:
    from howsure.answers.allocate import Allocation


def _error_table(answer: Allocation) -> Table:
    scale = Scale(percent=answer.percent, digits=2)
    before = "the old run" if answer.new_run else "now"
    rows = (
        (before, answer.answers, math.sqrt(max(answer.questions, 0.0) + answer.answers)),
        ("spread evenly", answer.answers_even, answer.se_even),
        ("as chosen", answer.answers_after, answer.se_after),
    )
    unit = " (pp)" if answer.percent else ""
    stays = max(answer.questions, 0.0) / answer.se_even**2 if answer.se_even > 0 else 0.0
    return Table(
        columns=(
            Column(name="attempts", align="left"),
            Column(name=f"SE of the answers{unit}"),
            Column(name=f"whole SE{unit}"),
        ),
        rows=tuple((name, scale.number(math.sqrt(part)), scale.number(whole)) for name, part, whole in rows),
        note=f"{_percent(stays)} of SE squared comes from which questions were drawn, and stays whatever is answered",
    )


def _count_table(answer: Allocation) -> Table:
    """Count the items by how many attempts they get."""
    edges = np.unique([*(0, 1, 2, 3, 5, 10, 20, 50, 100), int(answer.add.max()) + 1])
    rows = []
    for low, high in zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True):
        inside = (answer.add >= low) & (answer.add < high)
        if inside.any():
            label = f"{low:,}" if high == low + 1 else f"{low:,}–{high - 1:,}"
            count = [int((inside & (np.array(answer.model) == model)).sum()) for model in answer.models]
            rows.append((label, *(f"{n:,}" for n in count)))
    pair = len(answer.models) > 1
    names = ("items of a", "items of b") if pair else ("items",)
    models = f"a: {answer.models[0]}, b: {answer.models[1]}; " if pair else ""
    return Table(
        columns=(Column(name="attempts to add", align="left"), *(Column(name=name) for name in names)),
        rows=tuple(rows),
        note=f"{models}item by item: -o attempts.csv",
    )


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"
