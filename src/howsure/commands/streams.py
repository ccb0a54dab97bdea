r"""Standard output and standard error in any state: closed, full, without a reader, or in an encoding that
lacks our signs.

A reader that leaves (`| head`) changes neither verdict nor exit code. Standard output that can't be written
is an error, since the answer is lost. Notes on standard error are lost without an error. Signs missing from
an encoding are replaced by ASCII. In data, and if there is no similar sign, `\u2026` is written, which JSON
can read.
"""

from __future__ import annotations

import codecs
import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from collections.abc import Callable

SIGNS = str.maketrans(
    {
        "−": "-",
        "–": "-",
        "—": "-",
        "…": "...",
        "±": "+/-",
        "×": "x",
        "·": "*",
        "\u00a0": " ",
        "≤": "<=",
        "≥": ">=",
        "≈": "~",
        "→": "->",
        "⚠": "!",
        "“": '"',
        "”": '"',
        "’": "'",
        "²": "^2",
        "─": "-",
        "├": "|",
        "┤": "|",
        "●": "o",
        "•": "*",
    }
)
"""ASCII replacements for the signs of our own sentences and error bars."""


def prepare() -> None:
    """Prevent errors for signs in later output, and give a stream that was closed at the start no reader."""
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors=PROSE)


def say(text: str, *, data: bool = False) -> None:
    """Write an answer to standard output. `data`: for programs, so that every sign must be restored
    exactly.
    """
    from howsure.writing import cannot_write

    stream = sys.stdout
    try:
        stream.write(_held(text, stream) if data else text)
        stream.flush()
    except BrokenPipeError:
        silence(stream)
    except OSError as error:
        silence(stream)
        raise cannot_write("standard output", error) from None


def tell(text: str) -> None:
    """Write a note about the answer to standard error, with control characters made visible."""
    from howsure.present.render.visible import visible

    aside(lambda: click.echo(visible(text), err=True))


def aside(write: Callable[[], object]) -> None:
    """Do what writes to standard error, and ignore errors of writing."""
    try:
        write()
    except OSError:
        silence(sys.stderr)


def silence(stream: TextIO) -> None:
    """Discard the remaining output of a broken stream, so that Python doesn't fail on it at the end."""
    with suppress(OSError, ValueError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


def _nowhere() -> TextIO:
    return Path(os.devnull).open("w", encoding="utf-8")


def _held(text: str, stream: TextIO) -> str:
    """Write signs missing from a stream's encoding as escapes."""
    encoding = getattr(stream, "encoding", None) or "utf-8"
    return text.encode(encoding, ESCAPES).decode(encoding)


def _escape(error: UnicodeError) -> tuple[str, int]:
    lacking, end = _lacking(error)
    units = lacking.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[k : k + 4]}" for k in range(0, len(units), 4)), end


def _in_ascii(error: UnicodeError) -> tuple[str, int]:
    lacking, end = _lacking(error)
    likeness = lacking.translate(SIGNS)
    return (likeness, end) if likeness.isascii() else _escape(error)


def _lacking(error: UnicodeError) -> tuple[str, int]:
    """Return the first character that an encoding lacks, and the place to continue."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return error.object[error.start], error.start + 1


PROSE, ESCAPES = "howsure.prose", "howsure.escapes"
codecs.register_error(PROSE, _in_ascii)
codecs.register_error(ESCAPES, _escape)
