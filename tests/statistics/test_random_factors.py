"""Random factors shared by all items: mean squares, mixed-model values, two-way clustering, type I error, and power."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from howsure.statistics import power as powers
from howsure.statistics.clustered_variance import variances
from howsure.statistics.power import items_needed, power
from howsure.statistics.random_factors import (
    LevelParts,
    Levels,
    LevelSpread,
    error_with_levels,
    label_test,
    label_test_from_sums,
)
from trials import draws


def draw(seed: int = 0, n: int = 40, levels: int = 4, models: int = 3) -> np.ndarray:
    rng = np.random.default_rng(seed)
    effects = rng.normal(0, 0.3, (1, levels, models))
    return rng.normal(0, 1, (n, 1, models)) + effects + rng.normal(0, 0.5, (n, levels, models))


def mean_squares(y: np.ndarray) -> tuple[float, float, float]:
    """Return those of items, levels and questions × levels of a complete table (n, S), as any text on analysis of variance has them."""
    n, s = y.shape
    items, levels, whole = y.mean(axis=1, keepdims=True), y.mean(axis=0, keepdims=True), y.mean()
    rest = y - items - levels + whole
    return (
        s * ((items - whole) ** 2).sum() / (n - 1),
        n * ((levels - whole) ** 2).sum() / (s - 1),
        (rest**2).sum() / ((n - 1) * (s - 1)),
    )


def test_variance_components_equal_those_from_mean_squares() -> None:
    x = draw()
    parts = Levels.of(x, shared=False).of_means()
    for k in range(3):
        items, levels, rest = mean_squares(x[:, :, k])
        n, s = x.shape[:2]
        assert parts.factor[k] == pytest.approx((levels - rest) / (n * s))
        assert parts.noise[k] == pytest.approx(rest / (n * s))
        whole, df = error_with_levels([parts], np.asarray(items / (n * s)), np.asarray(n - 1.0))
        expected = (items + max(levels - rest, 0.0)) / (n * s)
        assert whole[k] == pytest.approx(expected)
        squares = [(m / (n * s)) ** 2 / d for m, d in ((items, n - 1), (levels, s - 1), (rest, (n - 1) * (s - 1)))]
        assert df[k] == pytest.approx(min(expected**2 / sum(squares), n - 1))


def test_shared_levels_use_differences_and_separate_levels_add_up() -> None:
    x = draw()
    shared, own = (Levels.of(x, shared=each).of_pairs() for each in (True, False))
    alone = Levels.of(x, shared=False).of_means()
    difference = Levels.of((x[:, :, 0] - x[:, :, 2])[:, :, None], shared=True).of_means()
    for name in ("factor", "noise", "squares"):
        assert getattr(shared, name)[0, 2] == pytest.approx(getattr(difference, name)[0])
        assert getattr(own, name)[0, 2] == pytest.approx(getattr(alone, name)[0] + getattr(alone, name)[2])


def test_clusters_and_weights_enter_as_weighted_sums() -> None:
    x = draw(n=60)
    codes, ones = np.arange(60) // 3, np.ones(60)
    plain = Levels.of(x, shared=False).of_means()
    assert Levels.of(x, weights=2 * ones, shared=False).of_means().factor == pytest.approx(plain.factor)
    assert Levels.of(x, codes=np.arange(60), shared=False).of_means().noise == pytest.approx(plain.noise)
    grouped = Levels.of(x, codes=codes, shared=False).of_means()
    sums = x.reshape(20, 3, 4, 3).mean(axis=1)
    assert grouped.factor == pytest.approx(Levels.of(sums, shared=False).of_means().factor)


def test_the_variance_approaches_two_way_clustering_in_large_samples() -> None:
    """Cameron, Gelbach and Miller (2011): V of items + V of levels − V of single answers, without corrections for few."""
    y = draw(n=300, levels=40, models=1)[:, :, 0]
    n, s = y.shape
    item, level = (each.ravel() for each in np.indices(y.shape))
    ones = np.ones(n * s)
    two_ways = variances(y.reshape(-1, 1), ones, [item, level], "miller")[0]
    whole, _ = error_with_levels(
        [Levels.of(y[:, :, None], shared=False).of_means()],
        np.asarray(y.mean(axis=1).var(ddof=1) / n),
        np.asarray(n - 1.0),
    )
    assert whole[0] == pytest.approx(two_ways, rel=0.05)


def test_models_can_have_different_numbers_of_levels() -> None:
    x = draw(levels=5)
    x[:, 3:, 1] = np.nan
    found = Levels.of(x, shared=False)
    assert found.counts.tolist() == [5, 3, 5]
    alone = Levels.of(x[:, :3, 1:2], shared=False).of_means()
    assert found.of_means().factor[1] == pytest.approx(alone.factor[0])
    assert found.of_means().noise[1] == pytest.approx(alone.noise[0])


def test_one_level_gives_no_variance_and_identical_levels_add_none() -> None:
    x = draw(levels=1)
    whole, _ = error_with_levels([Levels.of(x, shared=False).of_means()], np.full(3, 0.01), np.full(3, 39.0))
    assert np.isnan(whole).all()
    same = np.repeat(draw(levels=1), 4, axis=1)
    parts = Levels.of(same, shared=False).of_means()
    assert parts.factor == pytest.approx(np.zeros(3), abs=1e-15)
    whole, df = error_with_levels([parts], np.full(3, 0.01), np.full(3, 39.0))
    assert whole == pytest.approx(np.full(3, 0.01))
    assert df == pytest.approx(np.full(3, 39.0))


@pytest.mark.unmeasured
def test_models_with_different_seeds_keep_the_type_i_error() -> None:
    rng, found = np.random.default_rng(3), []
    for _ in range(8):
        hard = rng.normal(0, 1.2, (300, 1, 100))
        a, b = (
            (rng.random((300, 5, 100)) < 1 / (1 + np.exp(-hard - rng.normal(0, 0.35, (1, 5, 100))))).astype(float)
            for _ in range(2)
        )
        one, other = (Levels.of(x, shared=False).of_means() for x in (a, b))
        d = (a - b).mean(axis=1)
        parts = type(one)(*(getattr(one, n) + getattr(other, n) for n in ("factor", "noise", "squares")), pooled=True)
        whole, df = error_with_levels([parts], d.var(axis=0, ddof=1) / 300, np.full(100, 299.0))
        found.append(2 * stats.t.sf(np.abs(d.mean(axis=0)) / np.sqrt(whole), df) <= 0.05)
    assert np.mean(found) <= 0.05 + 3 * np.sqrt(0.05 * 0.95 / 800)


# the F test of labels within questions: the analysis of variance of statsmodels, what leaves it as it is, and sums in place of scores


SCORES = arrays(np.float64, st.tuples(st.integers(3, 30), st.integers(2, 6)), elements=st.sampled_from([0.0, 0.5, 1.0]))


def drawn(n: int = 60, s: int = 4) -> np.ndarray:
    rng = np.random.default_rng(7)
    return (rng.random((n, s)) < rng.random((n, 1)) + np.linspace(0, 0.2, s)).astype(float)


def test_the_test_of_labels_equals_two_way_anova() -> None:
    pd, formula = pytest.importorskip("pandas"), pytest.importorskip("statsmodels.formula.api")
    from statsmodels.stats.anova import anova_lm

    x = drawn()
    item, label = np.indices(x.shape)
    table = pd.DataFrame({"score": x.ravel(), "item": item.ravel(), "label": label.ravel()})
    known = anova_lm(formula.ols("score ~ C(item) + C(label)", table).fit()).loc["C(label)"]
    found = label_test(x)
    assert found is not None
    assert found.f == pytest.approx(known["F"])
    assert found.p_value == pytest.approx(known["PR(>F)"])
    assert found.df == pytest.approx((3, 3 * 59))
    assert found.spread == pytest.approx(x.mean(axis=0).std(ddof=1))


@given(SCORES, st.integers(0, 2**32 - 1))
def test_the_test_of_labels_is_invariant_and_can_be_computed_from_sums(x: np.ndarray, seed: int) -> None:
    found = label_test(x)
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum()
    counts = np.full(x.shape[1], len(x))
    same = label_test_from_sums(x.mean(axis=0), counts, within, x.size - len(x))
    if found is None:
        return
    assert same is not None
    assert same.p_value == pytest.approx(found.p_value, abs=1e-9)
    assert same.df == pytest.approx(found.df)
    assert (same.spread, same.chance) == pytest.approx((found.spread, found.chance), abs=1e-7)
    rng = np.random.default_rng(seed)
    other = label_test(100 * x[rng.permutation(len(x))][:, rng.permutation(x.shape[1])] + 7)
    assert other is not None
    assert other.p_value == pytest.approx(found.p_value, rel=1e-6)
    weighed = label_test(x, weights=np.full(len(x), 3.0))
    assert weighed is not None
    assert weighed.f == pytest.approx(found.f)


def test_a_constant_difference_between_labels_has_p_value_0() -> None:
    x = np.repeat([[0.0, 1.0]], 8, axis=0)
    found = label_test(x)
    assert found is not None
    assert (found.p_value, found.spread) == (0.0, pytest.approx(0.5**0.5))
    assert label_test_from_sums(x.mean(axis=0), np.full(2, 8), 4.0, 8) == found


def test_the_test_of_labels_is_undefined_without_variance() -> None:
    assert label_test(np.repeat(np.arange(5.0)[:, None], 3, axis=1)) is None
    assert label_test(np.ones((5, 1))) is None
    assert label_test(np.eye(3)[:1]) is None
    assert label_test(np.eye(4), codes=np.zeros(4, dtype=int)) is None
    assert label_test_from_sums(np.ones(3), np.full(3, 4), 0.0, 8) is None
    assert label_test_from_sums(np.ones(1), np.full(1, 4), 1.0, 8) is None


@pytest.mark.parametrize("s", [2, 5])
def test_correlated_unequal_clusters_keep_the_type_i_error_of_the_test_of_labels(s: int) -> None:
    """Each text has its own mood at each label: the questions alone would call that a label in most draws."""
    rng, hits, alone = np.random.default_rng(s), 0, 0
    for _ in range(400):
        codes = np.unique((12 * rng.random(200) ** 2).astype(int), return_inverse=True)[1]
        mood = rng.normal(0, 0.25, (codes.max() + 1, s))[codes]
        x = (rng.random((200, s)) < 0.5 + mood).astype(float)
        clustered, plain = label_test(x, codes=codes), label_test(x)
        hits += clustered is not None and clustered.p_value <= 0.05
        alone += plain is not None and plain.p_value <= 0.05
    assert hits / 400 <= 0.072
    assert alone / 400 > 0.3


# what a plan of levels promises: variances as generalizability theory has them, and a power that simulated evals reach


SPREAD = LevelSpread(question=0.1, level=(0.002,), interaction=(0.05,), answer=0.3, levels=(5.0,), sets=(1,))
VARIANCES = st.floats(1e-4, 1.0)


@given(VARIANCES, VARIANCES, VARIANCES, VARIANCES, st.integers(2, 50), st.integers(2, 5_000), st.integers(1, 20))
def test_the_planned_variance_is_the_sum_of_its_components(
    question: float, level: float, rest: float, answer: float, s: int, n: int, k: int
) -> None:
    spread = LevelSpread(
        question=question, level=(level,), interaction=(rest,), answer=answer, levels=(float(s),), sets=(1,)
    )
    wanted = question / n + level / s + rest / (n * s) + answer / (n * s * k)
    assert spread.per_item(n, k) / n == pytest.approx(wanted)
    assert 1 <= spread.df(n, k) <= n - 1
    assert spread.with_levels((float(s + 1),)).per_item(n, k) < spread.per_item(n, k)


def test_the_planned_variance_of_two_crossed_factors_adds_up() -> None:
    both = LevelSpread(
        question=0.1, level=(0.002, 0.001), interaction=(0.05, 0.02), answer=0.3, levels=(5.0, 4.0), sets=(1, 1)
    )
    wanted = 0.1 / 100 + 0.002 / 5 + 0.001 / 4 + 0.05 / 500 + 0.02 / 400 + 0.3 / (100 * 20 * 2)
    assert both.per_item(100, 2) / 100 == pytest.approx(wanted)


def test_one_level_has_no_power_and_few_levels_bound_it() -> None:
    test = powers.Test(method="t")
    assert power(test, SPREAD.with_levels((1.0,)), 0.5, 1_000, 1) == 0.0
    assert items_needed(test, SPREAD, 0.01, 1, 0.8) == np.inf
    assert np.isfinite(items_needed(test, SPREAD.with_levels((400.0,)), 0.01, 1, 0.8))


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(("levels", "items", "gap"), [(4, 200, 0.1), (10, 100, 0.08), (6, 50, 0.15)])
@pytest.mark.unmeasured
def test_simulated_evals_reach_the_planned_power(levels: int, items: int, gap: float, *, own: bool) -> None:
    """Two models with the same levels, or with their own (half the variance each), normal; the forecast itself is off by up to .04."""
    rng = np.random.default_rng(levels)
    spread = replace(SPREAD, levels=(float(levels),), sets=(2 if own else 1,))
    found = []
    for _ in range(draws(2, 8)):
        hard = rng.normal(0, SPREAD.question**0.5, (items, 1, 500))

        def drawn(share: float) -> np.ndarray:
            level = rng.normal(0, (share * SPREAD.level[0]) ** 0.5, (1, levels, 500))
            rest = share * (SPREAD.interaction[0] + SPREAD.answer)
            return level + rng.normal(0, rest**0.5, (items, levels, 500))

        a, b = (drawn(0.5), drawn(0.5)) if own else (drawn(1.0), np.zeros((items, levels, 500)))
        x = gap + hard + a - b
        plain, df = x.mean(axis=1).var(axis=0, ddof=1) / items, np.full(500, items - 1.0)
        one, two = (Levels.of(each, shared=False).of_means() for each in (a + hard, b))
        sums = LevelParts(one.factor + two.factor, one.noise + two.noise, one.squares + two.squares, pooled=True)
        variance, df = error_with_levels([sums if own else Levels.of(x, shared=True).of_means()], plain, df)
        found.append(2 * stats.t.sf(np.abs(x.mean(axis=(0, 1))) / np.sqrt(variance), df) <= 0.05)
    assert np.mean(found) == pytest.approx(power(powers.Test(method="t"), spread, gap, items, 1), abs=draws(0.07, 0.05))


def test_degrees_of_freedom_of_a_plan_count_clusters() -> None:
    clustered = replace(SPREAD, size=10.0)
    assert clustered.clusters_in(200) == 20
    assert clustered.step == 10
    assert clustered.df(200, 1) < SPREAD.df(200, 1)
    assert clustered.df(10, 1) == 0.0
