"""The code of docs/methods/several-tasks.md gives the library's numbers."""

import numpy as np
import pytest
from scipy import stats

from howsure.statistics.all_pairs import pair_moments
from howsure.statistics.means import mean
from howsure.statistics.multiplicity import corrected_p, tails
from howsure.statistics.pair_details import pair_limits
from howsure.statistics.pair_suites import pair_suite
from howsure.statistics.suites import overall_estimate
from methods import methods

page = methods("several-tasks")


def scores(parts, q, alpha=0.05, **options):
    """Return the limits of the page for tasks with these estimates."""
    value, se, df = (np.array([getattr(part, name) for part in parts]) for name in ("value", "se", "df"))
    low, high = (np.array([getattr(part.interval, name) for part in parts]) for name in ("low", "high"))
    below, above = (page.side_of_scores(value, se**2, df, each, q, alpha) for each in (low, high))
    return q @ value - page.half_width(below, alpha), q @ value + page.half_width(above, alpha)


@pytest.mark.parametrize("level", [0.9, 0.95])
@pytest.mark.parametrize(
    "sizes", [[(40, 0.5), (30, 0.8)], [(3, 0.5), (200, 0.7)], [(5, 1.0), (400, 0.5)], [(20, 0.0), (20, 1.0), (9, 0.4)]]
)
@pytest.mark.parametrize("grouped", [False, True])
def test_scores(sizes, grouped, level):
    rng = np.random.default_rng(2)
    parts = []
    for n, rate in sizes:
        x = np.zeros(n)
        x[: round(rate * n)] = 1
        g = np.arange(n) // 2 if n > 3 and grouped else np.arange(n)
        parts.append(
            mean(rng.permutation(x), clusters=(g,) if n > 3 and grouped else (), level=level, attempts=np.ones(n))
        )
    q = np.arange(1.0, len(sizes) + 1) / np.arange(1, len(sizes) + 1).sum()
    found = overall_estimate(parts, q, bounded=True)
    limits = scores(parts, q, 1 - level)
    assert (found.interval.low, found.interval.high) == pytest.approx(np.clip(limits, 0, 1), rel=1e-9, abs=1e-9)
    assert found.se == pytest.approx(np.sqrt(sum((each * part.se) ** 2 for each, part in zip(q, parts, strict=True))))


@pytest.mark.parametrize("sizes", [(60, 40, 30), (3, 200), (10, 10, 10, 10)])
@pytest.mark.parametrize("flat", [None, 0.0, 1.0])
@pytest.mark.parametrize("seed", range(4))
def test_differences(seed, flat, sizes):
    """`flat`: the difference of every question of the first task, if it is the same for all."""
    rng = np.random.default_rng(seed)
    pairs, limits = [], []
    for k, n in enumerate(sizes):
        x = (rng.random((n, 2)) < (0.8, 0.5)).astype(float)
        if k == 0 and flat is not None:
            x[:] = (flat, 0.0)
        else:
            x[:2] = np.eye(2)  # so that something varies
        pairs.append(pair_moments(x))
        limits.append(pair_limits(x, pairs[-1], level=0.95, reach=1.0))
    q = np.arange(1.0, len(sizes) + 1) / np.arange(1, len(sizes) + 1).sum()
    found = pair_suite(pairs, q, limits, reach=1.0)
    value, variance, df = (
        np.array([getattr(pair, name)[0, 1] for pair in pairs]) for name in ("difference", "variance", "df")
    )
    sides = [
        page.side_of_differences(value, variance, df, np.array([each[k][0, 1] for each in limits]), q, np.array(sizes))
        for k in (0, 1)
    ]
    for alpha in (0.05, 0.2):
        expected = [float(each[0, 1]) for each in found.limits(1 - alpha)]
        ends = q @ value - page.half_width(sides[0], alpha), q @ value + page.half_width(sides[1], alpha)
        assert expected == pytest.approx(np.clip(ends, -1, 1), rel=1e-9, abs=1e-9)
    gap = q @ value
    if abs(gap) > 1e-9:
        p = page.p_value(sides[0 if gap > 0 else 1], abs(gap))
        assert float(found.moments.p_value[0, 1]) == pytest.approx(p, rel=1e-8)


@pytest.mark.parametrize("sizes", [(50,), (50, 50), (50, 20, 30)])
def test_tasks_of_equal_answers(sizes):
    """What the page says of differences without variation."""
    q = np.full(len(sizes), 1 / len(sizes))
    pairs = [pair_moments(np.ones((n, 2))) for n in sizes]
    limits = [pair_limits(np.ones((n, 2)), pair, level=0.95, reach=1.0) for n, pair in zip(sizes, pairs, strict=True)]
    found = pair_suite(pairs, q, limits, reach=1.0)
    slopes = found.sums.below.slopes[:, 0, 1]
    for gap in (0.01, 0.2):
        assert found.t(-gap) ** 2 == pytest.approx(gap / slopes.max())
    high = found.limits(0.95)[1][0, 1]
    if len(sizes) == 1:
        z2, own = stats.norm.isf(0.025) ** 2, limits[0][1][0, 1]
        assert (round(100 * own, 1), round(100 * high, 1)) == (7.5, 5.8)
        assert high == pytest.approx(1 - 0.05 ** (1 / 50))
        assert slopes[0] == pytest.approx(high / z2)
        zeros, n = np.zeros(1), np.array([50])
        side = page.side_of_differences(zeros, zeros, zeros + 49, limits[0][1][0, 1] + zeros, q, n)
        assert page.half_width(side) == pytest.approx(high, rel=1e-9)
        errors = [0.05 ** (stats.norm.isf((1 - level) / 2) ** 2 / z2) for level in (0.99, 0.9, 0.8)]
        assert [f"{100 * error:.2g}" for error in errors] == ["0.57", "12", "28"]
        assert found.limits(0.9)[1][0, 1] == pytest.approx(high * stats.norm.isf(0.05) ** 2 / z2)
    elif len({*sizes}) == 1:
        assert high == pytest.approx(1 - 0.05 ** (1 / sum(sizes)))


def test_corrected_tails():
    """The rules for adjusted p-values."""
    p = np.array([0.004, 0.013, 0.02, 0.3])
    adjusted = corrected_p(p, "holm")
    assert adjusted == pytest.approx([0.016, 0.039, 0.04, 0.3])
    near, far = tails(p, adjusted, "holm", 0.05)
    assert far == pytest.approx(np.full(4, 0.05 / 4))
    assert near == pytest.approx([0.05 / 4, 0.05 * 0.013 / 0.039, 0.05 * 0.02 / 0.04, 0.05 / 4])
    assert tails(p, corrected_p(p, "bh"), "bh", 0.05)[0] == pytest.approx(np.full(4, 0.05 * 3 / 4))
