"""The exam beside its questions: the task's version, the grader, the scorer and its options, as the runs of
both sides state them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.study.likeness import Difference
from howsure.table.scores import text_digest
from howsure.wording import listing, plural, shortened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import polars as pl

    from howsure.options.words import Exam
    from howsure.table.scores import RunEntry

    Models = Mapping[str, frozenset[str]]
    """What the runs of each model state; of no model all is known."""

WORDS: dict[Exam, str] = {"version": "task version", "grader": "grader", "scorer": "options of the scorer"}
"""What may differ beside questions and targets, and how it is said."""
EXAM_SETTINGS = ("task_version", "dataset_version", "scoring")
"""Settings that stand among those of the exam."""
MOST_SETTINGS = 6
UNCOMMITTED = "changes of the code that were not committed, on both sides"
"""Two trees that were changed since one commit are told apart by their runs alone."""
LETTERS = 60
"""So much of a setting is shown."""


def exam_differences(
    runs: Iterable[RunEntry], parts: Mapping[tuple[str, str], pl.DataFrame]
) -> tuple[Difference, ...]:
    """Return in what the runs of the models of each task and metric were not the same exam. What isn't known
    differs from nothing.
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
    """Return the texts among the settings of runs, a prompt say, as names and notes write them, each with its
    digest; the longest first.
    """
    values = {value for entry in runs for value in (*entry.settings.values(), *entry.run.exam.values())}
    texts = [value for value in values if _is_text(shortened(value, LETTERS))]
    told = {each: text_digest(value) for value in texts for each in (value, shortened(value, LETTERS))}
    return {text: told[text] for text in sorted(told, key=lambda text: (-len(text), text))}


def _is_text(value: str) -> bool:
    return value.count(" ") > 1


def settings_note(runs: Sequence[RunEntry], models: Sequence[str]) -> str:
    """Say in which settings the runs of two models differ that may be what is tested; "" where in none, of
    more models, or of two harnesses.
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
    """Say how a setting differs; of texts that are known by digests that it does is all there is to say."""
    values = {value for values in told.values() for value in values}
    return key if all(value.startswith("#") for value in values) and all(told.values()) else _words(key, told)


def _settings(entries: Iterable[RunEntry]) -> dict[str, frozenset[str]]:
    """Collect what runs state of how they answered: neither what model that was, nor the exam."""
    found: dict[str, set[str]] = {}
    for entry in entries:
        scorers = tuple(f"{key.partition(':')[2]}." for key in entry.run.exam if ":" in key)
        for key, value in {**entry.run.apart, **entry.settings}.items():
            if key not in EXAM_SETTINGS and not key.startswith(("model", *scorers)):
                found.setdefault(key, set()).add(value)
    return {key: frozenset(values) for key, values in found.items()}


def _told_by(values: frozenset[str] | None) -> set[str]:
    """Return what settings are compared by: a saved baseline has the digest of a text, a log the text."""
    return {value if value.startswith("#") else text_digest(value) for value in values or ()}


def _more(count: int) -> str:
    return f"; and {count - MOST_SETTINGS:,} more" if count > MOST_SETTINGS else ""


def _of(entries: Sequence[RunEntry], task: str, metric: str, part: pl.DataFrame) -> Iterator[Difference]:
    """Yield what differs between the models that have scores by a metric."""
    if len({entry.model for entry in entries}) < 2 or not any(entry.run.exam for entry in entries):
        return
    models = {str(name) for name in part["model"].unique()}
    mine = [entry for entry in entries if entry.model in models]
    for what, said in WORDS.items():
        stated: dict[str, set[str]] = {}
        for entry in mine:
            value = _stated(entry, what, metric)
            if value is not None:
                stated.setdefault(entry.model, set()).add(value)
        told = {model: frozenset(values) for model, values in stated.items()}
        if len(set(told.values())) > 1:
            yield Difference(task=task, what=what, words=_words(said, told))


def _stated(entry: RunEntry, what: Exam, metric: str) -> str | None:
    """Return what a run states that a metric was made by: of its scorer, else of all; None where nothing is
    known.
    """
    exam = entry.run.exam
    own = (
        exam[key]
        for key in exam
        if key.startswith(f"{what}:") and _is_of(metric, key.removeprefix(f"{what}:"))
    )
    return next(own, exam.get(what))


def _is_of(metric: str, scorer: str) -> bool:
    return metric == scorer or metric.startswith(f"{scorer}/")


def _words(said: str, told: Models) -> str:
    """Say what differs: of two models both, of more how many have each."""
    if len(told) == 2:
        (one, first), (other, second) = told.items()
        if not any(first) or not any(second):
            whose, value = (one, first) if any(first) else (other, second)
            return f"{said} {_value(value)} for {whose} only"
        if _value(first) == _value(second):
            return f"{said} of two texts that begin alike"
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
    """Write a setting on one line, a text of more than two words in quotes."""
    one = shortened(value, LETTERS)
    return f'"{one}"' if _is_text(one) else one or "none"
