"""Early stopping: a Monitor follows a run in progress and decides, at every look, whether it may stop."""

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
        "statistic",
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
    """Monitor a run in progress by a confidence sequence: you may look at any time, and stop at any look.

    The null hypothesis depends on the goal. It is equality of `a` and `b`. With `margin` it is that `a` is
    worse than `b` by the margin or more, and with `at_least` that the score of `a` equals this floor (a
    ceiling if smaller scores are better). Without a hypothesis, `within` continues the run until the interval
    has this half-width. The intervals of all looks contain the true value simultaneously with probability
    `level` (Waudby-Smith and Ramdas 2024).

    With `looks` the decision is made at these numbers of questions and never between, which requires fewer of
    them if the difference is small. The answer depends on the results alone, however often you look.

    Questions are assumed to be a random sample in random order, with scores within `bounds`, which are fixed
    before the run. A question counts once, with its mean over attempts, as soon as all of them are complete.
    Clusters count as units once all their questions are complete, so they must come in random order and have
    known sizes. The sizes come from the table `items`, from `cluster_size`, or from `clusters`.

    Args:
        a: The model, or the first of two, in the same forms as in `compare`: a name, a path, `tag:…`,
            `commit:…`, `run:…`, `saved:…`.
        b: The second model. None monitors the score of `a` alone.
        at_least: The floor of the score of `a`. None: no floor.
        within: The half-width to reach, in score units. None: no such goal.
        margin: The margin of non-inferiority of `a` to `b`, in score units. None: no margin.
        level: The confidence level, for all looks together.
        bounds: The smallest and largest possible score, which count as 0 and 1, in sizes and limits too. None
            uses an asymptotic sequence for unbounded scores, which gives no result before 50 items or
            clusters.
        attempts: The number of attempts after which an item counts. None uses the log's plan, else the number
            at the first look that contains the item.
        cluster_size: The number of items in every cluster. None: sizes are known from elsewhere, or there
            aren't clusters.
        clusters: The cluster of every item of the run, for items that are added one by one. None: no such
            table.
        shuffled: True asserts that the order of the items is random, if the log doesn't record that. None
            relies on the log.
        looks: The number of planned looks, at equal shares of the items, or the numbers of items at which
            they are due. For example, 5, "5/2000" or "500,1000,2000" (including the last). With ":pocock"
            appended the error is spent evenly over the looks, else late (O'Brien and Fleming). Decisions are
            then made only at these looks (Lan and DeMets 1983), by the test of [`compare`][howsure.compare].
            "any/2000" decides at any time of a run of 2,000 items. The number tunes bets and forecast, and
            any number is valid. None decides at any time, for as many items as the log plans.
        order: All items in the order in which the run starts them. An item then waits until all earlier ones
            are complete, since fast items finish first and aren't a random sample. None uses the order in the
            log.
        **options: Shared options, listed in [`Design`][howsure.study.design.Design]. `population` defaults to
            "new-clusters"; "same-clusters" needs planned `looks`, and the cluster of every item of the run
            (`items` or `clusters`). Each item then counts separately, and each cluster with its share.

    Raises:
        OptionError: If an option has an invalid value, the number of goals isn't one, or planned looks don't
            fit the planned items or the goal is a half-width.

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
                "planned looks are for a verdict, but a half-width needs none", remedy="Leave `looks` out."
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
            data: The results, in any form that [`read`][howsure.read] accepts, or None if every side is a
                path or a saved baseline.

        Returns:
            Look: The estimate, its interval, and whether the question is decided.

        Raises:
            ReadError: If none of the files can be read.
            DataError: If the results don't fit the design.
            OptionError: If the results contain several tasks or metrics, and none is chosen.
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
        """Read everything, and name the models that the sides are. One model may have no result yet if the
        other has.
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
            item: The item's id. Add each once.
            a: The score of `a`, averaged over attempts. NaN marks an item that failed: it is counted as such
                and left out, unless `failures` is "zero" or "error".
            b: The score of `b`. None if the monitor has one model.
            cluster: The item's cluster. The item waits until all items of the cluster are complete. None uses
                `clusters`, if given.

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
        """Items of the whole run, or None if unknown."""
        stated = self._arrived.planned if self._arrived is not None else None
        return self._planned or stated
