"""How a board of votes is said, tabled and drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure import checks
from howsure.errors import MethodError
from howsure.options import BoardChart
from howsure.present.document import Document, Field, Text, closing, opening, small, tabled
from howsure.present.estimate import limits, whisker
from howsure.present.leaderboard import leading, left_out, neighbours, panel, picked, places, rivals
from howsure.statistics.results import significant
from howsure.wording import Scale, level_text, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.arena import Arena, ArenaBoard, VotedModel
    from howsure.answers.estimate import Entry
    from howsure.present.charts.base import Spec
    from howsure.present.document import Block, Table
    from howsure.statistics.results import Rank

PERCENT = Scale(percent=True)


def document(answer: Arena) -> Document:
    """Return each pool's verdict and table, then the cautions."""
    blocks: list[Block] = []
    for k, pool in enumerate(answer.boards):
        if len(answer.boards) > 1:
            blocks.append(Text(text=title(pool, k), kind="heading"))
        blocks += opening(pool_verdict(pool), (*picked(pool.board), *(answer.notes if k == 0 else ())))
        blocks += [pool_table(pool, answer.top), *small([first_gain(pool)]), *closing(pool.board.cautions)]
    return Document(blocks=(*blocks, *closing(answer.cautions)))


def verdict(answer: Arena) -> str:
    """Say what the pool with the most votes shows."""
    return pool_verdict(answer.boards[0])


def title(pool: ArenaBoard, k: int) -> str:
    """Name a pool by its place and size."""
    return f"pool {k + 1}: {plural(len(pool.models), 'model')}, {plural(pool.n_votes, 'vote')}"


def pool_verdict(pool: ArenaBoard) -> str:
    """Say who leads, who could, and how many gaps between neighbouring ranks are significant."""
    board, count = pool.board, len(pool.models)
    score, level = PERCENT.score(board.entries[0].estimate.value), board.leaders
    others = len(set(board.could_be_best) - set(level))
    if others == 0 and len(level) == 1:
        rest = "the other" if count == 2 else f"all {count - 1} others"
        first = f"{level[0]} is best ({score}): significantly ahead of {rest} at {level_text(board.level)} confidence."
    elif others == 0:
        first = f"{leading(level, 'leads', 'lead')} with {score} each."
    else:
        first = f"{leading(level, 'leads', 'lead')} with {score}, but {rivals(others, count - len(level))} could also be best."
    return f"{first} {neighbours(board)}"


def first_gain(pool: ArenaBoard) -> str:
    """Say what it is worth to stand first."""
    found = pool.first
    if not math.isfinite(found.p_value):
        return ""
    said = f"{PERCENT.difference(found.value)} {PERCENT.interval(found.interval.low, found.interval.high)}, p {p_text(found.p_value)}"
    if not significant(found.p_value, found.interval.level):
        return f"Nothing shows that it matters who stands first ({said})."
    word = "gains" if found.value > 0 else "loses"
    return f"Who stands first {word} by it: {said} beyond what strengths expect. Show each pair in both orders."


def pool_table(pool: ArenaBoard, top: int | None) -> Table:
    """Lay out a pool: rank, model, expected score, interval, whisker, ties, votes and strength."""
    board = pool.board
    ranked = list(zip(board.entries, board.ranks, pool.models, strict=True))[:top]
    fields: list[Field[tuple[Entry, Rank, VotedModel]]] = [
        Field("rank", lambda r: str(r[1].rank)),
        Field("could be", lambda r: places(r[1]), align="left", priority=10),
        Field("model", lambda r: r[0].model, align="left"),
        Field("score %", lambda r: PERCENT.number(r[0].estimate.value)),
        Field("SE", lambda r: PERCENT.number(r[0].estimate.se), priority=0, error_of="score %"),
        Field(f"{level_text(board.level)} interval", lambda r: limits(r[0].estimate, PERCENT), priority=8),
        Field("", lambda r: whisker(r[0].estimate), align="left", priority=7),
        Field("ties", lambda r: r[1].ties, align="left", priority=6),
        Field("votes", lambda r: f"{r[2].n_votes:,}", priority=5),
        Field("Elo", lambda r: f"{r[2].elo:,.0f}", priority=4),
    ]
    return tabled(ranked, fields, note=left_out(len(pool.models), len(ranked)))


def chart(answer: Arena, kind: BoardChart) -> Spec:
    """Draw the pools as leaderboards are drawn, one panel each."""
    from howsure.present.charts.base import panels

    checks.word("kind", kind, BoardChart)
    boards = [pool.board for pool in answer.boards if kind != "pairs" or len(pool.models) > 1]
    if not boards:
        raise MethodError("nothing to draw: one model makes no pair", remedy="Add another model.")
    specs = [panel(board, kind, answer.top, several=len(boards) > 1) for board in boards]
    return panels(specs, columns=1, own_scales=kind == "pairs")
