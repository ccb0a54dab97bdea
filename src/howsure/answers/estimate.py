"""Estimates: each model's score and its uncertainty, one line per task, metric and model."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import Answer
from howsure.answers.output import HIDDEN, MERGED, row, shown, sliced_rows, spread
from howsure.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.answers.parts import ErrorSources, ReliabilityCurve, TaskClusters
    from howsure.answers.slices import Slicing
    from howsure.errors import ResultWarning
    from howsure.statistics.results import Estimate, Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One model's estimate on one task and metric, with its attempts.

    Attributes:
        task: The task. Empty for the overall score.
        metric: What the score measures.
        model: The model.
        estimate: Its score, with standard error and confidence interval.
        n_attempts: Attempts in all.
        n_failed: Attempts that failed.
        clusters: The clusters of its questions. None without clusters and for an overall result.
        sources: The sources of its error if factors shared by all questions are random. Otherwise None.
        calibration: What calibrated probabilities would show, and the bins, for `ece`. Otherwise None.
        variance_saved: The share of the plain mean's variance removed by covariates. NaN without them.
    """

    task: str
    metric: str
    model: str
    estimate: Estimate = field(metadata=spread())
    n_attempts: int = 0
    n_failed: int = 0
    clusters: TaskClusters | None = field(default=None, metadata=HIDDEN)
    sources: ErrorSources | None = field(default=None, metadata=shown(rows=False))
    calibration: ReliabilityCurve | None = field(default=None, metadata=shown(rows=False))
    variance_saved: float = math.nan

    @property
    def value(self) -> float:
        """The score."""
        return self.estimate.value

    @property
    def se(self) -> float:
        """Its standard error."""
        return self.estimate.se

    @property
    def interval(self) -> Interval:
        """Its confidence interval."""
        return self.estimate.interval

    @property
    def low(self) -> float:
        """The lower limit of its confidence interval."""
        return self.estimate.low

    @property
    def high(self) -> float:
        """The upper limit of its confidence interval."""
        return self.estimate.high


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceEntry:
    """One model's score on one slice.

    Attributes:
        slice: The slice.
        entry: The estimate.
    """

    slice: str
    entry: Entry = field(metadata=MERGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceScores:
    """The scores of each model on one task and metric by slices.

    Attributes:
        task: The task.
        metric: What the score measures.
        level: The simultaneous confidence level of a model's intervals over the slices.
        percent: Whether scores lie in [0, 1].
        slicing: How the questions are split into slices.
        slices: The names of the slices that are large enough.
        entries: One entry per slice and model.
    """

    task: str
    metric: str
    level: float
    percent: bool = field(default=True, metadata=HIDDEN)
    slicing: Slicing = field(metadata=MERGED)
    slices: tuple[str, ...] = ()
    entries: tuple[SliceEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Estimates(Answer):
    """One estimate per task, metric and model, with its standard error and confidence interval.

    Attributes:
        entries: The estimates.
        percent: By task and metric, whether scores lie in [0, 1].
        slices: The scores by slices, one per task, metric and partition. Empty if not requested.
        notes: How the data were read and grouped (clusters, aliases, failures).
        warnings: Warnings, each with a remedy.
    """

    entries: tuple[Entry, ...]
    percent: dict[tuple[str, str], bool] = field(default_factory=dict, metadata=HIDDEN)
    slices: tuple[SliceScores, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __len__(self) -> int:
        return len(self.entries)

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries)

    def __getitem__(self, position: int) -> Entry:
        return self.entries[position]

    @property
    def value(self) -> float:
        """The score of the only estimate. DataError if there are several."""
        return self._only.value

    @property
    def se(self) -> float:
        """The standard error of the only estimate."""
        return self._only.se

    @property
    def interval(self) -> Interval:
        """The confidence interval of the only estimate."""
        return self._only.interval

    @property
    def low(self) -> float:
        """The lower limit of the only estimate's confidence interval."""
        return self._only.low

    @property
    def high(self) -> float:
        """The upper limit of the only estimate's confidence interval."""
        return self._only.high

    @property
    def _only(self) -> Entry:
        if len(self.entries) != 1:
            raise DataError(
                f"{len(self.entries):,} estimates, and one is asked for",
                remedy="Choose one: answer[0].value, or with `task` and `model`.",
            )
        return self.entries[0]

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per estimate, then those of slices."""
        parts = [{"by": way.slicing.by, **row(each)} for way in self.slices for each in way.entries]
        return sliced_rows([row(entry) for entry in self.entries], parts)
