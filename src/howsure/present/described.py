"""What an answer says, ready to be laid out: by the module of its verb, names that look alike told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.present.alike import told_apart
from howsure.present.beginning import said_once

if TYPE_CHECKING:
    from types import ModuleType

    from howsure.present.document import Document


def described(presentation: ModuleType, answer: object, *, explain: bool) -> Document:
    """Return what the module that presents an answer says of it; `explain`: in plain words as well, where it has some."""
    document: Document = presentation.document(answer)
    explanation = getattr(presentation, "explanation", None)
    if explain and explanation is not None:
        document = replace(document, blocks=(*document.blocks, *explanation(answer).blocks))
    return said_once(told_apart(document, answer), answer)
