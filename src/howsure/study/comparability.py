"""Whether the compared models had the same conditions: the same questions with the same right answers, the
same version of the task, grader, scorer and options as recorded in the runs, and the same limits.

How attempts ended: if a limit or an error ended significantly more of one model's attempts than of another's,
that is part of their difference.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import ResultWarning
from howsure.table.schema import FINGERPRINTS
from howsure.table.scores import text_digest
from howsure.wording import Scale, listing, plural, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.options.choices import Exam
    from howsure.table.scores import RunEntry

    Models = Mapping[str, frozenset[str]]
    "What the runs of each model state; of no model all is known."
    Parts = Mapping[tuple[str, str], pl.DataFrame]
    Count = tuple[int, int]
    "How many attempts ended in a way, of how many."

EXAM: dict[str, Exam] = dict(zip(FINGERPRINTS, ("questions", "targets"), strict=True))
"""The difference that the fingerprints of this column show."""
WORDS: dict[Exam, tuple[str, str]] = {
    "questions": ("is another question", "are other questions"),
    "targets": ("has another right answer", "have other right answers"),
}
"""The words for one item, and for more."""
POSITION = "doc_id"
"""The column with an item's position in a data set, if the items are identified by their content."""
REPLACED = "no item is shared, though both have items at the same positions: the data set differs"
REMEDY = "Run both under the same conditions"


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDifference:
    """The differences in the conditions of a task's models, in a few words."""

    task: str
    what: Exam
    words: str


def differences(items: pl.DataFrame, tasks: Iterable[str]) -> tuple[AskedDifference, ...]:
    """Return the differences, from the smallest and largest fingerprint of each item."""
    return tuple(_found(items, sorted(tasks)))


def _found(items: pl.DataFrame, tasks: Sequence[str]) -> Iterator[AskedDifference]:
    for name, what in EXAM.items():
        if name not in items.columns or not items[name].count():
            continue
        other = pl.col(name) != pl.col(f"{name}_max")
        counts = items.group_by(pl.col("task").cast(pl.String)).agg(
            other.sum().alias("count"), pl.col(name).count().alias("known")
        )
        for task, count, known in counts.sort("task").iter_rows():
            if count and task in tasks:
                yield AskedDifference(task=task, what=what, words=_words(what, count, known))


def _words(what: Exam, count: int, known: int) -> str:
    one, more = WORDS[what]
    return f"{count:,} of {plural(known, 'item')} {one if count == 1 else more} under the same id"


def replaced(
    items: pl.DataFrame, parts: Mapping[tuple[str, str], pl.DataFrame]
) -> tuple[AskedDifference, ...]:
    """Return the tasks for which two models have different items at the same positions of the data set."""
    if POSITION not in items.columns:
        return ()
    found = (
        (task, _replaced(part, items.filter(pl.col("task").cast(pl.String) == task)))
        for (task, _), part in parts.items()
    )
    return tuple(
        dict.fromkeys(
            AskedDifference(task=task, what="questions", words=words) for task, words in found if words
        )
    )


def _replaced(part: pl.DataFrame, items: pl.DataFrame) -> str:
    """Return at how many positions two models have items that the other lacks, or "" if at none, or for more
    models.
    """
    sides = [side["item"].cast(pl.String) for side in part.partition_by("model")]
    if len(sides) != 2:
        return ""
    known = items.select(pl.col("item").cast(pl.String), POSITION).drop_nulls()
    one, other = (
        known.filter(pl.col("item").is_in(mine.implode()) & ~pl.col("item").is_in(others.implode()))[POSITION]
        for mine, others in (sides, sides[::-1])
    )
    count = int(one.is_in(other.implode()).sum())
    if not count or not sides[0].is_in(sides[1].implode()).any():
        return REPLACED if count else ""
    return (
        f"{plural(count, 'position')} of the data set "
        f"{'has another item' if count == 1 else 'have other items'}"
    )


def warnings(found: Sequence[AskedDifference]) -> list[ResultWarning]:
    """Warn of different conditions."""
    return [warning(each) for each in found]


def warning(found: AskedDifference, *, allow: bool = False) -> ResultWarning:
    """Warn of different conditions. `allow`: mention how a gate accepts them."""
    return ResultWarning(
        code="not_like_with_like",
        message=f"{found.task}: not like with like: {found.words}",
        remedy=f"{REMEDY}; `allow_differs={found.what!r}` accepts the difference." if allow else f"{REMEDY}.",
    )


EXAM_WORDS: dict[Exam, str] = {
    "version": "task version",
    "grader": "grader",
    "scorer": "options of the scorer",
}
"""What may differ in addition to questions and targets, with the words for it."""
EXAM_SETTINGS = ("task_version", "dataset_version", "scoring")
"""Settings that count among the conditions of a task."""
MOST_SETTINGS = 6
UNCOMMITTED = "uncommitted changes of the code on both sides"
"""Two modified versions of one commit are only distinguished by their runs."""
LETTERS = 60
"""The maximum length shown of a setting."""


def exam_differences(
    runs: Iterable[RunEntry], parts: Mapping[tuple[str, str], pl.DataFrame]
) -> tuple[AskedDifference, ...]:
    """Return the differences in conditions between the runs of the models of each task and metric. Unknown
    settings differ from nothing.
    """
    entries: dict[str, list[RunEntry]] = {}
    for entry in runs:
        entries.setdefault(entry.task, []).append(entry)
    found = [
        each
        for (task, metric), part in parts.items()
        for each in _of(entries.get(task, ()), task, metric, part)
    ]
    return tuple(dict.fromkeys(found))


def texts_told(runs: Iterable[RunEntry]) -> dict[str, str]:
    """Return the texts among the settings of runs, such as a prompt, as they appear in names and notes, each
    with its digest, the longest first.
    """
    values = {value for entry in runs for value in (*entry.settings.values(), *entry.run.exam.values())}
    texts = [value for value in values if _is_text(shortened(value, LETTERS))]
    told = {each: text_digest(value) for value in texts for each in (value, shortened(value, LETTERS))}
    return {text: told[text] for text in sorted(told, key=lambda text: (-len(text), text))}


def _is_text(value: str) -> bool:
    return value.count(" ") > 1


def settings_note(runs: Sequence[RunEntry], models: Sequence[str]) -> str:
    """Note the settings in which the runs of two models differ, and which may be what is tested, or "" if
    there are none, for more models, or for two harnesses.
    """
    sides = [[entry for entry in runs if entry.model == model] for model in models]
    if len(sides) != 2 or not all(sides) or len({entry.reader for side in sides for entry in side}) > 1:
        return ""
    stated = [_settings(side) for side in sides]
    one, other = stated
    keys = [
        key for key in dict.fromkeys((*one, *other)) if _told_by(one.get(key)) != _told_by(other.get(key))
    ]
    differing = [
        key for key in keys if [each.get(key) for each in stated] != [frozenset([model]) for model in models]
    ]
    if "commit" in differing:
        differing = [key for key in differing if key != "run"]
    if not differing:
        return ""
    dirty = all(entry.run.dirty for side in sides for entry in side)
    told = [
        UNCOMMITTED
        if key == "run" and dirty
        else _setting(
            key, {model: each.get(key, frozenset()) for model, each in zip(models, stated, strict=True)}
        )
        for key in differing
    ]
    return f"Settings that differ: {'; '.join(told[:MOST_SETTINGS])}{_more(len(told))}."


def _setting(key: str, told: Models) -> str:
    """Describe how a setting differs. Of texts known by digests only the fact of a difference is known."""
    values = {value for values in told.values() for value in values}
    return key if all(value.startswith("#") for value in values) and all(told.values()) else _said(key, told)


def _settings(entries: Iterable[RunEntry]) -> dict[str, frozenset[str]]:
    """Collect the recorded generation settings of runs: neither the model, nor the conditions of the task."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        scorers = tuple(f"{key.partition(':')[2]}." for key in entry.run.exam if ":" in key)
        for key, value in {**entry.run.apart, **entry.settings}.items():
            if key not in EXAM_SETTINGS and not key.startswith(("model", *scorers)):
                found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _told_by(values: frozenset[str] | None) -> set[str]:
    """Return the values that settings are compared by: a saved baseline has the digest of a text, a log the
    text.
    """
    return {value if value.startswith("#") else text_digest(value) for value in values or ()}


def _more(count: int) -> str:
    return f"; and {count - MOST_SETTINGS:,} more" if count > MOST_SETTINGS else ""


def _of(entries: Sequence[RunEntry], task: str, metric: str, part: pl.DataFrame) -> Iterator[AskedDifference]:
    """Yield the differences between the models that have scores by a metric."""
    if len({entry.model for entry in entries}) < 2 or not any(entry.run.exam for entry in entries):
        return
    models = {str(name) for name in part["model"].unique()}
    mine = [entry for entry in entries if entry.model in models]
    for what, said in EXAM_WORDS.items():
        stated: dict[str, set[str]] = {}
        for entry in mine:
            # A run's recorded settings for a metric: those of its scorer, else of all, or None if unknown.
            exam = entry.run.exam
            own = (
                exam[key]
                for key in exam
                if key.startswith(f"{what}:") and _is_of(metric, key.removeprefix(f"{what}:"))
            )
            value = next(own, exam.get(what))
            if value is not None:
                stated.setdefault(entry.model, set()).add(value)
        told = {model: frozenset(values) for model, values in stated.items()}
        if len(set(told.values())) > 1:
            yield AskedDifference(task=task, what=what, words=_said(said, told))


def _is_of(metric: str, scorer: str) -> bool:
    return metric == scorer or metric.startswith(f"{scorer}/")


def _said(said: str, told: Models) -> str:
    """Describe a difference: both values for two models, the number with each for more."""
    if len(told) == 2:
        (one, first), (other, second) = told.items()
        if not any(first) or not any(second):
            whose, value = (one, first) if any(first) else (other, second)
            return f"{said} {_value(value)} for {whose} only"
        if _value(first) == _value(second):
            return f"{said} of two texts with the same beginning"
        return f"{said} {_value(first)} for {one}, {_value(second)} for {other}"
    kinds: dict[frozenset[str], int] = {}
    for values in told.values():
        kinds[values] = kinds.get(values, 0) + 1
    counted = sorted(kinds.items(), key=lambda kind: (-kind[1], sorted(kind[0])))
    shares = [f"{_value(values)} for {plural(count, 'model')}" for values, count in counted]
    return f"{said} {listing(shares)}"


def _value(values: frozenset[str]) -> str:
    return " or ".join(_written(value) for value in sorted(values))


def _written(value: str) -> str:
    """Write a setting on one line, with quotes around a text of more than two words."""
    one = shortened(value, LETTERS)
    return f'"{one}"' if _is_text(one) else one or "none"


ERROR = "error"
LEAST = 0.05
"""Shares closer than this aren't worth a warning."""
Z = 2.576
"""Neither are those that differ by fewer standard errors: 1 in 100 times by chance."""


def ends_warnings(runs: Sequence[RunEntry], parts: Parts, models: Sequence[str]) -> list[ResultWarning]:
    """Warn if two models differ significantly in the share of attempts that a limit or an error ended, over
    the tasks of both.

    Limits are those in the logs' summaries. How often a model's own limit (`max_tokens`) ended an attempt is
    only in whole samples.
    """
    if len(models) != 2:
        return []
    sizes = [sum(part["item"].n_unique() for part in _first(parts, model)) for model in models]
    if not all(sizes):
        return []
    every = {
        **_limits(runs, {task for task, _ in parts}, models),
        ERROR: [_errors(parts, model) for model in models],
    }
    return [_warning(what, counts, models) for what, counts in every.items() if _differ(counts, sizes)]


def _errors(parts: Parts, model: str) -> Count:
    found = list(_first(parts, model))
    return sum(int(part["n_error"].sum()) for part in found), sum(int(part["rows"].sum()) for part in found)


def _first(parts: Parts, model: str) -> Iterator[pl.DataFrame]:
    """Yield a model's rows on each task that all have rows of, by one metric."""
    seen: set[str] = set()
    for (task, _), part in parts.items():
        if task not in seen and part["model"].n_unique() > 1:
            seen.add(task)
            yield part.filter(pl.col("model").cast(pl.String) == model)


def _limits(runs: Iterable[RunEntry], tasks: set[str], models: Sequence[str]) -> dict[str, list[Count]]:
    """Count the attempts ended by each limit, by its name, or return nothing if the logs of one model don't
    record it.
    """
    attempts, ends = Counter[str](), {model: Counter[str]() for model in models}
    for entry in runs:
        if entry.model in ends and entry.task in tasks:
            attempts[entry.model] += entry.run.attempts
            ends[entry.model].update(entry.run.ends)
    if not all(attempts[model] for model in models):
        return {}
    names = sorted({name for count in ends.values() for name in count})
    return {name: [(ends[model][name], attempts[model]) for model in models] for name in names}


def _differ(counts: Sequence[Count], sizes: Sequence[int]) -> bool:
    """Return whether two shares differ significantly, as those of this many independent questions."""
    one, other = (count / total if total else 0.0 for count, total in counts)
    share = (one * sizes[0] + other * sizes[1]) / sum(sizes)
    spread = math.sqrt(share * (1 - share) * sum(1 / size for size in sizes))
    return abs(one - other) >= LEAST and abs(one - other) > Z * spread


def _warning(what: str, counts: Sequence[Count], models: Sequence[str]) -> ResultWarning:
    shares = [Scale(percent=True).score(count / total) for count, total in counts]
    return ResultWarning(
        code="ended_otherwise",
        message=(
            f"{what}: {shares[0]} of {models[0]}'s attempts against {shares[1]} of {models[1]}'s ended by it"
        ),
        remedy=(
            "Unless that is what you test, give both the same limits and run again. `flips` of "
            "compare and gate "
            "shows which questions changed."
        ),
    )
