"""The log of changes beside an SQLite database (WAL): SQLite ends at its first damaged page in silence, so
what it committed is counted.

A header of 32 bytes, then frames: 24 bytes that say whether the frame ends a transaction, and a page. Frames
of this log have the salt of its header; others are left over from before. See "WAL File Format" in SQLite's
documentation.
"""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

from howsure.errors import ReadError

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from howsure.readers.base import Source

ENDING = "-wal"
HEADER, FRAME = struct.Struct(">II I I 8s II"), struct.Struct(">I I 8s 8x")
LITTLE, BIG = 0x377F0682, 0x377F0683
"""By these a log begins, as its checksums read their numbers."""


def refuse_damaged_log(connection: sqlite3.Connection, place: Path, source: Source) -> None:
    """Raise ReadError where the log beside a database has committed more than SQLite can carry out, or can't
    be read at all.
    """
    log = place.with_name(f"{place.name}{ENDING}")
    if not log.is_file() or not log.stat().st_size:
        return
    known: int = connection.execute("PRAGMA wal_checkpoint").fetchone()[1]
    if known < 0:  # the database keeps no such log
        return
    last = committed(log)
    if last is None or last > known:
        what = (
            "can't be read"
            if last is None
            else f"has {last:,} pages committed, and only {known:,} of them are sound"
        )
        raise ReadError(
            f"the log of changes beside it ({source.name}{ENDING}) {what}",
            where=source.name,
            remedy="Copy both files again while nobody writes, or copy it with sqlite3's .backup.",
        )


def committed(log: Path) -> int | None:
    """Return how many frames a log has up to the end of its last transaction; None where it doesn't begin as
    one.
    """
    with log.open("rb") as file:
        head = file.read(HEADER.size)
        if len(head) < HEADER.size:
            return None
        magic, _, page, _, salt, *sums = HEADER.unpack(head)
        if magic not in (LITTLE, BIG) or _checksum(head[:24], "<" if magic == LITTLE else ">") != sums:
            return None
        frames, last = 0, 0
        while len(frame := file.read(FRAME.size)) == FRAME.size:
            frames += 1
            _, ends, own = FRAME.unpack(frame)
            last = frames if ends and own == salt else last
            file.seek(page, 1)
    return last


def _checksum(data: bytes, order: str) -> list[int]:
    first = second = 0
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for one, two in zip(words[::2], words[1::2], strict=True):
        first = (first + one + second) % 2**32
        second = (second + two + first) % 2**32
    return [first, second]
