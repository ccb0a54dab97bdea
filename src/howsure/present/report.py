"""What is said beside a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.present.document import Document, closing, opening

if TYPE_CHECKING:
    from howsure.answers.report import Report


def document(report: Report) -> Document:
    """Return the verdict, the notes and the warnings; the page has all else."""
    return Document(blocks=(*opening(report.sentence, report.notes), *closing(report.warnings)))
