"""A task, or a stratum of judged answers, that contributes most of the error of the whole, with the effect of
enlarging it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from howsure.errors import SmallPart
from howsure.statistics.suites import weakest
from howsure.wording import MOST_FORECAST, Scale, plural, rounded_up

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.inference.question import Question
    from howsure.statistics.results import Estimate
    from howsure.statistics.suites import Weakest


class TaskAlone(NamedTuple):
    """A task by itself: half the width of its interval, and its questions and clusters."""

    half_width: float
    n_items: int
    n_clusters: int

    @classmethod
    def of(cls, estimate: Estimate) -> TaskAlone:
        """Return the half width of an estimate, with its questions and clusters."""
        return cls(estimate.interval.half_width, estimate.n_items, estimate.n_clusters)


def small_task(
    parts: Sequence[TaskAlone],
    shares: Sequence[float],
    tasks: Sequence[str],
    asked: Question,
    *,
    percent: bool,
) -> tuple[SmallPart, ...]:
    """Warn of the task with most of the error of an overall score or difference. There is no warning on
    exactly these questions, which need attempts instead.
    """
    grouped = asked.population.name != "same-clusters"
    units = np.array([part.n_clusters if grouped else part.n_items for part in parts])
    found = weakest(np.array(shares) * [part.half_width for part in parts], units)
    if found is None or asked.population.only_these:
        return ()
    part = parts[found.place]
    noun = "cluster" if grouped and part.n_clusters < part.n_items else "question"
    task, n = tasks[found.place], int(units[found.place])
    said = f"task {task} ({plural(n, noun)}) contributes {100 * found.error_share:.0f}% of the error"
    return (small_part(found, said, part=task, n=n, units=f"{noun}s", scale=Scale(percent=percent)),)


def small_part(found: Weakest, said: str, *, part: str, n: int, units: str, scale: Scale) -> SmallPart:
    """Add to the description of a component the effect of more of it."""
    more = (
        f": with about {rounded_up(found.needed)} {units} there, the interval would be about "
        f"±{scale.gap(found.half_width)}"
    )
    return SmallPart(
        code="small_part",
        message=said + (more if found.needed < MOST_FORECAST else ""),
        remedy=f"Add {units} there first.",
        name=part,
        n=n,
        units=units,
        error_share=found.error_share,
        needed=found.needed,
        half_width=found.half_width,
    )
