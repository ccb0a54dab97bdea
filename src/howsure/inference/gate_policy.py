"""The policy of a suite: read from a TOML file or a dict, laid over a study, and the tier and weight that it
gives each check.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np

from howsure import checks
from howsure.answers.gate import Tier
from howsure.checks import Points
from howsure.errors import OptionError
from howsure.study.design import TaskRule

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.gate import Check
    from howsure.statistics.arrays import Floats
    from howsure.study.design import Design
    from howsure.study.study import Study

T = TypeVar("T")

PLACEHOLDER = 0.01
"""The margin of no task, where a policy has none above its tables and gives each its own."""
NO_MARGIN = "Give `margin` above the tables of the policy, or in its table."


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What one check has to show and what hangs on it; `weight`: its share of the level where fails are
    corrected.
    """

    tier: Tier
    margin: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRule:
    """What a table of a policy says; None where it says nothing. `name`: a pattern of tasks, or a column
    whose slices are meant.
    """

    name: str
    tier: Tier | None = None
    margin: float | None = None
    weight: float | None = None

    def matches(self, task: str) -> bool:
        """Say whether this is about a task: its name is the pattern, or fits it."""
        return task == self.name or fnmatchcase(task, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class CostRule:
    """How much more of a measure the candidate may take: at most so many times what the baseline takes."""

    measure: str
    ratio_at_most: float
    tier: Tier
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Tiers, margins and weights of a suite; `tier` and `margin` are those of tasks that no rule speaks
    of.
    """

    level: float = 0.95
    tier: Tier = "supporting"
    margin: float | None = None
    tasks: tuple[PolicyRule, ...] = ()
    slices: tuple[PolicyRule, ...] = ()
    costs: tuple[CostRule, ...] = ()

    def of_task(self, task: str) -> Standing:
        """Return what a task has to show: of each, what the first rule says that matches it and speaks of
        it.
        """
        margin = self._said(task, "margin", self.margin)
        if margin is None:
            raise OptionError(f"the policy gives no margin for {task}", remedy=NO_MARGIN)
        return Standing(
            tier=self._said(task, "tier", self.tier), margin=margin, weight=self._said(task, "weight", 1.0)
        )

    def of_slice(self, column: str, task: str) -> Standing:
        """Return what a slice has to show: no more hangs on it than advice where no more hangs on its
        task.
        """
        whole, rule = self.of_task(task), next(rule for rule in self.slices if rule.name == column)
        return Standing(
            tier="advisory" if whole.tier == "advisory" else rule.tier or whole.tier,
            margin=whole.margin if rule.margin is None else rule.margin,
            weight=rule.weight or 1.0,
        )

    def of_check(self, check: Check) -> Standing:
        """Return what a check has to show, and what hangs on it."""
        if check.criterion == "ratio_at_most":
            cost = next(cost for cost in self.costs if cost.measure == check.metric)
            return Standing(tier=cost.tier, margin=cost.ratio_at_most, weight=cost.weight)
        return self.of_slice(check.by, check.task) if check.by else self.of_task(check.task)

    def _said(self, task: str, name: str, shared: T) -> T:
        values = (getattr(rule, name) for rule in self.tasks if rule.matches(task))
        value: T = next((value for value in values if value is not None), shared)
        return value

    def rules(self, tasks: Iterable[str]) -> tuple[TaskRule, ...]:
        """Return the margins of these tasks as a design has them."""
        return tuple(TaskRule(pattern=_exactly(task), margin=self.of_task(task).margin) for task in tasks)

    def refuse_unfitting(self, study: Study) -> None:
        """Raise OptionError for a pattern that matches no task, and for points where scores aren't in [0,
        1].
        """
        tasks = every_task(study)
        for rule in self.tasks:
            if not any(rule.matches(task) for task in tasks):
                raise OptionError(
                    f"the policy's [tasks.{rule.name!r}] matches no task",
                    remedy=(
                        "The tasks are "
                        f"{', '.join(tasks[:MOST_NAMED])}{', …' if len(tasks) > MOST_NAMED else ''}."
                    ),
                )
        for key in study.parts:
            margins = [
                self.of_task(key[0]).margin,
                *(self.of_slice(rule.name, key[0]).margin for rule in self.slices),
            ]
            if any(isinstance(margin, Points) for margin in margins) and not study.matrix(key).bounded:
                raise OptionError(
                    f"the policy's margin for {key[0]} is in points, and its scores aren't in [0, 1]",
                    remedy="Write it in the scores' own units, or as a share: 1%rel.",
                )


def every_task(study: Study) -> Sequence[str]:
    """Return the tasks on which any side has a score."""
    return sorted({*study.tasks, *(task for held in study.held.values() for task in held)})


def _exactly(task: str) -> str:
    """Return the pattern that this task alone fits."""
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in task)


MOST_NAMED = 8


ORDER: tuple[Tier, ...] = get_args(Tier)


def tiered(policy: Policy, checks: Sequence[Check], pairs: Sequence[Comparison]) -> list[Check]:
    """Return the checks with their tiers, the critical ones first; `pairs`: the comparisons at the gate's
    two-sided level.
    """
    widths = {(pair.task, pair.metric): pair.difference.interval.half_width for pair in pairs}
    placed = [_placed(policy, check, widths) for check in checks]
    return sorted(placed, key=lambda check: ORDER.index(check.tier or "critical"))


def _placed(policy: Policy, check: Check, widths: dict[tuple[str, str], float]) -> Check:
    standing = policy.of_check(check)
    limit = float(standing.margin) if check.lacking else check.limit
    width = check.half_width if check.by else widths.get((check.task, check.metric), check.half_width)
    return replace(check, tier=standing.tier, half_width=width, limit=limit)


def weights(policy: Policy | None, checks: Sequence[Check]) -> Floats | None:
    """Return the weight of each check where fails are corrected; None where all weigh the same."""
    return None if policy is None else np.array([policy.of_check(check).weight for check in checks])


Read = Callable[[str, Any], Any]


def policy_of(source: Any) -> Policy:
    """Read a policy: the path of a TOML file, or a dict as such a file has it.

    >>> policy_of({"margin": "2pp", "tasks": {"safety*": {"tier": "critical"}}}).of_task("safety1").tier
    'critical'
    """
    if isinstance(source, Policy):
        return source
    if isinstance(source, Mapping):
        return _policy(source, "policy")
    return _policy(_loaded(Path(source)), str(source))


def _loaded(path: Path) -> Mapping[str, Any]:
    import tomllib

    try:
        return tomllib.loads(path.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"no TOML ({error})", where=str(path), remedy="Mend it.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no path"
        raise OptionError(
            f"no policy {str(path)!r} ({why})", remedy="Name a TOML file; see docs/policy.md."
        ) from None


def _policy(table: Mapping[str, Any], where: str) -> Policy:
    own = {key: value for key, value in table.items() if key not in TABLES}
    own_values = _read(own, {**RULE, "level": checks.one_sided_level}, where, (*RULE, "level", *TABLES))
    if "weight" in own_values:
        raise OptionError(
            "a weight is one task's, slice's or cost's", where=where, remedy="Put it into its table."
        )
    whole = Policy(**own_values)
    tables = {key: _tables(table, key, where) for key in TABLES}
    return Policy(
        **own_values,
        tasks=tuple(
            _rule(name, rule, f"{where}: [tasks.{name!r}]") for name, rule in tables["tasks"].items()
        ),
        slices=tuple(
            _rule(name, rule, f"{where}: [slices.{name!r}]") for name, rule in tables["slices"].items()
        ),
        costs=tuple(
            _cost(name, cost, f"{where}: [costs.{name!r}]", whole) for name, cost in tables["costs"].items()
        ),
    )


def _tables(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    """Return the tables of one kind, by what each is about."""
    tables = table.get(key, {})
    if not isinstance(tables, Mapping) or not all(isinstance(one, Mapping) for one in tables.values()):
        raise OptionError(
            f"{key} is no table of tables", where=where, remedy=f'Write [{key}."NAME"] and what it says.'
        )
    if not all(isinstance(name, str) and name for name in tables):
        raise OptionError(f"{key} has a name that is no text", where=where, remedy=f'Write [{key}."NAME"].')
    return tables


def _rule(name: str, table: Mapping[str, Any], where: str) -> PolicyRule:
    return PolicyRule(name=name, **_read(table, RULE, where, tuple(RULE)))


def _cost(measure: str, table: Mapping[str, Any], where: str, whole: Policy) -> CostRule:
    values = _read(table, COST, where, tuple(COST))
    if "ratio_at_most" not in values:
        raise OptionError("nothing is asked of this cost", where=where, remedy="Write ratio_at_most = 1.1.")
    return CostRule(measure=measure, **{"tier": whole.tier, **values})


def _read(
    table: Mapping[str, Any], kinds: Mapping[str, Read], where: str, names: tuple[str, ...]
) -> dict[str, Any]:
    """Check every key and its value."""
    for key in table:
        if key not in kinds:
            near = get_close_matches(str(key), names, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(names)}."
            raise OptionError(f"no key {key!r}", where=where, remedy=hint)
    try:
        return {key: kinds[key](key, value) for key, value in table.items()}
    except OptionError as error:
        raise OptionError(error.what, where=where, remedy=error.remedy) from None


def _margin(name: str, value: Any) -> float:
    """Return a margin: "2pp" and "2%" are points, "1%rel" a share, a number is in score units."""
    text = value.strip().lower() if isinstance(value, str) else ""
    unit = next((unit for unit in ("pp", "%") if text.endswith(unit)), "")
    if not unit:
        return checks.margin(name, text or value)
    try:
        size = float(text.removesuffix(unit)) / 100
    except ValueError:
        size = math.nan
    if not 0 < size < math.inf:
        raise OptionError(
            f"{checks.said(name, value)} is no size above 0", remedy="Write 1pp, 0.01 or 1%rel."
        )
    return checks.Points(size)


def _weight(name: str, value: Any) -> float:
    weight = checks.positive(name, value, remedy="Write 2 for twice the usual share of the level.")
    if not 1 / MOST_WEIGHT <= weight <= MOST_WEIGHT:
        raise OptionError(
            f"{checks.said(name, value)} leaves nothing of the level to others, or to itself",
            remedy=f"Write a weight from {1 / MOST_WEIGHT:g} to {MOST_WEIGHT:,}.",
        )
    return weight


MOST_WEIGHT = 10_000
TABLES = ("tasks", "slices", "costs")
RULE: Mapping[str, Read] = {"tier": partial(checks.word, alias=Tier), "margin": _margin, "weight": _weight}
COST: Mapping[str, Read] = {"tier": RULE["tier"], "weight": _weight, "ratio_at_most": checks.ratio}


USUAL_LEVEL = 0.95


def refuse_beside(policy: Policy, others: Mapping[str, object], *, level: float, design: Design) -> None:
    """Raise OptionError for an option that says what the policy says: a criterion, a level, measures."""
    name = next((name for name, value in others.items() if value not in (None, False)), None)
    if name is not None:
        raise OptionError(f"{name} and a policy both say what is asked", remedy=f"Leave `{name}` out.")
    if level not in (USUAL_LEVEL, policy.level):
        raise OptionError(
            f"`level={level!r}`, and the policy's is {policy.level!r}",
            remedy="Write the level into the policy.",
        )
    if design.measure:
        raise OptionError(
            "the policy says which costs count", remedy="Leave `measure` out, and write [costs.usd]."
        )


def with_policy_columns(policy: Policy, design: Design) -> Design:
    """Return a design with the columns that the policy's slices and costs need."""
    columns = (*(rule.name for rule in policy.slices), *design.by)
    return replace(
        design, by=tuple(dict.fromkeys(columns)), measure=tuple(cost.measure for cost in policy.costs)
    )


def with_policy_rules(policy: Policy, study: Study) -> Study:
    """Return a study with the policy's margins and slices alone. OptionError where they don't fit it."""
    policy.refuse_unfitting(study)
    rules = policy.rules(every_task(study))
    slices = tuple(rule.name for rule in policy.slices)
    return replace(study, design=replace(study.design, tasks=(*rules, *study.design.tasks), by=slices))
