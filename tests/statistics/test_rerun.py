"""How many questions a mere rerun would change: against chances that are known, and at the edges."""

from __future__ import annotations

import numpy as np
import pytest

from howsure.statistics.attempts import expected_flips


def flips(right: list[int], attempts: int, first: int | None = None, second: int | None = None) -> float:
    n = np.full(len(right), attempts)
    return expected_flips(np.array(right), n, np.full_like(n, first or attempts), np.full_like(n, second or attempts))


def test_answers_that_never_vary_never_flip() -> None:
    assert flips([0] * 40 + [5] * 60, 5) == pytest.approx(0, abs=1e-3)


def test_coins_flip_as_coins_do() -> None:
    """Of two runs of 5 tosses the second has fewer heads in (1 − P(same)) / 2 of cases: P(same) = C(10, 5) / 4^5."""
    rng = np.random.default_rng(3)
    right = rng.binomial(5, 0.5, 4_000).tolist()
    assert flips(right, 5) / 4_000 == pytest.approx((1 - 252 / 4**5) / 2, abs=0.01)


def test_one_attempt_against_one() -> None:
    """A question of chance p breaks between two single answers with p (1 − p)."""
    rng = np.random.default_rng(4)
    chance = rng.beta(0.5, 0.5, 3_000)
    right = rng.binomial(8, chance).tolist()
    assert flips(right, 8, 1, 1) == pytest.approx((chance * (1 - chance)).sum(), rel=0.05)


@pytest.mark.parametrize("attempts", [2, 5, 10])
def test_an_item_response_world(attempts: int) -> None:
    """Against two runs that were really drawn, 200 times: within 8 % (an estimate of a mixture from few attempts is one of about)."""
    rng = np.random.default_rng(attempts)
    difficulty = np.where(rng.random(500) < 0.3, rng.normal(-3, 1, 500), rng.normal(0.5, 1.8, 500))
    chance = 1 / (1 + np.exp(1.5 * difficulty))
    drawn = rng.binomial(attempts, chance, (200, 2, 500))
    truth = (drawn[:, 1] < drawn[:, 0]).sum(axis=1).mean()
    told = np.mean([flips(one[0].tolist(), attempts) for one in drawn[:20]])
    assert told == pytest.approx(truth, rel=0.08)


def test_two_attempts_against_one_flip_as_two_coins_against_one() -> None:
    """Two attempts at a coin against one: the second is lower only where it is wrong and the first has any right."""
    rng = np.random.default_rng(5)
    right = rng.binomial(20, 0.5, 2_000).tolist()
    assert flips(right, 20, 2, 1) / 2_000 == pytest.approx(0.5 * 0.75, abs=0.01)


def test_one_item_has_at_most_half_a_flip() -> None:
    assert 0 <= flips([1], 2) <= 0.5
