"""What becomes of one file: which reader claims it, and what it holds."""

from __future__ import annotations

import gc
from dataclasses import dataclass
from typing import TYPE_CHECKING

from howsure.errors import Caution, ReadError
from howsure.readers import registry, tables
from howsure.readers.base import Claim, Reading, named
from howsure.readers.files import cut_short
from howsure.readers.records import chosen_model, cut_row, sound, with_model
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.readers.base import Reader, Source

UNKNOWN = "no reader knows this format"
OWN = ".eval"
"""A suffix that only logs have: such a file is never a stray one."""
WAIT = "Wait for the run, or copy it again."
APART = (tables.NAME, registry.SAVED)
"""Readers of files that hold a table that may stay where it is, or several logs: these are taken in other
ways.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The name of the reader that claims a file, None where none does, as what, and what it holds, where that
    is one log.
    """

    reader: str | None = None
    claim: Claim | None = None
    reading: Reading | None = None
    cautions: tuple[Caution, ...] = ()


def outcome_of(source: Source, asked: str | None) -> Outcome:
    """Read one file with the reader that claims it, or that was `asked` for. ReadError where it can't be
    read, or is no stray file.
    """
    if source.touched is not None:
        source.touched.path(source.path)
    reader, claim = _identified(source, asked)
    if reader is None:
        _refuse(source)
        return Outcome()
    if claim == "companion" or reader.NAME in APART:
        return Outcome(reader=reader.NAME, claim=claim)
    return Outcome(reader=reader.NAME, claim=claim, reading=read_by(reader, source), cautions=cut_row(source))


def _identified(source: Source, asked: str | None) -> tuple[Reader | None, Claim | None]:
    if asked is not None:
        return registry.by_name(asked), "rows"
    return registry.identify(source) or (None, None)


def _refuse(source: Source) -> None:
    """Raise ReadError for a file that no reader knows and that is no stray one of a folder."""
    if source.path == source.root:  # the user named it
        raise ReadError(UNKNOWN, where=source.name)
    if source.path.suffix == OWN:  # one that a run has only begun to write, or a copy of nothing
        raise source.error("empty, or not an Inspect log", WAIT)
    if source.path.suffix == ".json" and cut_short(source):
        raise source.error("JSON that ends in the middle", WAIT)


def read_by(reader: Reader, source: Source) -> Reading:
    """Read one file with its reader.

    The collector of cycles rests meanwhile: parsing makes none, and its passes over a large log cost as much
    again.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        with named(source.name, reader.NAME):
            return with_model(sound(_complete(reader.read(source), source), source), chosen_model(source))
    finally:
        if collects:
            gc.enable()


def _complete(reading: Reading, source: Source) -> Reading:
    """Refuse rows that nobody could tell apart."""
    for name in ("task", "model", "item", "metric"):
        if reading.rows is not None and (count := reading.rows[name].null_count()):
            raise source.error(f"{plural(count, 'row')} without a name of the {name}", "Mend the file.")
    return reading
