"""hs.leaderboard of a made-up frame, 158 models × 500 items: all 12,403 pairs, max-t, simultaneous rank intervals.

The models are close, so that most pairs have to be simulated: those far apart cost nothing.
"""

from __future__ import annotations

from made_up import scores
from measure import Race, Side, report, script, timed

MODELS, ITEMS = 158, 500


def races(peers: dict[str, str]) -> list[Race]:
    ours = Side(name="howsure", command=script("max_t.py"))
    return [Race(title="leaderboard of 158 models × 500 items, max-t", ours=ours)]


def table():
    import numpy as np
    import polars as pl

    x, _ = scores(models=MODELS, items=ITEMS, clusters=ITEMS, spread=0.3)
    item, model = (index.ravel() for index in np.indices(x.shape))
    return pl.DataFrame({"model": model, "item": item, "score": x.ravel()}).with_columns(
        model=pl.format("model {}", "model"), item=pl.format("question {}", "item")
    )


if __name__ == "__main__":
    import howsure

    rows = table()
    report(timed(lambda: howsure.leaderboard(rows, cluster="none"), repeats=5))
