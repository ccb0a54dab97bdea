"""The readers, in the order in which they are asked: those of this library, then those of other packages.

Another package registers a reader (a module or object with `NAME`, `FORMATS`, `claims` and `read`) under the entry
point group `howsure.readers`. Tables come last, since nearly anything is a table.
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

SPECIFIC = (
    "lfs",
    "inspect_ai",
    "lm_eval",
    "helm",
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
)
"""Modules of this package that know one harness each."""

GENERIC = ("tables",)
"""Modules of this package that take what no other reader knows."""


@cache
def readers() -> tuple[Reader, ...]:
    """Return every reader, in the order in which they are asked."""
    return (*map(_built_in, SPECIFIC), *_third_party(), *map(_built_in, GENERIC))


def identify(source: Source) -> tuple[Reader, Claim] | None:
    """Return the first reader that claims a file, None where none does."""
    for reader in readers():
        claim = reader.claims(source)
        if claim is not None:
            return reader, claim
    return None


def _built_in(name: str) -> Reader:
    return cast("Reader", import_module(f"howsure.readers.{name}"))


def _third_party() -> Iterator[Reader]:
    """Load the readers of other packages; one that can't be loaded is left out with a warning."""
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            yield cast("Reader", entry.load())
        except Exception as error:  # noqa: BLE001 - whatever a foreign module raises must not stop the others
            warnings.warn(f"reader {entry.name!r} ({entry.value}) can't be loaded: {error}", stacklevel=2)


def by_name(name: str) -> Reader:
    """Return the reader of this name, for a user who knows better than the content."""
    found = next((reader for reader in readers() if name == reader.NAME), None)
    if found is None:
        names = ", ".join(reader.NAME for reader in readers())
        raise OptionError(f"reader={name!r} is not one of {names}")
    return found
