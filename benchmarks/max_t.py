"""hs.leaderboard of made-up frames: 158 models × 500 items, and 20 models beside evalstats.

The models are close, so that most pairs have to be simulated: those far apart cost nothing. Ours corrects all pairs by max-t, gives
simultaneous rank intervals and who could be best; evalstats' `compare` resamples and corrects all pairs of its own.
"""

from __future__ import annotations

import sys

from made_up import scores
from measure import Race, Side, report, script, timed

ITEMS = 500


def races(peers: dict[str, str]) -> list[Race]:
    return [
        Race(title="leaderboard of 158 models × 500 items, max-t", ours=_side("howsure", 158)),
        Race(
            title="leaderboard of 20 models × 500 items",
            ours=_side("howsure", 20),
            others=[_side("evalstats", 20, python=peers["evalstats"])] if "evalstats" in peers else [],
        ),
    ]


def _side(name: str, models: int, python: str = sys.executable) -> Side:
    return Side(name=name, command=script("max_t.py", name, str(models), python=python))


def columns(models: int):
    import numpy as np

    x, _ = scores(models=models, items=ITEMS, clusters=ITEMS, spread=0.3)
    item, model = (index.ravel() for index in np.indices(x.shape))
    return {"model": [f"model {k}" for k in model], "item": [f"question {k}" for k in item], "score": x.ravel()}


def howsure(models: str) -> None:
    import polars as pl

    import howsure as hs

    rows = pl.DataFrame(columns(int(models)))
    report(timed(lambda: str(hs.leaderboard(rows, cluster="none")), repeats=5))


def evalstats(models: str) -> None:
    import evalstats as es
    import pandas as pd

    rows = pd.DataFrame(columns(int(models)))
    report(timed(lambda: es.compare(es.load_from(rows), factors="model"), repeats=2))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
