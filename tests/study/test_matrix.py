"""ScoreMatrix: which models' scores are averages of right-or-wrong answers."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import howsure as hs
from howsure.study.matrix import ScoreMatrix


def matrix(*models, bounded=True):
    """One model per argument: a list of items, each a list of attempts; None for no score."""
    table = [[np.array(item, dtype=float) if item else np.array([np.nan]) for item in items] for items in models]

    def cells(statistic):
        return np.array([[statistic(item) for item in items] for items in table]).T

    return ScoreMatrix(
        task="t",
        metric="m",
        models=tuple(f"m{k}" for k in range(len(models))),
        items=np.arange(len(models[0])),
        values=cells(np.mean),
        attempts=cells(lambda item: int((~np.isnan(item)).sum())),
        within=cells(np.var),
        bounded=bounded,
    )


attempts = st.lists(st.sampled_from([0.0, 1.0]), min_size=1, max_size=7)


@given(st.lists(attempts, min_size=1, max_size=8))
def test_models_whose_attempts_score_only_0_or_1_are_right_or_wrong(items):
    assert matrix(items).right_or_wrong().all()


@given(st.lists(attempts, min_size=1, max_size=8), st.floats(0.001, 0.999))
def test_one_attempt_scored_between_0_and_1_makes_a_model_not_right_or_wrong(items, score):
    for attempt in ([score], [0.0, score], [1.0, 1.0, score]):
        assert not matrix([*items, attempt]).right_or_wrong().any()


def test_right_or_wrong_is_decided_per_model_and_ignores_missing_scores():
    found = matrix([[1], [0, 1], None], [[1], [0.5], [0]], [None, None, [0, 0, 1]]).right_or_wrong()
    assert found.tolist() == [True, False, True]


def test_zeros_and_ones_on_an_unbounded_scale_are_not_right_or_wrong():
    assert not matrix([[1], [0]], bounded=False).right_or_wrong().any()


@pytest.mark.parametrize(("score", "longer"), [((0.0, 1.0), False), ((0.0, 1.0, 0.5), True)])
def test_single_binary_answers_get_the_wilson_interval_and_fractions_a_wider_one(score, longer):
    n = 120
    rows = pl.DataFrame({"model": "a", "item": range(n), "score": [score[k % len(score)] for k in range(n)]})
    found = hs.estimate(rows)[0].estimate.interval
    wilson = hs.estimate(rows, interval="wilson")[0].estimate.interval
    if longer:  # by the whole misses and hits that nobody saw
        assert found.low < wilson.low - 5e-5
        assert found.high > wilson.high + 5e-5
    else:
        assert (found.low, found.high) == pytest.approx((wilson.low, wilson.high), rel=1e-12)


def test_a_models_interval_does_not_depend_on_the_other_models_in_the_table():
    rng = np.random.default_rng(0)

    def rows(name, times, scores, n=40):
        return pl.DataFrame(
            {
                "model": name,
                "item": [f"q{k}" for k in range(n)] * times,
                "attempt": np.repeat(np.arange(times), n),
                "score": rng.choice(scores, n * times),
            }
        )

    parts = {
        "single": rows("single", 1, [0.0, 1.0]),
        "often": rows("often", 3, [0.0, 1.0]),
        "graded": rows("graded", 1, [0.0, 0.5, 1.0]),
        "holes": rows("holes", 1, [0.0, 1.0], n=31),
    }
    together = {entry.model: entry.estimate for entry in hs.estimate(pl.concat(parts.values()))}
    for name, part in parts.items():
        alone = hs.estimate(part)[0].estimate
        assert together[name].interval.low == pytest.approx(alone.interval.low, rel=1e-9), name
        assert together[name].interval.high == pytest.approx(alone.interval.high, rel=1e-9), name
        assert together[name].method == alone.method
