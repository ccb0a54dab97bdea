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
MOST_TOGETHER, GROUPS = 12, 24
"""The maximum number of items in a group, and about how many groups there are of fewer items: processes that
share them end at about the same time.
"""
MOST_GIVEN = 4
"""The maximum number of items that a helper has at a time."""


class Each(Protocol):
    """Applies a function to each of several items."""

    def __call__(self, work: Callable[[T], R], items: Sequence[T], /) -> Iterable[R]:
        """Begin, and return the results in the order of the items."""


def in_turn(work: Callable[[T], R], items: Sequence[T], /) -> Iterable[R]:
    """Apply a function to each item, in this process."""
    return [work(item) for item in items]


def in_groups(each: Each, work: Callable[[Sequence[T]], list[R]], items: Sequence[T]) -> Iterator[R]:
    """Apply a function to groups of items, and return the results in the order of the items.

    Boards take a tenth less time if each step is taken for a whole group: its code stays in the processor's
    cache. The results of a group are in memory together.
    """
    size = min(1 + len(items) // GROUPS, MOST_TOGETHER)
    return chain.from_iterable(each(work, [items[k : k + size] for k in range(0, len(items), size)]))


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
        yield partial(_shared, helpers, MOST_GIVEN * (processes - 1))
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
    shared = _Shared(work, deque(items), helpers, most)
    shared.hand_over()
    return shared


@dataclass(slots=True)
class _Shared(Generic[T, R]):
    """Items that are shared: helpers take the first ones while this process takes the last, until they meet.

    Helpers have a few items at a time, so that none has to be taken back: in Python 3.11 a pool with
    cancelled work doesn't survive the death of a helper.
    """

    work: Callable[[T], R]
    waiting: deque[T]
    helpers: ProcessPoolExecutor
    most: int
    given: list[tuple[T, Future[R]]] = field(default_factory=list)

    def hand_over(self) -> None:
        """Give helpers the next items, unless they have enough, or can't take any. They have fewer towards
        the end, so that this process needn't wait.
        """
        with suppress(Exception):  # a helper's death, for instance
            while self.waiting and self._unfinished() < min(self.most, 1 + len(self.waiting) // 4):
                future = self.helpers.submit(self.work, self.waiting[0])
                self.given.append((self.waiting.popleft(), future))

    def _unfinished(self) -> int:
        return sum(not future.done() for _, future in self.given[-self.most :])

    def __iter__(self) -> Iterator[R]:
        own: list[R] = []
        while self.waiting:
            own.append(self.work(self.waiting.pop()))
            self.hand_over()
        for item, future in self.given:
            yield _result_of(future, partial(self.work, item))
        yield from reversed(own)


def _result_of(future: Future[T], work: Callable[[], T]) -> T:
    """Return a helper's result, or do the work here if the helper failed."""
    with suppress(Exception):
        return future.result()
    return work()
