"""Mappings from where a user keeps them: a TOML file, or tables by name."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError
from howsure.readers.mapping.known import named
from howsure.readers.mapping.mapping import MappedReader, mapping_of
from howsure.table.schema import CONSTANTS

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

    from howsure.readers.base import GivenReader

OWN = "map"
"""The table of a TOML file that holds mappings by name; a file without it is one mapping."""


def mappings_of(given: Any) -> tuple[GivenReader, ...]:
    """Return the mappings that are given: a path, the name of one that comes with howsure, a mapping,
    mappings by name, or several of these.
    """
    if given is None:
        return ()
    if isinstance(given, (str, Path)):
        own = named(str(given))
        return (own,) if own is not None else _of_table(_loaded(Path(given)), Path(given).stem)
    if isinstance(given, dict):
        return _of_table(given, CONSTANTS["task"])
    if isinstance(given, (list, tuple)):
        return tuple(made for each in given for made in mappings_of(each))
    raise OptionError(f"map={given!r} is no mapping", remedy="Give the path of a TOML file, or a dict.")


def _of_table(table: Table[str, Any], name: str) -> tuple[MappedReader, ...]:
    inner = table.get(OWN, table)
    if inner and all(isinstance(value, dict) for value in inner.values()):
        return tuple(MappedReader(mapping_of(key, value)) for key, value in inner.items())
    return (MappedReader(mapping_of(name, inner)),)


def _loaded(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise OptionError(
            f"no mapping {str(path)!r}",
            remedy="Name a TOML file, a table [map.NAME] of howsure.toml, or one that docs/mapping.md lists.",
        )
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise OptionError(f"no TOML ({error})", where=str(path), remedy="Mend it.") from None
