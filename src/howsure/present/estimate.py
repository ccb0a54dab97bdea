"""How estimates are worded and tabled."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, Whisker, closing, facts, opening, small, tabled
from howsure.present.methods import of_scores
from howsure.present.slices import left_out
from howsure.present.words import plain
from howsure.present.words.factors import bound_sentence
from howsure.statistics.results import significant
from howsure.wording import Scale, ci_text, level_text, listing, p_text, p_words, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.estimate import Entry, Estimates, SliceEntry, SliceScores
    from howsure.answers.parts import ReliabilityBin, ReliabilityCurve
    from howsure.errors import ResultWarning
    from howsure.present.document import Block, Cell, Table
    from howsure.statistics.results import Estimate


def document(answer: Estimates) -> Document:
    """Return a sentence, one table per task and metric with the best score first, and the warnings."""
    blocks = opening(sentence(answer), answer.notes, more=_more(answer))
    keys = list(dict.fromkeys((entry.task, entry.metric) for entry in answer.entries))
    details: list[Block] = []
    for key in keys:
        entries = [entry for entry in answer.entries if (entry.task, entry.metric) == key]
        entries.sort(key=lambda entry: -entry.value)
        title = " · ".join(key) if len(keys) > 1 else ""
        blocks.append(estimate_table(entries, Scale(percent=answer.percent.get(key, True)), title))
        blocks += bound_texts(entries)
        details.append(_details(entries, title))
        curves = [
            _bins(entry.calibration, f"{entry.model} by probability", entry.estimate.interval.level)
            for entry in entries
            if entry.calibration is not None
        ]
        (blocks if len(answer.entries) == 1 else details).extend(curves)
    blocks += _sliced(answer.slices)
    warnings = closing((*answer.warnings, *merged_warnings(answer.entries)))
    return Document(blocks=(*blocks, *warnings), details=tuple(details))


def _bins(found: ReliabilityCurve, title: str, level: float) -> Table:
    """Lay out the reliability curve: how often events occurred at each level of probability."""
    percent = Scale(percent=True)
    fields: list[Field[ReliabilityBin]] = [
        Field("mean probability %", lambda each: percent.number(each.probability)),
        Field("occurred %", lambda each: percent.number(each.rate)),
        Field(f"{level_text(level)} CI", lambda each: percent.interval(each.low, each.high)),
        Field(
            "",
            lambda each: Whisker(value=each.rate, low=each.low, high=each.high),
            align="left",
            priority=5,
            axis=percent,
        ),
        Field("rows", lambda each: f"{each.n:,}", priority=7),
    ]
    return tabled(found.bins, fields, title=title)


def _details(entries: Sequence[Entry], title: str) -> Table:
    """Lay out the sizes behind the scores of one task and metric, and how intervals were computed."""
    methods = "; ".join(sorted({str(entry.estimate.method) for entry in entries}))
    sizes = {(entry.estimate.n_items, entry.estimate.n_clusters) for entry in entries}
    rows = [("method", methods)]
    if len(sizes) == 1:
        (items, clusters) = next(iter(sizes))
        rows = [("questions", f"{items:,}"), ("clusters", f"{clusters:,}"), *rows]
    return replace(facts(rows), title=title)


def sentence(answer: Estimates) -> str:
    """Return the only score and its interval, or the range of scores, and how precise they are."""
    entries, percent = answer.entries, set(answer.percent.values()) or {True}
    first = entries[0]
    if len(entries) == 1:
        return _one_sentence(first, Scale(percent=next(iter(percent))))
    models = plural(len({entry.model for entry in entries}), "model")
    tasks = len({(entry.task, entry.metric) for entry in entries})
    about = f"on {_named(first)}" if tasks == 1 else f"on {tasks} tasks"
    if len({entry.task for entry in entries}) < tasks:
        about = (
            f"with {tasks} metrics" if len({entry.task for entry in entries}) == 1 else f"on {tasks} boards"
        )
    if len(percent) > 1:
        return f"{models} {about}, on different scales."
    scale = Scale(percent=percent.pop())
    values = [entry.value for entry in entries]
    halves = [half for entry in entries if math.isfinite(half := entry.estimate.interval.half_width)]
    ends = dict.fromkeys(scale.number(half) for half in (min(halves), max(halves))) if halves else ()
    widths = f", each ± {' to '.join(ends)}{scale.unit}" if ends else ""
    span = f"from {scale.score(min(values))} to {scale.score(max(values))}"
    return f"{models} {about}: {span}{widths}."


def _more(answer: Estimates) -> str:
    """Return how to compare several models of one task."""
    entries = answer.entries
    rivals = len({entry.model for entry in entries}) > 1 and entries[0].calibration is None
    one_task = len({(entry.task, entry.metric) for entry in entries}) == 1
    return "To compare two of them, don't use overlap: howsure compare." if rivals and one_task else ""


def _one_sentence(entry: Entry, scale: Scale) -> str:
    near = scale.near(entry.value)
    said = f"{entry.model} scores {near.score(entry.value)} on {_named(entry)}"
    said = f"{said} ({ci_text(entry.estimate.interval, near)})"
    if entry.calibration is None:
        return f"{said}."
    found, level = entry.calibration, entry.estimate.interval.level
    high = near.score(found.calibrated_high)
    if significant(found.p_value, level):
        return (
            f"{said}: calibrated probabilities would show {near.score(found.calibrated_mean)} on average, "
            f"and rarely more than {high} ({p_words(found.p_value)})."
        )
    return f"{said}, which isn't significant: calibrated probabilities would show up to {high}."


def _named(entry: Entry) -> str:
    """Name a task, with its metric if it has a name."""
    task = entry.task or "all tasks"
    return task if entry.metric in ("", "score") else f"{task} ({entry.metric})"


def _sliced(ways: Iterable[SliceScores]) -> list[Block]:
    """Return the scores by slices, a table for each partition."""
    blocks: list[Block] = []
    for way in ways:
        blocks += [_slice_table(way), *small(left_out(way.slicing))]
    return blocks


def _slice_table(way: SliceScores) -> Table:
    """Lay out the scores of each model by slices."""
    scale, level = Scale(percent=way.percent), level_text(way.level)
    several = len({each.entry.model for each in way.entries}) > 1
    fields: list[Field[SliceEntry]] = [
        Field(way.slicing.by, lambda each: each.slice, align="left"),
        Field("model", lambda each: each.entry.model, align="left", shown=several),
        Field("questions", lambda each: f"{each.entry.estimate.n_items:,}", priority=8),
        Field(f"score{scale.column}", lambda each: score(each.entry.estimate, scale)),
        Field(f"{level} CI", lambda each: limits(each.entry.estimate, scale)),
        Field("", lambda each: whisker(each.entry.estimate), align="left", priority=7, axis=scale),
    ]
    title = f"{way.task} by {way.slicing.by}" if way.task else f"By {way.slicing.by}"
    return tabled(
        way.entries, fields, title=title, note="The intervals of a model are simultaneous over all slices."
    )


def explanation(answer: Estimates) -> Document:
    """Explain the first score in plain words, and the first of each further kind that needs other phrases."""
    said: plain.Said = []
    for entry in answer.entries:
        percent = answer.percent.get((entry.task, entry.metric), True)
        told = {key for key, _ in said}
        phrases = plain.score_phrases(entry, percent=percent, many=len(answer) > 1)
        said += [pair for pair in phrases if pair[0] not in told]
    return plain.explained(said)


def methods(answer: Estimates) -> Document:
    """Return the methods, as in a paper."""
    return of_scores(answer.entries)


def estimate_table(entries: list[Entry], scale: Scale, title: str) -> Table:
    """Lay out estimates of one task and metric."""
    level, column = level_text(entries[0].estimate.interval.level), f"score{scale.column}"
    items, clusters = (
        len({getattr(entry.estimate, name) for entry in entries}) > 1 for name in ("n_items", "n_clusters")
    )
    failed, saved = (
        any(entry.n_failed for entry in entries),
        any(math.isfinite(entry.variance_saved) for entry in entries),
    )
    calibration = any(entry.calibration is not None for entry in entries)
    fields: list[Field[Entry]] = [
        Field("model", lambda e: e.model, align="left"),
        Field(column, lambda e: score(e.estimate, scale)),
        Field(f"{level} CI", lambda e: limits(e.estimate, scale)),
        Field("", lambda e: whisker(e.estimate), align="left", priority=5, axis=scale),
        Field("SE", lambda e: standard_error(e.estimate, scale), priority=6, error_of=column),
        Field("questions", lambda e: f"{e.estimate.n_items:,}", priority=7, shown=items),
        Field("clusters", lambda e: f"{e.estimate.n_clusters:,}", priority=4, shown=clusters),
        Field(
            "variance from", _factor, align="left", priority=5, shown=any(entry.sources for entry in entries)
        ),
        Field("failed", lambda e: f"{e.n_failed:,}", priority=8, shown=failed),
        Field("calibrated", lambda e: _calibrated(e, scale), priority=8, shown=calibration),
        Field("p", _p_of_calibration, priority=6, shown=calibration),
        Field("variance removed", _saved, priority=8, shown=saved),
    ]
    return tabled(entries, fields, title=title)


def _calibrated(entry: Entry, scale: Scale) -> str:
    """Return what calibrated probabilities would show at most: `≤ 0.064`."""
    return "" if entry.calibration is None else f"≤ {scale.number(entry.calibration.calibrated_high)}"


def _p_of_calibration(entry: Entry) -> str:
    return "" if entry.calibration is None else p_text(entry.calibration.p_value)


def _factor(entry: Entry) -> str:
    """Return the share of the variance from the levels of each random factor."""
    found = entry.sources
    return (
        ""
        if found is None or not found.known
        else ", ".join(f"{each.name} {100 * each.share:.0f}%" for each in found.factors)
    )


def _saved(entry: Entry) -> str:
    return (
        f"{100 * entry.variance_saved:.0f}%".replace("-", "−")
        if math.isfinite(entry.variance_saved)
        else "n/a"
    )


def score(estimate: Estimate, scale: Scale) -> str:
    """Write the value of an estimate: `78.8`. A rare rate has more digits: `0.067`."""
    return scale.near(estimate.value).number(estimate.value)


def standard_error(estimate: Estimate, scale: Scale) -> str:
    """Write the standard error of an estimate, with the digits of its value."""
    return scale.near(estimate.value).number(estimate.se)


def limits(estimate: Estimate, scale: Scale) -> str:
    """Write the confidence interval of an estimate: `75.0–82.2`."""
    return scale.near(estimate.value).interval(estimate.interval.low, estimate.interval.high)


def whisker(estimate: Estimate) -> Cell:
    """Return the error bar of an estimate, an empty cell without one or without a value."""
    interval = estimate.interval
    if interval.low <= interval.high and math.isfinite(estimate.value):
        return Whisker(value=estimate.value, low=interval.low, high=interval.high)
    return ""


def bound_texts(entries: list[Entry]) -> list[Block]:
    """Return the one-sided exact limits, one line per model."""
    return [
        Text(text=f"{entry.model}: {'; '.join(bound_sentence(bound) for bound in entry.estimate.bounds)}.")
        for entry in entries
        if entry.estimate.bounds
    ]


def merged_warnings(entries: Sequence[Entry]) -> tuple[ResultWarning, ...]:
    """Return each kind of warning once, worded for most models, with the names of the models."""
    return merged([(entry.model, entry.estimate.warnings) for entry in entries], "model")


def merged(told: Sequence[tuple[str, Sequence[ResultWarning]]], noun: str) -> tuple[ResultWarning, ...]:
    """Return each kind of warning once, in the most common wording, with the names of its subjects."""
    kinds: dict[str, dict[ResultWarning, list[str]]] = {}
    for name, warnings in told:
        for warning in warnings:
            kinds.setdefault(warning.code, {}).setdefault(warning, []).append(name)
    return tuple(_merged(names, len(told), noun) for names in kinds.values())


def _merged(told: dict[ResultWarning, list[str]], everyone: int, noun: str) -> ResultWarning:
    warning, names = max(told.items(), key=lambda item: len(item[1]))
    others = sum(map(len, told.values())) - len(names)
    similar = f" (similar for {plural(others, f'more {noun}')})" if others else ""
    who = "" if len(names) + others == everyone > 1 else f"{listing(names)}: "
    return replace(warning, message=f"{who}{warning.message}{similar}")
