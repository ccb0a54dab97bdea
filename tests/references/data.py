"""Write data.csv: small data sets for which make.R computes reference values. Needs numpy only.

Columns: set, y, cluster, cluster2 (empty but in the set 'twoway'), weight (1 but in the set 'weighted').
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

SEED = 20240411
Row = tuple[str, str, str, str, str]


def rows(
    name: str, y: np.ndarray, cluster: np.ndarray, *, second: np.ndarray | None = None, weight: np.ndarray | None = None
) -> Iterator[Row]:
    """One data set in long form; numbers are written so that they read back exactly."""
    for i, value in enumerate(y):
        other = "" if second is None else f"d{second[i]}"
        yield name, repr(float(value)), f"c{cluster[i]}", other, "1" if weight is None else repr(float(weight[i]))


def binary(rng: np.random.Generator, cluster: np.ndarray, *, spread: float = 1.2) -> np.ndarray:
    """0 or 1, with a chance of 1 that differs between clusters."""
    logit = 0.3 + rng.normal(0, spread, cluster.max() + 1)[cluster]
    return (rng.random(len(cluster)) < 1 / (1 + np.exp(-logit))).astype(float)


def continuous(rng: np.random.Generator, cluster: np.ndarray) -> np.ndarray:
    """A real number with a mean that differs between clusters, to 6 decimals."""
    return np.round(2 + rng.normal(0, 1, cluster.max() + 1)[cluster] + rng.normal(0, 1, len(cluster)), 6)


def all_rows() -> Iterator[Row]:
    """Every data set, in a fixed order from one seed."""
    rng = np.random.default_rng(SEED)
    sizes = np.arange(1, 13)
    balanced, unbalanced = np.repeat(np.arange(20), 5), np.repeat(np.arange(12), sizes)
    dominant = np.concatenate([np.zeros(60, int), np.repeat(np.arange(1, 16), 4)])
    small = np.repeat(np.arange(3), (4, 7, 5))
    yield from rows("balanced", binary(rng, balanced), balanced)
    yield from rows("unbalanced", continuous(rng, unbalanced), unbalanced)
    yield from rows("dominant", binary(rng, dominant), dominant)
    yield from rows("singletons", continuous(rng, np.arange(30)), np.arange(30))
    yield from rows("two_clusters", continuous(rng, np.repeat([0, 1], (8, 12))), np.repeat([0, 1], (8, 12)))
    yield from rows("small", binary(rng, small, spread=0.8), small)
    weight = np.round(rng.uniform(0.5, 3, len(unbalanced)), 3)
    yield from rows("weighted", continuous(rng, unbalanced), unbalanced, weight=weight)
    yield from rows("weighted_binary", binary(rng, unbalanced), unbalanced, weight=weight)
    first, second = np.repeat(np.arange(10), 8), np.tile(np.arange(8), 10)
    y = np.round(rng.normal(0, 1, 10)[first] + rng.normal(0, 0.7, 8)[second] + rng.normal(0, 1, 80), 6)
    yield from rows("twoway", y, first, second=second)


def main() -> None:
    """Write data.csv beside this file."""
    with (Path(__file__).parent / "data.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("set", "y", "cluster", "cluster2", "weight"))
        writer.writerows(all_rows())


if __name__ == "__main__":
    main()
