"""Scores as fractions, also in a copy of them: the information in their column's name is kept as the metric
if there is none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import AttemptColumnError
from howsure.study.design import Design
from howsure.study.gathering import as_attempts, parts_of
from howsure.study.models import choose
from howsure.study.units import scales_of
from howsure.table.aggregate import Wanted
from howsure.table.names import is_burden, name_words
from howsure.table.scale import PERCENT, PERCENT_NAMES, says_percent
from howsure.table.schema import CONSTANTS
from howsure.table.scores import with_rows
from howsure.wording import listing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from howsure.study.units import Scales
    from howsure.table.aggregate import Grouped
    from howsure.table.scale import ScaleBounds
    from howsure.table.scores import Scores

    Key = tuple[str, str]


def copied(scores: Scores) -> tuple[Scores, list[str]]:
    """Return scores for a table with the column score, and the changes for it, or the same scores without
    changes.

    Percentages become fractions. A column name that leaves the direction open, or that marks possible
    fractions as percentages, becomes the metric of scores that have none. A gate on the copy then gives the
    same result.
    """
    shares, notes = in_shares(scores)
    told = [f"{note.rstrip('.')}, written as fractions." for note in notes]
    metrics = _metrics(scores)
    if not metrics:
        return shares, told
    column, called = scores.score_column, listing(sorted(set(metrics.values())))
    rows = _called(shares.to_frame(), metrics)
    return with_rows(shares, rows), [
        *told,
        f"The name of the column {column} is kept as the metric {called}.",
    ]


def _metrics(scores: Scores) -> dict[Key, str]:
    """Return the metric of every task whose scores have none, and whose column's name leaves something
    open.
    """
    column = scores.score_column
    if not is_burden(column) and not says_percent(column):
        return {}
    scales, _ = scaled(scores)
    return {
        key: _metric(column, scale)
        for key, scale in scales.scales.items()
        if key[1] == CONSTANTS["metric"] and (is_burden(column) or scale.doubt)
    }


def _metric(column: str, scale: ScaleBounds) -> str:
    """Return the name of a column as a metric, without the word for percent if these are fractions from now
    on.
    """
    if scale.bounds != PERCENT or not says_percent(column):
        return column
    return "_".join(word for word in name_words(column) if word not in PERCENT_NAMES)


def _called(rows: pl.DataFrame, metrics: Mapping[Key, str]) -> pl.DataFrame:
    """Return rows with these metrics instead of none."""
    names = {task: metric for (task, _), metric in metrics.items()}
    named = pl.col("task").replace_strict(names, default=None, return_dtype=pl.String)
    without = pl.col("metric") == CONSTANTS["metric"]
    return rows.with_columns(metric=pl.when(without).then(named).fill_null(pl.col("metric")))


def scaled(scores: Scores) -> tuple[Scales, Grouped]:
    """Group all rows and decide on the scale of every task and metric, as every function does without given
    bounds.
    """
    try:
        _, found = choose(scores, Wanted(), ())
    except AttemptColumnError as error:
        return scaled(as_attempts(scores, error))
    return scales_of(parts_of(found.results), scores, Design(), scores.score_column), found


def in_shares(scores: Scores) -> tuple[Scores, list[str]]:
    """Return scores with percentages as fractions, and a note of what was scaled, or the same scores."""
    scales, _ = scaled(scores)
    notes = scales.notes(scales.scales)
    if not notes:
        return scores, []
    placed = with_rows(scores, scales.place_values(scores.to_frame()))
    return replace(placed, signed=frozenset({placed.score_name})), notes
