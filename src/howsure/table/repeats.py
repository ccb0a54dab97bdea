"""Rows of one model for the same question: a column numbers them as attempts (sample_idx, rollout, 0 … K−1),
or another column distinguishes them (judge, prompt, temperature), so that they aren't attempts.
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
"""Names of columns with text written in an attempt."""
LONG = 60
"""Texts with more characters were written, and aren't names."""
RATER = re.compile(
    r"(.*_)?(judge|rater|annotator|grader|assessor|reviewer|labell?er|evaluator|expert|worker)"
    r"(_?(id|name|model|no|number))?"
)
"""Names of columns for the rater of an answer."""


def refuse_mixtures(
    doubtful: pl.DataFrame, same: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise DataError if a column distinguishes the rows of one item. `same` are those of the first of the
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
        f"{row['item']!r} of {row['model']!r}: {row['rows']} rows), and column {column!r} distinguishes "
        "the rows"
    )
    unasked = means_factor(column) and not roles.get("attempt")
    raise AttemptColumnError(what, column=column, asks=True, **about) if unasked else DataError(what, **about)


def task_of(row: Mapping[str, Any]) -> str:
    """Return the task of a row."""
    return str(row.get("task", CONSTANTS["task"]))


def _may_tell(name: str, values: pl.Series) -> bool:
    """Return whether a column could distinguish rows: texts and yes/no, and numbers of raters, prompts or
    settings.
    """
    texts = values.dtype in (pl.Categorical, pl.Boolean) or (
        values.dtype == pl.String and not _is_free_text(name, values)
    )
    return texts or means_setting(name) or (_is_named(name) and values.dtype.is_integer())


def _is_free_text(name: str, values: pl.Series) -> bool:
    """Return whether a column has written text, which differs between attempts and doesn't distinguish
    anything.
    """
    if _is_named(name):
        return False
    longest = values.str.len_chars().fill_null(0).to_numpy().max(initial=0)
    return plain_name(name) in FREE_TEXTS or bool(longest > LONG)


def _is_named(name: str) -> bool:
    """Return whether a column's name is one that distinguishes rows."""
    return is_rater(name) or means_factor(name) or means_setting(name)


def is_rater(name: str) -> bool:
    """Return whether a column's name is one for raters of answers."""
    return RATER.fullmatch(plain_name(name)) is not None


def _parts(column: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    """Return the possible roles of a column that distinguishes rows: part of a model or, if its name suggests
    shared values, first a sample or repeats.
    """
    named = repr({"model": [*roles["model"], column]})
    attempt = repr({"attempt": [*roles.get("attempt", ()), column] if "attempt" in roles else column})
    one = f"keep one value (`where={{{column!r}: '…'}}`)"
    if means_setting(column):
        return f"This is a setting of the model: make it part of its name (`columns={named}`), or {one}."
    if means_factor(column):
        return (
            "If all questions share its values and others could have been drawn, use "
            f"`random_factor={column!r}`. If they only number repeats, use `columns={attempt}`. Otherwise "
            f"make it part of a model's name (`columns={named}`), or {one}."
        )
    if plain_name(column) in ALIASES["model"]:
        item = repr({"item": [*roles["item"], column]})
        across = (
            f"To compare across it, make it part of the question (`columns={item}`, "
            f"`cluster={roles['item'][0]!r}`)"
        )
        return f"{across}. Otherwise make it part of a name (`columns={named}`), or {one}."
    task, metric = (
        repr({role: [*roles.get(role, ()), column] if role in roles else column})
        for role in ("task", "metric")
    )
    return (
        f"If its values are separate tasks or metrics, use `columns={task}` or `columns={metric}`. If all "
        f"questions share them and others could have been drawn, use `random_factor={column!r}`. If it is "
        f"part of a model's name, use `columns={named}`, or {one}."
    )


def _raters(column: str, roles: Mapping[str, tuple[str, ...]]) -> str:
    metric = roles.get("metric", ())
    each = repr([*metric, column]) if metric else repr(column)
    return (
        "If all questions have the same raters and others could have been chosen, use "
        f"`random_factor={column!r}`. If a question's ratings are repeats, use "
        f"`columns={{'attempt': {column!r}}}`. Otherwise give each its own metric "
        f"(`columns={{'metric': {each}}}`), or keep one (`where={{{column!r}: '…'}}`)."
    )


NAMED = frozenset(
    word_list(
        """
        sample sample_idx sample_id sample_index rollout rollout_id repetition rep iteration try run_id
        run_number attempt_id trial_id completion_id generation
        """
    )
)
"""Names of columns that number attempts if another column is the question."""
OTHERS = frozenset(
    ["turn", "step", "position", "rank", "choice", "option", "segment", "level", "fold", "shot"]
)
"""Words in the names of whole numbers with another meaning."""
LEAST = 2
"""With one question it is unknown whether values repeat."""
MOST = 20
"""The number of columns that are checked."""


def refuse_numbered(
    frame: nw.DataFrame[Any] | nw.LazyFrame[Any], roles: Mapping[str, tuple[str, ...]]
) -> None:
    """Raise AttemptColumnError if a column numbers the rows of single questions, so that they are read as
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
    """Return the column that numbers the rows of every question and model, "" if none does.

    One by its name, if its values are few within a model and no question has one twice. Otherwise whole
    numbers that are 0 … K−1 or 1 … K in each.
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
    """Return sample_id if it is used as the question but numbers the attempts at the question of another
    column, otherwise "".
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
    """Return whether a column with this name could number attempts: `generation` may have texts or flags as
    well.
    """
    return kind.is_integer() or (kind == nw.String and plain_name(name) != "generation")


def _means_else(name: str) -> bool:
    return bool(OTHERS & set(re.findall(r"[a-z]+", plain_name(name))))


def _is_few(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], name: str, found: pl.DataFrame) -> bool:
    """Return whether values repeat over questions: a model has hardly more distinct values than a question
    has rows.
    """
    counts = to_polars(frame.group_by("model").agg(nw.col(name).n_unique().alias("n")))
    return bool(counts["n"].to_numpy().max() <= 2 * found["rows"].to_numpy().max())


def _is_called(frame: nw.DataFrame[Any] | nw.LazyFrame[Any], name: str, free: list[str]) -> bool:
    """Return whether numbers have names in another column, one each, like `aspect_id` in `aspect`. Then they
    don't number attempts.
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
    """Return whether the numbers of every question and model are 0 … K−1, or 1 … K."""
    low, high = pl.col(f"{name} low"), pl.col(f"{name} high")
    least = found[f"{name} low"].unique().to_list()
    return least in ([0], [1]) and bool(found.select((high - low + 1 == pl.col("rows")).all()).item())
