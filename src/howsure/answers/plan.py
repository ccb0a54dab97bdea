"""Plan: how many questions and attempts a comparison needs, or what so many can show."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.errors import MethodError
from howsure.present.document import Document, Note, Text
from howsure.present.plan import assumption_table, design_table, plan_verdict

if TYPE_CHECKING:
    import altair as alt

    from howsure.errors import Caution
    from howsure.present.document import Block
    from howsure.statistics.choices import Goal, PlanMethod

Sought = Literal["items", "effect", "power"]
"""What a plan looks for: the number of items, the smallest difference that shows, or the power."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """A number that a plan comes to, and the limits within which it could be as the pilot goes; NaN without a pilot."""

    value: float
    low: float = math.nan
    high: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data; an infinite number (never enough) is None."""
        return {"value": number(self.value), "low": number(self.low), "high": number(self.high)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One way to run the evaluation: `attempts` a question, infinite for the limit of endless ones.

    `items`: questions; `effect`: the true difference (a margin, for "not-worse" and "same") that they show with `power`;
    one of the three is what was sought, with its limits. `clusters`: that the questions come in. `se`: of the difference.
    `formula`: the number of questions by the paper's formula, without pseudo-items and with the normal distribution.
    `cost`: NaN where no prices were given.
    """

    attempts: float
    items: Forecast
    effect: Forecast
    power: Forecast
    clusters: float
    se: float
    formula: float
    cost: float = math.nan

    def to_dict(self) -> dict[str, Any]:
        """Return the option as plain data."""
        return {
            "attempts": "endless" if math.isinf(self.attempts) else number(self.attempts),
            "items": self.items.to_dict(),
            "effect": self.effect.to_dict(),
            "power": self.power.to_dict(),
            "clusters": number(self.clusters),
            "se": number(self.se),
            "formula": number(self.formula),
            "cost": number(self.cost),
        }

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        plain = self.to_dict()
        flat = {name: plain[name] for name in ("attempts", "clusters", "se", "formula", "cost")}
        for name in ("items", "effect", "power"):
            forecast = plain[name]
            flat |= {name: forecast["value"], f"{name}_low": forecast["low"], f"{name}_high": forecast["high"]}
        return flat


@dataclass(frozen=True, slots=True, kw_only=True)
class Basis:
    """What a plan rests on: variances of the difference of single items, in squared score units.

    `question`: between the items' true differences, of which `between` is from cluster to cluster; `answer`: of one attempt,
    both models' together, NaN where a pilot with one attempt can't tell it from `question`, which then holds both.
    `cluster_size`: the average number of items; `crowd`: that number as an item sees it, larger where clusters are unequal.
    `n_items`, `n_clusters`, `attempts`: of the pilot, 0 without one. `pairs`: how many pairs of models the pilot holds.
    """

    question: float
    answer: float
    between: float = 0.0
    cluster_size: float = 1.0
    crowd: float = 1.0
    n_items: int = 0
    n_clusters: int = 0
    attempts: float = 0.0
    pairs: int = 0

    def to_dict(self) -> dict[str, Any]:
        """Return the basis as plain data."""
        return {
            "question_variance": number(self.question),
            "answer_variance": number(self.answer),
            "between_variance": number(self.between),
            "cluster_size": number(self.cluster_size),
            "crowd": number(self.crowd),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "attempts": number(self.attempts),
            "pairs": self.pairs,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CurvePoint:
    """The power that so many items with so many attempts have where the true difference is `effect`."""

    attempts: float
    items: float
    effect: float
    power: float

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        return {
            "attempts": "endless" if math.isinf(self.attempts) else number(self.attempts),
            "items": number(self.items),
            "effect": number(self.effect),
            "power": number(self.power),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskPlan:
    """The plan of one task, or of several together (`task` empty): the options, the chosen one first named by `chosen`.

    `a`, `b`: the models of the pilot, empty without one. `curve`: power over the number of items, or over the true difference
    where that was sought. `percent`: scores lie in [0, 1].
    """

    task: str
    metric: str
    a: str
    b: str
    basis: Basis | None
    options: tuple[Option, ...]
    chosen: int
    curve: tuple[CurvePoint, ...] = ()
    percent: bool = True

    @property
    def best(self) -> Option:
        """The chosen option: the attempts that were asked for, or the cheapest ones."""
        return self.options[self.chosen]

    def to_dict(self) -> dict[str, Any]:
        """Return the task's plan as plain data."""
        return {
            "task": self.task,
            "metric": self.metric,
            "a": self.a,
            "b": self.b,
            "basis": None if self.basis is None else self.basis.to_dict(),
            "chosen": self.best.to_dict(),
            "options": [option.to_dict() for option in self.options],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Simulated:
    """The power seen when the pilot's own items were drawn again and again, and its Monte-Carlo error."""

    power: float
    se: float
    trials: int

    def to_dict(self) -> dict[str, Any]:
        """Return it as plain data."""
        return {"power": number(self.power), "se": number(self.se), "trials": self.trials}

    def sentence(self) -> str:
        """Say it in words."""
        return (
            f"Checked: in {self.trials:,} draws of the pilot's own questions the test found it in {100 * self.power:.0f} % "
            f"(± {100 * self.se:.1f})."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Answer):
    """How many questions and attempts are needed, or what so many can show, for a test of one `goal` at a `level`.

    `comparisons`: how many tests share the level (Bonferroni); `margin`: of "not-worse" and "same". The last of `tasks` is the
    overall one where there are several.
    """

    sought: Sought
    goal: Goal
    method: PlanMethod
    level: float
    comparisons: int
    margin: float
    paired: bool
    tasks: tuple[TaskPlan, ...]
    simulated: Simulated | None = None
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    @property
    def main(self) -> TaskPlan:
        """The task that the verdict is about: the only one, or the overall one."""
        return self.tasks[-1]

    @property
    def items(self) -> float:
        """How many questions the chosen option takes; infinite where no number is enough."""
        return self.main.best.items.value

    @property
    def verdict(self) -> str:
        """One or two plain sentences."""
        return plan_verdict(self)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and option."""
        return [
            {"task": task.task, "metric": task.metric, "a": task.a, "b": task.b, **option.record()}
            for task in self.tasks
            for option in task.options
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "plan",
            "verdict": self.verdict,
            "sought": self.sought,
            "goal": self.goal,
            "method": self.method,
            "level": self.level,
            "comparisons": self.comparisons,
            "margin": number(self.margin),
            "paired": self.paired,
            "tasks": [task.to_dict() for task in self.tasks],
            "simulated": None if self.simulated is None else self.simulated.to_dict(),
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def curve_records(self) -> list[dict[str, Any]]:
        """Return the power curves: one flat mapping per task, number of attempts, and items (or true difference)."""
        return [
            {"task": task.task, "metric": task.metric, **point.record()} for task in self.tasks for point in task.curve
        ]

    def chart(self) -> dict[str, Any]:
        """Return the power curves as Vega-Lite."""
        from howsure.present.charts import plan

        records = self.curve_records()
        if not records:
            raise MethodError("nothing to draw: no number of questions is enough", remedy="Ask for a larger effect.")
        over: Literal["items", "effect"] = "effect" if self.sought == "effect" else "items"
        return plan.spec(records, over, percent=self.main.percent, description=self.verdict)

    def plot(self) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot"."""
        from howsure.present.charts.base import draw

        return draw(self.chart())

    def document(self) -> Document:
        """Return the verdict, the options, what they rest on, and the cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        for task in self.tasks:
            if len(self.tasks) > 1:
                blocks.append(Text(text=f"{task.task} · {task.metric}" if task.task else "overall", kind="heading"))
            blocks.append(design_table(self, task))
        if self.simulated is not None:
            blocks.append(Text(text=self.simulated.sentence()))
        if self.main.basis is not None:
            blocks.append(assumption_table(self, self.main.basis))
        return Document(blocks=(*blocks, Note(cautions=self.cautions)) if self.cautions else tuple(blocks))
