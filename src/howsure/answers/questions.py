"""Questions: which of a task discriminate between models, which are flaky over attempts, and the smallest
difference the task can detect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from howsure.answers.base import Answer, named, presentation
from howsure.answers.output import HIDDEN, derived, row, rows, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.flips import Flips
    from howsure.errors import ResultWarning

ItemKind = Literal["none_solved", "all_solved", "all_equal", "discriminating", "suspect", "unanswered"]
RepeatedKind = Literal["always", "never", "mixed", "flaky", "unanswered"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The results of the models on one question.

    Attributes:
        item: The question's id.
        score: Its mean score over the models that answered.
        n_models: How many models answered.
        discrimination: The correlation, over models, with the mean of the other questions. NaN if unknown.
        p_adjusted: The p-value of a negative correlation, corrected for the number of questions.
        kind: All models have the worst score: "none_solved". All have the best: "all_solved". All have the
            same: "all_equal". Some differ: "discriminating". Some differ, and better models score lower:
            "suspect". At most one model answered: "unanswered".
    """

    item: str
    score: float
    n_models: int
    discrimination: float
    p_adjusted: float
    kind: ItemKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnalysis:
    """The results of the models on each of n questions. All fields have the shape (n,).

    Attributes:
        item: The ids, as in `Item`. The other fields correspond too.
        score: The mean score of each question.
        n_models: How many models answered each.
        discrimination: The correlation of each with the others.
        p_adjusted: The corrected p-value of each.
        kind: The kind of each.
    """

    item: NDArray[Any]
    score: NDArray[np.float64]
    n_models: NDArray[np.int64]
    discrimination: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    kind: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per question."""
        return rows(
            item=map(str, self.item.tolist()),
            score=self.score,
            n_models=self.n_models,
            discrimination=self.discrimination,
            p_adjusted=self.p_adjusted,
            kind=self.kind,
        )

    def of_kind(self, kind: ItemKind) -> list[Item]:
        """Return the questions of one kind, in their order."""
        return [self._item(k) for k in (self.kind == kind).nonzero()[0].tolist()]

    def _item(self, k: int) -> Item:
        return Item(
            item=str(self.item[k]),
            score=float(self.score[k]),
            n_models=int(self.n_models[k]),
            discrimination=float(self.discrimination[k]),
            p_adjusted=float(self.p_adjusted[k]),
            kind=self.kind[k].item(),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedItems:
    """Attempts of one model at each of n questions. All fields have the shape (n,).

    Attributes:
        item: The ids.
        solved: How many attempts have the best score.
        attempts: How many attempts have a score.
        low: The lower limit of the success probability of each (Clopper and Pearson 1934).
        high: The upper limit.
        p_flaky: The p-value of the test that the success probability is from 5% to 95%, corrected for the
            number of questions.
        noise_share: The share of each in the variance that attempts add to the model's score.
        kind: "always" or "never" solved, "mixed" if both were seen, "flaky" if mixed and shown to be from 5%
            to 95%, or "unanswered" without attempts.
    """

    item: NDArray[Any]
    solved: NDArray[np.int64]
    attempts: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    p_flaky: NDArray[np.float64]
    noise_share: NDArray[np.float64]
    kind: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per question."""
        return rows(
            item=map(str, self.item.tolist()),
            solved=self.solved,
            attempts=self.attempts,
            low=self.low,
            high=self.high,
            p_flaky=self.p_flaky,
            noise_share=self.noise_share,
            over_attempts=self.kind,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAttempts:
    """The questions of one model over its attempts.

    Attributes:
        model: The model.
        items: The attempts at each question.
        attempts_needed: The attempts at each question that would show one that is solved half of the time to
            be flaky.
        level: The confidence level.
    """

    model: str
    items: RepeatedItems = field(metadata=HIDDEN)
    attempts_needed: int
    level: float

    @derived()
    def always(self) -> int:
        """The questions that were solved in every attempt."""
        return self.count("always")

    @derived()
    def never(self) -> int:
        """The questions that were solved in none."""
        return self.count("never")

    @derived()
    def mixed(self) -> int:
        """The questions that were solved in some attempts and not in others, including flaky ones."""
        return self.count("mixed") + self.count("flaky")

    @derived()
    def flaky(self) -> int:
        """The questions that are shown to have a success probability from 5% to 95%."""
        return self.count("flaky")

    @derived()
    def n_attempts(self) -> int:
        """All attempts with a score."""
        return int(self.items.attempts.sum())

    def count(self, kind: RepeatedKind) -> int:
        """Count the questions of one kind."""
        return int((self.items.kind == kind).sum())


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskQuestions:
    """The questions of one task and metric, with the results of the models.

    Attributes:
        task: The task.
        metric: What the score measures.
        models: The models, best first.
        items: The results on each question.
        over_attempts: The questions over the attempts of each model, if most of them have several attempts
            that are right or wrong. Else empty.
        n_clusters: Clusters of the questions. The number of questions without clusters.
        smallest_significant_difference: The difference that is significant for one pair of models, in score
            units, median over pairs. NaN if no pair has one.
        detectable_difference: The minimum detectable effect: the difference that one planned comparison
            detects with 80% power, in score units, median over pairs.
        n_significant_neighbours: How many differences between neighbouring ranks exceed the smallest
            significant one. None if unknown.
        reliability: The correlation of the models' scores on two tasks of this kind, from split halves.
        reliability_places: The correlation of the models' ranks on two tasks of this kind.
        reliability_items: Cronbach's alpha, over the questions that all models answered (without models that
            lack most questions).
        n_complete: The number of these questions.
        level: The confidence level.
        percent: Whether scores lie in [0, 1].
        lower_is_better: Whether smaller scores are better.
        warnings: Warnings, each with a remedy.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    items: ItemAnalysis = field(metadata=HIDDEN)
    over_attempts: tuple[ModelAttempts, ...] = ()
    n_clusters: int
    smallest_significant_difference: float
    detectable_difference: float
    n_significant_neighbours: int | None
    reliability: float
    reliability_places: float
    reliability_items: float
    n_complete: int
    level: float
    percent: bool = field(default=True, metadata=HIDDEN)
    lower_is_better: bool = field(default=False, metadata=shown(rows=False))
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def n_models(self) -> int:
        """The number of models."""
        return len(self.models)

    @derived()
    def n_items(self) -> int:
        """The number of questions."""
        return len(self.items.item)

    @derived(key="discriminating")
    def n_discriminating(self) -> int:
        """The questions on which at least two models differ, including suspect ones."""
        return self.count("discriminating") + self.count("suspect")

    @derived()
    def none_solved(self) -> int | None:
        """The questions on which all have the worst score. None on an open scale."""
        return self.count("none_solved") if self.percent else None

    @derived()
    def all_solved(self) -> int | None:
        """The questions on which all have the best score. None on an open scale."""
        return self.count("all_solved") if self.percent else None

    @derived(key="all_equal")
    def n_all_equal(self) -> int:
        """The questions on which all models have the same score, including the best and the worst."""
        return self.count("none_solved") + self.count("all_solved") + self.count("all_equal")

    @derived()
    def unanswered(self) -> int:
        """The questions that all models, or all but one, left unanswered."""
        return self.count("unanswered")

    @derived()
    def suspect(self) -> int:
        """The questions that contradict the others: better models score lower on them."""
        return self.count("suspect")

    def count(self, kind: ItemKind) -> int:
        """Count the questions of one kind."""
        return int((self.items.kind == kind).sum())

    @derived()
    def suspects(self) -> tuple[Item, ...]:
        """The questions that contradict the others, worst first."""
        return tuple(sorted(self.items.of_kind("suspect"), key=lambda item: item.discrimination))

    @derived(rows=False)
    def sentence(self) -> str:
        """The main message, in one sentence."""
        return str(presentation(self).task_sentence(self))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Questions(Answer):
    """How well the questions of one or more tasks discriminate between models.

    Attributes:
        tasks: One part per task and metric.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
        changed: The questions that changed between two models, None unless two were named.
    """

    tasks: tuple[TaskQuestions, ...]
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()
    changed: Flips | None = None

    def __getitem__(self, task: str) -> TaskQuestions:
        return named(self.tasks, "task", task)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and metric."""
        return [row(task) for task in self.tasks]

    def item_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per question of each task and metric, and per model with attempts."""
        return [record for task in self.tasks for record in _item_records(task)]


def _item_records(task: TaskQuestions) -> Iterator[dict[str, Any]]:
    head, found = {"task": task.task, "metric": task.metric}, task.items.records()
    if not task.over_attempts:
        yield from ({**head, **record} for record in found)
    for model in task.over_attempts:
        for record, mine in zip(found, model.items.records(), strict=True):
            yield {**head, "model": model.model, **record, **mine}
