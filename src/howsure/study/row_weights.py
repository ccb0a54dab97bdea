"""Weights that differ between the rows of an item: each model's weight of it is the sum over its attempts.

Where these sums are the same for every model, but for a factor of each model's own, they are the weights of
the items. Otherwise each model's score is a mean of its own, and models are compared by the weights of one of
them, or not at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.table.aggregate import coded
from howsure.table.grouping import taken_name
from howsure.wording import plural

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROUNDED = 1e-4
"""Weights are stated with few digits: relative differences up to this size are none."""
MOST_DIFFERING = 0.2
"""Where a larger share of a model's items weighs otherwise than for another model, the two aren't
compared.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWeights:
    """The `weights` that each item of a task has for each model (n, M), NaN where it has no row; names
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
        """Return the weights of items by which all models are compared: those for the model with the most
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

    `differing`: so many items weigh otherwise for another model; `comparable`: few enough for scores to be
    about the same mixture of items.
    """

    items: pl.DataFrame
    reference: str
    differing: int
    comparable: bool


def row_weights(part: pl.DataFrame, name: str, task: str) -> RowWeights:
    """Add up what the rows of each model and item weigh, by the totals of a column that came with the
    results.

    DataError where attempts of one model at one item differ in weight: they make one mean.
    """
    total, rows = part[taken_name(name)], part["rows"]
    bad = part.filter((pl.col(f"{taken_name(name)} n") < rows) | ~(pl.col(f"{taken_name(name)} least") > 0))
    if len(bad):
        raise _refused(
            f"column {name!r} holds no positive weight for some rows of",
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
            "Attempts at one question count alike. Give all attempts of a model at a question the same "
            "weight.",
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
