"""Levels of a factor that all items share: against mean squares by hand, a mixed model's numbers, and two-way clustering."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from howsure.statistics.clustered_variance import variances
from howsure.statistics.random_factors import Levels, error_with_levels


def draw(seed: int = 0, n: int = 40, levels: int = 4, models: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, 0.3, (1, levels, models))
    return rng.normal(0, 1, (n, 1, models)) + effects + rng.normal(0, 0.5, (n, levels, models))


def mean_squares(y: np.ndarray) -> tuple[float, float, float]:
    """Return those of items, levels and items × levels of a complete table (n, S), as any text on analysis of variance has them."""
    n, s = y.shape
    items, levels, whole = y.mean(axis=1, keepdims=True), y.mean(axis=0, keepdims=True), y.mean()
    rest = y - items - levels + whole
    return (
        s * ((items - whole) ** 2).sum() / (n - 1),
        n * ((levels - whole) ** 2).sum() / (s - 1),
        (rest**2).sum() / ((n - 1) * (s - 1)),
    )


def test_the_parts_are_those_of_the_mean_squares() -> None:
    x = draw()
    parts = Levels.of(x, shared=False).of_means()
    for k in range(3):
        items, levels, rest = mean_squares(x[:, :, k])
        n, s = x.shape[:2]
        assert parts.factor[k] == pytest.approx((levels - rest) / (n * s))
        assert parts.noise[k] == pytest.approx(rest / (n * s))
        whole, df = error_with_levels([parts], np.asarray(items / (n * s)), np.asarray(n - 1.0))
        expected = (items + max(levels - rest, 0.0)) / (n * s)
        assert whole[k] == pytest.approx(expected)
        squares = [(m / (n * s)) ** 2 / d for m, d in ((items, n - 1), (levels, s - 1), (rest, (n - 1) * (s - 1)))]
        assert df[k] == pytest.approx(min(expected**2 / sum(squares), n - 1))


def test_shared_levels_are_those_of_the_differences_and_own_ones_add_up() -> None:
    x = draw()
    shared, own = (Levels.of(x, shared=each).of_pairs() for each in (True, False))
    alone = Levels.of(x, shared=False).of_means()
    difference = Levels.of((x[:, :, 0] - x[:, :, 2])[:, :, None], shared=True).of_means()
    for name in ("factor", "noise", "squares"):
        assert getattr(shared, name)[0, 2] == pytest.approx(getattr(difference, name)[0])
        assert getattr(own, name)[0, 2] == pytest.approx(getattr(alone, name)[0] + getattr(alone, name)[2])


def test_clusters_and_weights_enter_as_sums() -> None:
    x = draw(n=60)
    codes, ones = np.arange(60) // 3, np.ones(60)
    plain = Levels.of(x, shared=False).of_means()
    assert Levels.of(x, weights=2 * ones, shared=False).of_means().factor == pytest.approx(plain.factor)
    assert Levels.of(x, codes=np.arange(60), shared=False).of_means().noise == pytest.approx(plain.noise)
    grouped = Levels.of(x, codes=codes, shared=False).of_means()
    sums = x.reshape(20, 3, 4, 3).mean(axis=1)
    assert grouped.factor == pytest.approx(Levels.of(sums, shared=False).of_means().factor)


def test_it_is_clustering_two_ways_but_for_small_samples() -> None:
    """Cameron, Gelbach and Miller (2011): V of items + V of levels − V of single answers, without corrections for few."""
    y = draw(n=300, levels=40, models=1)[:, :, 0]
    n, s = y.shape
    item, level = (each.ravel() for each in np.indices(y.shape))
    ones = np.ones(n * s)
    two_ways = variances(y.reshape(-1, 1), ones, [item, level], "miller")[0]
    whole, _ = error_with_levels(
        [Levels.of(y[:, :, None], shared=False).of_means()],
        np.asarray(y.mean(axis=1).var(ddof=1) / n),
        np.asarray(n - 1.0),
    )
    assert whole[0] == pytest.approx(two_ways, rel=0.05)


def test_models_may_have_fewer_levels() -> None:
    x = draw(levels=5)
    x[:, 3:, 1] = np.nan
    found = Levels.of(x, shared=False)
    assert found.counts.tolist() == [5, 3, 5]
    alone = Levels.of(x[:, :3, 1:2], shared=False).of_means()
    assert found.of_means().factor[1] == pytest.approx(alone.factor[0])
    assert found.of_means().noise[1] == pytest.approx(alone.noise[0])


def test_one_level_tells_nothing_and_none_adds_nothing() -> None:
    x = draw(levels=1)
    whole, _ = error_with_levels([Levels.of(x, shared=False).of_means()], np.full(3, 0.01), np.full(3, 39.0))
    assert np.isnan(whole).all()
    same = np.repeat(draw(levels=1), 4, axis=1)
    parts = Levels.of(same, shared=False).of_means()
    assert parts.factor == pytest.approx(np.zeros(3), abs=1e-15)
    whole, df = error_with_levels([parts], np.full(3, 0.01), np.full(3, 39.0))
    assert whole == pytest.approx(np.full(3, 0.01))
    assert df == pytest.approx(np.full(3, 39.0))


@pytest.mark.no_cover
def test_equal_recipes_with_other_seeds_keep_the_type_i_error() -> None:
    rng, found = np.random.default_rng(3), []
    for _ in range(8):
        hard = rng.normal(0, 1.2, (300, 1, 100))
        a, b = (
            (rng.random((300, 5, 100)) < 1 / (1 + np.exp(-hard - rng.normal(0, 0.35, (1, 5, 100))))).astype(float)
            for _ in range(2)
        )
        one, other = (Levels.of(x, shared=False).of_means() for x in (a, b))
        d = (a - b).mean(axis=1)
        parts = type(one)(*(getattr(one, n) + getattr(other, n) for n in ("factor", "noise", "squares")), pooled=True)
        whole, df = error_with_levels([parts], d.var(axis=0, ddof=1) / 300, np.full(100, 299.0))
        found.append(2 * stats.t.sf(np.abs(d.mean(axis=0)) / np.sqrt(whole), df) <= 0.05)
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 800)
