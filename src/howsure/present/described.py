"""What an answer says, ready to be laid out: by the module of its verb, names that look alike told apart."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.present.alike import told_apart
from howsure.present.beginning import said_once

if TYPE_CHECKING:
    from types import ModuleType

    from howsure.present.document import Document


def described(presentation: ModuleType, answer: object, *, explain: bool, methods: bool = False) -> Document:
    """Return what the module that presents an answer says of it.

    `explain`: in plain words as well, where it has some; `methods`: with a paragraph for a paper, where it
    has one.
    """
    document: Document = presentation.document(answer)
    for name in (["explanation"] if explain else []) + (["methods"] if methods else []):
        more = getattr(presentation, name, None)
        document = replace(
            document, blocks=(*document.blocks, *(more(answer).blocks if more is not None else ()))
        )
    return said_once(told_apart(document, answer), answer)
