"""How an allocation is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from howsure.present.document import Column, Document, Table, closing, opening, small
from howsure.wording import Scale, listing, plural

if TYPE_CHECKING:
    from howsure.answers.allocate import Allocation


def document(answer: Allocation) -> Document:
    """Return the verdict, the notes, two small tables and the cautions."""
    blocks = [
        *opening(verdict(answer), answer.notes),
        *small([f"Chosen from the answers of {listing(answer.decided_by)}."]),
        *([_error_table(answer)] if math.isfinite(answer.se_after) else []),
        *([_count_table(answer)] if answer.worthwhile else []),
    ]
    return Document(blocks=(*blocks, *closing(answer.cautions)))


def verdict(answer: Allocation) -> str:
    """Say how the attempts should be spread, and what choosing them brings."""
    part = f"of the conditional variance (the answers' part) of {' − '.join(answer.models)}"
    if not answer.worthwhile:
        shown = _percent(abs(answer.saved))
        lost = "add" if answer.saved < 0 and shown != _percent(0.0) else "save"
        return (
            f"Spread the {plural(answer.total, 'attempt')} evenly: choosing items would {lost} {shown} "
            f"{part}."
        )
    head = f"{_attempts(answer)}, spread as below,"
    if not math.isfinite(answer.se_after):
        return f"{head} would save about {_percent(answer.saved)} {part}, compared with an even spread."
    return (
        f"{head} {_brought(answer)} That saves {_percent(answer.saved)} {part}, and {_whole(answer)} of "
        "its SE."
    )


def _attempts(answer: Allocation) -> str:
    if answer.new_run:
        return f"A new run of {plural(answer.total, 'attempt')}"
    return "1 more attempt" if answer.total == 1 else f"{answer.total:,} more attempts"


def _brought(answer: Allocation) -> str:
    scale = Scale(percent=answer.percent, digits=2)
    after = scale.gap(answer.se_after)
    start = (
        f"have an SE of {after}"
        if answer.new_run
        else f"bring the SE from {scale.number(answer.se)} to {after}"
    )
    return f"would {start}, compared with {scale.gap(answer.se_even)} if spread evenly."


def _whole(answer: Allocation) -> str:
    return _percent(1 - answer.se_after / answer.se_even, 1)


def _error_table(answer: Allocation) -> Table:
    scale = Scale(percent=answer.percent, digits=2)
    before = "the old run" if answer.new_run else "now"
    rows = (
        (before, answer.answers, math.sqrt(max(answer.questions, 0.0) + answer.answers)),
        ("spread evenly", answer.answers_even, answer.se_even),
        ("as chosen", answer.answers_after, answer.se_after),
    )
    unit = " (pp)" if answer.percent else ""
    return Table(
        columns=(
            Column(name="attempts", align="left"),
            Column(name=f"SE from answers{unit}"),
            Column(name=f"total SE{unit}"),
        ),
        rows=tuple((name, scale.number(math.sqrt(part)), scale.number(whole)) for name, part, whole in rows),
        note=_staying(answer),
    )


def _staying(answer: Allocation) -> str:
    """Say what share of the squared error no attempt reduces; nothing of an error of 0."""
    if not answer.se_even > 0:
        return ""
    stays = max(answer.questions, 0.0) / answer.se_even**2
    return (
        f"{_percent(stays)} of SE squared comes from the choice of questions, which no further attempt "
        "reduces"
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
        note=f"{models}item by item: `output='attempts.csv'`",
    )


def _percent(share: float, digits: int = 0) -> str:
    return f"{100 * share:.{digits}f} %"
