"""The verb health: which questions tell models apart."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.health import examine
from howsure.inference.population import population_of
from howsure.inference.question import Question
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.health import Health

RESPECTS = Respects(verb="health", all_but=("random factor", "benchmark", "covariate", "slices", "measures"))


def health(
    data: Any, *, top: int | None = None, level: float = 0.95, **options: Unpack[DesignOptions]
) -> Health:
    """Examine which questions of each task discriminate between models, and how small a difference the task
    can detect.

    Counts the questions that all models, or none, answer correctly; identifies those with negative item
    discrimination, which are likely mislabelled; and gives the smallest difference that can be detected and
    the reliability of the ranking (split halves; Spearman 1910, Brown 1910). The models are regarded as an
    independent sample: where they are related, p-values of single questions are too small.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        top: Use only the so many best models of each task. None uses all.
        level: The confidence level, between 0 and 1.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `population`: by
            default what the clusters of each task allow: "same-clusters" where there are too few to speak of
            others, else "new-clusters"; "same-clusters" asks what more questions from these would resolve.

    Returns:
        Health: One part per task and metric, with the discrimination and kind of every item, the smallest
            detectable difference and the reliability.

    Raises:
        OptionError: If an option has a value that it can't have, or is one that this verb doesn't support.
        DataError: If a named task, model, metric or column doesn't exist.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": [m for m in "abc" for _ in range(4)], "item": [*range(4)] * 3,
        ...     "score": [1, 1, 1, 0, 1, 1, 0, 0, 1, 0, 0, 0]})
        >>> found = health(rows).tasks[0]
        >>> found.count("all_solved"), found.count("none_solved"), found.n_discriminating
        (1, 1, 2)
    """
    top, level = checked("health", top=top, level=level).values()
    design = make_design(options, RESPECTS)
    question = Question(population=population_of(design.population), level=level)
    return examine(gather(scores_of(data, design), design), question, top=top)
