"""Boards beyond what a page holds: it says what it leaves out, and works."""

from __future__ import annotations

import polars as pl
import pytest

from browser_cases import look, random_board, several, unpacked
from frames import attempts, clustered
from howsure.verbs.report import report


def test_more_pairs_than_a_page_holds(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_PAIRS", 3)
    made = report(several("abcdef"))
    assert unpacked(made.boards[0])["pairs"]["models"] == 3
    page = opened(made)
    assert page.locator("#board-body tr").count() == 6
    assert page.locator("#pair-a option").count() == 3
    page.check("#board-body tr:nth-child(6) input")
    page.check("#board-body tr:nth-child(1) input")
    assert "The page compares the best 3 models" in page.text_content("#pair-verdict")
    assert page.is_hidden("#pair-known")
    page.check("#board-body tr:nth-child(3) input")
    assert page.is_visible("#pair-known")
    page.click("#board-body tr:nth-child(6) .link")
    assert page.input_value("#model-name") == "5"


def test_no_pair_at_all(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_PAIRS", 0)
    page = opened(report(several("abc")), hash="#look=pair")
    assert "howsure compare" in page.text_content("#pair-verdict")


def test_more_scores_than_a_page_holds(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_CELLS", 10)
    made = report(clustered(), cluster="passage")
    assert unpacked(made.boards[0])["items"] is None
    page = opened(made, hash="#look=pair")
    assert page.is_hidden("#decisive-lists")
    assert "howsure compare --flips lists them" in page.text_content("#decisive-unlisted")
    assert page.text_content("#pair-flips").startswith("From ")
    assert page.is_hidden("#drivers")
    assert page.is_visible("#pair-power")
    assert page.text_content("#pair-verdict")
    look(page, "questions")
    assert "howsure compare --flips lists them" in page.text_content("#questions-unknown")
    look(page, "model")
    assert page.is_hidden("#model-clusters-part")


def test_more_models_than_the_matrix_shows_at_once(opened):
    page = opened(report(random_board(35, items=300, spread=0.5)))
    assert page.locator("#matrix-rows option").all_text_contents() == ["1–30", "31–35"]
    page.wait_for_selector("#matrix .mark-rect path")
    assert page.locator("#matrix .mark-rect path").count() == 30 * 29
    page.select_option("#matrix-rows", "30")
    page.wait_for_function("document.querySelectorAll('#matrix .mark-rect path').length === 150")
    assert (
        page.text_content("#matrix-told").split(" differ")[0].endswith("of 150 pairs of models 31 to 35 with 1 to 30")
    )
    page.locator("#matrix .mark-rect path").first.click()
    assert int(page.input_value("#pair-a")) >= 30
    page.keyboard.press("Escape")
    page.select_option("#matrix-columns", "30")
    assert "of 10 pairs among models 31 to 35" in page.text_content("#matrix-told")


@pytest.mark.parametrize("name", ["a" * 300, "n\nm", "  "])
def test_two_models_whose_names_look_alike(name, opened):
    rows = several("ab").with_columns(model=pl.lit(name) + pl.col("model"))
    page = opened(report(rows), hash="#look=pair")
    assert page.locator("#board-body tr").count() == 2
    assert page.text_content("#pair-verdict")


def test_more_changed_questions_than_a_page_lists(opened):
    rows = pl.DataFrame(
        {"model": ["a"] * 1200 + ["b"] * 1200, "item": [*range(1200)] * 2, "score": [1.0] * 1200 + [0.0] * 1200}
    )
    page = opened(report(rows), hash="#look=pair")
    page.get_by_role("button", name="all 1,200").click()
    assert page.locator("#questions-body tr").count() == 50
    assert page.text_content("#questions-told") == "1–50 of 1,200 questions"
    page.click("#questions-on")
    assert page.text_content("#questions-told") == "51–100 of 1,200 questions"


def test_more_reruns_than_a_page_has_time_for(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_ESTIMATES", 2)
    page = opened(report(attempts(models=("a", "b", "c"))), hash="#look=pair")
    assert "How many would flip in an unchanged rerun: howsure compare --flips" in page.text_content("#pair-flips")
