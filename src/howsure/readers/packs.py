"""Packs: what is kept of a folder between two commands, as one file each in the user's cache folder.

A pack is a digest, the length of its JSON, the JSON, and the tables that it tells of, in Arrow's format.
Whatever is wrong with one, or with the folder, it is as if it weren't there, and a pipe or a folder in its
place is neither opened nor waited for. Nothing in it is executed, and nobody else can read or write it.
"""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

FOLDER = "HOWSURE_CACHE"
"""The variable that names another folder."""
NAME = "howsure"
SUFFIX = ".pack"
MAX_BYTES = 1024**3
"""What all packs may take on disk; those that were used longest ago make way."""
MAX_PACK_BYTES = MAX_BYTES // 4
DIGEST_BYTES, LENGTH_BYTES = 32, 8
PRIVATE = 0o700


@dataclass(frozen=True, slots=True)
class Pack:
    """What a pack holds: plain JSON, and tables."""

    told: dict[str, Any]
    tables: tuple[pl.DataFrame, ...]


def folder() -> Path | None:
    """Return the folder of packs, which is made where it is missing; None where there can be none that is the
    user's own.
    """
    with suppress(OSError, RuntimeError):  # RuntimeError: there is no home
        place = _place()
        place.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        if not hasattr(os, "getuid") or _is_private(place.stat()):
            return place
    return None


def _is_private(found: os.stat_result) -> bool:
    """Say whether nobody but the user can write there."""
    return found.st_uid == os.getuid() and not found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)


def _place() -> Path:
    asked = os.environ.get(FOLDER)
    if asked:
        place = Path(asked).expanduser()
        if not place.is_absolute():
            raise OSError("another folder for every folder that one works in")
        return place
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / NAME
    usual = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    return (Path(usual) if Path(usual).is_absolute() else Path.home() / ".cache") / NAME


def path_of(key: Sequence[str]) -> Path | None:
    """Return where a pack of this key lies; None where there can be none."""
    place = folder()
    name = blake2b(json.dumps(key).encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    return None if place is None else place / f"{name}{SUFFIX}"


def opened(path: Path) -> Pack | None:
    """Return a pack, which counts as used from now on; None where there is none that is whole."""
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) or found.st_size > MAX_BYTES:
            return None
        data = memoryview(path.read_bytes())
        if blake2b(data[DIGEST_BYTES:], digest_size=DIGEST_BYTES).digest() != data[:DIGEST_BYTES]:
            return None
        begins = DIGEST_BYTES + LENGTH_BYTES
        told = json.loads(bytes(data[begins : (ends := begins + int.from_bytes(data[DIGEST_BYTES:begins]))]))
        tables = tuple(_tables(data[ends:], told["lengths"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError, pl.exceptions.PolarsError):
        return None
    with suppress(OSError):
        os.utime(path)
    return Pack(told, tables)


def _tables(data: memoryview, lengths: Iterable[int]) -> Iterable[pl.DataFrame]:
    for length in lengths:
        yield pl.read_ipc(BytesIO(data[:length]))
        data = data[length:]


def write(path: Path, pack: Pack) -> None:
    """Write a pack in place of another, unless it would be too large or the folder doesn't let it; others
    make way.
    """
    try:
        tables = [_written(table) for table in pack.tables]
        told = json.dumps(
            {**pack.told, "lengths": [len(table) for table in tables]}, separators=(",", ":")
        ).encode()
        parts: list[bytes | memoryview] = [len(told).to_bytes(LENGTH_BYTES), told, *tables]
        if sum(map(len, parts)) <= MAX_PACK_BYTES:
            _replace(path, parts)
            _make_way(path.parent)
    except (OSError, pl.exceptions.PolarsError):
        return


def _written(table: pl.DataFrame) -> memoryview:
    data = BytesIO()
    table.write_ipc(data, compression="zstd")
    return data.getbuffer()


def _replace(path: Path, parts: Sequence[bytes | memoryview]) -> None:
    """Write a file that is seen whole or not at all, also where two processes write it at once."""
    digest = blake2b(digest_size=DIGEST_BYTES)
    for part in parts:
        digest.update(part)
    with NamedTemporaryFile(dir=path.parent, suffix=SUFFIX, delete=False) as file:
        try:
            file.writelines([digest.digest(), *parts])
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _make_way(place: Path) -> None:
    """Remove packs that were used longest ago until the rest fits; what is no file of its own is passed
    over.
    """
    found = [
        (entry.stat(follow_symlinks=False), entry.path)
        for entry in os.scandir(place)
        if entry.name.endswith(SUFFIX)
    ]
    used = sorted(
        (each.st_mtime_ns, each.st_size, path) for each, path in found if stat.S_ISREG(each.st_mode)
    )
    total = sum(size for _, size, _ in used)
    for _, size, path in used:
        if total <= MAX_BYTES:
            return
        Path(path).unlink(missing_ok=True)
        total -= size
