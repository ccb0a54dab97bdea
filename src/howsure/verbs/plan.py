"""The plan verb: textbook assumptions or a pilot become questions, attempts, differences and power."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

from howsure.errors import OptionError
from howsure.inference.planning.assumptions import Assumptions, Prices, check_assumed, check_prices
from howsure.inference.planning.comparison import Kept, Run, asked_of, from_assumptions, from_pilot
from howsure.inference.planning.prospects import refuse_pilot_options
from howsure.options import checked
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.read import scores_of

if TYPE_CHECKING:
    from howsure.answers.plan import Plan
    from howsure.statistics.choices import PlanMethod

RESPECTS = Respects(verb="plan", all_but=("population", "covariate", "score"))


def plan(
    pilot: Any = None,
    a: str | None = None,
    b: str | None = None,
    *,
    effect: float | None = None,
    n_items: int | None = None,
    attempts: int | None = None,
    power: float = 0.8,
    not_worse_than: float | None = None,
    same_within: float | None = None,
    level: float = 0.95,
    method: PlanMethod | None = None,
    paired: bool = True,
    n_models: int = 2,
    n_tasks: int = 1,
    n_clusters: int | None = None,
    assume: Assumptions | None = None,
    prices: Prices | None = None,
    simulate: bool = False,
    seed: int = 0,
    **options: Unpack[DesignOptions],
) -> Plan:
    """Plan a comparison of two models: the questions it needs, the smallest difference it can show, or its power.

    `effect` alone asks for questions, `n_items` alone for the smallest true difference, both for the power. Two of three are
    kept: `not_worse_than` and `same_within` (score units) plan for non-inferiority and equivalence, where `effect` is the true
    difference, 0 if not given. `pilot`: what `read` takes; variances and clusters are then those seen between `a` and `b`
    (without names: the pair whose difference varies as the median pair's does), and limits say how far off the plan could be.
    Without a pilot: `assume`. `attempts`: which number of attempts the verdict is about. `n_models`: how many models are to be
    compared, all pairs, and `n_tasks` on how many tasks, corrected by Bonferroni. `n_clusters`: hold the number of clusters fixed.
    `prices`: choose the cheapest number of attempts. `simulate`: check the power with the pilot's own items. `method`: None
    plans for what `compare` does, "pseudo-items"; "t"; "z" is the paper's formula. Miller (2024), section 5.

    >>> answer = plan(effect=0.03, method="z", assume=Assumptions(answer_variance=0))
    >>> answer.items
    969.0
    >>> round(plan(n_items=198, method="z").main.best.effect.value, 3)
    0.133
    """
    a, b, effect, not_worse_than, same_within, n_items, attempts, n_models, n_tasks, n_clusters = checked(
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
    ).values()
    power, level, method, paired, simulate, seed = checked(
        "plan", power=power, level=level, method=method, paired=paired, simulate=simulate, seed=seed
    ).values()
    check_assumed(assume)
    check_prices(prices)
    asked = asked_of(effect, n_items, not_worse_than, same_within, Kept(power, level, method, paired))
    design, pairs = make_design(options, RESPECTS), n_models * (n_models - 1) // 2
    run = Run(method, attempts, pairs, n_clusters, prices, seed if simulate else None)
    if pilot is None:
        refuse_pilot_options(design, a=a, b=b, simulate=simulate)
        return from_assumptions(assume or Assumptions(), asked, run, n_tasks)
    if assume is not None:
        raise OptionError("a pilot tells what assume assumes", remedy="Leave one of the two out.")
    if n_tasks != 1:
        raise OptionError("the pilot tells the number of tasks", remedy="Leave `n_tasks` out, or choose with `task`.")
    return from_pilot(scores_of(pilot, design), (a, b), asked, run, design)
