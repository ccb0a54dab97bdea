"""How a frontier is said, tabled and drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, closing, opening, small, tabled
from howsure.present.estimate import limits, merged, score
from howsure.present.measures import times_text
from howsure.wording import Scale, amount_text, level_text, listing, plural

if TYPE_CHECKING:
    from howsure.answers.frontier import Buy, Frontier, TaskFrontier
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Table

DIGITS = 3


def document(answer: Frontier) -> Document:
    """Return each task's verdict and table, then the cautions."""
    blocks: list[Block] = []
    for task in answer.tasks:
        if len(answer.tasks) > 1:
            blocks.append(Text(text=title(task), kind="heading"))
        blocks += opening(task_verdict(task), answer.notes if task is answer.tasks[0] else ())
        blocks += task_blocks(task)
    told = [(each.model, each.score.cautions) for task in answer.tasks for each in task.models]
    gaps = [caution for task in answer.tasks if task.gap is not None for caution in task.gap.cautions]
    return Document(blocks=(*blocks, *closing((*answer.cautions, *merged(told, "model"), *gaps))))


def task_blocks(task: TaskFrontier) -> list[Block]:
    """Return a part's table, and of which models only the least cost is known."""
    return [frontier_table(task), *small(_left_open(task))]


def verdict(answer: Frontier) -> str:
    """Say what the first part says: all tasks together, or the only one."""
    return task_verdict(answer.tasks[0])


def title(task: TaskFrontier) -> str:
    """Name a part: its task, metric and measure."""
    return f"{task.task or 'all tasks, items pooled'} · {task.metric} · {task.measure}"


def task_verdict(task: TaskFrontier) -> str:
    """Say which is the cheapest of those that could be best, what the leader costs more, and how many could
    be the best buy.
    """
    return f"{_cheapest(task)} {_buys(task)}"


def _cheapest(task: TaskFrontier) -> str:
    if task.cheapest is None:
        return (
            f"No model that could be best records its {task.measure} in every attempt, so the cheapest "
            "can't be told."
        )
    level = _level(task, task[task.cheapest])
    who = level[0] if len(level) == 1 else f"{listing(level)}, each"
    cost = amount_text(task[task.cheapest].cost.value, DIGITS)
    said = f"Cheapest that could be best: {who} at {cost} {task.measure} a question"
    if task.gap is not None:
        return f"{said}{_leader(task)}."
    ahead = [model for model in level if task[model].score.value == task[task.leader].score.value]
    return (
        f"{said}; {'it' if len(level) == 1 else listing(ahead)} {'leads' if len(ahead) == 1 else 'lead'} "
        "as well."
    )


def _level(task: TaskFrontier, cheapest: Buy) -> list[str]:
    """Name all that could be best and cost as little."""
    return [
        each.model
        for each in task.models
        if each.could_be_best and not each.n_missing and each.cost.value == cheapest.cost.value
    ]


def _leader(task: TaskFrontier) -> str:
    """Say what the leader takes more, and by how much it is ahead."""
    gap, lead, scale = task.gap, task.lead, Scale(percent=task.percent)
    if gap is None or lead is None:
        return ""
    low, high = gap.interval.low, gap.interval.high
    limits = f" [{times_text(low)}, {times_text(high)}]" if low < high else ""
    bound = "" if gap.known == "known" else f"{gap.known} "
    cost = (
        f"costs {bound}{times_text(gap.ratio)}{limits}"
        if gap.known != "unknown"
        else "has a cost that isn't known"
    )
    alone = "is better in a comparison of the two alone"
    shown = alone if lead.interval.excludes(0.0) else "is not shown to be better"
    give = lead.interval.half_width
    spread = f"give or take {scale.number(give)}" if math.isfinite(give) else "without an error bar"
    return f"; {task.leader} {cost} and {shown} ({scale.difference(lead.value)}, {spread})"


def _buys(task: TaskFrontier) -> str:
    kept, count, way = len(task.best_buys), len(task.models), "lower" if task.lower_is_better else "higher"
    if kept == count:
        return (
            f"Each of {count} could be the best buy: none is shown to score {way} than another and to cost "
            "no more."
        )
    named = f": {listing(task.best_buys)}" if kept <= 3 else ""
    out = "the other is beaten by one" if count - kept == 1 else "the others are beaten by one"
    return (
        f"{kept} of {plural(count, 'model')} could be the best buy{named}; {out} that scores {way} and "
        "costs no more."
    )


def _left_open(task: TaskFrontier) -> list[str]:
    """Say of which models only the least cost is known."""
    lacking = [each for each in task.models if each.n_missing]
    unknown = [each.model for each in lacking if _is_unknown(each)]
    least = [
        f"{each.model} ({plural(each.n_missing, 'attempt')})" for each in lacking if not _is_unknown(each)
    ]
    said = []
    if unknown:
        they, are = ("it", "it is") if len(unknown) == 1 else ("they", "they are")
        said.append(f"What {they} took isn't known, and so {are} cheaper than nobody: {listing(unknown)}.")
    if least:
        said.append(
            f"At least so much, since attempts don't record it, and so cheaper than nobody: {listing(least)}."
        )
    return said


def _is_unknown(each: Buy) -> bool:
    return each.n_missing > 0 and not each.cost.value > 0


def frontier_table(task: TaskFrontier) -> Table:
    """Lay out the models, the cheapest first."""
    scale, level = Scale(percent=task.percent), level_text(task.level)
    fields: list[Field[Buy]] = [
        Field("model", lambda each: each.model, align="left"),
        Field(task.measure, _cost),
        Field(f"{level} interval ", _cost_limits, priority=6),
        Field(f"score{scale.column}", lambda each: score(each.score, scale)),
        Field(f"{level} interval", lambda each: limits(each.score, scale), priority=7),
        Field("could be", _could_be, align="left", priority=8),
        Field("beaten by", lambda each: listing(each.beaten_by), align="left", priority=5, cut=True),
    ]
    return tabled(task.models, fields)


def _cost(each: Buy) -> str:
    if _is_unknown(each):
        return "unknown"
    return f"{'≥ ' if each.n_missing else ''}{amount_text(each.cost.value, DIGITS)}"


def _cost_limits(each: Buy) -> str:
    low, high = each.cost.interval.low, each.cost.interval.high
    if not low < high or _is_unknown(each):
        return ""
    end = "∞" if each.n_missing else amount_text(high, DIGITS)
    return f"[{amount_text(max(low, 0.0), DIGITS)}, {end}]"


def _could_be(each: Buy) -> str:
    words = [
        word for word, true in (("best", each.could_be_best), ("best buy", each.could_be_best_buy)) if true
    ]
    return ", ".join(words)


def chart(answer: Frontier) -> Spec:
    """Draw score over cost: a panel a part."""
    from howsure.present.charts.base import panels

    several = len(answer.tasks) > 1
    specs = [task_chart(task, title=title(task) if several else "") for task in answer.tasks]
    return panels(specs, columns=2 if len(specs) > 2 else 1)


def task_chart(task: TaskFrontier, *, title: str = "", ground: str = "white") -> Spec:
    """Draw one part: scores over costs, each with its error bar."""
    from howsure.present.charts.frontier import spec

    return spec(
        task.records(),
        percent=task.percent,
        score=task.metric,
        measure=task.measure,
        level=task.level,
        lower_is_better=task.lower_is_better,
        title=title,
        description=task_verdict(task),
        ground=ground,
    )
