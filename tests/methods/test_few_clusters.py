"""The code of docs/methods/few-clusters.md gives the library's numbers."""

import itertools

import numpy as np
import polars as pl
import pytest

import howsure as hs
from howsure.statistics.clustered_variance import joined_strata
from methods import FOLDER, methods
from places import ROOT

page, many = methods("few-clusters"), methods("many-models")


def rows(models, g):
    """Return a table of models' scores in clusters."""
    n = len(g)
    return pl.concat(
        pl.DataFrame({"model": name, "item": range(n), "score": x, "cluster": [f"c{k}" for k in g]})
        for name, x in models.items()
    )


def drawn(seed, sizes):
    """Return two models' answers, and clusters of these sizes."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(len(sizes)), sizes)
    chance = rng.beta(1, 1, len(sizes))[g]
    a, b = ((rng.random(len(g)) < np.clip(chance + more, 0.05, 0.95)).astype(float) for more in (0.2, 0))
    return a, b, g


SIZES = [[30, 20, 10], [40, 1, 1, 12], [25, 1, 14], [12] * 9]


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_scores(seed, sizes):
    a, _, g = drawn(seed, sizes)
    found = hs.estimate(rows({"a": a}, g), cluster="cluster", population="same-clusters").entries[0].estimate
    se, low, high = page.score_of_same_clusters(a, g)
    assert (found.se, found.interval.low, found.interval.high) == pytest.approx((se, low, high), rel=1e-9)
    assert found.df == page.within(a, g)[1]
    strata = joined_strata(g)
    shares, spread = np.bincount(strata) / len(g), [a[strata == k].var(ddof=1) for k in range(strata.max() + 1)]
    assert se**2 == pytest.approx((shares**2 * spread / np.bincount(strata)).sum(), rel=1e-9)


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("seed", range(3))
def test_differences(seed, sizes):
    a, b, g = drawn(seed, sizes)
    table = rows({"a": a, "b": b}, g)
    pair = hs.compare(table, a="a", b="b", cluster="cluster", population="same-clusters").comparisons[0]
    found = pair.difference
    expected = found.se, pair.p_value, found.interval.low, found.interval.high
    assert page.difference_of_same_clusters(a - b, g) == pytest.approx(expected, rel=1e-9)
    by_default = hs.compare(table, a="a", b="b", cluster="cluster").comparisons[0]
    few = page.few(g)
    assert few == (len(g) ** 2 / (np.bincount(g) ** 2).sum() < 6)
    assert by_default.population == ("same-clusters" if few else "new-clusters")


@pytest.mark.parametrize("attempts", [1, 3])
def test_differences_of_averages_and_equal_models(attempts):
    rng = np.random.default_rng(attempts)
    g = np.repeat(np.arange(4), [30, 20, 10, 5])
    chance = rng.beta(1, 1, 4)[g]
    a, b = (rng.binomial(attempts, np.clip(chance + more, 0, 1)) / attempts for more in (0.2, 0))
    for one, other in ((a, b), (a, a)):
        table = rows({"a": one, "b": other}, g)
        pair = hs.compare(table, a="a", b="b", cluster="cluster", population="same-clusters").comparisons[0]
        found = pair.difference
        expected = found.se, pair.p_value, found.interval.low, found.interval.high
        assert page.difference_of_same_clusters(one - other, g) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("attempts", [1, 3])
def test_many_models(attempts):
    """Flips are drawn: within three Monte Carlo errors."""
    rng = np.random.default_rng(attempts)
    g = np.repeat(np.arange(4), [40, 20, 30, 10])
    chance = rng.beta(1, 1, 4)[g]
    x = np.array([rng.binomial(attempts, np.clip(chance + e, 0, 1)) / attempts for e in (0.2, 0.1, 0, -0.1)]).T
    table = rows({f"m{k}": column for k, column in enumerate(x.T)}, g)
    pairs = hs.leaderboard(table, cluster="cluster", population="same-clusters").boards[0]
    order = [int(entry.model[1]) for entry in pairs.entries]
    x, p = x[:, order], np.ones((4, 4))
    for a, b in itertools.permutations(range(4), 2):
        p[a, b] = page.difference_of_same_clusters(x[:, a] - x[:, b], g)[1]
    assert p == pytest.approx(pairs.pairs.p_value, rel=1e-9)
    moved, single = np.array([page.within(column, g)[0] for column in x.T]).T, np.arange(100)
    signs = many.flips(100)
    own, adjusted, squares = many.max_t(moved, single, signs, plain=attempts == 1, given=p)
    off = 3 * np.sqrt(adjusted * (1 - adjusted) * 2 / 10_000) + 1e-3
    assert np.all(abs(adjusted - pairs.pairs.p_adjusted) <= off)
    low, high = many.rank_intervals(moved, adjusted, many.could_be_best(moved, single, own, adjusted, squares, signs))
    assert list(zip(low, high, strict=True)) == [(rank.low, rank.high) for rank in pairs.ranks]


def test_the_example():
    table = pl.read_parquet(ROOT / "examples" / "swebench_verified.parquet")
    names = "20250928_trae_doubao_seed_code", "20250901_warp"
    wide = table.filter(pl.col("model").is_in(names)).pivot("model", index=["item", "cluster"], values="score")
    g = np.unique(wide["cluster"].to_numpy(), return_inverse=True)[1]
    d = (wide[names[0]].cast(pl.Float64) - wide[names[1]].cast(pl.Float64)).to_numpy()
    _, p, low, high = page.difference_of_same_clusters(d, g)
    text = (FOLDER / "few-clusters.md").read_text().replace("\n", " ")
    assert f"{100 * low:.1f} to {100 * high:.1f}".replace("-", "−") in text
    assert f"p = {p:.3f}" in text
