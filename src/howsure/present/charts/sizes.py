"""A figure at the size for a paper, a slide or a poster: its whole width, its font size, and names and titles
that fit.

The unit is the point. Names are measured by drawing, because a chart's own width is that of its axes alone.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import compress
from typing import TYPE_CHECKING, Any

from howsure.errors import OptionError
from howsure.present import frontier
from howsure.present.charts.base import (
    EM,
    WIDE,
    broken,
    fit_legend,
    legends,
    picture,
    ticks,
    wrap_heading,
    wrap_titles,
)
from howsure.present.labels import labels
from howsure.present.presenting import shared
from howsure.present.render.terminal import shorten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from howsure.options.choices import Preset
    from howsure.present.charts.base import Row, Spec

FONT = 9.0
USUAL = 11
"""The default font size of charts."""
NAMES = 0.38
"""The largest share of a panel's width for names."""
LEAST = 7
"""The smallest width of a panel, in font sizes."""
PANEL = 19
"""The smallest width of panels side by side, in font sizes."""
LEAST_ROW = 1.05
"""The smallest height of a row, in font sizes."""
CELL = 4
"""The largest width of a matrix's cell, in font sizes."""
SHARED, SMALL, LEAST_SMALL = 0.28, 9, 4.5
"""For many small panels: the names' share of the whole width, and a panel's usual and smallest width."""
TRIES = 8
"""Titles wrap differently at each width, so that the exact width may not be reached. The nearest one that
isn't wider is used.
"""
OFF = 0.6
"""The tolerated deviation from the width in points, as drawings are measured in whole points."""
_WIDTH = re.compile(r'<svg[^>]*? width="([\d.]+)" height="([\d.]+)"')


@dataclass(frozen=True, slots=True)
class FigureSize:
    """The size of a figure, in points. None keeps that of the chart. `tallest`: the maximum height, if
    possible.
    """

    width: float | None
    font: float
    tallest: float = math.inf


PRESETS: dict[Preset, FigureSize] = {
    "column": FigureSize(234, 8, 648),
    "page": FigureSize(396, 9, 648),
    "slide": FigureSize(864, 20, 450),
    "poster": FigureSize(1152, 28),
}
"""3.25 in at 8 pt, 5.5 in at 9 pt, 12 in at 20 pt, 16 in at 28 pt."""


def size_of(width: float | None, font_size: float | None, preset: Preset | None) -> FigureSize | None:
    """Return the requested size, None if there is none. Width and font size take precedence over those of a
    preset.
    """
    if width is None and font_size is None and preset is None:
        return None
    usual = PRESETS[preset] if preset is not None else FigureSize(None, FONT)
    return FigureSize(width or usual.width, font_size or usual.font, usual.tallest)


def sized(spec: Spec, size: FigureSize | None) -> Spec:
    """Return a specification at a size, unchanged without one. Raise OptionError if the width is too small
    for the figure.
    """
    if size is None:
        return spec
    told = {**typed(spec, size.font), "usermeta": {"unit": "pt"}}
    if size.width is None:
        return _placed(told, size.font)
    return _fitted(told, size, size.width)


def extent(spec: Spec) -> tuple[float, float]:
    """Return the width and height of a specification as it is drawn."""
    plain = {key: value for key, value in spec.items() if key != "usermeta"}
    found = _WIDTH.search(picture(plain, "svg").decode())
    assert found is not None
    return float(found[1]), float(found[2])


def _fitted(spec: Spec, size: FigureSize, width: float) -> Spec:
    """Return the figure with as few panels side by side as its height allows. If the numbers beside its bars
    have no room, it has none.
    """
    best, least = None, math.inf
    for form in (spec, without_columns(spec, "n"), without_columns(spec, "n", "numbers")):
        for side in _side_by_side(form, width, size.font) if best is None else ():
            made, total = _at_width(form, size.font, width, side)
            least = min(least, total)
            if total > width + OFF:
                break
            best = _no_taller(made, size)
            if extent(best)[1] <= size.tallest:
                break
    if best is None:
        raise OptionError(
            f"{width / 72:.2f}in are too narrow for this figure at {size.font:g} pt: it takes "
            f"{least / 72:.2f}in",
            remedy="Give more `width` or a smaller `font_size`.",
        )
    return best


def without_columns(spec: Spec, *columns: str) -> Spec:
    """Return a figure without columns of numbers beside its bars."""
    made = {**_copy(spec), "data": spec["data"]}
    for view in (view for view in _views(made) if "layer" in view):
        texts = [layer["encoding"].get("text", {}) for layer in view["layer"]]
        kept = [text.get("field", text.get("value")) not in columns for text in texts]
        view["layer"] = list(compress(view["layer"], kept))
    return made


def _at_width(spec: Spec, font: float, width: float, side: int) -> tuple[Spec, float]:
    """Find the width of a panel's axes that gives the figure its width. Return the figure and its actual
    width.
    """
    inner, least = 0.6 * width / side, LEAST * font * (0.6 if side > 1 else 1)
    tries: list[tuple[Spec, float]] = []
    for _ in range(TRIES):
        made = _with_width(spec, inner, width / side, side, font)
        total = extent(made)[0]
        tries.append((made, total))
        if abs(total - width) <= OFF or (inner == least and total > width):
            break
        inner = max(inner + (width - total) / side, least)
    return min(tries, key=lambda each: (each[1] > width + OFF, abs(each[1] - width)))


def _no_taller(spec: Spec, size: FigureSize) -> Spec:
    """Reduce the height of rows if the figure is too tall, down to the height of the type."""
    height = extent(spec)[1]
    if height <= size.tallest:
        return spec
    views = list(_views(spec))
    steps = [view["height"]["step"] for view in views if isinstance(view["height"], dict)]
    if not steps or size.width is None:
        return spec
    lowest = max(steps) * (1 - 1.15 * (height - size.tallest) / height)
    for view in views:
        if isinstance(view["height"], dict) and isinstance(view["width"], float):
            axis = view["layer"][-1]["encoding"]["y"]["axis"]
            least = LEAST_ROW * _lines_of(spec["data"]["values"]) * axis["labelFontSize"]
            view["height"] = {"step": min(view["height"]["step"], max(least, lowest))}
    return spec


def _side_by_side(spec: Spec, width: float, font: float) -> list[int]:
    """Return how many panels can be side by side, the fewest first, limited by the width."""
    if "facet" not in spec and "concat" not in spec:
        return [1]
    count = len(spec.get("concat", ())) or len({row["panel"] for row in spec["data"]["values"]})
    if _is_small(spec):
        room = (1 - SHARED) * width / font
        return list(
            range(max(1, min(count, int(room // SMALL))), max(1, min(count, int(room // LEAST_SMALL))) + 1)
        )
    most = math.inf if "facet" in spec else spec["columns"]
    return [int(max(1, min(count, most, width // (PANEL * font))))]


def _is_small(spec: Spec) -> bool:
    """Return whether it has many panels that share the names at their left."""
    return "facet" in spec and "label" in spec["data"]["values"][0]


def _with_width(spec: Spec, inner: float, panel: float, side: int, font: float) -> Spec:
    """Return a figure whose panels' axes are `inner` wide, with `side` of them side by side. Titles and names
    fit a `panel`.
    """
    names = SHARED * panel * side if _is_small(spec) else NAMES * panel
    most = max(int(names / (EM * font)), 8)
    made = _named({**_copy(spec), "data": spec["data"]}, most, font)
    if "columns" in made:
        made["columns"] = side
    if "facet" in made:
        _name_panels(made, inner, font)
    for view in _views(made):
        if isinstance(view["width"], dict):
            # Give a matrix square cells, and signs, numbers and a legend that fit them.
            count = len(view["encoding"]["x"]["scale"]["domain"])
            step = min(CELL * font, inner / count)
            view["width"], view["height"] = {"step": step}, {"step": step}
            colors, signs = view["layer"]
            signs["mark"]["fontSize"] = min(signs["mark"]["fontSize"], 0.9 * step)
            axes = view["encoding"]["x"]["axis"], view["encoding"]["y"]["axis"]
            for axis in axes:
                axis["labelFontSize"] = min(axis["labelFontSize"], 0.95 * step)
            if step < 1.3 * axes[0]["labelFontSize"]:
                axes[0]["labelAngle"] = -90
            legend = colors["encoding"]["color"]["legend"]
            legend["gradientLength"] = min(legend["gradientLength"], count * step)
        else:
            view["width"] = inner
        lines = _lines_of(made["data"]["values"])
        if isinstance(view["height"], dict) and lines > 1:
            view["height"] = {"step": max(view["height"]["step"], 1.15 * font * lines)}
        height = math.inf if isinstance(view["height"], dict) else float(view["height"])
        wrap_titles(view, inner, height, font)
        for channel in list(legends(view)):
            fit_legend(channel, inner if side == 1 else 0.8 * panel * side, font)
        ticks(view, inner, font)
    for part in made.get("concat", ()):
        wrap_heading(part, int(panel / (WIDE * font)))
    wrap_heading(made, int(panel * side / (WIDE * font)))
    return _placed(made, font)


def _views(spec: Spec) -> Iterator[Spec]:
    """Yield the parts that have axes of their own."""
    if "width" in spec:
        yield spec
    for part in (*spec.get("concat", ()), *([spec["spec"]] if "spec" in spec else [])):
        yield from _views(part)


def _copy(node: Any) -> Any:
    """Copy a specification, all but its data."""
    if isinstance(node, dict):
        return {key: _copy(value) for key, value in node.items() if key != "data"}
    return [_copy(each) for each in node] if isinstance(node, list) else node


def typed(spec: Spec, font: float) -> Spec:
    """Return a specification with another font size, and marks and spacing to match."""
    times = font / USUAL
    plain: Callable[[float], float] = lambda value: value * times  # noqa: E731
    area: Callable[[float], float] = lambda value: value * times**2  # noqa: E731
    change = dict.fromkeys(_LENGTHS, plain) | dict.fromkeys(_AREAS, area) | dict.fromkeys(_TYPES, _type(font))
    made = {key: _changed(value, change, key) for key, value in spec.items() if key != "data"}
    made["config"]["title"]["frame"] = "bounds"
    made["config"]["legend"]["offset"] = font
    return {**made, "data": spec["data"]}


_TYPES = ("fontSize", "labelFontSize", "titleFontSize", "subtitleFontSize")
_AREAS = ("size", "symbolSize")
_LENGTHS = (
    *(
        "labelPadding",
        "titlePadding",
        "subtitlePadding",
        "offset",
        "padding",
        "spacing",
        "dx",
        "dy",
        "gradientLength",
    ),
    *("step", "height", "width", "strokeWidth", "row", "column"),
)


def _type(font: float) -> Callable[[float], float]:
    """Return the function for font sizes: small and large ones stay relative, all others become the requested
    one.
    """
    return lambda value: font * (value / USUAL if value < USUAL else 1.0 if value <= USUAL + 1 else 1.1)


def _changed(node: Any, change: dict[str, Callable[[float], float]], key: str = "") -> Any:
    if isinstance(node, dict):
        return {
            name: value if name == "tooltip" else _changed(value, change, name)
            for name, value in node.items()
        }
    if isinstance(node, list):
        return [_changed(each, change) for each in node]
    if key in change and isinstance(node, (int, float)) and not isinstance(node, bool):
        return round(change[key](node), 3)
    return node


def _named(spec: Spec, most: int, font: float) -> Spec:
    """Return a figure whose names have at most this many characters: cut if they stay distinct, otherwise on
    several lines.
    """
    rows = spec["data"]["values"]
    if not rows or "label_x" in rows[0]:
        return spec
    if "row" in rows[0]:
        return _renamed(spec, "row", {row["row"]: _numbered(row["row"], most) for row in rows})
    if "label" not in rows[0]:
        return spec
    full = {row["label"]: row["name"] for row in rows}
    first = shared(set(full.values())) if max(map(len, full.values())) > most else ""
    short = labels((name.removeprefix(first) for name in full.values()), most)
    made = _renamed(spec, "label", {old: broken(new, most) for old, new in zip(full, short, strict=True)})
    return _noted(made, f"names begin with {first}", font) if first else made


def _name_panels(spec: Spec, inner: float, font: float) -> None:
    """Cut the names of panels to their width, on two lines if they would become equal."""
    rows = spec["data"]["values"]
    names, most = list(dict.fromkeys(row["panel"] for row in rows)), max(int(inner / (WIDE * font)), 4)
    short = (broken(label, most) for label in labels(names, most))
    told = dict(zip(names, short, strict=True))
    spec["data"] = {**spec["data"], "values": [{**row, "panel": told[row["panel"]]} for row in rows]}
    spec["facet"]["sort"] = list(told.values())
    spec["config"] = {**spec["config"], "lineBreak": "\n"}


def _numbered(row: str, most: int) -> str:
    """Cut a name followed by a number, which keeps it unique."""
    name, _, number = row.rpartition("  ")
    return f"{shorten(name, most)}  {number}"


def _noted(spec: Spec, note: str, font: float) -> Spec:
    """Return a figure with one more line above it."""
    title = spec.get("title", {"text": [], "fontSize": font, "fontWeight": "normal"})
    key = "subtitle" if isinstance(title["text"], str) else "text"
    return {**spec, "title": {**title, key: [*title.get(key, []), note]}}


def _renamed(spec: Spec, field: str, names: dict[str, str]) -> Spec:
    """Return a figure with other names in a field, and in the order of its axes."""
    rows = [{**row, field: names[row[field]]} for row in spec["data"]["values"]]
    for view in _views(spec):
        for y in (part.get("encoding", {}).get("y", {}) for part in (view, *view.get("layer", ()))):
            if y.get("field") == field and isinstance(y.get("sort"), list):
                y["sort"] = [names[name] for name in y["sort"]]
            if y.get("field") == field and "domain" in y.get("scale", {}):
                y["scale"]["domain"] = [names[name] for name in y["scale"]["domain"]]
    return {**spec, "data": {**spec["data"], "values": rows}, "config": {**spec["config"], "lineBreak": "\n"}}


def _lines_of(rows: list[Row]) -> int:
    return max((row["label"].count("\n") + 1 for row in rows if "label" in row), default=1)


def _placed(spec: Spec, font: float) -> Spec:
    """Place the names of points again, as their places depend on the size."""
    rows = spec["data"]["values"]
    if not rows or "label_x" not in rows[0]:
        return spec
    return frontier.placed(spec, font)
