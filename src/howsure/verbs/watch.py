"""Stopping early: a Monitor follows a run in progress and says, at every look, whether it may be stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Unpack

import polars as pl

from howsure.errors import OptionError
from howsure.inference.watch_arrivals import Arrivals, arrivals
from howsure.inference.watch_looks import are_strata, look_as_planned, look_at
from howsure.inference.watch_tally import RunClusters, Tally, WatchGoal
from howsure.options.table import checked
from howsure.study.design import Respects, RunOptions, make_design, of_new_clusters
from howsure.table.scale import FRACTIONS, ScaleBounds
from howsure.verbs.read import read
from howsure.verbs.sides import is_path, read_sides, side_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.watch import Look
    from howsure.options.look_plan import LookPlan
    from howsure.table.scores import Scores

RESPECTS = Respects(
    verb="watch",
    all_but=(
        "random factor",
        "benchmark",
        "covariate",
        "average_last",
        "two clusters",
        "slices",
        "measures",
        "bounds of tasks",
    ),
)


class Monitor:
    """Monitor a run in progress by a confidence sequence: one may look at any time, and stop at any look.

    The null hypothesis depends on the goal: with `a` and `b`, no difference; with `margin`, that `a` is worse
    than `b` by the margin or more; with `at_least`, that the score of `a` equals this floor (a ceiling where
    smaller scores are better). With `within` there is none: the run goes on until the interval has this
    half-width. The intervals of all looks contain the true value simultaneously with probability `level`
    (Waudby-Smith and Ramdas 2024).

    With `looks` the run is judged at so many items and never between, which takes fewer of them where the gap
    is small: the answer depends on the results alone, however often it is asked for.

    Items are assumed to be a random sample in random order, with scores within `bounds`, which are fixed
    before the run. An item counts once, by its mean over attempts, as soon as all of them are there. Clusters
    count as units once all their items are there, so they must come in random order, and their sizes be known
    before the run: from the table `items`, from `cluster_size`, or from `clusters`.

    Args:
        a: The model, or the first of two; or a side as `compare` takes them: a path, `tag:…`, `commit:…`,
            `run:…`, `saved:…`.
        b: The second. None monitors the score of `a` alone.
        at_least: The floor of the score of `a`. None: no floor.
        within: The half-width to reach, in score units. None: no such goal.
        margin: The margin of non-inferiority of `a` to `b`, in score units. None: no margin.
        level: The confidence level, for all looks together.
        bounds: The smallest and largest possible score, which count as 0 and 1, in sizes and limits too. None
            uses an asymptotic sequence for unbounded scores, which gives no result before 50 items or
            clusters.
        attempts: The number of attempts after which an item counts. None takes what the log plans, else the
            number at the first look that sees the item.
        cluster_size: The number of items in every cluster. None: sizes are known from elsewhere, or there are
            no clusters.
        clusters: The cluster of every item of the run, for items that are added one by one. None: no such
            table.
        shuffled: True asserts that the order of the items is random, where the log doesn't say so. None
            relies on the log.
        looks: How many planned looks there are, at even shares of the items, or at how many items each is
            due, the last of them included: 5, "5/2000" or "500,1000,2000", with ":pocock" behind it to spend
            the error evenly over the looks, else late (O'Brien and Fleming). The question is then decided at
            these looks and at no other time (Lan and DeMets 1983), by the test of
            [`compare`][howsure.compare]. "any/2000" decides at any time of a run of 2,000 items, by which
            bets and forecast are tuned; any number is valid. None decides at any time, of as many items as
            the log plans.
        order: All items in the order in which the run starts them; an item then waits until all that were
            started before it are there, since fast items, which finish first, are no random sample. None
            takes the order that the log states.
        **options: Options that the verbs share; see [`Design`][howsure.study.design.Design]. `population`: by
            default "new-clusters"; "same-clusters" needs planned `looks`, and the cluster of every item of
            the run (`items` or `clusters`): each item then counts by itself, and each cluster with its share.

    Raises:
        OptionError: If an option has a value that it can't have, more than one goal is given, or none; if
            planned looks don't fit the items planned, or ask for a half-width.

    Examples:
        >>> monitor = Monitor(a="a", b="b", looks="any/100", shuffled=True)
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
        attempts: int | None = None,
        cluster_size: int | None = None,
        clusters: Mapping[str, str] | None = None,
        shuffled: bool | None = None,
        order: Sequence[str] | None = None,
        looks: int | Sequence[int] | str | None = None,
        **options: Unpack[RunOptions],
    ) -> None:
        goal = checked(
            "watch", a=a, b=b, at_least=at_least, within=within, margin=margin, level=level, bounds=bounds
        )
        self._attempts, self._cluster_size, clusters, self._shuffled, run_order, plan = checked(
            "watch",
            attempts=attempts,
            cluster_size=cluster_size,
            clusters=clusters,
            shuffled=shuffled,
            order=order,
            looks=looks,
        ).values()
        bounds = goal.pop("bounds")
        self._scale = ScaleBounds(bounds=bounds or FRACTIONS)
        self._design = of_new_clusters(
            make_design({**options, "bounds": None if self._scale.as_it_is else bounds}, RESPECTS)
        )
        failures = self._design.failures
        self._tally = Tally(
            goal=WatchGoal(**goal, bounds=bounds and FRACTIONS), order=run_order or (), failures=failures
        )
        self._planned = None if plan is None else plan.items
        self._looks: LookPlan | None = plan if plan is not None and plan.number else None
        self._strata = are_strata(self._design, planned=self._looks is not None, cluster_size=cluster_size)
        if self._looks is not None and self._tally.goal.within is not None:
            raise OptionError(
                "planned looks are for a verdict, and a half-width needs none", remedy="Leave `looks` out."
            )
        self._clusters: Mapping[str, str] = clusters or {}
        table = None
        if clusters:
            items = pl.DataFrame({"cluster": list(clusters.values())})
            table = items.group_by("cluster").agg(pl.len().alias("size"))
        self._sizes = RunClusters(table=table, each=cluster_size)
        self._arrived: Arrivals | None = None
        self._lower = bool(self._design.lower_is_better)

    def update(self, data: Any) -> Look:
        """Look at all results so far, items of earlier looks and new ones.

        Args:
            data: The results, in any form that [`read`][howsure.read] accepts; None where every side is a
                path or a saved baseline.

        Returns:
            Look: The estimate, its interval, and whether the question is decided.

        Raises:
            ReadError: If none of the files can be read.
            DataError: If the results don't fit the design.
            OptionError: If the results hold several tasks or metrics, and none is chosen.
        """
        scores, (a, b) = self._read(data)
        arrived = arrivals(
            scores,
            self._design,
            a=a,
            b=b,
            attempts=self._attempts,
            cluster_size=self._cluster_size,
            order=self._tally.order,
            as_logged=self._looks is not None,
        )
        self._arrived, self._lower = arrived, arrived.lower_is_better
        table = self._sizes.table if arrived.sizes is None else arrived.sizes
        self._sizes = RunClusters(table=table, each=self._cluster_size, heaviest=arrived.largest)
        self._tally.see(arrived.ready)
        return self.look()

    def _read(self, data: Any) -> tuple[Scores, tuple[str, str | None]]:
        """Read everything, and name the models that the sides are. A model may have no result yet; another
        side has.
        """
        models = [model for model in (self._tally.goal.a, self._tally.goal.b) if model is not None]
        sides = [side_of(model) for model in models]
        if all(side.kind == "model" or not (side.kind or is_path(side.text)) for side in sides):
            names = [side.text for side in sides]
            scores = read(data, probabilities=self._design.score.kind == "prob")
        else:
            scores, resolved = read_sides(data, models, self._design)
            names = [side_of(name).text for name in resolved]
        return scores, (names[0], names[1] if len(names) > 1 else None)

    def add(self, item: str, a: float, b: float | None = None, *, cluster: str | None = None) -> None:
        """Add one item by its mean scores, for a harness that drives the monitor itself.

        Args:
            item: The item's id; each may be added once.
            a: The score of `a`, averaged over attempts. NaN marks an item that failed: it is counted as such
                and left out, unless `failures` is "zero" or "error".
            b: The score of `b`. None if the monitor has one model.
            cluster: The item's cluster; the item waits until all items of the cluster are there. None takes
                what `clusters` says, if anything.

        Raises:
            DataError: If the item was added before or isn't in the order of the run, the number of scores is
                wrong, or the size of its cluster is unknown.
        """
        item = str(item)
        a, b = self._scale.place(a), None if b is None else self._scale.place(b)
        self._tally.add(item, self._clusters.get(item, cluster), a, b, sizes=self._sizes)

    def look(self) -> Look:
        """Look at the items added so far.

        Returns:
            Look: The estimate, its interval, and whether the question is decided.

        Raises:
            DataError: If a score lies outside the bounds, or a cluster has more items than its size.
        """
        about_run = {"planned": self.planned, "lower_is_better": self._lower, "shuffled": self._shuffled}
        if self._looks is not None:
            shares = self._sizes.table if self._strata else None
            return look_as_planned(
                self._looks, self._tally, self._arrived, self._sizes, shares=shares, **about_run
            )
        self._tally.count(self._sizes, planned=self.planned, lower_is_better=self._lower)
        return look_at(self._tally, self._arrived, self._sizes, **about_run)

    @property
    def planned(self) -> int | None:
        """Items of the whole run, None where nobody says."""
        stated = self._arrived.planned if self._arrived is not None else None
        return self._planned or stated
