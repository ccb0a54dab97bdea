"""Zips and compressed files: their members one by one, none larger than stated, and their contents as
files.
"""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import re
import struct
import sys
import zlib
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from howsure.errors import ReadError
from howsure.readers.base import is_hidden
from howsure.readers.parsing import object_cost, parse_json, refuse_bombs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from howsure.readers.base import Source

if sys.version_info >= (3, 14):
    import zipfile

    from compression.zstd import ZstdError
else:
    from backports.zstd import ZstdError, zipfile


MAGIC = b"PK\x03\x04"
MAX_MEMBERS = 200_000
MAX_LOG_MEMBER_BYTES = 1024**3
MAX_TOTAL_BYTES = 8 * 1024**3
MAX_DIRECTORY_BYTES = MAX_MEMBERS * 512

PIECE_BYTES = 8_192
"""The amount that is requested at a time. Outside deflate, zipfile decompresses all the input that it reads
for a piece: 8 KiB of zstd can grow to at most 256 MiB, but a larger piece to more.
"""

BROKEN_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    ZstdError,
    struct.error,
    OSError,
    EOFError,
    RuntimeError,
    ValueError,
)


class Archive:
    """An open zip file that counts what has been read from it."""

    def __init__(self, file: zipfile.ZipFile, *, where: str) -> None:
        self._file = file
        self._where = where
        self._read = 0
        self._cost = 0
        self.names = file.namelist()

    def __contains__(self, name: object) -> bool:
        """Return whether a member has this name."""
        return name in self._file.NameToInfo

    def differing(self) -> set[str]:
        """Return the names of several members with different contents."""
        contents: dict[str, set[tuple[int, int]]] = {}
        for member in self._file.infolist():
            contents.setdefault(member.filename, set()).add((member.CRC, member.file_size))
        return {name for name, found in contents.items() if len(found) > 1}

    def read(self, name: str) -> bytes:
        """Return one member's bytes. An archive or member that exceeds the limits is refused."""
        limit = min(MAX_LOG_MEMBER_BYTES, MAX_TOTAL_BYTES - self._read)
        where = f"{self._where}, member {name!r}"
        data = bytearray()
        try:
            with self._file.open(name) as member:
                while len(data) <= limit and (piece := member.read(PIECE_BYTES)):
                    data += piece
        except KeyError:
            raise ReadError("no such member", where=where, remedy="The archive may be truncated.") from None
        except BROKEN_ZIP as error:
            raise ReadError(
                f"can't be unpacked ({error})",
                where=where,
                remedy="The file may be damaged: copy or write it again.",
            ) from None
        if len(data) > limit:
            raise ReadError(f"unpacks to more than {limit:,} bytes", where=where, remedy="Check its origin.")
        self._read += len(data)
        return bytes(data)

    def json(self, name: str, kind: Any = Any) -> Any:
        """Parse one member as JSON, or the wanted part of it (`kind`). The memory for all of them together is
        limited.
        """
        data, where = self.read(name), f"{self._where}, member {name!r}"
        self._cost += object_cost(data)
        refuse_bombs(self._cost, where=where)
        return parse_json(data, where=where, kind=kind)

    def each_json(self, names: Iterable[str], kind: Any = Any) -> Iterator[Any]:
        """Parse members one at a time, for a reader that keeps little of each. Only the memory for one is
        limited.
        """
        for name in names:
            yield parse_json(self.read(name), where=f"{self._where}, member {name!r}", kind=kind)


@contextmanager
def open_archive(path: Path, *, where: str) -> Iterator[Archive]:
    """Open a zip file, refusing one with too many members before they are listed."""
    _check_directory(path, where)
    try:
        file = zipfile.ZipFile(path)
    except BROKEN_ZIP as error:
        raise ReadError(
            f"not a complete zip archive ({error})",
            where=where,
            remedy=("A run in progress, or a truncated copy, looks like this: wait for it or copy it again."),
        ) from None
    with file:
        archive = Archive(file, where=where)
        if len(archive.names) > MAX_MEMBERS:
            raise _too_many(where)
        yield archive


def first_member(head: bytes) -> str | None:
    """Return the name of a zip's first member from the first bytes of the file, or None if it isn't a zip."""
    if not head.startswith(MAGIC) or len(head) < 30:
        return None
    (length,) = struct.unpack_from("<H", head, 26)
    return head[30 : 30 + length].decode("utf-8", errors="replace")


def _check_directory(path: Path, where: str) -> None:
    """Refuse a member list that is too long to be parsed, by its size in the record at the end of the
    file.
    """
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 65_600))
        tail = file.read()
    end = tail.rfind(b"PK\x05\x06")
    if end < 0 or len(tail) < end + 20:
        return
    (size,) = struct.unpack_from("<I", tail, end + 12)
    end64 = tail.rfind(b"PK\x06\x06")
    if size == 0xFFFFFFFF and 0 <= end64 <= len(tail) - 56:
        (size,) = struct.unpack_from("<Q", tail, end64 + 40)
    if size > MAX_DIRECTORY_BYTES:
        raise _too_many(where)


def _too_many(where: str) -> ReadError:
    return ReadError(f"more than {MAX_MEMBERS:,} members", where=where, remedy="Check the archive's origin.")


if sys.version_info >= (3, 14):
    from compression.zstd import ZstdFile
else:
    from backports.zstd import ZstdFile


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
"""Members up to this size are kept in memory once they are read, so that the unpacked files needn't be kept.
"""


def unpacked(source: Source, folder: Path) -> tuple[list[Source], list[tuple[Source, ReadError]]]:
    """Unpack a zip below a folder. Returns its members as sources, and those that can't be unpacked with the
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
            elsewhere = ("/", "..", "__MACOSX")
            if name.endswith("/") or not parts or DRIVE.fullmatch(parts[0]):
                continue
            if any(is_hidden(part) or part in elsewhere for part in parts):
                continue
            # on Windows names can't contain a colon
            inner = Path(*(part.replace(":", "_") if os.name == "nt" else part for part in parts))
            member = replace(source, path=folder / source.name / inner, root=folder)
            if name in differing:
                what, remedy = "several members of this name differ", "Keep one of them, or rename it."
                failed.append((member, ReadError(what, where=member.name, remedy=remedy)))
                continue
            try:
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
    """Open the content of a compressed file. ReadError if it is damaged, also while it is read."""
    try:
        with source.opened() as raw, PACKED[source.path.suffix.lower()](raw) as file:
            yield file
    except BROKEN as error:
        raise source.error(
            f"can't be unpacked ({error})", "The file may be damaged: copy or write it again."
        ) from None


def _write(data: bytes, member: Source) -> int:
    """Write a member to disk, and return its size."""
    if len(data) > MAX_MEMBER_BYTES:
        raise _too_large(member)
    member.path.parent.mkdir(parents=True, exist_ok=True)
    return member.path.write_bytes(data)


def _too_large(source: Source) -> ReadError:
    return source.error("unpacks to more than is done automatically", "Unpack it and give the folder.")
