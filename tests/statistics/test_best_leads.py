"""Sign flips for the best model: an index of near competitors misses no model that matters."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from close_models import board
from howsure.statistics import best, sign_flips
from howsure.statistics.best import Leads
from howsure.statistics.sign_flips import FlipColumns, clear_of

LEVEL = 0.05


def in_all_pairs(held, summed):
    """The largest squared pivot above each model in each flip (K, flips), with every other looked at."""
    z, lift, *slopes = (each.astype(float) for each in summed)
    gap = z[:, None] - z[held.models] + lift
    divisor = held.squares.astype(float)[:, :, None]
    if slopes:
        divisor = divisor + (slopes[0][:, None] - slopes[0][held.models] + slopes[1]) * gap
    return (np.maximum(gap, 0) ** 2 / divisor).max(axis=0)


@given(
    seed=st.integers(0, 2**32 - 1),
    clusters=st.sampled_from([None, 8, 40, 150]),
    bar=st.floats(0.1, 30),
    copies=st.sampled_from([0, 3]),
)
def test_the_index_finds_every_model_that_passes_a_leader(seed, clusters, bar, copies):
    moments, _ = board(seed, models=14, items=160, clusters=clusters, copies=copies)
    flips, rng = moments.flips, np.random.default_rng(seed)
    held = Leads.of(flips, np.arange(2, 13))
    signs = np.where(rng.random((len(flips.sums), 40)) < 0.5, 1, -1).astype(np.float32)
    summed = FlipColumns.of(flips).sums(signs)
    seen, places = bar * rng.uniform(0.5, 2, 11), np.array([0, 1, 4, 9])
    every = in_all_pairs(held, summed)[places]
    for few, mostly in ((14, 1.0), (13, 0.0), (13, 1.0)):  # looking at all others, and at some
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(best, "TOP", 3)
            patch.setattr(best, "FEW", few)
            patch.setattr(best, "CACHED_CELLS", 1200)
            patch.setattr(best, "MOSTLY", mostly)
            found = held.passed(summed, seen, places)
        assert (found >= (every > seen[places, None] * (1 + 1e-3)).sum(axis=1)).all()
        assert (found <= (every > seen[places, None] * (1 - 1e-3)).sum(axis=1)).all()


@pytest.mark.parametrize("seen", [0.0, -4.0, -np.inf])
def test_a_model_level_with_or_ahead_of_every_leader_is_passed_in_every_flip(seen):
    moments, _ = board(1, models=4, items=50)
    held = Leads.of(moments.flips, np.arange(4))
    signs = np.where(np.random.default_rng(1).random((len(moments.flips.sums), 20)) < 0.5, 1, -1).astype(np.float32)
    found = held.passed(FlipColumns.of(moments.flips).sums(signs), np.full(4, seen), np.arange(4))
    assert found.tolist() == [20, 20, 20, 20]


@pytest.mark.parametrize("clusters", [None, 40, 150])
def test_stopping_flips_early_keeps_every_model_on_its_side_of_the_level(monkeypatch, clusters):
    """A model that is left out of later flips is on the same side of the level as in all of them; the others have the same share."""
    moments, x = board(3, models=120, clusters=clusters)
    leaders = np.flatnonzero(x.mean(axis=0) == x.mean(axis=0).max())
    models = np.arange(x.shape[1])
    some = best.chances(moments, models, leaders, LEVEL, sign=1, rng=np.random.default_rng(0))
    monkeypatch.setattr(sign_flips, "CLEAR", -1.0)
    every = best.chances(moments, models, leaders, LEVEL, sign=1, rng=np.random.default_rng(0))
    assert ((some <= LEVEL) == (every <= LEVEL)).all()
    assert (some != every).sum() > 10
    near = np.abs(every - LEVEL) < 0.012
    assert near.any()
    assert (some[near] == every[near]).all()


def test_a_share_counts_the_listed_flips_or_the_first_ones_that_settle_it():
    moments, x = board(3, items=80, clusters=8)
    leaders = np.flatnonzero(x.mean(axis=0) == x.mean(axis=0).max())
    found = best.chances(moments, np.arange(60), leaders, LEVEL, sign=1, rng=np.random.default_rng(0))
    looks = np.array([*best.LOOKS, 2 ** len(moments.flips.sums)])
    counts = found[:, None] * looks
    exact = np.isclose(counts, np.rint(counts), rtol=0, atol=1e-9).any(axis=1)
    assert exact.all()


@pytest.mark.parametrize("level", [1e-9, 0.05, 0.5, 1.0])
def test_counts_near_the_level_are_never_decided_early(level):
    flips = np.array([64, 64, 1024])
    above = np.rint(level * flips)
    assert not np.logical_or(*clear_of(above, flips, level)).any()
    assert clear_of(np.array([0.0]), np.array([1024]), 0.5) == ([True], [False])
    assert clear_of(np.array([1024.0]), np.array([1024]), 0.5) == ([False], [True])
