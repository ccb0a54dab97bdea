"""The state of a run in progress: items ready to count, items still waiting, clusters and their sizes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import narwhals as nw
import polars as pl

from howsure.errors import DataError, OptionError, ResultWarning
from howsure.study.clusters import attach_clusters
from howsure.study.gathering import gather
from howsure.study.models import resolve
from howsure.study.notes import direction_warnings
from howsure.study.weights import attach_weights
from howsure.table.cells import texts_of
from howsure.table.scale import UNBOUNDED
from howsure.table.schema import find_roles, open_frame
from howsure.wording import listing, plural

if TYPE_CHECKING:
    from collections.abc import Sequence

    from howsure.study.design import Design
    from howsure.study.study import Study
    from howsure.table.scores import Scores


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """The items of a run so far, cumulative.

    `ready`: one row per item that every model has completed, like every item started before it: item, cluster
    (null without), mean scores a and b (null where all attempts failed), weight. `n_partial`: items that some
    model lacks or hasn't completed, and those that wait for one started before. `sizes`: cluster and size,
    None without clusters. `largest`: the largest sum of weights of a unit. `order`: item ids in the order of
    the log.
    """

    a: str
    b: str | None
    task: str
    metric: str
    ready: pl.DataFrame
    n_partial: int
    sizes: pl.DataFrame | None
    largest: float
    planned: int | None
    shuffled: bool | None
    order: pl.Series
    lower_is_better: bool
    notes: tuple[str, ...]
    warnings: tuple[ResultWarning, ...]


def arrivals(
    scores: Scores,
    design: Design,
    *,
    a: str,
    b: str | None,
    attempts: int | None = None,
    cluster_size: int | None = None,
    order: tuple[str, ...] = (),
    as_logged: bool = False,
) -> Arrivals:
    """Return the items of one task and metric so far. DataError if there are several, or clusters of unknown
    size.

    `order`: of all items as they are started. If empty, that of the log is used. `as_logged`: if it doesn't
    have one, items are ordered by their first appearance in the log, so that the items before an item never
    change as the log grows.
    """
    study = gather(replace(scores, missing=()), design)  # an attempt not run yet hasn't failed
    task, metric = _one_part(study)
    part = study.parts[task, metric]
    warnings = [one for one in (*study.warnings, *direction_warnings(study)) if one.code not in USUAL]
    names = part["model"].unique().cast(pl.String).sort().to_list()
    models = {}
    for side, name in (("a", a), ("b", b)):
        if name is not None:
            models[side] = _resolved(name, names, warnings)
    if len(models) == 2 and models["a"] == models["b"]:
        raise OptionError(
            f"{a!r} and {b!r} are one model, {models['a']!r}", remedy="Write the names in full."
        )
    fact = scores.fact(task)
    wanted = attempts or (fact.epochs if fact is not None else 0) or 1
    table = _items_table(study, part, models, wanted)
    plan = _plan(study.side, study.design, task)
    table, sizes, largest = _with_units(table, study, plan, design, cluster_size=cluster_size)
    logged = _order(scores, task)
    order = order or (fact.order if fact is not None else ())
    if as_logged:
        items = set(table["item"])
        order = next((one for one in (order, tuple(logged)) if items.intersection(one)), ())
        if items and not order:
            raise DataError(
                "the order of the items is unknown, but planned looks need it",
                remedy="Give it as `order` in Python, or watch without `looks`.",
            )
    table, note = _in_order(table, order)
    complete = table["complete"]
    of_items, stated = study.side, 0
    if of_items is not None and not ("task" in of_items.columns and of_items["task"].n_unique() > 1):
        stated = len(of_items)
    return Arrivals(
        a=models["a"],
        b=models.get("b"),
        task=task,
        metric=metric,
        ready=table.filter(complete).select("item", "cluster", "a", "b", "weight"),
        n_partial=int((~complete).sum()),
        sizes=sizes,
        largest=largest,
        planned=(fact.planned if fact is not None else 0) or stated or None,
        shuffled=None if fact is None else fact.shuffled,
        order=logged,
        lower_is_better=study.is_lower_better((task, metric)),
        notes=(*study.notes, *note),
        warnings=tuple(warnings),
    )


def _in_order(table: pl.DataFrame, order: tuple[str, ...]) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Let an item wait until all that were started before it are finished. Otherwise fast ones would come
    first, and not be a random sample.

    If a log doesn't have an order, or has other items, all count.
    """
    table = table.with_columns(pl.col("complete").fill_null(value=False))
    places = (
        pl.DataFrame({"item": order}, schema={"item": pl.String})
        .unique(maintain_order=True)
        .with_row_index("place")
    )
    known = places.join(table, on="item", how="left", maintain_order="left")
    if not len(known) or not known["complete"].any():
        return table, ()
    there = known["complete"].fill_null(value=False)
    first = int(there.arg_min()) if not there.all() else len(there)  # type: ignore[arg-type]
    table = table.join(places, on="item", how="left", maintain_order="left").sort(
        "place", nulls_last=True, maintain_order=True
    )
    waits = pl.col("complete") & (pl.col("place") >= first).fill_null(value=True)
    count = int(table.select(waits.sum()).item())
    word = "waits" if count == 1 else "wait"
    note = (
        "Order: items count in the order the run starts them, so that fast ones don't come first. "
        f"{plural(count, 'item')} {word}."
    )
    return table.with_columns(complete=pl.col("complete") & ~waits).drop("place"), (note,) if count else ()


USUAL = ("model_without_scores", "partial_run", UNBOUNDED)
"""Warnings that every run in progress would have. The look reports the counts itself."""


def _one_part(study: Study) -> tuple[str, str]:
    if len(study.parts) == 1:
        return next(iter(study.parts))
    tasks = sorted({task for task, _ in study.parts})
    if len(tasks) > 1:
        raise OptionError(f"there are {len(tasks)} tasks: {listing(tasks)}", remedy="Choose one with `task`.")
    metrics = [metric for _, metric in study.parts]
    raise OptionError(
        f"{tasks[0]} has {len(metrics)} metrics: {', '.join(metrics)}", remedy="Choose one with `metric`."
    )


def _resolved(name: str, names: Sequence[str], warnings: list[ResultWarning]) -> str:
    """Return the full name of a model. One not yet in the log keeps its name, with a warning."""
    try:
        return resolve(name, names)
    except DataError:
        warnings.append(
            ResultWarning(
                code="model_missing",
                message=f"no result of model {name!r} yet; there are: {listing([repr(n) for n in names])}",
                remedy="Check the name, or wait for its first item.",
            )
        )
        return name


def _items_table(study: Study, part: pl.DataFrame, models: dict[str, str], wanted: int) -> pl.DataFrame:
    """Return one row per item: score, and `complete` if all models have the wanted number of attempts,
    including failed ones.
    """
    (key,) = study.parts
    scored = study.scored(key)
    table: pl.DataFrame | None = None
    for side in ("a", "b"):
        if side not in models:
            continue
        one = _of_model(part, models[side]).select("item", (pl.col("rows") >= wanted).alias(f"full_{side}"))
        means = _of_model(scored, models[side]).select("item", pl.col("mean").alias(side))
        one = one.join(means, on="item", how="left", maintain_order="left")
        if table is not None:
            one = table.join(one, on="item", how="full", coalesce=True, maintain_order="left")
        table = one
    assert table is not None
    if "b" not in table.columns:
        table = table.with_columns(b=pl.lit(None, pl.Float64))
    full = [pl.col(f"full_{side}").fill_null(value=False) for side in models]
    return table.with_columns(complete=pl.all_horizontal(full))


def _of_model(rows: pl.DataFrame, model: str) -> pl.DataFrame:
    return rows.filter(pl.col("model").cast(pl.String) == model).with_columns(pl.col("item").cast(pl.String))


def _with_units(
    table: pl.DataFrame, study: Study, plan: pl.DataFrame | None, design: Design, *, cluster_size: int | None
) -> tuple[pl.DataFrame, pl.DataFrame | None, float]:
    """Attach clusters and weights. Also return the sizes of clusters and the largest sum of weights of a
    unit.
    """
    (task,) = study.tasks
    names = study.cluster_names.get(task, ())
    groups = study.items.filter(pl.col("task").cast(pl.String) == task)
    groups = groups.with_columns(pl.col("item").cast(pl.String))
    cluster = pl.col("cluster_0").cast(pl.String) if names else pl.lit(None, pl.String)
    weight = pl.col("weight") if "weight" in groups.columns else pl.lit(1.0)
    groups_of_items = groups.select("item", cluster.alias("cluster"), weight.alias("weight"))
    table = table.join(groups_of_items, on="item", how="left", maintain_order="left")
    if design.weight is not None and plan is None:
        raise DataError(
            "the weights of a run in progress must be known for all items before it",
            remedy="Give a table of all items with the weights (`items`).",
        )
    if not names:
        return table, None, float(plan["weight"].max()) if plan is not None else 1.0  # type: ignore[arg-type]
    if plan is not None and plan["cluster"].null_count() < len(plan):
        sizes = plan.group_by("cluster").agg(pl.len().alias("size"), pl.col("weight").sum())
        return table, sizes.select("cluster", "size"), float(sizes["weight"].max())  # type: ignore[arg-type]
    if cluster_size is None:
        raise no_sizes(names[0], strata=design.population == "same-clusters")
    sizes = groups_of_items.select("cluster").unique().with_columns(size=pl.lit(cluster_size))
    return table, sizes, float(cluster_size)


def _plan(side: pl.DataFrame | None, design: Design, task: str) -> pl.DataFrame | None:
    """Return cluster and weight of every planned item, from the items' table, None without one."""
    if side is None:
        return None
    if "task" not in side.columns:
        side = side.with_columns(task=pl.lit(task))
    side = side.filter(pl.col("task") == task)
    clusters = design.cluster_of(task) or ()
    held = [name for name in (*clusters, design.weight) if name is not None and name in side.columns]
    if clusters and clusters[0] not in (*held, "none", "item", "task"):
        return side.select(cluster=pl.lit(None, pl.String), weight=pl.lit(1.0))
    table = side.select("task", "item", *(["cluster"] if "cluster" in side.columns else []))
    if "cluster" in table.columns:
        table = table.with_columns(
            pl.col("cluster").cast(pl.String), cluster_max=pl.col("cluster").cast(pl.String)
        )
    grouped = attach_clusters(table, side, design)
    table = attach_weights(grouped.table, side, design)
    return table.select(
        cluster=pl.col("cluster_0").cast(pl.String) if grouped.names else pl.lit(None, pl.String),
        weight=pl.col("weight") if "weight" in table.columns else pl.lit(1.0),
    )


def no_sizes(name: str, *, strata: bool = False) -> DataError:
    """Return the error that the sizes of clusters must be known. `strata`: to compute each one's share of the
    run.
    """
    return DataError(
        f"clusters by {name!r} of a run in progress, but their numbers of items aren't known",
        remedy="The share of each cluster in the run is needed: give a table of all items (`items`)."
        if strata
        else "A cluster counts once it is complete: give a table of all items (`items`), or "
        "`cluster_size` if all have N items. `cluster='none'` ignores clusters.",
    )


def _order(scores: Scores, task: str) -> pl.Series:
    """Return the items' ids in the order of the log, each once."""
    frame = open_frame(scores.rows)
    roles = find_roles(frame.collect_schema().names(), scores.roles)
    native = frame.to_polars() if isinstance(frame, nw.DataFrame) else frame.to_native()
    if not isinstance(native, (pl.DataFrame, pl.LazyFrame)) or len(roles.get("item", ())) != 1:
        return pl.Series("item", [], dtype=pl.String)
    rows = native.lazy()
    if len(roles.get("task", ())) == 1:
        rows = rows.filter(pl.col(roles["task"][0]).cast(pl.String) == task)
    ids = rows.select(pl.col(roles["item"][0]).alias("item")).unique(maintain_order=True).collect()["item"]
    return texts_of(ids, item=True).drop_nulls()


def order_warning(order: pl.Series, shuffled: bool | None) -> list[ResultWarning]:
    """Warn if items aren't known to come in random order, and more so if they are sorted by their ids."""
    if shuffled:
        return []
    remedy = "Shuffle the items before the run, and use `shuffled=True` if the log doesn't record it."
    # Keys that put q2 before q10.
    pieces = [re.split(r"(\d+)", name) for name in order.head(MOST_IDS).to_list()]
    ids = [[(0, int(one), "") if one.isdigit() else (1, 0, one) for one in parts if one] for parts in pieces]
    if len(ids) >= FEW_IDS and ids == sorted(ids):
        message = "items come in the order of their ids, which looks like the data set's own"
    elif shuffled is False:
        message = "according to the log, the items were not shuffled"
    else:
        message = "the order of the items isn't known to be random"
    return [
        ResultWarning(
            code="order_not_random",
            message=(
                f"{message}. The first items may not be a random sample, and the interval so far may be wrong"
            ),
            remedy=remedy,
        )
    ]


MOST_IDS = 1_000
FEW_IDS = 8
