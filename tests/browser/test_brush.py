"""A part of the axis: dragged over, by keys, from the address; bars that go on beyond it say so, also in the saved picture."""

from __future__ import annotations

import pytest

from accessible import check
from browser_cases import AXIS, PHONE, random_board, visit
from howsure.verbs.report import report

SHOWN = """() => [...document.querySelectorAll("#board-body .bar")].map((bar) => {
  const box = (name) => bar.querySelector(name)?.getBoundingClientRect();
  const [dot, range, cell] = [box(".dot"), box(".range"), bar.getBoundingClientRect()];
  return { dot: Boolean(dot), left: range ? range.left - cell.left : 0, right: range ? cell.right - range.right : 0,
    heads: bar.querySelectorAll(".goes-on").length };
})"""
TOLD = "() => document.getElementById('axis-told').textContent"


@pytest.fixture(scope="module")
def board():
    return report(random_board(12))


def part(page):
    """Return the part of the axis that the address names."""
    text = page.evaluate("new URLSearchParams(location.hash.slice(1)).get('axis')")
    return text and [float(end) for end in text.split(",")]


def drag(page, start, end):
    """Drag over the axis, from one share of it to another."""
    box = page.locator("#board-axis").bounding_box()
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + start * box["width"], y)
    page.mouse.down()
    page.mouse.move(box["x"] + (start + end) / 2 * box["width"], y)
    assert page.locator(".brushed").count() == 1
    page.mouse.move(box["x"] + end * box["width"], y)
    page.mouse.up()


def ends(page):
    (low, left), *_, (high, right) = page.evaluate(AXIS)
    box = page.locator("#board-axis").bounding_box()
    unit = (right - left) / (high - low)
    return low - (left - box["x"]) / unit, high + (box["x"] + box["width"] - right) / unit


def test_a_drag_shows_a_part_and_what_goes_on_beyond_it_says_so(board, opened):
    page = opened(board)
    low, high = ends(page)
    assert page.is_hidden("#axis-part")
    assert all(bar["dot"] and not bar["heads"] for bar in page.evaluate(SHOWN))
    drag(page, 0.25, 0.5)
    wide = high - low
    assert part(page) == pytest.approx([low + wide / 4, low + wide / 2], abs=wide / 100)
    assert ends(page) == pytest.approx(part(page), abs=wide / 100)
    assert page.evaluate(TOLD).startswith("axis from ")
    bars = page.evaluate(SHOWN)
    assert any(bar["heads"] for bar in bars)
    assert any(not bar["dot"] for bar in bars)
    for bar in bars:
        assert bar["left"] >= -0.5
        assert bar["right"] >= -0.5
        assert bar["dot"] or bar["heads"]
    page.go_back()
    page.wait_for_selector("#axis-part", state="hidden")
    assert ends(page) == pytest.approx((low, high), abs=0.1)
    page.go_forward()
    page.wait_for_selector("#axis-part", state="visible")
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert page.is_visible("#axis-part")


def test_the_whole_axis_comes_back(board, opened):
    page = opened(board)
    for back in (
        lambda: page.click("#axis-whole"),
        lambda: page.keyboard.press("Escape"),
        lambda: page.dblclick("#board-axis"),
    ):
        drag(page, 0.3, 0.6)
        assert part(page) is not None
        back()
        assert part(page) is None
        assert page.is_hidden("#axis-part")
    page.click("#board-axis")
    assert part(page) is None


def test_keys_zoom_and_move(board, opened):
    page = opened(board)
    low, high = ends(page)
    page.focus("#board-axis")
    page.keyboard.press("+")
    page.keyboard.press("+")
    first = part(page)
    assert first[1] - first[0] == pytest.approx((high - low) / 2.25, rel=0.02)
    page.keyboard.press("ArrowRight")
    assert part(page)[0] > first[0]
    for _ in range(30):
        page.keyboard.press("ArrowRight")
    assert part(page)[1] == pytest.approx(high, abs=0.2)
    page.keyboard.press("-")
    page.keyboard.press("-")
    page.keyboard.press("-")
    assert part(page) is None
    page.focus("#board-body tr:nth-child(2) .bar")
    page.keyboard.press("+")
    assert part(page) is not None
    assert page.evaluate("document.activeElement.closest('tr').dataset.model") == "1"
    page.keyboard.press("Escape")
    assert part(page) is None


def test_wrong_parts_are_passed_over(board, opened):
    page = opened(board)
    for axis in ("60", "80,60", "NaN,70", "60,80,90", "-1000,1000", "1e1,1e2", ",", "500,600", "60,60"):
        visit(page, f"#axis={axis}")
        assert page.is_hidden("#axis-part"), axis


def test_another_scale_has_its_own_axis(board, opened):
    page = opened(board, hash="#axis=60,80")
    assert page.evaluate(TOLD).startswith("axis from 60 to 80;")
    page.check("#differences")
    assert part(page) is None
    drag(page, 0.4, 0.7)
    page.fill("#find", "lab")
    assert page.is_visible("#axis-part")
    page.check("#scores")
    assert part(page) is None


def test_a_finger_zooms_on_a_phone(board, opened):
    page = opened(board, viewport=PHONE, is_mobile=True, has_touch=True)
    box = page.locator("#board-axis").bounding_box()
    client = page.context.new_cdp_session(page)
    y = box["y"] + box["height"] / 2
    for kind, share in (("touchStart", 0.3), ("touchMove", 0.5), ("touchMove", 0.7), ("touchEnd", None)):
        points = [] if share is None else [{"x": box["x"] + share * box["width"], "y": y}]
        client.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    assert part(page) is not None
    page.wait_for_timeout(500)  # sooner it may count as the second of two taps
    page.tap("#axis-whole")
    page.wait_for_function("() => !location.hash.includes('axis=')")  # a click comes after the tap


def test_the_saved_picture_has_the_same_axis(board, opened):
    page = opened(board, hash="#axis=60,70", accept_downloads=True)
    page.locator("#board-card .take > button").click()
    with page.expect_download() as saved:
        page.locator("#board-card .menu").get_by_role("button", name="SVG: Picture").click()
    text = saved.value.path().read_text(encoding="utf-8")
    assert "axis from 60 to 70; an arrow: goes on beyond it" in text
    assert text.count("<path") == page.locator("#board-body .goes-on").count() > 0


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}], ids=["light", "dark", "phone"])
def test_axe_finds_nothing_in_a_part(look, board, opened):
    check(opened(board, hash="#axis=60,70", bypass_csp=True, **look))
