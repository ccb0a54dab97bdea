"""Audit: what published scores allow to be said, without the answers behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from howsure.answers.base import SCHEMA_VERSION, Answer, number
from howsure.present.audit import _LEGEND, LITERATURE_CORRELATION, _table
from howsure.present.document import Document, Note, Text
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.errors import Caution
    from howsure.present.document import Block


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One published score, and its gap to the next place below.

    `n` is None where it isn't known, and then `se` and the limits are NaN. `p_next`: the unpaired p-value of the gap;
    `break_even`: how strongly the two models' answers would have to agree, question by question, for the gap to be
    significant; NaN where no agreement could make it so.
    """

    model: str
    score: float
    n: int | None
    se: float
    low: float
    high: float
    gap_next: float
    p_next: float
    break_even: float

    @property
    def verdict(self) -> str:
        """One or two words on the gap to the next place."""
        if not math.isfinite(self.p_next):
            return ""
        if self.gap_next == 0:
            return "tie"
        if math.isnan(self.break_even):
            return "noise"
        if self.break_even <= 0:
            return "real"
        low, high = LITERATURE_CORRELATION
        return "likely real" if self.break_even < low else "depends" if self.break_even <= high else "likely noise"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditBoard:
    """The published scores of one task and metric, best first."""

    task: str
    metric: str
    entries: tuple[AuditEntry, ...]
    level: float

    def verdict(self) -> str:
        """Say how many neighbouring gaps could be noise."""
        judged = [entry.verdict for entry in self.entries if entry.verdict]
        if not judged:
            return "No gap can be judged: the number of questions isn't known. Give it as `n`."
        real = sum(word == "real" for word in judged)
        open_ = sum(word in ("likely real", "depends") for word in judged)
        gaps = plural(len(judged), "neighbouring gap")
        settled = f"{real or 'none'} {'is' if real <= 1 else 'are'} real on these numbers alone"
        rest = f"; {open_} could be, if the models' answers agree enough" if open_ else ""
        return f"Of {gaps}, {settled}{rest}."


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit(Answer):
    """Published scores with the error bars that they should have had."""

    boards: tuple[AuditBoard, ...]
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    top: int | None = None

    def records(self) -> list[dict[str, Any]]:
        """Return one flat mapping per score."""
        return [
            {"task": board.task, "metric": board.metric, **_entry_record(entry)}
            for board in self.boards
            for entry in board.entries
        ]

    def to_dict(self) -> dict[str, Any]:
        """Return the answer as plain data, ready for JSON."""
        boards = [
            {
                "task": board.task,
                "metric": board.metric,
                "level": board.level,
                "verdict": board.verdict(),
                "entries": [_entry_record(entry) for entry in board.entries],
            }
            for board in self.boards
        ]
        return {
            "howsure": SCHEMA_VERSION,
            "answer": "audit",
            "boards": boards,
            "notes": list(self.notes),
            "cautions": [caution.to_dict() for caution in self.cautions],
        }

    def document(self) -> Document:
        """Return each board's verdict and table, then the cautions."""
        blocks: list[Block] = []
        for board in self.boards:
            if len(self.boards) > 1:
                blocks.append(Text(text=f"{board.task} · {board.metric}", kind="heading"))
            blocks.append(Text(text=board.verdict(), kind="verdict"))
            if board is self.boards[0]:
                blocks += [Text(text=note, kind="small") for note in self.notes]
            blocks.append(_table(board, self.top))
        blocks.append(Text(text=_LEGEND, kind="small"))
        if self.cautions:
            blocks.append(Note(cautions=self.cautions))
        return Document(blocks=tuple(blocks))


def _entry_record(entry: AuditEntry) -> dict[str, Any]:
    return {
        "model": entry.model,
        "score": entry.score,
        "n": entry.n,
        "se": number(entry.se),
        "low": number(entry.low),
        "high": number(entry.high),
        "gap_next": number(entry.gap_next),
        "p_next": number(entry.p_next),
        "break_even": number(entry.break_even),
        "verdict": entry.verdict,
    }
