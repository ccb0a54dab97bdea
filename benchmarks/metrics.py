"""AUROC: a leaderboard of 20 models × 500 questions beside a bootstrap of 1,000 draws, and one model with 10 million rows.

Ours has intervals, all pairs corrected by max-t, and ranks. The bootstrap draws the same questions for all models and calls
scikit-learn's roc_auc_score for each, so that its draws compare models too. For 10 million rows scikit-learn gives the value alone,
ours its error bar as well, from a frame with a name for each question.
"""

from __future__ import annotations

import sys
import time

import numpy as np
from measure import Race, Side, report, script, timed, timed_items

MODELS, ITEMS, DRAWS, MANY = 20, 500, 1000, 10_000_000


def races(peers: dict[str, str]) -> list[Race]:
    python = peers.get("scikit_learn")

    def against(name: str, peer: str) -> list[Side]:
        return [] if python is None else [Side(name=name, command=script("metrics.py", peer, python=python))]

    return [
        Race(
            title="AUROC of 20 models × 500 questions",
            ours=Side(name="howsure", command=script("metrics.py", "leaderboard")),
            others=against("scikit-learn, 1,000 resamples", "bootstrap"),
            at_least=20,
        ),
        Race(
            title="AUROC of 10,000,000 rows",
            ours=Side(name="howsure", command=script("metrics.py", "estimate")),
            others=against("scikit-learn, the value alone", "value"),
            rounds=3,
            at_most=3,
        ),
    ]


def answers(models: int, items: int):
    """Return the labels (items,) of which a third is 1, and the scores of models (items, models)."""
    rng = np.random.default_rng(3)
    label = (rng.random(items) < 1 / 3).astype(np.int64)
    score = rng.normal(size=(items, models)) + 1.2 * label[:, None] + rng.normal(size=(items, 1))
    return label, score + 0.02 * np.arange(models) * label[:, None]


def leaderboard() -> None:
    import polars as pl

    import howsure as hs

    label, score = answers(MODELS, ITEMS)
    item, model = (index.ravel() for index in np.indices(score.shape))
    rows = pl.DataFrame({"model": model, "item": item, "label": label[item], "prediction": score.ravel()})
    rows = rows.with_columns(pl.format("model {}", "model").alias("model"))
    report(timed(lambda: str(hs.leaderboard(rows, statistic="auroc", cluster="none")), repeats=5))


def bootstrap() -> None:
    from sklearn.metrics import roc_auc_score

    label, score = answers(MODELS, ITEMS)
    draws = [(one,) for one in np.random.default_rng(4).integers(0, ITEMS, (DRAWS, ITEMS))]
    report(*timed_items(lambda one: [roc_auc_score(label[one], x[one]) for x in score.T], draws, most_seconds=20))


def estimate() -> None:
    import polars as pl

    import howsure as hs

    label, score = answers(1, MANY)
    rows = pl.DataFrame({"model": "m", "item": np.arange(MANY), "label": label, "prediction": score[:, 0]})
    hs.estimate(rows.head(1000), statistic="auroc", cluster="none")
    start = time.perf_counter()
    hs.estimate(rows, statistic="auroc", cluster="none")
    report(time.perf_counter() - start)


def value() -> None:
    from sklearn.metrics import roc_auc_score

    label, score = answers(1, MANY)
    report(timed(lambda: roc_auc_score(label, score[:, 0]), repeats=1))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
