"""The files under a path, the reader that claims each of them, and the content."""

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
"""The end of a JSON file, by its beginning."""


def find_sources(path: Path) -> list[Source]:
    """List the files under a path in a fixed order, without hidden ones. Links out of the folder aren't
    followed.
    """
    if path.is_file():
        return [Source(path=path, root=path)]
    if path.exists() and not path.is_dir():
        raise ReadError(
            "neither a file nor a folder", where=str(path), remedy="Write piped data to a file first."
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
                f"more than {MAX_FILES:,} files", where=str(path), remedy="Give a smaller folder."
            )
    unread = [
        Source(path=Path(error.filename), root=path) for error in closed
    ]  # treated as files: reading them reports why
    return unread + [source for source in found if _is_taken(source.path, inside)]


def _is_taken(path: Path, inside: Path) -> bool:
    """Return whether a file in a folder's walk is processed. A link to a file that git-annex hasn't fetched
    is, to report it.
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
    """Return whether a file in a folder's walk isn't a link that leads out of it."""
    return not path.is_symlink() or path.resolve().is_relative_to(folder)


def _is_file(path: Path) -> bool:
    """Return whether this is to be read. Inaccessible files are, so that the attempt reports why."""
    try:
        return path.is_file()
    except OSError:
        return True


def cut_short(source: Source) -> bool:
    """Return whether a JSON file is truncated. Only its two ends are read, so that a stray file of any size
    costs nothing.
    """
    end = ENDS.get(source.head.lstrip()[:1])
    if end is None:
        return False
    with source.opened() as file:
        file.seek(max(source.path.stat().st_size - TAIL_BYTES, 0))
        return not file.read().rstrip().endswith(end)


UNKNOWN = "unknown format"
OWN = ".eval"
"""A suffix that only logs have: such a file is never a stray one."""
WAIT = "Wait for the run, or copy it again."
APART = (tables.NAME, registry.SAVED)
"""Readers of files with a table that may stay in place, or several logs: these are processed in other ways.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The name of the reader that claims a file, or None, the kind of claim, and the content, if that is one
    log.
    """

    reader: str | None = None
    claim: Claim | None = None
    reading: Reading | None = None
    warnings: tuple[ResultWarning, ...] = ()


def outcome_of(source: Source, asked: str | None) -> Outcome:
    """Read one file with the reader that claims it, or the `asked` one. ReadError if it can't be read and
    isn't a stray file.
    """
    if source.touched is not None:
        source.touched.path(source.path)
    reader, claim = _identified(source, asked)
    if reader is None:
        # Raise ReadError for a file of unknown format that isn't a stray one of a folder.
        if source.path == source.root:  # the user named it
            raise ReadError(UNKNOWN, where=source.name)
        if source.path.suffix == OWN:  # a file that a run has only begun to write, or an empty copy
            raise source.error("empty, or not an Inspect log", WAIT)
        if source.path.suffix == ".json" and cut_short(source):
            raise source.error("truncated JSON", WAIT)
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

    The cyclic garbage collector is paused meanwhile: parsing makes no cycles, and its passes over a large log
    cost as much again.
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
    """Refuse rows that can't be distinguished."""
    for name in ("task", "model", "item", "metric"):
        if reading.rows is not None and (count := reading.rows[name].null_count()):
            raise source.error(f"{plural(count, 'row')} without a name of the {name}", "Correct the file.")
    return reading
