"""What a noise answer says: its verdict in words, its tables."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.answers.noise import ATTEMPTS
from howsure.errors import MethodError
from howsure.present.document import Column, Document, Table, Text, closing, opening
from howsure.wording import Scale, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.noise import Component, Noise, NoiseEntry, PairNoise, TaskNoise
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Cell

LITTLE = 0.03
"""More attempts are not worth telling of where they would shorten the error bar by less than this share."""


def document(answer: Noise) -> Document:
    """Return each task's verdict and tables, then the cautions."""
    blocks: list[Block] = []
    for task in answer.tasks:
        if len(answer.tasks) > 1:
            blocks.append(Text(text=f"{task.task} · {task.metric}", kind="heading"))
        blocks += opening(task_verdict(task), answer.notes if task is answer.tasks[0] else ())
        blocks.append(source_table(task))
        if any(entry.measured or entry.n_clusters < entry.n_items for entry in task.entries):
            blocks.append(component_table(task))
        if task.pairs is not None:
            blocks.append(Text(text=pairs_sentence(task.pairs)))
    of_entries = (caution for task in answer.tasks for entry in task.entries for caution in entry.cautions)
    return Document(blocks=(*blocks, *closing((*answer.cautions, *of_entries))))


def chart(answer: Noise) -> Spec:
    """Draw the predicted standard error over attempts and questions."""
    from howsure.present.charts import noise

    records = answer.curves()
    if not records:
        raise MethodError(
            "nothing to draw: one attempt a question doesn't tell the noise of answers",
            remedy="Run two attempts or more.",
        )
    shares = all(task.percent for task in answer.tasks)
    return noise.spec(records, percent=shares, description=task_verdict(answer.tasks[0]))


def pairs_sentence(pairs: PairNoise) -> str:
    """Say how much of the variance of differences comes from answers."""
    now = f"of the variance of {'their' if pairs.n_pairs == 1 else 'a'} difference, answers make up {percent(pairs.answer_share)}"
    single = f"with one attempt a question it would be {percent(pairs.single_share)}"
    if pairs.n_pairs == 1:
        return f"Comparing the two: {now}; {single}."
    where = f"at the median of {plural(pairs.n_pairs, 'pair')}"
    return f"Comparing two of them: {now} {where}; {single}, and more than questions in {pairs.more_answers:,} of them."


def task_verdict(task: TaskNoise) -> str:
    """Say where the error bars come from, and what more attempts would bring."""
    told = task.entries[-1:] if task.pair else task.entries
    known = [entry for entry in told if entry.measured and entry.se > 0]
    what = "this difference" if task.pair else "these scores" if len(told) > 1 else told[0].name
    if not known:
        return _unknown(told, what)
    left = len(told) - len(known)
    what += f" ({plural(left, 'model')} with one attempt a question aside)" if left else ""
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
    bound = "all" if max(most) >= 0.995 else f"at most {percent(max(most))}"
    return (
        f"One attempt a question can't tell where the error bar of {what} comes from: what was answered makes up between "
        f"none and {bound} of its variance. A second attempt at the same questions, or at some of them, would tell."
    )


def _advice(known: Sequence[NoiseEntry], scale: Scale) -> str:
    entry = sorted(known, key=lambda entry: entry.answer_share)[len(known) // 2]
    k, now, best = entry.attempts, entry.se_with(), entry.se_with(math.inf)
    more = f"{_words(k)} attempt{'' if k == 1 else 's'} a question"
    se = f"the SE of {entry.name}" if len(known) > 1 else "the SE"
    brought = f" bring{'s' if k == 1 else ''} {percent(1 - 1 / k)} of what attempts can bring" if k > 1.05 else ""
    twice = f"twice the questions to {scale.number(entry.se_with(items=2 * entry.n_items))}{scale.unit}"
    whose = f" for {entry.name}" if len(known) > 1 else ""
    if now <= 0 or 1 - best / now < LITTLE:
        return f"{more}{brought}; after that only new questions help: {twice} from {scale.number(now)}{whose}."
    return (
        f"{more}{brought}: ten would bring {se} from {scale.number(now)} to {scale.number(entry.se_with(10))}, endless "
        f"ones to {scale.number(best)}, {twice}."
        if k < 10
        else f"{more}{brought}: endless ones would bring {se} from {scale.number(now)} to {scale.number(best)}, {twice}."
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


def percent(share: float) -> str:
    """Write a share: `84 %`."""
    return f"{100 * share:.0f} %"


def _range(shares: Sequence[float]) -> str:
    low, high = (f"{100 * share:.0f}" for share in (min(shares), max(shares)))
    return f"{low} %" if low == high else f"{low}–{high} %"


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
    rows = [(_label(task, entry), _value(task, entry), *_source_row(entry, scale)) for entry in task.entries]
    if not any(entry.measured for entry in task.entries):  # one attempt a question: no forecast
        kept = [place for place, column in enumerate(columns) if not column.name.startswith(("K", "questions"))]
        columns, rows = [columns[place] for place in kept], [tuple(row[place] for place in kept) for row in rows]
        note = (
            "answers: the largest share of SE squared that they can make up; 2× items: the SE with twice the questions"
        )
        return Table(columns=tuple(columns), rows=tuple(rows), note=note)
    note = "questions, answers: shares of SE squared; K: attempts a question; K=5: the SE with five of them"
    return Table(columns=tuple(columns), rows=tuple(rows), note=note)


def _label(task: TaskNoise, entry: NoiseEntry) -> str:
    """Name a row; the difference has a short name, which a narrow terminal doesn't cut."""
    return "difference a − b" if _is_difference(task, entry) else entry.name


def _value(task: TaskNoise, entry: NoiseEntry) -> str:
    scale = Scale(percent=task.percent)
    return scale.signed(entry.value) if _is_difference(task, entry) else scale.number(entry.value)


def _is_difference(task: TaskNoise, entry: NoiseEntry) -> bool:
    return task.pair and entry is task.entries[-1]


def _source_row(entry: NoiseEntry, scale: Scale) -> tuple[Cell, ...]:
    share = entry.answer_share
    unknown = f"≤ {percent(entry.most_answers)}" if math.isfinite(entry.most_answers) else "n/a"
    return (
        scale.number(entry.se),
        percent(1 - share) if math.isfinite(share) else "n/a",
        percent(share) if math.isfinite(share) else unknown,
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
    rows = tuple((_label(task, entry), *(_sd(getattr(entry, name), scale) for name in names)) for entry in task.entries)
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
