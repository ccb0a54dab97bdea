"""Health: which questions of a task tell models apart, and how small a gap the task can show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.document import Column, Document, Note, Scale, Table, Text, count_text, level_text, p_text, plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from howsure.document import Block
    from howsure.errors import Caution

MOST_SUSPECTS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemHealth:
    """What the models did on each of n items; all fields have the shape (n,).

    `score`: mean over the models that answered; `n_models`: how many did; `discrimination`: correlation, over models,
    with the mean of the other items; `p_adjusted`: that this is below zero by chance. NaN where it isn't known.
    `kind`: "nobody" (all have the worst score), "everybody" (all have the best), "same" (all have the same score),
    "separating" (some models differ), "suspect" (some differ, and the good ones do worse), "unanswered" (by all models
    or all but one).
    """

    item: NDArray[Any]
    score: NDArray[np.float64]
    n_models: NDArray[np.int64]
    discrimination: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    kind: NDArray[np.str_]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per item."""
        columns = {
            "item": map(str, self.item.tolist()),
            "score": map(number, self.score.tolist()),
            "n_models": self.n_models.tolist(),
            "discrimination": map(number, self.discrimination.tolist()),
            "p_adjusted": map(number, self.p_adjusted.tolist()),
            "kind": self.kind.tolist(),
        }
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskHealth:
    """One task and metric, seen by its `models` (best first).

    `smallest_gap`, `planned_gap`: the gap that is significant for one pair, and the one that is found with 80 % power in
    one planned comparison, median over pairs, in score units; `neighbours_apart`: gaps between neighbouring places that
    exceed the former. `reliability`: correlation of the models' scores on two such tasks, from split halves;
    `reliability_places`: of their places; `reliability_items`: Cronbach's alpha, over the `n_complete` items that all
    models answered (models that lack most items aside). NaN where there is none. `n_clusters`: n_items where each is
    its own.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    items: ItemHealth
    n_clusters: int
    smallest_gap: float
    planned_gap: float
    neighbours_apart: int
    reliability: float
    reliability_places: float
    reliability_items: float
    n_complete: int
    level: float
    percent: bool = True
    lower_is_better: bool = False
    cautions: tuple[Caution, ...] = ()

    @property
    def n_items(self) -> int:
        """The number of items."""
        return len(self.items.item)

    @property
    def n_separating(self) -> int:
        """The items on which at least two models differ, suspect ones among them."""
        return self.count("separating") + self.count("suspect")

    @property
    def n_inert(self) -> int:
        """The items on which all models have the same score, the best and the worst among them."""
        return self.count("nobody") + self.count("everybody") + self.count("same")

    def count(self, kind: str) -> int:
        """Count the items of one kind."""
        return int((self.items.kind == kind).sum())

    @property
    def suspects(self) -> tuple[dict[str, Any], ...]:
        """The items that run against the others, worst first: flat mappings as in `ItemHealth.records`."""
        found = [record for record in self.items.records() if record["kind"] == "suspect"]
        return tuple(sorted(found, key=lambda record: record["discrimination"]))

    @property
    def verdict(self) -> str:
        """What a reader in a hurry takes away."""
        return task_verdict(self)

    def record(self) -> dict[str, Any]:
        """Return one flat mapping; what an open scale doesn't have is None."""
        return {
            "task": self.task,
            "metric": self.metric,
            "n_models": len(self.models),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "separating": self.n_separating,
            "nobody": self.count("nobody") if self.percent else None,
            "everybody": self.count("everybody") if self.percent else None,
            "inert": self.n_inert,
            "unanswered": self.count("unanswered"),
            "suspect": self.count("suspect"),
            "smallest_gap": number(self.smallest_gap),
            "planned_gap": number(self.planned_gap),
            "neighbours_apart": self.neighbours_apart if np.isfinite(self.smallest_gap) else None,
            "reliability": number(self.reliability),
            "reliability_places": number(self.reliability_places),
            "reliability_items": number(self.reliability_items),
            "n_complete": self.n_complete,
            "level": self.level,
        }

    def to_dict(self) -> dict[str, Any]:
        """Return the task as plain data, its suspect items listed; the others are in `Health.item_records`."""
        return {
            **self.record(),
            "lower_is_better": self.lower_is_better,
            "verdict": self.verdict,
            "models": list(self.models),
            "suspects": list(self.suspects),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Health(Answer):
    """The health of one or more tasks, each with its metric."""

    tasks: tuple[TaskHealth, ...]
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __getitem__(self, task: str) -> TaskHealth:
        return next(part for part in self.tasks if part.task == task)

    @property
    def verdict(self) -> str:
        """One plain sentence about the only task, or about all of them."""
        return self.tasks[0].verdict if len(self.tasks) == 1 else _verdict_of_all(self.tasks)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per task and metric."""
        return [task.record() for task in self.tasks]

    def item_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per item of each task and metric."""
        heads = [({"task": task.task, "metric": task.metric}, task.items) for task in self.tasks]
        return [{**head, **record} for head, items in heads for record in items.records()]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "health",
            "verdict": self.verdict,
            "tasks": [task.to_dict() for task in self.tasks],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return the verdict, the facts of one task or one line for each of several, suspect items, cautions."""
        blocks: list[Block] = [Text(text=self.verdict, kind="verdict")]
        blocks += [Text(text=note, kind="small") for note in self.notes]
        blocks.append(_facts(self.tasks[0]) if len(self.tasks) == 1 else _lines(self.tasks))
        if any(task.count("suspect") for task in self.tasks):
            blocks.append(_suspects_table(self.tasks))
        cautions = (*(caution for task in self.tasks for caution in task.cautions), *self.cautions)
        if cautions:
            blocks.append(Note(cautions=cautions))
        return Document(blocks=tuple(blocks))


def task_verdict(task: TaskHealth) -> str:
    """Say how many questions tell the models apart, what the others do, and which gaps can't be seen."""
    models = len(task.models)
    if models < 2:
        return f"{task.task}: one model only, so nothing shows which questions tell models apart."
    told = f"{count_text(task.n_separating) if task.n_separating else 'none'} of {plural(task.n_items, 'question')}"
    who = "both models" if models == 2 else f"the {count_text(models)} models"
    return f"{task.task}: {told} {_verb(task.n_separating == 1, 'tell')} {who} apart{_others(task)}.{_unseen(task)}{_suspicion(task)}"


def _others(task: TaskHealth) -> str:
    """Say what becomes of the questions on which models don't differ."""
    everybody, nobody, same, lonely = map(task.count, ("everybody", "nobody", "same", "unanswered"))
    best, worst = (
        ("at the best score for", "at the worst for all") if task.lower_is_better else ("solved by", "by none")
    )
    be = "is" if everybody == 1 else "are"
    parts = [f"{count_text(everybody)} {be} {best} all, {count_text(nobody)} {worst}"] if task.percent else []
    if same:
        parts.append(f"on {count_text(same)} all score the same")
    if lonely:
        parts.append(f"{count_text(lonely)} {'was' if lonely == 1 else 'were'} answered by fewer than two")
    return "".join(f"; {part}" for part in parts)


def _unseen(task: TaskHealth) -> str:
    if not task.smallest_gap > 0:
        return ""
    if task.percent and task.smallest_gap > 1:
        return " No gap between two models can be seen."
    return f" Gaps under {_gap(task, task.smallest_gap)} between two models can't be seen."


def _suspicion(task: TaskHealth) -> str:
    count = task.count("suspect")
    against = f" {plural(count, 'question')} {_verb(count == 1, 'run')} against all the others"
    return f"{against} and should be read again." if count else ""


def _verb(one: bool, stem: str) -> str:
    return f"{stem}s" if one else stem


def _verdict_of_all(tasks: tuple[TaskHealth, ...]) -> str:
    seen = [task for task in tasks if len(task.models) > 1]
    if not seen:
        return "One model a task, so nothing shows which questions tell models apart."
    told, everyone = sum(task.n_separating for task in seen), sum(task.n_items for task in seen)
    where = f"{len(seen):,}" if len(seen) == len(tasks) else f"{len(seen):,} of {len(tasks):,}"
    first = f"{told:,} of {plural(everyone, 'question')} in {where} tasks {_verb(told == 1, 'tell')} models apart."
    gaps = sorted(task.smallest_gap for task in seen if task.smallest_gap > 0 and task.percent)
    span = " to ".join(dict.fromkeys(Scale().gap(gap) for gap in (gaps[0], gaps[-1]))) if gaps else ""
    gap = f" The smallest gap that can be seen is {span}." if gaps else ""
    suspects = sum(task.count("suspect") for task in seen)
    rest = f" {plural(suspects, 'question')} {_verb(suspects == 1, 'run')} against all the others." if suspects else ""
    return f"{first}{gap}{rest}"


def _facts(task: TaskHealth) -> Table:
    """Lay out one task: what was counted, the gaps, the reliability."""
    models = len(task.models)
    clusters = "" if task.n_clusters == task.n_items else f" in {plural(task.n_clusters, 'cluster')}"
    rows = [("models", count_text(models)), ("questions", count_text(task.n_items) + clusters)]
    if models > 1:
        known, against = np.isfinite(task.items.discrimination).sum(), count_text(task.count("suspect"))
        rows += [
            ("telling models apart", _share(task.n_separating, task.n_items)),
            *_inert_rows(task),
            ("suspect", f"{against} of {count_text(known)} run against the others" if known else "not checked"),
            ("smallest gap that shows", _gap(task, task.smallest_gap) + _apart(task)),
            ("found 4 times in 5", f"{_gap(task, task.planned_gap)} (one planned comparison)"),
            ("reliability", _reliability(task)),
        ]
    columns = (Column(name="", align="left"), Column(name="", align="left"))
    return Table(columns=columns, rows=tuple(rows), note=_LEGEND if np.isfinite(task.reliability) else "")


_LEGEND = (
    "reliability: how alike the scores would come out on other questions like these; 1 is the same, 0 is chance "
    "(split halves; by question: Cronbach's alpha)"
)


def _gap(task: TaskHealth, size: float) -> str:
    """Write a gap; "n/a" where none is known, and no number beyond the scale."""
    if not size > 0:
        return "n/a"
    return "over 100 pp" if task.percent and size > 1 else Scale(percent=task.percent).gap(size)


def _apart(task: TaskHealth) -> str:
    if not task.smallest_gap > 0:
        return ""
    gaps = plural(len(task.models) - 1, "neighbouring gap")
    return f" (one pair, {level_text(task.level)}); {task.neighbours_apart:,} of {gaps} exceed it"


def _inert_rows(task: TaskHealth) -> list[tuple[str, str]]:
    best, worst = (
        ("best for everybody", "worst for everybody") if task.lower_is_better else ("solved by all", "by none")
    )
    kinds = [(best, "everybody"), (worst, "nobody")] if task.percent else []
    extra = [("same score for all", "same"), ("answered by fewer than two", "unanswered")]
    kinds += [(words, kind) for words, kind in extra if task.count(kind)]
    return [(words, _share(task.count(kind), task.n_items)) for words, kind in kinds]


def _share(count: int, total: int) -> str:
    return f"{count_text(count)} ({100 * count / total:.0f} %)"


def _reliability(task: TaskHealth) -> str:
    if not np.isfinite(task.reliability):
        return "n/a"
    places, items = _decimal(task.reliability_places), _decimal(task.reliability_items)
    on = f", on the {count_text(task.n_complete)} that all have" if task.n_complete < task.n_items else ""
    return f"{_decimal(task.reliability)} (places {places}; by question {items}{on})"


def _decimal(value: float) -> str:
    """Write a correlation: `−0.52`; what is not quite 1 is not written as 1."""
    if not np.isfinite(value):
        return "n/a"
    if 0.995 <= value < 1 - 1e-9:
        return "> 0.99"
    return f"{'−' if value < -0.005 else ''}{abs(value):.2f}"


def _lines(tasks: tuple[TaskHealth, ...]) -> Table:
    """Lay out several tasks, one line each."""
    several = len({task.metric for task in tasks}) > 1
    columns = [
        Column(name="task", align="left"),
        *([Column(name="metric", align="left", priority=8)] if several else []),
        Column(name="models", priority=4),
        Column(name="items"),
        Column(name="apart"),
        Column(name="all", priority=6),
        Column(name="none", priority=6),
        Column(name="suspect", priority=7),
        Column(name="gap", priority=8),
        Column(name="reliability", priority=5),
    ]
    note = (
        "apart: items on which models differ; all, none: items solved by all of them, by none; gap: the smallest that is "
        f"significant for one pair ({level_text(tasks[0].level)}); reliability: 1 if other items would give the same scores"
    )
    return Table(columns=tuple(columns), rows=tuple(_line(task, several) for task in tasks), note=note)


def _line(task: TaskHealth, several: bool) -> tuple[str, ...]:
    checked = bool(np.isfinite(task.items.discrimination).any())
    counts = (task.n_separating, task.count("everybody"), task.count("nobody"))
    known = [len(task.models) > 1 and there for there in (True, task.percent, task.percent)]
    return (
        task.task,
        *([task.metric] if several else []),
        count_text(len(task.models)),
        count_text(task.n_items),
        *(count_text(count) if there else "n/a" for count, there in zip(counts, known, strict=True)),
        count_text(task.count("suspect")) if checked else "n/a",
        _gap(task, task.smallest_gap),
        _decimal(task.reliability),
    )


def _suspects_table(tasks: tuple[TaskHealth, ...]) -> Table:
    """List the worst suspect questions."""
    found = [(task, suspect) for task in tasks for suspect in task.suspects]
    found.sort(key=lambda pair: pair[1]["discrimination"])
    columns = [
        *([Column(name="task", align="left", priority=8)] if len(tasks) > 1 else []),
        Column(name="suspect item", align="left"),
        Column(name="score", priority=7),
        Column(name="models", priority=6),
        Column(name="correlation"),
        Column(name="p, adjusted", priority=8),
    ]
    rows = tuple(_suspect_row(task, suspect, len(tasks) > 1) for task, suspect in found[:MOST_SUSPECTS])
    left = len(found) - len(rows)
    more = f"… and {plural(left, 'more question')} (--format json). " if left else ""
    return Table(columns=tuple(columns), rows=rows, note=more + _RELATED)


_RELATED = (
    "correlation: over models, with the score on all other questions. Models are relatives, which makes p too small: "
    "read a question before you drop it"
)


def _suspect_row(task: TaskHealth, suspect: dict[str, Any], named: bool) -> tuple[str, ...]:
    return (
        *([task.task] if named else []),
        suspect["item"],
        Scale(percent=task.percent).score(suspect["score"]),
        count_text(suspect["n_models"]),
        _decimal(suspect["discrimination"]),
        p_text(suspect["p_adjusted"]),
    )
