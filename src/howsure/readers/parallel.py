"""Many files are read by several processes: helpers start at the end of the list while this one starts at the
beginning, until they meet.

Helpers give the same results as this process. If one fails, its files are read here.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from howsure.errors import HowsureError
from howsure.processes import start_helpers
from howsure.readers.looked_at import LookedAt
from howsure.readers.reading import Outcome, outcome_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future, ProcessPoolExecutor

    from howsure.readers.base import Source

    Parcel = tuple[Source, ...]
    Result = tuple[Outcome | HowsureError, LookedAt | None]

AFTER_SECONDS, WORTH_SECONDS = 0.3, 1.0
"""Helpers start when reading has taken this long and would take this much longer: each needs some 0.4 s to
start.
"""
MAX_BYTES = 32 * 1024**2
"""Larger files are read here, so that only one is in memory at a time."""
PARCEL_FILES, PARCEL_BYTES = 16, 4 * 1024**2


@dataclass(slots=True)
class ParallelReading:
    """The files of one walk, which requests them in order.

    Attributes:
        sources: The files.
        asked: The name of the requested reader.
        processes: The maximum number of processes.
        known: The files that a cache makes unnecessary, if there is one.
        seconds: The time spent reading files here.
        read: How many files were read here.
        decided: Whether helpers have started, or never will.
        helpers: The other processes.
        waiting: Files that haven't been started, in their order.
        running: The parcels that helpers have started.
        begun: The parcel, and the place in it, of each file that a helper was given.
    """

    sources: Sequence[Source]
    asked: str | None
    processes: int
    known: Callable[[Source], bool] | None = None
    seconds: float = 0.0
    read: int = 0
    decided: bool = False
    helpers: ProcessPoolExecutor | None = None
    waiting: deque[Parcel] = field(default_factory=deque)
    running: list[Future[list[Result]]] = field(default_factory=list)
    begun: dict[Source, tuple[Future[list[Result]], int]] = field(default_factory=dict)

    def outcome(self, source: Source) -> Outcome:
        """Return the result for a file, or raise its error."""
        if not self.decided and self.seconds > AFTER_SECONDS and source in self.sources:
            self._call_helpers(self.sources.index(source))
        found = self._result_of_helper(source)
        if found is None:
            began = time.perf_counter()
            try:
                return outcome_of(source, self.asked)
            finally:
                self.seconds += time.perf_counter() - began
                self.read += 1
        outcome, touched = found
        if source.touched is not None and touched is not None:
            source.touched.paths.update(touched.paths)
            source.touched.names.update(touched.names)
            source.touched.began = touched.began
        if isinstance(outcome, HowsureError):
            raise outcome
        return outcome

    def _result_of_helper(self, source: Source) -> Result | None:
        """Return a helper's result for a file, or None if none has started it, or it failed."""
        if self.helpers is None:
            return None
        if self.waiting and source in self.waiting[0]:
            self.waiting.popleft()
        with suppress(Exception):  # anything unexpected, even a helper's death: the files are read here
            self._hand_over(self.helpers)
            if source in self.begun:
                parcel, place = self.begun.pop(source)
                return parcel.result()[place]
        return None

    def _hand_over(self, helpers: ProcessPoolExecutor) -> None:
        """Give helpers the last waiting files, one parcel each and one more, so that none is idle."""
        self.running = [parcel for parcel in self.running if not parcel.done()]
        while self.waiting and len(self.running) < self.processes:
            sources = self.waiting.pop()
            parcel = helpers.submit(read_all, sources, self.asked, noting=self.known is not None)
            self.running.append(parcel)
            self.begun.update((source, (parcel, place)) for place, source in enumerate(sources))

    def _call_helpers(self, place: int) -> None:
        """Let helpers read the files from a place on, if they are enough to pay for starting them."""
        self.decided = True
        left = [
            (source, size)
            for source in self.sources[place:]
            if (size := self._handed_over(source)) is not None
        ]
        if self.seconds / self.read * len(left) < WORTH_SECONDS:
            return
        self.helpers = start_helpers(self.processes - 1)
        if self.helpers is not None:
            self.waiting.extend(_parcels(left))

    def _handed_over(self, source: Source) -> int | None:
        """Return the size of a file for a helper, or nothing if it is remote, can't be checked, is large, or
        need not be read.
        """
        try:
            size = source.path.stat().st_size
        except OSError:
            return None
        needed = self.known is None or not self.known(source)
        return size if needed and not source.address and size <= MAX_BYTES else None


@contextmanager
def reading_in_parallel(
    sources: Sequence[Source], asked: str | None, processes: int, known: Callable[[Source], bool] | None
) -> Iterator[ParallelReading]:
    """Read files with helpers, which end afterwards."""
    reading = ParallelReading(sources, asked, processes, known)
    try:
        yield reading
    finally:
        if reading.helpers is not None:
            reading.helpers.shutdown(wait=False, cancel_futures=True)


def _parcels(sized: Iterable[tuple[Source, int]]) -> Iterator[Parcel]:
    """Group consecutive files, so that no group takes long."""
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


def read_all(sources: Sequence[Source], asked: str | None, *, noting: bool) -> list[Result]:
    """Read consecutive files, and record the paths that their readers use if requested."""
    results: list[Result] = []
    for source in sources:
        touched = LookedAt() if noting else None
        try:
            results.append((outcome_of(replace(source, touched=touched), asked), touched))
        except HowsureError as error:
            results.append((error, touched))
    return results
