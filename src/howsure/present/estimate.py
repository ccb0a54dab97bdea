"""How estimates are said and tabled."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, Text, Whisker, closing, small
from howsure.present.words import plain
from howsure.present.words.bounds import bound_sentence
from howsure.wording import Scale, level_text, listing, plural

if TYPE_CHECKING:
    from howsure.answers.estimate import Entry, Estimates
    from howsure.errors import Caution
    from howsure.present.document import Block, Cell
    from howsure.statistics.results import Estimate


def document(answer: Estimates) -> Document:
    """Return the notes, one table per task and metric, and the cautions."""
    blocks = small(answer.notes)
    for key in dict.fromkeys((entry.task, entry.metric) for entry in answer.entries):
        entries = [entry for entry in answer.entries if (entry.task, entry.metric) == key]
        blocks.append(estimate_table(entries, Scale(percent=answer.percent.get(key, True)), " · ".join(key)))
        blocks += bound_texts(entries)
    return Document(blocks=(*blocks, *closing((*answer.cautions, *merged_cautions(answer.entries)))))


def explanation(answer: Estimates) -> Document:
    """Explain the first score in plain words, and beside it the first of each kind that needs other phrases."""
    said: plain.Said = []
    for entry in answer.entries:
        percent = answer.percent.get((entry.task, entry.metric), True)
        told = {key for key, _ in said}
        phrases = plain.score_phrases(entry, percent=percent, many=len(answer) > 1)
        said += [pair for pair in phrases if pair[0] not in told]
    return plain.explained(said)


def estimate_table(entries: list[Entry], scale: Scale, title: str) -> Table:
    """Lay out estimates of one task and metric."""
    level = level_text(entries[0].estimate.interval.level)
    failed = any(entry.n_failed for entry in entries)
    clustered = any(entry.estimate.n_clusters != entry.estimate.n_items for entry in entries)
    columns = [
        Column(name="model", align="left"),
        Column(name=f"score{scale.column}"),
        Column(name=f"{level} interval"),
        Column(name="", align="left", priority=5),
        Column(name="SE", priority=6, error_of=f"score{scale.column}"),
        Column(name="items", priority=7),
    ]
    if clustered:
        columns.append(Column(name="clusters", priority=4))
    if failed:
        columns.append(Column(name="failed", priority=8))
    saved = any(math.isfinite(entry.saved) for entry in entries)
    if saved:
        columns.append(Column(name="variance saved", priority=8))
    rows = tuple(
        (*_estimate_row(entry, scale, clustered, failed), *([_saved(entry)] if saved else [])) for entry in entries
    )
    methods = listing(sorted({str(entry.estimate.method) for entry in entries}))
    note = f"intervals by {methods}; how often they hold: howsure calibrate --record"
    return Table(title=title, columns=tuple(columns), rows=rows, note=note)


def _estimate_row(entry: Entry, scale: Scale, clustered: bool, failed: bool) -> tuple[Cell, ...]:
    estimate = entry.estimate
    interval = estimate.interval
    cells: list[Cell] = [
        entry.model,
        scale.number(estimate.value),
        scale.interval(interval.low, interval.high),
        whisker(estimate),
        scale.number(estimate.se),
        f"{estimate.n_items:,}",
    ]
    if clustered:
        cells.append(f"{estimate.n_clusters:,}")
    if failed:
        cells.append(f"{entry.n_failed:,}")
    return tuple(cells)


def _saved(entry: Entry) -> str:
    return f"{100 * entry.saved:.0f} %".replace("-", "−") if math.isfinite(entry.saved) else "n/a"


def whisker(estimate: Estimate) -> Cell:
    """Return the error bar of an estimate, an empty cell where it has none."""
    interval = estimate.interval
    if interval.low <= interval.high:
        return Whisker(value=estimate.value, low=interval.low, high=interval.high)
    return ""


def bound_texts(entries: list[Entry]) -> list[Block]:
    """Say the one-sided exact statements, one line a model."""
    return [
        Text(text=f"{entry.model}: {'; '.join(bound_sentence(bound) for bound in entry.estimate.bounds)}.")
        for entry in entries
        if entry.estimate.bounds
    ]


def merged_cautions(entries: tuple[Entry, ...] | list[Entry]) -> tuple[Caution, ...]:
    """Say each kind of caution once: in the words of most models, naming those it concerns."""
    kinds: dict[str, dict[Caution, list[str]]] = {}
    for entry in entries:
        for caution in entry.estimate.cautions:
            kinds.setdefault(caution.code, {}).setdefault(caution, []).append(entry.model)
    return tuple(_merged(models, len(entries)) for models in kinds.values())


def _merged(models: dict[Caution, list[str]], everyone: int) -> Caution:
    caution, names = max(models.items(), key=lambda item: len(item[1]))
    others = sum(map(len, models.values())) - len(names)
    similar = f" (similar for {plural(others, 'more model')})" if others else ""
    who = "" if len(names) + others == everyone > 1 else f"{listing(names)}: "
    return replace(caution, message=f"{who}{caution.message}{similar}")
