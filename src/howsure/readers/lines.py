"""Files of lines (CSV, TSV, JSON Lines): how their cells are parted, and whether the last row is whole."""

from __future__ import annotations

import csv
import io
import json

CELLS, RECORDS = (".csv", ".tsv"), (".jsonl", ".ndjson")
PACKED = (".gz", ".bz2", ".xz", ".zst")
"""A file with one of these suffixes is the file that it holds."""
LONGEST_ROW = 1024**2
"""A row that takes more than this at the end of a table is taken for a stray quote, not for one row."""
UNCLOSED = "unexpected end of data"
"""What the csv module says of a quote that is never closed."""


def separator(head: bytes, suffix: str) -> str:
    """Tell a semicolon from a comma by the first line."""
    if suffix == ".tsv":
        return "\t"
    line = head.split(b"\n", 1)[0]
    return ";" if b";" in line and b"," not in line else ","


def commented(data: bytes) -> int:
    r"""Return where the header of a table of cells begins, below comments: lines that begin with #.

    A line is no comment but the header if it has as many cells as the next line, and that one has a number.

    >>> commented(b"# of monday\nitem,score\n"), commented(b"#,model,score\n1,a,2\n")
    (12, 0)
    """
    last = begins = 0
    while data[begins : begins + 1] == b"#":
        last, begins = begins, data.find(b"\n", begins) + 1
        if not begins:
            return 0
    below = data[begins:].split(b"\n", 1)[0]
    mark = separator(below, ".tsv" if b"\t" in below else "").encode()
    alike = data[last:begins].count(mark) == below.count(mark)
    return last if alike and any(map(_is_number, below.split(mark))) else begins


def _is_number(cell: bytes) -> bool:
    try:
        float(cell.replace(b",", b".").strip(b' "%\r'))
    except ValueError:
        return False
    return True


def cut_at(data: bytes, suffix: str) -> int | None:
    r"""Say where the last row begins, if it isn't whole; None where it is, or where nothing tells.

    A cut row has no line break at its end, and is no JSON, or has fewer cells than the first row. A figure
    cut in the last cell looks like any other.

    >>> cut_at(b"item,score\na,1\nb", ".csv"), cut_at(b"item,score\na,1\nb,0", ".csv")
    (15, None)
    """
    if suffix not in (*CELLS, *RECORDS) or data.endswith((b"\n", b"\r")):
        return None
    begins = data.rfind(b"\n") + 1 if suffix in RECORDS else _last_row(data)
    row = data[begins:]
    if not begins or not row.strip():
        return None
    if suffix in RECORDS:
        return None if _is_json(row) else begins
    table = data[commented(data) :]
    whole = _is_filled(row, table, separator(table, suffix))
    return None if whole else begins


def _last_row(data: bytes) -> int:
    """Return where the last row of cells begins; line breaks between quotes end none. 0 where there is only
    one.
    """
    quotes, ends, least = data.count(b'"'), len(data), len(data) - LONGEST_ROW
    while (found := data.rfind(b"\n", max(least, 0), ends)) >= 0:
        quotes -= data.count(b'"', found, ends)
        if quotes % 2 == 0:
            return found + 1
        ends = found
    return 0


def _is_json(row: bytes) -> bool:
    try:
        json.loads(row)
    except (ValueError, RecursionError):
        return False
    return True


def _is_filled(row: bytes, data: bytes, mark: str) -> bool:
    """Say whether a row has as many cells as the first, and its last quote is closed; so does what can't be
    told.
    """
    try:
        first, last = (_rows(part, mark) for part in (data[: data.index(b"\n")], row))
    except csv.Error as error:
        return UNCLOSED not in str(error)
    return len(last) != 1 or not first or len(last[0]) >= len(first[0])


def _rows(part: bytes, mark: str) -> list[list[str]]:
    text = part.decode("utf-8-sig", errors="replace")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))
