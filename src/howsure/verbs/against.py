"""The verb against: which of many sides are really better than one, and which are worse?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure.answers.against import Against
from howsure.errors import Caution, DataError
from howsure.inference.many_to_one import against_others, against_others_overall
from howsure.inference.overall import as_stated, no_overall
from howsure.inference.population import over_tasks, population_of
from howsure.inference.question import Question
from howsure.inference.sensitivity import policy_changes_sides
from howsure.options.table import checked
from howsure.statistics import multiplicity
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.study.models import resolve
from howsure.study.notes import direction_cautions
from howsure.verbs.sides import against_side
from howsure.wording import have, listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.answers.against import AgainstTask
    from howsure.inference.many_to_one import OneAgainstOthers
    from howsure.options.words import Overall
    from howsure.statistics.arrays import Floats
    from howsure.statistics.choices import ComparisonMethod, ManyToOne, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest
    from howsure.statistics.multiplicity import Corrected
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

RESPECTS = Respects(verb="against", all_but=("random factor", "covariate", "slices", "measures"))


def against(
    data: Any,
    against: str,
    *,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    adjust: ManyToOne = "max-t",
    overall: Overall | Mapping[str, float] = "harness",
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Against:
    """Compare every other side with one: its difference, a simultaneous confidence interval, and what it
    broke and fixed.

    Each side is compared with the one as [`compare`][howsure.compare] compares two, on the items that both
    answered. p-values are corrected for the number of sides (many to one) by the step-down max-t (Romano and
    Wolf 2005) over sign flips of whole clusters, of which Dunnett's (1955) test is the classical form; of
    several tasks, for all sides on all tasks, and those of the overall differences by themselves. Intervals
    agree with them. Clusters are assumed independent.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, a dict of sides, or Scores.
        against: The one: a model, by its full name or the part after the last slash; `tag:…`, `commit:…` or
            `run:…`, whose model it is; or one of several paths, each of which is a side then, or a folder or
            file beside others in the folder given.
        method: The test of the differences: "score" or "t". None takes the former for scores in [0, 1].
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level of all intervals together.
        adjust: The correction for the number of sides: "max-t", "dunnett" or "holm" (family-wise error), "bh"
            (false discovery rate), or "none". Two clusterings, fewer than eight clusters and
            population="benchmark" take "dunnett" for "max-t".
        overall: How the tasks are combined, for the sides that have them all: "harness" as the log weighs a
            group of exactly these tasks, else the mean; "mean" over tasks, "pooled" over all items, or a
            weight for each task.
        seed: The seed of the sign flips.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `model` chooses
            among the others; `population`: by default what the clusters of each
            task allow: "same-clusters" where there are too few to speak of others, else "new-clusters".

    Returns:
        Against: One part per task and metric, and the overall one for several tasks, each with a row per
            side, the best first.

    Raises:
        OptionError: If an option has a value that it can't have, or a name is both a model and a path.
        DataError: If the one doesn't exist, is meant by several models, or there is no other model on any of
            its tasks.
        MethodError: If the method isn't defined for these scores.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["main"] * 40 + ["x"] * 40 + ["y"] * 40, "item": [*range(40)] * 3,
        ...     "score": [int(i % 2) for i in range(40)] + [int(i % 4 > 0) for i in range(40)]
        ...     + [int(i % 2) for i in range(40)]})
        >>> answer = against(rows, "main")
        >>> answer.verdict
        "1 of 2 beats main; 1 can't be told from it."
        >>> [(side.side, side.fixed, side.broke, side.told) for side in answer.tasks[0].sides]
        [('x', 10, 0, 'better'), ('y', 0, 0, 'open')]
    """
    given = checked("against", method=method, variance=variance, level=level, overall=overall, seed=seed)
    name, adjust = checked("against", against=against, adjust=adjust).values()
    design = make_design(options, RESPECTS, method=method)
    question = Question(population=population_of(design.population), **given)
    how = {"items": design.items, "probabilities": design.score.kind == "prob"}
    scores, one = against_side(data, name, how)
    study = gather(scores, design, models=(one, *design.model) if design.model else ())
    return with_other_policies(against_one(study, question, one, adjust), study, question, adjust)


def against_one(study: Study, question: Question, one: str, adjust: ManyToOne) -> Against:
    """Put every other model of a study beside one of them; see `howsure.against`."""
    if study.models:
        one = study.models[0]
    else:
        averages = {average.name: average.run for average in study.averages}
        one = resolve(one, sorted(_models(study)), averages=averages)
    question, weighed = as_stated(question, study)
    # The matrices that have the one and another model. DataError where there is none.
    every = list(study.matrices())
    with_one = [matrix for matrix in every if one in matrix.models and len(matrix.models) > 1]
    if not with_one:
        others = {model for matrix in every for model in matrix.models} - {one}
        what = f"no other model has a task that {one} has" if others else f"no model beside {one} has a score"
        raise DataError(what, remedy="See `howsure describe`.")
    matrices, unknown = question.population.measured(with_one)
    parts = [against_others(matrix, one, question) for matrix in matrices]
    whole = over_tasks(question, matrices)
    again = len(parts) > 1 and any(
        question.population.of(each) is not whole.population.of(each) for each in matrices
    )
    over = [against_others(matrix, one, whole) for matrix in matrices] if again else parts
    adjust, why = _possible(adjust, [*parts, *over])
    total, more = _overall(over, whole, adjust)
    found = _judged(parts, question, adjust)
    left = len(study.every_task) - len({matrix.task for matrix in matrices})
    if len(found) == 1:
        found = [replace(found[0], n_tasks_left_out=left)]
    return Against(
        against=one,
        overall=None if total is None else replace(total, n_tasks_left_out=left),
        tasks=tuple(found),
        notes=(
            *study.notes,
            *filter(None, (weighed, why if any(part.n_tests > 1 for part in found) else "")),
        ),
        cautions=(
            *study.cautions,
            *direction_cautions(study),
            *_left_out(study, matrices, one),
            *unknown,
            *more,
        ),
    )


def with_other_policies(answer: Against, study: Study, question: Question, adjust: ManyToOne) -> Against:
    """Return an answer with a caution where counting failed attempts the other way would change what is told
    of a side.
    """

    def told(matrix: ScoreMatrix) -> Mapping[str, str]:
        """Return what is told of each side where failed attempts are counted as in this matrix."""
        if answer.against not in matrix.models:
            return {}
        part = against_others(matrix, answer.against, question)
        (judged,) = _judged([part], question, _possible(adjust, [part])[0], tasks=len(answer.tasks))
        return {side.side: side.told for side in judged.sides}

    return replace(answer, cautions=(*answer.cautions, *policy_changes_sides(study, answer.tasks, told)))


def _models(study: Study) -> set[str]:
    if study.averages:
        return {average.name for average in study.averages}
    return {str(model) for part in study.parts.values() for model in part["model"].unique()}


def _left_out(study: Study, kept: Sequence[ScoreMatrix], one: str) -> Iterator[Caution]:
    """Warn of tasks that the one lacks, and of models that lack tasks."""
    keys = {(matrix.task, matrix.metric) for matrix in kept}
    lost = sorted(" · ".join(key) for key in set(study.parts) - keys)
    there = {model for matrix in kept for model in matrix.models} - {one}
    some = sorted(model for model in there if any(model not in matrix.models for matrix in kept))
    none = sorted(_models(study) - there - {one})
    if lost:
        what = (
            f"{listing(lost)} {'is' if len(lost) == 1 else 'are'} left out: {one}, or every other "
            "model, has no scores there"
        )
        yield Caution(code="task_left_out", message=what, remedy="The answer is about the others.")
    if some:
        what = f"{listing(some)} {have(len(some))} no scores on some of the {plural(len(kept), 'task')}"
        yield Caution(code="side_lacks_task", message=what, remedy="Elsewhere they are compared.")
    if none:
        what = f"{listing(none)} {have(len(none))} no scores on any task that {one} has"
        yield Caution(code="side_left_out", message=what, remedy="Run them on the same tasks.")


def _possible(adjust: ManyToOne, parts: Sequence[OneAgainstOthers]) -> tuple[ManyToOne, str]:
    """Return the correction that is asked for, Dunnett's where there is nothing to flip, and a note that says
    why.
    """
    if adjust != "max-t":
        return adjust, ""
    flips = [part.moments.flips for part in parts]
    if any(part.method.of_benchmark for part in parts):
        return "dunnett", "Correction: Dunnett in place of max-t, which takes questions for a sample."
    if any(each is None for each in flips):
        return (
            "dunnett",
            "Correction: Dunnett in place of max-t, as no flip of signs respects two clusterings.",
        )
    if not all(multiplicity.enough_clusters(each) for each in flips if each is not None):
        return (
            "dunnett",
            "Correction: Dunnett in place of max-t, as there are too few clusters for flips of signs.",
        )
    return "max-t", ""


def _judged(
    parts: Sequence[OneAgainstOthers], question: Question, adjust: ManyToOne, *, tasks: int = 0
) -> list[AgainstTask]:
    """Correct the sides of all tasks together; `tasks`: of so many, where not all are here."""
    found = _corrected(parts, question, adjust, tasks or len(parts))
    tests = sum(int(np.isfinite(each.p_adjusted).sum()) for each in found)
    return [part.part(each, question.level, adjust, tests) for part, each in zip(parts, found, strict=True)]


def _corrected(
    parts: Sequence[OneAgainstOthers], question: Question, adjust: ManyToOne, tasks: int
) -> list[Corrected]:
    """Correct by p-values, all in one family; or by what knows how sides hang together, then Bonferroni over
    tasks.
    """
    p, error = [part.p_values() for part in parts], 1 - question.level
    if adjust == "max-t":
        found = [
            _by_flips(part, each, error / tasks, question.seed) for part, each in zip(parts, p, strict=True)
        ]
    elif adjust == "dunnett":
        known = zip(parts, p, strict=True)
        found = [multiplicity.by_dunnett(each, part.moments, part.one, error / tasks) for part, each in known]
    else:
        return multiplicity.split(
            multiplicity.by_p_value(np.concatenate(p), adjust, error), list(map(len, p))
        )
    return [multiplicity.of_tasks(each, tasks) for each in found]


def _by_flips(part: OneAgainstOthers, p: Floats, error: float, seed: int) -> Corrected:
    rng = np.random.default_rng(seed)
    return multiplicity.by_max_t(p, part.moments, part.one, error, rng=rng, centred=part.centred)


def _overall(
    parts: Sequence[OneAgainstOthers], question: Question, adjust: ManyToOne
) -> tuple[AgainstTask | None, list[Caution]]:
    """Put the tasks together, for the sides that have them all: a family of its own. None, with a caution,
    where that can't be.
    """
    matrices = [part.head for part in parts]
    reason = no_overall(matrices)
    if reason is not None:
        return None, [reason] if len(parts) > 1 else []
    models = sorted(set.intersection(*(set(matrix.models) for matrix in matrices)))
    left = len({model for matrix in matrices for model in matrix.models}) - len(models)
    if len(models) < 2:
        return None, [_lacking(left, len(parts))]
    total = _judged([against_others_overall(parts, question, models)], question, adjust)[0]
    return replace(total, n_left_out=left), [_lacking(left, len(parts))] if left else []


def _lacking(count: int, tasks: int) -> Caution:
    what = f"{plural(count, 'side')} {'lacks' if count == 1 else 'lack'} some of the {tasks} tasks and "
    what += f"{'is' if count == 1 else 'are'} not in the overall differences"
    return Caution(code="not_in_overall", message=what, remedy="Choose tasks that all have with `task`.")
