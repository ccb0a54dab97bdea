"""The published record: what every method's 95 % interval held in worlds whose truth is known, kept in the package.

The files beside this one are written by scripts/calibrate and shown in docs/calibration.md. An answer whose data lie where its
method is known to miss says so, with the coverage that was measured there.
"""

from __future__ import annotations

import math
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from howsure.errors import Caution, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterable

FOLDER = Path(__file__).parent
LEAST = 0.93
LEVEL = 0.95
SKEWED = 1.5


@cache
def worlds() -> pl.DataFrame:
    """Return one row per world and method; the columns are told in howsure/calibration/harness.py."""
    return pl.read_parquet(FOLDER / "worlds.parquet")


def boards() -> pl.DataFrame:
    """Return one row per board and correction; the columns are told in howsure/calibration/boards.py."""
    return pl.read_parquet(FOLDER / "boards.parquet")


def looks() -> pl.DataFrame:
    """Return one row per run that is looked at, and method; the columns are told in howsure/calibration/looks.py."""
    return pl.read_parquet(FOLDER / "looks.parquet")


def plans() -> pl.DataFrame:
    """Return one row per planned comparison and method; the columns are told in howsure/calibration/plans.py."""
    return pl.read_parquet(FOLDER / "plans.parquet")


def suites() -> pl.DataFrame:
    """Return one row per world of several tasks; the columns are told in howsure/calibration/suites.py."""
    return pl.read_parquet(FOLDER / "suites.parquet")


def known_miss(kind: str, method: str, *, n_items: int, n_clusters: int, rate: float) -> Caution | None:
    """Warn where a method is known to miss in worlds like these data: right-or-wrong answers, one attempt an item.

    `kind`: "mean" or "difference"; `rate`: the score, or the share of discordant items. The nearest worlds of the record
    are asked; among those that differ only in what data don't tell (the intra-cluster correlation, the true difference,
    how unequal the clusters are) the worst one is told.
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
    return _caution(kind, worst)


def skewed_miss(kind: str, method: str, *, n_items: int, n_clusters: int, skewness: float) -> Caution | None:
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
    return Caution(
        code="skewed",
        message=f"the scores are skewed ({skewness:+.1f}): with {units} from a log-normal distribution 95 % intervals of this "
        f"method held the truth in {100 * nearest['coverage']:.0f} % of samples",
        remedy="More items would help, or scores on a log scale.",
    )


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


def _caution(kind: str, cell: dict[str, float]) -> Caution:
    size = cell["cluster_size"]
    units = f"{cell['n_clusters']:,} items" if size == 1 else f"{cell['n_clusters']:,} clusters of {size}"
    what = f"{units}, {'rate' if kind == 'mean' else 'discordant'} {cell['rate']:.3g}"
    icc = f", intra-cluster correlation {cell['icc']:g}" if cell["icc"] else ""
    option = "interval" if kind == "mean" else "method"
    return Caution(
        code="known_to_miss",
        message=f"in worlds like these data ({what}{icc}) 95 % intervals of this method held the truth in "
        f"{100 * cell['coverage']:.0f} % of samples",
        remedy="More clusters or items would help." if cell["default"] else f"Leave `{option}` and `variance` out.",
    )


def methods(cells: pl.DataFrame, names: Iterable[str]) -> pl.DataFrame:
    """Keep the rows of methods whose name holds one of these words; all where there are none."""
    wanted = list(names)
    if not wanted:
        return cells
    kept = cells.filter(pl.any_horizontal(*(pl.col("method").str.contains(name, literal=True) for name in wanted)))
    if not len(kept):
        known = ", ".join(sorted(cells["method"].unique()))
        raise OptionError(
            f"no method here has {' or '.join(map(repr, wanted))} in its name", remedy=f"There are: {known}."
        )
    return kept
