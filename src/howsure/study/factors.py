"""Random factors: scores at each level of columns that all questions share (seeds, prompts, judges), and
models as means over their levels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import DataError, OptionError, ResultWarning
from howsure.study import comparability
from howsure.study.gathering import gather
from howsure.study.matrix import LevelCells, LevelScores
from howsure.study.models import resolve
from howsure.study.study import LEVEL
from howsure.table.engines import to_polars
from howsure.table.grouping import distinct
from howsure.table.schema import TOGETHER, find_roles, open_frame, roles_note, tidy
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

MOST = 0.5
OWN = frozenset({"seed", "run", "attempt", "epoch", "trial", "repeat", "replicate"})
"""Factors with separate levels for each model, even if they have the same numbers."""


@dataclass(frozen=True, slots=True)
class _Factor:
    """A random factor: its column, whether models share its levels, and those that only some have
    (`left`).
    """

    name: str
    shared: bool
    left: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Levels:
    """The levels of each factor for each model, under the model's name there: columns model, at and one per
    factor.
    """

    factors: tuple[_Factor, ...]
    table: pl.DataFrame

    @classmethod
    def of_models(cls, names: Sequence[str], held: pl.DataFrame) -> _Levels:
        """Return the levels that count: for a factor that models share those that all have, if these are two
        or more.
        """
        from howsure.statistics.random_factors import LEAST

        factors, kept = [], held
        for name in names:
            common = (
                held.group_by(name)
                .agg(pl.col("model").n_unique())
                .filter(model=held["model"].n_unique())[name]
            )
            shared = name.lower() not in OWN and len(common) >= LEAST
            kept = kept.filter(pl.col(name).is_in(common.implode())) if shared else kept
            left = tuple(sorted(set(held[name]) - set(common))) if shared else ()
            factors.append(_Factor(name, shared, left))
        table = kept.with_columns(at=pl.concat_str("model", *names, separator=TOGETHER)).sort(*names)
        found = cls(tuple(factors), table)
        found.check_crossed()
        return found

    @property
    def name(self) -> str:
        """The factors' names."""
        return " and ".join(each.name for each in self.factors)

    @cached_property
    def by_model(self) -> dict[str, dict[str, list[str]]]:
        """The names (`at`) and levels of each model."""
        columns = ["at", *(each.name for each in self.factors)]
        found = self.table.group_by("model", maintain_order=True).agg(columns)
        return {row.pop("model"): row for row in found.iter_rows(named=True)}

    def of(self, model: str) -> list[str]:
        """Return the names of a model at its levels, with the last factor varying fastest."""
        return self.by_model.get(model, {}).get("at", [])

    def levels(self, model: str, factor: str) -> list[str]:
        """Return a model's levels of a factor."""
        return sorted(set(self.by_model.get(model, {}).get(factor, [])))

    def shape(self, model: str) -> tuple[int, ...]:
        """Return a model's number of levels of each factor."""
        return tuple(len(self.levels(model, each.name)) for each in self.factors)

    def is_shared(self, factor: _Factor) -> bool:
        """Return whether all models have the same levels."""
        each = {tuple(self.levels(model, factor.name)) for model in set(self.table["model"])}
        return len(each) == 1 and factor.name.lower() not in OWN

    def sizes(self) -> str:
        """Describe a model's number of levels: `4 levels`, `2 to 4 levels`, or `4 × 3 levels`."""
        shapes = {self.shape(model) for model in set(self.table["model"])}
        said = [
            f"{min(each)}" if len(set(each)) == 1 else f"{min(each)} to {max(each)}"
            for each in zip(*shapes, strict=True)
        ]
        return f"{' × '.join(said)} level{'' if said == ['1'] else 's'}"

    def check_crossed(self) -> None:
        """Raise DataError if a model lacks some pair of levels of two factors."""
        torn = sorted(m for m in set(self.table["model"]) if len(self.of(m)) < math.prod(self.shape(m)))
        if torn:
            raise DataError(
                f"{self.name} aren't crossed: {listing(torn)} "
                f"{'has' if len(torn) == 1 else 'have'} not every level "
                "of one at every level of the other",
                remedy="If one is nested in the other (runs of a seed), use the outer one alone.",
            )


def levelled(how: Callable[..., Study]) -> Callable[..., Study]:
    """Return `how`, which gathers a study, extended to designs that may have random factors. A factor with
    one level per question is a cluster.
    """

    def gathered(scores: Scores, design: Design, **options: Any) -> Study:
        """Gather the scores at every level, or unchanged."""
        if not design.random_factor:
            return how(scores, design, **options)
        single, held = _held(scores, design)
        if not single:
            return gather_levels(scores, design, held, **options)
        others = tuple(name for name in design.random_factor if name not in single)
        study = gathered(
            scores,
            replace(design, random_factor=others, cluster=(*(design.cluster or ()), *single)),
            **options,
        )
        told = f"Random factor: every question has one {listing(single)}, so questions are clustered by it."
        return replace(study, notes=(*study.notes, told))

    return gathered


gather_levelled = levelled(gather)
"""`gather` for designs that may have random factors."""


def _held(scores: Scores, design: Design) -> tuple[tuple[str, ...], pl.DataFrame]:
    """Return the factors with one level per question, and the levels of each model (columns model and one per
    factor).

    DataError if a factor isn't a column, or rows lack a level.
    """
    frame, _ = tidy(scores.rows, scores.roles)
    names = open_frame(scores.rows).collect_schema().names()
    factors = design.random_factor
    for factor in factors:
        if factor not in names:
            raise DataError(
                f"no column {factor!r} for a random factor", remedy=f"The columns are: {listing(names, 30)}."
            )
    levels = frame.select(
        "task", "item", "model", *(nw.col(each).cast(nw.String).alias(f"level {each}") for each in factors)
    )
    named = [f"level {name}" for name in factors]
    at = distinct(levels, ("task", "item", *named))
    most = at.group_by("task", "item").agg(pl.col(level).n_unique() for level in named)
    for name in factors:
        none = int(at.filter(pl.col(f"level {name}").is_null())["rows"].sum())
        if none:
            raise DataError(
                f"{plural(none, 'row')} without {name!r}",
                remedy="Complete the column, or leave the rows out.",
            )
    held = distinct(levels, ("model", *named)).drop("rows").sort("model", *named)
    held = held.rename(dict(zip(named, factors, strict=True)))
    single = tuple(
        name for name in factors if (most[f"level {name}"] == 1).all() and held[name].n_unique() > 1
    )
    return single, held


def gather_levels(
    scores: Scores, design: Design, held: pl.DataFrame, *, models: tuple[str, ...] = (), **options: Any
) -> Study:
    """Gather scores at every level of the design's random factors, each model as the mean over its levels
    (see `gather`).
    """
    factors = design.random_factor
    names = open_frame(scores.rows).collect_schema().names()
    known = sorted(set(held["model"]))
    asked = tuple(
        dict.fromkeys(resolve(name, known, parts=True) for name in (models or design.model))
    ) or tuple(known)
    found = _Levels.of_models(factors, held.filter(pl.col("model").is_in(asked)))
    roles = find_roles(names, scores.roles)
    if set(roles.get("attempt", ())) <= set(factors):
        roles.pop("attempt", None)  # a level isn't an attempt as well
    apart = replace(scores, roles={**roles, "model": (*roles["model"], *factors)})
    at = tuple(name for model in asked for name in found.of(model))
    plain = replace(design, model=(), random_factor=())
    try:
        study = gather(apart, plain, models=at, **{**options, "whole": True})
    except DataError:
        named = {**roles, "attempt": tuple(dict.fromkeys((*roles.get("attempt", ()), *factors)))}
        gather(
            replace(scores, roles=named), plain, models=asked
        )  # repeats this for models as the caller names them
        raise
    asked_about = {"attempt": (study.unasked,)} if study.unasked else {}
    alone, joined = (
        roles_note(each) for each in (roles | asked_about, find_roles(names, {**apart.roles, **asked_about}))
    )
    notes = tuple(alone if note == joined else note for note in study.notes if note != joined or alone)
    study = _alike_at_levels(replace(study, notes=notes), scores, factors)
    return _folded(study, design, found, asked, options.get("called", "model"))


def _alike_at_levels(study: Study, scores: Scores, factors: Sequence[str]) -> Study:
    """Return a study without the differences that a factor makes: another prompt is another text, but the
    same conditions if all models have it.
    """
    columns = {what: column for column, what in comparability.EXAM.items()}
    made = [each for each in study.differs if each.what in columns]
    if not made:
        return study
    frame, _ = tidy(scores.rows, scores.roles)
    names = {each.what: columns[each.what] for each in made}
    told = frame.group_by("task", "item", *factors).agg(
        *(nw.col(name).n_unique().alias(name) for name in names.values())
    )
    most = to_polars(told.group_by("task").agg(*(nw.col(name).max() for name in names.values())))
    alike = {
        (str(row["task"]), what) for row in most.to_dicts() for what, name in names.items() if row[name] <= 1
    }
    gone = [each for each in made if (each.task, each.what) in alike]
    return replace(
        study,
        differs=tuple(each for each in study.differs if each not in gone),
        warnings=tuple(each for each in study.warnings if each not in comparability.warnings(gone)),
    )


def _folded(study: Study, design: Design, found: _Levels, models: tuple[str, ...], called: str) -> Study:
    """Return a study whose matrices contain models as means over their levels, for the items that have them
    all. `called`: the word for a model.
    """
    names = pl.col("model").cast(pl.String)
    of_levels = found.table.select(pl.col("at").alias(LEVEL), "model")
    parts = {
        key: part.with_columns(names.alias(LEVEL)).drop("model").join(of_levels, on=LEVEL, how="left")
        for key, part in study.parts.items()
    }
    over = replace(
        study, parts=parts, models=models, over_levels=lambda matrix, chosen: _fold(matrix, chosen, found)[0]
    )
    warnings = []
    for key in study.parts:
        _, left = _fold(study.matrix(key), models, found)
        warnings += [_incomplete(key[0], left, found.name)] if left else []
    each, columns = found.sizes(), listing([f"`{factor.name}`" for factor in found.factors])
    several = len(found.factors) > 1
    meant = (
        f"{'samples' if several else 'a sample'} like the questions"
        if called == "model"
        else "whose mean is analysed"
    )
    note = (
        f"Random factor{'s' if several else ''}: column{'s' if several else ''} {columns}, {each} a "
        f"{called}, {meant}."
    )
    _sizes, *others = study.notes
    first = over.matrix(next(iter(over.parts)))
    sizes = f"Data: {plural(len(first.models), called)} × {plural(first.n_items, 'item')} × {each}."
    return replace(
        over,
        design=design,
        notes=(sizes, *others, note),
        warnings=(
            *study.warnings,
            *warnings,
            *(_unshared(factor) for factor in found.factors if factor.left),
        ),
    )


def _fold(matrix: ScoreMatrix, asked: Sequence[str], found: _Levels) -> tuple[ScoreMatrix, int]:
    """Return one matrix with its models as means over levels, and how many items were left out because a
    level was missing.
    """
    models = tuple(model for model in asked if set(found.of(model)) <= set(matrix.models))
    if not models:
        raise DataError(f"no model has all its levels of {found.name!r}", where=matrix.task)
    if len(matrix.clusters) > 1:
        raise OptionError("a random factor supports one way of clustering", remedy="Use the coarser one.")
    places = [matrix.columns(found.of(model)) for model in models]
    kept = np.asarray(~np.isnan(matrix.values[:, [k for own in places for k in own]]).any(axis=1))
    if not kept.any():
        raise DataError(
            "no item has a score at every level", where=matrix.task, remedy="See `howsure describe`."
        )
    part = matrix.take_items(kept)
    shapes = [found.shape(model) for model in models]
    most = [max(sizes) for sizes in zip(*shapes, strict=True)]
    cells = [np.full((part.n_items, count, len(models)), np.nan) for count in most]
    values, within, answers = (np.empty((part.n_items, len(models))) for _ in range(3))
    for m, (own, shape) in enumerate(zip(places, shapes, strict=True)):
        at, noise, attempts = part.values[:, own], part.within[:, own], part.attempts[:, own]
        values[:, m] = at.mean(axis=1)
        within[:, m] = (noise + (at - at.mean(axis=1, keepdims=True)) ** 2).mean(axis=1)
        answers[:, m] = _answer_noise(noise, attempts)
        crossed = at.reshape(len(at), *shape)
        for k, count in enumerate(shape):
            others = tuple(axis + 1 for axis in range(len(shape)) if axis != k)
            cells[k][:, :count, m] = crossed.mean(axis=others) if others else crossed

    def added(counts: Ints) -> Ints:
        """Return the attempts at all levels of each model together (n, M)."""
        return np.stack([counts[:, own].sum(axis=1) for own in places], axis=1)

    levels = LevelScores(
        cells=tuple(
            LevelCells(name=factor.name, values=each, shared=found.is_shared(factor))
            for factor, each in zip(found.factors, cells, strict=True)
        ),
        answers=answers,
        attempts=float(part.attempts[:, [k for own in places for k in own]].mean()),
    )
    folded = replace(
        part,
        models=models,
        values=values,
        attempts=added(part.attempts),
        within=within,
        tried=None if part.tried is None else added(part.tried),
        failed=None if part.failed is None else added(part.failed),
        lost=None,
        levels=levels,
    )
    return folded, int((~kept).sum())


def _answer_noise(within: Floats, attempts: Ints) -> Floats:
    """Return the variance of answers in the mean of each item's levels (n,), from those (n, S) with several
    attempts, or NaN if most have one.
    """
    several = attempts > 1
    if several.mean() <= MOST:
        return np.full(len(within), np.nan)
    single = within * attempts / np.maximum(attempts - 1, 1)
    filled = np.where(several, single, single[several].mean())
    return np.asarray((filled / attempts).mean(axis=1) / within.shape[1])


def _unshared(found: _Factor) -> ResultWarning:
    return ResultWarning(
        code="levels_unshared",
        message=(
            f"{plural(len(found.left), 'value')} of {found.name!r} that only some models have left out: "
            f"{listing(found.left)}"
        ),
        remedy="Run all models at the same ones.",
    )


def _incomplete(task: str, left: int, name: str) -> ResultWarning:
    return ResultWarning(
        code="levels_missing",
        message=f"{task}: {plural(left, 'item')} without a score at every level of {name!r} left out",
        remedy="Run the missing ones, or leave out the levels that lack items.",
    )
