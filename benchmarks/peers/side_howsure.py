"""howsure: the methods on arrays, as the peers are called; and `estimate` and `compare` on a table, as users call them."""

from __future__ import annotations

import numpy as np
import polars as pl
from side import Tool, run

import howsure as hs
from howsure.statistics.difference import difference
from howsure.statistics.means import mean


def table(scores, clusters):
    model, item, attempt = (part.ravel() for part in np.indices(scores.shape))
    columns = {"model": np.array(["a", "b"])[model], "item": item, "attempt": attempt, "score": scores.ravel()}
    if clusters is not None:
        columns["cluster"] = clusters[item]
    return pl.DataFrame(columns), len(scores)


def public(rows, models):
    if models == 1:
        found = hs.estimate(rows)[0].estimate.interval
        return found.low, found.high, None
    answer = hs.compare(rows, "a", "b")
    return answer.difference.interval.low, answer.difference.interval.high, answer.p_value


def arrays(scores, clusters):
    codes = () if clusters is None else (clusters,)
    x = scores.mean(axis=2)
    if len(scores) == 1:
        found = mean(x[0], clusters=codes, attempts=np.full(x.shape[1], float(scores.shape[2]))).interval
        return found.low, found.high, None
    answer = difference(x[0], x[1], clusters=codes)
    return answer.estimate.interval.low, answer.estimate.interval.high, answer.p_value


def same_answers() -> None:
    """The table and the arrays must give the same limits."""
    rng = np.random.default_rng(0)
    for shape, clusters in (((1, 60, 1), np.arange(60) // 6), ((2, 60, 1), np.arange(60) // 6), ((1, 40, 3), None)):
        scores = (rng.random(shape) < 0.7).astype(float)
        one, other = public(*table(scores, clusters)), arrays(scores, clusters)
        assert np.allclose(one[:2], other[:2]), (one, other)


if __name__ == "__main__":
    same_answers()

    def always(models, attempts, clusters) -> bool:
        return True

    run(
        Tool(name="howsure", call=arrays, takes=always),
        Tool(name="howsure (table)", call=public, takes=always, prepare=table, most=100),
    )
