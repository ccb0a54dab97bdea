"""The plan of a comparison: from assumptions, or from a pilot task by task and overall, also where the
levels of random factors are a sample.
"""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from howsure import checks
from howsure.answers.plan import Plan, Simulated, TaskPlan
from howsure.errors import Caution, DataError, OptionError
from howsure.inference.compare import gather_pair, one_metric, tasks_left_out
from howsure.inference.overall import task_shares
from howsure.inference.plan_options import (
    ATTEMPTS,
    KnownSpread,
    PlanQuestion,
    curve_of,
    equal_systems,
    looks_of,
    option,
    options_of,
)
from howsure.inference.plan_pilot import (
    doubt_of,
    joined,
    joined_errors,
    limits_of,
    measured_costs,
    median_pair,
    read_pilots,
)
from howsure.inference.population import NEW_CLUSTERS
from howsure.inference.question import Question
from howsure.statistics.gate_shares import TRIALS, rehearse
from howsure.statistics.power import MOST_ITEMS, fewest, power
from howsure.statistics.random_factors import LEAST
from howsure.study.factors import gather_levelled
from howsure.study.notes import direction_cautions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.parts import ErrorSources
    from howsure.answers.plan import Basis, Option, Sought
    from howsure.inference.plan_pilot import Assumptions, Costs, Pilot
    from howsure.statistics.choices import Goal, PlanMethod
    from howsure.statistics.group_sequential import Schedule
    from howsure.statistics.power import Doubt, Planned, Test
    from howsure.statistics.results import Estimate
    from howsure.study.design import Design
    from howsure.study.matrix import ScoreMatrix
    from howsure.table.scores import Scores

STEPS = (2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 30, 50, 100)
BEYOND = (1.0, 1.25, 1.5, 2.0)
"""Plans are made for these multiples of the fewest levels that can do, and of those that as many questions as
the pilot's take.
"""
FEW = 10
LEVEL_ATTEMPTS = (1.0, 2.0, 3.0, 5.0, 10.0)
SHOWN = 7
"""So many ways are shown."""


def from_level_pilot(
    scores: Scores,
    names: tuple[str | None, str | None],
    question: PlanQuestion,
    run: PlannedRun,
    design: Design,
) -> Plan:
    """Plan from a pilot with random factors, task by task."""
    _refuse_with_levels(question, run, design)
    usual = Question(population=NEW_CLUSTERS, method="t")
    a, b = names
    if a is not None and b is not None:
        study = gather_pair(scores, design, a, b)
        matrices = one_metric(study)
        pairs, cautions = (
            [(study.models[0], study.models[1], 1)] * len(matrices),
            tasks_left_out(study, matrices),
        )
    else:
        study = gather_levelled(scores, design)
        matrices, cautions = list(study.matrices()), []
        pairs = [(*names, count) for names, count in (median_pair(matrix, usual) for matrix in matrices)]
    question = replace(question, method="t")
    tasks = [
        _task_with_levels(
            matrix,
            NEW_CLUSTERS.pair(matrix, a, b, usual),
            question,
            replace(run, pairs=run.pairs * len(matrices)),
        )
        for matrix, (a, b, _) in zip(matrices, pairs, strict=True)
    ]
    typical = [_median_pair_note(a, b, n) for a, b, n in pairs if n > 1]
    return Plan(
        sought=question.sought,
        goal=question.goal,
        method="t",
        level=question.level,
        comparisons=run.pairs * len(matrices),
        margin=question.margin,
        paired=True,
        tasks=tuple(tasks),
        notes=(*study.notes, *typical),
        cautions=(*study.cautions, *direction_cautions(study), *cautions),
    )


def _refuse_with_levels(question: PlanQuestion, run: PlannedRun, design: Design) -> None:
    """Raise OptionError for what isn't planned with random factors."""
    others = {
        "looks": question.looks is not None,
        "paired": not question.paired,
        "n_clusters": run.clusters is not None,
        "simulate": run.seed is not None,
        "method": run.method not in (None, "t"),
        "measure": bool(design.measure),
    }
    name = next((name for name, is_given in others.items() if is_given), "")
    if name:
        raise OptionError(
            f"`{name}` and a random factor aren't planned together", remedy="Leave one of the two out."
        )
    if run.levels and len(run.levels) != len(design.random_factor):
        raise OptionError(
            f"{len(run.levels)} numbers of levels and {len(design.random_factor)} random factors",
            remedy="Give one for each, in the order of the factors.",
        )


def _task_with_levels(
    matrix: ScoreMatrix, pilot: Comparison, question: PlanQuestion, run: PlannedRun
) -> TaskPlan:
    sources, difference = pilot.sources, pilot.difference
    if sources is None or not sources.known:
        why = next((f": {caution.message}" for caution in difference.cautions), "")
        raise DataError(
            f"the pilot doesn't tell how levels differ{why}",
            where=matrix.task,
            remedy="Take one with several levels and questions.",
        )
    question = possible(question, percent=matrix.bounded, lower=matrix.lower_is_better)
    search = _LevelSearch.of(sources, difference, question, run)
    lines, chosen = search.lines()
    best = search.known(tuple(map(float, lines[chosen].levels)))
    names: dict[str, Any] = {"task": matrix.task, "metric": matrix.metric, "a": pilot.a, "b": pilot.b}
    return TaskPlan(
        **names,
        basis=None,
        sources=sources,
        levels_needed=search.fewest_levels() if question.sought == "items" else (),
        options=tuple(lines),
        chosen=chosen,
        curve=curve_of(best, question, run.pairs, [lines[chosen]], 0),
        equal=equal_systems(
            question, best, lines[chosen], usual=sources.n_items, percent=matrix.bounded, **names
        ),
        percent=matrix.bounded,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _LevelSearch:
    """What is sought for a task, from what its pilot tells; `doubt`, `limits`: by how many times its variance
    may be larger.
    """

    sources: ErrorSources
    question: PlanQuestion
    run: PlannedRun
    doubt: Doubt
    limits: tuple[float, float]

    @classmethod
    def of(
        cls, sources: ErrorSources, pilot: Estimate, question: PlanQuestion, run: PlannedRun
    ) -> _LevelSearch:
        """Return it, the pilot's variance as sure as its degrees of freedom make it."""
        variance = pilot.se**2
        error = (variance, variance * math.sqrt(2 / pilot.df), int(pilot.df) + 1)
        return cls(
            sources=sources,
            question=question,
            run=run,
            doubt=doubt_of(error),
            limits=limits_of(error, question.level),
        )

    @property
    def test(self) -> Test:
        """The test that is planned."""
        return self.question.corrected(self.run.pairs)

    @property
    def usual(self) -> tuple[float, ...]:
        """The levels that were asked for, or those of the pilot."""
        return tuple(map(float, self.run.levels)) or self.sources.spread.levels

    def known(self, levels: tuple[float, ...]) -> KnownSpread:
        """Return the spread with so many levels."""
        attempts = {*self._attempts()}
        return KnownSpread(
            spread=self.sources.spread.with_levels(levels),
            limits=dict.fromkeys(attempts, self.limits),
            doubts=dict.fromkeys(attempts, self.doubt),
        )

    def lines(self) -> tuple[list[Option], int]:
        """Return the ways to show, and which of them is chosen."""
        tried = product(*(self._counts(k) for k in range(len(self.usual))))
        every = [self._line(levels, attempts) for levels in tried for attempts in self._attempts()]
        best = self._best(every)
        alike = [line for line in every if sum(map(operator.ne, line.levels, best.levels)) <= 1]
        shown = {
            line.levels: line for line in sorted(alike, key=lambda line: (line is best, -self._worth(line)))
        }
        held = {best.levels, tuple(map(int, self.usual))}
        idle = [key for key, line in shown.items() if key not in held and not math.isfinite(line.items.value)]
        far = sorted(
            (key for key in shown if key not in held and key not in idle),
            key=lambda key: -_distance(key, best.levels),
        )
        for key in (*idle, *far[: max(len(far) - SHOWN, 0)]):
            del shown[key]
        ordered = sorted(shown.values(), key=lambda line: line.levels)
        return ordered, ordered.index(best)

    def fewest_levels(self) -> tuple[float, ...]:
        """Return the fewest levels of each factor with which some number of questions is enough, those of the
        others as they are.
        """
        return tuple(self._fewest(k, float(MOST_ITEMS)) for k in range(len(self.usual)))

    def _fewest(self, k: int, items: float) -> float:
        """Return the fewest levels of a factor with which so many questions are enough."""
        held, truth = self.usual, self.question.ahead(self.question.effect)

        def enough(count: float) -> bool:
            """Say whether so many levels are."""
            spread = self.sources.spread.with_levels((*held[:k], max(count, float(LEAST)), *held[k + 1 :]))
            return (
                power(self.test, spread, truth, items, self.sources.attempts, doubt=self.doubt)
                >= self.question.power
            )

        return max(fewest(enough, 1.0), float(LEAST))

    def _attempts(self) -> Sequence[float]:
        """Return the numbers of attempts at each level that are tried."""
        usual, run = float(max(round(self.sources.attempts), 1)), self.run
        if run.attempts not in (None, usual) and math.isnan(self.sources.answers):
            raise OptionError(
                "the pilot has one attempt at each level: what more would bring is not known",
                remedy="Leave `attempts` out, or take a pilot with two.",
            )
        if run.attempts:
            return [float(run.attempts)]
        return LEVEL_ATTEMPTS if run.costs is not None and self.sources.spread.answer > 0 else [usual]

    def _counts(self, k: int) -> Sequence[float]:
        """Return the numbers of levels of one factor that are tried: as asked; or up to thrice those that as
        many questions as the pilot's take.
        """
        usual = self.usual[k]
        if self.run.levels:
            return [usual]
        if self.question.sought != "items":
            return sorted({usual, *(step for step in STEPS if step <= max(3 * usual, FEW))})
        least, alike = (self._fewest(k, items) for items in (float(MOST_ITEMS), float(self.sources.n_items)))
        own = [each for each in (least, alike) if math.isfinite(each)]
        most = 3 * max([usual, *own])
        more = (math.ceil(each * step) for each in own for step in BEYOND)
        return sorted({usual, *(float(each) for each in (*STEPS, *more) if each <= most)})

    def _line(self, levels: tuple[float, ...], attempts: float) -> Option:
        """Return a way to run it, with its cost."""
        line = replace(
            option(self.known(levels), self.question, self.test, attempts, None),
            levels=tuple(map(int, levels)),
        )
        costs = self.run.costs
        if costs is None:
            return line
        answers = costs.of(line.items.value, attempts * math.prod(levels))
        return replace(line, cost=answers + costs.level * sum(levels))

    def _worth(self, line: Option) -> float:
        """Return what a way costs, or how many answers it takes."""
        answers = line.items.value * math.prod(line.levels) * line.attempts
        return line.cost if self.run.costs is not None else answers

    def _best(self, every: Sequence[Option]) -> Option:
        """Return the cheapest way; without costs that with the usual levels, or if these can't do that with
        the fewest levels that takes no more questions than the pilot has, or else the fewest answers.
        """
        usual = next(line for line in every if line.levels == tuple(map(int, self.usual)))
        if self.question.sought != "items":
            return usual
        if self.run.costs is not None:
            return min(every, key=self._worth)
        alike = [line for line in every if line.items.value <= self.sources.n_items]
        if math.isfinite(usual.items.value):
            return usual
        return (
            min(alike, key=lambda line: (math.prod(line.levels), line.items.value))
            if alike
            else min(every, key=self._worth)
        )


def _distance(one: Sequence[int], other: Sequence[int]) -> float:
    return sum(abs(math.log(a / b)) for a, b in zip(one, other, strict=True))


def from_assumptions(assumed: Assumptions, question: PlanQuestion, run: PlannedRun, n_tasks: int) -> Plan:
    """Plan from what is assumed of the scores, where there is no pilot."""
    comparisons, paired = run.pairs * n_tasks, question.paired
    percent = assumed.percent(question.effect, question.margin)
    question = _fitting(possible(question, percent=percent), run.method, bounded=percent)
    known = KnownSpread(
        spread=assumed.spread(paired=paired, clusters=run.clusters), only_once=assumed.rate is not None
    )
    task = _task_plan(question, known, run, comparisons, basis=assumed.basis(paired=paired), percent=percent)
    doubts = assumed.contradictions(task.best.effect.value, paired=paired)
    return _answer(question, [task], comparisons, notes=(assumed.note(paired=paired),), cautions=doubts)


def question_of(
    effect: float | None,
    items: int | None,
    not_worse_than: float | None,
    same_within: float | None,
    *,
    power: float,
    level: float,
    method: PlanMethod | None,
    paired: bool,
    looks: Schedule | None,
) -> PlanQuestion:
    """Check what is to be planned for, and find out what is looked for."""
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
            raise OptionError(f"`{name}={size!r}` is not above 0", remedy="Write 0.03 (or 3pp) for 3 points.")
    if effect is None and items is None and margin is None:
        raise OptionError("nothing to plan for", remedy="Give an effect, a number of items, or both.")
    if method == "score" and not paired:
        raise OptionError("an unpaired plan is for the t test", remedy="Leave the method out.")
    if looks is not None and (goal == "same" or not paired):
        what = "two margins at once" if goal == "same" else "models that answer different questions"
        raise OptionError(f"looks are not planned for {what}", remedy="Leave `looks` out.")
    sought: Sought = "effect" if effect is None and margin is None else "items" if items is None else "power"
    return PlanQuestion(
        sought=sought,
        goal=goal,
        method=method or ("score" if paired else "t"),
        effect=effect or 0.0,
        items=math.nan if items is None else float(items),
        power=power,
        margin=margin or 0.0,
        level=level,
        paired=paired,
        looks=looks,
    )


def possible(question: PlanQuestion, *, percent: bool, lower: bool = False) -> PlanQuestion:
    """Return what is asked as the scores' direction has it; OptionError where it can't be. `percent`: scores
    in [0, 1].
    """
    for name, size in (("effect", question.effect), ("margin", question.margin)):
        if percent and abs(size) >= 1:
            raise OptionError(
                f"{name}={size:g} is the whole scale", remedy="Write 0.03 (or 3pp) for 3 points."
            )
    directed = replace(question, lower_is_better=lower)
    ahead = directed.ahead(question.effect)
    outside = ahead <= -question.margin if question.goal == "not-worse" else abs(ahead) >= question.margin
    if question.goal != "different" and outside:
        raise OptionError(
            f"a true difference of {question.effect:g} is not within the margin of {question.margin:g}",
            remedy="Give a larger margin.",
        )
    return directed


def _answer(
    question: PlanQuestion,
    tasks: Sequence[TaskPlan],
    comparisons: int,
    *,
    simulated: Simulated | None = None,
    notes: tuple[str, ...] = (),
    cautions: tuple[Caution, ...] = (),
) -> Plan:
    main = tasks[-1].best
    impossible = tasks[-1].percent and question.sought == "effect" and main.effect.value > 1
    return Plan(
        sought=question.sought,
        goal=question.goal,
        method=question.method,
        level=question.level,
        comparisons=comparisons,
        margin=question.margin,
        paired=question.paired,
        tasks=tuple(tasks),
        simulated=simulated,
        notes=notes,
        cautions=(*cautions, *([OFF_THE_SCALE] if impossible else [])),
    )


@dataclass(frozen=True, slots=True)
class PlannedRun:
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
    scores: Scores,
    names: tuple[str | None, str | None],
    question: PlanQuestion,
    run: PlannedRun,
    design: Design,
) -> Plan:
    """Plan from what a pilot tells, task by task and overall."""
    a, b = names
    if (a is None) != (b is None):
        raise OptionError("one model of a pair is missing", remedy="Give both a and b, or neither.")
    if run.clusters is not None and design.population == "same-clusters":
        raise OptionError(
            "n_clusters is about other clusters, and `population='same-clusters'` keeps these",
            remedy="Leave one of the two out.",
        )
    pilots, study, cautions = read_pilots(scores, design, a, b, paired=question.paired)
    costs, priced = measured_costs(run.costs, study, pilots[0].both.models)
    run = replace(run, costs=costs)
    question = _fitting(question, run.method, bounded=all(pilot.both.bounded for pilot in pilots))
    tasks = [_task_of_pilot(pilot, question, run, run.pairs * len(pilots)) for pilot in pilots]
    cautions += [ONE_ATTEMPT] if any(not pilot.measured for pilot in pilots) else []
    if len(pilots) > 1:
        total = _overall_plan(pilots, question, run)
        tasks += [total] if total is not None else []
        cautions += [] if total is not None else [NO_OVERALL]
    comparisons = run.pairs * (len(pilots) if len(tasks) == len(pilots) else 1)
    simulated = None if run.seed is None else _rehearsed(pilots, tasks, question, comparisons, run.seed)
    few = min(pilot.basis.n_clusters for pilot in pilots)
    limited = any(
        not math.isnan(forecast.low)
        for best in (task.best for task in tasks)
        for forecast in (best.items, best.effect, best.power)
    )
    cautions += [_small_pilot(few, pilots, limited=limited)] if few < FEW_UNITS else []
    notes = (*study.notes, *priced, *_typical([pilot for pilot in pilots if pilot.basis.pairs > 1]))
    notes += (
        (f"Each of the {len(pilots)} tasks at its share of the level (Bonferroni).",)
        if len(pilots) > 1
        else ()
    )
    return _answer(
        question,
        tasks,
        comparisons,
        simulated=simulated,
        notes=notes,
        cautions=(*study.cautions, *direction_cautions(study), *cautions),
    )


def _fitting(question: PlanQuestion, method: PlanMethod | None, *, bounded: bool) -> PlanQuestion:
    """Return what is asked with the test that `compare` makes of such scores: pseudo-items are for scores in
    [0, 1].
    """
    if bounded or not question.paired:
        return question
    if method == "score":
        raise OptionError("`method='score'` needs scores in [0, 1]", remedy="Leave it out.")
    return replace(question, method=method or "t")


def _typical(pilots: Sequence[Pilot]) -> tuple[str, ...]:
    """Tell which pair of models stands for all."""
    if not pilots:
        return ()
    if len(pilots) > 1:
        return ("Planned for the pair of each task whose difference varies as that of the median pair does.",)
    a, b = pilots[0].both.models
    return (_median_pair_note(a, b, pilots[0].basis.pairs),)


def _median_pair_note(a: str, b: str, n_pairs: int) -> str:
    return f"Planned for the median of {n_pairs:,} pairs by the variance of their difference: {a} − {b}."


def _task_of_pilot(pilot: Pilot, question: PlanQuestion, run: PlannedRun, comparisons: int) -> TaskPlan:
    matrix = pilot.both
    question = possible(question, percent=matrix.bounded, lower=matrix.lower_is_better)
    usual = float(max(round(pilot.basis.attempts), 1))
    spread = pilot.spread(run.clusters)
    counts = _counts(spread, [pilot], run, usual)
    return _task_plan(
        question,
        _known(spread, counts, pilot.errors(counts), question.level),
        run,
        comparisons,
        usual=usual,
        n_items=pilot.basis.n_items,
        basis=pilot.basis,
        percent=matrix.bounded,
        task=matrix.task,
        metric=matrix.metric,
        a=matrix.models[0],
        b=matrix.models[1],
    )


def _overall_plan(pilots: Sequence[Pilot], question: PlanQuestion, run: PlannedRun) -> TaskPlan | None:
    """Plan the mean over tasks, which keep their shares of the items; None where their scales differ."""
    matrices = [pilot.both for pilot in pilots]
    if len({(matrix.bounded, matrix.lower_is_better) for matrix in matrices}) > 1:
        return None
    shares = task_shares(matrices, "mean")
    question = replace(question, lower_is_better=matrices[0].lower_is_better)
    usual = float(max(round(min(pilot.basis.attempts for pilot in pilots)), 1))
    spread = joined(pilots, shares, run.clusters)
    counts = _counts(spread, pilots, run, usual)
    names = {matrix.models for matrix in matrices}
    a, b = matrices[0].models if len(names) == 1 else ("", "")
    return _task_plan(
        question,
        _known(spread, counts, joined_errors(pilots, shares, counts), question.level),
        run,
        run.pairs,
        usual=usual,
        n_items=sum(pilot.basis.n_items for pilot in pilots),
        basis=None,
        percent=matrices[0].bounded,
        metric="mean over tasks",
        a=a,
        b=b,
    )


def _task_plan(
    question: PlanQuestion,
    known: KnownSpread,
    run: PlannedRun,
    comparisons: int,
    *,
    usual: float = 1.0,
    n_items: float = math.nan,
    basis: Basis | None,
    percent: bool,
    task: str = "",
    metric: str = "",
    a: str = "",
    b: str = "",
) -> TaskPlan:
    """Plan with a spread; `usual` and `n_items`: attempts and questions of the pilot. Without a basis, as the
    mean over tasks, there is no curve.
    """
    lines, chosen = options_of(known, question, comparisons, run.attempts, run.costs, usual=usual)
    best = lines[chosen]
    names: dict[str, Any] = {"task": task, "metric": metric, "a": a, "b": b}
    return TaskPlan(
        **names,
        basis=basis,
        options=lines,
        chosen=chosen,
        curve=() if basis is None else curve_of(known, question, comparisons, lines, chosen),
        equal=equal_systems(question, known, best, usual=n_items, percent=percent, **names),
        looks=looks_of(known, question, comparisons, best, percent=percent),
        percent=percent,
    )


def _counts(spread: Planned, pilots: Sequence[Pilot], run: PlannedRun, usual: float) -> list[float]:
    """Return every number of attempts that can come up; one where nothing is known of more."""
    if not all(pilot.measured for pilot in pilots):
        return [1.0]
    priced = run.costs.candidates(spread) if run.costs is not None else []
    return [*ATTEMPTS, usual, *priced, *([float(run.attempts)] if run.attempts else [])]


def _known(
    spread: Planned, counts: Sequence[float], errors: Sequence[tuple[float, float, int]], level: float
) -> KnownSpread:
    """Put the spread and its limits together."""
    limits = {k: limits_of(error, level) for k, error in zip(counts, errors, strict=True)}
    doubts = {k: doubt_of(error) for k, error in zip(counts, errors, strict=True)}
    return KnownSpread(spread=spread, only_once=len(counts) == 1, limits=limits, doubts=doubts)


def _rehearsed(
    pilots: Sequence[Pilot], tasks: Sequence[TaskPlan], question: PlanQuestion, comparisons: int, seed: int
) -> Simulated:
    if len(pilots) > 1 or not question.paired:
        raise OptionError("simulate is for one task and paired models", remedy="Choose one with `task`.")
    if question.looks is not None:
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
        question.corrected(comparisons),
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
