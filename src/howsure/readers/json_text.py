"""JSON as logs hold it: parsed with an error that says where, and refused before its objects outgrow the
memory.
"""

from __future__ import annotations

import json
import re
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from howsure.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Callable

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
