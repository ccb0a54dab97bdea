"""The F test of labels within questions: the analysis of variance of statsmodels, what leaves it as it is, and sums in place of scores."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from howsure.statistics.random_factors import label_test, p_from_sums

SCORES = arrays(np.float64, st.tuples(st.integers(3, 30), st.integers(2, 6)), elements=st.sampled_from([0.0, 0.5, 1.0]))


def drawn(n: int = 60, s: int = 4) -> np.ndarray:
    rng = np.random.default_rng(7)
    return (rng.random((n, s)) < rng.random((n, 1)) + np.linspace(0, 0.2, s)).astype(float)


def test_it_is_the_two_way_analysis_of_variance() -> None:
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
def test_neither_names_nor_units_matter_and_sums_are_enough(x: np.ndarray, seed: int) -> None:
    found = label_test(x)
    within = ((x - x.mean(axis=1, keepdims=True)) ** 2).sum()
    counts = np.full(x.shape[1], len(x))
    p = p_from_sums(x.mean(axis=0), counts, within, x.size - len(x))
    if found is None:
        return
    assert p == pytest.approx(found.p_value, abs=1e-9)
    rng = np.random.default_rng(seed)
    other = label_test(100 * x[rng.permutation(len(x))][:, rng.permutation(x.shape[1])] + 7)
    assert other is not None
    assert other.p_value == pytest.approx(found.p_value, rel=1e-6)
    weighed = label_test(x, weights=np.full(len(x), 3.0))
    assert weighed is not None
    assert weighed.f == pytest.approx(found.f)


def test_labels_that_differ_by_as_much_on_all_questions_are_sure() -> None:
    x = np.repeat([[0.0, 1.0]], 8, axis=0)
    found = label_test(x)
    assert found is not None
    assert (found.p_value, found.spread) == (0.0, pytest.approx(0.5**0.5))
    assert p_from_sums(x.mean(axis=0), np.full(2, 8), 4.0, 8) == 0.0


def test_nothing_is_said_where_nothing_varies() -> None:
    assert label_test(np.repeat(np.arange(5.0)[:, None], 3, axis=1)) is None
    assert label_test(np.ones((5, 1))) is None
    assert label_test(np.eye(3)[:1]) is None
    assert label_test(np.eye(4), codes=np.zeros(4, dtype=int)) is None
    assert p_from_sums(np.ones(3), np.full(3, 4), 0.0, 8) == 1.0
    assert p_from_sums(np.ones(1), np.full(1, 4), 1.0, 8) == 1.0


@pytest.mark.parametrize("s", [2, 5])
def test_unequal_clusters_that_move_together_are_no_label(s: int) -> None:
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
