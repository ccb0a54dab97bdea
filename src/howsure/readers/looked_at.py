"""Files and names used while one file was read: the file itself, its neighbours, missing ones, and names in
folders.

A reading is valid as long as all of these are unchanged in the file system (device, inode, size, both times).
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from fnmatch import filter as matching
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

ANNEX = ".git/annex/objects/"
TOO_SOON = 2 * 10**9
"""Nanoseconds: the resolution of times in some file systems. After a change within it a file may have the
same times.
"""

Stamp = tuple[int, ...]
"""Device, inode, size, modified and changed for a file, the kind for anything else, and () if it doesn't
exist.
"""


def leads_nowhere(path: Path) -> bool:
    """Return whether a path is a link into the store of git-annex, to a missing file."""
    return path.is_symlink() and not path.exists() and ANNEX in path.readlink().as_posix()


def stamp_of(path: str | Path) -> Stamp:
    """Return the status of a path in the file system."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path for each of thousands of names costs more than the call
    except (OSError, ValueError):
        return ()
    if not stat.S_ISREG(found.st_mode):
        return (stat.S_IFMT(found.st_mode),)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def without_waiting(path: str, flags: int) -> int:
    """Open a file. A system file that would wait for input (/proc/kmsg) fails instead when it is read."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def names_in(folder: str | Path, pattern: str) -> list[str]:
    """Return the names in a folder that match a shell pattern, sorted, or none if the folder doesn't
    exist.
    """
    try:
        return sorted(matching([path.name for path in Path(folder).iterdir()], pattern))
    except OSError:
        return []


@dataclass(slots=True)
class LookedAt:
    """Collects the paths that the reading of one file uses.

    Attributes:
        paths: The status of each path before it was read.
        names: The contents of folders, by folder and pattern.
        began: When the reading began, in nanoseconds.
    """

    paths: dict[str, Stamp] = field(default_factory=dict)
    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    began: int = field(default_factory=time.time_ns)

    def path(self, path: Path) -> None:
        """Record a path, whether it exists or not."""
        name = str(path)
        if name not in self.paths:
            self.paths[name] = stamp_of(name)

    def names_in(self, folder: Path, pattern: str) -> list[str]:
        """Return the names in a folder that match a pattern, and record them."""
        key = str(folder), pattern
        if key not in self.names:
            self.names[key] = names_in(*key)
        return self.names[key]

    def is_unchanged(self) -> bool:
        """Return whether the files are certainly unchanged since the reading began: none was written so
        shortly before that its times may hide a later change.
        """
        young = self.began - TOO_SOON
        return all(
            stamp_of(name) == stamp and max(stamp[3:], default=young - 1) < young
            for name, stamp in self.paths.items()
        )


def names_again(wanted: Sequence[tuple[str, str, Sequence[str]]]) -> bool:
    """Return whether folders have the same names for these patterns."""
    return all(names_in(folder, pattern) == list(names) for folder, pattern, names in wanted)
