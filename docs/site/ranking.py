"""How much each word says of each page, for the search: BM25 over titles, headings, the questions of asked.toml, text and examples.

Sphinx's own search takes every page that holds all words for equally good. This adds one file, ranking.js, to its index; search.js uses it:
a word has the number of a page, its weight there in tenths, the number of the next page, and so on.
"""

import json
import math
import re
import tomllib
from collections import Counter
from pathlib import Path

from docutils import nodes

FIELDS = {"title": 10.0, "asked": 8.0, "heading": 4.0, "text": 1.0, "example": 0.25}
"""How much a word counts by where it stands."""
FACTORS = {
    r"docs/(guide/|quickstart|choosing|glossary|planning|gate|[\w-]+$)": 1.0,
    r"docs/(api|cli|json)$": 0.75,
    r"docs/(gallery|peers)$": 0.75,
    r"docs/(calibration|stability|scale)$|docs/methods/": 0.7,
    r"README|skills/": 0.6,
    r"docs/decisions/": 0.3,
    r"(CHANGELOG|ARCHITECTURE|CONTRIBUTING|SECURITY|CODE_OF_CONDUCT|benchmarks/|examples/)": 0.3,
}
"""Pages for users go before records of what was decided and measured; the last pattern that fits a page counts."""
SATURATION, LENGTH = 1.2, 0.4
LEAST = 0.05
"""Words that say less than this of a page are left out."""


def write(app, exception):
    if exception or app.builder.name != "html":
        return
    words = Words(app.builder.indexer.lang)
    asked = tomllib.loads((Path(__file__).parent / "asked.toml").read_text(encoding="utf-8"))
    pages = sorted(app.env.found_docs - {app.config.root_doc})
    unknown = set(asked) - set(pages)
    if unknown:
        raise ValueError(f"asked.toml names pages that don't exist: {sorted(unknown)}")
    counts = {page: counted(app.env.get_doctree(page), asked.get(page, []), words) for page in pages}
    found = weights(counts)
    out = {
        "pages": pages,
        "factors": [factor(page) for page in pages],
        "asked": [asked.get(page, []) for page in pages],
        "terms": {
            word: [number for page, weight in each.items() for number in (pages.index(page), round(10 * weight))]
            for word, each in sorted(found.items())
        },
    }
    text = json.dumps(out, ensure_ascii=False, separators=(",", ":"))
    (Path(app.outdir) / "_static" / "ranking.js").write_text(f"window.RANKING = {text};\n", encoding="utf-8")


class Words:
    """Texts as the stems that Sphinx's search looks for."""

    def __init__(self, language):
        self.language, self.known = language, {}

    def __call__(self, text):
        for word in re.findall(r"\w+", text.lower()):
            if self.language.word_filter(word):
                yield self.known.setdefault(word, self.language.stem(word))


def counted(tree, asked, words):
    """Return how much each word counts on one page, and its length."""
    total = Counter()
    for name, text in (*texts(tree), *(("asked", question) for question in asked)):
        for word in words(text):
            total[word] += FIELDS[name]
    return total


def texts(tree):
    first = True
    for node in tree.findall(nodes.Text):
        parent = node.parent
        while parent is not None and not isinstance(
            parent, nodes.title | nodes.literal_block | nodes.section | nodes.document
        ):
            parent = parent.parent
        if isinstance(parent, nodes.title):
            section = parent.parent
            yield ("title" if first or section.parent is tree else "heading"), str(node)
            first = False
        else:
            yield ("example" if isinstance(parent, nodes.literal_block) else "text"), str(node)


def weights(counts):
    """Return {word: {page: weight}}."""
    lengths = {page: sum(count.values()) for page, count in counts.items()}
    usual = sum(lengths.values()) / len(lengths)
    pages_of = Counter(word for count in counts.values() for word in count)
    found = {}
    for page, count in counts.items():
        norm = SATURATION * (1 - LENGTH + LENGTH * lengths[page] / usual)
        for word, much in count.items():
            rarity = math.log(1 + (len(counts) - pages_of[word] + 0.5) / (pages_of[word] + 0.5))
            weight = rarity * much * (SATURATION + 1) / (much + norm)
            if weight >= LEAST:
                found.setdefault(word, {})[page] = weight
    return found


def factor(page):
    return [number for pattern, number in FACTORS.items() if re.match(pattern, page)][-1]
