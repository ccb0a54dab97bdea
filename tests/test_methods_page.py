"""Formulas of the methods page, written in NumPy and SciPy, reproduce the intervals and p-values for scores and paired differences, clustered or not."""

import numpy as np
import pytest
from scipy import optimize, stats

from howsure.statistics.difference import difference
from howsure.statistics.means import mean


def clustered(d, codes):  # SE² and df (CR2, Satterthwaite), residual sums and their inflation
    n, e, q = len(d), np.bincount(codes, d - d.mean()), np.bincount(codes) / len(d)
    a = q**2 / (1 - q)
    return (e**2 / (1 - q)).sum() / n**2, 1 / ((q**2).sum() + a.sum() ** 2 - (a**2).sum()), e, 1 / (1 - q)


def pivot(d, codes):  # docs/statistics.md, "The difference of two models"
    n, m, s2 = len(d), d.mean(), d.var()
    se2, df, e, f = clustered(d, codes)
    sizes, fourths, deff = np.bincount(codes), ((d - m) ** 4).sum(), se2 * n / s2
    crowd, whole = (sizes**2).sum() / n, np.sqrt((sizes**2).mean())
    rho = np.clip((deff - 1) / (crowd - 1), 0, 1) if crowd > 1 else 0.0
    events = (n * s2) ** 2 / fourths / max(deff, 1)
    r = (1 + (whole - 1) * (events * rho + 1) / (events + 1)) / n
    single = np.isin(d, (-1, 0, 1)).all()
    sigma = (d**2).sum() / np.abs(d).sum()
    a, g = (0, 0) if single else (min(1, 8 * se2 / (r * s2)), (f * e**3).sum() / (f * e**2).sum() / n / 2)

    def t(delta):
        x, y, square = abs(delta) / sigma, np.copysign(1, delta or 1) * m / sigma, (s2 + m**2) / sigma**2
        b = (2 - y) * x - square
        p = (np.sqrt(b**2 + 4 * (square - y) * x * (1 - x)) - b) / 2 + x if x < 1 else 0
        more = r * (sigma**2 * p - delta**2 - s2 - a * (m - delta) ** 2) if x < 1 else 0
        return (m - delta) / np.sqrt(se2 + max(0, more, g * (delta - m)))

    q = stats.t.ppf(0.975, df)
    low = optimize.brentq(lambda x: t(x) - q, m - 1, m - 1e-12)
    high = optimize.brentq(lambda x: t(x) + q, m + 1e-12, m + 1)
    midp = stats.binom.cdf([k := min((d > 0).sum(), (d < 0).sum()), k - 1], (d != 0).sum(), 0.5).sum()
    return max(2 * stats.t.sf(abs(t(0)), df), midp if single and crowd == 1 else 0), low, high


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("attempts", [1, 5])
@pytest.mark.parametrize("seed", range(5))
def test_paired_p_value_and_interval_match_the_formulas_of_the_methods_page(seed, attempts, grouped):
    rng = np.random.default_rng(seed)
    chance = rng.beta(1, 1, 60)
    a, b = (rng.binomial(attempts, np.clip(chance + more, 0, 1)) / attempts for more in (0.1, 0.0))
    codes = np.arange(60) // 3 if grouped else np.arange(60)
    found = difference(a, b, clusters=(codes,) if grouped else ())
    limits = found.pivot.found.limits(0.95)
    assert (found.p_value, *map(float, limits)) == pytest.approx(pivot(a - b, codes), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize("grouped", [False, True])
def test_score_interval_and_standard_error_match_the_formulas_of_the_methods_page(grouped):
    """Wilson on n / deff with the t quantile; one answer to an item: the exact one-sided limit where that is farther out."""
    x = (np.random.default_rng(3).random(90) < 0.6).astype(float)
    codes = np.arange(90) // 3 if grouped else np.arange(90)
    se2, df, _, _ = clustered(x, codes)
    found = mean(x, clusters=(codes,) if grouped else (), interval="wilson")
    p, n = x.mean(), 90 / (se2 * 89 / (x.mean() * (1 - x.mean())))
    z = stats.t.ppf(0.975, df)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    assert found.se == pytest.approx(np.sqrt(se2))
    assert (found.interval.low, found.interval.high) == pytest.approx((centre - half, centre + half))
