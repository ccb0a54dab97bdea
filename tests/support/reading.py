"""HTML as a strict reader sees it."""

from html.parser import HTMLParser

TAGS = {
    *(
        "div",
        "p",
        "h3",
        "table",
        "caption",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "span",
        "ul",
        "li",
        "pre",
        "code",
        "strong",
    ),
    *("header", "h1", "figure", "img"),
    *("html", "head", "meta", "title", "style", "body", "main"),
    *("svg", "path", "rect", "circle", "text"),
}
ATTRIBUTES = {
    *("class", "scope", "aria-hidden", "lang", "charset", "name", "content", "http-equiv"),
    *("tabindex", "role", "aria-label", "src", "alt"),
    *("width", "height", "viewbox", "x", "y", "d", "cx", "cy", "r", "text-anchor"),
}


class Reading(HTMLParser):
    """Checks that tags close in order, and gathers what there is."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.found, self.texts = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.found.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)
            self.texts.append([tag, ""])

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.texts:
            self.texts[-1][1] += data

    def handle_comment(self, data):
        raise AssertionError(data)

    unknown_decl = handle_pi = handle_comment

    def all(self, *tags):
        return [text.strip() for tag, text in self.texts if tag in tags]
