"""Words after a command that may be paths, counts, or the names of two models.

An existing path takes precedence over a count, a count over a model's name. A word with the suffix of a
missing file is an error. Any other word is the name of a model.
"""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import click

from howsure.errors import ReadError

if TYPE_CHECKING:
    from collections.abc import Sequence

SUFFIXES = (
    *(".csv", ".tsv", ".json", ".jsonl", ".ndjson", ".eval", ".parquet", ".arrow", ".feather", ".xlsx"),
    *(".yaml", ".yml", ".log", ".txt", ".zip", ".gz", ".bz2", ".xz", ".zst", ".duckdb", ".howsure"),
)
"""Suffixes of files with results."""


def looks_like_path(word: str) -> bool:
    """Return whether a word can only be a path: it has the suffix of a file, or begins or ends like a
    path.
    """
    return (
        PurePath(word).suffix.lower() in SUFFIXES
        or word.startswith((".", "/", "~"))
        or word.endswith("/")
        or "://" in word
    )


def is_name(word: str) -> bool:
    """Return whether a word is neither an existing path, nor a count, nor looks like a path."""
    from howsure.verbs.sides import is_path

    return not (is_path(word) or looks_like_path(word) or is_path(PurePath(word).parts[0] if word else "."))


def with_names(paths: Sequence[str], given: dict[str, Any], first: str, second: str) -> tuple[str, ...]:
    """Return the paths among the words of a command. One or two other words name models, and become these two
    options.
    """
    names = [word for word in paths if is_name(word)]
    sources = tuple(word for word in paths if word not in names)
    if not names or given[first] is not None or given[second] is not None:
        return tuple(paths)
    if len(names) > 2:
        raise click.UsageError(f"{', '.join(names)} are neither files nor two names of models")
    if not sources:
        raise ReadError(
            "neither a file, nor a folder, nor a count such as 17/20",
            where=names[0],
            remedy="Give the path of the results first, then the names of two models.",
        )
    if len(names) == 1:
        raise click.UsageError(
            f"{names[0]!r} is one model, and a comparison takes two: name the other as well, or compare it "
            "with all by --against"
        )
    given |= dict(zip((first, second), names, strict=True))
    return sources
