"""The contract that every reader keeps.

A reader is a module with two functions and two names, and an optional third:

    NAME = "inspect"                                   # shown to the user
    FORMATS = "Inspect AI logs (.eval, .json)"         # one line for the documentation
    CHECKED = "Inspect 0.3.41–0.3.285, log version 2"  # what it was checked on; those of this package all say
    it

    def claims(source: Source) -> Claim | None: ...    # by content, cheap: look at source.first, source.head
    def read(source: Source) -> Reading: ...           # called only for claims of "rows"

Its line in `readers/registry.py` defines the content that it looks at. If that is sufficient, it needs no
`claims`. `claims` is only called for such content, and never raises. `read` raises
[`ReadError`][howsure.errors.ReadError] with the problem, the place and the remedy. Any other exception that a
broken file causes is turned into one by the folder reader. Nothing is executed or unpickled. Text in logs is
data: it is stored unchanged and escaped when it is rendered.
"""

from __future__ import annotations

import os
import sys
from codecs import BOM_UTF8
from collections.abc import Mapping  # noqa: TC003 - msgspec reads the annotations of what is kept
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from io import BufferedReader
from itertools import pairwise
from pathlib import Path
from tempfile import gettempdir
from typing import TYPE_CHECKING, Any, Literal, Protocol

import polars as pl

from howsure.errors import HowsureError, ReadError, ResultWarning
from howsure.readers import parsing
from howsure.readers.looked_at import leads_nowhere, names_in, without_waiting
from howsure.readers.parsing import cut_at
from howsure.table.scores import Extent, Group, Published, Run, TaskFacts, Total
from howsure.table.writing import Writing
from howsure.wording import without_secrets

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from howsure.readers.looked_at import LookedAt

VERSION = str(vars(sys.modules[__name__.partition(".")[0]])["__version__"])
"""The package's own module, which contains this one and so is loaded; importing it by name would be circular.
"""
CASE = ".aider.results.json"
"""A hidden file that is a result: one case of aider's benchmark."""
MOST_WORDS = 200
"""The maximum length shown of another library's message about a file."""


@contextmanager
def named(where: str, what: str = "") -> Iterator[None]:
    """Turn internal errors into a ReadError about the file. `what` is the format that was assumed.

    A panic of Polars isn't an Exception, but is treated as a fault of the file like any other.
    """
    kind = f"not a valid {what} file" if what else "can't be read"
    try:
        yield
    except HowsureError:
        raise
    except MemoryError:
        raise ReadError("does not fit into memory", where=where) from None
    except OSError as error:
        raise ReadError(
            f"can't be read ({error.strerror or _said(error)})", where=where, remedy="Check its rights."
        ) from None
    except pl.exceptions.PolarsError as error:
        raise ReadError(
            f"not a readable table ({_said(error)})", where=where, remedy="Write the file again."
        ) from None
    except (Exception, pl.exceptions.PanicException) as error:
        told = f"{type(error).__name__}: {_said(error)}"
        raise ReadError(
            f"{kind} ({told})", where=where, remedy="If the harness reads it, please report it."
        ) from error


def _said(error: BaseException) -> str:
    lines = str(error).splitlines()
    return without_secrets(lines[0])[:MOST_WORDS] if lines else type(error).__name__


Claim = Literal["rows", "companion"]
"""`rows`: read this file. `companion`: a neighbour of a file that is read, and used by that file's reader."""

HEAD_BYTES = 65_536
MAX_OUTLINED_BYTES = 256 * 1024**2
"""For a larger document the keys are those in its first bytes."""
TEMPORARY = "howsure-"
"""The beginning of the name of a folder for unpacked and fetched files."""
BLOCK_BYTES = 256 * 1024
"""How much of a file is read at a time. That much stays in the processor's cache."""
MAX_FILE_BYTES = 4 * 1024**3
PROB, PROB_NORM = "prob", "prob_norm"
"""Metrics that are probabilities of the right answer: among all answers, and normalised (see
docs/formats.md).
"""


@dataclass(frozen=True)
class Source:
    """One file, its first bytes, and the requested folder (`root`), for names taken from the path.

    `probabilities` requests rows with the probability of the right answer, if the file has it. `writing` is
    how tables write their numbers. `maps` are the user's mappings. `model_from` is a pattern for the part of
    the path that names the model. `items` is the path of a table with one row per item. `columns` names the
    columns of a published table by role, and `where` the rows of it that count. With `address` the file is
    remote, and `path` is a Parquet file with its columns and no rows. `packed` is the name of the compressed
    file that it was unpacked from, as it is shown. `processes` may read it at once, if it is large.
    `touched` records the other files that its reader uses, always through `near`, `has_folder` and `listed`.
    """

    path: Path
    root: Path
    probabilities: bool = False
    writing: Writing = field(default_factory=Writing)
    maps: tuple[GivenReader, ...] = ()
    model_from: str = ""
    items: str = ""
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    where: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    address: str = ""
    packed: str = ""
    processes: int = field(default=1, compare=False)
    touched: LookedAt | None = field(default=None, compare=False, repr=False)

    @cached_property
    def head(self) -> bytes:
        """The first 64 KiB, or for an unfetched file of git-annex the target of its link."""
        if leads_nowhere(self.path):
            return os.fsencode(self.path.readlink())
        with self.opened() as file:
            found: bytes | None = file.read(HEAD_BYTES)
        if found is None:
            raise ReadError(
                "no content yet: a file that is written while it is read, such as the system's own",
                where=self.name,
            )
        return found

    @cached_property
    def first(self) -> Mapping[str, bytes]:
        """The first object of a JSON file by its keys, each value as it is written: the document, or the
        first of a list or of lines.

        It doesn't depend on the order of keys. For a document over 256 MiB, or a truncated one, only the
        beginning is used.
        """
        if self.head.lstrip()[:1] not in (b"{", b"["):
            return {}
        if len(self.head) < HEAD_BYTES:
            line = self.head.lstrip().split(b"\n", 1)[0]
            whole = line if line.startswith(b"{") and line.rstrip().endswith(b"}") else self.head
            return parsing.members(whole)
        with self.opened() as file:
            line = file.readline(MAX_OUTLINED_BYTES)
            rest = (
                file.read(MAX_OUTLINED_BYTES - len(line)) if not line.rstrip().endswith((b"}", b"]")) else b""
            )
        return parsing.members(line + rest if len(line + rest) < MAX_OUTLINED_BYTES else self.head)

    def forget_contents(self) -> None:
        """Free the file's beginning, which is read again if it is needed."""
        for name in ("head", "first"):
            vars(self).pop(name, None)

    @property
    def is_temporary(self) -> bool:
        """Whether the file was unpacked or fetched into a folder that is removed after the reading."""
        folder, path = Path(gettempdir()).resolve(), self.path.resolve()
        return path.is_relative_to(folder) and path.relative_to(folder).parts[0].startswith(TEMPORARY)

    @property
    def is_list(self) -> bool:
        """Whether a JSON file contains a list."""
        return self.head.lstrip().startswith(b"[")

    def opened(self) -> BufferedReader:
        """Open the file, after the UTF-8 byte order mark of some editors.

        A system file that would wait for input (/proc/kmsg) fails instead.
        """
        file = open(self.path, "rb", buffering=BLOCK_BYTES, opener=without_waiting)  # noqa: SIM115
        assert isinstance(file, BufferedReader)
        try:
            if file.peek(len(BOM_UTF8)).startswith(BOM_UTF8):
                file.read(len(BOM_UTF8))
        except BaseException:
            file.close()
            raise
        return file

    @cached_property
    def name(self) -> str:
        """The path as shown to the user: relative to the requested folder."""
        if self.packed:
            return self.packed
        try:
            return str(self.path.relative_to(self.root)) if self.path != self.root else self.path.name
        except ValueError:
            return str(self.path)

    def error(self, what: str, remedy: str = "") -> ReadError:
        """Return an error about this file."""
        return ReadError(what, where=self.name, remedy=remedy)

    def published(self, task: str, model: str, metric: str, score: float, **more: Any) -> Published:
        """Return a score that this file states for a model on a task. `more` are other fields of
        Published.
        """
        return Published(task=task, model=model, metric=metric, score=score, source=self.name, **more)

    def json(self) -> Any:
        """Parse the whole file as JSON; a bare NaN becomes a float nan, as some harnesses write it."""
        return parsing.parse_json(self.read_bytes(), where=self.name)

    def json_lines(self) -> list[Any]:
        """Parse every line as JSON and keep all, without empty lines and a truncated last line (see
        `cut_row`).
        """
        if self.path.stat().st_size >= parsing.SMALL_BYTES:
            self._refuse_heavy_lines()
        return list(self.each_json_line())

    def each_json_line(self) -> Iterator[Any]:
        """Parse every line as JSON, one at a time, so that a reader of a large file keeps only what it
        needs.
        """
        for number, line in self.lines():
            found = parsing.parsed_line(line)
            unparsed = found is parsing.UNPARSED
            if unparsed and line.lstrip().startswith((b"#", b"//")):
                raise ReadError(
                    "a comment, which JSON Lines don't have",
                    where=f"{self.name}, line {number}",
                    remedy="Take it out.",
                )
            yield parsing.parse_json(line, where=f"{self.name}, line {number}") if unparsed else found

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Yield the lines that aren't empty with their numbers, without an incomplete last row."""
        number = 0
        for block in self.blocks():
            for line in block.splitlines():
                number += 1
                if line and not line.isspace():
                    yield number, line

    def parts(self, size: int) -> list[tuple[int, int]]:
        """Return where parts of about this many bytes begin and end in a file of lines, each with whole
        lines.
        """
        ends = [0]
        with self.opened() as file:
            whole = os.fstat(file.fileno()).st_size
            while (start := ends[-1] + size) < whole:
                file.seek(start)
                while (piece := file.readline(BLOCK_BYTES)) and not piece.endswith(b"\n"):
                    pass
                ends.append(file.tell())
        return list(pairwise([*ends, whole] if ends[-1] < whole else ends))

    def blocks(self, begin: int = 0, end: int = sys.maxsize) -> Iterator[bytes]:
        """Yield a file of lines, or a part of it, in blocks of whole lines, without an incomplete last
        row.
        """
        left = list[bytes]()
        with self.opened() as file:
            if begin:
                file.seek(begin)
            start = size = file.tell()
            while part := file.read1(min(BLOCK_BYTES, end - size)):
                size += len(part)
                if size > MAX_FILE_BYTES:
                    raise self._too_large(size)
                if b"\0" in part:
                    raise self._damaged()
                cut = part.rfind(b"\n") + 1
                if cut:
                    yield b"".join((*left, memoryview(part)[:cut]))
                    left.clear()
                left.append(part[cut:])
        last = b"".join(left)
        before = b"\n" if begin or size - start > len(last) else b""
        begins = cut_at(before + last, self.path.suffix.lower()) if last else None
        if row := last if begins is None else last[: begins - len(before)]:
            yield row

    def _refuse_heavy_lines(self) -> None:
        """Refuse a file of lines whose objects would take too much memory together."""
        with self.opened() as file:
            cost = sum(map(parsing.block_cost, iter(partial(file.read, BLOCK_BYTES), b"")))
        if cost > parsing.MAX_OBJECT_BYTES:
            parsing.refuse_bombs(sum(parsing.line_cost(line) for _, line in self.lines()), where=self.name)

    def whole_rows(self) -> bytes:
        """Read a file of lines without an incomplete last row."""
        data = self.read_bytes()
        if b"\0" in data:
            raise self._damaged()
        return data[: cut_at(data, self.path.suffix.lower())]

    def _damaged(self) -> ReadError:
        return ReadError(
            "zero bytes in the text", where=self.name, remedy="It may be damaged: write it again."
        )

    def near(self, path: Path) -> Source | None:
        """Return another file as a source, or None if there is none at this path."""
        if self.touched is not None:
            self.touched.path(path)
        return (
            Source(path=path, root=self.root, touched=self.touched)
            if path.is_file() or leads_nowhere(path)
            else None
        )

    def nearest(self, folders: Iterable[Path], name: str) -> Source | None:
        """Return the file of this name in the first of these folders that has one, or None if none has."""
        return next((found for folder in folders if (found := self.near(folder / name)) is not None), None)

    def has_folder(self, path: Path) -> bool:
        """Return whether there is a folder at a path."""
        if self.touched is not None:
            self.touched.path(path)
        return path.is_dir()

    def listed(self, folder: Path, pattern: str) -> list[Path]:
        """Return the contents of a folder that match a shell pattern, sorted, or nothing if the folder
        doesn't exist.
        """
        listing = names_in if self.touched is None else self.touched.names_in
        return [folder / name for name in listing(folder, pattern)]

    def beside(self, name: str) -> Any:
        """Parse a neighbouring file as JSON, or return None if it is missing or unreadable."""
        found = self.near(self.path.with_name(name))
        try:
            return None if found is None else found.json()
        except ReadError:
            return None

    def read_bytes(self) -> bytes:
        """Read the file. Files above the size limit are refused."""
        if (size := self.path.stat().st_size) > MAX_FILE_BYTES:
            raise self._too_large(size)
        with self.opened() as file:
            data = file.read(
                MAX_FILE_BYTES + 1
            )  # it may grow meanwhile, and files of the system have no size
        if len(data) > MAX_FILE_BYTES:
            raise self._too_large(len(data))
        return data

    def _too_large(self, size: int) -> ReadError:
        return ReadError(
            f"{size:,} bytes exceed the limit of {MAX_FILE_BYTES:,}",
            where=self.name,
            remedy="Split the file or convert it to Parquet, which is read in pieces.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The content of one file.

    `rows`: a Polars frame with the columns of the tidy table and metadata columns (see `tidy`), or None if
    the file contains only published scores. `configuration`: settings that distinguish two runs of one model
    (temperature, prompt …), used only if the same model and task occur more than once. `notes` are shown
    before any number. `score_name` is the original name of the score column, and `signed` whether it had %
    signs. `published`, `extents` and `totals` are the log's own figures, against which its rows are checked.
    `groups` are its ways of combining tasks.
    """

    rows: pl.DataFrame | None = None
    facts: tuple[TaskFacts, ...] = ()
    published: tuple[Published, ...] = ()
    extents: tuple[Extent, ...] = ()
    totals: tuple[Total, ...] = ()
    groups: tuple[Group, ...] = ()
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()
    run: Run | None = None
    score_name: str = ""
    signed: bool = False
    configuration: Mapping[str, str] = field(default_factory=dict)


class Reader(Protocol):
    """An entry of the registry: a module (or any object) with these four names. A fifth, `CHECKED`, is for
    the documentation.
    """

    @property
    def NAME(self) -> str:  # noqa: N802 - a constant of a module
        """The name shown to the user."""

    @property
    def FORMATS(self) -> str:  # noqa: N802 - a constant of a module
        """One line for the documentation."""

    def claims(self, source: Source) -> Claim | None:
        """Return whether this reader applies to the file, judging by content."""

    def read(self, source: Source) -> Reading:
        """Read the file."""


class GivenReader(Reader, Protocol):
    """A reader given by the user, such as a mapping. One that names its files takes precedence over all
    others.
    """

    def names(self, source: Source) -> bool:
        """Return whether it was given for exactly this file."""


def looks_like(head: bytes, keys: Iterable[str]) -> bool:
    """Return whether each of these JSON keys occurs, quoted, in the first bytes of a file."""
    return all(f'"{key}"'.encode() in head for key in keys)


def is_hidden(name: str) -> bool:
    """Return whether a name is hidden; the cases of aider's benchmark aren't."""
    return name.startswith(".") and name != CASE
