"""A random factor: scores at each level of a column that all questions share (seeds, prompts, judges), and models as means over their levels."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import Caution, DataError, OptionError
from howsure.statistics.levels import LEAST
from howsure.study.gathering import gather
from howsure.study.matrix import LevelCells
from howsure.study.names import resolve
from howsure.table.collecting import to_polars
from howsure.table.schema import TOGETHER, find_roles, open_frame, roles_note, tidy
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.statistics.arrays import Ints
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

OWN = frozenset({"seed", "run"})
"""Factors of which each model has its own levels, even where they are numbered alike."""


@dataclass(frozen=True, slots=True)
class _Levels:
    """Which levels each model has, under the name that it has at each of them: columns model, level, at."""

    name: str
    table: pl.DataFrame
    left: tuple[str, ...] = ()

    @classmethod
    def of_models(cls, name: str, held: pl.DataFrame) -> _Levels:
        """Return the levels that count: of a factor that models share those that all have, if these are two or more (`left`: the others)."""
        common = held.group_by("level").len().filter(len=held["model"].n_unique())["level"]
        shared = name.lower() not in OWN and len(common) >= LEAST
        kept = held.filter(pl.col("level").is_in(common.implode())) if shared else held
        left = tuple(sorted(set(held["level"]) - set(kept["level"])))
        return cls(name, kept.with_columns(at=pl.concat_str("model", "level", separator=TOGETHER)), left)

    def of(self, model: str) -> dict[str, str]:
        """Return the levels of a model, with its name at each."""
        return dict(self.table.filter(model=model).sort("level").select("at", "level").iter_rows())


def levelled(how: Callable[..., Study]) -> Callable[..., Study]:
    """Return `how`, which gathers a study, for designs that may have a random factor; one of which every question has one level is a cluster."""

    def gathered(scores: Scores, design: Design, **options: Any) -> Study:
        """Gather the scores at every level, or as they are."""
        if not design.random_factor:
            return how(scores, design, **options)
        study = gather_levels(scores, design, **options)
        if study is not None:
            return study
        plain = replace(design, random_factor=(), cluster=design.random_factor)
        found = how(scores, plain, **options)
        told = f"Random factor: every question has one {design.random_factor[0]}, so questions are clustered by it."
        return replace(found, notes=(*found.notes, told))

    return gathered


def gather_levels(
    scores: Scores, design: Design, *, models: tuple[str, ...] = (), shared: bool = False
) -> Study | None:
    """Gather scores at every level of the design's random factor, each model as the mean over its levels; see `gather`.

    None where every question has one level: the factor is then a way of clustering. DataError where rows lack a level.
    """
    (factor,) = design.random_factor
    frame, _ = tidy(scores.rows, scores.roles)
    names = open_frame(scores.rows).collect_schema().names()
    if factor not in names:
        raise DataError(f"no column {factor!r} for a random factor", remedy=f"The columns are: {listing(names, 30)}.")
    level = nw.col(factor).cast(nw.String)
    most = to_polars(
        frame.select("task", "item", level.alias("level"))
        .group_by("task", "item")
        .agg(nw.col("level").n_unique().alias("levels"), nw.col("level").is_null().sum().alias("none"))
    )
    if most["none"].sum():
        raise DataError(
            f"{plural(int(most['none'].sum()), 'row')} without {factor!r}",
            remedy="Complete the column, or leave the rows out.",
        )
    held = to_polars(frame.select("model", level.alias("level")).unique())
    if (most["levels"] == 1).all() and held["level"].n_unique() > 1:
        return None
    known = sorted(set(held["model"]))
    asked = tuple(dict.fromkeys(resolve(name, known, parts=True) for name in (models or design.model))) or tuple(known)
    found = _Levels.of_models(factor, held.filter(pl.col("model").is_in(asked)))
    roles = find_roles(names, scores.roles)
    apart = replace(scores, roles={**roles, "model": (*roles["model"], factor)})
    at = tuple(name for model in asked for name in found.of(model))
    study = gather(apart, replace(design, model=(), random_factor=()), models=at, shared=shared, whole=True)
    plain, joined = (roles_note(each) for each in (find_roles(names, scores.roles), find_roles(names, apart.roles)))
    notes = tuple(plain if note == joined else note for note in study.notes if note != joined or plain)
    return _folded(replace(study, notes=notes), design, found, asked)


def _folded(study: Study, design: Design, found: _Levels, models: tuple[str, ...]) -> Study:
    """Return a study whose matrices hold models as means over their levels, of the items that have them all."""
    folded, cautions = {}, []
    for key in study.parts:
        matrix = study.matrix(key)
        here = tuple(model for model in models if set(found.of(model)) <= set(matrix.models))
        if not here:
            raise DataError(f"no model has all its levels of {found.name!r}", where=key[0])
        folded[key], left = _fold(matrix, here, found)
        if left:
            cautions.append(_incomplete(key[0], left, found.name))
    counts = {len(found.of(model)) for model in models}
    each = plural(max(counts), "level") if len(counts) == 1 else f"{min(counts)} to {max(counts)} levels"
    note = f"Random factor: column `{found.name}`, {each} a model, a sample as the questions are."
    _sizes, *others = study.notes
    first = next(iter(folded.values()))
    sizes = f"Data: {plural(len(first.models), 'model')} × {plural(first.n_items, 'item')} × {each}."
    return replace(
        study,
        design=design,
        crossed=folded,
        models=models,
        notes=(sizes, *others, note),
        cautions=(*study.cautions, *cautions, *([_unshared(found)] if found.left else [])),
    )


def _fold(matrix: ScoreMatrix, models: Sequence[str], found: _Levels) -> tuple[ScoreMatrix, int]:
    """Return one matrix with its models as means over levels, and how many items were left out for want of some level."""
    if len(matrix.clusters) > 1:
        raise OptionError("a random factor takes one way of clustering", remedy="Name the coarser one.")
    labels = [tuple(found.of(model).values()) for model in models]
    places = [matrix.columns(found.of(model)) for model in models]
    kept = np.asarray(~np.isnan(matrix.values[:, [k for own in places for k in own]]).any(axis=1))
    if not kept.any():
        raise DataError("no item has a score at every level", where=matrix.task, remedy="See `howsure describe`.")
    part = matrix.take_items(kept)
    cells = np.full((part.n_items, max(map(len, places)), len(models)), np.nan)
    within = np.empty((part.n_items, len(models)))
    for m, own in enumerate(places):
        at = part.values[:, own]
        cells[:, : len(own), m] = at
        within[:, m] = (part.within[:, own] + (at - at.mean(axis=1, keepdims=True)) ** 2).mean(axis=1)

    def added(counts: Ints) -> Ints:
        """Return the attempts at all levels of each model together (n, M)."""
        return np.stack([counts[:, own].sum(axis=1) for own in places], axis=1)

    folded = replace(
        part,
        models=tuple(models),
        values=np.nanmean(cells, axis=1),
        attempts=added(part.attempts),
        within=within,
        tried=None if part.tried is None else added(part.tried),
        failed=None if part.failed is None else added(part.failed),
        lost=None,
        levels=LevelCells(
            name=found.name, values=cells, shared=len(set(labels)) == 1 and found.name.lower() not in OWN
        ),
    )
    return folded, int((~kept).sum())


def _unshared(found: _Levels) -> Caution:
    return Caution(
        code="levels_unshared",
        message=f"{plural(len(found.left), 'value')} of {found.name!r} that only some models have left out: {listing(found.left)}",
        remedy="Run all models at the same ones.",
    )


def _incomplete(task: str, left: int, name: str) -> Caution:
    return Caution(
        code="levels_missing",
        message=f"{task}: {plural(left, 'item')} without a score at every level of {name!r} left out",
        remedy="Run what is missing, or leave out the levels that lack items.",
    )
