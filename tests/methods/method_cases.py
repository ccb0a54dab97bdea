"""What the tests of the methods share: the data that R saw, and the estimator written out the long way."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

REFERENCES = Path(__file__).parents[1] / "references"
SETS = (
    "balanced",
    "unbalanced",
    "dominant",
    "singletons",
    "two_clusters",
    "small",
    "weighted",
    "weighted_binary",
    "twoway",
)
UNWEIGHTED = tuple(name for name in SETS if not name.startswith("weighted"))
WEIGHTED = tuple(name for name in SETS if name.startswith("weighted"))


def codes(labels) -> np.ndarray:
    """Consecutive integer codes of any labels."""
    return np.unique(labels, return_inverse=True)[1].astype(np.int64)


def reference_data(name):
    """y, first and second cluster codes (None where there is no second), weights of one set in data.csv."""
    with (REFERENCES / "data.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["set"] == name]
    y = np.array([float(row["y"]) for row in rows])
    second = [row["cluster2"] for row in rows]
    weights = np.array([float(row["weight"]) for row in rows])
    return y, codes([row["cluster"] for row in rows]), codes(second) if any(second) else None, weights


def long_way(x, cluster=None, weights=None, kind="CR2"):
    """Mean, variance and df by matrix algebra on √w·x ~ √w: nothing here is shared with howsure.

    Pustejovsky and Tipton (2018), equations 5 to 9, for one regressor and an identity working model.
    """
    n = len(x)
    cluster = np.arange(n) if cluster is None else cluster
    root = np.sqrt(np.ones(n) if weights is None else weights)
    bread = 1 / (root @ root)
    hat = np.outer(root, root) * bread
    value = bread * root @ (root * x)
    residual = root * x - root * value
    groups = [np.flatnonzero(cluster == g) for g in np.unique(cluster)]
    if kind == "CR1":
        meat = sum((root[g] @ residual[g]) ** 2 for g in groups)
        return value, bread**2 * meat * len(groups) / (len(groups) - 1), len(groups) - 1.0
    variance, columns = 0.0, []
    for g in groups:
        values, vectors = np.linalg.eigh(np.eye(len(g)) - hat[np.ix_(g, g)])
        adjust = vectors / np.sqrt(values) @ vectors.T
        variance += (bread * root[g] @ adjust @ residual[g]) ** 2
        columns.append((np.eye(n) - hat)[:, g] @ adjust @ root[g] * bread)
    columns = np.array(columns)
    products = columns @ columns.T
    return value, variance, np.trace(products) ** 2 / (products**2).sum()


def with_pseudo_items(d, clusters=(), weights=None):
    """Differences, cluster codes and weights with +1 and −1 appended, each its own cluster, weight 1."""
    weights = np.ones(len(d)) if weights is None else weights * (len(d) / weights.sum())
    more = tuple(np.append(c, (c.max() + 1, c.max() + 2)) for c in clusters)
    return np.append(d, (1.0, -1.0)), more, np.append(weights, (1.0, 1.0))
