"""The history of one system from its runs, in order of their dates."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.answers.history import (
    AnchorChange,
    Anchors,
    History,
    HistoryChange,
    HistoryRun,
    LastRuns,
    RunDifference,
    TaskHistory,
)
from howsure.errors import DataError, ResultWarning
from howsure.inference.settings import settings_of
from howsure.statistics.change_points import (
    KNOWN,
    NOTHING,
    Series,
    ahead_of,
    between,
    last_against,
    level_at,
    limit_gap,
    luck,
    luck_draws,
    watch,
)
from howsure.statistics.results import Estimate, Interval, Method, significant
from howsure.statistics.score_pivot import plain_pivots
from howsure.study.factors import gather_levelled
from howsure.study.models import resolve
from howsure.study.notes import direction_warnings
from howsure.table.cells import rows_where
from howsure.table.engines import to_polars
from howsure.table.schema import tidy
from howsure.table.scores import Run, date_in
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.answers.history import WhatChanged
    from howsure.inference.question import Question
    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.change_points import Change, FollowedSeries
    from howsure.statistics.pair_moments import PairMoments
    from howsure.statistics.score_pivot import Pivots
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import RunEntry, Scores

LEAST = 2
ENOUGH_LATER = 3
"""With this many runs since an alarm, those that gave it aren't used for the size of the change."""
POOLED = Method(name="pooled runs", variance="CR2", paired=True)
NOISE = (
    "Error: variation of one system's answers between runs on exactly these items, plus variation "
    "between runs beyond that."
)
_DIGITS = re.compile(r"(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class _RunSeries:
    """All runs in order, the logs' metadata of each, and the number of tasks up to each."""

    names: tuple[str, ...]
    runs: Mapping[str, Run]
    tasks: Ints


def follow(
    scores: Scores,
    design: Design,
    question: Question,
    *,
    runs_between_alarms: float,
    baseline: str | None = None,
    compare_last: int | None = None,
    anchors: tuple[str, str] | None = None,
) -> History:
    """Follow the runs of one system, each a model of these scores. See `howsure.history`."""
    study = gather_levelled(scores, design, called="run")
    study = study.of_models(study.models) if study.models else study
    matrices = list(study.matrices())
    models = sorted({model for matrix in matrices for model in matrix.models})
    if len(models) < LEAST:
        raise DataError(
            f"{plural(len(models), 'run')}, but a history needs {LEAST}",
            remedy="Give every run a unique name.",
        )
    runs = runs_of(scores.runs)
    names, order = in_order(models, runs)
    graded = anchor_items(scores, anchors) if anchors else {}
    # Anchors are a series of their own, with half of the task's share of false alarms.
    series = [each for each in matrices for _ in range(1 + (each.task in graded))]
    every = _RunSeries(names=names, runs=runs, tasks=_tasks_so_far(series, names))
    baseline = None if baseline is None else resolve(baseline, models, parts=True)
    tasks = tuple(
        _task(
            matrix,
            every,
            baseline,
            question,
            runs_between_alarms=runs_between_alarms,
            compare_last=compare_last,
            anchors=graded.get(matrix.task, frozenset()),
        )
        for matrix in matrices
        if len(matrix.models) >= LEAST
    )
    if not tasks:
        raise DataError("every task has at most one run", remedy="See `howsure runs`.")
    if compare_last and not any(task.last_runs for task in tasks):
        most = max(sum(not run.incomplete for run in task.runs) for task in tasks)
        raise DataError(
            f"the last {compare_last} runs can't be compared with the {compare_last} before: "
            f"there are {plural(most, 'run')}",
            remedy="Compare fewer.",
        )
    return History(
        tasks=tasks,
        n_runs=len(names),
        runs_between_alarms=runs_between_alarms,
        level=question.level,
        settings=settings_of(study, question),
        notes=(*study.notes, order, NOISE),
        warnings=(
            *study.warnings,
            *direction_warnings(study),
            *_single(matrices),
            *_doubts(tasks),
            *_exams(names, runs),
        ),
    )


def _tasks_so_far(matrices: Sequence[ScoreMatrix], names: Sequence[str]) -> Ints:
    """Return the number of tasks and metrics up to each run: a later task doesn't use a share of an earlier
    run.
    """
    place = {name: k for k, name in enumerate(names)}
    first = np.array([min(place[name] for name in matrix.models) for matrix in matrices])
    so_far = (first[:, None] <= np.arange(len(names))).sum(axis=0)
    return np.asarray(np.maximum(so_far, 1), dtype=np.int64)


def _task(
    matrix: ScoreMatrix,
    every: _RunSeries,
    baseline: str | None,
    question: Question,
    *,
    runs_between_alarms: float,
    compare_last: int | None,
    anchors: frozenset[str],
) -> TaskHistory:
    """Follow the runs on one task. `anchors`: items that aren't part of the series."""
    names = [name for name in every.names if name in matrix.models]
    matrix = matrix.take_models(matrix.columns(names))
    kept = np.array([str(item) in anchors for item in matrix.items])
    if anchors and kept.all():
        raise DataError("every question is an anchor", where=matrix.task, remedy="Mark only some of them.")
    regraded, matrix = matrix.take_items(kept) if anchors else None, matrix.take_items(~kept)
    place = {name: k for k, name in enumerate(every.names)}
    numbers = np.array([place[name] for name in names])
    series = series_of(matrix)
    share = 1 / runs_between_alarms / every.tasks[numbers]
    found = watch(series, share)
    table = _TaskRuns(
        matrix=matrix,
        numbers=numbers,
        every=every,
        watched=found,
        question=question,
        base=names.index(baseline) if baseline in names else 0,
    )
    runs = table.runs()
    starts = [each.place for each in found.changes]
    changes = tuple(
        table.change(series, each, end)
        for each, end in zip(found.changes, [*starts, len(names)][1:], strict=True)
    )
    spread = found.spread
    return TaskHistory(
        task=matrix.task,
        metric=matrix.metric,
        baseline=names[table.base],
        runs=runs,
        changes=changes,
        n_bests=sum(run.is_best_so_far for run in runs),
        n_significant_bests=sum(run.is_significant_best for run in runs),
        anchors=None if regraded is None else table.anchors(series, regraded, share),
        level=_level(series, list(found.level)),
        n_level_runs=len(found.level),
        sd_between_runs=spread.runs,
        sd_of_answers=spread.answers,
        repeated_answer_share=spread.repeated,
        n_sd_runs=spread.seen + 1,
        sd_known=spread.seen + 1 >= KNOWN,
        last_runs=table.last(series, compare_last),
        lower_is_better=matrix.lower_is_better,
        percent=matrix.bounded,
    )


def anchor_items(scores: Scores, anchors: tuple[str, str]) -> dict[str, frozenset[str]]:
    """Return the anchors of each task: the items with a value in a column. DataError if there are none."""
    column, value = anchors
    frame, _ = tidy(scores.rows, scores.roles)
    rows = to_polars(rows_where(frame, {column: (value,)}).select("task", "item").unique())
    if not len(rows):
        raise DataError(f"no row has {column}={value}", remedy="See `howsure describe` for its values.")
    return {str(task): frozenset(part["item"].cast(pl.String)) for (task,), part in rows.group_by("task")}


def series_of(matrix: ScoreMatrix) -> Series:
    """Return the runs of a matrix as a series."""
    answered = ~np.isnan(matrix.values)
    attempts = (
        None
        if matrix.derived
        else (matrix.attempts * answered).sum(axis=0) / np.maximum(answered.sum(axis=0), 1)
    )
    return Series(
        values=matrix.values,
        attempts=attempts,
        codes=matrix.clusters[0] if matrix.clusters else None,
        weights=matrix.weights,
    )


def _level(series: Series, runs: Sequence[int]) -> float:
    """Return the mean of runs on the items that all of them have."""
    part = series.values[:, runs]
    shared = ~np.isnan(part).any(axis=1)
    weights = np.ones(len(part)) if series.weights is None else series.weights
    if not shared.any():
        return math.nan
    return float(
        weights[shared] @ part[shared] @ series.worth[runs] / weights[shared].sum() / series.worth[runs].sum()
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _TaskRuns:
    """The data for the status of every run of a task. `base`: the position of the baseline."""

    matrix: ScoreMatrix
    numbers: Ints
    every: _RunSeries
    watched: FollowedSeries
    question: Question
    base: int

    def runs(self) -> tuple[HistoryRun, ...]:
        """Return every run."""
        pairs = self.question.population.pairs(self.matrix, self.question)
        low, high = pairs.limits(self.question.level, self.matrix.reach)
        gaps = _Gaps(
            names=self.matrix.models,
            pairs=pairs,
            p=pairs.p_value,
            low=low,
            high=high,
            level=self.question.level,
        )
        best = self._best(gaps)
        half = limit_gap(self.watched)
        alarms = {change.run for change in self.watched.changes}
        return tuple(
            self._run(t, gaps, best, half, alarm=t in alarms) for t in range(len(self.matrix.models))
        )

    def change(self, series: Series, change: Change, end: int) -> HistoryChange:
        """Return a significant change. `end`: the position of the next one, or the number of runs."""
        names, numbers = self.matrix.models, self.numbers + 1
        last = change.back if change.back >= 0 else end
        since = [t for t in range(change.run + 1, last) if t not in self.watched.apart]
        before = sorted({*change.before} - {*self.watched.apart})
        enough = len(since) >= ENOUGH_LATER and bool(before)
        found = between(series, before, since) if enough else NOTHING
        shared = int((~np.isnan(series.values[:, [*before, *since]]).any(axis=1)).sum())
        return HistoryChange(
            run=names[change.run],
            number=int(numbers[change.run]),
            since=names[change.place],
            since_number=int(numbers[change.place]),
            low=names[change.low],
            low_number=int(numbers[change.low]),
            high=names[change.high],
            high_number=int(numbers[change.high]),
            difference=self._estimate(change.difference, int(self.watched.n_items[change.run])),
            difference_since=self._estimate(found, shared) if bool(found.known) else None,
            n_since=len(since),
            recovered_at=names[change.back] if change.back >= 0 else "",
            recovered_at_number=int(numbers[change.back]) if change.back >= 0 else None,
        )

    def last(self, series: Series, count: int | None) -> LastRuns | None:
        """Compare the last runs with as many before. None if not wanted, or if there are too few."""
        kept = [t for t in range(len(self.numbers)) if t not in self.watched.apart]
        if count is None or len(kept) < 2 * count:
            return None
        found, first = last_against(series, self.watched, count), kept[-count]
        shared = int((~np.isnan(series.values[:, kept[-2 * count :]]).any(axis=1)).sum())
        return LastRuns(
            n_runs=count,
            since=self.matrix.models[first],
            since_number=int(self.numbers[first]) + 1,
            difference=self._estimate(found, shared),
            p_value=float(found.p_value_at(0.0)),
        )

    def anchors(self, series: Series, regraded: ScoreMatrix, share: Floats) -> Anchors:
        """Split every change into the judge's part and the system's. A change of the anchors counts as well,
        unless it may be one of the others.
        """
        known = series_of(regraded)
        own = watch(known, share).changes
        others = self.watched.changes
        new = [c for c in own if not any(each.low <= c.high and c.low <= each.high for each in others)]
        places = sorted((change.place, change.run, change.before) for change in (*others, *new))
        changes = []
        for k, (place, alarm, before) in enumerate(places):
            end = places[k + 1][0] if k + 1 < len(places) else len(self.numbers)
            # Runs up to the alarm were selected for being extreme, so enough later ones replace them.
            first = alarm + 1 if end - alarm > ENOUGH_LATER else place
            changes.append(self._split(series, known, place, before, range(first, end)))
        return Anchors(n_items=len(regraded.items), changes=tuple(changes))

    def _split(
        self, series: Series, anchors: Series, place: int, before: Sequence[int], after: Sequence[int]
    ) -> AnchorChange:
        """Return the change from some runs to others on both kinds of questions, and their difference."""
        held = {int(t) for t in np.flatnonzero((~np.isnan(anchors.values)).any(axis=0))}
        before, after = (sorted((held & {*part}) - {*self.watched.apart}) for part in (before, after))
        there = bool(before and after)
        parts = [between(each, before, after) if there else NOTHING for each in (series, anchors)]
        variance = sum(float(each.variance) ** 2 / float(each.df) for each in parts if each.variance > 0)
        whole = sum(float(each.variance) for each in parts)
        system = plain_pivots(
            float(parts[0].difference) - float(parts[1].difference),
            whole,
            whole**2 / variance if variance else math.nan,
        )
        p = [1.0 if each.difference == 0 else float(each.p_value_at(0.0)) for each in (parts[1], system)]
        shown = tuple(significant(each, self.question.level) for each in p)
        cause: dict[tuple[bool, ...], WhatChanged] = {
            (True, True): "both",
            (True, False): "judge",
            (False, True): "system",
        }
        n = [
            int((~np.isnan(each.values[:, [*before, *after]]).any(axis=1)).sum())
            for each in (series, anchors)
        ]
        return AnchorChange(
            since=self.matrix.models[place],
            since_number=int(self.numbers[place]) + 1,
            n_before=len(before),
            n_after=len(after),
            others=self._estimate(parts[0], n[0]),
            judge=self._estimate(parts[1], n[1]),
            system=self._estimate(system, sum(n)),
            p_judge=p[0],
            p_system=p[1],
            cause=cause.get(shown, "unclear"),
        )

    def _estimate(self, found: Pivots, n_items: int) -> Estimate:
        low, high = found.limits(self.question.level, self.matrix.reach)
        return Estimate(
            value=float(found.difference),
            se=math.sqrt(float(found.variance)),
            interval=Interval(low=float(low), high=float(high), level=self.question.level),
            df=float(found.df),
            n_items=n_items,
            n_clusters=len(np.unique(self.matrix.clusters[0])) if self.matrix.clusters else n_items,
            method=POOLED,
        )

    def _run(self, t: int, gaps: _Gaps, best: _Best, half: Floats, *, alarm: bool) -> HistoryRun:
        name = self.matrix.models[t]
        run, score = self.every.runs.get(name, Run()), float(self._scores[t])
        level = score - float(self.watched.ahead.difference[t])
        former = int(best.former[t])
        return HistoryRun(
            run=name,
            number=int(self.numbers[t]) + 1,
            started=run.started or date_in(name),
            commit=run.commit,
            n_items=int((~np.isnan(self.matrix.values[:, t])).sum()),
            score=score,
            level=level,
            low=level - float(half[t]),
            high=level + float(half[t]),
            z=float(self.watched.largest[t]),
            limit=float(self.watched.limits[t]),
            alarm=alarm,
            previous=gaps.of(t, t - 1) if t else None,
            baseline=gaps.of(t, self.base) if t != self.base else None,
            best=gaps.of(t, former, best.luck[t] * self.matrix.orientation) if former >= 0 else None,
            is_best_so_far=bool(best.record[t]),
            is_significant_best=bool(best.real[t]),
            incomplete=t in self.watched.apart,
            new_items=t in self.watched.anew,
            in_current_level=t in self.watched.level,
        )

    @property
    def _scores(self) -> Floats:
        x, w = self.matrix.values, self.matrix.weights
        has = ~np.isnan(x) * (1.0 if w is None else w[:, None])
        return np.asarray(np.nansum(x * has, axis=0) / has.sum(axis=0))

    def _best(self, gaps: _Gaps) -> _Best:
        """Return, for every run, the best before it, its selection bias, and whether the run is the best so
        far.
        """
        runs, sign = len(self.matrix.models), self.matrix.orientation
        score, draws = self._scores * sign, luck_draws(runs, np.random.default_rng(self.question.seed))
        former, lucky = np.full(runs, -1), np.zeros(runs)
        record, real = np.zeros(runs, dtype=bool), np.zeros(runs, dtype=bool)
        best = -1
        whole: list[int] = []
        for t in range(runs):
            former[t] = best
            if t in self.watched.apart:
                continue
            if best >= 0:
                gap = float(gaps.pairs.difference[t, best]) * sign
                lucky[t] = luck(score[whole], gaps.noise(whole), draws)
                record[t] = gap > 0
                real[t] = record[t] and self._is_real(t, best, len(whole))
            best = t if best < 0 or record[t] else best
            whole.append(t)
        return _Best(former=former, luck=lucky, record=record, real=real)

    def _is_real(self, t: int, best: int, runs: int) -> bool:
        """Return whether a best-so-far run is significantly better than the level of the best before it,
        corrected for all pairs of runs so far.

        The shares of error of all runs to come add up to 1 − level, so that it is valid for an open-ended
        series.
        """
        series = series_of(self.matrix)
        found = ahead_of(series, level_at(self.watched, best, t), t)
        above = float(found.difference) * self.matrix.orientation > 0
        return above and significant(
            min(float(found.p_value_at(0.0)) * runs * (runs + 1) / 2, 1.0), self.question.level
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Best:
    """For every run (T,): the position of the best before it, −1 for none, its selection bias, whether the
    run is the best so far, and whether significantly.
    """

    former: Ints
    luck: Floats
    record: Ints
    real: Ints


@dataclass(frozen=True, slots=True, kw_only=True)
class _Gaps:
    """The differences of all pairs of runs."""

    names: tuple[str, ...]
    pairs: PairMoments
    p: Floats
    low: Floats
    high: Floats
    level: float

    def of(self, t: int, other: int, shift: float = 0.0) -> RunDifference:
        """Return a run less another. `shift` is added."""
        value = float(self.pairs.difference[t, other]) + shift
        return RunDifference(
            run=self.names[other],
            value=value,
            interval=Interval(
                low=float(self.low[t, other]) + shift,
                high=float(self.high[t, other]) + shift,
                level=self.level,
            ),
            p_value=float(self.p[t, other]) if not shift else math.nan,
            n_items=int(self.pairs.shared[t, other]),
        )

    def noise(self, runs: Sequence[int]) -> float:
        """Return the standard deviation of a run's answers: from the median of the differences of consecutive
        runs.
        """
        steps = [self.pairs.variance[b, a] for a, b in pairwise(runs)]
        return math.sqrt(max(float(np.nanmedian(steps)), 0.0) / 2) if np.isfinite(steps).any() else 0.0


def _single(matrices: Sequence[ScoreMatrix]) -> Iterator[ResultWarning]:
    left = [matrix.task for matrix in matrices if len(matrix.models) < LEAST]
    if left:
        yield ResultWarning(
            code="one_run",
            message=f"one run only, and left out: {listing(left)}",
            remedy="Run the task again.",
        )


def _doubts(tasks: Sequence[TaskHistory]) -> Iterator[ResultWarning]:
    """Warn of runs that aren't part of a series, of other items, and of items that not all runs have."""
    for task in tasks:
        apart = [run.run for run in task.runs if run.incomplete]
        if apart:
            yield ResultWarning(
                code="runs_apart",
                message=(
                    f"{task.task}: {listing(apart)} {'has' if len(apart) == 1 else 'have'} less than "
                    f"half of the items and {'is' if len(apart) == 1 else 'are'} left out of the series"
                ),
                remedy="Run the missing items.",
            )
        anew = [run.run for run in task.runs if run.new_items]
        if anew:
            yield ResultWarning(
                code="items_replaced",
                message=(
                    f"{task.task}: most items differ from those before, so the series restarts with "
                    f"{listing(anew)}"
                ),
                remedy="Don't compare scores before and after.",
            )
        sizes = sorted({run.n_items for run in task.runs if not run.incomplete})
        if len(sizes) > 1:
            yield ResultWarning(
                code="items_changed",
                message=(
                    f"{task.task}: runs have {sizes[0]:,} to {sizes[-1]:,} items. Runs are compared on "
                    "shared items"
                ),
                remedy="Don't compare raw scores of runs with different items.",
            )


def _exams(names: Sequence[str], runs: Mapping[str, Run]) -> Iterator[ResultWarning]:
    """Warn if the task's version, the grader or the scorer changed between runs."""
    for part in sorted({key for name in names if name in runs for key in runs[name].exam}):
        said = [(name, runs[name].exam[part]) for name in names if name in runs and part in runs[name].exam]
        turns = [name for (_, before), (name, after) in pairwise(said) if before != after]
        if turns:
            yield ResultWarning(
                code="exam_changed",
                message=f"{part} differs from the run before: {listing(turns)}",
                remedy="A change there may be due to this, not to the system.",
            )


def runs_of(entries: Sequence[RunEntry]) -> dict[str, Run]:
    """Return the logs' metadata of each run, by its name. Of several logs, the first counts."""
    found: dict[str, Run] = {}
    for entry in sorted(entries, key=lambda each: (each.model, each.run.started)):
        found.setdefault(entry.model, entry.run)
    return found


def in_order(names: Sequence[str], runs: Mapping[str, Run]) -> tuple[tuple[str, ...], str]:
    """Return runs, oldest first, and the basis of the order: dates in the logs, otherwise in all names,
    otherwise names in natural order.
    """
    dates = {name: runs[name].date for name in names if name in runs}
    if len(dates) == len(names) and all(dates.values()):
        return tuple(
            sorted(names, key=lambda name: (dates[name], _natural(name)))
        ), "Runs: in order of the dates in their logs."
    written = {name: date_in(name) for name in names}
    if all(written.values()):
        return tuple(
            sorted(names, key=lambda name: (written[name], _natural(name)))
        ), "Runs: in order of the dates in their names."
    return tuple(sorted(names, key=_natural)), "Runs: in order of their names; not all have a date."


def _natural(name: str) -> list[tuple[int, int, str]]:
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in _DIGITS.split(name) if part]
