"""Mappings that come with howsure, from known.toml. The tested ones read the files that they recognise, the
others only if they are named.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from functools import cache, cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError
from howsure.readers.attempt_rows import from_path, with_model
from howsure.readers.base import looks_like
from howsure.readers.parsing import CELLS, separator
from howsure.table.schema import CONSTANTS

if TYPE_CHECKING:
    from collections.abc import Mapping as Table

    from howsure.readers.base import Claim, GivenReader, Reading, Source
    from howsure.readers.mapping.mapping import MappedReader, Mapping
    from howsure.table.scores import TaskFacts

OWN = ("formats", "checked", "keys", "ending", "failures", "words")
"""The keys of an entry other than its mapping."""
NOT_TRIED = "from the documentation, not tested"


@dataclass(frozen=True)
class KnownReader:
    """A mapping that comes with howsure, as a reader. It is compiled when it reads its first file.

    `said` is the mapping as it is written. `formats` and `checked` are its files, and those it was tested on.
    `keys` are at the beginning of a file. `ending` is a pattern for the part after the model in the file's
    name. `failures` and `words` are the harness's treatment of failed attempts.
    """

    name: str
    said: Table[str, Any]
    formats: str
    keys: tuple[str, ...]
    checked: str = ""
    ending: str = ""
    failures: str = "drop"
    words: str = ""

    @property
    def NAME(self) -> str:  # noqa: N802 - what every reader is called
        """The name shown to the user."""
        return self.name

    @cached_property
    def mapping(self) -> Mapping:
        """The meaning of its columns in a file."""
        from howsure.readers.mapping.mapping import mapping_of

        return mapping_of(self.name, self.said)

    @property
    def text(self) -> str:
        """The mapping as a user would write it, to be pasted."""
        lines = [f"{key} = {json.dumps(value)}" for key, value in self.said.items()]
        return "\n".join([f"[map.{self.name}]", *lines])

    @property
    def FORMATS(self) -> str:  # noqa: N802 - what every reader has
        """One line for the documentation."""
        return self.formats

    @property
    def CHECKED(self) -> str:  # noqa: N802 - what every reader has
        """The versions whose files were tested."""
        return self.checked or NOT_TRIED

    def fits(self, source: Source) -> bool:
        """Return whether a file begins like those of the harness."""
        if source.path.suffix.lower() in CELLS:
            header = source.head.split(b"\n")[0].decode(errors="replace").strip()
            return set(self.keys) <= set(header.split(separator(source.head, source.path.suffix.lower())))
        if not looks_like(source.head, self.keys) and not source.first.keys() >= set(self.keys):
            return False
        from howsure.readers.mapping.documents import has_objects  # loads SQLite and packed formats

        return has_objects(source)

    def names(self, source: Source) -> bool:  # noqa: ARG002 - what every given reader has
        """Return whether it was given for exactly this file: never, it goes by content."""
        return False

    def claims(self, source: Source) -> Claim | None:
        """Claim the files that begin like those of the harness."""
        return "rows" if self.fits(source) else None

    def read(self, source: Source) -> Reading:
        """Read a file by the mapping. The model is named after the file if the mapping doesn't define it."""
        from howsure.readers.mapping.mapping import read

        reading = read(source, self.mapping)
        reading = replace(reading, facts=tuple(map(self._facts, reading.facts)), notes=())
        if not self.ending:
            return reading
        model, warnings = from_path(source, self.ending)
        return replace(with_model(reading, model), warnings=warnings)

    def _facts(self, facts: TaskFacts) -> TaskFacts:
        return replace(facts, harness=self.NAME, failures=self.failures, failures_words=self.words)


@cache
def known() -> tuple[KnownReader, ...]:
    """Return all of them, the tested ones first."""
    import tomllib

    entries = tomllib.loads(files("howsure.readers.mapping").joinpath("known.toml").read_text("utf-8"))
    return tuple(_reader(name, entry) for name, entry in entries.items())


def tried() -> tuple[KnownReader, ...]:
    """Return those that were tested on files of their harness, and read the files that they recognise."""
    return tuple(reader for reader in known() if reader.checked)


def named(name: str) -> KnownReader | None:
    """Return the one of this name, or None if there is none."""
    return next((reader for reader in known() if name == reader.NAME), None)


def fitting(source: Source) -> KnownReader | None:
    """Return an untested one whose keys a file has."""
    return next((reader for reader in known() if not reader.checked and reader.fits(source)), None)


def _reader(name: str, entry: Table[str, Any]) -> KnownReader:
    own = {key: value for key, value in entry.items() if key in OWN}
    said = {key: value for key, value in entry.items() if key not in OWN}
    return KnownReader(name=name, said=said, **{**own, "keys": tuple(own["keys"])})


MAPS = "map"
"""The table of a TOML file with mappings by name. A file without it is one mapping."""


def mappings_of(given: Any) -> tuple[GivenReader, ...]:
    """Return the given mappings: a path, the name of one that comes with howsure, a mapping, mappings by
    name, or several of these.
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
    raise OptionError(f"`map={given!r}` isn't a mapping", remedy="Give the path of a TOML file, or a dict.")


def _of_table(table: Table[str, Any], name: str) -> tuple[MappedReader, ...]:
    from howsure.readers.mapping.mapping import MappedReader, mapping_of

    inner = table.get(MAPS, table)
    if inner and all(isinstance(value, dict) for value in inner.values()):
        return tuple(MappedReader(mapping_of(key, value)) for key, value in inner.items())
    return (MappedReader(mapping_of(name, inner)),)


def _loaded(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise OptionError(
            f"no mapping {str(path)!r}",
            remedy="Use a TOML file, a table [map.NAME] of howsure.toml, or one that docs/mapping.md lists.",
        )
    import tomllib

    try:
        return tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise OptionError(f"no TOML ({error})", where=str(path), remedy="Mend it.") from None
