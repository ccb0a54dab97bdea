"""What the tests of the methods share: the data that R saw, and the estimator written out the long way."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy import optimize, special

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


def score_pivot(d, clusters=(), weights=None, kind="CR2"):
    """Difference, variance, df, variance of an item and room of the score pivot, and event, averaged and skew, written out cluster by cluster."""
    n = len(d)
    w = np.ones(n) if weights is None else weights * (n / weights.sum())
    mean = w @ d / n
    ways = list(clusters) or [np.arange(n)]
    terms = [(way, 1) for way in ways]
    if len(ways) > 1:
        terms.append((codes(ways[0] * 10_000 + ways[1]), -1))
    found = [(sign, long_way(d, way, w, kind)) for way, sign in terms]
    variance = sum(sign * each[1] for sign, each in found)
    size = 1.0
    if clusters:
        m = max(sum(w[way == g].sum() ** 2 for g in np.unique(way)) / n for way in ways)
        squares, fourths = w @ (d - mean) ** 2, w @ (d - mean) ** 4
        size = event_worth_by_hand(variance, squares, fourths, n, m, min(len(np.unique(way)) for way in ways))
    df = min(each[2] for sign, each in found if sign > 0)
    item, room = float(w @ (d - mean) ** 2) / n, size * float(w @ w) / n**2
    apart = float(w @ np.abs(d))
    event = float(w @ d**2) / apart if apart else 1.0
    averaged = float(apart > 0 and (np.ptp(w) > 0 or not np.isin(d, (-1, 0, 1)).all()))
    calm = min(8 * variance / (room * item), 1.0) if item > 1e-13 * event**2 else 0.0
    return mean, variance, df, item, room, event, averaged * calm, averaged * skew_of(d - mean, ways, w, kind)


def skew_of(e, ways, w, kind):
    """Half the third over the second powers of what clusters add up to, as CR2 weighs them, over the items."""
    n, powers = len(e), np.zeros(2)
    for way in ways:
        for g in np.unique(way):
            inside = way == g
            inflation = 1 / (1 - w[inside].sum() / n) if kind == "CR2" else 1.0
            total = float(w[inside] @ e[inside])
            powers += inflation * np.array([total**2, total**3])
    return powers[1] / powers[0] / n / 2 if powers[0] > 0 else 0.0


def variance_at(pivot, value):
    """The variance of a score pivot if `value` were the true difference, by maximising the likelihood by search."""
    seen, variance, _, item, room, event, averaged, skew = pivot
    steep = max(skew * (value - seen), 0.0)
    if abs(value) >= event:
        return variance + steep
    mean, spread, whole = seen / event, item / event**2, value
    value = value / event
    square = min(max(spread + mean**2, abs(mean)), 1.0)
    wins, losses = (square + mean) / 2, (square - mean) / 2

    def unlikely(q):
        return -(
            special.xlogy(wins, q + value) + special.xlogy(losses, q) + special.xlogy(1 - square, 1 - value - 2 * q)
        )

    ends = max(0.0, -value), (1 - value) / 2
    inside = optimize.minimize_scalar(unlikely, bounds=ends, method="bounded", options={"xatol": 1e-13}).x
    q = min((*ends, inside), key=unlikely)
    more = event**2 * (2 * q + value) - whole**2 - item - averaged * (seen - whole) ** 2
    return variance + max(room * more, steep)


def event_worth_by_hand(variance, squares, fourths, n, m, units):
    """How many items an event is worth, number by number; `whole`: between the two ways to average cluster sizes."""
    whole = (m * (n / units)) ** 0.5
    if squares < 1e-20 * n:  # nothing varies, nothing is known of ρ
        return whole
    deff = variance * n**2 / squares
    rho = min(max((deff - 1) / (m - 1), 0), 1)
    events = squares**2 / fourths / max(deff, 1)
    return 1 + (whole - 1) * (events * rho + 1) / (events + 1)
