"""The work that something takes, counted: the same on every machine, however busy."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable
from types import FrameType


def calls_in(work: Callable[[], object]) -> int:
    """Count the calls of functions, Python's and C's, while something is done."""
    count = 0

    def counts(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    gc.disable()  # finalizers of what other tests left are calls as well
    sys.setprofile(counts)
    try:
        work()
    finally:
        sys.setprofile(before)
        gc.enable()
    return count
