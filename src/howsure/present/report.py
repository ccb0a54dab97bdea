"""What is said beside a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.document import Document, Text, closing, opening

if TYPE_CHECKING:
    from howsure.answers.report import Report


def document(report: Report) -> Document:
    """Return the verdict, how many boards the page has, the notes and the cautions."""
    several = len(report.boards) > 1
    more = [Text(text=f"One of {len(report.boards)} boards; the page has them all.", kind="small")] if several else []
    first, *notes = opening(report.verdict, report.notes)
    return Document(blocks=(first, *more, *notes, *closing(report.cautions)))
