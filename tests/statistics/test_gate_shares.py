"""How often a gate passes, fails or stays unclear for two equal systems: exact, simulated, and degenerate cases."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from howsure.statistics import gate_shares
from howsure.statistics.clustered_variance import equal_sizes, sizes_of
from howsure.statistics.difference import difference
from howsure.statistics.gate_shares import A_FIFTH, TRIALS, equal_shares, items_that_tell, rehearse
from howsure.statistics.power import Joined, Spread, Test, power
from trials import draws

ALPHA = 0.05 * (1 + 1e-12)
GOALS = ("not-worse", "same")


def verdicts(a, b, margin, codes=()):
    """Pass, can't tell and fail of both goals, by the comparison that `gate` makes."""
    found = difference(a, b, clusters=codes, level=0.9, margin=margin).equivalence
    pairs = ((found.p_noninferior, found.p_inferior), (found.p_equivalent, found.p_outside))
    return np.array([(good <= ALPHA, good > ALPHA and bad > ALPHA, bad <= ALPHA) for good, bad in pairs])


def shares(goal, margin, spread, n, level=0.95, method="score"):
    test = Test(goal=goal, margin=margin, level=level, method=method)
    found = equal_shares(test, spread, n, 1)
    return np.array([found.passed, found.unclear, found.failed])


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("n", "rate", "margin"),
    [(2, 0.4, 0.2), (10, 0.1, 0.2), (30, 0.05, 0.1), *draws([], [(30, 0.4, 0.2), (60, 0.02, 0.05)])],
)
def test_shares_for_single_answers_equal_the_exact_enumeration(n, rate, margin):
    """Every number of wins and losses, judged by the gate's own comparison, with its multinomial chance."""
    sums = np.zeros((2, 3))
    for differ in range(n + 1):
        for wins in range(differ + 1):
            chance = special.comb(n, differ) * rate**differ * (1 - rate) ** (n - differ)
            chance *= special.comb(differ, wins) / 2**differ
            if chance > 1e-13:
                a, b = np.zeros(n), np.zeros(n)
                a[:wins], b[wins:differ] = 1, 1
                sums += chance * verdicts(a, b, margin)
    for goal, seen in zip(GOALS, sums, strict=True):
        assert shares(goal, margin, Spread(within=rate), n) == pytest.approx(seen, abs=1e-9)


def drawn(rng, n, size, attempts):
    """Two equal systems; in a cluster of several items one is ahead and the other behind, by chance."""
    chances = rng.beta(1, 0.5, n)
    moved = rng.normal(0, 0.5 if size > 1 else 0, n // size).repeat(size)
    odds = np.log(chances) - np.log1p(-chances)
    return [rng.binomial(attempts, 1 / (1 + np.exp(-odds - each))) / attempts for each in (moved, -moved)]


@pytest.mark.unmeasured
@pytest.mark.parametrize(
    ("n", "size", "attempts"), draws([(300, 5, 3)], [(200, 1, 4), (300, 5, 1), (400, 20, 1), (300, 5, 3)])
)
def test_shares_equal_those_of_simulated_gates(n, size, attempts):
    rng = np.random.default_rng([n, size, attempts])
    a, b = drawn(rng, 60_000, size, attempts)
    d = a - b
    item, crowd = (d**2).mean(), (d.reshape(-1, size).sum(axis=1) ** 2).mean() / size
    between = (crowd - item) / (size - 1) if size > 1 else 0.0
    spread = Spread(
        within=item - between, between=between, sizes=equal_sizes(size), events=item**2 / float((d**4).mean())
    )
    codes = [np.arange(n) // size] if size > 1 else []
    worlds = draws(120, 500)
    seen = np.mean([verdicts(*drawn(rng, n, size, attempts), 0.05, codes) for _ in range(worlds)], axis=0)
    for goal, found in zip(GOALS, seen, strict=True):
        assert shares(goal, 0.05, spread, n) == pytest.approx(found, abs=0.03 + 3 * np.sqrt(0.25 / worlds) / 2)


rates = st.floats(0.005, 0.6)
margins = st.floats(0.005, 0.3)


@given(st.integers(30, 5_000), rates, margins, st.sampled_from(GOALS), st.sampled_from([1, 5]))
def test_shares_sum_to_1_and_passes_rise_with_the_margin(n, rate, margin, goal, size):
    spread = Spread(within=rate, sizes=equal_sizes(size))
    near, far = (shares(goal, m, spread, n) for m in (margin, 1.5 * margin))
    for found in (near, far):
        assert found.sum() == pytest.approx(1)
        assert (found >= 0).all()
    assert far[0] >= near[0] - 1e-3
    assert far[2] <= near[2] + 1e-3


@given(st.integers(20, 2_000), rates, margins, st.sampled_from(GOALS), st.sampled_from([1, 5]))
def test_more_questions_pass_more_often(n, rate, margin, goal, size):
    """Counts go up and down by steps, so that four times as many are asked."""
    spread = Spread(within=rate, sizes=equal_sizes(size))
    few, many = (shares(goal, margin, spread, k)[0] for k in (n, 4 * n))
    assert many >= few - 0.02


@pytest.mark.parametrize("goal", GOALS)
@pytest.mark.parametrize("size", [1, 5])
def test_the_questions_for_80_percent_conclusive_gates_are_minimal(goal, size):
    spread = Spread(within=0.12, sizes=equal_sizes(size))
    n = items_that_tell(Test(goal=goal, margin=0.03), spread, 1)
    assert n % size == 0
    assert shares(goal, 0.03, spread, n)[1] < A_FIFTH <= shares(goal, 0.03, spread, n - size)[1]


def test_a_higher_level_leaves_more_gates_unclear():
    spread = Spread(within=0.1)
    assert shares("not-worse", 0.02, spread, 500, level=0.9)[1] < shares("not-worse", 0.02, spread, 500, level=0.99)[1]


@pytest.mark.parametrize("goal", GOALS)
def test_identical_systems_pass_once_questions_suffice_and_never_fail(goal):
    """Two systems that never differ pass once there are questions enough to rule out a loss, and never fail."""
    flat = Spread(within=0.0)
    assert shares(goal, 0.05, flat, 50) == pytest.approx([0, 1, 0])
    assert shares(goal, 0.05, flat, 60) == pytest.approx([1, 0, 0])
    assert verdicts(np.ones(50), np.ones(50), 0.05)[GOALS.index(goal)].tolist() == [False, True, False]
    assert verdicts(np.ones(60), np.ones(60), 0.05)[GOALS.index(goal)].tolist() == [True, False, False]
    assert shares(goal, 0.05, flat, 60, method="t") == pytest.approx([0, 1, 0])


@pytest.mark.parametrize("goal", GOALS)
def test_one_item_or_one_cluster_is_always_unclear(goal):
    assert shares(goal, 0.2, Spread(within=0.2), 1).tolist() == [0, 1, 0]
    assert shares(goal, 0.2, Spread(within=0.2, sizes=equal_sizes(50)), 50).tolist() == [0, 1, 0]


@pytest.mark.parametrize("goal", GOALS)
def test_a_margin_of_the_whole_scale_always_passes(goal):
    assert shares(goal, 1.0, Spread(within=0.5), 100) == pytest.approx([1, 0, 0])


def test_shares_for_joined_tasks_are_near_those_of_one_task():
    """Unpaired models, and tasks together, go by the expected pivot."""
    half = Spread(within=0.1)
    parts = Joined(parts=(half, half), shares=(1.0, 1.0), items=(1.0, 1.0))
    for goal in GOALS:
        found = shares(goal, 0.04, parts, 500, method="t")
        assert found.sum() == pytest.approx(1)
        assert found == pytest.approx(shares(goal, 0.04, Spread(within=0.2), 500, method="t"), abs=0.02)


# rehearsed power agrees with the forecast where the forecast's assumptions hold


Test.__test__ = False


DEFAULT = Test()


def rehearsed(d, codes=None, *, count, test=DEFAULT, effect=0.06, scale=1.0):
    return rehearse(d, codes, test, effect=effect, count=count, scale=scale, rng=np.random.default_rng(1))


@pytest.mark.parametrize(
    "test", [Test(), Test(method="t"), Test(goal="not-worse", margin=0.02), Test(goal="same", margin=0.15)], ids=str
)
def test_resampled_power_of_items_equals_the_formula(test):
    d = np.random.default_rng(0).choice([-1.0, 0.0, 1.0], 400, p=[0.1, 0.75, 0.15])
    spread = Spread(within=float(d.var()))
    for count in (100, 600):
        assert rehearsed(d, count=count, test=test) == pytest.approx(power(test, spread, 0.06, count, 1), abs=0.03)


def test_resampled_power_of_clusters_equals_the_formula():
    rng = np.random.default_rng(2)
    codes = np.repeat(np.arange(60), 10)
    d = rng.normal(0, 0.2, 60)[codes] + rng.normal(0, 0.4, 600)
    means = d.reshape(60, 10).mean(axis=1)
    spread = Spread(within=0.0, between=float(means.var()), sizes=sizes_of(np.full(60, 10.0)))
    test = Test(method="t")
    assert rehearsed(d, codes, count=50, test=test) == pytest.approx(power(test, spread, 0.06, 500, 1), abs=0.03)


def test_resampled_power_of_unequal_clusters_equals_the_formula():
    rng = np.random.default_rng(3)
    codes = np.repeat(np.arange(40), rng.integers(1, 30, 40))
    d = rng.normal(0, 0.3, len(codes))
    share = rehearsed(d, codes, count=40, test=Test(method="t"), effect=0.04)
    sizes, sums = sizes_of(np.bincount(codes).astype(float)), np.bincount(codes, weights=d - d.mean())
    spread = Spread(within=float(sums @ sums) / len(d), sizes=sizes)
    assert share == pytest.approx(power(Test(method="t"), spread, 0.04, len(codes), 1), abs=0.06)


def test_resampling_without_an_effect_keeps_the_type_i_error():
    d = np.random.default_rng(4).choice([-1.0, 0.0, 1.0], 500, p=[0.15, 0.7, 0.15])
    share = rehearsed(d, count=300, test=Test(method="t"), effect=0.0)
    assert share == pytest.approx(0.05, abs=3 * np.sqrt(0.05 * 0.95 / TRIALS) + 0.004)


def test_resampled_power_rises_with_smaller_variance_reproducibly():
    d = np.random.default_rng(5).choice([-1.0, 0.0, 1.0], 200, p=[0.2, 0.5, 0.3])
    assert rehearsed(d, count=200, scale=0.7) > rehearsed(d, count=200) == rehearsed(d, count=200)


def test_resampling_works_for_few_clusters():
    codes = np.repeat(np.arange(10), 5)
    d = np.random.default_rng(6).normal(0, 0.3, 50)
    assert 0 <= rehearsed(d, codes, count=2) <= 1
    assert 0 <= rehearsed(d, codes, count=3) <= rehearsed(d, codes, count=200, effect=0.2) <= 1


def test_a_rehearsal_in_blocks_has_all_its_trials(monkeypatch):
    d, rng = np.random.default_rng(3).choice([-1.0, 0.0, 1.0], 40), np.random.default_rng(4)
    monkeypatch.setattr(gate_shares, "BLOCK", 40 * 100)
    test = Test(goal="different", level=0.8, method="score")
    shown = rehearse(d, None, test, effect=0.1, count=40, scale=1.0, rng=rng, trials=1009) * 1009
    assert 0 < shown < 1009
    assert shown == pytest.approx(round(shown), abs=1e-9)


def test_a_rehearsal_draws_clusters_of_about_the_size_that_they_stand_for():
    sizes = np.arange(1.0, 61.0)
    sums = np.stack([sizes, *[np.ones(60)] * 5], axis=1)
    (parts, slots), *_ = gate_shares._draws(sums, 60, 200, np.random.default_rng(1))
    drawn = slots[:, None] / parts[0]
    assert np.abs(drawn - slots[:, None]).max() <= 60 // 5
    assert np.unique(np.round(drawn)).size == 60


@pytest.mark.parametrize(("size", "differ"), [(1, 1.0), (4, 1.0), (4, 0.1)])
def test_a_rehearsal_of_the_pilot_itself_is_its_comparison(size, differ, monkeypatch):
    rng = np.random.default_rng(size)
    d, codes = np.round(rng.uniform(-0.4, 0.5, 60), 2) * (rng.random(60) < differ), np.arange(60) // size
    p = difference(
        0.5 + d, np.full(60, 0.5), clusters=[codes] if size > 1 else [], margin=0.05
    ).equivalence.p_noninferior
    itself = lambda sums, *_: iter([(tuple(sums[:, k : k + 1] for k in range(1, 6)), sums[:, 0])])  # noqa: E731
    monkeypatch.setattr(gate_shares, "_draws", itself)
    for level, shown in ((1 - p * 1.0001, True), (1 - p * 0.9999, False)):
        test = Test(goal="not-worse", margin=0.05, level=level, method="score")
        assert rehearse(d, codes, test, effect=d.mean(), count=60 // size, scale=1.0, rng=rng) == shown
