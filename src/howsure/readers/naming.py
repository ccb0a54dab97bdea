"""Names that a file doesn't hold and that its path tells: which model, and which copy of a repeated text."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import TYPE_CHECKING

from howsure.errors import Caution

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.readers.base import Source

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


def from_path(source: Source, ending: str, *, beginning: str = "", plain: str = "") -> tuple[str, tuple[Caution, ...]]:
    """Name the model after the file, with what the harness itself puts there cut off, else after the folder.

    `ending` is a pattern for the part that the harness adds, up to the end of the name, `beginning` what it puts before; a folder whose whole name
    matches `plain`, or is one of [`PLAIN_FOLDERS`][howsure.readers.naming.PLAIN_FOLDERS], is passed over.
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


def digest(value: object) -> str:
    """Return a short name for a text or a JSON value that has no id: the same value, the same name."""
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()[:16]


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
