"""pass@k, pass^k, majority, consistency, best-of-k: brute force, published formulas, bias, and jackknife errors."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from howsure.statistics.attempts import attempt_noise, attempt_score, best_of, expected_flips, fewest_attempts

SUBSETS = {
    "pass@": any,
    "pass^": all,
    "best-of-": max,
    "majority@": lambda drawn: (np.sign(2 * sum(drawn) - len(drawn)) + 1) / 2,
    "consistency": lambda drawn: drawn[0] == drawn[1],
}
"""What k attempts give by each kind, said of one subset."""


def score(kind, k, n, c):
    return float(attempt_score(kind, k, np.array([float(n)]), np.array([float(c)]))[0])


def noise(kind, k, n, c):
    return float(attempt_noise(kind, k, np.array([float(n)]), np.array([float(c)]))[0])


def counted(kind, k, right):
    """The average over all ways of drawing k of these attempts, by drawing them."""
    drawn = list(itertools.combinations(right, 2 if kind == "consistency" else k))
    return sum(float(SUBSETS[kind](one)) for one in drawn) / len(drawn)


# oracles


@pytest.mark.parametrize("kind", SUBSETS)
def test_scores_average_over_all_subsets_of_k_attempts(kind):
    for n in range(1, 8):
        ks = [2] if kind == "consistency" else range(1, n + 1)
        for k in ks:
            if n < fewest_attempts(kind, k):
                continue
            for c in range(n + 1):
                right = [1] * c + [0] * (n - c)
                assert score(kind, k, n, c) == pytest.approx(counted(kind, k, right), abs=1e-12), (n, k, c)


def test_the_plug_in_estimate_is_the_share_to_the_power_k():
    for n, k in itertools.product((1, 4, 9), (1, 2, 12)):
        for c in range(n + 1):
            assert score("plug-in", k, n, c) == pytest.approx((c / n) ** k, rel=1e-12)


@pytest.mark.parametrize("k", [1, 10, 100, 200])
def test_pass_at_k_equals_the_product_formula_of_chen_et_al(k):
    for c in range(201):
        n = 200
        expected = 1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))
        assert score("pass@", k, n, c) == pytest.approx(expected, rel=1e-10, abs=1e-12)


def test_pass_hat_k_equals_the_binomial_ratio_of_tau_bench():
    for n, k in ((8, 4), (40, 7), (100, 30)):
        for c in range(n + 1):
            assert score("pass^", k, n, c) == pytest.approx(math.comb(c, k) / math.comb(n, k), rel=1e-10, abs=1e-300)


@pytest.mark.parametrize("kind", [*SUBSETS, "plug-in"])
def test_within_question_variance_equals_the_jackknife_over_attempts(kind):
    for n in range(2, 8):
        for k in range(1, 4) if kind != "consistency" else [0]:
            for c in range(n + 1):
                right = np.array([1.0] * c + [0.0] * (n - c))
                if n <= fewest_attempts(kind, k):
                    if n >= fewest_attempts(kind, k):
                        assert math.isnan(noise(kind, k, n, c))
                    continue
                left = np.array([score(kind, k, n - 1, np.delete(right, j).sum()) for j in range(n)])
                slow = (n - 1) / n * ((left - left.mean()) ** 2).sum()
                assert noise(kind, k, n, c) == pytest.approx(slow, abs=1e-12), (n, k, c)


def test_arrays_are_evaluated_elementwise():
    n, c = np.array([[5.0, 6.0], [7.0, 5.0], [9.0, 6.0]]), np.array([[0.0, 6.0], [3.0, 1.0], [9.0, 2.0]])
    for kind in (*SUBSETS, "plug-in"):
        for function, one in ((attempt_score, score), (attempt_noise, noise)):
            found = function(kind, 3, n, c)
            assert found.shape == (3, 2)
            expected = [[one(kind, 3, n[i, j], c[i, j]) for j in range(2)] for i in range(3)]
            assert found == pytest.approx(np.array(expected), abs=1e-14)


# the best of k


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_best_of_k_is_the_average_maximum_over_all_subsets_of_k_attempts(k):
    rng = np.random.default_rng(k)
    values = np.array([0.4, -1.5, 0.9, 0.0])  # in no order
    counts = rng.multinomial(4, [0.3, 0.2, 0.2, 0.3], 12) + rng.multinomial(2, [0.25] * 4, 12)
    found = best_of(k, counts.astype(float), values)
    for item, count in enumerate(counts):
        drawn = list(itertools.combinations(np.repeat(values, count), k))
        assert found[item] == pytest.approx(sum(map(max, drawn)) / len(drawn), abs=1e-12)


@given(st.integers(1, 12), st.integers(1, 12), st.integers(0, 12))
def test_best_of_k_of_binary_attempts_is_pass_at_k(n, k, c):
    k, c = min(k, n), min(c, n)
    found = best_of(k, np.array([[n - c, c]], dtype=float), np.array([0.0, 1.0]))
    assert found[0] == pytest.approx(score("pass@", k, n, c), abs=1e-12)
    assert score("best-of-", k, n, c) == score("pass@", k, n, c)


def test_best_of_k_works_for_unequal_numbers_of_attempts():
    counts = np.array([[1.0, 1.0, 0.0], [0.0, 2.0, 3.0], [4.0, 0.0, 0.0]])
    found = best_of(2, counts, np.array([0.1, 0.5, 1.0]))
    assert found == pytest.approx([0.5, 0.9 * 1.0 + 0.1 * 0.5, 0.1])


@given(st.lists(st.integers(0, 3), min_size=3, max_size=3), st.floats(-3, 3), st.floats(0.1, 5))
def test_best_of_k_follows_linear_transformations_and_lies_above_the_mean(counts, shift, scale):
    counts = np.array([counts], dtype=float) + 1
    values = np.array([0.2, -0.3, 0.7])
    found = best_of(2, counts, values)[0]
    assert best_of(2, counts, shift + scale * values)[0] == pytest.approx(shift + scale * found, abs=1e-9)
    assert counts[0] @ values / counts.sum() <= found + 1e-12 <= values.max() + 1e-11


# laws


@st.composite
def items(draw, least=1):
    n = draw(st.integers(least, 300))
    return n, draw(st.integers(0, n))


@given(items())
def test_pass_at_k_rises_with_k_and_pass_hat_k_falls(item):
    n, c = item
    for kind, sign in (("pass@", 1), ("pass^", -1), ("plug-in", -1)):
        found = [score(kind, k, n, c) for k in range(1, n + 1)]
        assert np.all(sign * np.diff(found) >= -1e-11)


@given(items(), st.integers(1, 300))
def test_pass_at_k_and_majority_mirror_when_right_and_wrong_are_swapped(item, k):
    n, c = item
    k = min(k, n)
    assert score("pass@", k, n, c) == pytest.approx(1 - score("pass^", k, n, n - c), abs=1e-12)
    assert score("majority@", k, n, c) == pytest.approx(1 - score("majority@", k, n, n - c), abs=1e-9)


@given(items(least=2))
def test_consistency_is_the_chance_of_two_right_or_two_wrong_attempts(item):
    n, c = item
    found = score("consistency", 0, n, c)
    assert found == pytest.approx(score("pass^", 2, n, c) + 1 - score("pass@", 2, n, c), abs=1e-12)
    assert found == pytest.approx(1 - 2 * c * (n - c) / (n * (n - 1)), abs=1e-11)


@given(items(), st.integers(1, 300))
def test_one_more_right_answer_never_lowers_a_score(item, k):
    n, _ = item
    k, c = min(k, n), np.arange(n + 1.0)
    for kind in ("pass@", "pass^", "majority@", "plug-in"):
        found = attempt_score(kind, k, np.full(n + 1, float(n)), c)
        assert np.all(np.diff(found) >= -1e-11)
        assert np.all((found >= 0) & (found <= 1 + 1e-12))
        assert (found[0], found[-1]) == pytest.approx((0, 1), abs=1e-12)


@pytest.mark.parametrize("kind", [*SUBSETS, "plug-in"])
@pytest.mark.parametrize("k", [1, 2, 7, 1_000])
def test_scores_of_100_000_attempts_are_finite_and_between_0_and_1(kind, k):
    n, c = np.full(9, 1e5), np.array([0, 1, 2, 999, 50_000, 99_000, 99_998, 99_999, 100_000.0])
    found, spread = attempt_score(kind, k, n, c), attempt_noise(kind, k, n, c)
    assert np.all(np.isfinite(found) & (found >= 0) & (found <= 1))
    assert np.all(np.isfinite(spread) & (spread >= 0) & (spread < 1))
    if kind == "pass^":
        assert found == pytest.approx(
            [math.comb(int(one), k) / math.comb(100_000, k) for one in c], rel=1e-6, abs=1e-300
        )


# what is claimed of them


def chances(n, p):
    c = np.arange(n + 1.0)
    return np.full(n + 1, float(n)), c, stats.binom.pmf(c, n, p)


def truth(kind, k, p):
    """What k fresh attempts give: the score of exactly k attempts on average."""
    k = 2 if kind == "consistency" else k
    n, c, chance = chances(k, p)
    return float(chance @ [counted(kind, k, [1] * int(one) + [0] * (k - int(one))) for one in c])


@pytest.mark.parametrize("kind", SUBSETS)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.9])
def test_scores_are_unbiased_for_k_fresh_attempts(kind, p):
    for n, k in ((5, 2), (6, 3), (7, 5), (4, 4)):
        count, c, chance = chances(n, p)
        assert chance @ attempt_score(kind, k, count, c) == pytest.approx(truth(kind, k, p), abs=1e-12)


def test_the_plug_in_estimate_is_biased_upwards_most_for_n_near_k():
    for p in (0.3, 0.7, 0.9):
        excess = []
        for n in (4, 8, 30, 200):
            count, c, chance = chances(n, p)
            excess.append(chance @ attempt_score("plug-in", 4, count, c) - p**4)
        assert min(excess) > 0
        assert np.all(np.diff(excess) < 0)


def noise_and_variance(kind, k, n, p):
    """The noise on average, and the variance that it is of."""
    count, c, chance = chances(n, p)
    found = attempt_score(kind, k, count, c)
    return chance @ attempt_noise(kind, k, count, c), chance @ found**2 - (chance @ found) ** 2


@pytest.mark.parametrize("kind", SUBSETS)
@pytest.mark.parametrize("p", [0.05, 0.3, 0.7, 0.95])
def test_the_jackknife_variance_is_not_too_small_on_average(kind, p):
    for n, k in ((3, 2), (5, 2), (5, 4), (10, 5), (20, 3)):
        noise, variance = noise_and_variance(kind, k, n, p)
        assert noise >= variance - 1e-12, (n, k)


def test_the_jackknife_variance_of_the_plug_in_is_too_small_for_n_near_k():
    noise, variance = noise_and_variance("plug-in", 2, 2, 0.7)
    assert noise < variance
    noise, variance = noise_and_variance("plug-in", 2, 50, 0.7)
    assert noise == pytest.approx(variance, rel=0.05)


# how many questions a mere rerun would change: against chances that are known, and at the edges


def flips(right: list[int], attempts: int, first: int | None = None, second: int | None = None) -> float:
    n = np.full(len(right), attempts)
    return expected_flips(np.array(right), n, np.full_like(n, first or attempts), np.full_like(n, second or attempts))


def test_identical_attempts_have_no_expected_flips() -> None:
    assert flips([0] * 40 + [5] * 60, 5) == pytest.approx(0, abs=1e-3)


def test_expected_flips_of_coin_tosses_equal_their_exact_probability() -> None:
    """Of two runs of 5 tosses the second has fewer heads in (1 − P(same)) / 2 of cases: P(same) = C(10, 5) / 4^5."""
    rng = np.random.default_rng(3)
    right = rng.binomial(5, 0.5, 4_000).tolist()
    assert flips(right, 5) / 4_000 == pytest.approx((1 - 252 / 4**5) / 2, abs=0.01)


def test_expected_flips_of_single_attempts_are_the_sum_of_p_1_minus_p() -> None:
    """A question of chance p breaks between two single answers with p (1 − p)."""
    rng = np.random.default_rng(4)
    chance = rng.beta(0.5, 0.5, 3_000)
    right = rng.binomial(8, chance).tolist()
    assert flips(right, 8, 1, 1) == pytest.approx((chance * (1 - chance)).sum(), rel=0.05)


@pytest.mark.parametrize("attempts", [2, 5, 10])
def test_expected_flips_match_simulated_reruns_of_an_item_response_model(attempts: int) -> None:
    """Against two runs that were really drawn, 200 times: within 8% (an estimate of a mixture from few attempts is one of about)."""
    rng = np.random.default_rng(attempts)
    difficulty = np.where(rng.random(500) < 0.3, rng.normal(-3, 1, 500), rng.normal(0.5, 1.8, 500))
    chance = 1 / (1 + np.exp(1.5 * difficulty))
    drawn = rng.binomial(attempts, chance, (200, 2, 500))
    truth = (drawn[:, 1] < drawn[:, 0]).sum(axis=1).mean()
    told = np.mean([flips(one[0].tolist(), attempts) for one in drawn[:20]])
    assert told == pytest.approx(truth, rel=0.08)


def test_expected_flips_of_two_attempts_against_one_equal_their_exact_probability() -> None:
    """Two attempts at a coin against one: the second is lower only where it is wrong and the first has any right."""
    rng = np.random.default_rng(5)
    right = rng.binomial(20, 0.5, 2_000).tolist()
    assert flips(right, 20, 2, 1) / 2_000 == pytest.approx(0.5 * 0.75, abs=0.01)


def test_expected_flips_of_one_item_are_at_most_one_half() -> None:
    assert 0 <= flips([1], 2) <= 0.5
