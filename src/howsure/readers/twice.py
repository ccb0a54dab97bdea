"""Names given twice in one row of a table: a column of CSV, a key of JSON.

Of JSON the first records are looked at: what writes a key twice does so in every record, and a parser that
keeps both is slow.
"""

from __future__ import annotations

import csv
import json
import re
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING

from howsure.errors import Caution
from howsure.readers.lines import commented
from howsure.readers.tables import NAME, writing_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from howsure.readers.base import Source
    from howsure.table.scores import FileReport

    Names = Iterable[str]

MOST_RECORDS = 20
_BETWEEN = re.compile(r"[\[,\s]*")
COUNTS = {2: "two", 3: "three", 4: "four"}
REMEDY = "Rename or remove all but one of them in the file."


def named_twice(sources: Iterable[Source], files: Iterable[FileReport]) -> tuple[Caution, ...]:
    """Warn of columns and keys that tables, and what a mapping reads, name more than once."""
    read = {file.path: file.reader for file in files if file.outcome in ("read", "published")}
    found: list[Caution] = []
    for source in sources:
        generic = {NAME, *(each.NAME for each in source.maps)}
        if read.get(source.name) not in generic:
            continue
        with suppress(OSError, csv.Error):  # it has been read, and is gone or is being written again
            found += _cautions(source)
    return tuple(found)


def notes_on_names(source: Source) -> tuple[str, ...]:
    """Say which columns and keys a table that isn't results names more than once."""
    return tuple(f"{found.message}. {found.remedy}" for found in _cautions(source))


def _cautions(source: Source) -> Iterator[Caution]:
    suffix = source.path.suffix.lower()
    text = source.head[commented(source.head) :].decode("utf-8-sig", "replace")
    if suffix in (".csv", ".tsv"):
        for name, count in _repeated(_header(source, text)).items():
            yield _caution(
                f"{source.name}: {COUNTS.get(count, f'{count:,}')} columns are named {name!r}, and the "
                "first of them counts"
            )
    elif suffix in (".json", ".jsonl", ".ndjson"):
        found = dict.fromkeys(name for keys in _records(text) for name in _repeated(keys))
        for name in found:
            yield _caution(
                f"{source.name}: the key {name!r} is given twice in one object, and the last counts"
            )


def _caution(message: str) -> Caution:
    return Caution(code="name_twice", message=message, remedy=REMEDY)


def _repeated(names: Names) -> dict[str, int]:
    return {name: count for name, count in Counter(names).items() if count > 1}


def _header(source: Source, text: str) -> list[str]:
    mark = "\t" if source.path.suffix.lower() == ".tsv" else ";" if writing_of(source).semicolons else ","
    return next(csv.reader(text.splitlines(keepends=True), delimiter=mark), [])


def _records(text: str) -> Iterator[list[str]]:
    """Yield the keys of the first objects of a list, or of lines, as far as they are whole."""
    decoder, at = json.JSONDecoder(object_pairs_hook=tuple), 0
    for _ in range(MOST_RECORDS):
        begin = _BETWEEN.match(text, at)
        try:
            record, at = decoder.raw_decode(text, begin.end() if begin else at)
        except (ValueError, RecursionError):
            return
        if not isinstance(record, tuple):
            return
        yield [key for key, _ in record]
