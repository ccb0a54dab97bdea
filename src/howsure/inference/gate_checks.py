"""Conversion of comparisons, scores, costs and slices to checks: each criterion on each task, with p-values
or limits, not yet decided.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure.answers.gate import Check
from howsure.checks import Relative
from howsure.errors import MethodError, OptionError, ResultWarning
from howsure.inference.compare import one_metric
from howsure.inference.costs import measure_warnings, missing, ratio_of, taken
from howsure.inference.gate_question import no_overall
from howsure.inference.leaderboard import ranked
from howsure.inference.random_factor import settled_by
from howsure.inference.slices import LEAST_ITEMS, population_of_slice
from howsure.statistics import intervals
from howsure.statistics.best_outcome import highest_floor
from howsure.statistics.score_pivot import plain_pivots
from howsure.study.notes import require_one_metric
from howsure.study.slices import partitions
from howsure.wording import listing, plural, share_remedy

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.compare import Comparison, Comparisons
    from howsure.answers.estimate import Entry
    from howsure.answers.gate import Criterion
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.answers.parts import ErrorSources
    from howsure.inference.gate_policy import Policy
    from howsure.inference.gate_question import GateQuestion
    from howsure.statistics.results import Estimate
    from howsure.study.matrix import ScoreMatrix


def pair_checks(gate: GateQuestion) -> Iterable[tuple[Any, list[Check]]]:
    """Yield the check of each criterion on the comparison of the two models, with its source."""
    if gate.criteria.better:
        comparisons = gate.compare(gate.level, None)
        yield comparisons, [pair_check(pair, gate, "better") for pair in gate.wanted(comparisons)]
    for criterion, margin in gate.criteria.margins:
        comparisons = _with_margin(gate, margin)
        checks = []
        for pair in gate.wanted(comparisons):
            resolved: float
            if pair.equivalence is not None:
                resolved = pair.equivalence.margin
            else:
                own = gate.study.design.margin_of(pair.task, margin) or margin
                resolved = own.of(pair.b_mean) if isinstance(own, Relative) else own
            checks.append(pair_check(pair, gate, criterion, resolved))
        yield comparisons, checks


def _with_margin(gate: GateQuestion, margin: float) -> Comparisons:
    """Compare with a margin. Tasks without a standard error don't affect the others."""
    try:
        return gate.compare(gate.one_sided, margin)
    except MethodError:
        plain = gate.compare(gate.one_sided, None)
    usable = [pair.task for pair in plain.comparisons if math.isfinite(pair.p_value)]
    if not usable:
        return plain
    some = replace(gate, study=gate.study.only(usable)).compare(gate.one_sided, margin)
    by_task = {(pair.task, pair.metric): pair for pair in some.comparisons}
    merged = tuple(by_task.get((pair.task, pair.metric), pair) for pair in plain.comparisons)
    return replace(plain, comparisons=merged, overall=None)


def pair_check(pair: Comparison, gate: GateQuestion, criterion: Criterion, margin: float = math.nan) -> Check:
    """Return the check of a criterion on a pair, with the p-values of a pass and of a fail.

    "better": the two-sided test. "not_worse_than": P(T ≥ t) and P(T ≤ t) of one pivot at −margin, which can't
    disagree. "same_within": both one-sided tests for a pass. For a fail it is the nearer margin's, doubled,
    as a difference may be on either side.
    """
    estimate, test = pair.difference, pair.equivalence
    p_pass = p_fail = math.nan
    level = gate.one_sided  # of the two-sided interval that decides
    target = 0.0  # the difference that the observed one is counted from
    if criterion == "better":
        level = gate.level
        if math.isfinite(pair.p_value):
            ahead = -estimate.value if pair.lower_is_better else estimate.value
            p_pass = pair.p_value if ahead > 0 else 1.0
            p_fail = pair.p_value if ahead < 0 else 1.0
    elif criterion == "not_worse_than":
        target = margin if pair.lower_is_better else -margin
        if test is not None:
            p_pass, p_fail = test.p_noninferior, test.p_inferior
    else:
        target = math.copysign(margin, estimate.value)
        level = gate.one_sided if abs(estimate.value) <= margin else gate.level
        if test is not None:
            p_pass, p_fail = test.p_equivalent, test.p_outside
    if criterion != "better" and gate.guard_unseen and not math.isnan(pair.unseen_loss_rate):
        # The chance of observing none of as many whole losses as the margin allows.
        tail = (1 - estimate.interval.level) / 2
        p_pass = max(
            p_pass, math.pow(tail, math.log1p(-min(margin, 1 - 1e-12)) / math.log1p(-pair.unseen_loss_rate))
        )
    sources, items = needed(gate, estimate, pair.sources, level, target)
    return Check(
        criterion=criterion,
        limit=margin,
        unseen_loss_rate=math.nan if criterion == "better" else pair.unseen_loss_rate,
        p_pass=p_pass,
        p_fail=p_fail,
        items_needed=items,
        sources=sources,
        task=pair.task,
        metric=pair.metric,
        candidate=pair.a,
        baseline=pair.b,
        value=estimate.value,
        low=estimate.interval.low,
        high=estimate.interval.high,
        level=estimate.interval.level,
        candidate_score=pair.a_mean,
        baseline_score=pair.b_mean,
        n_items=estimate.n_items,
        n_clusters=estimate.n_clusters,
        population=pair.population,
        clusters=pair.clusters,
        n_absent=pair.n_only_b,
        percent=pair.percent,
        lower_is_better=pair.lower_is_better,
        warnings=(*estimate.warnings, *_missing_items(pair)),
    )


def needed(
    gate: GateQuestion, estimate: Estimate, sources: ErrorSources | None, level: float, target: float
) -> tuple[ErrorSources | None, float]:
    """Return how many levels of random factors, and about how many items in all, would decide it.

    `level`: of the two-sided interval that decides. `target`: the value from which the observed one is
    counted. Items are NaN on exactly these items, which need attempts instead, and if one task needs them.
    """
    if sources is not None:
        return settled_by(sources, estimate.value - target, level)
    if estimate.small_part:
        return None, math.nan
    return None, gate.question.population.items_needed(estimate, level, target)


def _missing_items(c: Comparison) -> list[ResultWarning]:
    if not c.paired or not (c.n_only_a or c.n_only_b):
        return []
    lacking = [
        f"{model} has {plural(count, 'item')} that {other} lacks"
        for model, other, count in ((c.b, c.a, c.n_only_b), (c.a, c.b, c.n_only_a))
        if count
    ]
    return [
        ResultWarning(
            code="missing_items",
            message=f"{'; '.join(lacking)}. The check uses the {c.difference.n_items:,} shared items",
            remedy="Check for an incomplete run, and run both on the same items.",
        )
    ]


def floors(gate: GateQuestion, level: float) -> tuple[Leaderboard, list[Check]]:
    """Judge the candidate's own scores by intervals of this level, for all looks together."""
    own = gate.study.of_models([gate.candidate])
    ranking = ranked(own, replace(gate.question, level=gate.looked(level), method=None))
    require_one_metric([(board.task, board.metric) for board in ranking.boards], gate.study.design)
    boards = ranking.boards if gate.each_task or len(ranking.boards) == 1 else ()
    if gate.overall and len(ranking.boards) > 1:
        if ranking.overall is None:
            raise no_overall(ranking.warnings)
        boards = (ranking.overall, *boards)
    return ranking, [_floor(board, board.entries[0], gate) for board in boards]


def _floor(board: Board, entry: Entry, gate: GateQuestion) -> Check:
    """Judge a score by its one-sided limits. `decided` corrects a fail for the number of checks."""
    name, other = ("at_most", "at_least") if board.lower_is_better else ("at_least", "at_most")
    limit, where = getattr(gate.criteria, name), board.task or "overall"
    if limit is None:
        side = "smaller" if board.lower_is_better else "larger"
        raise OptionError(
            f"{where} · {board.metric}: {side} scores are better, so use {other} here",
            remedy=f"Give `{name}`, or choose tasks with `task`.",
        )
    if board.percent and not 0 <= limit <= 1:
        raise OptionError(
            f"`{name}={limit!r}` is off the scale of scores in [0, 1]",
            where=where,
            remedy=share_remedy(limit),
        )
    e = guarded(entry.estimate) if board.percent else entry.estimate
    sources, items = needed(gate, e, entry.sources, gate.one_sided, limit)
    return Check(
        task=board.task,
        metric=board.metric,
        criterion="at_most" if board.lower_is_better else "at_least",
        candidate=entry.model,
        baseline=gate.baseline,
        limit=limit,
        value=e.value,
        low=e.interval.low,
        high=e.interval.high,
        level=e.interval.level,
        candidate_score=e.value,
        n_items=e.n_items,
        n_clusters=e.n_clusters,
        population=board.population,
        clusters=board.clusters,
        items_needed=items,
        sources=sources,
        percent=board.percent,
        lower_is_better=board.lower_is_better,
        warnings=(*e.warnings, *_too_high(board, entry, limit, gate.level)),
    )


def _too_high(board: Board, entry: Entry, limit: float, level: float) -> list[ResultWarning]:
    """Warn if no outcome on this many independent questions could pass a floor or ceiling."""
    e, wanted = entry.estimate, 1 - limit if board.lower_is_better else limit
    alone = board.percent and board.task and board.clusters is None and entry.n_attempts <= e.n_items
    if not alone or e.method.of_benchmark or not 0 < wanted < 1 or highest_floor(e.n_items, level) >= wanted:
        return []
    right, more = (
        "wrong" if board.lower_is_better else "right",
        math.ceil(math.log(1 - level) / math.log(wanted)),
    )
    message = f"no outcome on {plural(e.n_items, 'question')} could pass, not even all {right}"
    return [ResultWarning(code="no_outcome", message=message, remedy=f"Use at least {more:,} questions.")]


def guarded(e: Estimate) -> Estimate:
    """Return the estimate with limits at least as far away as the exact ones on the effective number of
    answers.

    One-sided, Wilson's are too close next to 0 and 1: one failure in 100 would break a floor of 99.9% in one
    of ten runs that keep it. The interval of `estimate` is guarded for two sides. This is the guard for one
    (Clopper and Pearson 1934).
    """
    spread = e.value * (1 - e.value)
    if not (spread > 0 and e.se > 0) or e.n_items < 2 or e.method.of_benchmark:
        return e
    effective = e.n_items * spread / (e.se**2 * (e.n_items - 1))
    low, high = intervals.clopper_pearson(e.value * effective, effective, e.interval.level)
    ends = {"low": min(e.interval.low, float(low)), "high": max(e.interval.high, float(high))}
    return replace(e, interval=replace(e.interval, **ends))


def cost_checks(gate: GateQuestion) -> list[Check]:
    """Judge every requested measure by the one-sided limits of the ratio of the two models' means."""
    matrices = one_metric(gate.study) if gate.ratios else []
    return [_cost_check(gate, matrices, measure, limit) for measure, limit in gate.ratios]


def _cost_check(gate: GateQuestion, matrices: Sequence[ScoreMatrix], measure: str, limit: float) -> Check:
    models = (gate.study.models[0], gate.study.models[1])
    matrix = taken(gate.study, matrices, measure)
    ratio = ratio_of(matrix, models, replace(gate.question, level=gate.one_sided))
    lost = {model: count for model in models if (count := missing(matrix, model))}
    check = Check(
        task="",
        metric=measure,
        criterion="ratio_at_most",
        limit=limit,
        candidate=models[0],
        candidate_score=ratio.a,
        baseline=models[1],
        baseline_score=ratio.b,
        level=gate.one_sided,
        n_items=ratio.n_items,
        n_clusters=ratio.n_clusters,
        percent=False,
        lower_is_better=True,
        warnings=measure_warnings(ratio),
    )
    if lost:
        unrecorded = " and ".join(f"{plural(count, 'attempt')} of {model}" for model, count in lost.items())
        warning = ResultWarning(
            code="cost_missing",
            message=f"{unrecorded} don't record {measure}, so costs are unknown",
            remedy="Log it for every attempt, or give `prices`.",
        )
        return replace(check, n_unknown=sum(lost.values()), warnings=(*check.warnings, warning))
    # Test the logarithm of the ratio against that of its limit, by the pivot of its interval.
    if not (math.isfinite(ratio.low) and math.isfinite(ratio.high)):
        return replace(check, warnings=(*check.warnings, NO_SPREAD))
    pivots = plain_pivots(math.log(ratio.value), ratio.se**2, ratio.df)
    wide = pivots.limits(gate.level)
    return replace(
        check,
        value=ratio.value,
        low=ratio.low,
        high=ratio.high,
        p_pass=float(pivots.p_at_least(np.log(limit))),
        p_fail=float(pivots.p_at_most(np.log(limit))),
        half_width=float(wide[1] - wide[0]) / 2,
    )


NO_SPREAD = ResultWarning(
    code="no_cost_error_bar",
    message=(
        "the costs don't give a standard error: they are 0, from too few questions, or in the same ratio "
        "on all of them"
    ),
    remedy="Compare more questions, or other measures.",
)


def slice_checks(gate: GateQuestion, policy: Policy) -> list[Check]:
    """Judge every slice of every column that the policy names, on every task with it. OptionError for a
    column that no task has.
    """
    if not policy.of_kind("slices"):
        return []
    ways = [(matrix, way) for matrix in one_metric(gate.study) for way in partitions(gate.study, matrix)]
    absent = {table.name for table in policy.of_kind("slices")} - {way.by for _, way in ways}
    if absent:
        raise OptionError(
            f"no item has a value of {min(absent)!r}, which the policy slices by",
            remedy="Run `howsure describe` to see the columns.",
        )
    checks = []
    for matrix, way in ways:
        margin = policy.of_slice(way.by, matrix.task).margin
        pair = matrix.take_models(matrix.columns(gate.study.models))
        for code, label in enumerate(way.labels):
            part = pair.take_items(np.asarray(way.codes == code))
            checks.append(replace(_slice(gate, part, margin), by=way.by, slice=label))
    return checks


def _slice(gate: GateQuestion, part: ScoreMatrix, margin: float) -> Check:
    """Judge one slice: "can't tell" if a model lacks it, and undecided if it is too small.

    A relative margin is relative to the baseline's score on the slice.
    """
    a, b = gate.study.models
    has_score = ~np.isnan(part.values)
    shared = np.asarray(has_score.all(axis=1))
    blank = Check(
        task=part.task,
        metric=part.metric,
        criterion="not_worse_than",
        candidate=a,
        baseline=b,
        limit=float(margin),
        level=gate.one_sided,
        n_items=int(shared.sum()),
        percent=part.bounded,
        lower_is_better=part.lower_is_better,
    )
    if not shared.any():
        return replace(blank, lacking=b if has_score[:, 0].any() and not has_score[:, 1].any() else a)
    if blank.n_items < LEAST_ITEMS:
        return replace(blank, warnings=(TOO_SMALL,))
    if isinstance(margin, Relative):
        weights = part.weights[shared] if part.weights is not None else None
        margin = margin.of(float(np.average(part.values[shared, 1], weights=weights)))
    if not 0 < margin < part.reach or math.isnan(margin):
        raise OptionError(
            f"the policy's margin of {margin:g} for a slice of {part.task} is 0, or the whole scale",
            remedy="Give the margin in score units: 5pp or 0.05.",
        )
    population = population_of_slice(gate.question.population, part)
    question = replace(gate.question, population=population, margin=None)
    try:
        pair = population.pair(part, a, b, replace(question, level=gate.one_sided, margin=margin))
    except MethodError:
        return replace(blank, warnings=(NO_ERROR_BAR,))
    wide = population.pair(part, a, b, question).difference.interval.half_width
    return replace(pair_check(pair, gate, "not_worse_than", margin), half_width=wide)


TOO_SMALL = ResultWarning(
    code="small_slice",
    message=f"the slice is too small: fewer than {LEAST_ITEMS} shared questions",
    remedy="Add questions of this kind, or make it advisory.",
)
NO_ERROR_BAR = ResultWarning(
    code="no_slice_error_bar",
    message="the slice's scores don't give a standard error",
    remedy="Add questions of this kind, or make it advisory.",
)


def tasks_of_one(
    gate: GateQuestion, baseline: str, checks: Sequence[Check]
) -> tuple[list[Check], list[ResultWarning]]:
    """Find the tasks that weren't judged: "can't tell" for those of the baseline, a warning for others."""
    candidates, baselines = (gate.study.held.get(model, frozenset()) for model in (gate.candidate, baseline))
    judged = {check.task for check in checks if not check.by}
    if not gate.each_task or not (gate.criteria.of_difference or gate.criteria.floors):
        judged |= candidates & baselines
    blank = Check(
        task="",
        metric="any",
        criterion=checks[0].criterion if checks else "better",
        limit=checks[0].limit if checks else math.nan,
        candidate=gate.candidate,
        baseline=baseline,
        level=gate.level,
    )
    lacking = []
    for task in sorted(baselines - judged):
        if task in candidates:
            lacking.append(replace(blank, task=task, warnings=(NOTHING_SHARED,)))
        else:
            lacking.append(replace(blank, task=task, lacking=gate.candidate))
    alone = sorted(candidates - baselines)
    if not alone or not gate.criteria.of_difference:
        return lacking, []
    if gate.policy is not None:  # they are about these as well
        asked = replace(blank, criterion="not_worse_than", limit=math.nan, lacking=baseline)
        lacking += [replace(asked, task=task) for task in alone]
    return lacking, [
        ResultWarning(
            code="task_without_baseline",
            message=f"{baseline} has no score on {listing(alone)}, so the check isn't possible there",
            remedy="Run the baseline on it as well, or choose tasks with `task`.",
        )
    ]


NOTHING_SHARED = ResultWarning(
    code="nothing_shared",
    message="the two models don't have comparable scores here",
    remedy="See `howsure describe`.",
)
