"""A policy as it is written: a TOML file, or the same as a dict. Whatever isn't understood is an error that
says where.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from howsure import checks
from howsure.answers.gate import Tier
from howsure.errors import OptionError
from howsure.inference.gating.policy import CostRule, Policy, PolicyRule

Read = Callable[[str, Any], Any]


def policy_of(given: Any) -> Policy:
    """Read a policy: the path of a TOML file, or a dict as such a file has it.

    >>> policy_of({"margin": "2pp", "tasks": {"safety*": {"tier": "critical"}}}).of_task("safety1").tier
    'critical'
    """
    if isinstance(given, Policy):
        return given
    if isinstance(given, Mapping):
        return _policy(given, "policy")
    return _policy(_loaded(Path(given)), str(given))


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
    said = _read(own, {**RULE, "level": checks.one_sided_level}, where, (*RULE, "level", *TABLES))
    if "weight" in said:
        raise OptionError(
            "a weight is one task's, slice's or cost's", where=where, remedy="Put it into its table."
        )
    whole = Policy(**said)
    tables = {key: _tables(table, key, where) for key in TABLES}
    return Policy(
        **said,
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
    found = table.get(key, {})
    if not isinstance(found, Mapping) or not all(isinstance(each, Mapping) for each in found.values()):
        raise OptionError(
            f"{key} is no table of tables", where=where, remedy=f'Write [{key}."NAME"] and what it says.'
        )
    if not all(isinstance(name, str) and name for name in found):
        raise OptionError(f"{key} has a name that is no text", where=where, remedy=f'Write [{key}."NAME"].')
    return found


def _rule(name: str, said: Mapping[str, Any], where: str) -> PolicyRule:
    return PolicyRule(name=name, **_read(said, RULE, where, tuple(RULE)))


def _cost(measure: str, said: Mapping[str, Any], where: str, whole: Policy) -> CostRule:
    found = _read(said, COST, where, tuple(COST))
    if "ratio_at_most" not in found:
        raise OptionError("nothing is asked of this cost", where=where, remedy="Write ratio_at_most = 1.1.")
    return CostRule(measure=measure, **{"tier": whole.tier, **found})


def _read(
    said: Mapping[str, Any], kinds: Mapping[str, Read], where: str, known: tuple[str, ...]
) -> dict[str, Any]:
    """Check every key and its value."""
    for key in said:
        if key not in kinds:
            near = get_close_matches(str(key), known, n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"There are {', '.join(known)}."
            raise OptionError(f"no key {key!r}", where=where, remedy=hint)
    try:
        return {key: kinds[key](key, value) for key, value in said.items()}
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
