"""The first screen is one picture: bars that are wide enough to read, scores or differences, in the address, by keyboard too."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

import howsure as hs
from browser_cases import AXIS, PHONE, choose, compared, look, made, random_board, visit
from howsure.verbs.report import report
from howsure.wording import Scale, p_text

FIRST_SCREEN = {"width": 1280, "height": 720}
ORDER = "() => [...document.querySelectorAll('#board-body tr')].map((row) => Number(row.dataset.model))"
BARS = """() => [...document.querySelectorAll("#board-body .bar")].map((bar) => {
  const box = (name) => bar.querySelector(name)?.getBoundingClientRect();
  const [dot, range, zero, cell] = [box(".dot"), box(".range"), box(".zero"), bar.getBoundingClientRect()];
  return {
    told: bar.ariaLabel,
    kind: bar.firstChild.getAttribute("class").replace("bars ", ""),
    value: dot && dot.x + dot.width / 2,
    low: range?.left, high: range?.right, zero: zero?.x, left: cell.left, right: cell.right, top: cell.top, bottom: cell.bottom,
  };
})"""
LABELS = """() => [...document.querySelectorAll(".chart")].filter((chart) => chart.querySelector("svg"))
  .map((chart) => [chart.id, chart.getAttribute("role"), chart.ariaLabel])"""


def pixels(page):
    """Return how many pixels a unit of the axis has."""
    (low, left), *_, (high, right) = page.evaluate(AXIS)
    return (right - left) / (high - low)


def first_screen(page):
    """Look whether the picture has half of the width, in the first screen, with bars that are wide enough."""
    bars = page.evaluate(BARS)
    assert bars[0]["right"] - bars[0]["left"] >= FIRST_SCREEN["width"] / 2
    assert sum(bar["bottom"] <= FIRST_SCREEN["height"] for bar in bars) >= 10
    assert pixels(page) * 8 >= 40
    assert all(bar["left"] <= bar["low"] <= bar["value"] <= bar["high"] <= bar["right"] for bar in bars)


def test_bars_of_150_models_are_wide_enough(opened):
    page = opened(report(random_board(150)), viewport=FIRST_SCREEN)
    first_screen(page)
    assert page.input_value("#zoom") == "top"
    zooms = page.locator("#zoom option").all_text_contents()
    assert zooms[1:] == ["all 150", "first 10", "first 25", "first 50", "first 100"]
    wide = pixels(page)
    page.select_option("#zoom", "all")
    assert page.locator("#board-body tr").count() == 150
    assert pixels(page) < wide


@pytest.mark.parametrize("options", [{}, {"cluster": "none"}], ids=["clusters", "no clusters"])
def test_bars_of_swe_bench_are_wide_enough(options, real_data, opened):
    found = report(hs.read(real_data / "tidy" / "swebench_verified.parquet"), **options)
    page = opened(found, viewport=FIRST_SCREEN)
    first_screen(page)
    best = [k for k, model in enumerate(found.data["boards"][0]["models"]) if model["best"]]
    assert set(best) <= set(page.evaluate(ORDER)) or len(best) > 30


@pytest.mark.parametrize("name", ["example", "open scale", "thousands", "lower, in percent"])
def test_bars_stand_where_the_axis_says(name, opened):
    page, board = opened(made(name)), made(name).data["boards"][0]
    places, values = zip(*page.evaluate(AXIS), strict=True)
    scale = 100 if board["percent"] else 1
    bars = page.evaluate(BARS)
    for model, bar in zip(board["models"], bars, strict=True):
        for end in ("low", "value", "high"):
            expected = np.polyval(np.polyfit(places, values, 1), scale * model[end])
            assert bar[end] == pytest.approx(expected, abs=1)
        assert bar["kind"] == ("sure" if model["best"] else "unsure")
        assert Scale(percent=board["percent"]).score(model["value"]) in bar["told"]


@pytest.mark.parametrize("name", ["example", "tasks", "holes", "open scale", "not corrected", "benchmark", "miller"])
def test_differences_are_those_of_compare(name, opened):
    page = opened(made(name), hash="#scale=differences")
    for k, board in enumerate(made(name).data["boards"]):
        choose(page, k)
        models = [model["model"] for model in board["models"]]
        for chosen in (0, len(models) - 1):
            page.select_option("#against", str(chosen))
            for m, bar in zip(page.evaluate(ORDER), page.evaluate(BARS), strict=True):
                if m == chosen:
                    assert bar["kind"] == "self"
                    assert bar["value"] == pytest.approx(bar["zero"], abs=1)
                else:
                    held_against(bar, compared(name, models[m], models[chosen])[board["task"]], board["percent"])


def held_against(bar, c, percent):
    """Look whether a bar says and shows what `compare` says of its two models."""
    estimate, scale = c.difference, Scale(percent=percent)
    ends = f"{scale.number(estimate.interval.low)}, {scale.number(estimate.interval.high)}"
    assert f": {scale.signed(estimate.value)}{' points' if percent else ''} [{ends}]" in bar["told"]
    p = p_text(c.p_value)
    assert f", p {p if p.startswith('<') else f'= {p}'}" in bar["told"]
    assert (bar["kind"] != "unsure") == c.decided
    if math.isfinite(estimate.interval.low) and c.decided:
        assert (bar["low"] > bar["zero"] - 1) or (bar["high"] < bar["zero"] + 1)
    assert (bar["value"] > bar["zero"]) == (estimate.value > 0) or abs(bar["value"] - bar["zero"]) < 1


def test_no_pair_in_common_has_no_bar(opened):
    page = opened(made("no shared item"), hash="#scale=differences")
    bars = page.evaluate(BARS)
    assert [bar["value"] for bar in bars[1:]] == [None] * (len(bars) - 1)
    assert all("no question in common" in bar["told"] for bar in bars[1:])


def test_pairs_beyond_the_page_have_no_bar(opened, monkeypatch):
    monkeypatch.setattr("howsure.page.boards.MOST_PAIRS", 3)
    page = opened(report(random_board(6, items=40)), hash="#scale=differences")
    assert page.locator("#against option").count() == 3
    assert ["compares the best 3" in bar["told"] for bar in page.evaluate(BARS)] == [False] * 3 + [True] * 3
    page.click("#board-body tr:nth-child(6) .bar")
    assert page.input_value("#against") == "0"


def state(page):
    scale = "differences" if page.is_checked("#differences") else "scores"
    return scale, page.input_value("#against"), page.input_value("#zoom"), page.locator("#board-body tr").count()


@pytest.fixture(scope="module")
def many():
    return report(random_board(40, items=60))


def test_back_reload_and_links(many, opened):
    page = opened(many)
    seen = [state(page)]
    for step in (
        lambda: page.check("#differences"),
        lambda: page.select_option("#zoom", "25"),
        lambda: page.click("#board-body tr:nth-child(4) .bar"),
        lambda: page.select_option("#zoom", "all"),
        lambda: page.check("#scores"),
    ):
        step()
        seen.append(state(page))
    assert [found[1] for found in seen] == ["0", "0", "0", "3", "3", "3"]
    assert [found[3] for found in seen][-3:] == [25, 40, 40]
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert state(page) == seen[-1]
    for before in reversed(seen[:-1]):
        page.go_back()
        page.wait_for_timeout(50)
        assert state(page) == before
    page.go_forward()
    page.wait_for_timeout(50)
    assert state(page) == seen[1]


def test_wrong_links_fall_back(many, opened):
    page = opened(many)
    usual = state(page)
    for hash in (
        "#rows=7&scale=odd&against=nobody",
        "#rows=constructor&scale=&against=%00",
        "#rows=-1&scale=Differences&against=0",
        "#rows=&rows=x&%",
    ):
        visit(page, hash)
        assert state(page) == usual, hash


def test_the_keyboard_goes_from_bar_to_bar(many, opened):
    page = opened(many, hash="#rows=10")
    focused = "() => Number(document.activeElement.closest('tr').dataset.model)"
    assert page.locator("#board-body .bar[tabindex='0']").count() == 1
    page.focus("#board-body .bar")
    for key, expected in (
        ("ArrowDown", 1),
        ("ArrowDown", 2),
        ("ArrowUp", 1),
        ("End", 9),
        ("ArrowDown", 9),
        ("Home", 0),
    ):
        page.keyboard.press(key)
        assert page.evaluate(focused) == expected
    told = "() => getComputedStyle(document.activeElement, '::after').content"
    assert "rank CI" in page.evaluate(told)
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert state(page)[:2] == ("differences", "1")
    assert page.evaluate(focused) == 1
    page.keyboard.press("ArrowDown")
    assert "p " in page.evaluate(told)


@pytest.mark.parametrize("name", ["example", "tasks"])
def test_every_chart_says_what_it_shows(name, opened):
    page = opened(made(name))
    page.wait_for_selector("#matrix svg")
    labels = []
    for what in ("model", "pair"):
        look(page, what)
        page.wait_for_timeout(100)
        labels += page.evaluate(LABELS)
    assert {"pair-gap", "matrix", "model-noise"} <= {chart for chart, _, _ in labels} or name == "tasks"
    assert all(role == "img" and label for _, role, label in labels), labels


CELLS = """() => [...document.querySelectorAll("#matrix .mark-rect path")]
  .map((cell) => Number(cell.getAttribute("fill-opacity") ?? 1))"""
FEW_REAL = (30, 100, 0.2)


def test_a_board_without_a_real_pair_says_so(opened):
    page = opened(report(random_board(30, items=80, spread=0.05)))
    assert page.text_content("#matrix-told").startswith("None of 435 pairs among models 1 to 30 differs significantly.")
    assert page.is_hidden("#matrix-part")
    assert page.locator("#matrix-list li").count() == 0


def test_few_real_pairs_are_listed_and_open_their_comparison(opened):
    rows = random_board(*FEW_REAL)
    pairs = [pair for pair in hs.leaderboard(rows).boards[0].pair_records() if pair["p_adjusted"] <= 0.05]
    page = opened(report(rows))
    listed = page.locator("#matrix-list li")
    assert listed.count() == len(pairs) > 0
    first = listed.first.text_content()
    listed.first.locator("button").click()
    assert page.text_content("#pair-verdict").split(" by ")[0] == first.split(" by ")[0]


def test_pairs_are_shaded_by_evidence(opened):
    found = report(random_board(12, items=300, spread=0.4))
    page = opened(found)
    page.wait_for_selector("#matrix .mark-rect path")
    pairs = hs.leaderboard(random_board(12, items=300, spread=0.4)).boards[0].pair_records()
    expected = [evidence(p_text(pair["p_adjusted"]), pair["p_adjusted"]) for pair in pairs]
    assert sorted(page.evaluate(CELLS)) == sorted(2 * expected)
    assert {0, 0.25, 0.8} <= set(expected)


def evidence(text, p):
    if p > 0.05:
        return 0
    return 0.8 if text.startswith("<") else 0.5 if float(text) <= 0.01 else 0.25


@pytest.mark.parametrize("look", [{}, {"viewport": PHONE}], ids=["desktop", "phone"])
def test_names_are_shortened_only_where_they_stay_distinct(look, opened):
    start, end = "the-same-beginning-of-a-name-", "-the-same-end-of-a-name"
    names = [f"{start}{letter * 9}{end}" for letter in "abcdefgh"]
    rows = random_board(8, items=80, spread=0.6)
    page = opened(
        report(
            rows.with_columns(
                pl.col("model").replace(dict(zip(rows["model"].unique(maintain_order=True), names, strict=True)))
            )
        ),
        **look,
    )
    shown = page.locator("#board-body .link").all_text_contents()
    assert len(set(shown)) == 8
    assert page.evaluate(
        "[...document.querySelectorAll('.link')].every((link) => link.scrollHeight <= link.clientHeight + 2)"
    )
    ticks = "() => [...document.querySelectorAll('#matrix .role-axis-label text')].map((text) => text.textContent.split(' ')[0])"
    page.wait_for_selector("#matrix .mark-rect path")
    labels = [text for text in page.evaluate(ticks) if not text.isdigit()]
    assert len(set(labels)) == len(labels) == 8


def test_print_and_forced_colours_have_axis_and_legend(opened):
    page = opened(made("example"), forced_colors="active")
    page.emulate_media(media="print")
    assert page.is_visible("#board-axis text >> nth=0")
    assert page.is_visible("#legend")
    assert [page.is_hidden(f"#{name}") for name in ("zoom", "against", "find", "pair-a")] == [True] * 4


@pytest.mark.parametrize("name", ["example", "holes", "thousands", "one model", "two models", "one item", "all ties"])
@pytest.mark.parametrize("look", [{}, {"viewport": PHONE}])
def test_differences_fit(name, look, opened):
    page = opened(made(name), hash="#scale=differences&more=1", **look)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    assert page.locator("#board-body tr").count() == len(made(name).data["boards"][0]["models"])


def test_the_keyboard_goes_through_the_matrix(opened):
    page = opened(made("attempts"))
    page.wait_for_selector("#matrix .mark-rect path")
    page.focus("#matrix")
    page.keyboard.press("ArrowDown")
    first = page.text_content("#matrix-here")
    page.keyboard.press("ArrowDown")
    assert page.text_content("#matrix-here") != first
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    assert [int(page.input_value(f"#pair-{side}")) for side in "ab"] == [2, 1]
