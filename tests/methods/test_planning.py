"""The code of docs/methods/planning.md gives the library's numbers."""

import numpy as np
import polars as pl
import pytest
from scipy import stats

import howsure as hs
from howsure.inference.plan_pilot import doubt_of, read_pilots
from howsure.statistics import power, rates
from howsure.statistics.clustered_variance import equal_sizes
from howsure.statistics.power import Spread
from howsure.study.design import Design
from methods import FOLDER, methods
from places import LOGS

page = methods("planning")
CASES = [
    {"within": 0.17},
    {"within": 1 / 9, "answer": 1 / 3},
    {"within": 0.1, "between": 0.02, "answer": 0.1, "together": 5},
    {"within": 0.05, "between": 0.03, "answer": 0.05, "together": 10, "events": 0.3},
    {"within": 0.02, "answer": 0.05, "events": 0.4},
]


def spread_of(case):
    """Return the library's spread."""
    known = {"events": np.nan} | {name: value for name, value in case.items() if name != "together"}
    return Spread(**known, sizes=equal_sizes(case.get("together", 1)))


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


@pytest.mark.parametrize(("ends", "cluster"), [(("2shot", "terse"), "passage_id"), (("t0.3", "t1.0"), "none")])
@pytest.mark.parametrize("attempts", [1, 5])
def test_from_a_pilot(ends, cluster, attempts):
    rows = hs.read(LOGS).to_frame().sort("item")
    names = [next(m for m in rows["model"].unique() if m.endswith(end)) for end in ends]
    by_item = [rows.filter(pl.col("model") == name).group_by("item", maintain_order=True) for name in names]
    a, b = ([np.array(each) for each in one.agg("score")["score"].to_list()] for one in by_item)
    passages = by_item[0].agg(pl.col("passage_id").first())["passage_id"].to_numpy()
    g = np.arange(len(a)) if cluster == "none" else np.unique(passages, return_inverse=True)[1]
    parts, left, known = page.pilot(a, b, g)
    found = page.fewest(
        lambda n: page.power_after_pilot(n, attempts, 0.06, parts, left, known) >= 0.8, round(known["together"])
    )
    best = hs.plan(LOGS, *names, effect=0.06, attempts=attempts, cluster=cluster).main.best
    assert found == best.items.value
    of_library = read_pilots(
        hs.read(LOGS), Design(cluster=(cluster,) if cluster != "none" else ()), *names, paired=True
    )[0][0]
    spread, doubt = of_library.spread(), doubt_of(of_library.error(float(attempts)))
    expected = power.power(power.Test(), spread, 0.06, 200, attempts, doubt=doubt)
    assert page.power_after_pilot(200, attempts, 0.06, parts, left, known) == pytest.approx(expected, abs=1e-9)


def shared_scores(seed, clusters=10, size=6):
    """Return attempts of two models whose questions hardly vary, and clusters."""
    rng = np.random.default_rng(seed)
    g = np.repeat(np.arange(clusters), size)
    chance = np.clip(0.5 + rng.normal(0, 0.1, (2, clusters)), 0, 1)
    return *((rng.random((len(g), 2)) < side[g][:, None]).astype(float) for side in chance), g


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("attempts", [1, 5])
def test_from_a_pilot_whose_components_are_negative(seed, attempts):
    a, b, g = shared_scores(seed)
    parts, left, known = page.pilot(list(a), list(b), g)
    rows = pl.DataFrame(
        [
            {"model": name, "item": f"q{i}", "cluster": f"c{g[i]}", "attempt": k, "score": int(x[i, k])}
            for name, x in (("a", a), ("b", b))
            for i in range(len(g))
            for k in range(2)
        ]
    )
    of_library = read_pilots(hs.read(rows), Design(cluster=("cluster",)), "a", "b", paired=True)[0][0]
    spread, doubt = of_library.spread(), doubt_of(of_library.error(float(attempts)))
    assert parts == pytest.approx([spread.within, spread.between, spread.answer], abs=1e-12)
    expected = power.power(power.Test(), spread, 0.2, 120, attempts, doubt=doubt)
    assert page.power_after_pilot(120, attempts, 0.2, parts, left, known) == pytest.approx(expected, abs=1e-9)


def test_pilots_above_have_negative_sums():
    found = [page.pilot(list(a), list(b), g)[0] for a, b, g in map(shared_scores, range(12))]
    assert any(within < 0 for within, _, _ in found)
    assert any(within == between == 0 < answer for within, between, answer in found)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("clusters", [2, 3, 4, 6, 10, 17, 19])
@pytest.mark.parametrize("margin", [0, 0.05])
def test_power_of_few_questions(case, clusters, margin):
    """The square within its bounds, thresholds that can't be reached, and tails that SciPy doesn't give."""
    n, test = clusters * case.get("together", 1), power.Test(goal="not-worse" if margin else "different", margin=margin)
    for effect in (0.2, 0.3):
        found = page.power(n, 1, effect, margin=margin, **case)
        assert power.power(test, spread_of(case), effect, n, 1) == pytest.approx(found, abs=1e-9)


@pytest.mark.parametrize(("within", "effect", "needed"), [(0.05, 0.2, 27), (0.1, 0.3, 19)])
def test_questions_for_large_effects(within, effect, needed):
    assert power.items_needed(power.Test(), Spread(within=within), effect, 1, 0.8) == needed
    assert page.fewest(lambda n: page.power(n, 1, effect, within=within) >= 0.8) == needed


def test_the_rule_for_few_degrees_of_freedom():
    """The table of the page."""
    spread, (places, weights) = Spread(within=0.17, events=0.2), np.polynomial.legendre.leggauss(40)
    text = (FOLDER / "planning.md").read_text()
    for df in (1, 2):
        rough = doubt_of((1.0, (2 / df) ** 0.5, 100))
        factors = df / stats.chi2.isf((places + 1) / 2, df)
        fine = tuple(zip(factors.tolist(), (weights / 2).tolist(), strict=True))
        needs = [
            [power.items_needed(power.Test(), spread, 0.05, 1, target, doubt=doubt) for doubt in (rough, fine)]
            for target in (0.8, 0.9, 0.95)
        ]
        assert f"| {df} | " + " | ".join(f"{five / hundred:.2f}" for five, hundred in needs) + " |" in text


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
