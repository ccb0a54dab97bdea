"""Sums over blocks of items: means, pairs and limits equal those from the items."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from howsure.errors import MethodError
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.block_sums import Block, Clusters, ItemSums, item_sums
from howsure.statistics.difference import difference, summed_difference
from howsure.statistics.means import means, summed_means
from howsure.statistics.pair_details import pair_limits
from howsure.statistics.summed_pairs import SummedPair, summed_limits, summed_moments

SIZES = np.array([4, 9, 3, 7, 1, 12, 5, 6, 2])
CODES = np.repeat(np.arange(len(SIZES)), SIZES)
NEAR = {"rel": 1e-10, "abs": 1e-10}


def scores(models: int = 4, seed: int = 0) -> np.ndarray[Any, Any]:
    rng = np.random.default_rng(seed)
    ease = rng.normal(0, 0.8, len(SIZES))[CODES, None] + 0.3 * np.arange(models)
    return (rng.random((len(CODES), models)) < 1 / (1 + np.exp(-ease))).astype(float)


def summed(x: np.ndarray[Any, Any], cuts: tuple[int, ...] = ()) -> ItemSums:
    """Add up items in blocks that end at these places, within clusters as well."""
    totals = SIZES.astype(float)
    own = np.stack([np.bincount(CODES, weights=column) / totals for column in x.T], axis=1)
    parts = zip((0, *cuts), (*cuts, len(x)), strict=True)
    blocks = (
        Block(x=x[a:b], attempts=np.ones_like(x[a:b]), within=np.zeros_like(x[a:b]), codes=CODES[a:b]) for a, b in parts
    )
    return item_sums(blocks, Clusters(totals=totals, means=own))


@pytest.mark.parametrize("cuts", [(), (20,), (1, 2, 30, 48)])
def test_moments_do_not_depend_on_the_blocks(cuts: tuple[int, ...]) -> None:
    x = scores()
    whole, parts = summed(x), summed(x, cuts)
    for name in ("squares", "thirds", "cubes", "fourths", "inner", "inner_fourths", "totals"):
        assert getattr(parts.products, name) == pytest.approx(getattr(whole.products, name), **NEAR)
    assert parts.n == len(x)
    assert parts.value == pytest.approx(x.mean(axis=0), **NEAR)
    assert parts.products.wins.size == 0, "wins are of two models"


def test_pairs_and_limits_from_sums_equal_those_from_items() -> None:
    x = scores()
    moments, found = pair_moments(x, clusters=(CODES,)), summed_moments(summed(x, (11, 25)))
    for name in ("difference", "variance", "df", "item_variance", "room", "p_value", "shared", "units"):
        assert getattr(found, name) == pytest.approx(getattr(moments, name), **NEAR, nan_ok=True)
    limits = pair_limits(x, moments, level=0.95, clusters=(CODES,), reach=1.0)
    assert summed_limits(summed(x), found, level=0.95, reach=1.0) == pytest.approx(np.array(limits), **NEAR)


def test_sums_can_be_subset_and_reordered_by_model() -> None:
    x = scores()
    chosen = summed(x).take([2, 0])
    assert chosen.products.fourths == pytest.approx(summed(x[:, [2, 0]]).products.fourths, **NEAR)
    assert chosen.extremes.low.tolist() == [0.0, 0.0]


def test_a_difference_from_sums_equals_that_from_items_and_bootstrap_is_refused() -> None:
    x = scores(2)
    pair = SummedPair(sums=summed(x, (30,)))
    found, items = summed_difference(pair), difference(x[:, 0], x[:, 1], clusters=(CODES,))
    for name in ("p_value", "correlation", "unpaired_se", "unclustered_se", "wins", "losses", "ties", "items_needed"):
        assert getattr(found, name) == pytest.approx(getattr(items, name), **NEAR, nan_ok=True)
    with pytest.raises(MethodError, match="needs the items"):
        summed_difference(pair, method="bootstrap")


def test_means_from_sums_equal_those_from_items_and_bootstrap_is_refused() -> None:
    x = scores()
    found = summed_means(summed(x, (30,)), answers=True, bounded=True)
    for one, other in zip(found, means(x, clusters=(CODES,), attempts=np.ones_like(x)), strict=True):
        assert (one.value, one.se, one.df) == pytest.approx((other.value, other.se, other.df), **NEAR)
        assert (one.interval.low, one.interval.high) == pytest.approx((other.interval.low, other.interval.high), **NEAR)
    with pytest.raises(MethodError, match="needs the items"):
        summed_means(summed(x), answers=True, bounded=True, interval="bootstrap")


@pytest.mark.parametrize("x", [np.full((len(CODES), 2), 0.5), scores(2) ** 2 + 3.0])
def test_skewness_of_differences_from_sums_equals_that_from_items(x: np.ndarray[Any, Any]) -> None:
    gaps = x[:, 0] - x[:, 1]
    spread = gaps.std()
    wanted = ((gaps - gaps.mean()) ** 3).mean() / spread**3 if spread else 0.0
    assert summed(x).gap_skewness(0, 1) == pytest.approx(wanted, abs=1e-9)
