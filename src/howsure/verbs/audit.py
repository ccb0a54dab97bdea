"""The function audit: published scores without results per question, and their boards."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.answers.audit import Audit, AuditBoard, AuditEntry
from howsure.answers.settings import of_options
from howsure.errors import DataError, ResultWarning
from howsure.options.table import checked
from howsure.readers.published import published_scores
from howsure.statistics import intervals
from howsure.statistics import rates as methods
from howsure.study.models import ROLES, refuse_long
from howsure.study.notes import lower_note, unsaid
from howsure.table.engines import to_polars
from howsure.table.names import is_burden
from howsure.table.scale import ASKED, UNBOUNDED, ScaleBounds, extent_of_scores, require_bounds
from howsure.table.schema import find_roles, open_frame
from howsure.table.scores import Scores
from howsure.table.writing import Writing
from howsure.verbs.read import is_paths, read
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.options.choices import Top
    from howsure.table.scores import Published

    Key = tuple[str, str]
    Names = str | Sequence[str]

_TEMPLATE = re.compile(r"(?<![A-Za-z0-9])(example|template)(?![A-Za-z0-9])", re.IGNORECASE)


def audit(
    data: Any,
    *,
    n: int | None = None,
    level: float = 0.95,
    top: Top | None = None,
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
        n: The number of questions, if the table states none. None requires it in the table.
        level: The confidence level, between 0 and 1.
        top: How many models of each board to show. Inference is about all. None shows 20 on a terminal and in
            Markdown, and all elsewhere. "all" shows all.
        task: Only these tasks. None: all.
        metric: Only these metrics. None: all.
        model: Only these models; the part after the last slash is enough. None: all but examples and
            templates, by their names.
        lower_is_better: Whether smaller scores are better. None uses the logs' direction.
        bounds: The smallest and largest possible score, which count as 0 and 1. None reads percentages if the
            table marks them as such, and other scores as they are.

    Returns:
        Audit: One board per task and metric, best model first, with intervals, the difference from the next
            place and its break-even correlation.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If there are no published scores.
        ReadError: If none of the files can be read.
    """
    options = checked(
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
    n, level, top = options["n"], options["level"], options["top"]
    tasks, metrics, models = (options[name] or () for name in ("task", "metric", "model"))
    scores = published_of(read(data)) if isinstance(data, Scores) or is_paths(data) else published_in(data)
    scores = bounded(scores, options["bounds"])
    published = [
        replace(score, n=score.n if score.n is not None else n)
        for score in scores.published
        if (not tasks or score.task in tasks) and (not metrics or score.metric in metrics)
        if not models or {score.model, score.model.rpartition("/")[2]} & {*models}
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
    once, templates = without_templates(distinct, models)
    boards = boards_of(once)
    directions = directions_of(boards, scores, options["lower_is_better"])
    return Audit(
        boards=tuple(
            _board(key, named_apart(board), level, lower=key in directions.lower)
            for key, board in boards.items()
        ),
        settings=of_options(level=options["level"]),
        notes=(*scores.notes, *_disbelieved(once), *directions.notes),
        warnings=(
            *scores.warnings,
            *templates,
            *directions.warnings,
            *_warnings(once),
            *_repeated(boards, len(published) - len(distinct)),
        ),
        top=top,
    )


def published_in(frame: Any) -> Scores:
    """Return the scores of a leaderboard in a data frame."""
    found = published_scores(to_polars(open_frame(frame)), "scores", Writing())
    return Scores(rows=pl.DataFrame(), published=found.published, notes=found.notes, warnings=found.warnings)


def published_of(scores: Scores) -> Scores:
    """Return the scores of a leaderboard that was read as rows, a frame or a table of DuckDB. Other scores
    are returned unchanged.

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
        warnings=(*scores.warnings, *found.warnings),
    )


def bounded(scores: Scores, bounds: tuple[float, float] | None) -> Scores:
    """Rescale published scores to [0, 1] by the user's bounds, except those converted from percentages
    already.
    """
    if bounds is None:
        return scores
    open_ = [score.score for score in scores.published if not score.scaled]
    require_bounds("published scores", extent_of_scores(pl.Series(open_, dtype=pl.Float64)), bounds)
    scale = ScaleBounds(bounds=bounds, why=ASKED)
    note = scale.note("Published scores")
    return replace(
        scores,
        published=tuple(score if score.scaled else _placed(score, scale) for score in scores.published),
        notes=(*scores.notes, *([note] if note and open_ else [])),
        warnings=tuple(warning for warning in scores.warnings if warning.code != UNBOUNDED),
    )


def _placed(score: Published, scale: ScaleBounds) -> Published:
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
            difference_next=float(gap[k]),
            p_next=float(p[k]),
            break_even=float(rho[k]),
        )
        for k, score in enumerate(ordered)
    )
    return AuditBoard(task=key[0], metric=key[1], entries=entries, level=level, lower_is_better=lower)


def _disbelieved(published: list[Published]) -> list[str]:
    """Note which stated standard errors are ignored."""
    models = [score.model for score in published if score.stderr is not None and not states_error(score)]
    return [f"A standard error of 0 counts as not stated: {listing(models)}."] if models else []


def _repeated(boards: Mapping[Key, Sequence[Published]], copies: int) -> Iterator[ResultWarning]:
    """Warn of models that occur on a board more than once: copies count once, other scores are numbered."""
    if copies:
        yield ResultWarning(
            code="copies_dropped",
            message=f"{plural(copies, 'exact copy', 'exact copies')} of other scores left out",
            remedy="Check whether the same table was given twice.",
        )
    for (task, metric), board in boards.items():
        again = [model for model, count in Counter(score.model for score in board).items() if count > 1]
        if again:
            yield ResultWarning(
                code="several_results",
                message=(
                    f"{task} · {metric}: several scores of {listing(again)}, which are numbered "
                    "and ranked as "
                    "separate models"
                ),
                remedy="Give them different names in the table, or keep one of each.",
            )


def _warnings(published: list[Published]) -> Iterator[ResultWarning]:
    scores = [score.score for score in published]
    mixed = [score for score in published if 0 < score.score < 0.01]
    lacking = [score.model for score in published if score.n is None and not states_error(score)]
    single = [score.model for score in published if score.n == 1 and not states_error(score)]
    yield ResultWarning(
        code="binomial_only",
        message=(
            "the standard errors ignore clusters and repeated attempts: with clusters they are too small"
        ),
        remedy="Use per-question results if you have them: howsure leaderboard.",
    )
    if mixed and max(scores) > 0.2:
        yield ResultWarning(
            code="mixed_scale",
            message=f"{mixed[0].model} is at {100 * mixed[0].score:.2g}%: fractions are mixed "
            "with percentages",
            remedy="Convert all scores to one scale first.",
        )
    if lacking:
        yield ResultWarning(
            code="unknown_n",
            message=f"no number of questions for {listing(lacking)}",
            remedy="Add a column n, or pass `n`.",
        )
    if single:
        yield ResultWarning(
            code="one_item",
            message=f"one question gives no standard error: {listing(single)}",
            remedy="Add questions: at least two are needed.",
        )


def boards_of(published: Iterable[Published]) -> dict[Key, list[Published]]:
    """Return the scores by task and metric, each marked as `scaled` if every score of its board is a
    proportion.

    One score above 1 on an unknown scale means that the board's other scores aren't proportions either. A
    standard error of 0 counts as not stated.
    """
    boards: dict[Key, list[Published]] = {}
    for score in published:
        usable = score if states_error(score) else replace(score, stderr=None)
        boards.setdefault((score.task, score.metric), []).append(usable)
    for key, board in boards.items():
        shares = all(score.scaled or 0 <= score.score <= 1 for score in board)
        boards[key] = [replace(score, scaled=shares) for score in board]
    return boards


@dataclass(frozen=True, slots=True, kw_only=True)
class Directions:
    """The boards whose smaller scores are better, and the note on that. A warning is added if a name leaves
    it open.
    """

    lower: frozenset[Key]
    notes: tuple[str, ...]
    warnings: tuple[ResultWarning, ...]


def directions_of(boards: Iterable[Key], scores: Scores, said: bool | None) -> Directions:
    """Return the direction of every board: the user's, else the logs'."""
    keys = list(boards)
    stated = {
        key
        for key in keys
        if any(fact.task == key[0] and key[1] in fact.lower_is_better for fact in scores.facts)
    }
    lower = stated if said is None else set(keys) if said else set()
    note = lower_note([key for key in keys if key in lower], len(keys))
    open_ = [" · ".join(key) for key in keys if said is None and key not in stated and is_burden(key[1])]
    return Directions(lower=frozenset(lower), notes=(note,) if note else (), warnings=tuple(unsaid(open_)))


def states_error(score: Published) -> bool:
    """Return whether a valid standard error is stated. Tables contain 0 if it wasn't computed."""
    return score.stderr is not None and score.stderr > 0


def has_error(score: Published) -> bool:
    """Return whether a score of a board has an error: a stated one, or the number of questions of a
    proportion.
    """
    return score.stderr is not None or (score.n is not None and _is_share(score))


def stated_or_binomial(score: Published) -> float:
    """Return the standard error that is stated with a score, else the binomial one of a proportion, or NaN if
    there is neither.
    """
    if score.stderr is not None:
        return score.stderr
    rate = score.score if _is_share(score) else math.nan
    return float(methods.binomial_se(np.array(rate), np.array(math.nan if score.n is None else score.n)))


def limits(score: Published, se: float, level: float) -> tuple[float, float]:
    """Return the interval of a score of a board with this standard error, or NaN if it has none."""
    if not math.isfinite(se):
        return math.nan, math.nan
    if score.n is None or not _is_share(score):
        half = float(intervals.t_quantile(level, math.inf)) * se
        return score.score - half, score.score + half
    return methods.score_interval(score.score, score.n, se, level)


def _is_share(score: Published) -> bool:
    return score.scaled and 0 <= score.score <= 1


def without_copies(published: Iterable[Published]) -> list[Published]:
    """Return the scores without repeated ones: those that give a model and run the same score as an earlier
    one, anywhere in the list.
    """
    return list({_said(score): score for score in reversed(list(published))}.values())[::-1]


def _said(score: Published) -> tuple[object, ...]:
    named = score.task, score.metric, score.model
    return *named, score.run, score.score, score.n, score.stderr, frozenset(score.took.items())


def without_templates(
    published: Sequence[Published], named: Iterable[str]
) -> tuple[list[Published], list[ResultWarning]]:
    """Leave out scores of models whose name contains the word EXAMPLE or TEMPLATE, from boards with two
    others. `named` are kept.
    """
    others = Counter((score.task, score.metric) for score in published if not _TEMPLATE.search(score.model))
    kept = {*named}
    left = [
        score
        for score in published
        if _TEMPLATE.search(score.model) and score.model not in kept and others[score.task, score.metric] > 1
    ]
    if not left:
        return list(published), []
    models = list(dict.fromkeys(score.model for score in left))
    warning = ResultWarning(
        code="templates_left_out",
        message=f"{listing(models)}: an example or a template by its name, not ranked",
        remedy=f"If it is a model, include it in the models to compare: `model={models[0]!r}`.",
    )
    return [score for score in published if score not in left], [warning]


def named_apart(board: Sequence[Published]) -> list[Published]:
    """Return the scores of a board with repeated names numbered."""
    seen: Counter[str] = Counter()
    named = []
    for score in board:
        seen[score.model] += 1
        again = seen[score.model]
        named.append(score if again == 1 else replace(score, model=f"{score.model} ({again})"))
    return named
