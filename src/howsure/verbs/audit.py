"""The verb audit: published scores alone."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.answers.audit import Audit, AuditBoard, AuditEntry
from howsure.errors import Caution, DataError
from howsure.inference.published_boards import (
    boards_of,
    directions_of,
    limits,
    named_apart,
    stated_or_binomial,
    states_error,
    without_copies,
    without_templates,
)
from howsure.options.table import checked
from howsure.readers.published import published_scores
from howsure.statistics import rates as methods
from howsure.study.models import ROLES, refuse_long
from howsure.table.engines import to_polars
from howsure.table.scale import ASKED, UNBOUNDED, Scale, extent_of_scores, require_bounds
from howsure.table.schema import find_roles, open_frame
from howsure.table.scores import Scores
from howsure.table.writing import Writing
from howsure.verbs.read import is_paths, read
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.table.scores import Published

    Key = tuple[str, str]
    Names = str | Sequence[str]


def audit(
    data: Any,
    *,
    n: int | None = None,
    level: float = 0.95,
    top: int | None = None,
    task: Names | None = None,
    metric: Names | None = None,
    model: Names | None = None,
    lower_is_better: bool | None = None,
    bounds: tuple[float, float] | None = None,
) -> Audit:
    """Assess which differences between published scores could be noise, from scores and numbers of questions.

    The standard error is the binomial one unless the table states another, and models are compared as if
    unpaired. The break-even correlation is the correlation between two models' answers that would make their
    difference significant. Clusters and attempts are unknown here, so questions are assumed independent.

    Args:
        data: A leaderboard (columns model, score, n, perhaps stderr) as a path or a frame, or logs that state
            their scores.
        n: The number of questions, where the table states none. None requires it of the table.
        level: The confidence level, between 0 and 1.
        top: How many models of each board to display. None displays all.
        task: Only these tasks. None: all.
        metric: Only these metrics. None: all.
        model: Only these models; what follows a slash of a name is enough. None: all but examples and
            templates, by their names.
        lower_is_better: Whether smaller scores are better. None leaves it to what the logs say.
        bounds: The smallest and largest possible score, which count as 0 and 1. None takes percent for
            percent where the table says so, and other scores as they are.

    Returns:
        Audit: One board per task and metric, best model first, with intervals, the difference from the next
            place and its break-even correlation.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If there are no published scores.
        ReadError: If none of the files can be read.
    """
    how = checked(
        "audit",
        n=n,
        level=level,
        top=top,
        task=task,
        metric=metric,
        model=model,
        lower_is_better=lower_is_better,
        bounds=bounds,
    )
    scores = published_of(read(data)) if isinstance(data, Scores) or is_paths(data) else published_in(data)
    how |= {name: how[name] or () for name in ("task", "metric", "model")}
    return audit_published(bounded(scores, how.pop("bounds")), **how)


def audit_published(
    scores: Scores,
    *,
    n: int | None,
    level: float,
    top: int | None,
    task: tuple[str, ...],
    metric: tuple[str, ...],
    model: tuple[str, ...],
    lower_is_better: bool | None,
) -> Audit:
    """Audit published scores; see `howsure.audit`."""
    published = [
        replace(score, n=score.n if score.n is not None else n)
        for score in scores.published
        if (not task or score.task in task) and (not metric or score.metric in metric)
        if not model or {score.model, score.model.rpartition("/")[2]} & {*model}
    ]
    if not published:
        raise DataError(
            "no published scores found",
            remedy="A leaderboard needs columns for model and score, and n (or `n`). For logs with rows use "
            "`howsure leaderboard`.",
        )
    for role in ROLES:
        refuse_long(role, pl.Series([getattr(score, role) for score in published], dtype=pl.String))
    distinct = without_copies(published)
    once, templates = without_templates(distinct, model)
    boards = boards_of(once)
    directions = directions_of(boards, scores, lower_is_better)
    return Audit(
        boards=tuple(
            _board(key, named_apart(board), level, lower=key in directions.lower)
            for key, board in boards.items()
        ),
        notes=(*scores.notes, *_disbelieved(once), *directions.notes),
        cautions=(
            *scores.cautions,
            *templates,
            *directions.cautions,
            *_cautions(once),
            *_repeated(boards, len(published) - len(distinct)),
        ),
        top=top,
    )


def published_in(frame: Any) -> Scores:
    """Return the scores of a leaderboard that the caller holds as a frame."""
    found = published_scores(to_polars(open_frame(frame)), "scores", Writing())
    return Scores(rows=pl.DataFrame(), published=found.published, notes=found.notes, cautions=found.cautions)


def published_of(scores: Scores) -> Scores:
    """Return the scores of a leaderboard that was read as rows, a frame or a table of DuckDB; other scores as
    they are.

    Rows of which no column names an item are a leaderboard.
    """
    names = open_frame(scores.rows).collect_schema().names()
    if not names or "item" in find_roles(names, scores.roles):
        return scores
    usual = find_roles(names, {})
    asked = {role: columns for role, columns in scores.roles.items() if usual.get(role) != columns}
    frame = to_polars(open_frame(scores.rows))
    found = published_scores(frame, "scores", Writing(), asked=asked, signed=scores.signed)
    return replace(
        scores,
        rows=pl.DataFrame(),
        roles={},
        published=(*scores.published, *found.published),
        notes=(*scores.notes, *found.notes),
        cautions=(*scores.cautions, *found.cautions),
    )


def bounded(scores: Scores, bounds: tuple[float, float] | None) -> Scores:
    """Bring published scores, but for those that are fractions of percent already, to [0, 1] by bounds that
    the user named.
    """
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


def _board(key: Key, scores: list[Published], level: float, *, lower: bool) -> AuditBoard:
    sign = -1 if lower else 1
    ordered = sorted(scores, key=lambda score: (-sign * score.score, score.model))
    value = np.array([score.score for score in ordered])
    se = np.array([stated_or_binomial(score) for score in ordered])
    n = np.array([math.nan if score.n is None else score.n for score in ordered])
    gap = sign * (value[:-1] - value[1:])
    above, below = methods.errors_beside(value, n, se)
    p = methods.unpaired_p(gap, above, below)
    p[~np.isfinite(above) | ~np.isfinite(below) | ~np.isfinite(gap)] = math.nan
    rho = methods.break_even_correlation(gap, above, below, level)
    gap, p, rho = (np.append(each, math.nan) for each in (gap, p, rho))
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
    return AuditBoard(task=key[0], metric=key[1], entries=entries, level=level, lower_is_better=lower)


def _disbelieved(published: list[Published]) -> list[str]:
    """Say which stated standard errors are not taken for what they say."""
    models = [score.model for score in published if score.stderr is not None and not states_error(score)]
    return [f"A standard error of 0 counts as not stated: {listing(models)}."] if models else []


def _repeated(boards: Mapping[Key, Sequence[Published]], copies: int) -> Iterator[Caution]:
    """Warn of models that stand on a board more than once: copies count once, other scores are numbered."""
    if copies:
        yield Caution(
            code="copies_dropped",
            message=f"{plural(copies, 'exact copy', 'exact copies')} of other scores left out",
            remedy="Was one table given twice?",
        )
    for (task, metric), board in boards.items():
        again = [model for model, count in Counter(score.model for score in board).items() if count > 1]
        if again:
            yield Caution(
                code="several_results",
                message=(
                    f"{task} · {metric}: several scores of {listing(again)}, which are numbered and ranked "
                    "as models of their own"
                ),
                remedy="Name them apart in the table, or keep one of each.",
            )


def _cautions(published: list[Published]) -> list[Caution]:
    scores = [score.score for score in published]
    mixed = [score for score in published if score.score < 0.01 and score.score > 0]
    lacking = [score.model for score in published if score.n is None and not states_error(score)]
    single = [score.model for score in published if score.n == 1 and not states_error(score)]
    cautions = [
        Caution(
            code="binomial_only",
            message=(
                "the standard errors see no clusters and no repeated attempts: with clusters they are too "
                "small"
            ),
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
    if single:
        cautions.append(
            Caution(
                code="one_item",
                message=f"one question gives no standard error: {listing(single)}",
                remedy="Add items: at least two are needed.",
            )
        )
    return cautions
