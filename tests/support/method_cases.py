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


def heavy_pseudo_items(d, clusters=(), weights=None, kind="CR2"):
    """Centre, squared spread, df and weight of two pseudo-items, written out cluster by cluster.

    A pseudo-item weighs 1 + (whole − 1) ρ' items, see below, from m = Σ W_g² / n and the number of clusters. Data clusters are inflated as beside pseudo-items of
    weight 1; the df are those beside pseudo-items of weight 1 and 2 (u − 1) / m more for CR2.
    """
    n = len(d)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    mean, apart = w @ d / n, np.arange(n)
    ways = [apart] if not clusters else list(clusters)
    terms = [(way, 1) for way in ways]
    if len(ways) > 1:
        terms.append((codes(ways[0] * 10_000 + ways[1]), -1))
    if not clusters:
        u, m = 1.0, 1.0
    else:
        plain = sum(sign * long_way(d, way, w, kind)[1] for way, sign in terms)
        m = max(sum(w[way == g].sum() ** 2 for g in np.unique(way)) / n for way in ways)
        squares, fourths = w @ (d - mean) ** 2, w @ (d - mean) ** 4
        u = pseudo_weight_by_hand(plain, squares, fourths, n, m, min(len(np.unique(way)) for way in ways))
    centre, spread2 = n * mean / (n + 2 * u), 0.0
    for way, sign in terms:
        groups = [way == g for g in np.unique(way)]
        flat = (len(groups) + 2) / (len(groups) + 1)
        part = 0.0
        for g in groups:
            part += (w[g] @ (d[g] - centre)) ** 2 * (1 / (1 - w[g].sum() / (n + 2)) if kind == "CR2" else flat)
        for end in (1, -1):
            part += (u * (end - centre)) ** 2 * (1 / (1 - u / (n + 2 * u)) if kind == "CR2" else flat)
        spread2 += sign * part
    df = []
    for way in ways:
        with_ones = long_way(np.append(d, (1, -1)), np.append(way, (n + 1, n + 2)), np.append(w, (1, 1)), kind)
        df.append(with_ones[2])
    return centre, spread2 / (n + 2 * u) ** 2, min(df) + (2 * (u - 1) / m if kind == "CR2" else 0), u


def pseudo_weight_by_hand(variance, squares, fourths, n, m, units):
    """The weight of one pseudo-item, number by number; `whole`: between the two ways to average cluster sizes."""
    whole = (m * (n / units)) ** 0.5
    if squares < 1e-20 * n:  # nothing varies, nothing is known of ρ
        return whole
    deff = variance * n**2 / squares
    rho = min(max((deff - 1) / (m - 1), 0), 1)
    events = squares**2 / fourths / max(deff, 1)
    return 1 + (whole - 1) * (events * rho + 1) / (events + 1)
