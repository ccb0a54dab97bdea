"""A real notebook, executed and looked at: nothing asks a server, and the page works in a frame that may do little."""

from __future__ import annotations

import json
import re
from functools import cache
from html import escape

import pytest

from child import run
from places import LOGS

pytest.importorskip("nbclient", reason="the development set has it")
pytest.importorskip("ipykernel", reason="the development set has it")

CELLS = (
    f"import howsure as hs\nscores = hs.read({str(LOGS)!r})\nscores",
    "board = hs.leaderboard(scores, cluster='passage_id')\nboard",
    "board.plot()",
    "hs.compare(scores, 'smollm2-135m-t0.3', 'smollm2-135m-2shot', cluster='passage_id')",
    "hs.report(scores, cluster='passage_id')",
)
EXECUTE = """
import json, nbformat
from nbclient import NotebookClient
book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in {cells!r}])
NotebookClient(book, timeout=120, kernel_name="python3").execute()
print(json.dumps([[dict(out.get("data") or {{"error": str(out)}}) for out in cell.outputs] for cell in book.cells]))
"""
KINDS = ("text/html", "image/svg+xml", "text/plain")
STRICT = "default-src 'none'; script-src 'unsafe-inline' 'unsafe-eval'; style-src 'unsafe-inline'; img-src data:"
"""What the frame of an editor lets a notebook do."""
SANDBOX = re.compile(r'sandbox="[^"]*" allow="[^"]*"')


@cache
def outputs(folder):
    """Execute the notebook, and return what each cell shows."""
    found = json.loads(run(EXECUTE.format(cells=list(CELLS)), folder).splitlines()[-1])
    assert [len(each) for each in found] == [1] * len(CELLS), found
    return [each[0] for each in found]


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    return outputs(tmp_path_factory.mktemp("notebook"))


def richest(data):
    """Return an output as notebooks show it: the first of its kinds, text as text."""
    kind = next(kind for kind in KINDS if kind in data)
    text = "".join(data[kind])
    return f"<pre>{escape(text)}</pre>" if kind == "text/plain" else text


def shown(page, cells, *, sandbox=None, policy=""):
    """Open the outputs below each other, as a notebook does; return what was asked of anybody."""
    body = "".join(f'<div class="output">{richest(cell)}</div>' for cell in cells)
    if sandbox is not None:
        body = SANDBOX.sub(f'sandbox="{sandbox}"', body)
        assert f'sandbox="{sandbox}"' in body
    head = f'<meta http-equiv="Content-Security-Policy" content="{policy}">' if policy else ""
    requests, wrong = [], []
    page.on("request", lambda request: requests.append(request.url))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.set_content(f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>")
    frame = page.frame_locator("iframe")
    frame.locator("html[data-ready]").wait_for(state="attached")
    return frame, requests, wrong


@pytest.fixture
def page(browser):
    context = browser.new_context(viewport={"width": 1100, "height": 900}, offline=True)
    yield context.new_page()
    context.close()


def test_a_notebook_shows_everything_and_asks_nobody(cells, page):
    frame, requests, wrong = shown(page, cells)
    assert [next(kind for kind in KINDS if kind in cell) for cell in cells] == [
        *("text/html", "text/html", "image/svg+xml", "text/html", "text/html")
    ]
    assert cells[1]["text/plain"].startswith("smollm2-135m-t0.3 scores highest (43.4%)")
    scores, board, chart, pair, report = page.locator(".output").all()
    assert scores.locator("tbody tr").count() == board.locator("tbody tr").count() == 4
    assert "100 questions × 5" in scores.inner_text()
    assert chart.locator("svg").first.bounding_box()["width"] > 300
    assert "Can't tell" in pair.inner_text()
    box = report.locator("iframe").bounding_box()
    assert box["height"] >= 700
    assert box["width"] > 1000
    assert frame.locator("#board-body tr").count() == 4
    frame.locator("#matrix svg").first.wait_for()
    assert (requests, wrong) == ([], [])


@pytest.mark.parametrize("policy", ["", STRICT], ids=["sandbox", "sandbox-and-policy"])
def test_the_page_works_in_a_frame_that_may_do_little(cells, page, policy):
    frame, requests, wrong = shown(page, cells[-1:], sandbox="allow-scripts", policy=policy)
    frame.locator("#differences").check()
    assert frame.locator(".bars.self").count() == 1
    frame.locator("#board-card .quiet").click()
    assert frame.get_by_role("button", name="Copy: Link to this view").count() == 0
    frame.get_by_role("button", name="CSV: Whole table").click()
    text = frame.locator("dialog textarea")
    assert text.input_value().startswith("rank,rank_low,rank_high,could_be_best,group,task,metric,model,value,")
    frame.get_by_role("button", name="Close").click()
    assert frame.locator("dialog").count() == 0
    frame.get_by_role("button", name="PNG: Picture").click()
    size = "(image) => image.decode().then(() => [image.naturalWidth, image.naturalHeight])"
    width, height = frame.locator("dialog img").evaluate(size)
    assert width == 1920
    assert height > 200
    assert (requests, wrong) == ([], [])


def test_where_the_clipboard_is_refused_the_text_is_shown(cells, page):
    page.add_init_script("document.execCommand = () => false; delete Navigator.prototype.clipboard")
    frame, _, wrong = shown(page, cells[-1:], sandbox="allow-scripts")
    frame.locator("#copy").click()
    assert frame.locator("dialog textarea").input_value().startswith("howsure.report(")
    assert frame.locator("#copy").text_content() == "Copy"
    assert wrong == []
