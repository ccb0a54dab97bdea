"""The verb show: one question, with every answer to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.inference.show import show_item
from howsure.options.table import checked
from howsure.verbs.read import read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.show import Show

    Names = str | Sequence[str]


def show(
    data: Any, item: str, *, task: str | None = None, model: Names | None = None, metric: Names | None = None
) -> Show:
    """Show one question: what was asked, the right answer, and what every model answered, how it was scored
    and why it ended.

    Scores come from the rows; prompts, answers and stop reasons from the logs, which are read again for this
    question: Inspect's and lm-eval's hold them. Nothing is estimated.

    Args:
        data: Per-question results in any form that [`read`][howsure.read] accepts: a path, several paths, a
            data frame, or Scores.
        item: The question's id, or a part of it that no other has.
        task: Its task, where several tasks have such a question.
        model: Only these models. None: all.
        metric: Only these metrics. None: all.

    Returns:
        Show: One entry an attempt.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If there is no such question, several fit, or several tasks have it.
        ReadError: If none of the files can be read.

    Examples:
        >>> import polars as pl
        >>> rows = pl.DataFrame({"model": ["a", "a", "b"], "item": ["q1", "q2", "q1"], "score": [1, 0, 0]})
        >>> [(each.model, each.score) for each in show(rows, "q1").attempts]
        [('a', 1.0), ('b', 0.0)]
    """
    item, task = checked("show", item=item, task=task).values()
    models, metrics = checked("show", model=model, metric=metric).values()
    return show_item(read(data), item, task=task, models=models or (), metrics=metrics or ())
