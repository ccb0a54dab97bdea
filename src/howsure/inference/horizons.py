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
    parts = []
    for matrix in matrices:
        if difficulty == OTHERS:
            difficulties = _by_others(matrix)
        else:
            pool = known[matrix.task]
            column = dict(zip(pool.items, pool.values[:, 0].tolist(), strict=True))
            of_items = np.array([column.get(str(item), np.nan) for item in matrix.items])[:, None]
            difficulties = np.broadcast_to(of_items, matrix.values.shape)
        parts.append(_task(matrix, difficulties, difficulty, chances=chances, dates=dates, question=question))
    tasks = tuple(part for part in parts if part.models)
    lost = [warning for part in parts if not part.models for warning in part.warnings]
    if not tasks:
        reason = lost[0].message if lost else "no task has scores"
        raise DataError(f"no model has a horizon: {reason}", remedy="Choose other questions or models.")
    return Horizons(
        tasks=tasks,
        settings=settings_of(study, question),
        notes=study.notes,
        warnings=(*study.warnings, *left_out, *lost),
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
class _Successes:
    """A task with the difficulty and the success of every question for every model (n, M), the latter NaN
    where a model has none.
    """

    matrix: ScoreMatrix
    difficulties: Floats
    success: Floats

    def rows(self, k: int) -> tuple[Floats, Floats, Floats]:
        """Return difficulty, success and share of the weight of the questions that a model answered."""
        there = ~np.isnan(self.success[:, k])
        weights = np.ones(len(there)) if self.matrix.weights is None else self.matrix.weights
        if self.matrix.own_weights is not None:
            weights = self.matrix.own_weights[:, k]
        share = weights[there] / weights[there].sum()
        return self.difficulties[there, k], self.success[there, k], share

    def horizons(
        self, curves: Mapping[int, SuccessCurve], chance: float, question: Question
    ) -> tuple[list[Estimate], Floats]:
        """Return the horizons of the models with a curve, and the influence of every question on the
        logarithms of these, in shares of the weight (n, M').
        """
        scores, of_logs = np.full(self.success.shape, np.nan), np.zeros(self.success.shape)
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
        variance, df = errors_of(terms, question)
        se = math.sqrt(variance[0, 0])
        return float(2 * scipy.stats.t.sf(abs(terms.means()[0]) / se, df)) if se > 0 else 1.0

    def of_model(self, k: int, values: Floats) -> ScoreMatrix:
        """Return values (n', q) of the questions that a model answered as a matrix."""
        part = self.matrix.take_models([k]).take_items(~np.isnan(self.success[:, k]))
        share = self.rows(k)[2]
        return replace(part, values=values, weights=share * len(share), own_weights=None)


def _task(
    matrix: ScoreMatrix,
    difficulties: Floats,
    difficulty: str,
    *,
    chances: Sequence[float],
    dates: Mapping[str, date],
    question: Question,
) -> TaskHorizons:
    """Return the horizons on one task, given the difficulty of every question for every model (n, M)."""
    warnings: list[ResultWarning] = []
    known = np.asarray(~np.isnan(difficulties).any(axis=1))
    if lacking := int((~known).sum()):
        by_others = difficulty == OTHERS
        warnings.append(
            ResultWarning(
                code="no_difficulty",
                message=f"{matrix.task}: {plural(lacking, 'question')} without a difficulty left out",
                remedy="No other model answered them."
                if by_others
                else f"Complete the column {difficulty!r}.",
            )
        )
    matrix, difficulties = matrix.take_items(known), difficulties[known]
    data = _Successes(
        matrix=matrix,
        difficulties=difficulties,
        success=1 - matrix.values if matrix.lower_is_better else matrix.values,
    )
    curves: dict[int, SuccessCurve] = {}
    for k, model in enumerate(matrix.models if known.any() else ()):
        try:
            curves[k] = success_curve(*data.rows(k))
        except MethodError as error:
            warnings.append(
                ResultWarning(
                    code="no_horizon", message=f"{matrix.task}, {model}: {error.what}", remedy=error.remedy
                )
            )
    by_chance = {chance: data.horizons(curves, chance, question) for chance in chances if curves}
    ends = (float(difficulties.min()), float(difficulties.max())) if known.any() else (math.nan, math.nan)
    models = []
    for j, (k, curve) in enumerate(curves.items()):
        rows = data.rows(k)
        fit = falling_fit(*rows)
        horizons = []
        for chance, (estimates, _) in by_chance.items():
            at = estimates[j]
            horizon = Horizon(
                chance=chance,
                estimate=at,
                isotonic=falls_to(*fit, chance),
                extrapolated=not ends[0] <= at.value <= ends[1],
            )
            horizons.append(horizon)
        released = dates.get(matrix.models[k])
        models.append(
            ModelHorizons(
                model=matrix.models[k],
                slope=curve.slope,
                released=None if released is None else str(released),
                horizons=tuple(horizons),
                rates=_rates(*rows),
            )
        )
    doubling, more = _doubling(matrix, list(curves), by_chance, dates, question)
    warnings += [*_doubts(data, curves, models, question), *more]
    if difficulty == OTHERS:
        models, ends = [_in_shares(each) for each in models], (_share(ends[0]), _share(ends[1]))
    return TaskHorizons(
        task=matrix.task,
        metric=matrix.metric,
        difficulty=difficulty,
        level=question.level,
        easiest=ends[0],
        hardest=ends[1],
        others=difficulty == OTHERS,
        models=tuple(sorted(models, key=lambda each: -each.horizons[0].estimate.value)),
        doubling=doubling,
        warnings=tuple(warnings),
    )


def _in_shares(found: ModelHorizons) -> ModelHorizons:
    """Return horizons in odds that others fail as the share of the others that fail."""
    horizons = [
        replace(
            each,
            isotonic=_share(each.isotonic),
            estimate=replace(
                each.estimate,
                value=_share(each.estimate.value),
                se=each.estimate.se / (1 + each.estimate.value) ** 2,
                interval=Interval(
                    low=_share(each.estimate.low),
                    high=_share(each.estimate.high),
                    level=each.estimate.interval.level,
                ),
            ),
        )
        for each in found.horizons
    ]
    rates = tuple(replace(rate, difficulty=_share(rate.difficulty)) for rate in found.rates)
    return replace(found, horizons=tuple(horizons), rates=rates)


def _share(odds: float) -> float:
    """Return odds as a share."""
    return odds / (1 + odds) if math.isfinite(odds) else (1.0 if odds > 0 else math.nan)


def _rates(difficulty: Floats, success: Floats, share: Floats) -> tuple[SuccessRate, ...]:
    """Return the success on questions of similar difficulty. Those of one difficulty are in one group."""
    code = np.unique(difficulty, return_inverse=True)[1]
    counts = np.bincount(code)
    group = np.minimum((np.cumsum(counts) - counts / 2) * GROUPS / len(code), GROUPS - 1).astype(int)[code]
    return tuple(
        SuccessRate(
            difficulty=float(2.0 ** np.average(np.log2(difficulty[group == g]), weights=share[group == g])),
            rate=float(np.average(success[group == g], weights=share[group == g])),
            n_items=int((group == g).sum()),
        )
        for g in np.unique(group)
    )


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


def _doubts(
    data: _Successes, curves: Mapping[int, SuccessCurve], models: Sequence[ModelHorizons], question: Question
) -> list[ResultWarning]:
    """Return warnings of models with few successes or failures, of flat curves, and of curves that are shown
    not to be logistic, all models at once (Holm 1979).
    """
    task, few = data.matrix.task, []
    for k in curves:
        _, success, _ = data.rows(k)
        if min(success.sum(), len(success) - success.sum()) < ENOUGH:
            few.append(data.matrix.models[k])
    flat = [each.model for each in models if math.isinf(each.horizons[0].estimate.high)]
    p = np.array([data.p_of_form(k, curve, question) for k, curve in curves.items()])
    bent = [
        each.model for each, adjusted in zip(models, holm(p), strict=True) if adjusted <= 1 - question.level
    ]
    warnings = []
    if few:
        warnings.append(
            ResultWarning(
                code="small_class",
                message=(
                    f"{task}: fewer than {ENOUGH} questions solved or failed by {listing(few)}, so the "
                    "interval is approximate"
                ),
                remedy="Add questions near the horizon.",
            )
        )
    if flat:
        warnings.append(
            ResultWarning(
                code="flat_curve",
                message=(
                    f"{task}: success isn't shown to fall with difficulty for {listing(flat)}, so the "
                    "interval has no limits"
                ),
                remedy="Add questions of other difficulties, or more clusters.",
            )
        )
    if bent:
        warnings.append(
            ResultWarning(
                code="curve_form",
                message=f"{task}: success of {listing(bent)} doesn't fall as a logistic curve does",
                remedy="Report the isotonic horizon as well.",
            )
        )
    return warnings
