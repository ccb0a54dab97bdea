"""The function plan: textbook assumptions or a pilot give questions, attempts, differences and power.

It plans from a pilot task by task and overall, also if the levels of random factors are a sample.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np

from howsure import checks
from howsure.answers.plan import Plan, Simulated, TaskPlan
from howsure.answers.settings import NumberSetting, Settings, WordSetting, chosen
from howsure.errors import DataError, OptionError, ResultWarning, doubt
from howsure.inference.plan_options import PlanQuestion, curve_of, equal_systems, looks_of, option, options_of
from howsure.inference.plan_pilot import (
    Assumptions,
    Costs,
    KnownSpread,
    check_assumed,
    check_costs,
    known_together,
    measured_costs,
    read_pairs,
    read_pilots,
    refuse_pilot_options,
)
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.inference.settings import settings_with
from howsure.inference.task_weights import task_shares
from howsure.options.table import checked
from howsure.statistics import power as powers
from howsure.statistics.best_outcome import fewest_significant, only_right_or_wrong, out_of_reach
from howsure.statistics.gate_shares import TRIALS, rehearse
from howsure.statistics.group_sequential import Schedule
from howsure.statistics.power import MOST_ITEMS, fewest
from howsure.statistics.random_factors import LEAST
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.study.notes import direction_warnings
from howsure.verbs.sides import read_pair

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.parts import ErrorSources
    from howsure.answers.plan import Basis, PlanOption, Sought
    from howsure.inference.plan_pilot import Pilot
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.study.study import Study
    from howsure.table.scores import Scores

RESPECTS = Respects(verb="plan", all_but=("statistic", "benchmark", "covariate", "score", "slices"))
STEPS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100)
BEYOND = (1.0, 1.25, 1.5, 2.0)
"""Plans are made for these multiples of the fewest sufficient levels, and of those that need as many
questions as the pilot has.
"""
FEW = 10
LEVEL_ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 10.0)
SHOWN = 7
"""This many designs are shown."""
FEW_UNITS = 30
MOST_REHEARSED = 100_000
ONE_ATTEMPT = ResultWarning(
    code="one_attempt",
    message="the pilot has one attempt per question: the gain from more attempts is unknown",
    remedy="Add a second attempt on some of its questions to estimate it.",
)
NO_OVERALL = ResultWarning(
    code="no_overall",
    message="no overall plan: the tasks' scores are on different scales",
    remedy="Choose a task with `task`.",
)
OFF_THE_SCALE = ResultWarning(
    code="off_the_scale",
    message="the minimum detectable effect exceeds the whole scale",
    remedy="Add questions. With this few nothing can be significant.",
)


def plan(
    pilot: Any = None,
    a: str | None = None,
    b: str | None = None,
    *,
    effect: float | None = None,
    n_items: int | None = None,
    attempts: int | None = None,
    n_levels: int | Sequence[int] | None = None,
    power: float = 0.8,
    not_worse_than: float | None = None,
    same_within: float | None = None,
    better: bool = False,
    level: float = 0.95,
    method: PlanMethod | None = None,
    paired: bool = True,
    looks: int | Sequence[int] | str | None = None,
    n_models: int = 2,
    n_tasks: int = 1,
    n_clusters: int | None = None,
    assume: Assumptions | None = None,
    costs: Costs | None = None,
    simulate: bool = False,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Plan:
    """Plan a comparison of two models: the questions it requires, its minimum detectable effect, or its
    power.

    `effect` alone gives the number of questions, `n_items` alone the minimum detectable effect, and both give
    the power. Clusters and questions are assumed independent draws, and attempts independent given the
    question. The planned test is that of `compare`. Miller (2024), section 5.

    Args:
        pilot: Results of an earlier run, in any form that [`read`][howsure.read] accepts. The plan uses the
            variances and clusters observed between `a` and `b`, with limits for their uncertainty. None plans
            from `assume`.
        a: The first model of the pilot. None, with `b` None as well, takes the pair whose difference has the
            median variance.
        b: The second model of the pilot.
        effect: The true difference to detect, in score units (0.03 is three percentage points); with a
            margin, the assumed true difference, 0 if None.
        n_items: The number of questions. None computes it.
        attempts: The number of attempts per question. None chooses it: the cheapest with `costs`, else the
            pilot's, or 1.
        n_levels: The number of levels of the `random_factor` per model (a number for each of several
            factors). None uses the pilot's, or a sufficient number if these can't reach the goal. With
            `costs` it is the cheapest design.
        power: The probability of detecting the effect, between 0 and 1.
        not_worse_than: Plan a test of non-inferiority with this margin, in score units. None plans a test of
            difference.
        same_within: Plan a test of equivalence (two one-sided tests) with this margin, in score units.
        better: Whether a gate requires that the candidate is better. The plan then gives the verdicts for two
            equal systems.
        level: The confidence level. One minus it is the significance level.
        method: The test: "score", "t", or "z", the normal formula of the paper. None uses the test of
            `compare`.
        paired: Whether both models answer the same questions.
        looks: The number of planned looks at the run, at equal shares of the questions, or their proportions.
            For example, (1, 2, 5) looks at a fifth, at two fifths and at the end. The plan then gives what
            each look requires to stop, the average number of questions, and whether betting or one look at
            the end is cheaper. With ":pocock" appended, "5:pocock", the error is spent evenly over the looks,
            else late (O'Brien and Fleming). None plans one look at the end.
        n_models: How many models are compared, all pairs, with Bonferroni's correction.
        n_tasks: The number of tasks, corrected likewise. It is for plans without a pilot.
        n_clusters: Keep the number of clusters fixed at this. None lets it grow with the number of questions.
        assume: The variances and clusters to assume without a pilot. None uses those of Miller (2024).
        costs: The cost per question and per attempt, to find the cheapest design. None ignores costs.
        simulate: Whether to check the power by resampling the questions of the pilot.
        seed: The seed of that simulation.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. They apply to the pilot.
            With `random_factor` the plan also covers the levels of a factor that all questions share, such as
            seeds or prompts, each of which may have its cost. `population` defaults as in `compare`:
            "new-clusters" adds clusters, "same-clusters" adds questions to the pilot's own clusters, at their
            shares.

    Returns:
        Plan: One part per task, with possible designs, the questions, effect and power of each, and their
            limits.

    Raises:
        OptionError: If an option has an invalid value, neither `effect` nor `n_items` nor a margin is given,
            or options contradict each other.
        DataError: If the pilot contains a single model, or has no variation to plan from.
        ReadError: If none of the files can be read.

    Examples:
        >>> answer = plan(effect=0.03, method="z", assume=Assumptions(answer_variance=0))
        >>> answer.items
        969.0
        >>> round(plan(n_items=198, method="z").main.best.effect.value, 3)
        0.133
    """
    design = make_design(options, RESPECTS)
    own = checked(
        "plan",
        a=a,
        b=b,
        effect=effect,
        not_worse_than=not_worse_than,
        same_within=same_within,
        n_items=n_items,
        attempts=attempts,
        n_models=n_models,
        n_tasks=n_tasks,
        n_clusters=n_clusters,
        power=power,
        level=level,
        method=method,
        paired=paired,
        simulate=simulate,
        seed=seed,
        better=better,
        n_levels=n_levels,
    )
    planned = checked("plan", looks=looks)["looks"]
    if planned is not None and planned.items and not planned.due:
        raise OptionError(
            f"{planned.items:,} questions at the last of {planned.number} looks, but the plan "
            "computes how many",
            remedy=f"Use `looks={planned.number}`, and `n_items` if their number is fixed.",
        )
    schedule = None if planned is None else Schedule(planned.shares, planned.spending)
    check_assumed(assume)
    check_costs(costs)
    question = _question_of(own | {"costs": costs}, schedule)
    if question.levels and not design.random_factor:
        raise OptionError("n_levels needs a random factor", remedy="Set `random_factor` to its column.")
    sides, better = (own["a"], own["b"]), own["better"]
    if pilot is None:
        refuse_pilot_options(design, a=sides[0], b=sides[1], simulate=own["simulate"])
        answer = _from_assumptions(assume or Assumptions(), question, own["n_tasks"])
        return replace(answer, better=better)
    if assume is not None:
        raise OptionError("a pilot replaces the assumptions of `assume`", remedy="Leave one of the two out.")
    if own["n_tasks"] != 1:
        raise OptionError(
            "the pilot determines the number of tasks", remedy="Leave `n_tasks` out, or choose with `task`."
        )
    scores, (first, second) = read_pair(pilot, sides, design)
    planned = _from_level_pilot if design.random_factor else _from_pilot
    return replace(planned(scores, (first, second), question, design), better=better)


def _question_of(own: Mapping[str, Any], looks: Schedule | None) -> PlanQuestion:
    """Check what is to be planned for, and find out what to compute. `own`: the options of `plan`."""
    effect, items, method, paired = (own[name] for name in ("effect", "n_items", "method", "paired"))
    not_worse_than, same_within = own["not_worse_than"], own["same_within"]
    if not_worse_than is not None and same_within is not None:
        raise OptionError(
            "not_worse_than and same_within are two goals", remedy="Plan for one goal at a time."
        )
    margin = not_worse_than if not_worse_than is not None else same_within
    if margin is not None:
        checks.one_sided_level("level", own["level"])
    goal: Goal = (
        "not-worse" if not_worse_than is not None else "same" if same_within is not None else "different"
    )
    for name, size in (("effect", effect), ("margin", margin)):
        may_be_none = name == "effect" and goal != "different"
        if size is not None and not (math.isfinite(size) and (size > 0 or may_be_none)):
            raise OptionError(f"`{name}={size!r}` is not above 0", remedy="Write 0.03 (or 3pp) for 3 points.")
    if effect is None and items is None and margin is None:
        raise OptionError("nothing to plan for", remedy="Give `effect`, `n_items`, or both.")
    if method == "score" and not paired:
        raise OptionError("an unpaired plan is for the t test", remedy="Leave the method out.")
    if looks is not None and (goal == "same" or not paired):
        what = "two margins at once" if goal == "same" else "models that answer different questions"
        raise OptionError(f"looks are not planned for {what}", remedy="Leave `looks` out.")
    sought: Sought = "effect" if effect is None and margin is None else "items" if items is None else "power"
    return PlanQuestion(
        sought=sought,
        goal=goal,
        method=method,
        effect=effect or 0.0,
        items=math.nan if items is None else float(items),
        power=own["power"],
        margin=margin or 0.0,
        level=own["level"],
        pairs=own["n_models"] * (own["n_models"] - 1) // 2,
        paired=paired,
        looks=looks,
        attempts=own["attempts"],
        levels=own["n_levels"] or (),
        clusters=own["n_clusters"],
        costs=own["costs"],
        seed=own["seed"] if own["simulate"] else None,
    )


def _fitting(question: PlanQuestion, *, percent: bool, lower: bool = False) -> PlanQuestion:
    """Return the question in terms of the scores: their direction, and the test that `compare` uses.
    OptionError if that isn't possible. `percent`: scores in [0, 1].
    """
    for name, size in (("an effect of", question.effect), ("a margin of", question.margin)):
        if percent and abs(size) >= 1:
            raise checks.whole_scale(name, abs(size))
    ahead = -question.effect if lower else question.effect
    outside = ahead <= -question.margin if question.goal == "not-worse" else abs(ahead) >= question.margin
    if question.goal != "different" and outside:
        raise OptionError(
            f"a true difference of {question.effect:g} is not within the margin of {question.margin:g}",
            remedy="Give a larger margin.",
        )
    return replace(question, lower_is_better=lower)


def _tested(question: PlanQuestion, *, bounded: bool) -> PlanQuestion:
    """Return the question with the test that `compare` uses: pseudo-items are for scores in [0, 1]."""
    if bounded or not question.paired:
        return question
    if question.method == "score":
        raise OptionError("`method='score'` needs scores in [0, 1]", remedy="Leave it out.")
    return replace(question, method=question.method or "t")


def _from_assumptions(assumed: Assumptions, question: PlanQuestion, n_tasks: int) -> Plan:
    """Plan from assumptions about the scores, without a pilot."""
    paired, percent = question.paired, assumed.percent(question.effect, question.margin)
    question = replace(_fitting(question, percent=percent), comparisons=question.pairs * n_tasks)
    question = _tested(question, bounded=percent)
    known = assumed.known(question.level, paired=paired, clusters=question.clusters)
    task = _task_plan(question, known, basis=assumed.basis(paired=paired), percent=percent)
    doubts = assumed.contradictions(task.best.effect.value, paired=paired)
    return _answer(
        question,
        [task],
        notes=(assumed.note(paired=paired),),
        warnings=(*doubts, *_no_outcome(question, task)),
    )


def _from_pilot(
    scores: Scores, names: tuple[str | None, str | None], question: PlanQuestion, design: Design
) -> Plan:
    """Plan from a pilot, task by task and overall."""
    a, b = names
    if (a is None) != (b is None):
        raise OptionError("one model of a pair is missing", remedy="Give both a and b, or neither.")
    if question.clusters is not None and design.population == "same-clusters":
        raise OptionError(
            "n_clusters is for other clusters, and `population='same-clusters'` keeps these",
            remedy="Leave one of the two out.",
        )
    pilots, study, warnings = read_pilots(scores, design, a, b, paired=question.paired)
    costs, notes = measured_costs(question.costs, study, pilots[0].matrix.models)
    question = replace(question, costs=costs, comparisons=question.pairs * len(pilots))
    question = _tested(question, bounded=all(pilot.matrix.bounded for pilot in pilots))
    tasks = [_task_of_pilot(pilot, question) for pilot in pilots]
    if not all(pilot.measured for pilot in pilots):
        warnings.append(ONE_ATTEMPT)
    if len(pilots) > 1:
        overall = _overall_plan(pilots, replace(question, comparisons=question.pairs))
        if overall is None:
            warnings.append(NO_OVERALL)
        else:
            tasks.append(overall)
            question = replace(question, comparisons=question.pairs)
    simulated = None if question.seed is None else _rehearsed(pilots, tasks, question, question.seed)
    if min(pilot.units for pilot in pilots) < FEW_UNITS:
        warnings.append(_small_pilot(pilots, tasks))
    if all(pilot.matrix.sums is None and only_right_or_wrong(pilot.matrix.values) for pilot in pilots):
        warnings += _no_outcome(question, tasks[-1])
    several = [pilot for pilot in pilots if pilot.pairs > 1]
    if len(several) > 1:
        notes += ("Planned for each task with the pair whose difference has the median variance.",)
    elif several:
        notes += (_median_pair_note(several[0].matrix.models, several[0].pairs),)
    if len(pilots) > 1:
        notes += (f"Significance level divided by {len(pilots)} tasks (Bonferroni).",)
    return _answer(
        question,
        tasks,
        simulated=simulated,
        study=study,
        notes=(*study.notes, *notes),
        warnings=(*study.warnings, *direction_warnings(study), *warnings),
    )


def _median_pair_note(models: Sequence[str], n_pairs: int) -> str:
    a, b = models
    return f"Planned for the median of {n_pairs:,} pairs by the variance of their difference: {a} − {b}."


def _answer(
    question: PlanQuestion,
    tasks: Sequence[TaskPlan],
    *,
    simulated: Simulated | None = None,
    study: Study | None = None,
    notes: tuple[str, ...] = (),
    warnings: tuple[ResultWarning, ...] = (),
) -> Plan:
    main = tasks[-1].best
    impossible = tasks[-1].percent and question.sought == "effect" and main.effect.value > 1
    return Plan(
        solved_for=question.sought,
        goal=question.goal,
        method=question.usual_method,
        level=question.level,
        comparisons=question.comparisons,
        margin=question.margin,
        paired=question.paired,
        tasks=tuple(tasks),
        simulated=simulated,
        settings=_settings(question, study),
        notes=notes,
        warnings=(*warnings, *([OFF_THE_SCALE] if impossible else [])),
    )


def _settings(question: PlanQuestion, study: Study | None) -> Settings:
    """Return what a plan is made with; without a pilot only its method, level and seed."""
    method = WordSetting(value=question.usual_method, source=chosen(question.method, None))
    if study is not None:
        return settings_with(study, method=method, level=question.level, seed=question.seed or 0)
    return Settings(
        method=method, level=NumberSetting(value=question.level, source=chosen(question.level, 0.95))
    )


def _no_outcome(question: PlanQuestion, task: TaskPlan) -> list[ResultWarning]:
    """Warn if no outcome of the planned questions, each right or wrong, could be significant."""
    clustered = question.clusters is not None or (task.basis is not None and task.basis.cluster_size > 1)
    of_score = task.percent and question.usual_method == "score" and question.goal != "same"
    once = question.attempts in (None, 1)
    if not math.isfinite(question.items) or clustered or not (of_score and once):
        return []
    level, margin = question.test.level, question.margin if question.goal == "not-worse" else None
    if not out_of_reach(int(question.items), level=level, margin=margin):
        return []
    fewest = fewest_significant(level=level, margin=margin)
    return [doubt("no_outcome", count=int(question.items), more=f"{fewest} questions")]


def _task_of_pilot(pilot: Pilot, question: PlanQuestion) -> TaskPlan:
    matrix = pilot.matrix
    return _task_plan(
        _fitting(question, percent=matrix.bounded, lower=matrix.lower_is_better),
        pilot.known(question.level, question.clusters),
        n_items=len(matrix.items),
        basis=pilot.basis,
        percent=matrix.bounded,
        task=matrix.task,
        metric=matrix.metric,
        a=matrix.models[0],
        b=matrix.models[1],
    )


def _overall_plan(pilots: Sequence[Pilot], question: PlanQuestion) -> TaskPlan | None:
    """Plan the mean over tasks, which keep their shares of the items, or None if their scales differ."""
    matrices = [pilot.matrix for pilot in pilots]
    if len({(matrix.bounded, matrix.lower_is_better) for matrix in matrices}) > 1:
        return None
    shares = task_shares(matrices, "mean")
    a, b = matrices[0].models if len({matrix.models for matrix in matrices}) == 1 else ("", "")
    return _task_plan(
        replace(question, lower_is_better=matrices[0].lower_is_better),
        known_together(pilots, shares, question.level, question.clusters),
        n_items=sum(len(matrix.items) for matrix in matrices),
        basis=None,
        percent=matrices[0].bounded,
        metric="mean over tasks",
        a=a,
        b=b,
    )


def _task_plan(
    question: PlanQuestion,
    known: KnownSpread,
    *,
    n_items: float = math.nan,
    basis: Basis | None,
    percent: bool,
    task: str = "",
    metric: str = "",
    a: str = "",
    b: str = "",
) -> TaskPlan:
    """Plan with a spread. `n_items`: questions of the pilot. Without a basis, as for the mean over tasks,
    there isn't a curve.
    """
    lines, chosen = options_of(known, question)
    names: dict[str, Any] = {"task": task, "metric": metric, "a": a, "b": b}
    return TaskPlan(
        **names,
        basis=basis,
        options=lines,
        chosen=chosen,
        curve=() if basis is None else curve_of(known, question, lines, chosen),
        equal=equal_systems(question, known, lines[chosen], usual=n_items, percent=percent, **names),
        looks=looks_of(known, question, lines[chosen], percent=percent),
        percent=percent,
    )


def _rehearsed(
    pilots: Sequence[Pilot], tasks: Sequence[TaskPlan], question: PlanQuestion, seed: int
) -> Simulated:
    if len(pilots) > 1 or not question.paired:
        raise OptionError("simulate is for one task and paired models", remedy="Choose one with `task`.")
    if question.looks is not None:
        raise OptionError("simulate is for one look at the end", remedy="Leave out `looks` or `simulate`.")
    pilot, option = pilots[0], tasks[0].best
    if not math.isfinite(option.items.value) or option.items.value > MOST_REHEARSED:
        raise OptionError(
            "too many questions to simulate",
            remedy=f"The maximum is {MOST_REHEARSED:,}. Otherwise leave simulate out.",
        )
    spread, n_items = pilot.spread(), len(pilot.matrix.items)
    seen = spread.per_item(n_items, pilot.attempts if pilot.measured else 1.0)
    wanted = spread.per_item(n_items, option.attempts)
    sign = -1 if pilot.matrix.lower_is_better else 1
    share = rehearse(
        sign * pilot.scores.means[:, 2],
        pilot.codes,
        question.test,
        effect=sign * option.effect.value,
        count=max(round(option.items.value / pilot.basis.cluster_size), 2),
        scale=math.sqrt(wanted / seen),
        rng=np.random.default_rng(seed),
    )
    return Simulated(power=share, se=math.sqrt(share * (1 - share) / TRIALS), trials=TRIALS)


def _small_pilot(pilots: Sequence[Pilot], tasks: Sequence[TaskPlan]) -> ResultWarning:
    units = min(pilot.units for pilot in pilots)
    what = "clusters" if any(pilot.codes is not None for pilot in pilots) else "items"
    forecasts = (
        forecast for task in tasks for forecast in (task.best.items, task.best.effect, task.best.power)
    )
    limited = any(not math.isnan(forecast.low) for forecast in forecasts)
    return ResultWarning(
        code="small_pilot",
        message=f"the pilot's {units} {what} give only a rough estimate of the variance of differences",
        remedy="Use the limits, not the number. A larger pilot would narrow them."
        if limited
        else "Not even limits of the plan can be given. Use a larger pilot.",
    )


def _from_level_pilot(
    scores: Scores, names: tuple[str | None, str | None], question: PlanQuestion, design: Design
) -> Plan:
    """Plan from a pilot with random factors, task by task."""
    _refuse_with_levels(question, design)
    usual = Question(population=NEW_CLUSTERS, method="t")
    study, pairs, warnings = read_pairs(scores, design, *names, usual)
    question = replace(question, method="t", comparisons=question.pairs * len(pairs))
    tasks, notes = [], []
    for matrix, models, n_pairs in pairs:
        tasks.append(_task_with_levels(matrix, NEW_CLUSTERS.pair(matrix, *models, usual), question))
        notes += [_median_pair_note(models, n_pairs)] if n_pairs > 1 else []
    return _answer(
        question,
        tasks,
        study=study,
        notes=(*study.notes, *notes),
        warnings=(*study.warnings, *direction_warnings(study), *warnings),
    )


def _refuse_with_levels(question: PlanQuestion, design: Design) -> None:
    """Raise OptionError for what isn't planned with random factors."""
    others = {
        "looks": question.looks is not None,
        "paired": not question.paired,
        "n_clusters": question.clusters is not None,
        "simulate": question.seed is not None,
        "method": question.method not in (None, "t"),
        "usage": bool(design.usage),
    }
    name = next((name for name, is_given in others.items() if is_given), "")
    if name:
        raise OptionError(
            f"`{name}` and a random factor aren't planned together", remedy="Leave one of the two out."
        )
    if question.levels and len(question.levels) != len(design.random_factor):
        raise OptionError(
            f"{len(question.levels)} numbers of levels for {len(design.random_factor)} random factors",
            remedy="Give one for each, in the order of the factors.",
        )


def _task_with_levels(matrix: ScoreMatrix, pilot: Comparison, question: PlanQuestion) -> TaskPlan:
    sources, difference = pilot.sources, pilot.difference
    if sources is None or not sources.known:
        why = next((f": {warning.message}" for warning in difference.warnings), "")
        raise DataError(
            f"the pilot doesn't show how levels differ{why}",
            where=matrix.task,
            remedy="Use one with several levels and questions.",
        )
    question = _fitting(question, percent=matrix.bounded, lower=matrix.lower_is_better)
    # the pilot's variance is as certain as its degrees of freedom allow
    variance = difference.se**2
    error = (variance, variance * math.sqrt(2 / difference.df), int(difference.df) + 1)
    known = KnownSpread(spread=sources.spread, level=question.level, error=lambda _: error)
    search = _LevelSearch(sources=sources, question=question, known=known)
    lines, chosen = search.lines()
    best = search.with_levels(tuple(map(float, lines[chosen].levels)))
    # with any number of questions, at the current levels of other factors
    needed: tuple[float, ...] = ()
    if question.sought == "items":
        needed = tuple(search.fewest(k, float(MOST_ITEMS)) for k in range(len(search.usual)))
    names: dict[str, Any] = {"task": matrix.task, "metric": matrix.metric, "a": pilot.a, "b": pilot.b}
    return TaskPlan(
        **names,
        basis=None,
        sources=sources,
        levels_needed=needed,
        options=tuple(lines),
        chosen=chosen,
        curve=curve_of(best, question, [lines[chosen]], 0),
        equal=equal_systems(
            question, best, lines[chosen], usual=sources.n_items, percent=matrix.bounded, **names
        ),
        percent=matrix.bounded,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LevelSearch:
    """The search for levels, attempts and questions of a task, based on its pilot."""

    sources: ErrorSources
    question: PlanQuestion
    known: KnownSpread

    @property
    def usual(self) -> tuple[float, ...]:
        """The requested levels, or those of the pilot."""
        return tuple(map(float, self.question.levels)) or self.sources.spread.levels

    def with_levels(self, levels: tuple[float, ...]) -> KnownSpread:
        """Return the spread with this many levels."""
        return replace(self.known, spread=self.sources.spread.with_levels(levels))

    def lines(self) -> tuple[list[PlanOption], int]:
        """Return the designs to show, and which of them is chosen: the best for each number of levels, those
        that differ from the chosen one in one factor, and of these the nearest.
        """
        tried = product(*(self._counts(k) for k in range(len(self.usual))))
        every = [self._line(levels, attempts) for levels in tried for attempts in self._attempts()]
        usual = tuple(map(int, self.usual))
        best = next(line for line in every if line.levels == usual)
        few_enough = [line for line in every if line.items.value <= self.sources.n_items]
        if self.question.sought == "items" and self.question.costs is not None:
            best = min(every, key=self._worth)
        elif self.question.sought == "items" and not math.isfinite(best.items.value):
            # the fewest levels that take no more questions than the pilot has, or else the fewest answers
            best = min(few_enough or every, key=self._fewest_first if few_enough else self._worth)
        shown = {}
        for line in sorted(every, key=lambda line: (line is best, -self._worth(line))):
            if sum(map(operator.ne, line.levels, best.levels)) <= 1:
                shown[line.levels] = line

        def nearness(levels: tuple[int, ...]) -> float:
            """Return how near these numbers of levels are to the chosen ones: 0 or less."""
            return -sum(abs(math.log(a / b)) for a, b in zip(levels, best.levels, strict=True))

        others = sorted((levels for levels in shown if levels not in (best.levels, usual)), key=nearness)
        idle = [levels for levels in others if not math.isfinite(shown[levels].items.value)]
        useful = [levels for levels in others if levels not in idle]
        for levels in (*idle, *useful[: max(len(useful) - SHOWN, 0)]):
            del shown[levels]
        lines = sorted(shown.values(), key=lambda line: line.levels)
        return lines, lines.index(best)

    def _worth(self, line: PlanOption) -> float:
        """Return the cost of a design, or its number of answers."""
        answers = line.items.value * math.prod(line.levels) * line.attempts
        return line.cost if self.question.costs is not None else answers

    def _fewest_first(self, line: PlanOption) -> tuple[float, float]:
        return math.prod(line.levels), line.items.value

    def fewest(self, k: int, items: float) -> float:
        """Return the fewest levels of a factor with which this many questions are enough."""
        usual, truth, attempts = self.usual, self.question.ahead(self.question.effect), self.sources.attempts

        def enough(count: float) -> bool:
            """Return whether this many levels are enough."""
            spread = self.sources.spread.with_levels((*usual[:k], max(count, float(LEAST)), *usual[k + 1 :]))
            chance = powers.power(
                self.question.test, spread, truth, items, attempts, doubt=self.known.doubt(attempts)
            )
            return chance >= self.question.power

        return max(fewest(enough, 1.0), float(LEAST))

    def _attempts(self) -> Sequence[float]:
        """Return the numbers of attempts at each level that are tried."""
        usual, asked_for = float(max(round(self.sources.attempts), 1)), self.question.attempts
        if asked_for not in (None, usual) and math.isnan(self.sources.answers):
            raise OptionError(
                "the pilot has one attempt at each level: the gain from more attempts is unknown",
                remedy="Leave `attempts` out, or use a pilot with two.",
            )
        if asked_for:
            return [float(asked_for)]
        priced = self.question.costs is not None and self.sources.spread.answer > 0
        return LEVEL_ATTEMPTS if priced else [usual]

    def _counts(self, k: int) -> Sequence[float]:
        """Return the numbers of levels of one factor to try: the requested ones, or up to three times those
        that need as many questions as the pilot's.
        """
        usual = self.usual[k]
        if self.question.levels:
            return [usual]
        if self.question.sought != "items":
            return sorted({usual, *(step for step in STEPS if step <= max(3 * usual, FEW))})
        least = (self.fewest(k, items) for items in (float(MOST_ITEMS), float(self.sources.n_items)))
        finite = [count for count in least if math.isfinite(count)]
        more = (math.ceil(count * step) for count in finite for step in BEYOND)
        return sorted(
            {usual, *(float(count) for count in (*STEPS, *more) if count <= 3 * max([usual, *finite]))}
        )

    def _line(self, levels: tuple[float, ...], attempts: float) -> PlanOption:
        """Return a design with its cost."""
        costs = self.question.costs
        line = option(self.with_levels(levels), replace(self.question, costs=None), attempts)
        line = replace(line, levels=tuple(map(int, levels)))
        if costs is None:
            return line
        answers = costs.of(line.items.value, attempts * math.prod(levels))
        return replace(line, cost=answers + costs.level * sum(levels))
