"""Ratings from tables: one row a rating (item, rater, rating), or one row an item and a column for each
rater.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.annotations import one_question
from howsure.readers.columns import coded, copies_note, known_column, name_columns, require_roles, roles_of
from howsure.readers.mapping.proposing import NUMBERS
from howsure.table.cells import EXACT, MISSING, NONE, VAST, chosen_rows, numbers_among, shown, texts_of
from howsure.table.names import name_words, plain_name, word_list
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Measurement

ALIASES: Mapping[str, tuple[str, ...]] = {
    "item": word_list(
        """
        item item_id sample_id question_id task_id example_id instance_id unit id index subject question
        prompt
        """
    ),
    "rater": word_list(
        """
        rater rater_id annotator annotator_id judge judge_id coder voter worker_id user user_id scorer
        grader evaluator
        """
    ),
    "rating": ("rating", "grade", "score", "verdict", "annotation", "vote", "label", "value", "category"),
    "model": ("model", "model_name", "model_id", "system"),
    "attempt": ("attempt", "epoch", "repeat", "replicate", "run", "trial"),
}
"""Names under which the columns are recognised; the first one found counts."""
NO_RATER = frozenset(
    {"task", "cluster", "subset", "prompt", "question", "input", "text", "response", "output", "answer"}
    | {"date", "time", "timestamp", "created_at", "comment", "notes", "probability"}
)
"""Columns that are no rater's, where each rater has one."""
MOST_WORDS, MOST_VALUES = 20, 50
BLANK = MISSING - {NONE} | {"skip", "skipped"}
"""What is no rating whatever the ratings are."""
FEW_NUMBERS, HALF = 11, 0.5
BETWEEN = "\x00"
"""What stands between an item and the model that answered it."""
MADE = ("__item", "__attempt", "__cluster")
"""Columns that are made of others."""
NO_CLUSTERS = "none"
FEWEST = 2
"""Ratings of an item without which it says nothing about agreement, and raters."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingTable:
    """N ratings: places of `item`, `rater` and `value` (N,), of those in `raters` and `values`; `numbers`
    (q,): the values, or their places.

    `cluster` (items,): the code of each item's cluster, None where each stands alone. The ratings of an item
    by a rater stand in the order of attempts.
    """

    item: Ints
    rater: Ints
    value: Ints
    raters: tuple[str, ...]
    values: tuple[str, ...]
    numbers: Floats
    cluster: Ints | None
    measurement: Measurement
    notes: tuple[str, ...]


def id_columns(named: Mapping[str, Sequence[str]]) -> frozenset[str]:
    """Return the columns whose values are ids and names, also where they look like numbers."""
    return name_columns(ALIASES, named, ("item", "rater", "model"))


def read_ratings(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    cluster: str | None,
    measurement: Measurement | None,
    exclude: Sequence[str] = (),
) -> RatingTable:
    """Read ratings; `exclude`: columns that are no rater's. DataError where there are no two raters, or what
    was named isn't there.
    """
    frame = chosen_rows(frame, where).drop([known_column(name, frame) for name in exclude])
    one_question(frame)
    rows, notes = _rows(frame, columns, cluster)
    rows, blanks = _given(rows)
    lost = rows.filter(pl.any_horizontal(pl.col("item", "rater").is_null())).height
    rows = rows.drop_nulls(["item", "rater", "rating"]).sort("attempt", maintain_order=True)
    rows = rows.with_columns(_text(rows["rating"]))  # 1 of one rater and 1.0 of another are the same
    raters = rows["rater"].unique().sort().to_list()
    if len(raters) < FEWEST and not rows.select("item", "rater").is_duplicated().any():
        raise DataError(
            f"one rater alone, {raters[0]!r}, rated each item once" if raters else "no rating in this table",
            remedy=(
                "Agreement needs two raters, or one that rated twice; name columns with `columns`: item, "
                "rater, rating."
            ),
        )
    values, numbers = _values(rows["rating"])
    _refuse_vast(rows, numeric=numbers is not None)
    kind: Measurement = measurement or _measurement(numbers, values)
    if kind != "nominal" and numbers is None:
        raise DataError(
            f"ratings that are no numbers have no order: {listing([repr(value) for value in values])}",
            remedy="Leave `measurement` out, or write numbers.",
        )
    if len(values) > MOST_VALUES and kind != "interval":
        raise DataError(
            f"{len(values):,} different ratings",
            remedy="Take numbers whose differences count as `measurement='interval'`, or fewer values.",
        )
    place = {value: k for k, value in enumerate(values)}
    items = rows["item"].unique(maintain_order=True)
    return RatingTable(
        item=_codes(rows["item"], items.to_list()),
        rater=_codes(rows["rater"], raters),
        value=_codes(rows["rating"], list(place)),
        raters=tuple(raters),
        values=values,
        numbers=np.arange(len(values), dtype=float) if numbers is None else numbers,
        cluster=_clusters(rows, items) if rows["cluster"].is_not_null().any() else None,
        measurement=kind,
        notes=(
            *_said(rows, kind, given=measurement is not None, lost=lost),
            *blanks,
            *notes,
            *copies_note(frame),
            *_capitals(values),
        ),
    )


def _capitals(values: Sequence[str]) -> Iterator[str]:
    """Say which ratings differ in capitals alone, and count as different ones."""
    alike: dict[str, list[str]] = {}
    for value in values:
        alike.setdefault(value.casefold(), []).append(value)
    for same in alike.values():
        if len(same) > 1:
            yield (
                "Different ratings, though they differ in capitals alone: "
                f"{listing([repr(value) for value in same])}."
            )


def _rows(
    frame: pl.DataFrame, named: Mapping[str, Sequence[str]], cluster: str | None
) -> tuple[pl.DataFrame, list[str]]:
    """Return item, rater, rating, attempt and cluster, a row a rating, and what is to be said of it."""
    require_roles(named, ALIASES)
    joined = next((role for role, names in named.items() if role != "rater" and len(names) > 1), "")
    if joined:
        raise DataError(f"several columns for the {joined}", remedy="Name one; only raters may be several.")
    roles = roles_of(frame, ALIASES, {role: names for role, names in named.items() if len(names) == 1})
    item, notes = _item(frame, roles)
    group, said = _group(frame, roles, cluster)
    frame = frame.with_columns(
        __item=item,
        __attempt=texts_of(frame[roles["attempt"]]) if "attempt" in roles else pl.lit("0"),
        __cluster=group,
    )
    several = len(named.get("rater", ())) >= FEWEST
    own, left = (
        ([known_column(name, frame) for name in named["rater"]], [])
        if several
        else _rater_columns(frame, roles, cluster)
    )
    whole = {"item", "rater", "rating"} <= set(roles) and not several
    again = bool(frame["__item"].is_duplicated().any())
    once = whole and frame.select("__item", "__attempt", roles["rater"]).is_unique().all()
    if whole and ("rater" in named or len(own) < FEWEST or (again and (once or roles["rater"] not in own))):
        return _one(frame, texts_of(frame[roles["rater"]]), roles["rating"]), [
            f"Columns: {roles['item']} as item, {roles['rater']} as rater, {roles['rating']} as rating.",
            *notes,
            *said,
        ]
    if len(own) < FEWEST:
        raise DataError(
            f"no two columns that are ratings among {', '.join([*own, *left])}",
            remedy=(
                "Name them with `columns`: item, rater and rating, or one column for each rater: "
                "rater=first+second."
            ),
        )
    parts = [_one(frame, pl.lit(name), name) for name in own]
    out = [f"No raters, left out: the columns {listing(left, most=8)}."] if left else []
    return pl.concat(parts), [f"Raters: the columns {listing(own, most=8)}.", *out, *notes, *said]


def _one(frame: pl.DataFrame, rater: pl.Expr | pl.Series, rating: str) -> pl.DataFrame:
    """Return the ratings of one column."""
    return frame.select(
        item="__item", rater=rater, rating=_text(frame[rating]), attempt="__attempt", cluster="__cluster"
    )


def _given(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Leave out the cells without a rating, and say how many of them hold a word for that."""
    said = rows["rating"].str.to_lowercase().fill_null("")
    blank = said.is_in(list(BLANK))
    others = rows["rating"].filter(~blank & (said != NONE))
    if numbers_among(others).is_not_null().all():
        blank |= said == NONE
    words = rows["rating"].filter(blank & (said != ""))
    meant = listing([repr(word) for word in words.unique().sort()])
    return rows.filter(~blank), [f"{plural(len(words), 'cell')} left out as no rating: {meant}."] if len(
        words
    ) else []


def _item(frame: pl.DataFrame, roles: Mapping[str, str]) -> tuple[pl.Expr | pl.Series, list[str]]:
    """Return what is rated: an item, each model's answer to it, or a row."""
    if "item" not in roles:
        return pl.int_range(pl.len()).cast(pl.String), []
    item = texts_of(frame[roles["item"]], item=True)
    if "model" not in roles:
        return item, []
    whole = pl.concat_str(
        pl.lit(item), pl.lit(texts_of(frame[roles["model"]]).fill_null("")), separator=BETWEEN
    )
    return whole, [f"What is rated: each answer of column `{roles['model']}`."]


def _group(
    frame: pl.DataFrame, roles: Mapping[str, str], cluster: str | None
) -> tuple[pl.Expr | pl.Series, list[str]]:
    """Return the cluster of each row: the one asked for, else the item where several models answered it."""
    name = cluster
    if cluster is None and _answered_by_several(frame, roles):
        name = roles["item"]
    if name is None or cluster == NO_CLUSTERS:
        return pl.lit(None, dtype=pl.String), []
    known_column(name, frame)
    unasked = "" if cluster else "; `cluster='none'` takes each answer by itself"
    count = plural(frame[name].n_unique(), "cluster")
    return texts_of(frame[name]), [f"Clusters: column `{name}` ({count}){unasked}."]


def _answered_by_several(frame: pl.DataFrame, roles: Mapping[str, str]) -> bool:
    """Say whether several models answered some item."""
    if not {"item", "model"} <= set(roles):
        return False
    item = frame[roles["item"]]
    return frame.select(roles["item"], roles["model"]).n_unique() > item.n_unique()


def _rater_columns(
    frame: pl.DataFrame, roles: Mapping[str, str], cluster: str | None
) -> tuple[list[str], list[str]]:
    """Return the columns that can be raters', by what they hold, and those that can't."""
    taken = {roles.get("item"), roles.get("model"), roles.get("attempt"), cluster, *MADE}
    others = [name for name in frame.columns if name not in taken]
    able = [name for name in others if plain_name(name) not in NO_RATER and _can_be_rated(frame[name])]
    found = [
        name for name in able if _rates_alike(frame[name], [frame[other] for other in able if other != name])
    ]
    return found, [name for name in others if name not in found]


def _can_be_rated(column: pl.Series) -> bool:
    """Say whether a column may hold ratings: truth values, numbers that number no rows, or a few words."""
    if column.dtype == pl.Boolean:
        return True
    words = {*name_words(column.name)}
    if words & NUMBERS and not words & {*ALIASES["rater"]}:
        return False
    known = column.drop_nulls()
    if column.dtype.is_integer():
        return len(known) <= FEW_NUMBERS or known.n_unique() < len(known)
    return column.dtype.is_float() or (
        column.dtype in (pl.String, pl.Categorical, pl.Enum) and known.n_unique() <= MOST_WORDS
    )


def _rates_alike(column: pl.Series, others: Sequence[pl.Series]) -> bool:
    """Say whether at least half of a column's ratings are values of another's, or lie between its numbers."""
    own, *texts = (_text(each).drop_nulls() for each in (column, *others))
    number, *numbers = (numbers_among(text).drop_nulls() for text in (own, *texts))
    alike = [own.is_in(text.unique().to_list()).sum() for text in texts]
    between = [number.is_between(each.min(), each.max()).sum() for each in numbers if len(each)]
    return max((*alike, *between), default=0) >= HALF * max(len(own), 1)


def _text(column: pl.Series) -> pl.Series:
    """Return ratings as text; a number is written one way, and so is a truth value."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.Int64).cast(pl.String)
    text = texts_of(column, item=True).str.strip_chars()
    number = numbers_among(text)
    if number.null_count() != text.null_count():
        return text
    written = texts_of(number, item=True).replace("-0", "0")  # and 1.0 is 1
    return text.zip_with((number.abs() >= EXACT) & text.str.contains(r"^\d+$"), written)


def _values(ratings: pl.Series) -> tuple[tuple[str, ...], Floats | None]:
    """Return all values, and what numbers they are: rising, None where one is no number."""
    names = ratings.unique().sort()
    numbers = numbers_among(names)
    if numbers.is_null().any():
        return tuple(names.to_list()), None
    order = numbers.arg_sort()
    return tuple(names.gather(order).to_list()), numbers.gather(order).to_numpy()


def _refuse_vast(rows: pl.DataFrame, *, numeric: bool) -> None:
    """Raise DataError for a rating that is infinite, whatever the others are, or too large a number among
    numbers.
    """
    size = rows["rating"].cast(pl.Float64, strict=False).abs()
    bad = rows.filter(size.is_infinite() | ((size > VAST) & numeric))
    if len(bad):
        rating, rater, item = bad.select("rating", "rater", "item").row(0)
        raise DataError(
            f"a rating too large to take a difference of: {shown(rating)} (rater {rater!r}, item "
            f"{item.split(BETWEEN)[0]!r})",
            remedy="Leave these rows out, or mend them.",
        )


def _measurement(numbers: Floats | None, values: Sequence[str]) -> Measurement:
    if numbers is None or len(values) <= FEWEST:
        return "nominal"
    whole = bool((numbers == np.round(numbers)).all())
    return "ordinal" if whole and len(values) <= FEW_NUMBERS else "interval"


def _codes(names: pl.Series, order: Sequence[str]) -> Ints:
    place = {name: k for k, name in enumerate(order)}
    return np.asarray(names.replace_strict(place, return_dtype=pl.Int64).to_numpy())


def _clusters(rows: pl.DataFrame, items: pl.Series) -> Ints:
    """Return the cluster of each item (items,): that of its first rating; an item without one is its own."""
    first = rows.unique("item", keep="first", maintain_order=True).select("item", "cluster")
    named = items.to_frame("item").join(first, on="item", how="left", maintain_order="left")
    return coded(named["cluster"])


def _said(rows: pl.DataFrame, kind: Measurement, *, given: bool, lost: int) -> list[str]:
    notes = [
        (
            f"Data: {plural(len(rows), 'rating')} of {plural(rows['item'].n_unique(), 'item')} by "
            f"{plural(rows['rater'].n_unique(), 'rater')}."
        )
    ]
    if kind != "nominal" or given:
        unasked = "" if given else "; `measurement='nominal'` takes them as equal or not"
        notes.append(f"Ratings are {MEANS[kind]}{unasked}.")
    if lost:
        notes.append(f"{plural(lost, 'rating')} without an item or a rater left out.")
    return notes


MEANS: Mapping[Measurement, str] = {
    "nominal": "equal or not",
    "ordinal": "values in order",
    "interval": "numbers whose differences count",
}
