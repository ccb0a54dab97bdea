"""Who beats whom: the claims of scores and costs together, ties, what is lacking, what is free."""

import numpy as np
import pytest

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.multiplicity import adjust_pairs
from howsure.statistics.ratios import Known, cost_moments, dominance
from trials import draws


def judged(scores, costs, lacking=(), free=(), clusters=()):
    rng = np.random.default_rng(0)
    pairs = pair_moments(scores, clusters=clusters)
    p, _ = adjust_pairs(pairs, "max-t", rng=rng)
    count = scores.shape[1]
    known = Known(lacking=np.isin(np.arange(count), lacking), free=np.isin(np.arange(count), free))
    return dominance(pairs.difference, p, cost_moments(costs, clusters=clusters), known, 0.95, rng=rng)


def board(n=200, rates=(0.9, 0.5, 0.5), means=(1.0, 2.0, 1.0), seed=0):
    rng = np.random.default_rng(seed)
    scores = (rng.random((n, 1)) < np.array(rates)).astype(float)
    return scores, np.array(means) * np.exp(rng.normal(0, 0.3, (n, len(means))))


def test_a_model_is_out_where_one_other_is_better_and_cheaper():
    found = judged(*board())
    assert found.kept.tolist() == [True, False, True]
    assert found.beats[0, 1]
    assert not found.beats[0, 2]  # better, and not shown to cost less


def test_a_cost_that_is_lacking_beats_nobody_and_can_be_beaten():
    scores, costs = board()
    assert judged(scores, costs, lacking=[0]).kept.all()
    assert judged(scores, costs, lacking=[1]).kept.tolist() == [True, False, True]


def test_costs_that_are_the_same_are_known_to_be():
    scores, _ = board(rates=(0.9, 0.5))
    costs = np.full_like(scores, 2.0)
    assert judged(scores, costs).kept.tolist() == [True, False]


def test_what_is_free_costs_no_more_than_anything():
    scores, costs = board(rates=(0.9, 0.5), means=(1.0, 2.0))
    costs[:, 0] = 0.0
    assert judged(scores, costs, free=[0]).kept.tolist() == [True, False]


def test_models_in_other_units_are_judged_alike():
    scores, costs = board()
    assert (judged(scores, costs).beats == judged(scores, 1000 * costs).beats).all()


@pytest.mark.parametrize("shape", ["items", "clusters", "holes"])
def test_true_members_stay_under_ties(shape):
    rng, kept, boards = np.random.default_rng(8), 0, draws(25, 60)
    for _ in range(boards):
        codes = np.repeat(np.arange(15), 12)
        hard = rng.normal(0, 1, 180) + (shape == "clusters") * rng.normal(0, 1, 15)[codes]
        scores = (rng.random((180, 6)) < 1 / (1 + np.exp(hard))[:, None]).astype(float)
        costs = np.exp(np.linspace(0, 1, 6) + rng.normal(0, 0.5, (180, 1)) + rng.normal(0, 0.5, (180, 6)))
        if shape == "holes":
            gone = rng.random((180, 6)) < 0.2
            scores[gone] = costs[gone] = np.nan
        kept += bool(judged(scores, costs, clusters=(codes,) if shape == "clusters" else ()).kept.all())
    assert kept / boards >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / boards)
