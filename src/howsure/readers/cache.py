"""A cache of what files hold: a second command on the same folder reads only what changed.

For each folder that was asked for there is one pack (`packs`). An entry of it says what became of one file,
and on what that depends: the file, every neighbour that its reader looked at or looked for, and names in
folders (`touched`). It holds while all of these are as they were, for the same options and the same readers.
Not kept are tables, which are scanned and not read, saved baselines, files that failed, and what readers of
other packages claim, since nobody knows when these change.
"""

from __future__ import annotations

import json
import os
import stat
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, fields, is_dataclass, replace
from functools import cache, partial
from hashlib import blake2b
from io import BytesIO
from pathlib import Path
from tempfile import NamedTemporaryFile
from types import UnionType
from typing import TYPE_CHECKING, Any, Union, get_args, get_origin, get_type_hints

import polars as pl

from howsure.errors import Caution
from howsure.readers import registry
from howsure.readers.base import Claim, Reading
from howsure.readers.parsing import can_be_read
from howsure.readers.reading import APART, Outcome
from howsure.readers.saved import VERSION, usual
from howsure.readers.stamps import Seen, Touched, names_again, seen_again
from howsure.table.scores import Extent, Group, Published, Run, TaskFacts, Total, text_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.readers.base import Source

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


Decode = Callable[[Any], Any]
PLAIN = (str, int, float, bool, type(None))
KINDS = (Caution, Extent, Group, Published, Reading, Run, TaskFacts, Total)
NAMES = {"Mapping": Mapping, "Claim": Claim, "pl": pl, **{kind.__name__: kind for kind in KINDS}}
"""Names in annotations that their modules import for type checkers only."""


def encoded(value: Any) -> Any:
    """Return a value as JSON has it, of a dataclass the fields that differ from their defaults. TypeError
    where it wouldn't come back as it is.
    """
    if type(value) in PLAIN:
        return value
    if is_dataclass(value):
        named = ((name, getattr(value, name), default) for name, default in _defaults(value.__class__))
        return {
            name: encoded(found)
            for name, found, default in named
            if type(found) is not type(default) or found != default
        }
    if type(value) is dict and all(type(name) is str for name in value):
        return {name: encoded(each) for name, each in value.items()}
    if type(value) is frozenset:
        return sorted(map(encoded, value))
    if type(value) is tuple:
        return [each if type(each) is str else encoded(each) for each in value]
    raise TypeError(f"{type(value).__name__} is not kept")


@cache
def _defaults(kind: Any) -> tuple[tuple[str, Any], ...]:
    """Return the fields of a dataclass with their defaults."""
    return tuple((each.name, usual(each)) for each in fields(kind))


def decoded(kind: Any, given: Any) -> Any:
    """Return what was encoded as a value of this kind, a dataclass or an annotation."""
    decode = _decode(kind)
    return given if decode is None else decode(given)


@cache
def _decode(kind: Any) -> Decode | None:
    """Return what makes a value of this kind of JSON; None where it is one already."""
    origin, inner = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return _decode(inner[0])
    if isinstance(kind, type) and is_dataclass(kind):
        return partial(
            _made, kind, {name: _decode(hint) for name, hint in get_type_hints(kind, localns=NAMES).items()}
        )
    if origin in (tuple, frozenset):
        return partial(_gathered, origin, _decode(inner[0]))
    return None


def _made(kind: Callable[..., Any], decodes: Mapping[str, Decode | None], given: Mapping[str, Any]) -> Any:
    return kind(
        **{
            name: value if (decode := decodes[name]) is None or value is None else decode(value)
            for name, value in given.items()
        }
    )


def _gathered(kind: Callable[..., Any], decode: Decode | None, given: Any) -> Any:
    return kind(given if decode is None else map(decode, given))


FORMAT = 1
WORTH_SECONDS = 0.3
"""What took less to read is not worth a pack: small folders leave no trace."""
ROOMS = ("", "readers", "readers/mapping", "table", "statistics")
"""Where the code lies that makes readings."""

Entry = dict[str, Any]
"""Of one file, in JSON: `outcome`, the `paths` and `names` that it depends on, and where its rows are, `at`
(table, offset, length).
"""
Held = tuple[Entry, pl.DataFrame | None]


@dataclass(frozen=True, slots=True)
class Cache:
    """The packs of the folders of one walk, each opened when its first file is asked for."""

    options: tuple[str, ...]
    roots: frozenset[Path]
    _books: dict[tuple[str, ...], _Book] = field(default_factory=dict)

    def outcome(self, source: Source, look: Callable[[Source], Outcome]) -> Outcome:
        """Return what became of a file: what is kept of it, where that still holds, else what `look`
        finds.
        """
        if source.root not in self.roots:  # a member of an archive, which lies in a folder that will be gone
            return look(source)
        book = self._book(source)
        return book.kept(str(source.path)) or book.looked_at(source, look)

    def knows(self, source: Source) -> bool:
        """Say whether something is kept of a file, whether it still holds or not."""
        return str(source.path) in self._book(source).before

    def _book(self, source: Source) -> _Book:
        key = _key(source, self.options)
        if key not in self._books:
            self._books[key] = _Book.opened(key)
        return self._books[key]

    def write(self) -> None:
        """Keep what was found, where it took long enough."""
        for book in self._books.values():
            book.write()


def cache_of(sources: Iterable[Source], options: Iterable[object]) -> Cache:
    """Return the cache for these files, read with these options."""
    return Cache(
        tuple(map(repr, options)), frozenset(source.root for source in sources if not source.address)
    )


def _key(source: Source, options: Sequence[str]) -> tuple[str, ...]:
    """Return what a pack is called by: the folder as it was given, where that is, and the options. Files that
    were named themselves share one.
    """
    itself = source.path == source.root
    root = source.root.parent if itself else source.root
    return (str(root), os.path.abspath(root), str(itself), *options)  # noqa: PTH100 - a Path's absolute() keeps its dots


@dataclass(frozen=True, slots=True)
class _Book:
    """A pack at work: what it held `before`, with the tables of rows, and what holds `now`; `checked` and
    `known` are paths as they are now.
    """

    key: tuple[str, ...]
    place: Path | None
    before: dict[str, Entry]
    seen: dict[str, Seen]
    tables: tuple[pl.DataFrame, ...]
    now: dict[str, Held] = field(default_factory=dict)
    checked: dict[str, bool] = field(default_factory=dict)
    known: dict[str, Seen] = field(default_factory=dict)
    seconds: list[float] = field(default_factory=list)

    @classmethod
    def opened(cls, key: tuple[str, ...]) -> _Book:
        """Open a pack; one that is damaged, or was made by other readers, holds nothing."""
        place = path_of(key)
        pack = opened(place) if place is not None else None
        if pack is None or pack.told.get("made by") != _made_by() or pack.told.get("key") != list(key):
            return cls(key, place, {}, {}, ())
        seen = {
            path: Seen(tuple(stamp), moment, digest)
            for path, (stamp, moment, digest) in pack.told["seen"].items()
        }
        entries = {
            path: entry for path, entry in pack.told["entries"].items() if set(entry["paths"]) <= seen.keys()
        }
        return cls(key, place, entries, seen, pack.tables)

    def kept(self, path: str) -> Outcome | None:
        """Return what is kept of a file, None where nothing is, or it may not hold any more."""
        entry = self.before.get(path)
        if entry is None or not (all(map(self._holds, entry["paths"])) and names_again(entry["names"])):
            return None
        rows = self._rows(entry)
        outcome: Outcome = decoded(Outcome, entry["outcome"])
        if not _is_ours(outcome):
            return None
        self.now[path] = entry, rows
        return (
            outcome
            if outcome.reading is None
            else replace(outcome, reading=replace(outcome.reading, rows=rows))
        )

    def _holds(self, path: str) -> bool:
        """Say whether a path is what it was; each is looked at once."""
        if path not in self.checked:
            started, before = time.perf_counter(), self.seen[path]
            now = seen_again(path, before)
            self.checked[path] = now is not None
            if now is not None:
                self.known.setdefault(path, now)
            if now is not before:
                self.seconds.append(time.perf_counter() - started)
        return self.checked[path]

    def _rows(self, entry: Entry) -> pl.DataFrame | None:
        if entry["at"] is None:
            return None
        table, offset, length = entry["at"]
        rows: pl.DataFrame = self.tables[table]
        return rows.slice(offset, length)

    def looked_at(self, source: Source, look: Callable[[Source], Outcome]) -> Outcome:
        """Return what `look` finds in a file, which is kept if nothing changed meanwhile."""
        started, touched = time.perf_counter(), Touched(self.known)
        outcome = look(replace(source, touched=touched))
        if (
            self.place is not None
            and outcome.reader not in APART
            and _is_ours(outcome)
            and touched.is_unchanged()
        ):
            self._keep(str(source.path), outcome, touched)
        self.seconds.append(time.perf_counter() - started)
        return outcome

    def _keep(self, path: str, outcome: Outcome, touched: Touched) -> None:
        reading = outcome.reading
        try:
            found = encoded(
                outcome if reading is None else replace(outcome, reading=replace(reading, rows=None))
            )
        except TypeError:  # a value that JSON would change
            return
        names = [[*key, found] for key, found in touched.names.items()]
        entry = {"outcome": found, "paths": list(touched.paths), "names": names}
        self.now[path] = entry, None if reading is None else reading.rows

    def write(self) -> None:
        """Write the pack anew, where what wasn't kept took long enough."""
        if self.place is None or sum(self.seconds) < WORTH_SECONDS:
            return
        held = {**dict(self._others()), **self.now}
        tables = _Tables()
        entries = {path: {**entry, "at": tables.add(rows)} for path, (entry, rows) in held.items()}
        paths = dict.fromkeys(path for entry in entries.values() for path in entry["paths"])
        seen = {path: self.known.get(path) or self.seen[path] for path in paths}
        told = {
            "made by": _made_by(),
            "key": list(self.key),
            "seen": {path: [each.stamp, each.moment, each.digest] for path, each in seen.items()},
            "entries": entries,
        }
        write(self.place, Pack(told, tables.joined()))

    def _others(self) -> Iterator[tuple[str, Held]]:
        """Yield what is kept of files that weren't asked for this time, as far as nothing that it depends on
        is known to have changed.
        """
        for path, entry in self.before.items():
            changed = any(each in self.known and not self.checked.get(each) for each in entry["paths"])
            if path not in self.now and not changed and Path(path).is_file():
                yield path, (entry, self._rows(entry))


@dataclass(frozen=True, slots=True)
class _Tables:
    """Rows of many files in as few tables as there are sets of columns."""

    places: dict[tuple[Any, ...], int] = field(default_factory=dict)
    parts: list[list[pl.DataFrame]] = field(default_factory=list)
    lengths: list[int] = field(default_factory=list)

    def add(self, rows: pl.DataFrame | None) -> list[int] | None:
        """Take rows in, and return where they are: in which table, from where, and how many."""
        if rows is None:
            return None
        table = self.places.setdefault((*rows.columns, *rows.dtypes), len(self.parts))
        if table == len(self.parts):
            self.parts.append([])
            self.lengths.append(0)
        self.parts[table].append(rows)
        self.lengths[table] += len(rows)
        return [table, self.lengths[table] - len(rows), len(rows)]

    def joined(self) -> tuple[pl.DataFrame, ...]:
        """Return the tables."""
        return tuple(pl.concat(parts, rechunk=True) for parts in self.parts)


def _is_ours(outcome: Outcome) -> bool:
    """Say whether readers of other packages had no part in what became of a file."""
    others = {reader.NAME for reader in registry.others()}
    return outcome.reader not in others if outcome.reader else not others


@cache
def _made_by() -> list[Any]:
    """Return what makes readings what they are: this program as it lies here, and what it relies on."""
    package = Path(__file__).parents[1]
    files = [entry for room in ROOMS for entry in _files(package / room)]
    code = sorted((entry.path, (found := entry.stat()).st_size, found.st_mtime_ns) for entry in files)
    return [FORMAT, VERSION, pl.__version__, sys.version, can_be_read(), text_digest(repr(code))]


def _files(folder: Path) -> list[os.DirEntry[str]]:
    """List the files of a folder; none where the program itself lies in an archive."""
    return [entry for entry in os.scandir(folder) if entry.is_file()] if folder.is_dir() else []
