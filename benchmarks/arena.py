"""A board from 140,000 pairwise votes among 60 models, in a data frame: strengths, error bars, and what follows from them.

howsure also ranks simultaneously, tests one line of strengths, and finds who matters most. arena-rank: `PairDataset.from_pandas` and
`BradleyTerry.compute_ratings_and_cis`, whose error bars take each vote by itself. evalica: `bradley_terry`, which has no error bars.
"""

from __future__ import annotations

import sys

from measure import Race, Side, report, script, timed

VOTES, MODELS, VOTERS = 140_000, 60, 5_000


def races(peers: dict[str, str]) -> list[Race]:
    others = [
        Side(name=name.replace("_", "-"), command=script("arena.py", name, python=peers[name]))
        for name in ("arena_rank", "evalica")
        if name in peers
    ]
    board = Side(name="howsure", command=script("arena.py", "board"))
    styled = Side(name="howsure", command=script("arena.py", "styled"))
    return [
        Race(title="board of 140,000 votes, 60 models", ours=board, others=others),
        Race(title="the same with three covariates", ours=styled),
    ]


def made() -> dict:
    """Return columns of votes: models of different strengths, a taste for length, one vote in five a tie."""
    import numpy as np

    rng = np.random.default_rng(0)
    strength = rng.normal(0, 0.7, MODELS)
    first = rng.integers(0, MODELS, VOTES)
    second = (first + rng.integers(1, MODELS, VOTES)) % MODELS
    x = rng.normal(size=(VOTES, 3))
    ahead = strength[first] - strength[second] + x @ [0.3, 0.1, -0.1] + rng.logistic(size=VOTES)
    words = np.where(rng.random(VOTES) < 0.2, "tie", np.where(ahead > 0, "model_a", "model_b"))
    names = np.array([f"model {k}" for k in range(MODELS)])
    voter = rng.integers(0, VOTERS, VOTES)
    return {"model_a": names[first], "model_b": names[second], "winner": words, "voter": voter} | dict(
        zip(("length", "bold", "lists"), x.T, strict=True)
    )


def board() -> None:
    import polars as pl

    import howsure

    votes = pl.DataFrame(made())
    report(timed(lambda: howsure.arena(votes), repeats=5))


def styled() -> None:
    import polars as pl

    import howsure

    votes = pl.DataFrame(made())
    report(timed(lambda: howsure.arena(votes, covariate=["length", "bold", "lists"]), repeats=5))


def arena_rank() -> None:
    import pandas as pd
    from arena_rank.models.bradley_terry import BradleyTerry
    from arena_rank.utils.data_utils import PairDataset

    votes = pd.DataFrame(made())

    def once() -> None:
        dataset = PairDataset.from_pandas(votes)
        BradleyTerry(n_competitors=len(dataset.competitors)).compute_ratings_and_cis(dataset)

    report(timed(once, repeats=5))


def evalica() -> None:
    import evalica as peer
    import pandas as pd

    votes = pd.DataFrame(made())
    meant = {"model_a": peer.Winner.X, "model_b": peer.Winner.Y, "tie": peer.Winner.Draw}

    def once() -> None:
        peer.bradley_terry(votes["model_a"], votes["model_b"], votes["winner"].map(meant))

    report(timed(once, repeats=5))


if __name__ == "__main__":
    globals()[sys.argv[1]]()
