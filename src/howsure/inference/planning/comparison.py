"""The plan of a comparison: from assumptions, or from a pilot task by task and overall."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from howsure import checks
from howsure.answers.plan import Plan, Simulated, TaskPlan
from howsure.errors import Caution, OptionError
from howsure.inference.equal import NO_LIMITS, AskedOfEquals, GateSize, equals
from howsure.inference.overall import task_shares
from howsure.inference.planning.measured import measured_costs
from howsure.inference.planning.pilots import doubt_of, joined, joined_errors, limits_of, read_pilots
from howsure.inference.planning.prospects import ATTEMPTS, Asked, Known, curve_of, options_of
from howsure.inference.planning.ways import looks_of
from howsure.statistics.gate_shares import TRIALS, rehearse
from howsure.study.notes import direction_cautions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.plan import EqualSystems, Option, Pairing, Sought
    from howsure.inference.planning.assumptions import Assumptions, Costs
    from howsure.inference.planning.pilots import Pilot
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.group_sequential import Schedule
    from howsure.statistics.power import Planned
    from howsure.study.design import Design
    from howsure.table.scores import Scores


def from_assumptions(assumed: Assumptions, asked: Asked, run: Run, n_tasks: int) -> Plan:
    """Plan from what is assumed of the scores, where there is no pilot."""
    comparisons, paired = run.pairs * n_tasks, asked.paired
    percent = assumed.percent(asked.effect, asked.margin)
    asked = _fitting(possible(asked, percent=percent), run.method, bounded=percent)
    known = Known(
        spread=assumed.spread(paired=paired, clusters=run.clusters), only_once=assumed.rate is not None
    )
    lines, chosen = options_of(known, asked, comparisons, run.attempts, run.costs, usual=1.0)
    task = TaskPlan(
        task="",
        metric="",
        a="",
        b="",
        basis=assumed.basis(paired=paired),
        options=lines,
        chosen=chosen,
        curve=curve_of(known, asked, comparisons, lines, chosen),
        equal=equal_systems(asked, known, lines[chosen], percent=percent),
        looks=looks_of(known, asked, comparisons, lines[chosen], percent=percent),
        percent=percent,
    )
    doubts = assumed.contradictions(task.best.effect.value, paired=paired)
    return _answer(asked, [task], comparisons, notes=(assumed.note(paired=paired),), cautions=doubts)


@dataclass(frozen=True, slots=True)
class Kept:
    """What a plan keeps whatever it looks for."""

    power: float
    level: float
    method: PlanMethod | None
    paired: bool
    looks: Schedule | None = None


def asked_of(
    effect: float | None,
    items: int | None,
    not_worse_than: float | None,
    same_within: float | None,
    kept: Kept,
) -> Asked:
    """Check what is to be planned for, and find out what is looked for."""
    power, level, method, paired = kept.power, kept.level, kept.method, kept.paired
    if not_worse_than is not None and same_within is not None:
        raise OptionError("not_worse_than and same_within are two goals", remedy="Plan for one at a time.")
    margin = not_worse_than if not_worse_than is not None else same_within
    if margin is not None:
        checks.one_sided_level("level", level)
    goal: Goal = (
        "not-worse" if not_worse_than is not None else "same" if same_within is not None else "different"
    )
    for name, size in (("effect", effect), ("margin", margin)):
        if size is not None and not (
            math.isfinite(size) and (size > 0 or (name == "effect" and goal != "different"))
        ):
            raise OptionError(f"{name}={size!r} is not above 0", remedy="Write 0.03 (or 3pp) for 3 points.")
    if effect is None and items is None and margin is None:
        raise OptionError("nothing to plan for", remedy="Give an effect, a number of items, or both.")
    if method == "score" and not paired:
        raise OptionError("an unpaired plan is for the t test", remedy="Leave the method out.")
    if kept.looks is not None and (goal == "same" or not paired):
        what = "two margins at once" if goal == "same" else "models that answer different questions"
        raise OptionError(f"looks are not planned for {what}", remedy="Leave `looks` out.")
    sought: Sought = "effect" if effect is None and margin is None else "items" if items is None else "power"
    return Asked(
        sought=sought,
        goal=goal,
        method=method or ("score" if paired else "t"),
        effect=effect or 0.0,
        items=math.nan if items is None else float(items),
        power=power,
        margin=margin or 0.0,
        level=level,
        paired=paired,
        looks=kept.looks,
    )


def possible(asked: Asked, *, percent: bool, lower: bool = False) -> Asked:
    """Return what is asked as the scores' direction has it; OptionError where it can't be. `percent`: scores
    in [0, 1].
    """
    for name, size in (("effect", asked.effect), ("margin", asked.margin)):
        if percent and abs(size) >= 1:
            raise OptionError(
                f"{name}={size:g} is the whole scale", remedy="Write 0.03 (or 3pp) for 3 points."
            )
    directed = replace(asked, lower_is_better=lower)
    ahead = directed.ahead(asked.effect)
    outside = ahead <= -asked.margin if asked.goal == "not-worse" else abs(ahead) >= asked.margin
    if asked.goal != "different" and outside:
        raise OptionError(
            f"a true difference of {asked.effect:g} is not within the margin of {asked.margin:g}",
            remedy="Give a larger margin.",
        )
    return directed


def _answer(
    asked: Asked,
    tasks: Sequence[TaskPlan],
    comparisons: int,
    *,
    simulated: Simulated | None = None,
    notes: tuple[str, ...] = (),
    cautions: tuple[Caution, ...] = (),
) -> Plan:
    main = tasks[-1].best
    impossible = tasks[-1].percent and asked.sought == "effect" and main.effect.value > 1
    return Plan(
        sought=asked.sought,
        goal=asked.goal,
        method=asked.method,
        level=asked.level,
        comparisons=comparisons,
        margin=asked.margin,
        paired=asked.paired,
        tasks=tuple(tasks),
        simulated=simulated,
        notes=notes,
        cautions=(*cautions, *([OFF_THE_SCALE] if impossible else [])),
    )


@dataclass(frozen=True, slots=True)
class Run:
    """How the planned evaluation is to be run; `seed` None: no rehearsal. `method`: as it was given;
    `levels`: of each random factor, none to seek them.
    """

    method: PlanMethod | None
    attempts: int | None
    pairs: int
    clusters: int | None
    costs: Costs | None
    seed: int | None
    levels: tuple[int, ...] = ()


def from_pilot(
    scores: Scores, names: tuple[str | None, str | None], asked: Asked, run: Run, design: Design
) -> Plan:
    """Plan from what a pilot tells, task by task and overall."""
    a, b = names
    if (a is None) != (b is None):
        raise OptionError("one model of a pair is missing", remedy="Give both a and b, or neither.")
    if run.clusters is not None and design.population == "same-clusters":
        raise OptionError(
            "n_clusters is about other clusters, and population='same-clusters' keeps these",
            remedy="Leave one of the two out.",
        )
    pilots, study, cautions = read_pilots(scores, design, a, b, paired=asked.paired)
    costs, priced = measured_costs(run.costs, study, pilots[0].both.models)
    run = replace(run, costs=costs)
    asked = _fitting(asked, run.method, bounded=all(pilot.both.bounded for pilot in pilots))
    tasks = [_task_plan(pilot, asked, run, run.pairs * len(pilots)) for pilot in pilots]
    cautions += [ONE_ATTEMPT] if any(not pilot.measured for pilot in pilots) else []
    if len(pilots) > 1:
        total = _overall_plan(pilots, asked, run)
        tasks += [total] if total is not None else []
        cautions += [] if total is not None else [NO_OVERALL]
    comparisons = run.pairs * (len(pilots) if len(tasks) == len(pilots) else 1)
    simulated = None if run.seed is None else _rehearsed(pilots, tasks, asked, comparisons, run.seed)
    few = min(pilot.basis.n_clusters for pilot in pilots)
    limited = any(
        not math.isnan(each.low)
        for best in (task.best for task in tasks)
        for each in (best.items, best.effect, best.power)
    )
    cautions += [_small_pilot(few, pilots, limited=limited)] if few < FEW_UNITS else []
    told = (*study.notes, *priced, *_typical([pilot for pilot in pilots if pilot.basis.pairs > 1]))
    told += (
        (f"Each of the {len(pilots)} tasks at its share of the level (Bonferroni).",)
        if len(pilots) > 1
        else ()
    )
    return _answer(
        asked,
        tasks,
        comparisons,
        simulated=simulated,
        notes=told,
        cautions=(*study.cautions, *direction_cautions(study), *cautions),
    )


def _fitting(asked: Asked, method: PlanMethod | None, *, bounded: bool) -> Asked:
    """Return what is asked with the test that `compare` makes of such scores: pseudo-items are for scores in
    [0, 1].
    """
    if bounded or not asked.paired:
        return asked
    if method == "score":
        raise OptionError("method='score' needs scores in [0, 1]", remedy="Leave it out.")
    return replace(asked, method=method or "t")


def _typical(pilots: Sequence[Pilot]) -> tuple[str, ...]:
    """Tell which pair of models stands for all."""
    if not pilots:
        return ()
    if len(pilots) > 1:
        return ("Planned for the pair of each task whose difference varies as that of the median pair does.",)
    a, b = pilots[0].both.models
    return (
        (
            f"Planned for the median of {pilots[0].basis.pairs:,} pairs by the variance of their difference: "
            f"{a} − {b}."
        ),
    )


def _task_plan(pilot: Pilot, asked: Asked, run: Run, comparisons: int) -> TaskPlan:
    asked = possible(asked, percent=pilot.both.bounded, lower=pilot.both.lower_is_better)
    usual = float(max(round(pilot.basis.attempts), 1))
    spread = pilot.spread(run.clusters)
    counts = _counts(spread, [pilot], run, usual)
    known = _known(spread, counts, pilot.errors(counts), asked.level)
    lines, chosen = options_of(known, asked, comparisons, run.attempts, run.costs, usual=usual)
    a, b = pilot.both.models
    return TaskPlan(
        task=pilot.both.task,
        metric=pilot.both.metric,
        a=a,
        b=b,
        basis=pilot.basis,
        options=lines,
        chosen=chosen,
        curve=curve_of(known, asked, comparisons, lines, chosen),
        equal=equal_systems(
            asked,
            known,
            lines[chosen],
            usual=pilot.basis.n_items,
            task=pilot.both.task,
            metric=pilot.both.metric,
            a=a,
            b=b,
            percent=pilot.both.bounded,
        ),
        looks=looks_of(known, asked, comparisons, lines[chosen], percent=pilot.both.bounded),
        percent=pilot.both.bounded,
    )


def _overall_plan(pilots: Sequence[Pilot], asked: Asked, run: Run) -> TaskPlan | None:
    """Plan the mean over tasks, which keep their shares of the items; None where their scales differ."""
    matrices = [pilot.both for pilot in pilots]
    if len({(matrix.bounded, matrix.lower_is_better) for matrix in matrices}) > 1:
        return None
    shares = task_shares(matrices, "mean")
    asked = replace(asked, lower_is_better=matrices[0].lower_is_better)
    usual = float(max(round(min(pilot.basis.attempts for pilot in pilots)), 1))
    spread = joined(pilots, shares, run.clusters)
    counts = _counts(spread, pilots, run, usual)
    known = _known(spread, counts, joined_errors(pilots, shares, counts), asked.level)
    lines, chosen = options_of(known, asked, run.pairs, run.attempts, run.costs, usual=usual)
    names = {matrix.models for matrix in matrices}
    a, b = matrices[0].models if len(names) == 1 else ("", "")
    return TaskPlan(
        task="",
        metric="mean over tasks",
        a=a,
        b=b,
        basis=None,
        options=lines,
        chosen=chosen,
        equal=equal_systems(
            asked,
            known,
            lines[chosen],
            usual=sum(pilot.basis.n_items for pilot in pilots),
            metric="mean over tasks",
            a=a,
            b=b,
            percent=matrices[0].bounded,
        ),
        looks=looks_of(known, asked, run.pairs, lines[chosen], percent=matrices[0].bounded),
        percent=matrices[0].bounded,
    )


def equal_systems(
    asked: Asked, known: Known, option: Option, *, percent: bool, usual: float = math.nan, **about: str
) -> EqualSystems | None:
    """Return what the gate says of equal systems; None without a margin. `usual`: the pilot's questions,
    where none are given.
    """
    items = next((n for n in (asked.items, usual, option.items.value) if math.isfinite(n)), math.inf)
    if asked.goal == "different" or math.isinf(items):
        return None
    wanted = AskedOfEquals(
        criterion="not_worse_than" if asked.goal == "not-worse" else "same_within",
        margin=asked.margin,
        level=asked.level,
        method="score" if percent and asked.method != "t" else "t",
    )
    size = GateSize(items=items, attempts=option.attempts)
    limits = known.limits_at(option.attempts) if known.limits else NO_LIMITS
    pairing: Pairing = "assumed" if math.isnan(usual) else "pair"
    return equals(wanted, known.spread, size, limits, **about, pairing=pairing, percent=percent)


def _counts(spread: Planned, pilots: Sequence[Pilot], run: Run, usual: float) -> list[float]:
    """Return every number of attempts that can come up; one where nothing is known of more."""
    if not all(pilot.measured for pilot in pilots):
        return [1.0]
    priced = run.costs.candidates(spread) if run.costs is not None else []
    return [*ATTEMPTS, usual, *priced, *([float(run.attempts)] if run.attempts else [])]


def _known(
    spread: Planned, counts: Sequence[float], errors: Sequence[tuple[float, float, int]], level: float
) -> Known:
    """Put the spread and its limits together."""
    limits = {k: limits_of(found, level) for k, found in zip(counts, errors, strict=True)}
    doubts = {k: doubt_of(found) for k, found in zip(counts, errors, strict=True)}
    return Known(spread=spread, only_once=len(counts) == 1, limits=limits, doubts=doubts)


def _rehearsed(
    pilots: Sequence[Pilot], tasks: Sequence[TaskPlan], asked: Asked, comparisons: int, seed: int
) -> Simulated:
    if len(pilots) > 1 or not asked.paired:
        raise OptionError("simulate is for one task and paired models", remedy="Choose one with `task`.")
    if asked.looks is not None:
        raise OptionError("simulate checks one look at the end", remedy="Leave `looks` out, or simulate.")
    pilot, option = pilots[0], tasks[0].best
    if not math.isfinite(option.items.value) or option.items.value > MOST_REHEARSED:
        raise OptionError(
            "too many questions to simulate", remedy=f"Up to {MOST_REHEARSED:,} can be; leave simulate out."
        )
    spread = pilot.spread(None)
    seen = spread.per_item(pilot.basis.n_items, pilot.basis.attempts if pilot.measured else 1.0)
    wanted = spread.per_item(pilot.basis.n_items, option.attempts)
    sign = -1 if pilot.both.lower_is_better else 1
    share = rehearse(
        sign * pilot.found.means[:, 2],
        pilot.codes,
        asked.corrected(comparisons),
        effect=sign * option.effect.value,
        count=max(round(option.items.value / pilot.basis.cluster_size), 2),
        scale=math.sqrt(wanted / seen),
        rng=np.random.default_rng(seed),
    )
    return Simulated(power=share, se=math.sqrt(share * (1 - share) / TRIALS), trials=TRIALS)


def _small_pilot(units: int, pilots: Sequence[Pilot], *, limited: bool) -> Caution:
    what = "clusters" if any(pilot.codes is not None for pilot in pilots) else "items"
    return Caution(
        code="small_pilot",
        message=f"the pilot's {units} {what} tell little about how much differences vary",
        remedy="Read the limits, not the number; a larger pilot would narrow them."
        if limited
        else "Not even limits of the plan are known; a larger pilot would tell.",
    )


FEW_UNITS = 30


MOST_REHEARSED = 100_000


ONE_ATTEMPT = Caution(
    code="one_attempt",
    message="the pilot has one attempt a question: what more attempts would bring is not known",
    remedy="A second attempt at some of its questions would tell.",
)


NO_OVERALL = Caution(
    code="no_overall",
    message="no overall plan: the tasks' scores are on different scales",
    remedy="Choose with `task`.",
)


OFF_THE_SCALE = Caution(
    code="off_the_scale",
    message="the smallest difference that shows is larger than the whole scale",
    remedy="More questions are needed to show anything.",
)
