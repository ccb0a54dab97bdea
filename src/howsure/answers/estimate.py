"""Estimate: one number and how sure it is; Estimates: one line a task, metric and model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.document import Column, Document, Note, Scale, Table, Text, Whisker, level_text, listing, plural

if TYPE_CHECKING:
    from howsure.document import Block, Cell
    from howsure.errors import Caution


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A confidence interval: `low` and `high` in score units, NaN where none exists, at this `level`."""

    low: float
    high: float
    level: float

    @property
    def half_width(self) -> float:
        """Half the distance between the limits: the "give or take"."""
        return (self.high - self.low) / 2

    def contains(self, value: float) -> bool:
        """Say whether a value lies in the interval, limits included."""
        return self.low <= value <= self.high


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A one-sided exact statement: with this `level`, the rate lies below (`side` "upper") or above `limit`.

    `units`: what was counted as independent, "items" or "clusters", and `n` how many there were.
    """

    limit: float
    side: str
    level: float
    units: str
    n: int

    def sentence(self) -> str:
        """Say it in words: `failure rate below 9.5 % (95 %), counting 30 items`."""
        rate = self.limit if self.side == "upper" else 1 - self.limit
        what = "success" if self.side == "upper" else "failure"
        percent = f"{100 * rate:.2g}" if rate < 0.1 else f"{100 * rate:.1f}"
        return f"{what} rate below {percent} % ({level_text(self.level)}), counting {plural(self.n, self.units[:-1])}"

    def to_dict(self) -> dict[str, Any]:
        """Return the bound as plain data."""
        return {"limit": self.limit, "side": self.side, "level": self.level, "units": self.units, "n": self.n}


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A value with its standard error and interval, in score units.

    `se`, `df` and the limits are NaN where they don't exist, and a caution says why. `method` names the interval
    and the variance estimator that were used. `bounds` are the exact one-sided statements at 0 and n of n.
    """

    value: float
    se: float
    interval: Interval
    df: float
    n_items: int
    n_clusters: int
    method: str
    cautions: tuple[Caution, ...] = ()
    bounds: tuple[Bound, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the estimate as plain data."""
        return {
            "value": number(self.value),
            "se": number(self.se),
            "low": number(self.interval.low),
            "high": number(self.interval.high),
            "level": self.interval.level,
            "df": number(self.df),
            "n_items": self.n_items,
            "n_clusters": self.n_clusters,
            "method": self.method,
            "bounds": [bound.to_dict() for bound in self.bounds],
            "cautions": [caution.to_dict() for caution in self.cautions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model's estimate on one task and metric, with what became of its attempts.

    `saved`: the share of the plain mean's variance that covariates saved, NaN without them.
    """

    task: str
    metric: str
    model: str
    estimate: Estimate
    n_attempts: int = 0
    n_failed: int = 0
    saved: float = math.nan

    def record(self) -> dict[str, Any]:
        """Return one flat mapping."""
        numbers = self.estimate.to_dict()
        del numbers["bounds"], numbers["cautions"]
        head = {"task": self.task, "metric": self.metric, "model": self.model}
        counts = {"n_attempts": self.n_attempts, "n_failed": self.n_failed, "saved": number(self.saved)}
        return {**head, **numbers, **counts}

    def to_dict(self) -> dict[str, Any]:
        """Return the entry as plain data."""
        return {
            "task": self.task,
            "metric": self.metric,
            "model": self.model,
            "n_attempts": self.n_attempts,
            "n_failed": self.n_failed,
            "saved": number(self.saved),
            "estimate": self.estimate.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimates(Answer):
    """One estimate a task, metric and model. `notes` say how the data were taken (clusters, aliases, failures)."""

    entries: tuple[Entry, ...]
    percent: dict[tuple[str, str], bool] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, position: int) -> Entry:
        return self.entries[position]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per estimate."""
        return [entry.record() for entry in self.entries]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "estimates",
            "entries": [entry.to_dict() for entry in self.entries],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return one table per task and metric, its notes and cautions."""
        keys = list(dict.fromkeys((entry.task, entry.metric) for entry in self.entries))
        blocks: list[Block] = [Text(text=note, kind="small") for note in self.notes]
        for key in keys:
            entries = [entry for entry in self.entries if (entry.task, entry.metric) == key]
            blocks.append(estimate_table(entries, Scale(percent=self.percent.get(key, True)), " · ".join(key)))
            blocks += bound_texts(entries)
        cautions = (*self.cautions, *merged_cautions(self.entries))
        return Document(blocks=(*blocks, Note(cautions=cautions)) if cautions else tuple(blocks))

    def explanation(self) -> Document:
        """Return the scores in plain words, for readers without statistics."""
        from howsure.answers.plain_words import explain_estimates

        return explain_estimates(self)


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
    methods = listing(sorted({entry.estimate.method for entry in entries}))
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
        Text(text=f"{entry.model}: {'; '.join(bound.sentence() for bound in entry.estimate.bounds)}.")
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
