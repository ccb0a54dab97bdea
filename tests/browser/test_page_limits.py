"""Boards beyond what a page holds: it says what it leaves out, and works."""

from __future__ import annotations

import polars as pl
import pytest

from browser_cases import several, unpacked
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
    assert "The page compares the best 3 models" in page.text_content("#pair-verdict")
    assert page.is_hidden("#pair-known")
    page.check("#board-body tr:nth-child(1) input")
    page.check("#board-body tr:nth-child(3) input")
    assert page.is_visible("#pair-known")
    page.click("#board-body tr:nth-child(6) .link")
    assert page.input_value("#model-name") == "5"


def test_no_pair_at_all(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_PAIRS", 0)
    page = opened(report(several("abc")))
    assert "howsure compare" in page.text_content("#pair-verdict")


def test_more_scores_than_a_page_holds(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_CELLS", 10)
    made = report(clustered(), cluster="passage")
    assert unpacked(made.boards[0])["items"] is None
    page = opened(made)
    assert page.is_hidden("#decisive-lists")
    assert "howsure compare --flips lists them" in page.text_content("#decisive-unlisted")
    assert page.text_content("#pair-flips").startswith("From ")
    assert page.is_hidden("#drivers")
    assert page.is_hidden("#model-clusters-part")
    assert page.is_visible("#pair-power")
    assert page.text_content("#pair-verdict")


def test_more_models_than_the_matrix_shows_at_once(opened):
    names = [f"m{k:02}" for k in range(35)]
    page = opened(report(several(names, n=30)))
    assert page.locator("#matrix-rows option").all_text_contents() == ["1–30", "31–35"]
    page.wait_for_selector("#matrix .mark-rect path")
    assert page.locator("#matrix .mark-rect path").count() == 30 * 29
    page.select_option("#matrix-rows", "30")
    page.wait_for_function("document.querySelectorAll('#matrix .mark-rect path').length === 150")
    assert (
        page.text_content("#matrix-told").split(" differ")[0].endswith("of 150 pairs of models 31 to 35 with 1 to 30")
    )
    page.select_option("#matrix-columns", "30")
    page.wait_for_function("document.querySelectorAll('#matrix .mark-rect path').length === 20")
    page.locator("#matrix .mark-rect path").first.click()
    assert int(page.input_value("#pair-a")) >= 30


@pytest.mark.parametrize("name", ["a" * 300, "n\nm", "  "])
def test_two_models_whose_names_look_alike(name, opened):
    rows = several("ab").with_columns(model=pl.lit(name) + pl.col("model"))
    page = opened(report(rows))
    assert page.locator("#board-body tr").count() == 2
    assert page.text_content("#pair-verdict")


def test_more_changed_questions_than_a_page_lists(opened):
    rows = pl.DataFrame(
        {"model": ["a"] * 1200 + ["b"] * 1200, "item": [*range(1200)] * 2, "score": [1.0] * 1200 + [0.0] * 1200}
    )
    page = opened(report(rows))
    broke = page.locator("#decisive-lists > div").first
    assert broke.locator("button").text_content() == "… and 1,192 more"
    broke.locator("button").click()
    assert broke.locator("tbody tr").count() == 1000
    assert broke.locator("p").text_content() == "… and 200 more"


def test_more_reruns_than_a_page_has_time_for(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.reruns.MOST_ESTIMATES", 2)
    page = opened(report(attempts(models=("a", "b", "c"))))
    assert "howsure compare --flips says how many a mere rerun would change" in page.text_content("#pair-flips")
