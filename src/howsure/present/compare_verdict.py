"""The verdict of a comparison in a sentence, of several tasks in two."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.words import factors
from howsure.present.words.clusters import more_of_these
from howsure.wording import MOST_FORECAST, Scale, in_limits, level_text, p_text, plural, rounded_up, within

if TYPE_CHECKING:
    from howsure.answers.compare import Comparison, Comparisons, IfClustered
    from howsure.errors import SmallPart
    from howsure.statistics.results import Equivalence, Interval


def tasks_verdict(answer: Comparisons) -> str:
    """Say the overall verdict, and how many tasks each wins."""
    tally = _tally(answer)
    return tally if answer.overall is None else f"{one_verdict(answer.overall)} {tally}"


def _tally(answer: Comparisons) -> str:
    """Count the tasks on which each is better, or on which what the margin asks for is shown."""
    if any(c.equivalence for c in answer.comparisons):
        return _margin_tally(answer)
    tasks, first = _tasks(answer), answer.comparisons[0]
    better = None if answer.overall is None else answer.overall.better
    models = (first.b, first.a) if better == first.b else (first.a, first.b)
    won = [sum(c.better == model for c in answer.comparisons) for model in models]
    if not any(won):
        return f"Of {tasks}, none is decided."
    one, other = models if better is None else ("it", "the other")
    undecided = len(answer.comparisons) - sum(won)
    return (
        f"Of {tasks}, {one} is significantly better on {won[0] or 'none'} and {other} on {won[1] or 'none'}; "
        f"{undecided or 'none'} undecided."
    )


def _tasks(answer: Comparisons) -> str:
    """Count the tasks; how many are left out is said where the sentence on what is overall doesn't."""
    left = 0 if answer.overall is not None else answer.n_tasks_left_out
    tasks = len({c.task for c in answer.comparisons})
    return ("the " if left else "") + _of_tasks(tasks, left)


def _margin_tally(answer: Comparisons) -> str:
    margins = [c.equivalence for c in answer.comparisons if c.equivalence is not None]
    same, safe = (sum(kind) for kind in zip(*((e.equivalent, e.noninferior) for e in margins), strict=True))
    tasks, a = _tasks(answer), answer.comparisons[0].a
    return f"Of {tasks}, {a} is shown to be not worse on {safe or 'none'} and equivalent on {same or 'none'}."


def one_verdict(c: Comparison) -> str:
    """Say in one sentence which is better, or that the data can't tell and what it would take."""
    parts = [f"the {_of_tasks(c.n_tasks, c.n_tasks_left_out)}"] if c.n_tasks_left_out else []
    shared, alone = c.difference.n_items, c.n_only_a + c.n_only_b
    if c.paired and alone:
        parts.append(f"the {shared:,} of {plural(shared + alone, 'item')} that both answered")
    said = within(f"On {' and '.join(parts)}, " if parts else "", _verdict_on_all(c))
    if c.among is not None:
        told = f"among {c.among.n_models:,} models not significant (p {p_text(c.among.p_adjusted)})"
        said = f"{said.removesuffix('.')}; {told}."
    return (
        said if c.if_clustered is None else f"{said.removesuffix('.')}; {_if_clustered(c, c.if_clustered)}."
    )


def _if_clustered(c: Comparison, other: IfClustered) -> str:
    """Say what clusters that nobody named would make of the verdict."""
    e, where = other.equivalence, f"with questions clustered by {other.clusters}"
    if e is None:
        return f"{where} it is {'not ' if c.decided else ''}significant (p {p_text(other.p_value)})"
    if e.equivalent:
        return f"{where} they are equivalent"
    shown = "not worse" if e.noninferior else "worse" if e.inferior else ""
    return f"{where} it is shown to be {shown}" if shown else f"{where} that isn't shown"


def _of_tasks(count: int, left_out: int) -> str:
    """Count tasks, and say of how many where some are left out."""
    return (
        f"{count:,} of {plural(count + left_out, 'task')} with scores of both"
        if left_out
        else plural(count, "task")
    )


def _verdict_on_all(c: Comparison) -> str:
    scale = Scale(percent=c.percent)
    if not math.isfinite(c.p_value):
        return f"Can't tell which of {c.a} and {c.b} is better: these scores give no error bar ({_why(c)})."
    value = c.difference.value
    take = _take(abs(value), c.judged_interval.of_lead(value), scale)
    gap, level = scale.lead(value), level_text(c.difference.interval.level)
    where = "" if c.task else " overall"
    if c.equivalence is not None:
        return _margin_sentence(c, c.equivalence, scale)
    about = factors.beyond(c.sources, real=c.better is not None) if c.sources else on_these(c)
    about = about and f",{about}"
    if c.better is not None:
        loser = c.b if c.better == c.a else c.a
        return f"{c.better} beats {loser}{where} by {gap}, {take}{about}: significant at {level} confidence."
    if value == 0:
        return (
            f"Can't tell: {c.a} and {c.b} score the same{where}{on_these(c)}, give or take "
            f"{scale.number(c.judged_interval.half_width)}{scale.unit}."
        )
    ahead = c.a if (value > 0) != c.lower_is_better else c.b
    return f"Can't tell: {ahead} is ahead by {gap}{where}, {take}{about}{what_settles(c)}."


def on_these(c: Comparison) -> str:
    """Say what else is a sample, or which clusters a comparison is about, where it is about the same; with
    the space before it.
    """
    if c.sources is not None:
        return factors.as_sample(c.sources)
    same = c.population == "same-clusters" and (c.clusters is not None or not c.task)
    return f" on {more_of_these(c.clusters, c.task)}" if same else ""


def _take(value: float, interval: Interval, scale: Scale) -> str:
    """Say how far off a difference may be: in limits where these lie far from symmetric."""
    if not interval.low <= interval.high or not in_limits(value, interval.low, interval.high):
        return f"give or take {scale.number(interval.half_width)}"
    return f"with a {level_text(interval.level)} interval of {scale.interval(interval.low, interval.high)}"


def carries(small: SmallPart) -> str:
    """Name a part that carries most of the error."""
    return f"{small.part} ({small.n:,} {small.units}) carries {100 * small.error_share:.0f}% of the error"


def what_settles(c: Comparison) -> str:
    """Say what would settle a comparison that can't tell, after a semicolon; nothing where that can't be
    said.
    """
    small = c.difference.small_part
    if small is not None:
        return f"; {carries(small)}"
    if c.items_needed < MOST_FORECAST:
        return f"; it would take about {rounded_up(c.items_needed)} items in all"
    levels = factors.needed(c.sources)
    if levels:
        return f"; more items alone wouldn't tell, {levels} would"
    if c.attempts_needed < MOST_FORECAST:
        return f"; it would take about {rounded_up(c.attempts_needed)} attempts at each item"
    return ""


def _margin_sentence(c: Comparison, e: Equivalence, scale: Scale) -> str:
    margin, level = scale.gap(e.margin), level_text(e.level)
    take = (
        f"{scale.difference(c.difference.value)}, {_take(c.difference.value, c.difference.interval, scale)}"
    )
    where, about = "" if c.task else " overall", on_these(c)
    if e.equivalent:
        return (
            f"{c.a} and {c.b} are equivalent{where}{about} within {margin} ({take}), at {level} confidence."
        )
    if e.noninferior:
        return (
            f"{c.a} is not worse{where} than {c.b} by more than {margin}{about} ({take}), at {level} "
            "confidence."
        )
    if e.inferior:
        return (
            f"{c.a} is worse{where} than {c.b} by more than {margin}{about} ({take}), at {level} confidence."
        )
    return f"Can't tell whether {c.a} is{where} within {margin} of {c.b}{about} ({take})."


def _why(c: Comparison) -> str:
    return c.difference.cautions[0].message if c.difference.cautions else "too few items or clusters"
