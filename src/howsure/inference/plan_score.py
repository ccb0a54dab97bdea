"""The plan of one model's score: assumed, or as a pilot has it."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from howsure import checks
from howsure.answers.plan import Forecast
from howsure.answers.plan_score import ScoreGoal, ScoreOption
from howsure.errors import Caution, DataError, OptionError
from howsure.inference.plan_options import ATTEMPTS
from howsure.inference.plan_pilot import limits_of, spread_of
from howsure.inference.population import population_of
from howsure.statistics import rates
from howsure.statistics.answer_noise import answers
from howsure.statistics.clustered_variance import spread_sizes
from howsure.statistics.power import Spread, fewest
from howsure.statistics.variance_components import mixed, mixture_errors, variances
from howsure.study.models import resolve
from howsure.study.notes import direction_cautions
from howsure.wording import share_remedy

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from howsure.inference.plan_pilot import Assumptions
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study

USUAL_RATE = 0.5

WHOLE = 0.5
"""An error bar of ± this holds all scores."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreSpread:
    """A model's spread: assumed, or a pilot's with its limits for every number of attempts that is known of.

    `answers`: scores are right-or-wrong answers, or means of them, and no other fractions.
    """

    spread: Spread
    rate: float
    limits: dict[float, tuple[float, float]]
    usual: float
    bounded: bool = True
    answers: bool = True

    def unseen(self, n: float, attempts: float) -> float:
        """Return the deff of misses that n items leave unseen, as the interval has it."""
        return float(attempts > 1) if self.answers else math.sqrt(self.spread.at(n).crowd)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreQuestion:
    """What is to be shown; a ceiling is a floor seen from the other end."""

    kind: ScoreGoal
    target: float
    level: float
    power: float
    items: float | None


def question_of(
    goals: Mapping[ScoreGoal, float | None], *, level: float, power: float, items: float | None
) -> ScoreQuestion:
    """Return what is to be shown; OptionError unless there is exactly one goal."""
    targets = [(kind, target) for kind, target in goals.items() if target is not None]
    if len(targets) != 1:
        what = " and ".join(kind for kind, _ in targets) or "nothing"
        raise OptionError(f"{what} to plan for", remedy="Give one of within, at_least and at_most.")
    kind, target = targets[0]
    if not (math.isfinite(target) and (target > 0 or kind == "at-most")):
        raise OptionError(
            f"{kind.replace('-', '_')}={target!r} is not above 0",
            remedy="Write 0.02 (or 2pp), 0.92 (or 92%).",
        )
    return ScoreQuestion(kind=kind, target=target, level=level, power=power, items=items)


def refuse_rate(goal: ScoreQuestion, seen: ScoreSpread) -> None:
    """Raise OptionError where the true score misses the limit, or a limit is asked of scores without
    bounds.
    """
    if goal.kind == "within":
        if seen.bounded and goal.target >= WHOLE:
            raise OptionError(
                f"within={goal.target:g} is the whole scale", remedy="Write 0.02 (or 2pp) for two points."
            )
        return
    checks.one_sided_level("level", goal.level)
    if not seen.bounded:
        raise OptionError("limits are planned for scores in [0, 1]", remedy="Plan the error bar with within.")
    if not 0 < goal.target < 1:
        raise OptionError(
            f"{goal.kind.replace('-', '_')}={goal.target:g} is not between 0 and 1",
            remedy=share_remedy(goal.target),
        )
    ahead = seen.rate - goal.target if goal.kind == "at-least" else goal.target - seen.rate
    if not ahead > 0:
        raise OptionError(
            f"a true score of {seen.rate:.3g} is not {goal.kind.replace('-', ' ')} {goal.target:g}",
            remedy="Give the true score that you hope for as rate.",
        )


def _possible(rate: float) -> float:
    return checks.share("rate", rate, remedy="Write 0.95 for 95 %.")


def assumed_scores(
    goal: ScoreQuestion, rate: float | None, assumed: Assumptions
) -> tuple[ScoreSpread, tuple[str, ...]]:
    """Return the spread of a model whose score and clusters are assumed, and say what is assumed."""
    if rate is None and goal.kind != "within":
        raise OptionError("a limit needs the true score that is hoped for", remedy="Give it as rate: 0.95.")
    score = USUAL_RATE if rate is None else _possible(rate)
    answer = 0.0 if assumed.answer_variance is None else assumed.answer_variance
    total = score * (1 - score)
    question = max(total - answer, 0.0) if assumed.question_variance is None else assumed.question_variance
    if question + answer > total * (1 + 1e-9):
        raise OptionError(
            f"variances of {question:.3g} and {answer:.3g} are more than a score of {score:g} can have "
            f"({total:.3g})",
            remedy="They sum to rate · (1 − rate) for right-or-wrong answers.",
        )
    between = assumed.icc * (question + answer)
    if between > question + 1e-12:
        raise OptionError(
            f"icc={assumed.icc:g} makes clusters differ more than questions do", remedy="Assume less."
        )
    sizes = spread_sizes(assumed.cluster_size, assumed.cluster_variation)
    spread = Spread(within=question - between, between=between, answer=answer, sizes=sizes)
    usual = " (the worst case)" if rate is None else ""
    note = f"Assumed: a score of {100 * score:g} %{usual}, right or wrong. A pilot would tell."
    counts = ATTEMPTS if answer else (1.0,)
    return ScoreSpread(
        spread=spread, rate=score, limits=dict.fromkeys(counts, (math.nan, math.nan)), usual=1.0
    ), (note,)


def one_model(study: Study, model: str | None) -> tuple[ScoreMatrix, tuple[str, ...], tuple[Caution, ...]]:
    """Return the matrix of one model, on the items that it answered, as the population has them drawn."""
    matrices = list(study.matrices())
    if len(matrices) > 1:
        raise OptionError(
            f"the pilot holds {len(matrices)} tasks or metrics", remedy="Choose with `task` and `metric`."
        )
    matrix = matrices[0]
    if model is None and len(matrix.models) > 1:
        raise OptionError(
            f"the pilot holds {len(matrix.models)} models", remedy="Name the one to plan for as `a`."
        )
    one = matrix.take_models([matrix.column(resolve(model, matrix.models) if model else matrix.models[0])])
    drawn = population_of(study.design.population).drawn(one.take_items(~np.isnan(one.values[:, 0])))
    return drawn, study.notes, (*study.cautions, *direction_cautions(study))


def pilot_scores(matrix: ScoreMatrix, level: float, attempts: int | None, rate: float | None) -> ScoreSpread:
    """Return the spread that a pilot shows, with how far off it could be for each number of attempts."""
    scores = answers(matrix.values, matrix.attempts.astype(float), matrix.within)
    codes = (
        matrix.clusters[0]
        if matrix.clusters and int(matrix.clusters[0].max()) + 1 < len(matrix.items)
        else None
    )
    if len(matrix.items) < 2 or (codes is not None and int(codes.max()) < 1):
        raise DataError(
            f"one {'item' if codes is None else 'cluster'} tells nothing of how scores vary",
            where=matrix.task,
            remedy="A pilot needs two or more.",
        )
    w = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    weight = len(w) * float(w @ w) / float(w.sum()) ** 2
    parts = variances(scores, codes)
    spread = replace(spread_of(parts, 0, codes), strata=matrix.strata)
    measured = math.isfinite(float(parts.answer[0]))
    usual = float(max(round(1 / float((1 / matrix.attempts[:, 0]).mean())), 1))
    counts = [*ATTEMPTS, usual, *([float(attempts)] if attempts else [])] if measured else [1.0]
    shares = [(spread.sizes.crowd, 1 / k) for k in counts]
    values, errors = [mixed(parts, *share) for share in shares], mixture_errors(scores, codes, shares)
    units = len(matrix.items) if codes is None else int(codes.max()) + 1
    if not values[0][0] > 0:
        raise DataError(
            "every item of the pilot has the same score", where=matrix.task, remedy="Assume a rate instead."
        )
    least = [spread.per_item(1.0, k) for k in counts]
    limits = {
        k: limits_of((max(float(v[0]), low), float(e[0]), units), level)
        for k, v, e, low in zip(counts, values, errors, least, strict=True)
        if math.isfinite(k) or low > 0
    }
    mean = float(w @ matrix.values[:, 0] / w.sum())
    score = mean if rate is None else _possible(rate) if matrix.bounded else rate
    return ScoreSpread(
        spread=spread.times(weight),
        rate=score,
        limits=limits,
        usual=usual if measured else 1.0,
        bounded=matrix.bounded,
        answers=bool(matrix.right_or_wrong().all()),
    )


def option_lines(
    goal: ScoreQuestion, seen: ScoreSpread, attempts: int | None
) -> tuple[tuple[ScoreOption, ...], int]:
    """Return one line a number of attempts, and which of them the verdict is about."""
    if attempts is not None and float(attempts) not in seen.limits:
        if len(seen.limits) == 1:
            raise OptionError(
                f"nothing tells what {attempts} attempts would bring: one attempt a question was seen or "
                "assumed",
                remedy=(
                    "Run the pilot with two attempts or more, or assume variances of questions and answers."
                ),
            )
        seen = replace(seen, limits={**seen.limits, float(attempts): (math.nan, math.nan)})
    counts = sorted(seen.limits)
    return tuple(_option(goal, seen, k) for k in counts), counts.index(float(attempts or seen.usual))


def _option(goal: ScoreQuestion, seen: ScoreSpread, attempts: float) -> ScoreOption:
    low, high = seen.limits[attempts]

    def forecast(seek: Callable[[Spread], float]) -> Forecast:
        """Return what is sought, with its limits where the pilot tells any."""
        value = seek(seen.spread)
        if math.isnan(low):
            return Forecast(value=value)
        ends = (value, *(seek(seen.spread.times(factor)) for factor in (low, high)))
        return Forecast(value=value, low=min(ends), high=max(ends))

    def wide(n: float, spread: Spread) -> float:
        """Return half the width of the interval of n items."""
        level = goal.level if goal.kind == "within" else 2 * goal.level - 1
        unseen = seen.unseen(n, attempts)
        return rates.half_width(seen.rate, spread, n, attempts, level, unseen=unseen, bounded=seen.bounded)

    def chance(n: float, spread: Spread) -> float:
        """Return the chance that n items show the limit."""
        ends = (seen.rate, goal.target) if goal.kind == "at-least" else (1 - seen.rate, 1 - goal.target)
        return rates.floor_power(
            *ends, spread, n, attempts, level=goal.level, unseen=seen.unseen(n, attempts)
        )

    def needed(spread: Spread) -> float:
        """Return the fewest items that are narrow enough, or show the limit."""
        if goal.kind == "within":
            return fewest(lambda n: wide(n, spread) <= goal.target, spread.step)
        return fewest(lambda n: chance(n, spread) >= goal.power, spread.step, steady=False)

    items = Forecast(value=float(goal.items)) if goal.items is not None else forecast(needed)
    n, limit = items.value, goal.kind != "within"
    items_given = goal.items is not None
    if not math.isfinite(n):
        nothing = Forecast(value=math.nan)
        return ScoreOption(
            attempts=attempts, items=items, half_width=nothing, power=nothing, clusters=math.nan
        )
    return ScoreOption(
        attempts=attempts,
        items=items,
        half_width=forecast(partial(wide, n))
        if items_given and not limit
        else Forecast(value=wide(n, seen.spread)),
        power=(forecast(partial(chance, n)) if items_given else Forecast(value=chance(n, seen.spread)))
        if limit
        else Forecast(value=math.nan),
        clusters=seen.spread.clusters_in(n),
    )
