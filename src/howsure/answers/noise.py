"""Noise: where the error bar of a score comes from, and what would make it smaller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.errors import MethodError
from howsure.present.document import Document, Note, Text
from howsure.present.noise import ATTEMPTS, component_table, count_of, percent, source_table, task_verdict
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt
    from numpy.typing import NDArray

    from howsure.errors import Caution
    from howsure.present.document import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A variance in squared score units, unbiased and so perhaps below 0, with its jackknife standard error and interval.

    NaN where the data can't tell.
    """

    variance: float
    se: float
    low: float
    high: float

    @property
    def sd(self) -> float:
        """The standard deviation, 0 where the variance came out below 0."""
        return math.sqrt(max(self.variance, 0.0))

    def to_dict(self) -> dict[str, Any]:
        """Return the component as plain data."""
        return {
            "variance": number(self.variance),
            "se": number(self.se),
            "low": number(self.low),
            "high": number(self.high),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseEntry:
    """The noise of one model's score, or of the paired difference of two.

    `name`: the model, or "a − b"; `se`: as `estimate` and `compare` have it. SE² is the sum of `questions`, which questions
    were drawn, and `answers`, what was answered to them; `once`: the latter with one attempt an item, so that K attempts
    give once / K. `attempts`: harmonic mean of the numbers of attempts. Of single scores: `answer` σ², `question` ω², and
    its parts `between` clusters and `within` them. `most_answers`: the largest part of SE² that answers can make up where
    one attempt an item leaves it open. `correlation`: of two models' item means, freed of answer noise.
    """

    task: str
    metric: str
    name: str
    value: float
    se: float
    n_items: int
    n_clusters: int
    attempts: float
    questions: float
    answers: float
    once: float
    answer: Component
    question: Component
    between: Component
    within: Component
    most_answers: float = math.nan
    correlation: float = math.nan
    cautions: tuple[Caution, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether several attempts tell the two sources apart."""
        return math.isfinite(self.answers)

    @property
    def answer_share(self) -> float:
        """The share of SE² that comes from answers, between 0 and 1; NaN where it isn't known."""
        if not self.se > 0 or not self.measured:
            return math.nan
        return min(self.answers / self.se**2, 1.0)

    def se_with(self, attempts: float | None = None, items: float | None = None) -> float:
        """Predict the SE with so many attempts an item (infinite is allowed) and so many items of the same kind.

        None leaves a number as it is. Clusters are taken to grow in number, not in size.
        """
        answers = self.answers if attempts is None else self.once / attempts
        scale = 1.0 if items is None else self.n_items / items
        return math.sqrt((max(self.questions, 0.0) + answers) * scale)

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        parts = {name: number(getattr(self, name).variance) for name in COMPONENTS}
        predicted = {f"se_{count_of(k)}": number(self.se_with(k)) for k in ATTEMPTS}
        return {**self._head(), **parts, **predicted, "se_twice_items": number(self.se_with(items=2 * self.n_items))}

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            **self._head(),
            "components": {name: getattr(self, name).to_dict() for name in COMPONENTS},
            "predicted": [{"attempts": count_of(k), "se": number(self.se_with(k))} for k in ATTEMPTS],
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def _head(self) -> dict[str, Any]:
        return {
            "task": self.task,
            "metric": self.metric,
            "name": self.name,
            "value": number(self.value),
            "se": number(self.se),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "attempts": number(self.attempts),
            "variance_questions": number(self.questions),
            "variance_answers": number(self.answers),
            "variance_answers_once": number(self.once),
            "answer_share": number(self.answer_share),
            "most_answers": number(self.most_answers),
            "correlation": number(self.correlation),
        }


COMPONENTS = ("answer", "question", "between", "within")


@dataclass(frozen=True, slots=True, kw_only=True)
class PairNoise:
    """The noise of the paired differences of all P pairs of models on one task that share items and where it is known.

    `a`, `b` (P,): the models; `n_shared` (P,): items that both answered; `questions`, `answers`, `once` (P,): parts of the
    variance of the difference, as in `NoiseEntry`; `questions` is at least 0.
    """

    a: tuple[str, ...]
    b: tuple[str, ...]
    n_shared: NDArray[np.int64]
    questions: NDArray[np.float64]
    answers: NDArray[np.float64]
    once: NDArray[np.float64]

    @property
    def answer_share(self) -> float:
        """The share of the variance that answers make up, now, at the median of the pairs."""
        return float(np.median(self.answers / (self.answers + self.questions)))

    @property
    def single_shares(self) -> NDArray[np.float64]:
        """The same of every pair (P,), with one attempt a question."""
        return np.asarray(self.once / (self.once + self.questions))

    @property
    def more_answers(self) -> int:
        """In how many pairs answers would make up more than questions, with one attempt a question."""
        return int((self.single_shares > HALF).sum())

    def sentence(self) -> str:
        """Say it in words."""
        if len(self.a) == 1:
            return (
                f"Comparing the two: of the variance of their difference, answers make up {percent(self.answer_share)}; with "
                f"one attempt a question it would be {percent(float(self.single_shares[0]))}."
            )
        return (
            f"Comparing two of them: of the variance of a difference, answers make up {percent(self.answer_share)} at the "
            f"median of {plural(len(self.a), 'pair')}; with one attempt a question it would be "
            f"{percent(float(np.median(self.single_shares)))}, and more than questions in {self.more_answers:,} of them."
        )

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per pair."""
        numbers = zip(*(values.tolist() for values in (self.questions, self.answers, self.once)), strict=True)
        return [
            {
                "a": a,
                "b": b,
                "n_shared": shared,
                "variance_questions": number(questions),
                "variance_answers": number(answers),
                "variance_answers_once": number(once),
            }
            for a, b, shared, (questions, answers, once) in zip(
                self.a, self.b, self.n_shared.tolist(), numbers, strict=True
            )
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {
            "n_pairs": len(self.a),
            "answer_share": number(self.answer_share),
            "single_share": number(float(np.median(self.single_shares))),
            "more_answers": self.more_answers,
        }


HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNoise:
    """The noise of the models of one task and metric. `pair`: the entries are two models and their difference."""

    task: str
    metric: str
    entries: tuple[NoiseEntry, ...]
    pairs: PairNoise | None = None
    pair: bool = False
    percent: bool = True

    @property
    def verdict(self) -> str:
        """One or two plain sentences."""
        return task_verdict(self)

    def to_dict(self) -> dict[str, Any]:
        """Return the task's noise as plain data."""
        return {
            "task": self.task,
            "metric": self.metric,
            "verdict": self.verdict,
            "entries": [entry.to_dict() for entry in self.entries],
            "pairs": None if self.pairs is None else self.pairs.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise(Answer):
    """Where the error bars of every task come from."""

    tasks: tuple[TaskNoise, ...]
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __getitem__(self, name: str) -> NoiseEntry:
        return next(entry for task in self.tasks for entry in task.entries if entry.name == name)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and model."""
        return [entry.record() for task in self.tasks for entry in task.entries]

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and pair of models."""
        return [
            {"task": task.task, "metric": task.metric, **record}
            for task in self.tasks
            if task.pairs is not None
            for record in task.pairs.records()
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "noise",
            "tasks": [task.to_dict() for task in self.tasks],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def curves(self, attempts: Sequence[int] = (1, 2, 3, 4, 5, 7, 10, 15, 20)) -> list[dict[str, Any]]:
        """Return the predicted SE over attempts, with the questions that there are, and twice and four times as many."""
        return [
            {"task": task.task, "name": entry.name, "attempts": k, "items": times * entry.n_items}
            | {"se": number(entry.se_with(k, times * entry.n_items))}
            for task in self.tasks
            for entry in task.entries
            if entry.measured
            for times in (1, 2, 4)
            for k in attempts
        ]

    def chart(self) -> dict[str, Any]:
        """Return the predicted SE over attempts and questions as Vega-Lite."""
        from howsure.present.charts import noise

        records = self.curves()
        if not records:
            raise MethodError(
                "nothing to draw: one attempt a question doesn't tell the noise of answers",
                remedy="Run two attempts or more.",
            )
        return noise.spec(records, percent=all(task.percent for task in self.tasks), description=self.tasks[0].verdict)

    def plot(self) -> alt.TopLevelMixin:
        """Draw `chart()`; needs the extra "plot"."""
        from howsure.present.charts.base import draw

        return draw(self.chart())

    def document(self) -> Document:
        """Return each task's verdict and tables, then the cautions."""
        blocks: list[Block] = []
        for task in self.tasks:
            if len(self.tasks) > 1:
                blocks.append(Text(text=f"{task.task} · {task.metric}", kind="heading"))
            blocks.append(Text(text=task.verdict, kind="verdict"))
            if task is self.tasks[0]:
                blocks += [Text(text=note, kind="small") for note in self.notes]
            blocks.append(source_table(task))
            if any(entry.measured or entry.n_clusters < entry.n_items for entry in task.entries):
                blocks.append(component_table(task))
            if task.pairs is not None:
                blocks.append(Text(text=task.pairs.sentence()))
        found = (
            *self.cautions,
            *(caution for task in self.tasks for entry in task.entries for caution in entry.cautions),
        )
        return Document(blocks=(*blocks, Note(cautions=found)) if found else tuple(blocks))
