"""Leaderboard: every model with its error bar, the ranks that it could have, and its ties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.answers.estimate import Entry, bound_texts, merged_cautions, whisker
from howsure.document import Column, Document, Note, Scale, Table, Text, level_text, plural
from howsure.options import significant

if TYPE_CHECKING:
    import altair as alt
    from numpy.typing import NDArray

    from howsure.document import Block, Cell
    from howsure.errors import Caution
    from howsure.options import BoardChart

LOPSIDED = 0.5
"""An error bar whose nearer limit is less than this share as far as the further one is not said as "give or take"."""


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
class Rank:
    """The place of one model: by its score, and the simultaneous interval of places that the data allow."""

    rank: int
    low: int
    high: int
    could_be_best: bool
    ties: str


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
        from howsure.answers.drawing import boards_chart

        return boards_chart(self._every(), kind, self.top)

    def plot(self, kind: BoardChart = "leaderboard") -> alt.TopLevelMixin:
        """Draw `chart(kind)`; needs the extra "plot"."""
        from howsure.charts.base import draw

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
        from howsure.answers.plain_words import explain_leaderboard

        return explain_leaderboard(self)


def board_title(board: Board) -> str:
    """Name a board: its task and metric, or "overall"."""
    return f"{board.task} · {board.metric}" if board.task else f"overall · {board.metric}"


def board_verdict(board: Board) -> str:
    """Say who leads, who could, and how many neighbouring places are real."""
    count, leader = len(board.entries), board.entries[0]
    if count == 1:
        return alone(leader, Scale(percent=board.percent))
    where = _where(leader)
    score = Scale(percent=board.percent).score(leader.estimate.value)
    others, some = len(board.could_be_best) - 1, _some_items(board)
    if others == 0:
        rest = "the other" if count == 2 else f"all {count - 1} others"
        seen = f"{score}, {some}" if some else score
        first = f"{leader.model} is best{where} ({seen}): really ahead of {rest} at {level_text(board.level)}."
    elif all(entry.estimate.value == leader.estimate.value for entry in board.entries):
        first = f"{'Both' if count == 2 else f'All {count}'} models tie at {score}{where}."
    else:
        seen, rivals = f"{score} ({some})" if some else score, _rivals(others, count - 1)
        first = f"{leader.model} leads{where} with {seen}, but {rivals} could be best as well."
    apart = board.neighbours_apart
    steps = plural(count - 1, "neighbouring gap")
    return f"{first} Of {steps}, {apart or 'none'} {'is' if apart <= 1 else 'are'} real."


def alone(entry: Entry, scale: Scale) -> str:
    """Say one model's score and its error bar, in limits where these lie far from symmetric."""
    value, interval = entry.estimate.value, entry.estimate.interval
    said = f"{entry.model} scores {scale.score(value)}{_where(entry)}"
    if not interval.low <= interval.high:
        return f"{said}, with no error bar."
    nearer, further = sorted((value - interval.low, interval.high - value))
    if nearer >= LOPSIDED * further:
        return f"{said}, give or take {scale.number(interval.half_width)}."
    low, high = scale.number(interval.low), scale.score(interval.high)
    return f"{said}; the {level_text(interval.level)} interval runs from {low} to {high}."


def _where(entry: Entry) -> str:
    return " on exactly these questions" if entry.estimate.method.endswith("fixed-items") else ""


def _some_items(board: Board) -> str:
    """Say on how many items the leader's score stands where another model answered more; "" where none did."""
    counts = [entry.estimate.n_items for entry in board.entries]
    most = max(counts)
    if counts[0] == most:
        return ""
    if board.pairs.n_shared[0, counts.index(most)] == counts[0]:
        return f"on {counts[0]:,} of {plural(most, 'item')}"
    return f"on {plural(counts[0], 'item')}, others on up to {most:,}"


def _rivals(others: int, count: int) -> str:
    if count == 1:
        return "the other"
    return f"any of the {count} others" if others == count else f"{others} of the {count} others"


def board_table(board: Board, top: int | None) -> Table:
    """Lay out a board: place, model, score, interval, whisker, ties."""
    scale, level = Scale(percent=board.percent), level_text(board.level)
    ranked = list(zip(board.entries, board.ranks, strict=True))[:top]
    failed = any(entry.n_failed for entry, _ in ranked)
    uneven = len({entry.estimate.n_items for entry, _ in ranked}) > 1
    columns = [
        Column(name="rank"),
        Column(name="could be", align="left", priority=10),
        Column(name="model", align="left"),
        Column(name=f"score{scale.column}"),
        Column(name="SE", priority=0, error_of=f"score{scale.column}"),
        Column(name=f"{level} interval", priority=8),
        Column(name="", align="left", priority=7),
        Column(name="ties", align="left", priority=6),
    ]
    if uneven:
        columns.append(Column(name="items", priority=5))
    if failed:
        columns.append(Column(name="failed", priority=5))
    rows = tuple(_board_row(entry, rank, scale, uneven, failed) for entry, rank in ranked)
    left_out = len(board.entries) - len(rows)
    note = f"… and {plural(left_out, 'further model')} (--top)" if left_out else ""
    return Table(columns=tuple(columns), rows=rows, note=note)


def _board_row(entry: Entry, rank: Rank, scale: Scale, uneven: bool, failed: bool) -> tuple[Cell, ...]:
    estimate = entry.estimate
    span = str(rank.low) if rank.low == rank.high else f"{rank.low}–{rank.high}"
    cells: list[Cell] = [
        str(rank.rank),
        span,
        entry.model,
        scale.number(estimate.value),
        scale.number(estimate.se),
        scale.interval(estimate.interval.low, estimate.interval.high),
        whisker(estimate),
        rank.ties,
    ]
    if uneven:
        cells.append(f"{estimate.n_items:,}")
    if failed:
        cells.append(f"{entry.n_failed:,}")
    return tuple(cells)
