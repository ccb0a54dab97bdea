"""How an A/A test is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present import equal as equals
from howsure.present.document import Document, Field, Text, closing, opening, tabled
from howsure.wording import level_text, listing, plural

if TYPE_CHECKING:
    from howsure.answers.aa import AlarmRate, FalseAlarms, PolicyRate
    from howsure.present.document import Table
    from howsure.statistics.results import Interval


def document(answer: FalseAlarms) -> Document:
    """Return the verdict, the notes, one table and the cautions."""
    blocks = [
        *opening(verdict(answer), answer.notes),
        *([_policy(answer)] if answer.policy else []),
        _table(answer),
    ]
    blocks += equals.tables(answer.equal)
    blocks += [Text(text=equals.always_open(answer.level))] if answer.better else []
    return Document(blocks=(*blocks, *closing(answer.cautions)))


def verdict(answer: FalseAlarms) -> str:
    """Say how often the gate fails a model against itself, and which models exceed the nominal rate."""
    fails, different = _percent(answer.failed_share), _percent(answer.different_share)
    judged: tuple[AlarmRate | PolicyRate, ...] = answer.policy or answer.entries
    least, most = (f(entry.failed_share for entry in judged) for f in (min, max))
    spread = f", {_percent(least)} to {_percent(most)} by model" if len(judged) > 1 else ""
    promised = f"nominally at most {_percent(answer.promised_fails)}"
    head = (
        "Compared with itself on halves of the data, a model fails the "
        f"{'policy' if answer.policy else 'gate'} {fails} of the time{spread}; {promised}"
    )
    rest = (
        f"A difference is called significant {different} of the time; nominally "
        f"{_percent(answer.promised_different)}."
    )
    if answer.equal:
        rest = f"{rest} {equals.range_sentence(answer.equal, alone=not answer.better)}"
    if not answer.broken:
        return f"{head}. {rest}"
    return f"{head}. {rest} Above the nominal rate: {listing([entry.model for entry in answer.broken])}."


def _policy(answer: FalseAlarms) -> Table:
    """Lay out what the whole policy makes of each model."""
    level = level_text(answer.policy[0].failed_interval.level)
    fields: list[Field[PolicyRate]] = [
        Field("model", lambda rate: rate.model, align="left"),
        Field("fails %", lambda rate: f"{100 * rate.failed_share:.1f}"),
        Field(f"{level} interval", lambda rate: _limits(rate.failed_interval), priority=7),
        Field("passes %", lambda rate: f"{100 * rate.passed / rate.splits:.1f}"),
        Field("blind %", lambda rate: f"{100 * rate.blind_share:.0f}", priority=6),
        Field("tasks", lambda rate: f"{rate.n_tasks:,}", priority=5),
    ]
    note = "all tasks of a split judged together, as the policy has it; blind: of its supporting checks"
    return tabled(answer.policy, fields, title="The whole policy, on half the data", note=note)


def _table(answer: FalseAlarms) -> Table:
    level = level_text(answer.entries[0].failed_interval.level)
    several = len({(entry.task, entry.metric) for entry in answer.entries}) > 1
    fields: list[Field[AlarmRate]] = [
        Field("task", lambda entry: f"{entry.task} · {entry.metric}", align="left", shown=several),
        Field("model", lambda entry: entry.model, align="left"),
        Field("fails %", lambda entry: f"{100 * entry.failed_share:.1f}"),
        Field(f"{level} interval", lambda entry: _limits(entry.failed_interval), priority=7),
        Field("differs %", lambda entry: f"{100 * entry.different_share:.1f}"),
        Field(f"{level} interval", lambda entry: _limits(entry.different_interval), priority=7),
        Field("split by", lambda entry: entry.parted, align="left", priority=5),
        Field("items", lambda entry: f"{entry.n_items:,}", priority=4),
    ]
    splits = plural(answer.entries[0].splits, "random split")
    note = (
        f"{splits} per model; criterion: {answer.asked}. Splits of one data set are not independent "
        "replications: the intervals cover only the error of estimating the share in these data from the "
        "splits."
    )
    return tabled(answer.entries, fields, title="Counted, of half the data", note=note)


def _limits(interval: Interval) -> str:
    return f"[{100 * interval.low:.1f}, {100 * interval.high:.1f}]"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if math.isfinite(share) else "n/a"
