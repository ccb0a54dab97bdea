"""The function question: one question, with every answer to it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.answers.question import OneQuestion, ShownAttempt
from howsure.errors import DataError
from howsure.options.table import checked
from howsure.readers.transcripts import NO_LOG, reread
from howsure.study.models import resolve, unknown
from howsure.study.rescaled import in_shares
from howsure.table.aggregate import names_of
from howsure.table.schema import tidy, tidy_frame
from howsure.verbs.read import read
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.readers.transcripts import Transcript
    from howsure.table.scores import RunEntry, Scores

    Log = tuple[str, str]
    "A file and a model of it."
    Names = str | Sequence[str]


def question(
    data: Any, item: str, *, task: str | None = None, model: Names | None = None, metric: Names | None = None
) -> OneQuestion:
    """Show one question: its prompt, the right answer, and every model's answer, with its score and stop
    reason.

    Scores come from the rows. Prompts, answers and stop reasons come from the logs (Inspect and lm-eval),
    which are read again for this question. Nothing is estimated.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        item: The question's id, or an unambiguous part of it.
        task: Its task, if several tasks have a question with this id.
        model: Only these models. None: all.
        metric: Only these metrics. None: all.

    Returns:
        OneQuestion: One entry per attempt.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If the question doesn't exist, several match, or several tasks have it.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a", "a", "b"], "item": ["q1", "q2", "q1"], "score": [1, 0, 0]})
        >>> [(each.model, each.score) for each in question(rows, "q1").attempts]
        [('a', 1.0), ('b', 0.0)]
    """
    item, task = checked("question", item=item, task=task).values()
    models, metrics = checked("question", model=model, metric=metric).values()
    scores, scaled = in_shares(read(data))
    rows, notes = _rows_of(scores, item), [*scores.notes, *scaled]
    if not len(rows):
        names = names_of(scores, "item")
        meant = [name for name in names if item in name]
        if len(meant) != 1:
            raise unknown("item", item, names, meant)
        notes.append(f"Question {meant[0]!r}, the only one with {item!r} in its id.")
        item = meant[0]
        rows = _rows_of(scores, item)
    task = _one_task(rows, item, task)
    rows = rows.filter(pl.col("task") == task)
    rows = _only(rows, "model", [resolve(name, _names(rows, "model")) for name in models or ()])
    rows = _only(rows, "metric", metrics or ())
    entries = [entry for entry in scores.runs if entry.task == task and entry.model in rows["model"]]
    texts, reasons = _texts(entries, task, item)
    return OneQuestion(
        task=task,
        item=item,
        unknown=listing(list(dict.fromkeys(reasons))) if entries else NO_LOG,
        attempts=tuple(_attempts(rows, texts)),
        notes=tuple(notes),
        warnings=scores.warnings,
    )


def _rows_of(scores: Scores, item: str) -> pl.DataFrame:
    frame, _ = tidy(scores.rows, scores.roles)
    return tidy_frame(frame.filter(nw.col("item") == item).to_native(), {})


def _names(rows: pl.DataFrame, column: str) -> list[str]:
    return rows[column].unique().sort().to_list()


def _one_task(rows: pl.DataFrame, item: str, task: str | None) -> str:
    tasks = _names(rows, "task")
    if task is None and len(tasks) == 1:
        return str(tasks[0])
    if task is None:
        raise DataError(
            f"{len(tasks):,} tasks have a question {item!r}: {listing(tasks)}",
            remedy="Choose one with `task`.",
        )
    if task not in tasks:
        raise unknown("task", task, tasks)
    return task


def _only(rows: pl.DataFrame, column: str, names: Sequence[str]) -> pl.DataFrame:
    """Keep the rows of these names. DataError for one that doesn't exist."""
    there = _names(rows, column)
    for name in names:
        if name not in there:
            raise unknown(column, name, there)
    return rows.filter(pl.col(column).is_in(list(names))) if names else rows


def _texts(
    entries: Iterable[RunEntry], task: str, item: str
) -> tuple[dict[Log, list[list[Transcript]]], list[str]]:
    """Return each log's attempts at the question, in their order, and the reasons why some logs have none."""
    texts: dict[Log, list[list[Transcript]]] = {}
    reasons = []
    for each in reread(entries, {task: {item}}):
        attempts: dict[int, list[Transcript]] = {}
        for transcript in each.transcripts:
            attempts.setdefault(transcript.attempt, []).append(transcript)
        texts[each.entry.source, each.entry.model] = [attempts[number] for number in sorted(attempts)]
        reasons += [each.reason] if each.reason else []
    return texts, reasons


def _attempts(rows: pl.DataFrame, texts: Mapping[Log, list[list[Transcript]]]) -> Iterator[ShownAttempt]:
    """Yield the attempts by model. Those of one log have its texts in its order, if it has as many."""
    for (model, source), part in rows.sort("model", "source", "attempt", "metric").group_by(
        "model", "source", maintain_order=True
    ):
        attempts = part.partition_by("attempt", maintain_order=True)
        known = texts.get((str(source), str(model)), [])
        known = known if len(known) == len(attempts) else [[]] * len(attempts)
        for mine, said in zip(attempts, known, strict=True):
            yield _attempt(mine, said)


def _attempt(rows: pl.DataFrame, said: Sequence[Transcript]) -> ShownAttempt:
    first: dict[str, Any] = rows.row(0, named=True)
    scores = {
        name: math.nan if score is None else score
        for name, score in rows.select("metric", "score").iter_rows()
    }
    text = next((each for each in said if scores.keys() & each.scores.keys()), said[0] if said else None)
    known = {} if text is None else {"prompt": text.prompt, "target": text.target, "output": text.output}
    if text is not None:
        taken = text.answer if text.answer != text.output else ""
        known |= {"stop": text.stop, "error": text.error, "answer": taken}
    return ShownAttempt(
        model=first["model"],
        attempt=first["attempt"],
        status=first["status"],
        source=first["source"] or "",
        scores=scores,
        **known,
    )
