"""Git LFS pointers: a few lines of text in the place of a file that was never fetched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from howsure.errors import ReadError

if TYPE_CHECKING:
    from howsure.readers.base import Claim, Reading, Source

NAME = "git-lfs"
FORMATS = "Git LFS pointers, to say that the file itself is missing"
CHECKED = "pointers of spec v1"

_START = b"version https://git-lfs.github.com/spec/"


def claims(source: Source) -> Claim | None:
    """Claim a pointer, whatever its name says that it is."""
    return "rows" if source.head.startswith(_START) else None


def read(source: Source) -> Reading:
    """Say what the file is and how to get the real one."""
    raise ReadError(
        "this is a Git LFS pointer, not the file itself", where=source.name, remedy="Fetch the file: git lfs pull"
    )
