"""Rows of one model that answer the same question: a column numbers them as attempts (sample_idx, rollout, 0
… K−1), or one that tells them apart (judge, prompt, temperature) says that they are no attempts.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import AttemptColumnError, DataError
from howsure.table.engines import to_polars
from howsure.table.grouping import keys_of
from howsure.table.names import means_factor, means_setting, plain_name, word_list
from howsure.table.schema import ALIASES, COLUMNS, CONSTANTS, FINGERPRINTS, STOP, find_roles, used_columns
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping

MAX_VALUES = 1_000
FREE_TEXTS = frozenset(
    word_list(
        """
        answer completion response output reply generation generated_text model_answer model_output
        prediction predicted extracted_answer text code patch solution reasoning explanation rationale
        comment comments feedback note notes error error_message traceback log trace transcript messages
        """
    )
)
"""Names of columns that hold what was written in an attempt."""
LONG = 60
"""A text of more characters was written, and is no name."""
RATER = re.compile(
    r"(.*_)?(judge|rater|annotator|grader|assessor|reviewer|labell?er|evaluator|expert|worker)"
    r"(_?(id|name|model|no|number))?"
)
"""Names of columns that say who judged an answer."""


def refuse_mixtures(
    doubtful: pl.DataFrame, same: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise DataError where a column tells apart the rows of one item; `same` are those of the first of the
    doubtful ones.
    """
    sample = to_polars(same if isinstance(same.to_native(), pl.LazyFrame) else same.head(MAX_VALUES)).head(
        MAX_VALUES
    )
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


NAMED = frozenset(
    word_list(
        """
        sample sample_idx sample_id sample_index rollout rollout_id repetition rep iteration try run_id
        run_number attempt_id trial_id completion_id generation
        """
    )
)
"""Names of columns that number attempts beside another column that is the question."""
OTHERS = frozenset(
    ["turn", "step", "position", "rank", "choice", "option", "segment", "level", "fold", "shot"]
)
"""Words in the names of whole numbers that are about something else."""
LEAST = 2
"""Of one question nothing tells whether values repeat."""
MOST = 20
"""So many columns are asked."""


def refuse_numbered(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise AttemptColumnError where a column numbers the rows of single questions, so that they are read as
    attempts.
    """
    column = numbering_column(frame, roles) or _sample_of_another(frame, roles)
    if column:
        raise AttemptColumnError(
            f"column {column!r} numbers attempts",
            column=column,
            remedy=f"`columns={{'attempt': {column!r}}}`.",
        )


def numbering_column(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> str:
    """Return the column that numbers the rows of every question and model; "" where none does.

    One by its name, if its values are few within a model and no question has one twice; else whole numbers
    that are 0 … K−1 or 1 … K in each.
    """
    used = used_columns(roles) | {*COLUMNS, *FINGERPRINTS, STOP}
    schema = frame.collect_schema()
    called = (means_factor, means_setting, is_rater)
    free = [name for name in schema.names() if name not in used and not any(means(name) for means in called)]
    named = [name for name in free if plain_name(name) in NAMED and _may_number(name, schema[name])]
    whole = [
        name for name in free if name not in named and schema[name].is_integer() and not _means_else(name)
    ]
    tried = [*named, *whole][:MOST]
    if not tried:
        return ""
    keys = keys_of(roles)
    numbers = [name for name in tried if schema[name].is_integer()]
    found = to_polars(
        frame.group_by(*keys).agg(
            nw.len().alias("rows"),
            *(nw.col(name).n_unique().alias(f"{name} n") for name in tried),
            *(nw.col(name).min().alias(f"{name} low") for name in numbers),
            *(nw.col(name).max().alias(f"{name} high") for name in numbers),
        )
    )
    if len(found) < LEAST:
        return ""
    once = [
        name for name in tried if bool(found.select((pl.col(f"{name} n") == pl.col("rows")).all()).item())
    ]
    for name in once:
        if name in named and _is_few(frame, name, found):
            return name
        if name in whole and _counts_up(found, name) and not _is_called(frame, name, free):
            return name
    return ""


def _sample_of_another(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> str:
    """Return sample_id where it was taken for the question, and numbers the attempts at what another column
    says is the question; else "".
    """
    (*_, item) = roles["item"]
    if len(roles["item"]) > 1 or plain_name(item) != "sample_id":
        return ""
    names = [name for name in frame.collect_schema().names() if name not in COLUMNS]
    (other,) = find_roles(names, {"attempt": (item,)}).get("item", ("",))
    if not other:
        return ""
    keys = [key for key in keys_of(roles) if key != "item"]
    found = to_polars(
        frame.group_by(*keys, other).agg(nw.len().alias("rows"), nw.col("item").n_unique().alias("n"))
    )
    once = bool(found.select((pl.col("n") == pl.col("rows")).all()).item())
    return item if once and len(found) >= LEAST and _is_few(frame, "item", found) else ""


def _may_number(name: str, kind: nw.dtypes.DType) -> bool:
    """Say whether a column called so could number attempts: `generation` holds texts or flags as well."""
    return kind.is_integer() or (kind == nw.String and plain_name(name) != "generation")


def _means_else(name: str) -> bool:
    return bool(OTHERS & set(re.findall(r"[a-z]+", plain_name(name))))


def _is_few(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], name: str, found: pl.DataFrame) -> bool:
    """Say whether values repeat over questions: within a model there are hardly more than a question has
    rows.
    """
    counts = to_polars(frame.group_by("model").agg(nw.col(name).n_unique().alias("n")))
    return bool(counts["n"].to_numpy().max() <= 2 * found["rows"].to_numpy().max())


def _is_called(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], name: str, free: list[str]) -> bool:
    """Say whether numbers have names in another column, one each, as `aspect_id` has in `aspect`: they number
    no attempts then.
    """
    schema = frame.collect_schema()
    texts = [each for each in free if each != name and schema[each] in (nw.String, nw.Categorical)][:MOST]
    if not texts:
        return False
    pairs = [frame.select(name, text).unique().select(nw.len().alias(text)) for text in texts]
    numbers, *counts = (
        int(to_polars(each).item()) for each in (frame.select(nw.col(name).n_unique()), *pairs)
    )
    names = to_polars(frame.select(*(nw.col(text).n_unique() for text in texts))).row(0)
    return any(count == numbers == called for count, called in zip(counts, names, strict=True))


def _counts_up(found: pl.DataFrame, name: str) -> bool:
    """Say whether the numbers of every question and model are 0 … K−1, or 1 … K."""
    low, high = pl.col(f"{name} low"), pl.col(f"{name} high")
    least = found[f"{name} low"].unique().to_list()
    return least in ([0], [1]) and bool(found.select((high - low + 1 == pl.col("rows")).all()).item())
