"""Like with like: whether models that are put side by side were asked the same questions, with the same right answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.table.schema import FINGERPRINTS
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.options import Exam

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
    """Return the tasks of whose items two models share none, though items of both stand at the same positions of a data set."""
    if POSITION not in items.columns:
        return ()
    return tuple(
        dict.fromkeys(
            Difference(task=task, what="questions", words=REPLACED)
            for (task, _), part in parts.items()
            if _is_replaced(part, items.filter(pl.col("task").cast(pl.String) == task))
        )
    )


def _is_replaced(part: pl.DataFrame, items: pl.DataFrame) -> bool:
    sides = [side["item"].cast(pl.String) for side in part.partition_by("model")]
    if len(sides) != 2 or sides[0].is_in(sides[1].implode()).any():
        return False
    known = items.select(pl.col("item").cast(pl.String), POSITION)
    one, other = (known.filter(pl.col("item").is_in(side.implode()))[POSITION].drop_nulls() for side in sides)
    return bool(one.is_in(other.implode()).any())


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
