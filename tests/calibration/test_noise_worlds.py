"""Simulated scenarios of attempts, variance components and covariates have the parameters that they state."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import integrate, special, stats
from simulation.checks import adjusted, component, fixed_difference, fixed_mean
from simulation.noise_worlds import (
    AttemptScoreWorld,
    ComponentWorld,
    CovariateWorld,
    FixedWorld,
    attempt_counts,
    expected_score,
)

TRIALS = 4_000


def rng(seed=11):
    return np.random.default_rng(seed)


def near(values, truth, tolerance=4.5):
    """Whether the mean over trials is the truth, within what Monte-Carlo makes of it."""
    return values.mean() == pytest.approx(truth, abs=tolerance * values.std() / np.sqrt(len(values)))


def test_ragged_attempt_counts_range_from_the_fewest_to_10_and_are_reproducible():
    counts = attempt_counts("ragged", 1_000, fewest=3)
    assert set(counts) == set(range(3, 11))
    assert np.array_equal(counts, attempt_counts("ragged", 1_000, fewest=3))
    assert attempt_counts(4, 3).tolist() == [4, 4, 4]


# fixed items

FIXED = [
    FixedWorld(p=0.2, n_clusters=40, attempts=3, item_icc=0.4),
    FixedWorld(p=0.9, n_clusters=30, attempts="ragged", item_icc=0.1),
    FixedWorld(p=0.5, n_clusters=50, attempts=2, item_icc=0.0),
    FixedWorld(p=0.3, n_clusters=40, attempts="ragged", item_icc=0.5, models=2),
    FixedWorld(p=0.8, n_clusters=40, attempts=5, item_icc=0.3, models=2, equal=True),
]


def seen(sample):
    return sample.right.mean(axis=0) - (0.0 if sample.other is None else sample.other.mean(axis=0))


@pytest.mark.parametrize("world", FIXED, ids=str)
def test_means_on_fixed_items_are_unbiased_for_the_mean_of_their_rates(world):
    sample = world.draw(rng(), TRIALS)
    assert np.shape(sample.truth) == (TRIALS,)
    assert near(seen(sample) - sample.truth, 0.0)
    p, other = world.p, min(1.5 * world.p, 0.95)
    assert near(sample.truth, p) if world.models == 1 else near(sample.truth, 0.0 if world.equal else p - other)


@pytest.mark.parametrize("world", FIXED, ids=str)
def test_the_squared_error_on_fixed_items_is_the_within_question_variance(world):
    sample = world.draw(rng(), TRIALS)
    models = [sample.answers(), *([sample.others()] if world.models == 2 else [])]
    noise = sum(found.now.sum(axis=0) for found in models) / world.n_clusters**2
    assert near((seen(sample) - sample.truth) ** 2 - noise, 0.0)


def test_equal_models_have_the_same_rates_and_independent_answers():
    sample = FIXED[-1].draw(rng(), 50)
    assert np.all(sample.truth == 0)
    assert not np.array_equal(sample.right, sample.other)


def test_rates_of_fixed_items_have_the_stated_intraclass_correlation():
    world = FixedWorld(p=0.2, n_clusters=40, attempts=3, item_icc=0.4)
    right = world.draw(rng(), TRIALS).right
    assert right.var() == pytest.approx(0.16 * (0.4 + 0.6 / 3), rel=0.03)


@pytest.mark.parametrize("world", FIXED[:3], ids=str)
def test_effective_events_are_the_summed_within_question_variances_of_the_answers(world):
    sample = world.draw(rng(), TRIALS)
    differing = (sample.answers().once * sample.attempts[:, None]).sum(axis=0).mean()
    assert world.events == pytest.approx(differing, rel=0.05)


# components

COMPONENTS = [
    ComponentWorld(target="answer", p=0.3, n_clusters=40, attempts=4, item_icc=0.4),
    ComponentWorld(target="question", p=0.3, n_clusters=40, attempts="ragged", item_icc=0.4),
    ComponentWorld(target="between", p=0.5, n_clusters=20, attempts=3, item_icc=0.2, cluster_size=6, icc=0.3),
    ComponentWorld(target="question", p=0.7, n_clusters=20, attempts="ragged", item_icc=0.3, cluster_size=5, icc=0.2),
    ComponentWorld(target="answer", p=0.2, n_clusters=20, attempts=2, item_icc=0.3, cluster_size=5, icc=0.4),
]


@pytest.mark.parametrize("world", COMPONENTS, ids=str)
def test_variance_components_equal_their_stated_values_in_large_samples(world):
    """From a large sample of attempts at pairs of items of one cluster: moments, and none of the code under trial."""
    sample = replace(world, attempts=2, n_clusters=4_000).draw(rng(), 40)
    x, size = sample.right, world.cluster_size
    answer = 2 * (x * (1 - x)).mean(axis=0)
    item = x.var(axis=0) - answer / 2  # of items, whichever cluster they are in
    if size == 1:
        between = np.zeros(40)
    else:
        centred = (x - x.mean(axis=0)).reshape(4_000, size, 40)
        between = ((centred.sum(axis=1) ** 2 - (centred**2).sum(axis=1)) / (size * (size - 1))).mean(axis=0)
    whole = x.mean(axis=0).mean()
    assert near({"answer": answer, "question": item, "between": between}[world.target], world.truth, 5)
    assert whole == pytest.approx(world.p, abs=0.02)
    assert (sample.codes is None) == (size == 1)


@pytest.mark.parametrize("p", [0.1, 0.5])
def test_variance_components_sum_to_the_variance_of_one_answer(p):
    world = ComponentWorld(target="answer", p=p, n_clusters=9, attempts=2, item_icc=0.3, cluster_size=4, icc=0.2)
    assert world.truth + replace(world, target="question").truth == pytest.approx(p * (1 - p))
    assert 0 < replace(world, target="between").truth < replace(world, target="question").truth


# scores over attempts

SCORES = ["mean", "pass@3", "pass^3", "majority@4", "majority@5", "best-of-2", "consistency"]


@pytest.mark.parametrize("score", SCORES[1:])
@pytest.mark.parametrize(("attempts", "clustered"), [("ragged", False), (5, True)])
def test_scores_over_attempts_are_unbiased_for_the_stated_true_value(score, attempts, clustered):
    shape = {"cluster_size": 4, "icc": 0.3} if clustered else {}
    world = AttemptScoreWorld(score=score, p=0.35, n_clusters=25, attempts=attempts, item_icc=0.5, **shape)
    sample = world.draw(rng(), TRIALS)
    assert sample.n == 25 * world.cluster_size == sample.totals.sum()
    means = sample.sums.sum(axis=0) / sample.n
    assert near(means, sample.truth)
    assert near(means, simulated(score, world), 6)


def simulated(score, world, items=400_000):
    """What fresh attempts at fresh items give: drawn, and judged by what the score's name says."""
    k = int(score.split("@")[-1].split("^")[-1].split("-")[-1]) if score != "consistency" else 2
    draw, r, icc = rng(5), (1 - world.item_icc) / world.item_icc, world.icc
    own = draw.beta(world.p * (1 - icc) / icc, (1 - world.p) * (1 - icc) / icc, items) if icc else world.p
    right = draw.binomial(k, draw.beta(own * r + 1e-12, (1 - own) * r + 1e-12, items))
    kind = score.rstrip("0123456789")
    if kind in ("pass@", "best-of-"):
        return (right > 0).mean()
    if kind == "pass^":
        return (right == k).mean()
    if kind == "majority@":
        return (right > k / 2).mean() + (right == k / 2).mean() / 2
    return ((right == 0) | (right == k)).mean()


@pytest.mark.parametrize(("p", "item_icc"), [(0.35, 0.5), (0.05, 0.9), (0.9, 0.1)])
def test_expected_scores_over_attempts_equal_integrals_over_the_beta_rates(p, item_icc):
    r = (1 - item_icc) / item_icc
    a, b = p * r, (1 - p) * r

    # ∫ over the quantiles, so that the peaks at 0 and 1 do no harm
    def over(function):
        return integrate.quad(lambda u: function(special.betaincinv(a, b, u)), 0, 1, limit=500)[0]

    assert expected_score("pass@3", p, item_icc, 0.0) == pytest.approx(over(lambda x: 1 - (1 - x) ** 3), abs=1e-5)
    assert expected_score("pass^3", p, item_icc, 0.0) == pytest.approx(over(lambda x: x**3), abs=1e-5)
    assert expected_score("majority@5", p, item_icc, 0.0) == pytest.approx(
        over(lambda x: float(stats.binom.sf(2, 5, x))), abs=1e-5
    )
    assert expected_score("consistency", p, item_icc, 0.0) == pytest.approx(
        over(lambda x: x**2 + (1 - x) ** 2), abs=1e-5
    )


def test_expected_scores_of_clustered_items_are_exact_to_a_thousandth():
    """The squares of rates are known: E x² = p² + Var x, Var x = icc · v + item_icc · (v − icc · v), v = p (1 − p)."""
    for p, item_icc, icc in ((0.3, 0.5, 0.2), (0.8, 0.2, 0.5)):
        v = p * (1 - p)
        second = p**2 + icc * v + item_icc * (v - icc * v)
        assert expected_score("pass^2", p, item_icc, icc) == pytest.approx(second, abs=1e-3)
        assert expected_score("consistency", p, item_icc, icc) == pytest.approx(1 - 2 * (p - second), abs=2e-3)


# covariates

COVARIATES = [
    CovariateWorld(p=0.3, n_clusters=40, pool=200, correlation=0.7),
    CovariateWorld(p=0.8, n_clusters=30, pool=30, correlation=0.0),
    CovariateWorld(p=0.5, n_clusters=20, pool=400, correlation=0.5, cluster_size=5, icc=0.4),
]


@pytest.mark.parametrize("world", COVARIATES, ids=str)
def test_answered_items_of_a_pool_have_the_stated_number_and_an_unbiased_mean(world):
    sample = world.draw(rng(), TRIALS)
    answered = world.n_clusters * world.cluster_size
    assert sample.scores.shape == sample.covariate.shape == (world.pool, TRIALS)
    assert np.isfinite(sample.scores).sum(axis=0).tolist() == [answered] * TRIALS
    assert near(np.nanmean(sample.scores, axis=0), sample.truth)
    assert sample.truth == world.p
    assert np.isfinite(sample.covariate).all()
    assert near(sample.covariate.mean(axis=0), 0.0)
    assert sample.covariate.var() == pytest.approx(1.0, rel=0.02)


@pytest.mark.parametrize("world", COVARIATES, ids=str)
def test_the_covariate_has_the_stated_correlation_with_the_score(world):
    """The correlation of a normal z with 1 where a normal ability of correlation ρ exceeds a threshold: ρ φ(t) / √(p q)."""
    sample = world.draw(rng(), TRIALS)
    has = np.isfinite(sample.scores)
    seen = np.corrcoef(sample.scores[has], sample.covariate[has])[0, 1]
    threshold = stats.norm.ppf(1 - world.p)
    expected = world.correlation * stats.norm.pdf(threshold) / np.sqrt(world.p * (1 - world.p))
    assert seen == pytest.approx(expected, abs=0.02)


def test_items_of_a_pool_are_correlated_within_clusters():
    world = COVARIATES[-1]
    sample = world.draw(rng(), TRIALS)
    assert sample.codes.tolist() == np.repeat(np.arange(80), 5).tolist()
    for x in (sample.covariate, sample.scores[:100]):
        centred = (x - x.mean()).reshape(-1, 5, TRIALS)
        alike = (centred.sum(axis=1) ** 2 - (centred**2).sum(axis=1)).mean() / 20 / x.var()
        if x is sample.covariate:
            assert alike == pytest.approx(0.4, abs=0.02)
        else:  # halves of a normal: 2 / π · arcsin(icc)
            assert alike == pytest.approx(2 / np.pi * np.arcsin(0.4), abs=0.02)


# all of them

ALL = [
    FIXED[0],
    FIXED[3],
    COMPONENTS[1],
    COMPONENTS[2],
    AttemptScoreWorld(score="pass@3", p=0.4, n_clusters=15, attempts="ragged", item_icc=0.5, cluster_size=3, icc=0.2),
    COVARIATES[0],
    COVARIATES[2],
]


def arrays(sample):
    names = ("right", "other", "sums", "squares", "scores", "covariate", "truth")
    return [getattr(sample, name) for name in names if getattr(sample, name, None) is not None]


@pytest.mark.parametrize("world", ALL, ids=str)
def test_the_seed_determines_the_sample(world):
    one, same, other = (arrays(world.draw(rng(seed), 20)) for seed in (1, 1, 2))
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, same, strict=True))
    assert not all(np.array_equal(a, b, equal_nan=True) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("world", ALL, ids=str)
def test_a_scenarios_features_state_its_parameters(world):
    told = world.features()
    assert told["n_clusters"] == world.n_clusters == world.effective_clusters
    assert told["p"] == world.p
    assert isinstance(told["scores"], str)
    assert hash(world) == hash(replace(world))
    assert world.events > 0


CHECKS = [
    (FIXED[0], fixed_mean),
    (FIXED[4], fixed_difference),
    (COMPONENTS[0], component("answer")),
    (COMPONENTS[3], component("question")),
    (COMPONENTS[2], component("between")),
    (COVARIATES[0], adjusted),
    (COVARIATES[2], adjusted),
]


@pytest.mark.parametrize(("world", "check"), CHECKS, ids=lambda given: "" if callable(given) else str(given))
def test_every_check_gives_ordered_limits_that_mostly_cover_the_true_value(world, check):
    sample = world.draw(rng(), 300)
    low, high = check(sample, 0.95)
    assert low.shape == high.shape == (300,)
    assert np.all(low <= high)
    assert np.mean((low <= sample.truth) & (sample.truth <= high)) > 0.85
    first = sample.first(20)
    assert first.trials == 20
    again = check(first, 0.95)
    assert (again[0], again[1]) == (pytest.approx(low[:20]), pytest.approx(high[:20]))
