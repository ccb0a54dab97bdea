"""Sensitivity of results: known limits of methods, items that models lack, failed attempts counted the other
way.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from howsure.errors import ResultWarning
from howsure.inference import calibration_record
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from howsure.answers.against import AgainstTask
    from howsure.answers.compare import Comparison
    from howsure.answers.leaderboard import Board
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.block_sums import ItemSums
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


T = TypeVar("T", "Comparison", "Board", "AgainstTask")

COVERAGE = 0.9


@dataclass(frozen=True, slots=True)
class Recorded:
    """Whether the published simulations include scenarios like a matrix: `single` right-or-wrong answers, or
    scores on an `open` scale.

    It has one clustering and no weights. `shares`: each cluster's share of the items, if scores are in [0,
    1].
    """

    single: bool
    open: bool
    shares: Floats | None = None

    @classmethod
    def of(cls, matrix: ScoreMatrix) -> Recorded:
        """Describe a matrix, once for all its models."""
        if matrix.sums is not None:
            return cls.of_sums(matrix, matrix.sums)
        plain = matrix.weights is None and len(matrix.clusters) <= 1
        single = plain and bool((matrix.attempts <= 1).all()) and bool(matrix.right_or_wrong().all())
        return cls(
            single=single,
            open=plain and not matrix.bounded and matrix.of_metric is None,
            shares=_cluster_shares(matrix) if plain else None,
        )

    @classmethod
    def of_sums(cls, matrix: ScoreMatrix, sums: ItemSums) -> Recorded:
        """Describe sums over items. Without clusters in the matrix, those of the sums were strata."""
        clustered = bool(matrix.clusters)
        single = clustered and sums.extremes.most <= 1 and bool(matrix.right_or_wrong().all())
        shares = sums.clusters.term.shares if clustered and matrix.bounded else None
        return cls(single=single, open=not matrix.bounded, shares=shares)

    def add(self, kind: str, estimate: Estimate, *, rate: float, skew: Callable[[], float]) -> Estimate:
        """Add the known limitations of the estimate's method with such data.

        `rate`: the score, or the share of discordant items. `skew`: computes the skewness of item scores or
        differences.
        """
        n_items, n_clusters = estimate.n_items, estimate.n_clusters
        miss, real = None, self.on_real_clusters(kind, str(estimate.method))
        if self.single:
            miss = calibration_record.known_miss(
                kind, str(estimate.method), n_items=n_items, n_clusters=n_clusters, rate=rate
            )
        elif self.open:
            miss = calibration_record.skewed_miss(
                kind, str(estimate.method), n_items=n_items, n_clusters=n_clusters, skewness=skew()
            )
        told = tuple(each for each in (miss, real) if each is not None)
        return replace(estimate, warnings=(*estimate.warnings, *told)) if told else estimate

    def on_real_clusters(self, kind: str, method: str) -> ResultWarning | None:
        """Return the coverage in simulations on real benchmarks with as few or as unequal clusters."""
        return None if self.shares is None else calibration_record.real_miss(kind, method, self.shares)


def _cluster_shares(matrix: ScoreMatrix) -> Floats | None:
    """Return each cluster's share of the items, for scores in [0, 1], None without clusters."""
    if not matrix.bounded or not matrix.clusters:
        return None
    held = np.bincount(matrix.clusters[0])
    return np.asarray(held[held > 0] / held.sum())


def skewness(scores: Floats) -> float:
    """Return the third standardised moment of scores (n,), NaN if there are none, 0 if nothing varies."""
    scores = scores[~np.isnan(scores)]
    centred = scores - scores.mean() if len(scores) else scores
    spread = float(np.sqrt((centred**2).mean())) if len(scores) else 0.0
    return float((centred**3).mean()) / spread**3 if spread > 0 else 0.0


def coverage_warnings(matrix: ScoreMatrix, pairs: PairMoments) -> Iterator[ResultWarning]:
    """Warn of models that can't be compared, and of models that answered far fewer items than others."""
    first, second = np.triu_indices(len(matrix.models), 1)
    apart = np.flatnonzero(pairs.shared[first, second] == 0)
    if len(apart):
        example = f"{matrix.models[first[apart[0]]]} and {matrix.models[second[apart[0]]]}"
        yield ResultWarning(
            code="no_shared_items",
            message=(
                f"{plural(len(apart), 'pair')} of models don't share any item ({example}) and "
                "count as tied here"
            ),
            remedy=("Check that item ids match. `howsure compare` falls back to an unpaired comparison."),
        )
    yield from uneven_items(matrix)


def uneven_items(matrix: ScoreMatrix) -> Iterator[ResultWarning]:
    """Warn of models that answered far fewer items than others."""
    counts = (~np.isnan(matrix.values)).sum(axis=0).tolist()
    enough = COVERAGE * len(matrix.items)
    few = [model for model, count in zip(matrix.models, counts, strict=True) if count < enough]
    if few and matrix.task:
        yield ResultWarning(
            code="uneven_items",
            message=f"{listing(few)} answered fewer than {COVERAGE:.0%} of the {len(matrix.items):,} "
            "items: scores are over different items, and only pairs are compared on shared ones",
            remedy="Run the missing items, or keep items that all have.",
        )


def policy_changes_verdict(
    study: Study, pairs: Sequence[Comparison], question: Question
) -> Iterator[ResultWarning]:
    """Warn if counting failed attempts the other way would change who is better."""
    changed = [each for each in _other_policy(study, pairs) if {each[1].a, each[1].b} <= set(each[0].models)]
    for policy in dict.fromkeys(policy for _, _, policy in changed):
        there = [(matrix, pair) for matrix, pair, other in changed if other == policy]
        others = [
            question.population.pair(m, pair.a, pair.b, replace(question, margin=None)) for m, pair in there
        ]
        # Other comparisons of some of the tasks, with p-values corrected like those that they replace.
        from howsure.statistics.multiplicity import corrected_p

        p_values = {(pair.task, pair.metric): pair.p_value for pair in (*pairs, *others)}
        adjusted = corrected_p(np.array(list(p_values.values())), question.adjust)
        found = dict(zip(p_values, adjusted.tolist(), strict=True))
        judged = [replace(other, p_adjusted=found[other.task, other.metric]) for other in others]
        for (matrix, pair), other in zip(there, judged, strict=True):
            if other.better != pair.better:
                told = other.better or "neither"
                yield _policy_warning(matrix, policy, f"the better model would be: {told}")


def policy_changes_ranks(study: Study, boards: Sequence[Board]) -> Iterator[ResultWarning]:
    """Warn if counting failed attempts the other way would change the order of the models."""
    for matrix, board, policy in _other_policy(study, boards):
        order = [entry.model for entry in board.entries]
        weights = np.where(
            np.isnan(matrix.values), 0.0, 1.0 if matrix.weights is None else matrix.weights[:, None]
        )
        means = (weights * np.nan_to_num(matrix.values)).sum(axis=0) / weights.sum(axis=0)
        values = dict(zip(matrix.models, matrix.orientation * means, strict=True))
        again = sorted(order, key=lambda model: (-values.get(model, -math.inf), order.index(model)))
        moved = [model for model, before in zip(again, order, strict=True) if model != before]
        if moved:
            yield _policy_warning(matrix, policy, f"the order would change ({listing(moved)} would move)")


def policy_changes_sides(
    study: Study, tasks: Sequence[AgainstTask], told: Callable[[ScoreMatrix], Mapping[str, str | None]]
) -> Iterator[ResultWarning]:
    """Warn if counting failed attempts the other way would change a model's result. `told`: the result of
    each, from a matrix.
    """
    for matrix, part, policy in _other_policy(study, tasks):
        other = told(matrix)
        changed = [side.model for side in part.models if other.get(side.model, side.verdict) != side.verdict]
        if changed:
            yield _policy_warning(matrix, policy, f"{listing(changed)} would get another verdict")


def _other_policy(study: Study, answers: Sequence[T]) -> list[tuple[ScoreMatrix, T, str]]:
    if not study.failed() or study.design.of_metric is not None:
        return []
    found = {(answer.task, answer.metric): answer for answer in answers}
    result = []
    for policy in ("drop", "zero"):
        other = study.with_failures(policy)
        changed = [key for key in study.parts if key in found and _other(study, key, policy)]
        result += [(other.matrix(key), found[key], policy) for key in changed]
    return result


def _other(study: Study, key: tuple[str, str], policy: str) -> bool:
    """Return whether a policy differs from that of a task, and leaves some score."""
    scored = policy == "zero" or bool((study.parts[key]["n"] > 0).any())
    return scored and study.policy_of(key) not in ("error", policy)


def _policy_warning(matrix: ScoreMatrix, policy: str, effect: str) -> ResultWarning:
    return ResultWarning(
        code="failure_policy",
        message=f"{matrix.task} · {matrix.metric}: with `failures={policy!r}`, {effect}",
        remedy="State the policy when you publish the result.",
    )
