"""The goal of a run in progress, the items counted so far, and their confidence sequence."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from howsure.checks import whole_scale
from howsure.errors import DataError, OptionError
from howsure.inference.watch_arrivals import no_sizes
from howsure.statistics.betting import HORIZON, Asymptotic, Betting
from howsure.statistics.results import significant

if TYPE_CHECKING:
    from howsure.options.choices import Failures
    from howsure.statistics.betting import AlwaysValid


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchGoal:
    """The goal for one model, or for two: a floor, a half-width, a margin, or that one of them is better.

    `within`, `margin` and `bounds` are in score units. Without bounds, scores are unbounded.
    """

    a: str
    b: str | None
    at_least: float | None
    within: float | None
    margin: float | None
    level: float
    bounds: tuple[float, float] | None

    def __post_init__(self) -> None:
        """Raise OptionError for an inconsistent goal."""
        if sum(goal is not None for goal in (self.at_least, self.within, self.margin)) > 1:
            raise OptionError("at_least, within and margin are alternatives", remedy="Choose one of them.")
        if self.b is None and self.at_least is None and self.within is None:
            raise OptionError(f"{self.a!r} has no goal", remedy="Name b to compare with, at_least or within.")
        if self.b is None and self.margin is not None:
            raise OptionError("a margin needs two models", remedy="Name b, or use at_least.")
        if self.b is not None and self.at_least is not None:
            raise OptionError("at_least needs one model", remedy="Leave b out, or use margin.")
        if self.b == self.a:
            raise OptionError(f"{self.a!r} is compared with itself", remedy="Name two models.")
        if self.bounds is None:
            return
        low, high = self.bounds
        if self.at_least is not None and not low < self.at_least < high:
            raise OptionError(
                f"`at_least={self.at_least!r}` is not inside the bounds {low:g} and {high:g}",
                remedy="Write 0.92 for 92%.",
            )
        half = (high - low) * (0.5 if self.b is None else 1.0)
        if self.within is not None and self.within >= half:
            raise whole_scale("an error bar of ±", self.within)
        if self.margin is not None and self.margin >= high - low:
            raise whole_scale("a margin of", self.margin)

    @property
    def sides(self) -> tuple[str, ...]:
        """The existing columns of scores."""
        return ("a",) if self.b is None else ("a", "b")

    @property
    def percent(self) -> bool:
        """Whether scores are in [0, 1]."""
        return self.bounds == (0.0, 1.0)

    @property
    def span(self) -> tuple[float, float]:
        """The smallest and largest value of the estimate, a score or a difference."""
        assert self.bounds is not None
        low, high = self.bounds
        return (low, high) if self.b is None else (low - high, high - low)

    def null(self, *, lower_is_better: bool) -> float | None:
        """Return the value under the null hypothesis, None if the goal is a half-width."""
        if self.within is not None:
            return None
        if self.at_least is not None:
            return self.at_least
        return 0.0 if self.margin is None else (self.margin if lower_is_better else -self.margin)

    def decided(self, seen: AlwaysValid) -> bool:
        """Return whether the goal is reached, or shown to be missed."""
        if self.within is not None:
            return bool(seen.n_units and seen.high - seen.low <= 2 * self.within)
        return math.isfinite(seen.p_value) and significant(seen.p_value, self.level)

    def kept(self, seen: AlwaysValid, *, lower_is_better: bool) -> bool | None:
        """Return whether the interval is on the good side of a floor or margin, once decided, None for other
        goals.
        """
        if (self.at_least is None and self.margin is None) or not self.decided(seen):
            return None
        null = self.null(lower_is_better=lower_is_better) or 0.0
        return (seen.low - null > null - seen.high) != lower_is_better


SCHEMA = {"item": pl.String, "cluster": pl.String, "a": pl.Float64, "b": pl.Float64, "weight": pl.Float64}
ROUNDING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class RunClusters:
    """The sizes of a run's clusters, known before it: one by one in `table` (cluster, size), or all `each`.

    `heaviest`: the largest sum of weights of a unit, None if all items have weight 1.
    """

    table: pl.DataFrame | None = None
    each: int | None = None
    heaviest: float | None = None

    def known(self, rows: pl.DataFrame) -> pl.DataFrame | None:
        """Return cluster and size of the clusters of rows, None without clusters."""
        if self.table is not None:
            return self.table
        if self.each and rows["cluster"].null_count() < len(rows):
            return rows.select("cluster").unique().with_columns(size=pl.lit(self.each))
        return None

    @property
    def stated(self) -> bool:
        """Whether the sizes of clusters are given."""
        return self.table is not None or self.each is not None

    @property
    def mean(self) -> float:
        """The mean number of items of a unit."""
        if self.table is not None and len(self.table):
            return float(self.table["size"].mean())  # type: ignore[arg-type]
        return float(self.each or 1)

    @property
    def largest(self) -> float:
        """The largest sum of weights of a unit."""
        if self.heaviest is not None:
            return self.heaviest
        largest = self.each or 1 if self.table is None else self.table["size"].max()
        return float(largest)  # type: ignore[arg-type]


@dataclass(slots=True, kw_only=True)
class Tally:
    """Waiting items, counted items, and the state of the inference: each unit is counted once, and stays
    counted.

    `order`: of all items as the run starts them. An added item waits for those before it. If empty, none
    waits. `failures`: the policy for items without a score.
    """

    goal: WatchGoal
    order: tuple[str, ...] = ()
    failures: Failures = "harness"
    sequence: Betting | Asymptotic | None = None
    counted: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    waiting: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=SCHEMA))
    failed: int = 0
    _added: list[tuple[str, str | None, float, float, float]] = field(default_factory=list)
    _ids: set[str] = field(default_factory=set)
    _known: frozenset[str] = frozenset()
    _reached: int = 0

    def __post_init__(self) -> None:
        self._known = frozenset(self.order)

    @property
    def scored(self) -> pl.DataFrame:
        """The counted items, except failed ones of complete clusters."""
        return self.counted.filter(self.has_scores())

    @property
    def n_seen(self) -> int:
        """The number of items that have been counted, or have failed."""
        return len(self.counted) + self.failed

    @property
    def n_failed(self) -> int:
        """The number of failed items without a score."""
        return self.n_seen - len(self.scored)

    def see(self, ready: pl.DataFrame) -> None:
        """Take all ready items of a log, and skip those counted already."""
        self.waiting = ready.join(self.counted.select("item"), on="item", how="anti").select(*SCHEMA)
        self.failed = 0

    def add(self, item: str, cluster: str | None, a: float, b: float | None, *, sizes: RunClusters) -> None:
        """Take one item by its mean scores. DataError if it can't belong to this run."""
        if (b is None) != (self.goal.b is None):
            raise DataError(
                f"item {item!r} has {'one score' if b is None else 'two scores'}",
                remedy="Give one score per model.",
            )
        if cluster is not None and not sizes.stated:
            raise no_sizes("cluster")
        if self.order and item not in self._known:
            raise DataError(
                f"item {item!r} is not in the order of the run", remedy="List all items in `order`."
            )
        if item in self._ids:
            raise DataError(
                f"item {item!r} was added before", remedy="An item counts once. Average its attempts first."
            )
        self._ids.add(item)
        self._added.append(
            (item, cluster, self._score(item, a), math.nan if b is None else self._score(item, b), 1.0)
        )

    def _score(self, item: str, score: float) -> float:
        """Return a score, that of a failed item under the policy. DataError if it is an error."""
        if not math.isnan(score) or self.failures in ("harness", "drop"):
            return float(score)
        if self.failures == "error":
            raise DataError(
                f"item {item!r} failed", remedy="Run it again, or choose `failures='zero'` or 'drop'."
            )
        return 0.0

    def count(self, sizes: RunClusters, *, planned: int | None, lower_is_better: bool) -> None:
        """Count the items, or complete clusters, that are ready."""
        self._take_added()
        cluster_sizes = sizes.known(self.waiting)
        ready = self.waiting
        if self.order and self._ids:
            ready = ready.filter(pl.col("item").is_in(self._started()))
        if cluster_sizes is not None:
            ready = complete(ready, cluster_sizes)
        scored = ready.filter(self.has_scores())
        self.refuse_out_of_bounds(scored)
        self.waiting = self.waiting.join(ready.select("item"), on="item", how="anti", maintain_order="left")
        if (
            cluster_sizes is None
        ):  # an item whose attempts all failed may be run again, which would change the unit in a cluster
            self.failed += len(ready) - len(scored)
            ready = scored
        self.counted = pl.concat([self.counted, ready.select(*SCHEMA)], rechunk=True)
        if not len(scored):
            return
        if self.sequence is None:
            null = self.goal.null(lower_is_better=lower_is_better)
            horizon = max(planned / sizes.mean, 1.0) if planned else HORIZON
            if self.goal.bounds is None:
                self.sequence = Asymptotic(level=self.goal.level, null=null, horizon=horizon)
            else:
                self.sequence = Betting(
                    bounds=self.goal.span,
                    largest=sizes.largest,
                    level=self.goal.level,
                    null=null,
                    horizon=horizon,
                )
        value = pl.col("a") if self.goal.b is None else pl.col("a") - pl.col("b")
        units = scored.select(sum=value * pl.col("weight"), size=pl.col("weight"), cluster=pl.col("cluster"))
        if cluster_sizes is not None:
            units = units.group_by("cluster", maintain_order=True).agg(pl.col("sum", "size").sum())
        self.sequence.add(units["sum"].to_numpy(), units["size"].to_numpy())

    def finished(self) -> pl.DataFrame:
        """Return all finished items without unfinished ones before them, in the order of the run. None is
        counted.
        """
        self._take_added()
        if not (self.order and self._ids):
            return self.waiting
        started = pl.DataFrame({"item": self._started()}, schema={"item": pl.String})
        return started.join(self.waiting, on="item", how="inner", maintain_order="left").select(*SCHEMA)

    def _take_added(self) -> None:
        if self._added:
            self.waiting = pl.concat([self.waiting, pl.DataFrame(self._added, schema=SCHEMA, orient="row")])
            self._added = []

    def mean(self, side: str) -> float:
        """Return the weighted mean of a model's scores so far, NaN without any."""
        rows = self.scored
        if side not in self.goal.sides or not len(rows):
            return math.nan
        return float(np.average(rows[side].to_numpy(), weights=rows["weight"].to_numpy()))

    def changed(self, ready: pl.DataFrame) -> pl.Series:
        """Return the items whose scores have changed since they were counted, by late attempts or
        rescoring.
        """
        counted_and_ready = self.counted.join(ready, on="item", suffix="_now", how="inner")
        differ = []
        for side in ("a", "b"):
            now, then = pl.col(f"{side}_now").fill_nan(None), pl.col(side).fill_nan(None)
            differ += [(now - then).abs().fill_null(0) > ROUNDING, now.is_null() != then.is_null()]
        return counted_and_ready.filter(pl.any_horizontal(*differ))["item"]

    def _started(self) -> list[str]:
        """Return the items added so far without missing earlier ones."""
        while self._reached < len(self.order) and self.order[self._reached] in self._ids:
            self._reached += 1
        return list(self.order[: self._reached])

    def has_scores(self) -> pl.Expr:
        """Return whether every model has a score."""
        return pl.all_horizontal(
            *(pl.col(side).is_not_null() & pl.col(side).is_not_nan() for side in self.goal.sides)
        )

    def refuse_out_of_bounds(self, rows: pl.DataFrame) -> None:
        """Raise DataError for an impossible score."""
        if self.goal.bounds is None:
            return
        low, high = self.goal.bounds
        for side in self.goal.sides:
            bad = rows.filter((pl.col(side) < low - ROUNDING) | (pl.col(side) > high + ROUNDING))
            if len(bad):
                raise DataError(
                    f"score {bad[side][0]:g} of item {bad['item'][0]!r} is not between {low:g} and {high:g}",
                    remedy="Set the range of scores before the run: `bounds=(0, 100)`, or `bounds=None`.",
                )


def complete(rows: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """Return the rows of complete clusters. DataError if one has more items than its size."""
    return with_sizes(rows, sizes).filter(pl.col("there") == pl.col("size"))


def with_sizes(rows: pl.DataFrame, sizes: pl.DataFrame) -> pl.DataFrame:
    """Return rows with the `size` of their cluster, and how many of it are `there`. DataError if these are
    more, or if the size is unknown.
    """
    rows = rows.join(sizes, on="cluster", how="left", maintain_order="left").with_columns(
        there=pl.len().over("cluster")
    )
    bad = rows.filter(pl.col("size").is_null() | (pl.col("there") > pl.col("size"))).sort("cluster")
    if len(bad):
        row = bad.row(0, named=True)
        what = (
            "isn't in the items table"
            if row["size"] is None
            else f"has {row['there']} items, not {row['size']}"
        )
        raise DataError(
            f"cluster {row['cluster']!r} {what}",
            remedy="Correct the sizes, which must be known before the run.",
        )
    return rows
