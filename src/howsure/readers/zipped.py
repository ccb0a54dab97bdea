"""Packed files: a `.zip` is a folder, whose members are unpacked beside each other, and `rows.csv.gz` is
`rows.csv`; both with limits.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.archive import BROKEN as BROKEN_ZIP
from howsure.readers.archive import open_archive
from howsure.readers.walking import is_hidden

if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from howsure.readers.base import Source

BROKEN = (*BROKEN_ZIP, lzma.LZMAError)
PACKED: dict[str, Callable[..., Any]] = {
    ".gz": gzip.open,
    ".bz2": bz2.open,
    ".xz": lzma.open,
    ".zst": ZstdFile,
}
DRIVE = re.compile("[A-Za-z]:")
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_MEMBER_BYTES = 256 * 1024**2
"""Members up to this size are held in memory once they are read, so that the unpacked files needn't be
kept.
"""


def unpacked(source: Source, folder: Path) -> tuple[list[Source], list[tuple[Source, ReadError]]]:
    """Unpack a zip below a folder; return its members as sources, and those that can't be unpacked with the
    reason.

    Hidden members, and names that lead elsewhere, are left out.
    """
    found: list[Source] = []
    failed: list[tuple[Source, ReadError]] = []
    size = 0
    with open_archive(source.path, where=source.name) as archive:
        differing = archive.differing()
        for name in dict.fromkeys(archive.names):
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if name.endswith("/") or not parts or _leads_elsewhere(parts):
                continue
            member = replace(source, path=folder / source.name / Path(*map(_on_disk, parts)), root=folder)
            try:
                if name in differing:
                    raise _ambiguous(member)
                size += _write(archive.read(name), member)
            except (ReadError, OSError) as error:
                reason = error if isinstance(error, ReadError) else ReadError(f"can't be unpacked ({error})")
                failed.append((member, reason))
                continue
            if size > MAX_UNPACKED_BYTES:
                raise _too_large(source)
            found.append(member)
    return found, failed


def decompressed(source: Source, folder: Path) -> Source:
    """Unpack a file that is compressed by itself (.gz, .bz2, .xz, .zst) below a folder, under its name
    without the last suffix.
    """
    with unpacking(source) as file:
        data = file.read(MAX_MEMBER_BYTES + 1)
    member = replace(source, path=folder / Path(source.name).with_suffix(""), root=folder, packed=source.name)
    _write(data, member)
    return member


@contextmanager
def unpacking(source: Source) -> Iterator[IO[bytes]]:
    """Open what a compressed file holds. ReadError where it is damaged, also while it is read."""
    try:
        with source.opened() as raw, PACKED[source.path.suffix.lower()](raw) as file:
            yield file
    except BROKEN as error:
        raise ReadError(
            f"can't be unpacked ({error})",
            where=source.name,
            remedy="The file may be damaged: copy or write it again.",
        ) from None


def _write(data: bytes, member: Source) -> int:
    """Write a member to the disk; return its size."""
    if len(data) > MAX_MEMBER_BYTES:
        raise _too_large(member)
    member.path.parent.mkdir(parents=True, exist_ok=True)
    return member.path.write_bytes(data)


def _too_large(source: Source) -> ReadError:
    return ReadError(
        "unpacks to more than is done unasked", where=source.name, remedy="Unpack it and name the folder."
    )


def _ambiguous(member: Source) -> ReadError:
    return ReadError(
        "several members of this name differ", where=member.name, remedy="Keep one of them, or rename it."
    )


def _on_disk(part: str) -> str:
    """Return a name as the disk takes it: on Windows a colon is none."""
    return part.replace(":", "_") if os.name == "nt" else part


def _leads_elsewhere(parts: tuple[str, ...]) -> bool:
    return bool(DRIVE.fullmatch(parts[0])) or any(
        is_hidden(part) or part in ("/", "..", "__MACOSX") for part in parts
    )
