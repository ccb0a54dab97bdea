"""The documentation site in a real browser: what the search finds, how fast the first page is, and that it stands still. scripts/site builds it."""

import functools
import http.server
import threading

import pytest

import accessible
from places import ROOT

SITE = ROOT / "site"
QUESTIONS = {
    "pass@k": {"noise", "choosing", "glossary"},
    "how many questions": {"planning", "guide/7-power"},
    "clusters": {"guide/4-clusters", "choosing"},
    "rule of three": {"glossary", "planning"},
    "is my gate flaky": {"gate"},
    "cost per question": {"costs"},
    "LLM judge bias": {"biases"},
    "compare two models": {"guide/6-comparison", "quickstart", "runs"},
    "tied ranks": {"guide/1-illusion", "statistics", "quickstart"},
    "p-value": {"glossary", "guide/6-comparison"},
    "checkpoints": {"noise", "history"},
    "stop early": {"stopping"},
    "slices": {"slices"},
    "missing answers": {"formats", "quickstart", "choosing"},
    "inspect logs": {"inspect", "formats"},
    "lm-eval": {"lm_eval"},
    "pairwise votes": {"votes"},
    "exit codes": {"gate", "stability"},
    "confidence interval": {"glossary", "guide/3-central-limit", "choosing", "statistics"},
    "power": {"guide/7-power", "planning"},
}
"""What a user types, and the pages that answer it, in docs/."""
OTHERS = {
    "new prompt better than the old one": {"is-a-better", "guide/6-comparison", "runs", "quickstart"},
    "my benchmark has few questions": {
        "guide/7-power",
        "planning",
        "guide/2-super-population",
        "guide/3-central-limit",
    },
    "error bars": {"how-good", "guide/3-central-limit", "glossary", "quickstart", "guide/README", "choosing"},
    "GitHub action": {"ci", "gate"},
    "temperature": {"noise", "guide/5-shrinking"},
    "CSV file": {"formats", "mapping"},
    "which model is cheapest": {"costs"},
    "what broke since yesterday": {"runs", "history"},
    "annotator agreement": {"agreement"},
    "LaTeX table": {"plots"},
    "JSON schema": {"json", "stability", "api", "cli"},
    "how does it compare with inspect_ai": {"peers", "inspect"},
    "MLflow": {"recipes"},
    "false alarms": {"gate", "glossary", "calibration"},
    "human labels for a judge": {"judges"},
    "bootstrap": {"choosing", "statistics"},
    "Elo": {"votes"},
    "standard error": {"methods/score", "glossary", "statistics", "guide/3-central-limit"},
    "HTML report": {"report"},
    "out of memory": {"scale"},
}
"""More of them, written before their answers were seen: the search found 16 of 20 then. The four that it missed were told to asked.toml later."""
BROUGHT = {
    "how many questions": {"planning"},
    "pass@k": {"noise"},
    "F1": {"metrics"},
    "GitHub Actions": {"ci"},
    "my format": {"mapping"},
    "seeds": {"random-factors"},
    "AIME with 32 samples": {"faq"},
    "is 2 points real": {"is-a-better", "faq"},
    "rare failures": {"how-good"},
    "LLM judge": {"judges"},
    "compare two runs": {"runs"},
    "nightly": {"history"},
    "cost": {"costs"},
    "Bradley–Terry": {"votes"},
    "how do I cite it": {"faq"},
}
"""The fifteen that every reader brings: each page is the search's first or second, or one click away in the navigation."""
RECORDS = ("docs/decisions/", "docs/calibration", "CHANGELOG")
SHIFTS = """
window.shift = 0;
new PerformanceObserver((list) => list.getEntries().forEach((entry) => (window.shift += entry.value))).observe({ type: "layout-shift", buffered: true });
"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *_):
        """The browser leaves a page before all is fetched: that is no error."""


@pytest.fixture(scope="module")
def address():
    if not (SITE / "index.html").exists():
        pytest.skip("scripts/site wasn't run")
    server = Server(("127.0.0.1", 0), functools.partial(Quiet, directory=str(SITE)))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="module")
def searched(browser, address):
    """Return what the search lists for a question: the pages, best first."""
    page = browser.new_page()

    def ask(question):
        page.goto(f"{address}/search.html")
        page.fill(".sidebar-search", question)
        page.press(".sidebar-search", "Enter")
        page.wait_for_function(
            "/found|not match/.test(document.querySelector('#search-results .search-summary')?.innerText)"
        )
        links = page.eval_on_selector_all("#search-results li > a", "links => links.map((link) => link.pathname)")
        return [link.removeprefix("/").removesuffix(".html") for link in links]

    yield ask
    page.close()


@pytest.mark.parametrize(
    ("questions", "least"), [(QUESTIONS, 18), (OTHERS, 18), (BROUGHT, 15)], ids=["twenty", "others", "fifteen"]
)
def test_the_right_page_is_among_the_first_two(searched, questions, least):
    found = {question: searched(question)[:2] for question in questions}
    missed = {
        question: pages
        for question, pages in found.items()
        if not {page.removeprefix("docs/") for page in pages} & questions[question]
    }
    print(f"{len(questions) - len(missed)} of {len(questions)}; missed: {missed}")
    assert len(questions) - len(missed) >= least, missed


def test_pages_for_users_come_before_records(searched):
    for question in QUESTIONS:
        first = searched(question)[0]
        assert not first.startswith(RECORDS), (question, first)


def test_a_page_is_listed_once_and_nonsense_finds_nothing(searched):
    found = searched("clusters")
    assert len(found) == len(set(found)) > 5
    assert searched("xyzzyqwert") == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_the_first_page_is_small_and_stands_still(browser, address, width, scheme):
    context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
    page = context.new_page()
    fetched = {}
    page.on("response", lambda response: fetched.update({response.url: len(response.body())}))
    page.add_init_script(SHIFTS)
    page.goto(f"{address}/index.html", wait_until="networkidle")
    page.mouse.wheel(0, 4000)
    page.wait_for_timeout(300)
    print(f"{sum(fetched.values()):,} bytes, layout shift {page.evaluate('shift')}")
    assert all(url.startswith(address) for url in fetched)
    assert sum(fetched.values()) < 1_000_000
    assert page.evaluate("shift") < 0.001
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    shape = "wide" if width > 560 else "phone"
    assert shown(page) == [f"swebench-{shape}-{scheme}.svg"]
    page.evaluate("document.body.dataset.theme = 'dark'")
    assert shown(page) == [f"swebench-{shape}-dark.svg"]
    context.close()


def shown(page):
    """Return which pictures of the first page are seen."""
    return page.eval_on_selector_all(
        ".picture img", "all => all.filter((img) => img.checkVisibility()).map((img) => img.src.split('/').pop())"
    )


@pytest.mark.parametrize("name", ["docs/plots", "README", "docs/calibration"])
def test_pages_with_pictures_stand_still(browser, address, name):
    page = browser.new_page(viewport={"width": 390, "height": 800})
    page.add_init_script(SHIFTS)
    page.goto(f"{address}/{name}.html", wait_until="networkidle")
    page.wait_for_timeout(200)
    assert page.evaluate("shift") < 0.001
    assert page.eval_on_selector_all(
        "article img", "all => all.every((img) => img.getBoundingClientRect().width <= innerWidth)"
    )
    page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["index", "docs/gallery", "docs/api", "search"])
def test_axe_finds_nothing(browser, address, name, scheme):
    context = browser.new_context(color_scheme=scheme, reduced_motion="reduce")
    page = context.new_page()
    page.goto(f"{address}/{name}.html{'?q=clusters' if name == 'search' else ''}")
    accessible.check(page)
    context.close()


def test_the_demonstrations_open_and_votes_are_said_to_be_made_up(browser, address):
    page = browser.new_page()
    wrong = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    for name in ("lesson", "calculator", "demos/swebench", "demos/logs", "demos/frontier", "demos/votes"):
        response = page.goto(f"{address}/{name}.html")
        assert response.ok
        assert page.title()
    assert "Made-up votes" in page.inner_text("body")
    assert wrong == []
    page.close()
