"""What the browser tests of the lesson share: the open chapter, its texts, and a dropped table."""

from __future__ import annotations

SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def inside(page, selector):
    """Return what matches in the open chapter."""
    return page.locator(f".chapter:not([hidden]) {selector}")


def told(page, name):
    """Return a text of the open chapter, once it is drawn."""
    page.evaluate(SETTLED)
    return inside(page, f"[data-show={name}]").first.text_content().replace("\N{NO-BREAK SPACE}", " ")


def go(page, name):
    """Open a chapter."""
    page.evaluate(f"location.hash = '#chapter={name}'")
    page.evaluate(SETTLED)


def drop(page, name, text):
    """Drop a table on the page."""
    page.set_input_files("#file", {"name": name, "mimeType": "text/csv", "buffer": text.encode()})
    page.evaluate(SETTLED)
