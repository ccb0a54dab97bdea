"""Published simulation results: the coverage of every method's 95% intervals in simulated data sets with
known parameters.

The files next to this one are written by scripts/calibrate and shown in docs/calibration.md. If an answer's
method is known to have too little coverage with such data, the answer has a warning with the measured
coverage.
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
"""A worst pair of a real benchmark with lower coverage gives a warning, if it is the worst of at least this
many pairs, or models.
"""


@cache
def worlds() -> pl.DataFrame:
    """Return one row per scenario and method. The columns are described in simulation/harness.py."""
    return pl.read_parquet(FOLDER / "worlds.parquet")


def boards() -> pl.DataFrame:
    """Return one row per board and correction. The columns are described in simulation/boards.py."""
    return pl.read_parquet(FOLDER / "boards.parquet")


def looks() -> pl.DataFrame:
    """Return one row per watched run and method. The columns are described in simulation/looks.py."""
    return pl.read_parquet(FOLDER / "looks.parquet")


@cache
def ratios() -> pl.DataFrame:
    """Return one row per scenario of costs, written by scripts/measures-trial."""
    return pl.read_parquet(FOLDER / "ratios.parquet")


def plans() -> pl.DataFrame:
    """Return one row per planned comparison and method. The columns are described in simulation/plans.py."""
    return pl.read_parquet(FOLDER / "plans.parquet")


def suites() -> pl.DataFrame:
    """Return one row per scenario of several tasks. The columns are described in simulation/suites.py."""
    return pl.read_parquet(FOLDER / "suites.parquet")


def agreements() -> pl.DataFrame:
    """Return one row per scenario of raters and coefficient. The columns are described in
    simulation/agreement.py.
    """
    return pl.read_parquet(FOLDER / "agreements.parquet")


def metrics() -> pl.DataFrame:
    """Return one row per scenario of a metric over labels and predictions. The columns are described in
    simulation/metrics.py.
    """
    return pl.read_parquet(FOLDER / "metrics.parquet")


def verbs() -> pl.DataFrame:
    """Return one row per scenario and promise of horizons, curves, judges and single questions. The columns
    are described in simulation/verb_worlds.py.
    """
    return pl.read_parquet(FOLDER / "verbs.parquet")


def factors() -> pl.DataFrame:
    """Return one row per scenario of a random factor. The columns are described in simulation/factors.py."""
    return pl.read_parquet(FOLDER / "factors.parquet")


@cache
def clusters() -> pl.DataFrame:
    """Return one row per real benchmark, number of its clusters drawn and method. See
    simulation/real_clusters.py.
    """
    return pl.read_parquet(FOLDER / "clusters.parquet")


@lru_cache(maxsize=4_096)
def known_miss(kind: str, method: str, *, n_items: int, n_clusters: int, rate: float) -> ResultWarning | None:
    """Warn if a method is known to have too little coverage in scenarios like these data: right-or-wrong
    answers, one attempt per item.

    `kind`: "mean" or "difference". `rate`: the score, or the share of discordant items. The nearest scenarios
    are used. Among those that differ only in properties unknown from data (the intra-cluster correlation, the
    true difference, how unequal the clusters are), the worst one is reported.
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
        message=f"in simulations like these data ({what}{icc}) 95% intervals of this method "
        "covered the true value in "
        f"{100 * worst['coverage']:.0f}% of samples",
        remedy="More clusters or items would help."
        if worst["default"]
        else f"Leave `{option}` and `variance` out.",
    )


def skewed_miss(
    kind: str, method: str, *, n_items: int, n_clusters: int, skewness: float
) -> ResultWarning | None:
    """Warn if unbounded scores are as skewed as in the skewed scenarios and too few for this method."""
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
        message=f"the scores are skewed ({skewness:+.1f}): with {units} from a log-normal distribution, "
        f"95% intervals of this method covered the true value in {100 * nearest['coverage']:.0f}% "
        "of samples",
        remedy="More items would help, or scores on a log scale.",
    )


def ratio_miss(*, n_items: int, n_clusters: int, spread: float) -> ResultWarning | None:
    """Warn if the logarithms of costs have too large a spread, for few items or clusters, for intervals of
    their ratio.

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
        message=f"costs vary widely between attempts (standard deviation of the logarithms {spread:.1f}): "
        f"with {worst['n_clusters']:,} {units} with a spread of {worst['spread']:g}, 95% intervals of "
        f"such ratios covered the true one in {100 * worst['coverage']:.0f}% of samples",
        remedy="More items would help.",
    )


SPREAD_STEP = 0.5
"""Spreads of logarithms that differ this much count as different as e times as many items."""


def real_miss(kind: str, method: str, shares: Floats) -> ResultWarning | None:
    """Warn of the coverage of a method's intervals on whole clusters of the real benchmark whose draws are
    most similar.

    `shares` (C,): each cluster's share of the items. Counts alone decide, as scores aren't informative
    (docs/decisions/0022-score.md), and only if the worst pair, or model, had lower coverage than in MISSED.
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
        message=f"on {row['n_clusters']} whole {row['unit']} resampled from {row['benchmark']}, "
        "95% intervals "
        f"of {row['count']:,} {what} covered the true value in {100 * row['mean']:.0f}% of samples on "
        f"average, but in {100 * row['again']:.0f}% for the worst",
        remedy="Add clusters, or use `population='same-clusters'` for inference on these only.",
    )


def _crowding(clusters: int, effective: float, largest: float) -> Place:
    """Return the place of clusters among those of the simulations: how many, the effective number, and the
    share of the largest.
    """
    return math.log(clusters), math.log(effective), math.log(largest)


@cache
def _real_rows(kind: str, method: str) -> list[dict[str, Any]]:
    """Return the rows of one method with enough pairs, or models, for a meaningful worst one."""
    found = clusters().filter(
        pl.col("kind") == kind, pl.col("method") == method, pl.col("count") >= SEVERAL[kind]
    )
    return list(found.iter_rows(named=True))


Place = tuple[float, float, float]


def _place(n_clusters: float, cluster_size: float, rate: float) -> Place:
    """Return the place of data among the scenarios: halving the clusters counts as much as halving the
    odds.
    """
    folded = min(rate, 1 - rate)
    clustered = 0.0 if cluster_size < 1 + 1e-9 else 10 + math.log(cluster_size)
    return math.log(n_clusters), clustered, math.log(folded / (1 - folded))


@cache
def _cells(kind: str, method: str) -> dict[Place, list[dict[str, float]]]:
    """Return the scenarios of one method by their place."""
    rate = "p" if kind == "mean" else "discordance"
    found = worlds().filter(
        pl.col("kind") == kind,
        pl.col("method") == method,
        pl.col("scores") == "right or wrong",
        pl.col("world").is_null(),  # not of the grid that varies properties unknown from data
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
    """Keep the rows of methods whose name contains one of these words, or all without words."""
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
