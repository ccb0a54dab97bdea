"""The statistics module of the page and the lesson: what Chromium computes is what the library computes.

Numbers agree to 1e-9, relative or absolute, whichever is more; powers to 1e-6. Where Python has NaN, the browser has null.
"""

from __future__ import annotations

import math

import numpy as np
import pytest
import scipy

from howsure.page.page import asset, statistics
from howsure.statistics import intervals, power, rates
from howsure.statistics.answer_noise import answers
from howsure.statistics.clustered_variance import clustering, equal_sizes, satterthwaite
from howsure.statistics.difference import difference
from howsure.statistics.mean_intervals import Means
from howsure.statistics.means import means
from howsure.statistics.variance_components import components
from trials import draws

CLOSE, CLOSE_POWER = 1e-9, 1e-6
LEVELS = (0.95, 0.8, 0.9, 0.99)
MEAN = ("value", "se", "df", "low", "high", "n", "units", "effective", "warnings", "method", "bounds")
PAIR = ("value", "se", "df", "low", "high", "pValue", "n", "units", "correlation", "unpairedSe", "unclusteredSe")


@pytest.fixture(scope="module")
def asked(browser):
    """Return what calls a function of the module with many lists of arguments at once."""
    page = browser.new_context(offline=True).new_page()
    page.set_content("<!DOCTYPE html><title>statistics</title>")
    page.add_script_tag(content=asset("distributions.min.js"))
    page.add_script_tag(content=f'(() => {{"use strict";\n{statistics()}\nwindow.call = (name) => eval(name);}})();')
    return lambda name, cases: page.evaluate(
        "([name, cases]) => cases.map((each) => window.call(name)(...each))", [name, cases]
    )


@pytest.mark.unmeasured
def test_the_statistics_of_the_browser_are_those_of_the_library(asked):
    for name, check in CHECKS.items():
        print(f"{name}: {check(asked):.2g}")


def apart(found, expected):
    """Return how far two numbers are apart, relative where they are large; infinite where only one is missing."""
    if found is None or math.isnan(expected):
        return 0.0 if found is None and math.isnan(expected) else math.inf
    if math.isinf(expected):
        return 0.0 if found == expected else math.inf
    return abs(found - expected) / max(abs(expected), 1.0)


def worst(kind, cases, found, expected, close=CLOSE):
    """Hold what the browser found against what is expected, {name: value} of every case; return the largest deviation."""
    most = 0.0
    for case, ours, theirs in zip(cases, found, expected, strict=True):
        for name, value in theirs.items():
            if isinstance(value, (list, str)):
                assert ours[name] == value, (kind, name, case)
                continue
            off = apart(ours[name], value)
            assert off <= close, (kind, name, ours[name], value, case)
            most = max(most, off)
    return most


def coded(labels):
    return () if labels is None else (np.unique(labels, return_inverse=True)[1].astype(np.int64),)


def groupings(rng, n):
    """Return clusters of n items: none, even, uneven, one, two, every item by itself, and in no order."""
    found = [None, [0] * n, [int(k) for k in range(n)]]
    if n > 3:
        sizes = np.maximum(rng.pareto(1.2, n) * 3, 1).astype(int)
        found += [
            [k * 2 // n for k in range(n)],
            [f"c{k // 4}" for k in range(n)],
            [int(k) for k in np.repeat(np.arange(n), sizes)[:n]],
            [int(k) for k in rng.integers(0, max(n // 6, 2), n)],
            [0 if k < 0.6 * n else k for k in range(n)],
        ]
    return found


def samples(rng, n, labels):
    """Return scores of n items and their numbers of attempts: right-or-wrong, means of attempts, fractions, none or all right."""
    code = coded(labels or list(range(n)))[0]
    ease = rng.beta(0.6, 0.6, int(code.max()) + 1)[code]
    tries = rng.integers(1, 6, n)
    yield (rng.random(n) < rng.choice([0.03, 0.5, 0.9])).astype(float), 1
    yield (rng.random(n) < ease).astype(float), 1
    yield rng.binomial(3, ease) / 3, 3
    yield rng.binomial(tries, ease) / tries, [int(k) for k in tries]
    yield np.round(rng.beta(2, 1, n), 3), None
    yield rng.random(n) * ease, None
    yield np.array([0.59, 0.28, 0.71, 0.4])[np.arange(n) % 4], None
    yield np.zeros(n), 1
    yield np.ones(n), 4
    yield np.zeros(n), None
    yield np.full(n, 0.3), None
    yield (np.arange(n) < 2).astype(float), 1


def mean_cases():
    rng = np.random.default_rng(41)
    for n in draws((1, 2, 3, 8, 20, 120, 2000), (1, 2, 3, 5, 8, 12, 20, 50, 120, 400, 2000)):
        for labels in groupings(rng, n):
            for place, (scores, tries) in enumerate(samples(rng, n, labels)):
                if n < 400 or place in (1, 2, 5, 11):
                    yield scores, labels, LEVELS[int(rng.integers(len(LEVELS)))], tries


def effective(one):
    """Return the effective number of items behind an estimate."""
    parts = {"value": np.array([one.value]), "var": np.array([one.se**2])}
    known = Means(**parts, df=one.df, n=one.n_items, units=one.n_clusters, bounded=True, cluster_size=1.0)
    return float(known.effective[0])


def check_means(asked):
    cases = list(mean_cases())
    sent = [
        [scores.tolist(), {"clusters": labels, "level": level, "attempts": tries}]
        for scores, labels, level, tries in cases
    ]
    expected = []
    for scores, labels, level, tries in cases:
        count = None if tries is None else np.broadcast_to(np.asarray(tries, dtype=float), scores.shape)[:, None]
        one = means(scores[:, None], clusters=coded(labels), level=level, attempts=count)[0]
        limits = one.interval
        bounds = [{"limit": b.limit, "side": b.side, "units": b.units, "n": b.n} for b in one.bounds]
        values = (one.value, one.se, one.df, limits.low, limits.high, one.n_items, one.n_clusters, effective(one))
        expected.append(
            dict(zip(MEAN, (*values, [c.code for c in one.warnings], one.method.name, bounds), strict=True))
        )
    found = asked("meanOf", sent)
    for ours, theirs in zip(found, expected, strict=True):  # limits of bounds are numbers, not texts
        for bound, other in zip(ours["bounds"], theirs["bounds"], strict=True):
            assert apart(bound.pop("limit"), other.pop("limit")) <= CLOSE
    return worst("mean", sent, found, expected)


def pair_samples(rng, n, labels):
    """Return pairs of scores: near each other, apart, all ties, all wins, one win, fractions, rare large losses, missing ones."""
    code = coded(labels or list(range(n)))[0]
    ease = rng.beta(0.6, 0.6, int(code.max()) + 1)[code]
    a = (rng.random(n) < ease).astype(float)
    b = np.where(rng.random(n) < 0.15, 1 - a, a)
    yield a, b
    yield a, (rng.random(n) < 0.4 * ease).astype(float)
    yield a, a
    yield np.ones(n), np.zeros(n)
    yield a, np.where(np.arange(n) == n // 2, 1 - a, a)
    c = np.round(rng.random(n), 2)
    yield c, np.clip(c - 0.05 * rng.random(n), 0, 1)
    yield np.full(n, 0.9), np.where(rng.random(n) < 0.1, 0.1, 1.0)
    yield rng.binomial(3, ease) / 3, rng.binomial(3, 0.8 * ease) / 3
    wins = np.isin(code, rng.choice(code, 2)) & (rng.random(n) < 0.3)
    yield wins.astype(float), np.zeros(n)
    yield (code % 2).astype(float), ((code + 1) % 2).astype(float)
    yield np.where(rng.random(n) < 0.3, np.nan, a), np.where(rng.random(n) < 0.2, np.nan, b)


def pair_cases():
    rng = np.random.default_rng(22)
    for n in draws((1, 2, 3, 9, 40, 2000), (1, 2, 3, 5, 9, 15, 40, 100, 300, 2000)):
        for labels in groupings(rng, n):
            for place, (a, b) in enumerate(pair_samples(rng, n, labels)):
                if (n < 300 or place in (0, 1, 5)) and (~np.isnan(a) & ~np.isnan(b)).any():
                    yield a, b, labels, LEVELS[int(rng.integers(len(LEVELS)))]
    for m, level in (
        (40, 0.95),
        (5, 0.95),
        (40, 0.9),
        (12, 0.8),
    ):  # where a value can be rejected and one farther off not
        for wins in ((2, 1, 0, 1, 2), (1, 1, 1), (1, 2, 1, 1), (1, 1, 0, 1, 1, 1)):
            a = np.concatenate([np.arange(m) < count for count in wins]).astype(float)
            yield a, np.zeros(len(a)), [k // m for k in range(len(a))], level
            yield np.zeros(len(a)), a, [k // m for k in range(len(a))], level


def check_pairs(asked):
    cases = list(pair_cases())
    told = [[[None if math.isnan(x) else x for x in side] for side in (a, b)] for a, b, _, _ in cases]
    sent = [[*sides, {"clusters": case[2], "level": case[3]}] for sides, case in zip(told, cases, strict=True)]
    expected = []
    for a, b, labels, level in cases:
        one = difference(a, b, clusters=coded(labels), level=level)
        e = one.estimate
        values = (e.value, e.se, e.df, e.interval.low, e.interval.high, one.p_value, e.n_items, e.n_clusters)
        expected.append(
            {
                **dict(zip(PAIR, (*values, one.correlation, one.unpaired_se, one.unclustered_se), strict=True)),
                **{name: getattr(one, name) for name in ("wins", "losses", "ties")},
                "aMean": one.a_mean,
                "bMean": one.b_mean,
            }
        )
    return worst("pair", sent, asked("pairOf", sent), expected)


def check_quantiles(asked):
    dfs = [0.6, 1.0, 1.7, 3.0, 12.5, 200.0, 5e4, 1e7, math.inf]
    cases = [[level, df] for level in LEVELS for df in dfs]
    values = [intervals.t_quantile(*case) for case in cases]
    most = max(map(apart, asked("twoSidedT", cases), map(float, values)))
    cases = [[t, df] for t in (0.0, 0.3, -2.0, 4.0, 12.0) for df in dfs]
    found, exact = asked("twoSidedP", cases), [float(intervals.t_p_value(*case)) for case in cases]
    return max(most, *map(apart, found, exact))


def check_effective_clusters(asked):
    rng, cases, expected = np.random.default_rng(5), [], []
    for n in (6, 30, 300):
        for labels in groupings(rng, n)[2:]:
            x = rng.random(n)
            sizes = clustering(coded(labels)[0], np.ones(n)).totals
            cases.append([x.tolist(), labels])
            expected.append((n**2 / float(sizes @ sizes), satterthwaite(sizes / n)))
    worth, means_ = asked("effectiveClusters", [case[1:] for case in cases]), asked("clusteredMean", cases)
    found = zip(worth, [None if math.isnan(each["df"]) else each["df"] for each in means_], strict=True)
    most = max(max(map(apart, ours, theirs)) for ours, theirs in zip(found, expected, strict=True))
    assert most <= CLOSE
    return most


def check_noise(asked):
    rng, cases, expected = np.random.default_rng(6), [], []
    for n in (1, 2, 6, 30, 200):
        for labels in groupings(rng, n):
            for tries in (np.ones(n, int), np.full(n, 4), rng.integers(1, 6, n)):
                items = [np.round(rng.random(k), 2) if n % 2 else (rng.random(k) < 0.6) * 1.0 for k in tries]
                found = answers(
                    np.array([[x.mean()] for x in items]), tries[:, None], np.array([[x.var()] for x in items])
                )
                parts = components(found, coded(labels)[0] if labels else None)[0]
                cases.append([[x.tolist() for x in items], labels])
                names = ("answer", "between", "within", "question")
                expected.append({name: float(getattr(parts, name)[0]) for name in names})
    found = asked("varianceParts", cases)
    most = worst("noise", cases, found, expected)
    spread = {"within": 0.04, "between": 0.01, "answer": 0.2, "size": 5}
    wanted = power.Spread(within=0.04, between=0.01, answer=0.2, sizes=equal_sizes(5))
    grid = [(n, k) for n in (10, 500) for k in (1, 2, 16)]
    errors = asked("expectedSe", [[spread, n, k] for n, k in grid])
    return max(most, *map(apart, errors, [power.standard_error(wanted, n, k) for n, k in grid]))


def check_rare(asked):
    grid = [[k, n, level] for k in (0, 1, 3, 40) for n in (1, 3, 40, 300, 10_000) if k <= n for level in LEVELS]
    limits = [rates.limits(*case) for case in grid]
    most = max(map(apart, asked("upperRate", grid), [high for _, high in limits]))
    cases = [[n, level] for n in (1, 7, 300) for level in LEVELS]
    most = max(most, *map(apart, asked("ruleOfThree", cases), [intervals.rule_of_three(*case) for case in cases]))
    cases = [[k, n, rate] for k in (0, 2, 9) for n in (1, 9, 50, 4000) for rate in (0.001, 0.03, 0.5)]
    chances = [rates.chance_of_at_most(*case) for case in cases]
    most = max(most, *map(apart, asked("chanceOfAtMost", cases), chances))
    cases = [[below, level, k] for below in (0.3, 0.1, 0.01, 1e-4) for level in LEVELS for k in (0, 1, 5)]
    assert asked("runsNeeded", cases) == [rates.runs_needed(p, level, failures=k) for p, level, k in cases]
    assert most <= CLOSE
    return most


def power_cases():
    for method in ("score", "t", "z"):
        for size, between in ((1, 0.0), (4, 0.02), (37.5, 0.01), *draws([], [(4, 0.0)])):
            for level in draws((0.8, 0.99), (0.8, 0.95, 0.99)):
                yield method, size, between, level


def check_power(asked):
    cases, expected, single = [], [], []
    for method, size, between, level in power_cases():
        spread = {"within": 0.06, "between": between, "answer": 0.1, "size": size}
        wanted = power.Spread(within=0.06, between=between, answer=0.1, sizes=equal_sizes(size))
        test = power.Test(method=method, level=level)
        for n in (3, 12, 90, 600, 20_000):
            for effect in (0.0, 0.01, 0.08, 0.3):
                if abs(effect) / power.standard_error(wanted, n, 2) < power.LARGE:  # beyond, Python takes a rough sum
                    cases.append([spread, {"level": level, "method": method}, effect, n, 2])
                    expected.append(power.power(test, wanted, effect, n, 2))
        single.append((spread, {"level": level, "method": method}, wanted, test))
    found = asked("powerOf", cases)
    most = max(map(apart, found, expected))
    assert most <= CLOSE_POWER
    needed = asked("itemsNeeded", [[spread, test, 0.05, 1] for spread, test, _, _ in single])
    assert needed == [power.items_needed(test, wanted, 0.05, 1, 0.8) for _, _, wanted, test in single]
    least = asked("smallestEffect", [[spread, test, 120, 2, {"most": 1}] for spread, test, _, _ in single])
    exact = [power.smallest_effect(test, wanted, 120, 2, 0.8, most=1) for _, _, wanted, test in single]
    assert max(map(apart, least, exact)) <= CLOSE_POWER
    assert scipy.special.nctdtr(5, 1.0, 0.5) == pytest.approx(asked("noncentralT", [[0.5, 5, 1.0]])[0], abs=CLOSE_POWER)
    return most


CHECKS = {
    "quantiles": check_quantiles,
    "means": check_means,
    "pairs": check_pairs,
    "effective clusters": check_effective_clusters,
    "noise": check_noise,
    "rare": check_rare,
    "power": check_power,
}
