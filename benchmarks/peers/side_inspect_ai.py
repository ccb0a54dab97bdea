"""inspect_ai: its metrics `ci` (t) and `ci_wilson`, with `cluster` where there are clusters. Nothing for pairs."""

from __future__ import annotations

import numpy as np
from inspect_ai.scorer import SampleScore, Score, ci, ci_wilson, stderr
from side import Tool, run


def samples(scores, clusters):
    """Inspect hands the mean of a sample's epochs to its metrics."""
    codes = np.arange(scores.shape[1]) if clusters is None else clusters
    held = [
        SampleScore(score=Score(value=float(value)), sample_id=k, sample_metadata={"group": int(code)})
        for k, (value, code) in enumerate(zip(scores[0].mean(axis=1), codes, strict=True))
    ]
    return held, None if clusters is None else "group"


def by_t(held, cluster):
    found = ci(cluster=cluster)(held)
    return found["lower"], found["upper"], None


def by_wilson(held, cluster):
    found = ci_wilson(cluster=cluster)(held)
    return found["lower"], found["upper"], None


def known() -> None:
    """20 of 20 is [1, 1] by `ci`; one cluster has SE 0; 400 of 400 in 8 clusters still counts 400."""
    assert by_t(*samples(np.ones((1, 20, 1)), None))[:2] == (1.0, 1.0)
    half = (np.arange(20) % 2).reshape(1, 20, 1)
    assert stderr(cluster="group")(samples(half, np.zeros(20, int))[0]) == 0.0
    assert by_wilson(*samples(np.ones((1, 400, 1)), np.arange(400) // 50))[0] > 0.98


if __name__ == "__main__":
    known()

    def one_model(models, attempts, clusters) -> bool:
        return models == 1

    run(
        Tool(name="inspect_ai ci", call=by_t, takes=one_model, prepare=samples),
        Tool(name="inspect_ai ci_wilson", call=by_wilson, takes=one_model, prepare=samples),
    )
