"""HTML: a fragment for pages and notebooks, and a whole page. Semantic, without scripts, ids or style
attributes.
"""

from __future__ import annotations

import html
import math
import re
from base64 import b64encode
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from howsure.present import style
from howsure.present.document import Table, Text, Whisker
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from howsure.present.document import Block, Cell, Column, Document, Note
    from howsure.wording import Scale

WIDTH, HEIGHT = 240, 18
MOST_NUMBERS = 6
ROOM = 14
"""Pixels left free at both ends, for half a number of the axis."""
STEPS = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class Axis:
    """The axis that the error bars of a table share."""

    low: float
    high: float

    def place(self, value: float) -> float:
        """Return the position of a value, in pixels."""
        return round(ROOM + (WIDTH - 2 * ROOM) * (value - self.low) / (self.high - self.low), 1)

    def ticks(self) -> list[float]:
        """Return round numbers along the axis.

        >>> Axis(low=0.61, high=0.83).ticks()
        [0.65, 0.7, 0.75, 0.8]
        """
        least = (self.high - self.low) / MOST_NUMBERS
        power = math.floor(math.log10(least))
        times = next(step for step in STEPS if step * 10.0**power >= least)
        step = times * 10.0**power
        first, last = math.ceil(self.low / step), math.floor(self.high / step)
        return [float(f"{k * step:.12g}") for k in range(first, last + 1)]


def draw_error_bar(whisker: Whisker, axis: Axis) -> str:
    """Draw a dot for the value and a line between its ends, or a band between its limits, over the lines of
    the axis.
    """
    low, high, value = (axis.place(each) for each in (whisker.low, whisker.high, whisker.value))
    middle = HEIGHT / 2
    if whisker.limits:
        span = f'<rect class="band" x="{low:g}" width="{high - low:g}" height="{HEIGHT}"/>'
    else:
        span = f'<path class="range" d="M{low:g} {middle:g}H{high:g}"/>'
    shapes = (
        _uprights((tick for tick in axis.ticks() if tick), axis, "tick"),
        _uprights((tick for tick in axis.ticks() if not tick), axis, "zero"),
        span,
        f'<circle class="dot" cx="{value:g}" cy="{middle:g}" r="{style.POINT}"/>',
    )
    return _picture(shapes)


def draw_axis(axis: Axis, scale: Scale) -> str:
    """Draw the numbers of the axis."""
    texts = [
        f'<text x="{axis.place(tick):g}" y="{HEIGHT - 4}" text-anchor="middle">{scale.mark(tick)}</text>'
        for tick in axis.ticks()
    ]
    return _picture(texts)


def _uprights(ticks: Iterable[float], axis: Axis, kind: str) -> str:
    lines = "".join(f"M{axis.place(tick):g} 0v{HEIGHT}" for tick in ticks)
    return f'<path class="{kind}" d="{lines}"/>' if lines else ""


def _picture(shapes: Iterable[str]) -> str:
    size = f'width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}"'
    return f'<svg class="howsure-bar" {size} aria-hidden="true">{"".join(shapes)}</svg>'


_BARS = """\
table.howsure tr > .howsure-drawn { padding-block: 0; vertical-align: middle; }
.howsure-bar { display: block; stroke: currentColor; }
.howsure-bar .tick { opacity: $band; }
.howsure-bar .zero { opacity: 0.6; }
.howsure-bar .range { stroke: light-dark($blue, $sky); stroke-width: $interval; }
.howsure-bar .band { fill: light-dark($blue, $sky); fill-opacity: $band; stroke: none; }
.howsure-bar .dot { fill: light-dark($blue, $sky); stroke: none; }
table.howsure.ranked tr:not(.best) .howsure-bar .range { stroke: currentColor; opacity: 0.6; }
table.howsure.ranked tr:not(.best) .howsure-bar .dot {
  fill: Canvas; stroke: currentColor; stroke-width: $outline;
}
.howsure-bar text { fill: currentColor; stroke: none; font-size: ${labels}px; opacity: 0.8; }
@media (forced-colors: active) {
  .howsure-bar path { stroke: $forced; }
  .howsure-bar :is(text, .dot, .band) { fill: $forced; }
}
"""
ERROR_BARS = Template(_BARS).substitute(
    band=style.BAND,
    blue=style.BLUE,
    sky=style.DARK["blue"],
    interval=style.INTERVAL,
    outline=style.OUTLINE,
    labels=style.LABELS,
    forced=style.FORCED["ink"],
)
"""How the error bars of a table look."""

_TEXTS = """\
.howsure-answer { font-family: $face; line-height: 1.45; }
.howsure-answer .verdict { margin: 0.6em 0; max-width: 60em; }
.howsure-answer h3 { font-size: 1.1em; margin: 1.2em 0 0.4em; }
.howsure-answer .small { font-size: 0.85em; opacity: 0.8; margin: 0.3em 0; max-width: 70em; }
.howsure-answer table.howsure { border-collapse: collapse; margin: 0.8em 0; font-size: 0.95em; }
.howsure-answer table.howsure caption { caption-side: top; text-align: left; font-weight: 600;
  padding: 0.2em 0; }
.howsure-answer .scroll { overflow-x: auto; max-width: 100%; }
.howsure-answer pre { white-space: pre-wrap; overflow-wrap: anywhere; }
.howsure-answer table.howsure th, .howsure-answer table.howsure td {
  text-align: left; vertical-align: baseline; padding: 0.2em 0.8em 0.2em 0; border: 0;
  border-bottom: 1px solid rgb(127 127 127 / 0.3);
}
.howsure-answer table.howsure thead tr > * { vertical-align: bottom; }
.howsure-answer table.howsure tbody th { font-weight: inherit; overflow-wrap: anywhere; min-width: 8em; }
.howsure-answer table.howsure .number { text-align: right; font-variant-numeric: tabular-nums;
  white-space: nowrap; }
.howsure-answer table.howsure tr.lead > * { font-weight: 600; border-bottom-width: 2px; }
.howsure-answer table.howsure tr.best > * { font-weight: 600; }
.howsure-answer ul.warnings { list-style: none; padding: 0; margin: 0.8em 0; max-width: 70em; }
.howsure-answer ul.warnings li { border-left: 0.25em solid $open; padding-left: 0.7em; margin: 0.4em 0; }
.howsure-answer .remedy { opacity: 0.8; }
"""
STYLE = Template(_TEXTS).substitute(face=style.TYPEFACE, open=style.LIGHT["open"]) + ERROR_BARS
"""The style of a fragment, legible on a light and on a dark ground, with the reader's own colours."""

_LEAD, _BEST = ' class="lead"', ' class="best"'
_HEAD = """\
.about { border-bottom: 1px solid rgb(127 127 127 / 0.3); }
.about h1 { font-size: 1.3em; margin: 0; }
figure { margin: 1em 0; overflow-x: auto; }
figure img { max-width: 100%; height: auto; background: white; border-radius: 6px; }
"""
"""The style of what only a page has."""
_PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta http-equiv="Content-Security-Policy"
  content="default-src 'none'; style-src 'unsafe-inline'; img-src data:">
<title>{title}</title>
<style>
body {{ margin: clamp(0.8rem, 3vw, 2rem); }}
{style}</style>
</head>
<body>
<main class="howsure-answer">
{head}{fragment}</main>
</body>
</html>
"""


def render(document: Document, *, scrolled: bool = False) -> str:
    """Return a document as an HTML fragment: paragraphs, tables and lists, to be styled by the page around
    it. `scrolled`: each table scrolls by itself.
    """
    return "".join(_block(block, scrolled=scrolled) for block in document.blocks)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """The head of a page.

    `figure`: a PNG of twice the pixels, as an SVG needs the typeface that it was measured with.
    `description`: its text, or why there is none.
    """

    heading: str
    day: str
    data: str
    command: str
    figure: bytes = b""
    description: str = ""


def page(document: Document, about: About | None = None) -> str:
    """Return a document as a whole page, titled by its first sentence, below its head if it has one."""
    texts = [block.text for block in document.blocks if isinstance(block, Text)]
    title = escape(texts[0].replace("`", "")) if texts else "howsure"
    head = "" if about is None else _head_of(about)
    return _PAGE.format(title=title, style=_HEAD + STYLE, head=head, fragment=render(document, scrolled=True))


def _head_of(about: About) -> str:
    """Return the head of a page."""
    data = f" · {escape(about.data)}" if about.data else ""
    lines = [
        '<header class="about">',
        f"<h1>{escape(about.heading)}</h1>",
        f'<p class="small">{escape(about.day)}{data}</p>',
        f"<pre><code>{escape(about.command)}</code></pre>",
        "</header>",
    ]
    if about.figure:
        source = f"data:image/png;base64,{b64encode(about.figure).decode()}"
        width = int.from_bytes(about.figure[16:20], "big") // 2
        alt = escape(about.description)
        lines.append(f'<figure tabindex="0"><img src="{source}" width="{width}" alt="{alt}"></figure>')
    elif about.description:
        lines.append(f'<p class="small">{escape(about.description)}</p>')
    return "\n".join(lines) + "\n"


def notebook(document: Document) -> str:
    """Return a fragment with its style, as notebooks show it."""
    return (
        f'<div class="howsure-answer">\n<style>\n{STYLE}</style>\n{render(document, scrolled=True)}</div>\n'
    )


def escape(text: str) -> str:
    """Escape the special characters of HTML, in text and in quoted attributes. Control characters are
    shown.
    """
    return html.escape(visible(text), quote=True)


def prose(text: str) -> str:
    """Escape a text with code in backticks."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _block(block: Block, *, scrolled: bool) -> str:
    if isinstance(block, Text):
        text = (
            "\n".join(escape(line) for line in block.text.split("\n"))
            if block.kind == "code"
            else prose(block.text)
        )
        more = f" {prose(block.more)}" if block.more else ""
        return {
            "verdict": f'<p class="verdict"><strong>{text}</strong>{more}</p>\n',
            "heading": f"<h3>{text}</h3>\n",
            "small": f'<p class="small">{text}</p>\n',
            "plain": f"<p>{text}</p>\n",
            "code": f"<pre>{text}</pre>\n",
        }[block.kind]
    return _table(block, scrolled=scrolled) if isinstance(block, Table) else _note(block)


def _table(table: Table, *, scrolled: bool) -> str:
    low, high = table.whisker_range
    axis = Axis(low=low, high=high)
    named = next((k for k, column in enumerate(table.columns) if column.is_name), None)
    region = f'tabindex="0" role="region" aria-label="{escape(table.title) or "table"}"'
    kind = "howsure ranked" if any(table.strong) else "howsure"
    lines = [f'<div class="scroll" {region}>'] if scrolled else []
    lines += [f'<table class="{kind}">']
    lines += [f"<caption>{escape(table.title)}</caption>"] if table.title else []
    if table.has_header:
        lines.append(f"<thead><tr>{''.join(_head(column, axis) for column in table.columns)}</tr></thead>")
    lines.append("<tbody>")
    for r, row in enumerate(table.rows):
        cells = (_cell(cell, table.columns[k], axis, k == named) for k, cell in enumerate(row))
        best = _BEST if table.strong and table.strong[r] else ""
        lines.append(f"<tr{_LEAD if r < table.lead else best}>{''.join(cells)}</tr>")
    lines += ["</tbody>", "</table>", *(["</div>"] if scrolled else [])]
    lines += [f'<p class="small">{prose(table.note)}</p>'] if table.note else []
    return "\n".join(lines) + "\n"


def _head(column: Column, axis: Axis) -> str:
    """Return a column's heading: its name, or the numbers of its axis. Without either it is a plain cell."""
    if column.axis is not None:
        return f'<td class="howsure-drawn">{draw_axis(axis, column.axis)}</td>'
    return f'<th scope="col"{_number(column)}>{escape(column.name)}</th>' if column.name else "<td></td>"


def _cell(cell: Cell, column: Column, axis: Axis, names: bool) -> str:
    if isinstance(cell, Whisker):
        return f'<td class="howsure-drawn">{draw_error_bar(cell, axis)}</td>'
    number = _number(column)
    return f'<th scope="row"{number}>{escape(cell)}</th>' if names else f"<td{number}>{escape(cell)}</td>"


def _number(column: Column) -> str:
    return ' class="number"' if column.align == "right" else ""


def _note(note: Note) -> str:
    items = [
        f"<li>{prose(message)}"
        + (f' <span class="remedy">{prose(remedy)}</span>' if remedy else "")
        + "</li>"
        for message, remedy in note.lines
    ]
    return "\n".join(['<ul class="warnings">', *items, "</ul>"]) + "\n"
