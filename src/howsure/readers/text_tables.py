"""Tables written as text: with comments above the header, with blanks between the columns, or in Markdown;
and which row has other cells than the header.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

from howsure.errors import ReadError
from howsure.readers.lines import CELLS, commented, separator
from howsure.readers.published import published_roles
from howsure.table.schema import find_roles
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.readers.base import Source

TAB, TEXT, MARKDOWN = "\t", ".txt", ".md"
SUFFIXES = (*CELLS, TEXT, MARKDOWN)
_WIDE, _ANY = re.compile(r"\t| {2,}"), re.compile(r"\s+")
"""What parts columns: two blanks, so that a cell may have one; else any."""
_RULE = re.compile(r"\s*\|?\s*:?-+:?\s*(?:\|\s*:?-+:?\s*)*\|?\s*")
_PERCENT = re.compile(r"\(%\)|\[%\]|(?:, | in )%|%$")
"""What makes a column percent, by its name."""
_LINK, _MARK = re.compile(r"!?\[([^\]]*)\]\([^)]*\)"), re.compile(r"\*\*|__|`|<[^>]{1,99}>")


def holds_table(source: Source) -> bool:
    """Say whether a text file has the columns of results; Markdown only where the file itself was named,
    since a README shows what others measured.
    """
    suffix = source.path.suffix.lower()
    if suffix == MARKDOWN:
        return source.path == source.root and bool(_markdown(source.head.decode(errors="replace")))
    if suffix != TEXT or b"\x00" in source.head:
        return False
    head = source.head[: source.head.rfind(b"\n") + 1] or source.head
    data, mark = _cells(head, suffix)
    try:
        return _has_results(next(csv.reader(io.StringIO(data.decode(errors="replace")), delimiter=mark), []))
    except csv.Error:
        return False


def _has_results(names: Sequence[str]) -> bool:
    roles = find_roles(names, {}).keys()
    return {"item", "score"} <= roles or {"model", "score"} <= published_roles(names, {}).keys()


def cells(source: Source) -> tuple[bytes, str]:
    """Return a table of cells, without comments above its header, and the sign between its columns."""
    suffix = source.path.suffix.lower()
    if suffix != MARKDOWN:
        return _cells(source.whole_rows(), suffix)
    tables = _markdown(source.read_bytes().decode("utf-8", errors="replace"))
    if len(tables) != 1:
        raise ReadError(
            f"{plural(len(tables), 'table')} with models and scores",
            where=source.name,
            remedy="Save the one that is meant as a file of its own.",
        )
    return _with_tabs(tables[0]), TAB


def _cells(data: bytes, suffix: str) -> tuple[bytes, str]:
    data = data[commented(data) :]
    header = data.split(b"\n", 1)[0]
    if suffix not in (".tsv", TEXT) or b"\t" in header:
        return data, TAB if b"\t" in header and suffix == TEXT else separator(data, suffix)
    rows = _by_blanks(data.decode("utf-8-sig", errors="replace").splitlines())
    return (
        (_with_tabs(rows), TAB) if rows else (data, separator(data, suffix if suffix == ".tsv" else ".csv"))
    )


def _by_blanks(lines: Sequence[str]) -> list[list[str]]:
    """Part lines at blanks, if each has as many cells as the first; nothing otherwise. A number of the row
    before all others has no name.
    """
    lines = [line.strip() for line in lines if line.strip()]
    for mark in (_WIDE, _ANY):
        rows = [mark.split(line) for line in lines]
        width = len(rows[0]) if rows else 0
        if width > 1 and all(len(row) == width for row in rows):
            return rows
        if (
            width > 1
            and len(rows) > 1
            and all(len(row) == width + 1 and row[0].isdigit() for row in rows[1:])
        ):
            return [rows[0], *(row[1:] for row in rows[1:])]
    return []


def _markdown(text: str) -> list[list[list[str]]]:
    """Return the tables that have a model and a score, without marks of emphasis and links."""
    found: list[list[list[str]]] = []
    lines = text.splitlines()
    for place, line in enumerate(lines[1:], 1):
        if not (_RULE.fullmatch(line) and "|" in line and "|" in lines[place - 1]):
            continue
        header, rows = _markdown_row(lines[place - 1]), []
        for row in lines[place + 1 :]:
            if "|" not in row:
                break
            rows.append((_markdown_row(row) + [""] * len(header))[: len(header)])
        percent = [bool(_PERCENT.search(name)) for name in header]
        header = [_PERCENT.sub("", name).strip() for name in header]
        if rows and _has_results(header):
            signed = (
                [
                    f"{cell}%" if sign and cell and "%" not in cell else cell
                    for cell, sign in zip(row, percent, strict=True)
                ]
                for row in rows
            )
            found.append([header, *signed])
    return found


def _markdown_row(line: str) -> list[str]:
    inner = line.strip().removeprefix("|").removesuffix("|").replace(r"\|", "\0")
    return [_MARK.sub("", _LINK.sub(r"\1", cell)).replace("\0", "|").strip() for cell in inner.split("|")]


def _with_tabs(rows: Iterable[Sequence[str]]) -> bytes:
    written = io.StringIO()
    csv.writer(written, delimiter=TAB, lineterminator="\n").writerows(rows)
    return written.getvalue().encode()


def uneven(source: Source) -> Iterator[tuple[int, int, int]]:
    """Yield the line of each row that has other cells than the header, their number, and the header's; 0 for
    a quote that isn't closed.
    """
    data = source.whole_rows()
    begins = commented(data)
    mark = separator(data[begins:], source.path.suffix.lower())
    text = io.StringIO(data[begins:].decode("utf-8-sig", errors="replace"), newline="")
    reader = csv.reader(text, delimiter=mark, strict=True)
    above, width = data.count(b"\n", 0, begins), 0
    while True:
        line = above + reader.line_num + 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error:
            yield line, 0, width
            return
        width = width or len(row)
        if row and len(row) != width:
            yield line, len(row), width
