"""Attempts without a score, what they count as, and the note on that. Also planned attempts that weren't run,
in addition to failed ones.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import DataError
from howsure.wording import count_text, have, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.study.design import Design
    from howsure.table.scores import Missing, Scores

    Parts = Mapping[tuple[str, str], pl.DataFrame]
    from collections.abc import Mapping

    from howsure.table.scores import TaskFacts

UNNAMED = "(not run {})"
"""The name of a planned item that no log names."""


def counts_as_failed(lack: Missing, scores: Scores, design: Design) -> bool:
    """Return whether attempts that weren't run count like failed ones: always, except if only failures are 0
    by the harness's rule.
    """
    fact = scores.fact(lack.task)
    silent = fact is not None and fact.failures == "zero" and not fact.missing_fails
    return not silent or design.failures_of(lack.task) != "harness"


def completed(parts: Parts, missing: Iterable[Missing]) -> dict[tuple[str, str], pl.DataFrame]:
    """Add to each part the planned attempts of its models that weren't run: rows of the kind "not run",
    without a score.
    """
    by_task: dict[str, list[Missing]] = {}
    for lack in missing:
        by_task.setdefault(lack.task, []).append(lack)
    return {
        key: _completed(part, by_task[key[0]]) if key[0] in by_task else part for key, part in parts.items()
    }


def _completed(part: pl.DataFrame, lacking: Sequence[Missing]) -> pl.DataFrame:
    present = part.group_by(pl.col("model").cast(pl.String)).agg(pl.col("item").cast(pl.String))
    items = dict(present.iter_rows())
    every = dict.fromkeys(item for names in items.values() for item in names)
    more = [_rows(lack, every, set(items[lack.model])) for lack in lacking if lack.model in items]
    if not more:
        return part
    added = pl.concat(more).group_by("model", "item", maintain_order=True).agg(pl.col("not_run").sum())
    first = part.select("task", "metric").row(0)
    text = part.with_columns(pl.col("model", "item").cast(pl.String))
    joined = text.join(added, on=["model", "item"], how="full", coalesce=True, maintain_order="left_right")
    count = pl.col("not_run").fill_null(0)
    return joined.with_columns(
        *(
            pl.lit(value, dtype=pl.String).cast(part.schema[name]).alias(name)
            for name, value in zip(("task", "metric"), first, strict=True)
        ),
        n=pl.col("n").fill_null(0),
        n_error=pl.col("n_error").fill_null(0),
        rows=(pl.col("rows").fill_null(0) + count).cast(part.schema["rows"]),
        n_not_run=(pl.col("n_not_run").fill_null(0) + count).cast(part.schema["n_not_run"]),
    ).select(pl.col(name).cast(kind) for name, kind in part.schema.items())


def _rows(lack: Missing, every: Iterable[str], own: set[str]) -> pl.DataFrame:
    """Name the missing items: those of other models if the numbers match, else as unknown."""
    others = [item for item in every if item not in own and item not in lack.named]
    names = others if len(others) == lack.unnamed else [UNNAMED.format(k + 1) for k in range(lack.unnamed)]
    counts = {**lack.named, **dict.fromkeys(names, lack.attempts)}
    return pl.DataFrame(
        {"model": lack.model, "item": list(counts), "not_run": list(counts.values())},
        schema_overrides={"not_run": pl.Int64},
    )


REMEDY = "Use `failures='drop'` or 'zero', or run them again."


@dataclass(frozen=True, slots=True, kw_only=True)
class FailurePolicy:
    """What the failed attempts of every task count as: `chosen` for all, else the value of the design or the
    harness.
    """

    design: Design
    facts: tuple[TaskFacts, ...]
    chosen: str | None = None

    def of(self, task: str, *, lower_is_better: bool) -> str:
        """Return "drop", "zero" or "error" for a task. A 0 that would be the best score is never the
        harness's rule, and a metric that isn't a mean has no 0 for an attempt.
        """
        if self.design.of_metric is not None:
            return "drop"
        said = self.chosen or self.design.failures_of(task)
        if said != "harness":
            return said
        fact = self.fact(task)
        return "drop" if fact is None or lower_is_better else fact.failures

    def fact(self, task: str) -> TaskFacts | None:
        """Return the harness's rule for a task."""
        return next((fact for fact in self.facts if fact.task == task), None)

    def words(self, task: str, policy: str) -> str:
        """Describe the treatment of a task's failed attempts."""
        if self.design.of_metric is not None:
            return "left out"
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

    Raises DataError for the policy "error" if an attempt has no score.
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
    """Note how many attempts have no score and what they count as, or return "" if all have one."""
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
