"""Which files there are under a path, which reader claims one of them, and what it holds."""

from __future__ import annotations

import gc
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from howsure.errors import ReadError, ResultWarning
from howsure.readers import registry, tables
from howsure.readers.attempt_rows import chosen_model, cut_row, sound, with_model
from howsure.readers.base import Claim, Reading, Source, is_hidden, named
from howsure.readers.looked_at import leads_nowhere
from howsure.wording import plural

if TYPE_CHECKING:
    from howsure.readers.base import Reader

MAX_FILES = 200_000
TAIL_BYTES = 4096
ENDS = {b"{": b"}", b"[": b"]"}
"""How a JSON file ends that begins so."""


def find_sources(path: Path) -> list[Source]:
    """List the files under a path in a fixed order, hidden ones left out; links out of the folder aren't
    followed.
    """
    if path.is_file():
        return [Source(path=path, root=path)]
    if path.exists() and not path.is_dir():
        raise ReadError(
            "neither a file nor a folder",
            where=str(path),
            remedy="What comes through a pipe is to be written to a file first.",
        )
    if not path.is_dir():
        raise ReadError("no such file or folder", where=str(path), remedy="Check the path.")
    found, inside = [], path.resolve()
    closed: list[OSError] = []
    for folder, folders, files in os.walk(path, onerror=closed.append):
        if (
            not Path(folder).resolve().is_relative_to(inside)
        ):  # a junction of Windows, which may not count as a link
            continue
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Source(path=Path(folder, name), root=path) for name in sorted(files) if not is_hidden(name)]
        if len(found) > MAX_FILES:
            raise ReadError(
                f"more than {MAX_FILES:,} files", where=str(path), remedy="Name a smaller folder."
            )
    unread = [
        Source(path=Path(error.filename), root=path) for error in closed
    ]  # taken as files: reading them says why
    return unread + [source for source in found if _is_taken(source.path, inside)]


def _is_taken(path: Path, inside: Path) -> bool:
    """Say whether a file of a folder's walk is looked at; a link to what git-annex hasn't fetched is, to say
    so.
    """
    return leads_nowhere(path) or (_is_file(path) and _lies_inside(path, inside))


def links_out(path: Path) -> int:
    """Count the files of a folder that are links out of it, which aren't followed."""
    inside = path.resolve()
    links = (
        Path(folder, name) for folder, _, files in os.walk(path) for name in files if not is_hidden(name)
    )
    return sum(not _lies_inside(link, inside) for link in links)


def _lies_inside(path: Path, folder: Path) -> bool:
    """Say whether a file of a folder's walk is no link that leads out of it."""
    return not path.is_symlink() or path.resolve().is_relative_to(folder)


def _is_file(path: Path) -> bool:
    """Say whether this is to be read; what can't even be looked at is, so that the attempt says why."""
    try:
        return path.is_file()
    except OSError:
        return True


def cut_short(source: Source) -> bool:
    """Tell whether a JSON file lacks its end. Only its two ends are looked at, so that a stray file of any
    size costs nothing.
    """
    end = ENDS.get(source.head.lstrip()[:1])
    if end is None:
        return False
    with source.opened() as file:
        file.seek(max(source.path.stat().st_size - TAIL_BYTES, 0))
        return not file.read().rstrip().endswith(end)


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
    warnings: tuple[ResultWarning, ...] = ()


def outcome_of(source: Source, asked: str | None) -> Outcome:
    """Read one file with the reader that claims it, or that was `asked` for. ReadError where it can't be
    read, or is no stray file.
    """
    if source.touched is not None:
        source.touched.path(source.path)
    reader, claim = _identified(source, asked)
    if reader is None:
        # Raise ReadError for a file that no reader knows and that is no stray one of a folder.
        if source.path == source.root:  # the user named it
            raise ReadError(UNKNOWN, where=source.name)
        if source.path.suffix == OWN:  # one that a run has only begun to write, or a copy of nothing
            raise source.error("empty, or not an Inspect log", WAIT)
        if source.path.suffix == ".json" and cut_short(source):
            raise source.error("JSON that ends in the middle", WAIT)
        return Outcome()
    if claim == "companion" or reader.NAME in APART:
        return Outcome(reader=reader.NAME, claim=claim)
    return Outcome(reader=reader.NAME, claim=claim, reading=read_by(reader, source), warnings=cut_row(source))


def _identified(source: Source, asked: str | None) -> tuple[Reader | None, Claim | None]:
    if asked is not None:
        return registry.by_name(asked), "rows"
    return registry.identify(source) or (None, None)


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
