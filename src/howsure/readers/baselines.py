"""The place of saved baselines, and their names: in a folder of this name next to the configuration, or at
the repository's root.
"""

from __future__ import annotations

import os
import re
import zlib
from contextlib import suppress
from difflib import get_close_matches
from pathlib import Path

from howsure.errors import OptionError, ReadError
from howsure.readers.base import Source
from howsure.wording import listing

FOLDER, SUFFIX = "baselines", ".howsure"
NAME = re.compile(r"\w[\w.+-]{0,99}")
OWN, PYPROJECT, TOOL = "howsure.toml", "pyproject.toml", b"[tool.howsure"
MOST_NAMES, LONGEST = 5, 100
FORMAT_KEY, VERSION_KEY = "howsure baseline", "howsure"
GZIP = b"\x1f\x8b"
START = f'{{"{FORMAT_KEY}":'.encode()
GZIPPED = 31
"""With this number zlib expects a gzip, with its checksum."""


def folder() -> Path:
    """Return the folder of baselines: next to the nearest configuration, else at the repository's root, else
    in the working directory.
    """
    here = Path.cwd()
    for place in (here, *here.parents):
        with suppress(OSError):
            if (place / OWN).is_file() or (place / ".git").exists():
                return place / FOLDER
            if TOOL in (place / PYPROJECT).read_bytes():
                return place / FOLDER
    return here / FOLDER


def place_of(name: str) -> Path:
    """Return the path under which a baseline of this name is saved. OptionError if it isn't a plain name."""
    if not NAME.fullmatch(name):
        raise OptionError(
            f"{name!r} isn't a valid name of a baseline",
            remedy="Use letters, digits and . _ + -, or save it elsewhere with `output`.",
        )
    return folder() / f"{name}{SUFFIX}"


def names() -> tuple[str, ...]:
    """Return the names of the existing baselines."""
    try:
        return tuple(
            sorted(path.name.removesuffix(SUFFIX) for path in folder().glob(f"*{SUFFIX}") if path.is_file())
        )
    except OSError:
        return ()


def found(text: str) -> Path:
    """Return the file of a baseline, by its name or its path.

    Raises OptionError, with the nearest names, if it doesn't exist, ReadError if the file is something else.
    """
    named = folder() / f"{text}{SUFFIX}" if NAME.fullmatch(text) else Path(text)
    place = Path(shown(named)) if _is_file(named) else Path(text)
    if not _is_file(place):
        known = names()
        near = get_close_matches(text, known, n=1)
        meant = f"Did you mean {near[0]!r}? " if near else ""
        there = f"{meant}There is {listing(list(known), MOST_NAMES)}."
        none = "There are none yet: `howsure baseline save NAME PATHS`."
        what = f"no saved baseline {text[:LONGEST]!r} in {shown(folder())}"
        raise OptionError(what, remedy=there if known else none)
    if not is_one(place):
        raise ReadError(
            "not a saved baseline",
            where=shown(place),
            remedy="Give a baseline, or use the file as it is, without `saved:`.",
        )
    return place


def _is_file(place: Path) -> bool:
    try:
        return place.is_file()
    except (OSError, ValueError):  # a name that files can't have
        return False


def is_one(place: Path) -> bool:
    """Return whether a file is a saved baseline, by its beginning."""
    try:
        return is_baseline(Source(path=place, root=place).head)
    except OSError:
        return False


def shown(place: Path) -> str:
    """Return a path as a user would write it from the working directory."""
    relative = (
        os.path.relpath(place) if place.is_absolute() and place.anchor == Path.cwd().anchor else str(place)
    )
    return relative if not relative.startswith("..") else str(place)


def is_baseline(head: bytes) -> bool:
    """Return whether a file with this beginning is a saved baseline."""
    if not head.startswith(GZIP):
        return False
    try:
        return zlib.decompressobj(GZIPPED).decompress(head, len(START)) == START
    except zlib.error:
        return False
