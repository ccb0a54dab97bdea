"""How the plan of a policy is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, closing, opening, tabled
from howsure.present.words.forecasts import items_text, percent_text
from howsure.wording import Scale, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.plan_policy import PolicyPlan, PolicyTask
    from howsure.present.document import Table


def document(plan: PolicyPlan) -> Document:
    """Return the verdict, one line per task, and the warnings."""
    return Document(blocks=(*opening(sentence(plan), plan.notes), _table(plan), *closing(plan.warnings)))


def sentence(plan: PolicyPlan) -> str:
    """Return how many questions the suite needs, and the resulting probabilities."""
    count = sum(task.count for task in plan.tasks)
    if not math.isfinite(plan.items):
        return f"No number of questions is enough for {plural(count, 'task')}."
    head = f"About {items_text(plan.items)} questions over {plural(count, 'task')}"
    if not plan.n_critical:
        return f"{head} give supporting checks enough power with probability {percent_text(plan.power)}."
    joint = percent_text(plan.joint)
    each = f"{percent_text(plan.power_per_check)} for each of {plural(plan.n_critical, 'critical check')}"
    text = f"{head} let two equal systems pass with joint probability {joint} ({each})."
    if math.isnan(plan.joint_seen):
        return text
    return f"{text} With the pilot's numbers of questions it is {percent_text(plan.joint_seen)}."


def _table(plan: PolicyPlan) -> Table:
    seen, several = any(task.items_seen for task in plan.tasks), any(task.count > 1 for task in plan.tasks)
    clean = any(task.attempts > 1 for task in plan.tasks)
    fields: list[Field[PolicyTask]] = [
        Field("task", lambda task: task.task, align="left", priority=10),
        Field("tasks", lambda task: f"{task.count:,}", shown=several, priority=9),
        Field("tier", lambda task: task.tier, align="left", priority=8),
        Field("margin", lambda task: Scale(percent=task.percent).given_gap(task.margin), priority=7),
        Field("questions", lambda task: items_text(task.items), priority=10),
        Field("attempts", lambda task: f"{task.attempts:g}", shown=clean, priority=3),
        Field("passes", lambda task: _share(task.passes), priority=6),
        Field("±", lambda task: _width(task, task.half_width), priority=5),
        Field("pilot's", lambda task: f"{task.items_seen:,}", shown=seen, priority=4),
        Field("pass", lambda task: _share(task.passes_seen), shown=seen, priority=4),
        Field("±", lambda task: _width(task, task.half_width_seen), shown=seen, priority=2),
    ]
    note = (
        f"two equal systems, at {level_text(plan.level)}; "
        "±: the expected half-width of the two-sided interval. "
        "A task is underpowered if it exceeds the margin"
    )
    return tabled(plan.tasks, fields, note=note)


def _share(share: float) -> str:
    return "n/a" if math.isnan(share) else percent_text(share)


def _width(task: PolicyTask, width: float) -> str:
    return Scale(percent=task.percent).gap(width) if math.isfinite(width) else "n/a"
