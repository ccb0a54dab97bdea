"""The candidate's own scores become checks: at least, at most."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from howsure.answers.gate import Check
from howsure.errors import OptionError
from howsure.inference.gating.asking import no_overall
from howsure.inference.gating.pairs import needed
from howsure.inference.leaderboard import ranked
from howsure.statistics import intervals
from howsure.wording import listing, share_remedy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.estimate import Entry
    from howsure.answers.gate import GateVerdict
    from howsure.answers.leaderboard import Board, Leaderboard
    from howsure.inference.gating.asking import How
    from howsure.statistics.results import Estimate
    from howsure.study.design import Design


def floors(how: How, level: float) -> tuple[Leaderboard, list[Check]]:
    """Judge the candidate's own scores by intervals of this level, for all looks together."""
    own = how.study.of_models([how.candidate])
    found = ranked(own, replace(how.question, level=how.looked(level), method=None))
    _refuse_metrics(found.boards, how.study.design)
    boards = found.boards if how.each_task or len(found.boards) == 1 else ()
    if how.overall and len(found.boards) > 1:
        if found.overall is None:
            raise no_overall(found.cautions)
        boards = (found.overall, *boards)
    return found, [_floor(board, board.entries[0], how) for board in boards]


def _refuse_metrics(boards: Sequence[Board], design: Design) -> None:
    metrics: dict[str, list[str]] = {}
    for board in boards:
        metrics.setdefault(board.task, []).append(board.metric)
    for task, found in metrics.items():
        if len(found) > 1 and not design.metric_of(task):
            raise OptionError(
                f"{task} has {len(found)} metrics: {listing(found)}", remedy="Choose one with `metric`."
            )


def _floor(board: Board, entry: Entry, how: How) -> Check:
    """Judge a score by its one-sided limits; whether a fail holds for many checks at once is seen to in
    `decided`.
    """
    name, other = ("at_most", "at_least") if board.lower_is_better else ("at_least", "at_most")
    limit, where = getattr(how.asked, name), board.task or "overall"
    if limit is None:
        side = "smaller" if board.lower_is_better else "larger"
        raise OptionError(
            f"{where} · {board.metric}: {side} scores are better, so {other} is no bar",
            remedy=f"Give `{name}`, or choose tasks with `task`.",
        )
    if board.percent and not 0 <= limit <= 1:
        raise OptionError(
            f"{name}={limit!r} is off the scale of scores in [0, 1]", where=where, remedy=share_remedy(limit)
        )
    e = guarded(entry.estimate) if board.percent else entry.estimate
    sources, items = needed(how, e, entry.sources, (how.one_sided, limit))
    return Check(
        task=board.task,
        metric=board.metric,
        criterion="at_most" if board.lower_is_better else "at_least",
        candidate=entry.model,
        baseline=how.baseline,
        limit=limit,
        verdict=_floor_verdict(e, limit, lower_is_better=board.lower_is_better),
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
        cautions=e.cautions,
    )


def guarded(e: Estimate) -> Estimate:
    """Return the estimate with limits no nearer than the exact ones on as many effective answers.

    One-sided, Wilson's are too near next to 0 and 1: one failure in 100 would break a floor of 99.9 % in one
    of ten runs that keep it. The interval of `estimate` is guarded for two sides; this is the guard for one
    (Clopper and Pearson 1934).
    """
    spread = e.value * (1 - e.value)
    if not (spread > 0 and e.se > 0) or e.n_items < 2 or e.method.of_benchmark:
        return e
    effective = e.n_items * spread / (e.se**2 * (e.n_items - 1))
    low, high = intervals.clopper_pearson(e.value * effective, effective, e.interval.level)
    ends = {"low": min(e.interval.low, float(low)), "high": max(e.interval.high, float(high))}
    return replace(e, interval=replace(e.interval, **ends))


def _floor_verdict(e: Estimate, limit: float, *, lower_is_better: bool) -> GateVerdict:
    """The limits hold the truth, and so a limit that touches the floor is on its good side."""
    low, high = e.interval.low, e.interval.high
    if not (math.isfinite(low) and math.isfinite(high)):
        return "unclear"
    if lower_is_better:
        low, high, limit = -high, -low, -limit
    return "pass" if low >= limit else "fail" if high < limit else "unclear"
