"""Noise: where the error bar of a score comes from, and what would make it smaller."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, TaskPart
from howsure.answers.output import HIDDEN, MERGED, derived, number, row, rows, shown, sliced_rows, spread

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.parts import ErrorSources
    from howsure.answers.slices import Slicing
    from howsure.errors import ResultWarning

ATTEMPTS = (1, 2, 5, 10, math.inf)
"""The numbers of attempts whose standard error is predicted."""
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A variance component in squared score units; unbiased, so possibly negative. NaN where the data don't
    identify it.

    Attributes:
        variance: The variance.
        se: Its jackknife standard error.
        low: The lower limit of its interval.
        high: The upper limit.
    """

    variance: float
    se: float = field(metadata=shown(rows=False))
    low: float = field(metadata=shown(rows=False))
    high: float = field(metadata=shown(rows=False))

    @property
    def sd(self) -> float:
        """The standard deviation, 0 where the variance came out below 0."""
        return math.sqrt(max(self.variance, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A predicted standard error.

    Attributes:
        attempts: With so many attempts an item, or endless ones.
        se: The standard error.
    """

    attempts: float = field(metadata=shown(endless=True))
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseEntry:
    """The variance components of one model's score, or of the paired difference of two.

    SE² is the sum of `questions` and `answers`; with K attempts an item the latter is `once` / K.

    Attributes:
        task: The task.
        metric: What the score measures.
        name: The model, or "a − b".
        value: The score, or the difference.
        se: Its standard error, as `estimate` and `compare` have it.
        n_items: Items behind it.
        n_clusters: Clusters that these items come in.
        attempts: The harmonic mean of the numbers of attempts.
        variance_between_questions: The part of SE² that comes from which questions were drawn.
        variance_within_questions: The part that comes from what was answered to them.
        variance_within_questions_once: The answers' part with one attempt an item.
        most_within_share: The largest share of SE² that answers can make up, where one attempt an item leaves
            it open.
        correlation: The correlation of two models' item means, freed of answer noise.
        within_question: σ², the variance from answer to answer to the same question.
        between_questions: ω², the variance from question to question.
        between_clusters: The part of ω² that is from cluster to cluster.
        within_clusters: The part that is within clusters.
        sources: The shares of questions, random factors, questions × levels and answers, where factors that
            all questions share are samples too; else None.
        warnings: Warnings, each with what to do about it.
    """

    task: str
    metric: str
    name: str
    value: float
    se: float
    n_items: int
    n_clusters: int
    attempts: float
    variance_between_questions: float
    variance_within_questions: float
    variance_within_questions_once: float
    most_within_share: float = math.nan
    correlation: float = math.nan
    within_question: Component = field(metadata=spread(prefix="answer_"))
    between_questions: Component = field(metadata=spread(prefix="question_"))
    between_clusters: Component = field(metadata=spread(prefix="between_"))
    within_clusters: Component = field(metadata=spread(prefix="within_"))
    sources: ErrorSources | None = field(default=None, metadata=shown(rows=False))
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether several attempts tell the two sources apart."""
        return math.isfinite(self.variance_within_questions)

    @derived()
    def within_share(self) -> float:
        """The share of SE² that comes from answers, between 0 and 1; NaN where it isn't known."""
        if not self.se > 0 or not self.measured:
            return math.nan
        return min(self.variance_within_questions / self.se**2, 1.0)

    @derived()
    def predicted(self) -> tuple[Predicted, ...]:
        """The standard errors that other numbers of attempts would give."""
        return tuple(Predicted(attempts=k, se=self.se_with(k)) for k in ATTEMPTS)

    def se_with(self, attempts: float | None = None, items: float | None = None) -> float:
        """Predict the SE with so many attempts an item (infinite is allowed) and so many items of the same
        kind.

        None leaves a number as it is. Clusters are taken to grow in number, not in size.
        """
        if self.sources is not None:
            levels = self.sources.spread.levels
            return self.sources.se_with(self.n_items if items is None else items, levels, attempts)
        answers = (
            self.variance_within_questions
            if attempts is None
            else self.variance_within_questions_once / attempts
        )
        scale = 1.0 if items is None else self.n_items / items
        return math.sqrt((max(self.variance_between_questions, 0.0) + answers) * scale)

    def record(self) -> dict[str, Any]:
        """Return one flat mapping: the predicted standard errors as columns, and that of twice the items."""
        names = {
            each.attempts: f"se_{'endless' if math.isinf(each.attempts) else each.attempts}"
            for each in self.predicted
        }
        predicted = {names[each.attempts]: number(each.se) for each in self.predicted}
        return {**row(self), **predicted, "se_twice_items": number(self.se_with(items=2 * self.n_items))}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairNoise:
    """The noise of the paired differences of all P pairs of models on one task that share items and where it
    is known.

    Attributes:
        a: The first model of each pair (P,).
        b: The second model (P,).
        n_shared: Items that both answered (P,).
        questions: The part of the difference's variance that comes from questions (P,), at least 0.
        answers: The part that comes from answers (P,).
        once: The answers' part with one attempt an item (P,).
    """

    a: tuple[str, ...] = field(metadata=HIDDEN)
    b: tuple[str, ...] = field(metadata=HIDDEN)
    n_shared: NDArray[np.int64] = field(metadata=HIDDEN)
    questions: NDArray[np.float64] = field(metadata=HIDDEN)
    answers: NDArray[np.float64] = field(metadata=HIDDEN)
    once: NDArray[np.float64] = field(metadata=HIDDEN)

    @derived()
    def n_pairs(self) -> int:
        """The number of pairs."""
        return len(self.a)

    @derived()
    def within_share(self) -> float:
        """The share of the variance that answers make up, now, at the median of the pairs."""
        return _median(self.answers / (self.answers + self.questions))

    @property
    def single_shares(self) -> NDArray[np.float64]:
        """The same of every pair (P,), with one attempt a question."""
        return self.once / (self.once + self.questions)

    @derived()
    def within_share_once(self) -> float:
        """The same at the median of the pairs, with one attempt a question."""
        return _median(self.single_shares)

    @derived()
    def n_mostly_within(self) -> int:
        """In how many pairs answers would make up more than questions, with one attempt a question."""
        return int((self.single_shares > HALF).sum())

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per pair."""
        return rows(
            a=self.a,
            b=self.b,
            n_shared=self.n_shared,
            variance_questions=self.questions,
            variance_answers=self.answers,
            variance_answers_once=self.once,
        )


def _median(values: NDArray[np.float64]) -> float:
    import numpy as np

    return float(np.median(values))


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskNoise(TaskPart):
    """The variance components of the models of one task and metric.

    Attributes:
        task: The task.
        metric: What the score measures.
        pairs: The noise of all differences; None where it isn't known.
        entries: The models, or two models and their difference.
        pair: Whether it is about two models: the last entry is their difference.
        percent: Whether scores lie in [0, 1].
    """

    task: str
    metric: str
    pairs: PairNoise | None = None
    entries: tuple[NoiseEntry, ...]
    pair: bool = field(default=False, metadata=HIDDEN)
    percent: bool = field(default=True, metadata=HIDDEN)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceNoise:
    """The variance components of a task on one slice.

    Attributes:
        slice: The slice.
        noise: What they are there.
    """

    slice: str
    noise: TaskNoise


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseSlices:
    """The variance components of a task by slices.

    Attributes:
        task: The task.
        metric: What the score measures.
        percent: Whether scores lie in [0, 1].
        slicing: How the items are parted.
        slices: One entry a slice that is large enough.
    """

    task: str
    metric: str
    percent: bool = field(default=True, metadata=HIDDEN)
    slicing: Slicing = field(metadata=MERGED)
    slices: tuple[SliceNoise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Noise(Drawn):
    """The parts of every standard error that are due to questions and to answers, task by task.

    Attributes:
        tasks: One part a task and metric.
        slices: The parts by slices, one of each task, metric and partition; empty where none is asked for.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
    """

    tasks: tuple[TaskNoise, ...]
    slices: tuple[NoiseSlices, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, name: str) -> NoiseEntry:
        return next(entry for task in self.tasks for entry in task.entries if entry.name == name)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and model, then those of slices."""
        parts = [
            {"by": way.slicing.by, "slice": each.slice, **entry.record()}
            for way in self.slices
            for each in way.slices
            for entry in each.noise.entries
        ]
        return sliced_rows([entry.record() for task in self.tasks for entry in task.entries], parts)

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and pair of models."""
        return [
            {"task": task.task, "metric": task.metric, **record}
            for task in self.tasks
            if task.pairs is not None
            for record in task.pairs.records()
        ]

    def curves(self, attempts: Sequence[int] = (1, 2, 3, 4, 5, 7, 10, 15, 20)) -> list[dict[str, Any]]:
        """Return the predicted SE over attempts, with the questions that there are, and twice and four times
        as many.
        """
        return [
            {"task": task.task, "name": entry.name, "attempts": k, "items": times * entry.n_items}
            | {"se": number(entry.se_with(k, times * entry.n_items))}
            for task in self.tasks
            for entry in task.entries
            if entry.measured
            for times in (1, 2, 4)
            for k in attempts
        ]
