"""What holds of every page: texts stay texts."""

from __future__ import annotations

MARKER = "window.touched=1"
TEXTS = (
    f"<script>{MARKER}</script>",
    f"<img src=x onerror={MARKER}>",
    f'"><svg onload={MARKER}>',
    f"</script><script>{MARKER}</script>",
    "<!--<script>",
    f"javascript:{MARKER}",
    "{{7*7}}",
    "${7*7}",
    "__proto__",
    "constructor",
    "toString",
    "'\"`&amp;",
    "\u202egnp.exe",
    "a\0b",
    "\x1b[31mred\x1b[0m",
    "x" * 900,
    "😀👩‍👩‍👧",
    "$title",
    "$$ $& $1",
    "a\u2028b\u2029c",
    "</style><style>*{display:none}",
    "</title><h1>",
    "datum.best",
    "-1",
    "-score %",
    "",
    " ",
)


def untouched(page):
    assert page.evaluate("window.touched") is None
    assert (
        page.evaluate(
            "document.querySelectorAll('img, iframe, object, embed, link, base, form:not(.vega-bindings)').length"
        )
        == 0
    )
    assert page.evaluate("document.querySelectorAll('script').length") == page.evaluate(
        "document.querySelectorAll('script[type]').length + 1"
    )
    assert page.evaluate("document.querySelectorAll('style').length") == 1
    assert page.evaluate("document.querySelectorAll('h1').length") == 1
    assert page.evaluate("({}).polluted") is None
    assert (
        page.evaluate(
            "[...document.querySelectorAll('*')].flatMap((e) => e.getAttributeNames()).filter((n) => n.startsWith('on'))"
        )
        == []
    )
