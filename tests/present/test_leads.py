"""A sentence about which model is ahead shows the interval of that lead, whichever model was named first."""

import re

import polars as pl
import pytest

import howsure as hs


def rows(a, b, **columns):
    scores = {"a": a, "b": b}
    return pl.concat(
        pl.DataFrame({"model": name, "item": [f"q{i}" for i in range(len(a))], "score": scores[name]})
        for name in scores
    ).with_columns(**columns)


def limits(sentence):
    """Return the limits of the interval in a sentence, as numbers."""
    (found,) = re.findall(r"\[(.+?), (.+?)\]", sentence) or re.findall(r"CI (\S+) to ([^\s,)]+)", sentence)
    return [float(text.replace("−", "-")) for text in found]


NONE, ALL = [0.0] * 20, [1.0] * 20


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("order", ["ab", "ba"])
def test_a_significant_verdict_shows_the_interval_of_the_lead_in_either_order(order, lower):
    found = hs.compare(rows(NONE, ALL), *order, lower_is_better=lower)
    better, worse = "ab" if lower else "ba"
    assert found.sentence.startswith(
        f"{better} is better than {worse} by 100.0 points (95% CI 64.1 to 100.0, p < 0.001)."
    )
    assert (found.difference.interval.low > 0) == (order == "ba")


def test_an_undecided_verdict_shows_the_interval_of_the_lead_in_either_order():
    two = rows([0.0, 0.0], [1.0, 1.0])
    said = "Can't tell. b is ahead of a by 100.0 points (95% CI −97.6 to 100.0, p = "
    assert {hs.compare(two, *order).sentence[: len(said)] for order in ("ab", "ba")} == {said}


def test_a_verdict_with_a_margin_shows_the_difference_a_minus_b():
    shown = hs.compare(rows(NONE, ALL), "a", "b", margin=0.1)
    assert limits(shown.sentence) == [-100.0, -64.1]


def test_a_model_worse_by_more_than_the_margin_is_reported_as_worse():
    answer = hs.compare(rows(NONE, ALL), "a", "b", margin=0.1)
    assert answer.sentence.startswith("a is worse than b by more than 10.0 points (−100.0 points, ")
    assert answer.chapter is None
    assert hs.compare(rows(NONE, ALL), "a", "b", margin=0.9).sentence.startswith(
        "Can't tell whether a is within 90.0 points"
    )
    two = hs.compare(rows([0.0, 0.0], [1.0, 1.0]), "a", "b", margin=0.1)
    assert two.sentence.startswith("Can't tell whether")


def test_head_to_head_votes_show_the_interval_of_the_lead_in_either_order():
    won = pl.DataFrame({"model_a": "a", "model_b": "b", "winner": ["model_b"] * 29 + ["model_a"]})
    one, other = (hs.head_to_head(won, *order).sentence.split(". ")[0] for order in ("ab", "ba"))
    assert one == other
    assert one.startswith("b is better than a by ")
    assert min(limits(one)) > 0


def test_judge_comparisons_show_the_interval_of_the_lead_in_either_order():
    data = rows([0.0, 0.0, 1.0] * 30, [1.0] * 90).rename({"score": "verdict"}).with_columns(human=pl.col("verdict"))
    one, other = (hs.judge(data, *order, labels_drawn="random").sentence for order in ("ab", "ba"))
    assert one == other
    assert "b is ahead by" in one
    assert min(limits(one)) > 0


@pytest.mark.parametrize("n", [4, 200])
def test_a_look_shows_the_interval_of_the_lead_in_either_order(n):
    data = rows([0.0] * n, [1.0] * n)
    one, other = (hs.Monitor(a=a, b=b, shuffled=True).update(data) for a, b in ("ab", "ba"))
    assert one.decided == (n == 200)
    assert one.sentence == other.sentence
    assert limits(one.sentence)[1] == 100.0


def test_a_decided_look_with_a_margin_shows_the_difference_a_minus_b():
    data = rows([0.0] * 200, [1.0] * 200)
    look = hs.Monitor(a="a", b="b", margin=0.05, shuffled=True).update(data)
    assert look.bound_met is False
    assert max(limits(look.sentence)) < 0
