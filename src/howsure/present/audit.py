"""How an audit is worded and tabled."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from howsure.present.document import Document, Field, Text, Whisker, closing, cut, opening, small, tabled
from howsure.wording import Scale, level_text, p_text, plural

if TYPE_CHECKING:
    from howsure.answers.audit import Audit, AuditBoard, AuditEntry
    from howsure.options.choices import Top
    from howsure.present.document import Block, Cell, Table

_LEGEND = (
    "break-even: the correlation, question by question, between the answers of a model and of the next "
    "from which their difference would be significant (0.3 to 0.7 is common). Per-question results would "
    "settle it: howsure compare."
)

SIGNIFICANT = {
    "significant": "yes",
    "likely_significant": "likely",
    "depends": "depends",
    "likely_not_significant": "unlikely",
    "not_significant": "no",
    "tie": "tie",
}
"""Whether the difference from the next rank is significant, in a table."""


def document(answer: Audit) -> Document:
    """Return each board's verdict and table, then the warnings."""
    blocks: list[Block] = []
    for board in answer.boards:
        if len(answer.boards) > 1:
            blocks.append(Text(text=f"{board.task} · {board.metric}", kind="heading"))
        blocks += opening(board_sentence(board), answer.notes if board is answer.boards[0] else ())
        blocks.append(_table(board, answer.top))
    return Document(blocks=(*blocks, *small([_LEGEND]), *closing(answer.warnings)))


def sentence(answer: Audit) -> str:
    """Return how many neighbouring differences could be noise, over all boards."""
    if len(answer.boards) == 1:
        return board_sentence(answer.boards[0])
    judged = [entry.verdict for board in answer.boards for entry in board.entries if entry.verdict]
    significant = sum(verdict == "significant" for verdict in judged)
    differences = sum(len(board.entries) - 1 for board in answer.boards)
    settled = f"{significant or 'none'} {'is' if significant <= 1 else 'are'} significant"
    return (
        f"Of {plural(differences, 'difference')} between neighbouring ranks on "
        f"{plural(len(answer.boards), 'board')}, {settled} on these numbers alone."
    )


def board_sentence(board: AuditBoard) -> str:
    """Return how many neighbouring differences could be noise."""
    if len(board.entries) == 1:
        return "One score leaves no difference to judge."
    judged = [entry.verdict for entry in board.entries if entry.verdict]
    if not judged and not all(0 <= entry.score <= 1 for entry in board.entries):
        return (
            "No difference can be judged, because nothing tells the scale of the scores. Name it, such as "
            "`bounds=(0, 100)`."
        )
    if not judged and all(entry.n is not None for entry in board.entries):
        return "No difference can be judged, because one question gives no error bar."
    if not judged:
        return "No difference can be judged, because the number of questions is unknown. Give it: `n=N`."
    real = sum(word == "significant" for word in judged)
    open_ = sum(word in ("likely_significant", "depends") for word in judged)
    unjudged = len(board.entries) - 1 - len(judged)
    settled = f"{real or 'none'} {'is' if real <= 1 else 'are'} significant on these numbers alone"
    rest = f"; {open_} could be, if the models' answers are correlated strongly enough" if open_ else ""
    unknown = f"; {unjudged} can't be judged" if unjudged else ""
    of = plural(len(board.entries) - 1, "difference")
    return f"Of {of} between neighbouring ranks, {settled}{rest}{unknown}."


def _table(board: AuditBoard, top: Top | None) -> Table:
    scale = Scale(percent=all(0 <= entry.score <= 1 for entry in board.entries))
    fields: list[Field[AuditEntry]] = [
        Field("model", lambda e: e.model, align="left"),
        Field(f"score{scale.column}", lambda e: scale.number(e.score)),
        Field("n", lambda e: "?" if e.n is None else f"{e.n:,}", priority=6),
        Field(
            f"{level_text(board.level)} CI", lambda e: scale.interval(e.low, e.high) if _has_bar(e) else ""
        ),
        Field("", _whisker, align="left", priority=4, axis=scale),
        Field(
            f"difference{scale.points}",
            lambda e: scale.number(e.difference_next) if math.isfinite(e.difference_next) else "",
            priority=8,
        ),
        Field("p", lambda e: p_text(e.p_next) if math.isfinite(e.p_next) else "", priority=5),
        Field("break-even", _break_even, priority=7),
        Field("significant", lambda e: SIGNIFICANT.get(e.verdict or "", ""), align="left"),
    ]
    return cut(tabled(board.entries, fields), top)


def _has_bar(entry: AuditEntry) -> bool:
    return math.isfinite(entry.low)


def _whisker(entry: AuditEntry) -> Cell:
    return Whisker(value=entry.score, low=entry.low, high=entry.high) if _has_bar(entry) else ""


def _break_even(entry: AuditEntry) -> str:
    if not math.isfinite(entry.p_next):
        return ""
    return "never" if math.isnan(entry.break_even) else f"{max(entry.break_even, 0):.2f}"
