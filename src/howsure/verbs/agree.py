"""The function agree: how far raters, judges and repeats agree."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from howsure.answers.agree import NAMES, Agreed, Agreement, Confusion, Independence
from howsure.answers.settings import of_options
from howsure.errors import DataError, ResultWarning
from howsure.options.table import checked
from howsure.readers.ratings import RATINGS, read_ratings
from howsure.statistics.agreement import (
    Counts,
    agreed,
    cohen,
    correlation,
    distances,
    fleiss,
    gwet,
    independent,
    krippendorff,
)
from howsure.statistics.means import mean
from howsure.study.models import resolve
from howsure.verbs.read import table_of, with_notes
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from howsure.readers.ratings import RatingTable
    from howsure.statistics.arrays import Bools, Floats, Ints
    from howsure.statistics.choices import Coefficient, Measurement
    from howsure.statistics.results import Estimate

    Names = str | Sequence[str]

MOST_PAIRED, MOST_CONFUSED = 12, 6
"""The raters to compare in pairs, and the values to compare in pairs."""
FEW = 50
TWO = 2


def agree(
    data: Any,
    *,
    human: str | None = None,
    columns: Mapping[str, Names] | None = None,
    exclude: Names | None = None,
    where: Mapping[str, Names] | None = None,
    cluster: str | None = None,
    measurement: Measurement | None = None,
    within: float | None = None,
    level: float = 0.95,
) -> Agreement:
    """Measure how far raters agree, observed and beyond chance, with intervals that remain valid for ten
    items and for full agreement.

    Coefficients are Cohen's (1960) and Fleiss' (1971) kappa, Krippendorff's alpha (2004) and Gwet's AC1 and
    AC2 (2008), weighted if values are ordered. The interval inverts a score test (as Wilson's for a share;
    for two raters Donner and Eliasziw 1992): it contains every value that the estimate doesn't differ from
    significantly. The variance is that under each value, times the design effect of clusters. Items are
    treated as a sample, raters as fixed.

    Args:
        data: A table as a path (CSV, TSV, JSON, JSON Lines, Parquet), several paths, or a data frame. It has
            one row per rating with item, rater and rating, or one row per item with a column for each rater.
            Ratings are words, truth values or numbers. Also an export of Label Studio, Argilla or Prodigy, or
            logs of a harness, whose scorers are then the raters.
        human: The rater that the others are compared with.
        columns: The column of a role: {"item": …, "rater": …, "rating": …}, or a column for each rater:
            {"rater": [first, second, …]}. None uses the usual names.
        exclude: Columns that aren't raters, in a table with a column for each rater.
        where: Keep only rows with this value in a column.
        cluster: The column by which items are correlated. "none" treats items as independent. None uses the
            items, if several models answered each.
        measurement: The scale of ratings: "nominal" (equal or not), "ordinal" (ordered values) or "interval"
            (numbers whose differences count). None infers it from the values.
        within: The half-width that the interval of agreement beyond chance is to have. The answer then plans
            the number of questions, if ratings stay as they are. None plans nothing.
        level: The confidence level of each interval.

    Returns:
        Agreement: Of all raters, of each pair, of each rater with itself, and the ratings of one given those
            of another.

    Raises:
        OptionError: If an option has an invalid value.
        DataError: If a column is missing, or no item was rated twice.
        ReadError: If a file can't be read.

    Examples:
        >>> import polars as pl
        >>> ratings = pl.DataFrame({"judge": [1] * 40 + [0] * 20, "me": [1] * 36 + [0] * 24})
        >>> found = agree(ratings).of("cohen")
        >>> round(found.value, 2), round(found.interval.low, 2), round(found.interval.high, 2)
        (0.86, 0.65, 0.94)
    """
    options = checked(
        "agree",
        columns={} if columns is None else columns,
        where={} if where is None else where,
        cluster=cluster,
        measurement=measurement,
        exclude=() if exclude is None else exclude,
    )
    human, within, level = checked("agree", human=human, within=within, level=level).values()
    rows, notes = table_of(data, RATINGS.id_columns(options["columns"]) | {options["cluster"]}, logs=True)
    table = with_notes(read_ratings(_answers(rows), **options), notes)
    named = resolve(human, table.raters, parts=True) if human is not None else ""
    ratings = _Ratings.of(table, named, level)
    paired = (
        ratings.pairs(named)
        if len(table.raters) > TWO and (named or len(table.raters) <= MOST_PAIRED)
        else ()
    )
    overall = ratings.overall()
    if not overall and not paired:
        raise DataError(
            "no item was rated by two raters", remedy="Set the columns with `columns`: item, rater, rating."
        )
    return Agreement(
        n_items=len(ratings.counts.counts),
        n_raters=len(table.raters) - bool(named and len(table.raters) > TWO),
        n_ratings=int(ratings.counts.counts.sum()),
        values=table.values,
        measurement=table.measurement,
        level=level,
        by_chance=ratings.by_chance(),
        human=named,
        overall=overall,
        raters=() if named or len(table.raters) == TWO else ratings.raters(),
        pairs=paired,
        repeats=ratings.repeats(),
        within=math.nan if within is None else within,
        confusion=ratings.confusion(named),
        independence=ratings.independence(named) if named else None,
        settings=of_options(level=level, asked=cluster),
        notes=(*table.notes, *ratings.left_out(named if paired else "")),
        warnings=(*_one_value(ratings), *_cant_be_known(overall), *_few(ratings)),
    )


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    """Treat each attempt of a model in rows of a log as a separate answer, not as a second rating of one
    answer.
    """
    if not {"scorer", "attempt", "model"} <= set(rows.columns):
        return rows
    several = pl.col("attempt").n_unique() > 1
    answer = pl.when(several).then(pl.format("{} #{}", "model", "attempt")).otherwise("model")
    return rows.with_columns(model=answer).drop("attempt", "task", strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratings:
    """Each rater's first ratings as indices of values (items, raters), −1 without one, for all items.

    `counts`: of the items with two ratings or more, without the human's ratings if others are left to agree
    among each other.
    """

    table: RatingTable
    first: Ints
    rated: Bools
    counts: Counts
    apart: Floats
    level: float

    @classmethod
    def of(cls, table: RatingTable, human: str, level: float) -> _Ratings:
        """Take the first rating of each rater of each item."""
        first = np.full((int(table.item.max()) + 1, len(table.raters)), -1, dtype=np.int64)
        earliest = np.unique(table.item * len(table.raters) + table.rater, return_index=True)[1]
        first[table.item[earliest], table.rater[earliest]] = table.value[earliest]
        among = [k for k, name in enumerate(table.raters) if name != human or len(table.raters) <= TWO]
        counts = np.stack(
            [(first[:, among] == k).sum(axis=1) for k in range(len(table.values))], axis=1
        ).astype(float)
        rated = counts.sum(axis=1) >= TWO
        return cls(
            table=table,
            first=first,
            rated=rated,
            counts=Counts(counts=counts[rated], numbers=table.numbers),
            apart=distances(table.numbers, table.measurement),
            level=level,
        )

    def clusters(self, items: Bools | Ints) -> tuple[Ints, ...]:
        """Return the clusters of some of the items, None if each is independent."""
        if self.table.cluster is None:
            return ()
        return (np.unique(self.table.cluster[items], return_inverse=True)[1],)

    def by_chance(self) -> float:
        """Return the agreement expected by chance if ratings were drawn from all of them, or NaN without
        any.
        """
        given = self.counts.counts.sum(axis=0)
        share = given / given.sum() if given.any() else np.full(len(given), np.nan)
        return 1 - float(share @ self.apart @ share)

    def overall(self) -> tuple[Agreed, ...]:
        """Return the coefficients of all raters together, for two raters Cohen's kappa, or none if no item
        was rated by two.
        """
        if not self.rated.any():
            return ()
        if len(self.table.raters) == TWO:
            return self.pair(0, 1, named=False)
        clusters, kind = self.clusters(self.rated), self.table.measurement
        return (
            Agreed(coefficient="agreement", estimate=agreed(self.counts, kind, clusters, self.level)),
            Agreed(
                coefficient="krippendorff", estimate=krippendorff(self.counts, kind, clusters, self.level)
            ),
            Agreed(coefficient="fleiss", estimate=fleiss(self.counts, kind, clusters, self.level)),
            Agreed(coefficient="gwet", estimate=gwet(self.counts, kind, clusters, self.level)),
        )

    def pair(self, j: int, k: int, *, named: bool = True) -> tuple[Agreed, ...]:
        """Return the coefficients of two raters, on the items that both rated."""
        both = (self.first[:, j] >= 0) & (self.first[:, k] >= 0)
        if not both.any():
            return ()
        one, two, clusters = self.first[both, j], self.first[both, k], self.clusters(both)
        eye, numbers, kind = np.eye(len(self.table.values)), self.table.numbers, self.table.measurement
        counts = Counts(counts=eye[one] + eye[two], numbers=numbers)
        found: dict[Coefficient, Estimate] = {
            "agreement": agreed(counts, kind, clusters, self.level),
            "krippendorff": krippendorff(counts, kind, clusters, self.level),
            "cohen": cohen(np.stack([one, two], axis=1), numbers, kind, clusters, self.level),
            "gwet": gwet(counts, kind, clusters, self.level),
        }
        if kind != "nominal" and len(numbers) > TWO:
            ranks = kind == "ordinal"
            found["correlation"] = correlation(
                numbers[one], numbers[two], ranks=ranks, clusters=clusters, level=self.level
            )
        a, b = (self.table.raters[j], self.table.raters[k]) if named else ("", "")
        return tuple(Agreed(coefficient=name, a=a, b=b, estimate=each) for name, each in found.items())

    def pairs(self, human: str) -> tuple[Agreed, ...]:
        """Return the coefficients of each pair of raters, or of each with the human."""
        return tuple(each for j, k in self._two(human) for each in self.pair(j, k))

    def _two(self, human: str) -> list[tuple[int, int]]:
        """Return the indices of each pair of raters, the human first if there is one."""
        names = self.table.raters
        if human:
            first = names.index(human)
            return [(first, k) for k in range(len(names)) if k != first]
        return list(combinations(range(len(names)), 2))

    def raters(self) -> tuple[Agreed, ...]:
        """Return how far each rater agrees with the others that rated the same items."""
        many, like = self.counts.ratings, 1 - self.apart
        near = self.counts.counts @ like
        ratings, found = self.first[self.rated], []
        for k, name in enumerate(self.table.raters):
            own = ratings[:, k] >= 0
            if not own.any():
                continue
            share = (near[own, ratings[own, k]] - 1) / (many[own] - 1)
            found.append(
                Agreed(
                    coefficient="agreement",
                    a=name,
                    estimate=self._mean(share, np.flatnonzero(self.rated)[own]),
                )
            )
        return tuple(found)

    def repeats(self) -> tuple[Agreed, ...]:
        """Return how far each rater agrees with itself on items that it rated more than once."""
        table, found = self.table, []
        place = table.item * len(table.raters) + table.rater
        twice = np.bincount(place)[place] >= TWO
        for k in np.unique(table.rater[twice]).tolist():
            own = twice & (table.rater == k)
            items, code = np.unique(table.item[own], return_inverse=True)
            counts = np.zeros((len(items), len(table.values)))
            np.add.at(counts, (code, table.value[own]), 1.0)
            many = counts.sum(axis=1)
            share = ((counts * (counts @ (1 - self.apart))).sum(axis=1) - many) / (many * (many - 1))
            name = table.raters[k]
            found.append(Agreed(coefficient="agreement", a=name, b=name, estimate=self._mean(share, items)))
        return tuple(found)

    def _mean(self, share: Floats, items: Ints) -> Estimate:
        whole = bool(np.isin(share, (0.0, 1.0)).all())
        attempts = np.ones(len(share)) if whole else None
        return mean(np.clip(share, 0, 1), attempts=attempts, clusters=self.clusters(items), level=self.level)

    def confusion(self, human: str) -> tuple[Confusion, ...]:
        """Return the ratings of one rater given each value of another: of two, or of each with the human."""
        if len(self.table.values) > MOST_CONFUSED or not (human or len(self.table.raters) == TWO):
            return ()
        return tuple(each for j, k in self._two(human) for each in self._confused(j, k))

    def _confused(self, j: int, k: int) -> Iterator[Confusion]:
        for given, word in enumerate(self.table.values):
            items = np.flatnonzero((self.first[:, j] == given) & (self.first[:, k] >= 0))
            for said, other in enumerate(self.table.values if len(items) else ()):
                right = (self.first[items, k] == said).astype(float)
                yield Confusion(
                    a=self.table.raters[j],
                    b=self.table.raters[k],
                    value_a=word,
                    value_b=other,
                    count=int(right.sum()),
                    estimate=self._mean(right, items),
                )

    def independence(self, human: str) -> Independence | None:
        """Return the effective number of independent raters without the human, on the items that all
        rated.
        """
        gold = self.table.raters.index(human)
        others = [k for k in range(len(self.table.raters)) if k != gold]
        full = np.asarray((self.first >= 0).all(axis=1))
        if len(others) < TWO or not full.any():
            return None
        errors = self.apart[self.first[full][:, others], self.first[full][:, [gold]]]
        value, interval = independent(errors, self.clusters(full), self.level)
        return Independence(value=value, interval=interval, n_raters=len(others), n_items=int(full.sum()))

    def left_out(self, human: str) -> Sequence[str]:
        """Note the items with a single rating (by one rater other than the human, if there is one), and that
        of repeats only the first counts.
        """
        alone, again = int((~self.rated).sum()), len(self.table.item) - int((self.first >= 0).sum())
        notes = []
        if alone:
            beside = f" other than {human}: not used for agreement among the others" if human else ""
            notes.append(f"{plural(alone, 'item')} rated by one rater{beside}.")
        if again:
            notes.append(
                f"{plural(again, 'rating')} by a rater that had rated the item before: only "
                "compared with the first "
                "ones."
            )
        return notes


def _one_value(ratings: _Ratings) -> Iterator[ResultWarning]:
    values = np.flatnonzero(ratings.counts.counts.any(axis=0))
    if len(values) == 1:
        yield ResultWarning(
            code="one_value",
            message=(
                f"all ratings are {ratings.table.values[values[0]]!r}: raters that always give "
                "this value agree by "
                "chance as often as careful ones, so kappa and alpha are undefined"
            ),
            remedy="Rate items that differ.",
        )


def _cant_be_known(overall: Sequence[Agreed]) -> Iterator[ResultWarning]:
    wide = [
        NAMES[each.coefficient] for each in overall if each.coefficient != "agreement" and each.unknowable
    ]
    if wide:
        yield ResultWarning(
            code="cant_be_known",
            message=(f"these items are too few to estimate agreement beyond chance ({listing(wide)})"),
            remedy="Rate more items, especially of the rarer value.",
        )


def _few(ratings: _Ratings) -> Iterator[ResultWarning]:
    clusters = ratings.clusters(ratings.rated)
    count = int(clusters[0].max()) + 1 if clusters else FEW
    if TWO <= count < FEW:
        yield ResultWarning(
            code="few_clusters",
            message=f"{plural(count, 'cluster')}: with this few, intervals are sometimes slightly too narrow",
            remedy="Rate items of more clusters.",
        )
