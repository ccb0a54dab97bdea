"""Going deeper: the panel beside the board, its states in the address, the questions, and what was asked and answered."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import numpy as np
import polars as pl
import pytest

import howsure as hs
from accessible import check
from browser_cases import PHONE, look, made, several, visit
from howsure.present.render.visible import visible
from howsure.table.cells import whole_text
from howsure.verbs.report import report
from page_checks import TEXTS, untouched
from places import LOGS, ROOT

FIRST_SCREEN = {"width": 1280, "height": 720}
FIXTURES = ROOT / "tests" / "fixtures"
FOCUSED = "document.activeElement.id || document.activeElement.className"
FITS = "document.scrollingElement.scrollWidth <= innerWidth"
SCROLLED_IN_SCROLLED = """() => {
  const scrolls = (box) => /auto|scroll/.test(getComputedStyle(box).overflowY) && box.scrollHeight > box.clientHeight + 1;
  const boxes = [...document.querySelectorAll("body *")].filter((box) => box.checkVisibility() && scrolls(box));
  return boxes.filter((box) => boxes.some((other) => other !== box && other.contains(box))).map((box) => box.id || box.className);
}"""
ROWS = "() => [...document.querySelectorAll('#questions-body .link')].map((link) => link.title)"


@pytest.fixture(scope="module")
def example():
    return report(LOGS, cluster="passage_id", texts=True, inspect_view="http://127.0.0.1:7575/")


def state(page):
    """Return what is open, and what it shows."""
    if page.is_hidden("#panel"):
        return None
    shown = next(name for name in ("model", "pair", "questions", "question") if page.is_visible(f"#{name}-card"))
    told = {
        "model": "#model-verdict",
        "pair": "#pair-verdict",
        "questions": "#questions-told",
        "question": "#question-title",
    }
    if shown == "questions" and page.is_hidden("#questions-known"):
        return shown, page.text_content("#questions-unknown")
    page.wait_for_function("(id) => document.querySelector(id).textContent !== ''", arg=told[shown])
    return shown, page.text_content(told[shown])


def settled(page):
    page.wait_for_timeout(60)
    return state(page)


def test_nothing_is_open_at_first_and_a_name_opens_the_panel(example, opened):
    page = opened(example, viewport=FIRST_SCREEN)
    assert state(page) is None
    page.evaluate("scrollTo(0, 60)")
    row = page.locator("#board-body tr:nth-child(3)")
    before, board = row.bounding_box()["y"], page.locator("#board-card").bounding_box()
    row.locator(".link").click()
    assert state(page)[0] == "model"
    assert page.evaluate(FOCUSED) == "model-card"
    assert row.bounding_box()["y"] == pytest.approx(before, abs=1)
    assert page.locator("#board-card").bounding_box() == board
    assert page.evaluate(FITS)


def test_escape_and_the_button_close_it_and_give_the_keyboard_back(example, opened):
    page = opened(example, viewport=FIRST_SCREEN)
    for close in (lambda: page.keyboard.press("Escape"), lambda: page.click("#panel-close")):
        page.focus("#board-body tr:nth-child(2) .link")
        page.keyboard.press("Enter")
        assert page.is_visible("#panel")
        close()
        assert page.is_hidden("#panel")
        assert page.evaluate("document.activeElement.closest('tr')?.dataset.model") == "1"
    assert page.locator("#board-body tr.picked").count() == 0


def test_with_the_keyboard_alone_to_a_question_and_on(example, opened):
    page = opened(example, viewport=FIRST_SCREEN)
    page.focus("#board-body tr:nth-child(1) input")
    page.keyboard.press("Space")
    page.focus("#board-body tr:nth-child(4) input")
    page.keyboard.press("Space")
    assert state(page)[0] == "pair"
    page.focus("#look-questions")
    page.keyboard.press("Enter")
    assert settled(page)[0] == "questions"
    assert page.evaluate(FOCUSED) == "questions-card"
    page.focus("#questions-body tr:nth-child(2) .link")
    listed = page.evaluate(ROWS)
    page.keyboard.press("Enter")
    assert settled(page) == ("question", listed[1])
    page.keyboard.press("ArrowRight")
    assert settled(page) == ("question", listed[2])
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
        page.wait_for_timeout(30)
    assert settled(page) == ("question", listed[0])
    assert page.is_disabled("#question-back")
    page.click("#question-on")
    assert settled(page) == ("question", listed[1])
    page.keyboard.press("Escape")
    assert state(page) is None


STEPS = (
    lambda page: page.click("#board-body tr:nth-child(2) .link"),
    lambda page: page.click("#look-pair"),
    lambda page: page.select_option("#pair-b", "3"),
    lambda page: page.click("#look-questions"),
    lambda page: page.click("#questions-body tr:nth-child(3) .link"),
    lambda page: page.click("#question-list"),
    lambda page: page.click("#panel-close"),
)


def test_back_forward_and_reload(example, opened):
    page = opened(example, viewport=FIRST_SCREEN)
    seen = [settled(page)]
    for step in STEPS:
        step(page)
        seen.append(settled(page))
    assert [each and each[0] for each in seen] == [
        None,
        "model",
        "pair",
        "pair",
        "questions",
        "question",
        "questions",
        None,
    ]
    for before in reversed(seen[:-1]):
        page.go_back()
        assert settled(page) == before
    for after in seen[1:-2]:
        page.go_forward()
        assert settled(page) == after
    page.reload()
    page.wait_for_selector("html[data-ready]", state="attached")
    assert settled(page) == seen[-3]


def test_a_link_brings_back_filter_search_and_page(opened):
    page = opened(
        report(several("ab", n=400)),
        viewport=FIRST_SCREEN,
        hash="#look=questions&outcome=all&order=easiest&text=q3&from=50",
    )
    assert page.text_content("#questions-told") == "51–100 of 111 questions"
    assert page.input_value("#questions-text") == "q3"
    assert page.input_value("#questions-order") == "easiest"
    listed = page.evaluate(ROWS)
    assert len(listed) == 50
    assert all(title.startswith("q") and "3" in title for title in listed)
    page.fill("#questions-text", "q39")
    assert page.text_content("#questions-told") == "11 questions"
    assert "text=q39" in page.url
    assert "from" not in page.url


def test_a_link_within_the_page_is_followed(example, opened):
    page = opened(example)
    page.evaluate("location.hash = '#look=question&question=bakery-3'")
    assert settled(page) == ("question", "bakery-3")


def test_wrong_links_fall_back(example, opened):
    page = opened(example)
    for hash, expected in (
        ("#look=odd", None),
        ("#look=__proto__&a=1", None),
        ("#look=model&model=nobody", "model"),
        ("#look=pair&a=nobody&b=nobody", "pair"),
        ("#look=question&question=nothing", "questions"),
        ("#look=question", "questions"),
        ("#look=questions&outcome=toString&order=__proto__&cluster=nowhere&from=NaN&of=7", "questions"),
        ("#look=questions&from=100000", "questions"),
        ("#look=question&question=%00%F0%28&%", "questions"),
    ):
        visit(page, hash)
        found = settled(page)
        assert (found and found[0]) == expected, hash
        if expected == "questions":
            assert found[1] == "50 questions", hash
        assert page.is_visible("#questions-unknown") == ("question=" in hash), hash


@pytest.mark.parametrize(
    "name", ["one model", "one item", "no shared item", "all ties", "open scale", "tasks", "a model without a score"]
)
def test_every_look_at_every_board(name, opened):
    page = opened(made(name))
    for k in range(len(made(name).data["boards"])):
        if k:
            page.select_option("#task", str(k))
            page.wait_for_selector(f'html[data-ready="{k}"]', state="attached")
        for what in ("model", "pair", "questions"):
            look(page, what)
            assert settled(page)
        if page.locator("#questions-body .link").count():
            page.locator("#questions-body .link").first.click()
            assert settled(page)[0] == "question"
        assert page.evaluate(FITS)


def test_outcomes_are_counted_right(opened):
    rows = several("ab", n=60)
    page = opened(report(rows), hash="#look=questions")
    wide = rows.pivot("model", index="item", values="score")
    a, b = (wide[f"lab/{name}"].to_numpy() for name in "ab")
    leader = page.locator("#board-body .link").first.get_attribute("title")
    a, b = (a, b) if leader == "lab/a" else (b, a)
    counts = {
        "decide": (a != b).sum(),
        "broke": (a > b).sum(),
        "fixed": (a < b).sum(),
        "right": ((a == 1) & (b == 1)).sum(),
        "wrong": ((a == 0) & (b == 0)).sum(),
        "same": (a == b).sum(),
        "all": len(a),
    }
    shown = page.locator("#questions-outcome option").evaluate_all("(all) => all.map((o) => [o.value, o.textContent])")
    assert {value: int(re.search(r"\((\d+)\)", text)[1]) for value, text in shown} == counts
    for outcome, count in counts.items():
        page.select_option("#questions-outcome", outcome)
        assert (
            page.text_content("#questions-told").endswith(f"{count} question{'' if count == 1 else 's'}") or not count
        )


def test_clusters_and_one_model(example, opened):
    page = opened(example, hash="#look=questions&outcome=all")
    page.select_option("#questions-cluster", label="bakery")
    assert page.text_content("#questions-told") == "5 questions"
    page.check("#questions-of-model")
    assert page.text_content("#questions-told") == "5 questions"
    page.select_option("#questions-outcome", "right")
    assert all(title.startswith("bakery-") for title in page.evaluate(ROWS))


def test_the_list_says_what_is_asked(example, opened):
    page = opened(example, hash="#look=questions&outcome=all&text=bakery-3")
    page.wait_for_selector(".hint-of")
    assert page.text_content(".hint-of").endswith("Question: In which year was the oven built?")
    page = opened(made("example"), hash="#look=questions")
    assert page.locator(".hint-of").count() == 0


FRAME = """<!DOCTYPE html><title>notebook</title><iframe sandbox="allow-scripts" width="900" height="800"></iframe>"""


def test_a_sandboxed_frame_without_history_works(example, browser):
    context = browser.new_context(viewport={"width": 1000, "height": 900}, offline=True)
    page = context.new_page()
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_content(FRAME)
    page.evaluate("(html) => { document.querySelector('iframe').srcdoc = html; }", example.html)
    frame = page.frame_locator("iframe")
    frame.locator("#board-body tr:nth-child(2) .link").click()
    assert frame.locator("#model-card").is_visible()
    frame.locator("#look-questions").click()
    frame.locator("#questions-body .link").first.click()
    frame.locator("#question-texts .answers").wait_for()
    frame.locator("#panel-close").click()
    assert frame.locator("#panel").is_hidden()
    assert errors == []
    context.close()


def test_search_finds_texts_that_the_page_holds(example, opened):
    page = opened(example, hash="#look=questions&outcome=all")
    page.fill("#questions-text", "caraway oven built")
    page.wait_for_function("document.getElementById('questions-body').children.length < 50")
    assert "bakery-3" in page.evaluate(ROWS)
    assert all(title.startswith("bakery-") for title in page.evaluate(ROWS))


def test_the_texts_are_those_of_the_logs(example, opened):
    page = opened(example, hash="#look=question&question=bakery-3")
    said = hs.question(LOGS, "bakery-3").attempts
    page.wait_for_selector("#question-texts .answers")
    shown = page.locator("#question-texts").text_content()
    models = [model["model"] for model in example.data["boards"][0]["models"][:2]]
    for attempt in said:
        if attempt.model in models:
            assert attempt.output in shown
            assert attempt.prompt in shown
    assert page.locator("#question-texts .attempt").count() == 10
    assert said[0].target in shown
    groups = page.locator("#question-models").text_content()
    assert sum(map(int, re.findall(r": (\d+)", groups))) == 4
    page.locator("#question-models button").last.click()
    page.wait_for_function("document.querySelectorAll('#question-texts .answers > div').length === 1")


def test_links_to_inspect_view(example, opened):
    page = opened(example, hash="#look=question&question=bakery-3")
    page.wait_for_selector("#question-texts .out")
    links = page.locator("#question-texts .out").evaluate_all(
        "(all) => all.map((a) => [a.getAttribute('href'), a.rel, a.target])"
    )
    files = [path.name for path in LOGS.iterdir()]
    expected = {
        f"http://127.0.0.1:7575/#/logs/{file}/samples/sample/bakery-3/{k}" for file in files for k in range(1, 6)
    }
    assert {href for href, _, _ in links} <= expected
    assert {(rel, target) for _, rel, target in links} == {("noopener noreferrer", "_blank")}
    look(page, "model")
    assert page.locator("#model-links a").count() == 1


def test_without_texts_the_page_says_why(opened):
    page = opened(made("example"), hash="#look=question&question=bakery-3")
    page.wait_for_selector("#question-texts .small")
    assert "howsure report --texts puts them in" in page.text_content("#question-texts")
    page = opened(report(several("ab"), texts=True), hash="#look=question&question=q1")
    page.wait_for_selector("#question-texts .small")
    assert "the rows come from no log" in page.text_content("#question-texts")


HOSTILE = (
    *TEXTS,
    "half \ud800 of a pair",
    "x" * 1_000_000,
    "line\nline\ttab\r\nend",
    "![x](https://example.org/x.png) <b>b</b>",
)


@pytest.fixture
def hostile_log(tmp_path):
    """Write an Inspect log whose prompts, right answers, answers and errors are hostile."""
    log = json.loads((FIXTURES / "inspect" / "small.json").read_text())
    first = log["samples"][0]
    log["samples"] = []
    for k, text in enumerate(HOSTILE):
        output = {"choices": [{"message": {"content": text}, "stop_reason": text[:60]}], "completion": f"{text} output"}
        scores = {"includes": {"value": "CI"[k % 2], "answer": f"{text} answer"}}
        told = {
            "input": text,
            "target": f"{text} target",
            "output": output,
            "scores": scores,
            "id": f"q{k}",
            "attachments": {},
        }
        log["samples"].append({**first, **told, "uuid": str(k)})
    path = tmp_path / "hostile.json"
    path.write_text(json.dumps({**log, "results": None}))
    return path


def test_hostile_texts_stay_texts(hostile_log, opened):
    page = opened(report(hostile_log, cluster="none", texts=True), hash="#look=questions&outcome=all")
    page.wait_for_selector("#questions-body .link")
    for k, text in enumerate(HOSTILE):
        page.evaluate("(k) => { location.hash = `#look=question&question=q${k}`; }", k)
        page.wait_for_function("(k) => document.getElementById('question-title').textContent === `q${k}`", arg=k)
        page.wait_for_selector("#question-texts:not([aria-busy])")
        shown = page.locator("#question-texts").text_content()
        if len(text) > 100_000:
            assert "characters are left out" in shown
            assert len(shown) < 60_000
        elif len(text) < 1000 and "\n" not in text:
            assert f"{visible(whole_text(text))} target" in shown
        untouched(page)
        assert page.evaluate(FITS)
    assert page.locator("#question-texts b, #question-texts img").count() == 0


def test_a_phone_has_one_box_that_scrolls(example, opened):
    page = opened(example, viewport=PHONE)
    page.evaluate("scrollTo(0, 100)")
    page.click("#board-body tr:nth-child(3) .link")
    box = page.locator("#panel").bounding_box()
    assert (box["x"], box["y"], box["width"], box["height"]) == (0, 0, PHONE["width"], PHONE["height"])
    assert page.evaluate(FOCUSED) == "model-card"
    assert page.evaluate("document.querySelector('main').inert")
    for what in ("pair", "questions"):
        page.click(f"#look-{what}")
        assert page.evaluate(SCROLLED_IN_SCROLLED) == []
        assert page.evaluate(FITS)
    page.locator("#questions-body .link").first.click()
    page.wait_for_selector("#question-texts .answers")
    assert page.evaluate(SCROLLED_IN_SCROLLED) == []
    assert page.evaluate("document.getElementById('panel').scrollWidth <= innerWidth")
    page.click("#panel-close")
    assert not page.evaluate("document.querySelector('main').inert")
    assert page.evaluate("scrollY") == pytest.approx(100, abs=2)
    assert page.evaluate("document.activeElement.closest('tr').dataset.model") == "2"


@pytest.mark.parametrize("width", [1100, 1099, 768])
def test_it_fits_at_every_width(width, example, opened):
    page = opened(example, viewport={"width": width, "height": 800}, hash="#look=pair")
    for what in ("model", "pair", "questions"):
        look(page, what)
        assert page.evaluate(FITS)
        assert page.locator("#panel").bounding_box()["width"] == (448 if width >= 1100 else width)


@pytest.mark.parametrize("what", ["model", "pair", "questions", "question&question=bakery-3"])
@pytest.mark.parametrize("view", [{}, {"color_scheme": "dark"}, {"viewport": PHONE}], ids=str)
def test_axe_finds_nothing_in_the_panel(what, view, example, opened):
    page = opened(example, bypass_csp=True, hash=f"#look={what}", **view)
    settled(page)
    check(page)


def test_twelve_thousand_questions_are_few_rows(opened):
    rng = np.random.default_rng(1)
    models, items = 30, 12_000
    right = rng.random((models, items)) < np.linspace(0.4, 0.7, models)[:, None]
    rows = pl.DataFrame(
        {
            "model": np.repeat([f"m{k}" for k in range(models)], items),
            "item": np.tile([f"q{i}" for i in range(items)], models),
            "score": right.ravel().astype(float),
        }
    )
    page = opened(report(rows), hash="#look=questions&outcome=all")
    assert page.text_content("#questions-told") == "1–50 of 12,000 questions"
    assert page.evaluate("document.querySelectorAll('#panel *').length") < 700
    took = page.evaluate(
        """() => { const start = performance.now(); const search = document.getElementById("questions-text");
        search.value = "q119"; search.dispatchEvent(new Event("input")); return performance.now() - start; }"""
    )
    assert took < 300
    page.wait_for_function("document.getElementById('questions-told').textContent.endsWith('111 questions')")


@contextmanager
def viewed(*arguments):
    """Serve logs as `howsure view` does, and give the address."""
    command = [sys.executable, "-m", "howsure", "view", *arguments, "--port", "0", "--no-open"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        address, until = None, time.monotonic() + 30
        while address is None and time.monotonic() < until:
            address = re.search(r"http://127\.0\.0\.1:\d+/", server.stdout.readline() or "")
        assert address is not None
        while not _answers(address[0]) and time.monotonic() < until:
            time.sleep(0.05)
        yield address[0]
    finally:
        server.terminate()
        server.communicate(timeout=10)


def _answers(address):
    """Say whether the server has begun to listen: it says where before it does."""
    try:
        socket.create_connection(("127.0.0.1", urlsplit(address).port), timeout=1).close()
    except OSError:
        return False
    return True


def test_a_served_page_reads_texts_on_demand(browser):
    with viewed(str(LOGS), "--cluster", "passage_id") as address:
        context = browser.new_context(viewport=FIRST_SCREEN)
        page = context.new_page()
        asked, errors = [], []
        page.on(
            "request",
            lambda request: asked.append(request.url.removeprefix(address).partition("?")[0].partition("#")[0]),
        )
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(f"{address}#look=question&question=bakery-3")
        page.wait_for_selector("#question-texts .answers")
        said = next(each for each in hs.question(LOGS, "bakery-3").attempts if each.model.endswith("t0.3"))
        assert said.prompt in page.text_content("#question-texts")
        page.keyboard.press("Tab")
        page.click("#question-on")
        page.wait_for_selector("#question-texts:not([aria-busy])")
        assert asked.count("question") >= 2
        assert set(asked) <= {"", "events", "question", "favicon.ico"}
        assert errors == []
        context.close()


def test_lm_eval_samples_have_texts(opened):
    made = report(FIXTURES / "lm_eval", texts=True)
    page = opened(made)
    page.select_option("#task", label=next(b["title"] for b in made.data["boards"] if b["task"]))
    look(page, "questions")
    page.select_option("#questions-outcome", "all")
    page.locator("#questions-body .link").first.click()
    page.wait_for_selector("#question-texts .answers")
    assert "Q: What is" in page.text_content("#question-texts")
