"""plan with interim looks: boundaries, power and expected sample size, next to one look and betting."""

import math

import numpy as np
import pytest
from scipy import special

import howsure as hs
from frames import attempts
from howsure.inference.plan_pilot import doubt_of
from howsure.statistics import power as powers
from howsure.statistics.group_sequential import Schedule
from howsure.statistics.power import Spread, items_needed, power
from paragraphs import paragraph

ASSUMED = hs.Assumptions(rate=0.7, correlation=0.4)


def ways(plan):
    return {way.name: way for way in plan.main.looks.designs}


def test_five_looks_raise_the_maximum_slightly_and_lower_the_expected_sample_size():
    found = hs.plan(effect=0.05, assume=ASSUMED, looks=5)
    once, looks, betting = (ways(found)[name] for name in ("once", "looks", "betting"))
    assert once.max_items == hs.plan(effect=0.05, assume=ASSUMED).items
    assert 1.01 < looks.max_items / once.max_items < 1.05
    assert 0.75 < looks.expected_items / once.max_items < 0.9
    assert looks.max_items > looks.expected_items_if_equal > 0.95 * looks.max_items
    assert betting.max_items > looks.max_items
    assert found.main.looks.cheapest == "looks"
    assert "on average, fewer than any other design of as much power" in paragraph(found)


def test_betting_is_cheapest_for_a_large_difference_on_a_given_number_of_questions():
    found = hs.plan(effect=0.12, n_items=500, assume=ASSUMED, looks=5)
    assert found.main.looks.cheapest == "betting"
    assert "betting, with a look at any time, takes" in paragraph(found)
    assert all(way.power > 0.95 for way in found.main.looks.designs)


@pytest.mark.parametrize("spending", ["obrien-fleming", "pocock"])
def test_power_and_expected_sample_size_equal_those_of_simulated_runs(spending):
    n, effect, differ = 400, 0.09, 0.3
    test = powers.Test(looks=Schedule((0.25, 0.5, 0.75, 1.0), spending))
    found = hs.plan(
        effect=effect,
        n_items=n,
        assume=hs.Assumptions(question_variance=differ - effect**2, answer_variance=0),
        looks=f"4:{spending}",
    )
    rng = np.random.default_rng(5)
    d = rng.choice([-1.0, 0.0, 1.0], (6_000, n), p=[(differ - effect) / 2, 1 - differ, (differ + effect) / 2])
    nominal = test.looks.boundary(0.95).nominal
    hit = []
    for k, m in enumerate((100, 200, 300, 400)):
        mean, squares = d[:, :m].mean(axis=1), (d[:, :m] ** 2).sum(axis=1)
        variance = (squares - m * mean**2) / (m - 1) / m + mean**2 / m
        hit.append(2 * special.stdtr(m - 1, -np.abs(mean) / np.sqrt(variance)) <= nominal[k])
    out = np.array(hit).T
    used = np.where(out.any(axis=1), (out.argmax(axis=1) + 1) * 100, n)
    assert ways(found)["looks"].power == pytest.approx(out.any(axis=1).mean(), abs=0.02)
    assert ways(found)["looks"].expected_items == pytest.approx(used.mean(), rel=0.03)


def test_a_single_look_equals_the_plan_without_looks():
    assert hs.plan(effect=0.05, looks=1).items == pytest.approx(hs.plan(effect=0.05).items, rel=0.005)


def test_looks_are_placed_at_the_given_fractions_and_whole_clusters():
    found = hs.plan(n_items=1_000, looks="1,2,5")
    assert [look.items for look in found.main.looks.looks] == [200, 400, 1_000]
    clusters = hs.plan(attempts(), effect=0.2, cluster="passage", looks=3).main
    assert {look.items % 5 for look in clusters.looks.looks} == {0}


@pytest.mark.unmeasured
def test_looks_for_a_margin_spend_the_one_sided_error():
    found = hs.plan(not_worse_than=0.05, assume=ASSUMED, looks=3).main.looks
    assert found.looks[-1].spent == pytest.approx(0.05)
    with pytest.raises(hs.OptionError, match="two margins at once"):
        hs.plan(same_within=0.05, looks=3)
    with pytest.raises(hs.OptionError, match="answer different questions"):
        hs.plan(effect=0.05, paired=False, looks=3)
    with pytest.raises(hs.OptionError, match="one look at the end"):
        hs.plan(attempts(), effect=0.2, looks=3, simulate=True)


def test_an_unreachable_plan_has_no_looks():
    few = hs.plan(effect=0.01, n_clusters=3, assume=hs.Assumptions(cluster_size=10, icc=0.2), looks=3)
    assert math.isinf(few.items)
    assert few.main.looks is None


def test_plans_include_the_uncertainty_of_the_pilots_variance():
    spread = Spread(within=0.25)
    doubt = doubt_of((0.25, 0.08, 20))
    assert sum(share for _, share in doubt) == pytest.approx(1)
    sure = items_needed(powers.Test(), spread, 0.07, 1, 0.8)
    careful = items_needed(powers.Test(), spread, 0.07, 1, 0.8, doubt=doubt)
    assert 1.05 < careful / sure < 1.15
    rng = np.random.default_rng(2)
    variances = 0.25 * 19 / rng.chisquare(19, 4_000)
    reached = np.mean([power(powers.Test(), Spread(within=min(v, 0.99)), 0.07, careful, 1) for v in variances[:600]])
    assert reached == pytest.approx(0.8, abs=0.015)


@pytest.mark.parametrize("errors", [(0.0, 0.1, 20), (0.2, math.nan, 20), (0.2, 0.0, 20)])
def test_unknown_pilot_uncertainty_leaves_the_variance_as_estimated(errors):
    assert doubt_of(errors) == ((1.0, 1.0),)


def test_a_fixed_maximum_for_looks_is_refused_when_the_size_is_planned():
    with pytest.raises(hs.OptionError, match=r"2,000 questions at the last of 4 looks, but the plan computes how many"):
        hs.plan(effect=0.05, looks="4/2000")
