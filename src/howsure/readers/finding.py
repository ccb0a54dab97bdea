"""Which files lie under a path, and which of them are cut short."""

from __future__ import annotations

import os
from pathlib import Path

from howsure.errors import ReadError
from howsure.readers.base import Source

MAX_FILES = 200_000
TAIL_BYTES = 4096
ENDS = {b"{": b"}", b"[": b"]"}
"""How a JSON file ends that begins so."""


def find_sources(path: Path) -> list[Source]:
    """List the files under a path in a fixed order, hidden ones left out; links out of the folder aren't followed."""
    if path.is_file():
        return [Source(path=path, root=path)]
    if not path.is_dir():
        raise ReadError("no such file or folder", where=str(path), remedy="Check the path.")
    found = []
    for folder, folders, files in os.walk(path):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        found += [Source(path=Path(folder, name), root=path) for name in sorted(files) if not name.startswith(".")]
        if len(found) > MAX_FILES:
            raise ReadError(f"more than {MAX_FILES:,} files", where=str(path), remedy="Name a smaller folder.")
    inside = path.resolve()
    return [s for s in found if s.path.is_file() and s.path.resolve().is_relative_to(inside)]


def cut_short(source: Source) -> bool:
    """Tell whether a JSON file lacks its end. Only its two ends are looked at, so that a stray file of any size costs nothing."""
    end = ENDS.get(source.head.lstrip()[:1])
    if end is None:
        return False
    with source.path.open("rb") as file:
        file.seek(max(source.path.stat().st_size - TAIL_BYTES, 0))
        return not file.read().rstrip().endswith(end)
