"""Two models of a study, compared task by task and overall."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure.answers.compare import Comparisons
from howsure.checks import Relative, whole_scale
from howsure.errors import DataError, OptionError, ResultWarning
from howsure.inference import covariates
from howsure.inference.costs import with_measures
from howsure.inference.other_readings import with_other_population
from howsure.inference.overall import overall_comparison
from howsure.inference.settings import settings_of
from howsure.inference.slices import sliced_gaps, ways_of
from howsure.inference.task_weights import as_stated
from howsure.statistics import multiplicity as adjustments
from howsure.statistics.results import Interval
from howsure.statistics.shared_items import unlike
from howsure.study.factors import gather_levelled
from howsure.study.notes import direction_warnings, require_one_metric
from howsure.wording import Scale, listing, p_text, plural

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from howsure.answers.compare import Comparison
    from howsure.inference.covariates import CovariatePool
    from howsure.inference.question import Question
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

UNLIKE_ITEMS = "shared_items_differ"
FEW = 0.5
"""Shared items that are fewer than this share of a model's are compared with the others."""


def gather_pair(
    scores: Scores, design: Design, a: str, b: str, how: Callable[..., Study] = gather_levelled
) -> Study:
    """Gather the data that two models share, with `how` instead of `gather`. An unknown name is an error that
    suggests the nearest.
    """
    study = how(scores, design, models=(a, b), shared=True)
    if len(study.models) < 2:
        raise OptionError(f"a and b are both {study.models[0]!r}", remedy="Name two different models.")
    return study


def compared(
    study: Study, question: Question, *, slices: bool = False, measures: bool = False
) -> Comparisons:
    """Compare the two models that a study is about on every task that both have, and overall, with `slices`
    and the cost ratios of attempts if wanted.
    """
    question, weighed = as_stated(question.asked_of(study), study)
    measured = one_metric(study)
    matrices, unknown = question.population.measured(measured)
    questions = [_of_task(question, study, matrix) for matrix in matrices]
    pools = covariates.pools(study, question, method=question.method)
    tests = [
        _TaskTest(matrix, study.models, asked, pools)
        for matrix, asked in zip(matrices, questions, strict=True)
    ]
    pairs = corrected(tests, question)
    total, more = None, []
    if pools and len(pairs) > 1:
        more = [covariates.NO_OVERALL]
    elif len(pairs) > 1:
        total, more = overall_comparison(matrices, pairs, question)
    every = [*pairs, *([] if total is None else [total])]
    every = _sliced(study, matrices, every, question) if slices else every
    if measures:
        every = [with_measures(study, matrices, pair, question) for pair in every]
    pairs, total = every[: len(pairs)], every[-1] if len(every) > len(pairs) else None
    tasks = len({pair.task for pair in pairs})
    left = len(study.every_task) - tasks
    return Comparisons(
        comparisons=tuple(pairs),
        overall=None if total is None else replace(total, n_tasks=tasks, n_tasks_left_out=left),
        n_tasks_left_out=left,
        settings=settings_of(study, question, method=str(pairs[0].difference.method)),
        notes=(
            *study.notes,
            *([weighed] if weighed else []),
            *covariates.told(study.design, pools),
            *_told(pairs, question),
        ),
        warnings=(
            *study.warnings,
            *direction_warnings(study),
            *tasks_left_out(study, measured),
            *unknown,
            *more,
        ),
    )


def _sliced(
    study: Study, matrices: Sequence[ScoreMatrix], every: Sequence[Comparison], question: Question
) -> list[Comparison]:
    """Return comparisons with their slices. If tasks are slices, they belong to the overall one, which
    doesn't have a task.
    """
    found = {_key(matrix): (matrix, ways) for matrix, ways in ways_of(study, matrices)}
    return [
        replace(pair, slices=sliced_gaps(*found[key], pair, question))
        if (key := _key(pair)) in found
        else pair
        for pair in every
    ]


def _key(of: ScoreMatrix | Comparison) -> tuple[str, str]:
    """Return task and metric, or neither for all tasks together."""
    return (of.task, of.metric) if of.task else ("", "")


def _of_task(question: Question, study: Study, matrix: ScoreMatrix) -> Question:
    """Return the question with the margin of a task in score units. OptionError if it is as wide as the
    scale, or relative to 0.
    """
    margin = study.design.margin_of(matrix.task, question.margin)
    if isinstance(margin, Relative):
        a, b = (matrix.values[:, matrix.column(model)] for model in study.models)
        shared = np.isfinite(a) & np.isfinite(b)
        kept = shared if shared.any() else np.isfinite(b)  # the items of b alone, if they share none
        weights = None if matrix.weights is None else matrix.weights[kept]
        margin = margin.of(float(np.average(b[kept], weights=weights)))
        if not margin:
            raise OptionError(
                f"{study.models[1]} scores 0 on {matrix.task}, so a relative margin isn't possible",
                remedy="Give the margin in score units.",
            )
    if margin is not None and margin >= matrix.reach:
        raise whole_scale("a margin of", margin)
    return question if margin == question.margin else replace(question, margin=margin)


def one_metric(study: Study) -> list[ScoreMatrix]:
    """Return the matrices of both models. MetricsError if a task has several metrics and none was chosen."""
    matrices = [matrix for matrix in study.matrices() if len(matrix.models) == 2]
    if not matrices:
        raise nothing_in_common(study.matrices(), study.models)
    require_one_metric([(matrix.task, matrix.metric) for matrix in matrices], study.design)
    return matrices


def nothing_in_common(matrices: Iterable[ScoreMatrix], models: Sequence[str]) -> DataError:
    """Return the error that two models share no task and metric, with a short list of each, or the name of
    one without a score.
    """
    found: dict[str, list[str]] = {}
    for matrix in matrices:
        for model in matrix.models:
            found.setdefault(model, []).append(f"{matrix.task} · {matrix.metric}")
    has = {
        model: listing(found[model]) if model in found else "no score" for model in sorted({*found, *models})
    }
    told = "; ".join(f"{model} has {what}" for model, what in has.items())
    said = f": {told}" if found and len(has) <= 2 else ""
    return DataError(f"the two models don't share a task and metric{said}", remedy="See `howsure describe`.")


def tasks_left_out(study: Study, matrices: Sequence[ScoreMatrix]) -> list[ResultWarning]:
    """Warn of tasks and metrics that only one of the two models has."""
    compared = {(matrix.task, matrix.metric) for matrix in matrices}
    lacking = sorted(" · ".join(key) for key in {*study.partial, *study.parts} - compared)
    what = f"only one of the two models has {listing(lacking)}"
    left = ResultWarning(code="task_left_out", message=what, remedy="The result covers the others only.")
    return [left] if lacking else []


def _told(pairs: Sequence[Comparison], question: Question) -> list[str]:
    """Return notes that several tasks are corrected for their number, or that tests against a margin
    aren't.
    """
    counted = sum(math.isfinite(pair.p_value) for pair in pairs)
    if question.adjust == "none" or counted < 2:
        return []
    if any(pair.equivalence for pair in pairs):
        return [f"Tests against the margin, and their intervals, aren't corrected for {counted} tasks."]
    name = "Benjamini–Hochberg" if question.adjust == "bh" else "Holm"
    return [f"Corrected for {counted} tasks ({name}): each interval agrees with its p-value and verdict."]


@dataclass(frozen=True, slots=True)
class _TaskTest:
    """Two models on one task, and how they are compared there. Covariates come from the pool of the task."""

    matrix: ScoreMatrix
    models: tuple[str, ...]
    question: Question
    pools: Mapping[str, CovariatePool]

    def run(self) -> Comparison:
        """Compare, at the level and margin of the question."""
        a, b = self.models
        plain = self.question.population.pair(self.matrix, a, b, self.question)
        if not self.pools:
            return with_unlike_items(with_other_population(plain, self.matrix, self.question), self.matrix)
        return covariates.adjusted_comparison(
            self.matrix, self.pools[self.matrix.task], plain, margin=self.question.margin
        )

    def at(self, tail: float) -> Comparison:
        """Compare with an interval with this error, without a margin."""
        return replace(self, question=replace(self.question, level=1 - tail, margin=None)).run()


def corrected(tests: Sequence[_TaskTest], question: Question) -> list[Comparison]:
    """Compare task by task, and correct p-values and intervals for the number of tasks. Max-t means Holm
    here.
    """
    pairs = [test.run() for test in tests]
    usable = [k for k, pair in enumerate(pairs) if math.isfinite(pair.p_value)]
    if question.adjust == "none" or len(usable) < 2:
        return pairs
    p = np.array([pairs[k].p_value for k in usable])
    q = adjustments.corrected_p(p, question.adjust)
    tails = adjustments.tails(p, q, question.adjust, 1 - question.level)
    for k, p_adjusted, near, far in zip(usable, q, *tails, strict=True):
        pairs[k] = replace(_agreeing(tests[k], pairs[k], near, far), p_adjusted=float(p_adjusted))
    return pairs


def _agreeing(test: _TaskTest, pair: Comparison, near: float, far: float) -> Comparison:
    """Give a comparison the interval with error `far` on the side away from 0, and `near` on the side of 0 if
    it then excludes 0.
    """
    corrected = test.at(far)
    wide = inner = corrected.difference.interval
    if near > far:
        inner = test.at(near).difference.interval
    limits = Interval(
        low=inner.low if inner.low > 0 else wide.low,
        high=inner.high if inner.high < 0 else wide.high,
        level=pair.difference.interval.level,
    )
    items, attempts = corrected.items_needed, corrected.attempts_needed
    return replace(pair, adjusted_interval=limits, items_needed=items, attempts_needed=attempts)


def with_unlike_items(pair: Comparison, matrix: ScoreMatrix) -> Comparison:
    """Return a comparison of few shared items with a warning if these differ from the models' other items."""
    shared = pair.wins + pair.losses + pair.ties
    if not 0 < shared < FEW * (shared + max(pair.n_only_a, pair.n_only_b)):
        return pair
    return replace(pair, warnings=(*pair.warnings, *unlike_warnings(matrix, pair.a, pair.b)))


def unlike_of(pairs: Sequence[Comparison]) -> list[ResultWarning]:
    """Return the warnings on shared items that differ from the others, with the task if there are several."""
    found = [(pair.task, each) for pair in pairs for each in pair.warnings if each.code == UNLIKE_ITEMS]
    named = len(pairs) > 1
    return [
        replace(each, message=f"{task}: {each.message}") if named and task else each for task, each in found
    ]


def unlike_warnings(matrix: ScoreMatrix, a: str, b: str) -> Iterator[ResultWarning]:
    """Warn of a model that scores differently on shared items than on its other items."""
    columns = [matrix.values[:, matrix.column(model)] for model in (a, b)]
    both = np.asarray(~np.isnan(columns).any(axis=0))
    scale, found = Scale(percent=matrix.bounded), []
    for model, x in zip((a, b), columns, strict=True):
        seen = unlike(x, both, matrix.weights, matrix.clusters)
        if seen is not None and seen.beyond_noise:
            found.append(
                f"{model} scores {scale.score(seen.shared)} on {plural(seen.n_shared, 'shared item')} and "
                f"{scale.score(seen.alone)} on {seen.n_alone:,} of its own (p "
                f"{p_text(seen.p_value)})"
            )
    if found:
        yield ResultWarning(
            code=UNLIKE_ITEMS,
            message=(
                f"{'; '.join(found)}. The shared items aren't a random sample, so a comparison over all "
                "items may mislead"
            ),
            remedy="Run both on the same items.",
        )
