"""The policy of a suite: read from a TOML file or a dict, applied to a study, with the tier and weight of
each check.
"""

from __future__ import annotations

import math
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import numpy as np

from howsure import checks
from howsure.answers.gate import Tier
from howsure.checks import Points
from howsure.errors import OptionError
from howsure.study.design import TaskRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.answers.compare import Comparison
    from howsure.answers.gate import Check
    from howsure.statistics.arrays import Floats
    from howsure.study.design import Design
    from howsure.study.study import Study

PLACEHOLDER = 0.01
"""A placeholder margin, if a policy has none above its tables and gives each its own."""
TABLES = ("tasks", "slices", "costs")


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyGate:
    """One gate of a policy: the criterion for a task, a slice or a cost, and its consequence.

    Attributes:
        tier: Its consequence.
        margin: How much worse the candidate may be. For a cost, the largest allowed ratio to the baseline's.
        weight: Its share of the level in the correction of fails.
    """

    tier: Tier
    margin: float
    weight: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTable:
    """A table of a policy.

    Attributes:
        kind: "tasks", "slices" or "costs".
        name: A pattern of tasks, a column of slices, or a measure.
        says: Its settings of a gate's tier, margin and weight.
    """

    kind: str
    name: str
    says: Mapping[str, Any]

    def matches(self, task: str) -> bool:
        """Return whether this is about a task: its name is, or matches, the pattern."""
        return task == self.name or fnmatchcase(task, self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The gates of a suite, from the tables of a file.

    Attributes:
        level: The level of all its gates.
        says: The settings above the tables, for gates without a table.
        tables: The tables.
    """

    level: float = 0.95
    says: Mapping[str, Any]
    tables: tuple[PolicyTable, ...] = ()

    def of_kind(self, kind: str) -> list[PolicyTable]:
        """Return the tables of one kind."""
        return [table for table in self.tables if table.kind == kind]

    def of_task(self, task: str) -> PolicyGate:
        """Return the gate of a task: for each key, the first matching table with a value."""
        matching = (table.says for table in self.of_kind("tasks") if table.matches(task))
        says = {"tier": "supporting", **ChainMap(*map(dict, matching), dict(self.says))}
        if "margin" not in says:
            raise OptionError(
                f"the policy gives no margin for {task}",
                remedy="Give `margin` above the tables of the policy, or in its table.",
            )
        return PolicyGate(**says)

    def of_slice(self, column: str, task: str) -> PolicyGate:
        """Return the gate of a slice, which is only advisory if its task is."""
        whole = self.of_task(task)
        (table,) = (table for table in self.of_kind("slices") if table.name == column)
        gate = PolicyGate(**{"tier": whole.tier, "margin": whole.margin, **table.says})
        return replace(gate, tier="advisory") if whole.tier == "advisory" else gate

    def costs(self) -> dict[str, PolicyGate]:
        """Return the gate of each measure."""
        tier = self.says.get("tier", "supporting")
        return {table.name: PolicyGate(**{"tier": tier, **table.says}) for table in self.of_kind("costs")}

    def of_check(self, check: Check) -> PolicyGate:
        """Return the gate that a check belongs to."""
        if check.criterion == "ratio_at_most":
            return self.costs()[check.metric]
        return self.of_slice(check.by, check.task) if check.by else self.of_task(check.task)


def every_task(study: Study) -> list[str]:
    """Return the tasks on which any model has a score."""
    return sorted({*study.tasks, *(task for held in study.held.values() for task in held)})


MOST_NAMED = 8


ORDER: tuple[Tier, ...] = get_args(Tier)


def tiered(policy: Policy, checks: Sequence[Check], pairs: Sequence[Comparison]) -> list[Check]:
    """Return the checks with their tiers, the critical ones first. `pairs`: the comparisons at the gate's
    two-sided level.
    """
    widths = {(pair.task, pair.metric): pair.difference.interval.half_width for pair in pairs}
    placed = []
    for check in checks:
        gate = policy.of_check(check)
        limit = float(gate.margin) if check.lacking else check.limit
        width = check.half_width if check.by else widths.get((check.task, check.metric), check.half_width)
        placed.append(replace(check, tier=gate.tier, half_width=width, limit=limit))
    return sorted(placed, key=lambda check: ORDER.index(check.tier or "critical"))


def weights(policy: Policy | None, checks: Sequence[Check]) -> Floats | None:
    """Return the weight of each check for the correction of fails, None if all are equal."""
    return None if policy is None else np.array([policy.of_check(check).weight for check in checks])


Read = Callable[[str, Any], Any]


def policy_of(source: Any) -> Policy:
    """Read a policy: the path of a TOML file, or a dict with the same content.

    >>> policy_of({"margin": "2pp", "tasks": {"safety*": {"tier": "critical"}}}).of_task("safety1").tier
    'critical'
    """
    if isinstance(source, Policy):
        return source
    if isinstance(source, Mapping):
        return _policy(source, "policy")
    import tomllib

    path = Path(source)
    try:
        table = tomllib.loads(path.read_bytes().decode("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise OptionError(f"no TOML ({error})", where=str(path), remedy="Mend it.") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "no path"
        raise OptionError(
            f"no policy {str(path)!r} ({why})", remedy="Name a TOML file; see docs/policy.md."
        ) from None
    return _policy(table, str(path))


def _policy(table: Mapping[str, Any], where: str) -> Policy:
    own = {key: value for key, value in table.items() if key not in TABLES}
    says = _read(own, {**GATE, "level": checks.one_sided_level}, where, (*GATE, "level", *TABLES))
    if "weight" in says:
        raise OptionError(
            "a weight is one task's, slice's or cost's", where=where, remedy="Put it into its table."
        )
    level = {"level": says.pop("level")} if "level" in says else {}
    tables = []
    for kind in TABLES:
        parts = table.get(kind, {})
        if not isinstance(parts, Mapping) or not all(isinstance(part, Mapping) for part in parts.values()):
            raise OptionError(
                f"{kind} isn't a table of tables", where=where, remedy=f'Write [{kind}."NAME"] and its keys.'
            )
        if not all(isinstance(name, str) and name for name in parts):
            raise OptionError(
                f"{kind} has a name that isn't text", where=where, remedy=f'Write [{kind}."NAME"].'
            )
        for name, part in parts.items():
            place = f"{where}: [{kind}.{name!r}]"
            keys = COST if kind == "costs" else GATE
            part_says = _read(part, keys, place, tuple(keys))
            if kind == "costs":
                if "ratio_at_most" not in part_says:
                    raise OptionError(
                        "this cost doesn't have a criterion", where=place, remedy="Write ratio_at_most = 1.1."
                    )
                part_says["margin"] = part_says.pop("ratio_at_most")
            tables.append(PolicyTable(kind=kind, name=name, says=part_says))
    return Policy(**level, says=says, tables=tuple(tables))


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
            f"{checks.said(name, value)} isn't a number above 0", remedy="Write 1pp, 0.01 or 1%rel."
        )
    return checks.Points(size)


def _weight(name: str, value: Any) -> float:
    weight = checks.positive(name, value, remedy="Write 2 for twice the usual share of the level.")
    if not 1 / MOST_WEIGHT <= weight <= MOST_WEIGHT:
        raise OptionError(
            f"{checks.said(name, value)} leaves almost no share of the level to others, or to itself",
            remedy=f"Write a weight from {1 / MOST_WEIGHT:g} to {MOST_WEIGHT:,}.",
        )
    return weight


MOST_WEIGHT = 10_000
GATE: Mapping[str, Read] = {"tier": partial(checks.word, alias=Tier), "margin": _margin, "weight": _weight}
COST: Mapping[str, Read] = {"tier": GATE["tier"], "weight": _weight, "ratio_at_most": checks.ratio}


USUAL_LEVEL = 0.95


def refuse_beside(policy: Policy, others: Mapping[str, object], *, level: float, design: Design) -> None:
    """Raise OptionError for an option that the policy defines: a criterion, a level, measures."""
    name = next((name for name, value in others.items() if value not in (None, False)), None)
    if name is not None:
        raise OptionError(f"{name} and a policy both define criteria", remedy=f"Leave `{name}` out.")
    if level not in (USUAL_LEVEL, policy.level):
        raise OptionError(
            f"`level={level!r}`, but the policy's is {policy.level!r}",
            remedy="Write the level into the policy.",
        )
    if design.usage:
        raise OptionError(
            "the policy defines which costs count", remedy="Leave `usage` out, and write [costs.usd]."
        )


def with_policy_columns(policy: Policy, design: Design) -> Design:
    """Return a design with the columns that the policy's slices and costs need."""
    columns = (*(table.name for table in policy.of_kind("slices")), *design.by)
    return replace(design, by=tuple(dict.fromkeys(columns)), usage=tuple(policy.costs()))


def refuse_unfitting(policy: Policy, study: Study) -> None:
    """Raise OptionError for a pattern that matches no task, and for points if scores aren't in [0, 1]."""
    tasks = every_task(study)
    for table in policy.of_kind("tasks"):
        if not any(table.matches(task) for task in tasks):
            more = ", …" if len(tasks) > MOST_NAMED else ""
            raise OptionError(
                f"the policy's [tasks.{table.name!r}] matches no task",
                remedy=f"The tasks are {', '.join(tasks[:MOST_NAMED])}{more}.",
            )
    for task, metric in study.parts:
        gates = [policy.of_task(task)]
        gates += [policy.of_slice(table.name, task) for table in policy.of_kind("slices")]
        in_points = any(isinstance(gate.margin, Points) for gate in gates)
        if in_points and not study.matrix((task, metric)).bounded:
            raise OptionError(
                f"the policy's margin for {task} is in points, and its scores aren't in [0, 1]",
                remedy="Write it in the scores' own units, or as a share: 1%rel.",
            )


def with_policy_rules(policy: Policy, study: Study) -> Study:
    """Return a study with the policy's margins and slices alone. OptionError if they don't fit it."""
    refuse_unfitting(policy, study)
    slices = tuple(table.name for table in policy.of_kind("slices"))
    rules = []
    for task in every_task(study):
        only_this = "".join(f"[{letter}]" if letter in "*?[" else letter for letter in task)
        rules.append(TaskRule(pattern=only_this, margin=policy.of_task(task).margin))
    return replace(study, design=replace(study.design, tasks=(*rules, *study.design.tasks), by=slices))
