"""Rows that should be one: a column that tells them apart (judge, prompt, temperature) says that they are no
attempts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import AttemptColumnError, DataError
from howsure.table.collecting import to_polars
from howsure.table.factor_names import means_factor, means_setting
from howsure.table.names import plain_name
from howsure.table.schema import ALIASES, COLUMNS, CONSTANTS, FINGERPRINTS, STOP, used_columns
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

    import narwhals as nw

MAX_VALUES = 1_000
FREE_TEXTS = frozenset(
    [
        "answer",
        "completion",
        "response",
        "output",
        "reply",
        "generation",
        "generated_text",
        "model_answer",
        "model_output",
        "prediction",
        "predicted",
        "extracted_answer",
        "text",
        "code",
        "patch",
        "solution",
        "reasoning",
        "explanation",
        "rationale",
        "comment",
        "comments",
        "feedback",
        "note",
        "notes",
        "error",
        "error_message",
        "traceback",
        "log",
        "trace",
        "transcript",
        "messages",
    ]
)
"""Names of columns that hold what was written in an attempt."""
LONG = 60
"""A text of more characters was written, and is no name."""
RATER = re.compile(
    r"(.*_)?(judge|rater|annotator|grader|assessor|reviewer|labell?er|evaluator|expert|worker)(_?(id|name|model|no|number))?"
)
"""Names of columns that say who judged an answer."""


def refuse_mixtures(
    doubtful: pl.DataFrame, same: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise DataError where a column tells apart the rows of one item; `same` are those of the first of the
    doubtful ones.
    """
    sample = _first(same)
    used = used_columns(roles) | {*COLUMNS, *FINGERPRINTS, STOP}
    varying = {
        name: sample[name].n_unique()
        for name in sample.columns
        if name not in used and _may_tell(name, sample[name])
    }
    varying = {name: count for name, count in varying.items() if count > 1}
    column = max(varying, key=lambda name: (_is_named(name), varying[name]), default=None)
    if column is None:
        return
    row = doubtful.row(0, named=True)
    about = {
        "where": task_of(row),
        "remedy": _raters(column, roles) if is_rater(column) else _parts(column, roles),
    }
    what = (
        f"several rows for one item of one model ({plural(len(doubtful), 'such item')}, first item "
        f"{row['item']!r} of {row['model']!r}: {row['rows']} rows), and column {column!r} tells the rows "
        "apart"
    )
    unasked = means_factor(column) and not roles.get("attempt")
    raise AttemptColumnError(what, column=column, asks=True, **about) if unasked else DataError(what, **about)


def _first(same: nw.DataFrame[Any] | nw.LazyFrame[Any]) -> pl.DataFrame:
    """Return the first rows; a scan is read to its end, since one that is left early could outlive the
    program.
    """
    return to_polars(same if isinstance(same.to_native(), pl.LazyFrame) else same.head(MAX_VALUES)).head(
        MAX_VALUES
    )


def task_of(row: Mapping[str, Any]) -> str:
    """Return the task that a row is of."""
    return str(row.get("task", CONSTANTS["task"]))


def _may_tell(name: str, values: pl.Series) -> bool:
    """Say whether a column could tell rows apart: texts and yes/no, and numbers that stand for raters,
    prompts or settings.
    """
    texts = values.dtype in (pl.Categorical, pl.Boolean) or (
        values.dtype == pl.String and not _is_free_text(name, values)
    )
    return texts or means_setting(name) or (_is_named(name) and values.dtype.is_integer())


def _is_free_text(name: str, values: pl.Series) -> bool:
    """Say whether a column holds what somebody wrote, which differs from attempt to attempt and tells nothing
    apart.
    """
    if _is_named(name):
        return False
    longest = values.str.len_chars().fill_null(0).to_numpy().max(initial=0)
    return plain_name(name) in FREE_TEXTS or bool(longest > LONG)


def _is_named(name: str) -> bool:
    """Say whether a column is called as what tells rows apart."""
    return is_rater(name) or means_factor(name) or means_setting(name)


def is_rater(name: str) -> bool:
    """Say whether a column is called as those who judge answers are."""
    return RATER.fullmatch(plain_name(name)) is not None


def _parts(column: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    """Say what a column that tells rows apart can be: part of a model; if it is called as something shared, a
    sample or repeats first.
    """
    named = repr({"model": [*roles["model"], column]})
    attempt = repr({"attempt": [*roles.get("attempt", ()), column] if "attempt" in roles else column})
    one = f"keep one value (`where={{{column!r}: '…'}}`)"
    if means_setting(column):
        return f"It is a setting of the model: make it part of its name (`columns={named}`), or {one}."
    if means_factor(column):
        return (
            "If all questions share its values and others could have been drawn, they are a sample "
            f"(`random_factor={column!r}`); if they only number repeats, say so (`columns={attempt}`). "
            f"Else make it part of a model's name (`columns={named}`), or {one}."
        )
    if plain_name(column) in ALIASES["model"]:
        item = repr({"item": [*roles["item"], column]})
        across = (
            f"To compare across it, make it part of the question (`columns={item}`, "
            f"`cluster={roles['item'][0]!r}`)"
        )
        return f"{across}; else make it part of a name (`columns={named}`), or {one}."
    task, metric = (
        repr({role: [*roles.get(role, ()), column] if role in roles else column})
        for role in ("task", "metric")
    )
    return (
        f"If its values are tasks or metrics of their own, say so (`columns={task}`, `columns={metric}`); "
        "if all questions share them and others could have been drawn, they are a sample "
        f"(`random_factor={column!r}`); if it is part of a model's name, `columns={named}`; or {one}."
    )


def _raters(column: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    metric = roles.get("metric", ())
    each = repr([*metric, column]) if metric else repr(column)
    return (
        "If all questions have the same ones and others could have been asked, they are a sample "
        f"(`random_factor={column!r}`); if a question's ratings are repeats, say so (`columns={{'attempt': "
        f"{column!r}}}`). Else give each a metric of its own (`columns={{'metric': {each}}}`), or keep one "
        f"(`where={{{column!r}: '…'}}`)."
    )
