"""The first paragraph of an answer: its sentence, and what continues it."""

from typing import Any

from howsure.answers.base import presentation


def paragraph(answer: Any) -> str:
    """Return the sentence of an answer and the rest of its paragraph."""
    first = presentation(answer).document(answer).blocks[0]
    return f"{first.text} {first.more}".strip()
