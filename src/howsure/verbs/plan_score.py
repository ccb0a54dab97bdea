"""The plan of one model's score: a narrow error bar, a floor or a ceiling."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Unpack

from howsure.answers.plan_score import ScorePlan
from howsure.errors import Caution, OptionError
from howsure.inference.planning.assumptions import Assumptions, check_assumed
from howsure.inference.planning.prospects import refuse_pilot_options
from howsure.inference.planning.score import assumed_scores, goal_of, one_model, option_lines, pilot_scores, refuse_rate
from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.verbs.read import scores_of

RESPECTS = Respects(verb="plan", all_but=("population", "covariate", "score"))


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
    """Plan the score of one model: an error bar of ± `within`, or to show that it is `at_least` (`at_most`) so much.

    For the interval of `estimate`, and the one-sided limit of `gate`. `rate`: the true score; without a pilot ½ for an error bar,
    which is the worst case, and needed for a limit. `n_items`: what so many give instead of how many are needed. `pilot`: what
    `read` takes, with the score, clusters and noise of model `a`. `assume`: clusters, and the variances of `question_variance` and
    `answer_variance` of this one model, where there is no pilot. `power`: the chance that the limit is shown.

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
    goal = replace(goal_of(within, at_least, at_most), level=level, power=power, items=n_items)
    notes: tuple[str, ...] = ()
    cautions: tuple[Caution, ...] = ()
    names = ("", "", "")
    design = make_design(options, RESPECTS)
    if pilot is None:
        refuse_pilot_options(design, a=a)
        seen, notes = assumed_scores(goal, rate, assume or Assumptions())
    else:
        if assume is not None:
            raise OptionError("a pilot tells what assume assumes", remedy="Leave one of the two out.")
        matrix, notes, cautions = one_model(gather(scores_of(pilot, design), design), a)
        seen, names = pilot_scores(matrix, level, attempts, rate), (matrix.task, matrix.metric, matrix.models[0])
    refuse_rate(goal, seen)
    lines, chosen = option_lines(goal, seen, attempts)
    return ScorePlan(
        goal=goal.kind,
        target=goal.target,
        rate=seen.rate,
        level=level,
        sought_items=n_items is None,
        clustered=not seen.spread.sizes.single,
        options=lines,
        chosen=chosen,
        task=names[0],
        metric=names[1],
        model=names[2],
        percent=seen.bounded,
        notes=notes,
        cautions=cautions,
    )
