"""Texts from logs stay texts: in tables, charts, tooltips, the address, the title, with and without JavaScript."""

from __future__ import annotations

import polars as pl
import pytest

from browser_cases import look
from howsure.present.render.visible import visible
from howsure.verbs.report import report
from page_checks import TEXTS, untouched

ITEMS = 12


def hostile(names=TEXTS, task="quiz", **columns):
    """Every text is a model, an item and a cluster; models are right more and more often."""
    rows = [
        {
            "task": task,
            "model": f"{k}{model}",
            "item": f"{i}{item}",
            "text": item,
            "score": float((i * (k + 2)) % (k + 3) > 1),
        }
        for k, model in enumerate(names)
        for i, item in enumerate([*names[:ITEMS], *names[:ITEMS]])
    ]
    return pl.DataFrame(rows).with_columns(**columns)


@pytest.fixture(scope="module")
def made():
    return report(hostile(), cluster="text")


def test_models_items_and_clusters(made, opened):
    page = opened(made)
    board = made.data["boards"][0]
    untouched(page)
    shown = page.evaluate(
        "[...document.querySelectorAll('#board-body tr')].map((row) => row.querySelector('.link').title)"
    )
    assert shown == [visible(model["model"]) for model in board["models"]]
    for k in range(len(board["columns"])):
        if board["columns"][k]["name"]:
            page.evaluate(f"document.querySelector('#board-head th[data-column=\"{k}\"] button').click()")
    for text in TEXTS:
        page.fill("#find", text)
    page.fill("#find", "")
    for a in range(0, len(TEXTS) - 1, 2):
        page.evaluate(
            """(a) => { const side = document.getElementById("pair-b"); document.getElementById("pair-a").value = a; side.value = a + 1;
            side.dispatchEvent(new Event("change")); const name = document.getElementById("model-name"); name.value = a; name.dispatchEvent(new Event("change")); }""",
            a,
        )
        assert page.text_content("#model-verdict").startswith(visible(board["models"][a]["model"])[:40])
        assert page.evaluate("document.querySelectorAll('#pair-words p').length") > 3
    page.evaluate("document.querySelectorAll('#decisive-lists button').forEach((button) => button.click())")
    page.wait_for_timeout(100)
    untouched(page)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")


def test_tooltips(made, opened):
    page = opened(made, hash="#look=model")
    page.wait_for_selector("#model-clusters .mark-symbol path")
    seen = set()
    for dot in page.locator("#model-clusters .mark-symbol path").all():
        dot.scroll_into_view_if_needed()
        box = dot.bounding_box()
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        seen.add(page.get_attribute("#model-clusters", "title"))
    assert any("<script>" in (text or "") for text in seen)
    assert page.text_content("#matrix-told")
    untouched(page)


def test_tasks_and_metrics(opened):
    texts = [text for text in TEXTS if text.strip()]
    rows = pl.concat([hostile(("a", "b", "c"), task=text, metric=pl.lit(f"m{text}")) for text in texts])
    made = report(rows, cluster="none")
    page = opened(made)
    titles = page.locator("#task option").all_text_contents()
    assert titles == ["All tasks", *(visible(board["title"]) for board in made.data["boards"])]
    assert len(titles) > len(texts)
    untouched(page)
    for k in range(len(titles) - 1):
        page.evaluate(
            "(k) => { const task = document.getElementById('task'); task.value = k; task.dispatchEvent(new Event('change')); }",
            k,
        )
        page.wait_for_selector(f'html[data-ready="{k}"]', state="attached")
        look(page, "pair")
        assert page.text_content("#pair-verdict")
    untouched(page)
    page.select_option("#task", "3")
    page.wait_for_selector('html[data-ready="3"]', state="attached")
    page.reload()
    page.wait_for_selector('html[data-ready="3"]', state="attached")
    untouched(page)


def test_the_title(opened):
    title = "|".join(text for text in TEXTS if text.strip())
    page = opened(report(hostile(("a", "b")), title=title, cluster="none"))
    untouched(page)
    assert page.evaluate("document.title") == " ".join(visible(title).split())
    assert page.text_content("h1") == visible(title)


def test_without_javascript(made, opened):
    page = opened(made, java_script_enabled=False)
    assert page.locator(".still table").is_visible()
    assert page.locator("script").count() == page.locator("script[type]").count() + 1
    assert page.locator("img, iframe, object, embed, base, form").count() == 0
    assert page.locator("svg:not(.howsure-bar)").count() == 0
    text = page.locator(".still").text_content()
    assert all(visible(name)[:200].strip() in text for name in TEXTS if not name.isspace())


def test_the_address_is_untrusted_too(made, opened):
    page = opened(
        made,
        hash="#task=%3Cimg%20src%3Dx%3E&a=__proto__&b=constructor&model=%3Cscript%3E&sort=-%3Csvg%3E&find=%00&best=%3C"
        "&look=pair&of=%3Cb%3E&outcome=__proto__&order=constructor&cluster=%3Ci%3E&from=-1e9&text=%3Cu%3E",
    )
    untouched(page)
    assert page.text_content("#pair-verdict")
    look(page, "questions")
    untouched(page)


def test_lone_surrogates_make_no_page_that_cannot_be_written(tmp_path):
    names = pl.DataFrame(
        {"model": ["a", "b"] * 10, "item": [k // 2 for k in range(20)], "score": [k % 3 == 0 for k in range(20)]}
    )
    made = report(names, title="\ud800 lone")
    made.save(tmp_path / "x.html")
    assert "lone" in (tmp_path / "x.html").read_text(encoding="utf-8")
