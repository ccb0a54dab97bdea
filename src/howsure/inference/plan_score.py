"""The plan of one model's score: assumed, or as a pilot has it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from howsure import checks
from howsure.answers.plan import Forecast
from howsure.answers.plan_score import ScoreGoal, ScoreOption
from howsure.errors import Caution, DataError, OptionError
from howsure.inference.plan_pilot import KnownSpread, Pilot, codes_of
from howsure.inference.population import population_of
from howsure.statistics import rates
from howsure.statistics.clustered_variance import spread_sizes
from howsure.statistics.power import Spread, fewest
from howsure.statistics.variance_components import mixed
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
    """A model's spread, assumed or a pilot's, and its score.

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


def refuse_rate(goal: ScoreQuestion, scores: ScoreSpread) -> None:
    """Raise OptionError where the true score misses the limit, or a limit is asked of scores without
    bounds.
    """
    if goal.kind == "within":
        if scores.bounded and goal.target >= WHOLE:
            raise OptionError(
                f"within={goal.target:g} is the whole scale", remedy="Write 0.02 (or 2pp) for two points."
            )
        return
    checks.one_sided_level("level", goal.level)
    if not scores.bounded:
        raise OptionError("limits are planned for scores in [0, 1]", remedy="Plan the error bar with within.")
    if not 0 < goal.target < 1:
        raise OptionError(
            f"{goal.kind.replace('-', '_')}={goal.target:g} is not between 0 and 1",
            remedy=share_remedy(goal.target),
        )
    ahead = scores.rate - goal.target if goal.kind == "at-least" else goal.target - scores.rate
    if not ahead > 0:
        raise OptionError(
            f"a true score of {scores.rate:.3g} is not {goal.kind.replace('-', ' ')} {goal.target:g}",
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
    known = KnownSpread(spread=spread, level=goal.level, only_once=not answer)
    return ScoreSpread(known=known, rate=score), (note,)


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


def pilot_scores(matrix: ScoreMatrix, level: float, rate: float | None) -> ScoreSpread:
    """Return the spread that a pilot shows."""
    codes = codes_of(matrix)
    if len(matrix.items) < 2 or (codes is not None and int(codes.max()) < 1):
        raise DataError(
            f"one {'item' if codes is None else 'cluster'} tells nothing of how scores vary",
            where=matrix.task,
            remedy="A pilot needs two or more.",
        )
    pilot = Pilot.of(matrix, [0])
    if not mixed(pilot.parts, pilot.basis.crowd, 1.0)[0] > 0:
        raise DataError(
            "every item of the pilot has the same score", where=matrix.task, remedy="Assume a rate instead."
        )
    w = np.ones(len(matrix.items)) if matrix.weights is None else matrix.weights
    mean = float(w @ matrix.values[:, 0] / w.sum())
    score = mean if rate is None else _possible(rate) if matrix.bounded else rate
    return ScoreSpread(
        known=pilot.known(level),
        rate=score,
        bounded=matrix.bounded,
        answers=bool(matrix.right_or_wrong().all()),
    )


def option_lines(
    goal: ScoreQuestion, scores: ScoreSpread, attempts: int | None
) -> tuple[tuple[ScoreOption, ...], int]:
    """Return one line a number of attempts, and which of them the verdict is about."""
    counts = scores.known.counts(attempts)
    wanted = float(attempts or scores.known.usual)
    return tuple(_option(goal, scores, k) for k in counts), counts.index(wanted)


def _option(goal: ScoreQuestion, scores: ScoreSpread, attempts: float) -> ScoreOption:
    known, rate, spread, limit = scores.known, scores.rate, scores.spread, goal.kind != "within"

    def unseen(n: float) -> float:
        """Return the deff of misses that n items leave unseen, as the interval has it."""
        return float(attempts > 1) if scores.answers else math.sqrt(spread.at(n).crowd)

    def half_width(n: float, spread: Spread) -> float:
        """Return half the width of the interval of n items."""
        level = 2 * goal.level - 1 if limit else goal.level
        return rates.half_width(rate, spread, n, attempts, level, unseen=unseen(n), bounded=scores.bounded)

    def chance(n: float, spread: Spread) -> float:
        """Return the chance that n items show the limit; a ceiling is a floor seen from the other end."""
        ends = (rate, goal.target) if goal.kind == "at-least" else (1 - rate, 1 - goal.target)
        return rates.floor_power(*ends, spread, n, attempts, level=goal.level, unseen=unseen(n))

    def needed(spread: Spread) -> float:
        """Return the fewest items that are narrow enough, or show the limit."""
        if limit:
            return fewest(lambda n: chance(n, spread) >= goal.power, spread.step, steady=False)
        return fewest(lambda n: half_width(n, spread) <= goal.target, spread.step)

    def forecast(seek: Callable[[Spread], float]) -> Forecast:
        """Return what is sought, with its limits where the pilot tells any."""
        return known.forecast(attempts, lambda spread, _: seek(spread))  # type: ignore[arg-type]  # of one model

    items = Forecast(value=float(goal.items)) if goal.items is not None else forecast(needed)
    n, nothing = items.value, Forecast(value=math.nan)
    if not math.isfinite(n):
        return ScoreOption(
            attempts=attempts, items=items, half_width=nothing, power=nothing, clusters=math.nan
        )
    width, power = Forecast(value=half_width(n, spread)), nothing
    if limit and goal.items is None:
        power = Forecast(value=chance(n, spread))
    elif limit:
        power = forecast(partial(chance, n))
    elif goal.items is not None:
        width = forecast(partial(half_width, n))
    return ScoreOption(
        attempts=attempts, items=items, half_width=width, power=power, clusters=spread.clusters_in(n)
    )
