"""Reading without a cache, with one that is empty, and from one that is full: nothing may differ, and nothing that was looked at be left out."""

from __future__ import annotations

import os
import pickle
import sys
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from io import BytesIO
from typing import TYPE_CHECKING, Any

import msgspec
import polars as pl
from polars.testing import assert_frame_equal

from howsure.errors import HowsureError
from howsure.readers.base import Reading
from howsure.readers.baseline_file import EXACT
from howsure.readers.cache import decoded, encoded
from howsure.readers.folder import read_paths
from howsure.readers.looked_at import LookedAt
from howsure.table.scores import Reconciled, RunEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from howsure.readers.base import Source
    from howsure.table.scores import Scores

FILES = {"open", "os.listdir", "os.scandir"}
LOOKED: list[set[str]] = []
"""Where to note what is opened, while somebody asks."""


def _note(event: str, args: tuple[Any, ...]) -> None:
    if LOOKED and event in FILES and isinstance(args[0], (str, os.PathLike)):
        LOOKED[-1].add(str(args[0]))


sys.addaudithook(_note)


@contextmanager
def looked_at() -> Iterator[set[str]]:
    """Collect every path that Python opens, lists, or asks the system about."""
    stat, found = os.stat, set[str]()

    def noted(path: Any, *args: Any, **more: Any) -> os.stat_result:
        if isinstance(path, (str, os.PathLike)):
            found.add(str(path))
        return stat(path, *args, **more)

    LOOKED.append(found)
    os.stat = noted
    try:
        yield found
    finally:
        os.stat = stat
        LOOKED.pop()


def assert_noted(touched: LookedAt, looked: set[str], source: Source) -> None:
    """Hold what a reader looked at, in the folder that was asked for, against what was noted."""
    folders = {folder for folder, _ in touched.names}
    root = str(source.root.absolute())
    others = {path for path in looked if path.startswith(root) and path not in (str(source.path), source.items)}
    assert others <= {*touched.paths, *folders}, "a reader looks at other files by its source alone"


def _written(value: Any) -> bytes:
    """Write a value so that a whole number differs from a real one, NaN is NaN, and sets have an order."""
    return msgspec.msgpack.encode(value, order="deterministic")


def assert_exact(reading: Reading) -> None:
    """A reading comes back from JSON and Arrow as it was, and from another process."""
    bare = replace(reading, rows=None)
    sent = pickle.loads(pickle.dumps(reading))
    for again in (decoded(encoded(bare), Reading), replace(sent, rows=None)):
        assert _written(again) == _written(bare)
        assert list(again.configuration) == list(bare.configuration), "settings keep their order"
    if reading.rows is not None:
        assert_frame_equal(sent.rows, reading.rows, check_exact=True)
        data = BytesIO()
        reading.rows.write_ipc(data, compression="zstd")
        assert_frame_equal(pl.read_ipc(BytesIO(data.getvalue())), reading.rows, check_exact=True)


@dataclass(frozen=True)
class Failure:
    """What went wrong instead."""

    kind: type
    text: str


def result(paths: Sequence[str | Path], **how: Any) -> Scores | Failure:
    """Read paths; an error is a result too."""
    try:
        return read_paths(paths, **how)
    except HowsureError as error:
        return Failure(type(error), str(error))


def assert_same(one: Scores | Failure, other: Scores | Failure) -> None:
    """Hold two results against each other, field by field."""
    if isinstance(one, Failure) or isinstance(other, Failure):
        assert one == other
        return
    for each in fields(one):
        _assert_equal(_fixed(getattr(one, each.name)), _fixed(getattr(other, each.name)))


def _fixed(value: Any) -> Any:
    """Leave out what differs between any two readings: the last digits of sums, and where a zip was unpacked to."""
    if not isinstance(value, tuple):
        return value
    return tuple(
        replace(each, read=float(f"{each.read:.{EXACT}g}"))
        if isinstance(each, Reconciled)
        else replace(each, file="")
        if isinstance(each, RunEntry)
        else each
        for each in value
    )


def _assert_equal(one: Any, other: Any) -> None:
    if isinstance(one, (pl.DataFrame, pl.LazyFrame)):
        assert_frame_equal(one.lazy().collect(), other.lazy().collect(), check_exact=True)
    elif isinstance(one, tuple) and any(hasattr(each, "rows") for each in one):
        assert len(one) == len(other)
        for a, b in zip(one, other, strict=True):
            for each in fields(a):
                _assert_equal(getattr(a, each.name), getattr(b, each.name))
    else:
        assert _written(one) == _written(other)


def read_thrice(paths: Sequence[str | Path], how: Mapping[str, Any]) -> Scores | Failure:
    """Read without a cache, with one that is empty or has what an earlier call kept, and from what that kept."""
    plain = result(paths, **how)
    for _ in range(2):
        assert_same(plain, result(paths, **{**how, "cache": True}))
    return plain
