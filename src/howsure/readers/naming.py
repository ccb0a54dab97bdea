"""Names that a file doesn't hold and that its path tells: which model, and which copy of a repeated text."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution, OptionError, ReadError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.readers.base import Reading, Source

PLAIN_FOLDERS = frozenset(
    [
        "results",
        "result",
        "logs",
        "log",
        "output",
        "outputs",
        "evaluation",
        "evaluations",
        "eval",
        "evals",
        "data",
        "runs",
        "trajs",
        "run_evaluation",
        "evaluation_results",
    ]
)
"""Folder names that say nothing about the model."""
DIGESTED_ROWS = 50_000


def from_path(
    source: Source, ending: str, *, beginning: str = "", plain: str = ""
) -> tuple[str, tuple[Caution, ...]]:
    """Name the model after the file, with what the harness itself puts there cut off, else after the folder.

    `ending` is a pattern for the part that the harness adds, up to the end of the name, `beginning` what it
    puts before; a folder whose whole name matches `plain`, or is one of
    [`PLAIN_FOLDERS`][howsure.readers.naming.PLAIN_FOLDERS], is passed over.
    """
    stem = re.sub(rf"(?:{ending})$", "", source.path.name).removeprefix(beginning).strip("_-. ")
    folders = (folder.name for folder in source.path.absolute().parents)
    named = (name for name in (stem, *folders) if name and not _is_plain(name, plain))
    model = next(named, "unknown")
    return model, (named_by_path(source, model, remedy="Name the file or its folder after the model."),)


def named_by_path(source: Source, model: str, *, remedy: str) -> Caution:
    """Say that a model is called after the path of its file."""
    return Caution(
        code="model_from_path",
        message=f"{source.name}: the file names no model; it is called {model!r} after its path.",
        remedy=remedy,
    )


def chosen_model(source: Source) -> str:
    """Return the part of the path that the user's pattern finds, its first group where it has one; "" without
    a pattern.

    Raises ReadError where the path has no such part.
    """
    if not source.model_from:
        return ""
    name = found_in(source.model_from, source.path.absolute().as_posix(), option="model_from")[0]
    if not name:
        raise ReadError(
            f"no part of the path fits model_from={source.model_from!r}",
            where=source.name,
            remedy=r"Write a pattern with the model in parentheses: 'runs/([^/]+)/'.",
        )
    return name


def found_in(pattern: str, text: str, *, option: str) -> tuple[str, dict[str, str | None]]:
    """Return the first group of what a pattern finds in a text (the whole where it has none), and its named
    groups; "" and none where it finds nothing.

    The time is linear in the text, whatever the pattern. OptionError where that can't be had.
    """
    known = re.compile(pattern)
    column = pl.Series([text])
    try:
        matches = bool(column.str.contains(pattern)[0])
        first = column.str.extract(pattern, min(known.groups, 1))[0]
        named = column.str.extract_groups(pattern)[0] if known.groupindex and matches else {}
    except pl.exceptions.PolarsError:
        raise OptionError(
            f"{option} = {pattern!r} is too complex",
            remedy="Write it without look-around, back-references and large repeats.",
        ) from None
    return first or "", {name: named[name] for name in known.groupindex if matches}


def with_model(reading: Reading, name: str) -> Reading:
    """Call the model of a reading otherwise; several are told apart by their own names behind it."""
    if not name:
        return reading
    own = set() if reading.rows is None else set(reading.rows["model"].unique())
    own |= {entry.model for entry in reading.published}
    names = {model: name if len(own) == 1 else f"{name} {model}" for model in own}
    return replace(
        reading,
        rows=None if reading.rows is None else reading.rows.with_columns(pl.col("model").replace(names)),
        published=tuple(replace(entry, model=names[entry.model]) for entry in reading.published),
        extents=tuple(replace(entry, model=names.get(entry.model, name)) for entry in reading.extents),
        cautions=tuple(caution for caution in reading.cautions if caution.code != "model_from_path"),
    )


def digest(value: object) -> str:
    """Return a short name for a text or a JSON value that has no id: the same value, the same name."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:16]


def digest_of_rows(rows: pl.DataFrame) -> str:
    """Return the short name of a list of all rows, never holding more of it than a part."""
    named = hashlib.sha256(b"[")
    for place, part in enumerate(rows.iter_slices(DIGESTED_ROWS)):
        named.update((", " * bool(place) + json.dumps(part.rows())[1:-1]).encode())
    named.update(b"]")
    return named.hexdigest()[:16]


def numbered(names: Iterable[str]) -> list[str]:
    """Tell repeated names apart: the second becomes `name#2`."""
    seen: Counter[str] = Counter()
    unique = []
    for name in names:
        seen[name] += 1
        unique.append(name if seen[name] == 1 else f"{name}#{seen[name]}")
    return unique


def mixed_ids(values: Iterable[object], where: str) -> tuple[Caution, ...]:
    """Warn where some ids are numbers and some are text."""
    kinds = {isinstance(value, str) for value in values}
    if len(kinds) < 2:
        return ()
    return (
        Caution(
            code="mixed_id_types",
            message=f"{where}: some ids are numbers and some are text; all are read as text, 1 as '1'.",
            remedy="Give every item an id of one kind.",
        ),
    )


def _is_plain(name: str, plain: str) -> bool:
    return name.lower() in PLAIN_FOLDERS or (bool(plain) and re.fullmatch(plain, name) is not None)
