"""ScorePlan: how many questions one model's score needs, for a narrow error bar or to show that it keeps a floor."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Column, Document, Note, Table, Text
from howsure.present.plan import cell_text, items_text, percent_text, range_text
from howsure.wording import Scale, level_text

if TYPE_CHECKING:
    from howsure.answers.plan import Forecast
    from howsure.errors import Caution
    from howsure.present.document import Block

ScoreGoal = Literal["within", "at-least", "at-most"]
"""What a score is to show: an error bar of ± so much, or that it keeps a floor or a ceiling."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreOption:
    """One way to run the evaluation: `attempts` a question, infinite for the limit of endless ones.

    `items`: questions; `half_width` of the interval that they give; `power`: the chance that a limit is shown, NaN for "within".
    `clusters`: that the questions come in.
    """

    attempts: float
    items: Forecast
    half_width: Forecast
    power: Forecast
    clusters: float

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        flat: dict[str, Any] = {"attempts": "endless" if math.isinf(self.attempts) else number(self.attempts)}
        for name in ("items", "half_width", "power"):
            forecast = getattr(self, name).to_dict()
            flat |= {name: forecast["value"], f"{name}_low": forecast["low"], f"{name}_high": forecast["high"]}
        return {**flat, "clusters": number(self.clusters)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorePlan(Answer):
    """How many questions one score needs, or what so many give.

    `rate`: the true score that is assumed, or the pilot's; `target`: the half width, floor or ceiling. `sought_items`: whether the
    number of questions was looked for, and not what a given number brings. `chosen`: which option the verdict is about.
    """

    goal: ScoreGoal
    target: float
    rate: float
    level: float
    sought_items: bool
    clustered: bool
    options: tuple[ScoreOption, ...]
    chosen: int
    task: str = ""
    metric: str = ""
    model: str = ""
    percent: bool = True
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def best(self) -> ScoreOption:
        """The option that the verdict is about."""
        return self.options[self.chosen]

    @property
    def items(self) -> float:
        """How many questions it takes; infinite where no number is enough."""
        return self.best.items.value

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        scale, option = Scale(percent=self.percent), self.best
        attempts = "" if option.attempts == 1 else f", {option.attempts:,.3g} attempts each"
        attempts = ", with endless attempts each" if math.isinf(option.attempts) else attempts
        held = (
            f" in {items_text(option.clusters)} clusters" if self.clustered and math.isfinite(option.clusters) else ""
        )
        what = self._goal(scale)
        if not math.isfinite(option.items.value):
            return f"No number of questions{held}{attempts} {'gives' if self.goal == 'within' else 'shows'} {what}."
        count = f"{items_text(option.items.value)} questions{range_text(option.items, items_text)}{held}{attempts}"
        if self.goal == "within":
            if self.sought_items:
                return f"About {count} give {what}, where the score is {self._rate(scale)}."
            wide = scale.gap(option.half_width.value) + range_text(option.half_width, scale.number, scale.unit)
            return f"{count} give an error bar of ± {wide}, where the score is {self._rate(scale)}."
        chance = percent_text(option.power.value) + range_text(option.power, lambda p: f"{100 * p:.0f}", " %")
        start = "About " if self.sought_items else ""
        return f"{start}{count} show {what} with a chance of {chance}, if the true score is {self._rate(scale)}."

    def _rate(self, scale: Scale) -> str:
        return scale.score(self.rate) if self.model else scale.given(self.rate)

    def _goal(self, scale: Scale) -> str:
        if self.goal == "within":
            return f"an error bar of ± {scale.given_gap(self.target)}"
        return f"{'at least' if self.goal == 'at-least' else 'at most'} {scale.given(self.target)}"

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per option."""
        head = {"task": self.task, "metric": self.metric, "model": self.model}
        return [{**head, **option.record()} for option in self.options]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "score_plan",
            "verdict": self.verdict,
            "goal": self.goal,
            "target": number(self.target),
            "rate": number(self.rate),
            "level": self.level,
            "task": self.task,
            "metric": self.metric,
            "model": self.model,
            "chosen": self.best.record(),
            "options": [option.record() for option in self.options],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the verdict, a line a number of attempts, and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(self._table())
        return Document(blocks=(*blocks, Note(cautions=self.cautions)) if self.cautions else tuple(blocks))

    def _table(self) -> Table:
        scale, limit = Scale(percent=self.percent), self.goal != "within"
        columns = [Column(name="", align="left"), Column(name="attempts"), Column(name="questions")]
        columns += [Column(name="clusters")] if self.clustered else []
        columns += [Column(name="error bar ±")]
        columns += [Column(name="chance")] if limit else []
        rows = []
        for k, option in enumerate(self.options):
            row = [
                "▸" if k == self.chosen else "",
                "endless" if math.isinf(option.attempts) else f"{option.attempts:,.3g}",
            ]
            row += [cell_text(option.items, items_text)]
            row += [items_text(option.clusters)] if self.clustered else []
            row += [cell_text(option.half_width, scale.number) + scale.unit]
            row += [cell_text(option.power, lambda p: f"{100 * p:.0f}") + " %"] if limit else []
            rows.append(tuple(row))
        sides = "one-sided, as gate has it" if limit else "the interval of estimate"
        return Table(columns=tuple(columns), rows=tuple(rows), note=f"{sides}, at {level_text(self.level)}")
