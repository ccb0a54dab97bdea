"""Many-to-one comparisons: Dunnett's table, SciPy, enumerated sign flips, and agreement of intervals and p-values."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics import intervals, max_t, multiplicity
from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.pair_details import pair_limits
from trials import draws

PUBLISHED = {
    5: (3.03, 3.29, 3.48, 3.62),
    10: (2.57, 2.76, 2.89, 2.99),
    20: (2.38, 2.54, 2.65, 2.73),
    math.inf: (2.21, 2.35, 2.44, 2.51),
}
"""Dunnett (1964), two-sided 5%, 2 to 5 treatments beside a control, by degrees of freedom."""


@pytest.mark.parametrize("df", PUBLISHED)
def test_critical_values_equal_dunnetts_table(df):
    for count, expected in enumerate(PUBLISHED[df], 2):
        assert multiplicity.quantile(0.95, df, count) == pytest.approx(expected, abs=0.006)


@pytest.mark.parametrize(
    ("df", "count", "r", "t"), [(5, 3, 0.5, 3.3), (20, 9, 0.2, 2.9), (7, 20, 0.8, 3.5), (3, 5, 0, 4)]
)
def test_the_quadrature_equals_the_multivariate_t_distribution(df, count, r, t):
    shape = np.full((count, count), float(r)) + (1 - r) * np.eye(count)
    expected = stats.multivariate_t(shape=shape, df=df, seed=1).cdf(np.full(count, t), lower_limit=np.full(count, -t))
    assert multiplicity.inside(np.array([float(t)]), df, count, r)[0] == pytest.approx(expected, abs=2e-4)


def test_p_values_equal_scipys_dunnett():
    rng = np.random.default_rng(0)
    groups, control = [rng.normal(0.4 * k, 1, 12) for k in range(5)], rng.normal(0, 1, 12)
    pooled = np.mean([x.var(ddof=1) for x in (*groups, control)])
    t = np.array([abs(x.mean() - control.mean()) / math.sqrt(2 * pooled / 12) for x in groups])
    expected = stats.dunnett(*groups, control=control, random_state=1).pvalue
    assert 1 - multiplicity.inside(t, 66, 5) == pytest.approx(expected, abs=5e-4)


def scores(rng, n=24, models=4, spread=0.6, clusters=0):
    x = (rng.random((n, 1)) + spread * rng.random((n, models)) > 0.7).astype(float)
    codes = (np.arange(n) % clusters,) if clusters else ()
    return x, codes


def row(moments, one):
    p = moments.p_value[one].copy()
    p[one] = np.nan
    return p


def limits(x, codes, moments, found, one):
    """The limits of every model beside the one, as the answer has them."""
    sides = []
    for tails in (found.far, found.near):
        level = np.full(moments.difference.shape, 0.95)
        level[:, one] = level[one] = 1 - np.where(np.isnan(tails), 0.05, tails)
        sides.append([each[:, one] for each in pair_limits(x, moments, level=level, clusters=codes, reach=1.0)])
    (low, high), (low_in, high_in) = sides
    return np.where(low_in > 0, low_in, low), np.where(high_in < 0, high_in, high)


@given(st.integers(0, 10**6), st.sampled_from([0, 8, 12]), st.sampled_from(["max-t", "dunnett", "holm", "bh", "none"]))
def test_corrected_intervals_and_p_values_agree(seed, clusters, method):
    rng = np.random.default_rng(seed)
    x, codes = scores(rng, models=int(rng.integers(2, 7)), spread=float(rng.choice([0.2, 1.0])), clusters=clusters)
    x[:, 1:] = np.maximum(x[:, 1:], (rng.random((len(x), x.shape[1] - 1)) < rng.random(x.shape[1] - 1) * 0.5))
    moments = pair_moments(x, clusters=codes)
    p = row(moments, 0)
    if method == "max-t":
        found = multiplicity.by_max_t(p, moments, 0, 0.05, rng=np.random.default_rng(1), draws=500)
    elif method == "dunnett":
        found = multiplicity.by_dunnett(p, moments, 0, 0.05)
    else:
        found = multiplicity.by_p_value(p, method, 0.05)
    low, high = limits(x, codes, moments, found, 0)
    real = found.p_adjusted <= 0.05 * (1 + 1e-12)
    assert (((low > 0) | (high < 0)) == real)[1:].all()
    if method in ("max-t", "dunnett"):  # only a difference that is shown has another tail on the side of 0
        assert np.array_equal(found.near[1:][~real[1:]], found.far[1:][~real[1:]], equal_nan=True)
    assert (found.p_adjusted[1:] >= p[1:] * (1 - 1e-12)).all()
    assert (found.p_adjusted[1:] <= np.minimum(1, (len(p) - 1) * p[1:] + (1e-12 if method != "max-t" else 1))).all()


def test_a_single_comparison_is_not_corrected():
    x, codes = scores(np.random.default_rng(3), models=2)
    moments = pair_moments(x, clusters=codes)
    p = row(moments, 0)
    for found in (
        multiplicity.by_max_t(p, moments, 0, 0.05, rng=np.random.default_rng(0)),
        multiplicity.by_dunnett(p, moments, 0, 0.05),
        multiplicity.by_p_value(p, "holm", 0.05),
    ):
        assert found.p_adjusted[1] == p[1]
        assert found.far[1] == found.near[1] == 0.05 or p[1] > 0.05


def test_max_t_p_values_and_critical_values_equal_enumerated_sign_flips():
    """All 2^8 flips of eight items, each pivot made anew."""
    x, _ = scores(np.random.default_rng(5), n=8, models=4, spread=1.5)
    moments = pair_moments(x)
    p = row(moments, 0)
    found = multiplicity.by_max_t(p, moments, 0, 0.2, rng=np.random.default_rng(0))
    d = x[:, [0]] - x[:, 1:]
    signs = 1 - 2 * ((np.arange(2**8)[:, None] >> np.arange(8)) & 1)
    flipped = signs[:, :, None] * d
    gap = flipped.mean(axis=1)
    t = np.abs(gap) / np.sqrt(flipped.var(axis=1, ddof=1) / 8 + gap**2 / 8)
    order = np.argsort(p[1:], kind="stable")
    seen, stepped = t[0] * (1 - 1e-5), np.zeros(3)
    for rank, k in enumerate(order):
        share = (t[:, order[rank:]].max(axis=1) >= seen[k]).mean()
        stepped[k] = max(share, stepped[order[rank - 1]] if rank else 0.0)
    assert found.p_adjusted[1:] == pytest.approx(np.maximum(stepped, p[1:]), abs=1e-9)
    bound = np.sort(t.max(axis=1))[-int(0.2 * len(t)) - 1]
    steps = max_t.single_step(pairs_of(p), moments.flips, 0.2, rng=np.random.default_rng(0))
    assert steps == pytest.approx(float(intervals.t_p_value(bound, 7)), rel=2e-3)


@pytest.mark.parametrize("error", [0.0, 0.02, 0.2, 0.5])
def test_a_pair_may_miss_as_often_as_the_largest_pivot_of_all_flips_says(error):
    """Of scores of which no two flips are alike, against all flips: the quantile is one of their pivots."""
    x = np.random.default_rng(5).random((9, 4))
    moments = pair_moments(x)
    p = row(moments, 0)
    d = x[:, [0]] - x[:, 1:]
    signs = 1 - 2 * ((np.arange(2**8)[:, None] >> np.arange(9)) & 1)
    flipped = signs[:, :, None] * d
    gap = flipped.mean(axis=1)
    t = np.sort((np.abs(gap) / np.sqrt(flipped.var(axis=1, ddof=1) / 9)).max(axis=1))
    expected = float(intervals.t_p_value(t[-int(error * len(t)) - 1], 8))
    found = max_t.single_step(pairs_of(p), moments.flips, error, rng=np.random.default_rng(0))
    assert found == pytest.approx(expected, rel=1e-3 if error else 5e-3)


def pairs_of(p):
    pairs = np.full((len(p), len(p)), np.nan)
    pairs[0], pairs[:, 0] = p, p
    return pairs


def test_centred_sign_flips_have_mean_difference_0():
    x, codes = scores(np.random.default_rng(2), clusters=6)
    x[:, 1] = 1.0
    flips = pair_moments(x, clusters=codes).flips
    assert flips.centred().sums.sum(axis=0) == pytest.approx(np.zeros(4), abs=1e-12)
    gaps = flips.sums[:, 1] - flips.sums[:, 0]
    held = np.where(flips.shared == 0, flips.sizes, 0)
    centred = flips.centred().sums[:, 1] - flips.centred().sums[:, 0]
    assert centred == pytest.approx(gaps - held * gaps.sum() / held.sum())


def test_correlated_models_need_a_smaller_correction():
    """Five copies of one side are one side; five sides apart are five, as they are to Bonferroni."""
    rng = np.random.default_rng(7)
    base = (rng.random(200) < 0.5).astype(float)
    changed = np.where(rng.random(200) < 0.1, 1 - base, base)
    apart = np.column_stack([base, *(np.where(rng.random(200) < 0.1, 1 - base, base) for _ in range(5))])
    copies = np.column_stack([base, *[changed] * 5])
    for make in (
        lambda m: multiplicity.by_max_t(row(m, 0), m, 0, 0.05, rng=np.random.default_rng(0)),
        lambda m: multiplicity.by_dunnett(row(m, 0), m, 0, 0.05),
    ):
        one, five = make(pair_moments(copies)), make(pair_moments(apart))
        assert one.far[1:].min() > 0.025
        assert 0.009 < five.far[1:].max() < 0.014


def test_seven_clusters_have_too_few_sign_flips_and_eight_enough():
    x, codes = scores(np.random.default_rng(2), clusters=7)
    assert not multiplicity.enough_clusters(pair_moments(x, clusters=codes).flips)
    x, codes = scores(np.random.default_rng(2), clusters=8)
    assert multiplicity.enough_clusters(pair_moments(x, clusters=codes).flips)


BOARDS = draws({"max-t": 60, "holm": 60, "dunnett": 25}, {"max-t": 400, "holm": 400, "dunnett": 200})
"""Dunnett's integrals take a while."""


@pytest.mark.unmeasured
@pytest.mark.parametrize("method", ["max-t", "dunnett", "holm"])
def test_equal_models_keep_the_familywise_error_and_simultaneous_coverage(method):
    """Ten equal sides, 12 clusters of 10: 5% of boards at most have a false finding, within three standard errors."""
    boards = BOARDS[method]
    rng, false, held = np.random.default_rng(11), 0, 0
    codes = np.repeat(np.arange(12), 10)
    for k in range(boards):
        base = rng.normal(0, 1, 12)[codes] + rng.normal(0, 1.5, 120)
        x = (0.3 + rng.normal(0, 0.3, (12, 11))[codes] - base[:, None] + rng.logistic(size=(120, 11)) > 0).astype(float)
        moments = pair_moments(x, clusters=(codes,))
        p = row(moments, 0)
        if method == "max-t":
            found = multiplicity.by_max_t(p, moments, 0, 0.05, rng=np.random.default_rng(k), draws=1000)
        elif method == "dunnett":
            found = multiplicity.by_dunnett(p, moments, 0, 0.05)
        else:
            found = multiplicity.by_p_value(p, "holm", 0.05)
        low, high = limits(x, (codes,), moments, found, 0)
        false += bool((found.p_adjusted[1:] <= 0.05).any())
        held += bool(((low <= 0) & (high >= 0))[1:].all())
    assert false / boards <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / boards)
    assert held == boards - false
