"""max-t on boards of many models: examining only pairs that can reach a bound gives the p-values of all pairs."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from close_models import board
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.max_t import UNCLEAR, _OrderedPairs, max_t
from howsure.statistics.pair_moments import with_own_pivots
from howsure.statistics.sign_flips import FlipColumns, Reaching, TooManyPairsError, covered
from trials import draws


@pytest.mark.parametrize("clusters", [None, 150])
def test_p_values_near_the_level_equal_those_of_examining_all_pairs(monkeypatch, clusters):
    moments, _ = board(1, clusters=clusters)
    every = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    monkeypatch.setattr("howsure.statistics.max_t.MANY_PAIRS", 0)
    monkeypatch.setattr("howsure.statistics.max_t.TOO_MANY", 1.0)
    found = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    clear = every < 0.9 * UNCLEAR
    assert clear.sum() > 100
    assert np.array_equal(found[clear], every[clear])
    assert np.nanmax(np.abs(found - every)) < 0.12


def test_if_too_many_pairs_can_reach_the_bound_all_are_examined(monkeypatch):
    moments, _ = board(3)
    every = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    monkeypatch.setattr("howsure.statistics.max_t.MANY_PAIRS", 0)
    monkeypatch.setattr("howsure.statistics.max_t.TOO_MANY", 0.0)
    assert np.array_equal(max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0)), every)


def test_the_first_sign_flips_represent_all_of_them(monkeypatch):
    """Models differ in the last three of twelve clusters only: before the order was random, the first flips left these as they were."""
    models, cluster = 30, np.repeat(np.arange(12), 40)
    share = np.where(cluster[:, None] < 9, 0.5, np.linspace(0.1, 0.9, models))
    x = (np.tile(np.arange(40) / 40, 12)[:, None] < share).astype(float)
    moments = with_own_pivots(pair_moments(x, clusters=(cluster,), weights=np.ones(len(x)), score=True))
    every = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    monkeypatch.setattr("howsure.statistics.max_t.MANY_PAIRS", 0)
    monkeypatch.setattr("howsure.statistics.max_t.TOO_MANY", 1.0)
    found = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    assert np.nanmin(every) == 1 / 4
    assert np.nanmax(np.abs(found - every)) < 0.05


@pytest.mark.parametrize("seed", range(0, 6, draws(2, 1)))
@pytest.mark.parametrize("clusters", [None, 8, 40])
def test_flips_stop_early_only_if_no_pair_is_near_the_level(monkeypatch, seed, clusters):
    moments, _ = board(seed, models=6, clusters=clusters, spread=0.1 * seed)
    found = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    monkeypatch.setattr("howsure.statistics.max_t.FEW_PAIRS", 0)
    every = max_t(moments.p_value, moments.flips, rng=np.random.default_rng(0))
    near = every <= UNCLEAR * 0.9
    assert np.array_equal(found[near], every[near])
    if near.any():
        assert np.array_equal(found, every)
    assert np.nanmax(np.abs(found - every)) < 0.06


@given(st.integers(0, 2**32 - 1), st.sampled_from([None, 8, 40, 150]), st.floats(0.1, 30))
def test_the_search_finds_every_pair_that_reaches_the_bound(seed, clusters, bound):
    moments, _ = board(seed, models=12, items=160, clusters=clusters)
    flips = moments.flips
    first, second = np.triu_indices(12, 1)
    pairs = _OrderedPairs.of(flips, first, second, flips.data_squares())
    signs = np.where(np.random.default_rng(seed).random((len(flips.sums), 50)) < 0.5, 1, -1).astype(np.float32)
    summed = FlipColumns.of(flips).sums(signs)
    finder, places = pairs.reaching(bound, 0.1)
    all_of_them = pairs.pivots(summed)
    try:
        found = finder.reached(summed)
    except TooManyPairsError:
        return
    seen = np.zeros_like(all_of_them, dtype=bool)
    seen[places[found.upper, found.lower], found.flip] = True
    assert seen[all_of_them > bound * (1 + 1e-4)].all()
    assert not seen[all_of_them < bound * (1 - 1e-4)].any()


def test_no_pair_reaches_a_bound_above_every_flip():
    moments, _ = board(5, models=12)
    pairs = _OrderedPairs.of(moments.flips, *np.triu_indices(12, 1), moments.flips.data_squares())
    finder, _ = pairs.reaching(1e6, 0.1)
    signs = np.where(np.random.default_rng(0).random((len(moments.flips.sums), 50)) < 0.5, 1, -1).astype(np.float32)
    assert not len(finder.reached(FlipColumns.of(moments.flips).sums(signs)).flip)


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 9), st.integers(0, 9)), max_size=30))
def test_overlapping_intervals_of_one_flip_are_counted_once(intervals):
    flip, low, high = (np.array([each[k] for each in intervals], dtype=np.int64) for k in range(3))
    seen = np.zeros((4, 10), dtype=bool)
    for f, start, end in intervals:
        seen[f, start : end + 1] = True
    assert covered(flip, low, high, 10).tolist() == seen.sum(axis=0).tolist()


def test_nearly_equal_models_do_not_loosen_the_bound():
    moments, _ = board(4, models=40)
    pairs = _OrderedPairs.of(moments.flips, *np.triu_indices(40, 1), moments.flips.data_squares())
    finder, _ = pairs.reaching(16.0, 0.1)
    close = Reaching.of(np.where(finder.squares < np.inf, finder.squares, np.inf), 16.0, 0.0, 0.1)
    assert close.close.shape[0] == 2
    assert finder.apart > 0
