"""The verb agree: how far raters, judges and repeats agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.inference.agree import agreement
from howsure.options.table import checked
from howsure.readers.ratings import id_columns, read_ratings
from howsure.verbs.tables import table_of, with_notes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.agree import Agreement
    from howsure.statistics.choices import Measurement

    Names = str | Sequence[str]


def agree(
    data: Any,
    *,
    human: str | None = None,
    columns: Mapping[str, Names] | None = None,
    exclude: Names | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: str | None = None,
    measurement: Measurement | None = None,
    level: float = 0.95,
) -> Agreement:
    """Say how far raters agree, as it is and beyond chance, with error bars that hold for ten items and at
    full agreement.

    Coefficients are Cohen's (1960) and Fleiss' (1971) kappa, Krippendorff's alpha (2004) and Gwet's AC1 and
    AC2 (2008), weighted where values are in order. Limits are all values from which the one found isn't too
    far, with the variance that each of them would have (as Wilson's of a share; for two raters Donner and
    Eliasziw 1992), times the design effect of clusters. Items are a sample; raters are these ones.

    Args:
        data: A table as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data frame: one row
            a rating with item, rater and rating, or one row an item with a column for each rater. Ratings are
            words, truth values or numbers. Or an export of Label Studio, Argilla or Prodigy; or logs of a
            harness, whose scorers are the raters.
        human: The rater whom the others are measured by.
        columns: The column of a role: {"item": …, "rater": …, "rating": …}, or a column for each rater:
            {"rater": [first, second, …]}. None goes by the usual names.
        exclude: Columns that are no raters, of a table with a column for each.
        where: Keep only rows with this value in a column.
        cluster: The column by which items hang together; "none" takes each by itself. None takes the items,
            where several models answered each.
        measurement: What ratings are: "nominal" (equal or not), "ordinal" (values in order) or "interval"
            (numbers whose differences count). None goes by the values.
        level: The confidence level of each interval.

    Returns:
        Agreement: Of all raters, of each two, of each with itself, and what one says where another says this.

    Raises:
        OptionError: If an option has a value that it can't have.
        DataError: If a column is missing, or no item was rated twice.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> ratings = pl.DataFrame({"judge": [1] * 40 + [0] * 20, "me": [1] * 36 + [0] * 24})
        >>> found = agree(ratings).of("cohen")
        >>> round(found.value, 2), round(found.interval.low, 2), round(found.interval.high, 2)
        (0.86, 0.65, 0.94)
    """
    named = checked("agree", columns={} if columns is None else columns, where={} if where is None else where)
    given = checked("agree", human=human, cluster=cluster, measurement=measurement, level=level)
    rows, notes = table_of(data, id_columns(named["columns"]) | {given["cluster"]}, logs=True)
    left = checked("agree", exclude=exclude)["exclude"] or ()
    table = read_ratings(
        _answers(rows), **named, exclude=left, cluster=given["cluster"], measurement=given["measurement"]
    )
    return agreement(with_notes(table, notes), given["human"], given["level"])


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    """Tell attempts of a model apart, in rows of a log: each is an answer of its own, and no second rating of
    one.
    """
    if not {"scorer", "attempt", "model"} <= set(rows.columns):
        return rows
    several = pl.col("attempt").n_unique() > 1
    answer = pl.when(several).then(pl.format("{} #{}", "model", "attempt")).otherwise("model")
    return rows.with_columns(model=answer).drop("attempt", "task", strict=False)
