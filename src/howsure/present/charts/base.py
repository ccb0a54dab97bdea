"""The basis of all charts: the style, labels, panels, and the drawing of a specification."""

from __future__ import annotations

import math
import re
import textwrap
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from howsure.errors import HowsureError
from howsure.present import style
from howsure.present.render.visible import visible

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import altair as alt

    from howsure.wording import Scale

Spec = dict[str, Any]
Row = dict[str, Any]

VERSION = "6.1"
"""The version of Vega-Lite: the oldest 6.x of vl-convert, which all its newer versions include."""
EXTRA = "Install it with the extra: pip install 'howsure[plot]'."
SCHEMA = "https://vega.github.io/schema/vega-lite/v6.json"
GLYPH = ("stroke", "fill", "shape")
"""The channels of a point."""
WORDS = ("name", "row", "against", "places", "group")
"""Non-numeric fields of rows."""


def config(*, ink: str = style.INK, ground: str = style.WHITE) -> Spec:
    """Return the style as a Vega-Lite config. `ink` and `ground`: the colours of text and background."""
    quiet = {"domainColor": style.GREY, "tickColor": style.GREY, "gridColor": style.GREY, "gridOpacity": 0.25}
    text = {
        "labelColor": ink,
        "titleColor": ink,
        "labelFontSize": style.LABELS,
        "titleFontSize": style.TITLES,
        "titleFontWeight": "normal",
    }
    return {
        "font": "sans-serif",
        "background": ground,
        "padding": style.SPACE,
        "view": {"stroke": None},
        "axis": {**quiet, **text, "labelLimit": 0, "labelPadding": 6, "titlePadding": 8},
        "axisX": {"labelFlush": False},
        "legend": {**text, "orient": "top", "symbolSize": style.AREA, "labelLimit": 0, "titleLimit": 0},
        "title": {
            "anchor": "start",
            "frame": "group",
            "color": ink,
            "fontSize": style.HEADING,
            "offset": 10,
            "subtitleColor": ink,
            "subtitleFontSize": style.LABELS,
            "subtitlePadding": 4,
        },
        "header": {"labelColor": ink, "titleColor": ink, "labelFontSize": style.TITLES, "labelLimit": 0},
        "text": {"color": ink},
        "range": {"category": list(style.SEQUENCE)},
    }


def figure(
    rows: Sequence[Row], drawing: Spec, *, description: str, title: str = "", subtitle: str = ""
) -> Spec:
    """Return a whole specification for a drawing: its rows, its style, and its text for screen readers. A
    legend has the groups of the rows, without absent ones, and panels come in the order of the rows.
    """
    if "facet" in drawing:
        drawing["facet"]["sort"] = list(dict.fromkeys(row["panel"] for row in rows))
    present = list(dict.fromkeys(row["group"] for row in rows if "group" in row))
    for channel in legends(drawing):
        if channel.get("field") == "group" and present:
            domain = channel["scale"]["domain"]
            channel["legend"] = {
                **channel.get("legend", {}),
                "values": [each for each in domain if each in present],
            }
    return {
        "$schema": SCHEMA,
        "description": visible(description),
        **heading(title, subtitle),
        "data": {"name": "rows", "values": list(rows)},
        **drawing,
        "config": config(),
    }


def heading(title: str, subtitle: str = "") -> Spec:
    """Return a title with the lines below it, nothing if both are empty."""
    lines = [visible(line) for line in subtitle.split("\n") if line]
    if not title:
        return {"title": {"text": lines, "fontSize": 11, "fontWeight": "normal"}} if lines else {}
    return {"title": {"text": visible(title), **({"subtitle": lines} if lines else {})}}


def panels(specs: Sequence[Spec], *, columns: int = 1, own_scales: bool = False) -> Spec:
    """Combine several figures, each with the rows of its number as `panel`. A single figure is returned
    unchanged.

    `own_scales`: every panel has its own colours and legend.
    """
    if len(specs) == 1:
        return specs[0]
    rows = [{"panel": k, **row} for k, spec in enumerate(specs) for row in spec["data"]["values"]]
    drawings = [
        {
            **{key: value for key, value in spec.items() if key not in ("$schema", "data", "config")},
            "transform": [{"filter": {"field": "panel", "equal": k}}, *spec.get("transform", [])],
        }
        for k, spec in enumerate(specs)
    ]
    how = "independent" if own_scales else "shared"
    together = {"scale": dict.fromkeys(("color", *GLYPH), how)}
    drawing = {"concat": drawings, "columns": columns, "spacing": 30, "resolve": together}
    return figure(rows, drawing, description=f"{len(specs)} panels. {specs[0]['description']}")


def by_panel(drawing: Spec, *, columns: int = 2) -> Spec:
    """Repeat a drawing for every value of the rows' field `panel`, in the order of the rows."""
    return {
        "facet": {"field": "panel", "type": "nominal", "title": None},
        "columns": columns,
        "spec": drawing,
    }


_SIZES = re.compile(r'\b(width|height)="([\d.]+)"')
_IDS = re.compile(r'((?:\bid="|"url\(#))((?:gradient_|clip)\d+)')


def _numbered(svg: str) -> str:
    """Number the ids of gradients and clips from 0, as the drawing engine continues counting from chart to
    chart.
    """
    new: dict[str, str] = {}
    return _IDS.sub(lambda found: found[1] + new.setdefault(found[2], f"part{len(new)}"), svg)


def scaled(value: float | None, factor: float) -> float | None:
    """Return a number on the axis's scale, to 12 digits. None if there is none."""
    if value is None or not math.isfinite(value):
        return None
    return float(f"{factor * value:.12g}")


def unit(*, percent: bool) -> tuple[float, str]:
    """Return the factor for scores on an axis, and their unit."""
    return (100.0, " (%)") if percent else (1.0, "")


def points(*, percent: bool) -> tuple[float, str]:
    """Return the factor for differences on an axis, and their unit."""
    return (100.0, " (percentage points)") if percent else (1.0, "")


def tooltip(fields: Sequence[tuple[str, str]], *, percent: bool) -> list[Spec]:
    """Return the tooltip of a mark: fields of the rows and their titles, with numbers rounded as in
    tables.
    """
    digits = {"rank": "d", "n_regressed": "d", "n_improved": "d", "p_value": ".3~g", "p_adjusted": ".3~g"}
    usual = ".1f" if percent else ".4~g"
    return [
        {"field": field, "title": title, "type": "nominal"}
        if field in WORDS
        else {"field": field, "title": title, "type": "quantitative", "format": digits.get(field, usual)}
        for field, title in fields
    ]


def numbers(written: Callable[[float], str], known: Sequence[float | None], scale: Scale) -> str:
    """Write what a row shows, its value and interval, beside its bar: `43.4 (31.8–55.5)`."""
    middle, *ends = (math.nan if each is None else each for each in known)
    return (
        f"{written(middle)} ({scale.interval(*ends)})" if all(map(math.isfinite, ends)) else written(middle)
    )


def step(count: int) -> int:
    """Return the height of a row in pixels, smaller for many rows."""
    return 40 if count == 1 else 20 if count <= 40 else 14 if count <= 80 else 11


def rows_axis(count: int) -> Spec:
    """Return the axis of a chart with one name per row, all names shown."""
    return {
        "title": None,
        "ticks": False,
        "domain": False,
        "labelFontSize": 11 if count <= 40 else 9 if count <= 80 else 8,
    }


def draw(spec: Spec) -> alt.TopLevelMixin:
    """Return a specification as an Altair chart, to be shown, changed, and saved as SVG, PNG or PDF."""
    try:
        import altair as alt
    except ImportError:
        raise HowsureError("charts need Altair", remedy=EXTRA) from None
    kinds = {"facet": alt.FacetChart, "concat": alt.ConcatChart, "layer": alt.LayerChart}
    kind: Any = next((kinds[key] for key in kinds if key in spec), alt.Chart)
    chart: alt.TopLevelMixin = _offline(kind).from_dict(
        spec, validate=False
    )  # tests do it: for many pairs it takes minutes
    return chart


@cache
def _offline(kind: Any) -> Any:
    """Return the same kind of chart, shown in a notebook as a picture. Altair's own renderer loads its
    program from a server.

    A renderer of Altair chosen by the user is kept.
    """
    import altair as alt

    def shown(self: Any, *args: Any, **kwargs: Any) -> Any:
        """Return the output for a notebook: the picture, and the chart's text."""
        if alt.renderers.active != "default":
            return kind._repr_mimebundle_(self, *args, **kwargs)
        return {"image/svg+xml": picture(self.to_dict(), "svg").decode(), "text/plain": repr(self)}

    return type(kind.__name__, (kind,), {"_repr_mimebundle_": shown})


DPI, PX = 300, 96
"""Dots per inch of a PNG with a given size, and pixels per inch of one without, as browsers take them."""


def picture(spec: Spec, kind: Literal["svg", "png", "pdf"], *, scale: int = 2) -> bytes:
    """Return a specification as a picture, with the same bytes for the same chart.

    PNG has `scale` dots per pixel. For a figure with a given size (see sizes.py) the unit is the point, and
    PNG has 300 dots per inch. The file states its resolution, so that it shows in the size of the SVG.
    """
    try:
        import vl_convert
    except ImportError:
        raise HowsureError("charts need vl-convert", remedy=EXTRA) from None
    in_points = "usermeta" in spec
    if kind == "svg":
        svg = _numbered(vl_convert.vegalite_to_svg(spec, vl_version=VERSION))
        svg = svg.replace('font-family="sans-serif"', f'font-family="{style.MEASURED}"')
        return (_SIZES.sub(r'\1="\2pt"', svg, count=2) if in_points else svg).encode()
    if kind == "png":
        size, dots = (1, DPI) if in_points else (72 / PX, scale * PX)  # it draws 72 pixels an inch
        return bytes(vl_convert.vegalite_to_png(spec, vl_version=VERSION, scale=size, ppi=dots))
    return bytes(vl_convert.vegalite_to_pdf(spec, vl_version=VERSION))


def glyphs(groups: dict[str, style.Glyph], ground: str = style.WHITE) -> tuple[Spec, Spec]:
    """Return the encoding of lines and of points that are drawn by their `group`. The legend is that of the
    points; hollow ones have the colour of the `ground`.
    """
    colors, shapes, filled = zip(*groups.values(), strict=True)
    fills = [color if full else ground for color, full in zip(colors, filled, strict=True)]
    field = {"field": "group", "type": "nominal", "title": None}
    channels = [
        {**field, "scale": {"domain": list(groups), "range": list(values)}}
        for values in (colors, fills, shapes)
    ]
    return {"stroke": channels[0]}, dict(zip(GLYPH, channels, strict=True))


WIDTH = 360
AFTER = 12
"""The space between the axes and the numbers beside them, and between their columns."""


def drawing(
    x: tuple[str, str, str],
    title: str,
    groups: dict[str, style.Glyph],
    told: list[Spec],
    *,
    count: int,
    scale: Spec | None = None,
    axis: Spec | None = None,
    beside: Sequence[Row] = (),
    bold: str = "",
) -> Spec:
    """Return a layer of bars and points along x, with rows by their `label`, coloured and shaped by their
    `group`.

    `x`: the fields of the point and of the bar's ends. `groups`: each word's glyph. `told`: the tooltip.
    `beside`: the rows, if each has `numbers` to write next to its bar, and perhaps its `n`. `bold`: the group
    whose rows are bold. Screen readers get a row's `told`, as Vega-Lite would build an expression from the
    titles, which contain names.
    """
    middle, low, high = x
    position: Spec = {"type": "quantitative", "title": title, "scale": scale or {"zero": False, "nice": True}}
    position |= {"axis": axis} if axis else {}
    line, point = glyphs(groups)
    names = rows_axis(count)
    if bold:
        rows = list(dict.fromkeys((each["label"], each["group"]) for each in beside))
        share = [k / max(len(rows) - 1, 1) for k, (_, group) in enumerate(rows) if group == bold]
        condition = {"test": {"field": "index", "oneOf": share}, "value": "bold"}  # its place from 0 to 1
        names["labelFontWeight"] = {"condition": condition, "value": "normal"}
    row = {"field": "label", "type": "nominal", "sort": None, "axis": names}
    said = {"field": "told", "type": "nominal"}
    shared = {"y": row, "tooltip": told, "description": said}
    dot = {**POINT, "size": style.AREA if count <= 40 else 0.6 * style.AREA}
    return {
        "width": WIDTH,
        "height": {"step": step(count)},
        "layer": [
            {
                "transform": [{"filter": {"field": field, "valid": True}} for field in (low, high)],
                "mark": {"type": "rule", "strokeWidth": style.INTERVAL},
                "encoding": {"x": {"field": low, **position}, "x2": {"field": high}, **shared, **line},
            },
            {"mark": dot, "encoding": {"x": {"field": middle, **position}, **shared, **point}},
            *(_columns(beside, row, bold) if beside else ()),
        ],
    }


def _columns(rows: Sequence[Row], y: Spec, bold: str) -> list[Spec]:
    """Return the numbers of each row beside the axes and, if there are any, their `n` under its heading."""
    font = y["axis"]["labelFontSize"]
    weight = {"fontWeight": {"expr": f"datum.group === '{bold}' ? 'bold' : 'normal'"}} if bold else {}
    text = {"type": "text", "align": "left", "baseline": "middle", "fontSize": font, "dx": AFTER, **weight}
    layers = [{"mark": text, "encoding": {"x": {"value": "width"}, "y": y, "text": {"field": "numbers"}}}]
    if not any(row.get("n") for row in rows):
        return layers
    most = max(len(row["n"]) for row in rows)
    across = 2 * AFTER + 1.1 * EM * font * (max(len(row["numbers"]) for row in rows) + most)
    right = {**text, "align": "right", "dx": round(across, 1)}
    head = {
        "transform": [{"window": [{"op": "row_number", "as": "place"}]}, {"filter": "datum.place === 1"}],
        "mark": {**right, "fontWeight": "normal", "baseline": "bottom"},
        "encoding": {"x": {"value": "width"}, "y": {"value": 0}, "text": {"value": "n"}},
    }
    column = {"mark": right, "encoding": {"x": {"value": "width"}, "y": y, "text": {"field": "n"}}}
    return [head, *layers, column]


POINT = {"type": "point", "filled": True, "opacity": 1, "size": style.AREA, "strokeWidth": style.OUTLINE}

EM = 0.5
"""The mean width of a character, in font sizes."""
WIDE = 0.54
"""The same for a line that must not be too long."""


def ticks(view: Spec, inner: float, font: float) -> None:
    """Give a horizontal numeric axis no more ticks than fit."""
    for part in (view, *view.get("layer", ())):
        x = part.get("encoding", {}).get("x", {})
        if x.get("type") == "quantitative" and "field" in x and "values" not in (x.get("axis") or {}):
            x["axis"] = {**(x.get("axis") or {}), "tickCount": max(3, min(6, int(inner / (5 * font))))}


def wrap_titles(node: Any, wide: float, high: float, font: float, *, upright: bool = False) -> None:
    """Break titles of axes and legends into lines that fit."""
    if not isinstance(node, dict):
        for each in node if isinstance(node, list) else ():
            wrap_titles(each, wide, high, font)
        return
    for key, value in node.items():
        if key == "title" and isinstance(value, str):
            node[key] = _lines(
                value,
                int((high if upright else wide) / (EM * font)) if not upright or high < math.inf else 99,
            )
        elif key != "tooltip":
            wrap_titles(value, wide, high, font, upright=key == "y" or (upright and key == "axis"))


def legends(node: Any) -> Iterator[Spec]:
    """Yield everything that has a legend with entries."""
    if isinstance(node, dict):
        for key, value in node.items():
            if (
                key in ("color", "strokeDash", *GLYPH)
                and isinstance(value, dict)
                and value.get("legend", {}) is not None
                and "domain" in value.get("scale", {})
            ):
                yield value
            yield from legends(value)
    for each in node if isinstance(node, list) else ():
        yield from legends(each)


def fit_legend(channel: Spec, wide: float, font: float) -> None:
    """Give a legend as many columns as fit its entries."""
    entries = [str(each) for each in channel["scale"]["domain"]]
    legend = channel.get("legend") or {}
    mark = math.sqrt(legend.get("symbolSize", style.AREA))
    entry = EM * font * max(map(len, entries)) + mark + 1.4 * font
    channel["legend"] = {**legend, "columns": max(1, min(len(entries), int(wide / entry)))}


def wrap_heading(part: Spec, most: int) -> None:
    """Break the headings of a figure or a panel into lines that fit."""
    title = part.get("title")
    if isinstance(title, dict):
        for key in ("text", "subtitle"):
            texts = title.get(key, [])
            lines = [
                line
                for text in ([texts] if isinstance(texts, str) else texts)
                for line in textwrap.wrap(text, most)
            ]
            if lines:
                title[key] = lines


def _lines(text: str, most: int) -> str | list[str]:
    lines = textwrap.wrap(text, max(most, 8))
    return text if len(lines) <= 1 else lines


def broken(label: str, most: int) -> str:
    """Break a name that is too wide into lines, after dashes and slashes if it has any."""
    parts = re.findall(r"[^/\-_ ]*[/\-_ ]?", label)
    lines = [""]
    for part in (
        piece for each in parts for piece in (textwrap.wrap(each, most, drop_whitespace=False) or [""])
    ):
        if lines[-1] and len(lines[-1]) + len(part) > most + 1:
            lines.append("")
        lines[-1] += part
    return "\n".join(lines)
