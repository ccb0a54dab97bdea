"""howsure convert: write any log as one tidy table."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click
import polars as pl

from howsure.commands.base import read
from howsure.commands.options import READING, GroupedCommand, paths, takes
from howsure.commands.streams import tell
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from howsure.table.scores import Scores, TaskFacts


def unwritten(scores: Scores) -> list[str]:
    """Return what a log's table can't store, and the flags that restore it."""
    if not scores.facts:
        return []
    rows = scores.to_frame()
    # Count the attempts without a score of each task and metric.
    counted = rows.group_by(pl.col("task", "metric").cast(pl.String), maintain_order=True).agg(
        pl.col("score").null_count()
    )
    failed: dict[str, dict[str, int]] = {}
    for task, metric, count in counted.iter_rows():
        failed.setdefault(task, {})[metric] = count
    facts = [fact for fact in scores.facts if fact.task in failed]
    tasks = rows["task"].n_unique()
    first = {
        fact.task: fact.headline
        for fact in facts
        if fact.headline in failed[fact.task] and len(failed[fact.task]) > 1
    }
    return [
        *_zeros([fact.task for fact in facts if _counts_as_zero(fact, failed[fact.task])], tasks),
        *_firsts({task: metric for task, metric in first.items() if metric}, tasks),
        *_lower([fact.task for fact in facts if _is_lower(fact, failed[fact.task])], tasks),
        *_never_run(scores),
    ]


def _used(fact: TaskFacts, metrics: Collection[str]) -> Collection[str]:
    """Return the metrics of a task that verbs use: the harness's headline, else all."""
    return [fact.headline] if fact.headline is not None and fact.headline in metrics else metrics


def _is_lower(fact: TaskFacts, metrics: Collection[str]) -> bool:
    return any(metric in fact.lower_is_better for metric in _used(fact, metrics))


def _counts_as_zero(fact: TaskFacts, failed: Mapping[str, int]) -> bool:
    """Return whether recorded failed attempts count as 0 in the log. Never if 0 is the best score."""
    some = any(failed[metric] for metric in _used(fact, failed))
    return fact.failures == "zero" and some and not _is_lower(fact, failed)


def _zeros(those: Sequence[str], tasks: int) -> list[str]:
    said = "that failed attempts count as 0, as they do in the logs"
    return [_sentence(said, "--failures zero", 'failures = "zero"', those, tasks)] if those else []


def _firsts(first: Mapping[str, str], tasks: int) -> list[str]:
    """Return which metric the logs list first, one sentence per metric."""
    by_metric: dict[str, list[str]] = {}
    for task, metric in first.items():
        by_metric.setdefault(metric, []).append(task)
    said = "which metric comes first, as {} does in the logs"
    return [
        _sentence(said.format(metric), f"--metric {metric}", f"metric = {json.dumps(metric)}", those, tasks)
        for metric, those in by_metric.items()
    ]


def _lower(those: Sequence[str], tasks: int) -> list[str]:
    said = "that smaller scores are better, as the logs do"
    return [_sentence(said, "--lower-is-better", "lower-is-better = true", those, tasks)] if those else []


def _sentence(said: str, flag: str, line: str, those: Sequence[str], tasks: int) -> str:
    """Return what is lost and how to restore it: a flag if this applies to every task, otherwise a line per
    task for the configuration.
    """
    if len(those) == tasks:
        return f"The table doesn't store {said}: use {flag} with it."
    named = listing([f"[tasks.{json.dumps(task)}]" for task in those])
    return f"The table doesn't store {said}: write {line} below {named} in howsure.toml."


def _never_run(scores: Scores) -> list[str]:
    """Count results that runs should have had and that are missing. They have no rows."""
    from howsure.study.design import Design
    from howsure.study.failures import counts_as_failed

    count = sum(lack.count for lack in scores.missing if counts_as_failed(lack, scores, Design()))
    return (
        [f"The table lacks {plural(count, 'attempt')} that the logs planned but don't contain."]
        if count
        else []
    )


@click.command(cls=GroupedCommand)
@paths
@takes("convert", *READING)
@click.option(
    "--output", "-o", required=True, metavar="FILE", help="A .parquet, .csv, .jsonl or .arrow file."
)
def convert(paths: tuple[str, ...], output: str, **given: Any) -> None:
    """Convert any log into one tidy table, percent as fractions.

    A table doesn't store three settings of its tasks: the rule for failed attempts, the first metric, and the
    direction. If that changes an answer, the output lists the flags that restore them.
    """
    from howsure.present.files import refuse_overwriting, write_table
    from howsure.study.rescaled import copied

    refuse_overwriting(output, paths)
    scores, notes = copied(read(paths, given))
    rows = write_table(scores, output)
    for line in (f"{rows:,} rows written to {output}.", *notes, *unwritten(scores)):
        tell(line)
