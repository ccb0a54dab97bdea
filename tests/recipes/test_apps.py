"""The apps of docs/recipes.md, started on this machine, opened in Chromium and used."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.request import urlopen

import pytest

from places import LOGS, ROOT

pytest.importorskip("streamlit", reason="scripts/recipes has what this needs")

CHROMIUM = Path("/usr/bin/chromium-headless-shell")
APPS = (ROOT / "docs" / "recipes.md").read_text(encoding="utf-8").partition("\n# The page inside an app\n")[2]
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "GRADIO_SERVER_NAME": "127.0.0.1",
    "HF_HUB_OFFLINE": "1",
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_SERVER_HEADLESS": "true",
}
WORDS = {
    "Streamlit": ["-m", "streamlit", "run", "app.py", "--server.address", "127.0.0.1", "--server.port", "{port}"],
    "Gradio": ["app.py"],
    "Shiny": ["-m", "shiny", "run", "app.py", "--host", "127.0.0.1", "--port", "{port}"],
}


def block(name):
    """Return the app under a heading."""
    return re.search(rf"^## {name}\n.*?^```python\n(.*?)^```", APPS, re.MULTILINE | re.DOTALL)[1]


@contextmanager
def started(name, folder):
    """Start an app on a free port until the end of the block; return its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    words = [word.format(port=port) for word in WORDS[name]]
    places = {"PYTHONPATH": str(ROOT / "src"), "HOME": str(folder), "GRADIO_SERVER_PORT": port}
    with (folder / "app.log").open("w") as log:
        app = subprocess.Popen(
            [sys.executable, *words],
            cwd=folder,
            env={**os.environ, **QUIET, **places},
            stdout=log,
            stderr=log,
            process_group=0,
        )
        try:
            yield answering(f"http://127.0.0.1:{port}/", folder)
        finally:
            os.killpg(app.pid, signal.SIGTERM)
            app.wait(30)


def answering(url, folder):
    for _ in range(120):
        with suppress(OSError), urlopen(url, timeout=2):
            return url
        time.sleep(0.5)
    raise AssertionError((folder / "app.log").read_text())


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox", "--disable-gpu"])
        yield found
        found.close()


def report_of(page):
    """Return the frame that the report is in, as soon as it is ready."""
    for _ in range(240):
        for frame in page.frames:
            with suppress(Exception):  # a frame that is just being filled
                if frame.evaluate("document.documentElement.dataset.ready") is not None:
                    return frame
        page.wait_for_timeout(250)
    raise AssertionError(page.content()[:2000])


@pytest.mark.parametrize("name", WORDS)
def test_an_app_shows_the_page(name, browser, tmp_path):
    shutil.copytree(LOGS, tmp_path / "logs")
    (tmp_path / "app.py").write_text(block(name))
    with started(name, tmp_path) as url:
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.route("**/*", lambda route: route.continue_() if "//127.0.0.1:" in route.request.url else route.abort())
        page.goto(url)
        frame = report_of(page)
        asked = []
        page.on("request", lambda request: asked.append(request.url) if request.frame == frame else None)
        assert frame.locator("#board-body tr").count() == 4
        box = frame.frame_element().bounding_box()
        assert box["height"] >= 700
        assert box["width"] > 900
        frame.locator("#differences").check()
        assert frame.locator(".bars.self").count() == 1
        frame.locator("#board-card .take > button").click()
        frame.get_by_role("button", name="CSV: Whole table").click()
        said = frame.locator("dialog h2, #board-card .said:not(:empty)").first
        assert "leaderboard-all.csv" in said.inner_text()
        assert asked == []
        page.screenshot(path=tmp_path / f"{name}.png")
        page.close()


def test_every_app_is_tried():
    assert re.findall(r"^## (.*)$", APPS, re.MULTILINE) == list(WORDS)
