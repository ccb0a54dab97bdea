"""Allocating attempts: exact against brute force, and unbiased where it says so."""

import itertools
from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.attempts import allocate, predicted_variances, shrunk_variances, variance_after, variance_evenly

costs = st.lists(st.sampled_from([0.0, 0.01, 0.3, 1.0, 1.0, 2.5]), min_size=1, max_size=4)


def greedy(cost, attempts, extra, most):
    """One attempt after the other, each where it brings most."""
    chosen = np.zeros(len(cost), dtype=int)
    for _ in range(extra):
        k = attempts + chosen
        gain = np.where(k < most, cost / (k * (k + 1)), -1)
        chosen[int(np.argmax(gain))] += 1
    return chosen


@given(costs, st.data())
def test_no_other_allocation_is_better(cost, data):
    cost = np.array(cost)
    attempts = np.array(data.draw(st.lists(st.integers(1, 4), min_size=len(cost), max_size=len(cost))))
    extra = data.draw(st.integers(0, 6))
    most = data.draw(st.sampled_from([None, 3, 6]))
    chosen = allocate(cost, attempts, extra, most)
    room = np.full(len(cost), extra) if most is None else np.maximum(most - attempts, 0)
    wanted = min(extra, int(room.sum()))
    assert chosen.sum() == wanted
    assert (chosen >= 0).all()
    assert (chosen <= room).all()
    every = itertools.product(*(range(min(extra, int(r)) + 1) for r in room))
    best = min(variance_after(cost, attempts, np.array(a)) for a in every if sum(a) == wanted)
    assert variance_after(cost, attempts, chosen) == pytest.approx(best, rel=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_the_same_as_one_attempt_after_the_other(seed):
    rng = np.random.default_rng(seed)
    cost, attempts = rng.gamma(0.3, size=40), rng.integers(1, 9, size=40)
    extra, most = int(rng.integers(0, 400)), 20
    expected = greedy(cost, attempts, min(extra, int((most - attempts).sum())), most)
    assert (allocate(cost, attempts, extra, most) == expected).all()


def test_many_attempts_at_many_items_take_no_loop():
    rng = np.random.default_rng(0)
    cost, attempts = rng.gamma(0.3, size=200_000), np.ones(200_000, dtype=int)
    chosen = allocate(cost, attempts, 1_000_000_000)
    assert chosen.sum() == 1_000_000_000
    after = attempts + chosen
    next_gain = (cost / (after * (after + 1.0))).max()
    last_gain = (cost / (after * np.maximum(after - 1.0, 0.5)))[chosen > 0].min()
    assert last_gain >= next_gain * (1 - 1e-9)


def test_ties_go_to_the_first_and_no_costs_are_alike():
    assert allocate(np.ones(4), np.ones(4, dtype=int), 6).tolist() == [2, 2, 1, 1]
    assert allocate(np.zeros(3), np.array([1, 2, 1]), 3).tolist() == [2, 0, 1]
    assert allocate(np.array([1.0, 0.0]), np.array([1, 1]), 5, most=3).tolist() == [2, 2]


@pytest.mark.parametrize(("extra", "most"), [(0, None), (3, None), (4, None), (7, 3), (50, 4)])
def test_evenly_is_the_mean_over_who_gets_one_more(extra, most):
    cost, attempts = np.array([1.0, 0.2, 3.0, 0.0]), np.array([1, 2, 1, 3])
    room = np.full(4, extra) if most is None else np.clip(most - attempts, 0, extra)
    level = 0
    while np.minimum(room, level + 1).sum() <= extra and level < room.max():
        level += 1
    base = np.minimum(room, level)
    rest = min(extra, room.sum()) - base.sum()
    open_ = np.flatnonzero(room > level)
    sets = list(itertools.combinations(open_, int(rest)))
    expected = np.mean([variance_after(cost, attempts, base + np.isin(np.arange(4), s)) for s in sets])
    assert variance_evenly(cost, attempts, extra, most) == pytest.approx(expected)


def observed(p, k, rng):
    return rng.binomial(k, p) / k


def test_shrunk_variances_are_right_on_average_and_never_nothing():
    rng = np.random.default_rng(1)
    p = rng.beta(0.5, 0.7, size=200_000)
    for k in (2, 5):
        means = observed(p, k, rng)
        found = shrunk_variances(means, np.full(len(p), float(k)), means * (1 - means), binary=True)
        for value in np.unique(means):
            here = means == value
            assert found[here].mean() == pytest.approx((p * (1 - p))[here].mean(), rel=0.03)
    assert found.min() > 0


def test_other_scores_shrink_to_the_mean_variance():
    rng = np.random.default_rng(2)
    k = 5
    scores = rng.normal(scale=2.0, size=(20_000, k))
    within = scores.var(axis=1)
    alike = shrunk_variances(scores.mean(axis=1), np.full(20_000, float(k)), within, binary=False)
    assert alike.std() < 0.1 * (within * k / (k - 1)).std()
    assert alike.mean() == pytest.approx(4, rel=0.02)
    sd = rng.choice([0.5, 3.0], size=20_000)
    scores = rng.normal(size=(20_000, k)) * sd[:, None]
    apart = shrunk_variances(scores.mean(axis=1), np.full(20_000, float(k)), scores.var(axis=1), binary=False)
    assert apart[sd > 1].mean() > 4 * apart[sd < 1].mean()


def test_shrunk_variances_at_the_edges():
    one = np.ones(3)
    assert np.isnan(shrunk_variances(one, one, 0 * one, binary=True)).all()
    found = shrunk_variances(np.array([1.0, 1.0, np.nan]), np.array([2.0, 2.0, 0.0]), np.zeros(3), binary=True)
    assert found[0] == found[1] > 0
    assert np.isnan(found[2])
    same = shrunk_variances(np.array([0.5, 0.5]), np.array([2.0, 1.0]), np.array([0.0, 0.0]), binary=False)
    assert same.tolist() == [0.0, 0.0]


def others(p, k, rng):
    means = rng.binomial(k, p) / k
    within = means * (1 - means)
    shrunk = np.column_stack(
        [shrunk_variances(means[:, j], np.full(len(p), float(k)), within[:, j], binary=True) for j in range(p.shape[1])]
    )
    return shrunk, means, within, within * k / (k - 1)


def test_models_that_tell_nothing_of_each_other_predict_the_same_everywhere():
    rng = np.random.default_rng(3)
    unrelated = rng.beta(0.5, 0.5, size=(5_000, 4))
    alike = np.repeat(rng.beta(0.5, 0.5, size=(5_000, 1)), 4, axis=1)
    flat = predicted_variances(*others(unrelated, 5, rng))
    assert flat.std() < 0.05 * flat.mean()
    told = predicted_variances(*others(alike, 5, rng))
    assert np.corrcoef(told, alike[:, 0] * (1 - alike[:, 0]))[0, 1] > 0.8
    assert told.min() > 0


def test_items_that_no_other_model_has_are_average():
    rng = np.random.default_rng(4)
    found = [values.copy() for values in others(np.repeat(rng.beta(0.5, 0.5, size=(500, 1)), 3, axis=1), 5, rng)]
    for values in found:
        values[0] = np.nan
        values[1, 0] = np.nan
    predicted = predicted_variances(*found)
    assert predicted[0] == pytest.approx(predicted[1:].mean(), rel=0.01)
    assert np.isfinite(predicted).all()


@pytest.mark.no_cover
def test_own_answers_bias_the_plain_mean_and_other_models_or_a_new_run_do_not():
    """2 attempts, 2 more on average, 200 items that 4 models find hard alike; 1,500 trials a world."""
    rng = np.random.default_rng(5)
    n, k, trials = 200, 2, 1_500
    p = 1 / (1 + np.exp(0.7 - 3 * (rng.normal(size=(n, 1)) + 0.4 * rng.normal(size=(n, 4)))))
    truth, start = p[:, 0].mean(), np.full(n, k)
    errors = {"own": [], "others": [], "new run": []}
    for _ in range(trials):
        first = rng.binomial(k, p[:, 0])
        own = shrunk_variances(first / k, start.astype(float), first / k * (1 - first / k), binary=True)
        predicted = predicted_variances(*others(p[:, 1:], k, rng))
        for name, cost in (("own", own), ("others", predicted)):
            add = allocate(cost, start, 2 * n)
            errors[name].append(((first + rng.binomial(add, p[:, 0])) / (k + add)).mean() - truth)
        add = 1 + allocate(own, np.ones(n, dtype=int), n)
        errors["new run"].append((rng.binomial(add, p[:, 0]) / add).mean() - truth)
    bias = {name: np.mean(values) / (np.std(values) / np.sqrt(trials)) for name, values in errors.items()}
    assert abs(bias["own"]) > 10
    assert abs(bias["others"]) < 4
    assert abs(bias["new run"]) < 4


def test_asked_only_where_mixed_the_further_attempts_are_worth_nothing():
    """An unbiased estimate from 2 attempts, and 3 more after a mixed pair, must be 1/2 after every mixed pair."""
    p = np.linspace(0.05, 0.95, 9)
    stop_low, stop_high = (1 - p) ** 2, p**2
    mixed = [2 * p * (1 - p) * comb(3, r) * p**r * (1 - p) ** (3 - r) for r in range(4)]
    system = np.column_stack([stop_low, stop_high, *mixed])
    solution, _, rank, _ = np.linalg.lstsq(system, p, rcond=None)
    assert rank == system.shape[1]
    assert solution == pytest.approx([0, 1, 0.5, 0.5, 0.5, 0.5], abs=1e-9)
