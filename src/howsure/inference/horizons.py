"""Horizons of models: a curve of success over difficulty for each, and how they grow with release dates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import scipy

from howsure.answers.horizon import (
    DoublingTime,
    Horizon,
    Horizons,
    ModelHorizons,
    SuccessRate,
    TaskHorizons,
    doubling_days,
)
from howsure.errors import DataError, MethodError, ResultWarning
from howsure.inference.board import entries
from howsure.inference.covariates import pools
from howsure.inference.sample_errors import errors_of
from howsure.inference.settings import settings_of
from howsure.statistics.metrics.base import ENOUGH
from howsure.statistics.model_lines import LEAST_MODELS, model_line
from howsure.statistics.multiplicity import holm
from howsure.statistics.results import Interval
from howsure.statistics.success_curves import falling_fit, falls_to, success_curve
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats
    from howsure.statistics.results import Estimate
    from howsure.statistics.success_curves import SuccessCurve
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

OTHERS = "others"
"""Difficulty is what the success of the other models says."""
GROUPS = 8
"""Questions are grouped by difficulty into about so many points of the figure."""


def horizons_of(
    study: Study, difficulty: str, chances: Sequence[float], dates: Mapping[str, date], question: Question
) -> Horizons:
    """Return the horizons of every task of a study, whose design has the column of difficulty as a covariate.

    `dates`: the release dates of models. DataError if no model of any task has a horizon.
    """
    known = pools(study, question)
    matrices, left_out = question.population.measured(list(study.matrices()))
    tasks: list[TaskHorizons] = []
    warnings = [*study.warnings, *left_out]
    for matrix in matrices:
        if difficulty == OTHERS:
            hard = _by_others(matrix)
        else:
            pool = known[matrix.task]
            column = dict(zip(pool.items, pool.values[:, 0].tolist(), strict=True))
            hard = np.array([column.get(str(item), np.nan) for item in matrix.items])[:, None]
            hard = np.broadcast_to(hard, matrix.values.shape)
        keep = np.asarray(~np.isnan(hard).any(axis=1))
        told: list[ResultWarning] = []
        if lacking := int((~keep).sum()):
            told.append(
                ResultWarning(
                    code="no_difficulty",
                    message=f"{matrix.task}: {plural(lacking, 'question')} without a difficulty left out",
                    remedy=f"Complete the column {difficulty!r}.",
                )
            )
        tried = _Tried(matrix=matrix.take_items(keep), hard=hard[keep], by_others=difficulty == OTHERS)
        part = _task(tried, difficulty, chances, dates, question)
        told += part.warnings
        if part.models:
            tasks.append(replace(part, warnings=tuple(told)))
        else:
            warnings += told
    if not tasks:
        reason = next(each.message for each in warnings if each.code == "no_horizon")
        raise DataError(f"no model has a horizon: {reason}", remedy="Choose other questions or models.")
    return Horizons(
        tasks=tuple(tasks), settings=settings_of(study, question), notes=study.notes, warnings=tuple(warnings)
    )


def _by_others(matrix: ScoreMatrix) -> Floats:
    """Return the odds that other models fail at each question (n, M), half a success and failure added."""
    success = np.nan_to_num(matrix.values)
    there = ~np.isnan(matrix.values)
    solved = success.sum(axis=1, keepdims=True) - success
    tried = there.sum(axis=1, keepdims=True) - there
    if len(matrix.models) < 3:
        raise DataError(
            "difficulty by the success of other models needs three models",
            where=matrix.task,
            remedy="Name a column of difficulty.",
        )
    return np.where(tried > 0, (tried - solved + 0.5) / (solved + 0.5), np.nan)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tried:
    """A task with the difficulty of every question for every model, `hard` (n, M)."""

    matrix: ScoreMatrix
    hard: Floats
    by_others: bool

    @property
    def success(self) -> Floats:
        """The success of each model at each question (n, M), NaN where it has none."""
        return 1 - self.matrix.values if self.matrix.lower_is_better else self.matrix.values

    def rows(self, k: int) -> tuple[Floats, Floats, Floats]:
        """Return difficulty, success and share of the weight of the questions that a model answered."""
        success, there = self.success[:, k], ~np.isnan(self.success[:, k])
        weights = np.ones(len(success)) if self.matrix.weights is None else self.matrix.weights
        if self.matrix.own_weights is not None:
            weights = self.matrix.own_weights[:, k]
        return self.hard[there, k], success[there], weights[there] / weights[there].sum()

    def horizons(
        self, curves: Mapping[int, SuccessCurve], chance: float, question: Question
    ) -> tuple[list[Estimate], Floats]:
        """Return the horizons of the models with a curve, and the influence of every question on the
        logarithms of these, in shares of the weight (n, M').
        """
        scores, of_logs = np.full(self.hard.shape, np.nan), np.zeros(self.hard.shape)
        for k, curve in curves.items():
            value, influence = curve.difficulty_at(chance)
            there = ~np.isnan(self.success[:, k])
            scores[there, k] = value + influence
            of_logs[there, k] = self.rows(k)[2] * influence / (value * math.log(2))
        measured = replace(
            self.matrix,
            values=scores,
            attempts=(~np.isnan(scores)).astype(np.int64),
            within=np.zeros(scores.shape),
            bounded=False,
            of_metric="positive",
            derived=True,
        )
        part = measured.take_models(list(curves))
        estimates = [
            replace(
                entry.estimate,
                interval=self.limits(k, curve, chance, question),
                method=replace(entry.estimate.method, name="fieller"),
            )
            for entry, (k, curve) in zip(entries(part, question), curves.items(), strict=True)
        ]
        return estimates, of_logs[:, list(curves)]

    def limits(self, k: int, curve: SuccessCurve, chance: float, question: Question) -> Interval:
        """Return the limits of a model's horizon."""
        return curve.limits(chance, *errors_of(self.of_model(k, curve.influence), question), question.level)

    def p_of_form(self, k: int, curve: SuccessCurve, question: Question) -> float:
        """Return the p-value of the logistic form of a model's curve, against one that bends."""
        terms = self.of_model(k, curve.bend[:, None])
        found, df = errors_of(terms, question)
        se = math.sqrt(found[0, 0])
        score = float(terms.means()[0])
        return float(2 * scipy.stats.t.sf(abs(score) / se, df)) if se > 0 else 1.0

    def of_model(self, k: int, values: Floats) -> ScoreMatrix:
        """Return values (n', q) of the questions that a model answered as a matrix."""
        part = self.matrix.take_models([k]).take_items(~np.isnan(self.success[:, k]))
        share = self.rows(k)[2]
        return replace(part, values=values, weights=share * len(share), own_weights=None)


def _task(
    tried: _Tried, difficulty: str, chances: Sequence[float], dates: Mapping[str, date], question: Question
) -> TaskHorizons:
    """Return the horizons on one task."""
    warnings: list[ResultWarning] = []
    matrix = tried.matrix
    curves: dict[int, SuccessCurve] = {}
    for k, model in enumerate(matrix.models):
        try:
            curves[k] = success_curve(*tried.rows(k))
        except MethodError as error:
            warnings.append(
                ResultWarning(
                    code="no_horizon", message=f"{matrix.task}, {model}: {error.what}", remedy=error.remedy
                )
            )
    places = list(curves)
    by_chance = {chance: tried.horizons(curves, chance, question) for chance in chances if curves}
    ends = (float(tried.hard.min()), float(tried.hard.max())) if len(matrix.items) else (math.nan, math.nan)
    shown = _share if tried.by_others else float
    found = [
        ModelHorizons(
            model=matrix.models[k],
            slope=curves[k].slope,
            released=str(dates[matrix.models[k]]) if matrix.models[k] in dates else None,
            horizons=tuple(_horizon(by_chance[chance][0][j], tried, k, chance, ends) for chance in chances),
            rates=tuple(replace(each, difficulty=shown(each.difficulty)) for each in _rates(*tried.rows(k))),
        )
        for j, k in enumerate(places)
    ]
    order = np.argsort([-each.horizons[0].estimate.value for each in found], kind="stable").tolist()
    doubling, doubts = _doubling(matrix, places, by_chance, dates, question)
    part = TaskHorizons(
        task=matrix.task,
        metric=matrix.metric,
        difficulty=difficulty,
        level=question.level,
        easiest=shown(ends[0]),
        hardest=shown(ends[1]),
        others=tried.by_others,
        models=tuple(found[j] for j in order),
        doubling=doubling,
    )
    more = (*_few(tried, places), *_flat(part), *_other_form(tried, curves, question), *doubts)
    return replace(part, warnings=(*warnings, *more))


def _horizon(estimate: Estimate, tried: _Tried, k: int, chance: float, ends: tuple[float, float]) -> Horizon:
    isotonic = falls_to(*falling_fit(*tried.rows(k)), chance)
    extrapolated = not ends[0] <= estimate.value <= ends[1]
    if tried.by_others:
        limits = estimate.interval
        estimate = replace(
            estimate,
            value=_share(estimate.value),
            se=estimate.se / (1 + estimate.value) ** 2,
            interval=Interval(low=_share(limits.low), high=_share(limits.high), level=limits.level),
        )
        isotonic = _share(isotonic)
    return Horizon(chance=chance, estimate=estimate, isotonic=isotonic, extrapolated=extrapolated)


def _share(odds: float) -> float:
    """Return odds as a share."""
    return odds / (1 + odds) if math.isfinite(odds) else (1.0 if odds > 0 else math.nan)


def _rates(hard: Floats, success: Floats, share: Floats) -> list[SuccessRate]:
    """Return the success on questions of similar difficulty, none of which is in two groups."""
    code = np.unique(hard, return_inverse=True)[1]
    counts = np.bincount(code)
    group = np.minimum((np.cumsum(counts) - counts / 2) * GROUPS / len(hard), GROUPS - 1).astype(int)[code]
    return [
        SuccessRate(
            difficulty=float(2.0 ** np.average(np.log2(hard[there]), weights=share[there])),
            rate=float(np.average(success[there], weights=share[there])),
            n_items=int(there.sum()),
        )
        for g in np.unique(group)
        if (there := group == g).any()
    ]


def _doubling(
    matrix: ScoreMatrix,
    places: Sequence[int],
    by_chance: Mapping[float, tuple[list[Estimate], Floats]],
    dates: Mapping[str, date],
    question: Question,
) -> tuple[tuple[DoublingTime, ...], list[ResultWarning]]:
    """Return the doubling time at each chance, from the models with a date."""
    if not dates:
        return (), []
    dated = [j for j, k in enumerate(places) if matrix.models[k] in dates]
    days = np.array([float(dates[matrix.models[places[j]]].toordinal()) for j in dated])
    if len(dated) < LEAST_MODELS or np.ptp(days) == 0:
        return (), [
            ResultWarning(
                code="no_doubling_time",
                message=(
                    f"{matrix.task}: no doubling time, as only {plural(len(dated), 'model')} with a horizon "
                    f"{'has a release date' if len(dated) == 1 else 'have release dates'}"
                    if len(dated) < LEAST_MODELS
                    else f"{matrix.task}: no doubling time, as all models have the same release date"
                ),
                remedy=f"It needs {LEAST_MODELS} models, with two dates or more.",
            )
        ]
    found = []
    for chance, (estimates, influence) in by_chance.items():
        logs = influence[:, dated] * len(matrix.items)
        y = np.log2([estimates[j].value for j in dated])
        line = model_line(days, y, *errors_of(replace(matrix, values=logs, weights=None), question))
        limits = line.slope_interval(question.level)
        found.append(
            DoublingTime(
                chance=chance,
                days=doubling_days(line.slope),
                interval=Interval(
                    low=doubling_days(limits.high), high=doubling_days(limits.low), level=question.level
                ),
                n_models=len(dated),
            )
        )
    return tuple(found), []


def _few(tried: _Tried, places: Sequence[int]) -> list[ResultWarning]:
    """Warn of models with so few successes or failures that the intervals weren't tested."""
    few = []
    for k in places:
        _, success, _ = tried.rows(k)
        if min(success.sum(), len(success) - success.sum()) < ENOUGH:
            few.append(tried.matrix.models[k])
    if not few:
        return []
    return [
        ResultWarning(
            code="small_class",
            message=(
                f"{tried.matrix.task}: fewer than {ENOUGH} questions solved or failed by "
                f"{listing(few)}, so the interval is approximate"
            ),
            remedy="Add questions near the horizon.",
        )
    ]


def _flat(part: TaskHorizons) -> list[ResultWarning]:
    """Warn of models whose success isn't shown to fall."""
    flat = [each.model for each in part.models if math.isinf(each.horizons[0].estimate.high)]
    if not flat:
        return []
    return [
        ResultWarning(
            code="flat_curve",
            message=(
                f"{part.task}: success isn't shown to fall with difficulty for {listing(flat)}, so "
                "the interval has no limits"
            ),
            remedy="Add questions of other difficulties, or more clusters.",
        )
    ]


def _other_form(tried: _Tried, curves: Mapping[int, SuccessCurve], question: Question) -> list[ResultWarning]:
    """Warn of models whose curve is shown not to be logistic, all models at once (Holm 1979)."""
    p = np.array([tried.p_of_form(k, curve, question) for k, curve in curves.items()])
    torn = [
        tried.matrix.models[k]
        for k, adjusted in zip(curves, holm(p).tolist(), strict=True)
        if adjusted <= 1 - question.level
    ]
    if not torn:
        return []
    return [
        ResultWarning(
            code="curve_form",
            message=f"{tried.matrix.task}: success of {listing(torn)} doesn't fall as a logistic curve does",
            remedy="Report the isotonic horizon as well.",
        )
    ]
