"""The pages and pictures of the site are up to date with their data and scripts. Layout and search are tested in tests/browser/test_site.py."""

import re
import runpy

import pytest

from places import DATA, ROOT

PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)\s]+)|^```\{image\} (\S+)\n:alt: (.*)", re.MULTILINE)
GALLERY = runpy.run_path(str(ROOT / "scripts" / "gallery"))
PLOTS = runpy.run_path(str(ROOT / "scripts" / "plots"))
FRONT = runpy.run_path(str(ROOT / "scripts" / "front-picture"))
CHECK = runpy.run_path(str(ROOT / "docs" / "site" / "check.py"))
VOTES = runpy.run_path(str(ROOT / "docs" / "site" / "made_up_votes.py"))
HELD = {"rare successes": "50 items, p .01", "12 clusters": "12 dominant, ICC .1, p .7"}
HELD |= {"5 attempts": "50 items × 5 attempts, ICC .5, p .5", "called different": "10 × 20 pairs, ICC .2, no effect"}
"""The columns of the first page's table, by a part of their heads, and those of docs/peers.md."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_picture_has_a_descriptive_alternative_text(page):
    found = [(alt or more, file or other) for alt, file, other, more in PICTURE.findall(page.read_text())]
    assert [file for alt, file in found if len(alt) < CHECK["LEAST"]] == []
    assert len({alt for alt, _ in found}) >= len({re.sub(r"-(light|dark)", "", file) for _, file in found})


@pytest.mark.unmeasured
@pytest.mark.parametrize("shown", GALLERY["BOARDS"], ids=lambda shown: shown.name)
def test_the_gallery_is_up_to_date_with_its_script(shown):
    path = GALLERY["place"](shown, DATA / "tidy")
    if not path.exists():
        pytest.skip(f"{path} is not here")
    assert (
        f"<!-- {shown.name} -->\n{GALLERY['section'](shown, *GALLERY['answer'](shown, path))}<!-- end -->"
        in GALLERY["PAGE"].read_text()
    )


def test_the_gallery_contains_only_leaderboards_that_may_be_shown():
    text = GALLERY["PAGE"].read_text()
    assert re.findall(r"^<!-- (\w+) -->$", text, re.MULTILINE) == [
        name for board in GALLERY["BOARDS"] for name in (board.name, "end")
    ]
    assert not re.search("alpaca_eval|code_arena|cruxeval", text, re.IGNORECASE)
    assert all("Date of the data: " in part for part in text.split("<!-- end -->")[:-1])


@pytest.mark.unmeasured
def test_the_gallery_script_changes_nothing_without_the_data(tmp_path):
    old = GALLERY["PAGE"].read_text()
    text, pictures = GALLERY["page"](tmp_path, old)
    assert text == old
    assert list(pictures) == ["swebench"]


@pytest.mark.unmeasured
def test_the_front_page_pictures_are_up_to_date_with_their_script():
    import howsure as hs

    board = hs.leaderboard(str(ROOT / "examples" / "swebench_verified.parquet")).boards[0].records()
    for name, text in FRONT["pictures"](board).items():
        assert (ROOT / "docs" / "front" / name).read_text() == text, name
    alt = f"{sum(row['could_be_best'] for row in board)} of {len(board)} systems could be best"
    assert alt in (ROOT / "README.md").read_text()
    assert alt in (ROOT / "docs" / "index.md").read_text()


def test_the_front_page_states_the_lead_that_compare_computes():
    import howsure as hs

    board = hs.leaderboard(str(ROOT / "examples" / "swebench_verified.parquet"), cluster="none").boards[0].records()
    first, second = (row["model"] for row in board[:2])
    gap = hs.compare(str(ROOT / "examples" / "swebench_verified.parquet"), first, second, cluster="none").difference
    low, high = f"{100 * gap.low:.1f}".replace("-", "−"), f"{100 * gap.high:.1f}"
    said = f"The leader is {100 * gap.value:.1f} points ahead of the second, with a 95% confidence interval from {low} to {high}"
    assert said in (ROOT / "docs" / "index.md").read_text()


def tables(text):
    """Return the tables of a page as lists of rows of cells."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE)
    return [
        [[cell.strip() for cell in line.strip("|\n").split("|")] for line in block.splitlines()] for block in blocks
    ]


def test_the_front_page_table_of_other_libraries_equals_the_peers_page():
    measured = {}
    for table in tables((ROOT / "docs" / "peers.md").read_text()):
        for row in table[2:]:
            for world, cell in zip(table[0][1:], row[1:], strict=True):
                measured[row[0], world] = cell.split(" · ")[0]
    front = (ROOT / "docs" / "index.md").read_text().split("<!-- peers -->")[1].split("<!-- end -->")[0]
    (table,) = tables(front)
    compared = 0
    for row in table[2:]:
        for head, cell in zip(table[0][1:], row[1:], strict=True):
            world = next(world for part, world in HELD.items() if part in head)
            figure = measured.get((row[0], world), "")
            assert cell == (f"{100 * float(figure):.1f}%" if figure else ""), (row[0], head)
            compared += bool(figure)
    assert compared >= 20


def test_simulated_votes_are_labelled_and_reproducible():
    import random

    first, again = (list(VOTES["votes"](random.Random(1))) for _ in range(2))
    assert first == again
    assert len(first) == 1200
    assert all(row[name].startswith("made-up") for row in first for name in ("model_a", "model_b", "voter"))


def test_the_site_check_finds_broken_links_missing_alt_texts_and_external_hosts(tmp_path):
    (tmp_path / "a.html").write_text(
        '<a href="b.html">b</a><a href="b.html#here">b</a><a href="b.html#gone">b</a><a href="c.html">c</a>'
        '<img src="b.html" alt="chart"><script src="https://example.org/x.js"></script><a href="https://example.org">e</a>'
    )
    (tmp_path / "b.html").write_text('<p id="here"><img src="a.html" alt="What this picture shows, in a sentence">')
    (tmp_path / "a.css").write_text("@import url(https://example.org/x.css);")
    assert CHECK["check"](tmp_path.resolve()) == [
        "a.html: no text that says what b.html shows",
        "a.html: would fetch https://example.org/x.js",
        "a.html: b.html#gone has no such place",
        "a.html: c.html leads nowhere",
        "a.css: fetches from another host",
    ]


@pytest.mark.once
@pytest.mark.parametrize("name", ["margins", "paired", "looks", "rank"])
def test_figures_that_explain_are_up_to_date_with_their_script(name, monkeypatch):
    """Those that are quick to draw; `scripts/plots --check` compares all."""
    monkeypatch.chdir(ROOT)
    drawn = PLOTS["base"].picture(PLOTS[name](), "svg").decode()
    assert PLOTS["same"](drawn, (PLOTS["FOLDER"] / f"{name}.svg").read_text())
