"""Weights of items: from a column, or from the rows of each model.

If weights differ between the rows of an item, each model's weight of it is the sum over its attempts. If
these sums are the same for every model, up to a factor per model, they are the weights of the items.
Otherwise each model's score is a separate mean, and models are compared by the weights of one of them, or not
at all.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import narwhals as nw
import numpy as np
import polars as pl

from howsure.errors import DataError, ResultWarning
from howsure.study.clusters import joined, one_value
from howsure.table.aggregate import coded
from howsure.table.cells import VAST
from howsure.table.grouping import taken_name
from howsure.table.schema import open_frame
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from howsure.study.design import Design
    from howsure.table.scores import Scores

ROUNDED = 1e-4
"""Weights are stated with few digits: relative differences up to this size are ignored."""
MOST_DIFFERING = 0.2
"""If a larger share of a model's items has weights that differ from another model's, the two aren't compared.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWeights:
    """The `weights` of each item of a task for each model (n, M), or NaN if it has no row. Names are
    sorted.
    """

    items: pl.Series
    models: pl.Series
    weights: NDArray[np.float64]

    def of(self, items: pl.Series, models: pl.Series) -> NDArray[np.float64]:
        """Return the weights of some items and models, in their order."""
        rows, columns = (
            self.items.search_sorted(items).to_numpy(),
            self.models.search_sorted(models).to_numpy(),
        )
        found: NDArray[np.float64] = self.weights[np.ix_(rows, columns)]
        return found

    def common(self) -> Common:
        """Return the weights of items by which all models are compared: those of the model with the most
        items, completed by the others'.
        """
        reference = int((~np.isnan(self.weights)).sum(axis=0).argmax())
        ratios = self.weights / self.weights[:, [reference]]
        shared = ~np.isnan(ratios)
        factors = np.array(
            [np.median(ratios[there, k]) if there.any() else 1.0 for k, there in enumerate(shared.T)]
        )
        scaled = self.weights / factors
        differ = shared & (np.abs(ratios / factors - 1) > ROUNDED)
        weights = np.where(shared[:, reference], scaled[:, reference], np.nanmean(scaled, axis=1))
        return Common(
            items=pl.DataFrame({"item": self.items, "weight": weights}),
            reference=str(self.models[reference]),
            differing=int(differ.any(axis=1).sum()),
            comparable=bool((differ.sum(axis=0) <= MOST_DIFFERING * shared.sum(axis=0)).all()),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The weights of `items` (columns item, weight) for all models, by the model `reference`.

    `differing`: this many items have different weights for another model. `comparable`: few enough for scores
    to be about the same mixture of items.
    """

    items: pl.DataFrame
    reference: str
    differing: int
    comparable: bool


def row_weights(part: pl.DataFrame, name: str, task: str) -> RowWeights:
    """Add up the weights of the rows of each model and item, by the totals of a column in the results.

    DataError if attempts of one model at one item differ in weight: they are combined into one mean.
    """
    total, rows = part[taken_name(name)], part["rows"]
    bad = part.filter((pl.col(f"{taken_name(name)} n") < rows) | ~(pl.col(f"{taken_name(name)} least") > 0))
    if len(bad):
        raise _refused(
            f"column {name!r} has no positive weight for some rows of",
            bad,
            task,
            "Every row needs a weight above 0.",
        )
    uneven = part.filter((pl.col(f"{taken_name(name)} most") * rows - total).abs() > ROUNDED * total)
    if len(uneven):
        raise _refused(
            f"{name!r} differs between attempts of one model at",
            uneven,
            task,
            "Attempts at one question count equally. Give all attempts of a model at a question "
            "the same weight.",
        )
    items, of_items = coded(part["item"])
    models, of_models = coded(part["model"])
    weights = np.full((len(items), len(models)), np.nan)
    weights[of_items, of_models] = total.to_numpy()
    return RowWeights(items=items, models=models, weights=weights)


def _refused(what: str, rows: pl.DataFrame, task: str, remedy: str) -> DataError:
    first = rows.sort("item", "model").row(0, named=True)
    return DataError(
        f"{what} item {first['item']!r}, model {first['model']!r} ({plural(len(rows), 'such item')})",
        where=task,
        remedy=remedy,
    )


NO_TASKS: Mapping[str, pl.DataFrame] = {}


def attach_weights(
    table: pl.DataFrame,
    side: pl.DataFrame | None,
    design: Design,
    by_task: Mapping[str, pl.DataFrame] = NO_TASKS,
) -> pl.DataFrame:
    """Attach the requested weights, checked to be positive, as a column `weight` (dropped otherwise).

    `by_task`: the weights of the items of tasks whose rows differ in weight.
    """
    name = design.weight
    if name is None:
        return table.drop("weight", strict=False)
    if side is not None and name in side.columns:
        table = joined(table, side, name, "weight_text")
    else:
        one_value(table.filter(~pl.col("task").is_in(list(by_task))), name)
        table = table.with_columns(weight_text=pl.col(name))
    table = table.with_columns(weight=pl.col("weight_text").cast(pl.Float64, strict=False))
    if by_task:
        table = table.update(pl.concat(by_task.values()), on=["task", "item"], how="left")
    bad = table.filter(
        ~(pl.col("weight") > 0).fill_null(value=False) | ~(pl.col("weight") <= VAST).fill_null(value=False)
    )
    if len(bad):
        row = bad.sort("task", "item").row(0, named=True)
        raise DataError(
            f"column {name!r} has no positive weight for item {row['item']!r} "
            f"({plural(len(bad), 'such item')})",
            where=str(row["task"]),
            remedy="Every item needs a weight above 0. Leave out items that should not count.",
        )
    return table


def numeric_weights(
    scores: Scores, design: Design, side: pl.DataFrame | None
) -> tuple[Scores, tuple[str, ...]]:
    """Return the column of weights if these are numbers of the rows, which may differ between those of an
    item. Numeric texts are converted.
    """
    columns, name = open_frame(scores.rows).collect_schema(), design.weight or ""
    if name not in columns or (side is not None and name in side.columns):
        return scores, ()
    if isinstance(scores.rows, pl.DataFrame | pl.LazyFrame) and columns[name] == nw.String:
        numbers = pl.col(name).cast(pl.Float64, strict=False)
        scores = replace(scores, rows=scores.rows.with_columns(numbers))
    return scores, (name,) if open_frame(scores.rows).collect_schema()[name].is_numeric() else ()


def weights_of_items(
    parts: Mapping[tuple[str, str], pl.DataFrame], items: pl.DataFrame, design: Design, *, paired: bool
) -> tuple[dict[str, pl.DataFrame], dict[str, RowWeights], list[ResultWarning]]:
    """Return, for tasks whose rows of an item differ in weight, the items' weights, and each model's own if
    these differ and are requested.
    """
    common: dict[str, pl.DataFrame] = {}
    own: dict[str, RowWeights] = {}
    warnings: list[ResultWarning] = []
    name = design.weight or ""
    torn = (
        items.filter(pl.col(name) != pl.col(f"{name}_max"))["task"].unique()
        if f"{name}_max" in items.columns
        else ()
    )
    for (task, _), part in parts.items():
        if task in common or task not in torn or taken_name(name) not in part.columns:
            continue
        weights = row_weights(part, name, task)
        shared = weights.common()
        common[task] = shared.items.select(pl.lit(task).alias("task"), "item", "weight")
        if shared.differing and not paired:
            own[task] = weights
        elif shared.differing:
            warnings.append(weights_differ(name, task, shared))
    return common, own, warnings


def weights_differ(name: str, task: str, common: Common) -> ResultWarning:
    """Note by whose weights models are compared, if these differ. DataError if they differ for too many
    items.
    """
    items = plural(common.differing, "item")
    what = f"{name!r} weighs {items} differently for different models"
    remedy = (
        "`howsure estimate` without covariates and random factors gives each model's score "
        "by its own weights."
    )
    if not common.comparable:
        raise DataError(
            f"{what}, so that their scores are means over different mixtures of items and aren't comparable",
            where=task,
            remedy=remedy,
        )
    return ResultWarning(
        code="weights_differ",
        message=f"{task}: {what}, so every model is weighted as {common.reference} is",
        remedy=remedy,
    )
