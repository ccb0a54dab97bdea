"""The plan verb: textbook assumptions or a pilot become questions, attempts, differences and power."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Unpack

from howsure.errors import OptionError
from howsure.inference.plan_comparison import from_assumptions, from_level_pilot, from_pilot, question_of
from howsure.inference.plan_options import schedule_of
from howsure.inference.plan_pilot import Assumptions, Costs, check_assumed, check_costs, refuse_pilot_options
from howsure.options.table import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.sides import read_pair

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.plan import Plan
    from howsure.statistics.choices import PlanMethod, Spending

RESPECTS = Respects(verb="plan", all_but=("benchmark", "covariate", "score", "slices"))


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
    spending: Spending = "obrien-fleming",
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
    question; the test planned for is the one that `compare` makes. Miller (2024), section 5.

    Args:
        pilot: Results of an earlier run, in any form that [`read`][howsure.read] accepts; variances and
            clusters are those observed between `a` and `b`, and limits express how uncertain they are. None
            plans from `assume`.
        a: The first model of the pilot. None, with `b` None as well, takes the pair whose difference has the
            median variance.
        b: The second model of the pilot.
        effect: The true difference to detect, in score units (0.03 is three percentage points); with a
            margin, the true difference that is supposed, 0 if None.
        n_items: The number of questions. None seeks it.
        attempts: The number of attempts per question that the verdict is about. None chooses it: the cheapest
            with `costs`, else what the pilot has, or 1.
        n_levels: With a `random_factor`: how many levels of it each model has (of several factors one number
            for each). None takes the pilot's, or where these can't do as many as its questions need; with
            `costs` the cheapest design.
        power: The probability of detecting the effect, between 0 and 1.
        not_worse_than: Plan a test of non-inferiority with this margin, in score units. None plans a test of
            difference.
        same_within: Plan a test of equivalence (two one-sided tests) with this margin, in score units.
        better: Whether a gate asks that the candidate is better; the plan then says what it makes of equal
            systems.
        level: The confidence level; one minus it is the significance level.
        method: The test: "score", "t", or "z", the normal formula of the paper. None takes what `compare`
            would.
        paired: Whether both models answer the same questions.
        looks: How many looks at the run are planned, at even shares of the questions, or in which proportion
            they lie: (1, 2, 5) looks at a fifth, at two fifths and at all. The plan then says what each look
            takes to stop, how many questions that takes on average, and whether betting or one look at the
            end is cheaper. None plans one look at the end.
        spending: How planned looks spend the error: hardly any at first ("obrien-fleming"), or evenly
            ("pocock").
        n_models: How many models are compared, all pairs, with Bonferroni's correction.
        n_tasks: On how many tasks they are compared, corrected likewise; for plans without a pilot.
        n_clusters: Hold the number of clusters fixed at this many. None lets it grow with the number of
            questions.
        assume: The variances and clusters to assume without a pilot. None takes those of Miller (2024).
        costs: The cost of a question and of an attempt, to find the cheapest design. None ignores costs.
        simulate: Whether to check the power by resampling the items of the pilot.
        seed: The seed of that simulation.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. They apply to
            the pilot. `random_factor`: plans the levels of a factor that all questions share as well, seeds
            or prompts, each of which may have its cost. `population`: by default as in `compare`;
            "new-clusters" adds clusters, "same-clusters" questions to the pilot's own clusters, each at its
            share.

    Returns:
        Plan: One part per task, with the ways to run the evaluation, the questions, effect and power of each,
            and their limits.

    Raises:
        OptionError: If an option has a value that it can't have, neither `effect` nor `n_items` nor a margin
            is given, or options contradict each other.
        DataError: If the pilot holds one model only, or reveals no variation to plan from.
        ReadError: If none of the files can be read.

    Examples:
        >>> answer = plan(effect=0.03, method="z", assume=Assumptions(answer_variance=0))
        >>> answer.items
        969.0
        >>> round(plan(n_items=198, method="z").main.best.effect.value, 3)
        0.133
    """
    design = make_design(options, RESPECTS)
    given = checked(
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
    schedule = schedule_of(**checked("plan", looks=looks, spending=spending))
    check_assumed(assume)
    check_costs(costs)
    question = question_of(given | {"costs": costs}, schedule)
    if question.levels and not design.random_factor:
        raise OptionError("n_levels is about a random factor", remedy="Name its column as `random_factor`.")
    sides, better = (given["a"], given["b"]), given["better"]
    if pilot is None:
        refuse_pilot_options(design, a=sides[0], b=sides[1], simulate=given["simulate"])
        answer = from_assumptions(assume or Assumptions(), question, given["n_tasks"])
        return replace(answer, better=better)
    if assume is not None:
        raise OptionError("a pilot tells what assume assumes", remedy="Leave one of the two out.")
    if given["n_tasks"] != 1:
        raise OptionError(
            "the pilot tells the number of tasks", remedy="Leave `n_tasks` out, or choose with `task`."
        )
    scores, (first, second) = read_pair(pilot, sides, design)
    planned = from_level_pilot if design.random_factor else from_pilot
    return replace(planned(scores, (first, second), question, design), better=better)
