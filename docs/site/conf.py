"""The documentation site: its first page, README, docs/ and what they link to, by Sphinx. scripts/site builds it."""

import os
import re
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

project = "howsure"
author = "The howsure authors"
release = re.search(r'__version__ = "(.+)"', (ROOT / "src/howsure/__init__.py").read_text())[1]
extensions = ["myst_parser", "sphinx_copybutton"]
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = True
include_patterns = ["*.md", "docs/**.md", "benchmarks/**.md", "examples/*.md", "skills/**.md"]
exclude_patterns = ["site", ".venv*"]
root_doc = "docs/index"
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence", "dollarmath"]
html_math_renderer = "mathml"
templates_path = ["_templates"]
html_static_path = ["static"]
html_css_files = ["site.css"]
html_baseurl = os.environ.get("HOWSURE_SITE", "")
html_favicon = "static/favicon.svg"
html_search_scorer = str(Path(__file__).parent / "search.js")
html_theme = "furo"
html_title = f"howsure {release}"
html_scaled_image_link = False
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
html_use_index = False
html_sidebars = {
    "**": [f"sidebar/{part}.html" for part in ("brand", "search", "scroll-start")]
    + ["demos.html"]
    + [f"sidebar/{part}.html" for part in ("navigation", "scroll-end")]
}

GUIDE = [f"docs/guide/{page.stem}" for page in sorted((ROOT / "docs/guide").glob("[1-9]-*.md"))]
TEACHING = "docs/guide/teaching"
PLAY = '```{{raw}} html\n<p><a href="../../lesson.html#chapter={number}">Play with this chapter</a></p>\n```\n'
"""What stands above a chapter of the guide: the same one in the lesson."""
METHODS = [
    f"docs/methods/{page}"
    for page in dict.fromkeys(re.findall(r"\]\(([\w-]+)\.md", (ROOT / "docs/methods/README.md").read_text()))
]
DECISIONS = [f"docs/decisions/{page.stem}" for page in sorted((ROOT / "docs/decisions").glob("0*.md"))]
DEVELOPERS = ["ARCHITECTURE", "docs/decisions/README", "benchmarks/README", "CODE_OF_CONDUCT", "SECURITY"]
NAVIGATION = {
    "Start": ["docs/quickstart", "docs/faq", "docs/answering", "docs/commands"],
    "How to": [
        f"docs/{page}"
        for page in (
            "is-a-better",
            "best-models",
            "how-good",
            "planning",
            "gate",
            "ci",
            "policy",
            "stopping",
            "history",
            "costs",
            "slices",
            "judges",
            "biases",
            "votes",
            "agreement",
            "noise",
            "random-factors",
            "metrics",
            "questions",
            "runs",
            "tasks",
            "horizons",
            "curves",
            "mapping",
            "report",
            "plots",
            "agents",
            "recipes",
            "trackers",
            "inspect",
            "lm_eval",
        )
    ],
    "Explanation": [
        f"docs/{page}"
        for page in ("guide/README", "choosing", "methods/README", "calibration", "peers", "glossary", "gallery")
    ],
    "Reference": [
        "docs/cli",
        "docs/python",
        "docs/api",
        "docs/json",
        "docs/formats",
        "docs/limits",
        "docs/threats",
        "docs/scale",
        "docs/beyond",
        "docs/stability",
        "docs/extending",
        "skills/howsure/SKILL",
        "examples/README",
        "README",
        "CHANGELOG",
    ],
    "Developers": ["CONTRIBUTING"],
}
"""What the sidebar shows; pages that it doesn't name are an error, so that none is lost."""


def navigate(app, docname, source):
    """Add the navigation to the first page, and to contents what they hold; on GitHub these pages are as they are."""
    trees = {
        root_doc: NAVIGATION,
        "docs/guide/README": {"": [*GUIDE, TEACHING]},
        "docs/methods/README": {"": METHODS},
        "CONTRIBUTING": {"": DEVELOPERS},
        "docs/decisions/README": {"": DECISIONS},
        "benchmarks/README": {
            "": [
                "benchmarks/results",
                "benchmarks/growth-before",
                "benchmarks/engines",
                "benchmarks/beyond",
                "benchmarks/peers/results",
            ]
        },
    }
    if docname in GUIDE:
        source[0] = re.sub("\n", f"\n\n{PLAY.format(number=GUIDE.index(docname) + 1)}\n", source[0], count=1)
    for caption, pages in trees.get(docname, {}).items():
        listed = "\n".join(f"/{page}" for page in pages)
        title = f":caption: {caption}\n" if caption else ""
        source[0] += f"\n\n```{{toctree}}\n:hidden:\n{title}\n{listed}\n```\n"


def setup(app):
    sys.path.insert(0, str(Path(__file__).parent))
    import builder
    import ranking
    import texts

    app.add_builder(builder.Site, override=True)
    app.add_html_math_renderer("mathml", (builder.inline_formula, None), (builder.display_formula, None))
    app.connect("source-read", navigate)
    app.connect("html-page-context", builder.reserve)
    app.connect("html-page-context", texts.describe)
    app.connect("build-finished", ranking.write)
    app.add_config_value("navigation", NAVIGATION, "env")
    app.connect("build-finished", texts.write)
    return {"parallel_read_safe": True}
