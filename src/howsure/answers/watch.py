"""Look: what a run in progress shows so far, and whether it may be stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Column, Document, Note, Table, Text
from howsure.present.watch import _forecast, _found, _of, _rows, _seen, _state
from howsure.wording import Scale, plural

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.statistics.results import Interval


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
