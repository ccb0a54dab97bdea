"""YAML, where the package for it is there: plain data alone, by a safe loader."""

from __future__ import annotations

import math
from importlib.util import find_spec
from typing import Any

from howsure.errors import ReadError

MOST_VALUES = 10_000_000
SUFFIXES = (".yaml", ".yml")


def can_be_read() -> bool:
    """Say whether the package is installed."""
    return find_spec("yaml") is not None


def parse_yaml(data: bytes, *, where: str) -> Any:
    """Parse YAML. ReadError where it is none, or the package is missing."""
    if not can_be_read():
        raise ReadError("YAML needs a package", where=where, remedy="pip install 'howsure[yaml]'")
    import yaml  # type: ignore[import-untyped]

    try:
        found = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
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
