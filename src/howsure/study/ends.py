"""How attempts ended: where a limit or an error ended clearly more of one model's attempts than of another's,
their difference is about that too.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.wording import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.table.scores import RunEntry

    Parts = Mapping[tuple[str, str], pl.DataFrame]
    Count = tuple[int, int]
    """How many attempts ended in a way, of how many."""

ERROR = "error"
LEAST = 0.05
"""Shares that lie nearer to each other are not worth a caution."""
Z = 2.576
"""Nor are those that differ by fewer standard errors: 1 in 100 times by chance."""


def ends_cautions(runs: Sequence[RunEntry], parts: Parts, models: Sequence[str]) -> list[Caution]:
    """Warn where two models clearly differ in the share of attempts that a limit or an error ended, over the
    tasks of both.

    Limits are what the logs' summaries state; how often a model was cut off by its own (`max_tokens`) only
    whole samples say.
    """
    if len(models) != 2:
        return []
    sizes = [_items(parts, model) for model in models]
    if not all(sizes):
        return []
    every = {
        **_limits(runs, {task for task, _ in parts}, models),
        ERROR: [_errors(parts, model) for model in models],
    }
    return [_caution(what, counts, models) for what, counts in every.items() if _differ(counts, sizes)]


def _items(parts: Parts, model: str) -> int:
    """Count the items of a model, which are independent where attempts at one aren't."""
    return sum(part["item"].n_unique() for part in _first(parts, model))


def _errors(parts: Parts, model: str) -> Count:
    found = list(_first(parts, model))
    return sum(int(part["n_error"].sum()) for part in found), sum(int(part["rows"].sum()) for part in found)


def _first(parts: Parts, model: str) -> Iterator[pl.DataFrame]:
    """Yield a model's rows on each task that has rows of all, by one metric."""
    seen: set[str] = set()
    for (task, _), part in parts.items():
        if task not in seen and part["model"].n_unique() > 1:
            seen.add(task)
            yield part.filter(pl.col("model").cast(pl.String) == model)


def _limits(runs: Iterable[RunEntry], tasks: set[str], models: Sequence[str]) -> dict[str, list[Count]]:
    """Count by the name of each limit how many attempts it ended; nothing where the logs of one model don't
    say.
    """
    attempts, ends = Counter[str](), {model: Counter[str]() for model in models}
    for entry in runs:
        if entry.model in ends and entry.task in tasks:
            attempts[entry.model] += entry.run.attempts
            ends[entry.model].update(entry.run.ends)
    if not all(attempts[model] for model in models):
        return {}
    names = sorted({name for count in ends.values() for name in count})
    return {name: [(ends[model][name], attempts[model]) for model in models] for name in names}


def _differ(counts: Sequence[Count], sizes: Sequence[int]) -> bool:
    """Say whether two shares clearly differ, as those of so many independent questions."""
    one, other = (count / total if total else 0.0 for count, total in counts)
    share = (one * sizes[0] + other * sizes[1]) / sum(sizes)
    spread = math.sqrt(share * (1 - share) * sum(1 / size for size in sizes))
    return abs(one - other) >= LEAST and abs(one - other) > Z * spread


def _caution(what: str, counts: Sequence[Count], models: Sequence[str]) -> Caution:
    shares = [Scale(percent=True).score(count / total) for count, total in counts]
    return Caution(
        code="ended_otherwise",
        message=(
            f"{what}: {shares[0]} of {models[0]}'s attempts against {shares[1]} of {models[1]}'s ended by it"
        ),
        remedy=(
            "Unless that is what you test, give both the same limits and run again; `flips` of compare "
            "and gate shows which questions changed."
        ),
    )
