"""The plan of one model's score: a narrow error bar, a floor or a ceiling."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure import checks
from howsure.answers.plan import Forecast
from howsure.answers.plan_score import ScoreGoal, ScoreOption, ScorePlan
from howsure.answers.settings import of_options
from howsure.errors import DataError, OptionError, ResultWarning
from howsure.inference.plan_pilot import (
    Assumptions,
    KnownSpread,
    Pilot,
    check_assumed,
    codes_of,
    refuse_pilot_options,
)
from howsure.inference.population import population_of
from howsure.options.table import checked
from howsure.statistics import rates
from howsure.statistics.power import Spread, fewest
from howsure.statistics.variance_components import mixed
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.gathering import gather
from howsure.study.models import resolve
from howsure.study.notes import direction_warnings
from howsure.verbs.read import scores_of
from howsure.wording import share_remedy

if TYPE_CHECKING:
    from collections.abc import Callable

    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

RESPECTS = Respects(
    verb="plan",
    all_but=("statistic", "random factor", "benchmark", "covariate", "score", "slices", "measures"),
)
USUAL_RATE = 0.5
WHOLE = 0.5
"""A margin of ± this covers all scores."""


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
        pilot: Results of an earlier run, in any form that [`read`][howsure.read] accepts. The score, its
            variances and clusters are those of model `a`. None plans from `rate` and `assume`.
        a: The model of the pilot. None if there is only one.
        within: The half-width of the interval, in score units (0.02 is two percentage points).
        at_least: The floor that the score is to be shown to exceed.
        at_most: The ceiling, for scores of which smaller ones are better. Exactly one of `within`, `at_least`
            and `at_most` is required.
        rate: The assumed true score. None uses the pilot's. Without a pilot it is ½ for `within`, and
            required for a limit.
        n_items: The number of questions, to find out what it achieves. None computes it.
        attempts: The number of attempts per question. None uses the pilot's, or 1.
        power: The probability that the floor or ceiling is shown, between 0 and 1.
        level: The confidence level.
        assume: Clusters, and the `question_variance` and `answer_variance` of this one model. None assumes
            independent right-or-wrong answers.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. They apply to the pilot.
            `population` defaults as in `compare`: "new-clusters" adds clusters, "same-clusters" adds
            questions to the pilot's own clusters, at their shares.

    Returns:
        ScorePlan: Possible designs, with the questions and the half-width or power of each.

    Raises:
        OptionError: If an option has an invalid value, not exactly one goal is given, or the assumed score
            lies on the wrong side of the limit.
        DataError: If the pilot has no variation to plan from.
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
    goal, target = _goal_of({"within": within, "at-least": at_least, "at-most": at_most})
    notes: tuple[str, ...] = ()
    warnings: tuple[ResultWarning, ...] = ()
    names = {"task": "", "metric": "", "model": ""}
    design = make_design(options, RESPECTS)
    if pilot is None:
        refuse_pilot_options(design, a=a)
        if rate is None and goal != "within":
            raise OptionError(
                "a limit needs the expected true score", remedy="Set rate, for example to 0.95."
            )
        scores, note = _assumed(rate, level, assume or Assumptions())
        notes = (note,)
    else:
        if assume is not None:
            raise OptionError(
                "a pilot replaces the assumptions of assume", remedy="Leave one of the two out."
            )
        matrix, notes, warnings = _one_model(gather(scores_of(pilot, design), design), a)
        scores = _of_pilot(matrix, level, rate)
        names = {"task": matrix.task, "metric": matrix.metric, "model": matrix.models[0]}
    _refuse_goal(goal, target, level, scores)
    counts = scores.known.counts(attempts)
    lines = tuple(
        _option(goal, target, scores, count, level=level, power=power, n_items=n_items) for count in counts
    )
    return ScorePlan(
        goal=goal,
        target=target,
        rate=scores.rate,
        level=level,
        sought_items=n_items is None,
        clustered=not scores.spread.sizes.single,
        options=lines,
        chosen=counts.index(scores.known.attempts(attempts)),
        percent=scores.bounded,
        settings=of_options(level=level),
        notes=notes,
        warnings=warnings,
        task=names.get("task", ""),
        metric=names.get("metric", ""),
        model=names.get("model", ""),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _ScoreSpread:
    """A model's spread, assumed or from a pilot, and its score.

    `answers`: scores are right-or-wrong answers, or means of them, and no other fractions.
    """

    known: KnownSpread
    rate: float
    bounded: bool = True
    answers: bool = True

    @property
    def spread(self) -> Spread:
        """The spread of one model's scores."""
        assert isinstance(self.known.spread, Spread)
        return self.known.spread


def _goal_of(goals: dict[ScoreGoal, float | None]) -> tuple[ScoreGoal, float]:
    """Return the goal. OptionError unless there is exactly one."""
    targets = [(goal, target) for goal, target in goals.items() if target is not None]
    if len(targets) != 1:
        what = " and ".join(goal for goal, _ in targets) or "nothing"
        raise OptionError(f"{what} to plan for", remedy="Set one of within, at_least and at_most.")
    goal, target = targets[0]
    if not (math.isfinite(target) and (target > 0 or goal == "at-most")):
        raise OptionError(
            f"{goal.replace('-', '_')}={target!r} is not above 0",
            remedy="Write 0.02 (or 2pp), 0.92 (or 92%).",
        )
    return goal, target


def _refuse_goal(goal: ScoreGoal, target: float, level: float, scores: _ScoreSpread) -> None:
    """Raise OptionError if the true score misses the limit, or a limit is set for scores without bounds."""
    if goal == "within":
        if scores.bounded and target >= WHOLE:
            raise checks.whole_scale("an error bar of ±", target)
        return
    checks.one_sided_level("level", level)
    if not scores.bounded:
        raise OptionError("limits are planned for scores in [0, 1]", remedy="Plan the error bar with within.")
    if not 0 < target < 1:
        raise OptionError(
            f"`{goal.replace('-', '_')}={target:g}` is not between 0 and 1", remedy=share_remedy(target)
        )
    ahead = scores.rate - target if goal == "at-least" else target - scores.rate
    if not ahead > 0:
        raise OptionError(
            f"a true score of {scores.rate:.3g} is not {goal.replace('-', ' ')} {target:g}",
            remedy="Set rate to the score that you expect.",
        )


def _possible(rate: float) -> float:
    return checks.share("rate", rate, remedy="Write 0.95 for 95%.")


def _assumed(rate: float | None, level: float, assumed: Assumptions) -> tuple[_ScoreSpread, str]:
    """Return the spread of a model whose score and clusters are assumed, and note the assumptions."""
    score = USUAL_RATE if rate is None else _possible(rate)
    answer = 0.0 if assumed.answer_variance is None else assumed.answer_variance
    total = score * (1 - score)
    question = max(total - answer, 0.0) if assumed.question_variance is None else assumed.question_variance
    if question + answer > total * (1 + 1e-9):
        raise OptionError(
            f"variances of {question:.3g} and {answer:.3g} exceed the maximum for a score of "
            f"{score:g} ({total:.3g})",
            remedy="They sum to rate · (1 − rate) for right-or-wrong answers.",
        )
    usual = " (the worst case)" if rate is None else ""
    note = (
        f"Assumed: a score of {100 * score:g}%{usual}, right or wrong. Use a pilot to estimate it from data."
    )
    return _ScoreSpread(
        known=KnownSpread(spread=assumed.spread(question, answer), level=level, only_once=not answer),
        rate=score,
    ), note


def _one_model(
    study: Study, model: str | None
) -> tuple[ScoreMatrix, tuple[str, ...], tuple[ResultWarning, ...]]:
    """Return the matrix of one model, on the questions that it answered, as the population has them drawn."""
    matrices = list(study.matrices())
    if len(matrices) > 1:
        raise OptionError(
            f"the pilot contains {len(matrices)} tasks or metrics", remedy="Choose with `task` and `metric`."
        )
    matrix = matrices[0]
    if model is None and len(matrix.models) > 1:
        raise OptionError(
            f"the pilot contains {len(matrix.models)} models", remedy="Set `a` to the one to plan for."
        )
    one = matrix.take_models([matrix.column(resolve(model, matrix.models) if model else matrix.models[0])])
    drawn = population_of(study.design.population).drawn(one.take_items(~np.isnan(one.values[:, 0])))
    return drawn, study.notes, (*study.warnings, *direction_warnings(study))


def _of_pilot(matrix: ScoreMatrix, level: float, rate: float | None) -> _ScoreSpread:
    """Return the spread observed in a pilot."""
    codes = codes_of(matrix)
    if len(matrix.items) < 2 or (codes is not None and int(codes.max()) < 1):
        raise DataError(
            f"one {'item' if codes is None else 'cluster'} isn't enough to estimate how scores vary",
            where=matrix.task,
            remedy="Use a pilot with two or more.",
        )
    pilot = Pilot.of(matrix, [0])
    if not mixed(pilot.parts, pilot.basis.effective_cluster_size, 1.0)[0] > 0:
        raise DataError(
            "every item of the pilot has the same score", where=matrix.task, remedy="Assume a rate instead."
        )
    w = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    mean = float(w @ matrix.values[:, 0] / w.sum())
    score = mean if rate is None else _possible(rate) if matrix.bounded else rate
    return _ScoreSpread(
        known=pilot.known(level),
        rate=score,
        bounded=matrix.bounded,
        answers=bool(matrix.right_or_wrong().all()),
    )


def _option(
    goal: ScoreGoal,
    target: float,
    scores: _ScoreSpread,
    attempts: float,
    *,
    level: float,
    power: float,
    n_items: int | None,
) -> ScoreOption:
    """Plan for one number of attempts."""
    known, rate, spread, limit = scores.known, scores.rate, scores.spread, goal != "within"

    def unseen(n: float) -> float:
        """Return the design effect of misses that n items don't show, as in the interval."""
        return float(attempts > 1) if scores.answers else math.sqrt(spread.at(n).crowd)

    def half_width(n: float, spread: Spread) -> float:
        """Return half the width of the interval of n items."""
        sided = 2 * level - 1 if limit else level
        return rates.half_width(rate, spread, n, attempts, sided, unseen=unseen(n), bounded=scores.bounded)

    def chance(n: float, spread: Spread) -> float:
        """Return the probability that n items show the limit. A ceiling is treated as a floor of the opposite
        score.
        """
        ends = (rate, target) if goal == "at-least" else (1 - rate, 1 - target)
        return rates.floor_power(*ends, spread, n, attempts, level=level, unseen=unseen(n))

    def needed(spread: Spread) -> float:
        """Return the fewest items that are narrow enough, or show the limit."""
        if limit:
            return fewest(lambda n: chance(n, spread) >= power, spread.step, steady=False)
        return fewest(lambda n: half_width(n, spread) <= target, spread.step)

    def forecast(seek: Callable[[Spread], float]) -> Forecast:
        """Return the result, with its limits if the pilot gives any."""
        return known.forecast(
            attempts,
            lambda spread, _: seek(spread),  # type: ignore[arg-type]  # of one model
        )

    items = Forecast(value=float(n_items)) if n_items is not None else forecast(needed)
    n, nothing = items.value, Forecast(value=math.nan)
    if not math.isfinite(n):
        return ScoreOption(
            attempts=attempts, items=items, half_width=nothing, power=nothing, clusters=math.nan
        )
    width, shown = Forecast(value=half_width(n, spread)), nothing
    if limit and n_items is None:
        shown = Forecast(value=chance(n, spread))
    elif limit:
        shown = forecast(partial(chance, n))
    elif n_items is not None:
        width = forecast(partial(half_width, n))
    return ScoreOption(
        attempts=attempts, items=items, half_width=width, power=shown, clusters=spread.clusters_in(n)
    )
