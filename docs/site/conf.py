"""The documentation site: README, docs/ and what they link to, by Sphinx. scripts/site builds it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]

project = "howsure"
author = "The howsure authors"
release = re.search(r'__version__ = "(.+)"', (ROOT / "src/howsure/__init__.py").read_text())[1]
extensions = ["myst_parser"]
include_patterns = ["*.md", "docs/**.md", "benchmarks/**.md", "examples/*.md"]
exclude_patterns = ["site", ".venv*"]
root_doc = "README"
myst_heading_anchors = 4
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"howsure {release}"
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_sidebars = {
    "**": [f"sidebar/{part}.html" for part in ("brand", "search", "scroll-start", "navigation")]
    + ["demo.html", "sidebar/scroll-end.html"]
}

GUIDE = [f"docs/guide/{page.stem}" for page in sorted((ROOT / "docs/guide").glob("[1-9]-*.md"))]
DECISIONS = [f"docs/decisions/{page.stem}" for page in sorted((ROOT / "docs/decisions").glob("0*.md"))]
NAVIGATION = {
    "Start": ["docs/quickstart", "docs/guide/README", "docs/choosing"],
    "Do": [
        f"docs/{page}"
        for page in (
            "report",
            "slices",
            "costs",
            "planning",
            "noise",
            "allocation",
            "stopping",
            "gate",
            "policy",
            "runs",
            "history",
            "votes",
            "judges",
            "agreement",
            "biases",
            "plots",
            "lm_eval",
            "inspect",
        )
    ],
    "Know": [
        f"docs/{page}"
        for page in (
            "glossary",
            "statistics",
            "calibration",
            "peers",
            "scale",
            "formats",
            "recipes",
            "mapping",
            "stability",
        )
    ],
    "Look up": ["docs/cli", "docs/api", "CHANGELOG"],
    "Take part": [
        *("CONTRIBUTING", "CODE_OF_CONDUCT", "SECURITY", "ARCHITECTURE"),
        *("docs/decisions/README", "benchmarks/README", "examples/README"),
    ],
}
"""What the sidebar shows; pages that it doesn't name are an error, so that none is lost."""


def navigate(app, docname, source):
    """Add the navigation to the front page, and to contents what they hold; on GitHub these pages are as they are."""
    trees = {
        "README": NAVIGATION,
        "docs/guide/README": {"": GUIDE},
        "docs/decisions/README": {"": DECISIONS},
        "benchmarks/README": {"": ["benchmarks/results", "benchmarks/peers/results"]},
    }
    for caption, pages in trees.get(docname, {}).items():
        listed = "\n".join(f"/{page}" for page in pages)
        title = f":caption: {caption}\n" if caption else ""
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n{title}\n{listed}\n```\n"


def setup(app):
    app.connect("source-read", navigate)
    return {"parallel_read_safe": True}
