"""Pointers of Git LFS and git-annex: a few lines of text, or a broken link, instead of a file that was never
fetched.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from howsure.readers.base import Claim, Reading, Source

NAME = "git-lfs"
FORMATS = "Pointers of Git LFS and git-annex, to report that the file itself is missing"
CHECKED = "Git LFS pointers of spec v1, and pointers and links of git-annex in made-up files only"

_LFS, _ANNEX = b"version https://git-lfs.github.com/spec/", b"annex/objects/"
MAX_LINE = 1000


def claims(source: Source) -> Claim | None:
    """Claim a pointer, whatever its file name suggests."""
    return "rows" if is_pointer(source) else None


def is_pointer(source: Source) -> bool:
    """Return whether a file was never fetched."""
    return source.head.startswith(_LFS) or _is_annexed(source)


def _is_annexed(source: Source) -> bool:
    path, _, rest = source.head.partition(b"\n")
    return path.lstrip(b"./").removeprefix(b"git/").startswith(_ANNEX) and not rest and len(path) < MAX_LINE


def read(source: Source) -> Reading:
    """Explain what the file is and how to get the real one."""
    kind, get = ("git-annex", "git annex get") if _is_annexed(source) else ("Git LFS", "git lfs pull")
    raise source.error(f"this is a {kind} pointer, not the file itself", f"Fetch the file: {get}")
