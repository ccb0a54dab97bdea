"""Bradley-Terry strengths: likelihoods, a Poisson regression, published ratings, and the properties of scores."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize, special

from howsure.errors import MethodError
from howsure.statistics.bradley_terry import expected_scores, settles_ties, strengths
from howsure.statistics.vote_errors import vote_moments
from howsure.statistics.votes import Davidson, HalfWin, RaoKupper, Votes, pools
from trials import draws

TIES = ("half", "davidson", "rao-kupper")


def made(seed=0, n=400, models=5, tie=0.3, spread=1.0):
    """Votes of models of different strengths."""
    rng = np.random.default_rng(seed)
    theta = np.linspace(spread, -spread, models)
    first = rng.integers(0, models, n)
    second = (first + rng.integers(1, models, n)) % models
    d = theta[first] - theta[second]
    p = special.softmax(np.stack([d / 2, np.full(n, tie), -d / 2]), axis=0).cumsum(axis=0)
    outcome = (rng.random(n) > p[:2]).sum(axis=0)
    return Votes(first=first, second=second, score=1 - outcome / 2, models=models)


def likelihood(votes, ties):
    """The log likelihood as a function of strengths and the tie, written from the papers."""

    def of(parameters):
        theta, t = parameters[:-1], parameters[-1]
        a, b = np.exp(theta[votes.first]), np.exp(theta[votes.second])
        if ties == "half":
            p = np.stack([a / (a + b), np.sqrt(a * b) / (a + b), b / (a + b)])
        elif ties == "davidson":
            tied = np.exp(t) * np.sqrt(a * b)
            p = np.stack([a, tied, b]) / (a + b + tied)
        else:
            k = 1 + np.exp(t)
            win, loss = a / (a + k * b), b / (b + k * a)
            p = np.stack([win, 1 - win - loss, loss])
        return -np.log(p[np.round(2 - 2 * votes.score).astype(int), np.arange(len(votes))]).sum() + theta.sum() ** 2

    return of


@pytest.mark.parametrize("ties", TIES)
def test_strengths_maximise_the_published_likelihoods(ties):
    votes = made()
    found = strengths(votes.cells(), np.full(5, 100.0), ties)
    best = optimize.minimize(likelihood(votes, ties), np.zeros(6), method="BFGS", options={"gtol": 1e-8})
    theta = best.x[:-1] - best.x[:-1].mean()
    assert found.log == pytest.approx(theta, abs=1e-5)
    if ties == "davidson":
        assert found.tie == pytest.approx(best.x[-1], abs=1e-5)
    if ties == "rao-kupper":
        assert np.exp(found.tie) == pytest.approx(1 + np.exp(best.x[-1]), abs=1e-5)


def test_the_davidson_model_equals_a_poisson_regression():
    """A multinomial for each pair as independent counts with an effect of the pair (Sinclair 1982), by statsmodels."""
    api = pytest.importorskip("statsmodels.api")
    votes = made(seed=2)
    counts = votes.counts()
    rows, y = [], []
    pairs = [(i, j) for i in range(5) for j in range(i + 1, 5)]
    for k, (i, j) in enumerate(pairs):
        cells = counts[:, i, j] + counts[::-1, j, i]
        for outcome, slope in enumerate((0.5, 0.0, -0.5)):
            row = np.zeros(len(pairs) + 5)
            row[k] = 1
            for model, sign in ((i, 1), (j, -1)):
                if model:
                    row[len(pairs) + model - 1] += sign * slope
            row[-1] = outcome == 1
            rows.append(row)
            y.append(cells[outcome])
    fit = api.GLM(np.array(y), np.array(rows), family=api.families.Poisson()).fit(tol=1e-14, maxiter=200)
    theta = np.concatenate([[0.0], fit.params[len(pairs) : -1]])
    found = strengths(votes.cells(), np.full(5, 100.0), "davidson")
    assert found.log == pytest.approx(theta - theta.mean(), abs=1e-6)
    assert found.tie == pytest.approx(fit.params[-1], abs=1e-6)
    errors = np.sqrt(np.diagonal(fit.cov_params()))
    contrast = np.array([1.0, 0, 0, 0, -1.0, 0])
    assert np.sqrt(contrast @ found.inverse @ contrast) == pytest.approx(errors[-2], rel=1e-6)


def test_ratings_equal_those_published_by_llmfao(real_data):
    """Its Bradley–Terry ratings sum to 1, ties as half."""
    rows = pl.read_parquet(real_data / "tidy" / "llmfao_votes.parquet")
    golden = pl.read_parquet(real_data / "tidy" / "llmfao_golden.parquet").filter(algorithm="bradley_terry")
    names = golden["item"].to_list()
    place = {name: k for k, name in enumerate(names)}
    votes = Votes(
        first=np.array([place[name] for name in rows["model_a"]]),
        second=np.array([place[name] for name in rows["model_b"]]),
        score=np.array([{"left": 1.0, "tie": 0.5, "right": 0.0}[word] for word in rows["winner"]]),
        models=len(names),
    )
    found = strengths(votes.cells(), np.full(59, 124.0), "half")
    assert special.softmax(found.log) == pytest.approx(golden["score"].to_numpy(), abs=1e-9)
    assert pools(votes.counts()).max() == 0


@given(seed=st.integers(0, 1000), ties=st.sampled_from(TIES), n=st.sampled_from([12, 60, 300]))
def test_scores_average_one_half_and_do_not_depend_on_the_order_of_models_in_a_vote(seed, ties, n):
    votes = made(seed, n=n, models=4)
    if pools(votes.counts()).max():
        return
    turned = Votes(first=votes.second, second=votes.first, score=1 - votes.score, models=4)
    try:
        found = vote_moments(votes, (), ties)
    except MethodError:
        assert ties != "half", "which has a fit for all votes"
        with pytest.raises(MethodError):
            vote_moments(turned, (), ties)
        return
    assert found.values.mean() == pytest.approx(0.5), "against all others a pool gets one half on average"
    assert ((found.values > 0) & (found.values < 1)).all()
    again = vote_moments(turned, (), ties)
    assert again.values == pytest.approx(found.values, abs=1e-8)
    assert again.se == pytest.approx(found.se, abs=1e-8)
    low, high = found.pairs.limits(0.95)
    outside = (low > 0) | (high < 0)
    assert ((found.pairs.p_value <= 0.05) == outside)[~np.eye(4, dtype=bool)].all(), "p and interval agree"


FEW = {
    "one beats the other, and back": ([(0, 1, 1.0), (1, 0, 1.0), (0, 1, 0.5)], True),
    "a tie, and one win": ([(0, 1, 1.0), (0, 1, 0.5)], False),
    "as many ties as wins on the way round": ([(0, 1, 1.0), (1, 2, 0.5), (2, 0, 0.5)], False),
    "more wins than ties on the way round": ([(0, 1, 1.0), (1, 2, 1.0), (2, 0, 0.5)], True),
    "two that always tie lead two that lose to both": ([(0, 1, 0.5), (0, 2, 1.0), (1, 3, 1.0), (1, 3, 0.5)], False),
}


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
@pytest.mark.parametrize("name", FEW)
def test_tie_models_have_a_finite_fit_exactly_if_the_likelihood_has_a_maximum(name, ties):
    """Against the likelihood itself: where there is none, the best within a box lies on its edge, however large the box is."""
    rows, fits = FEW[name]
    first, second, score = (np.array(column) for column in zip(*rows, strict=True))
    votes = Votes(first=first, second=second, score=score, models=int(max(first.max(), second.max())) + 1)
    assert settles_ties(votes.counts()) == fits
    of, count = likelihood(votes, ties), votes.models + 1
    near, far = (optimize.minimize(of, np.zeros(count), bounds=[(-edge, edge)] * count).fun for edge in (3, 6))
    assert (near - far > 1e-4) == (not fits)


@pytest.mark.parametrize("ties", ["davidson", "rao-kupper"])
def test_votes_without_a_finite_fit_are_refused_in_either_order(ties):
    """Found by the law above: models 0 and 1 always tie and beat the two others, so that strengths ran off, with negative variances."""
    votes = made(383, n=12, models=4)
    for each in (votes, Votes(first=votes.second, second=votes.first, score=1 - votes.score, models=4)):
        with pytest.raises(MethodError, match="don't have a best fit"):
            vote_moments(each, (), ties)


@pytest.mark.parametrize("ties", TIES)
def test_copies_of_votes_in_one_cluster_change_nothing(ties):
    """Twenty copies of each, with the vote as cluster; also where a model has won everything."""
    votes = made(seed=3, n=120)
    won = votes.first == 0
    lost = votes.second == 0
    score = np.where(won, 1.0, np.where(lost, 0.0, votes.score))
    votes = Votes(first=votes.first, second=votes.second, score=score, models=5)
    once = vote_moments(votes, (np.arange(120),), ties)
    copied = Votes(**{name: np.tile(getattr(votes, name), 20) for name in ("first", "second", "score")}, models=5)
    often = vote_moments(copied, (np.tile(np.arange(120), 20),), ties)
    assert once.fit.bounded.tolist() == [True, False, False, False, False]
    assert often.values == pytest.approx(once.values, abs=1e-6)
    assert often.se == pytest.approx(once.se, abs=1e-6)
    assert often.pairs.p_value == pytest.approx(once.pairs.p_value, abs=1e-6)


def test_two_models_have_the_standard_error_of_a_proportion():
    """With one pair and no ties the expected score is the share of wins, and its error the plain one."""
    rng = np.random.default_rng(1)
    score = np.where(rng.random(200) < 0.7, 1.0, 0.0)
    votes = Votes(first=np.zeros(200, dtype=int), second=np.ones(200, dtype=int), score=score, models=2)
    found = vote_moments(votes, (), "half")
    x = score
    assert found.values[0] == pytest.approx(x.mean())
    assert found.se[0] == pytest.approx(x.std(ddof=1) / np.sqrt(200))
    assert found.df == pytest.approx(199)


def test_scores_against_anchors_depend_on_the_anchors_only():
    """A newcomer moves scores against all, and those against an anchor only by what it tells of the strengths."""
    votes = made(seed=5, n=600)
    kept = (votes.first != 4) & (votes.second != 4)
    pool = np.array([True, True, False, False, False])
    fit = strengths(votes.cells(), np.full(5, 600.0), "half")
    scores, slopes = expected_scores(fit, pool, "half")
    assert scores[0] == pytest.approx(special.expit(fit.log[0] - fit.log[1]))
    assert scores[2] == pytest.approx(special.expit(fit.log[2] - fit.log[:2]).mean())
    assert slopes.sum(axis=1) == pytest.approx(np.zeros(5), abs=1e-12)
    alone = expected_scores(fit, np.eye(5, dtype=bool)[0], "half")[0]
    assert alone[0] == 0.5, "an only anchor is as good as itself"
    assert kept.sum() < 600


def test_all_ties_score_one_half_and_one_vote_is_bounded():
    level = Votes(first=np.array([0, 1, 2]), second=np.array([1, 2, 0]), score=np.full(3, 0.5), models=3)
    for ties in TIES:
        assert vote_moments(level, (), ties).values == pytest.approx([0.5, 0.5, 0.5])
    one = Votes(first=np.array([0]), second=np.array([1]), score=np.array([1.0]), models=2)
    found = vote_moments(one, (), "half")
    assert found.fit.bounded.any()
    assert 0.5 < found.values[0] < 1


def test_the_position_effect_is_unbiased_and_keeps_the_type_i_error():
    """Nothing where every vote was cast in both orders; a made advantage comes out; without one 5% of tables show one."""
    votes = made(seed=7, n=300)
    both = Votes(
        first=np.concatenate([votes.first, votes.second]),
        second=np.concatenate([votes.second, votes.first]),
        score=np.concatenate([votes.score, 1 - votes.score]),
        models=5,
    )
    even = vote_moments(both, (np.tile(np.arange(300), 2),), "half")
    assert (even.gain, even.gain_se) == pytest.approx((0, 0), abs=1e-9)
    rng = np.random.default_rng(1)
    many = made(seed=8, n=20_000)
    favoured = Votes(
        first=many.first, second=many.second, score=np.where(rng.random(20_000) < 0.05, 1.0, many.score), models=5
    )
    plain, found = vote_moments(many, (), "half"), vote_moments(favoured, (), "half")
    assert abs(plain.gain) < 3 * plain.gain_se
    assert found.gain == pytest.approx(0.025, abs=3 * found.gain_se), "half of what was lost or tied, in one of twenty"
    shown = []
    for seed in range(draws(100, 400)):
        one = made(seed=seed, n=300)
        told = vote_moments(one, (np.arange(300) % 60,), "half")
        shown.append(abs(told.gain) > 2.0 * told.gain_se)
    assert 0 < np.mean(shown) < 0.05 + 3 * np.sqrt(0.05 * 0.95 / len(shown))


@pytest.mark.parametrize(("won", "p"), [(1, 0.9), (2, 0.5), (5, 2**-4), (10, 2**-9)])
def test_n_wins_of_n_have_the_p_value_of_the_sign_test(won, p):
    """n of n: the added ties are a cluster of their own, so that pairs and values are of one board, and p is that of n signs."""
    votes = Votes(first=np.zeros(won, dtype=int), second=np.ones(won, dtype=int), score=np.ones(won), models=2)
    found = vote_moments(votes, (), "half")
    assert found.pairs.difference[0, 1] == pytest.approx(found.values[0] - found.values[1])
    assert found.pairs.p_value[0, 1] == pytest.approx(p)
    low, high = found.pairs.limits(0.95)
    assert (low[0, 1] > 0) == (p <= 0.05)
    assert found.se[0] > 0


@pytest.mark.parametrize("ties", TIES)
def test_pair_differences_equal_score_differences_for_undefeated_models(ties):
    votes = made(seed=3, n=120)
    score = np.where(votes.first == 0, 1.0, np.where(votes.second == 0, 0.0, votes.score))
    found = vote_moments(Votes(first=votes.first, second=votes.second, score=score, models=5), (), ties)
    assert found.pairs.difference == pytest.approx(found.values[:, None] - found.values, abs=1e-9)


@pytest.mark.parametrize("rule", [HalfWin(), Davidson(), RaoKupper()], ids=lambda rule: rule.name)
def test_derivatives_of_a_tie_rule_are_those_of_finite_differences(rule):
    d, t, h = np.linspace(-3, 3, 13), 0.7, 1e-5
    at = rule.at(d, t)
    by_d = [rule.at(d + h, t), rule.at(d - h, t)]
    by_t = [rule.at(d, t + h), rule.at(d, t - h)] if rule.has_parameter else [at, at]

    def slope(ends, name):
        return (getattr(ends[0], name) - getattr(ends[1], name)) / (2 * h)

    assert at.slope == pytest.approx(slope(by_d, "log"), abs=1e-8)
    assert at.tie == pytest.approx(slope(by_t, "log"), abs=1e-8)
    assert at.steep == pytest.approx(slope(by_d, "expected"), abs=1e-8)
    assert at.flat == pytest.approx(slope(by_t, "expected"), abs=1e-8)
    second = np.stack([slope(by_d, "slope"), slope(by_t, "slope"), slope(by_t, "tie")])
    if rule.name != "half":  # half a win has no likelihood of its own: its curvature is that of a win
        assert at.curvature == pytest.approx(-second, abs=1e-7)
    shares = np.exp(at.log)
    assert at.expected == pytest.approx(shares[0] + (0 if rule.name == "half" else shares[1] / 2), abs=1e-12)
