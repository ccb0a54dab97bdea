"""The site's calculator: its numbers are the command's, its address keeps what was typed, and nothing is requested."""

import json
import math
import random
import runpy

import polars as pl
import pytest
from click.testing import CliRunner

import accessible
import howsure as hs
from howsure.commands.main import main
from howsure.page.page import asset, statistics
from places import ROOT
from trials import draws

MADE = runpy.run_path(str(ROOT / "docs" / "site" / "calculator" / "calculator.py"))
LEVELS = (0.95, 0.9, 0.99)
INPUTS = draws(30, 200)
"""Of each kind; all of them in scripts/trials."""


@pytest.fixture(scope="module")
def asked(browser):
    """Return what calls a function of the statistics with many lists of arguments at once."""
    page = browser.new_context(offline=True).new_page()
    page.set_content("<!DOCTYPE html><title>statistics</title>")
    page.add_script_tag(content=asset("distributions.min.js"))
    text = f'(() => {{"use strict";\n{statistics(MADE["PARTS"])}\nwindow.call = (name) => eval(name);}})();'
    page.add_script_tag(content=text)
    yield lambda name, cases: page.evaluate(
        "([name, cases]) => cases.map((each) => window.call(name)(...each))", [name, cases]
    )
    page.close()


@pytest.fixture
def shown(browser, tmp_path):
    """Return a function that opens the page with an address, and the requests that it made."""
    file = tmp_path / "calculator.html"
    file.write_text(MADE["write"]())
    (tmp_path / "lesson.html").write_text("<!DOCTYPE html><title>the lesson</title>")
    context = browser.new_context(viewport={"width": 390, "height": 800})
    page = context.new_page()
    requests = []
    page.on("request", lambda request: requests.append(request.url))

    def at(address=""):
        page.goto("about:blank")
        page.goto(f"{file.as_uri()}{address}")
        return page

    yield at, requests
    context.close()


def close(found, expected):
    if expected is None or math.isnan(expected):
        return found is None or math.isnan(found)
    return abs(found - expected) <= 1e-9 * max(abs(expected), 1)


def counts(rng):
    n = rng.choice((2, 3, 5, 10, 20, 60, 200, 1000, rng.randint(2, 400)))
    return rng.choice((0, n, rng.randint(0, n), rng.randint(0, n))), n


@pytest.mark.unmeasured
def test_pairs_of_counts_are_those_of_compare(asked):
    rng = random.Random(1)
    cases = [(counts(rng), counts(rng), rng.choice(LEVELS)) for _ in range(INPUTS)]
    for case, found in zip(cases, asked("pairOfCounts", [list(case) for case in cases]), strict=True):
        (right_a, a), (right_b, b), level = case
        expected = hs.compare(f"{right_a}/{a}", f"{right_b}/{b}", level=level)
        for name, value in (
            ("value", expected.difference.value),
            ("low", expected.low),
            ("high", expected.high),
            ("pValue", expected.p_value),
        ):
            assert close(found[name], value), (case, name, found[name], value)


@pytest.mark.unmeasured
def test_counts_are_those_of_estimate(asked):
    rng = random.Random(2)
    cases = [(*counts(rng), rng.choice(LEVELS)) for _ in range(INPUTS)]
    given = [[[1] * right + [0] * (n - right), {"level": level}] for right, n, level in cases]
    for (right, n, level), found in zip(cases, asked("meanOf", given), strict=True):
        expected = hs.estimate(f"{right}/{n}", level=level)[0].estimate
        for name, value in (
            ("value", expected.value),
            ("low", expected.interval.low),
            ("high", expected.interval.high),
        ):
            assert close(found[name], value), (right, n, level, name, found[name], value)


@pytest.mark.unmeasured
def test_published_scores_are_those_of_audit(asked):
    rng, boards = random.Random(3), []
    for k in range(INPUTS // 5):
        rows = []
        for m in range(5):
            n = rng.choice((50, 100, 500, rng.randint(10, 2000)))
            row = {
                "model": f"m{m}",
                "score": rng.choice((0.0, 1.0, rng.random(), round(rng.random(), 3))),
                "n": n,
                "stderr": None,
            }
            if k % 3 == 0:
                row["stderr"] = 0.001 + 0.05 * rng.random()
            rows.append(row)
        boards.append((rows, rng.choice(LEVELS)))
    compared = 0
    for (rows, level), found in zip(boards, asked("publishedBoard", [list(each) for each in boards]), strict=True):
        frame = pl.DataFrame(
            rows, schema={"model": pl.String, "score": pl.Float64, "n": pl.Int64, "stderr": pl.Float64}
        )
        (board,) = hs.audit(frame.drop("stderr") if frame["stderr"].null_count() else frame, level=level).boards
        for row, entry in zip(found, board.entries, strict=True):
            compared += 1
            assert row["model"] == entry.model
            for name, value in (
                ("low", entry.low),
                ("high", entry.high),
                ("gap", entry.difference_next),
                ("pValue", entry.p_next),
            ):
                assert close(row[name], value), (rows, name, row[name], value)
    assert compared == INPUTS


@pytest.mark.unmeasured
def test_planned_questions_are_those_of_plan(shown):
    at, _ = shown
    rng = random.Random(4)
    for _ in range(INPUTS // 10):
        agreement = rng.choice(("", "85", "70", "92.5"))
        effect, power, level = rng.choice(("1", "2.5", "3", "5")), rng.choice(("0.8", "0.9")), rng.choice(LEVELS)
        page = at(f"#level={level}&plan.effect={effect}&plan.power={power}&plan.agreement={agreement}")
        command = page.inner_text("#plan-command")
        expected = json.loads(CliRunner().invoke(main, [*command.split()[1:], "-f", "json"]).stdout)
        questions = expected["sentence"].split(" questions")[0]
        assert page.inner_text("#plan-answer").startswith(f"{questions} questions"), command


SENTENCES = {
    "#one.right=45&one.n=60": ("one", "scores 75.0% on counts (95% CI 62.5 to 84.4).", "75.0% (95% CI 62.5 to 84.4)."),
    "#two.rightA=17&two.a=20&two.rightB=14&two.b=20": (
        "two",
        "by 15.0 points (95% CI −13.0 to 40.3, p = 0.308).",
        "Can't tell. The first is ahead of the second by 15.0 points (95% CI −13.0 to 40.3, p = 0.308).",
    ),
    "#level=0.9&two.rightA=10&two.a=100&two.rightB=90&two.b=100": (
        "two",
        "better than 10/100 by 80.0 points",
        "The second is better than the first by 80.0 points (90% CI ",
    ),
}


@pytest.mark.parametrize("address", SENTENCES)
def test_the_shown_command_prints_the_same_sentence(shown, address):
    at, requests = shown
    name, part, sentence = SENTENCES[address]
    page = at(address)
    assert sentence in " ".join(page.inner_text(f"#{name}-answer").split())
    command = page.inner_text(f"#{name}-command").split()
    printed = " ".join(CliRunner(env={"COLUMNS": "200"}).invoke(main, command[1:]).stdout.split())
    assert part in printed
    assert all(url.startswith(("file:", "about:")) for url in requests)


def test_typing_answers_and_the_address_keeps_it(shown):
    at, _ = shown
    page = at()
    page.fill("#one input[name=right]", "0")
    page.fill("#one input[name=n]", "300")
    assert "below 0.99% (95% confidence)" in page.inner_text("#one-answer")
    page.select_option("#level", "0.99")
    assert page.url.endswith("#level=0.99&one.right=0&one.n=300")
    again = at(page.url.partition("calculator.html")[2])
    assert again.input_value("#one input[name=n]") == "300"
    assert "99% CI" in again.inner_text("#one-answer")


@pytest.mark.parametrize(
    ("form", "field", "text", "message"),
    [
        ("one", "right", "x", "write a whole number"),
        ("one", "right", "61", "more right answers than questions"),
        ("two", "a", "1", "at least 2 questions"),
        ("plan", "effect", "0", "between 0 and 100"),
        ("plan", "effect", "30", "can't differ this much"),
        ("board", "table", "a", "Paste a first line"),
        ("board", "table", "model, points\na, 3", "No column is called score"),
        ("board", "table", "model, score\na, x", "isn't a number"),
        ("board", "table", "model, score\na, 0.5", "Give the number of questions"),
    ],
)
def test_a_mistake_is_explained(shown, form, field, text, message):
    at, _ = shown
    page = at()
    page.fill(f"#{form} [name={field}]", text)
    assert message in page.inner_text(f"#{form}-answer")
    assert page.inner_text(f"#{form}-command") == ""


def test_pasted_tables_in_other_forms_are_read(shown):
    at, _ = shown
    page = at()
    tables = {
        "| model | accuracy % | questions |\n| --- | ---: | ---: |\n| **a** | 71.2 | 500 |\n| b | 64.0 | 500 |": [
            "a",
            "b",
        ],
        "model\tscore\tstderr\na<b>\t0.712\t0.02\nb\t0.64\t0.02": ["a<b>", "b"],
        "name;acc;n\nb;0,64;500": None,
    }
    for text, models in tables.items():
        page.fill("#board [name=table]", text)
        rows = page.locator("#board-answer tr").count()
        assert (rows == len(models) + 1) if models else (rows == 0 or rows == 2), text
        if models:
            assert page.locator("#board-answer td:first-child").all_inner_texts() == models


def test_the_page_fits_a_phone_and_works_by_keyboard(shown):
    at, _ = shown
    page = at()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.focus("#level")
    order = []
    for _ in range(6):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.name || document.activeElement.dataset.copy || ''"))
    assert order == ["right", "n", "one-command", "rightA", "a", "rightB"]
    accessible.check(page)
