"""Ranks, rank intervals, group letters and the models that could be best, by hand and by brute force."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from howsure.statistics.ranks import ranks, tie_letters


def places(scores, apart, level=0.95):
    """Ranks of models with these scores, best first, when just the pairs in `apart` differ."""
    scores = np.array(scores, dtype=float)
    p = np.ones((len(scores), len(scores)))
    for i, j in apart:
        p[i, j] = p[j, i] = 0.001
    return ranks(scores, scores[:, None] - scores, p, level=level)


def letters(count, apart):
    real = np.zeros((count, count), dtype=bool)
    for i, j in apart:
        real[i, j] = real[j, i] = True
    return tie_letters(real)


def every_pair(count):
    return list(itertools.combinations(range(count), 2))


@st.composite
def patterns(draw):
    count = draw(st.integers(1, 9))
    chosen = draw(st.lists(st.booleans(), min_size=count**2, max_size=count**2))
    real = np.array(chosen, dtype=bool).reshape(count, count)
    return np.triu(real, 1) | np.triu(real, 1).T


FIRST_THREE = [(0, 1), (0, 2), (0, 3)]
BY_HAND = {
    "all apart": ([4, 3, 2, 1], every_pair(4), [(1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4)], ["", "", "", ""]),
    "all tied": ([4, 3, 2, 1], [], [(1, 1, 4), (1, 2, 4), (1, 3, 4), (1, 4, 4)], ["a", "a", "a", "a"]),
    "a chain": (
        [4, 3, 2, 1],
        [(0, 2), (0, 3), (1, 3)],
        [(1, 1, 2), (1, 2, 3), (2, 3, 4), (3, 4, 4)],
        ["a", "ab", "bc", "c"],
    ),
    "one leader": ([9, 3, 2, 1], FIRST_THREE, [(1, 1, 1), (2, 2, 4), (2, 3, 4), (2, 4, 4)], ["", "a", "a", "a"]),
    "equal scores": ([3, 2, 2, 1], [], [(1, 1, 4), (1, 2, 4), (1, 2, 4), (1, 4, 4)], ["a", "a", "a", "a"]),
    "one model": ([1], [], [(1, 1, 1)], [""]),
}


@pytest.mark.parametrize(("scores", "apart", "expected", "ties"), BY_HAND.values(), ids=BY_HAND)
def test_rank_intervals_letters_and_could_be_best_match_examples_by_hand(scores, apart, expected, ties):
    found = places(scores, apart)
    assert [(r.low, r.rank, r.high) for r in found] == expected
    assert [r.could_be_best for r in found] == [low == 1 for low, _, _ in expected]
    assert [r.group for r in found] == ties


def test_the_only_model_that_could_be_best_has_rank_interval_1_to_1():
    """By one-sided comparisons with the leader, where all pairs don't tell the second from it."""
    scores = np.array([9.0, 8, 2, 1])
    p = np.where(np.abs(scores[:, None] - scores) > 2, 0.001, 1.0)
    found = ranks(scores, scores[:, None] - scores, p, level=0.95, best=np.array([True, False, False, False]))
    assert [(r.low, r.high) for r in found] == [(1, 1), (2, 2), (3, 4), (3, 4)]
    several = ranks(scores, scores[:, None] - scores, p, level=0.95, best=np.array([True, True, False, False]))
    assert [(r.low, r.high) for r in several] == [(1, 2), (1, 2), (3, 4), (3, 4)]


def test_scores_equal_up_to_rounding_share_a_rank():
    third = np.full(3, 0.1)
    one, other = float(third[0] + third[1] + third[2]), 0.3
    assert one - other == 5.551115123125783e-17
    for scores in ([0.9, one, other, 0.1], [0.9, other, one, 0.1]):
        assert [r.rank for r in places(scores, [])] == [1, 2, 2, 4]
    large = 1e9 * np.array([-0.1, -other, -one])  # lower is better
    assert [r.rank for r in places(large, [])] == [1, 2, 2]


def test_one_item_in_a_hundred_million_separates_ranks():
    n = 10**8
    assert [r.rank for r in places([n / n, (n - 1) / n, (n - 2) / n], [])] == [1, 2, 3]


def test_a_pair_without_p_value_is_not_significant():
    scores = np.array([2.0, 1.0])
    found = ranks(scores, scores[:, None] - scores, np.array([[1, np.nan], [np.nan, 1]]), level=0.95)
    assert [(r.low, r.high) for r in found] == [(1, 2), (1, 2)]


def test_rank_intervals_depend_on_the_level():
    scores = np.array([2.0, 1.0])
    p = np.array([[1, 0.03], [0.03, 1]])
    assert [r.high for r in ranks(scores, scores[:, None] - scores, p, level=0.95)] == [1, 2]
    assert [r.high for r in ranks(scores, scores[:, None] - scores, p, level=0.99)] == [2, 2]


@given(patterns())
def test_the_rank_by_score_lies_in_its_interval(real):
    found = places(np.arange(len(real), 0, -1), np.argwhere(np.triu(real)))
    for r in found:
        assert 1 <= r.low <= r.rank <= r.high <= len(real)
    assert found[0].could_be_best
    assert found[0].low == 1


@given(patterns())
def test_more_significant_pairs_never_widen_a_rank_interval(real):
    count = len(real)
    some = np.argwhere(np.triu(real))
    found, all_apart = places(np.arange(count, 0, -1), some), places(np.arange(count, 0, -1), every_pair(count))
    for r, sharp in zip(found, all_apart, strict=True):
        assert r.low <= sharp.low == sharp.high <= r.high


def test_the_rank_lies_in_its_interval_if_models_answered_different_items():
    # a scores higher on what it answered, b is better on what both answered
    scores = np.array([0.9, 0.8])
    difference = np.array([[0.0, -0.1], [0.1, 0.0]])
    for r in ranks(scores, difference, np.array([[1, 0.001], [0.001, 1]]), level=0.95):
        assert r.low <= r.rank <= r.high


def spelled(letters):
    """The letters of a place, ranges written out."""
    out = set()
    for k, letter in enumerate(letters):
        if letter == "–":
            out |= {chr(code) for code in range(ord(letters[k - 1]), ord(letters[k + 1]))}
        else:
            out.add(letter)
    return out


@given(patterns())
def test_two_models_share_a_letter_exactly_if_they_do_not_differ_significantly(real):
    names = [spelled(each) for each in tie_letters(real)]
    if not any(names):
        alike = ~(real | real.T) & ~np.eye(len(real), dtype=bool)
        assert not alike.any() or len(real) > 8, "none only where none is needed, or too many are"
        return
    for i, j in itertools.combinations(range(len(real)), 2):
        assert bool(names[i] & names[j]) == (not real[i, j])


def test_letters_match_two_examples_by_hand():
    assert letters(3, [(0, 2)]) == ["a", "ab", "b"]
    assert letters(4, [(0, 1), (1, 2), (2, 3)]) == ["ab", "c", "a", "bc"]


def band(count, width):
    return np.abs(np.subtract.outer(np.arange(count), np.arange(count))) >= width


def test_boards_that_need_more_than_26_letters_have_none():
    assert tie_letters(band(27, 2))[:3] == ["a", "ab", "bc"]
    assert set(tie_letters(band(28, 2))) == {""}
    assert set(tie_letters(band(1000, 400))) == {""}
