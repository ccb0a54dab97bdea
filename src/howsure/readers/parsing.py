"""Texts of files parsed: JSON, JSON Lines, YAML, and rows of cells, of which the last may not be whole."""

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


MAX_OBJECT_BYTES = 2 * 1024**3
"""What the objects of a file may take in memory: a few bytes of JSON can ask for a hundred each."""

LINE_COST = 50

SMALL_BYTES = 16 * 1024**2
"""JSON of this size can't reach that limit."""

OUTLINE_BYTES, LEAST_BYTES, MAX_MEMBERS = 65_536, 200, 1000
"""So much is kept of the values of an object, of each at least, and of so many."""

KEY_COST = 90
"""What a key takes more where it isn't shared: msgspec shares none that is long, or not ASCII."""

OBJECT_COST = {b"{": 140, b"[": 80, b",": 30}
"""About how many bytes an object, a list, and a further value take in memory, by the sign that they cost."""


def parsed_line(line: bytes) -> Any:
    """Parse a line of JSON; UNPARSED where it is none, or long, and parse_json has to look at it."""
    if len(line) >= SMALL_BYTES:
        return UNPARSED
    try:
        return decoded(line)
    except (ValueError, RecursionError):
        return UNPARSED


UNPARSED = object()


def parse_json(data: bytes | str, *, where: str, kind: Any = Any) -> Any:
    """Parse JSON, turning a syntax error into one that says where; what would outgrow the memory is refused
    before.

    `kind`: what is wanted of it, see `decoded`.
    """
    cost = object_cost(data)
    refuse_bombs(cost, where=where)
    try:
        return decoded(data, kind) if cost + _keys_cost(data) <= MAX_OBJECT_BYTES else json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReadError(
            f"not valid JSON ({error})", where=where, remedy="The file may be cut short: write it again."
        ) from None


def decoded(data: bytes | str, kind: Any = Any) -> Any:
    """Decode JSON to the values that the standard library finds, up to three times as fast where a text is
    plain.

    `kind`: a type whose keys (of a TypedDict) are wanted; others are passed over, unless the text is of
    another kind, which gives all of it. What msgspec refuses is for the library to judge: NaN, infinity,
    halves of characters and other encodings than UTF-8 are read there.
    """
    decode, refused = _decoder(kind)
    try:
        return decode(data)
    except refused:
        return json.loads(data)


@cache
def _decoder(kind: Any) -> tuple[Callable[[bytes | str], Any], tuple[type[Exception], ...]]:
    """Return msgspec's decoder, and what it raises over a text that it doesn't take."""
    import msgspec

    return msgspec.json.Decoder(kind).decode, (msgspec.MsgspecError, ValueError)


def object_cost(data: bytes | str) -> int:
    """Return about how much memory the objects of a JSON text will take; 0 where it is too short to
    matter.
    """
    if len(data) < SMALL_BYTES:
        return 0
    raw = data.encode("utf-8", "surrogatepass") if isinstance(data, str) else data
    if _cost(raw) <= MAX_OBJECT_BYTES:
        return _cost(raw)
    return _cost(_TEXT.sub(b"", raw))  # a text may hold any number of braces


def _keys_cost(data: bytes | str) -> int:
    """Return at most how much memory the keys of a JSON text will take where none is shared."""
    if len(data) < SMALL_BYTES:
        return 0
    return KEY_COST * (data.count(":") if isinstance(data, str) else data.count(b":"))


def block_cost(block: bytes) -> int:
    """Return at most how much memory the objects of a block of lines will take: a text counts as if it were
    none.
    """
    return _cost(block) + LINE_COST * block.count(b"\n")


def line_cost(line: bytes) -> int:
    """Return about how much memory the objects of one line will take."""
    return LINE_COST + _cost(_TEXT.sub(b"", line))


def refuse_bombs(cost: int, *, where: str) -> None:
    """Refuse what takes too much memory once it is parsed."""
    if cost > MAX_OBJECT_BYTES:
        raise ReadError(
            f"its objects would take about {cost / 1024**3:.0f} GB of memory",
            where=where,
            remedy="Check where it came from; a table of many rows is read in pieces as Parquet.",
        )


def members(text: bytes) -> dict[str, bytes]:
    """Return the keys of the object that a JSON text is, or of the first in a list, with the beginning of
    each value as it is written.

    No value is built. Of a text that is cut short, or is no JSON, this is what its beginning shows.
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
    """Return the members of a text of JSON. ValueError where it is none."""
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
    """Return what the beginning of a JSON text shows of its first object."""
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
    """Say whether the package is installed."""
    return find_spec("yaml") is not None


def parse_yaml(data: bytes, *, where: str) -> Any:
    """Parse YAML. ReadError where it is none, or the package is missing."""
    if not can_be_read():
        raise ReadError("YAML needs a package", where=where, remedy="pip install 'howsure[yaml]'")
    import yaml  # type: ignore[import-untyped]

    try:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        found = yaml.load(data, Loader=loader)  # noqa: S506 - a safe loader
        values = _count(found, {})
    except (yaml.YAMLError, RecursionError) as error:
        raise ReadError(
            f"no YAML ({str(error).splitlines()[0]})", where=where, remedy="Mend the file."
        ) from None
    if values > MOST_VALUES:
        raise ReadError(
            f"aliases that stand for more than {MOST_VALUES:,} values",
            where=where,
            remedy="Write the file without them.",
        )
    return found


def _count(value: Any, known: dict[int, float]) -> float:
    """Count the values of a document, those behind aliases each time that they stand; infinitely many where
    one holds itself.
    """
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    if not parts:
        return 1.0
    if id(value) not in known:
        known[id(value)] = math.inf
        known[id(value)] = 1.0 + sum(_count(part, known) for part in parts)
    return known[id(value)]
