"""The verb audit: published scores alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.options.table import checked
from howsure.table.scores import Scores
from howsure.verbs.read import is_paths, read

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.audit import Audit

    Names = str | Sequence[str]


def audit(
    data: Any,
    *,
    n: int | None = None,
    level: float = 0.95,
    top: int | None = None,
    task: Names | None = None,
    metric: Names | None = None,
    model: Names | None = None,
    lower_is_better: bool | None = None,
    bounds: tuple[float, float] | None = None,
) -> Audit:
    """Assess which differences between published scores could be noise, from scores and numbers of questions.

    The standard error is the binomial one unless the table states another, and models are compared as if
    unpaired. The break-even correlation is the correlation between two models' answers that would make their
    difference significant. Clusters and attempts are unknown here, so questions are assumed independent.

    Args:
        data: A leaderboard (columns model, score, n, perhaps stderr) as a path or a frame, or logs that state
            their scores.
        n: The number of questions, where the table states none. None requires it of the table.
        level: The confidence level, between 0 and 1.
        top: How many models of each board to display. None displays all.
        task: Only these tasks. None: all.
        metric: Only these metrics. None: all.
        model: Only these models; what follows a slash of a name is enough. None: all but examples and
            templates, by their names.
        lower_is_better: Whether smaller scores are better. None leaves it to what the logs say.
        bounds: The smallest and largest possible score, which count as 0 and 1. None takes percent for
            percent where the table says so, and other scores as they are.

    Returns:
        Audit: One board per task and metric, best model first, with intervals, the difference from the next
            place and its break-even correlation.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If there are no published scores.
        ReadError: If none of the files can be read.
    """
    from howsure.inference.audit import audit_published, bounded, published_in, published_of

    how = checked(
        "audit",
        n=n,
        level=level,
        top=top,
        task=task,
        metric=metric,
        model=model,
        lower_is_better=lower_is_better,
        bounds=bounds,
    )
    scores = published_of(read(data)) if isinstance(data, Scores) or is_paths(data) else published_in(data)
    how |= {name: how[name] or () for name in ("task", "metric", "model")}
    return audit_published(bounded(scores, how.pop("bounds")), **how)
