"""Noise: where the error bar of a score comes from, and what would make it smaller."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.document import Column, Document, Note, Scale, Table, Text, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    import altair as alt

    from howsure.document import Block, Cell
    from howsure.errors import Caution

ATTEMPTS = (1, 2, 5, 10, math.inf)
LITTLE = 0.03
"""More attempts are not worth telling of where they would shorten the error bar by less than this share."""


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
        predicted = {f"se_{_count(k)}": number(self.se_with(k)) for k in ATTEMPTS}
        return {**self._head(), **parts, **predicted, "se_twice_items": number(self.se_with(items=2 * self.n_items))}

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            **self._head(),
            "components": {name: getattr(self, name).to_dict() for name in COMPONENTS},
            "predicted": [{"attempts": _count(k), "se": number(self.se_with(k))} for k in ATTEMPTS],
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
    """The noise of the paired differences of all pairs of models on one task.

    Of every pair that shares items and where it is known, at the median: `answer_share`: the part of the variance of the
    difference that answers make up, now; `single_share`: the same with one attempt an item. `more_answers`: in how many
    pairs answers make up more than questions, with one attempt an item.
    """

    n_pairs: int
    answer_share: float
    single_share: float
    more_answers: int

    def sentence(self) -> str:
        """Say it in words."""
        return (
            f"Comparing two of them: of the variance of a difference, answers make up {_percent(self.answer_share)} at the "
            f"median of {plural(self.n_pairs, 'pair')}; with one attempt a question it would be "
            f"{_percent(self.single_share)}, and more than questions in {self.more_answers:,} of them."
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain data."""
        return {
            "n_pairs": self.n_pairs,
            "answer_share": number(self.answer_share),
            "single_share": number(self.single_share),
            "more_answers": self.more_answers,
        }


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

    def plot(self) -> alt.FacetChart:
        """Draw the predicted SE over attempts and questions; needs the extra "plot"."""
        from howsure.charts import curves

        return curves(self.curves(), percent=all(task.percent for task in self.tasks))

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


def task_verdict(task: TaskNoise) -> str:
    """Say where the error bars come from, and what more attempts would bring."""
    told = task.entries[-1:] if task.pair else task.entries
    known = [entry for entry in told if entry.measured and entry.se > 0]
    what = "this difference" if task.pair else "these scores" if len(told) > 1 else told[0].name
    if not known:
        return _unknown(told, what)
    shares = [entry.answer_share for entry in known]
    part = _range([1 - share for share in shares])
    first = (
        f"Of the variance behind the error bar of {what}, {part} comes from which questions were drawn, "
        f"{_range(shares)} from what was answered."
    )
    return f"{first} {_advice(known, Scale(percent=task.percent))}"


def _unknown(told: Sequence[NoiseEntry], what: str) -> str:
    most = [entry.most_answers for entry in told if math.isfinite(entry.most_answers)]
    if not most:
        return f"Nothing can be said about the noise of {what}: there is no error bar to take apart."
    bound = "all" if max(most) >= 0.995 else f"at most {_percent(max(most))}"
    return (
        f"One attempt a question can't tell where the error bar of {what} comes from: what was answered makes up between "
        f"none and {bound} of its variance. A second attempt at the same questions, or at some of them, would tell."
    )


def _advice(known: Sequence[NoiseEntry], scale: Scale) -> str:
    entry = sorted(known, key=lambda entry: entry.answer_share)[len(known) // 2]
    k, now, best = entry.attempts, entry.se_with(), entry.se_with(math.inf)
    more = f"{_words(k)} attempt{'' if k == 1 else 's'} a question"
    brought = f" bring{'s' if k == 1 else ''} {_percent(1 - 1 / k)} of what attempts can bring" if k > 1.05 else ""
    twice = f"twice the questions to {scale.number(entry.se_with(items=2 * entry.n_items))}{scale.unit}"
    if now <= 0 or 1 - best / now < LITTLE:
        return f"{more}{brought}; after that only new questions help: {twice} from {scale.number(now)}."
    return (
        f"{more}{brought}: ten would bring the SE from {scale.number(now)} to {scale.number(entry.se_with(10))}, endless "
        f"ones to {scale.number(best)}, {twice}."
        if k < 10
        else f"{more}{brought}: endless ones would bring the SE from {scale.number(now)} to {scale.number(best)}, {twice}."
    )


def _words(count: float) -> str:
    names = {
        1: "One",
        2: "Two",
        3: "Three",
        4: "Four",
        5: "Five",
        6: "Six",
        7: "Seven",
        8: "Eight",
        9: "Nine",
        10: "Ten",
    }
    whole = round(count)
    return names.get(whole, str(whole)) if abs(count - whole) < 0.05 else f"About {count:.1f}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _range(shares: Sequence[float]) -> str:
    low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low}–{high} %"


def _count(attempts: float) -> str:
    return "endless" if math.isinf(attempts) else f"{attempts:.0f}"


def source_table(task: TaskNoise) -> Table:
    """Lay out where each error bar comes from, and what it would be with other numbers of attempts."""
    scale = Scale(percent=task.percent)
    columns = [
        Column(name="", align="left"),
        Column(name=f"score{scale.column}"),
        Column(name="SE"),
        Column(name="questions"),
        Column(name="answers"),
        Column(name="K", priority=7),
        *(Column(name=f"K={'∞' if math.isinf(k) else k}", priority=5 if k in (2, 10) else 8) for k in ATTEMPTS),
        Column(name="2× items", priority=6),
        Column(name="items", priority=4),
    ]
    rows = tuple(_source_row(entry, scale) for entry in task.entries)
    note = (
        "questions, answers: shares of the variance, SE squared; K: attempts a question; K=5: the SE with five of them; "
        "2× items: with twice the questions"
    )
    return Table(columns=tuple(columns), rows=rows, note=note)


def _source_row(entry: NoiseEntry, scale: Scale) -> tuple[Cell, ...]:
    share = entry.answer_share
    unknown = f"≤ {_percent(entry.most_answers)}" if math.isfinite(entry.most_answers) else "n/a"
    return (
        entry.name,
        scale.signed(entry.value) if math.isfinite(entry.correlation) else scale.number(entry.value),
        scale.number(entry.se),
        _percent(1 - share) if math.isfinite(share) else "n/a",
        _percent(share) if math.isfinite(share) else unknown,
        f"{entry.attempts:.3g}",
        *(scale.number(entry.se_with(k)) for k in ATTEMPTS),
        scale.number(entry.se_with(items=2 * entry.n_items) if entry.measured else entry.se / math.sqrt(2)),
        f"{entry.n_items:,}",
    )


def component_table(task: TaskNoise) -> Table:
    """Lay out the standard deviations of single scores, with the standard errors of their variances as ±."""
    scale, clustered = Scale(percent=task.percent), any(entry.n_clusters < entry.n_items for entry in task.entries)
    columns = [Column(name="", align="left"), Column(name="answer to answer"), Column(name="question to question")]
    if clustered:
        columns += [Column(name="cluster to cluster", priority=7), Column(name="within clusters", priority=6)]
    names = ("answer", "question", "between", "within") if clustered else ("answer", "question")
    rows = tuple((entry.name, *(_sd(getattr(entry, name), scale) for name in names)) for entry in task.entries)
    return Table(
        title="Standard deviations of single scores" + (" (pp)" if scale.percent else ""),
        columns=tuple(columns),
        rows=rows,
    )


def _sd(component: Component, scale: Scale) -> str:
    if not math.isfinite(component.variance):
        return "n/a"
    if not math.isfinite(component.low):
        return scale.number(component.sd)
    low, high = (math.sqrt(max(limit, 0.0)) for limit in (component.low, component.high))
    return f"{scale.number(component.sd)} {scale.interval(low, high)}"
