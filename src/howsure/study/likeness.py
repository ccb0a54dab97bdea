"""Like with like: whether models that are put side by side were asked the same questions, with the same right
answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.table.schema import FINGERPRINTS
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.options.words import Exam

EXAM: dict[str, Exam] = dict(zip(FINGERPRINTS, ("questions", "targets"), strict=True))
"""What differs where the fingerprints of this column do."""
WORDS: dict[Exam, tuple[str, str]] = {
    "questions": ("is another question", "are other questions"),
    "targets": ("has another right answer", "have other right answers"),
}
"""How it is said of one item, and of more."""
POSITION = "doc_id"
"""The column that says where in a data set an item stood, where the items are known by their content."""
REPLACED = "no item is shared, though both have items at the same positions: the data set differs"
REMEDY = "Run both as the same exam"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """In what the models of a task were not asked alike, said in a few words."""

    task: str
    what: Exam
    words: str


def differences(items: pl.DataFrame, tasks: Iterable[str]) -> tuple[Difference, ...]:
    """Return what differs, from the smallest and largest fingerprint of each item."""
    return tuple(_found(items, sorted(tasks)))


def _found(items: pl.DataFrame, tasks: Sequence[str]) -> Iterator[Difference]:
    for name, what in EXAM.items():
        if name not in items.columns or not items[name].count():
            continue
        other = pl.col(name) != pl.col(f"{name}_max")
        counts = items.group_by(pl.col("task").cast(pl.String)).agg(
            other.sum().alias("count"), pl.col(name).count().alias("known")
        )
        for task, count, known in counts.sort("task").iter_rows():
            if count and task in tasks:
                yield Difference(task=task, what=what, words=_words(what, count, known))


def _words(what: Exam, count: int, known: int) -> str:
    one, more = WORDS[what]
    return f"{count:,} of {plural(known, 'item')} {one if count == 1 else more} under the same id"


def replaced(items: pl.DataFrame, parts: Mapping[tuple[str, str], pl.DataFrame]) -> tuple[Difference, ...]:
    """Return the tasks in whose data set two models have other items at the same positions."""
    if POSITION not in items.columns:
        return ()
    found = (
        (task, _replaced(part, items.filter(pl.col("task").cast(pl.String) == task)))
        for (task, _), part in parts.items()
    )
    return tuple(
        dict.fromkeys(Difference(task=task, what="questions", words=words) for task, words in found if words)
    )


def _replaced(part: pl.DataFrame, items: pl.DataFrame) -> str:
    """Say at how many positions two models have items that the other lacks; "" where at none, or of more
    models.
    """
    sides = [side["item"].cast(pl.String) for side in part.partition_by("model")]
    if len(sides) != 2:
        return ""
    known = items.select(pl.col("item").cast(pl.String), POSITION).drop_nulls()
    one, other = (
        known.filter(pl.col("item").is_in(mine.implode()) & ~pl.col("item").is_in(others.implode()))[POSITION]
        for mine, others in (sides, sides[::-1])
    )
    count = int(one.is_in(other.implode()).sum())
    if not count or not sides[0].is_in(sides[1].implode()).any():
        return REPLACED if count else ""
    return (
        f"{plural(count, 'position')} of the data set "
        f"{'holds another item' if count == 1 else 'hold other items'}"
    )


def cautions(found: Sequence[Difference]) -> list[Caution]:
    """Warn of what isn't alike."""
    return [caution(each) for each in found]


def caution(found: Difference, *, allow: bool = False) -> Caution:
    """Warn of what isn't alike; `allow`: say how a gate lets it be."""
    return Caution(
        code="not_like_with_like",
        message=f"{found.task}: not like with like: {found.words}",
        remedy=f"{REMEDY}; `allow_differs={found.what!r}` lets it be." if allow else f"{REMEDY}.",
    )
