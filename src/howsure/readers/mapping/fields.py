"""What the language calls the places around a record, and the fields of the record itself."""

from __future__ import annotations

TOP, UP, KEY, VALUE, RECORD = "top", "up", "key", "value", "record"
"""The whole document, the record around a record, the keys on the way to it, one that has no fields, and the
record itself.
"""
FILE, FOLDER, COLUMN = "file", "folder", "column"
"""The file without its suffix, the folder that it lies in, and the column that a value of a wide table stands
in.
"""
WORDS = frozenset([TOP, UP, KEY, VALUE, RECORD, FILE, FOLDER, COLUMN])
"""Names that mean something else than a field of this name, which is `record["file"]`."""


def own_field(name: str) -> str:
    """Return the name of a field of the record, of `record.file` the field `file`."""
    return name.removeprefix(f"{RECORD}.")


def is_own(name: str) -> bool:
    """Say whether a name is that of a field of the record, whatever the field is called."""
    return name.startswith(f"{RECORD}.")
