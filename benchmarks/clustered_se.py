"""The clustered SE of 100 models on 2000 items in 200 clusters; and the whole estimate, intervals and all."""

from __future__ import annotations

import sys

from made_up import scores
from measure import Race, Side, report, script, timed


def races(peers: dict[str, str]) -> list[Race]:
    peer = Side(name="statsmodels", command=script("clustered_se.py", "statsmodels"))
    se = Side(name="howsure", command=script("clustered_se.py", "standard_errors"))
    whole = Side(name="howsure", command=script("clustered_se.py", "estimates"))
    return [
        Race(title="clustered SE of 100 models", ours=se, others=[peer]),
        Race(title="the same with df and interval", ours=whole, others=[peer]),
    ]


def standard_errors(x, codes) -> None:
    import numpy as np

    from howsure.statistics.clustered_variance import covariance

    weights = np.ones(len(x))
    report(timed(lambda: np.sqrt(np.diagonal(covariance(x, weights, (codes,), "CR2"))), repeats=51))


def estimates(x, codes) -> None:
    from howsure.statistics.means import mean

    report(timed(lambda: [mean(column, clusters=(codes,)) for column in x.T], repeats=11))


def statsmodels(x, codes) -> None:
    import numpy as np
    from statsmodels.regression.linear_model import OLS

    constant = np.ones(len(x))

    def one(column) -> float:
        return OLS(column, constant).fit(cov_type="cluster", cov_kwds={"groups": codes}).bse[0]

    report(timed(lambda: [one(column) for column in x.T], repeats=11))


if __name__ == "__main__":
    globals()[sys.argv[1]](*scores())
