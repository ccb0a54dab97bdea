"""What runs were to answer and didn't: attempts that weren't run, beside those that have failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from howsure.study.design import Design
    from howsure.table.scores import Missing, Scores

    Parts = Mapping[tuple[str, str], pl.DataFrame]

UNNAMED = "(not run {})"
"""What an item is called that was to be answered, and that no log names."""


def counts_as_failed(lack: Missing, scores: Scores, design: Design) -> bool:
    """Say whether what wasn't run counts like a failed attempt: always, but where only failures are 0 by the
    harness's rule.
    """
    fact = scores.fact(lack.task)
    silent = fact is not None and fact.failures == "zero" and not fact.missing_fails
    return not silent or design.failures_of(lack.task) != "harness"


def completed(parts: Parts, missing: Iterable[Missing]) -> dict[tuple[str, str], pl.DataFrame]:
    """Add to each part the attempts that its models were to make and didn't: rows of the kind "not run",
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
    """Name the missing items: those that others have where they are as many, else as nobody knows them."""
    others = [item for item in every if item not in own and item not in lack.named]
    names = others if len(others) == lack.unnamed else [UNNAMED.format(k + 1) for k in range(lack.unnamed)]
    counts = {**lack.named, **dict.fromkeys(names, lack.attempts)}
    return pl.DataFrame(
        {"model": lack.model, "item": list(counts), "not_run": list(counts.values())},
        schema_overrides={"not_run": pl.Int64},
    )
