"""Bradley-Terry models: test of fit, deletion of a cluster, value of a further vote, few clusters."""

import numpy as np
import pytest
from scipy import special

from howsure.statistics.bradley_terry import expected_scores, moved_apart, saved_by_a_vote, strengths
from howsure.statistics.vote_errors import (
    clusters_of_models,
    concentrations,
    leads_without,
    one_line,
    scores_without,
    vote_moments,
)
from howsure.statistics.votes import Votes
from trials import draws

TIES = ("half", "davidson", "rao-kupper")


def drawn(seed=0, voters=60, each=15, models=6, taste=0.0, circle=0.0):
    """Votes of voters with tastes; `circle`: by how much 0 beats 1, 1 beats 2 and 2 beats 0 beyond their strengths."""
    rng = np.random.default_rng(seed)
    voter = np.repeat(np.arange(voters), each)
    first = rng.integers(0, models, len(voter))
    second = (first + rng.integers(1, models, len(voter))) % models
    own = np.linspace(0.6, -0.6, models) + rng.normal(0, taste, (voters, models))
    beyond = np.zeros((models, models))
    for one, other in ((0, 1), (1, 2), (2, 0)):
        beyond[one, other], beyond[other, one] = circle, -circle
    d = own[voter, first] - own[voter, second] + beyond[first, second]
    score = np.where(rng.random(len(voter)) < 0.2, 0.5, rng.random(len(voter)) < special.expit(d)).astype(float)
    return Votes(first=first, second=second, score=score, models=models), voter


def line_of(votes, units, ties="half", seed=0):
    fit = strengths(votes.cells(), np.full(votes.models, 1e3), ties)
    return one_line(votes, units, fit, ties, np.random.default_rng(seed))


@pytest.mark.parametrize("taste", [0.0, 1.0])
def test_the_test_of_fit_keeps_the_type_i_error(taste):
    """Tastes of single voters are no circle; at 5% within three standard errors of the draws."""
    found = [line_of(*drawn(seed, taste=taste)).p_value <= 0.05 for seed in range(draws(60, 200))]
    assert np.mean(found) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(found))


@pytest.mark.parametrize("ties", TIES)
def test_the_test_of_fit_detects_cyclic_preferences_and_their_pairs(ties):
    votes, voter = drawn(seed=1, voters=150, circle=1.2)
    found = line_of(votes, voter, ties)
    assert found.p_value < 0.01
    worst = np.argsort(-np.abs(found.z))[:3]
    assert {(int(found.first[k]), int(found.second[k])) for k in worst} == {(0, 1), (1, 2), (0, 2)}


def test_residuals_of_pairs_equal_explicit_sums_and_add_up_to_0():
    """As a sum over votes, from the fit itself; the residuals of a model add up to nothing."""
    votes, voter = drawn(seed=2)
    found, fit = line_of(votes, voter), strengths(votes.cells(), np.full(6, 1e3), "half")
    for pair in (0, 4):
        one, other = found.first[pair], found.second[pair]
        forth, back = (votes.first == one) & (votes.second == other), (votes.first == other) & (votes.second == one)
        got = votes.score[forth].sum() + (1 - votes.score[back]).sum()
        expected = special.expit(fit.log[one] - fit.log[other]) * (forth | back).sum()
        assert found.residual[pair] == pytest.approx(got - expected)
    whole = np.bincount(found.first, found.residual, 6) - np.bincount(found.second, found.residual, 6)
    assert whole == pytest.approx(np.zeros(6), abs=1e-6)


def test_the_test_of_fit_needs_more_pairs_and_clusters_than_parameters():
    votes, voter = drawn()
    star = votes.take((votes.first == 0) | (votes.second == 0))
    assert line_of(star, np.arange(len(star))) is None
    assert line_of(votes, voter % 5) is None
    two = votes.among(np.arange(6) < 2)
    assert line_of(two, np.arange(len(two))) is None


def test_approximate_leads_without_a_cluster_match_a_refit():
    votes, voter = drawn(seed=3, voters=30, each=30, taste=1.0)
    found, every = vote_moments(votes, (voter,), "half"), np.ones(6, dtype=bool)
    clusters, leads = leads_without(votes, voter, found, "half")
    best = int(found.values.argmax())
    for place in (0, 7, 20):
        kept = voter != clusters[place]
        rest = votes.take(kept)
        values = scores_without(rest, clusters_of_models(rest, (voter[kept],)), "half", every)
        assert leads[place] == pytest.approx(values[best] - np.delete(values, best).max(), abs=2e-3)
    none = votes.take((votes.first != 0) & (votes.second != 0))
    assert scores_without(none, np.full(6, 10.0), "half", every) is None, "a model is left without votes"


def test_many_models_are_refitted_as_few_are():
    votes, _ = drawn(seed=1, voters=60, each=100, models=270)
    assert scores_without(votes, np.full(270, 60.0), "half", np.ones(270, dtype=bool)) is not None


def test_a_refit_without_information_on_ties_gives_none():
    """A beats B, and they tie: without the cluster with B's win, wins don't go round any more."""
    left = Votes(first=np.array([0, 0]), second=np.array([1, 1]), score=np.array([1.0, 0.5]), models=2)
    assert scores_without(left, np.full(2, 2.0), "davidson", np.ones(2, dtype=bool)) is None
    assert scores_without(left, np.full(2, 2.0), "half", np.ones(2, dtype=bool)) is not None


def test_influence_is_computed_for_the_largest_clusters(monkeypatch):
    from howsure.statistics import vote_errors

    votes, voter = drawn(seed=3)
    voter = np.where(voter < 20, 0, voter - 19)
    found = vote_moments(votes, (voter,), "half")
    every, leads = leads_without(votes, voter, found, "half")
    monkeypatch.setattr(vote_errors, "MOST_DELETED", 5)
    some, same = leads_without(votes, voter, found, "half")
    assert (len(some), some[0]) == (5, 0)
    assert same == pytest.approx(leads[[list(every).index(each) for each in some]])


@pytest.mark.parametrize("ties", ["half", "davidson"])
def test_the_variance_saved_by_a_further_vote_matches_the_information_matrix(ties):
    """The variance by the information, with one more vote of a pair at the same strengths."""
    votes, _ = drawn(seed=4)
    fit = strengths(votes.cells(), np.full(6, 1e3), ties)
    slopes = expected_scores(fit, np.ones(6, dtype=bool), ties)[1]
    f = slopes[0] - slopes[1]
    f[6:] = 0
    saved = saved_by_a_vote(fit, f, ties)
    assert saved == pytest.approx(saved.T)
    assert np.unravel_index(saved.argmax(), saved.shape) in ((0, 1), (1, 0))
    if ties == "half":
        direction = np.eye(7)[0] - np.eye(7)[3]
        p = special.expit(fit.log[0] - fit.log[3])
        known = fit.inverse[:6, :6]
        more = np.linalg.inv(np.linalg.inv(known) + p * (1 - p) * np.outer(direction[:6], direction[:6]))
        assert saved[0, 3] == pytest.approx(f[:6] @ (known - more) @ f[:6], rel=1e-6)


def test_degrees_of_freedom_follow_the_clusters_that_voted_on_a_model():
    """Clusters of one size: C − 1 for a model that all of them met, fewer for one that few met."""
    first, second = np.tile([0, 1, 2], 40), np.tile([1, 2, 0], 40)
    voter = np.repeat(np.arange(40), 3)
    votes = Votes(first=first, second=second, score=np.full(120, 0.5), models=3)
    even = concentrations(votes, (voter,))
    assert even.models.df == pytest.approx([39, 39, 39])
    assert even.pairs.factor == pytest.approx(np.ones((3, 3)))
    rare = votes.take(((first != 2) & (second != 2)) | (voter < 4))
    kept = voter[((first != 2) & (second != 2)) | (voter < 4)]
    few = concentrations(rare, (kept,))
    assert few.models.df[2] == pytest.approx(3)
    assert few.models.factor[2] == pytest.approx(
        few.models.factor[0] * (1 - 1 / (few.models.df[0] + 1)) * 4 / 3, rel=1e-3
    )
    assert few.pairs.df[0, 2] < few.pairs.df[0, 1]
    both = concentrations(rare, (kept, np.arange(len(rare))))
    assert both.models.df == pytest.approx(few.models.df), "of two ways the one with fewer"


@pytest.mark.parametrize(("won", "n"), [(9, 10), (13, 17), (70, 100), (260, 400)])
def test_two_models_have_the_wilson_test_of_a_proportion(won, n):
    """Without ties the test is Wilson's on n − 1 votes, with the t distribution of n − 1; its interval agrees."""
    score = np.repeat([1.0, 0.0], [won, n - won])
    votes = Votes(first=np.zeros(n, dtype=int), second=np.ones(n, dtype=int), score=score, models=2)
    pairs = vote_moments(votes, (), "half").pairs
    pivot = (won / n - 1 / 2) / np.sqrt(0.25 / (n - 1))
    assert pairs.p_value[0, 1] == pytest.approx(2 * special.stdtr(n - 1, -pivot))
    low, high = pairs.limits(0.95, 1.0)
    assert (low[0, 1] > 0) == (pairs.p_value[0, 1] <= 0.05)
    assert high[0, 1] <= 1


def test_strengths_can_be_moved_to_a_given_difference_of_scores():
    votes, _ = drawn(seed=5)
    fit, every = strengths(votes.cells(), np.full(6, 1e3), "half"), np.ones(6, dtype=bool)
    scores = expected_scores(fit, every, "half")[0]
    seen = float(scores[1] - scores[3])
    assert moved_apart(fit, every, "half", (1, 3), seen) == pytest.approx(0, abs=1e-8)
    assert moved_apart(fit, every, "half", (1, 3), 0.0) == pytest.approx(fit.log[3] - fit.log[1], abs=1e-8)
    assert moved_apart(fit, every, "half", (1, 3), 1.5) == np.inf
    assert moved_apart(fit, every, "half", (1, 3), -1.5) == -np.inf
