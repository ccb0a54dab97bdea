"""Mutations of the bytes of any file, and of what a text of JSON holds."""

import re
from collections.abc import Callable
from random import Random

from .case import Case, Mutation


def cut(data: bytes, rng: Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def flip(data: bytes, rng: Random) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.choice((1, 4, 64))):
        if changed:
            changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def drop_line(data: bytes, rng: Random) -> bytes:
    lines = data.splitlines(keepends=True)
    return b"".join(line for line in lines if rng.random() > 0.1)


def double_line(data: bytes, rng: Random) -> bytes:
    return b"".join(line * rng.choice((1, 1, 1, 2)) for line in data.splitlines(keepends=True))


def drop_key(data: bytes, rng: Random) -> bytes:
    keys = sorted(set(re.findall(rb'"(\w+)" ?:', data[:200_000])))
    return data.replace(b'"' + rng.choice(keys) + b'"', b'"gone"') if keys else cut(data, rng)


def double_key(data: bytes, rng: Random) -> bytes:
    return re.sub(rb'("\w+" ?: ?[\d.]+)', rb"\1,\1", data, count=rng.randrange(1, 50))


def other(value: bytes):
    """Put a value in the place of one, five or fifty others."""

    def mutation(data: bytes, rng: Random) -> bytes:
        places = list(re.finditer(rb'(?<=[:,] )[\d.]+|(?<=[:,])[\d.]+|"[^"\n]{0,40}"(?= ?[,}\]])', data[:500_000]))
        if not places:
            return zeros(data, rng)
        for place in sorted(rng.sample(places, min(len(places), rng.choice((1, 5, 50)))), key=lambda m: -m.start()):
            data = data[: place.start()] + value + data[place.end() :]
        return data

    return mutation


def zeros(data: bytes, rng: Random) -> bytes:
    return data[: len(data) // 2] + b"\0" * 1000 + data[len(data) // 2 :]


MUTATIONS: dict[str, Callable[[bytes, Random], bytes]] = {
    "cut": cut,
    "flipped": flip,
    "line deleted": drop_line,
    "line doubled": double_line,
    "key deleted": drop_key,
    "key doubled": double_key,
    "null": other(b"null"),
    "list": other(b"[1]"),
    "object": other(b'{"a":1}'),
    "text": other(b'"x\\ud800"'),
    "boolean": other(b"true"),
    "nested": other(b"[" * 5_000 + b"]" * 5_000),
    "huge": other(b"1e999"),
    "digits": other(b"9" * 5_000),
    "negative": other(b"-1"),
    "nan": other(b"NaN"),
    "utf-16": lambda data, _: data.decode("utf-8", "replace").encode("utf-16"),
    "latin-1": lambda data, _: data.replace(b"e", b"\xe9"),
    "bom": lambda data, _: b"\xef\xbb\xbf" + data,
    "zeros": zeros,
}
VALID = frozenset({"flipped", "line deleted", "boolean", "negative"})
"""Mutations that leave another valid file: nothing in it says that it was another before."""
DAMAGE = ("cut", "flipped", "zeros")
"""What a copy suffers: for files that are no text."""


def of_file(mutate: Callable[[bytes, Random], bytes], name: str | None = None) -> Mutation:
    """Return the mutation of one file of a case: that which is named, or another."""

    def mutation(case: Case, rng: Random) -> Case:
        place = name or case.named
        return case.with_file(place, mutate(case.files[place], rng))

    return mutation
