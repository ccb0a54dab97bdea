"""Agreement coefficients and their intervals: reference implementations, invariances, and undefined cases."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.agreement import Counts, agreed, cohen, correlation, fleiss, gwet, independent, krippendorff

LEVEL = 0.95
KINDS = ("nominal", "ordinal", "interval")
ALL = (agreed, fleiss, krippendorff, gwet)


def fixed():
    """40 items, four raters, five values, without a random number."""
    i, j = np.arange(40)[:, None], np.arange(4)[None, :]
    more = ((i * (3 * j + 2) + j * j) % 9 == 0) * (1 + j % 2)
    return ((i * 7) % 5 + more - ((i * (j + 5) + 2 * j) % 11 == 0)).clip(0, 4).astype(float)


def with_gaps():
    """The same with missing ratings."""
    ratings = fixed()
    ratings[::6, 0] = ratings[3::7, 2] = np.nan
    return ratings


def counted(ratings, values=5):
    """Return how often each item got each value."""
    counts = np.stack([(ratings == k).sum(axis=1) for k in range(values)], axis=1).astype(float)
    return Counts(counts=counts, numbers=np.arange(values, dtype=float))


# The package krippendorff 0.9.0 of Python: alpha(ratings.T, level_of_measurement=…).
ALPHA = {
    ("full", "nominal"): 0.6525440313111546,
    ("full", "ordinal"): 0.8800627448509702,
    ("full", "interval"): 0.8809077971687513,
    ("gaps", "nominal"): 0.6585092399288641,
    ("gaps", "ordinal"): 0.8712849593807979,
    ("gaps", "interval"): 0.8719864426760979,
}
# irrCAC 0.4.4 of Python: CAC(DataFrame(ratings), weights="identity" | "linear" | "quadratic", digits=12), coefficient_value; without gaps also se.
GWET = {
    ("full", "nominal"): (0.65121197332, 0.062582568214),
    ("full", "ordinal"): (0.781888997079, 0.04306755529),
    ("full", "interval"): (0.87572815534, 0.030331797174),
    ("gaps", "nominal"): (0.646070476867, None),
    ("gaps", "ordinal"): (0.766563457455, None),
    ("gaps", "interval"): (0.85739658346, None),
}
FLEISS = {
    ("full", "nominal"): (0.650358773646, 0.062628735679),
    ("full", "ordinal"): (0.785666443403, 0.046146965038),
    ("full", "interval"): (0.880158789604, 0.033772992527),
    ("gaps", "nominal"): (0.644881572792, None),
    ("gaps", "ordinal"): (0.769715449321, None),
    ("gaps", "interval"): (0.861416795682, None),
}
# R's vcd 1.4: Kappa(table(x[, 1], x[, 2]), weights = "Equal-Spacing" | "Fleiss-Cohen"), value and ASE, whose variance divides by n.
COHEN = {
    "nominal": (0.68798751950078, 0.0848620273912016),
    "ordinal": (0.802431610942249, 0.0605495734328643),
    "interval": (0.887573964497042, 0.0429460180071772),
}


@pytest.mark.parametrize(("table", "kind"), ALPHA)
def test_krippendorffs_alpha_equals_reference_values(table, kind):
    found = krippendorff(counted(fixed() if table == "full" else with_gaps()), kind, (), LEVEL)
    assert found.value == pytest.approx(ALPHA[table, kind], abs=1e-9)


@pytest.mark.parametrize(("function", "reference"), [(gwet, GWET), (fleiss, FLEISS)], ids=["gwet", "fleiss"])
def test_gwets_ac1_and_fleiss_kappa_equal_reference_values(function, reference):
    for (table, kind), (value, se) in reference.items():
        found = function(counted(fixed() if table == "full" else with_gaps()), kind, (), LEVEL)
        assert found.value == pytest.approx(value, abs=1e-9)
        if se is not None:
            assert found.se == pytest.approx(se, abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
def test_cohens_kappa_equals_that_of_r_vcd(kind):
    found = cohen(fixed()[:, :2].astype(int), np.arange(5.0), kind, (), LEVEL)
    value, ase = COHEN[kind]
    assert found.value == pytest.approx(value, abs=1e-9)
    assert found.se == pytest.approx(ase * math.sqrt(40 / 39), abs=1e-9)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("function", ALL)
def test_standard_errors_equal_the_jackknife(function, kind):
    ratings = np.vstack([with_gaps()] * 4)
    n = len(ratings)
    left = np.array([function(counted(np.delete(ratings, k, axis=0)), kind, (), LEVEL).value for k in range(n)])
    jackknife = math.sqrt((n - 1) / n * ((left - left.mean()) ** 2).sum())
    assert function(counted(ratings), kind, (), LEVEL).se == pytest.approx(jackknife, rel=0.01)


@pytest.mark.parametrize("function", [*ALL])
def test_full_agreement_has_an_interval_that_narrows_with_items(function):
    widths = []
    for items in (10, 40, 160):
        ratings = np.repeat(np.arange(items) % 2, 3).reshape(items, 3).astype(float)
        found = function(counted(ratings, 2), "nominal", (), LEVEL)
        assert (found.value, found.interval.high) == (1.0, 1.0)
        widths.append(1 - found.interval.low)
    assert widths[0] > widths[1] > widths[2] > 0.005
    assert widths[0] < 1


def test_kappa_and_alpha_are_undefined_if_all_ratings_are_equal():
    found = Counts(counts=np.full((30, 1), 2.0), numbers=np.array([1.0]))
    for function in (fleiss, krippendorff):
        estimate = function(found, "nominal", (), LEVEL)
        assert math.isnan(estimate.value)
        assert (estimate.interval.low, estimate.interval.high) == (-1.0, 1.0)
    assert agreed(found, "nominal", (), LEVEL).interval.low > 0.85
    assert gwet(found, "nominal", (), LEVEL).value == 1.0
    assert 0.7 < gwet(found, "nominal", (), LEVEL).interval.low < 1


def test_one_item_or_one_cluster_gives_the_widest_interval():
    one = counted(np.array([[0.0, 1.0]]), 2)
    assert fleiss(one, "nominal", (), LEVEL).interval.high == 1.0
    ratings = fixed()
    found = fleiss(counted(ratings), "nominal", (np.zeros(40, dtype=np.int64),), LEVEL)
    assert (found.interval.low, found.interval.high) == (-1.0, 1.0)
    assert found.n_clusters == 1


def test_copies_of_items_in_one_cluster_change_nothing():
    ratings, copies = fixed(), 7
    codes = np.repeat(np.arange(40), copies)
    for function in (fleiss, gwet):
        once = function(counted(ratings), "nominal", (), LEVEL)
        again = function(counted(np.repeat(ratings, copies, axis=0)), "nominal", (codes,), LEVEL)
        assert again.value == pytest.approx(once.value)
        assert again.se == pytest.approx(once.se)
        assert again.interval.low == pytest.approx(once.interval.low, abs=0.02)


@given(st.integers(0, 2**32 - 1), st.sampled_from(KINDS), st.integers(2, 4), st.integers(2, 30))
def test_coefficients_do_not_depend_on_the_order_of_items_or_raters(seed, kind, raters, items):
    rng = np.random.default_rng(seed)
    ratings = rng.integers(0, 3, (items, raters)).astype(float)
    found = counted(ratings, 3)
    keep = found.counts.any(axis=0)
    found = Counts(counts=found.counts[:, keep], numbers=found.numbers[keep])
    shuffled = Counts(counts=found.counts[rng.permutation(items)], numbers=found.numbers)
    for function in ALL:
        estimate, other = function(found, kind, (), LEVEL), function(shuffled, kind, (), LEVEL)
        assert other.value == pytest.approx(estimate.value, nan_ok=True)
        low, high = estimate.interval.low, estimate.interval.high
        assert low <= high
        if math.isfinite(estimate.value):
            assert low - 1e-9 <= estimate.value <= high + 1e-9
            wide = function(found, kind, (), 0.99).interval
            assert wide.low <= low + 1e-9
            assert wide.high >= high - 1e-9


def test_correlations_equal_numpy_and_fisher_intervals():
    rng = np.random.default_rng(0)
    one = rng.normal(size=200)
    two = 0.8 * one + 0.6 * rng.normal(size=200)
    found = correlation(one, two, ranks=False, clusters=(), level=LEVEL)
    assert found.value == pytest.approx(np.corrcoef(one, two)[0, 1])
    fisher = np.tanh(np.arctanh(found.value) + np.array([-1.96, 1.96]) / math.sqrt(197))
    assert [found.interval.low, found.interval.high] == pytest.approx(fisher, abs=0.03)
    assert math.isnan(correlation(one, np.ones(200), ranks=False, clusters=(), level=LEVEL).value)
    same = correlation(one[:10], one[:10], ranks=True, clusters=(), level=LEVEL)
    assert same.value == pytest.approx(1.0)
    assert same.interval.low < 0.9


def test_raters_with_identical_errors_count_as_one_independent_rater():
    rng = np.random.default_rng(1)
    errors = (rng.random((300, 6)) < 0.2).astype(float)
    value, interval = independent(errors, (), LEVEL)
    assert interval.contains(6.0)
    assert independent(np.repeat(errors[:, :1], 6, axis=1), (), LEVEL)[0] == pytest.approx(1.0)
    assert math.isnan(independent(np.zeros((50, 6)), (), LEVEL)[0])
