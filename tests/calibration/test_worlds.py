"""Simulated scenarios have the rates, correlations and cluster sizes that they state."""

from dataclasses import replace

import numpy as np
import pytest
from simulation.boards import BoardWorld, check_boards
from simulation.grids import grid
from simulation.irt_worlds import FineTunePairWorld, ResponseWorld
from simulation.pair_worlds import AttemptPairWorld, PairWorld, ScorePairWorld
from simulation.worlds import RateWorld, RealWorld, ScoreWorld, cluster_sizes, rates

TRIALS = 4_000


def rng():
    return np.random.default_rng(11)


@pytest.mark.parametrize("shape", ["beta", "logit", "split"])
@pytest.mark.parametrize(("p", "icc"), [(0.5, 0.1), (0.05, 0.5), (0.9, 0.3)])
def test_simulated_rates_have_the_stated_mean_and_intraclass_correlation(shape, p, icc):
    drawn = rates(rng(), p, icc, (100, TRIALS), shape)
    assert drawn.mean() == pytest.approx(p, abs=4 * np.sqrt(icc * p * (1 - p) / drawn.size))
    assert drawn.var() == pytest.approx(icc * p * (1 - p), rel=0.06)


WORLDS = [
    RateWorld(p=0.2, n_clusters=40),
    RateWorld(p=0.2, n_clusters=20, cluster_size=10, icc=0.3, sizes="dominant"),
    RateWorld(p=0.9, n_clusters=30, attempts=5, item_icc=0.5),
    RateWorld(p=0.4, n_clusters=30, attempts="ragged", item_icc=0.2),
    RateWorld(p=0.3, n_clusters=10, cluster_size=5, icc=0.2, weights=True),
    ScoreWorld(family="beta", centre=0.8, n_clusters=20),
    ScoreWorld(family="normal", n_clusters=10, cluster_size=4, icc=0.3),
    ScoreWorld(family="skewed", n_clusters=30),
    PairWorld(discordance=0.3, effect=0.1, n_clusters=20, cluster_size=10, icc=0.3),
    PairWorld(discordance=0.05, n_clusters=100),
    AttemptPairWorld(p=0.5, n_clusters=40, attempts=3, item_icc=0.5, shared=0.5),
    ScorePairWorld(family="normal", n_clusters=20),
    FineTunePairWorld(n_clusters=12, cluster_size=42, sizes="SWE-bench", gap=0.4),
    FineTunePairWorld(n_clusters=8, cluster_size=40, sizes="4 to 120", slope=0.5, luck=0.95),
    ResponseWorld(n_clusters=10, cluster_size=20, slope=0.5, ability=1.0),
    RealWorld(name="a board", scores=(0.0, 1.0, 1.0, 1.0), n_clusters=30),
    RealWorld(name="a board", scores=(0.0, 1.0, -1.0, 1.0), n_clusters=30, paired=True),
]


@pytest.mark.parametrize("world", WORLDS, ids=str)
def test_samples_are_unbiased_for_the_stated_true_value(world):
    sample = world.draw(rng(), TRIALS)
    means = sample.sums.sum(axis=0) / sample.totals.sum()
    assert means.mean() == pytest.approx(sample.truth, abs=4.5 * means.std() / np.sqrt(TRIALS))


def test_items_in_a_cluster_have_the_stated_intraclass_correlation():
    world = RateWorld(p=0.3, n_clusters=50, cluster_size=8, icc=0.4)
    held = world.draw(rng(), TRIALS).sums / 8
    assert held.var() == pytest.approx(0.21 * (0.4 + 0.6 / 8), rel=0.03)


def test_wins_and_losses_in_a_cluster_have_the_stated_intraclass_correlation():
    world = PairWorld(discordance=0.4, effect=0.2, n_clusters=50, cluster_size=8, icc=0.3)
    sample = world.draw(rng(), TRIALS)
    assert (sample.sums / 8).var() == pytest.approx((0.4 - 0.04) * (0.3 + 0.7 / 8), rel=0.03)
    assert (sample.wins + sample.losses).mean() == pytest.approx(400 * 0.4, rel=0.02)
    gap = (sample.wins - sample.losses) / 400
    assert sample.items.squares == pytest.approx(sample.wins + sample.losses - 400 * gap**2)


@pytest.mark.parametrize(("gap", "slope", "luck"), [(0.0, 0.3, 0.8), (0.6, 0.5, 0.95)])
def test_fine_tuned_pairs_have_the_stated_discordance_and_intraclass_correlation(gap, slope, luck):
    world = FineTunePairWorld(n_clusters=200, cluster_size=10, slope=slope, luck=luck, gap=gap)
    sample = world.draw(rng(), TRIALS // 4)
    assert (sample.wins + sample.losses).mean() / sample.n == pytest.approx(world.discordance, rel=0.02)
    spread = world.discordance - world.effect**2
    assert (sample.sums / 10).var() == pytest.approx(spread * (world.icc + (1 - world.icc) / 10), rel=0.03)


def test_item_response_scenarios_have_the_stated_intraclass_correlation():
    world = ResponseWorld(n_clusters=200, cluster_size=10, slope=0.5, ability=1.0)
    held = world.draw(rng(), TRIALS // 4).sums / 10
    assert held.var() == pytest.approx(world.p * (1 - world.p) * (world.icc + (1 - world.icc) / 10), rel=0.02)


def test_fine_tuned_pairs_without_clusters_have_intraclass_correlation_0():
    assert FineTunePairWorld(n_clusters=100, gap=0.5).icc == 0.0
    assert FineTunePairWorld(n_clusters=100, gap=0.5).effect > 0.05


def test_one_cluster_can_hold_46_percent_of_the_items():
    sizes = cluster_sizes(12, 40, "dominant")
    assert sizes.max() / sizes.sum() == pytest.approx(0.46, abs=0.01)
    assert len(sizes) == 12


def test_effective_events_count_clusters_if_items_in_a_cluster_agree():
    alone = RateWorld(p=0.1, n_clusters=50, cluster_size=10)
    assert alone.events == pytest.approx(500 * 0.09)
    assert replace(alone, icc=1.0).events == pytest.approx(50 * 0.09)
    assert replace(alone, sizes="dominant").effective_clusters < 5


def test_the_standard_grid_has_1949_distinct_scenarios():
    worlds = grid("standard")
    assert len(worlds) == len(set(worlds)) == 1_949
    assert {world.features()["scores"] for world in worlds} >= {
        "right or wrong",
        "in [0, 1], beta",
        "unbounded, skewed",
    }


def test_simulated_boards_are_sorted_best_first_with_the_stated_share_missing():
    world = BoardWorld(n_models=5, n_clusters=100, cluster_size=20, effect_sd=0.1, spacing=1.0, missing=0.2)
    scores, codes = world.draw(rng())
    assert np.all(np.diff(np.nanmean(scores, axis=0)) < 0)
    assert np.isnan(scores).mean() == pytest.approx(0.2, abs=0.02)
    assert len(codes) == 2_000


def test_corrected_rank_intervals_cover_for_equal_models_and_uncorrected_ones_do_not():
    world = BoardWorld(n_models=12, n_clusters=40, cluster_size=5, effect_sd=0.5)
    found = check_boards([world], trials=100).rows_by_key("method", named=True, unique=True)
    assert found["max-t"]["kept"]
    assert found["max-t"]["best"] >= 0.93
    assert found["holm"]["all_ranks"] >= 0.9
    assert found["none"]["all_ranks"] < 0.5
