"""Check of a Parquet file's own metadata. A damaged file can request any amount of memory, which ends the
process.

Only the metadata at the end and the header of each page are read (Thrift's compact protocol), never a value.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from howsure.readers.base import Source

MAGIC, ENDING = b"PAR1", 8
MOST_METADATA = 4 * 1024**2
"""Larger metadata are accepted unchecked: checking them would take seconds."""
MOST_DEPTH = 12
HEADER_BYTES, MOST_HEADER = 256, 1024**2
MOST_PAGE = 1024**3
"""No page is larger when it is unpacked: writers make pages of about a megabyte."""
NUMBERS = (4, 5, 6)
TRUE, FALSE, BYTE, DOUBLE, BINARY, LIST, SET, MAP, STRUCT = 1, 2, 3, 7, 8, 9, 10, 11, 12
DATA_PAGE, DICTIONARY_PAGE, DATA_PAGE_2 = 0, 2, 3

Fields = dict[int, Any]


class _ImpossibleError(ValueError):
    """The file's metadata are impossible."""


def refuse_damaged(source: Source) -> None:
    """Raise ReadError for a Parquet file whose metadata or page headers are impossible."""
    with source.path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        try:
            metadata = _metadata(file, size)
            if metadata is not None:
                _check(metadata, file, size)
        except (
            _ImpossibleError,
            IndexError,
            KeyError,
            TypeError,
            AttributeError,
            OverflowError,
            RecursionError,
        ):
            raise source.error(
                "a damaged Parquet file: its metadata are impossible", "Copy or write it again."
            ) from None


def _metadata(file: BinaryIO, size: int) -> Fields | None:
    """Return the metadata at the end of a file, or None if they are too long to check, or its end isn't
    valid.
    """
    file.seek(max(size - ENDING, 0))
    ending = file.read(ENDING)
    length = int.from_bytes(ending[:4], "little")
    if not ending.endswith(MAGIC) or length > MOST_METADATA:
        return None
    _require(length <= size - ENDING - len(MAGIC))
    file.seek(size - ENDING - length)
    return _Compact(file.read(length)).struct()


def _check(metadata: Fields, file: BinaryIO, size: int) -> None:
    groups = metadata[4]
    _require(metadata[3] == sum(group[3] for group in groups) and all(group[3] >= 0 for group in groups))
    for group in groups:
        for column in group[1]:
            if column.get(1) is None:  # otherwise the column is in another file
                _check_column(column[3], file, size)


def _check_column(column: Fields, file: BinaryIO, size: int) -> None:
    values, length, first = column[5], column[7], column[9]
    if values == 0:
        return
    begin = min(first, column[11]) if column.get(11) else first
    end = begin + length
    _require(values > 0 and len(MAGIC) <= begin <= end <= size)
    found = 0
    for kind, count in _pages(file, begin, end):
        _require(count >= 0)
        found += count if kind in (DATA_PAGE, DATA_PAGE_2) else 0
        _require(found <= values)
    _require(found == values)


def _pages(file: BinaryIO, at: int, end: int) -> Iterator[tuple[int, int]]:
    """Yield the type of each page of a column, and its stated number of values."""
    while at < end:
        header, size = _header(file, at, end)
        unpacked, packed = header[2], header[3]
        at += size + packed
        _require(0 <= unpacked <= MOST_PAGE and packed >= 0 and at <= end)
        kind = header[1]
        inner = header.get({DATA_PAGE: 5, DICTIONARY_PAGE: 7, DATA_PAGE_2: 8}.get(kind, 0))
        count = 0 if inner is None else inner[1]
        _require(kind != DICTIONARY_PAGE or count <= 8 * unpacked)
        _require(kind != DATA_PAGE_2 or (inner is not None and _fits(inner, unpacked)))
        yield kind, count


def _fits(page: Fields, unpacked: int) -> bool:
    """Return whether the levels of a version 2 page fit into it, and its number of missing values is
    possible.
    """
    levels = page[5], page[6]
    return min(levels) >= 0 and sum(levels) <= unpacked and 0 <= page[2] <= page[1] and page[3] >= 0


def _header(file: BinaryIO, at: int, end: int) -> tuple[Fields, int]:
    """Return the header of a page and its length."""
    length = HEADER_BYTES
    while True:
        file.seek(at)
        compact = _Compact(file.read(min(length, end - at)))
        try:
            return compact.struct(), compact.at
        except IndexError:
            if length >= min(MOST_HEADER, end - at):
                raise
            length *= 16


def _require(possible: bool) -> None:
    if not possible:
        raise _ImpossibleError


class _Compact:
    """Values of Thrift's compact protocol, read one after another. A struct is a dictionary by the numbers of
    its fields.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.at = 0

    def struct(self, depth: int = 0) -> Fields:
        """Read a struct."""
        _require(depth <= MOST_DEPTH)
        fields: Fields = {}
        number = 0
        while head := self._data[self.at]:
            self.at += 1
            number = number + (head >> 4) if head >> 4 else self._value(NUMBERS[0], depth)
            kind = head & 15
            fields[number] = kind == TRUE if kind in (TRUE, FALSE) else self._value(kind, depth)
        self.at += 1
        return fields

    def _value(self, kind: int, depth: int) -> Any:
        if kind in NUMBERS:
            value = self._varint()
            return (value >> 1) ^ -(value & 1)  # zigzag
        if kind in (DOUBLE, BINARY):
            return self._bytes(8 if kind == DOUBLE else self._varint())
        if kind in (LIST, SET):
            head = self._bytes(1)[0]
            count = self._varint() if head >> 4 == 15 else head >> 4
            _require(count <= len(self._data) - self.at)
            return [self._value(head & 15, depth + 1) for _ in range(count)]
        if kind == STRUCT:
            return self.struct(depth + 1)
        if kind in (TRUE, FALSE, BYTE):  # in a list a truth value is a byte too
            return self._bytes(1)[0]
        _require(kind == MAP)
        count = self._varint()
        kinds = self._bytes(1)[0] if count else 0
        _require(count <= len(self._data) - self.at)
        return [
            (self._value(kinds >> 4, depth + 1), self._value(kinds & 15, depth + 1)) for _ in range(count)
        ]

    def _bytes(self, count: int) -> bytes:
        begin, self.at = self.at, self.at + count
        if self.at > len(self._data):
            raise IndexError
        return self._data[begin : self.at]

    def _varint(self) -> int:
        data, at = self._data, self.at
        byte = data[at]
        value, shift = byte & 127, 7
        while byte > 127:
            at += 1
            byte = data[at]
            value |= (byte & 127) << shift
            shift += 7
            _require(shift < 80)
        self.at = at + 1
        return value
