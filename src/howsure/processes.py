"""Helper processes do part of the work of this one, with the same results."""

from __future__ import annotations

import atexit
import gc
import os
import signal
import warnings
from collections import deque
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from threading import Thread
from typing import TYPE_CHECKING, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from concurrent.futures import Future, ProcessPoolExecutor

T = TypeVar("T")
R = TypeVar("R")

LARGE_BLOCK = 30_000_000
PARCEL, PARCELS = 2, 20
"""The number of items in a parcel, and the maximum number of parcels that a helper has at a time."""


class Each(Protocol):
    """Applies a function to each of several items."""

    def __call__(self, work: Callable[[T], R], items: Sequence[T], /) -> Iterable[R]:
        """Begin, and return the results in the order of the items."""


def in_turn(work: Callable[[T], R], items: Sequence[T], /) -> Iterable[R]:
    """Apply a function to each item, in this process."""
    return [work(item) for item in items]


@contextmanager
def in_processes(processes: int, load: Callable[[], None]) -> Iterator[Each]:
    """Apply functions to items in this process and in helpers, which end afterwards. They start at once, with
    `load`.
    """
    helpers = start_helpers(processes - 1) if processes > 1 else None
    if helpers is None:
        yield in_turn
        return
    try:
        with suppress(Exception):
            for _ in range(processes - 1):
                helpers.submit(load)
        yield partial(_shared, helpers, PARCELS * (processes - 1))
    finally:
        helpers.shutdown(wait=False, cancel_futures=True)


def start_helpers(count: int) -> ProcessPoolExecutor | None:
    """Return helper processes, which leave Ctrl-C and warnings to this one and end when it ends. None if no
    process can, or may, be started.
    """
    with suppress(OSError, ImportError, AssertionError, NotImplementedError):
        from concurrent.futures import ProcessPoolExecutor
        from multiprocessing import get_context

        return ProcessPoolExecutor(count, get_context("spawn"), _begin_helping)
    return None


def _begin_helping() -> None:
    from multiprocessing import parent_process

    def end_with_caller() -> None:
        """Wait for the parent process to end, and end as well."""
        caller = parent_process()
        if caller is not None:
            caller.join()
            os._exit(0)

    # Once a large block was freed, the C library keeps the memory of arrays for the next ones. Returning it
    # to the system each time would take a quarter of the time.
    bytes(LARGE_BLOCK)
    atexit.register(os._exit, 0)  # nothing is left to be put away, which the command would wait for
    gc.set_threshold(200_000, 50, 50)  # as in the command line
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore")
    Thread(target=end_with_caller, daemon=True).start()


def _shared(
    helpers: ProcessPoolExecutor, most: int, work: Callable[[T], R], items: Sequence[T], /
) -> Iterable[R]:
    """Let helpers begin at the first items. This process begins at the last when the results are read."""
    parcels = deque(items[k : k + PARCEL] for k in range(0, len(items), PARCEL))
    shared = _Shared(work, parcels, helpers, most)
    shared.hand_over()
    return shared


@dataclass(slots=True)
class _Shared(Generic[T, R]):
    """Items in parcels: helpers take the first ones while this process takes the last, until they meet.

    Helpers have a few parcels at a time, so that none has to be taken back: in Python 3.11 a pool with
    cancelled work doesn't survive the death of a helper.
    """

    work: Callable[[T], R]
    waiting: deque[Sequence[T]]
    helpers: ProcessPoolExecutor
    most: int
    given: list[tuple[Sequence[T], Future[list[R]]]] = field(default_factory=list)

    def hand_over(self) -> None:
        """Give helpers the next parcels, unless they have enough, or can't take any. They have fewer towards
        the end, so that this process needn't wait.
        """
        with suppress(Exception):  # a helper's death, for instance
            while self.waiting and self._unfinished() < min(self.most, 1 + len(self.waiting) // 4):
                future = self.helpers.submit(_all, self.work, self.waiting[0])
                self.given.append((self.waiting.popleft(), future))

    def _unfinished(self) -> int:
        return sum(not future.done() for _, future in self.given[-self.most :])

    def __iter__(self) -> Iterator[R]:
        own: list[list[R]] = []
        while self.waiting:
            own.append(_all(self.work, self.waiting.pop()))
            self.hand_over()
        for parcel, future in self.given:
            yield from _result_of(future) or _all(self.work, parcel)
        yield from chain.from_iterable(reversed(own))


def _result_of(future: Future[T]) -> T | None:
    """Return a helper's result, None if it failed at the work, which is then done here."""
    with suppress(Exception):
        return future.result()
    return None


def _all(work: Callable[[T], R], items: Sequence[T]) -> list[R]:
    return [work(item) for item in items]
