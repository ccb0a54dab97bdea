"""Control variates: the sources of covariates and their pool of items, and answers adjusted by them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError, OptionError, ResultWarning
from howsure.statistics.choices import label_of
from howsure.statistics.control_variates import adjusted_mean
from howsure.statistics.difference import items_needed
from howsure.statistics.differences import equivalence, t_pivot
from howsure.statistics.mean_intervals import Means, limits
from howsure.statistics.results import Estimate, Interval, Method
from howsure.study.models import resolve
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.estimate import Entry
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.control_variates import Adjusted
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


MODEL = "model:"
MOST_WORDS = 50
DEAR = 1.05
"""A warning is given if the interval is wider than without covariates by more than this factor."""
WHOLE_POOL = ResultWarning(
    code="covariate_saves_nothing",
    message="the covariate is known for the answered items only, so it can't improve the estimate",
    remedy=(
        "Give a table of more items with `items`, or another model that answered more of them "
        "(`covariate='model:NAME'`)."
    ),
)
NO_VARIATION = ResultWarning(
    code="covariate_saves_nothing",
    message="the covariate doesn't vary among the answered items",
    remedy="Choose another one.",
)
NO_OVERALL = ResultWarning(
    code="no_overall",
    message="overall comparisons don't support covariates",
    remedy="Use the results per task.",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CovariatePool:
    """The items of one task with known covariates: `values` (N, q) of `items` (N,), their clusters and
    weights (N,).

    `clusters` and `weights` are None if there are none. `models`: those whose scores are covariates.
    """

    items: tuple[str, ...]
    values: Floats
    clusters: tuple[str, ...] | None = None
    weights: Floats | None = None
    models: tuple[str, ...] = ()


def pools(study: Study, question: Question, **methods: object) -> dict[str, CovariatePool]:
    """Return the pool of every task, from the columns of the items' table or of the rows, or from another
    model's scores.

    `methods`: options that an adjusted answer can't respect, None or "t" if they weren't given.
    """
    if not study.design.covariate:
        return {}
    for name, value in {**methods, "variance": question.variance}.items():
        if value is not None and label_of(value) not in ("t", "CR2"):
            raise OptionError(
                f"`{name}={value!r}` doesn't work with a covariate", remedy=f"Leave {name} out."
            )
    if question.population.only_these:
        raise OptionError(
            "a covariate is for inference beyond the answered questions, and "
            "`population='these-questions'` is restricted to them",
            remedy="Leave one of the two out.",
        )
    return {task: _pool(task, study) for task in study.tasks}


def _pool(task: str, study: Study) -> CovariatePool:
    tables = [
        _other_model(name.removeprefix(MODEL), task, study)
        if name.startswith(MODEL)
        else _column(name, task, study)
        for name in study.design.covariate
    ]
    joined = tables[0]
    for table in tables[1:]:
        joined = joined.join(table, on="item", how="inner")
    joined = joined.drop_nulls().sort("item")
    clusters = None
    if study.cluster_names.get(task):
        known = _known_of_items(task, study, "cluster_0", (study.design.cluster_of(task) or ("cluster",))[0])
        clusters = tuple(known.get(item, f"\x00item {item}") for item in joined["item"])
    return CovariatePool(
        items=tuple(joined["item"]),
        values=joined.drop("item").to_numpy().astype(float),
        clusters=clusters,
        weights=_weights(task, study, joined["item"].to_list()),
        models=tuple(name.removeprefix(MODEL) for name in joined.columns if name.startswith(MODEL)),
    )


def _weights(task: str, study: Study, names: Sequence[str]) -> Floats | None:
    """Return the weight of every item of the pool, None if none are used."""
    column = study.design.weight
    if column is None:
        return None
    known = _known_of_items(task, study, "weight", column)
    weights = np.array([float(known.get(name) or np.nan) for name in names])
    lacking = int((~(weights > 0)).sum())
    if lacking:
        raise DataError(
            f"no positive {column!r} for {plural(lacking, 'item')} of the pool",
            where=task,
            remedy="Complete the column in the items table, or leave `weight` out.",
        )
    return weights


def _column(name: str, task: str, study: Study) -> pl.DataFrame:
    """Return a table of item and one column per number of the covariate."""
    side = study.side
    if name in ("task", "item"):
        raise OptionError(
            f"{name!r} can't be a covariate", remedy="Choose a column of numbers, or of a few labels."
        )
    if side is not None and name in side.columns:
        known = side.filter(pl.col("task") == task) if "task" in side.columns else side
    else:
        known = study.items.filter(task=task)
        if f"{name}_max" not in known.columns:
            raise DataError(
                f"no column {name!r} for a covariate",
                remedy="Choose a column of the rows or the items table.",
            )
        torn = known.filter(pl.col(name) != pl.col(f"{name}_max"))
        if len(torn):
            raise DataError(
                f"{name!r} differs between rows of item {torn['item'][0]!r}",
                where=task,
                remedy=(
                    "A covariate belongs to the item: it must be the same for all its models and attempts."
                ),
            )
    table = known.select(pl.col("item").cast(pl.String), pl.col(name)).unique()
    if table["item"].is_duplicated().any():
        raise DataError(f"column {name!r} has two values for one item", where="the items table")
    # A numeric column unchanged, and otherwise one column per word, without the first word.
    numeric = table[name].cast(pl.String).cast(pl.Float64, strict=False)
    if numeric.null_count() == table[name].null_count() and numeric.is_finite().all():
        return table.select("item", numeric.alias(name))
    words = table[name].cast(pl.String).drop_nulls().unique().sort().to_list()
    if len(words) > MOST_WORDS:
        raise DataError(
            f"column {name!r} is neither a number nor a label ({len(words):,} different words)",
            where=task,
            remedy="Choose a column of numbers, or of a few labels.",
        )
    text = pl.col(name).cast(pl.String)
    return table.select(
        "item", *((text == word).cast(pl.Float64).alias(f"{name} {word}") for word in words[1:] or words)
    )


def _other_model(name: str, task: str, study: Study) -> pl.DataFrame:
    """Return the mean scores of another model as a table of item and score."""
    held = [(key, part) for key, part in (*study.parts.items(), *study.beside.items()) if key[0] == task]
    name = resolve(name, sorted({str(model) for _, part in held for model in part["model"].unique()}))
    own = [(key, part.filter(pl.col("model").cast(pl.String) == name)) for key, part in held]
    key, part = next((key, part) for key, part in own if len(part))
    matrix = study.explaining({key: part}).matrix(key)
    return pl.DataFrame({"item": matrix.items.tolist(), f"{MODEL}{name}": matrix.values[:, 0]})


def _known_of_items(task: str, study: Study, column: str, name: str) -> dict[str, str]:
    """Return the cluster or weight of every item of a task, those of the items' table included."""
    side = study.side
    known = dict(study.items.filter(task=task).select("item", pl.col(column).cast(pl.String)).iter_rows())
    if side is None or name not in side.columns:
        return known
    rows = side.filter(pl.col("task") == task) if "task" in side.columns else side
    return dict(rows.select(pl.col("item").cast(pl.String), pl.col(name).cast(pl.String)).iter_rows()) | known


def adjusted(matrix: ScoreMatrix, pool: CovariatePool, model: int) -> Adjusted:
    """Adjust the mean of one model of a matrix, without answered items that aren't in the pool."""
    places = {str(item): place for place, item in enumerate(matrix.items)}
    at = np.array([places.get(item, -1) for item in pool.items])
    y = np.where(at >= 0, matrix.values[at, model], np.nan)
    if np.isfinite(y).sum() < 3:
        raise DataError(
            f"fewer than three items that {matrix.models[model]} answered have the covariate",
            where=matrix.task,
            remedy="Complete the column, or leave `covariate` out.",
        )
    codes = (
        None if pool.clusters is None else np.unique(pool.clusters, return_inverse=True)[1].astype(np.int64)
    )
    return adjusted_mean(y, pool.values, clusters=codes, weights=pool.weights)


def adjusted_entries(
    matrix: ScoreMatrix, pools: Mapping[str, CovariatePool], plain: Sequence[Entry]
) -> list[Entry]:
    """Return the entries of a matrix adjusted by its task's pool, or unchanged without one."""
    if matrix.task not in pools:
        return list(plain)
    entries = []
    for entry in plain:
        if entry.model in pools[matrix.task].models:  # it would explain itself
            entries.append(entry)
            continue
        estimate, saved = adjusted_estimate(
            matrix, pools[matrix.task], matrix.column(entry.model), entry.estimate
        )
        entries.append(replace(entry, estimate=estimate, variance_saved=saved))
    return entries


def adjusted_estimate(
    matrix: ScoreMatrix, pool: CovariatePool, model: int, plain: Estimate
) -> tuple[Estimate, float]:
    """Return a model's estimate adjusted by the covariates, and the share of the variance that they saved."""
    found = adjusted(matrix, pool, model)
    if found.units < 2:  # how another cluster would differ is unknown, and the plain estimate has a warning
        return plain, math.nan
    if found.n == len(pool.items):
        return replace(plain, warnings=(*plain.warnings, WHOLE_POOL)), 0.0
    level, answered = plain.interval.level, int(np.isfinite(matrix.values[:, model]).sum())
    value = min(max(found.value, 0.0), 1.0) if matrix.bounded else found.value
    known = Means(
        value=np.array([value]),
        var=np.array([found.variance]),
        df=found.df,
        n=found.n,
        units=found.units,
        bounded=matrix.bounded,
        cluster_size=1.0,
    )
    low, high = limits(known, "adaptive" if matrix.bounded else "t", level)
    estimate = replace(
        plain,
        value=value,
        se=math.sqrt(found.variance),
        interval=Interval(low=float(low[0]), high=float(high[0]), level=level),
        df=found.df,
        n_items=found.n,
        method=replace(plain.method, adjusted=True),
        bounds=(),
        warnings=(*plain.warnings, *_warnings(found, answered)),
    )
    return _with_price(estimate, plain), found.saved


def adjusted_comparison(
    matrix: ScoreMatrix, pool: CovariatePool, plain: Comparison, *, margin: float | None
) -> Comparison:
    """Return a comparison whose difference is that of the adjusted means, by t."""
    level = plain.difference.interval.level
    one, two = (adjusted(matrix, pool, matrix.column(name)) for name in (plain.a, plain.b))
    if min(one.units, two.units) < 2:
        return plain
    sums = one.sums - two.sums
    variance = float(np.maximum(one.inflation, two.inflation) @ sums**2)
    value, df = one.value - two.value, min(one.df, two.df)
    pivot = t_pivot(value, math.sqrt(variance), df, level, reach=1.0 if matrix.bounded else math.inf)
    # The warnings of both models, with their names.
    pair_warnings = [
        replace(warning, message=f"{name}: {warning.message}")
        for name, found in ((plain.a, one), (plain.b, two))
        for warning in _warnings(found, int(np.isfinite(matrix.values[:, matrix.column(name)]).sum()))
    ]
    estimate = replace(
        plain.difference,
        value=value,
        se=math.sqrt(variance),
        interval=Interval(low=pivot.low, high=pivot.high, level=level),
        df=df,
        method=Method(name="t", variance="CR2", paired=plain.paired, adjusted=True),
        warnings=(*plain.difference.warnings, *pair_warnings),
    )
    if one.n == two.n == len(pool.items):
        estimate = replace(estimate, warnings=(*estimate.warnings, WHOLE_POOL))
    estimate = _with_price(estimate, plain.difference)
    before = plain.difference.se**2
    return replace(
        plain,
        a_mean=one.value,
        b_mean=two.value,
        difference=estimate,
        unclustered_se=math.nan,
        p_value=pivot.p_value,
        p_adjusted=pivot.p_value,
        adjusted_interval=estimate.interval,
        items_needed=items_needed(estimate, level),
        variance_saved=1 - variance / before if before > 0 else math.nan,
        equivalence=None if margin is None else equivalence(pivot, margin, level, matrix.orientation),
    )


def _with_price(estimate: Estimate, plain: Estimate) -> Estimate:
    """Warn if the covariates made the interval wider, as they cost degrees of freedom."""
    before, after = plain.interval.half_width, estimate.interval.half_width
    if not after > DEAR * before:
        return estimate
    dear = ResultWarning(
        code="covariate_too_dear",
        message=f"the covariates cost degrees of freedom ({estimate.df:.1f} left of {plain.df:.1f}) and "
        "made the interval wider",
        remedy="Use fewer covariates, or more clusters.",
    )
    return replace(estimate, warnings=(*estimate.warnings, dear))


def told(design: Design, pools: Mapping[str, CovariatePool]) -> list[str]:
    """Return a note on the covariates."""
    if not pools:
        return []
    sizes = listing([f"{plural(len(pool.items), 'item')} of {task}" for task, pool in pools.items()])
    return [f"Adjusted by {', '.join(design.covariate)}, known for {sizes}."]


def _warnings(mean: Adjusted, answered: int) -> Iterator[ResultWarning]:
    if mean.n < answered:
        yield ResultWarning(
            code="no_covariate",
            message=f"{plural(answered - mean.n, 'answered item')} without the covariate left out",
            remedy="Complete the column.",
        )
    if not mean.used:
        yield NO_VARIATION
