"""What a plan of levels promises: variances as generalizability theory has them, and a power that simulated evals reach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics import power as powers
from howsure.statistics.power import items_needed, power
from howsure.statistics.random_factors import LevelParts, Levels, LevelSpread, error_with_levels
from trials import draws

SPREAD = LevelSpread(question=0.1, level=(0.002,), interaction=(0.05,), answer=0.3, levels=(5.0,), sets=(1,))
VARIANCES = st.floats(1e-4, 1.0)


@given(VARIANCES, VARIANCES, VARIANCES, VARIANCES, st.integers(2, 50), st.integers(2, 5_000), st.integers(1, 20))
def test_variances_add_up(question: float, level: float, rest: float, answer: float, s: int, n: int, k: int) -> None:
    spread = LevelSpread(
        question=question, level=(level,), interaction=(rest,), answer=answer, levels=(float(s),), sets=(1,)
    )
    wanted = question / n + level / s + rest / (n * s) + answer / (n * s * k)
    assert spread.per_item(n, k) / n == pytest.approx(wanted)
    assert 1 <= spread.df(n, k) <= n - 1
    assert spread.with_levels((float(s + 1),)).per_item(n, k) < spread.per_item(n, k)


def test_two_factors_are_crossed() -> None:
    both = LevelSpread(
        question=0.1, level=(0.002, 0.001), interaction=(0.05, 0.02), answer=0.3, levels=(5.0, 4.0), sets=(1, 1)
    )
    wanted = 0.1 / 100 + 0.002 / 5 + 0.001 / 4 + 0.05 / 500 + 0.02 / 400 + 0.3 / (100 * 20 * 2)
    assert both.per_item(100, 2) / 100 == pytest.approx(wanted)


def test_one_level_has_no_power_and_levels_set_a_floor() -> None:
    test = powers.Test(method="t")
    assert power(test, SPREAD.with_levels((1.0,)), 0.5, 1_000, 1) == 0.0
    assert items_needed(test, SPREAD, 0.01, 1, 0.8) == np.inf
    assert np.isfinite(items_needed(test, SPREAD.with_levels((400.0,)), 0.01, 1, 0.8))


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(("levels", "items", "gap"), [(4, 200, 0.1), (10, 100, 0.08), (6, 50, 0.15)])
@pytest.mark.no_cover
def test_simulated_evals_reach_the_promised_power(levels: int, items: int, gap: float, *, own: bool) -> None:
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


def test_clusters_are_what_degrees_of_freedom_count() -> None:
    clustered = replace(SPREAD, size=10.0)
    assert clustered.clusters_in(200) == 20
    assert clustered.step == 10
    assert clustered.df(200, 1) < SPREAD.df(200, 1)
    assert clustered.df(10, 1) == 0.0
