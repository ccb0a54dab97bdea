"""ScoreMatrix: the scores of one task and metric as items × models, ready for the methods."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.errors import DataError
from howsure.statistics.arrays import BLOCK_CELLS, blocks
from howsure.statistics.tolerances import ROUNDED_SCORES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from howsure.statistics.block_sums import ItemSums
    from howsure.statistics.metrics.base import Scale as MetricScale

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


MOST_MODELS = 3_000
"""All pairs of this many models take about 5 GB and a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelCells:
    """Scores at the levels of a factor that all items share, as means over the levels of others: `values` (n,
    S, M), NaN at levels that a model lacks.

    `name`: of the factor. `shared`: whether the levels are the same for all models.
    """

    name: str
    values: Floats
    shared: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelScores:
    """Results for random factors: `cells`, those of each factor. `answers` (n, M), the variance of answers
    alone in each item's mean, or NaN if unknown. `attempts`: at each level, on average.
    """

    cells: tuple[LevelCells, ...]
    answers: Floats
    attempts: float

    @property
    def name(self) -> str:
        """The factors' names."""
        return " and ".join(each.name for each in self.cells)

    def take_models(self, chosen: Ints) -> LevelScores:
        """Return those of some models."""
        cells = tuple(replace(each, values=each.values[:, :, chosen]) for each in self.cells)
        return replace(self, cells=cells, answers=self.answers[:, chosen])

    def take_items(self, keep: Any) -> LevelScores:
        """Return those of some items."""
        cells = tuple(replace(each, values=each.values[keep]) for each in self.cells)
        return replace(self, cells=cells, answers=self.answers[keep])


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreMatrix:
    """Items × models of one task and metric.

    Shapes: n items, M models. `values` (n, M): mean score over attempts, or NaN if the model has no score for
    the item. `attempts` (n, M): number of scored attempts. `within` (n, M): their population variance.
    `clusters`: none, one or two arrays (n,) of cluster codes 0 … C−1; none means that each item is its own.
    `few_clusters`: whether the clusters of the whole task are too few to generalise. `strata`: how many
    groups of items had their own means subtracted from their scores (statistics/clustered_variance.py), 0 if
    none had. `unmoved` (n, M): the scores before that. `weights` (n,): positive, scaled to mean 1, None for
    equal weights. `own_weights` (n, M): of each model, if they aren't the same for all, or NaN if it has no
    row. `bounded`: every score is in [0, 1]. `of_metric`: the range of a metric whose mean the
    scores have, without being its values (study/metric_rows.py), None for means of scores. `smallest` (M,):
    the effective number of questions in the smallest class of each model. `derived`: scores
    aren't means over attempts; `attempts` and
    `within` then only give their noise, within / (attempts − 1). `of_failures`: a score of 1 is a failure, as
    for metrics called unsafe or error. `of_agreement`: scores are how often attempts agree, so neither end is
    a success or a failure. `tried` and `failed` (n, M): all attempts at each item, and those without a score
    (None: there are none). `lost` (M,): attempts at items that no model has a score for. `sums`: if the rows
    are clusters, one each, the sums of their items, so that every result is about these. `levels`: the scores
    at each level of random factors, of which `values` are the means; None without one.
    """

    task: str
    metric: str
    models: tuple[str, ...]
    items: NDArray[Any]
    values: Floats
    attempts: Ints
    within: Floats
    clusters: tuple[Ints, ...] = ()
    cluster_names: tuple[str, ...] = ()
    cluster_labels: tuple[tuple[str, ...], ...] = field(default=())
    few_clusters: bool = False
    strata: int = 0
    unmoved: Floats | None = None
    weights: Floats | None = None
    own_weights: Floats | None = None
    bounded: bool = True
    lower_is_better: bool = False
    of_failures: bool = False
    of_agreement: bool = False
    of_metric: MetricScale | None = None
    smallest: Floats | None = None
    derived: bool = False
    tried: Ints | None = None
    failed: Ints | None = None
    lost: Ints | None = None
    sums: ItemSums | None = None
    levels: LevelScores | None = None

    @property
    def n_items(self) -> int:
        """The number of items."""
        return len(self.items) if self.sums is None else self.sums.n

    @property
    def n_attempts(self) -> Ints:
        """All attempts of each model (M,), with a score or without."""
        return _column_sums(self.attempts if self.tried is None else self.tried) + self._lost

    @property
    def n_failed(self) -> Ints:
        """The attempts of each model without a score (M,)."""
        return self._lost if self.failed is None else _column_sums(self.failed) + self._lost

    @property
    def _lost(self) -> Ints:
        return np.zeros(len(self.models), dtype=np.int64) if self.lost is None else self.lost

    @property
    def orientation(self) -> int:
        """+1 if larger scores are better, −1 if smaller ones are."""
        return -1 if self.lower_is_better else 1

    @property
    def reach(self) -> float:
        """The largest possible difference, in score units: 1 for scores in [0, 1], else infinite."""
        return 1.0 if self.bounded else float("inf")

    @property
    def complete(self) -> bool:
        """Whether every model has a score for every item."""
        return not bool(np.isnan(self.values).any())

    def right_or_wrong(self) -> NDArray[np.bool_]:
        """Return which models' scores are means of right-or-wrong answers (M,).

        The variance of such answers within an item is v (1 − v), which no other scores in [0, 1] reach.
        """
        if self.sums is not None:
            return self.sums.right_or_wrong & self.bounded
        found = np.full(len(self.models), self.bounded)
        for part in blocks(len(self.models) if self.bounded else 0, len(self.items), BLOCK_CELLS):
            excess = 1 - self.values[:, part]
            excess *= self.values[:, part]
            excess -= self.within[:, part]
            np.abs(excess, out=excess)
            if self.derived:
                excess[self.attempts[:, part] > 1] = np.inf
            found[part] = ~(excess > ROUNDED_SCORES).any(axis=0)
        return found

    def refuse_many_models(self) -> None:
        """Raise DataError if there are too many pairs of models for memory."""
        if len(self.models) > MOST_MODELS:
            raise DataError(
                f"{len(self.models):,} models, but all pairs of more than {MOST_MODELS:,} aren't compared",
                where=self.task,
                remedy=(
                    "Choose the models that matter (`model`), or use `howsure estimate`, which compares none."
                ),
            )

    def successes(self) -> Ints:
        """Return how many attempts have a score of 1 (n, M), if scores are right or wrong."""
        return np.asarray(np.rint(np.nan_to_num(self.values) * self.attempts), dtype=np.int64)

    def is_repeated(self) -> NDArray[np.bool_]:
        """Return for which models most items have several right-or-wrong attempts (M,)."""
        if self.derived or self.sums is not None:
            return np.zeros(len(self.models), dtype=bool)
        answered = np.maximum(np.count_nonzero(self.attempts, axis=0), 1)
        return np.asarray(
            self.right_or_wrong() & (np.count_nonzero(self.attempts > 1, axis=0) > answered / 2)
        )

    def means(self) -> Floats:
        """Return the mean score of each model (M,), over the items that it has."""
        there = ~np.isnan(self.values)
        weights = np.ones(len(self.items)) if self.weights is None else self.weights
        return np.asarray(weights @ np.where(there, self.values, 0.0) / (weights @ there))

    def column(self, model: str) -> int:
        """Return the index of a model."""
        return self.models.index(model)

    def columns(self, models: Iterable[str]) -> list[int]:
        """Return the indices of models, in their order."""
        places = {model: place for place, model in enumerate(self.models)}
        return [places[model] for model in models]

    def take_models(self, positions: Sequence[int] | Ints) -> ScoreMatrix:
        """Return the same items with only these models."""
        chosen = np.asarray(positions, dtype=np.int64)
        if np.array_equal(chosen, np.arange(len(self.models))):
            return self
        return replace(
            self,
            models=tuple(self.models[i] for i in chosen),
            values=self.values[:, chosen],
            unmoved=None if self.unmoved is None else self.unmoved[:, chosen],
            attempts=self.attempts[:, chosen],
            within=self.within[:, chosen],
            own_weights=None if self.own_weights is None else self.own_weights[:, chosen],
            tried=None if self.tried is None else self.tried[:, chosen],
            failed=None if self.failed is None else self.failed[:, chosen],
            lost=None if self.lost is None else self.lost[chosen],
            smallest=None if self.smallest is None else self.smallest[chosen],
            sums=None if self.sums is None else self.sums.take(chosen.tolist()),
            levels=None if self.levels is None else self.levels.take_models(chosen),
        )

    def take_items(self, keep: NDArray[np.bool_]) -> ScoreMatrix:
        """Return only these items, with the attempts at them. Cluster codes are renumbered consecutively."""
        if self.sums is not None and not keep.all():
            raise ValueError("sums are of all items")
        codes, labels = [], []
        for k, cluster in enumerate(self.clusters):
            used, code = np.unique(cluster[keep], return_inverse=True)
            codes.append(code.astype(np.int64))
            labels.append(tuple(self.cluster_labels[k][g] for g in used) if self.cluster_labels else ())
        return replace(
            self,
            items=self.items[keep],
            values=self.values[keep],
            unmoved=None if self.unmoved is None else self.unmoved[keep],
            attempts=self.attempts[keep],
            within=self.within[keep],
            clusters=tuple(codes),
            cluster_labels=tuple(labels) if self.cluster_labels else (),
            weights=None if self.weights is None else self.weights[keep],
            own_weights=None if self.own_weights is None else self.own_weights[keep],
            tried=None if self.tried is None else self.tried[keep],
            failed=None if self.failed is None else self.failed[keep],
            lost=None,
            levels=None if self.levels is None else self.levels.take_items(keep),
        )


def _column_sums(counts: Ints) -> Ints:
    return np.asarray(counts.sum(axis=0, dtype=np.int64))
