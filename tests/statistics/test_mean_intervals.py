"""The interval of a mean: properties of the default (adaptive), its components, degenerate data, and exact coverage."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import optimize, stats

from howsure.statistics.intervals import clopper_pearson, guarded_wilson, wilson
from howsure.statistics.mean_intervals import Groups, Means, limits, posterior_limits
from howsure.statistics.means import mean, means
from method_cases import codes
from trials import draws

LEVELS = (0.5, 0.8, 0.9, 0.95, 0.99)


def interval(x, **asked):
    found = mean(x, **asked).interval
    return found.low, found.high


@st.composite
def answers(draw, attempts=(1, 2, 5), least=2):
    """Scores that average right-or-wrong answers, their number, clusters or none, weights or none."""
    n = draw(st.integers(least, 16))
    count = np.array(draw(st.lists(st.sampled_from(attempts), min_size=n, max_size=n)))
    right = np.array([draw(st.integers(0, k)) for k in count.tolist()])
    cluster = codes(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n)))
    asked = {"attempts": count.astype(float)}
    if draw(st.booleans()):
        asked["clusters"] = (cluster,)
    if draw(st.booleans()):
        asked["weights"] = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=n, max_size=n)))
    x = right / count
    assume(0 < x.mean() < 1)
    assume("clusters" not in asked or cluster.max() > 0)
    return x, asked


@st.composite
def fractions(draw):
    """Scores between 0 and 1, some of them often equal, clusters or none, weights or none."""
    n = draw(st.integers(2, 16))
    score = st.one_of(st.floats(0, 1), st.sampled_from([0.0, 0.5, 0.98, 1.0]))
    x = np.array(draw(st.lists(score, min_size=n, max_size=n)))
    asked = {}
    if draw(st.booleans()):
        asked["clusters"] = (codes(draw(st.lists(st.integers(0, 4), min_size=n, max_size=n))),)
    if draw(st.booleans()):
        asked["weights"] = np.array(draw(st.lists(st.sampled_from([0.5, 1.0, 3.0]), min_size=n, max_size=n)))
    assume(1e-9 < x.mean() < 1 - 1e-9)
    assume("clusters" not in asked or asked["clusters"][0].max() > 0)
    return x, asked


# laws

ANY = answers() | fractions()


@given(ANY, st.sampled_from(LEVELS))
def test_default_limits_lie_in_0_to_1_and_contain_the_mean(sample, level):
    x, asked = sample
    low, high = interval(x, level=level, **asked)
    assert 0 <= low <= mean(x, **asked).value <= high <= 1


@given(ANY, st.sampled_from(LEVELS))
def test_limits_mirror_when_right_and_wrong_are_swapped(sample, level):
    x, asked = sample
    low, high = interval(x, level=level, **asked)
    assert interval(1 - x, level=level, **asked) == pytest.approx((1 - high, 1 - low), abs=1e-9)


@given(ANY)
def test_a_higher_level_gives_a_wider_interval(sample):
    x, asked = sample
    found = np.array([interval(x, level=level, **asked) for level in LEVELS])
    assert np.all(np.diff(found[:, 0]) <= 1e-12)
    assert np.all(np.diff(found[:, 1]) >= -1e-12)


@given(answers(), st.sampled_from(LEVELS))
def test_near_0_and_1_the_outer_limit_is_at_least_that_of_guarded_wilson(sample, level):
    x, asked = sample
    found, pure = mean(x, level=level, **asked), mean(x, level=level, interval="wilson", **asked)
    assume(found.se > 0)  # without any spread n / deff is not known
    low, high = guarded_wilson(found.value, effective_items(pure, len(x)), found.df, level)
    if found.value <= 0.25:
        assert found.interval.low <= low + 1e-9
    if found.value >= 0.75:
        assert found.interval.high >= high - 1e-9


@st.composite
def answers_half_of_them_right(draw):
    """One answer to each of some items in clusters, and the mirrored answers in as many clusters more."""
    half = draw(st.lists(st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=6), min_size=1, max_size=4))
    clusters = [np.array(cluster) for cluster in half] + [1 - np.array(cluster) for cluster in half]
    assume(any(cluster.mean() != 0.5 for cluster in clusters))  # else no variance, and that is no small one
    return np.concatenate(clusters), np.repeat(np.arange(len(clusters)), [len(cluster) for cluster in clusters])


@given(answers_half_of_them_right(), st.sampled_from(LEVELS))
def test_limits_are_continuous_at_a_mean_of_one_half(sample, level):
    assert_continuous(*sample, level)


def test_limits_of_four_clusters_of_five_are_continuous_at_one_half():
    # they did, by 7.4 points, when "never inside Wilson's" ended at ½ all at once
    rights = [k for k in itertools.product(range(6), repeat=4) if sum(k) == 10 and list(k) == sorted(k)]
    for right in rights:
        x = (np.arange(5) < np.array(right)[:, None]).astype(float).ravel()
        assert_continuous(x, np.repeat(np.arange(4), 5), 0.95)


def assert_continuous(x, cluster, level):
    """Weigh the right answers a little more or less."""
    asked = {"attempts": np.ones(len(x)), "clusters": [cluster], "level": level}
    exact = interval(x, **asked)
    for tiny in (-1e-6, -1e-9, 1e-9, 1e-6):
        weights = np.where(x == 1, 1 + tiny, 1.0)
        value = mean(x, weights=weights, **asked).value
        assert 0 < (value - 0.5) / tiny < 1, "it moved"
        assert interval(x, weights=weights, **asked) == pytest.approx(exact, abs=1e-7 + 10 * abs(tiny))


@given(answers(), st.sampled_from(LEVELS))
def test_the_rule_for_extreme_means_fades_out_from_one_quarter_to_one_half(sample, level):
    """Limits lie between the adaptive and what the full rule makes of it, by the share that is left of the rule."""
    x, asked = sample
    value = mean(x, **asked).value
    asked |= {"level": level}
    found, free, full = (ruled(part, x, **asked) for part in (None, 0.0, 1.0))
    for side, nearer in ((0, value), (1, 1 - value)):
        part = float(np.interp(nearer, [0.25, 0.5], [1, 0]))
        assert found[side] == pytest.approx((1 - part) * free[side] + part * full[side], rel=1e-9, abs=1e-12)


def ruled(part, x, **asked):
    """The interval with the rule "no nearer than Wilson's" as it is (None), without it (0) or with it in full (1)."""
    if part is None:
        return interval(x, **asked)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            "howsure.statistics.mean_intervals._no_nearer",
            lambda blended, own, value: np.minimum(blended, own) if part else blended,
        )
        return interval(x, **asked)


def effective_items(found, n):
    spread = found.value * (1 - found.value)
    return n if found.se == 0 else spread * n / (found.se**2 * (n - 1))


# put together by hand


def arcsine(rate):
    return np.arcsin(np.sqrt(rate))


@pytest.mark.parametrize(
    ("seed", "rate"), [(0, 0.5), (1, 0.9), (2, 0.03), (3, 0.3), (4, 0.4), (5, 0.65), (6, 0.15), (7, 0.75)]
)
def test_the_default_mixes_posterior_and_wilson_limits_by_the_events_observed(seed, rate):
    rng = np.random.default_rng(seed)
    cluster = np.repeat(np.arange(12), 10)
    x = (rng.random(120) < np.clip(rate + rng.normal(0, 0.2, 12), 0, 1)[cluster]).astype(float)
    found = mean(x, clusters=[cluster], attempts=np.ones(120))
    p, effective = found.value, effective_items(found, 120)
    events = min(effective, 120) * p * (1 - p)
    share = max(events / (events + 6), 1 / 3)
    held = x.reshape(12, 10).mean(axis=1, keepdims=True)
    posterior = posterior_limits(
        Groups(means=held, shares=np.full(12, 1 / 12), trials=np.array([10.0]), several=np.array([False])), 0.95
    )
    pure = guarded_wilson(p, effective, 11, 0.95)
    low, high = (
        float(np.sin((1 - share) * arcsine(post[0]) + share * arcsine(own)) ** 2)
        for post, own in zip(posterior, pure, strict=True)
    )
    by_half, by_quarter = (low, high), (min(low, pure[0]), max(high, pure[1]))
    expected = [
        np.interp(at, [0.25, 0.5], [near, far]) for at, near, far in zip((p, 1 - p), by_quarter, by_half, strict=True)
    ]
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, rel=1e-9)


def test_attempts_of_an_item_count_like_items_of_a_cluster():
    right = np.random.default_rng(4).binomial(5, 0.3, 40)
    attempts = interval(right / 5, attempts=np.full(40, 5.0))
    answer = (np.arange(5) < right[:, None]).astype(float).ravel()
    clustered = interval(answer, attempts=np.ones(200), clusters=[np.repeat(np.arange(40), 5)])
    assert attempts == pytest.approx(clustered, abs=0.01), "answers leave nothing unseen, items of five attempts may"


FRACTIONS = [
    np.linspace(0.3, 0.6, 25),
    np.linspace(0, 1, 25),
    np.repeat([0.0, 0.1, 1.0], (12, 1, 12)),
    np.linspace(0.97, 1, 25) ** 2,
]


@pytest.mark.parametrize("x", FRACTIONS)
@pytest.mark.parametrize("level", [0.5, 0.9, 0.95])
def test_limits_of_fractions_allow_for_unseen_misses(x, level):
    low, high = interval(x, level=level)
    by_hand = unseen_limit(x, level), 1 - unseen_limit(1 - x, level)
    if level > 0.5:
        items = effective_items(mean(x), 25)
        exact = clopper_pearson(x.mean() * items, items, 2 * level - 1)
        by_hand = min(by_hand[0], exact[0]), max(by_hand[1], exact[1])
    assert (low, high) == pytest.approx(by_hand, rel=1e-9)


def unseen_limit(x, level):
    """The lower limit by a root: of the scores as they are, and of the same with a share of them turned to 0."""
    n, value, t = len(x), x.mean(), stats.t.ppf((1 + level) / 2, len(x) - 1)
    moved, half = value * (1 - ((1 - level) / 2) ** (1 / n)), t * x.std() / np.sqrt(n)
    share = moved**2 / (moved**2 + half**2)

    def off(mu):
        turned = mu / value * (x**2).mean() - mu**2
        likewise = x.var() * mu * (1 - mu) / (value * (1 - value))
        return (value - mu) ** 2 - t**2 / n * (share * turned + (1 - share) * likewise)

    return optimize.brentq(off, 0, value, xtol=1e-15)


@given(fractions(), st.sampled_from(LEVELS))
def test_allowing_for_unseen_misses_only_widens_the_interval(sample, level):
    x, asked = sample
    pure, found = mean(x, interval="wilson", **asked), mean(x, level=level, **asked)
    assume(found.se > 1e-6)
    low, high = guarded_wilson(found.value, effective_items(pure, len(x)), found.df, level)
    assert found.interval.low <= low + 1e-9
    assert found.interval.high >= high - 1e-9


@given(st.lists(st.sampled_from([0.0, 1.0]), min_size=2, max_size=30), st.sampled_from(LEVELS))
def test_binary_scores_have_the_guarded_wilson_interval_without_allowance(scores, level):
    x = np.array(scores)
    assume(0 < x.mean() < 1)
    expected = guarded_wilson(x.mean(), len(x), len(x) - 1, level)
    assert interval(x, level=level) == pytest.approx(expected, rel=1e-9)
    assert interval(x, level=level, attempts=np.ones(len(x))) == pytest.approx(expected, rel=1e-9)


def test_limits_are_continuous_in_the_scores():
    x = np.full(30, 0.9)
    alike = interval(x)
    for tiny in (1e-12, 1e-9, 1e-6, 1e-4):
        x[-1] = 0.9 - tiny
        assert interval(x) == pytest.approx(alike, abs=10 * tiny)


def test_one_tiny_fraction_among_zeros_hardly_changes_the_limits():
    zeros = interval(np.zeros(30))
    low, high = interval(np.append(np.zeros(29), 1e-6))
    assert low < 1e-6 < zeros[1] < high < 1.1 * zeros[1], "it was 0.004 when the spread of one item was believed"


def test_an_unseen_miss_counts_as_the_root_of_the_cluster_size():
    x, cluster = np.tile([0.85, 0.95], 30), np.repeat(np.arange(6), 10)
    found = mean(x, clusters=[cluster])
    assert found.se == 0
    unseen = np.sqrt(10) * stats.t.ppf(0.975, 5) ** 2 / 60
    assert (found.interval.low, found.interval.high) == pytest.approx((0.9 / (1 + unseen), 1 - 0.1 / (1 + unseen)))


# coverage where the mean lies near 1, and away from there


@pytest.mark.parametrize("attempts", [0, 10])
@pytest.mark.parametrize(("c", "low"), [(40, 0.01), (200, 0.005), (200, 0.01)])
def test_intervals_cover_with_rare_misses_among_fractions_near_1(c, low, attempts):
    truth = (1 - low) * c / (c + 1) + low / 6
    worlds = draws(300, 1_000)
    for n in draws((20, 120), (20, 50, 120, 400)):
        rng = np.random.default_rng([c, n])
        x = 1 - rng.beta(1, c, (n, worlds))
        misses = rng.random(x.shape) < low
        x[misses] = rng.beta(1, 5, misses.sum())
        known = {} if attempts == 0 else {"attempts": np.full(x.shape, float(attempts))}
        found = means(rng.binomial(attempts, x) / attempts if attempts else x, **known)
        assert np.mean([e.interval.low <= truth <= e.interval.high for e in found]) >= 0.93 - 3 * np.sqrt(
            0.93 * 0.07 / worlds
        )
        floors = means(rng.binomial(attempts, x) / attempts if attempts else x, level=0.9, **known)
        assert np.mean([e.interval.low > truth for e in floors]) <= 0.06 + 3 * np.sqrt(0.06 * 0.94 / worlds)


@pytest.mark.parametrize("n", [20, 50, 200])
def test_fractions_away_from_0_and_1_have_about_the_width_of_the_t_interval(n):
    x = np.random.default_rng(n).beta(2, 2, (n, 1_000))
    adaptive, t = (
        np.array([[e.interval.low, e.interval.high] for e in means(x, interval=m)]) for m in ("adaptive", "t")
    )
    assert np.diff(adaptive).mean() <= 1.12 * np.diff(t).mean()
    assert np.mean((adaptive[:, 0] <= 0.5) & (adaptive[:, 1] >= 0.5)) >= 0.93


@pytest.mark.parametrize("wrong", [(3,), (3, 17), range(12), (35, 38)])
def test_the_design_effect_of_weights_shrinks_to_kishs_by_one_event_unless_larger(wrong):
    x, weights = np.ones(40), np.linspace(0.2, 2, 40)
    x[list(wrong)] = 0
    found = mean(x, weights=weights, attempts=np.ones(40))
    effective, kish = effective_items(found, 40), 40 * (weights**2).sum() / weights.sum() ** 2
    deff, events = 40 / effective, effective * found.value * (1 - found.value)
    assert (deff < kish) == (wrong != (35, 38)), "where the wrong answers weigh much theirs is larger, and stays"
    expected = guarded_wilson(found.value, 40 / max(deff, (deff * events + kish) / (events + 1)), found.df, 0.95)
    assert (found.interval.low, found.interval.high) == pytest.approx(expected, rel=1e-9)


# degenerate


@pytest.mark.parametrize("method", ["adaptive", "wilson", "clopper-pearson", "jeffreys"])
@pytest.mark.parametrize("value", [0.0, 1.0])
def test_scores_of_0_or_n_of_n_have_the_exact_interval_counting_clusters(value, method):
    x, cluster = np.full(30, value), np.repeat(np.arange(6), 5)
    for clusters, n in (((), 30), ([cluster], 6)):
        expected = stats.binomtest(int(value * n), n).proportion_ci(0.95, method="exact")
        found = interval(x, clusters=clusters, interval=method, attempts=np.full(30, 4.0))
        assert found == pytest.approx(tuple(expected), rel=1e-9)


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_one_item_or_cluster_has_limits_only_if_all_right_or_all_wrong(value):
    lone = interval(np.array([value]), attempts=np.array([2.0]))
    cluster = interval(np.full(8, value), attempts=np.full(8, 2.0), clusters=[np.zeros(8, int)])
    for found in (lone, cluster):
        if value == 0.5:
            assert np.isnan(found).all()
        else:
            assert found == pytest.approx((0.025, 1) if value else (0, 0.975))


def test_scores_without_variance_have_an_interval_of_positive_width():
    # every item right in 2 of 4 attempts, every cluster half right
    items = interval(np.full(10, 0.5), attempts=np.full(10, 4.0))
    clusters = interval(np.tile([0.0, 1.0], 20), attempts=np.ones(40), clusters=[np.repeat(np.arange(20), 2)])
    for low, high in (items, clusters):
        assert low < 0.5 - 0.12
        assert high > 0.5 + 0.12


def test_a_missing_standard_error_gives_nan_limits_for_that_model_only():
    nan = np.array([np.nan, 0.01])
    known = Means(value=np.array([0.5, 0.5]), var=nan, df=9, n=10, units=10, bounded=True, cluster_size=1)
    for method in ("adaptive", "wilson", "t", "jeffreys", "clopper-pearson"):
        low, high = limits(known, method, 0.95)
        assert np.isnan([low[0], high[0]]).all()
        assert np.isfinite([low[1], high[1]]).all()


# exact coverage of plain right-or-wrong items, by summing binomial probabilities

SIZES = (*range(5, 121), 150, 200, 300, 500, 750, 1_000)
ROUND_RATES = np.arange(1, 101) / 200


def coverage(n, low, high, rates):
    """How often limits (n + 1,) of 0 … n right answers hold each of the rates."""
    chance = stats.binom.pmf(np.arange(n + 1)[:, None], n, rates)
    return (chance * ((low[:, None] <= rates) & (high[:, None] >= rates))).sum(axis=0)


def blend_of_single_answers(n):
    x = (np.arange(n)[:, None] < np.arange(n + 1)).astype(float)
    found = [entry.interval for entry in means(x, attempts=np.ones_like(x))]
    return np.array([(one.low, one.high) for one in found]).T


def test_coverage_for_single_answers_is_at_least_93_percent_at_every_round_rate():
    found = {n: coverage(n, *blend_of_single_answers(n), ROUND_RATES) for n in SIZES}
    worst = min(found, key=lambda n: found[n].min())
    assert (worst, ROUND_RATES[found[worst].argmin()]) == (22, 0.155)
    assert found[worst].min() == pytest.approx(0.9323, abs=5e-5)
    for n, covered in found.items():
        assert covered.min() >= 0.93, n
        assert covered.mean() > 0.95, n
    assert found[1_000].mean() < 0.951, "and not by being too wide"


def test_coverage_for_single_answers_is_at_least_92_7_percent_at_the_worst_rate():
    # coverage is least just beside a limit, where one more count falls out; rates below 0.005 are left to the guard
    for n in SIZES:
        low, high = blend_of_single_answers(n)
        rates = np.concatenate([low - 1e-12, low + 1e-12, high - 1e-12, high + 1e-12])
        rates = rates[(rates >= 0.005) & (rates <= 0.5)]
        assert coverage(n, low, high, rates).min() > 0.927, n


def test_unguarded_wilson_covers_under_84_percent_near_0_and_1():
    worst = min(coverage(n, *wilson(np.arange(n + 1) / n, n, math.inf, 0.95), ROUND_RATES).min() for n in SIZES)
    assert worst < 0.84


def test_equal_clusters_have_limits_independent_of_rounding():
    rng, scores, clusters = np.random.default_rng(1), [0.51, 0.95, 0.14], (np.repeat(np.arange(25), 3),)
    found = [
        interval(np.concatenate([rng.permutation(scores) for _ in range(25)]), clusters=clusters) for _ in range(12)
    ]
    assert all(other == pytest.approx(found[0], rel=1e-12) for other in found)
