"""How an audit is said and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Column, Document, Table, Text, Whisker, closing, opening, small
from howsure.wording import Scale, level_text, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.audit import Audit, AuditBoard, AuditEntry
    from howsure.present.document import Block, Cell

_LEGEND = (
    "break-even: how strongly the answers of a model and the next would have to agree, question by question, for "
    "their gap to be real (0.3 to 0.7 is common). Per-question results would settle it: howsure compare."
)


def document(answer: Audit) -> Document:
    """Return each board's verdict and table, then the cautions."""
    blocks: list[Block] = []
    for board in answer.boards:
        if len(answer.boards) > 1:
            blocks.append(Text(text=f"{board.task} · {board.metric}", kind="heading"))
        blocks += opening(board_verdict(board), answer.notes if board is answer.boards[0] else ())
        blocks.append(_table(board, answer.top))
    return Document(blocks=(*blocks, *small([_LEGEND]), *closing(answer.cautions)))


def board_verdict(board: AuditBoard) -> str:
    """Say how many neighbouring gaps could be noise."""
    judged = [entry.verdict for entry in board.entries if entry.verdict]
    if not judged:
        return "No gap can be judged: the number of questions isn't known. Give it as `n`."
    real = sum(word == "real" for word in judged)
    open_ = sum(word in ("likely real", "depends") for word in judged)
    gaps = plural(len(judged), "neighbouring gap")
    settled = f"{real or 'none'} {'is' if real <= 1 else 'are'} real on these numbers alone"
    rest = f"; {open_} could be, if the models' answers agree enough" if open_ else ""
    return f"Of {gaps}, {settled}{rest}."


def _table(board: AuditBoard, top: int | None) -> Table:
    scale = Scale(percent=all(0 <= entry.score <= 1 for entry in board.entries))
    columns = (
        Column(name="model", align="left"),
        Column(name=f"score{scale.column}"),
        Column(name="n", priority=6),
        Column(name=f"{level_text(board.level)} interval"),
        Column(name="", align="left", priority=4),
        Column(name=f"gap{scale.unit}", priority=8),
        Column(name="p", priority=5),
        Column(name="break-even", priority=7),
        Column(name="gap is", align="left"),
    )
    shown = board.entries[:top]
    rows = tuple(_row(entry, scale) for entry in shown)
    left = len(board.entries) - len(shown)
    note = f"… and {plural(left, 'further model')} (--top)" if left else ""
    return Table(columns=columns, rows=rows, note=note)


def _row(entry: AuditEntry, scale: Scale) -> tuple[Cell, ...]:
    has_bar = math.isfinite(entry.low)
    known = math.isfinite(entry.p_next)
    return (
        entry.model,
        scale.number(entry.score),
        "?" if entry.n is None else f"{entry.n:,}",
        scale.interval(entry.low, entry.high) if has_bar else "",
        Whisker(value=entry.score, low=entry.low, high=entry.high) if has_bar else "",
        scale.number(entry.gap_next) if math.isfinite(entry.gap_next) else "",
        p_text(entry.p_next) if known else "",
        ("never" if math.isnan(entry.break_even) else f"{max(entry.break_even, 0):.2f}") if known else "",
        entry.verdict,
    )
