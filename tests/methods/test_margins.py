"""The code of docs/methods/margins.md gives the library's numbers."""

import numpy as np
import pytest

from howsure.inference.gate_verdicts import verdict_of
from howsure.statistics import multiplicity, question_rates
from howsure.statistics.difference import difference
from methods import methods

page = methods("margins")


@pytest.mark.parametrize("grouped", [False, True])
@pytest.mark.parametrize("gap", [-0.05, 0.0, 0.1])
@pytest.mark.parametrize("margin", [0.01, 0.05, 0.2])
@pytest.mark.parametrize("differ", [0.02, 0.3])
def test_margins(margin, gap, grouped, differ):
    rng = np.random.default_rng(4)
    g = np.unique(np.sort(rng.integers(15, size=150)), return_inverse=True)[1] if grouped else np.arange(150)
    b = (rng.random(150) < 0.6).astype(float)
    a = np.where(rng.random(150) < differ, rng.random(150) < 0.6 + 2 * gap, b).astype(float)
    a[:2], b[:2] = (1, 0), (0, 1)  # so that something varies
    found = difference(a, b, clusters=(g,) if grouped else (), margin=margin).equivalence
    expected = found.p_noninferior, found.p_equivalent, found.p_inferior, found.p_outside
    assert page.margin_tests(a - b, g, margin) == pytest.approx(expected, rel=1e-9, abs=1e-12)


def test_corrections_and_verdicts():
    rng = np.random.default_rng(1)
    p, weights = rng.random(8) ** 3, rng.integers(1, 4, 8).astype(float)
    assert page.holm(p, weights) == pytest.approx(multiplicity.holm(p, weights), rel=1e-12)
    for p_pass, p_fail in ((0.01, 0.9), (0.9, 0.04), (0.3, 0.2), (0.05, 0.05)):
        found = page.verdict(p_pass, p_fail).replace("can't tell", "unclear")
        assert found == verdict_of(p_pass, p_fail, 0.95)


@pytest.mark.parametrize("seed", range(5))
def test_every_single_question(seed):
    rng = np.random.default_rng(seed)
    attempts = rng.integers(3, 25, 12)
    right = rng.binomial(attempts, rng.beta(4, 1, 12))
    kept = question_rates.keeps_floor(right, attempts, 0.8)
    assert page.keeps_floor(right, attempts, 0.8) == pytest.approx(kept, rel=1e-9)
    below = question_rates.below_floor(right, attempts, 0.8).adjusted
    assert page.below_floor(right, attempts, 0.8) == pytest.approx(below, rel=1e-9)
