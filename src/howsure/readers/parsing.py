"""Parsing of files: JSON, JSON Lines, YAML, and rows of cells, the last of which may be incomplete."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from functools import cache
from importlib.util import find_spec
from itertools import islice
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Callable

CELLS, RECORDS = (".csv", ".tsv"), (".jsonl", ".ndjson")
PACKED = (".gz", ".bz2", ".xz", ".zst")
"""A file with one of these suffixes is treated as the file inside it."""
LONGEST_ROW = 1024**2
"""A last row that is longer than this is treated as a stray quote, not as one row."""
UNCLOSED = "unexpected end of data"
"""The csv module's message about a quote that is never closed."""


def separator(head: bytes, suffix: str) -> str:
    """Choose between semicolon and comma by the first line."""
    if suffix == ".tsv":
        return "\t"
    line = head.split(b"\n", 1)[0]
    return ";" if b";" in line and b"," not in line else ","


def commented(data: bytes) -> int:
    r"""Return the place of the header of a table of cells, after comments: lines that begin with #.

    A line is the header and not a comment if it has as many cells as the next line, and that one has a
    number.

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
    r"""Return the place of an incomplete last row, or None if it is complete, or that can't be determined.

    A truncated row has no line break at its end, and isn't valid JSON, or has fewer cells than the first row.
    A truncated number in the last cell can't be detected.

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
    """Return the place of the last row of cells, ignoring line breaks between quotes. 0 if there is only
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
    """Return whether a row has as many cells as the first, and its last quote is closed, or whether that is
    unclear.
    """
    try:
        first, last = (_rows(part, mark) for part in (data[: data.index(b"\n")], row))
    except csv.Error as error:
        return UNCLOSED not in str(error)
    return len(last) != 1 or not first or len(last[0]) >= len(first[0])


def _rows(part: bytes, mark: str) -> list[list[str]]:
    text = part.decode("utf-8-sig", errors="replace")
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=mark, strict=True))


MAX_HELD_BYTES = 256 * 1024**2
"""The rows of a larger table aren't kept in memory."""
WORTH_BYTES = 1024**2
"""For smaller files of lines, a pattern of their shape would cost more than it saves."""
MAX_OBJECT_BYTES = 2 * 1024**3
"""The memory limit for the objects of a file: a few bytes of JSON can need a hundred each."""

LINE_COST = 50

SMALL_BYTES = 16 * 1024**2
"""JSON of this size can't reach that limit."""

OUTLINE_BYTES, LEAST_BYTES, MAX_MEMBERS = 65_536, 200, 1000
"""This much is kept of the values of an object, of each at least, and of this many."""

KEY_COST = 90
"""The additional memory of a key that isn't shared: msgspec shares none that is long, or not ASCII."""

OBJECT_COST = {b"{": 140, b"[": 80, b",": 30}
"""The approximate memory of an object, a list, and a further value, by the character that indicates them."""


def parsed_line(line: bytes) -> Any:
    """Parse a line of JSON. Returns UNPARSED if it isn't valid, or long, and parse_json has to check it."""
    if len(line) >= SMALL_BYTES:
        return UNPARSED
    try:
        return decoded(line)
    except (ValueError, RecursionError):
        return UNPARSED


UNPARSED = object()


def parse_json(data: bytes | str, *, where: str, kind: Any = Any) -> Any:
    """Parse JSON, turning a syntax error into one with the place. Input that would exceed the memory is
    refused before.

    `kind`: the wanted part, see `decoded`.
    """
    cost = object_cost(data)
    refuse_bombs(cost, where=where)
    try:
        return decoded(data, kind) if cost + _keys_cost(data) <= MAX_OBJECT_BYTES else json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReadError(
            f"not valid JSON ({error})", where=where, remedy="The file may be truncated: write it again."
        ) from None


def decoded(data: bytes | str, kind: Any = Any) -> Any:
    """Decode JSON to the same values as the standard library, up to three times as fast if a text is plain.

    `kind`: a type whose keys (of a TypedDict) are wanted. Others are skipped, unless the text is of another
    type, which gives all of it. Input that msgspec refuses is left to the library, which reads NaN, infinity,
    halves of characters and encodings other than UTF-8.
    """
    decode, refused = _decoder(kind)
    try:
        return decode(data)
    except refused:
        return json.loads(data)


@cache
def _decoder(kind: Any) -> tuple[Callable[[bytes | str], Any], tuple[type[Exception], ...]]:
    """Return msgspec's decoder, and its exception for text that it doesn't accept."""
    import msgspec

    return msgspec.json.Decoder(kind).decode, (msgspec.MsgspecError, ValueError)


def object_cost(data: bytes | str) -> int:
    """Return the approximate memory of a JSON text's objects, or 0 if it is too short to matter."""
    if len(data) < SMALL_BYTES:
        return 0
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if _cost(raw) <= MAX_OBJECT_BYTES:
        return _cost(raw)
    return _cost(_TEXT.sub(b"", raw))  # a text may contain any number of braces


def _keys_cost(data: bytes | str) -> int:
    """Return the maximum memory of a JSON text's keys if none is shared."""
    if len(data) < SMALL_BYTES:
        return 0
    return KEY_COST * (data.count(":") if isinstance(data, str) else data.count(b":"))


def block_cost(block: bytes) -> int:
    """Return the maximum memory of the objects in a block of lines, with texts counted as if they were
    structure.
    """
    return _cost(block) + LINE_COST * block.count(b"\n")


def line_cost(line: bytes) -> int:
    """Return the approximate memory of one line's objects."""
    return LINE_COST + _cost(_TEXT.sub(b"", line))


def refuse_bombs(cost: int, *, where: str) -> None:
    """Refuse input that would need too much memory after parsing."""
    if cost > MAX_OBJECT_BYTES:
        raise ReadError(
            f"its objects would need about {cost / 1024**3:.0f} GB of memory",
            where=where,
            remedy="Check its origin. A table of many rows is read in pieces as Parquet.",
        )


def members(text: bytes) -> dict[str, bytes]:
    """Return the keys of a JSON object, or of the first in a list, with the beginning of each value as it is
    written.

    No value is built. If a text is truncated, or isn't valid JSON, the result covers its beginning.
    """
    try:
        return _members(text)
    except ValueError:
        if not any(word in text for word in (b"NaN", b"Infinity")):
            return _first_members(text)
    try:
        return _members(_NO_NUMBER.sub(b"null", text))
    except ValueError:
        return _first_members(text)


def _members(text: bytes) -> dict[str, bytes]:
    """Return the members of a JSON text. ValueError if it isn't valid."""
    import msgspec

    try:
        if text.lstrip()[:1] == b"[":
            text = bytes(next(iter(msgspec.json.decode(text, type=list[msgspec.Raw])), b"{}"))
        found = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError) as error:
        raise ValueError from error
    most = max(OUTLINE_BYTES // max(len(found), 1), LEAST_BYTES)
    return {key: bytes(memoryview(value)[:most]) for key, value in islice(found.items(), MAX_MEMBERS)}


def _first_members(text: bytes) -> dict[str, bytes]:
    """Return the first object in the beginning of a JSON text."""
    begins = _OBJECT.match(text)
    found: dict[str, bytes] = {}
    depth, key, start = 0, b"", 0
    for token in _TOKEN.finditer(text, begins.end() - 1) if begins else ():
        sign = token[0]
        depth += (sign in b"{[") - (sign in b"}]") if len(sign) == 1 else 0
        if depth == 1 and sign == b":":
            start = token.end()
        elif start and ((depth == 1 and sign == b",") or not depth):
            found[_key(key)] = text[start : token.start()].strip()
            key, start = b"", 0
        elif depth == 1 and not start and len(sign) > 1:
            key = sign
        if not depth:
            return found
    return found | ({_key(key): text[start:].strip()} if start else {})


def _key(text: bytes) -> str:
    try:
        return str(json.loads(text))
    except ValueError:
        return text.decode(errors="replace")


_NO_NUMBER = re.compile(rb"-?\b(?:NaN|Infinity)\b")
_OBJECT = re.compile(rb"\s*\[?\s*\{")
_TEXT = re.compile(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[{}\[\]:,]', re.DOTALL)


def _cost(raw: bytes) -> int:
    return sum(cost * raw.count(sign) for sign, cost in OBJECT_COST.items())


MOST_VALUES = 10_000_000
YAML = (".yaml", ".yml")


def can_be_read() -> bool:
    """Return whether the package is installed."""
    return find_spec("yaml") is not None


def parse_yaml(data: bytes, *, where: str) -> Any:
    """Parse YAML. ReadError if it isn't valid, or the package is missing."""
    if not can_be_read():
        raise ReadError("YAML needs a package", where=where, remedy="pip install 'howsure[yaml]'")
    import yaml  # type: ignore[import-untyped]

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load(data, Loader=loader)  # noqa: S506 - a safe loader
        values = _count(found, {})
    except (yaml.YAMLError, RecursionError) as error:
        raise ReadError(
            f"no YAML ({str(error).splitlines()[0]})", where=where, remedy="Correct the file."
        ) from None
    if values > MOST_VALUES:
        raise ReadError(
            f"aliases that expand to more than {MOST_VALUES:,} values",
            where=where,
            remedy="Write the file without them.",
        )
    return found


def _count(value: Any, known: dict[int, float]) -> float:
    """Count the values of a document, with every use of an alias, infinitely many if one contains itself."""
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not parts:
        return 1.0
    if id(value) not in known:
        known[id(value)] = math.inf
        known[id(value)] = 1.0 + sum(_count(part, known) for part in parts)
    return known[id(value)]
