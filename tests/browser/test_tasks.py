"""All tasks at a glance: every cell says what its board says, and opens it; the address, Back and wrong links agree."""

from __future__ import annotations

import polars as pl
import pytest

from browser_cases import PHONE, made
from howsure.verbs.report import report
from howsure.wording import Scale

CELLS = """() => [...document.querySelectorAll("#tasks-body tr")].map((row) => [
  row.querySelector("th").title,
  [...row.querySelectorAll("td")].map((cell) => [cell.innerText.split(/\\s+/), cell.className, cell.firstChild.ariaLabel]),
])"""


def ready(page, k):
    page.wait_for_selector(f'html[data-ready="{k}"]', state="attached")


@pytest.fixture(scope="module")
def holes():
    """Two models on both tasks, one on the first alone; no overall board for that one."""
    cells = [("a", "one", 0.9), ("b", "one", 0.5), ("c", "one", 0.2), ("a", "two", 0.4), ("b", "two", 0.8)]
    rows = [
        {"model": model, "task": task, "item": f"q{i}", "score": float((i * 7) % 100 < 100 * share)}
        for model, task, share in cells
        for i in range(100)
    ]
    return report(pl.DataFrame(rows))


def test_every_cell_says_what_its_board_says(opened, holes):
    page, boards = opened(holes), holes.data["boards"]
    assert page.text_content("#verdict") == holes.sentence
    rows = dict(page.evaluate(CELLS))
    assert set(rows) == {"a", "b", "c"}
    for k, board in enumerate(boards):
        names = [column["name"] for column in board["columns"]]
        told = {
            model["model"]: (model, cells[names.index("group")] if "group" in names else "")
            for model, cells in zip(board["models"], board["cells"], strict=True)
        }
        for name, cells in rows.items():
            texts, shade, label = cells[k]
            if name not in told:
                assert (texts, shade) == (["–"], "none")
                continue
            model, letters = told[name]
            assert texts[0] == Scale(percent=True).number(model["value"])
            assert " ".join(texts[1:]).strip() == letters.strip()
            assert (shade == "shade-4") == model["best"]
            assert label.startswith(f"{name} on ")
            assert ("could be best" in label) == model["best"]


def test_without_an_overall_board_the_sentence_counts_tasks(opened):
    rows = pl.DataFrame(
        {
            "model": ["a", "b"] * 60 + ["c", "d"] * 60,
            "task": ["one"] * 120 + ["two"] * 120,
            "item": [f"q{k // 2}" for k in range(240)],
            "score": [1.0, 0.0] * 60 + [float(k % 3 == 0) for k in range(120)],
        }
    )
    found = report(rows)
    assert found.sentence == "On 1 of 2 tasks, one model is shown to be best: a. On the other, 2 models could be."
    assert opened(found).text_content("#verdict") == found.sentence


def test_a_cell_opens_its_board_and_back_returns(opened):
    page, boards = opened(made("tasks")), made("tasks").data["boards"]
    page.click("#tasks-body tr:nth-child(2) td:nth-child(4) button")
    ready(page, 2)
    name = page.evaluate("document.querySelector('#tasks-body tr:nth-child(2) th').title")
    assert page.locator("#tasks-card").is_hidden()
    assert page.text_content("#verdict") == boards[2]["verdict"]
    assert page.text_content("#board-title") == boards[2]["title"]
    assert page.evaluate("new URLSearchParams(location.hash.slice(1)).get('model')") == name
    assert page.text_content("#model-verdict").startswith(name)
    page.go_back()
    page.wait_for_selector("#tasks-card", state="visible")
    assert page.text_content("#verdict") == made("tasks").data["overview"]["verdict"]
    page.click("#tasks-head th:nth-child(3) button")
    ready(page, 1)
    page.select_option("#task", "-1")
    page.wait_for_selector("#tasks-card", state="visible")


@pytest.mark.parametrize("hash", ["#task=nonsense", "#task=", "#model=nobody&task=easy"])
def test_wrong_links_show_all_tasks(opened, hash):
    page = opened(made("tasks"), hash=hash)
    assert page.locator("#tasks-card").is_visible()
    assert page.locator("#board-body tr").count() == 4


def test_the_keyboard_opens_a_task(opened):
    page = opened(made("tasks"))
    page.focus("#tasks-body td:nth-child(3) button")
    page.keyboard.press("Enter")
    ready(page, 1)
    assert page.locator("#tasks-card").is_hidden()


def test_many_models_are_folded(opened):
    rows = pl.DataFrame(
        [
            {"model": f"m{m}", "task": task, "item": f"q{i}", "score": float((i * 13 + m * 7) % 50 < m)}
            for m in range(40)
            for task in ("one", "two")
            for i in range(20)
        ]
    )
    page = opened(report(rows))
    assert page.locator("#tasks-body tr").count() == 25
    assert page.text_content("#tasks-all") == "Show all 40 models"
    page.click("#tasks-all")
    assert page.locator("#tasks-body tr").count() == 40
    assert page.locator("#tasks-all").is_hidden()


def test_one_board_has_no_such_table(opened):
    page = opened(made("example"))
    assert page.locator("#tasks-card").is_hidden()
    assert page.text_content("#board-title") == "Leaderboard"


def test_a_phone_scrolls_the_table_only(opened, holes):
    page = opened(holes, viewport=PHONE, is_mobile=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_a_model_with_few_answers_is_marked(opened):
    rows = pl.DataFrame(
        [
            {"model": model, "task": task, "item": f"q{i}", "score": float((i * 7 + len(model)) % 10 < 6)}
            for task in ("one", "two")
            for model, many in (("a", 40), ("bb", 40), ("few", 3 if task == "two" else 40))
            for i in range(many)
        ]
    )
    page = opened(report(rows))
    labels = page.eval_on_selector_all(".tasks-table .few button", "all => all.map((each) => each.ariaLabel)")
    assert len(labels) == 1
    assert labels[0].endswith(", on 3 of 40 questions")
    assert page.locator("#tasks-few").is_visible()
