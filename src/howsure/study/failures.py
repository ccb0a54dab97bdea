"""Attempts without a score: what they count as, and how that is said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import DataError
from howsure.wording import count_text, have, plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.study.design import Design
    from howsure.table.scores import TaskFacts

    Parts = Mapping[tuple[str, str], pl.DataFrame]

REMEDY = "Use `failures='drop'` or 'zero', or run them again."


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePolicy:
    """What the failed attempts of every task count as: `chosen` for all, else what the design or the harness
    says.
    """

    design: Design
    facts: tuple[TaskFacts, ...]
    chosen: str | None = None

    def of(self, task: str, *, lower_is_better: bool) -> str:
        """Return "drop", "zero" or "error" for a task. A 0 that would be the best score is never the
        harness's word.
        """
        said = self.chosen or self.design.failures_of(task)
        if said != "harness":
            return said
        fact = self.fact(task)
        return "drop" if fact is None or lower_is_better else fact.failures

    def fact(self, task: str) -> TaskFacts | None:
        """Return what the harness says of a task."""
        return next((fact for fact in self.facts if fact.task == task), None)

    def words(self, task: str, policy: str) -> str:
        """Say what is done with the failed attempts of a task."""
        said = self.design.failures_of(task)
        if said != "harness":
            return {"drop": "left out (`failures='drop'`)", "zero": "counted as 0 (`failures='zero'`)"}.get(
                said, "refused"
            )
        fact = self.fact(task)
        usual = {"drop": "left out", "zero": "counted as 0"}[policy]
        return fact.failures_words.rstrip(".") if fact is not None and fact.failures_words else usual


def decided(part: pl.DataFrame, policy: str) -> pl.DataFrame:
    """Return one row per model and item with the attempts that count under a policy: `n`, `mean`, `variance`,
    `low`, `high`.

    Raises DataError for the policy "error" where an attempt has no score.
    """
    failed = pl.col("rows") - pl.col("n")
    if policy == "error":
        _refuse(part.filter(failed > 0))
    if policy != "zero":
        return part.filter(pl.col("n") > 0) if bool((part["n"] == 0).any()) else part
    share = pl.col("n") / pl.col("rows")
    mean, square = pl.col("mean").fill_null(0), (pl.col("variance") + pl.col("mean") ** 2).fill_null(0)
    return part.with_columns(
        mean=mean * share,
        variance=(square * share - (mean * share) ** 2).clip(lower_bound=0),
        n=pl.col("rows"),
        low=pl.when(failed > 0).then(pl.min_horizontal("low", pl.lit(0.0))).otherwise("low"),
        high=pl.when(failed > 0).then(pl.max_horizontal("high", pl.lit(0.0))).otherwise("high"),
    )


def _refuse(bad: pl.DataFrame) -> None:
    if not len(bad):
        return
    row, count = bad.sort("model", "item").row(0, named=True), int((bad["rows"] - bad["n"]).sum())
    raise DataError(
        f"{plural(count, 'attempt')} without a score, first item {row['item']!r} of model {row['model']!r}",
        where=str(row["task"]),
        remedy=REMEDY,
    )


def failed(parts: Parts) -> int:
    """Count the attempts without a score."""
    return _total(parts, "rows") - _total(parts, "n")


def _total(parts: Parts, column: str) -> int:
    return sum(int(part[column].sum()) for part in parts.values())


def failures_note(parts: Parts, words: list[str]) -> str:
    """Say how many attempts have no score and what is done with them; "" where all have one."""
    count = failed(parts)
    if not count:
        return ""
    kinds = {"error": _total(parts, "n_error"), "not run": _total(parts, "n_not_run")}
    kinds["unscored"] = count - sum(kinds.values())
    what = ", ".join(f"{count_text(number)} {name}" for name, number in kinds.items() if number)
    total = count_text(_total(parts, "rows"))
    return (
        f"Failures: {count_text(count)} of {total} attempts {have(int(count))} no score ({what}); "
        f"{'; '.join(dict.fromkeys(words))}."
    )
