"""What was looked at while one file was read: the file itself, its neighbours, those that aren't there, and
names in folders.

A reading holds as long as all of these are as they were. A file is as it was when the system says so of it
(device, inode, size, both times); where it doesn't, or a change may have come too soon after the look for its
times to tell, its content says so.
"""

from __future__ import annotations

import os
import stat
import time
from dataclasses import dataclass, field
from fnmatch import filter as matching
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

MAX_DIGESTED_BYTES = 1024**2
"""Larger files have no digest: of many a reader looks at less than that would cost."""
ANNEX = ".git/annex/objects/"
TOO_SOON = 2 * 10**9
"""Nanoseconds: the times of some file systems are as coarse as this."""

Stamp = tuple[int, ...]
"""Device, inode, size, modified and changed, of a file; of anything else its kind, and () of nothing."""


def leads_nowhere(path: Path) -> bool:
    """Say whether a path is a link into the store of git-annex, to a file that isn't there."""
    return path.is_symlink() and not path.exists() and ANNEX in path.readlink().as_posix()


def stamp_of(path: str | Path) -> Stamp:
    """Return what the system says of a path."""
    try:
        found = os.stat(path)  # noqa: PTH116 - a Path for each of thousands of names costs more than the call
    except (OSError, ValueError):
        return ()
    if not stat.S_ISREG(found.st_mode):
        return (stat.S_IFMT(found.st_mode),)
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class Seen:
    """A path as it was at one moment, in nanoseconds; `digest` of its content, "" where it is large, or no
    file.
    """

    stamp: Stamp
    moment: int
    digest: str

    @property
    def is_certain(self) -> bool:
        """Whether a change since then would have changed its stamp."""
        return len(self.stamp) < len(("device", "inode", "size", "modified", "changed")) or (
            max(self.stamp[3:]) + TOO_SOON < self.moment
        )


def seen(path: str | Path) -> Seen:
    """Look at a path, before it is read: what is read after a change has another digest than this."""
    moment, stamp = time.time_ns(), stamp_of(path)
    return Seen(stamp, moment, _digest(path, stamp))


def _digest(path: str | Path, stamp: Stamp) -> str:
    if len(stamp) == 1 or not stamp or stamp[2] > MAX_DIGESTED_BYTES:
        return ""
    try:
        with open(path, "rb", buffering=0, opener=without_waiting) as file:
            content = file.read(stamp[2] + 1) or b""
    except OSError:
        return ""
    return blake2b(content, digest_size=16).hexdigest() if len(content) == stamp[2] else ""


def without_waiting(path: str, flags: int) -> int:
    """Open a file; one of the system that would wait for something to come (/proc/kmsg) fails instead when it
    is read.
    """
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def seen_again(path: str | Path, before: Seen) -> Seen | None:
    """Return a path as it is now, where it is what it was before; None where that isn't certain."""
    stamp = stamp_of(path)
    if stamp == before.stamp and before.is_certain:
        return before
    if not before.digest or len(stamp) != len(before.stamp) or stamp[2] != before.stamp[2]:
        return None
    now = seen(path)
    return now if now.digest == before.digest else None


def names_in(folder: str | Path, pattern: str) -> list[str]:
    """Return the names in a folder that match a pattern as a shell has them, sorted; none where there is no
    such folder.
    """
    try:
        return sorted(matching([path.name for path in Path(folder).iterdir()], pattern))
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class LookedAt:
    """Collects what the reading of one file touches; `known` is shared by all files of a walk, and `names`
    are those by folder and pattern.
    """

    known: dict[str, Seen]
    paths: dict[str, None] = field(default_factory=dict)
    names: dict[tuple[str, str], list[str]] = field(default_factory=dict)

    def path(self, path: Path) -> None:
        """Note a path, whether there is something or not."""
        name = str(path)
        self.paths[name] = None
        if name not in self.known:
            self.known[name] = seen(name)

    def names_in(self, folder: Path, pattern: str) -> list[str]:
        """Return the names in a folder that match a pattern, and note them."""
        key = str(folder), pattern
        if key not in self.names:
            self.names[key] = names_in(*key)
        return self.names[key]

    def add(self, other: LookedAt) -> None:
        """Take in what another process touched; of a path that both know the earlier look counts, after which
        both read.
        """
        self.paths.update(other.paths)
        self.names.update(other.names)
        for path in other.paths:
            theirs = other.known[path]
            if path not in self.known or theirs.moment < self.known[path].moment:
                self.known[path] = theirs

    def is_unchanged(self) -> bool:
        """Say whether the files are still as they were when they were first seen."""
        return all(stamp_of(name) == self.known[name].stamp for name in self.paths)


def names_again(wanted: Sequence[tuple[str, str, Sequence[str]]]) -> bool:
    """Say whether folders hold the same names by these patterns."""
    return all(names_in(folder, pattern) == list(names) for folder, pattern, names in wanted)
