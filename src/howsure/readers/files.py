"""Which files there are under a path, and whether one lacks its end."""

from __future__ import annotations

import os
from pathlib import Path

from howsure.errors import ReadError
from howsure.readers.base import Source
from howsure.readers.stamps import leads_nowhere

MAX_FILES = 200_000
TAIL_BYTES = 4096
CASE = ".aider.results.json"
"""A hidden file that is a result: one case of aider's benchmark."""
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


def is_hidden(name: str) -> bool:
    """Say whether a name is passed over; the cases of aider's benchmark aren't."""
    return name.startswith(".") and name != CASE


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
