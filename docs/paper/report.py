"""Put the pages of docs/methods and the summary of docs/calibration.md together as one PDF: report.py FILE."""

import re
import sys
from pathlib import Path

import pypandoc
import typst

HERE, DOCS = Path(__file__).parent, Path(__file__).parents[1]
INDEX = (DOCS / "methods" / "README.md").read_text()
PAGES = re.findall(r"\]\(([\w-]+)\.md\)", INDEX.partition("## Symbols")[0])
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)([^)]+)\)")


def chapter(text: str, name: str) -> str:
    """Return a page as a chapter: with a label, links to other chapters by their labels, and other links as text."""
    text = re.sub(r"^# (.+)$", rf"# \1 {{#{name}}}", text, count=1, flags=re.MULTILINE)
    text = re.sub(
        r"^## (.+)$",
        lambda m: f"## {m[1]} {{#{name}-{re.sub(r'[^a-z]+', '-', m[1].lower())} .unnumbered}}",
        text,
        flags=re.MULTILINE,
    )
    return LINK.sub(linked, text)


def linked(match: re.Match[str]) -> str:
    """Return a link to another chapter, or the words of a link that leads out of the report."""
    page = Path(match[2].partition("#")[0]).stem
    return f"[{match[1]}](#{page})" if page in (*PAGES, "calibration", "symbols") else match[1]


def summary() -> str:
    """Return the beginning of docs/calibration.md, up to its tables, as a chapter."""
    text = (DOCS / "calibration.md").read_text().partition("\n## How it was measured")[0]
    return chapter(re.sub(r"(!\[[^\]]*\]\()", r"\1/docs/", text), "calibration")


def main(target: str) -> None:
    """Write the report."""
    symbols = "# Symbols {#symbols}\n\n" + INDEX.partition("## Symbols\n")[2]
    parts = [
        (HERE / "introduction.md").read_text(),
        chapter(symbols, "symbols"),
        *(chapter((DOCS / "methods" / f"{page}.md").read_text(), page) for page in PAGES),
        summary(),
    ]
    markdown = "\n\n".join(parts)
    made = Path(target)
    made.parent.mkdir(parents=True, exist_ok=True)
    source = made.with_suffix(".typ")
    body = pypandoc.convert_text(
        markdown, "typst", format="gfm-autolink_bare_uris+tex_math_dollars+attributes", extra_args=["--wrap=none"]
    )
    source.write_text((HERE / "template.typ").read_text() + body)
    typst.compile(source, output=made, root=str(DOCS.parent))
    print(f"written: {made}")


if __name__ == "__main__":
    main(sys.argv[1])
