"""YAML, where the package for it is there: plain data alone, by a safe loader."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from howsure.errors import ReadError

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
        return yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - a safe loader
    except (yaml.YAMLError, RecursionError) as error:
        raise ReadError(f"no YAML ({str(error).splitlines()[0]})", where=where, remedy="Mend the file.") from None
