"""Rows that should be one: a column that tells them apart (judge, prompt, temperature) says that they are no attempts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import DataError
from howsure.table.collecting import to_polars
from howsure.table.factor_names import means_factor
from howsure.table.schema import COLUMNS, CONSTANTS, FINGERPRINTS, STOP, plain_name, used_columns
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import narwhals as nw

MAX_VALUES = 1_000
RATER = re.compile(
    r"(.*_)?(judge|rater|annotator|grader|assessor|reviewer|labell?er|evaluator|expert|worker)(_?(id|name|model|no|number))?"
)
"""Names of columns that say who judged an answer."""


def refuse_mixtures(
    doubtful: pl.DataFrame, same: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise DataError where a column tells apart the rows of one item; `same` are those of the first of the doubtful ones."""
    sample = _first(same)
    used = used_columns(roles) | {*COLUMNS, *FINGERPRINTS, STOP}
    varying = {
        name: sample[name].n_unique() for name in sample.columns if name not in used and _may_tell(name, sample[name])
    }
    varying = {name: count for name, count in varying.items() if count > 1}
    column = max(varying, key=lambda name: (_is_rater(name), varying[name]), default=None)
    if column is None:
        return
    row = doubtful.row(0, named=True)
    raise DataError(
        f"several rows for one item of one model ({plural(len(doubtful), 'such item')}, first item {row['item']!r} of "
        f"{row['model']!r}: {row['rows']} rows), and column {column!r} tells the rows apart",
        where=task_of(row),
        remedy=_raters(column, roles) if _is_rater(column) else _parts(column, roles),
    )


def _first(same: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> pl.DataFrame:
    """Return the first rows; a scan is read to its end, since one that is left early could outlive the program."""
    return to_polars(same if isinstance(same.to_native(), pl.LazyFrame) else same.head(MAX_VALUES)).head(MAX_VALUES)


def task_of(row: Mapping[str, Any]) -> str:
    """Return the task that a row is of."""
    return str(row.get("task", CONSTANTS["task"]))


def _may_tell(name: str, values: pl.Series) -> bool:
    """Say whether a column could tell rows apart: texts and yes/no, and numbers that stand for raters."""
    return values.dtype in (pl.String, pl.Categorical, pl.Boolean) or (_is_rater(name) and values.dtype.is_integer())


def _is_rater(name: str) -> bool:
    return RATER.fullmatch(plain_name(name)) is not None


def _parts(column: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    model = "+".join(roles["model"])
    if means_factor(column):
        return (
            f"If all questions share {column!r}, take its values for a sample (`random_factor={column!r}`); else make it part of a name "
            f"(`columns={{'model': ['{model}', '{column}']}}`), keep one value (`where={{{column!r}: '…'}}`), or say that its values are attempts "
            f"(`columns={{'attempt': {column!r}}}`)."
        )
    return (
        f"Make it part of a name (`columns={{'model': ['{model}', '{column}']}}`), keep one value "
        f"(`where={{{column!r}: '…'}}`), or call it the attempt (`columns={{'attempt': {column!r}}}`)."
    )


def _raters(column: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    metric = roles.get("metric", ())
    each = repr([*metric, column]) if metric else repr(column)
    return (
        f"Give each a metric of its own (`columns={{'metric': {each}}}`), keep one (`where={{{column!r}: '…'}}`), take them for a sample "
        f"(`random_factor={column!r}`), or score an item by the mean of its ratings (`columns={{'attempt': {column!r}}}`; attempts are then ratings)."
    )
