"""What several logs say of one task, joined."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.table.scores import TaskFacts


def joined_facts(stated: Iterable[TaskFacts]) -> tuple[TaskFacts, ...]:
    """Join what several logs say of one task; a headline counts only where all agree, in `finer` the first log.

    Of planned items and attempts the least counts; items are shuffled where every log says so. Of several orders in which items
    are started an item's last place counts.
    """
    facts: dict[str, TaskFacts] = {}
    for fact in stated:
        known = facts.setdefault(fact.task, fact)
        if known.headline != fact.headline:
            facts[fact.task] = replace(known, headline=None)
        lower = known.lower_is_better | fact.lower_is_better
        finer = {**fact.finer, **known.finer}
        plans = {name: min(getattr(known, name), getattr(fact, name)) for name in ("planned", "epochs")}
        shuffled = known.shuffled if known.shuffled == fact.shuffled else known.shuffled and fact.shuffled
        facts[fact.task] = replace(
            facts[fact.task],
            lower_is_better=lower,
            finer=finer,
            shuffled=shuffled,
            order=_joined_order(known.order, fact.order),
            **plans,
        )
    return tuple(facts.values())


def _joined_order(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    """Order items by the later of their places in both runs; an empty order sets no bounds."""
    if not one or not other or one == other:
        return one or other
    places = {name: place for place, name in enumerate(one)}
    for place, name in enumerate(other):
        places[name] = max(places.get(name, 0), place)
    return tuple(sorted(places, key=lambda name: places[name]))
