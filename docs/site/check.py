"""Check built pages: check.py FOLDER. Every link and file inside the site exists, anchors too; every picture has a text; nothing comes from another host."""

import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LEAST = 15
"""The text of a picture has at least this many letters: "chart" is none."""
FOREIGN = re.compile(r"(@import|url\()[^;)]*https?://")


class Page(HTMLParser):
    """What one page has: anchors, links, and what is wrong with its pictures."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.links, self.wrong = set(), [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        had = dict(attrs)
        self.ids |= {had[name] for name in ("id", "name") if had.get(name)}
        for name in ("href", "src"):
            if had.get(name):
                self.links.append((tag, had[name]))
                if (
                    tag in ("script", "link", "img", "iframe")
                    and had.get("rel") != "canonical"
                    and re.match(r"(https?:)?//", had[name])
                ):
                    self.wrong.append(f"would fetch {had[name]}")
        if tag == "img" and len(had.get("alt") or "") < LEAST:
            self.wrong.append(f"no text that says what {had.get('src', '')[:80]} shows")
        if tag == "svg" and had.get("role") == "img" and not had.get("aria-label") and not had.get("aria-labelledby"):
            self.wrong.append("an svg with the role of a picture, and no label")


def check(folder):
    """Return what is wrong, a line each."""
    pages = {file: Page(file.read_text(encoding="utf-8")) for file in sorted(folder.rglob("*.html"))}
    wrong = [f"{file.relative_to(folder)}: {what}" for file, page in pages.items() for what in page.wrong]
    for file, page in pages.items():
        for tag, link in page.links:
            if tag == "use" or (reason := broken(link, file, pages, folder)) is None:
                continue
            wrong.append(f"{file.relative_to(folder)}: {link} {reason}")
    wrong += [
        f"{file.relative_to(folder)}: a formula that isn't drawn: {found[0]}"
        for file in pages
        if (
            found := re.search(
                r"\$\\[a-z]+\{.{0,40}", re.sub(r"<pre.*?</pre>", "", file.read_text(encoding="utf-8"), flags=re.S)
            )
        )
    ]
    wrong += [
        f"{file.relative_to(folder)}: fetches from another host"
        for file in folder.rglob("*.css")
        if FOREIGN.search(file.read_text(encoding="utf-8"))
    ]
    return wrong


def broken(link, file, pages, folder):
    parts = urlsplit(link)
    if parts.scheme or parts.netloc:
        return None
    target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
    if not target.is_relative_to(folder) or not target.exists():
        return "leads nowhere"
    made = target.suffix != ".html" or any(
        "demos" in each.parts or each.name == "lesson.html" for each in (file, target)
    )
    if parts.fragment and not made and unquote(parts.fragment) not in pages[target].ids:
        return "has no such place"
    return None


if __name__ == "__main__":
    found = check(Path(sys.argv[1]).resolve())
    print(*found, sep="\n", end="\n" if found else "", file=sys.stderr)
    sys.exit(bool(found))
