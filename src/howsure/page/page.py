"""The page: answers, style, libraries and program in one file that needs nothing else.

A strict Content-Security-Policy allows only the scripts and the style in the file, by their hashes, and no
network requests. Texts from logs are included as JSON, which the program shows as text, or as HTML that the
renderer escaped.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urljoin

from howsure.errors import OptionError
from howsure.page.packing import packed, packed_text, to_json
from howsure.present.render import html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.report import Report

CARD = (1200, 630)
FRAME = 800
"""The height of a page within another, in pixels."""


def refuse_card_alone(url: str | None, card: str | None) -> None:
    """Raise OptionError for a card without an address of the page."""
    if card is not None and url is None:
        raise OptionError(
            "a card needs the address of the page", remedy="Add `url=ADDRESS`, or leave `card` out."
        )


def tags(*, title: str, verdict: str, url: str | None, card: str | None) -> str:
    """Return the elements for the preview of links to the page, or "" if it has no address.

    `card`: the file name of a picture in the same folder.
    """
    if url is None:
        return ""
    said = {"og:type": "website", "og:title": title, "og:description": verdict, "og:url": url}
    if card is not None:
        wide, high = map(str, CARD)
        said |= {
            "og:image": beside(url, card),
            "og:image:width": wide,
            "og:image:height": high,
            "og:image:alt": verdict,
        }
    named = {"description": verdict, "twitter:card": "summary_large_image" if card else "summary"}
    return "\n".join([*_metas("property", said), *_metas("name", named)])


def beside(url: str, name: str) -> str:
    """Return the address of a file in the folder of a page.

    >>> beside("https://example.org/runs/page.html?new", "my card.png")
    'https://example.org/runs/my%20card.png'
    """
    return urljoin(url, f"./{quote(name)}")


def embedding(url: str | None, title: str) -> str:
    """Return the HTML that embeds the page in another one, or "" if it has no address."""
    if url is None:
        return ""
    return (
        f'<iframe src="{html.escape(url)}" title="{html.escape(title)}" width="100%" height="{FRAME}" '
        'style="border: 0" loading="lazy"></iframe>'
    )


def _metas(attribute: str, said: Mapping[str, str]) -> list[str]:
    return [f'<meta {attribute}="{name}" content="{html.escape(text)}">' for name, text in said.items()]


APP = (
    "data",
    "format",
    "page",
    "shapes",
    "charts",
    "bars",
    "scales",
    "brush",
    "view",
    "leaderboard",
    "tasks",
    "words",
    "needs",
    "deciding",
    "pair",
    "model",
    "slice",
    "texts",
    "questions",
    "question",
    "panel",
    "matrix",
    "charted",
    "formats",
    "tables",
    "figures",
    "saving",
    "takeout",
    "main",
    "live",
)
"""The parts of the program, in reading order. They share one scope."""
STATISTICS = (
    "intervals",
    "clustered",
    "betabinomial",
    "mean",
    "score",
    "limits",
    "pair",
    "noise",
    "rare",
    "power",
)
"""The parts of the statistics that are computed in the browser (docs/decisions/0041-browser-statistics.md),
in reading order.
"""
FORECAST = ("intervals", "score", "power")
"""The parts behind the page's power curve."""
SHOWN = ("boards", "others")
"""The parts of a report that grow with the number of boards: packed, like the details."""
_COMMENT = re.compile(r"\s*(//.*|/\*\*.*|\*( .*|/))?$")
"""A line of the program that the page omits."""


def write_page(
    report: dict[str, Any],
    boards: Sequence[str],
    still: str,
    *,
    texts: Sequence[str] = (),
    live: bool = False,
) -> str:
    """Return the page. `boards`, `texts`: the result of packing.packed for each board. `still`: the version
    without JavaScript.
    """
    style, program = asset("theme.css") + asset("page.css") + html.ERROR_BARS, _program()
    holders = [*_holders("board", boards), *_holders("texts", texts)]
    small = {name: value for name, value in report.items() if name not in SHOWN}
    page = Template(_unindented(asset("page.html"))).substitute(
        live="yes" if live else "no",
        policy=policy(style, (libraries(), program), live=live),
        version=html.escape(report["version"]),
        title=html.escape(report["title"]),
        claim=html.escape(report["claim"]),
        verdict=html.escape(report["verdict"]),
        notes=report["html"]["notes"],
        made=report["html"]["made"],
        methods=report["html"]["methods"],
        shared=tags(**{name: report[name] for name in ("title", "verdict", "url", "card")}),
        command=html.escape(report["command"]),
        still=still,
        licences=licences(),
        style=style,
        report=to_json(small),
        shown=packed({name: report[name] for name in SHOWN}),
        boards="\n".join(holders),
        libraries=_packed_libraries(),
        app=program,
    )
    return page.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair can't be written


def _holders(name: str, packed: Sequence[str]) -> list[str]:
    return [f'<script type="text/plain" id="{name}-{k}">{text}</script>' for k, text in enumerate(packed)]


def write_live(report: Report) -> str:
    """Return the page of a report that follows its server."""
    return write_page(report.data, report.boards, report.still, texts=report.texts, live=True)


def policy(style: str, scripts: Sequence[str], *, live: bool = False) -> str:
    """Return the Content-Security-Policy: these texts and nothing else. A live page may contact its own
    server.
    """
    rules = {
        "default-src": "'none'",
        "script-src": " ".join(map(_hash, scripts)) or "'none'",
        "style-src": _hash(style),
        "img-src": "data:",
        "connect-src": "'self'" if live else "'none'",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return "; ".join(f"{name} {value}" for name, value in rules.items())


@cache
def asset(name: str) -> str:
    """Return a file of assets/."""
    return files("howsure.page").joinpath("assets", name).read_text(encoding="utf-8")


DRAWING = ("d3-", "vega-", "topojson-", "internmap")
"""How the names of the libraries that draw charts begin."""


def libraries() -> str:
    """Return the libraries as one script, which the page unpacks. Its policy allows exactly this text."""
    return asset("libraries.min.js") + asset("distributions.min.js")


@cache
def _packed_libraries() -> str:
    return packed_text(libraries())


def licences(*, drawing: bool = True) -> str:
    """Return the licences of the libraries in a page, as they require. `drawing`: whether it has those that
    draw charts, beside the distributions.
    """
    rule = "-" * 72
    parts = asset("libraries.LICENSES.txt").split(rule)
    used = [part for part in parts if drawing or not part.lstrip().startswith(DRAWING)]
    told = escape(rule.join(used))  # its line breaks are kept
    return (
        '<details class="licences"><summary>Licences of the libraries in this '
        f"page</summary><pre>{told}</pre></details>"
    )


def _unindented(text: str) -> str:
    return "\n".join(map(str.lstrip, text.split("\n")))


@cache
def statistics(parts: Sequence[str] = STATISTICS) -> str:
    """Return the statistics module, or parts of it, for the scope of a program. It needs
    distributions.min.js.
    """
    return "\n".join(asset(f"statistics/{name}.js") for name in parts)


@cache
def _program() -> str:
    """Return the program, with the statistics that it needs."""
    return in_one_scope([statistics(FORECAST), *(asset(f"app/{name}.js") for name in APP)])


def in_one_scope(parts: Sequence[str]) -> str:
    """Return a program of these parts, without comments and indentation. No text in them spans lines."""
    lines = "\n".join(parts).split("\n")
    bare = _unindented("\n".join(line for line in lines if not _COMMENT.match(line)))
    return f'(() => {{\n"use strict";\n{bare}\n}})();\n'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
