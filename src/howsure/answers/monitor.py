"""Look: what a run in progress shows so far, and whether it may be stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.document import Column, Document, Note, Scale, Table, Text, level_text, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.estimate import Interval
    from howsure.document import Block
    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Look(Answer):
    """One look at a run in progress. Its interval is always valid: all looks at a run may be trusted at once.

    `estimate`: the difference a − b so far, or the score of `a` where there is no `b`. `n_items`: items that count so far;
    `n_units`: items, or complete clusters; `n_waiting`: items that some model has only in part, or whose cluster isn't
    complete; `planned`: items of the whole run, None where nobody says; `exhausted`: all of them are used. `p_value`: always valid, that of no difference, of
    the floor `at_least`, or of being worse by `margin`; NaN where none is asked about. `better`: the model that is really
    better; `kept`: whether the floor or the margin is kept; None where it can't be told or isn't asked. `needed`: about how many more items
    would decide if all stays as it is, NaN where none would.
    """

    a: str
    b: str | None
    task: str
    metric: str
    estimate: float
    interval: Interval
    p_value: float
    n_units: int
    n_items: int
    n_waiting: int
    planned: int | None
    a_mean: float
    b_mean: float
    decided: bool
    exhausted: bool = False
    better: str | None = None
    kept: bool | None = None
    at_least: float | None = None
    within: float | None = None
    margin: float | None = None
    needed: float = math.nan
    lower_is_better: bool = False
    percent: bool = True
    clustered: bool = False
    method: str = ""
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        if self.decided:
            return f"{_found(self)}: stop ({_seen(self)})."
        state = f"{_state(self)}, {_seen(self)}"
        if self.exhausted:
            return f"Not decided with all {plural(self.n_items, 'item')} used: {state}."
        return f"Keep going: {state}{_forecast(self)}."

    @property
    def line(self) -> str:
        """The look in one short line: `212 of 500 items  +3.1 pp  [−2.0, 8.2]  keep going`."""
        scale = Scale(percent=self.percent)
        waiting = f" ({self.n_waiting:,} waiting)" if self.n_waiting else ""
        if not self.n_items:
            return f"0{_of(self)} items{waiting}  keep going"
        value = scale.score(self.estimate) if self.b is None else scale.difference(self.estimate)
        interval = scale.interval(self.interval.low, self.interval.high)
        word = "decided" if self.decided else "all items used" if self.exhausted else "keep going"
        return f"{self.n_items:,}{_of(self)} items{waiting}  {value}  {interval}{scale.unit if self.b else ''}  {word}"

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping."""
        return [{**self._facts(), "verdict": self.verdict}]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "look",
            "verdict": self.verdict,
            **self._facts(),
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def _facts(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
            "at_least": self.at_least,
            "within": self.within,
            "margin": self.margin,
            "decided": self.decided,
            "exhausted": self.exhausted,
            "better": self.better,
            "kept": self.kept,
            "estimate": number(self.estimate),
            "low": number(self.interval.low),
            "high": number(self.interval.high),
            "level": self.interval.level,
            "p_value": number(self.p_value),
            "a_mean": number(self.a_mean),
            "b_mean": number(self.b_mean),
            "n_units": self.n_units,
            "n_items": self.n_items,
            "n_waiting": self.n_waiting,
            "planned": self.planned,
            "needed": number(self.needed),
            "method": self.method,
        }

    def document(self) -> Document:
        """Return the verdict, one table and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        columns = (Column(name="", align="left"), Column(name="", align="left"))
        blocks.append(Table(columns=columns, rows=tuple(_rows(self))))
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))


def _found(look: Look) -> str:
    """Say what is decided."""
    scale = Scale(percent=look.percent)
    if look.at_least is not None:
        floor = scale.given(look.at_least)
        words = ("at most" if look.kept else "above") if look.lower_is_better else "at least" if look.kept else "below"
        return f"{look.a} is {words} {floor}"
    if look.within is not None:
        return f"{_name(look)} is known within ± {scale.given_gap(look.within)}"
    if look.margin is not None:
        return _margin_words(look, scale)
    other = look.b if look.better == look.a else look.a
    return f"{look.better} beats {other} by {scale.gap(look.estimate)}"


def _margin_words(look: Look, scale: Scale) -> str:
    margin, low, high = look.margin or 0.0, look.interval.low, look.interval.high
    if -margin < low and high < margin:
        return f"{look.a} and {look.b} are the same within {scale.given_gap(margin)}"
    if not look.kept:
        return f"{look.a} is worse than {look.b} by more than {scale.given_gap(margin)}"
    return f"{look.a} is not worse than {look.b} by more than {scale.given_gap(margin)}"


def _name(look: Look) -> str:
    return look.a if look.b is None else f"the difference of {look.a} and {look.b}"


def _state(look: Look) -> str:
    """Say where things stand before they are decided."""
    scale = Scale(percent=look.percent)
    if not math.isfinite(look.estimate):
        return "nothing to compare yet" if look.b else "nothing to go by yet"
    if look.b is None:
        return f"{look.a} stands at {scale.score(look.estimate)}"
    if look.estimate == 0:
        return f"{look.a} and {look.b} score the same"
    ahead = look.a if (look.estimate > 0) != look.lower_is_better else look.b
    return f"{ahead} is ahead by {scale.gap(look.estimate)}"


def _seen(look: Look) -> str:
    scale = Scale(percent=look.percent)
    of = "" if look.exhausted else _of(look)
    after = f"after {look.n_items:,}{of} items" if look.n_items != 1 or of else "after 1 item"
    if look.clustered:
        after += f" in {plural(look.n_units, 'cluster')}"
    if not math.isfinite(look.interval.low):
        return f"no interval yet, {after}"
    unit = scale.unit if look.b else scale.column
    return f"always-valid interval {scale.interval(look.interval.low, look.interval.high)}{unit} {after}"


def _forecast(look: Look) -> str:
    """Say what it would take; nothing before there is anything to go by."""
    if not math.isfinite(look.estimate):
        return ""
    left = math.inf if look.planned is None else look.planned - look.n_items
    if not look.needed < 1e6:
        return "; as it stands, no number of items would decide soon"
    about = _rounded(look.needed)
    more = f"; if it stays like this, about {about:,} more would decide"
    return f"{more} ({left:,} are left)" if about > left else more


def _rounded(count: float) -> int:
    """Round up to two digits: a forecast is not exact."""
    step = 10 ** max(math.floor(math.log10(max(count, 1))) - 1, 0)
    return int(max(math.ceil(count / step), 1) * step)


def _rows(look: Look) -> list[tuple[str, str]]:
    scale, interval = Scale(percent=look.percent), look.interval
    unit = scale.unit if look.b else scale.column
    if not look.n_items:
        return [("items", f"0{_of(look)}; {look.n_waiting:,} waiting")]
    rows = [(look.a, scale.score(look.a_mean))]
    if look.b is not None:
        rows += [(look.b, scale.score(look.b_mean)), ("difference a − b", scale.difference(look.estimate))]
    shown = scale.interval(interval.low, interval.high) + unit if math.isfinite(interval.low) else "n/a"
    rows.append((f"{level_text(interval.level)} interval, always valid", shown))
    if math.isfinite(look.p_value):
        rows.append(("p-value, always valid", p_text(look.p_value)))
    units = f" in {plural(look.n_units, 'complete cluster')}" if look.clustered else ""
    waiting = f"; {look.n_waiting:,} waiting" if look.n_waiting else ""
    rows += [("items", f"{look.n_items:,}{_of(look)}{units}{waiting}"), ("method", look.method)]
    return rows


def _of(look: Look) -> str:
    return f" of {look.planned:,}" if look.planned is not None else ""
