"""What a plan of levels promises: variances as generalizability theory has them, and a power that simulated evals reach."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics.levels import Levels, error_with_levels
from howsure.statistics.planning import power as powers
from howsure.statistics.planning.level_spread import LevelSpread
from howsure.statistics.planning.power import items_needed, power

SPREAD = LevelSpread(question=0.1, level=(0.002,), interaction=(0.05,), answer=0.3, levels=(5.0,))
VARIANCES = st.floats(1e-4, 1.0)


@given(VARIANCES, VARIANCES, VARIANCES, VARIANCES, st.integers(2, 50), st.integers(2, 5_000), st.integers(1, 20))
def test_variances_add_up(question: float, level: float, rest: float, answer: float, s: int, n: int, k: int) -> None:
    spread = LevelSpread(question=question, level=(level,), interaction=(rest,), answer=answer, levels=(float(s),))
    wanted = question / n + level / s + rest / (n * s) + answer / (n * s * k)
    assert spread.per_item(n, k) / n == pytest.approx(wanted)
    assert 1 <= spread.df(n, k) <= n - 1
    assert spread.with_levels((float(s + 1),)).per_item(n, k) < spread.per_item(n, k)


def test_two_factors_are_crossed() -> None:
    both = LevelSpread(question=0.1, level=(0.002, 0.001), interaction=(0.05, 0.02), answer=0.3, levels=(5.0, 4.0))
    wanted = 0.1 / 100 + 0.002 / 5 + 0.001 / 4 + 0.05 / 500 + 0.02 / 400 + 0.3 / (100 * 20 * 2)
    assert both.per_item(100, 2) / 100 == pytest.approx(wanted)


def test_one_level_has_no_power_and_levels_set_a_floor() -> None:
    test = powers.Test(method="t")
    assert power(test, SPREAD.with_levels((1.0,)), 0.5, 1_000, 1) == 0.0
    assert items_needed(test, SPREAD, 0.01, 1, 0.8) == np.inf
    assert np.isfinite(items_needed(test, SPREAD.with_levels((400.0,)), 0.01, 1, 0.8))


@pytest.mark.parametrize(("levels", "items", "gap"), [(4, 200, 0.1), (10, 100, 0.08), (6, 50, 0.15)])
@pytest.mark.no_cover
def test_simulated_evals_reach_the_promised_power(levels: int, items: int, gap: float) -> None:
    """Differences of two models with the same levels, normal, 4,000 draws: a standard error of .008 or less."""
    rng = np.random.default_rng(levels)
    spread = SPREAD.with_levels((float(levels),))
    found = []
    for _ in range(8):
        shape = (items, levels, 500)
        x = (
            gap
            + rng.normal(0, SPREAD.question**0.5, (items, 1, 500))
            + rng.normal(0, SPREAD.level[0] ** 0.5, (1, levels, 500))
        )
        x = x + rng.normal(0, (SPREAD.interaction[0] + SPREAD.answer) ** 0.5, shape)
        plain = x.mean(axis=1).var(axis=0, ddof=1) / items
        parts = Levels.of(x, shared=True).of_means()
        variance, df = error_with_levels([parts], plain, np.full(500, items - 1.0))
        found.append(2 * stats.t.sf(np.abs(x.mean(axis=(0, 1))) / np.sqrt(variance), df) <= 0.05)
    assert np.mean(found) == pytest.approx(power(powers.Test(method="t"), spread, gap, items, 1), abs=0.05)
