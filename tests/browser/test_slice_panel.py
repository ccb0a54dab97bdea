"""A slice in the panel: its board as `leaderboard --by` has it, its questions, its address."""

from __future__ import annotations

import polars as pl
import pytest

import howsure as hs
from accessible import check
from browser_cases import PHONE, random_board
from howsure.verbs.report import report
from howsure.wording import Scale
from page_checks import TEXTS, untouched

ROWS = """() => [...document.querySelectorAll("#slice-body tr")].map((row) => ({
  name: (row.querySelector(".link") ?? row.querySelector("th")).title,
  places: row.querySelector(".could").textContent,
  limits: row.querySelector(".number .small").textContent,
  score: row.querySelector(".number").lastChild.textContent,
  best: row.classList.contains("best"),
  dot: Boolean(row.querySelector(".dot")),
}))"""
ADDRESS = "() => Object.fromEntries(new URLSearchParams(location.hash.slice(1)))"


def parted(models=5, items=90):
    """Models that answer questions of three topics, in words and numbers."""
    number = pl.col("item").str.slice(1).cast(pl.Int64)
    return random_board(models, items=items).with_columns(
        topic=pl.concat_str(pl.lit("topic/"), (number % 3).cast(pl.String)),
        form=pl.when(number % 2 == 0).then(pl.lit("words")).otherwise(pl.lit("numbers")),
    )


@pytest.fixture(scope="module")
def one():
    return report(parted(), by="topic")


@pytest.fixture(scope="module")
def two():
    return report(parted(), by=["topic", "form"])


def test_a_name_in_the_card_opens_its_slice(one, opened):
    page = opened(one)
    page.click("#slices tbody tr:nth-child(2) .link")
    assert page.is_visible("#slice-card")
    assert page.evaluate(ADDRESS) == {"look": "slice", "slice": "topic/1"}
    assert page.locator("#slice-name option:checked").text_content() == "topic/1"
    assert page.evaluate("document.activeElement.id") == "slice-card"
    page.select_option("#slice-name", "0 2")
    assert page.evaluate(ADDRESS)["slice"] == "topic/2"
    page.go_back()
    page.wait_for_function("document.getElementById('slice-name').value === '0 1'")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.locator("#slice-name option:checked").text_content() == "topic/1"
    page.keyboard.press("Escape")
    assert page.is_hidden("#panel")


def test_every_slice_is_that_of_the_leaderboard(two, opened):
    page, scale = opened(two, hash="#look=slice"), Scale(percent=True)
    for w, way in enumerate(hs.leaderboard(parted(), by=["topic", "form"]).slices):
        for k, each in enumerate(way.slices):
            page.select_option("#slice-name", f"{w} {k}")
            assert page.text_content("#slice-verdict") == each.board.sentence
            assert page.text_content("#slice-told").startswith(f"{way.slicing.by} {each.slice}: ")
            rows = page.evaluate(ROWS)
            assert [row["name"] for row in rows] == [entry.model for entry in each.board.entries]
            for row, entry, rank in zip(rows, each.board.entries, each.board.ranks, strict=True):
                interval = entry.estimate.interval
                assert row["score"] == scale.number(entry.estimate.value)
                assert row["limits"] == f"[{scale.number(interval.low)}, {scale.number(interval.high)}]"
                assert row["places"] == (f"{rank.low}–{rank.high}" if rank.low < rank.high else str(rank.low))
                assert (row["best"], row["dot"]) == (rank.could_be_best, True)


def test_the_questions_of_a_slice(two, opened):
    page = opened(two, hash="#look=slice&slice=numbers&by=form")
    page.click("#slice-questions")
    assert page.text_content("#questions-told") == "45 questions"
    listed = page.locator("#questions-body .link").all_text_contents()
    assert all(int(text.removeprefix("q")) % 2 for text in listed)
    page.select_option("#questions-slice", "0 0")
    assert page.text_content("#questions-told") == "30 questions"
    assert page.evaluate(ADDRESS)["slice"] == "topic/0"
    page.click("#look-slice")
    assert page.locator("#slice-name option:checked").text_content() == "topic/0"
    page.click("#look-questions")
    page.select_option("#questions-slice", "")
    assert page.text_content("#questions-told").endswith("of 90 questions")


@pytest.mark.parametrize("hash", ["#look=slice", "#look=slice&slice=nowhere", "#look=slice&slice=words&by=topic"])
def test_wrong_links_show_the_first_slice(hash, two, opened):
    assert opened(two, hash=hash).input_value("#slice-name") == "0 0"


def test_without_slices_there_is_no_such_look(opened):
    page = opened(report(parted()), hash="#look=slice&slice=topic/1")
    assert page.is_hidden("#panel")
    assert page.is_hidden("#look-slice")


def test_of_many_models_the_first_are_shown_and_a_name_opens_one(opened):
    page = opened(report(parted(models=30), by="form"), hash="#look=slice&slice=words")
    assert page.locator("#slice-body tr").count() == 25
    page.click("#slice-all")
    assert page.locator("#slice-body tr").count() == 30
    name = page.locator("#slice-body tr:nth-child(28) .link").get_attribute("title")
    page.click("#slice-body tr:nth-child(28) .link")
    assert page.text_content("#model-verdict").startswith(name)


def test_a_slice_can_be_taken_out(one, opened):
    page = opened(one, hash="#look=slice&slice=topic/2", accept_downloads=True)
    page.locator("#slice-card .take > button").click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="CSV: Models on this slice").click()
    rows = pl.read_csv(saved.value.path())
    board = hs.leaderboard(parted(), by="topic").slices[0].slices[2].board
    assert rows["model"].to_list() == [entry.model for entry in board.entries]
    assert rows["value"].to_list() == pytest.approx([entry.estimate.value for entry in board.entries], rel=1e-5)
    assert set(rows["slice"]) == {"topic/2"}


def test_hostile_names_of_slices(opened):
    names = [text for text in TEXTS if text.strip()][:12]
    number = pl.col("item").str.slice(1).cast(pl.Int64)
    rows = random_board(3, items=12 * len(names)).with_columns(
        topic=(number % len(names)).replace_strict(dict(enumerate(names)), return_dtype=pl.String)
    )
    page = opened(report(rows, by="topic"), hash="#look=slice")
    for k in range(page.locator("#slice-name option").count()):
        page.select_option("#slice-name", f"0 {k}")
        assert page.locator("#slice-body tr").count() == 3
    untouched(page)


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}], ids=["light", "dark", "phone"])
def test_axe_finds_nothing_in_a_slice(look, two, opened):
    page = opened(two, hash="#look=slice&slice=words&by=form", bypass_csp=True, **look)
    check(page)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
