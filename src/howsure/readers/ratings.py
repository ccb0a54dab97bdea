"""Ratings from tables: one row per rating (item, rater, rating), or one row per item and a column for each
rater.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.errors import DataError
from howsure.readers.annotations import one_question
from howsure.readers.columns import NO_CLUSTERS, Roles, coded, copies_note, known_column, places
from howsure.readers.mapping.proposing import NUMBERS
from howsure.table.cells import EXACT, MISSING, NONE, VAST, chosen_rows, numbers_among, shown, texts_of
from howsure.table.names import name_words, plain_name, word_list
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from howsure.statistics.arrays import Floats, Ints
    from howsure.statistics.choices import Measurement

RATINGS = Roles(
    {
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
        "rating": word_list("rating grade score verdict annotation vote label value category"),
        "model": ("model", "model_name", "model_id", "system"),
        "attempt": ("attempt", "epoch", "repeat", "replicate", "run", "trial"),
    },
    names=("item", "rater", "model"),
)
NO_RATER = frozenset(
    {"task", "cluster", "subset", "prompt", "question", "input", "text", "response", "output", "answer"}
    | {"date", "time", "timestamp", "created_at", "comment", "notes", "probability"}
)
"""Columns that aren't a rater's, if each rater has one."""
MOST_WORDS, MOST_VALUES = 20, 50
BLANK = MISSING - {NONE} | {"skip", "skipped"}
"""Values that aren't ratings in any column."""
FEW_NUMBERS, HALF = 11, 0.5
BETWEEN = "\x00"
"""The separator between an item and the model that answered it."""
MADE = ("__item", "__attempt", "__cluster")
"""Columns that are derived from others."""
FEWEST = 2
"""Raters, and the number of ratings of an item that is necessary for agreement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RatingTable:
    """N ratings: indices of `item`, `rater` and `value` (N,), and those in `raters` and `values`. `numbers`
    (q,): the values, or their ranks.

    `cluster` (items,): the code of each item's cluster, or None if each is independent. The ratings of an
    item by a rater are in the order of attempts.
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


def read_ratings(
    frame: pl.DataFrame,
    *,
    columns: Mapping[str, Sequence[str]],
    where: Mapping[str, Sequence[str]],
    cluster: str | None,
    measurement: Measurement | None,
    exclude: Sequence[str] = (),
) -> RatingTable:
    """Read ratings. `exclude`: columns that aren't raters. DataError if there are fewer than two raters, or a
    named column is missing.
    """
    frame = chosen_rows(frame, where).drop([known_column(name, frame) for name in exclude])
    one_question(frame)
    rows, notes = _rows(frame, columns, cluster)
    rows, blanks = _without_blanks(rows)
    lost = rows.filter(pl.any_horizontal(pl.col("item", "rater").is_null())).height
    rows = rows.drop_nulls(["item", "rater", "rating"]).sort("attempt", maintain_order=True)
    rows = rows.with_columns(_text(rows["rating"]))  # 1 of one rater and 1.0 of another are the same
    raters = rows["rater"].unique().sort().to_list()
    if len(raters) < FEWEST and not rows.select("item", "rater").is_duplicated().any():
        raise DataError(
            f"one rater alone, {raters[0]!r}, rated each item once" if raters else "no rating in this table",
            remedy=(
                "Agreement needs two raters, or one with repeated ratings. Name columns with "
                "`columns`: item, "
                "rater, rating."
            ),
        )
    values = rows["rating"].unique().sort()
    numbers = numbers_among(values)
    numeric = numbers.null_count() == 0
    if numeric:
        values, numbers = values.gather(numbers.arg_sort()), numbers.sort()
    _refuse_vast(rows, numeric=numeric)
    kind: Measurement = measurement or "nominal"
    if measurement is None and numeric and len(values) > FEWEST:
        few_whole = len(values) <= FEW_NUMBERS and (numbers == numbers.round()).all()
        kind = "ordinal" if few_whole else "interval"
    if kind != "nominal" and not numeric:
        raise DataError(
            f"ratings that aren't numbers have no order: {listing([repr(value) for value in values])}",
            remedy="Leave `measurement` out, or write numbers.",
        )
    if len(values) > MOST_VALUES and kind != "interval":
        raise DataError(
            f"{len(values):,} different ratings",
            remedy="Use `measurement='interval'` for numbers whose differences count, or fewer values.",
        )
    items = rows["item"].unique(maintain_order=True)
    clusters = None
    if (
        rows["cluster"].is_not_null().any()
    ):  # that of an item's first rating; an item without one is its own cluster
        clusters = coded(rows.unique("item", keep="first", maintain_order=True)["cluster"])[0]
    number, by = plural(len(rows), "rating"), plural(len(raters), "rater")
    own = [f"Data: {number} of {plural(len(items), 'item')} by {by}."]
    if kind != "nominal" or measurement is not None:
        unasked = "" if measurement else "; `measurement='nominal'` treats them as equal or not"
        own.append(f"Ratings are {MEANS[kind]}{unasked}.")
    if lost:
        own.append(f"{plural(lost, 'rating')} without an item or a rater left out.")
    return RatingTable(
        item=places(rows["item"], items.to_list()),
        rater=places(rows["rater"], raters),
        value=places(rows["rating"], values.to_list()),
        raters=tuple(raters),
        values=tuple(values),
        numbers=numbers.to_numpy() if numeric else np.arange(len(values), dtype=float),
        cluster=clusters,
        measurement=kind,
        notes=(*own, *blanks, *notes, *copies_note(frame), *_capitals(values)),
    )


def _capitals(values: Iterable[str]) -> Iterator[str]:
    """Note which ratings differ only in capitals, and count as different."""
    alike: dict[str, list[str]] = {}
    for value in values:
        alike.setdefault(value.casefold(), []).append(value)
    for same in alike.values():
        if len(same) > 1:
            yield (
                "Different ratings, although they differ only in capitals: "
                f"{listing([repr(value) for value in same])}."
            )


def _rows(
    frame: pl.DataFrame, named: Mapping[str, Sequence[str]], cluster: str | None
) -> tuple[pl.DataFrame, list[str]]:
    """Return item, rater, rating, attempt and cluster, one row per rating, and notes on them."""
    RATINGS.refuse_unknown(named)
    joined = next((role for role, names in named.items() if role != "rater" and len(names) > 1), "")
    if joined:
        raise DataError(
            f"several columns for the {joined}", remedy="Choose one, as only raters may be several."
        )
    roles = RATINGS.columns(frame, {role: names for role, names in named.items() if len(names) == 1})
    notes: list[str] = []
    several_models = False
    item: pl.Expr | pl.Series = pl.int_range(pl.len()).cast(pl.String)
    if "item" in roles:
        item = texts_of(frame[roles["item"]], item=True)
    if {"item", "model"} <= set(roles):
        models = texts_of(frame[roles["model"]]).fill_null("")
        item = pl.concat_str(pl.lit(item), pl.lit(models), separator=BETWEEN)
        notes.append(f"Rated: each answer of column `{roles['model']}`.")
        several_models = (
            frame.select(roles["item"], roles["model"]).n_unique() > frame[roles["item"]].n_unique()
        )
    by = roles["item"] if cluster is None and several_models else cluster
    group: pl.Expr | pl.Series = pl.lit(None, dtype=pl.String)
    if by is not None and by != NO_CLUSTERS:
        group = texts_of(frame[known_column(by, frame)])
        unasked = "" if cluster else "; `cluster='none'` treats answers as independent"
        notes.append(f"Clusters: column `{by}` ({plural(frame[by].n_unique(), 'cluster')}){unasked}.")
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
        ]
    if len(own) < FEWEST:
        raise DataError(
            f"no two columns with ratings among {', '.join([*own, *left])}",
            remedy=(
                "Name them with `columns`: item, rater and rating, or one column for each rater: "
                "rater=first+second."
            ),
        )
    parts = [_one(frame, pl.lit(name), name) for name in own]
    out = [f"No raters, left out: the columns {listing(left, most=8)}."] if left else []
    return pl.concat(parts), [f"Raters: the columns {listing(own, most=8)}.", *out, *notes]


def _one(frame: pl.DataFrame, rater: pl.Expr | pl.Series, rating: str) -> pl.DataFrame:
    """Return the ratings of one column."""
    return frame.select(
        item="__item", rater=rater, rating=_text(frame[rating]), attempt="__attempt", cluster="__cluster"
    )


def _without_blanks(rows: pl.DataFrame) -> tuple[pl.DataFrame, list[str]]:
    """Leave out the cells without a rating, and note how many of them contain a word for that."""
    words = rows["rating"].str.to_lowercase().fill_null("")
    blank = words.is_in(list(BLANK))
    others = rows["rating"].filter(~blank & (words != NONE))
    if numbers_among(others).is_not_null().all():
        blank |= words == NONE
    worded = rows["rating"].filter(blank & (words != ""))
    meant = listing([repr(word) for word in worded.unique().sort()])
    notes = [f"{plural(len(worded), 'cell')} left out as no rating: {meant}."] if len(worded) else []
    return rows.filter(~blank), notes


def _rater_columns(
    frame: pl.DataFrame, roles: Mapping[str, str], cluster: str | None
) -> tuple[list[str], list[str]]:
    """Return the columns that may be raters', judging by their content, and those that can't."""
    taken = {roles.get("item"), roles.get("model"), roles.get("attempt"), cluster, *MADE}
    others = [name for name in frame.columns if name not in taken]
    able = [name for name in others if plain_name(name) not in NO_RATER and _can_be_rated(frame[name])]
    found = [
        name for name in able if _rates_alike(frame[name], [frame[other] for other in able if other != name])
    ]
    return found, [name for name in others if name not in found]


def _can_be_rated(column: pl.Series) -> bool:
    """Return whether a column may contain ratings: truth values, numbers that aren't row numbers, or a few
    words.
    """
    if column.dtype == pl.Boolean:
        return True
    words = {*name_words(column.name)}
    if words & NUMBERS and not words & {*RATINGS.aliases["rater"]}:
        return False
    known = column.drop_nulls()
    if column.dtype.is_integer():
        return len(known) <= FEW_NUMBERS or known.n_unique() < len(known)
    return column.dtype.is_float() or (
        column.dtype in (pl.String, pl.Categorical, pl.Enum) and known.n_unique() <= MOST_WORDS
    )


def _rates_alike(column: pl.Series, others: Sequence[pl.Series]) -> bool:
    """Return whether at least half of a column's ratings are values of another's, or are between its
    numbers.
    """
    own, *texts = (_text(each).drop_nulls() for each in (column, *others))
    number, *numbers = (numbers_among(text).drop_nulls() for text in (own, *texts))
    alike = [own.is_in(text.unique().to_list()).sum() for text in texts]
    between = [number.is_between(each.min(), each.max()).sum() for each in numbers if len(each)]
    return max((*alike, *between), default=0) >= HALF * max(len(own), 1)


def _text(column: pl.Series) -> pl.Series:
    """Return ratings as text, with one form per number and truth value."""
    if column.dtype == pl.Boolean:
        return column.cast(pl.Int64).cast(pl.String)
    text = texts_of(column, item=True).str.strip_chars()
    number = numbers_among(text)
    if number.null_count() != text.null_count():
        return text
    written = texts_of(number, item=True).replace("-0", "0")  # and 1.0 is 1
    return text.zip_with((number.abs() >= EXACT) & text.str.contains(r"^\d+$"), written)


def _refuse_vast(rows: pl.DataFrame, *, numeric: bool) -> None:
    """Raise DataError for a rating that is infinite, in any case, or too large among numbers."""
    size = rows["rating"].cast(pl.Float64, strict=False).abs()
    bad = rows.filter(size.is_infinite() | ((size > VAST) & numeric))
    if len(bad):
        rating, rater, item = bad.select("rating", "rater", "item").row(0)
        raise DataError(
            f"a rating too large to take a difference of: {shown(rating)} (rater {rater!r}, item "
            f"{item.split(BETWEEN)[0]!r})",
            remedy="Leave these rows out, or correct them.",
        )


MEANS: Mapping[Measurement, str] = {
    "nominal": "equal or not",
    "ordinal": "ordered values",
    "interval": "numbers whose differences count",
}
