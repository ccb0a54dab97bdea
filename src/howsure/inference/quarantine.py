"""Quarantine: questions left out of a gate until a date, with the evidence that they are flaky."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.answers.gate import QuarantineUse
from howsure.errors import OptionError, ResultWarning
from howsure.table.scores import date_in, moment, with_rows
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.answers.gate import Gate
    from howsure.answers.questions import Questions, TaskQuestions
    from howsure.table.scores import Missing, Scores

LARGEST = 16 * 1024**2
"""The size in bytes up to which a file is read."""
MANY = 0.05
"""A larger share of the questions in quarantine is a warning."""
SOON = 7
"""An end within so many days is a warning."""
AGAIN = "Write it again with `quarantine` of `questions`."


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantine:
    """A file of questions in quarantine.

    Attributes:
        path: The file.
        until: The last day that it holds for.
        runs: The identities of the runs that are its evidence.
        questions: The task and id of each question.
    """

    path: str
    until: date
    runs: frozenset[str]
    questions: frozenset[tuple[str, str]]


def quarantine_text(answer: Questions, scores: Scores, *, until: date, mixed: bool) -> tuple[str, int]:
    """Return the text of a quarantine file with the flaky questions, or all mixed ones, and their number.

    OptionError unless the evidence is that of one model.
    """
    models = {model.model for task in answer.tasks for model in task.over_attempts}
    if len(models) != 1:
        why = f"of {plural(len(models), 'model')}" if models else "without repeated right-or-wrong attempts"
        raise OptionError(
            f"a quarantine takes the evidence of one model, and this is {why}",
            remedy="Choose with `model`." if models else "Run each question several times.",
        )
    (model,) = models
    entries = [entry for task in answer.tasks for entry in _entries(task, mixed=mixed)]
    head = [
        "# Questions that a gate leaves out until a day, with the evidence that they are flaky.",
        f"until = {until.isoformat()}",
        f"model = {json.dumps(model)}",
        f"chosen = {json.dumps('mixed' if mixed else 'flaky')}",
        f"runs = {json.dumps(sorted(runs_of(scores, model)))}",
    ]
    return "\n".join([*head, *entries, ""]), len(entries)


def _entries(task: TaskQuestions, *, mixed: bool) -> Iterator[str]:
    """Yield the table of each question in quarantine."""
    for record in task.over_attempts[0].items.records() if task.over_attempts else ():
        if record["over_attempts"] == "flaky" or (mixed and record["over_attempts"] == "mixed"):
            evidence = {key: record[key] for key in ("solved", "attempts", "low", "high", "p_flaky")}
            lines = [f"{key} = {value}" for key, value in evidence.items()]
            names = [f"task = {json.dumps(task.task)}", f"item = {json.dumps(record['item'])}"]
            yield "\n".join(["", "[[question]]", *names, *lines])


def read_quarantine(path: str) -> Quarantine:
    """Read a quarantine file. OptionError if it is none."""
    import tomllib

    try:
        if Path(path).stat().st_size > LARGEST:
            raise OptionError(f"a quarantine of more than {LARGEST:,} bytes", where=path, remedy=AGAIN)
        table = tomllib.loads(Path(path).read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"no TOML ({error})", where=path, remedy=AGAIN) from None
    except OSError as error:
        raise OptionError(f"no quarantine ({error.strerror})", where=path, remedy=AGAIN) from None
    until, listed, runs = table.get("until"), table.get("question", []), table.get("runs", [])
    names = [_name(each) for each in listed] if isinstance(listed, list) else [None]
    if type(until) is not date or None in names or not _are_texts(runs):
        raise OptionError(
            "no quarantine: it takes until = 2027-01-31, runs, and [[question]] tables with task and item",
            where=path,
            remedy=AGAIN,
        )
    return Quarantine(
        path=path,
        until=until,
        runs=frozenset(runs),
        questions=frozenset(name for name in names if name is not None),
    )


def _name(each: Any) -> tuple[str, str] | None:
    """Return the task and id of a question, None if they aren't texts."""
    found = (each.get("task"), each.get("item")) if isinstance(each, dict) else (None, None)
    return (str(found[0]), str(found[1])) if _are_texts(list(found)) else None


def _are_texts(values: Any) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def runs_of(scores: Scores, model: str) -> set[str]:
    """Return what identifies the runs of a model: the identities in their logs, and a digest of its rows.

    A task may be named after its file, so it isn't part of the digest.
    """
    known = {entry.run.identity for entry in scores.runs if entry.model == model and entry.run.identity}
    columns = ["item", "attempt", "score"]
    rows = scores.to_frame().filter(pl.col("model") == model).select(columns).sort(columns)
    return known | {f"rows:{sha256(rows.write_csv().encode()).hexdigest()[:32]}"}


def date_of(scores: Scores, model: str) -> date | None:
    """Return the day of the newest run of a model, by its logs, else by the names of its files."""
    entries = [entry for entry in scores.runs if entry.model == model]
    texts = [entry.run.started or date_in(Path(entry.source).name) for entry in entries]
    if not entries:
        files = [Path(report.path) for report in scores.files if report.outcome == "read"]
        # a table's model may be named after its file
        named = [file for file in files if model in (file.stem, file.name)]
        texts = [date_in(file.name) for file in named or (files if len(files) == 1 else [])]
    days = [moment(text) for text in texts]
    known = [day.date() for day in days if day is not None]
    return max(known) if known and len(known) == len(texts) else None


def without_questions(
    quarantine: Quarantine, scores: Scores, candidate: str
) -> tuple[Scores, QuarantineUse, tuple[ResultWarning, ...]]:
    """Return the scores without the questions in quarantine, how it was used, and warnings.

    OptionError if its evidence is the candidate's own run.
    """
    if runs_of(scores, candidate) & quarantine.runs:
        raise OptionError(
            f"the quarantine's evidence is the run of {candidate} itself",
            where=quarantine.path,
            remedy="Take the evidence from other runs: a gate can't be judged on what its own run left out.",
        )
    rows, day = scores.to_frame(), date_of(scores, candidate)
    every = rows.select("task", "item").unique()
    one_task = every["task"].n_unique() == 1 == len({task for task, _ in quarantine.questions})
    on = ["item"] if one_task else ["task", "item"]  # a single task may be named after its file
    schema = {"task": pl.String, "item": pl.String}
    names = pl.DataFrame(sorted(quarantine.questions), schema=schema, orient="row").select(on)
    listed = every.join(names, on=on, how="semi")
    ended = day is not None and day > quarantine.until
    use = QuarantineUse(
        path=quarantine.path,
        until=quarantine.until.isoformat(),
        date=None if day is None else day.isoformat(),
        ended=ended,
        n_listed=len(quarantine.questions),
        n_left_out=0 if ended else listed.height,
        n_items=every.height,
    )
    warnings = tuple(_warnings(use, quarantine, day))
    if ended or not listed.height:
        return scores, use, warnings
    kept, gone = rows.join(names, on=on, how="anti"), set(listed.iter_rows())
    missing = tuple(_without(lack, gone) for lack in scores.missing)
    return replace(with_rows(scores, kept), missing=missing), use, warnings


def _without(lack: Missing, gone: set[tuple[str, str]]) -> Missing:
    named = {item: count for item, count in lack.named.items() if (lack.task, item) not in gone}
    return replace(lack, named=named)


def _warnings(use: QuarantineUse, quarantine: Quarantine, day: date | None) -> Iterator[ResultWarning]:
    """Warn of a quarantine without effect, of many questions, and of an end that is near."""
    if use.ended:
        before = f"before the candidate's run ({use.date})"
        message = f"the quarantine ended on {use.until}, {before}: all questions count"
        yield ResultWarning(
            code="quarantine_ended", message=message, remedy="Mend these questions, or renew it."
        )
        return
    if use.n_left_out < use.n_listed:
        lost = f"{plural(use.n_listed - use.n_left_out, 'question')} in quarantine"
        message = f"{lost} aren't in these results"
        yield ResultWarning(code="quarantine_absent", message=message, remedy="Check their tasks and ids.")
    if use.n_left_out > MANY * use.n_items:
        message = (
            f"{use.n_left_out:,} of {use.n_items:,} questions are in quarantine, more than {100 * MANY:g}%"
        )
        yield ResultWarning(code="quarantine_large", message=message, remedy="Mend questions that are flaky.")
    if day is not None and 0 <= (quarantine.until - day).days <= SOON:
        message = f"the quarantine ends on {use.until}, within {SOON} days of the candidate's run"
        yield ResultWarning(
            code="quarantine_ends", message=message, remedy="Mend these questions, or renew it."
        )


def undated(answer: Gate, use: QuarantineUse) -> Gate:
    """Withdraw the verdicts if the candidate's run has no date, so that it isn't known whether the quarantine
    had ended.
    """
    if use.date is not None:
        return answer
    return replace(
        answer,
        checks=tuple(
            check if check.verdict == "unclear" else replace(check, verdict="unclear", undated=True)
            for check in answer.checks
        ),
    )
