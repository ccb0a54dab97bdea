"""Pages are written in plain English: no banned pattern, no sentence of more than 35 words, at most one semicolon per paragraph."""

import runpy

import pytest

from places import ROOT

LANGUAGE = runpy.run_path(str(ROOT / "scripts" / "language"))
PAGES = ["README", *sorted(f"docs/{path.stem}" for path in (ROOT / "docs").glob("*.md"))]


@pytest.mark.parametrize("page", PAGES)
def test_pages_are_written_in_plain_english(page):
    assert LANGUAGE["faults"]((ROOT / f"{page}.md").read_text()) == []


NO_LIMIT = ("docs/cli", "docs/api", "docs/json", "docs/formats", "docs/scale", "docs/glossary", "docs/calibration")
"""Pages that one looks something up in."""


@pytest.mark.parametrize("page", [page for page in PAGES if page not in NO_LIMIT])
def test_no_page_has_more_than_1500_words(page):
    assert LANGUAGE["counts"]((ROOT / f"{page}.md").read_text())["words"] <= 1500


RATES = {"say, tell": 0.9, "where": 3, "semicolons": 3.8}
"""Per 1,000 words, the most of the program's texts, and of the page and lesson, where "can't tell" is a verdict."""


@pytest.mark.unmeasured
@pytest.mark.parametrize(("part", "most"), [("docstrings", 41), ("messages", 2), ("page and lesson", 0)])
def test_texts_of_the_program_are_written_in_plain_english(part, most):
    """Sentences of formulas and lists of names are the remaining faults: take them down, never up."""
    text = LANGUAGE["joined"](LANGUAGE["PROGRAM"][part]())
    faults = LANGUAGE["faults"](text)
    assert [fault for fault in faults if fault.startswith("banned")] == []
    assert len(faults) <= most, faults
    counts = LANGUAGE["counts"](text)
    rates = RATES | ({"say, tell": 3.2} if part == "page and lesson" else {})
    assert {name: counts[name] for name, rate in rates.items() if counts[name] > rate} == {}
    assert counts["over 40 words %"] <= 0.2


def test_the_readme_has_at_most_1100_words():
    words = (ROOT / "README.md").read_text().split()
    assert sum(any(letter.isalnum() for letter in word) for word in words) <= 1100


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("The mapping is told.", "banned: 'is told'"),
        ("95 % of them.", "banned: '5 %'"),
        ("One; two; three.", "2 semicolons"),
        ("word " * 36, "36 words"),
        ("| a | nobody |\n| --- | --- |", "banned: 'nobody'"),
    ],
)
def test_faults_are_named(text, fault):
    assert LANGUAGE["faults"](text)[0].startswith(fault)


def test_code_and_output_are_not_prose():
    assert LANGUAGE["faults"]("```console\n95 % is told; nobody; x\n```\n\n`is told`\n\n![nobody](a.svg)\n") == []
