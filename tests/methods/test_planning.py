"""The code of docs/methods/planning.md gives the library's numbers."""

import numpy as np
import pytest
from scipy import stats

from howsure.inference.plan_pilot import doubt_of
from howsure.statistics import power, rates
from howsure.statistics.clustered_variance import equal_sizes
from howsure.statistics.power import Spread
from methods import FOLDER, methods

page = methods("planning")
CASES = [
    {"within": 0.17},
    {"within": 1 / 9, "answer": 1 / 3},
    {"within": 0.1, "between": 0.02, "answer": 0.1, "size": 5},
    {"within": 0.05, "between": 0.03, "answer": 0.05, "size": 10, "events": 0.3},
    {"within": 0.02, "answer": 0.05, "events": 0.4},
]


def spread_of(case):
    """Return the library's spread."""
    known = {"events": np.nan} | {name: value for name, value in case.items() if name != "size"}
    return Spread(**known, sizes=equal_sizes(case.get("size", 1)))


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("n", [50, 400, 2000])
@pytest.mark.parametrize("attempts", [1, 4])
@pytest.mark.parametrize("effect", [0.0, 0.03, 0.1])
def test_power(case, n, attempts, effect):
    found = page.power(n, attempts, effect, **case)
    assert power.power(power.Test(), spread_of(case), effect, n, attempts) == pytest.approx(found, abs=1e-9)
    test = power.Test(goal="not-worse", margin=0.05)
    found = page.power(n, attempts, effect, margin=0.05, **case)
    assert power.power(test, spread_of(case), effect, n, attempts) == pytest.approx(found, abs=1e-9)


def test_questions_needed_and_the_example():
    wanted = power.items_needed(power.Test(), Spread(within=0.168), 0.03, 1, 0.8)
    assert page.power(wanted, 1, 0.03, within=0.168) >= 0.8 > page.power(wanted - 1, 1, 0.03, within=0.168)
    assert f"about {round(wanted, -1):,.0f} questions" in (FOLDER / "planning.md").read_text()
    z = stats.norm.isf(0.025) + stats.norm.ppf(0.8)
    assert power.formula(power.Test(method="z"), 1 / 9, 0.03, 0.8) == np.ceil(z**2 / 9 / 0.03**2 * (1 - 1e-5))


@pytest.mark.parametrize(("variance", "error", "units"), [(0.2, 0.05, 20), (0.2, 0.01, 100)])
def test_the_uncertainty_of_a_pilot(variance, error, units):
    spread = Spread(within=variance)
    expected = power.power(power.Test(), spread, 0.05, 500, 1, doubt=doubt_of((variance, error, units)))
    found = page.averaged_power(
        lambda factor: page.power(500, 1, 0.05, within=factor * variance), variance, error, units
    )
    assert found == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize("failures", [0, 1, 4])
def test_rare_failures(failures):
    assert page.runs_needed(0.01, failures) == rates.runs_needed(0.01, 0.95, failures=failures)
    a, b = 0.05 * 4, 0.95 * 4  # a correlation of 1/5
    chance = stats.betabinom.pmf(np.arange(11), 10, a, b)
    total = np.convolve(chance, chance)[: failures + 1].sum()
    assert rates.chance_of_at_most(failures, 2, 0.05, size=10, icc=0.2) == pytest.approx(total, rel=1e-9)


@pytest.mark.parametrize(("rate", "n"), [(0.5, 1067), (0.95, 300)])
def test_one_score(rate, n):
    """The interval of a score at its expected values."""
    score = methods("score")
    limits = score.guarded(rate, n, n - 1, 1, 0), 1 - score.guarded(1 - rate, n, n - 1, 1, 0)
    width = rates.half_width(rate, Spread(within=rate * (1 - rate)), n, 1, 0.95)
    assert width == pytest.approx((limits[1] - limits[0]) / 2, rel=1e-9)
    floor = rate - 0.04
    least = next(k for k in range(n + 1) if k and score.guarded(min(k / n, 1 - 1e-12), n, n - 1, 1, 0, 0.1) > floor)
    found = rates.floor_power(rate, floor, Spread(within=rate * (1 - rate)), n, 1, level=0.95)
    exact = stats.binom.sf(least - 1, n, rate), stats.binom.sf(least, n, rate)
    assert exact[1] - 1e-9 <= found <= exact[0] + 1e-9
