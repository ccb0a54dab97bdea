"""Sides: what is compared is a model, a path, the runs of a tag, a commit or an id, or a saved baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import polars as pl

from howsure.errors import OptionError
from howsure.readers.baselines import SUFFIX, found
from howsure.study.names import fitting, resolve
from howsure.table.aggregate import names_of
from howsure.table.runs import SELECTORS
from howsure.verbs.read import is_paths, read

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.study.design import Design
    from howsure.table.scores import Scores

Kind = Literal["model", "path", "tag", "commit", "run", "saved"]
KINDS: tuple[str, ...] = get_args(Kind)
AS_SAVED = ("strict", "progress")
"""The options of `read` that a saved baseline takes: the others were taken when it was saved."""


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a comparison: `kind` says what `text` is; where none was written it is a model, else a path."""

    text: str
    kind: Kind | Literal[""] = ""

    @property
    def name(self) -> str:
        """What the side is called: of a path the last part, of a saved baseline its name."""
        if self.kind == "saved":
            return PurePath(self.text).name.removesuffix(SUFFIX) or self.text
        return PurePath(self.text).name or self.text if self.kind == "path" else self.text

    @property
    def is_read_alone(self) -> bool:
        """Whether it is read from no path but its own."""
        return self.kind in ("path", "saved") or (not self.kind and is_path(self.text))


def side_of(text: str) -> Side:
    """Read a side as it is written: `runs/main`, `gpt-4o`, `tag:pr-42`, `commit:1a2b3c`, `run:ID`, `saved:main`, `model:…`, `path:…`."""
    kind, colon, rest = text.partition(":")
    return Side(rest, cast("Kind", kind)) if colon and kind in KINDS and rest else Side(text)


def is_path(text: str) -> bool:
    """Say whether a file or folder of this name is here."""
    try:
        return Path(text).exists()
    except (OSError, ValueError):  # a name that no file can have
        return False


def read_sides(data: Any, asked: Sequence[str], design: Design) -> tuple[Scores, tuple[str, ...]]:
    """Read what a verb was given, with the names of the models that the sides which it was asked for are; see `parted`."""
    return parted(data, asked, {"items": design.items, "probabilities": design.score.kind == "prob"})


def parted(data: Any, asked: Sequence[str], options: Mapping[str, Any]) -> tuple[Scores, tuple[str, ...]]:
    """Read data with these options of `read`, each side that was asked for as a model; return the names of these.

    `data` may be None where every side is a path or a saved baseline. Raises OptionError where a name is both a model and a path, or data that was read
    before is to be parted by runs; DataError where sides can't be compared.
    """
    sides = tuple(map(side_of, asked))
    if not any(side.kind or is_path(side.text) for side in sides):
        return read(data, **options), tuple(asked)
    base = (
        None
        if data is None or all(side.kind in ("path", "saved", *SELECTORS) for side in sides)
        else read(data, **options)
    )
    sides = tuple(side if side.kind else Side(side.text, _kind(side.text, base)) for side in sides)
    if base is not None and all(side.kind == "model" for side in sides):
        return base, tuple(side.text for side in sides)
    names = _distinct(sides)
    parts = {name: _part(side, data, base, options) for name, side in zip(names, sides, strict=True)}
    return read(parts), names


def _kind(text: str, base: Scores | None) -> Kind:
    """Say whether a name without a kind is a model or a path. OptionError where it is both."""
    model = base is not None and bool(fitting(text, names_of(base, "model")))
    if model and is_path(text):
        raise OptionError(f"{text!r} is both a model and a path", remedy=f"Write model:{text} or path:{text}.")
    return "path" if not model and is_path(text) else "model"


def _part(side: Side, data: Any, base: Scores | None, options: Mapping[str, Any]) -> Scores:
    """Read one side."""
    if side.kind == "path":
        return read(side.text, **options)
    if side.kind == "saved":
        return read(found(side.text), **{name: options[name] for name in AS_SAVED if name in options})
    if side.kind in SELECTORS:
        if not is_paths(data):
            raise OptionError(
                f"{side.kind}:{side.text} asks for runs, which only logs have", remedy="Give the paths of the logs."
            )
        return read(data, **{**options, "runs": f"{side.kind}:{side.text}"})
    if base is None:
        raise OptionError(f"model {side.text!r} of nothing that is read", remedy="Give the paths of the logs as well.")
    return _of_model(base, side.text)


def _of_model(scores: Scores, name: str) -> Scores:
    model = resolve(name, names_of(scores, "model"))
    rows = scores.to_frame().filter(pl.col("model") == model)
    missing = tuple(lack for lack in scores.missing if lack.model == model)
    return replace(scores, rows=rows, roles={}, missing=missing, published=())


def _distinct(sides: Sequence[Side]) -> tuple[str, ...]:
    """Name the sides so that no two have one name: of paths with as many folders as are needed."""
    names = [side.name for side in sides]
    if len(set(names)) == len(names):
        return tuple(names)
    written = [side.text if side.kind == "path" else f"{side.kind}:{side.text}" for side in sides]
    if len(set(written)) < len(written):
        raise OptionError(f"two sides are both {written[0]!r}", remedy="Name two different sides.")
    return tuple(written)
