"""The audit verb: published scores become boards of gaps that could be noise."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.answers.audit import Audit, AuditBoard, AuditEntry
from howsure.errors import Caution, DataError
from howsure.readers.published import published_scores
from howsure.statistics import audit as methods
from howsure.statistics.means import intervals
from howsure.study.names import ROLES, refuse_long
from howsure.table.collecting import to_polars
from howsure.table.scale import ASKED, UNBOUNDED, Scale, extent_of_scores, require_bounds
from howsure.table.schema import open_frame
from howsure.table.scores import Scores
from howsure.table.writing import Writing
from howsure.wording import listing

if TYPE_CHECKING:
    from howsure.table.scores import Published


def audit_published(
    scores: Scores,
    *,
    n: int | None,
    level: float,
    top: int | None,
    task: tuple[str, ...],
    metric: tuple[str, ...],
) -> Audit:
    """Audit published scores; see `howsure.audit`."""
    published = [
        replace(score, n=score.n if score.n is not None else n)
        for score in scores.published
        if (not task or score.task in task) and (not metric or score.metric in metric)
    ]
    if not published:
        raise DataError(
            "no published scores found",
            remedy="A leaderboard needs columns for model and score, and n (or `n`). For logs with rows use "
            "`howsure leaderboard`.",
        )
    for role in ROLES:
        refuse_long(role, pl.Series([getattr(score, role) for score in published], dtype=pl.String))
    groups: dict[tuple[str, str], list[Published]] = {}
    for score in published:
        groups.setdefault((score.task, score.metric), []).append(score)
    boards = tuple(_board(key, scores, level) for key, scores in groups.items())
    return Audit(boards=boards, notes=scores.notes, cautions=(*scores.cautions, *_cautions(published)), top=top)


def published_in(frame: Any) -> Scores:
    """Return the scores of a leaderboard that the caller holds as a frame."""
    found = published_scores(to_polars(open_frame(frame)), "scores", Writing())
    return Scores(rows=pl.DataFrame(), published=found.published, notes=found.notes, cautions=found.cautions)


def bounded(scores: Scores, bounds: tuple[float, float] | None) -> Scores:
    """Bring published scores, but for those that are fractions of percent already, to [0, 1] by bounds that the user named."""
    if bounds is None:
        return scores
    open_ = [score.score for score in scores.published if not score.scaled]
    require_bounds("published scores", extent_of_scores(pl.Series(open_, dtype=pl.Float64)), bounds)
    scale = Scale(bounds=bounds, why=ASKED)
    note = scale.note("Published scores")
    return replace(
        scores,
        published=tuple(score if score.scaled else _placed(score, scale) for score in scores.published),
        notes=(*scores.notes, *([note] if note and open_ else [])),
        cautions=tuple(caution for caution in scores.cautions if caution.code != UNBOUNDED),
    )


def _placed(score: Published, scale: Scale) -> Published:
    stderr = None if score.stderr is None else scale.size(score.stderr)
    return replace(score, score=scale.place(score.score), stderr=stderr, scaled=True)


def _board(key: tuple[str, str], scores: list[Published], level: float) -> AuditBoard:
    ordered = sorted(scores, key=lambda score: (-score.score, score.model))
    value = np.array([score.score for score in ordered])
    se = np.array([stated_or_binomial(score) for score in ordered])
    gap = np.append(value[:-1] - value[1:], math.nan)
    below = np.append(se[1:], math.nan)
    p = methods.unpaired_p(gap, se, below)
    p[~np.isfinite(se) | ~np.isfinite(below) | ~np.isfinite(gap)] = math.nan
    rho = methods.break_even_correlation(gap, se, below, level)
    entries = tuple(
        AuditEntry(
            model=score.model,
            score=score.score,
            n=score.n,
            se=float(se[k]),
            low=limits(score, float(se[k]), level)[0],
            high=limits(score, float(se[k]), level)[1],
            gap_next=float(gap[k]),
            p_next=float(p[k]),
            break_even=float(rho[k]),
        )
        for k, score in enumerate(ordered)
    )
    return AuditBoard(task=key[0], metric=key[1], entries=entries, level=level)


def stated_or_binomial(score: Published) -> float:
    """Return the standard error that a published score states, else the binomial one; NaN where it has none."""
    if score.stderr is not None:
        return score.stderr
    rate = score.score if 0 <= score.score <= 1 else math.nan
    return float(methods.binomial_se(np.array(rate), np.array(math.nan if score.n is None else score.n)))


def limits(score: Published, se: float, level: float) -> tuple[float, float]:
    """Return the interval of a published score with this standard error; NaN where it has none."""
    if not math.isfinite(se):
        return math.nan, math.nan
    if score.n is None or not 0 <= score.score <= 1:
        half = float(intervals.t_quantile(level, math.inf)) * se
        return score.score - half, score.score + half
    return methods.score_interval(score.score, score.n, se, level)


def _cautions(published: list[Published]) -> list[Caution]:
    scores = [score.score for score in published]
    mixed = [score for score in published if score.score < 0.01 and score.score > 0]
    lacking = [score.model for score in published if score.n is None and score.stderr is None]
    cautions = [
        Caution(
            code="binomial_only",
            message="the standard errors see no clusters and no repeated attempts: with clusters they are too small",
            remedy="Per-question results say more: howsure leaderboard.",
        )
    ]
    if mixed and max(scores) > 0.2:
        cautions.append(
            Caution(
                code="mixed_scale",
                message=f"{mixed[0].model} comes out at {100 * mixed[0].score:.2g} %: fractions beside percent",
                remedy="Bring all scores to one scale first.",
            )
        )
    if lacking:
        cautions.append(
            Caution(
                code="unknown_n",
                message=f"no number of questions for {listing(lacking)}",
                remedy="Add a column n, or give it as `n`.",
            )
        )
    return cautions
