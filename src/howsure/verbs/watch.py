"""Stopping early: a Monitor follows a run in progress and says, at every look, whether it may be stopped."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Unpack

import numpy as np
import polars as pl

from howsure.answers.watch import Look
from howsure.errors import Caution, DataError
from howsure.inference.watching.arrivals import Arrivals, arrivals, no_sizes, order_caution
from howsure.inference.watching.goals import check_goal
from howsure.options import checked
from howsure.statistics.results import Interval, significant
from howsure.statistics.sequential.asymptotic import Asymptotic
from howsure.statistics.sequential.betting import HORIZON, AlwaysValid, Betting
from howsure.study.design import DesignOptions, Respects, make_design
from howsure.verbs.read import read
from howsure.wording import plural

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.table.scores import Scores

RESPECTS = Respects(verb="watch", all_but=("population", "covariate", "average_last", "two clusters"))

SCHEMA = {"item": pl.String, "cluster": pl.String, "a": pl.Float64, "b": pl.Float64, "weight": pl.Float64}
ROUNDING = 1e-9


class Monitor:
    """Monitor a run in progress by a confidence sequence: one may look at any time, and stop at any look.

    The null hypothesis depends on the goal: with `a` and `b`, no difference; with `margin`, that `a` is worse than `b`
    by the margin or more; with `at_least`, that the score of `a` equals this floor (a ceiling where smaller scores are
    better). With `within` there is none: the run goes on until the interval has this half-width. The intervals of all
    looks contain the true value simultaneously with probability `level` (Waudby-Smith and Ramdas 2024).

    Items are assumed to be a random sample in random order, with scores within `bounds`, which are fixed before the
    run. An item counts once, by its mean over attempts, as soon as all of them are there. Clusters count as units once
    all their items are there, so they must come in random order, and their sizes be known before the run: from the
    table `items`, from `cluster_size`, or from `clusters`.

    Args:
        a: The model, or the first of two.
        b: The second model. None monitors the score of `a` alone.
        at_least: The floor of the score of `a`. None: no floor.
        within: The half-width to reach, in score units. None: no such goal.
        margin: The margin of non-inferiority of `a` to `b`, in score units. None: no margin.
        level: The confidence level, for all looks together.
        bounds: The smallest and largest possible score. None uses an asymptotic sequence for unbounded scores, which
            gives no result before 50 items or clusters.
        items_planned: The number of items of the whole run; it tunes the bets and the forecast, and any number is
            valid. None takes what the log plans.
        attempts: The number of attempts after which an item counts. None takes what the log plans, else the number at
            the first look that sees the item.
        cluster_size: The number of items in every cluster. None: sizes are known from elsewhere, or there are no
            clusters.
        clusters: The cluster of every item of the run, for items that are added one by one. None: no such table.
        shuffled: True asserts that the order of the items is random, where the log doesn't say so. None relies on the
            log.
        order: All items in the order in which the run starts them; an item then waits until all that were started
            before it are there, since fast items, which finish first, are no random sample. None takes the order that
            the log states.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design].

    Raises:
        OptionError: If an option has a value that it can't have, more than one goal is given, or none.

    Examples:
        >>> monitor = Monitor(a="a", b="b", items_planned=100, shuffled=True)
        >>> for item in range(24):
        ...     monitor.add(f"q{item}", 1.0, float(item % 3 == 0))
        >>> look = monitor.look()
        >>> look.decided, look.better, look.n_items
        (True, 'a', 24)
    """

    def __init__(
        self,
        *,
        a: str,
        b: str | None = None,
        at_least: float | None = None,
        within: float | None = None,
        margin: float | None = None,
        level: float = 0.95,
        bounds: tuple[float, float] | None = (0.0, 1.0),
        items_planned: int | None = None,
        attempts: int | None = None,
        cluster_size: int | None = None,
        clusters: Mapping[str, str] | None = None,
        shuffled: bool | None = None,
        order: Sequence[str] | None = None,
        **options: Unpack[DesignOptions],
    ) -> None:
        a, b, at_least, within, margin, level, bounds = checked(
            "watch", a=a, b=b, at_least=at_least, within=within, margin=margin, level=level, bounds=bounds
        ).values()
        items_planned, attempts, cluster_size, clusters, shuffled, known = checked(
            "watch",
            items_planned=items_planned,
            attempts=attempts,
            cluster_size=cluster_size,
            clusters=clusters,
            shuffled=shuffled,
            order=order,
        ).values()
        check_goal(a, b, at_least=at_least, within=within, margin=margin, bounds=bounds)
        self.a, self.b, self.at_least, self.within, self.margin = a, b, at_least, within, margin
        self.level, self.bounds, self.shuffled = level, bounds, shuffled
        self._design = make_design(options, RESPECTS)
        self._planned, self._attempts, self._cluster_size = items_planned, attempts, cluster_size
        self._counted, self._waiting = pl.DataFrame(schema=SCHEMA), pl.DataFrame(schema=SCHEMA)
        self._failed = self._reached = 0
        self._order: tuple[str, ...] = known or ()
        self._known = frozenset(self._order)
        self._clusters: Mapping[str, str] = clusters or {}
        self._stated = _counted_sizes(self._clusters) if clusters else None
        self._ids: set[str] = set()
        self._added: list[tuple[str, str | None, float, float, float]] = []
        self._sequence: Betting | Asymptotic | None = None
        self._arrived: Arrivals | None = None
        self._lower = bool(self._design.lower_is_better)

    def update(self, data: Any) -> Look:
        """Look at all results so far, items of earlier looks and new ones.

        Args:
            data: The results, in any form that [`read`][howsure.read] accepts.

        Returns:
            Look: The estimate, its interval, and whether the question is decided.

        Raises:
            ReadError: If none of the files can be read.
            DataError: If the results don't fit the design.
            OptionError: If the results hold several tasks or metrics, and none is chosen.
        """
        scores = self._read(data)
        arrived = arrivals(
            scores,
            self._design,
            a=self.a,
            b=self.b,
            attempts=self._attempts,
            cluster_size=self._cluster_size,
            order=self._order,
        )
        self._arrived, self._lower = arrived, arrived.lower_is_better
        fresh = arrived.ready.join(self._counted.select("item"), on="item", how="anti")
        self._waiting, self._failed = fresh.select(*SCHEMA), 0
        return self.look()

    def add(self, item: str, a: float, b: float | None = None, *, cluster: str | None = None) -> None:
        """Add one item by its mean scores, for a harness that drives the monitor itself.

        Args:
            item: The item's id; each may be added once.
            a: The score of `a`, averaged over attempts. NaN marks an item that failed.
            b: The score of `b`. None if the monitor has one model.
            cluster: The item's cluster; the item waits until all items of the cluster are there. None takes what
                `clusters` says, if anything.

        Raises:
            DataError: If the item was added before or isn't in the order of the run, the number of scores is wrong, or
                the size of its cluster is unknown.
        """
        if (b is None) != (self.b is None):
            raise DataError(
                f"item {item!r} has {'one score' if b is None else 'two scores'}", remedy="Give one score a model."
            )
        item = str(item)
        cluster = self._clusters.get(item, cluster)
        if cluster is not None and not self._cluster_size and self._stated is None:
            raise no_sizes("cluster")
        if self._known and item not in self._known:
            raise DataError(f"item {item!r} is not in the order of the run", remedy="Name all items in `order`.")
        if item in self._ids:
            raise DataError(
                f"item {item!r} was added before", remedy="An item counts once: average its attempts first."
            )
        self._ids.add(item)
        self._added.append((str(item), cluster, float(a), math.nan if b is None else float(b), 1.0))

    def look(self) -> Look:
        """Look at the items added so far.

        Returns:
            Look: The estimate, its interval, and whether the question is decided.

        Raises:
            DataError: If a score lies outside the bounds, or a cluster has more items than its size.
        """
        if self._added:
            rows = pl.DataFrame(self._added, schema=SCHEMA, orient="row")
            self._waiting = pl.concat([self._waiting, rows])
            self._added = []
        self._take()
        return self._answer()

    def _read(self, data: Any) -> Scores:
        return read(data, probabilities=self._design.score.kind == "prob")

    def _take(self) -> None:
        """Count the items, or complete clusters, that are ready."""
        sizes = self._sizes()
        ready = (
            self._waiting.filter(pl.col("item").is_in(self._started())) if self._order and self._ids else self._waiting
        )
        if sizes is not None:
            ready = ready.join(sizes, on="cluster", how="left", maintain_order="left")
            ready = ready.with_columns(there=pl.len().over("cluster"))
            _refuse_sizes(ready)
            ready = ready.filter(pl.col("there") == pl.col("size"))
        scored = ready.filter(self._scored())
        self._in_bounds(scored)
        self._waiting = self._waiting.join(ready.select("item"), on="item", how="anti", maintain_order="left")
        if sizes is None:  # an item whose attempts all failed may be run again; in a cluster it would change the unit
            self._failed += len(ready) - len(scored)
            ready = scored
        self._counted = pl.concat([self._counted, ready.select(*SCHEMA)], rechunk=True)
        if len(scored):
            value, weight = self._value() * pl.col("weight"), pl.col("weight")
            units = scored.select(sum=value, size=weight, cluster=pl.col("cluster"))
            if sizes is not None:
                units = units.group_by("cluster", maintain_order=True).agg(pl.col("sum", "size").sum())
            self._running().add(units["sum"].to_numpy(), units["size"].to_numpy())

    def _started(self) -> list[str]:
        """Return the items added so far that no item started before them is missing."""
        while self._reached < len(self._order) and self._order[self._reached] in self._ids:
            self._reached += 1
        return list(self._order[: self._reached])

    def _sizes(self) -> pl.DataFrame | None:
        """Return how many items each cluster has, None where there are no clusters."""
        if self._arrived is not None and self._arrived.sizes is not None:
            return self._arrived.sizes
        if self._stated is not None:
            return self._stated
        if self._cluster_size and self._waiting["cluster"].null_count() < len(self._waiting):
            return self._waiting.select("cluster").unique().with_columns(size=pl.lit(self._cluster_size))
        return None

    def _scored(self) -> pl.Expr:
        sides = ("a",) if self.b is None else ("a", "b")
        return pl.all_horizontal(*(pl.col(side).is_not_null() & pl.col(side).is_not_nan() for side in sides))

    def _value(self) -> pl.Expr:
        return pl.col("a") if self.b is None else pl.col("a") - pl.col("b")

    def _in_bounds(self, rows: pl.DataFrame) -> None:
        if self.bounds is None:
            return
        low, high = self.bounds
        for side in ("a",) if self.b is None else ("a", "b"):
            bad = rows.filter((pl.col(side) < low - ROUNDING) | (pl.col(side) > high + ROUNDING))
            if len(bad):
                raise DataError(
                    f"score {bad[side][0]:g} of item {bad['item'][0]!r} is not between {low:g} and {high:g}",
                    remedy="Say before the run how far scores can go: `bounds=(0, 100)`, or None.",
                )

    def _running(self) -> Betting | Asymptotic:
        """Return the state of the inference, made when the first unit comes."""
        if self._sequence is None:
            null, horizon = self._null(), self._horizon()
            if self.bounds is None:
                self._sequence = Asymptotic(level=self.level, null=null, horizon=horizon)
            else:
                low, high = map(float, self.bounds)
                span = (low, high) if self.b is None else (low - high, high - low)
                self._sequence = Betting(
                    bounds=span, largest=self._largest(), level=self.level, null=null, horizon=horizon
                )
        return self._sequence

    def _null(self) -> float | None:
        if self.within is not None:
            return None
        if self.at_least is not None:
            return self.at_least
        return 0.0 if self.margin is None else (self.margin if self._lower else -self.margin)

    def _horizon(self) -> float:
        planned, size = self.planned, self._mean_size()
        return max(planned / size, 1.0) if planned else HORIZON

    def _mean_size(self) -> float:
        if self._arrived is not None and self._arrived.sizes is not None and len(self._arrived.sizes):
            return float(self._arrived.sizes["size"].mean())  # type: ignore[arg-type]
        if self._stated is not None:
            return len(self._clusters) / len(self._stated)
        return float(self._cluster_size or 1)

    def _largest(self) -> float:
        if self._arrived is not None:
            return self._arrived.largest
        if self._stated is not None:
            return float(self._stated["size"].max())  # type: ignore[arg-type]
        return float(self._cluster_size or 1)

    @property
    def planned(self) -> int | None:
        """Items of the whole run, None where nobody says."""
        stated = self._arrived.planned if self._arrived is not None else None
        return self._planned or stated

    @property
    def _exhausted(self) -> bool:
        return self.planned is not None and len(self._counted) + self._failed >= self.planned

    def _answer(self) -> Look:
        scored = self._counted.filter(self._scored())
        seen = self._sequence.look() if self._sequence is not None else _nothing(self.level)
        decided, asked = self._decide(seen), self.at_least is not None or self.margin is not None
        weights, arrived = scored["weight"].to_numpy(), self._arrived
        clustered = self._sizes() is not None or self._counted["cluster"].null_count() < len(self._counted)
        needed = math.nan
        if self._sequence is not None and not decided:
            needed = self._sequence.more_units(within=self.within) * len(scored) / max(seen.n_units, 1)
        a, b = (self.a, self.b) if arrived is None else (arrived.a, arrived.b)
        return Look(
            a=a,
            b=b,
            task="" if arrived is None else arrived.task,
            metric="" if arrived is None else arrived.metric,
            estimate=seen.value,
            interval=Interval(low=seen.low, high=seen.high, level=self.level),
            p_value=seen.p_value,
            n_units=seen.n_units,
            n_items=len(scored),
            n_waiting=len(self._waiting) + (0 if arrived is None else arrived.n_partial),
            planned=self.planned,
            a_mean=_mean(scored["a"], weights),
            b_mean=_mean(scored["b"], weights) if self.b is not None else math.nan,
            decided=decided,
            exhausted=self._exhausted,
            better=self._better(seen, a, b),
            kept=self._kept(seen) if decided and asked else None,
            at_least=self.at_least,
            within=self.within,
            margin=self.margin,
            needed=needed,
            lower_is_better=self._lower,
            percent=self.bounds is not None and tuple(self.bounds) == (0.0, 1.0),
            clustered=clustered,
            method=seen.method,
            notes=() if arrived is None else arrived.notes,
            cautions=tuple(self._cautions(seen)),
        )

    def _decide(self, seen: AlwaysValid) -> bool:
        """Say whether the question is answered."""
        if self.within is not None:
            return bool(seen.n_units and seen.high - seen.low <= 2 * self.within)
        return math.isfinite(seen.p_value) and significant(seen.p_value, self.level)

    def _better(self, seen: AlwaysValid, a: str, b: str | None) -> str | None:
        """Return the model that is really better; with a margin or a precision the interval tells it as well."""
        if b is None or seen.low <= 0 <= seen.high or math.isnan(seen.low):
            return None
        return a if (seen.low > 0) != self._lower else b

    def _kept(self, seen: AlwaysValid) -> bool:
        """Say whether a floor or margin that was decided on is kept: on which side of it the interval lies."""
        null = self._null() or 0.0
        return (seen.low - null > null - seen.high) != self._lower

    def _cautions(self, seen: AlwaysValid) -> list[Caution]:
        found = [] if self._arrived is None else list(self._arrived.cautions)
        if self._arrived is not None:
            found += self._late(self._arrived)
        if seen.torn:
            found.append(TORN)
        if seen.n_units and not (self.shuffled or self._exhausted):
            stated = None if self._arrived is None else self._arrived.shuffled
            ids = self._counted["item"] if self._arrived is None else self._arrived.order
            found += order_caution(ids, stated)
        if self.bounds is None:
            found.append(ASYMPTOTIC)
        return found

    def _late(self, arrived: Arrivals) -> list[Caution]:
        """Tell of counted items whose scores have changed since, by late attempts or by another scoring."""
        both = self._counted.join(arrived.ready, on="item", suffix="_now", how="inner")
        now, then = ([pl.col(f"{side}{end}").fill_nan(None) for side in "ab"] for end in ("_now", ""))
        changed = both.filter(
            pl.any_horizontal(
                *((x - y).abs().fill_null(0) > ROUNDING for x, y in zip(now, then, strict=True)),
                *(x.is_null() != y.is_null() for x, y in zip(now, then, strict=True)),
            )
        )
        if not len(changed):
            return []
        return [
            Caution(
                code="scores_changed",
                message=f"{plural(len(changed), 'item')} that had counted changed since, first {changed['item'][0]!r}; the "
                "scores of the first look are kept",
                remedy="Where attempts came late, name how many are planned (`attempts`); after another scoring start anew.",
            )
        ]


def _refuse_sizes(rows: pl.DataFrame) -> None:
    bad = rows.filter(pl.col("size").is_null() | (pl.col("there") > pl.col("size"))).sort("cluster")
    if len(bad):
        row = bad.row(0, named=True)
        known = "isn't in the items table" if row["size"] is None else f"has {row['there']} items, not {row['size']}"
        raise DataError(
            f"cluster {row['cluster']!r} {known}", remedy="Sizes must be known before the run: correct them."
        )


def _counted_sizes(clusters: Mapping[str, str]) -> pl.DataFrame:
    """Return how many items each cluster of the run holds."""
    return pl.DataFrame({"cluster": list(clusters.values())}).group_by("cluster").agg(pl.len().alias("size"))


def _nothing(level: float) -> AlwaysValid:
    return AlwaysValid(
        value=math.nan, low=math.nan, high=math.nan, level=level, p_value=math.nan, n_units=0, method="none yet"
    )


def _mean(values: pl.Series, weights: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    return float(np.average(values.to_numpy(), weights=weights)) if len(values) else math.nan


TORN = Caution(
    code="looks_contradict",
    message="the intervals of the looks have nothing in common; that happens in few runs of random order, and easily "
    "where items come sorted",
    remedy="Look at the order of the items; compare at the end with `howsure compare`.",
)
ASYMPTOTIC = Caution(
    code="asymptotic",
    message="the scores have no bounds, so the interval is right for many items only, and promises nothing for few",
    remedy="Name bounds that no score can pass (`bounds=(0, 100)`), where there are any.",
)
