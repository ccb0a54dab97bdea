"""All 4,950 pairs of 100 models on 2000 items in 200 clusters: difference, clustered SE and p-value of each."""

from __future__ import annotations

import sys

from made_up import pairs, scores
from measure import Race, Side, report, script, timed, timed_items

MOST_SECONDS = 60


def races(peers: dict[str, str]) -> list[Race]:
    others = [Side(name="statsmodels", command=script("all_pairs.py", "statsmodels"))]
    if "errorbars" in peers:
        others.append(Side(name="errorbars", command=script("all_pairs.py", "errorbars", python=peers["errorbars"])))
    ours = Side(name="howsure", command=script("all_pairs.py", "howsure"))
    return [Race(title="4,950 pairs, clustered", ours=ours, others=others, at_least=50, rounds=5)]


def howsure(x, codes) -> None:
    from howsure.statistics.all_pairs import pair_moments

    report(timed(lambda: pair_moments(x, clusters=(codes,)).p_value, repeats=21))


def statsmodels(x, codes) -> None:
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    constant = np.ones(len(x))

    def pair(i: int, j: int) -> tuple[float, float, float]:
        fit = OLS(x[:, i] - x[:, j], constant).fit(cov_type="cluster", cov_kwds={"groups": codes})
        return fit.params[0], fit.bse[0], fit.pvalues[0]

    report(*timed_items(pair, pairs(), most_seconds=MOST_SECONDS))


def errorbars(x, codes) -> None:
    from errorbars.compare import paired_compare

    def pair(i: int, j: int) -> object:
        return paired_compare(x[:, i], x[:, j], clusters=codes)

    report(*timed_items(pair, pairs(), most_seconds=MOST_SECONDS))


if __name__ == "__main__":
    globals()[sys.argv[1]](*scores())
