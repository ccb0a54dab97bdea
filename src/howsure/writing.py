"""Files written atomically: the only module that writes files chosen by the user.

The content is written next to its target under a hidden name until it is complete and on disk, and then
replaces the target. A full disk, an error or a kill leaves the old file unchanged. After a kill the hidden
file stays; the next file that is written into the folder removes it. A link is followed, so that it stays a
link to its target. A replaced file keeps its mode. Anything but a regular file (a device, a pipe) is written
directly.
"""

from __future__ import annotations

import errno
import os
import re
import stat
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from howsure.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

HIDDEN = ".howsure-"
"""The prefix of the name of an incomplete file. No reader looks at hidden files."""
NAMES = re.compile(re.escape(HIDDEN) + r"[0-9a-f]{12}(\.\w+)?")

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

SYSTEM = ("/dev", "/proc")
"""Folders whose files aren't regular: `/dev/stdout` may lead to one that a shell has open."""


def write(content: str | bytes, output: str | Path) -> None:
    """Write a text (UTF-8) or bytes to a file atomically."""
    with replacing(output) as place:
        place.write_bytes(content.encode() if isinstance(content, str) else content)


def append(text: str, output: str | Path) -> None:
    """Append a text to a file that others may write to as well."""
    try:
        with Path(output).open("a", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise cannot_write(repr(str(output)), error) from None


@contextmanager
def replacing(output: str | Path) -> Iterator[Path]:
    """Yield the path to write to. Its content at the end replaces `output`, unless an error occurred.

    OSError becomes an OptionError that names the file.
    """
    try:
        mode = _mode(output)
        if mode is not None and not stat.S_ISREG(mode):
            yield Path(output)
            return
        with _beside(Path(os.path.realpath(output)), mode) as place:
            yield place
    except OSError as error:
        raise cannot_write(repr(str(output)), error) from None


def cannot_write(output: str, error: OSError) -> OptionError:
    """Return an error with the file's name, the system's message, and the remedy."""
    remedy = (
        "Free some space there, or write to another place."
        if error.errno in FULL
        else "Check the folder and its rights."
    )
    return OptionError(f"can't write {output} ({error.strerror or error})", remedy=remedy)


def _mode(output: str | Path) -> int | None:
    """Return the mode of an existing file, links followed, or None if it doesn't exist."""
    if any(Path(output).absolute().is_relative_to(folder) for folder in SYSTEM):
        return stat.S_IFCHR
    try:
        mode = Path(output).stat().st_mode
    except FileNotFoundError:
        return None
    if not os.access(output, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    return mode


@contextmanager
def _beside(target: Path, mode: int | None) -> Iterator[Path]:
    """Yield a new file in the folder of the target, which replaces it at the end and is removed after an
    error.
    """
    _remove_abandoned(target.parent)
    place, held = _new(target)
    try:
        yield place
        with place.open("rb+") as file:
            os.fsync(file.fileno())
        if mode is not None:
            place.chmod(stat.S_IMODE(mode))
        place.replace(target)
    except BaseException:
        with suppress(OSError):
            place.unlink()
        raise
    finally:
        held.close()


def _new(target: Path) -> tuple[Path, BinaryIO]:
    """Make a file under a hidden name, and hold its lock, which marks it as still being written."""
    while True:
        import secrets

        place = target.with_name(f"{HIDDEN}{secrets.token_hex(6)}{target.suffix}")
        held = place.open("xb")
        if not _lock(held, wait=True):
            held.close()
        if place.exists():  # no other process removed it as abandoned before it had its lock
            return place, held


def _remove_abandoned(folder: Path) -> None:
    """Remove the leftovers of a killed process in a folder: files with our names whose lock is free."""
    for place in [path for path in folder.glob(f"{HIDDEN}*") if NAMES.fullmatch(path.name)]:
        with suppress(OSError), place.open("rb") as file:
            if _lock(file, wait=False):
                place.unlink()


def _lock(file: BinaryIO, *, wait: bool) -> bool:
    """Lock a file, and return whether that worked. Windows and some file systems have no such locks."""
    if sys.platform == "win32":
        return False
    from fcntl import LOCK_EX, LOCK_NB, flock

    with suppress(OSError):
        flock(file.fileno(), LOCK_EX if wait else LOCK_EX | LOCK_NB)
        return True
    return False
