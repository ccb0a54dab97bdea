"""The verb agree: how far raters, judges and repeats agree."""

from __future__ import annotations

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
"""Raters of whom each two are compared, and values of which each is set against each."""
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
    options = checked(
        "agree",
        columns={} if columns is None else columns,
        where={} if where is None else where,
        cluster=cluster,
        measurement=measurement,
        exclude=() if exclude is None else exclude,
    )
    human, level = checked("agree", human=human, level=level).values()
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
            "no item was rated by two raters", remedy="Name the columns with `columns`: item, rater, rating."
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
        confusion=ratings.confusion(named),
        independence=ratings.independence(named) if named else None,
        settings=of_options(level=level, asked=cluster),
        notes=(*table.notes, *ratings.left_out(named if paired else "")),
        warnings=(*_one_value(ratings), *_cant_be_known(overall), *_few(ratings)),
    )


def _answers(rows: pl.DataFrame) -> pl.DataFrame:
    """Tell attempts of a model apart, in rows of a log: each is an answer of its own, and no second rating of
    one.
    """
    if not {"scorer", "attempt", "model"} <= set(rows.columns):
        return rows
    several = pl.col("attempt").n_unique() > 1
    answer = pl.when(several).then(pl.format("{} #{}", "model", "attempt")).otherwise("model")
    return rows.with_columns(model=answer).drop("attempt", "task", strict=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ratings:
    """Each rater's first ratings as places of values (items, raters), −1 without one, of all items.

    `counts`: of the items with two ratings or more, those of all but the human where others are left to agree
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
        """Return the clusters of some of the items, none where each stands alone."""
        if self.table.cluster is None:
            return ()
        return (np.unique(self.table.cluster[items], return_inverse=True)[1],)

    def by_chance(self) -> float:
        """Return what plain agreement would be if ratings were drawn from all of them; NaN without any."""
        given = self.counts.counts.sum(axis=0)
        share = given / given.sum() if given.any() else np.full(len(given), np.nan)
        return 1 - float(share @ self.apart @ share)

    def overall(self) -> tuple[Agreed, ...]:
        """Return the coefficients of all raters together, of two Cohen's kappa; none where no item was rated
        by two.
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
        """Return the coefficients of each two raters, or of each with the human."""
        return tuple(each for j, k in self._two(human) for each in self.pair(j, k))

    def _two(self, human: str) -> list[tuple[int, int]]:
        """Return the places of two raters each, the human first where there is one."""
        names = self.table.raters
        if human:
            first = names.index(human)
            return [(first, k) for k in range(len(names)) if k != first]
        return list(combinations(range(len(names)), 2))

    def raters(self) -> tuple[Agreed, ...]:
        """Return how far each rater agrees with the others who rated the same items."""
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
        """Return how far each rater agrees with itself on the items that it rated more than once."""
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
        """Return what one rater says where another gave each value: of two, or of each with the human."""
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
        """Return how many independent raters all but the human are worth, on the items that all rated."""
        gold = self.table.raters.index(human)
        others = [k for k in range(len(self.table.raters)) if k != gold]
        full = np.asarray((self.first >= 0).all(axis=1))
        if len(others) < TWO or not full.any():
            return None
        errors = self.apart[self.first[full][:, others], self.first[full][:, [gold]]]
        value, interval = independent(errors, self.clusters(full), self.level)
        return Independence(value=value, interval=interval, n_raters=len(others), n_items=int(full.sum()))

    def left_out(self, human: str) -> Sequence[str]:
        """Say what was rated once (by one rater beside the human, if there is one), and that of repeats the
        first one counts.
        """
        alone, again = int((~self.rated).sum()), len(self.table.item) - int((self.first >= 0).sum())
        notes = []
        if alone:
            beside = f" beside {human}: left out of how far the others agree" if human else " only left out"
            notes.append(f"{plural(alone, 'item')} rated by one rater{beside}.")
        if again:
            notes.append(
                f"{plural(again, 'rating')} by a rater who had rated the item before: only compared with "
                "the first ones."
            )
        return notes


def _one_value(ratings: _Ratings) -> Iterator[ResultWarning]:
    values = np.flatnonzero(ratings.counts.counts.any(axis=0))
    if len(values) == 1:
        yield ResultWarning(
            code="one_value",
            message=(
                f"all ratings are {ratings.table.values[values[0]]!r}: raters who always say so agree by "
                "chance as much as careful ones do, so that kappa and alpha have no value"
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
            message=(
                f"with these items it can't be known how far raters agree beyond chance ({listing(wide)})"
            ),
            remedy="Rate more items, above all of the rarer value.",
        )


def _few(ratings: _Ratings) -> Iterator[ResultWarning]:
    clusters = ratings.clusters(ratings.rated)
    count = int(clusters[0].max()) + 1 if clusters else FEW
    if TWO <= count < FEW:
        yield ResultWarning(
            code="few_clusters",
            message=f"{plural(count, 'cluster')}: with so few, intervals are somewhat too narrow at times",
            remedy="Rate items of more clusters.",
        )
