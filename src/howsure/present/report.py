"""The text that accompanies a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.document import Document, closing, opening

if TYPE_CHECKING:
    from howsure.answers.report import Report


def document(report: Report) -> Document:
    """Return the verdict, the notes and the warnings. The page has the rest."""
    return Document(blocks=(*opening(report.sentence, report.notes), *closing(report.warnings)))
