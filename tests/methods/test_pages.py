"""Every page in docs/methods has the same parts, symbols with one meaning, short code without howsure, and plain English."""

import re
import runpy

import pytest

from methods import FOLDER, PAGES, code, methods
from places import ROOT

PARTS = [
    "What is estimated",
    "Data and notation",
    "Method",
    "Assumptions",
    "When it fails",
    "Example",
    "Code",
    "References",
]
LANGUAGE = runpy.run_path(str(ROOT / "scripts" / "language"))
REFERENCES = {*re.findall(r"^\| (.+? \(\d{4}\)) \| .+ \|$", (FOLDER / "references.md").read_text(), re.MULTILINE)}
MOST_LINES = 40
WORDS = re.compile(r"\\(?:mathrm|text|operatorname|begin|end|label)\{[^}]*\}")
"""Words in formulas, which aren't symbols."""
LETTER = re.compile(
    r"\\(alpha|beta|gamma|delta|epsilon|varepsilon|zeta|eta|theta|iota|kappa|lambda|mu|nu|xi|pi|rho|sigma|tau|upsilon|phi|varphi|chi|psi|omega|Gamma|Delta|Theta|Lambda|Xi|Pi|Sigma|Phi|Psi|Omega|ell)(?![a-zA-Z])|(?<![\\a-zA-Z])([a-zA-Z])(?![a-zA-Z])"
)
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)


def symbols(text: str) -> set[str]:
    """Return the letters of the formulas in a text."""
    prose = re.sub(r"^```.*?^```$|`[^`\n]*`", "", text, flags=re.MULTILINE | re.DOTALL)
    formulas = [re.sub(r"\\[a-zA-Z]+", lambda m: f"{m[0]} ", WORDS.sub(" ", a or b)) for a, b in FORMULA.findall(prose)]
    spaced = [re.sub(r"(?<![\\a-zA-Z])([a-zA-Z]+)", lambda m: " ".join(m[0]), each) for each in formulas]
    return {greek or latin for each in spaced for greek, latin in LETTER.findall(each)}


def defined() -> set[str]:
    """Return the letters that the table of symbols defines, each in one row."""
    rows = re.findall(r"^\| (\$.+?) \|", (FOLDER / "README.md").read_text().partition("## Symbols")[2], re.MULTILINE)
    letters = [letter for row in rows for letter in symbols(row)]
    assert len(letters) == len({*letters})
    return {*letters}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_pages_have_the_same_parts(page):
    assert re.findall(r"^## (.+)$", page.read_text(), re.MULTILINE) == PARTS


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_symbols_are_in_the_table(page):
    assert symbols(page.read_text()) <= defined()


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_line_of_a_formula_looks_like_a_list_or_a_heading(page):
    """GitHub and pandoc would end the formula there."""
    blocks = re.findall(r"^\$\$\n(.*?)^\$\$$", page.read_text(), re.MULTILINE | re.DOTALL)
    assert [line for block in blocks for line in block.splitlines() if re.match(r"\s*([-+*>#=]|\d+\.|$)", line)] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_code_is_short_and_independent(page):
    lines = [line for line in code(page.stem).splitlines() if line.strip() and not re.match(r"(import|from|#) ?", line)]
    assert 0 < len(lines) <= MOST_LINES
    assert "howsure" not in code(page.stem)
    assert methods(page.stem)
    assert (ROOT / "tests" / "methods" / f"test_{page.stem.replace('-', '_')}.py").exists()


@pytest.mark.parametrize("page", [*PAGES, FOLDER / "README.md"], ids=lambda page: page.stem)
def test_pages_are_written_in_plain_english(page):
    text = page.read_text().partition("## References")[0]
    assert LANGUAGE["faults"](text) == []
    assert LANGUAGE["counts"](text)["where"] <= 3


def test_a_table_becomes_the_arguments_of_the_pages(tmp_path):
    rows = [(m, f"q{i}", f"c{i // 2}", (i + j + (m == "b")) % 2) for m in "ab" for i in range(6) for j in range(3)]
    table = tmp_path / "scores.csv"
    table.write_text("model,question,cluster,score\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))
    page = methods("README")
    x, g, attempts = page.score_of(table, "a")
    assert (x.tolist(), g.tolist(), attempts.tolist()) == ([1 / 3, 2 / 3] * 3, [0, 0, 1, 1, 2, 2], [3] * 6)
    assert page.difference_of(table, "a", "b")[0] == pytest.approx([-1 / 3, 1 / 3] * 3)


CITED = re.compile(r"((?:[A-Z][\w-]+)(?: et al\.| and [A-Z][\w-]+)?)(?:['’]s?)?,? \(?((?:19|20)\d\d)\b")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_citations_have_a_reference(page):
    text = page.read_text().partition("## References")[0]
    cited = {
        f"{author} ({year})"
        for author, year in CITED.findall(re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL))
    }
    assert cited
    assert [cite for cite in cited if not any(key.endswith(cite) for key in REFERENCES)] == []
