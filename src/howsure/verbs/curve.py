"""The function curve: scores over attempts, over usage, or over the models' sizes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

import polars as pl

from howsure.errors import OptionError
from howsure.inference.curves import ATTEMPTS, over_attempts, over_models, over_usage
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.study.model_values import values_of_models
from howsure.study.units import priced
from howsure.table.schema import tidy_frame
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.answers.curve import Curves
    from howsure.statistics.choices import Variance
    from howsure.statistics.clustered_variance import VarianceEstimator

RESPECTS = Respects(
    verb="curve", all_but=("statistic", "score", "random factor", "benchmark", "covariate", "slices")
)


def curve(
    data: Any,
    *,
    over: str | Path | Mapping[str, Any] = ATTEMPTS,
    attempts: int | None = None,
    variance: Variance | VarianceEstimator = "CR2",
    level: float = 0.95,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Curves:
    """Show how scores change with attempts, with usage such as cost, or with the size of models.

    Over attempts: pass@k, at least one success in k attempts (Chen et al. 2021), and pass^k, successes only
    (Yao et al. 2024), for k = 1, 2, …. Over a measure of usage: the score of an attempt that is stopped once
    it has used this much. The limits of a curve are simultaneous over its points, by the correlation of their
    errors (max-t).

    Over what is known of each model (its size, its release date): a least-squares line, for scores in [0, 1]
    through their log odds. Its error includes the questions, which all models share, and how far models lie
    from the line. Positive values that differ by more than a factor of four are on a logarithmic scale.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        over: "attempts", the name of a measure that every attempt records (such as "usd" or "tokens_out"), or
            a value of each model. The latter is a column with one value for each, a mapping, or the path of a
            table with the columns model and value (or a YAML file): numbers, sizes such as 7B, or dates.
        attempts: The largest k. Questions with fewer attempts are left out. None uses the fewest attempts
            that a model has at any question.
        variance: The variance estimator: "CR2" (Bell and McCaffrey 2002), "CR1" (as in Stata), or "miller"
            (Miller 2024).
        level: The simultaneous confidence level of each curve.
        seed: The seed of the draws behind simultaneous limits.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            what the clusters of each task allow: "same-clusters" if they are too few to generalise, else
            "new-clusters".

    Returns:
        Curves: One part per task and metric, with the curves of each model, or the line through models.

    Raises:
        OptionError: If an option has an invalid value, or is one that this function doesn't support.
        DataError: If there is no such column, or no model has a curve.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": "a", "item": [k // 4 for k in range(40)],
        ...     "attempt": [*range(4)] * 10, "score": [int(k % 4 <= k // 10) for k in range(40)]})
        >>> some, every = curve(rows).tasks[0].curves
        >>> [round(point.estimate.value, 2) for point in some.points]
        [0.63, 0.82, 0.93, 1.0]
        >>> [round(point.estimate.value, 2) for point in every.points]
        [0.62, 0.43, 0.35, 0.3]
    """
    given = checked("curve", over=over, attempts=attempts, variance=variance, level=level, seed=seed)
    over, attempts = given["over"], given["attempts"]
    design = make_design(options, RESPECTS)
    question = Question(
        population=population_of(design.population), variance=variance, level=level, seed=given["seed"]
    )
    scores = scores_of(data, design)
    if over == ATTEMPTS:
        return over_attempts(gather(scores, design, paired=False), question, attempts)
    if attempts is not None:
        raise OptionError("`attempts` is the largest k of curves over attempts", remedy="Leave it out.")
    scores = priced(scores, design)
    study = gather(scores, replace(design, prices=None), paired=False)
    models = [model for matrix in study.matrices() for model in matrix.models]
    if isinstance(over, str) and not Path(over).is_file():
        rows = tidy_frame(scores.rows, scores.roles)
        if over not in rows.columns:
            raise OptionError(
                f"`over={over!r}` is neither attempts, a column of the rows nor a file",
                remedy=(
                    "Name a measure such as usd or tokens_out, or a column or table with the size of each "
                    "model."
                ),
            )
        several = rows.group_by("model").agg(pl.col(over).drop_nulls().n_unique() > 1)[over]
        if several.any():
            if not rows[over].dtype.is_numeric():
                raise OptionError(
                    f"column {over!r} has several values for a model, and they aren't numbers",
                    remedy="Name a measure of usage, or a value of each model.",
                )
            return over_usage(study, rows.with_columns(pl.col(over).cast(pl.Float64)), over, question)
    known = values_of_models("over", over, scores, models)
    return over_models(study, known, over if isinstance(over, str) else "x", question)
