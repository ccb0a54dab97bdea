"""The code of the pages in docs/methods, which tests run against the library."""

import re
from types import SimpleNamespace

from places import ROOT

FOLDER = ROOT / "docs" / "methods"
PAGES = sorted(page for page in FOLDER.glob("*.md") if page.name not in ("README.md", "references.md"))
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
NEEDS = re.compile(r"^# needs: (.+)$", re.MULTILINE)


def code(page: str) -> str:
    """Return the code of a page."""
    return "\n\n".join(BLOCK.findall((FOLDER / f"{page}.md").read_text()))


def methods(page: str) -> SimpleNamespace:
    """Return the functions of a page, run after those of the pages that it needs."""
    names: dict[str, object] = {}
    text = code(page)
    for needed in [each.strip() for line in NEEDS.findall(text) for each in line.split(",")]:
        names |= vars(methods(needed.removesuffix(".md")))
    exec(compile(text, f"docs/methods/{page}.md", "exec"), names)
    return SimpleNamespace(**names)
