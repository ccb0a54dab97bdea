"""A `.zip` of logs is a folder: its members are unpacked beside each other, with limits, and read like files."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from howsure.errors import ReadError
from howsure.readers.archive import open_archive

if TYPE_CHECKING:
    from howsure.readers.base import Source

MAX_UNPACKED_BYTES = 2 * 1024**3
MAX_MEMBER_BYTES = 256 * 1024**2
"""Members up to this size are held in memory once they are read, so that the unpacked files needn't be kept."""


def unpacked(source: Source, folder: Path) -> list[Source]:
    """Unpack a zip below a folder and return its members as sources; hidden ones, and names that lead elsewhere, are left out."""
    found, size = [], 0
    with open_archive(source.path, where=source.name) as archive:
        for name in dict.fromkeys(archive.names):
            parts = PurePosixPath(name.replace("\\", "/")).parts
            if name.endswith("/") or not parts or _leads_elsewhere(parts):
                continue
            data = archive.read(name)
            size += len(data)
            if size > MAX_UNPACKED_BYTES or len(data) > MAX_MEMBER_BYTES:
                raise ReadError(
                    "unpacks to more than is done unasked", where=source.name, remedy="Unpack it and name the folder."
                )
            path = folder / source.name / Path(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            found.append(replace(source, path=path, root=folder))
    return found


def _leads_elsewhere(parts: tuple[str, ...]) -> bool:
    return any(part.startswith(".") or part in ("/", "__MACOSX") or ":" in part for part in parts)
