"""Sphinx's pages, with two changes: the first page is index.html instead of docs/index.html, and pictures have a size before they are there."""

import re
import struct
from pathlib import Path

from sphinx.builders.html import StandaloneHTMLBuilder

IMAGE = re.compile(r'<img (?![^>]*style=)[^>]*src="[^"]*_images/([^"]+)"')


class Site(StandaloneHTMLBuilder):
    def get_target_uri(self, docname, typ=None):
        return super().get_target_uri(self.named(docname), typ)

    def get_output_path(self, page_name, /):
        return super().get_output_path(self.named(page_name))

    def named(self, page):
        return "index" if page == self.config.root_doc else page


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
