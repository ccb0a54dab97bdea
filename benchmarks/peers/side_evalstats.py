"""evalstats: `mean_ci` for one model, `compare` of a data frame for two. Neither takes clusters."""

from __future__ import annotations

import evalstats as es
import numpy as np
import pandas as pd
from side import Tool, run


def frame(scores, clusters):
    model, item, attempt = (part.ravel() for part in np.indices(scores.shape))
    return (
        pd.DataFrame({"model": np.array(["a", "b"])[model], "item": item, "run": attempt, "score": scores.ravel()}),
    )


def as_runs(scores, clusters):
    """Call the clusters items and their items runs, the only way that equal clusters fit in."""
    size = int((clusters == 0).sum())
    return frame(scores[:, :, 0].reshape(len(scores), -1, size), None)


def mean(scores, clusters):
    found = es.mean_ci(scores[0].mean(axis=1))
    return found.ci_low, found.ci_high, None


def compare(rows):
    drop = ["run"] if rows["run"].max() == 0 else []
    pair = es.compare(es.load_from(rows.drop(columns=drop)), factors="model").to_frame()["pairwise"].iloc[0]
    sign = 1 if pair["a"] == "a" else -1
    low, high = sorted((sign * pair["ci_low"], sign * pair["ci_high"]))
    return low, high, pair["p_value"]


def mean_in_compare(rows):
    """What `compare` says of each model, which respects attempts; the model stands in it twice."""
    twice = pd.concat([rows, rows.assign(model="b")])
    entity = es.compare(es.load_from(twice), factors="model").to_frame()["entities"].iloc[0]
    return entity["ci_low"], entity["ci_high"], None


def known() -> None:
    """20 of 20 by Wilson; 12 items are refused; 40 clusters of 10 with ICC .1 give a type I error of about .15."""
    assert abs(mean(np.ones((1, 20, 1)), None)[0] - 0.8389) < 1e-4
    try:
        compare(*frame(np.ones((2, 12, 1)), None))
    except es.InsufficientItemsError:
        pass
    else:
        raise AssertionError("12 items were taken")
    rng, found = np.random.default_rng(0), 0
    for _ in range(300):
        wins, losses, _ = np.repeat(rng.dirichlet([1.35, 1.35, 6.3], 40), 10, axis=0).T
        u = rng.random(400)
        a, b = np.where(u < wins, 1, np.where(u < wins + losses, 0, 1)), np.where(u < wins, 0, 1)
        found += compare(*frame(np.stack([a, b]).reshape(2, 400, 1), None))[2] < 0.05
    assert 0.09 < found / 300 < 0.21, found / 300


def equal_clusters(clusters) -> bool:
    return clusters is not None and len(set(np.bincount(clusters))) == 1 and clusters.max() >= 14


if __name__ == "__main__":
    known()
    run(
        Tool(name="evalstats", call=mean, takes=lambda m, k, c: m == 1),
        Tool(name="evalstats", call=compare, takes=lambda m, k, c: m == 2, prepare=frame, most=1000),
        Tool(
            name="evalstats (in compare)",
            call=mean_in_compare,
            takes=lambda m, k, c: m == 1 and k > 1,
            prepare=frame,
            most=1000,
        ),
        Tool(
            name="evalstats (clusters as items)",
            call=compare,
            takes=lambda m, k, c: m == 2 and equal_clusters(c),
            prepare=as_runs,
            most=1000,
        ),
    )
