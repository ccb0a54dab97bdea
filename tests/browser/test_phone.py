"""On a phone, and with a finger or keys: names whole, values readable, no scroll box in a scroll box."""

from __future__ import annotations

import polars as pl
import pytest

from accessible import check
from browser_cases import PHONE, choose, made, random_board
from frames import attempts
from howsure.verbs.report import report

TOUCH = {"viewport": PHONE, "is_mobile": True, "has_touch": True}
BROKEN = """() => {
  const found = [];
  for (const link of document.querySelectorAll("#board-body .link, #tasks-body th, #slice-body .link")) {
    const lines = [];
    for (const node of link.childNodes) {
      for (let k = 0; k < (node.nodeType === Node.TEXT_NODE ? node.length : 0); k++) {
        const range = document.createRange();
        range.setStart(node, k);
        range.setEnd(node, k + 1);
        lines.push([node.data[k], Math.round(range.getBoundingClientRect().top)]);
      }
    }
    lines.forEach(([sign, top], k) => {
      const before = lines[k - 1];
      const hump = before && /[a-z]/.test(before[0]) && /[A-Z]/.test(sign);
      if (before && before[1] !== top && !/[_/.@: -]/.test(before[0]) && !hump) found.push(link.textContent);
    });
  }
  return found;
}"""
NESTED = """() => {
  const scrolls = (box) => /auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight + 1;
  return [...document.querySelectorAll("main *")].filter((box) => box.checkVisibility() && scrolls(box)).map((box) => box.id || box.className);
}"""
READ = (
    "() => { const bar = document.querySelector('.bar.read'); return bar && getComputedStyle(bar, '::after').content; }"
)


def named(names):
    """Give the models of a board these names."""
    rows = random_board(len(names), items=60)
    return rows.with_columns(
        pl.col("model").replace(dict(zip(rows["model"].unique(maintain_order=True), names, strict=True)))
    )


NAMES = (
    "20250928_trae_doubao_seed_code",
    "20251120_livesweagent_gemini-3-pro-preview",
    "20251103_SalesforceAIResearch_SAGE_OpenHands",
    "claude-3-5-sonnet-20240620",
    "Llama-3.1-405B-Inst@sambanova",
    "a/b",
)


@pytest.mark.parametrize("tasks", [1, 5])
def test_names_break_only_after_signs_and_before_capitals(tasks, opened):
    rows = pl.concat([named(NAMES).with_columns(task=pl.lit(f"zeroeval_task-{k}")) for k in range(tasks)])
    page = opened(report(rows), **TOUCH)
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    if tasks > 1:
        seen = page.evaluate(
            "[...document.querySelectorAll('#tasks-head th')].filter((th) => th.getBoundingClientRect().right < 390).length"
        )
        assert seen >= 4


@pytest.mark.parametrize("name", ["example", "tasks", "holes", "open scale", "attempts"])
def test_no_box_scrolls_down_within_the_page(name, opened):
    page = opened(made(name), **TOUCH)
    for k in range(len(made(name).data["boards"])):
        choose(page, k)
        assert page.evaluate(NESTED) == []


def test_long_tables_are_folded_not_boxed(opened):
    page = opened(report(random_board(40, items=30)), **TOUCH)
    assert page.evaluate(NESTED) == []
    shown = (
        "() => [...document.querySelector('#noise table').querySelectorAll('tbody tr')]"
        ".filter((row) => row.checkVisibility()).length"
    )
    assert page.evaluate(shown) == 12
    page.get_by_role("button", name="Show all 40 rows").first.click()
    assert page.evaluate(shown) == 40
    page.reload()
    page.emulate_media(media="print")
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate(shown) == 12


def test_a_bar_is_wide_on_a_phone(opened):
    page = opened(made("example"), **TOUCH)
    assert page.locator("#board-body .bar").first.bounding_box()["width"] > 300


def test_a_tap_shows_the_numbers_of_a_bar_and_another_the_differences_to_it(opened):
    page = opened(made("example"), **TOUCH)
    bar = page.locator("#board-body tr:nth-child(2) .bar")
    bar.tap()
    assert bar.get_attribute("aria-label") in page.evaluate(READ).replace('"', "")
    assert page.is_checked("#scores")
    page.locator("#board-body tr:nth-child(3) .bar").tap()
    assert page.locator(".bar.read").count() == 1
    page.locator("#board-body tr:nth-child(3) .bar").tap()
    assert page.is_checked("#differences")
    assert page.input_value("#against") == "2"


def test_a_tap_shows_the_numbers_where_nothing_is_to_compare(opened):
    page = opened(made("one model"), **TOUCH)
    page.locator("#board-body .bar").tap()
    assert page.locator(".bar.read").count() == 1


CHARTS = ("model-noise", "model-clusters", "pair-outcomes", "pair-power", "pair-drivers", "difficulty")


@pytest.mark.parametrize("chart", CHARTS)
def test_keys_read_the_values_of_a_chart(chart, opened):
    look = chart.split("-")[0] if "-" in chart else ""
    page = opened(made("example"), hash=f"#look={look}")
    page.wait_for_selector(f"#{chart}[tabindex='0']")
    page.focus(f"#{chart}")
    said = []
    for key in ("ArrowRight", "ArrowRight", "End", "Home"):
        page.keyboard.press(key)
        said.append(page.text_content(f"#{chart} + .here"))
    assert all(said)
    assert said[3] == said[0] != said[1]
    page.keyboard.press("Shift+Tab")
    assert page.text_content(f"#{chart} + .here") == ""


def test_a_tap_reads_a_value_of_a_chart(opened):
    page = opened(made("example"), **TOUCH)
    page.wait_for_selector("#difficulty .mark-rect path")
    page.locator("#difficulty .mark-rect path").first.tap(force=True)
    assert "question" in page.text_content("#difficulty + .here")


def test_noise_is_in_the_order_of_the_board(opened):
    page = opened(report(attempts(models=("a", "b", "c", "d"))))
    names = page.locator("#noise table >> nth=0 >> tbody th").all_text_contents()
    assert names == page.locator("#board-body .link").all_text_contents()


def test_clusters_are_counted_once(opened):
    found = made("holes")
    page = opened(found, hash="#look=pair&a=p/a&b=p/c")
    (board,) = found.data["boards"]
    assert f"in {board['clusters']} clusters" in page.text_content("#facts")
    assert f"{board['clusters']} clusters" in page.text_content("#notes")
    assert f"in {board['clusters']} clusters" in page.text_content("#pair-numbers")


def test_all_tasks_are_counted_together(opened):
    page = opened(made("tasks"))
    boards = made("tasks").data["boards"][1:]
    total = sum(board["items"] for board in boards)
    assert page.text_content("#facts").startswith(f"4 models · {len(boards)} tasks · {total} questions")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("look", ["menu", "overview", "questions", "question", "model", "pair"])
def test_axe_finds_nothing_on_a_phone(look, scheme, opened):
    name = "tasks" if look == "overview" else "example"
    hash = "" if look in ("menu", "overview") else f"#look={look}&question=bakery-3"
    page = opened(made(name), hash=hash, bypass_csp=True, color_scheme=scheme, **TOUCH)
    if look == "menu":
        page.locator("#board-card .take > button").click()
    check(page)
