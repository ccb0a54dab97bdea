"""Leaderboard: every model with its error bar, the ranks that it could have, and its ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.document import Document, Note, Text
from howsure.present.estimate import bound_texts, merged_cautions
from howsure.present.leaderboard import board_table, board_title, board_verdict
from howsure.statistics.results import significant

if TYPE_CHECKING:
    import altair as alt
    from numpy.typing import NDArray

    from howsure.answers.estimate import Entry
    from howsure.errors import Caution
    from howsure.options import BoardChart
    from howsure.present.document import Block
    from howsure.statistics.ranks.rank import Rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """All pairs of M models, in the order of the board. Arrays (M, M), entry [i, j] is about i − j.

    `difference`: on shared items; `se`: plain; `low`, `high`: the interval of this pair alone, as `compare` has it;
    `p_value`, `p_adjusted`: symmetric, 1 on the diagonal; `n_shared`: items that both answered, and `n_clusters` that
    these are in. NaN where a pair can't be compared.
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
class Board:
    """The models of one task and metric (or overall, where `task` is ""), best first."""

    task: str
    metric: str
    entries: tuple[Entry, ...]
    ranks: tuple[Rank, ...]
    pairs: Pairs
    level: float
    adjust: str
    percent: bool = True
    lower_is_better: bool = False
    cautions: tuple[Caution, ...] = ()

    @property
    def could_be_best(self) -> tuple[str, ...]:
        """The models that are not significantly worse than the leader."""
        return tuple(e.model for e, rank in zip(self.entries, self.ranks, strict=True) if rank.could_be_best)

    @property
    def neighbours_apart(self) -> int:
        """How many neighbouring places are really different."""
        p = np.diagonal(self.pairs.p_adjusted, offset=1)
        return sum(significant(value, self.level) for value in p.tolist())

    @property
    def verdict(self) -> str:
        """One plain sentence."""
        return board_verdict(self)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per model."""
        return [
            {
                "rank": rank.rank,
                "rank_low": rank.low,
                "rank_high": rank.high,
                "could_be_best": rank.could_be_best,
                "ties": rank.ties,
                **entry.record(),
            }
            for entry, rank in zip(self.entries, self.ranks, strict=True)
        ]

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per pair of models, the better-placed one first."""
        names = [entry.model for entry in self.entries]
        upper = np.triu_indices(len(names), 1)
        columns = ("difference", "se", "low", "high", "df", "p_value", "p_adjusted")
        values = [map(number, getattr(self.pairs, name)[upper].tolist()) for name in columns]
        counts = (self.pairs.n_shared[upper].tolist(), self.pairs.n_clusters[upper].tolist())
        return [
            {
                "task": self.task,
                "metric": self.metric,
                "a": names[i],
                "b": names[j],
                **dict(zip(columns, found, strict=True)),
                "n_shared": shared,
                "n_clusters": clusters,
            }
            for i, j, shared, clusters, *found in zip(*upper, *counts, *values, strict=True)
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the board as plain data."""
        return {
            "task": self.task,
            "metric": self.metric,
            "verdict": self.verdict,
            "level": self.level,
            "adjust": self.adjust,
            "lower_is_better": self.lower_is_better,
            "could_be_best": list(self.could_be_best),
            "neighbours_apart": self.neighbours_apart,
            "models": [
                {**entry.to_dict(), "rank": rank.rank, "rank_low": rank.low, "rank_high": rank.high, "ties": rank.ties}
                for entry, rank in zip(self.entries, self.ranks, strict=True)
            ],
            "cautions": [caution.to_dict() for caution in self.cautions],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaderboard(Answer):
    """One board a task and metric, and the overall board where there are several tasks."""

    boards: tuple[Board, ...]
    overall: Board | None = None
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    top: int | None = None

    @property
    def verdict(self) -> str:
        """One plain sentence about the overall board, or the only one."""
        return (self.overall or self.boards[0]).verdict

    def __getitem__(self, task: str) -> Board:
        return next(board for board in self.boards if board.task == task)

    def _every(self) -> tuple[Board, ...]:
        return (*((self.overall,) if self.overall else ()), *self.boards)

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and model."""
        return [record for board in self._every() for record in board.records()]

    def pair_records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per board and pair of models."""
        return [record for board in self._every() for record in board.pair_records()]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "leaderboard",
            "verdict": self.verdict,
            "overall": None if self.overall is None else self.overall.to_dict(),
            "boards": [board.to_dict() for board in self.boards],
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def chart(self, kind: BoardChart = "leaderboard") -> dict[str, Any]:
        """Return a chart as Vega-Lite: scores with error bars, "ranks" that could be, or all "pairs"; a panel a board."""
        from howsure.present.charts.drawing import boards_chart

        return boards_chart(self._every(), kind, self.top)

    def plot(self, kind: BoardChart = "leaderboard") -> alt.TopLevelMixin:
        """Draw `chart(kind)`; needs the extra "plot"."""
        from howsure.present.charts.base import draw

        return draw(self.chart(kind))

    def document(self) -> Document:
        """Return each board's verdict and table, then the cautions."""
        every = self._every()
        blocks: list[Block] = []
        for board in every:
            if len(every) > 1:
                blocks.append(Text(text=board_title(board), kind="heading"))
            blocks.append(Text(text=board.verdict, kind="verdict"))
            if board is every[0]:
                blocks += [Text(text=note, kind="small") for note in self.notes]
            blocks.append(board_table(board, self.top))
            blocks += bound_texts(list(board.entries[: self.top]))
            cautions = (*board.cautions, *merged_cautions(board.entries))
            if cautions:
                blocks.append(Note(cautions=cautions))
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))

    def explanation(self) -> Document:
        """Return the overall board, or else the first, in plain words."""
        from howsure.present.words.plain import explain_leaderboard

        return explain_leaderboard(self)
