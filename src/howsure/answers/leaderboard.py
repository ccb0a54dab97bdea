"""Leaderboard: every model with its error bar, the ranks that it could have, and its ties."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from howsure.answers.base import CLUSTERS, LEADERBOARDS, Answer, draw, presentation
from howsure.answers.output import HIDDEN, MERGED, derived, row, rows, sliced_rows
from howsure.answers.parts import of_population
from howsure.statistics.results import allowed, significant

if TYPE_CHECKING:
    import altair as alt
    import numpy as np
    from numpy.typing import NDArray

    from howsure.answers.estimate import Entry
    from howsure.answers.parts import TaskClusters
    from howsure.answers.slices import Slicing
    from howsure.errors import ResultWarning
    from howsure.options.choices import BoardChart, Preset, Top
    from howsure.statistics.choices import Adjustment
    from howsure.statistics.results import Rank


SMALLEST = 1e-15
"""No smaller p-value has a quantile that double precision knows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """All pairs of M models, in the order of the board. Arrays (M, M), entry [i, j] is about i − j.

    NaN where a pair can't be compared.

    Attributes:
        difference: The difference on shared items.
        se: Its plain standard error.
        low: The lower limit of the interval of this pair alone, as `compare` has it.
        high: The upper limit.
        df: Degrees of freedom.
        p_value: The p-value of no difference; symmetric, 1 on the diagonal.
        p_adjusted: The same, corrected for the number of pairs.
        n_shared: Items that both answered.
        n_clusters: Clusters that these items come in.
    """

    difference: NDArray[np.float64]
    se: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    df: NDArray[np.float64]
    p_value: NDArray[np.float64]
    p_adjusted: NDArray[np.float64]
    n_shared: NDArray[np.int64]
    n_clusters: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A model on a board: its estimate, and the confidence interval of its rank.

    Attributes:
        rank: The place by the score; equal scores share the better one.
        rank_low: The best place that the model could have.
        rank_high: The worst place that it could have.
        could_be_best: Whether it could be the best one, by comparisons with the leader.
        group: Letters; models with a letter in common can't be told apart.
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
    """Which models could be best as another population has it.

    Attributes:
        population: "new-clusters" or "same-clusters".
        could_be_best: The models.
    """

    population: str
    could_be_best: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The models of one task and metric, or overall, best first.

    Attributes:
        task: The task; empty for the overall board.
        metric: What the score measures.
        level: The confidence level.
        adjust: How p-values and ranks are corrected for the number of pairs.
        lower_is_better: Whether smaller scores are better.
        percent: Whether scores lie in [0, 1].
        entries: The models' estimates, best first.
        ranks: The places of each model, in the same order.
        pairs: All pairs of models.
        n_tasks: The number of tasks; 1 but for the overall board.
        n_tasks_left_out: The tasks that were asked for and have no such scores, where this board is about all
            that have.
        n_left_out: The models that lack some of the tasks, and so are not on the overall board.
        population: What it is about: "new-clusters" (all questions without clusters), "same-clusters" or
            "these-questions".
        clusters: The clusters of its questions; None without any, and overall.
        other_population: Which models could be best for the other of new and same clusters; None where the
            clusters are many.
        leader_corrected: The leader's score without the luck of having been picked as the best of so many;
            NaN where it isn't known.
        warnings: Warnings, each with what to do about it.
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
    other_population: PopulationBest | None = field(default=None, metadata=HIDDEN)
    leader_corrected: float = math.nan
    lower_is_better: bool = False
    percent: bool = field(default=True, metadata=HIDDEN)
    entries: tuple[Entry, ...] = field(metadata=HIDDEN)
    ranks: tuple[Rank, ...] = field(metadata=HIDDEN)
    pairs: Pairs = field(metadata=HIDDEN)
    warnings: tuple[ResultWarning, ...] = ()

    @derived()
    def could_be_best(self) -> tuple[str, ...]:
        """The models that could be best: none is significantly better, by comparisons with the leader."""
        return tuple(e.model for e, rank in zip(self.entries, self.ranks, strict=True) if rank.could_be_best)

    @property
    def own_population(self) -> PopulationBest:
        """Which models could be best for its own population, as the other's are given."""
        return PopulationBest(population=self.population, could_be_best=self.could_be_best)

    @derived(rows=False)
    def new_clusters(self) -> PopulationBest | None:
        """Which models could be best for new clusters (without clusters: new questions); None where it isn't
        computed.
        """
        return of_population("new-clusters", self.own_population, self.other_population)

    @derived(rows=False)
    def same_clusters(self) -> PopulationBest | None:
        """Which models could be best for new questions from the same clusters; None where it isn't
        computed.
        """
        return of_population("same-clusters", self.own_population, self.other_population)

    @derived()
    def leaders(self) -> tuple[str, ...]:
        """The models with the best score, more than one where they are level."""
        return tuple(e.model for e, rank in zip(self.entries, self.ranks, strict=True) if rank.rank == 1)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why it can't be told which model is best; None where it can."""
        if len(self.could_be_best) < 2:
            return None
        return LEADERBOARDS if self.other_population is None else CLUSTERS

    @derived()
    def n_significant_neighbours(self) -> int:
        """How many neighbouring places are really different."""
        p = self.pairs.p_adjusted.diagonal(offset=1)
        return sum(significant(value, self.level) for value in p.tolist())

    @property
    def is_ahead_of_all(self) -> bool:
        """Whether the leaders are significantly ahead of every other model: more than that no other could be
        best.
        """
        p = self.pairs.p_adjusted[: len(self.leaders), len(self.leaders) :]
        return bool((p <= allowed(self.level)).all())

    @property
    def smallest_significant(self) -> float:
        """About how large a difference between neighbouring ranks must be to be significant once corrected;
        NaN without an error bar.

        By the largest p-value that still is significant, or without any by Bonferroni's level, with the
        median standard error.
        """
        import numpy as np

        from howsure.statistics.intervals import t_quantile

        above = np.triu_indices(len(self.entries), 1)
        p, q = (part[above] for part in (self.pairs.p_value, self.pairs.p_adjusted))
        shown = p[q <= allowed(self.level)]
        error = max(float(shown.max()), SMALLEST) if len(shown) else (1 - self.level) / max(len(p), 1)
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
        """Return one flat mapping per pair of models, the better-placed one first."""
        import numpy as np

        names = [entry.model for entry in self.entries]
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
    """Two models whose order is shown to differ between two slices.

    Attributes:
        better: The one that is better on the first slice and worse on the second.
        worse: The other.
        slice: The slice where it is better.
        other_slice: The slice where it is worse.
    """

    better: str
    worse: str
    slice: str
    other_slice: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSlices:
    """The board of a task and metric by slices: within a slice all ranks hold at once, and so they do over
    the slices.

    Attributes:
        task: The task.
        metric: What the score measures.
        level: The confidence level of all of it.
        slicing: How the items are parted.
        rank_reversals: Pairs of models that change places.
        slices: One board a slice that is large enough.
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
        overall: The board over all tasks; None where there is one task only.
        boards: One board a task and metric.
        slices: The boards by slices, one of each task, metric and partition; empty where none is asked for.
        top: So many models of each board are shown; None leaves it to the format, "all" shows all.
        mark: The models that are marked, and shown beyond these.
        each_task: Whether the boards of single tasks are shown, not only the overall one and a summary.
        notes: How the data were read and grouped.
        warnings: Warnings, each with what to do about it.
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
        return next(board for board in self.boards if board.task == task)

    @property
    def every(self) -> tuple[Board, ...]:
        """All boards, the overall one first."""
        return (*((self.overall,) if self.overall else ()), *self.boards)

    @derived(rows=False)
    def chapter(self) -> int | None:
        """The chapter of `howsure guide` on why it can't be told which model is best overall, or on any task;
        None where it can.
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
        """Return a chart as Vega-Lite: scores with error bars, "ranks" that could be, or all "pairs"; a panel
        a board.
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
        """Draw `chart(kind)`; needs the extra "plot". `width`, `font_size`, `preset`: its size, as all
        answers take it.
        """
        return draw(self.chart(kind), width=width, font_size=font_size, preset=preset)
