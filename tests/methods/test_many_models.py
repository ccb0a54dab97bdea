"""The code of docs/methods/many-models.md gives the library's numbers.

The library computes flips in single precision, so that a flip can tie with the data in one of both only. The seeds here have no
such ties. Random flips are compared to within three Monte Carlo errors of both.
"""

import re

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.best import best_of
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.ranks import ranks
from methods import FOLDER, methods
from places import LOGS

page = methods("many-models")
UNCLEAR = 0.25


def drawn(seed, attempts, clusters=None, n=60):
    """Return the scores of six models, and clusters, or questions by themselves."""
    rng = np.random.default_rng(seed)
    g = np.arange(n)
    if clusters:
        g = np.unique(np.sort(rng.integers(clusters, size=n)), return_inverse=True)[1]
    chance = rng.beta(1, 1, g.max() + 1)[g]
    x = np.array([rng.binomial(attempts, np.clip(chance + e, 0, 1)) / attempts for e in rng.normal(0, 0.25, 6)]).T
    return x, g


def of_library(x, g, score=True):
    """Return the library's raw and adjusted p-values, and who could be best."""
    clustered = g.max() < len(g) - 1
    moments = pair_moments(x, clusters=(g,) if clustered else (), score=score)
    adjusted = adjust_pairs(moments, "max-t", rng=np.random.default_rng(0))
    best = best_of(moments, x.mean(axis=0), adjusted, "max-t", 0.95, rng=np.random.default_rng(1))
    return moments.p_value, adjusted, best


@pytest.mark.parametrize("attempts", [1, 4])
@pytest.mark.parametrize("seed", [0, 1])
def test_all_flips_of_few_clusters(seed, attempts):
    x, g = drawn(seed, attempts, clusters=9)
    p, adjusted, best = of_library(x, g)
    signs = page.flips(len(page.cluster_sums(x, g)[2]))
    own, found, squares = page.max_t(x, g, signs)
    assert own == pytest.approx(p + np.eye(6) * (1 - p), rel=1e-9)
    clear = np.minimum(found, adjusted) <= UNCLEAR
    assert found[clear] == pytest.approx(adjusted[clear], rel=1e-9)
    found_best = page.could_be_best(x, g, own, found, squares, signs)
    assert found_best.tolist() == best.tolist()
    order = np.argsort(-x.mean(axis=0), kind="stable")
    at = np.ix_(order, order)
    mean = x.mean(axis=0)[order]
    told = ranks(mean, mean[:, None] - mean, adjusted[at], level=0.95, best=best[order])
    low, high = page.rank_intervals(x, found, found_best)
    assert [(each.low, each.high) for each in told] == list(zip(low[order], high[order], strict=True))


@pytest.mark.parametrize(("clusters", "attempts"), [(None, 4), (None, 1), (25, 1)])
@pytest.mark.parametrize("seed", [0])
def test_random_flips(seed, clusters, attempts):
    """The p-values of single independent answers are those of the page on a difference."""
    x, g = drawn(seed, attempts, clusters)
    p, adjusted, best = of_library(x, g)
    signs = page.flips(len(page.cluster_sums(x, g)[2]))
    assert len(signs) == 10_001
    single = (clusters, attempts) == (None, 1)
    own, found, squares = page.max_t(x, g, signs, plain=single, given=p if single else None)
    assert own == pytest.approx(p + np.eye(6) * (1 - p), rel=1e-9)
    off = 3 * np.sqrt(adjusted * (1 - adjusted) * 2 / 10_000) + 1e-3
    assert np.all(np.abs(found - adjusted) <= off)
    assert page.could_be_best(x, g, p, adjusted, squares, signs).tolist() == best.tolist()


def test_the_example():
    rows = hs.read(LOGS).to_frame().group_by("model", "item", "passage_id").agg(pl.col("score").mean())
    wide = rows.pivot("model", index=["item", "passage_id"], values="score")
    x, g = wide.drop("item", "passage_id").to_numpy(), np.unique(wide["passage_id"], return_inverse=True)[1]
    signs = page.flips(len(page.cluster_sums(x, g)[2]))
    p, adjusted, squares = page.max_t(x, g, signs)
    low, high = page.rank_intervals(x, adjusted, page.could_be_best(x, g, p, adjusted, squares, signs))
    order = np.argsort(-x.mean(axis=0))
    assert [f"{k}–{j}" for k, j in zip(low[order], high[order], strict=True)] == re.findall(
        r"^ +\d  (\d–\d)", (FOLDER / "many-models.md").read_text(), re.MULTILINE
    )
