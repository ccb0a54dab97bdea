"""Leaderboard: every model with its error bar, the confidence interval of its rank, and its group."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from functools import cached_property
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, Protocol

from howsure.answers.base import CLUSTERS, LEADERBOARDS, Answer, draw, named, presentation
from howsure.answers.output import HIDDEN, MERGED, derived, row, rows, sliced_rows
from howsure.answers.parts import of_population
from howsure.checks import count
from howsure.statistics.results import allowed

if TYPE_CHECKING:
    from collections.abc import Callable

    import altair as alt
    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.estimate import Entry
    from howsure.answers.parts import TaskClusters
    from howsure.answers.slices import Slicing
    from howsure.errors import ResultWarning
    from howsure.options.choices import BoardChart, Preset, Top, Unit
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.results import Rank


SMALLEST = 1e-15
"""The smallest p-value that has a quantile in double precision."""


@dataclass(frozen=True, kw_only=True)
class Pairs:
    """All pairs of M models, in the order of the board. Arrays (M, M), entry [i, j] is i − j.

    NaN if a pair can't be compared. Each array is computed and put in order when it is first read.

    Attributes:
        order: The places of the models, best first, in the arrays of `part`.
        part: Returns the array of this name, not in order.
    """

    order: NDArray[np.int64]
    part: Callable[[str], NDArray[Any]]

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle and copy the arrays, without what computes them."""
        arrays = {name: getattr(self, name) for name, part in vars(Pairs).items() if _is_late(part)}
        return _pairs_of, (arrays,)

    def _ordered(self, name: str) -> NDArray[Any]:
        import numpy as np

        return self.part(name)[np.ix_(self.order, self.order)]

    @cached_property
    def difference(self) -> NDArray[np.float64]:
        """The difference on shared questions, in score units."""
        return self._ordered("difference")

    @cached_property
    def se(self) -> NDArray[np.float64]:
        """Its plain standard error."""
        return self._ordered("se")

    @cached_property
    def low(self) -> NDArray[np.float64]:
        """The lower limit of the interval of this pair alone, as in `compare`."""
        return self._ordered("low")

    @cached_property
    def high(self) -> NDArray[np.float64]:
        """The upper limit."""
        return self._ordered("high")

    @cached_property
    def df(self) -> NDArray[np.float64]:
        """Degrees of freedom."""
        return self._ordered("df")

    @cached_property
    def p_value(self) -> NDArray[np.float64]:
        """The p-value of no difference. Symmetric, 1 on the diagonal."""
        return self._ordered("p_value")

    @cached_property
    def p_adjusted(self) -> NDArray[np.float64]:
        """The same, corrected for the number of pairs."""
        return self._ordered("p_adjusted")

    @cached_property
    def n_shared(self) -> NDArray[np.int64]:
        """Questions that both answered."""
        return self._ordered("n_shared")

    @cached_property
    def n_clusters(self) -> NDArray[np.int64]:
        """Clusters of these questions."""
        return self._ordered("n_clusters")


def _is_late(part: object) -> bool:
    return isinstance(part, cached_property)


def _pairs_of(arrays: dict[str, NDArray[Any]]) -> Pairs:
    import numpy as np

    return Pairs(order=np.arange(len(arrays["difference"])), part=arrays.__getitem__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A model on a board: its estimate, and the confidence interval of its rank.

    Attributes:
        rank: The rank by score. Equal scores share the better rank.
        rank_low: The lower limit of the rank's confidence interval: the best possible rank.
        rank_high: The upper limit: the worst possible rank.
        could_be_best: Whether it could be the best one, by comparisons with the leader.
        group: Letters. Models that share a letter don't differ significantly.
        entry: Its estimate.
    """

    rank: int
    rank_low: int
    rank_high: int
    could_be_best: bool
    group: str
    entry: Entry = field(metadata=MERGED)


@dataclass(frozen=True, slots=True, kw_only=True)
class PopulationBest:
    """The models that could be best, for another population.

    Attributes:
        population: "new-clusters" or "same-clusters".
        could_be_best: The models.
    """

    population: str
    could_be_best: tuple[str, ...]


class Places(Protocol):
    """What a board gets from all pairs of its models. Each part is computed when it is first read, so that a
    board that isn't shown costs little.
    """

    @property
    def ranks(self) -> tuple[Rank, ...]:
        """The ranks of the models, best first."""

    @property
    def pairs(self) -> Pairs:
        """All pairs of models, in the order of the board."""

    @property
    def n_significant_neighbours(self) -> int:
        """How many neighbouring ranks differ significantly."""

    @property
    def is_ahead_of_all(self) -> bool:
        """Whether the leaders are significantly ahead of every other model."""

    @property
    def leader_corrected(self) -> float:
        """The leader's score, corrected for having been selected as the best of several."""

    @property
    def other_population(self) -> PopulationBest | None:
        """The models that could be best for the other population (new or same clusters). None with many
        clusters.
        """


PARTS = (
    *("ranks", "pairs", "n_significant_neighbours", "is_ahead_of_all"),
    *("leader_corrected", "other_population"),
)
"""The attributes of `Places`."""


class LatePlaces:
    """Places that are pickled and copied as what they compute, without the scores behind it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _places_of, ({name: getattr(self, name) for name in PARTS},)


def _places_of(parts: dict[str, Any]) -> SimpleNamespace:
    return SimpleNamespace(**parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The models of one task and metric, or overall, best first.

    Attributes:
        task: The task. Empty for the overall board.
        metric: What the score measures.
        level: The confidence level.
        adjust: How p-values and rank intervals are corrected for the number of pairs.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        ends: The smallest and the largest possible score if they aren't 0 and 1. None if unknown.
        unit: What each score is of: a "question", or a "task" if the tasks are a sample.
        entries: The models' estimates, best first.
        places: What the board gets from all pairs of its models, computed when it is first read.
        n_tasks: The number of tasks. 1 except for the overall board.
        n_tasks_left_out: The number of requested tasks without such scores. The overall board covers the
            tasks with scores.
        n_left_out: The number of models that lack some of the tasks, and so aren't on the overall board.
        population: The population of the result: "new-clusters" (without clusters: new questions),
            "same-clusters" or "these-questions".
        clusters: The clusters of its questions. None without clusters and for an overall result.
        warnings: Warnings, each with a remedy.
    """

    task: str
    metric: str
    level: float
    adjust: Adjustment
    n_tasks: int = 1
    n_tasks_left_out: int = 0
    n_left_out: int = 0
    population: str = "new-clusters"
    clusters: TaskClusters | None = None
    lower_is_better: bool = False
    percent: bool = field(default=True, metadata=HIDDEN)
    ends: tuple[float, float] | None = field(default=None, metadata=HIDDEN)
    unit: Unit = field(default="question", metadata=HIDDEN)
    entries: tuple[Entry, ...] = field(metadata=HIDDEN)
    places: Places = field(metadata=HIDDEN, repr=False)
    warnings: tuple[ResultWarning, ...] = ()

    @property
    def ranks(self) -> tuple[Rank, ...]:
        """The ranks of the models, in the order of the entries."""
        return self.places.ranks

    @property
    def pairs(self) -> Pairs:
        """All pairs of models."""
        return self.places.pairs

    @property
    def other_population(self) -> PopulationBest | None:
        """The models that could be best for the other population (new or same clusters). None with many
        clusters.
        """
        return self.places.other_population

    @derived()
    def leader_corrected(self) -> float:
        """The leader's score, corrected for having been selected as the best of several (winner's curse). NaN
        if unknown.
        """
        return self.places.leader_corrected

    @derived()
    def could_be_best(self) -> tuple[str, ...]:
        """The models that could be best: none is significantly better, by comparisons with the leader."""
        return tuple(e.model for e, rank in zip(self.entries, self.ranks, strict=True) if rank.could_be_best)

    def prediction_intervals(self, n: int) -> dict[str, tuple[float, float]]:
        """Return, for each model, the limits of its mean over `n` other questions like these.

        With tasks as a sample they are `n` other tasks. Each mean has the error of both samples, so the
        limits are wider than the confidence interval. By t at the level of the board, cut to the possible
        scores. OptionError for an `n` below 1.
        """
        from howsure.statistics.intervals import t_quantile

        n, limits = count("n", n), {}
        low, high = self.ends or ((0.0, 1.0) if self.percent else (-math.inf, math.inf))
        for entry in self.entries:
            e = entry.estimate
            half = float(t_quantile(self.level, e.df)) * e.se * math.sqrt(1 + e.n_items / n)
            limits[entry.model] = (max(e.value - half, low), min(e.value + half, high))
        return limits

    @property
    def own_population(self) -> PopulationBest:
        """The models that could be best for its own population, in the same form as for the other."""
        return PopulationBest(population=self.population, could_be_best=self.could_be_best)

    @derived(rows=False)
    def new_clusters(self) -> PopulationBest | None:
        """The models that could be best for new clusters (without clusters: new questions). None if it isn't
        computed.
        """
        return of_population("new-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def same_clusters(self) -> PopulationBest | None:
        """The models that could be best for new questions from the same clusters. None if it isn't
        computed.
        """
        return of_population("same-clusters", self.own_population, self.other_population)

    @derived()
    def leaders(self) -> tuple[str, ...]:
        """The models with the best score. Several if they are level."""
        return tuple(e.model for e, rank in zip(self.entries, self.ranks, strict=True) if rank.rank == 1)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if more than one model could be best. Otherwise None."""
        if len(self.could_be_best) < 2:
            return None
        return LEADERBOARDS if self.other_population is None else CLUSTERS

    @derived()
    def n_significant_neighbours(self) -> int:
        """How many neighbouring ranks differ significantly."""
        return self.places.n_significant_neighbours

    @property
    def is_ahead_of_all(self) -> bool:
        """Whether the leaders are significantly ahead of every other model. This is stronger than being the
        only ones that could be best.
        """
        return self.places.is_ahead_of_all

    @property
    def smallest_significant(self) -> float:
        """The approximate smallest significant difference between neighbouring ranks, after correction. NaN
        without an error bar.

        Based on the largest significant p-value, or else on Bonferroni's level, with the median standard
        error.
        """
        import numpy as np

        from howsure.statistics.intervals import t_quantile

        count, above = len(self.entries), np.triu_indices(len(self.pairs.p_value), 1)
        p, q = (part[above] for part in (self.pairs.p_value, self.pairs.p_adjusted))
        shown, every = p[q <= allowed(self.level)], max(count * (count - 1) // 2, 1)
        error = max(float(shown.max()), SMALLEST) if len(shown) else (1 - self.level) / every
        se, df = (np.diagonal(part, offset=1) for part in (self.pairs.se, self.pairs.df))
        known = np.isfinite(se) & ~np.isnan(df)
        return float(np.median(t_quantile(1 - error, df[known]) * se[known])) if known.any() else math.nan

    @derived()
    def sentence(self) -> str:
        """One plain sentence."""
        return str(presentation(self).board_sentence(self))

    @derived()
    def models(self) -> tuple[Ranked, ...]:
        """The models with their estimates and places, best first."""
        return tuple(map(_ranked, self.entries, self.ranks))

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model."""
        return [row(model) for model in self.models]

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per pair of models, the better-placed one first. Of more than 3,000 models
        only the pairs of the best 500 are known.
        """
        import numpy as np

        names = [entry.model for entry in self.entries[: len(self.pairs.difference)]]
        upper = np.triu_indices(len(names), 1)
        columns = ("difference", "se", "low", "high", "df", "p_value", "p_adjusted", "n_shared", "n_clusters")
        return rows(
            task=[self.task] * len(upper[0]),
            metric=[self.metric] * len(upper[0]),
            a=[names[i] for i in upper[0].tolist()],
            b=[names[j] for j in upper[1].tolist()],
            **{name: getattr(self.pairs, name)[upper] for name in columns},
        )


def _ranked(entry: Entry, rank: Rank) -> Ranked:
    return Ranked(
        rank=rank.rank,
        rank_low=rank.low,
        rank_high=rank.high,
        could_be_best=rank.could_be_best,
        group=rank.group,
        entry=entry,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceBoard:
    """The board of one slice.

    Attributes:
        slice: The slice.
        board: The models, ranked on it.
    """

    slice: str
    board: Board


@dataclass(frozen=True, slots=True, kw_only=True)
class RankReversal:
    """Two models whose order differs significantly between two slices.

    Attributes:
        better: The model that is better on the first slice and worse on the second.
        worse: The other model.
        slice: The slice on which it is better.
        other_slice: The slice on which it is worse.
    """

    better: str
    worse: str
    slice: str
    other_slice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSlices:
    """The board of a task and metric by slices. Rank intervals are simultaneous, both within a slice and over
    the slices.

    Attributes:
        task: The task.
        metric: What the score measures.
        level: The confidence level of all of it together.
        slicing: How the questions are split into slices.
        rank_reversals: Pairs of models with opposite orders on two slices.
        slices: One board per slice that is large enough.
    """

    task: str
    metric: str
    level: float
    slicing: Slicing = field(metadata=MERGED)
    rank_reversals: tuple[RankReversal, ...] = ()
    slices: tuple[SliceBoard, ...] = ()

    @derived()
    def best(self) -> tuple[str, ...]:
        """The models that could be best on every slice."""
        kept = [set(each.board.could_be_best) for each in self.slices]
        return tuple(sorted(set.intersection(*kept))) if kept else ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Leaderboard(Answer):
    """One board per task and metric, and the overall board for several tasks.

    Attributes:
        overall: The board over all tasks. None if there is only one task.
        boards: One board per task and metric.
        slices: The boards by slices, one per task, metric and partition. Empty if not requested.
        top: How many models of each board are shown. "all" shows all. None leaves it to the format.
        mark: The highlighted models, shown even if `top` leaves them out.
        each_task: Whether the boards of single tasks are shown, not only the overall one and a summary.
        notes: How the data were read and grouped.
        warnings: Warnings, each with a remedy.
    """

    overall: Board | None = None
    boards: tuple[Board, ...]
    slices: tuple[BoardSlices, ...] = ()
    top: Top | None = field(default=None, metadata=HIDDEN)
    mark: tuple[str, ...] = field(default=(), metadata=HIDDEN)
    each_task: bool = field(default=False, metadata=HIDDEN)
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()

    def __getitem__(self, task: str) -> Board:
        return named(self.boards, "task", task)

    @property
    def every(self) -> tuple[Board, ...]:
        """All boards, the overall one first."""
        return (*((self.overall,) if self.overall else ()), *self.boards)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` to read if more than one model could be best overall, or on any
        task. Otherwise None.
        """
        boards = self.boards if self.overall is None else (self.overall,)
        return next((board.chapter for board in boards if board.chapter), None)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and model, then those of slices."""
        parts = [
            {"by": way.slicing.by, "slice": each.slice, **record}
            for way in self.slices
            for each in way.slices
            for record in each.board.records()
        ]
        return sliced_rows([record for board in self.every for record in board.records()], parts)

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and pair of models."""
        return [record for board in self.every for record in board.pair_records()]

    def chart(self, kind: BoardChart = "leaderboard") -> dict[str, Any]:
        """Return a chart as Vega-Lite: scores with error bars, rank intervals ("ranks") or all "pairs", with
        one panel per board.
        """
        return dict(presentation(self).chart(self, kind))

    def plot(
        self,
        kind: BoardChart = "leaderboard",
        *,
        width: str | None = None,
        font_size: float | None = None,
        preset: Preset | None = None,
    ) -> alt.TopLevelMixin:
        """Draw `chart(kind)`. Needs the extra "plot". `width`, `font_size` and `preset` set its size, as for
        all answers.
        """
        return draw(self.chart(kind), width=width, font_size=font_size, preset=preset)
