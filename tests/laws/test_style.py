"""The glyph sheet: stylesheets and programs of pages have the colours and sizes of howsure.present.style."""

import math
import re

from howsure.guide.lesson import _asset
from howsure.page.page import asset
from howsure.present import style
from howsure.present.render.html import STYLE

VARIABLE = re.compile(r"--([a-z]+): ([^;]+);")
HEX = re.compile(r"#[0-9a-f]{3,8}\b")


def variables(css: str) -> dict[str, str]:
    """The variables of the first rule for the whole page, colours with six digits."""
    rule = css[css.index(":root {") :].partition("}")[0]
    return {name: long(value) for name, value in VARIABLE.findall(rule)}


def long(color: str) -> str:
    return "#" + "".join(2 * digit for digit in color[1:]) if re.fullmatch("#[0-9a-f]{3}", color) else color


def test_the_theme_of_pages_has_the_colours_and_the_type_of_the_sheet() -> None:
    light, _, dark = asset("theme.css").partition("@media screen and (prefers-color-scheme: dark)")
    assert variables(light) == style.LIGHT
    assert variables(dark) == style.DARK
    assert f"font-family: {style.TYPEFACE};" in light


def test_printed_pages_have_the_colours_of_the_sheet() -> None:
    assert variables(asset("page.css").partition("@media print")[2]) == style.PRINT


def test_forced_colours_are_those_of_the_sheet() -> None:
    forced = asset("page.css").partition("@media (forced-colors: active)")[2]
    assert f".bars {{ color: {style.FORCED['ink']}; }}" in forced
    assert f"color: {style.FORCED['best']};" in forced
    assert f".bars .line {{ stroke: {style.FORCED['line']}; }}" in forced
    assert f"--zero: {style.FORCED['zero']};" in _asset("lesson.css").partition("forced-colors: active")[2]


def test_pictures_of_the_page_have_the_colours_of_paper() -> None:
    text = re.search(r"const PAPER = \{(.+?)\};", asset("app/figures.js"))
    assert text is not None
    paper = dict(re.findall(r'(\w+): "(#\w+)"', text[1]))
    assert paper == {name: style.LIGHT[name] for name in paper}
    assert len(paper) > 4


def test_points_and_intervals_of_the_page_have_the_sizes_of_the_sheet() -> None:
    assert f"r: {style.POINT}, " in asset("app/bars.js")
    css = asset("page.css")
    assert f".bars .range {{ stroke: currentcolor; stroke-width: {style.INTERVAL}; }}" in css
    assert f"stroke-width: {style.OUTLINE}; }}" in css
    assert abs(style.AREA - math.pi * style.POINT**2) < 1


def test_html_answers_have_no_colours_of_their_own() -> None:
    known = {*style.LIGHT.values(), *style.DARK.values(), style.BLUE, style.ORANGE, style.AMBER}
    assert set(HEX.findall(STYLE)) <= known


def test_blue_is_one_blue() -> None:
    assert style.LIGHT["blue"] == style.PRINT["blue"] == style.BLUE == style.DIVERGING[-1]
    assert style.DARK["blue"] in style.SEQUENCE
