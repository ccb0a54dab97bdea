"""A `.zip` of logs is a folder: its members are unpacked beside each other, with limits, and read like files."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from howsure.errors import ReadError
from howsure.readers.archive import open_archive
from howsure.readers.walking import is_hidden

if TYPE_CHECKING:
    from howsure.readers.base import Source

DRIVE = re.compile("[A-Za-z]:")
MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_MEMBER_BYTES = 256 * 1024**2
"""Members up to this size are held in memory once they are read, so that the unpacked files needn't be kept."""


def unpacked(source: Source, folder: Path) -> tuple[list[Source], list[tuple[Source, ReadError]]]:
    """Unpack a zip below a folder; return its members as sources, and those that can't be unpacked with the reason.

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


def _write(data: bytes, member: Source) -> int:
    """Write a member to the disk; return its size."""
    if len(data) > MAX_MEMBER_BYTES:
        raise _too_large(member)
    member.path.parent.mkdir(parents=True, exist_ok=True)
    return member.path.write_bytes(data)


def _too_large(source: Source) -> ReadError:
    return ReadError("unpacks to more than is done unasked", where=source.name, remedy="Unpack it and name the folder.")


def _ambiguous(member: Source) -> ReadError:
    return ReadError("several members of this name differ", where=member.name, remedy="Keep one of them, or rename it.")


def _on_disk(part: str) -> str:
    """Return a name as the disk takes it: on Windows a colon is none."""
    return part.replace(":", "_") if os.name == "nt" else part


def _leads_elsewhere(parts: tuple[str, ...]) -> bool:
    return bool(DRIVE.fullmatch(parts[0])) or any(is_hidden(part) or part in ("/", "..", "__MACOSX") for part in parts)
