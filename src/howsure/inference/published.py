"""Models without rows: counts, and a published score next to your own results."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import OptionError, ResultWarning
from howsure.readers.counts import answers
from howsure.study.gathering import gather
from howsure.study.rescaled import in_shares
from howsure.table.aggregate import names_of
from howsure.table.scores import COUNTS, with_rows
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.answers.compare import Comparison
    from howsure.study.design import Design
    from howsure.study.study import Study
    from howsure.table.scores import Scores

PUBLISHED_UNPAIRED = ResultWarning(
    code="unpaired",
    message="the published score is compared as if its questions differed from yours",
    remedy="If they are the same, use results per question for the more powerful paired test.",
)
PUBLISHED_EXACT = ResultWarning(
    code="published_exact",
    message="the published score is treated as exact, because its number of questions isn't given",
    remedy="Add its number of questions after a slash, to include its error.",
)
COUNTS_UNPAIRED = ResultWarning(
    code="unpaired",
    message=(
        "counts don't show which questions were answered right, so they are compared as if the questions "
        "differed"
    ),
    remedy="If both answered the same questions, compare their files: the paired test is more powerful.",
)


def only_model(scores: Scores, option: str) -> str:
    """Return the only model. OptionError if there are several: one has to be named."""
    models = names_of(scores, "model")
    if len(models) != 1:
        raise OptionError(
            f"which of {plural(len(models), 'model')} is meant: {listing(models)}?",
            remedy=f"Name it as `{option}`.",
        )
    return models[0]


def with_published(
    scores: Scores, model: str, figure: tuple[float, int | None], design: Design
) -> tuple[Scores, tuple[str, str], ResultWarning]:
    """Return the rows of one model and a published score as a second one, their names, and a warning.

    With a number of questions, the published score is the mean of that many right-or-wrong answers. Otherwise
    every question of the model has it. OptionError if the model has several tasks or metrics, the score isn't
    on their scale, or a `statistic` is chosen.
    """
    if design.of_metric is not None:
        raise OptionError(
            f"a published {design.statistic} has no scores of questions to compare with",
            remedy=f"Test it against the number with a gate: `at_least={figure[0]:g}`.",
        )
    scores, _ = in_shares(scores)
    study = gather(scores, replace(design, model=(model,)))
    matrix, *others = study.matrices()
    if others:
        tasks = listing([f"{each.task} ({each.metric})" for each in (matrix, *others)])
        raise OptionError(
            f"a published score needs one task and metric, but there are {tasks}",
            remedy="Choose one with `task` and `metric`.",
        )
    score, n = figure
    if matrix.bounded and not 0 <= score <= 1:
        raise OptionError(f"published={score:g} is not from 0 to 1", remedy="Write 58.7% for percent.")
    if n is not None and not matrix.bounded:
        raise OptionError(
            "scores on an open scale don't follow from a mean and a number of questions",
            remedy="Give the published score without its number of questions: it counts as exact.",
        )
    name, of_model = (
        f"published {100 * score:g}%" if matrix.bounded else f"published {score:g}",
        matrix.models[0],
    )
    own = scores.to_frame().filter(task=matrix.task, model=of_model, metric=matrix.metric)
    if n is None:
        rows, warning = own.with_columns(model=pl.lit(name), score=pl.lit(score)), PUBLISHED_EXACT
    else:
        rows, warning = (
            answers(name, score * n, n, task=matrix.task, metric=matrix.metric),
            PUBLISHED_UNPAIRED,
        )
        rows = rows.with_columns(pl.col("item").alias(column) for column in _clusters(study, own))
    both = pl.concat([own, rows.with_columns(status=pl.lit("ok"))], how="diagonal_relaxed")
    return with_rows(scores, both), (of_model, name), warning


def _clusters(study: Study, rows: pl.DataFrame) -> list[str]:
    """Return the columns by which questions are clustered, with each published answer in its own cluster."""
    named = [name for names in study.design.clusterings for name in names or ()]
    known = {*named, *study.design.stated.values(), "cluster"}
    return [name for name in rows.columns if name in known and rows[name].null_count() < len(rows)]


def of_counts(scores: Scores) -> ResultWarning | None:
    """Return the warning of an unpaired comparison if the scores are counts, None if they aren't."""
    return COUNTS_UNPAIRED if any(fact.harness == COUNTS for fact in scores.facts) else None


def reworded(warnings: Iterable[ResultWarning], instead: ResultWarning) -> tuple[ResultWarning, ...]:
    """Return warnings, with another wording of that of an unpaired comparison."""
    return tuple(instead if each.code == "unpaired" else each for each in warnings)


def with_warning(pair: Comparison, instead: ResultWarning) -> Comparison:
    """Return a comparison with the warning about counts or a published score."""
    difference = replace(pair.difference, warnings=reworded(pair.difference.warnings, instead))
    warnings = reworded(pair.warnings, instead)
    if instead not in (*warnings, *difference.warnings):
        warnings = (*warnings, instead)
    pair = replace(pair, difference=difference, warnings=warnings)
    # a question is right or wrong, and isn't above or below a published mean
    if instead is not PUBLISHED_EXACT:
        return pair
    return replace(pair, wins=0, losses=0, ties=0, unpaired_se=math.nan, correlation=math.nan)
