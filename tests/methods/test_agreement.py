"""The code of docs/methods/agreement.md gives the library's numbers.

Both look for limits on a grid, and agree on these to its width.
"""

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics import agreement as library
from methods import methods

page = methods("agreement")


def ratings(seed, raters, like, values, gaps):
    """Return ratings (80, raters), −1 without one, and clusters: raters copy the first one, or guess."""
    rng = np.random.default_rng(seed)
    true = rng.choice(values, p=np.array([6, 2, 1][:values]) / sum([6, 2, 1][:values]), size=(80, 1))
    guess = rng.choice(values, size=(80, raters))
    found = np.where(rng.random((80, raters)) < like, true, guess)
    return np.where(rng.random((80, raters)) < gaps, -1, found), np.sort(rng.integers(15, size=80))


def same(own, e):
    """Return whether the page's numbers are those of an estimate."""
    exact = own[:3] == pytest.approx((e.value, e.se, e.df), rel=1e-9, abs=1e-9)
    return exact and own[3:] == pytest.approx((e.interval.low, e.interval.high), abs=3e-7)


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("like", [0.2, 0.8, 1.0])
@pytest.mark.parametrize("values", [2, 3])
@pytest.mark.parametrize("measurement", ["nominal", "interval"])
def test_kappa_and_alpha_of_several_raters(like, values, measurement, grouped):
    found, g = ratings(1, 4, like, values, 0.2)
    found, g = found[(found >= 0).sum(axis=1) > 1], g[(found >= 0).sum(axis=1) > 1]
    g = np.unique(g, return_inverse=True)[1] if grouped else np.arange(len(g))
    rows = pl.DataFrame(
        [(i, f"r{k}", x, int(g[i])) for i, row in enumerate(found.tolist()) for k, x in enumerate(row) if x >= 0],
        schema=["item", "rater", "rating", "template"],
        orient="row",
    )
    answer = hs.agree(rows, measurement=measurement, cluster="template" if grouped else None)
    counts = np.stack([(found == k).sum(axis=1) for k in range(values)], axis=1).astype(float)
    places = np.arange(values)
    far = (places[:, None] - places) ** 2 / (values - 1) ** 2 if measurement == "interval" else 1 - np.eye(values)
    for name, alpha in (("fleiss", False), ("krippendorff", True)):
        assert same(page.agreement(*page.pooled(counts, far, krippendorff=alpha), g), answer.of(name))


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("like", [0.5, 0.9, 1.0])
def test_cohens_kappa(like, grouped):
    found, g = ratings(2, 2, like, 3, 0)
    g = np.unique(g, return_inverse=True)[1] if grouped else np.arange(80)
    rows = pl.concat(
        pl.DataFrame({"item": np.arange(80), "rater": f"r{k}", "rating": found[:, k], "template": g}) for k in (0, 1)
    )
    answer = hs.agree(rows, measurement="nominal", cluster="template" if grouped else None)
    parts = page.cohen(found[:, 0], found[:, 1], 1 - np.eye(3))
    assert same(page.agreement(*parts, g), answer.of("cohen"))


def test_the_page_has_the_formulas_of_gwets_coefficient():
    found, g = ratings(3, 3, 0.7, 3, 0)
    counts = np.stack([(found == k).sum(axis=1) for k in range(3)], axis=1).astype(float)
    expected = library.gwet(library.Counts(counts=counts, numbers=np.arange(3.0)), "nominal", (), 0.95)
    shares, far = counts / 3, 1 - np.eye(3)
    share, d = shares.mean(axis=0), (counts * (counts @ far)).sum(axis=1) / 6
    chance = 1 - share @ (1 - share) / 2
    part = chance - (shares - share) @ (1 - 2 * share) / 2
    size = (d @ d + 1) / (d.sum() + 1)

    def var(kappa):
        rate = np.clip((1 - kappa) * chance, 0, 1)
        return (size * rate - np.minimum(size, rate) * rate) / chance**2

    assert same(page.agreement(d, chance, part, var, np.arange(len(g))), expected)
