"""Comparisons become checks: not worse than, better, the same within."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from howsure.answers.gate import Check
from howsure.checks import Relative
from howsure.errors import Caution, MethodError
from howsure.inference.random_factor import settled_by
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.answers.compare import Comparison, Comparisons
    from howsure.answers.parts import ErrorSources
    from howsure.inference.gating.asking import How
    from howsure.statistics.results import Estimate


def answers(how: How) -> Iterable[tuple[Any, list[Check]]]:
    """Yield what each criterion makes of the comparison of the two models, and the answer that it was made
    from.
    """
    if how.asked.better:
        found = how.compare(how.level, None)
        yield found, [_better(pair, how) for pair in how.wanted(found)]
    for name, margin in how.asked.margins:
        found = _with_margin(how, margin)
        make = not_worse if name == "not_worse_than" else _same
        yield found, [make(pair, _resolved(how, pair, margin), how) for pair in how.wanted(found)]


def _resolved(how: How, pair: Comparison, margin: float) -> float:
    """Return the margin of a comparison in score units."""
    if pair.equivalence is not None:
        return pair.equivalence.margin
    found = how.study.design.margin_of(pair.task, margin) or margin
    return found.of(pair.b_mean) if isinstance(found, Relative) else found


def _with_margin(how: How, margin: float) -> Comparisons:
    """Compare with a margin; where some task gives no error bar, the others have one."""
    try:
        return how.compare(how.one_sided, margin)
    except MethodError:
        plain = how.compare(how.one_sided, None)
    pairs = list(plain.comparisons)
    usable = [pair.task for pair in pairs if math.isfinite(pair.p_value)]
    if not usable:
        return plain
    some = replace(how, study=how.study.only(usable)).compare(how.one_sided, margin)
    found = {(pair.task, pair.metric): pair for pair in some.comparisons}
    merged = tuple(found.get((pair.task, pair.metric), pair) for pair in pairs)
    return replace(plain, comparisons=merged, overall=None)


def _pair_check(c: Comparison, how: How, gap: tuple[float, float], **more: Any) -> Check:
    """Return a check of a pair; `gap`: the level of the two-sided interval that decides, and the difference
    from which what was seen is counted.
    """
    estimate = c.difference
    sources, items = needed(how, estimate, c.sources, gap)
    return Check(
        items_needed=items,
        sources=sources,
        task=c.task,
        metric=c.metric,
        candidate=c.a,
        baseline=c.b,
        value=estimate.value,
        low=estimate.interval.low,
        high=estimate.interval.high,
        level=estimate.interval.level,
        candidate_score=c.a_mean,
        baseline_score=c.b_mean,
        n_items=estimate.n_items,
        n_clusters=estimate.n_clusters,
        population=c.population,
        clusters=c.clusters,
        n_absent=c.n_only_b,
        percent=c.percent,
        lower_is_better=c.lower_is_better,
        cautions=(*estimate.cautions, *_missing_items(c)),
        **more,
    )


def _better(c: Comparison, how: How) -> Check:
    ahead = c.difference.value if not c.lower_is_better else -c.difference.value
    p = c.p_value
    up, down = (p, 1.0) if ahead > 0 else (1.0, p) if ahead < 0 else (1.0, 1.0)
    known = math.isfinite(p)
    return _pair_check(
        c,
        how,
        (how.level, 0.0),
        criterion="better",
        p_pass=up if known else math.nan,
        p_fail=down if known else math.nan,
    )


def not_worse(c: Comparison, margin: float, how: How) -> Check:
    """P(T ≥ t) and P(T ≤ t) of one pivot at −margin: the two can't disagree."""
    found = c.equivalence
    p, other = (math.nan, math.nan) if found is None else (found.p_noninferior, found.p_inferior)
    target = margin if c.lower_is_better else -margin
    return _pair_check(
        c,
        how,
        (how.one_sided, target),
        criterion="not_worse_than",
        limit=margin,
        unseen=c.unseen,
        p_pass=_guarded(p, c, margin, how),
        p_fail=other,
    )


def _same(c: Comparison, margin: float, how: How) -> Check:
    """Pass by both one-sided tests; fail by the nearer margin's, doubled, as a difference may lie on either
    side.
    """
    found = c.equivalence
    p, other = (math.nan, math.nan) if found is None else (found.p_equivalent, found.p_outside)
    value = c.difference.value
    level = how.one_sided if abs(value) <= margin else how.level
    return _pair_check(
        c,
        how,
        (level, math.copysign(margin, value)),
        criterion="same_within",
        limit=margin,
        unseen=c.unseen,
        p_pass=_guarded(p, c, margin, how),
        p_fail=other,
    )


def _guarded(p: float, c: Comparison, margin: float, how: How) -> float:
    """Return the p-value of a pass, where it is asked no smaller than the chance that as many whole losses as
    the margin show none.
    """
    if not how.guard_unseen or math.isnan(c.unseen):
        return p
    tail = (1 - c.difference.interval.level) / 2
    return max(p, math.pow(tail, math.log1p(-min(margin, 1 - 1e-12)) / math.log1p(-c.unseen)))


def needed(
    how: How, estimate: Estimate, sources: ErrorSources | None, gap: tuple[float, float]
) -> tuple[ErrorSources | None, float]:
    """Return how many levels of random factors, and about how many items in all, would settle it.

    Items are NaN on exactly these items, where attempts would, and if one task needs them. `gap`: see
    `_pair_check`.
    """
    level, target = gap
    if sources is not None:
        return settled_by(sources, estimate.value - target, level)
    return None, math.nan if estimate.small_part else how.question.population.items_needed(
        estimate, level, target
    )


def _missing_items(c: Comparison) -> list[Caution]:
    if not c.paired or not (c.n_only_a or c.n_only_b):
        return []
    told = [
        f"{model} has {plural(count, 'item')} that {other} lacks"
        for model, other, count in ((c.b, c.a, c.n_only_b), (c.a, c.b, c.n_only_a))
        if count
    ]
    return [
        Caution(
            code="missing_items",
            message=f"{'; '.join(told)}: the check is on the {c.difference.n_items:,} that both have",
            remedy="Was a run cut short? Run both on the same items.",
        )
    ]
