"""The verb audit: published scores alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from howsure.options import checked
from howsure.table.scores import Scores
from howsure.verbs.read import _is_paths, read

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
) -> Audit:
    """Say which gaps between published scores could be noise, from score and number of questions alone.

    `data`: what `read` takes; a leaderboard (model, score, n, perhaps stderr) or a log that states its scores. A frame
    works as well. `n`: the number of questions where the table has none. Gaps are judged as unpaired, and the break-even
    correlation says how much agreement between the two models' answers would make each gap real.
    """
    from howsure.inference.audit import audit_published, published_in

    n, level, top, tasks, metrics = checked("audit", n=n, level=level, top=top, task=task, metric=metric).values()
    published = read(data).published if isinstance(data, Scores) or _is_paths(data) else published_in(data)
    return audit_published(published, n=n, level=level, top=top, task=tasks or (), metric=metrics or ())
