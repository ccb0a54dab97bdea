"""Sphinx's pages, with four changes.

The first page is index.html instead of docs/index.html; pictures have a size before they are there; formulas are MathML, which browsers draw without a script; and what axe finds amiss in Furo's pages is mended.
"""

import re
import struct
from pathlib import Path

from docutils.nodes import SkipNode
from latex2mathml.converter import convert
from sphinx.builders.html import StandaloneHTMLBuilder

IMAGE = re.compile(r'<img (?![^>]*style=)[^>]*src="[^"]*_images/([^"]+)"')
MENDED = {
    '<p class="caption" role="heading">': '<p class="caption" role="heading" aria-level="2">',
    '<aside class="sidebar-drawer">': '<aside class="sidebar-drawer" aria-label="All pages">',
    '<aside class="toc-drawer': '<aside aria-label="On this page" class="toc-drawer',
    "<pre>": '<pre tabindex="0">',
    '<div class="table-wrapper': '<div tabindex="0" class="table-wrapper',
}


class Site(StandaloneHTMLBuilder):
    def get_target_uri(self, docname, typ=None):
        return super().get_target_uri(self.named(docname), typ)

    def get_output_path(self, page_name, /):
        return super().get_output_path(self.named(page_name))

    def handle_page(self, pagename, *args, **options):
        super().handle_page(pagename, *args, **options)
        file = Path(self.get_output_path(pagename))
        text = file.read_text(encoding="utf-8")
        for found, better in MENDED.items():
            text = text.replace(found, better)
        file.write_text(text, encoding="utf-8")

    def named(self, page):
        return "index" if page == self.config.root_doc else page


def drawn(node, display):
    """Return a formula as MathML, with space around ± and after log."""
    made = convert(node.astext(), display=display).replace("<mi>&#x000B1;</mi>", "<mo>&#x000B1;</mo>")
    return made.replace("<mi>log</mi>", '<mi>log</mi><mspace width="0.167em" />')


def inline_formula(translator, node):
    """Write a formula within a line."""
    translator.body.append(drawn(node, "inline"))
    raise SkipNode


def display_formula(translator, node):
    """Write a formula on lines of its own."""
    translator.body.append(f'<div class="formula" tabindex="0">{drawn(node, "block")}</div>')
    raise SkipNode


def reserve(app, pagename, templatename, context, doctree):
    """Write the size of every picture into its tag, so that nothing moves when it arrives."""
    files = {name: Path(app.srcdir, file) for file, name in app.builder.images.items()}

    def sized(match):
        wide, high = size(files[match[1]])
        return f'{match[0]} width="{wide}" height="{high}"'

    context["body"] = IMAGE.sub(sized, context.get("body") or "")


def size(file):
    """Return the width and the height of an SVG or a PNG in pixels."""
    head = file.read_bytes()[:4000]
    if file.suffix == ".png":
        return struct.unpack(">II", head[16:24])
    tag = re.search(r"<svg[^>]*>", head.decode("utf-8", "ignore"))[0]
    return tuple(round(float(re.search(rf'\s{side}="([\d.]+)', tag)[1])) for side in ("width", "height"))
