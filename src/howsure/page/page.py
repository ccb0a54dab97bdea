"""The page: answers, style, libraries and program in one file that needs nothing else.

A strict Content-Security-Policy lets only the scripts and the style that stand in the file run, by their
hashes, and no request leave the page. Texts from logs come in as JSON, which the program shows as text, or as
HTML that the renderer escaped.
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
from howsure.page.packing import packed, to_json
from howsure.present.render import html

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from howsure.answers.report import Report

CARD = (1200, 630)
FRAME = 800
"""The height of a page within another, in pixels."""


def refuse_card_alone(url: str | None, card: str | None) -> None:
    """Raise OptionError for a card of a page that has no address."""
    if card is not None and url is None:
        raise OptionError(
            "a card is shown where the page has an address", remedy="Add `url=ADDRESS`, or leave `card` out."
        )


def tags(*, title: str, verdict: str, url: str | None, card: str | None) -> str:
    """Return the elements that a link to the page is shown by, or "" if it has no address.

    `card`: the file name of a picture that lies beside the page.
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
    """Return the address of a file that lies in the folder of a page.

    >>> beside("https://example.org/runs/page.html?new", "my card.png")
    'https://example.org/runs/my%20card.png'
    """
    return urljoin(url, f"./{quote(name)}")


def embedding(url: str | None, title: str) -> str:
    """Return the HTML that puts the page into another one, or "" if it has no address."""
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
    "costs",
    "formats",
    "tables",
    "figures",
    "saving",
    "takeout",
    "main",
    "live",
)
"""The parts of the program, in reading order; they share one scope."""
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
"""The parts of the statistics that a browser computes (docs/decisions/0041-browser-statistics.md), in reading
order.
"""
FORECAST = ("intervals", "score", "power")
"""The parts behind the page's power curve."""
SHOWN = ("boards", "others")
"""What of a report is as large as the boards are many: packed, like what is looked at closer."""
_COMMENT = re.compile(r"\s*(//.*|/\*\*.*|\*( .*|/))?$")
"""A line of the program that the page does without."""


def write_page(
    report: dict[str, Any],
    boards: Sequence[str],
    still: str,
    *,
    texts: Sequence[str] = (),
    live: bool = False,
) -> str:
    """Return the page. `boards`, `texts`: what packing.packed made of each board. `still`: what readers
    without JavaScript see.
    """
    style, program = asset("theme.css") + asset("page.css") + html.ERROR_BARS, _program()
    libraries, distributions = asset("libraries.min.js"), asset("distributions.min.js")
    holders = [*_holders("board", boards), *_holders("texts", texts)]
    small = {name: value for name, value in report.items() if name not in SHOWN}
    page = Template(_unindented(asset("page.html"))).substitute(
        live="yes" if live else "no",
        policy=policy(style, (libraries, distributions, program), live=live),
        version=html.escape(report["version"]),
        title=html.escape(report["title"]),
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
        libraries=libraries,
        distributions=distributions,
        app=program,
    )
    return page.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair can't be written


def _holders(name: str, packed: Sequence[str]) -> list[str]:
    return [f'<script type="text/plain" id="{name}-{k}">{text}</script>' for k, text in enumerate(packed)]


def write_live(report: Report) -> str:
    """Return the page of a report that follows the server that it comes from."""
    return write_page(report.data, report.boards, report.still, texts=report.texts, live=True)


def policy(style: str, scripts: Sequence[str], *, live: bool = False) -> str:
    """Return the Content-Security-Policy: these texts and nothing else; a live page may ask its own
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


def licences() -> str:
    """Return the licences of the libraries that a page carries, as they ask to be told."""
    told = escape(asset("libraries.LICENSES.txt"))  # its lines are its own
    return (
        '<details class="licences"><summary>Licences of the libraries in this '
        f"page</summary><pre>{told}</pre></details>"
    )


def _unindented(text: str) -> str:
    return "\n".join(map(str.lstrip, text.split("\n")))


@cache
def statistics(parts: Sequence[str] = STATISTICS) -> str:
    """Return the statistics module, or parts of it, to stand in the scope of a program; it needs
    distributions.min.js.
    """
    return "\n".join(asset(f"statistics/{name}.js") for name in parts)


@cache
def _program() -> str:
    """Return the program, with the statistics that it needs."""
    return in_one_scope([statistics(FORECAST), *(asset(f"app/{name}.js") for name in APP)])


def in_one_scope(parts: Sequence[str]) -> str:
    """Return a program of these parts, without comments and indentation; no text in them spans lines."""
    lines = "\n".join(parts).split("\n")
    bare = _unindented("\n".join(line for line in lines if not _COMMENT.match(line)))
    return f'(() => {{\n"use strict";\n{bare}\n}})();\n'


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"
