"""The function horizon: how difficult are the questions that each model can manage?"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

import polars as pl

from howsure.errors import OptionError
from howsure.inference.horizons import OTHERS, horizons_of
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.study.model_values import dates_of_models
from howsure.table.schema import COLUMNS, tidy_frame
from howsure.verbs.read import scores_of
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date
    from pathlib import Path

    from howsure.answers.horizon import Horizons
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator
    from howsure.study.design import Design
    from howsure.table.scores import Scores

RESPECTS = Respects(
    verb="horizon", all_but=("statistic", "random factor", "benchmark", "covariate", "slices", "measures")
)


def horizon(
    data: Any,
    *,
    difficulty: str | None = None,
    chance: float | str | Sequence[float] = "50%,80%",
    release_dates: Mapping[str, date | str] | str | Path | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Horizons:
    """Estimate the difficulty at which each model's success falls to 50% and 80%: its horizon.

    A logistic curve of success over the logarithm of difficulty is fitted to each model, as for the time
    horizons of Kwa et al. (2025). The intervals include the questions, their clusters (families of tasks) and
    the attempts. Beside it is a fit that assumes only that success doesn't rise with difficulty (Ayer et al.
    1955). With release dates of four or more models, a line through the logarithms of the horizons gives the
    time in which they double. Its interval includes the questions, which all models share, and how far models
    lie from the line.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores. Scores are successes from 0 to 1.
        difficulty: The column with the difficulty of each question, a positive number such as the minutes
            that people need. With "others" the success of the other models says how difficult a question is.
            A horizon is then the share of the other models that fail. None names the columns that it may be.
        chance: The chance of success, one or several: 0.5, or "50%,80%".
        release_dates: The release date of each model, for the doubling time: a mapping, the path of a table
            with the columns model and date (or a YAML file), or a column of the rows. None computes none.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The confidence level, between 0 and 1.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters".

    Returns:
        Horizons: One part per task and metric, with the horizons of each model, the slope of its curve, its
            success by difficulty, and the doubling times.

    Raises:
        OptionError: If no difficulty is named, or if an option has an invalid value or is one that this
            function doesn't support.
        DataError: If the column of difficulty doesn't exist, differs between rows of a question or isn't a
            positive number, or if no model has a horizon.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": "a", "item": range(60), "minutes": [2**(k // 6) for k in range(60)],
        ...     "score": [int(k % 6 < 6 - k // 10) for k in range(60)]})
        >>> found = horizon(rows, difficulty="minutes").tasks[0]
        >>> [round(each.estimate.value, 1) for each in found["a"].horizons]
        [47.3, 5.0]
    """
    given = checked(
        "horizon",
        difficulty=difficulty,
        chance=chance,
        release_dates=release_dates,
        variance=variance,
        level=level,
    )
    design = make_design(options, RESPECTS)
    question = Question(population=population_of(design.population), variance=variance, level=given["level"])
    return horizons_in(
        scores_of(data, design),
        design,
        question,
        difficulty=given["difficulty"],
        chances=given["chance"],
        release_dates=given["release_dates"],
    )


def horizons_in(
    scores: Scores,
    design: Design,
    question: Question,
    *,
    difficulty: str | None,
    chances: Sequence[float],
    release_dates: Any,
) -> Horizons:
    """Return the horizons of scores that are read. Slices and usage of the design play no part."""
    design = replace(design, by=(), usage=(), prices=None)
    RESPECTS.refuse(design)
    if difficulty is None:
        raise _which(scores)
    if difficulty != OTHERS:
        design = replace(design, covariate=(difficulty,))
    study = gather(scores, design, paired=False)
    models = [model for matrix in study.matrices() for model in matrix.models]
    dates = {} if release_dates is None else dates_of_models("release_dates", release_dates, scores, models)
    return horizons_of(study, difficulty, chances, dates, question)


def _which(scores: Scores) -> OptionError:
    """Return the error that asks for the column of difficulty, with those that it may be."""
    rows = tidy_frame(scores.rows, scores.roles)
    others = [name for name in rows.columns if name not in COLUMNS]
    numbers = rows.select("task", "item", pl.col(others).cast(pl.String).cast(pl.Float64, strict=False))
    by_item = numbers.group_by("task", "item").agg(pl.col(others).drop_nulls().n_unique())
    fitting = [
        name
        for name in others
        if by_item[name].max() == 1
        and numbers[name].n_unique() > 2
        and (numbers[name].drop_nulls() > 0).all()
        and numbers[name].null_count() == rows[name].null_count()
    ]
    named = f"It may be {listing(fitting)}, or 'others'" if fitting else "It may be 'others'"
    return OptionError(
        "no column of difficulty is named",
        remedy=f"{named} (by the success of the other models): `difficulty='…'`.",
    )
