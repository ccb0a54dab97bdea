"""Bradley-Terry strengths and errors equal those of R and statsmodels (R code: tests/references/votes.R, R 4.5.0)."""

import numpy as np
import pytest
from scipy import special

from howsure.statistics.bradley_terry import strengths
from howsure.statistics.vote_errors import vote_moments
from howsure.statistics.votes import Votes, cells_of


def counted(first, second, won, lost, tied=None, x=None):
    """Votes as often as they were cast."""
    tied = np.zeros_like(won) if tied is None else tied
    times = np.stack([won, tied, lost])
    at = np.tile(np.arange(len(won)), 3)
    rows = np.repeat(at, times.ravel())
    score = np.repeat(np.repeat([1.0, 0.5, 0.0], len(won)), times.ravel())
    return Votes(
        first=np.asarray(first)[rows],
        second=np.asarray(second)[rows],
        score=score,
        models=4,
        x=None if x is None else np.asarray(x)[rows],
    )


def against_the_first(fit):
    """Strengths against the first model, and their standard errors by the information."""
    contrasts = np.zeros((3, len(fit.inverse)))
    contrasts[:, 0], contrasts[:, 1:4] = -1, np.eye(3)
    return fit.log[1:] - fit.log[0], np.sqrt(np.diagonal(contrasts @ fit.inverse @ contrasts.T))


def test_strengths_equal_those_of_r_bradleyterry2():
    won = np.array([[0, 12, 20, 9], [8, 0, 15, 11], [5, 10, 0, 7], [6, 4, 13, 0]], dtype=float)
    fit = strengths(cells_of(np.stack([won, 0 * won, 0 * won])), np.full(4, 100.0), "half")
    found, errors = against_the_first(fit)
    assert found == pytest.approx([-0.381130802198565, -1.143997594222365, -0.740556386358124], abs=1e-6)
    assert errors == pytest.approx([0.332787425410130, 0.331676437151330, 0.360097525973776], abs=1e-6)


def test_strengths_with_a_position_effect_equal_those_of_r_bradleyterry2():
    first = [0, 1, 0, 2, 1, 2, 3, 0, 3, 1, 2, 3]
    second = [1, 0, 2, 0, 2, 1, 0, 3, 1, 3, 3, 2]
    won = np.array([9, 6, 12, 5, 10, 6, 4, 7, 3, 8, 5, 9])
    lost = np.array([4, 6, 3, 8, 4, 7, 6, 3, 5, 2, 4, 6])
    votes = counted(first, second, won, lost, x=np.ones((12, 1)))
    fit = strengths(votes.cells(), np.full(4, 100.0), "half")
    found, errors = against_the_first(fit)
    assert found == pytest.approx([-0.269386660910700, -0.887899687844393, -0.868123430358323], abs=1e-6)
    assert errors == pytest.approx([0.303896828626614, 0.301509165656524, 0.328534575859078], abs=1e-6)
    assert fit.effects == pytest.approx([0.376585376735291], abs=1e-6)
    assert np.sqrt(fit.inverse[-1, -1]) == pytest.approx(0.179517465722124, abs=1e-6)


def test_rao_kupper_strengths_equal_those_of_r_ordinal():
    """Cumulative logits with thresholds −s and s."""
    first, second = np.triu_indices(4, 1)
    won, tied, lost = (np.array(each) for each in ([9, 14, 7, 10, 8, 6], [5, 3, 6, 4, 2, 5], [6, 4, 5, 6, 5, 9]))
    fit = strengths(counted(first, second, won, lost, tied).cells(), np.full(4, 100.0), "rao-kupper")
    found, errors = against_the_first(fit)
    assert found == pytest.approx([-0.280898207322671, -0.872258696946916, -0.483033478291432], abs=1e-6)
    assert fit.tie == pytest.approx(0.476230467435575, abs=1e-6)
    expected = [0.3039737562394217, 0.3066901329200857, 0.3078139938523363]
    assert errors == pytest.approx(expected, abs=1e-6)


def logistic(seed=0, n=900, models=4):
    """Votes with two covariates, standing first, ties as half, shares of a win, and weights."""
    rng = np.random.default_rng(seed)
    first = rng.integers(0, models, n)
    second = (first + rng.integers(1, models, n)) % models
    x = np.column_stack([rng.normal(size=(n, 2)), np.ones(n)])
    d = 0.4 * (second - first) + x @ [0.5, -0.3, 0.2]
    score = np.where(rng.random(n) < 0.2, 0.5, rng.random(n) < special.expit(d)).astype(float)
    score[: n // 10] = special.expit(d[: n // 10] + rng.normal(size=n // 10))
    return Votes(
        first=first, second=second, score=score, models=models, x=x, weight=rng.integers(1, 4, n).astype(float)
    )


def test_strengths_with_covariates_and_weights_equal_a_binomial_glm():
    """statsmodels: a binomial GLM on the differences of the models, with cluster-robust errors (CR0)."""
    api = pytest.importorskip("statsmodels.api")
    votes = logistic()
    design = np.zeros((len(votes), 3))
    for model in (1, 2, 3):
        design[:, model - 1] = (votes.first == model).astype(float) - (votes.second == model)
    whole = np.column_stack([design, votes.x])
    voter = np.arange(len(votes)) % 60
    glm = api.GLM(votes.score, whole, family=api.families.Binomial(), freq_weights=votes.weight)
    plain = glm.fit(tol=1e-14, maxiter=100)
    fit = strengths(votes.cells(), np.full(4, 100.0), "half")
    found, errors = against_the_first(fit)
    assert found == pytest.approx(plain.params[:3], abs=1e-6)
    assert fit.effects == pytest.approx(plain.params[3:], abs=1e-6)
    assert errors == pytest.approx(plain.bse[:3], abs=1e-6)
    assert np.sqrt(np.diagonal(fit.inverse)[5:]) == pytest.approx(plain.bse[3:], abs=1e-6)
    even = Votes(first=votes.first, second=votes.second, score=votes.score, models=4, x=votes.x)
    robust = api.GLM(even.score, whole, family=api.families.Binomial()).fit(
        tol=1e-14, maxiter=100, cov_type="cluster", cov_kwds={"groups": voter, "use_correction": False}
    )
    found = vote_moments(even, (voter,), "half")
    assert found.fit.effects == pytest.approx(robust.params[3:], abs=1e-6)
    assert found.effects_se == pytest.approx(robust.bse[3:] * np.sqrt(60 / 59), abs=1e-6), "CR2 of 60 alike, and CR0"


def test_an_integer_weight_equals_that_many_votes():
    """In points and, with the vote as cluster, in errors; the scale of weights changes nothing."""
    votes = logistic(seed=1, n=300)
    each = votes.weight.astype(int)
    rows = np.repeat(np.arange(300), each)
    often = Votes(
        first=votes.first[rows], second=votes.second[rows], score=votes.score[rows], models=4, x=votes.x[rows]
    )
    found, repeated = vote_moments(votes, (np.arange(300),), "half"), vote_moments(often, (rows,), "half")
    tenth = Votes(
        first=votes.first, second=votes.second, score=votes.score, models=4, x=votes.x, weight=votes.weight / 10
    )
    scaled = vote_moments(tenth, (np.arange(300),), "half")
    for other in (repeated, scaled):
        for name in ("values", "se", "own_df", "log_se", "effects_se", "gain", "gain_se"):
            assert getattr(found, name) == pytest.approx(getattr(other, name), abs=1e-8), name
        assert found.pairs.p_value == pytest.approx(other.pairs.p_value, abs=1e-8)
