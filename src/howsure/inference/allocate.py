"""Where the next attempts go: chosen by how much the answers to each item vary."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.allocate import Allocation
from howsure.errors import Caution, DataError, OptionError
from howsure.inference.noise import pair_task_noise, task_noise
from howsure.statistics import attempts
from howsure.statistics.answer_noise import answers
from howsure.study.models import resolve
from howsure.study.notes import direction_cautions
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from howsure.answers.noise import NoiseEntry
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats, Ints
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study


LEAST_OTHERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Spending:
    """How many attempts are to be spent: `extra` in all, at `most` so many an item, in a run of their own
    where `new`.
    """

    extra: int
    most: int | None
    new: bool


def one_matrix(study: Study, a: str | None, b: str | None) -> tuple[ScoreMatrix, tuple[str, ...]]:
    """Return the one task and metric that holds the models, and their full names."""
    matrices = list(study.matrices())
    known = sorted({model for matrix in matrices for model in matrix.models})
    if a is None and (b is not None or len(known) > 1):
        raise OptionError(
            f"whose attempts? {plural(len(known), 'model')} are there: "
            f"{listing([repr(name) for name in known])}",
            remedy="Name one with `a`, or two whose difference is asked for with a and b.",
        )
    names = tuple(resolve(name, known) for name in (known[0] if a is None else a, b) if name is not None)
    if len(set(names)) < len(names):
        raise OptionError(f"a and b are both {names[0]!r}", remedy="Name two different models.")
    matrices = [matrix for matrix in matrices if set(names) <= set(matrix.models)]
    if not matrices:
        raise DataError("the two models have no task and metric in common", remedy="See `howsure describe`.")
    if len(matrices) > 1:
        found = [f"{matrix.task} · {matrix.metric}" for matrix in matrices]
        raise OptionError(
            f"{len(found)} tasks or metrics are there: {listing(found)}",
            remedy="Choose one with `task` or `metric`.",
        )
    return matrices[0], names


@dataclass(frozen=True, slots=True, kw_only=True)
class _Told:
    """What is known of the variance of answers to n items: `chosen` decides, `expected` forecasts; of models
    `by`.
    """

    chosen: Floats
    expected: Floats
    by: tuple[str, ...]


def allocation_of(
    matrix: ScoreMatrix, names: tuple[str, ...], study: Study, run: Spending, asked: Question
) -> Allocation:
    """Spend the attempts on the items that both models answered, where they shrink the variance most."""
    columns = matrix.columns(names)
    shared = np.asarray(~np.isnan(matrix.values[:, columns]).any(axis=1))
    if not shared.any():
        raise DataError(
            f"{' and '.join(names)} share no item", where=matrix.task, remedy="Name other models."
        )
    left_out = int((~np.isnan(matrix.values[:, columns])).any(axis=1).sum() - shared.sum())
    matrix = matrix.take_items(shared)
    told = [_told(matrix, column, run) for column in columns]
    n = len(matrix.items)
    weights = np.ones(n) if matrix.weights is None else matrix.weights
    shares = (weights / weights.sum()) ** 2
    chosen, expected = (
        np.concatenate([shares * getattr(own, name) for own in told]) for name in ("chosen", "expected")
    )
    there = np.concatenate([matrix.attempts[:, column] for column in columns])
    base = np.zeros_like(there) if run.new else there
    add = _spread(chosen, base, run)
    even = attempts.variance_evenly(
        expected, np.maximum(base, 1), run.extra - (len(base) if run.new else 0), run.most
    )
    after = attempts.variance_after(expected, base, add)
    entry = _noise(matrix, names, asked)
    measured = math.isfinite(entry.answers)
    by = tuple(dict.fromkeys(name for own in told for name in own.by))
    found = Allocation(
        task=matrix.task,
        metric=matrix.metric,
        models=names,
        item=tuple(map(str, matrix.items)) * len(names),
        model=tuple(name for name in names for _ in range(n)),
        attempts=there,
        add=add,
        se=entry.se,
        questions=entry.questions,
        answers=entry.answers,
        answers_after=after if measured else math.nan,
        answers_even=even if measured else math.nan,
        saved=1 - after / even if even > 0 else 0.0,
        decided_by=by,
        new_run=run.new,
        percent=matrix.bounded,
        notes=study.notes,
    )
    return replace(found, cautions=(*_cautions(found, study, entry, left_out), *direction_cautions(study)))


def _spread(cost: Floats, base: Ints, run: Spending) -> Ints:
    """Choose the attempts; a new run gives one to each cell first."""
    if not run.new:
        room = None if run.most is None else int(np.clip(run.most - base, 0, None).sum())
        _refuse_room(room, run)
        return attempts.allocate(cost, base, run.extra, run.most)
    if run.extra < len(base):
        raise OptionError(
            f"a new run needs {len(base):,} attempts at least, not {run.extra:,}",
            remedy="One for each item of each model; plan a run of fewer items with `howsure plan`.",
        )
    _refuse_room(None if run.most is None else run.most * len(base), run)
    ones = np.ones_like(base)
    return ones + attempts.allocate(cost, ones, run.extra - len(base), run.most)


def _refuse_room(room: int | None, run: Spending) -> None:
    if room is not None and room < run.extra:
        raise OptionError(
            f"with {run.most:,} attempts an item at most there is room for {room:,}, not {run.extra:,}",
            remedy="Allow more an item, or add fewer.",
        )


def _told(matrix: ScoreMatrix, column: int, run: Spending) -> _Told:
    """Find out how much the answers to each item vary: by a model's own results for a new run, else by the
    others'.
    """
    found = answers(matrix.values, matrix.attempts.astype(float), matrix.within)
    own = found.once[:, column]
    if run.new and found.measured[column]:
        shrunk = _shrunk(matrix, column)
        return _Told(chosen=shrunk, expected=shrunk, by=(matrix.models[column],))
    others = [k for k in np.flatnonzero(found.measured).tolist() if k != column]
    if len(others) < LEAST_OTHERS:
        raise _nothing_told(matrix.models[column], len(others), run)
    variances = np.column_stack([_shrunk(matrix, k) for k in others])
    once = np.where(found.known, found.once, np.nan)[:, others]
    predicted = attempts.predicted_variances(
        variances, matrix.values[:, others], matrix.within[:, others], once
    )
    expected = own if found.measured[column] else predicted
    return _Told(chosen=predicted, expected=expected, by=tuple(matrix.models[k] for k in others))


def _shrunk(matrix: ScoreMatrix, column: int) -> Floats:
    one = matrix.take_models([column])
    return attempts.shrunk_variances(
        one.values[:, 0],
        one.attempts[:, 0].astype(float),
        one.within[:, 0],
        binary=bool(one.right_or_wrong()[0]),
    )


def _nothing_told(model: str, others: int, run: Spending) -> DataError:
    if run.new:
        return DataError(
            f"one attempt an item doesn't tell which items of {model} vary",
            remedy="Run two attempts or more first, or spread them evenly.",
        )
    return DataError(
        f"{plural(others, 'other model')} with several attempts can't tell which items of {model} vary, "
        "and its own answers would bias its mean",
        remedy="Spread the attempts evenly, give logs of two other models, or let its own answers choose "
        "those of a new run that is estimated alone (`new_run=True`).",
    )


def _noise(matrix: ScoreMatrix, names: tuple[str, ...], asked: Question) -> NoiseEntry:
    """Take the error bar of the mean, or of the difference, apart."""
    if len(names) == 2:
        return pair_task_noise(matrix, names[0], names[1], asked).entries[-1]
    return task_noise(matrix.take_models([matrix.column(names[0])]), asked).entries[0]


def _cautions(found: Allocation, study: Study, entry: NoiseEntry, left_out: int) -> list[Caution]:
    cautions = [*study.cautions, *entry.cautions]
    if left_out:
        cautions.append(
            Caution(
                code="items_left_out",
                message=(
                    f"{plural(left_out, 'item')} that only one of the two models answered "
                    f"{'gets' if left_out == 1 else 'get'} none"
                ),
                remedy="Run these for the other model first.",
            )
        )
    if not math.isfinite(entry.answers):
        cautions.append(replace(FORESEEN, message=f"{FORESEEN.message} {listing(found.decided_by)}"))
    if found.worthwhile:
        cautions.append(NEW_RUN_ALONE if found.new_run else KEEP_TO_IT)
    return cautions


FORESEEN = Caution(
    code="saving_foreseen",
    message="with one attempt an item the noise of the answers isn't known; what is saved is foreseen from",
    remedy="Two attempts or more would tell.",
)


NEW_RUN_ALONE = Caution(
    code="new_run_alone",
    message="old answers chose these attempts: together with the old ones the mean would be biased",
    remedy="Estimate from the log of the new run alone, with every attempt below.",
)


KEEP_TO_IT = Caution(
    code="keep_to_allocation",
    message="the mean of old and new attempts stays unbiased because no model's own answers chose its attempts",
    remedy="Run every attempt of the list, and choose no more by what comes out.",
)
