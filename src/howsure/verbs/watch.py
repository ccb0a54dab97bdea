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
    """Follow a run in progress; every look is valid, whenever you look and stop.

    `a` and `b`: is one better? With `margin`, in score units: is `a` not worse than `b` by more than it? `a` alone with
    `at_least`: does it keep this floor? `within`: until the interval is ± so much. Of lower-is-better scores the floor is a
    ceiling. The interval holds the truth at all looks at once with probability `level` (Waudby-Smith and Ramdas 2024).

    Assumed: items are a random sample and come in random order, and scores lie within `bounds`, known before the run; None
    says that there are none, and an asymptotic interval is used, with no answer before 50 items or clusters. What counts is
    an item's mean over attempts, once all `attempts` are there (None: as many as the log plans, else those of the first look
    that sees the item). An item counts once, as it was then. `items_planned`: None takes what the log plans; it tunes the bets and
    the forecast, and any number is valid. `shuffled`: True says that the order is random where the log doesn't.
    `order`: all items as the run starts them (None: what the log tells, as Inspect's do); an item then waits until all that were
    started before it are there, since where many run at once the fast ones come first, and are no random sample.

    A cluster counts as one unit once all its items are there, so clusters must come in random order, and their sizes be known
    before the run: from the table `items`, `cluster_size` items in each, or, for items that are added one by one, `clusters`, which
    names the cluster of every item of the run. Shared options: see
    [`Design`][howsure.study.design.Design].

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
        """Look at all results so far: what `howsure.read` takes, with items that were seen before and new ones.

        Raises ReadError where nothing can be read, DataError where the results don't fit the design.
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
        """Add one item by its mean scores; for a harness that drives the monitor itself. An item that is there is refused.

        NaN is an item that failed. With `cluster` it waits until `cluster_size` items of the cluster are there, with `order`
        until all items that were started before are.
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
        """Look at what was added so far."""
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
