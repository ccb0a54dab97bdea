"""GitHub's workflow commands: annotations, and a fence around text that must not be read as commands.
Pure.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Literal

from howsure.present.render.visible import visible


def annotation(kind: Literal["error", "warning", "notice"], title: str, message: str) -> str:
    """Return one annotation, escaped as GitHub's own toolkit does it.

    >>> annotation("warning", "gate: quiz", "60% of a, b")
    '::warning title=gate%3A quiz::60%25 of a, b'
    """
    return f"::{kind} title={_property(visible(title))}::{_data(visible(message))}"


def fence(text: str) -> str:
    """Return a text between lines that keep GitHub from obeying commands in it.

    The word that ends the fence is derived from the text, which therefore can't contain it.
    """
    word = sha256(text.encode("utf-8", "replace")).hexdigest()
    return f"::stop-commands::{word}\n{text}\n::{word}::\n"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
