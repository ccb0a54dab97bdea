"""The published record: what every method's 95% interval held in worlds whose truth is known, kept in the
package.

The files beside this one are written by scripts/calibrate and shown in docs/calibration.md. An answer whose
data lie where its method is known to miss says so, with the coverage that was measured there.
"""

from __future__ import annotations

import math
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from howsure.errors import OptionError, ResultWarning

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.statistics.arrays import Floats

FOLDER = Path(__file__).parent
LEAST = 0.93
LEVEL = 0.95
SKEWED = 1.5
MISSED, SEVERAL = 0.82, {"difference": 100, "mean": 15}
"""A worst pair of a real benchmark that is held less often is told, where it is the worst of so many pairs,
or models.
"""


@cache
def worlds() -> pl.DataFrame:
    """Return one row per world and method; the columns are told in simulation/harness.py."""
    return pl.read_parquet(FOLDER / "worlds.parquet")


def boards() -> pl.DataFrame:
    """Return one row per board and correction; the columns are told in simulation/boards.py."""
    return pl.read_parquet(FOLDER / "boards.parquet")


def looks() -> pl.DataFrame:
    """Return one row per run that is looked at, and method; the columns are told in
    simulation/looks.py.
    """
    return pl.read_parquet(FOLDER / "looks.parquet")


@cache
def ratios() -> pl.DataFrame:
    """Return one row per world of costs; written by scripts/measures-trial."""
    return pl.read_parquet(FOLDER / "ratios.parquet")


def plans() -> pl.DataFrame:
    """Return one row per planned comparison and method; the columns are told in
    simulation/plans.py.
    """
    return pl.read_parquet(FOLDER / "plans.parquet")


def suites() -> pl.DataFrame:
    """Return one row per world of several tasks; the columns are told in simulation/suites.py."""
    return pl.read_parquet(FOLDER / "suites.parquet")


def agreements() -> pl.DataFrame:
    """Return one row per world of raters and coefficient; the columns are told in
    simulation/agreement.py.
    """
    return pl.read_parquet(FOLDER / "agreements.parquet")


def factors() -> pl.DataFrame:
    """Return one row per world of a random factor; the columns are told in simulation/factors.py."""
    return pl.read_parquet(FOLDER / "factors.parquet")


@cache
def clusters() -> pl.DataFrame:
    """Return one row per real benchmark, number of its clusters drawn and method; see
    simulation/real_clusters.py.
    """
    return pl.read_parquet(FOLDER / "clusters.parquet")


@lru_cache(maxsize=4_096)
def known_miss(kind: str, method: str, *, n_items: int, n_clusters: int, rate: float) -> ResultWarning | None:
    """Warn where a method is known to miss in worlds like these data: right-or-wrong answers, one attempt an
    item.

    `kind`: "mean" or "difference"; `rate`: the score, or the share of discordant items. The nearest worlds of
    the record are asked; among those that differ only in what data don't tell (the intra-cluster correlation,
    the true difference, how unequal the clusters are) the worst one is told.
    """
    cells = _cells(kind, method)
    if not cells or not 0 < rate < 1:
        return None
    seen = _place(n_clusters, n_items / n_clusters, rate)
    nearest = min(math.dist(place, seen) for place in cells)
    worst = min(
        (cell for place, held in cells.items() if math.dist(place, seen) <= nearest + 1e-9 for cell in held),
        key=lambda cell: cell["coverage"],
    )
    if worst["coverage"] >= LEAST:
        return None
    size = worst["cluster_size"]
    units = f"{worst['n_clusters']:,} items" if size == 1 else f"{worst['n_clusters']:,} clusters of {size}"
    what = f"{units}, {'rate' if kind == 'mean' else 'discordant'} {worst['rate']:.3g}"
    icc = f", intra-cluster correlation {worst['icc']:g}" if worst["icc"] else ""
    option = "interval" if kind == "mean" else "method"
    return ResultWarning(
        code="known_to_miss",
        message=f"in worlds like these data ({what}{icc}) 95% intervals of this method held the truth in "
        f"{100 * worst['coverage']:.0f}% of samples",
        remedy="More clusters or items would help."
        if worst["default"]
        else f"Leave `{option}` and `variance` out.",
    )


def skewed_miss(
    kind: str, method: str, *, n_items: int, n_clusters: int, skewness: float
) -> ResultWarning | None:
    """Warn where unbounded scores are as skewed as the record's skewed worlds and too few for this method."""
    if abs(skewness) < SKEWED:
        return None
    clustered = n_items > n_clusters
    cells = worlds().filter(
        pl.col("kind") == kind,
        pl.col("method") == method,
        pl.col("scores") == "unbounded, skewed",
        (pl.col("cluster_size") > 1) == clustered,
    )
    if not len(cells) or n_clusters > 2 * int(cells["n_clusters"].to_numpy().max()):
        return None
    nearest = cells.sort((pl.col("n_clusters") / n_clusters).log().abs()).row(0, named=True)
    if nearest["coverage"] >= LEAST:
        return None
    units = f"{nearest['n_clusters']:,} {'clusters of 10' if clustered else 'items'}"
    return ResultWarning(
        code="skewed",
        message=f"the scores are skewed ({skewness:+.1f}): with {units} from a log-normal distribution 95% "
        f"intervals of this method held the truth in {100 * nearest['coverage']:.0f}% of samples",
        remedy="More items would help, or scores on a log scale.",
    )


def ratio_miss(*, n_items: int, n_clusters: int, spread: float) -> ResultWarning | None:
    """Warn where the logarithms of costs spread so much, for so few items or clusters, that intervals of
    their ratio miss.

    `spread`: the standard deviation of the logarithms.
    """
    if not math.isfinite(spread) or not n_clusters:
        return None
    cells = ratios().filter((pl.col("cluster_size") > 1) == (n_items > n_clusters))
    count, wide = pl.col("n_clusters").log() - math.log(n_clusters), (pl.col("spread") - spread) / SPREAD_STEP
    nearest = cells.with_columns(far=(count**2 + wide**2).round(9)).filter(
        pl.col("far") == pl.col("far").min()
    )
    worst = nearest.sort("coverage").row(0, named=True)
    if worst["coverage"] >= LEAST - 0.01 or spread < worst["spread"] - SPREAD_STEP / 2:
        return None
    units = "clusters of 20" if worst["cluster_size"] > 1 else "items"
    return ResultWarning(
        code="heavy_tailed",
        message=f"what attempts took spreads widely (standard deviation of the logarithms {spread:.1f}): "
        f"with {worst['n_clusters']:,} {units} that spread by {worst['spread']:g}, 95% intervals "
        f"of such ratios held the truth in {100 * worst['coverage']:.0f}% of samples",
        remedy="More items would help.",
    )


SPREAD_STEP = 0.5
"""Spreads of logarithms this far apart differ as much as e times as many items."""


def real_miss(kind: str, method: str, shares: Floats) -> ResultWarning | None:
    """Tell how often the intervals of a method held on whole clusters of the real benchmark whose draws are
    most like these.

    `shares` (C,): of the items that each cluster holds. Counts alone decide, as no score can tell
    (docs/decisions/0022-score.md), and only where the worst pair, or model, was held less often than in
    MISSED.
    """
    seen = _crowding(len(shares), 1 / float(shares @ shares), float(shares.max()))
    rows = _real_rows(kind, method)
    if not rows:
        return None
    row = min(
        rows,
        key=lambda each: math.dist(seen, _crowding(each["n_clusters"], each["effective"], each["largest"])),
    )
    if row["again"] >= MISSED:
        return None
    what = "pairs of real systems" if kind == "difference" else "real systems"
    return ResultWarning(
        code="real_clusters",
        message=f"on {row['n_clusters']} whole {row['unit']} drawn from {row['benchmark']}, 95% intervals "
        f"of {row['count']:,} {what} held the truth in {100 * row['mean']:.0f}% of draws on "
        f"average, but in {100 * row['again']:.0f}% for the worst",
        remedy="More clusters help; `population='same-clusters'` asks about these alone.",
    )


def _crowding(clusters: int, effective: float, largest: float) -> Place:
    """Return where clusters lie among those of the record: how many, how many they are worth, how much the
    largest holds.
    """
    return math.log(clusters), math.log(effective), math.log(largest)


@cache
def _real_rows(kind: str, method: str) -> list[dict[str, Any]]:
    """Return the rows of one method over enough pairs, or models, that one can be said to be the worst."""
    found = clusters().filter(
        pl.col("kind") == kind, pl.col("method") == method, pl.col("count") >= SEVERAL[kind]
    )
    return list(found.iter_rows(named=True))


Place = tuple[float, float, float]


def _place(n_clusters: float, cluster_size: float, rate: float) -> Place:
    """Return where data lie among the worlds: halving the clusters counts as much as halving the odds."""
    folded = min(rate, 1 - rate)
    clustered = 0.0 if cluster_size < 1 + 1e-9 else 10 + math.log(cluster_size)
    return math.log(n_clusters), clustered, math.log(folded / (1 - folded))


@cache
def _cells(kind: str, method: str) -> dict[Place, list[dict[str, float]]]:
    """Return the record's cells of one method by their place."""
    rate = "p" if kind == "mean" else "discordance"
    found = worlds().filter(
        pl.col("kind") == kind,
        pl.col("method") == method,
        pl.col("scores") == "right or wrong",
        pl.col("world").is_null(),  # not of the grid that varies what data don't tell
        pl.col("attempts").fill_null("1") == "1",
        ~pl.col("weights").fill_null(value=False),
        pl.col(rate).is_not_null(),
        pl.col("coverage").is_not_nan(),
    )
    places: dict[Place, list[dict[str, float]]] = {}
    for row in found.iter_rows(named=True):
        place = _place(row["n_clusters"], row["cluster_size"], row[rate])
        places.setdefault(place, []).append({**row, "rate": row[rate]})
    return places


def methods(cells: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Keep the rows of methods whose name holds one of these words; all where there are none."""
    wanted = list(names)
    if not wanted:
        return cells
    kept = cells.filter(
        pl.any_horizontal(*(pl.col("method").str.contains(name, literal=True) for name in wanted))
    )
    if not len(kept):
        known = "; ".join(sorted(cells["method"].unique()))
        raise OptionError(
            f"no method here has {' or '.join(map(repr, wanted))} in its name", remedy=f"There are: {known}."
        )
    return kept
