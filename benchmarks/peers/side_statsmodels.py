"""statsmodels, which has no function for evals: what its parts offer.

Means: Wilson's `proportion_confint`; with clusters or attempts least squares on a constant, clustered (CR1), by its default
normal and with `use_t`; and GEE with the bias-reduced covariance (Mancl and DeRouen), by the normal.
Pairs: the t interval of the differences and exact McNemar; with clusters the same regressions.
"""

from __future__ import annotations

import numpy as np
from side import Tool, run
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.regression.linear_model import OLS
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint
from statsmodels.stats.weightstats import DescrStatsW


def rows(scores, clusters):
    """Return scores or differences, and the group of each row: its cluster, or its item where it has several answers."""
    x = scores[0] if len(scores) == 1 else scores[0] - scores[1]
    items = np.repeat(np.arange(x.shape[0]), x.shape[1])
    groups = items if clusters is None else clusters[items]
    return x.ravel(), groups, scores


def plain(x, groups, scores):
    if len(scores) == 1:
        return *proportion_confint(x.sum(), len(x), method="wilson"), None
    a, b = scores[0, :, 0], scores[1, :, 0]
    table = [[(a * b).sum(), (a * (1 - b)).sum()], [((1 - a) * b).sum(), ((1 - a) * (1 - b)).sum()]]
    return *DescrStatsW(x).tconfint_mean(), mcnemar(table, exact=True).pvalue


def regression(x, groups, scores, *, use_t=False):
    fit = OLS(x, np.ones(len(x))).fit(cov_type="cluster", cov_kwds={"groups": groups}, use_t=use_t)
    return *fit.conf_int()[0], fit.pvalues[0]


def regression_t(x, groups, scores):
    return regression(x, groups, scores, use_t=True)


def gee(x, groups, scores):
    fit = GEE(x, np.ones((len(x), 1)), groups=groups).fit(cov_type="bias_reduced")
    return *fit.conf_int()[0], fit.pvalues[0]


def known() -> None:
    """The clustered SE is CR1, by hand."""
    x, groups = np.array([1.0, 1, 0, 0, 1, 0]), np.array([0, 0, 0, 1, 1, 2])
    sums = np.bincount(groups, x - x.mean())
    low, high, _ = regression(x, groups, None)
    assert np.isclose((high - low) / 2 / 1.959964, np.sqrt(3 / 2 * sums @ sums) / 6)


if __name__ == "__main__":
    known()

    def grouped(models, attempts, clusters) -> bool:
        return attempts > 1 or clusters is not None

    run(
        Tool(name="statsmodels", call=plain, takes=lambda *data: not grouped(*data), prepare=rows),
        Tool(name="statsmodels OLS, z", call=regression, takes=grouped, prepare=rows),
        Tool(name="statsmodels OLS, t", call=regression_t, takes=grouped, prepare=rows),
        Tool(name="statsmodels GEE", call=gee, takes=grouped, prepare=rows, most=1000),
    )
