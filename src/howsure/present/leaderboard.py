"""How a leaderboard is said and tabled."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure import checks
from howsure.errors import MethodError
from howsure.options import BoardChart
from howsure.present.document import Column, Document, Table, Text, closing, opening
from howsure.present.estimate import bound_texts, merged_cautions, whisker
from howsure.present.words import plain
from howsure.wording import Scale, level_text, plural

if TYPE_CHECKING:
    from howsure.answers.estimate import Entry
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Cell
    from howsure.statistics.results import Rank

LOPSIDED = 0.5
"""An error bar whose nearer limit is less than this share as far as the further one is not said as "give or take"."""


def document(answer: Leaderboard) -> Document:
    """Return each board's verdict and table, then the cautions."""
    blocks: list[Block] = []
    for board in answer.every:
        if len(answer.every) > 1:
            blocks.append(Text(text=board_title(board), kind="heading"))
        blocks += opening(board_verdict(board), answer.notes if board is answer.every[0] else ())
        blocks.append(board_table(board, answer.top))
        blocks += bound_texts(list(board.entries[: answer.top]))
        blocks += closing((*board.cautions, *merged_cautions(board.entries)))
    return Document(blocks=(*blocks, *closing(answer.cautions)))


def verdict(answer: Leaderboard) -> str:
    """Say what the overall board shows, or the only one."""
    return board_verdict(answer.every[0])


def explanation(answer: Leaderboard) -> Document:
    """Explain the overall board, or else the first, in plain words."""
    board, count = answer.every[0], len(answer.boards)
    title = f"{board.task or 'overall'} · {board.metric}" if count > 1 else ""
    return plain.explained(plain.board_phrases(board, boards=count), title)


def chart(answer: Leaderboard, kind: BoardChart) -> Spec:
    """Draw the boards: one panel each, in their order, with its best `top` models."""
    from howsure.present.charts.base import panels

    checks.word("kind", kind, BoardChart)
    every, top = answer.every, answer.top
    boards = [board for board in every if len(board.entries[:top]) > 1] if kind == "pairs" else every
    if not boards:
        raise MethodError("nothing to draw: one model makes no pair", remedy="Add another model.")
    specs = [_panel(board, kind, top, several=len(every) > 1) for board in boards]
    return panels(specs, columns=2 if len(boards) > 2 and kind != "pairs" else 1, own_scales=kind == "pairs")


def _panel(board: Board, kind: BoardChart, top: int | None, *, several: bool) -> Spec:
    from howsure.present.charts import leaderboard, pairs, ranks

    records, count = board.records()[:top], len(board.entries)
    given: dict[str, Any] = {
        "percent": board.percent,
        "score": board.metric,
        "level": board.level,
        "title": (board.task or "overall") if several else "",
        "subtitle": f"the best {len(records)} of {plural(count, 'model')}" if len(records) < count else "",
        "description": board_verdict(board),
    }
    if kind == "pairs":
        return pairs.spec(board.pair_records(), [record["model"] for record in records], **given)
    if kind == "ranks":
        return ranks.spec(records, **given)
    return leaderboard.spec(records, lower_is_better=board.lower_is_better, **given)


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
    return " on exactly these questions" if entry.estimate.method.of_benchmark else ""


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
