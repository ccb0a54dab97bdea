"""Curves of models over attempts and usage, and a line through models over what is known of each."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import polars as pl
import scipy

from howsure.answers.curve import Curve, CurvePoint, Curves, FittedLine, ModelPoint, TaskCurves
from howsure.errors import DataError, MethodError, ResultWarning
from howsure.inference.board import entries
from howsure.inference.sample_errors import errors_of
from howsure.inference.settings import settings_of
from howsure.statistics.attempts import attempt_score
from howsure.statistics.curves import pointwise_level
from howsure.statistics.model_lines import model_line
from howsure.statistics.results import Interval
from howsure.study.model_values import number_of
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

ATTEMPTS = "attempts"
BUDGETS = 24
"""Usage is cut at so many amounts, equally many attempts apart."""
MOST_ATTEMPTS = 64
"""More attempts than this are drawn at so many numbers, each a constant factor above the one before."""
LOG_RANGE = 4.0
"""Values of models that differ by more than this factor are on a logarithmic scale."""
DAYS = 365.25


def _curves(study: Study, question: Question, over: str, task: Callable[[ScoreMatrix], TaskCurves]) -> Curves:
    """Return the part of every task."""
    matrices, left_out = question.population.measured(list(study.matrices()))
    parts = [task(matrix) for matrix in matrices]
    tasks = tuple(part for part in parts if part.curves or part.line)
    lost = [warning for part in parts if not (part.curves or part.line) for warning in part.warnings]
    if not tasks:
        why = lost[-1].message if lost else "no task has scores"
        raise DataError(f"no curve over {over}: {why}", remedy="Choose other models, tasks, or `over`.")
    return Curves(
        tasks=tasks,
        settings=settings_of(study, question),
        notes=study.notes,
        warnings=(*study.warnings, *left_out, *lost),
    )


def over_attempts(study: Study, question: Question, most: int | None) -> Curves:
    """Return pass@k and pass^k of every model. `most`: the largest k, None for the fewest attempts that it
    has at any question.
    """
    return _curves(study, question, ATTEMPTS, partial(attempt_curves, question=question, most=most))


def attempt_curves(matrix: ScoreMatrix, question: Question, most: int | None = None) -> TaskCurves:
    """Return the curves of one task over attempts, and the models that have none."""
    warnings: list[ResultWarning] = []
    curves: list[Curve] = []
    right = matrix.right_or_wrong()
    for k, model in enumerate(matrix.models):
        there = matrix.attempts[:, k] > 0
        n = matrix.attempts[:, k].astype(float)
        last = int(n[there].min()) if most is None else most
        enough = np.asarray(n >= last)
        if not right[k]:
            warnings.append(_left_out(matrix, model, "its attempts aren't right or wrong"))
            continue
        if last < 2 or not enough.any():
            fewest = plural(int(n[there].min()), "attempt")
            warnings.append(
                _left_out(
                    matrix,
                    model,
                    f"it has {fewest} at some question",
                    "Choose a k with `attempts`: questions with fewer are then left out.",
                )
            )
            continue
        if lost := int((there & ~enough).sum()):
            warnings.append(
                ResultWarning(
                    code="few_attempts",
                    message=(
                        f"{matrix.task}, {model}: {plural(lost, 'question')} with fewer than {last} "
                        "attempts left out"
                    ),
                    remedy="Run more attempts, or set `attempts` to fewer.",
                )
            )
        c = matrix.successes()[:, k].astype(float)
        steps = np.arange(1, last + 1)
        if last > MOST_ATTEMPTS:
            steps = np.unique(np.geomspace(1, last, MOST_ATTEMPTS).round().astype(int))
        for score in ("pass@", "pass^"):
            values = np.column_stack(
                [attempt_score(score, int(step), n[enough], c[enough]) for step in steps]
            )
            part = matrix.take_models([k]).take_items(enough)
            curves.append(_curve(part, values, steps, score, question))
    return _part(matrix, ATTEMPTS, "attempts", question, curves=tuple(curves), warnings=tuple(warnings))


def over_usage(study: Study, rows: pl.DataFrame, measure: str, question: Question) -> Curves:
    """Return the score of an attempt that is stopped at an amount of usage, for every model. `rows`: the tidy
    rows, with the column of usage.
    """
    if study.rule.over_attempts:
        raise DataError(f"{study.rule} is over several attempts, and usage is that of one")

    task = partial(_usage_curves, study=study, rows=rows, measure=measure, question=question)
    return _curves(study, question, measure, task)


def _usage_curves(
    matrix: ScoreMatrix, study: Study, rows: pl.DataFrame, measure: str, question: Question
) -> TaskCurves:
    """Return the curves of one task over usage."""
    warnings: list[ResultWarning] = []
    if not matrix.bounded or matrix.lower_is_better:
        warnings.append(
            ResultWarning(
                code="no_curve",
                message=(
                    f"{matrix.task}: an attempt that is stopped counts as 0, and its scores aren't "
                    "from 0 to 1"
                ),
                remedy="Choose another metric.",
            )
        )
        return _part(matrix, measure, "usage", question, warnings=tuple(warnings))
    key = (matrix.task, matrix.metric)
    own = rows.filter(
        (pl.col("task").cast(pl.String) == key[0]) & (pl.col("metric").cast(pl.String) == key[1])
    )
    low, high = study.scales[key].bounds if key in study.scales else (0.0, 1.0)
    scaled = (pl.col("score") - low) / (high - low)
    if study.policy_of(key) == "zero":
        scaled = scaled.fill_null(0.0)
    own = own.with_columns(score=scaled).filter(pl.col("score").is_not_null())
    known = own.filter(pl.col(measure).is_finite().fill_null(value=False))
    if lost := len(own) - len(known):
        warnings.append(
            ResultWarning(
                code="unknown_usage",
                message=f"{matrix.task}: {plural(lost, 'attempt')} without {measure} left out",
                remedy="Log it for every attempt.",
            )
        )
    if not len(known):
        return _part(matrix, measure, "usage", question, warnings=tuple(warnings))
    amounts = np.unique(np.quantile(known[measure].to_numpy(), np.linspace(0, 1, BUDGETS + 1)[1:]))
    means = known.group_by("model", "item").agg(
        (pl.col("score") * (pl.col(measure) <= amount)).mean().alias(f"at {k}")
        for k, amount in enumerate(amounts.tolist())
    )
    places = {str(item): k for k, item in enumerate(matrix.items.tolist())}
    curves = []
    for k, model in enumerate(matrix.models):
        mine = means.filter(pl.col("model").cast(pl.String) == model)
        at = np.array([places.get(str(item), -1) for item in mine["item"]], dtype=int)
        values = np.full((len(matrix.items), len(amounts)), np.nan)
        values[at[at >= 0]] = mine.drop("model", "item").to_numpy()[at >= 0]
        there = np.asarray(~np.isnan(values[:, 0]))
        if not there.any():
            warnings.append(_left_out(matrix, model, f"no attempt records its {measure}"))
            continue
        part = matrix.take_models([k]).take_items(there)
        curves.append(_curve(part, values[there], amounts, "score", question))
    return _part(matrix, measure, "usage", question, curves=tuple(curves), warnings=tuple(warnings))


def _curve(matrix: ScoreMatrix, values: Floats, x: Any, score: str, question: Question) -> Curve:
    """Return the curve of one model from its items' scores at each point (n, P)."""
    own = None if matrix.own_weights is None else np.nan_to_num(matrix.own_weights[:, 0], nan=1.0)
    points = replace(
        matrix,
        models=tuple(f"{at:g}" for at in x),
        values=values,
        attempts=np.ones(values.shape, dtype=np.int64),
        within=np.zeros(values.shape),
        weights=matrix.weights if own is None else own,
        own_weights=None,
        derived=True,
        tried=None,
        failed=None,
        lost=None,
    )
    level = question.level
    if len(points.items) > 1:
        sums, df = errors_of(points, question)
        level = pointwise_level(sums, df, question.level, np.random.default_rng(question.seed))
    found = entries(points, replace(question, level=level))
    return Curve(
        model=matrix.models[0],
        score=score,
        points=tuple(
            CurvePoint(
                x=float(at),
                estimate=replace(
                    entry.estimate, interval=replace(entry.estimate.interval, level=question.level), bounds=()
                ),
            )
            for at, entry in zip(x, found, strict=True)
        ),
    )


def over_models(study: Study, known: Mapping[str, Any], over: str, question: Question) -> Curves:
    """Return a line through the scores of models at what is known of each: numbers or dates."""
    task = partial(_model_line, known=known, over=over, question=question)
    return _curves(study, question, over, task)


def _model_line(matrix: ScoreMatrix, known: Mapping[str, Any], over: str, question: Question) -> TaskCurves:
    """Return the line of one task through its models."""
    warnings: list[ResultWarning] = []
    of_models = {model: _date_or_value(known[model]) for model in matrix.models if model in known}
    x, per = _positions(of_models, over)
    estimates = [entry.estimate for entry in entries(matrix, question)]
    odds = matrix.bounded
    used = []
    for k, model in enumerate(matrix.models):
        if model not in x:
            warnings.append(_left_out(matrix, model, f"its {over} isn't known"))
        elif odds and not 0 < estimates[k].value < 1:
            warnings.append(
                _left_out(matrix, model, f"its score is {100 * estimates[k].value:g}%, which has no log odds")
            )
        else:
            used.append(k)
    value = np.array([estimates[k].value for k in used])
    at = np.array([x[matrix.models[k]] for k in used])
    influence = _influence(matrix, used)
    y = np.log(value / (1 - value)) if odds else value
    if odds:
        influence = influence / (value * (1 - value))
    try:
        line = model_line(at, y, *errors_of(replace(matrix, values=influence, weights=None), question))
    except MethodError as error:
        warnings.append(
            ResultWarning(code="no_curve", message=f"{matrix.task}: {error.what}", remedy=error.remedy)
        )
        return _part(matrix, over, "models", question, warnings=tuple(warnings))
    limits, fit = line.slope_interval(question.level), line.values(at)
    low, high = line.band(at, question.level)
    shown: Callable[[Floats], Floats] = scipy.special.expit if odds else np.asarray
    step: Callable[[float], float] = math.exp if odds else float
    points = [
        ModelPoint(
            model=matrix.models[k],
            x=_number(of_models[matrix.models[k]]),
            estimate=estimates[k],
            line=float(shown(fit[j])),
            line_low=float(shown(low[j])),
            line_high=float(shown(high[j])),
        )
        for j, k in enumerate(used)
    ]
    found = FittedLine(
        per=per,
        odds=odds,
        step=step(line.slope),
        interval=Interval(low=step(limits.low), high=step(limits.high), level=question.level),
        p_value=line.slope_p_value(),
        points=tuple(sorted(points, key=lambda point: point.x)),
    )
    return _part(matrix, over, "models", question, line=found, warnings=tuple(warnings))


def _influence(matrix: ScoreMatrix, used: Sequence[int]) -> Floats:
    """Return the influence of every question on the means of some models (n, M'), whose covariance is that of
    the means.
    """
    there = ~np.isnan(matrix.values[:, used])
    weights = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    own = np.repeat(weights[:, None], len(used), axis=1)
    if matrix.own_weights is not None:
        own = np.nan_to_num(matrix.own_weights[:, used])
    share = own * there / (own * there).sum(axis=0)
    x = np.nan_to_num(matrix.values[:, used])
    return np.asarray(share * (x - (share * x).sum(axis=0)) * len(matrix.items))


def _number(value: Any) -> float:
    """Return a number, or the day of a date."""
    return float(value.toordinal()) if isinstance(value, date) else float(number_of(value) or 0.0)


def _positions(
    values: Mapping[str, Any], over: str
) -> tuple[dict[str, float], Literal["doubling", "year", "unit"]]:
    """Return where models lie on the axis of the line, and what a step is: years of dates, doublings of
    positive numbers that differ much, else units.
    """
    if values and all(isinstance(value, date) for value in values.values()):
        return {model: value.toordinal() / DAYS for model, value in values.items()}, "year"
    numbers = {model: number_of(value) for model, value in values.items()}
    wrong = [model for model, number in numbers.items() if number is None]
    if wrong:
        raise DataError(
            f"{over}: {values[wrong[0]]!r} of {wrong[0]!r} is neither a number nor a date",
            remedy="Write 7B, 7000000000 or 2024-05-13.",
        )
    positive = all(number > 0 for number in numbers.values() if number is not None)
    spread = [float(number or 0.0) for number in numbers.values()]
    if positive and spread and max(spread) > LOG_RANGE * min(spread):
        return {model: math.log2(number or 1.0) for model, number in numbers.items()}, "doubling"
    return {model: number or 0.0 for model, number in numbers.items()}, "unit"


def _date_or_value(value: Any) -> Any:
    """Return a date if this is one, or the value."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value.strip()[:10])
        except ValueError:
            return value
    return value.date() if hasattr(value, "date") else value


def _part(matrix: ScoreMatrix, over: str, kind: Any, question: Question, **found: Any) -> TaskCurves:
    return TaskCurves(
        task=matrix.task,
        metric=matrix.metric,
        over=over,
        level=question.level,
        kind=kind,
        percent=matrix.bounded,
        **found,
    )


def _left_out(matrix: ScoreMatrix, model: str, why: str, remedy: str = "") -> ResultWarning:
    return ResultWarning(code="no_curve", message=f"{matrix.task}, {model} is left out: {why}", remedy=remedy)
