"""The verb noise: where the error bars come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.inference.population import QUESTIONS
from howsure.inference.question import Question
from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.noise import Noise
    from howsure.statistics.choices import Variance

RESPECTS = Respects(verb="noise", all_but=("population", "covariate", "score"))


def noise(
    data: Any,
    a: str | None = None,
    b: str | None = None,
    *,
    variance: Variance = "CR2",
    level: float = 0.95,
    **options: Unpack[DesignOptions],
) -> Noise:
    """Say where the error bars come from: which questions were drawn, or what was answered to them.

    With several attempts a question, the two are told apart for every model, for every pair, and between and within
    clusters, and the error bar is predicted for other numbers of attempts and questions. `a` and `b`: take their paired
    difference apart as well. With one attempt a question, what can be said is a bound. `level`: of the intervals of the
    components. Miller (2024), section 3; Wang (2025).

    >>> import polars as pl
    >>> rows = pl.DataFrame({"model": "a", "item": [k // 4 for k in range(40)], "attempt": [k % 4 for k in range(40)],
    ...     "score": [int(k % 4 < k // 4 % 3) for k in range(40)]})
    >>> entry = noise(rows)["a"]
    >>> round(entry.se, 3), round(entry.se_with(attempts=1), 3), round(entry.answer_share, 2)
    (0.069, 0.134, 0.91)
    """
    from howsure.inference.noise import decompose

    a, b, variance, level = checked("noise", a=a, b=b, variance=variance, level=level).values()
    design = make_design(options, RESPECTS)
    return decompose(
        scores_of(data, design), design, Question(population=QUESTIONS, variance=variance, level=level), a, b
    )
