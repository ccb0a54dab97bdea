"""Matrices and methods become answers: entries, comparisons, boards. For what is overall see overall.py."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.aggregate import names_of
from howsure.answers.comparison import Comparison
from howsure.answers.estimate import Entry
from howsure.answers.leaderboard import Board, Pairs
from howsure.benchmark import fixed_comparison, fixed_entries, fixed_pairs, noise_of
from howsure.checkpoints import last_checkpoints
from howsure.document import listing
from howsure.errors import Caution, DataError, OptionError
from howsure.methods import adjust as adjustments
from howsure.methods.difference import difference
from howsure.methods.mean import means
from howsure.methods.pair_details import pair_limits, plain_limits
from howsure.methods.pairs import pair_moments
from howsure.methods.ranks import ranks
from howsure.models import resolve
from howsure.prepare import collect
from howsure.rereading import Recorded, coverage_cautions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from howsure.answers.estimate import Estimate
    from howsure.design import Design
    from howsure.matrix import ScoreMatrix
    from howsure.methods.moments import PairMoments
    from howsure.options import Adjustment, ComparisonMethod, IntervalMethod, Population, Variance
    from howsure.prepare import Items
    from howsure.scores import Scores

    Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOptions:
    """How one mean is estimated."""

    interval: IntervalMethod | None
    variance: Variance
    level: float
    seed: int
    population: Population = "questions"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOptions:
    """How two models are compared."""

    method: ComparisonMethod | None
    variance: Variance
    level: float
    margin: float | None
    seed: int
    population: Population = "questions"


def entries(matrix: ScoreMatrix, items: Items, asked: MeanOptions) -> list[Entry]:
    """Estimate every model of a matrix on the items that it answered."""
    if asked.population == "benchmark":
        noise_of(matrix)
    counts = items.counts(matrix.task, matrix.metric)
    found: dict[int, Estimate] = {}
    answered, binary = ~np.isnan(matrix.values), matrix.right_or_wrong()
    complete = answered.all(axis=0)
    for models in (np.flatnonzero(complete & binary), np.flatnonzero(complete & ~binary)):
        if len(models):
            found.update(zip(models.tolist(), _means(matrix.take_models(models), asked), strict=True))
    for k in np.flatnonzero(~complete).tolist():
        found[k] = _means(matrix.take_models([k]).take_items(answered[:, k]), asked)[0]
    return [
        Entry(
            task=matrix.task,
            metric=matrix.metric,
            model=model,
            estimate=found[k],
            n_attempts=counts[model][0],
            n_failed=counts[model][1],
        )
        for k, model in enumerate(matrix.models)
    ]


def _means(part: ScoreMatrix, asked: MeanOptions) -> tuple[Estimate, ...]:
    """Estimate the models of a matrix without holes, all of which have right-or-wrong answers or none has."""
    if asked.population == "benchmark":
        return fixed_entries(part, asked.level)
    found = means(
        part.values,
        clusters=part.clusters,
        weights=part.weights,
        attempts=part.attempts.astype(float) if part.right_or_wrong().all() else None,
        bounded=part.bounded,
        level=asked.level,
        interval=asked.interval,
        variance=asked.variance,
        rng=np.random.default_rng(asked.seed),
        labels=part.cluster_labels[0] if part.cluster_labels else (),
    )
    known = Recorded.of(part)
    return tuple(
        known.add("mean", estimate, rate=estimate.value, scores=part.values[:, k]) for k, estimate in enumerate(found)
    )


def known_models(scores: Scores, design: Design, names: tuple[str, str]) -> tuple[Items, tuple[str, str]]:
    """Collect the rows of two models and return their full names; an unknown name is an error that names its nearest."""
    models = names_of(scores, "model")
    averages = last_checkpoints(models, design.average_last, design.step_from) if design.average_last else {}
    a, b = (resolve(name, sorted(set(averages.values())) or models) for name in names)
    if a == b:
        raise OptionError(f"a and b are both {a!r}", remedy="Name two different models.")
    rows = tuple(model for model, average in averages.items() if average in (a, b)) or (a, b)
    return collect(scores, replace(design, model=rows)), (a, b)


def one_metric(items: Items, asked: object) -> list[ScoreMatrix]:
    """Return the matrices of both models; where a task has several metrics and none was chosen, ask."""
    matrices = [matrix for matrix in items.matrices() if len(matrix.models) == 2]
    if not matrices:
        raise DataError("the two models have no task and metric in common", remedy="See `howsure describe`.")
    by_task: dict[str, list[str]] = {}
    for matrix in matrices:
        by_task.setdefault(matrix.task, []).append(matrix.metric)
    for task, metrics in by_task.items():
        if len(metrics) > 1 and not asked:
            raise OptionError(
                f"{task} has {len(metrics)} metrics: {', '.join(metrics)}", remedy="Choose one with --metric."
            )
    return matrices


def tasks_left_out(items: Items, matrices: Sequence[ScoreMatrix]) -> list[Caution]:
    """Warn of tasks and metrics that only one of the two models has."""
    compared = {(matrix.task, matrix.metric) for matrix in matrices}
    lacking = [" · ".join(key) for key in items.parts if key not in compared]
    if not lacking:
        return []
    return [
        Caution(
            code="task_left_out",
            message=f"only one of the two models has {listing(lacking)}",
            remedy="The comparison is on the others.",
        )
    ]


def comparison(matrix: ScoreMatrix, a: str, b: str, asked: PairOptions) -> Comparison:
    """Compare two models on one matrix."""
    if asked.population == "benchmark":
        return fixed_comparison(matrix, a, b, level=asked.level, margin=asked.margin)
    answer = difference(
        matrix.values[:, matrix.column(a)],
        matrix.values[:, matrix.column(b)],
        clusters=matrix.clusters,
        weights=matrix.weights,
        bounded=matrix.bounded,
        level=asked.level,
        method=asked.method,
        variance=asked.variance,
        margin=asked.margin,
        lower_is_better=matrix.lower_is_better,
        rng=np.random.default_rng(asked.seed),
        labels=matrix.cluster_labels[0] if matrix.cluster_labels else (),
    )
    estimate, decided = answer.estimate, answer.wins + answer.losses
    if answer.paired:
        gaps = matrix.values[:, matrix.column(a)] - matrix.values[:, matrix.column(b)]
        rate = decided / (decided + answer.ties)
        estimate = Recorded.of(matrix).add("difference", estimate, rate=rate, scores=gaps)
    return Comparison(
        task=matrix.task,
        metric=matrix.metric,
        a=a,
        b=b,
        a_mean=answer.a_mean,
        b_mean=answer.b_mean,
        difference=estimate,
        p_value=answer.p_value,
        p_adjusted=answer.p_value,
        correlation=answer.correlation,
        unpaired_se=answer.unpaired_se,
        unclustered_se=answer.unclustered_se,
        paired=answer.paired,
        wins=answer.wins,
        losses=answer.losses,
        ties=answer.ties,
        n_only_a=answer.n_only_a,
        n_only_b=answer.n_only_b,
        lower_is_better=matrix.lower_is_better,
        percent=matrix.bounded,
        items_needed=answer.items_needed,
        equivalence=answer.equivalence,
    )


def adjusted(pairs: Sequence[Comparison], method: Adjustment) -> list[Comparison]:
    """Correct the p-values of one comparison per task for their number; max-t means Holm here."""
    p = np.array([pair.p_value for pair in pairs])
    usable = np.isfinite(p)
    if method == "none" or usable.sum() < 2:
        return list(pairs)
    correct = adjustments.benjamini_hochberg if method == "bh" else adjustments.holm
    p[usable] = correct(p[usable])
    return [replace(pair, p_adjusted=float(q)) for pair, q in zip(pairs, p, strict=True)]


def moments(matrix: ScoreMatrix, asked: PairOptions) -> PairMoments:
    """Compare all pairs of a matrix at once."""
    if asked.population == "benchmark":
        return fixed_pairs(matrix)
    return pair_moments(
        matrix.values,
        clusters=matrix.clusters,
        weights=matrix.weights,
        variance=asked.variance,
        pseudo_items=matrix.bounded and asked.method != "t",
    )


def limits(matrix: ScoreMatrix, pairs: PairMoments, asked: PairOptions) -> tuple[Floats, Floats]:
    """Return the limits of every pair's own interval."""
    reach = 1.0 if matrix.bounded else math.inf
    if asked.population == "benchmark":
        return plain_limits(pairs, asked.level, reach)
    return pair_limits(
        matrix.values,
        pairs,
        level=asked.level,
        clusters=matrix.clusters,
        weights=matrix.weights,
        reach=reach,
        net_wins=matrix.bounded and asked.method != "t",
    )


def board(
    matrix: ScoreMatrix,
    found: list[Entry],
    pairs: PairMoments,
    asked: PairOptions,
    adjust: Adjustment,
    *,
    within: tuple[Floats, Floats],
) -> Board:
    """Order the entries of a matrix and give each its place. `within`: the limits of its pairs."""
    sign = matrix.orientation
    values = np.array([entry.estimate.value for entry in found])
    order = np.lexsort((np.array(matrix.models), -sign * values))
    p = pairs.p_value
    q, used = adjustments.adjust_pairs(pairs, adjust, rng=np.random.default_rng(asked.seed))
    at = np.ix_(order, order)
    return Board(
        task=matrix.task,
        metric=matrix.metric,
        entries=tuple(found[k] for k in order),
        ranks=ranks(sign * values[order], sign * pairs.difference[at], q[at], level=asked.level),
        pairs=Pairs(
            difference=pairs.difference[at],
            se=np.sqrt(pairs.variance)[at],
            low=within[0][at],
            high=within[1][at],
            df=pairs.df[at],
            p_value=p[at],
            p_adjusted=q[at],
            n_shared=pairs.shared[at],
            n_clusters=pairs.units[at],
        ),
        level=asked.level,
        adjust=used,
        percent=matrix.bounded,
        lower_is_better=matrix.lower_is_better,
        cautions=coverage_cautions(matrix, pairs),
    )
