"""The glyphs, colours and type of all drawings: figures, HTML answers, notebook tables, the page, the lesson
and cards. Stylesheets repeat the values as variables; tests/laws/test_style.py compares them.

A point is a circle, filled if its claim holds: it could be best, it differs significantly. Otherwise it is
hollow. An interval is a flat line without caps. A band is a faint area. The baseline is a thin solid line,
and a margin or a limit is dashed.
"""

BLUE, ORANGE, GREEN, GREY = "#0072b2", "#d55e00", "#009e73", "#767676"
"""The colours of marks, distinct to colour-blind readers (Okabe and Ito 2008)."""
SKY, AMBER, PINK, SILVER, BLACK, WHITE = "#56b4e9", "#e69f00", "#cc79a7", "#999999", "#000000", "#ffffff"
SEQUENCE = (BLACK, BLUE, SKY, GREEN, AMBER, ORANGE, PINK, SILVER)
"""The colours of lines, in this order. Each has its own dash too, for readers without colours."""
DASHES = ([1, 0], [6, 3], [2, 2], [8, 3, 2, 3], [12, 3], [4, 4], [1, 3], [10, 2, 2, 2, 2, 2])
DIVERGING = (ORANGE, "#f4a582", "#f2f2f2", "#92c5de", BLUE)
"""Differences from below 0 to above."""

Glyph = tuple[str, str, bool]
GOOD: Glyph
GOOD, BAD, HOLLOW = (BLUE, "circle", True), (ORANGE, "square", True), (GREY, "circle", False)
"""The colour and the form of points, and whether they are filled: what could be best or is better, what is
worse or an alarm, and what is neither.
"""

LIGHT = {
    "ground": "#f7f7f5",
    "card": WHITE,
    "ink": "#1d1f21",
    "quiet": "#595d62",
    "line": "#dcdcd8",
    "accent": "#005a8f",
    "blue": BLUE,
    "orange": "#b34700",
    "real": "#00674b",
    "open": "#8a5300",
    "band": "#eef5fa",
    "faint": GREY,
    "zero": "#1d1f21",
}
"""The variables of stylesheets. Orange is darker than that of marks, because it also colours text."""
DARK = {
    "ground": "#15171a",
    "card": "#1d2024",
    "ink": "#e8e8e6",
    "quiet": "#a9adb3",
    "line": "#363a40",
    "accent": "#7cc4f2",
    "blue": SKY,
    "orange": "#f0955a",
    "real": "#4fd1a5",
    "open": "#f0b457",
    "band": "#1e2a34",
    "faint": "#9a9a9a",
    "zero": "#7d838b",
}
PRINT = {
    "ground": WHITE,
    "card": WHITE,
    "ink": BLACK,
    "quiet": "#444444",
    "line": "#bbbbbb",
    "zero": BLACK,
    "faint": "#666666",
    "blue": BLUE,
    "band": LIGHT["band"],
    "accent": LIGHT["accent"],
}
FORCED = {"ink": "CanvasText", "best": "Highlight", "line": "GrayText", "zero": "CanvasText"}
"""The colours of the system, for readers who force them."""
INK = LIGHT["ink"]

POINT, OUTLINE = 4, 1.5
"""The radius of a point, and the width of the outline that makes it hollow, in pixels."""
AREA = 50
"""A point's area, by which Vega-Lite knows sizes: that of the radius."""
INTERVAL, CURVE, THIN, HAIR = 2, 2, 1, 0.7
"""The widths of an interval, a curve, the baseline or a margin, and a line from a name to its point."""
MARGIN = [4, 3]
"""The dashes of a margin, a limit or a level."""
BAND = 0.15
"""The opacity of a band. The bands of several curves over each other have half of it."""
FADED = 0.5
"""The opacity of what is left in the background."""

TYPEFACE = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'
"""The typeface of pages."""
MEASURED = "Arial, Liberation Sans, Helvetica, sans-serif"
"""The typefaces of figures, all as wide as that with which the drawing engine measures names."""
LABELS, TITLES, HEADING = 11, 12, 13
"""The font sizes of a figure, in pixels."""
SPACE = 8
"""The space around a figure and between its parts, in pixels."""
