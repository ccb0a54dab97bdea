"""The page loads quietly, fits, and can be used: leaderboard, models, pairs, matrix; by mouse and by keyboard alone."""

from __future__ import annotations

from itertools import pairwise

import pytest

from browser_cases import CASES, LOOKS, PHONE, choose, look, made
from howsure.verbs.report import report
from places import ROOT

FITS = "document.scrollingElement.scrollWidth <= innerWidth"
ORDER = "() => [...document.querySelectorAll('#board-body tr[data-model]')].map((row) => Number(row.dataset.model))"
DOTS = """() => [...document.querySelectorAll("#board-body .dot")].map((dot) => dot.getBoundingClientRect())
  .map((box) => [box.x + box.width / 2, box.y + box.height / 2])"""


def first(name):
    return made(name).data["boards"][0]


@pytest.mark.parametrize("name", ["example", "tasks", "open scale"])
@pytest.mark.parametrize("look", [*LOOKS])
def test_it_fits_and_is_quiet(name, look, opened):
    page = opened(made(name), **LOOKS[look])
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate(FITS)
    assert page.title() == made(name).data["title"]


def test_print_shows_the_page_without_its_controls(opened):
    page = opened(made("example"), hash="#look=pair")
    page.emulate_media(media="print")
    assert page.is_hidden("#words")  # it is folded on the screen
    assert page.is_visible("#pair-verdict")
    assert page.is_visible("#board-axis text >> nth=0")
    assert page.is_hidden("#copy")
    assert page.locator(".take:visible").count() == 0
    assert page.evaluate(FITS)


@pytest.mark.parametrize("name", ["example", "tasks", "holes"])
def test_without_javascript_the_verdict_and_the_tables_are_there(name, opened):
    page = opened(made(name), java_script_enabled=False)
    assert page.locator("#verdict").is_visible()
    assert page.locator("#verdict").text_content() == made(name).sentence
    tables, boards = page.locator(".still table"), made(name).data["boards"]
    summary = len(boards) > 1  # several boards begin with one of all
    assert tables.count() == len(boards) + summary
    for k, board in enumerate(boards, start=int(summary)):
        assert tables.nth(k).is_visible()
        assert all(model["model"] in tables.nth(k).text_content() for model in board["models"])
    assert page.locator(".columns").is_hidden()
    assert page.locator("#made").is_visible()


DEGENERATE = list(CASES)[list(CASES).index("one model") :]


@pytest.mark.parametrize("name", DEGENERATE)
def test_every_degenerate_board_opens_on_a_phone(name, opened):
    page = opened(made(name), viewport=PHONE)
    assert page.evaluate(FITS)
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        assert page.text_content("#verdict") == board["verdict"]
        assert page.locator("#board-body tr").count() == len(board["models"])
        look(page, "model")
        assert page.text_content("#model-verdict").startswith(board["models"][0]["model"])
        look(page, "pair")
        assert page.is_visible("#pair-card") == (len(board["models"]) > 1)
        look(page, "questions")
        assert page.evaluate(FITS)
        page.click("#panel-close")


@pytest.mark.parametrize("name", ["example", "holes", "open scale"])
def test_sorting(name, opened):
    page, board = opened(made(name)), first(name)
    for k, column in enumerate(board["columns"]):
        if not column["name"]:
            continue
        head = page.locator(f'#board-head th[data-column="{k}"]')
        for direction in ("ascending", "descending"):
            head.locator("button").evaluate("(button) => button.click()")
            assert head.get_attribute("aria-sort") == direction
            assert page.locator("#board-head [aria-sort]").count() == 1
            order = page.evaluate(ORDER)
            values = [board["models"][m][column["by"]] for m in order]
            assert values == sorted(values, reverse=direction == "descending"), (column, direction)
            shown = [row.get_attribute("title") for row in page.locator("#board-body .link").all()]
            assert shown == [board["models"][m]["model"] for m in order]
            assert whiskers_agree(page, board, order)


def whiskers_agree(page, board, order):
    """Say whether the dots lie in the order of the rows: each in its row's height, and larger scores further right."""
    dots = page.evaluate(DOTS)
    rows = page.evaluate(
        "() => [...document.querySelectorAll('#board-body tr')].map((row) => [row.getBoundingClientRect().top, row.getBoundingClientRect().bottom])"
    )
    by_height = sorted(dots, key=lambda dot: dot[1])
    inside = all(top <= dot[1] <= bottom for dot, (top, bottom) in zip(by_height, rows, strict=True))
    values = [board["models"][m]["value"] for m in order]
    places = sorted(range(len(order)), key=lambda k: values[k])
    return inside and all(by_height[a][0] <= by_height[b][0] + 0.5 for a, b in pairwise(places))


def test_filtering(opened):
    page, board = opened(made("example")), first("example")
    page.fill("#find", "SMOLLM t0.3")
    assert page.evaluate(ORDER) == [0]
    assert page.text_content("#count") == "1 of 4 models"
    page.fill("#find", "no such model")
    assert page.evaluate(ORDER) == []
    assert page.text_content("#count") == "0 of 4 models"
    assert page.text_content("#board-body") == "No model’s name has “no such model”."
    page.fill("#find", "")
    assert page.evaluate(ORDER) == [0, 1, 2, 3]
    page.check("#best")
    assert page.evaluate(ORDER) == [k for k, model in enumerate(board["models"]) if model["best"]]


def test_tasks_and_the_place_over_a_reload(opened):
    page, boards = opened(made("tasks")), made("tasks").data["boards"]
    titles = page.locator("#task option").all_text_contents()
    assert titles == ["All tasks", *(board["title"] for board in boards)]
    assert titles[1].startswith("overall")
    page.select_option("#task", "2")
    page.wait_for_selector('html[data-ready="2"]', state="attached")
    assert page.text_content("#verdict") == boards[2]["verdict"]
    page.evaluate("document.querySelector('#board-head th[data-column] button').click()")
    page.fill("#find", "c")
    look(page, "model")
    page.select_option("#model-name", "1")
    look(page, "pair")
    page.select_option("#pair-a", "3")
    before = [page.text_content(f"#{name}") for name in ("verdict", "pair-verdict", "count")]
    page.reload()
    page.wait_for_selector('html[data-ready="2"]', state="attached")
    assert [page.text_content(f"#{name}") for name in ("verdict", "pair-verdict", "count")] == before
    look(page, "model")
    assert page.input_value("#model-name") == "1"
    assert page.input_value("#find") == "c"
    assert page.locator("#board-head [aria-sort]").count() == 1


def pair_of(page):
    return [int(page.input_value("#pair-a")), int(page.input_value("#pair-b"))]


def test_choosing_two_models(opened):
    page = opened(made("example"))
    assert page.is_hidden("#panel")
    page.check("#board-body tr:nth-child(2) input")
    assert page.is_hidden("#panel")
    page.check("#board-body tr:nth-child(4) input")
    assert pair_of(page) == [1, 3]
    assert page.evaluate("document.activeElement.type") == "checkbox"
    verdict = page.text_content("#pair-verdict")
    page.click("#pair-swap")
    assert pair_of(page) == [3, 1]
    assert page.text_content("#pair-verdict") == verdict
    page.select_option("#pair-b", "0")
    assert pair_of(page) == [3, 0]
    assert page.locator("#board-body tr.picked").count() == 2
    page.click("#board-body tr:nth-child(3) .link")
    assert page.input_value("#model-name") == "2"
    assert page.evaluate("document.activeElement.id") == "model-card"


def test_the_same_model_twice_is_not_compared(opened):
    page = opened(made("example"), hash="#look=pair")
    page.select_option("#pair-a", "1")
    assert pair_of(page) == [1, 0]
    page.select_option("#pair-b", "1")
    assert pair_of(page) == [0, 1]


def test_clicking_in_the_matrix(opened):
    page = opened(made("example"))
    page.wait_for_selector("#matrix .mark-rect path")
    cells = page.locator("#matrix .mark-rect path")
    assert cells.count() == 12
    cells.nth(3 + 2).click()
    a, b = pair_of(page)
    assert (a, b) != (0, 1)
    assert page.evaluate("document.activeElement.id") == "pair-card"


@pytest.mark.unmeasured
def test_the_keyboard_alone(opened):
    page = opened(made("example"))
    assert {"find", "best", "copy", "link", "skip"} <= set(tabbed(page))
    look(page, "model")
    assert {"model-name", "look-pair", "panel-close"} <= set(tabbed(page))
    look(page, "pair")
    reached = tabbed(page)
    wanted = {"pair-a", "pair-b", "pair-swap", "true-gap", "questions", "attempts"}
    assert wanted <= set(reached), wanted - set(reached)
    assert sum(name.startswith("BUTTON") for name in reached) >= 6
    assert "SUMMARY In plain words" in reached
    page.focus('#board-head th[data-column="2"] button')
    page.keyboard.press("Enter")
    assert page.get_attribute('#board-head th[data-column="2"]', "aria-sort") == "ascending"
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    page.keyboard.press("Space")
    assert page.get_attribute('#board-head th[data-column="2"]', "aria-sort") == "descending"
    page.focus("#questions")
    before = page.text_content("#questions-out")
    page.keyboard.press("ArrowRight")
    assert page.text_content("#questions-out") != before
    page.focus("#attempts")
    page.keyboard.press("ArrowRight")
    assert page.text_content("#attempts-out") == "6"
    page.focus("#pair-b")
    before = page.text_content("#pair-verdict")
    page.keyboard.press("ArrowDown")
    assert page.text_content("#pair-verdict") != before
    page.focus("#board-body tr:nth-child(2) .link")
    page.keyboard.press("Enter")
    chosen = page.locator("#board-body tr:nth-child(2)").get_attribute("data-model")
    assert page.input_value("#model-name") == chosen


def tabbed(page):
    """Go once around the page with Tab, and return what was reached."""
    name = "({ id, className, tagName, textContent }) => id || className || `${tagName} ${textContent.trim()}`"
    page.evaluate("document.activeElement.blur()")
    reached = []
    for _ in range(300):
        page.keyboard.press("Tab")
        place = page.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)")
        if place in [each for each, _ in reached]:
            break
        reached.append((place, page.evaluate(f"({name})(document.activeElement)")))
    return [what for _, what in reached]


def test_all_questions_that_decide_are_listed(opened):
    page = opened(made("example"), hash="#look=pair")
    first_list = page.locator("#decisive-lists > div").first
    assert first_list.locator("tbody tr").count() == 8
    first_list.get_by_role("button", name="all 31").click()
    assert page.locator("#questions-body tr").count() == 31


def test_a_link_to_a_model_that_is_not_there_says_so(opened):
    page = opened(made("example"), hash="#look=pair&a=nobody&b=no%20one")
    assert page.text_content("#absent") == "This link names “nobody” and “no one”, and there is no such model here."
    assert opened(made("example")).is_hidden("#absent")


def test_rows_that_a_filter_leaves_out_are_counted_between_the_others(opened):
    page, models = opened(made("example")), first("example")["models"]
    page.fill("#find", "2shot")
    (k,) = (k for k, model in enumerate(models) if "2shot" in model["model"])
    assert page.locator("#board-body .gap").all_text_contents() == [f"… {k} others"]
    page.fill("#find", "")
    assert page.locator("#board-body .gap").count() == 0


def test_noise_has_a_tick_for_each_model_and_source(opened):
    page, board = opened(made("example")), first("example")
    page.wait_for_selector("#strips .mark-rect path")
    assert page.locator("#strips .mark-rect path").count() == len(board["strips"]) == 4 * len(board["models"])


def test_a_metric_has_no_cards_of_noise_and_health(opened):
    page = opened(
        report(ROOT / "examples" / "guards.parquet", statistic="f1@class=unsafe", cluster="template"), hash="#look=pair"
    )
    assert page.is_hidden("#noise-card")
    assert page.is_hidden("#health-card")
    assert page.text_content("#left-out").startswith("Not shown: noise and health of the questions.")
    assert page.is_hidden("#pair-questions")
    assert page.is_visible("#pair-numbers")
