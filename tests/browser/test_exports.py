"""What is taken out of the page: tables with the figures of the command line, pictures that stand alone, links, and the menu itself."""

from __future__ import annotations

import base64
import csv
import io
import json
import math
import re
import xml.etree.ElementTree as ET
from dataclasses import replace

import polars as pl
import pytest

import howsure as hs
from accessible import check
from browser_cases import CASES, choose, compared, look, made, scores
from howsure.present.document import Document
from howsure.present.leaderboard import board_table
from howsure.present.render import comma_separated, latex, markdown
from howsure.verbs.report import report

CAUGHT = """() => {
  URL.createObjectURL = (blob) => { window.taken = blob; return "about:blank"; };
  URL.revokeObjectURL = () => {};
  HTMLAnchorElement.prototype.click = function () { window.link = this; };
}"""
"""Instead of saving: Chromium lets a page save ten files."""
EVIL = (
    *("=HYPERLINK(1)", "+1", "-1", "@SUM", "a|b", "a\nb", 'say "x", y', "$x_1^2$ \\input{p}", "--"),
    *("<script>window.touched=1</script>", "\ufffe\uffff", "]]>&amp;", "\u202egnp", "[x](http://a)", "@all", ":x:y:"),
)
COPIED = "document.querySelector('.said').textContent === 'Copied.'"
SVG = "{http://www.w3.org/2000/svg}"
TABLES = ["example", "tasks", "holes", "open scale", "benchmark", "not corrected", "one model", "thousands"]


def tabular(table):
    """Return the lines of a table in LaTeX, without what parts it from the text around it."""
    lines = latex.render(Document(blocks=(table,))).split("\n")
    lines = [line.removeprefix(r"\smallskip\noindent").removesuffix(r"\par\smallskip") for line in lines]
    return lines[lines.index(r"\toprule") - 1 : lines.index(r"\end{tabular}") + 1]


def menu(page, card):
    """Open the menu of a card, and return it."""
    place = page.locator(f"#{card} .take .menu")
    if place.is_hidden():
        page.locator(f"#{card} .take > button").click()
    return place


def take(page, card, name):
    """Choose something of a card's menu, and return the name of its file and what is in it."""
    page.evaluate(CAUGHT)
    menu(page, card).get_by_role("button", name=name, exact=True).click()
    until(page, "window.link !== undefined")
    found = page.evaluate("async () => [link.download, window.taken ? await taken.text() : link.getAttribute('href')]")
    page.evaluate("() => { window.link = window.taken = undefined; }")
    return found


def until(page, holds):
    """Wait until something holds; the page's policy keeps Playwright from doing so itself."""
    for _ in range(100):
        if page.evaluate(holds):
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"not so: {holds}")


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def same(told, expected):
    """Say whether a cell of CSV says what a cell of the command line's does."""
    if told == expected:
        return True
    try:
        return math.isclose(float(told), float(expected), rel_tol=1e-12)
    except ValueError:
        return False


@pytest.mark.parametrize("name", TABLES)
def test_what_is_taken_out_has_the_figures_of_the_command_line(name, opened):
    page = opened(made(name), hash="#rows=all")
    options = CASES[name][1]
    board = hs.leaderboard(scores(name), **options)
    boards = [board] if not hasattr(board, "every") else list(board.every)
    for k, each in enumerate(boards):
        choose(page, k)
        for what in ("Whole table", "Table in view"):
            found = rows(take(page, "board-card", f"CSV: {what}")[1])
            expected = rows(comma_separated.render(each.records()))
            assert len(found) == len(expected) == len(each.entries)
            wrong = [
                (key, told[key], row[key])
                for told, row in zip(found, expected, strict=True)
                for key in told
                if not same(told[key], row[key])
            ]
            assert wrong == []
        table = board_table(each, None)
        told = take(page, "board-card", "Markdown: Whole table")
        assert told[0].endswith("leaderboard-all.md")
        assert told[1] == markdown.render(Document(blocks=(replace(table, note=""),)))
        text = take(page, "board-card", "LaTeX: Whole table")[1]
        assert text.rstrip("\n").split("\n")[2:] == tabular(table)


def test_models_and_tasks_are_taken_out(opened):
    page = opened(made("tasks"))
    board = hs.leaderboard(scores("tasks"), cluster="passage")
    found = rows(take(page, "tasks-card", "CSV: Models and tasks")[1])
    expected = rows(comma_separated.render([record for each in board.every for record in each.records()]))
    assert len(found) == len(expected) == 4 * 4
    for told, row in zip(found, expected, strict=True):
        assert [key for key in told if not same(told[key], row[key])] == []
    lines = take(page, "tasks-card", "Markdown: Models and tasks")[1].splitlines()
    assert lines[0] == "| model | overall | easy | hard | odd |"
    assert len(lines) == 2 + 4
    root = ET.fromstring(take(page, "tasks-card", "SVG: Picture")[1])
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    cells = page.evaluate("[...document.querySelectorAll('#tasks-body td span:first-child')].map((e) => e.textContent)")
    assert cells
    assert all(any(text.split(" ")[0] == cell for text in texts) for cell in cells)


@pytest.mark.parametrize("name", ["example", "open scale", "not corrected", "tasks"])
def test_pairs_are_those_of_compare(name, opened):
    page = opened(made(name))
    choose(page, len(made(name).data["boards"]) - 1)
    board = made(name).data["boards"][-1]
    scale = 0.1 if board["percent"] else 0.0
    found = rows(take(page, "matrix-card", "CSV: All pairs")[1])
    names = [model["model"] for model in board["models"]]
    assert len(found) == len(names) * (len(names) - 1) // 2
    for row in found:
        c = compared(name, row["a"], row["b"])[board["task"]]
        assert math.isclose(float(row["difference"]), c.difference.value, rel_tol=1e-5, abs_tol=1e-12)
        assert math.isclose(float(row["se"]), c.difference.se, rel_tol=1e-5)
        for side in ("low", "high"):
            told, limit = float(row[side]), getattr(c.difference.interval, side)
            assert math.isclose(told, limit, rel_tol=6e-4, abs_tol=0.006 * scale)
        assert (row["wins"], row["losses"], row["ties"]) == (str(c.wins), str(c.losses), str(c.ties))
        assert row["p_value"].startswith("<") or math.isclose(float(row["p_value"]), c.p_value, abs_tol=6e-4)
    look(page, "pair")
    one = rows(take(page, "pair-card", "CSV: Numbers")[1])
    assert one == [row for row in found if (row["a"], row["b"]) == (names[0], names[1])]


def test_the_view_is_taken_as_it_is(opened):
    page = opened(made("example"), hash="#scale=differences&find=t")
    lines = take(page, "board-card", "Markdown: Table in view")[1].splitlines()
    assert lines[0] == "| a | b | a − b, points | 95% CI | p | p among all pairs |"
    shown = [len(page.query_selector_all("#board-body tr")), page.locator(".bars.self").count()]
    assert len(lines) == 2 + shown[0] - shown[1]


def test_the_questions_that_decide_are_all_there(opened):
    page = opened(made("example"), hash="#look=pair")
    _, text = take(page, "pair-card", "CSV: Questions that decide")
    found = rows(text)
    pair = compared("example", found[0]["a"], found[0]["b"])["passages"]
    assert [sum(row["outcome"] == what for row in found) for what in ("broke", "fixed")] == [pair.wins, pair.losses]
    assert all((float(row["a_score"]) > float(row["b_score"])) == (row["outcome"] == "broke") for row in found)
    assert "| question | passage\\_id |" in take(page, "pair-card", "Markdown: Questions that decide")[1]


def test_a_table_that_is_shown_keeps_its_columns(opened):
    page = opened(made("example"))
    _, text = take(page, "noise-card", "CSV: Noise")
    models = {model["model"].rpartition("/")[2] for model in made("example").data["boards"][0]["models"]}
    assert {row[""] for row in rows(text)} == models
    assert next(iter(rows(text)[0])) == ""


@pytest.mark.parametrize("hash", ["", "#scale=differences", "#find=shot"])
def test_the_picture_stands_alone(hash, opened):
    page = opened(made("example"), hash=hash, color_scheme="dark")
    name, text = take(page, "board-card", "SVG: Picture")
    assert name == "passages-whole-word-leaderboard.svg"
    root = ET.fromstring(text)
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert root.find(f"{SVG}title").text == made("example").sentence
    assert " ".join(texts).startswith(made("example").sentence)
    assert texts[-1].endswith(f"data {made('example').data['origin']['fingerprint']}")
    shown = page.evaluate("[...document.querySelectorAll('#board-body .name')].map((each) => each.textContent)")
    assert set(shown) <= set(texts)
    circles = [each for each in root.iter(f"{SVG}circle") if float(each.get("r")) == 4]
    signs = len(page.query_selector_all("#legend .sample"))
    assert len(circles) == len(shown) + signs
    assert not re.search(r"currentColor|var\(|https?://(?!www\.w3\.org/)|<style|<script|href", text)
    assert len(re.findall("#ffffff", text)) >= 1


@pytest.mark.parametrize("card", ["pair-card", "model-card", "matrix-card", "health-card"])
def test_charts_stand_alone(card, opened):
    opens = {"pair-card": "#look=pair", "model-card": "#look=model"}
    page = opened(made("example"), color_scheme="dark", hash=opens.get(card, ""))
    names = menu(page, card).get_by_role("button", name=re.compile("^SVG")).all()
    assert names
    for label in [each.get_attribute("aria-label") for each in names]:
        text = take(page, card, label)[1]
        root = ET.fromstring(text)
        assert float(root.get("width")) >= 480
        assert root.find(f"{SVG}title").text
        assert sum(1 for _ in root.iter()) > 10
        assert not re.search(r"var\(|https?://(?!www\.w3\.org/)|<style|<script|color\(", text)


def test_a_png_has_two_dots_a_pixel(opened):
    page = opened(made("example"))
    _, address = take(page, "board-card", "PNG: Picture")
    png = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    svg = ET.fromstring(take(page, "board-card", "SVG: Picture")[1])
    sizes = [int.from_bytes(png[k : k + 4], "big") for k in (16, 20)]
    assert sizes == [2 * int(svg.get("width")), 2 * int(svg.get("height"))]


def test_files_are_really_saved(opened):
    page = opened(made("example"))
    for label, start in (("CSV: Whole table", b"rank,"), ("PNG: Picture", b"\x89PNG"), ("SVG: Picture", b"<?xml")):
        with page.expect_download() as waited:
            menu(page, "board-card").get_by_role("button", name=label).click()
        assert waited.value.path().read_bytes().startswith(start)
    assert "Saved passages-whole-word-leaderboard.svg" in page.locator("#board-card .said").inner_text()
    page.seen.requests = [url for url in page.seen.requests if not url.startswith(("blob:", "data:"))]


def test_texts_are_copied(opened):
    page = opened(made("example"), permissions=["clipboard-read", "clipboard-write"])
    choices = menu(page, "board-card")
    choices.get_by_role("button", name="Copy: Methods, for a paper").click()
    until(page, COPIED)
    copied = page.evaluate("navigator.clipboard.readText()")
    told = hs.leaderboard(scores("example"), cluster="passage_id").render("markdown", methods_paragraph=True)
    paragraph = told.partition("### Methods\n\n")[2].partition("\n\nThe best of")[0].rstrip("\n")
    assert copied == paragraph.replace("\\&", "&")  # copied as plain text: only Markdown escapes the ampersand
    look(page, "pair")
    page.select_option("#pair-b", "3")
    page.keyboard.press("Escape")
    choices = menu(page, "board-card")
    choices.get_by_role("button", name="Copy: Link to this view").click()
    until(page, COPIED)
    link = page.evaluate("navigator.clipboard.readText()")
    assert link == page.url
    assert "b=" in link


@pytest.mark.parametrize(
    "refused",
    ["delete Navigator.prototype.clipboard", "navigator.clipboard.writeText = () => Promise.reject(new Error('no'))"],
)
def test_a_copy_that_is_refused_is_not_said_to_be_done(refused, opened):
    page = opened(made("example"))
    page.evaluate(f"() => {{ {refused}; document.execCommand = () => false; }}")
    page.click("#copy")
    page.wait_for_selector("dialog")
    assert page.locator("dialog textarea").input_value() == made("example").data["command"]
    page.get_by_role("button", name="Copy", exact=True).last.click()
    assert page.locator("dialog [role=status]").inner_text() == "Select it and copy it."
    page.keyboard.press("Escape")
    until(page, "document.querySelector('dialog') === null")
    assert page.inner_text("#copy") == "Copy"
    assert page.evaluate("document.activeElement.id") == "copy"


def test_the_menu_is_used_by_keyboard(opened):
    page = opened(made("example"))
    button = page.locator("#board-card .take > button")
    assert button.get_attribute("aria-label") == "Save: Leaderboard"
    button.focus()
    page.keyboard.press("Enter")
    assert button.get_attribute("aria-expanded") == "true"
    active = "document.activeElement.ariaLabel"
    assert page.evaluate(active) == "CSV: Table in view"
    page.keyboard.press("ArrowDown")
    assert page.evaluate(active) == "Markdown: Table in view"
    page.keyboard.press("End")
    assert page.evaluate(active) == "Copy: Link to this view"
    page.keyboard.press("Home")
    assert page.evaluate(active) == "CSV: Table in view"
    page.keyboard.press("Escape")
    assert page.evaluate(active) == "Save: Leaderboard"
    assert page.locator("#board-card .menu").is_hidden()
    button.click()
    page.click("#verdict")
    assert page.locator("#board-card .menu").is_hidden()
    button.click()
    page.locator("#find").focus()
    assert page.locator("#board-card .menu").is_hidden()


@pytest.mark.parametrize("look", [{}, {"color_scheme": "dark"}, {"viewport": {"width": 390, "height": 844}}])
def test_axe_finds_nothing_in_an_open_menu(look, opened):
    page = opened(made("example"), bypass_csp=True, **look)
    menu(page, "board-card")
    box = page.locator("#board-card .menu").bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= page.viewport_size["width"]
    check(page)


def test_where_there_is_nothing_there_is_no_menu(opened):
    page = opened(made("tasks"))
    choose(page, 0)
    assert page.locator("#noise-card .take > button").is_hidden()
    choose(page, 1)
    assert page.locator("#noise-card .take > button").is_visible()


def test_names_obey_nothing_in_what_is_taken_out(opened):
    rows_of = [
        {"model": model, "item": f"{i}{item}", "text": item, "score": float(i * (k + 2) % (k + 3) > 1)}
        for k, model in enumerate(EVIL)
        for i, item in enumerate([*EVIL, *EVIL])
    ]
    frame = pl.DataFrame(rows_of)
    made_of = report(frame, cluster="text")
    page = opened(made_of)
    board = hs.leaderboard(frame, cluster="text")
    every = board.every[0]
    table = board_table(every, None)
    named = [model["model"] for model in made_of.data["boards"][0]["models"]]
    assert "=HYPERLINK(1)" in named
    found = rows(take(page, "board-card", "CSV: Whole table")[1])
    expected = rows(comma_separated.render(every.records()))
    assert [row["model"] for row in found] == [row["model"] for row in expected]
    assert "'=HYPERLINK(1)" in [row["model"] for row in found]
    assert take(page, "board-card", "Markdown: Whole table")[1] == markdown.render(
        Document(blocks=(replace(table, note=""),))
    )
    text = take(page, "board-card", "LaTeX: Whole table")[1]
    assert text.rstrip("\n").split("\n")[2:] == tabular(table)
    for card, label in (
        ("board-card", "SVG: Picture"),
        ("matrix-card", "SVG: All pairs"),
        ("model-card", "SVG: Cluster by cluster"),
    ):
        if card == "model-card":
            look(page, "model")
        root = ET.fromstring(take(page, card, label)[1])
        assert not [
            each for each in root.iter() if each.tag.rpartition("}")[2] in ("script", "a", "foreignObject", "image")
        ]
    look(page, "pair")
    assert all("\n" not in row["item"] for row in rows(take(page, "pair-card", "CSV: Questions that decide")[1]))
    assert page.evaluate("window.touched") is None
    assert page.evaluate("document.querySelectorAll('img, iframe, dialog, a[download]').length") == 0


def test_the_embedding_code_is_offered_where_there_is_an_address(opened):
    made_of = report(scores("example"), cluster="passage_id", url="https://example.org/a/page.html", title='a "b" <c>')
    page = opened(made_of, permissions=["clipboard-read", "clipboard-write"])
    menu(page, "board-card").get_by_role("button", name="Copy: Code that embeds the page").click()
    until(page, COPIED)
    code = page.evaluate("navigator.clipboard.readText()")
    assert code.startswith('<iframe src="https://example.org/a/page.html" title="a &quot;b&quot; &lt;c&gt;" ')
    menu(page, "board-card").get_by_role("button", name="Copy: Link to this view").click()
    page.wait_for_timeout(100)
    assert page.evaluate("navigator.clipboard.readText()").startswith("https://example.org/a/page.html#")
    assert json.loads(json.dumps(made_of.data))["embed"] == code
