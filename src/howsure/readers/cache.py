"""A cache of the contents of files: a second command on the same folder only reads changed files.

Each requested folder has one pack, a file in the user's cache folder: a digest and a `Pack`, in MessagePack.
An entry contains the result for one file and everything it depends on: the file, every neighbour that its
reader used or looked for, and names in folders (`stamps`). It is valid while all of these are unchanged, for
the same options and the same readers. Not cached are tables, which are scanned and not read, saved baselines,
files that failed or were written within the last seconds, and files claimed by readers of other packages,
whose changes aren't known.

A pack or folder with any fault is ignored, and a pipe or folder in its place is neither opened nor waited
for. Nothing in it is executed, and no other user can read or write it.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import TYPE_CHECKING, Any, TypeVar

import polars as pl

from howsure.readers import registry
from howsure.readers.base import VERSION
from howsure.readers.looked_at import LookedAt, Stamp, names_again, stamp_of
from howsure.readers.parsing import can_be_read
from howsure.readers.reading import APART, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from howsure.readers.base import Source

T = TypeVar("T")

FOLDER = "HOWSURE_CACHE"
"""The variable for another folder."""
NAME = "howsure"
SUFFIX = ".pack"
MAX_BYTES = 1024**3
"""The maximum size of all packs on disk; the least recently used are removed."""
MAX_PACK_BYTES = MAX_BYTES // 4
DIGEST_BYTES = 32
PRIVATE = 0o700
FORMAT = 3
WORTH_SECONDS = 0.3
"""Files that were read faster aren't cached: small folders leave no trace."""
ROOMS = ("", "readers", "readers/mapping", "table", "statistics")
"""The place of the code that makes readings."""


def encoded(value: Any) -> bytes:
    """Write a value; for a dataclass all fields. Non-finite floats are kept."""
    import msgspec

    return msgspec.msgpack.encode(value)


def decoded(data: bytes, kind: type[T]) -> T:
    """Return a written value as a type. ValueError if it isn't valid."""
    import msgspec

    return msgspec.msgpack.decode(data, type=kind)


@dataclass(frozen=True, slots=True)
class CachedFile:
    """The cached result of one file.

    Attributes:
        outcome: The encoded result, without its rows.
        paths: The paths that its reader used, or looked for, with their status in the file system.
        names: The contents of folders: folder, pattern, and the names.
        at: The place of its rows: the table, the start, and the number, or None if there aren't any.
    """

    outcome: bytes
    paths: dict[str, Stamp]
    names: tuple[tuple[str, str, tuple[str, ...]], ...]
    at: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True)
class Pack:
    """The content of a pack.

    Attributes:
        made_by: The program that wrote it.
        key: The folder and the options.
        entries: The cached results, by the paths of the files.
        tables: The concatenated rows of many files, in Arrow's format.
    """

    made_by: str
    key: tuple[str, ...]
    entries: dict[str, CachedFile] = field(default_factory=dict)
    tables: tuple[bytes, ...] = ()


Held = tuple[CachedFile, pl.DataFrame | None]


@dataclass(frozen=True, slots=True)
class Cache:
    """The packs of the folders of one walk, each opened when its first file is needed."""

    options: tuple[str, ...]
    roots: frozenset[Path]
    _books: dict[tuple[str, ...], _Book] = field(default_factory=dict)

    def outcome(self, source: Source, look: Callable[[Source], Outcome]) -> Outcome:
        """Return the result for a file: the cached one, if still valid, else that of `look`."""
        if source.root not in self.roots:  # a member of an archive, in a folder that will be removed
            return look(source)
        book = self._book(source)
        return book.kept(str(source.path)) or book.looked_at(source, look)

    def knows(self, source: Source) -> bool:
        """Return whether there is a cached result for a file, valid or not."""
        return str(source.path) in self._book(source).pack.entries

    def _book(self, source: Source) -> _Book:
        """Return the pack of a file, named by the given folder and the options. Files that were given
        directly share one.
        """
        itself = source.path == source.root
        root = source.root.parent if itself else source.root
        place = os.path.abspath(root)  # noqa: PTH100 - a Path's absolute() keeps its dots
        key = (str(root), place, str(itself), *self.options)
        if key not in self._books:
            self._books[key] = _Book.opened(key)
        return self._books[key]

    def write(self) -> None:
        """Save the results, if reading took long enough."""
        for book in self._books.values():
            book.write()


def cache_of(sources: Iterable[Source], options: Iterable[object]) -> Cache:
    """Return the cache for these files, read with these options."""
    return Cache(
        tuple(map(repr, options)), frozenset(source.root for source in sources if not source.address)
    )


@dataclass(frozen=True, slots=True)
class _Book:
    """An open pack.

    Attributes:
        place: The path it is written to, or None if it can't be written.
        pack: Its previous content.
        tables: Its tables of rows.
        now: The entries that are valid now.
        asked: The requested files.
        seconds: The time spent on files.
    """

    place: Path | None
    pack: Pack
    tables: tuple[pl.DataFrame, ...] = ()
    now: dict[str, Held] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)
    seconds: list[float] = field(default_factory=list)

    @classmethod
    def opened(cls, key: tuple[str, ...]) -> _Book:
        """Open a pack. One that is damaged, or was made by other readers, is empty."""
        place = folder()
        if place is not None:
            name = json.dumps(key).encode("utf-8", "surrogatepass")
            place = place / f"{blake2b(name, digest_size=16).hexdigest()}{SUFFIX}"
            with suppress(OSError, ValueError, pl.exceptions.PolarsError, RecursionError):
                pack = _opened(place)
                if pack is not None and (pack.made_by, pack.key) == (_made_by(), key):
                    return cls(place, pack, tuple(pl.read_ipc(BytesIO(table)) for table in pack.tables))
        return cls(place, Pack(_made_by(), key))

    def kept(self, path: str) -> Outcome | None:
        """Return the cached result of a file, or None if there isn't one, or it may not be valid any more."""
        self.asked.add(path)
        entry = self.pack.entries.get(path)
        if entry is None or any(stamp_of(name) != stamp for name, stamp in entry.paths.items()):
            return None
        if not names_again(entry.names):
            return None
        try:
            outcome = decoded(entry.outcome, Outcome)
        except ValueError:  # a value of the wrong type for its field
            return None
        if not _is_ours(outcome):
            return None
        rows = self._rows(entry)
        self.now[path] = entry, rows
        return outcome if outcome.reading is None else _with_rows(outcome, rows)

    def _rows(self, entry: CachedFile) -> pl.DataFrame | None:
        if entry.at is None:
            return None
        table, offset, length = entry.at
        return self.tables[table].slice(offset, length)

    def looked_at(self, source: Source, look: Callable[[Source], Outcome]) -> Outcome:
        """Return the result of `look` for a file, which is cached if nothing changed meanwhile."""
        started, touched = time.perf_counter(), LookedAt()
        outcome = look(replace(source, touched=touched))
        if outcome.reader not in APART and _is_ours(outcome) and touched.is_unchanged():
            names = tuple((*key, tuple(names)) for key, names in touched.names.items())
            bare = outcome if outcome.reading is None else _with_rows(outcome, None)
            entry = CachedFile(encoded(bare), touched.paths, names)
            with suppress(ValueError):  # a name that isn't Unicode
                encoded(entry)
                self.now[str(source.path)] = entry, outcome.reading.rows if outcome.reading else None
        self.seconds.append(time.perf_counter() - started)
        return outcome

    def write(self) -> None:
        """Rewrite the pack, if reading took long enough and the folder allows it. Other packs are removed if
        space is needed.
        """
        if self.place is None or not self.now or sum(self.seconds) < WORTH_SECONDS:
            return
        entries: dict[str, CachedFile] = {}
        tables: dict[tuple[object, ...], list[pl.DataFrame]] = {}  # one per set of columns
        lengths: dict[tuple[object, ...], int] = {}
        others = {  # of files that weren't requested this time
            path: (entry, self._rows(entry))
            for path, entry in self.pack.entries.items()
            if path not in self.asked and Path(path).is_file()
        }
        for path, (entry, rows) in {**others, **self.now}.items():
            at = None
            if rows is not None:
                columns = (*rows.columns, *rows.dtypes)
                tables.setdefault(columns, []).append(rows)
                offset = lengths.get(columns, 0)
                lengths[columns] = offset + len(rows)
                at = list(tables).index(columns), offset, len(rows)
            entries[path] = replace(entry, at=at)
        with suppress(OSError, ValueError, pl.exceptions.PolarsError):
            written = []
            for parts in tables.values():
                pl.concat(parts, rechunk=True).write_ipc(data := BytesIO(), compression="zstd")
                written.append(data.getvalue())
            pack = encoded(Pack(_made_by(), self.pack.key, entries, tuple(written)))
            if len(pack) <= MAX_PACK_BYTES:
                _replace(self.place, pack)
                _make_way(self.place.parent)


def _with_rows(outcome: Outcome, rows: pl.DataFrame | None) -> Outcome:
    assert outcome.reading is not None
    return replace(outcome, reading=replace(outcome.reading, rows=rows))


def folder() -> Path | None:
    """Return the folder of packs, which is made if it is missing. None if there isn't a private one, which no
    other user can write to.
    """
    with suppress(OSError, RuntimeError):  # RuntimeError: the user has no home folder
        place = _place()
        place.mkdir(mode=PRIVATE, parents=True, exist_ok=True)
        found = place.stat()
        others_write = found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
        if not hasattr(os, "getuid") or (found.st_uid == os.getuid() and not others_write):
            return place
    return None


def _place() -> Path:
    asked = os.environ.get(FOLDER)
    if asked:
        place = Path(asked).expanduser()
        if not place.is_absolute():
            raise OSError("a separate folder for every working directory")
        return place
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / NAME
    usual = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    return (Path(usual) if Path(usual).is_absolute() else Path.home() / ".cache") / NAME


def _opened(path: Path) -> Pack | None:
    """Return a pack, which counts as used from now on, or None if it is missing or damaged."""
    file = path.stat()
    if not stat.S_ISREG(file.st_mode) or file.st_size > MAX_BYTES:
        return None
    data = path.read_bytes()
    if _digest(data[DIGEST_BYTES:]) != data[:DIGEST_BYTES]:
        return None
    pack = decoded(data[DIGEST_BYTES:], Pack)
    with suppress(OSError):
        os.utime(path)
    return pack


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=DIGEST_BYTES).digest()


def _replace(path: Path, data: bytes) -> None:
    """Write a pack atomically, also if two processes write it at once."""
    with NamedTemporaryFile(dir=path.parent, suffix=SUFFIX, delete=False) as file:
        try:
            file.writelines([_digest(data), data])
            file.close()
            Path(file.name).replace(path)
        except BaseException:
            Path(file.name).unlink(missing_ok=True)
            raise


def _make_way(place: Path) -> None:
    """Remove the least recently used packs until the rest fits. Anything but regular files is skipped."""
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


def _is_ours(outcome: Outcome) -> bool:
    """Return whether a result doesn't depend on readers of other packages."""
    others = {reader.NAME for reader in registry.others()}
    return outcome.reader not in others if outcome.reader else not others


@cache
def _made_by() -> str:
    """Return the key of all readings: the installed version of this program and of its dependencies."""
    folders = [Path(__file__).parents[1] / room for room in ROOMS]
    # none if the program itself is in an archive
    files = [entry for place in folders if place.is_dir() for entry in os.scandir(place) if entry.is_file()]
    code = sorted((entry.path, entry.stat().st_size, entry.stat().st_mtime_ns) for entry in files)
    return repr([FORMAT, VERSION, pl.__version__, sys.version, can_be_read(), code])
