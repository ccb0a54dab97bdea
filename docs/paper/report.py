"""Put the methods, the simulation results and the references together as one PDF, from the pages of the site: report.py FILE."""

import re
import sys
from pathlib import Path

HERE, DOCS = Path(__file__).parent, Path(__file__).parents[1]
INDEX = (DOCS / "methods" / "README.md").read_text()
PAGES = re.findall(r"^\|.*\]\(([\w-]+)\.md\) \|$", INDEX.partition("\n## ")[0], re.MULTILINE)
CHAPTERS = (*PAGES, "calibration", "references", "symbols")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)([^)]+)\)")
PICTURE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)")
SUMMED_UP = ("standard.svg", "peers.svg")
"""The figures of the simulation results that the report has."""


def chapter(text: str, name: str) -> str:
    """Return a page as a chapter: with labels, links to other chapters by their labels, other links as text, and no references of its own."""
    text = text.partition("\n## References\n")[0]
    text = re.sub(r"^# (.+)$", rf"# \1 {{#{name}}}", text, count=1, flags=re.MULTILINE)
    text = re.sub(
        r"^## (.+)$",
        lambda m: f"## {m[1]} {{#{name}-{re.sub(r'[^a-z]+', '-', m[1].lower())}}}",
        text,
        flags=re.MULTILINE,
    )
    return LINK.sub(linked, text)


def linked(match: re.Match[str]) -> str:
    """Return a link to another chapter, or the words of a link that leads out of the report."""
    page = Path(match[2].partition("#")[0]).stem
    return f"[{match[1]}](#{page})" if page in CHAPTERS else match[1]


def results() -> str:
    """Return docs/calibration.md without the maps and the list of single methods."""
    text = re.sub(
        r"^## Method by method\n.*?(?=^<!-- end -->)",
        "",
        (DOCS / "calibration.md").read_text(),
        flags=re.MULTILINE | re.DOTALL,
    )
    pictures = PICTURE.sub(lambda m: f"![{m[1]}](/docs/{m[2]})" if m[2].endswith(SUMMED_UP) else "", text)
    return chapter(re.sub(r"<!--.*?-->", "", pictures), "calibration")


def references() -> str:
    """Return the list of references as a chapter."""
    lines = re.findall(r"^\| .+? \(\d{4}\) \| (.+) \|$", (DOCS / "methods" / "references.md").read_text(), re.MULTILINE)
    return "\n".join(["# References {#references}", "", *(f"- {line}" for line in lines)])


def report() -> str:
    """Return the report as Markdown."""
    before, _, table = INDEX.partition("## Symbols\n")
    words = chapter("# Words\n\n" + before.partition("## Words\n")[2], "words")
    symbols = chapter("# Symbols\n\n" + table, "symbols")
    pages = [chapter((DOCS / "methods" / f"{page}.md").read_text(), page) for page in PAGES]
    return "\n\n".join([(HERE / "introduction.txt").read_text(), words, symbols, *pages, results(), references()])


def main(target: str) -> None:
    """Write the report."""
    import pypandoc
    import typst

    made = Path(target)
    made.parent.mkdir(parents=True, exist_ok=True)
    source = made.with_suffix(".typ")
    reader = "gfm-autolink_bare_uris-gfm_auto_identifiers+tex_math_dollars+attributes"
    body = pypandoc.convert_text(report(), "typst", format=reader, extra_args=["--wrap=none"])
    source.write_text(
        (HERE / "template.typ").read_text() + body.replace("align(center)[#table(", "align(left)[#table(")
    )
    typst.compile(source, output=made, root=str(DOCS.parent))
    print(f"written: {made}")


if __name__ == "__main__":
    main(sys.argv[1])
