"""What a pilot tells of a comparison: the spread that a plan needs, and how far off it could be."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.answers.plan import Basis
from howsure.errors import Caution, DataError
from howsure.inference.compare import gather_pair, one_metric, tasks_left_out
from howsure.inference.population import NEW_CLUSTERS, population_of
from howsure.inference.question import Question
from howsure.statistics.answer_noise import answers
from howsure.statistics.clustered_variance import equal_sizes, sizes_of
from howsure.statistics.power import SURE, Joined, Spread
from howsure.statistics.variance_components import mixed, mixture_errors, variance_limits, variances
from howsure.study.factors import gather_levelled
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.statistics.answer_noise import Answers
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.power import Doubt, Planned
    from howsure.statistics.variance_components import Components
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores


LEAST_ITEMS = 2
LEAST_SHARE = 1e-3
"""Of the variance seen: a lower limit of none at all would ask for a plan without any spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pilot:
    """Two models on the items of a task that both answered, and what their differences tell.

    `both`: their matrix, as the population has it drawn; `found`: the columns a, b and a − b; `codes`:
    clusters, None where each item is its own;
    `parts`: the variances of these columns; `weight`: how many times the variance is that of equal weights
    (Kish's design effect of weights).
    """

    both: ScoreMatrix
    found: Answers
    codes: Ints | None
    parts: Components
    basis: Basis
    weight: float
    paired: bool

    @property
    def measured(self) -> bool:
        """Whether several attempts tell the noise of answers."""
        return math.isfinite(self.basis.answer)

    def spread(self, clusters: float | None) -> Planned:
        """Return the spread of a difference; `clusters`: hold their number fixed."""
        strata, fixed = self.both.strata, clusters is not None
        spreads = tuple(
            replace(
                spread_of(self.parts, k, self.codes, fixed=fixed),
                clusters=clusters,
                events=self._events(k),
                strata=strata,
            )
            for k in self.columns
        )
        spreads = tuple(spread.times(self.weight) for spread in spreads)
        return spreads[0] if self.paired else Joined(parts=spreads, shares=(1.0, 1.0), items=(1.0, 1.0))

    @property
    def columns(self) -> list[int]:
        """Which columns the difference is made of."""
        return _columns(paired=self.paired)

    def _events(self, column: int) -> float:
        e = self.found.means[:, column] - self.found.means[:, column].mean()
        fourths = float((e**4).sum())
        return float((e**2).sum()) ** 2 / fourths / len(e) if fourths > 0 else math.nan

    def variances(self, attempts: Sequence[float]) -> Floats:
        """Return n times the variance of each column that the difference is made of (K, columns), with so
        many attempts.
        """
        shares = [(self.basis.crowd, 1 / k) for k in attempts]
        seen = np.array([mixed(self.parts, crowd, share) for crowd, share in shares])[:, self.columns]
        least = [
            [spread_of(self.parts, k, self.codes).per_item(1.0, each) for k in self.columns]
            for each in attempts
        ]
        return np.asarray(np.maximum(seen, least))

    def errors(self, attempts: Sequence[float]) -> list[tuple[float, float, int]]:
        """Return n times the variance of the difference with so many attempts, its jackknife error, and the
        units.
        """
        shares = [(self.basis.crowd, 1 / k) for k in attempts]
        errors = mixture_errors(
            self.found.take(slice(self.columns[0], self.columns[-1] + 1)), self.codes, shares
        )
        value, error = self.variances(attempts).sum(axis=1), np.sqrt((errors**2).sum(axis=1))
        units = self.basis.n_clusters
        return [
            (self.weight * float(v), self.weight * float(e), units) for v, e in zip(value, error, strict=True)
        ]

    def limits(self, attempts: Sequence[float], level: float) -> list[tuple[float, float]]:
        """Return the limits of that variance as shares of it, for each number of attempts."""
        return [limits_of(found, level) for found in self.errors(attempts)]


def _columns(*, paired: bool) -> list[int]:
    """Return which columns a difference is made of: a − b itself, or a and b where these aren't paired."""
    return [2] if paired else [0, 1]


def spread_of(parts: Components, column: int, codes: Ints | None, *, fixed: bool = False) -> Spread:
    """Return the spread of one column as a plan may carry it on to other numbers of attempts and items.

    Where questions vary less than answers alone would have them vary, by chance, all spread is taken as that
    of answers: the estimate under ω² ≥ 0 that keeps the variance of single answers. `fixed`: clusters are to
    grow, and vary no less than 0.
    """
    sizes = equal_sizes() if codes is None else sizes_of(np.bincount(codes).astype(float))
    within, between, answer = (float(part[column]) for part in (parts.within, parts.between, parts.answer))
    question = sizes.crowd * between + within
    if math.isfinite(answer) and question < 0:
        return Spread(within=0.0, answer=max(answer + question, 0.0), sizes=sizes)
    if fixed and between < 0:
        within, between = question, 0.0
    return Spread(
        within=within, between=between, answer=answer if math.isfinite(answer) else 0.0, sizes=sizes
    )


def median_pilot(matrix: ScoreMatrix) -> Pilot:
    """Return the pilot of the two models whose difference varies as that of the median pair does."""
    question = Question(population=NEW_CLUSTERS, method="t")
    return _pilot(matrix, *median_pair(matrix, question), question, paired=True)


def read_pilots(
    scores: Scores, design: Design, a: str | None, b: str | None, *, paired: bool
) -> tuple[list[Pilot], Study, list[Caution]]:
    """Return one pilot a task: of a and b, or of the pair of models whose difference varies as the median
    pair's does.
    """
    question = Question(population=population_of(design.population), method="t")
    if a is not None and b is not None:
        study = gather_pair(scores, design, a, b)
        first, second = study.models
        matrices = one_metric(study)
        chosen = [(matrix, (first, second), 1) for matrix in matrices]
        cautions = tasks_left_out(study, matrices)
    else:
        study = gather_levelled(scores, design)
        chosen = [(matrix, *median_pair(matrix, question)) for matrix in study.matrices()]
        cautions = []
    pilots = [_pilot(matrix, names, pairs, question, paired=paired) for matrix, names, pairs in chosen]
    two_way = any(len(matrix.clusters) > 1 for matrix, _, _ in chosen)
    return pilots, study, [*cautions, FIRST_CLUSTERS] if two_way else cautions


def median_pair(matrix: ScoreMatrix, question: Question) -> tuple[tuple[str, str], int]:
    """Return the two models whose difference varies as that of the median pair does, and the number of
    pairs.
    """
    if len(matrix.models) < 2:
        raise DataError(
            f"the pilot holds one model only, {matrix.models[0]}",
            where=matrix.task,
            remedy="A comparison needs two: add another model's logs, or plan without a pilot.",
        )
    moments = question.population.pairs(matrix, question)
    upper = np.triu_indices(len(matrix.models), 1)
    each = (moments.variance * moments.shared)[upper]
    if moments.shared[upper].max() < LEAST_ITEMS:
        raise _few_shared("no two models share two items", matrix)
    known = np.flatnonzero(np.isfinite(each) & (each > 0) & (moments.shared[upper] >= LEAST_ITEMS))
    if not len(known):
        raise _no_spread(matrix, "all models")
    middle = known[np.argsort(each[known], kind="stable")[len(known) // 2]]
    first, second = (int(side[middle]) for side in upper)
    return (matrix.models[first], matrix.models[second]), len(known)


def _pilot(
    matrix: ScoreMatrix, names: tuple[str, str], pairs: int, question: Question, *, paired: bool
) -> Pilot:
    pair = matrix.take_models(matrix.columns(names))
    shared = np.asarray(~np.isnan(pair.values).any(axis=1))
    if int(shared.sum()) < LEAST_ITEMS:
        raise _few_shared(f"{names[0]} and {names[1]} share {plural(int(shared.sum()), 'item')}", matrix)
    both = question.population.drawn(pair.take_items(shared))
    found = answers(both.values, both.attempts.astype(float), both.within).with_difference()
    codes = both.clusters[0] if both.clusters and int(both.clusters[0].max()) + 1 < len(both.items) else None
    if codes is not None and int(codes.max()) < 1:
        raise DataError(
            f"all {len(both.items)} shared items are in one cluster: nothing tells how another would differ",
            where=matrix.task,
            remedy="Add clusters to the pilot, or use `cluster='none'` if the items were drawn one by one.",
        )
    parts = variances(found, codes)
    spreads = [spread_of(parts, k, codes) for k in _columns(paired=paired)]
    sizes, measured = spreads[0].sizes, bool(np.isfinite(parts.answer).all())
    w = np.ones(len(both.items)) if both.weights is None else both.weights
    basis = Basis(
        question=sum(spread.within + spread.between for spread in spreads),
        answer=sum(spread.answer for spread in spreads) if measured else math.nan,
        between=sum(spread.between for spread in spreads),
        cluster_size=sizes.size,
        crowd=sizes.crowd,
        n_items=len(both.items),
        n_clusters=len(both.items) if codes is None else int(codes.max()) + 1,
        attempts=float(2 / (1 / found.attempts[:, :2]).mean(axis=0).sum()),
        pairs=pairs,
    )
    weight = len(w) * float(w @ w) / float(w.sum()) ** 2
    pilot = Pilot(both=both, found=found, codes=codes, parts=parts, basis=basis, weight=weight, paired=paired)
    if not pilot.variances([1.0 if math.isnan(basis.answer) else basis.attempts]).sum() > 0:
        raise _no_spread(matrix, f"{names[0]} and {names[1]}")
    return pilot


def _few_shared(what: str, matrix: ScoreMatrix) -> DataError:
    return DataError(
        f"{what}: nothing tells how their difference varies",
        where=matrix.task,
        remedy="A pilot needs two shared items or more.",
    )


def _no_spread(matrix: ScoreMatrix, who: str) -> DataError:
    each = "on every item" if not matrix.clusters else "in every cluster"
    return DataError(
        f"the pilot shows no spread to plan from: {who} differ by the same amount {each}",
        where=matrix.task,
        remedy="Take a larger pilot, or assume variances of questions and answers.",
    )


def limits_of(errors: tuple[float, float, int], level: float) -> tuple[float, float]:
    """Return the limits of a variance as shares of it; NaN where nothing tells them."""
    value, error, units = errors
    if not (value > 0 and math.isfinite(error)):
        return math.nan, math.nan
    low, high = variance_limits(np.array([value]), np.array([error]), units, level)
    return max(float(low[0]) / value, LEAST_SHARE), float(high[0]) / value


def doubt_of(errors: tuple[float, float, int]) -> Doubt:
    """Return by how many times a variance may be larger than it seems, and how likely that is; 1 where
    nothing tells.

    A variance times ν over a χ² of ν degrees of freedom, ν from its error, and no more than one less than the
    units. A plan whose power is the mean over these reaches it over pilots (assurance, O'Hagan, Stevens and
    Campbell 2005); one that takes the pilot at its word falls short, since power falls more for a variance
    that is too small than it rises for one that is too large.
    """
    value, error, units = errors
    if not (value > 0 and error > 0 and math.isfinite(error)):
        return SURE
    df = max(min(2 * (value / error) ** 2, units - 1), 1)
    return tuple((df / float(scipy.special.chdtri(df, place)), share) for place, share in MIDDLES)


_POINTS, _SHARES = np.polynomial.legendre.leggauss(5)
MIDDLES = tuple(zip(((_POINTS + 1) / 2).tolist(), (_SHARES / 2).tolist(), strict=True))
"""Places and weights of Gauss and Legendre's rule between 0 and 1."""


def joined(pilots: Sequence[Pilot], shares: Sequence[float], clusters: float | None) -> Joined:
    """Return the spread of the overall difference: tasks keep their shares of the items."""
    n = sum(pilot.basis.n_items for pilot in pilots)
    spreads = tuple(pilot.spread(clusters) for pilot in pilots)
    held = tuple(pilot.basis.n_items / n for pilot in pilots)
    return Joined(parts=spreads, shares=tuple(shares), items=held)


def joined_errors(
    pilots: Sequence[Pilot], shares: Sequence[float], attempts: Sequence[float]
) -> list[tuple[float, float, int]]:
    """Return n times the variance of the overall difference, its jackknife error, and the units of all
    tasks.
    """
    n = sum(pilot.basis.n_items for pilot in pilots)
    factors = [share**2 * n / pilot.basis.n_items for share, pilot in zip(shares, pilots, strict=True)]
    parts = [pilot.errors(attempts) for pilot in pilots]
    units = sum(pilot.basis.n_clusters for pilot in pilots)
    return [
        (
            sum(f * part[k][0] for f, part in zip(factors, parts, strict=True)),
            math.sqrt(sum((f * part[k][1]) ** 2 for f, part in zip(factors, parts, strict=True))),
            units,
        )
        for k in range(len(attempts))
    ]


FIRST_CLUSTERS = Caution(
    code="first_clustering_only",
    message="the plan's clusters are those of the first way of clustering",
    remedy="Name the other one first to plan for it.",
)
