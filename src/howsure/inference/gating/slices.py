"""Slices that a policy asks about become checks, each by the usual test on its own items."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.gate import Check
from howsure.checks import Relative
from howsure.errors import Caution, MethodError, OptionError
from howsure.inference.compare import one_metric
from howsure.inference.gating.pairs import not_worse
from howsure.inference.slices import LEAST_ITEMS, population_of_slice
from howsure.study.slices import partitions

if TYPE_CHECKING:
    from collections.abc import Iterator

    from howsure.answers.compare import Comparison
    from howsure.inference.gating.asking import How
    from howsure.inference.gating.policy import Policy
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Bools
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.slices import Partition


def slice_checks(how: How, policy: Policy) -> list[Check]:
    """Judge every slice of every column that the policy names, of every task that has it. OptionError for one
    that none has.
    """
    if not policy.slices:
        return []
    ways = [(matrix, way) for matrix in one_metric(how.study) for way in partitions(how.study, matrix)]
    absent = {rule.name for rule in policy.slices} - {way.by for _, way in ways}
    if absent:
        raise OptionError(
            f"no item has a value of {min(absent)!r}, which the policy slices by",
            remedy="Run `howsure describe` to see the columns.",
        )
    return [check for matrix, way in ways for check in _of_way(how, policy, matrix, way)]


def _of_way(how: How, policy: Policy, matrix: ScoreMatrix, way: Partition) -> Iterator[Check]:
    """Yield one check a slice, whether or not it is large enough."""
    margin = policy.of_slice(way.by, matrix.task).margin
    both = matrix.take_models(matrix.columns(how.study.models))
    for code, label in enumerate(way.labels):
        part = both.take_items(np.asarray(way.codes == code))
        yield replace(_slice(how, part, margin), by=way.by, part=label)


def _slice(how: How, part: ScoreMatrix, margin: float) -> Check:
    """Judge one slice: one that a model has nothing of can't be told, and one too small stays open."""
    held = ~np.isnan(part.values)
    shared = np.asarray(held.all(axis=1))
    blank = Check(
        task=part.task,
        metric=part.metric,
        criterion="not_worse_than",
        candidate=how.study.models[0],
        baseline=how.study.models[1],
        limit=float(margin),
        level=how.one_sided,
        n_items=int(shared.sum()),
        percent=part.bounded,
        lower_is_better=part.lower_is_better,
    )
    if not shared.any():
        absent = [model for k, model in enumerate(how.study.models) if not held[:, k].any()]
        return replace(blank, lacking=absent[0] if absent else how.study.models[0])
    if blank.n_items < LEAST_ITEMS:
        return replace(blank, cautions=(TOO_SMALL,))
    return _judged(how, part, _in_units(margin, part, shared)) or replace(blank, cautions=(NO_ERROR_BAR,))


def _judged(how: How, part: ScoreMatrix, margin: float) -> Check | None:
    """Return the check of a slice; None where its scores give no error bar."""
    population = population_of_slice(how.question.population, part)
    asked = replace(how.question, population=population)
    try:
        found = _pair(part, replace(asked, level=how.one_sided, margin=margin))
    except MethodError:
        return None
    wide = _pair(part, replace(asked, margin=None)).difference.interval.half_width
    return replace(not_worse(found, margin, how), half_width=wide)


def _pair(part: ScoreMatrix, asked: Question) -> Comparison:
    a, b = part.models
    return asked.population.pair(part, a, b, asked)


def _in_units(margin: float, part: ScoreMatrix, shared: Bools) -> float:
    """Return a margin in score units; one that is a share is of the baseline's score on the slice.
    OptionError for the whole scale.
    """
    if isinstance(margin, Relative):
        kept = part.weights[shared] if part.weights is not None else None
        margin = margin.of(float(np.average(part.values[shared, 1], weights=kept)))
    if not 0 < margin < part.reach or math.isnan(margin):
        raise OptionError(
            f"the policy's margin of {margin:g} for a slice of {part.task} is nothing, or the whole scale",
            remedy="Give the margin in score units: 5pp or 0.05.",
        )
    return margin


TOO_SMALL = Caution(
    code="small_slice",
    message=f"too small a slice to be judged, with fewer than {LEAST_ITEMS} questions that both answered",
    remedy="Add questions of this kind, or make it advisory.",
)
NO_ERROR_BAR = Caution(
    code="no_slice_error_bar",
    message="the slice's scores give no error bar",
    remedy="Add questions of this kind, or make it advisory.",
)
