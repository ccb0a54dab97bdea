"""The function compare: is one model significantly better than another?"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure.answers.compare import AmongModels, IfClustered
from howsure.errors import HowsureError, OptionError
from howsure.inference.compare import compared, gather_pair, one_metric
from howsure.inference.flips import flipped
from howsure.inference.other_readings import with_both_readings
from howsure.inference.population import of_task, population_of
from howsure.inference.published import of_counts, only_model, with_published, with_warning
from howsure.inference.question import Question
from howsure.inference.sensitivity import policy_changes_verdict
from howsure.inference.verdict_changes import verdict_changes
from howsure.options.table import checked
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.results import allowed, significant
from howsure.study.attempt_labels import attempt_column
from howsure.study.by_cluster import gather_or_sum
from howsure.study.design import DesignOptions, make_design
from howsure.study.factors import levelled
from howsure.study.gathering import as_proposed, gather
from howsure.verbs.sides import by_rank, read_sides, read_two

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison, Comparisons
    from howsure.errors import ResultWarning
    from howsure.options.choices import Overall
    from howsure.statistics.choices import Adjustment, ComparisonMethod, Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.statistics.difference_tests import DifferenceTest
    from howsure.study.design import Design
    from howsure.study.study import Study
    from howsure.table.scores import Scores

USUAL = (None, "score", "t")
"""The methods that a board also has."""
MOST_MODELS = 10_000
"""A p-value that is significant after correction for this many models is significant for any number of models
in practice.
"""


def compare(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    method: ComparisonMethod | DifferenceTest | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    published: str | float | tuple[float, int] | None = None,
    margin: float | str | None = None,
    adjust: Adjustment = "holm",
    overall: Overall | Mapping[str, float] = "harness",
    flips: bool = False,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Comparison:
    """Test whether model `a` is better than model `b`, paired on the questions that both answered.

    Questions, or clusters of questions, are treated as a random sample from a larger population, and clusters
    as independent. The interval inverts the test, so it never disagrees with the p-value. If the models share
    no question, they are compared unpaired, with a warning. Miller (2024), section 4; Agresti and Min (2005)
    for the pseudo-items.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        a: The first model, by its full name or the part after the last slash, else a path; or `tag:…`,
            `commit:…`, `run:…`, `saved:…` (a baseline), `model:…`, `path:…`. None, with `b` None as well,
            takes the first of exactly two models or sides.
        b: The second model; the difference is a − b, in score units.
        method: The test. None takes "score" for scores in [0, 1] and "t" otherwise.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level, between 0 and 1. One minus it is the significance level of the test.
        published: A published score to compare `a` with, instead of `b`: "58.7%/89" or (0.587, 89), the score
            and its number of questions, which are treated as different questions from yours. For example,
            "58.7%" or 0.587 alone is treated as exact. None compares with `b`.
        margin: The margin of non-inferiority and equivalence tests, in score units (0.01 is one percentage
            point), or "1%rel" for a share of b's score on each task. None makes neither test.
        adjust: The correction of the p-values for the number of tasks: "holm" (family-wise error), "bh"
            (false discovery rate) or "none"; "max-t" is the same as "holm" here.
        overall: How the tasks are combined: "harness" uses the log's weights if it states a group of exactly
            these tasks, else the mean. Other choices: "mean" over tasks, "pooled" over all questions, or a
            weight per task.
        flips: Whether to list which questions got worse and better from a to b, and why. This reads the logs
            a second time.
        seed: The seed for methods that resample.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters".

    Returns:
        A Comparison for one task; for several, Comparisons with one per task and the overall difference. Each
        contains the two scores, the difference with its standard error and interval, p-values, wins, losses
        and ties.

    Raises:
        OptionError: If an option has an invalid value, both names mean the same model, a task has several
            metrics and none is chosen, or the margin is as wide as the scale.
        DataError: If a model doesn't exist, or the two have no task and metric in common.
        MethodError: If the method isn't defined for these scores, or can't test against a margin.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a"] * 6 + ["b"] * 6, "item": [*range(6)] * 2,
        ...     "score": [1, 1, 1, 0, 1, 1, 0, 1, 1, 0, 1, 0]})
        >>> answer = compare(rows, "a", "b")
        >>> answer.wins, answer.losses, answer.better is None
        (2, 0, True)
    """
    given = checked(
        "compare",
        method=method,
        variance=variance,
        level=level,
        margin=margin,
        adjust=adjust,
        overall=overall,
        seed=seed,
    )
    a, b, flips, published = checked("compare", a=a, b=b, flips=flips, published=published).values()
    design = make_design(options, method=method)
    question = Question(population=population_of(design.population), **given)
    scores, sides, instead = _two_sides(data, a, b, published, design)
    (a, b), ranked = by_rank(scores, sides, options)
    how = levelled(gather if flips else partial(gather_or_sum, crossed=question.by_sums))
    study = gather_pair(scores, design, a, b, how)
    found = with_proposed_clusters(compared(study, question, slices=True, measures=True), study, question)
    found = with_both_readings(
        found,
        study.unasked or attempt_column(scores),
        design,
        question,
        lambda other, asked: compared(gather_pair(scores, other, a, b, levelled(gather)), asked),
    )
    among = with_the_others(found.comparisons, scores, design, question)
    if scores.side_column:
        among = tuple(
            replace(pair, verdict_changes=verdict_changes(scores, pair, design, question)) for pair in among
        )
    found = replace(found, comparisons=among, notes=(*found.notes, *ranked))
    warnings = (*found.warnings, *policy_changes_verdict(study, found.comparisons, question))
    answer = replace(found, warnings=warnings).of_column(scores.side_column).answer
    if flips:
        answer = replace(
            answer, flips=flipped(one_metric(study), scores, *study.models, level=question.level)
        )
    return answer if instead is None else with_warning(answer, instead)


def _two_sides(
    data: Any, a: str | None, b: str | None, published: Any, design: Design
) -> tuple[Scores, tuple[str, str], ResultWarning | None]:
    """Read two models, the second of which may be a published score. Return the note for an unpaired
    comparison if it differs from the usual one.
    """
    if published is None:
        scores, (a, b) = read_two(data, a, b, design)
        return scores, (a, b), of_counts(scores)
    if b is not None:
        raise OptionError("`published` replaces `b`", remedy="Leave one of the two out.")
    scores, names = read_sides(data, [] if a is None else [a], design)
    model = names[0] if names else only_model(scores, "a")
    return with_published(scores, model, published, design)


def with_the_others(
    pairs: Sequence[Comparison], scores: Scores, design: Design, question: Question
) -> tuple[Comparison, ...]:
    """Return comparisons with their corrected p-values among all models of their task, if they are
    significant alone but not among these.

    No other rows are read for pairs that don't need it: not significant, tested against a margin, or
    significant for any number of models.
    """
    tasks = tuple(dict.fromkeys(pair.task for pair in pairs if _is_in_doubt(pair)))
    adjusted = design.covariate or design.random_factor
    if not tasks or adjusted or question.method not in USUAL:
        return tuple(pairs)
    try:
        study = gather(scores, replace(design, task=tasks, model=()))
        matrices = {(matrix.task, matrix.metric): matrix for matrix in study.matrices()}
    except HowsureError:
        return tuple(
            pairs
        )  # other models' rows don't fit, or not into memory; the answer doesn't depend on them
    found = []
    for pair in pairs:
        matrix = matrices.get((pair.task, pair.metric))
        if matrix is None or not _is_in_doubt(pair) or len(matrix.models) < 3:
            found.append(pair)
            continue
        asked = of_task(question, matrix)
        moments = asked.population.pairs(matrix, asked)
        p = adjust_pairs(moments, "max-t", rng=np.random.default_rng(question.seed))
        among = float(p[matrix.column(pair.a), matrix.column(pair.b)])
        told = (
            None
            if significant(among, question.level)
            else AmongModels(n_models=len(matrix.models), p_adjusted=among)
        )
        found.append(replace(pair, among_models=told))
    return tuple(found)


def _is_in_doubt(pair: Comparison) -> bool:
    least = allowed(pair.difference.interval.level) / (MOST_MODELS * (MOST_MODELS - 1) / 2)
    return (
        bool(pair.task) and pair.paired and pair.decided and pair.equivalence is None and pair.p_value > least
    )


def with_proposed_clusters(comparisons: Comparisons, study: Study, question: Question) -> Comparisons:
    """Return comparisons with their results under proposed clusters, if the verdict differs."""
    other = as_proposed(study)
    if other is None or study.proposed is None:
        return comparisons
    words = study.proposed.words
    again = {(pair.task, pair.metric): pair for pair in compared(other, question).every}
    return replace(
        comparisons,
        overall=None if comparisons.overall is None else _if_clustered(comparisons.overall, again, words),
        comparisons=tuple(_if_clustered(pair, again, words) for pair in comparisons.comparisons),
    )


def _if_clustered(pair: Comparison, again: dict[tuple[str, str], Comparison], words: str) -> Comparison:
    other = again.get((pair.task, pair.metric))
    if other is None or other.shows == pair.shows:
        return pair
    told = IfClustered(
        clusters=words, estimate=other.difference, p_value=other.p_adjusted, equivalence=other.equivalence
    )
    return replace(pair, if_clustered=told)
