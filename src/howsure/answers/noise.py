"""Noise: the variance components of a score's error, and what would reduce it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Drawn, TaskPart, named
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
GRADINGS = (1, 2, 3, 5)
"""The numbers of gradings per answer whose standard error is predicted."""
HALF = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A variance component in squared score units. Unbiased, so it can be negative. NaN if the data don't
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
        """The standard deviation, 0 if the variance estimate is negative."""
        return math.sqrt(max(self.variance, 0.0))


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """A predicted standard error.

    Attributes:
        attempts: The number of attempts per question. May be infinite.
        se: The standard error.
    """

    attempts: float = field(metadata=shown(endless=True))
    se: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Graded:
    """The predicted standard error with a number of gradings per answer, for the same questions and answers.

    Attributes:
        gradings: The number of gradings per answer.
        se: The standard error.
        items_with_one: How many questions with one grading per answer have the same standard error.
    """

    gradings: int
    se: float
    items_with_one: float


@dataclass(frozen=True, slots=True, kw_only=True)
class NoiseEntry:
    """The variance components of one model's score, or of the paired difference of two.

    SE² is the sum of the variance between and within questions. With K attempts per question the latter is
    `variance_within_questions_once` / K.

    Attributes:
        task: The task.
        metric: What the score measures.
        name: The model, or "a − b".
        value: The score, or the difference.
        se: Its standard error, as in `estimate` and `compare`.
        n_items: Questions behind it.
        n_clusters: Clusters of these questions.
        attempts: The harmonic mean of the numbers of attempts per question.
        variance_between_questions: The part of SE² from sampling questions, in squared score units.
        variance_within_questions: The part of SE² from the randomness of answers.
        variance_within_questions_once: The variance within questions with one attempt per question.
        most_within_share: The largest possible share of SE² within questions, if one attempt per question
            doesn't identify it.
        correlation: The correlation of two models' question means, corrected for answer noise.
        within_question: σ², the variance of answers to the same question.
        between_questions: ω², the variance between questions.
        between_clusters: The part of ω² between clusters.
        within_clusters: The part of ω² within clusters.
        sources: The shares of questions, random factors, questions × levels and answers, if factors shared by
            all questions are random. Otherwise None.
        gradings: The harmonic mean of the numbers of gradings per answer. NaN unless a column tells gradings
            apart.
        variance_between_gradings: The part of SE² from gradings of the same answers. It is a part of the
            variance within questions. NaN if no answer was graded twice.
        variance_between_gradings_once: The same with one grading per answer.
        grading_variance: The variance of one grading around the mean of its answer.
        warnings: Warnings, each with a remedy.
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
    gradings: float = math.nan
    variance_between_gradings: float = math.nan
    variance_between_gradings_once: float = math.nan
    grading_variance: float = math.nan
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def measured(self) -> bool:
        """Whether there are several attempts per question, so that the two sources are identified."""
        return math.isfinite(self.variance_within_questions)

    @derived()
    def within_share(self) -> float:
        """The share of SE² within questions, between 0 and 1. NaN if unknown."""
        if not self.se > 0 or not self.measured:
            return math.nan
        return min(self.variance_within_questions / self.se**2, 1.0)

    @derived()
    def grading_share(self) -> float:
        """The share of SE² between gradings of an answer, between 0 and 1. NaN if unknown."""
        return min(self.variance_between_gradings / self.se**2, 1.0) if self.se > 0 else math.nan

    @derived()
    def answer_share(self) -> float:
        """The share of SE² between answers to a question, without that between gradings, between 0 and 1. NaN
        if unknown.
        """
        return max(self.within_share - self.grading_share, 0.0)

    @derived(rows=False)
    def graded(self) -> tuple[Graded, ...]:
        """The predicted standard errors for other numbers of gradings. Empty if their noise isn't known."""
        if not math.isfinite(self.variance_between_gradings) or not self.se > 0:
            return ()
        rest = max(self.se**2 - self.variance_between_gradings, 0.0)
        variances = {g: rest + self.variance_between_gradings_once / g for g in GRADINGS}
        return tuple(
            Graded(gradings=g, se=math.sqrt(v), items_with_one=self.n_items * variances[1] / v)
            if v > 0
            else Graded(gradings=g, se=0.0, items_with_one=math.inf)
            for g, v in variances.items()
        )

    @derived()
    def predicted(self) -> tuple[Predicted, ...]:
        """The predicted standard errors for other numbers of attempts."""
        return tuple(Predicted(attempts=k, se=self.se_with(k)) for k in ATTEMPTS)

    def se_with(self, attempts: float | None = None, items: float | None = None) -> float:
        """Predict the SE for a given number of attempts per question (may be infinite) and of similar
        questions.

        None keeps the current number. Clusters are assumed to grow in number, not in size.
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
        """Return one flat mapping, with the predicted standard errors and that of twice the questions as
        columns.
        """
        names = {
            each.attempts: f"se_{'endless' if math.isinf(each.attempts) else each.attempts}"
            for each in self.predicted
        }
        predicted = {names[each.attempts]: number(each.se) for each in self.predicted}
        return {**row(self), **predicted, "se_twice_items": number(self.se_with(items=2 * self.n_items))}


@dataclass(frozen=True, slots=True, kw_only=True)
class PairNoise:
    """The noise of the paired differences of all P pairs of models on one task that share questions and have
    known noise.

    Attributes:
        a: The first model of each pair (P,).
        b: The second model (P,).
        n_shared: Questions that both answered (P,).
        questions: The part of the difference's variance between questions (P,), at least 0.
        answers: The part within questions (P,).
        once: The variance within questions with one attempt per question (P,).
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
        """The current share of the variance within questions, at the median of the pairs."""
        return _median(self.answers / (self.answers + self.questions))

    @property
    def single_shares(self) -> NDArray[np.float64]:
        """The share within questions of every pair (P,), with one attempt per question."""
        return self.once / (self.once + self.questions)

    @derived()
    def within_share_once(self) -> float:
        """The share within questions at the median of the pairs, with one attempt per question."""
        return _median(self.single_shares)

    @derived()
    def n_mostly_within(self) -> int:
        """The number of pairs with more variance within than between questions, with one attempt per
        question.
        """
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
        pairs: The noise of all differences. None if unknown.
        entries: The models, or two models and their difference.
        pair: Whether it is about two models. Then the last entry is their difference.
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
        noise: The variance components on this slice.
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
        slicing: How the questions are split into slices.
        slices: One entry per slice that is large enough.
    """

    task: str
    metric: str
    percent: bool = field(default=True, metadata=HIDDEN)
    slicing: Slicing = field(metadata=MERGED)
    slices: tuple[SliceNoise, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Noise(Drawn):
    """The variance between and within questions of every standard error, task by task.

    Attributes:
        tasks: One part per task and metric.
        slices: The components by slices, one per task, metric and partition. Empty if not requested.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    tasks: tuple[TaskNoise, ...]
    slices: tuple[NoiseSlices, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, name: str) -> NoiseEntry:
        return named([entry for task in self.tasks for entry in task.entries], "name", name)

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
        """Return the predicted SE over attempts for the current number of questions, twice and four times as
        many.
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
