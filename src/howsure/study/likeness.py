"""Like with like: whether models that are put side by side were asked the same questions, with the same right answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution
from howsure.table.schema import FINGERPRINTS
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from howsure.options import Exam

EXAM: dict[str, Exam] = dict(zip(FINGERPRINTS, ("questions", "targets"), strict=True))
"""What differs where the fingerprints of this column do."""
WORDS: dict[Exam, tuple[str, str]] = {
    "questions": ("is another question", "are other questions"),
    "targets": ("has another right answer", "have other right answers"),
}
"""How it is said of one item, and of more."""
REMEDY = "Run both on the same questions; `allow_differs` lets it be."


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """What is not alike: `count` of the `known` items of a task, whose `what` (questions, targets) differ under one id."""

    task: str
    what: Exam
    count: int
    known: int

    @property
    def words(self) -> str:
        """Say it in a few words."""
        one, more = WORDS[self.what]
        said = one if self.count == 1 else more
        return f"{self.count:,} of {plural(self.known, 'item')} {said} under the same id"


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
                yield Difference(task=task, what=what, count=count, known=known)


def cautions(found: Sequence[Difference]) -> list[Caution]:
    """Warn of what isn't alike."""
    return [
        Caution(code="not_like_with_like", message=f"{each.task}: not like with like: {each.words}", remedy=REMEDY)
        for each in found
    ]
