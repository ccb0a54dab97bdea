"""Pages in a real browser: Debian's Chromium without windows, offline, driven by Playwright."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

CHROMIUM = Path("/usr/bin/chromium-headless-shell")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DESKTOP = {"width": 1400, "height": 1000}
WATCH = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
window.alert = window.prompt = window.confirm = () => violations.push("a dialog");
"""


SMOKE = {
    "test_the_keyboard_alone",
    "test_every_row_and_every_pair[example]",
    "test_the_numbers_are_those_of_the_command_line[logs]",
    "test_the_statistics_of_the_browser_are_those_of_the_library",
}
"""What every run of the tests has of the page: one way through it, its numbers, those of the lesson, and what the browser computes."""


def pytest_collection_modifyitems(items):
    """Mark what is in this folder: `smoke` runs with all other tests, the rest in scripts/browser."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.smoke if item.name in SMOKE else pytest.mark.browser)


@pytest.fixture(scope="module")
def browser():
    """One browser a module: Playwright keeps an event loop in this thread, which other tests can't have."""
    if not CHROMIUM.exists():
        reason = f"{CHROMIUM} is not here"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=list(ARGUMENTS))
        yield started
        started.close()


@pytest.fixture
def opened(browser, tmp_path):
    """Return what opens a report in a context of its own and waits for it; whatever goes wrong meanwhile fails the test."""
    contexts, pages = [], []

    def show(report, *, hash="", calm=True, **options):
        file = tmp_path / f"page-{len(contexts)}.html"
        report.save(file)
        context = browser.new_context(**{"viewport": DESKTOP, "offline": True, "reduced_motion": "reduce", **options})
        context.set_default_timeout(10_000)
        page = context.new_page()
        seen = SimpleNamespace(page=page, address=file.as_uri(), messages=[], requests=[], calm=calm)
        page.on("console", lambda message: seen.messages.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda error: seen.messages.append(f"error: {error}"))
        page.on("request", lambda request: seen.requests.append(request.url))
        page.on("dialog", lambda dialog: (seen.messages.append("error: a dialog"), dialog.dismiss()))
        page.add_init_script(WATCH)
        page.goto(file.as_uri() + hash)
        if options.get("java_script_enabled", True):
            page.wait_for_selector("html[data-ready]", state="attached")
        contexts.append(context)
        pages.append((seen, options))
        page.seen = seen
        return page

    yield show
    for seen, options in pages:
        if seen.calm and options.get("java_script_enabled", True):
            assert seen.page.evaluate("window.violations") == []
        assert [text for text in seen.messages if text.startswith(("error", "warning"))] == []
        assert {url.partition("#")[0] for url in seen.requests} == {seen.address}
    for context in contexts:
        context.close()
