"""Words behind a command that may be paths, counts, or the names of two models.

A path that exists goes before a count, a count before a model's name. A word with the suffix of a file that
isn't here is a missing file; any other word is the name of a model.
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
    """Say whether a word can only be meant as a path: it has the suffix of a file, or begins or ends as paths
    do.
    """
    return (
        PurePath(word).suffix.lower() in SUFFIXES
        or word.startswith((".", "/", "~"))
        or word.endswith("/")
        or "://" in word
    )


def is_name(word: str) -> bool:
    """Say whether a word is neither a path that exists, nor a count, nor meant as a path."""
    from howsure.verbs.sides import is_path

    return not (is_path(word) or looks_like_path(word) or is_path(PurePath(word).parts[0] if word else "."))


def with_names(paths: Sequence[str], given: dict[str, Any], first: str, second: str) -> tuple[str, ...]:
    """Return the paths among the words of a command; the one or two others name models, and become these two
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
            f"{names[0]!r} is one model, and a comparison takes two: name the other as well"
        )
    given |= dict(zip((first, second), names, strict=True))
    return sources
