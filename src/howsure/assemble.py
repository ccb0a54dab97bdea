"""Matrices and methods become answers: entries, comparisons, boards, and what is overall."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.comparison import Comparison
from howsure.answers.estimate import Entry
from howsure.answers.leaderboard import Board, Pairs
from howsure.document import listing
from howsure.errors import Caution, DataError, OptionError
from howsure.methods import adjust as adjustments
from howsure.methods import combine
from howsure.methods.difference import difference, items_needed
from howsure.methods.mean import means
from howsure.methods.pairs import pair_moments
from howsure.methods.pivot import equivalence, t_pivot
from howsure.methods.ranks import ranks
from howsure.options import Overall, check
from howsure.prepare import collect
from howsure.rereading import Recorded, coverage_cautions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.estimate import Estimate
    from howsure.design import Design
    from howsure.matrix import ScoreMatrix
    from howsure.methods.moments import PairMoments
    from howsure.options import Adjustment, ComparisonMethod, IntervalMethod, Variance
    from howsure.prepare import Items
    from howsure.scores import Scores

    Shares = Overall | Mapping[str, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class MeanOptions:
    """How one mean is estimated."""

    interval: IntervalMethod | None
    variance: Variance
    level: float
    seed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PairOptions:
    """How two models are compared."""

    method: ComparisonMethod | None
    variance: Variance
    level: float
    margin: float | None
    seed: int


def entries(matrix: ScoreMatrix, items: Items, asked: MeanOptions) -> list[Entry]:
    """Estimate every model of a matrix on the items that it answered."""
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
    a, b = (_model_name(scores, name) for name in names)
    if a == b:
        raise OptionError(f"a and b are both {a!r}", remedy="Name two different models.")
    return collect(scores, replace(design, model=(a, b))), (a, b)


def _model_name(scores: Scores, name: str) -> str:
    """Return the model of this name; the part after the last slash is enough where only one model ends in it."""
    from howsure.aggregate import model_names

    names = model_names(scores)
    ending = [known for known in names if known.endswith(f"/{name}")]
    if name not in names and len(ending) == 1:
        return ending[0]
    if name not in names:
        near = get_close_matches(name, names, n=3, cutoff=0.3) or names[:5]
        raise DataError(f"no model {name!r}", remedy=f"Did you mean {listing([repr(n) for n in near])}?")
    return name


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
    return pair_moments(
        matrix.values,
        clusters=matrix.clusters,
        weights=matrix.weights,
        variance=asked.variance,
        pseudo_items=matrix.bounded and asked.method != "t",
    )


def board(matrix: ScoreMatrix, found: list[Entry], pairs: PairMoments, asked: PairOptions, adjust: Adjustment) -> Board:
    """Order the entries of a matrix and give each its place."""
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
            df=pairs.df[at],
            p_value=p[at],
            p_adjusted=q[at],
            n_shared=pairs.shared[at],
        ),
        level=asked.level,
        adjust=used,
        percent=matrix.bounded,
        lower_is_better=matrix.lower_is_better,
        cautions=coverage_cautions(matrix, pairs),
    )


def overall_board(
    matrices: Sequence[ScoreMatrix],
    boards: Sequence[Board],
    pairs: Sequence[PairMoments],
    asked: PairOptions,
    adjust: Adjustment,
    *,
    overall: Shares,
) -> tuple[Board | None, list[Caution]]:
    """Rank the models that have every task by their overall score; None, with a caution, where there is none."""
    reason = _no_overall(matrices)
    if reason is not None:
        return None, [reason] if len(matrices) > 1 else []
    models = sorted(set.intersection(*(set(matrix.models) for matrix in matrices)))
    if not models:
        return None, [_lacking(0, matrices)]
    places = [[matrix.column(model) for model in models] for matrix in matrices]
    shares = task_shares(matrices, overall)
    combined = combine.combine_pairs([pair.take(place) for pair, place in zip(pairs, places, strict=True)], shares)
    found = [_overall_entry(model, boards, shares, matrices[0].metric) for model in models]
    head = replace(matrices[0].take_models(places[0]), task="", metric=_overall_name(overall))
    left = len({model for matrix in matrices for model in matrix.models}) - len(models)
    return board(head, found, combined, asked, adjust), [_lacking(left, matrices)] if left else []


def _overall_entry(model: str, boards: Sequence[Board], shares: Sequence[float], metric: str) -> Entry:
    parts = [next(entry for entry in board.entries if entry.model == model) for board in boards]
    return Entry(
        task="",
        metric=metric,
        model=model,
        estimate=combine.combine_estimates([part.estimate for part in parts], shares, bounded=boards[0].percent),
        n_attempts=sum(part.n_attempts for part in parts),
        n_failed=sum(part.n_failed for part in parts),
    )


def task_shares(matrices: Sequence[ScoreMatrix], overall: Shares) -> list[float]:
    """Return the share of each task in the overall score; they sum to 1."""
    if isinstance(overall, str):
        check("overall", overall, Overall)
        sizes = [1 if overall == "mean" else len(matrix.items) for matrix in matrices]
        return [size / sum(sizes) for size in sizes]
    tasks = [matrix.task for matrix in matrices]
    wrong = [task for task in tasks if not 0 < overall.get(task, 0) < math.inf]
    wrong += [task for task in overall if task not in tasks]
    if wrong:
        raise OptionError(f"overall weights must be positive and name every task and no other; see {listing(wrong)}")
    total = sum(overall[matrix.task] for matrix in matrices)
    return [overall[matrix.task] / total for matrix in matrices]


def _overall_name(overall: Shares) -> str:
    return {"mean": "mean over tasks", "pooled": "all items pooled"}.get(str(overall), "weighted mean over tasks")


def _no_overall(matrices: Sequence[ScoreMatrix]) -> Caution | None:
    """Say why scores can't be put together, None where they can."""
    tasks = [matrix.task for matrix in matrices]
    if len(matrices) < 2:
        return Caution(code="no_overall", message="one task only")
    if len(set(tasks)) < len(tasks):
        why = "a task comes with several metrics"
    elif len({(matrix.bounded, matrix.lower_is_better) for matrix in matrices}) > 1:
        why = "the tasks' scores are on different scales"
    else:
        return None
    return Caution(code="no_overall", message=f"no overall score: {why}", remedy="Choose with --metric or --task.")


def _lacking(count: int, matrices: Sequence[ScoreMatrix]) -> Caution:
    what = "1 model lacks" if count == 1 else f"{count} models lack" if count else "all models lack"
    left = "is" if count == 1 else "are"
    return Caution(
        code="not_in_overall",
        message=f"{what} some of the {len(matrices)} tasks and {left} not in the overall ranking",
        remedy="Choose tasks that all have with --task.",
    )


def overall_comparison(
    matrices: Sequence[ScoreMatrix], pairs: Sequence[Comparison], asked: PairOptions, overall: Shares
) -> tuple[Comparison | None, list[Caution]]:
    """Put the comparisons of several tasks together: their weighted mean, errors independent from task to task."""
    reason = _no_overall(matrices)
    if reason is not None:
        return None, [reason]
    shares = task_shares(matrices, overall)
    a, b = pairs[0].a, pairs[0].b
    chosen = [matrix.take_models([matrix.column(a), matrix.column(b)]) for matrix in matrices]
    if not all(pair.paired for pair in pairs):
        return None, [_UNPAIRED_TASK]
    combined = combine.combine_pairs([moments(matrix, asked) for matrix in chosen], shares)
    centre, spread, df = (float(m[0, 1]) for m in (combined.centre, combined.spread, combined.df))
    pivot = t_pivot(centre, spread, df, asked.level, reach=1.0 if matrices[0].bounded else math.inf)
    kind = "pseudo-items" if matrices[0].bounded and asked.method != "t" else "t"
    estimate = combine.combined_difference(combined, pairs, pivot, asked.level, f"overall {kind}, {asked.variance}")
    sign = matrices[0].orientation
    asked_other = asked.method not in (None, kind)
    return replace(
        pairs[0],
        task="",
        metric=_overall_name(overall),
        a_mean=float(np.dot(shares, [pair.a_mean for pair in pairs])),
        b_mean=float(np.dot(shares, [pair.b_mean for pair in pairs])),
        difference=estimate,
        p_value=pivot.p_value,
        p_adjusted=pivot.p_value,
        correlation=math.nan,
        unpaired_se=math.hypot(*(share * pair.unpaired_se for share, pair in zip(shares, pairs, strict=True))),
        wins=sum(pair.wins for pair in pairs),
        losses=sum(pair.losses for pair in pairs),
        ties=sum(pair.ties for pair in pairs),
        n_only_a=sum(pair.n_only_a for pair in pairs),
        n_only_b=sum(pair.n_only_b for pair in pairs),
        items_needed=items_needed(estimate, asked.level),
        equivalence=None if asked.margin is None else equivalence(pivot, asked.margin, asked.level, sign),
    ), [_other_method(kind, asked)] if asked_other else []


def _other_method(kind: str, asked: PairOptions) -> Caution:
    return Caution(
        code="overall_method",
        message=f"the overall comparison is by {kind!r}; {asked.method!r} is for one task",
        remedy="Leave --method out to have one method throughout.",
    )


_UNPAIRED_TASK = Caution(
    code="no_overall",
    message="no overall comparison: on some task the two models share no item",
    remedy="Choose tasks with --task.",
)
