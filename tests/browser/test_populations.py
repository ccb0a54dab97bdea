"""What the error bars are about is a choice: the picture, the sentence and the pairs follow it, with the numbers of the verbs."""

from __future__ import annotations

import pytest

import howsure as hs
from browser_cases import made, scores
from howsure.wording import Scale, p_text

POPULATIONS = ("new-clusters", "same-clusters", "these-questions")
TOLD = """() => Object.fromEntries([...document.querySelectorAll("#pair-numbers dt")].map(
  (name) => [name.textContent, name.nextElementSibling.textContent]))"""


def about(page, population):
    page.select_option("#about", population)
    page.wait_for_timeout(300)


@pytest.mark.parametrize("population", POPULATIONS)
def test_the_picture_the_sentence_and_the_pairs_follow(opened, population):
    page = opened(made("attempts"), hash="#look=pair")
    assert page.eval_on_selector_all("#about option", "all => all.map((each) => each.value)") == list(POPULATIONS)
    about(page, population)
    rows, options = scores("attempts"), {"cluster": "passage", "population": population}
    board = hs.leaderboard(rows, **options).boards[0]
    assert page.text_content("#verdict") == board.sentence
    scale = Scale(percent=True)
    told = page.eval_on_selector_all("#board-body .bar", "all => all.map((each) => each.ariaLabel)")
    limits = [scale.interval(e.estimate.interval.low, e.estimate.interval.high) for e in board.entries]
    assert all(limit in text for limit, text in zip(limits, told, strict=True))
    pair = hs.compare(rows, *(entry.model for entry in board.entries[:2]), **options)
    interval = pair.difference.interval
    numbers = page.evaluate(TOLD)
    assert numbers["95% CI"] == f"{scale.interval(interval.low, interval.high)} points"
    assert numbers["p-value"] == p_text(pair.p_value)


def test_it_stands_in_the_address_and_back_undoes_it(opened):
    page = opened(made("attempts"), hash="#about=these-questions")
    assert page.input_value("#about") == "these-questions"
    first = page.text_content("#verdict")
    about(page, "new-clusters")
    assert "about" not in page.evaluate("location.hash")
    assert page.text_content("#verdict") != first
    page.go_back()
    page.wait_for_timeout(300)
    assert page.text_content("#verdict") == first


def test_a_wrong_word_is_what_was_asked(opened):
    page = opened(made("attempts"), hash="#about=nonsense")
    assert page.input_value("#about") == "new-clusters"


def test_what_was_asked_comes_first(opened):
    page = opened(made("same clusters"))
    assert page.input_value("#about") == "same-clusters"
    assert page.eval_on_selector_all("#about option", "all => all.map((each) => each.value)") == [
        "same-clusters",
        "new-clusters",
    ]


def test_scores_that_speak_of_one_population_have_no_choice(opened):
    assert opened(made("eighty items")).locator("#about-part").is_hidden()


def test_the_questions_are_there_on_every_rung(opened):
    page = opened(made("attempts"), hash="#about=same-clusters&look=pair")
    assert page.locator("#decisive-lists").is_visible()
