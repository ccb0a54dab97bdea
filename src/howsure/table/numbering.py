"""Columns that number the attempts at each question although they aren't called attempt: sample_idx, rollout,
or whole numbers 0 … K−1.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import narwhals as nw
import polars as pl

from howsure.errors import AttemptColumnError
from howsure.table.collecting import to_polars
from howsure.table.factor_names import means_factor, means_setting
from howsure.table.grouping import keys_of
from howsure.table.names import plain_name
from howsure.table.schema import COLUMNS, FINGERPRINTS, STOP, find_roles, used_columns
from howsure.table.telltale import is_rater

if TYPE_CHECKING:
    from collections.abc import Mapping

NAMED = frozenset(
    [
        "sample",
        "sample_idx",
        "sample_id",
        "sample_index",
        "rollout",
        "rollout_id",
        "repetition",
        "rep",
        "iteration",
        "try",
        "run_id",
        "run_number",
        "attempt_id",
        "trial_id",
        "completion_id",
        "generation",
    ]
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
