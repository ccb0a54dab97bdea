"""Many files are read by several processes: helpers begin at the end of the list while this one goes on from
its start, until they meet.

What helpers find is what this process would have found; whatever befalls one, its files are read here.
"""

from __future__ import annotations

import signal
import time
import warnings
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from howsure.errors import HowsureError
from howsure.readers.reading import Outcome, outcome_of
from howsure.readers.stamps import LookedAt

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from multiprocessing.connection import Connection

    from howsure.readers.base import Source
    from howsure.readers.stamps import Seen

    Parcel = tuple[Source, ...]
    Told = tuple[Outcome | HowsureError, LookedAt | None]

AFTER_SECONDS, WORTH_SECONDS = 0.3, 1.0
"""Helpers are called when reading has taken so long and would take so much longer: each needs some .4 s to
begin.
"""
MAX_BYTES = 32 * 1024**2
"""Larger files are read here, so that only one is held at a time."""
PARCEL_FILES, PARCEL_BYTES = 16, 4 * 1024**2


@dataclass(slots=True)
class ParallelReading:
    """The files of one walk, which it asks for in their order; `known` says which a cache may spare, where
    there is one.

    `processes`: how many may read, until helpers have been called; `seconds`: what it took to `read` so many
    here. `waiting` are files that nobody has begun with, in their order, and `told` is what helpers said of
    those that the walk hasn't reached.
    """

    sources: Sequence[Source]
    asked: str | None
    processes: int
    known: Callable[[Source], bool] | None = None
    seconds: float = 0.0
    read: int = 0
    waiting: deque[Parcel] = field(default_factory=deque)
    helpers: list[Helper] = field(default_factory=list)
    told: dict[Source, Told] = field(default_factory=dict)

    def outcome(self, source: Source) -> Outcome:
        """Return what becomes of a file, or raise what is wrong with it."""
        if self.processes > 1 and self.seconds > AFTER_SECONDS and source in self.sources:
            self._call_helpers(self.sources.index(source), noting=source.touched is not None)
        told = self._told(source) if self.helpers else None
        if told is None:
            return self._read_here(source)
        found, touched = told
        if source.touched is not None and touched is not None:
            source.touched.add(touched)
        if isinstance(found, HowsureError):
            raise found
        return found

    def _told(self, source: Source) -> Told | None:
        """Return what a helper tells of a file; None where none has begun with it, and none will."""
        if self.waiting and source in self.waiting[0]:
            self.waiting.popleft()
        for helper in self.helpers:
            self._hear(helper, source)
        return self.told.pop(source, None)

    def _read_here(self, source: Source) -> Outcome:
        began = time.perf_counter()
        try:
            return outcome_of(source, self.asked)
        finally:
            self.seconds += time.perf_counter() - began
            self.read += 1

    def _call_helpers(self, place: int, *, noting: bool) -> None:
        """Let helpers read what comes from a place on, where it is enough to pay for calling them; they are
        called once.
        """
        left = [
            (source, size)
            for source in self.sources[place:]
            if (size := self._handed_over(source)) is not None
        ]
        helpers, self.processes = self.processes - 1, 1
        if self.seconds / self.read * len(left) >= WORTH_SECONDS:
            self.waiting.extend(_parcels(left))
            with suppress(OSError, ImportError, AssertionError):  # where no process can, or may, be started
                self.helpers.extend(Helper.called(self.asked, noting) for _ in range(helpers))

    def _handed_over(self, source: Source) -> int | None:
        """Return the size of a file that a helper may read: none that lies elsewhere, can't be looked at, is
        large, or need not be read.
        """
        try:
            size = source.path.stat().st_size
        except OSError:
            return None
        needed = self.known is None or not self.known(source)
        return size if needed and not source.address and size <= MAX_BYTES else None

    def _hear(self, helper: Helper, wanted: Source) -> None:
        """Take what a helper has to say, for which is waited if it has begun with the wanted file; and give
        it other files.
        """
        if wanted in helper.parcel or helper.speaks():
            self.told.update(helper.said())
            if self.waiting:
                helper.give(self.waiting.pop())

    def close(self) -> None:
        """Let the helpers go."""
        for helper in self.helpers:
            helper.connection.close()


@contextmanager
def reading_in_parallel(
    sources: Sequence[Source], asked: str | None, processes: int, known: Callable[[Source], bool] | None
) -> Iterator[ParallelReading]:
    """Read files with helpers, who are gone afterwards."""
    ahead = ParallelReading(sources, asked, processes, known)
    try:
        yield ahead
    finally:
        ahead.close()


@dataclass(slots=True)
class Helper:
    """Another process that reads, as this one knows it: files that it has begun with. It speaks first, to say
    that it has come.
    """

    connection: Connection
    parcel: Parcel = ()

    @classmethod
    def called(cls, asked: str | None, noting: bool) -> Helper:
        """Start a process; it ends when this one closes the connection, or ends itself."""
        from multiprocessing import get_context

        spawning = get_context("spawn")
        here, there = spawning.Pipe()
        spawning.Process(target=help_reading, args=(there, asked, noting), daemon=True).start()
        there.close()
        return cls(here)

    def speaks(self) -> bool:
        """Say whether there is something to hear, be it the end."""
        return not self.connection.closed and self.connection.poll()

    def said(self) -> dict[Source, Told]:
        """Return what it tells of its files, once it does; nothing where it is gone."""
        parcel, self.parcel = self.parcel, ()
        try:
            return dict(zip(parcel, self.connection.recv(), strict=True))
        except (EOFError, OSError):
            self.connection.close()
            return {}

    def give(self, parcel: Parcel) -> None:
        """Give it files, unless it is gone."""
        with suppress(OSError):
            self.connection.send(parcel)
            self.parcel = parcel


def _parcels(sized: Iterable[tuple[Source, int]]) -> Iterator[Parcel]:
    """Group files that follow one another, so that no group takes long."""
    parcel: list[Source] = []
    total = 0
    for source, size in sized:
        parcel.append(source)
        total += size
        if len(parcel) == PARCEL_FILES or total >= PARCEL_BYTES:
            yield tuple(parcel)
            parcel, total = [], 0
    if parcel:
        yield tuple(parcel)


def help_reading(connection: Connection, asked: str | None, noting: bool) -> None:
    """Read what comes, until nothing does, and tell of it; `noting` what readers touch.

    Ctrl-C and warnings are left to the process that called, and what nobody expected as well: it reads the
    same files then.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    told: list[Told] = []
    with suppress(Exception):
        while True:
            connection.send(told)
            told = read_all(connection.recv(), asked, noting=noting)


def read_all(sources: Sequence[Source], asked: str | None, *, noting: bool) -> list[Told]:
    """Read files that follow one another, and note what their readers touch."""
    known: dict[str, Seen] = {}
    return [
        _looked(replace(source, touched=LookedAt(known) if noting else None), asked) for source in sources
    ]


def _looked(source: Source, asked: str | None) -> Told:
    try:
        return outcome_of(source, asked), source.touched
    except HowsureError as error:
        return error, source.touched
