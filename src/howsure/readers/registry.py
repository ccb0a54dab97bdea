"""The readers, in the order in which they are asked: those of this library, then those of other packages.

Another package registers a reader (a module or object with `NAME`, `FORMATS`, `claims` and `read`, and
`CHECKED` if it likes) under the entry point group `howsure.readers`. Tables come last, since nearly anything
is a table.
"""

from __future__ import annotations

import warnings
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, cast

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.readers.base import Claim, Reader, Source

GROUP = "howsure.readers"

SAVED = "saved"
"""The reader of saved baselines, which hold several logs."""
SPECIFIC = (
    "lfs",
    SAVED,
    "inspect_ai",
    "lm_eval",
    "helm",
    "polybench",
    "swebench",
    "tau_bench",
    "promptfoo",
    "alpaca_eval",
    "evalplus",
    "livecodebench",
    "cruxeval",
    "arc_agi",
    "every_eval_ever",
    "terminal_bench",
    "lighteval",
    "mmlu_pro",
    "livebench",
    "bfcl",
    "evalscope",
    "aider",
    "skill_creator",
    "garak",
    "agentbench",
)
"""Modules of this package that know one harness each; `mapping.known` has more, which are mappings."""

GENERIC = ("tables",)
"""Modules of this package that take what no other reader knows."""


BINARY = {b"PAR1": ("lighteval",), b"ARROW1": (), b"PK\x03\x04": ("inspect_ai",), b"\x1f\x8b": (SAVED,)}
"""Which specific readers take files that begin with these bytes: no other needs to be asked, or loaded."""


PLAIN = ("lfs", "alpaca_eval", "aider", "polybench")
"""The readers of text that is no JSON."""


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order in which they are asked."""
    return tuple(_in_order(SPECIFIC, ()))


def _in_order(specific: tuple[str, ...], given: tuple[Reader, ...]) -> Iterator[Reader]:
    """Yield these readers, then those that are mappings, of other packages, given by the user, and for
    tables; each is loaded when its turn comes.
    """
    yield from map(_built_in, specific)
    yield from _mapped() if specific == SPECIFIC else ()
    yield from others()
    yield from given
    yield from map(_built_in, GENERIC)


def identify(source: Source) -> tuple[Reader, Claim] | None:
    """Return the first reader that claims a file, None where none does.

    A mapping that names its files goes before all readers; one that doesn't is for what no reader of a
    harness knows.
    """
    own = next((each for each in source.maps if each.names(source)), None)
    if own is not None:
        return own, "rows"
    for reader in _in_order(_asked(source.head), source.maps):
        claim = reader.claims(source)
        if claim is not None:
            return reader, claim
    return None


def _asked(head: bytes) -> tuple[str, ...]:
    """Return the specific readers that a file is shown to, by its first bytes."""
    binary = next((names for magic, names in BINARY.items() if head.startswith(magic)), None)
    if binary is not None:
        return binary
    return SPECIFIC if head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[") else PLAIN


@cache
def _built_in(name: str) -> Reader:
    return cast("Reader", import_module(f"howsure.readers.{name}"))


def _mapped() -> tuple[Reader, ...]:
    """Return the mappings that come with howsure and were tried."""
    from howsure.readers.mapping.known import tried

    return tried()


@cache
def others() -> tuple[Reader, ...]:
    """Load the readers of other packages; one that can't be loaded is left out with a warning."""
    found = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found.append(cast("Reader", entry.load()))
        except Exception as error:  # noqa: BLE001 - whatever a foreign module raises must not stop the others
            warnings.warn(f"reader {entry.name!r} ({entry.value}) can't be loaded: {error}", stacklevel=2)
    return tuple(found)


def by_name(name: str) -> Reader:
    """Return the reader of this name, for a user who knows better than the content."""
    found = next((reader for reader in readers() if name == reader.NAME), None)
    if found is None:
        names = ", ".join(reader.NAME for reader in readers())
        raise OptionError(f"reader={name!r} is not one of {names}")
    return found
