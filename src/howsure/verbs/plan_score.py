"""The plan of one model's score: a narrow error bar, a floor or a ceiling."""

from __future__ import annotations

from typing import Any, Unpack

from howsure.answers.plan_score import ScorePlan
from howsure.errors import Caution, OptionError
from howsure.inference.plan_pilot import Assumptions, check_assumed, refuse_pilot_options
from howsure.inference.plan_score import (
    assumed_scores,
    one_model,
    option_lines,
    pilot_scores,
    question_of,
    refuse_rate,
)
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

RESPECTS = Respects(
    verb="plan", all_but=("random factor", "benchmark", "covariate", "score", "slices", "measures")
)


def plan_score(
    pilot: Any = None,
    a: str | None = None,
    *,
    within: float | None = None,
    at_least: float | None = None,
    at_most: float | None = None,
    rate: float | None = None,
    n_items: int | None = None,
    attempts: int | None = None,
    power: float = 0.8,
    level: float = 0.95,
    assume: Assumptions | None = None,
    **options: Unpack[DesignOptions],
) -> ScorePlan:
    """Plan the score of one model: an interval of half-width `within`, or evidence that it passes a limit.

    The interval is that of `estimate`, the one-sided limit that of `gate`. Clusters and questions are assumed
    independent draws, and attempts independent given the question. Without a pilot, a half-width is planned
    for the worst case, a true score of ½. Miller (2024), section 5.

    Args:
        pilot: Results of an earlier run, in any form that [`read`][howsure.read] accepts; the score, its
            variances and clusters are those of model `a`. None plans from `rate` and `assume`.
        a: The model of the pilot. None if it holds only one.
        within: The half-width of the interval, in score units (0.02 is two percentage points).
        at_least: The floor that the score is to be shown to exceed.
        at_most: The ceiling, where smaller scores are better. Exactly one of `within`, `at_least` and
            `at_most` is required.
        rate: The true score that is supposed. None takes the pilot's; without a pilot ½ for `within`, and a
            limit requires it.
        n_items: The number of questions, to learn what it achieves. None seeks it.
        attempts: The number of attempts per question. None takes what the pilot has, or 1.
        power: The probability that the floor or ceiling is shown, between 0 and 1.
        level: The confidence level.
        assume: Clusters, and the `question_variance` and `answer_variance` of this one model. None assumes
            independent right-or-wrong answers.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. They apply to
            the pilot. `population`: by default as in `compare`; "new-clusters" adds clusters, "same-clusters"
            questions to the pilot's own clusters, each at its share.

    Returns:
        ScorePlan: The ways to run the evaluation, with the questions and the half-width or power of each.

    Raises:
        OptionError: If an option has a value that it can't have, not exactly one goal is given, or the
            supposed score lies on the wrong side of the limit.
        DataError: If the pilot reveals no variation to plan from.
        ReadError: If none of the files can be read.

    Examples:
        >>> plan_score(within=0.03).items
        1066.0
        >>> plan_score(at_least=0.92, rate=0.95).items
        475.0
    """
    a, within, at_least, at_most, rate, n_items, attempts, power, level = checked(
        "plan_score",
        a=a,
        within=within,
        at_least=at_least,
        at_most=at_most,
        rate=rate,
        n_items=n_items,
        attempts=attempts,
        power=power,
        level=level,
    ).values()
    check_assumed(assume)
    question = question_of(
        {"within": within, "at-least": at_least, "at-most": at_most}, level=level, power=power, items=n_items
    )
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    names = ("", "", "")
    design = make_design(options, RESPECTS)
    if pilot is None:
        refuse_pilot_options(design, a=a)
        scores, notes = assumed_scores(question, rate, assume or Assumptions())
    else:
        if assume is not None:
            raise OptionError("a pilot tells what assume assumes", remedy="Leave one of the two out.")
        matrix, notes, cautions = one_model(gather(scores_of(pilot, design), design), a)
        scores = pilot_scores(matrix, level, rate)
        names = (matrix.task, matrix.metric, matrix.models[0])
    refuse_rate(question, scores)
    lines, chosen = option_lines(question, scores, attempts)
    return ScorePlan(
        goal=question.kind,
        target=question.target,
        rate=scores.rate,
        level=level,
        sought_items=n_items is None,
        clustered=not scores.spread.sizes.single,
        options=lines,
        chosen=chosen,
        task=names[0],
        metric=names[1],
        model=names[2],
        percent=scores.bounded,
        notes=notes,
        cautions=cautions,
    )
